"""``trinity predict``, ``synthesize``, ``pretrain``, ``finetune`` and ``evaluate``."""

import sys
from functools import partial
from pathlib import Path

import typer

from trinity.cli import tools
from trinity.cli.shown import QUANTITIES, print_table, print_test
from trinity.cli.tools import option, show, stop
from trinity.errors import InputError
from trinity.learning.configurations import MODES
from trinity.quantities import TARGETS

MOST_POLYMERS = 100_000_000  # more is a typing error: weeks on a hundred cores
SHOWN = ("t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2")  # the targets as people read them


def predict(
    polymers: list[str] = typer.Argument(
        None,
        metavar="[POLYMER]...",
        help="Repeat units, names such as PMMA, or components: 'polymer:mass fraction|...'.",
    ),
    flux: float = tools.FLUX,
    thickness: float = tools.THICKNESS,
    csv: Path = option("IN", "Table with psmiles, flux_kw_m2, thickness_mm."),
    out: Path = option("OUT", "Where the completed table goes."),
    model: Path = option("DIR", "A model of your own (trinity finetune)."),
    members: int = typer.Option(
        None,
        min=1,
        help="Use only this many networks: faster, but the intervals are not calibrated for it.",
    ),
    fast: bool = typer.Option(False, "--fast", help="Ask networks distilled from the model."),
    t50: str = tools.T50,
    char: str = tools.CHAR,
    gas_heat: str = tools.GAS_HEAT,
    strict: bool = tools.STRICT,
    as_json: bool = tools.JSON,
) -> None:
    """Predict cone tests with the finetuned language model, with 90 % intervals.

    Measured values take the place of estimates in the physics that is corrected; a table gives them
    in columns t50_c or t50_k, char and gas_heat_mj_kg, errors in columns of these names + _sigma.

    Example: trinity predict '*CC(*)c1ccccc1' --flux 50 --thickness 6
    """
    if bool(polymers) == (csv is not None):
        raise InputError("Give either repeat units or --csv IN, and not both.")
    if csv is not None and out is None:
        raise InputError("A table needs --out OUT, the file to write.")
    if csv is None and out is not None:
        raise InputError("--out goes with --csv; single predictions are printed.")
    measured = tools.given(t50, char, gas_heat)
    measured = {name: text for name, text in measured.items() if text is not None}
    if csv is not None and measured:
        raise InputError("A table gives measured values in columns: t50_c, char, gas_heat_mj_kg.")
    tools.require_writable(out)
    from trinity.prediction import predict as prediction

    if csv is not None:
        tell = partial(typer.echo, err=True)
        rows = prediction.predict_table(csv, out, model, strict, members, fast, tell)
    else:
        how = {"measured": measured, "model": model, "members": members, "fast": fast}
        rows = prediction.predict(polymers, flux, thickness, **how)
    many = csv is not None or len(rows) > 1
    failed = [
        f"row {n}: {row['error']}" if many else row["error"]
        for n, row in enumerate(rows, 1)
        if "error" in row
    ]
    count = f"{len(rows) - len(failed)} of {len(rows)} rows predicted"
    count += f"; why not the others stands in the column error of {out}" if failed else ""
    show(rows, as_json, lambda _: print(count) if csv else _print_predictions(polymers, rows))
    stop(failed, 2 if many else 1)


def _print_predictions(asked: list[str], rows: list[dict]) -> None:
    for name, row in zip(asked, rows, strict=True):
        if "error" not in row:
            print_test(row, SHOWN, tools.titled(name, row["psmiles"]), "predicted")
            for reason in row["reasons"]:
                print(f"outside the domain of the model: {reason}")


def synthesize(
    n: int = typer.Option(min=1, max=MOST_POLYMERS, help="Hypothetical polymers."),
    out: Path = typer.Option(metavar="DIR", help="Folder of the Parquet table."),
    seed: int = tools.SEED,
    conditions: int = typer.Option(5, min=1, max=1000, help="Test conditions per polymer."),
    scheduler: str = option("ADDRESS", "A Dask scheduler; else this machine."),
    as_json: bool = tools.JSON,
) -> None:
    """Invent polymers and burn them in the cone model; an interrupted table is taken up again.

    Example: trinity synthesize --n 2000 --seed 7 --out my_table
    """
    tools.require_writable(out, folder=True)
    watched = sys.stderr.isatty() and not as_json
    with tools.on_scheduler(scheduler):
        from trinity.synthesis import table

        path = table.synthesize(n, conditions, seed, out, scheduler=scheduler, progress=watched)
    made = {"table": str(path), "n_polymers": n, "conditions": conditions, "seed": seed}
    show(made, as_json, lambda _: print(path))


def pretrain(
    scale: str = tools.SCALE,
    seed: int = tools.SEED,
    table: Path = option("DIR", "A synthetic table of your own."),
    encoder: str = option("NAME_OR_FOLDER", "A chemical language model of your own."),
    out: Path = option("DIR", "Folder of the model (with --table or --encoder)."),
    as_json: bool = tools.JSON,
) -> None:
    """Phase 1: train the language model on synthetic cone tests.

    Example: trinity pretrain --scale class
    """
    from trinity.pipeline.training import pretrain_on

    own = table is not None or encoder is not None
    if own != (out is not None):
        raise InputError(
            "A table or an encoder of your own goes with --out DIR, and --out with it."
        )
    tools.require_writable(out, folder=True)
    if own:
        answer = pretrain_on(table, out, scale, seed, encoder)
    else:
        answer = summary("pretraining", scale, seed)
    show(answer, as_json, _print_summary)


def finetune(
    csv: Path = option("FILE", "Measurements of your own."),
    start: Path = typer.Option(
        None, "--from", metavar="DIR", help="Models of phase 1 of your own (with --csv)."
    ),
    out: Path = option("DIR", "Folder of the model (with --csv)."),
    scale: str = tools.SCALE,
    seed: int = tools.SEED,
    mode: str = option("MODE", "With --csv: kernel (closed form) or by gradient full, lora, head."),
    steps: int = typer.Option(None, min=1, help="With --csv: steps of the modes by gradient."),
    as_json: bool = tools.JSON,
) -> None:
    """Phase 2: finetune on measured cone tests, the project's own and yours.

    By gradient, torchrun -m trinity finetune ... shares each step among processes.

    Example: trinity finetune --csv mine.csv --out my_model
    """
    from trinity.learning import launched
    from trinity.pipeline import training

    if (csv is None) != (out is None):
        raise InputError("Measurements of your own need both --csv FILE and --out DIR.")
    if csv is None and (mode or steps or start):
        raise InputError("--mode, --steps and --from go with --csv FILE; a stage has its own.")
    if mode is not None and mode not in MODES:
        raise InputError(f"There is no mode {mode!r}; choose one of {', '.join(MODES)}.")
    tools.require_writable(out, folder=True)
    if csv is None:
        show(summary("finetuning", scale, seed), as_json, _print_summary)
        return
    given = {key: value for key, value in (("mode", mode), ("steps", steps)) if value}
    answer = training.finetune(csv, out, scale, seed, phase1=start, **given)
    if launched.is_main():
        show(answer, as_json, _print_finetuned)


def _print_finetuned(report: dict) -> None:
    """What finetuning on a user's tests changed, as a table of error factors (1 is perfect)."""
    used = report["used"]
    counts = ", ".join(f"{target}: {used[target]}" for target in TARGETS)
    print(
        f"model: {report['model']}\n"
        f"your tests: {report['rows']} of {report['polymers']} polymers, "
        f"{report['new_polymers']} of them new to the project\n"
        f"used for ignition: {used['ignition']}; as a bound of t_ig_s: {used['t_ig_s_bounds']}; "
        + counts
    )
    before, after = (report[f"ignition_probability_{when}"] for when in ("before", "after"))
    if before is not None:
        said = f"{before:.2f} before, {after:.2f} after"
        print(f"ignition probability of your tests without ignition: {said}")
    if report["read_as"]:
        print(report["read_as"])
    import pandas as pd

    columns = ("before", "after", "held_out_before", "held_out_after", "moved")
    table = pd.DataFrame({c: report[c] for c in columns}).reindex(TARGETS).map("{:.2f}".format)
    head = ("error factor", "yours before", "yours after*", "left out before", "left out after")
    print_table((*head, "moved**"), table.replace("nan", "-").itertuples())
    print(
        "*  in sample: the model has seen these tests, so this does not hold for other polymers\n"
        "   left out: the project's polymers, each group predicted without its own tests\n"
        "** factor by which predictions of the project's own tests changed"
    )


def summary(name: str, scale: str, seed: int) -> dict:
    """Results of a stage, loaded or computed by one process, without long lists; and the places of
    its files."""
    from trinity.learning import launched
    from trinity.pipeline import stages

    launched.require_one(f"The stage {name}")
    found = stages.load(name, scale, seed)
    short = {
        key: value
        for key, value in found.results.items()
        if key != "provenance" and not (isinstance(value, list) and len(value) > 20)
    }
    return {"results": str(found.path), "folder": str(found.folder), **short}


def _print_summary(answer: dict) -> None:
    """What a stage found: numbers one per line, error factors of the targets as a table."""
    rows = []
    for key, value in answer.items():
        words = key.replace("_", " ")
        if isinstance(value, dict) and value.keys() == set(TARGETS):
            rows.append((words, *(f"{value[target]:.2f}" for target in SHOWN)))
        elif isinstance(value, str | int | float):
            print(f"{words}: {value:.3g}" if isinstance(value, float) else f"{words}: {value}")
    if rows:
        print_table(("error factor (1 is perfect)", *(QUANTITIES[t][0] for t in SHOWN)), rows)


def evaluate(
    predictions: Path = option("FILE", "Held-out predictions of yours."),
    template: Path = option("FILE", "Write the table to be filled."),
    model: Path = option("DIR", "Models of yours, each polymer left out in turn; resumes."),
    scale: str = tools.SCALE,
    as_json: bool = tools.JSON,
) -> None:
    """Score held-out predictions as the project scores its own, or show the published scores.

    FILE is a CSV or JSON with test_id or cell, target and predicted; optional lo, hi, arm, seed.
    Measured values and folds are the project's; --template writes the rows. DIR is what pretrain
    --out or finetune --out wrote: phase 2 is repeated without each polymer.

    Example: trinity evaluate --predictions held_out.csv
    """
    from trinity.evidence import benchmark
    from trinity.measurements.reader import write_csv

    tools.require_writable(template)
    if sum(given is not None for given in (template, predictions, model)) > 1:
        raise InputError("Give one of --template FILE, --predictions FILE and --model DIR.")
    if template is not None:
        if template.exists():
            raise InputError(f"{template} exists already; name a new file for the template.")
        write_csv(template, benchmark.template())
        print(f"{template}: fill predicted (lo and hi if you have them), then --predictions FILE")
        return
    if model is not None:
        from trinity.pipeline.training import held_out

        rows = benchmark.score(held_out(model), benchmark.published())
    elif predictions is None:
        from trinity.pipeline import stages

        rows = benchmark.score(benchmark.published(stages.load("ablation", scale).results))
    else:
        rows = benchmark.score(benchmark.read_predictions(predictions), benchmark.published())
    show(rows, as_json, _print_scores)


def _print_scores(rows: list[dict]) -> None:
    columns = {
        "arm and target": "{arm} {target}",
        "GMFE": "{gmfe:.2f}",
        "95 % interval": "{gmfe_low:.2f} to {gmfe_high:.2f}",
        "cells": "{n} of {of}",
    }
    more = "{difference:+.3f} ({difference_low:+.3f} to {difference_high:+.3f}, p {p:.3f})"
    table = []
    for row in rows:
        cells = [text.format_map(row) for text in columns.values()]
        table.append((*cells, "-" if row["difference"] is None else more.format_map(row)))
    print_table((*columns, "difference of mean |ln|"), table)


COMMANDS = (predict, synthesize, pretrain, finetune, evaluate)
