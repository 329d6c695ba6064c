"""``trinity estimate``, ``cone``, ``simulate`` and ``reduce``: chemistry, physics and measured
curves, without torch."""

import json
from pathlib import Path

import typer

from trinity.cli import tools
from trinity.cli.shown import QUANTITIES, figures, print_estimate, print_table, print_test
from trinity.cli.tools import option, show, stop
from trinity.errors import InputError
from trinity.files import write_atomic, write_picture


def estimate(
    polymer: str = tools.POLYMER,
    t50: str = tools.T50,
    char: str = tools.CHAR,
    gas_heat: str = tools.GAS_HEAT,
    as_json: bool = tools.JSON,
) -> None:
    """Properties of a polymer from its structural groups, each with its standard error.

    A measured value takes the place of the estimate, and its error that of the standard error.

    Example: trinity estimate '*CC(*)c1ccccc1' --t50 420C
    """
    from trinity.chemistry import properties
    from trinity.chemistry.names import polymer_named

    found = properties.estimate(polymer_named(polymer), tools.given(t50, char, gas_heat)).to_dict()
    show(found, as_json, lambda _: print_estimate(found, tools.titled(polymer, found["psmiles"])))


def cone(
    polymer: str = tools.POLYMER,
    flux: float = tools.FLUX,
    thickness: float = tools.THICKNESS,
    samples: int = typer.Option(100, min=1, max=10_000, help="Sampled parameter sets."),
    seed: int = tools.SEED,
    t50: str = tools.T50,
    char: str = tools.CHAR,
    gas_heat: str = tools.GAS_HEAT,
    as_json: bool = tools.JSON,
    plot: Path = option("FILE", "Draw HRR(t) into a PNG, SVG or PDF."),
    export: str = option("CODE", "Write the nominal case as input of fds or gpyro to --to."),
    to: Path = option("FILE", "The file that --export writes."),
) -> None:
    """Simulate a cone test from structure and physics alone, with 90 % intervals.

    The intervals come from sampling the estimated properties within their errors. Smoke (specific
    extinction area, sea_m2_kg) follows from a prior of the soot yield and is not validated here;
    the yield of CO is not given, because it does not follow from structure.

    Example: trinity cone '*CC(*)c1ccccc1' --flux 50 --thickness 6 --plot hrr.png
    """
    from trinity.chemistry.names import polymer_named
    from trinity.chemistry.polymers import Polymer
    from trinity.cone import export as cone_export
    from trinity.cone import predict as cone_test

    if (export is None) != (to is None) or export not in (None, "fds", "gpyro"):
        raise InputError("Exporting needs both --export fds (or gpyro) and --to FILE.")
    _require_picture(plot)
    tools.require_writable(plot, to)
    material = Polymer.parse(polymer_named(polymer)).with_measured(tools.given(t50, char, gas_heat))
    _tell_compiling()
    result = cone_test.predict(material, flux, thickness, samples, seed)
    if plot is not None:
        cone_test.draw(result, plot)
    if export is not None:
        write = {"fds": cone_export.to_fds, "gpyro": cone_export.to_gpyro}[export]
        write_atomic(to, write(result.case))
    answer = result.to_dict() | cone_test.specific_extinction_area(material, samples, seed)
    show(answer, as_json, lambda _: _print_cone(answer, polymer))
    tools.tell_written(plot, to)


def _tell_compiling() -> None:
    """Say why a first run is slow, on stderr."""
    from trinity.cone import jit, simulate

    if not jit.is_compiled(simulate.run):
        typer.echo("Compiling the cone model: a minute or two, only this once.", err=True)


def _require_picture(path: Path | None) -> None:
    if path is not None and path.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise InputError(
            f"The file {path} is not a picture file; end its name with .png, .svg or .pdf."
        )


def _print_cone(found: dict, asked: str) -> None:
    from trinity.cone.predict import LONGER, SCALARS
    from trinity.cone.specimen import IGNITION_TIMEOUT_S

    polymer = tools.titled(asked, found["psmiles"])
    bounds = {name: IGNITION_TIMEOUT_S + more for name, more in LONGER.items()}
    remark = ": simulated cone test"
    print_test(found, (*SCALARS, "sea_m2_kg"), polymer, "nominal", remark, bounds)
    print(f"smoke, per kg lost in the flame, is {found['smoke_note']}")


def simulate(
    cases: Path = typer.Argument(metavar="CASES.json", help="Cases in the JSON schema."),
    out: Path = typer.Option(metavar="OUT.json", help="Where the results go."),
    curves: Path = option("DIR", "Also write the curves, one CSV per case."),
    strict: bool = tools.STRICT,
    as_json: bool = tools.JSON,
) -> None:
    """Run the bare solver on explicit material parameters.

    Example: trinity simulate cases.json --out results.json --curves curves/
    """
    from trinity.cone.files import simulate_file

    tools.require_writable(out)
    tools.require_writable(curves, folder=True)
    _tell_compiling()
    try:
        rows = simulate_file(cases, out, curves, strict)
    except InputError as error:
        if not strict:
            raise
        stop([error])
    if as_json:
        show({"results": rows}, as_json, print)
    stop(f"case {json.dumps(row['id'])}: {row['error']}" for row in rows if "error" in row)
    if not as_json:
        print(f"{len(rows)} cases written to {out}")


def reduce(
    files: list[str] = typer.Argument(metavar="CURVE.csv...", help="Files, or '*.csv'."),
    time: str = option("COL", "Column of time, by name or number."),
    hrr: list[str] = option("COL", "Column of HRR; may be repeated."),
    unit: str = option("UNIT", "Unit of HRR: kW/m2, W/m2, kW or W."),
    area: float = option("M2", "Exposed area, for kW and W."),
    time_unit: str = option("UNIT", "Unit of time: s or min."),
    psmiles: str = option("PSMILES", "Repeat unit, for --out."),
    flux: float = option("KW_M2", "Heat flux, for --out."),
    thickness: float = option("MM", "Thickness, for --out."),
    out: Path = option("FILE", "Rows as trinity finetune takes them."),
    plot: Path = option("FILE", "The curves with the numbers marked."),
    as_json: bool = tools.JSON,
) -> None:
    """Reduce measured heat-release curves by the rule of the project's measurements.

    Example: trinity reduce my_test.csv --plot my_test.png
    """
    import pandas as pd

    from trinity.measurements import reduce as reduction
    from trinity.measurements.reader import write_csv

    _require_picture(plot)
    tools.require_writable(out, plot)
    rows, curves = [], []
    for file in reduction.files_of(files):
        try:
            found = reduction.read_curves(file, time, hrr or (), unit, area, time_unit)
            rows += [curve.reduced() for curve in found]
            curves += found
        except InputError as error:
            rows.append({"file": str(file), "error": str(error)})
    good = [row for row in rows if "error" not in row]
    failed = [row["error"] for row in rows if "error" in row]
    if not good:
        raise InputError(failed[0])
    if plot is not None:
        _draw(curves, plot)
    if out is not None:
        given = {"psmiles": psmiles, "flux_kw_m2": flux, "thickness_mm": thickness}
        table = pd.DataFrame([given | row for row in good])
        write_csv(out, table.drop(columns=["read_as", "q180_kw_m2"]))
    show(rows, as_json, lambda _: _print_reduced(good))
    tools.tell_written(plot, out)
    stop(failed)


def _print_reduced(rows: list[dict]) -> None:
    from trinity.measurements.reduce import SCALARS

    several = len({row["file"] for row in rows}) > 1
    cells = []
    for row in rows:
        print(f"{row['file']}: {row['read_as']}")
        name = f"{row['file']}: {row['column']}" if several else row["column"]
        cells.append((name, *(figures(row[key]) for key in SCALARS)))
    print_table(("curve", *(f"{QUANTITIES[k][0]} ({QUANTITIES[k][1]})" for k in SCALARS)), cells)


def _draw(curves: list, path: Path) -> None:
    """The curves with ignition, peak and threshold marked."""
    from matplotlib.figure import Figure

    from trinity.measurements.reduce import IGNITED_KW_M2

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for curve in curves:
        found, name = curve.reduced(), Path(curve.file).stem
        (line,) = axes.plot(curve.time_s, curve.hrr_kw_m2, lw=1, label=f"{name}: no ignition")
        if found["t_ig_s"] is not None:
            axes.axvline(found["t_ig_s"], color=line.get_color(), ls=":", lw=1)
            axes.plot(found["t_peak_s"], found["phrr_kw_m2"], "o", color=line.get_color())
            text = f"ignition {found['t_ig_s']:.1f} s, peak {found['phrr_kw_m2']:.0f} kW/m²"
            line.set_label(f"{name}: {text}")
    axes.axhline(IGNITED_KW_M2, color="0.6", lw=0.8)
    axes.set(xlabel="time (s)", ylabel="heat release rate (kW/m²)")
    axes.legend(fontsize="small")
    write_picture(figure, path)


COMMANDS = (estimate, cone, simulate, reduce)
