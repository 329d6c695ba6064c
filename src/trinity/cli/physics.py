"""``trinity estimate``, ``cone`` and ``simulate``: chemistry and physics, without torch."""

import json
from pathlib import Path

import typer

from trinity.cli.tools import (
    FLUX,
    JSON,
    POLYMER,
    SEED,
    STRICT,
    THICKNESS,
    one_line,
    print_json,
    print_table,
    read_polymer,
    require_folder,
    require_folder_of,
)
from trinity.errors import InputError
from trinity.files import read_json

PICTURES = (".png", ".svg", ".pdf")


def estimate(polymer: str = POLYMER, as_json: bool = JSON) -> None:
    """Properties of a polymer from its structural groups, each with its standard error.

    Example: trinity estimate '*CC(*)c1ccccc1'
    """
    from trinity.chemistry import properties

    result = properties.estimate(read_polymer(polymer)).to_dict()
    if as_json:
        print_json(result)
        return
    groups = ", ".join(f"{count:g} x {name}" for name, count in result["groups"].items())
    print(f"{result['psmiles']}\ngroups: {groups}")
    if result["uncovered_atoms"]:
        print(f"not covered by any group: {', '.join(map(str, result['uncovered_atoms']))}")
    rows = [
        (name, f"{entry['value']:.4g}", f"{entry['sigma']:.2g}")
        for name, entry in result["properties"].items()
    ]
    print_table(("property", "value", "1 sigma"), rows)


def cone(
    polymer: str = POLYMER,
    flux: float = FLUX,
    thickness: float = THICKNESS,
    samples: int = typer.Option(100, min=1, max=10_000, help="Sampled parameter sets."),
    seed: int = SEED,
    as_json: bool = JSON,
    plot: Path = typer.Option(None, metavar="FILE", help="Draw HRR(t) into a PNG, SVG or PDF."),
    export: str = typer.Option(
        None, metavar="CODE", help="Write the nominal case as input of fds or gpyro to --to."
    ),
    to: Path = typer.Option(None, metavar="FILE", help="The file that --export writes."),
) -> None:
    """Simulate a cone test from structure and physics alone, with 90 % intervals.

    The intervals come from sampling the estimated properties within their errors. Smoke (specific
    extinction area, sea_m2_kg) follows from a prior of the soot yield and is not validated here;
    the yield of CO is not given: structure does not tell it.

    Example: trinity cone '*CC(*)c1ccccc1' --flux 50 --thickness 6 --plot hrr.png
    """
    from trinity.cone import predict as cone_test

    if (export is None) != (to is None) or export not in (None, "fds", "gpyro"):
        raise InputError("Exporting needs both --export fds (or gpyro) and --to FILE.")
    if plot is not None and plot.suffix.lower() not in PICTURES:
        raise InputError(
            f"The file {plot} is no picture file; end its name with .png, .svg or .pdf."
        )
    for path in (plot, to):
        require_folder_of(path)
    material = read_polymer(polymer)
    result = cone_test.predict(material, flux, thickness, samples, seed)
    if plot is not None:
        cone_test.draw(result, plot)
    if export is not None:
        _export(result.case, export, to)
    answer = result.to_dict() | cone_test.specific_extinction_area(material, samples, seed)
    if as_json:
        print_json(answer)
        return
    print(f"{answer['psmiles']} at {flux:g} kW/m2, {thickness:g} mm: simulated cone test")
    rows = [
        (
            key,
            _number(answer[key]),
            f"{_number(answer[key + '_lo'])} to {_number(answer[key + '_hi'])}",
        )
        for key in (*cone_test.SCALARS, "sea_m2_kg")
    ]
    print_table(("quantity", "nominal", "90 % interval"), rows)
    print(f"ignition probability: {answer['ignition_probability']:.2f}")
    print(f"smoke (sea_m2_kg, per kg lost in the flame): {answer['smoke_note']}")


def _export(case: dict, code: str, path: Path) -> None:
    """Write a case as an input file of ``fds`` or ``gpyro``."""
    from trinity.cone import export as cone_export
    from trinity.files import write_atomic

    write = {"fds": cone_export.to_fds, "gpyro": cone_export.to_gpyro}[code]
    write_atomic(path, write(case))


def _number(value: float | None) -> str:
    return "no ignition" if value is None else f"{value:.4g}"


def simulate(
    cases: Path = typer.Argument(..., metavar="CASES.json", help="Cases in the JSON schema."),
    out: Path = typer.Option(..., "--out", metavar="OUT.json", help="Where the results go."),
    curves: Path = typer.Option(None, metavar="DIR", help="Also write the curves, a CSV a case."),
    strict: bool = STRICT,
    as_json: bool = JSON,
) -> None:
    """Run the bare solver on explicit material parameters.

    Example: trinity simulate cases.json --out results.json --curves curves/
    """
    from trinity.cone import simulate as cone

    require_folder_of(out)
    require_folder(curves)
    try:
        code = cone.simulate_file(cases, out, curves, strict)
    except InputError as error:
        if not strict:
            raise
        typer.echo(f"Error: {one_line(error)}", err=True)
        raise typer.Exit(2) from error
    if as_json:
        typer.echo(out.read_text(encoding="utf-8"))
    rows = read_json(out)["results"]
    for row in (row for row in rows if "error" in row):
        typer.echo(f"Error: case {json.dumps(row['id'])}: {one_line(row['error'])}", err=True)
    if code:
        raise typer.Exit(code)
    if not as_json:
        print(f"{len(rows)} cases written to {out}")


COMMANDS = (estimate, cone, simulate)
