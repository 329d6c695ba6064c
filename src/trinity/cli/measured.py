"""What others bring: ``trinity reduce`` for measured curves, ``evaluate`` for predictions."""

from pathlib import Path

import typer

from trinity.cli.tools import JSON, SCALE, one_line, print_json, print_table, require_folder_of
from trinity.errors import InputError


def reduce(
    files: list[str] = typer.Argument(..., metavar="CURVE.csv...", help="Files, or '*.csv'."),
    time: str = typer.Option(None, metavar="COL", help="Column of time, by name or number."),
    hrr: list[str] = typer.Option(None, metavar="COL", help="Column of HRR; may be repeated."),
    unit: str = typer.Option(None, help="Unit of HRR: kW/m2, W/m2, kW or W."),
    area: float = typer.Option(None, metavar="M2", help="Exposed area, for kW and W."),
    time_unit: str = typer.Option(None, help="Unit of time: s or min."),
    psmiles: str = typer.Option(None, metavar="PSMILES", help="Repeat unit, for --out."),
    flux: float = typer.Option(None, metavar="KW_M2", help="Heat flux, for --out."),
    thickness: float = typer.Option(None, metavar="MM", help="Thickness, for --out."),
    out: Path = typer.Option(None, metavar="FILE", help="Rows as trinity finetune takes them."),
    plot: Path = typer.Option(None, metavar="FILE", help="The curves with the numbers marked."),
    as_json: bool = JSON,
) -> None:
    """Reduce measured heat-release curves by the rule of the project's measurements.

    Example: trinity reduce my_test.csv --plot my_test.png
    """
    from trinity.measurements import reduce as reduction

    for path in (out, plot):
        require_folder_of(path)
    rows, curves = [], []
    for file in reduction.files_of(files):
        try:
            found = reduction.read_curves(file, time, hrr or (), unit, area, time_unit)
            rows += [curve.reduced() for curve in found]
            curves += found
        except InputError as error:
            rows.append({"file": str(file), "error": str(error)})
    failed = [row for row in rows if "error" in row]
    if len(failed) == len(rows):
        raise InputError(failed[0]["error"])
    if plot is not None:
        _draw(curves, plot)
    if out is not None:
        _write(out, rows, {"psmiles": psmiles, "flux_kw_m2": flux, "thickness_mm": thickness})
    if as_json:
        print_json(rows)
    else:
        _print([row for row in rows if "error" not in row])
    for row in failed:
        typer.echo(f"Error: {one_line(row['error'])}", err=True)
    if failed:
        raise typer.Exit(2)


def _print(rows: list[dict]) -> None:
    from trinity.measurements.reduce import SCALARS

    for row in rows:
        print(f"{row['file']}: {row['read_as']}")
    cells = [
        (row["column"], *("no ignition" if row[k] is None else f"{row[k]:.4g}" for k in SCALARS))
        for row in rows
    ]
    print_table(("curve", *SCALARS), cells)


def _write(path: Path, rows: list[dict], conditions: dict) -> None:
    """The rows as a table for ``trinity finetune --csv``; what was not given is left empty."""
    import pandas as pd

    table = pd.DataFrame([conditions | row for row in rows if "error" not in row])
    write_table(path, table.drop(columns=["read_as", "q180_kw_m2"]))


def write_table(path: Path, table) -> None:
    """A table as a CSV that a spreadsheet shows and does not run."""
    from trinity.files import write_atomic
    from trinity.measurements.reader import spreadsheet_safe

    text = table.map(spreadsheet_safe).to_csv(index=False, float_format="%.6g", lineterminator="\n")
    write_atomic(path, text)


def _draw(curves: list, path: Path) -> None:
    """The curves with ignition, peak and threshold marked."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for curve in curves:
        found, name = curve.reduced(), Path(curve.file).stem
        (line,) = axes.plot(curve.time_s, curve.hrr_kw_m2, lw=1, label=f"{name}: no ignition")
        if found["t_ig_s"] is not None:
            axes.axvline(found["t_ig_s"], color=line.get_color(), ls=":", lw=1)
            axes.plot(found["t_peak_s"], found["phrr_kw_m2"], "o", color=line.get_color())
            text = f"ignition {found['t_ig_s']:.1f} s, peak {found['phrr_kw_m2']:.0f} kW/m²"
            line.set_label(f"{name}: {text}")
    axes.axhline(24.0, color="0.6", lw=0.8)
    axes.set(xlabel="time (s)", ylabel="heat release rate (kW/m²)")
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=150)
    plt.close(figure)


def evaluate(
    predictions: Path = typer.Option(None, metavar="FILE", help="Held-out predictions of yours."),
    template: Path = typer.Option(None, metavar="FILE", help="Write the table to be filled."),
    scale: str = SCALE,
    as_json: bool = JSON,
) -> None:
    """Score held-out predictions as the project scores its own, or show the published scores.

    FILE is a CSV or JSON with test_id or cell, target and predicted; optional lo, hi, arm, seed.
    Measured values and folds are the project's; --template writes the rows.

    Example: trinity evaluate --predictions mine.csv
    """
    from trinity.evidence import benchmark

    require_folder_of(template)
    if template is not None:
        if predictions is not None:
            raise InputError("Give --template FILE or --predictions FILE, one after the other.")
        write_table(template, benchmark.template())
        print(f"{template}: fill predicted (lo and hi if you have them), then --predictions FILE")
        return
    if predictions is None:
        from trinity.pipeline import stages

        rows = benchmark.score(benchmark.published(stages.load("ablation", scale).results))
    else:
        rows = benchmark.score(benchmark.read_predictions(predictions), benchmark.published())
    if as_json:
        print_json(rows)
        return
    table = [
        (f"{row['arm']} {row['target']}", f"{row['gmfe']:.2f}",
         f"{row['gmfe_low']:.2f} to {row['gmfe_high']:.2f}", f"{row['n']} of {row['of']}",
         _difference(row))
        for row in rows
    ]  # fmt: skip
    print_table(("arm and target", "GMFE", "95 % interval", "cells", "mean |ln| more"), table)


def _difference(row: dict) -> str:
    if row["difference"] is None:
        return "-"
    low, high = row["difference_low"], row["difference_high"]
    return f"{row['difference']:+.3f} ({low:+.3f} to {high:+.3f}, p {row['p']:.3f})"


COMMANDS = (reduce, evaluate)
