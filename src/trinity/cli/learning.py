"""``trinity predict``, ``synthesize``, ``pretrain`` and ``finetune``."""

import sys
from functools import partial
from pathlib import Path

import typer

from trinity.cli.tools import (
    FLUX,
    JSON,
    SCALE,
    SEED,
    STRICT,
    THICKNESS,
    one_line,
    print_json,
    print_table,
    require_folder,
    require_folder_of,
    require_scheduler,
    scheduler_may_be_lost,
)
from trinity.errors import InputError
from trinity.quantities import TARGETS

MOST_POLYMERS = 100_000_000  # more is a typing error: weeks on a hundred cores
MODES = ("kernel", "full", "lora", "head")  # those of phase 2; a test keeps them in step


def predict(
    polymers: list[str] = typer.Argument(
        None,
        metavar="[PSMILES]...",
        help="Repeat units, or components as 'psmiles:mass fraction|...'.",
    ),
    flux: float = FLUX,
    thickness: float = THICKNESS,
    csv: Path = typer.Option(
        None, metavar="IN", help="Table with psmiles, flux_kw_m2, thickness_mm."
    ),
    out: Path = typer.Option(None, metavar="OUT", help="Where the completed table goes."),
    model: Path = typer.Option(None, metavar="DIR", help="A model of your own (trinity finetune)."),
    members: int = typer.Option(
        None, min=1, help="Use so many networks only: faster, intervals not calibrated for it."
    ),
    fast: bool = typer.Option(False, "--fast", help="Ask networks distilled from the model."),
    strict: bool = STRICT,
    as_json: bool = JSON,
) -> None:
    """Predict cone tests with the finetuned language model, with 90 % intervals.

    Example: trinity predict '*CC(*)c1ccccc1' --flux 50 --thickness 6
    """
    if bool(polymers) == (csv is not None):
        raise InputError("Give either repeat units or --csv IN, and not both.")
    if csv is not None and out is None:
        raise InputError("A table needs --out OUT, the file to write.")
    if csv is None and out is not None:
        raise InputError("--out goes with --csv; single predictions are printed.")
    require_folder_of(out)
    if csv is not None:
        from trinity.prediction.tables import predict_table

        tell = partial(typer.echo, err=True)
        rows = predict_table(csv, out, model, strict, members, fast, tell)
    else:
        from trinity.prediction.predict import predict as ask

        rows = ask(polymers, flux, thickness, model=model, members=members, fast=fast)
    if as_json:
        print_json(rows)
    elif csv is None:
        _print_predictions([row for row in rows if "error" not in row])
    else:
        print(f"{sum('error' not in row for row in rows)} of {len(rows)} rows predicted")
    failed = [(number, row["error"]) for number, row in enumerate(rows, 1) if "error" in row]
    for number, reason in failed:
        typer.echo(f"Error: row {number}: {one_line(reason)}", err=True)
    if failed:
        raise typer.Exit(2 if csv is not None or len(rows) > 1 else 1)


def _print_predictions(rows: list[dict]) -> None:
    for row in rows:
        domain = "" if row["in_domain"] else " (outside the domain of the training data)"
        print(
            f"{row['psmiles']} at {row['flux_kw_m2']:g} kW/m2, {row['thickness_mm']:g} mm{domain}"
        )
        table = [
            (key, f"{row[key]:.4g}", f"{row[key + '_lo']:.4g} to {row[key + '_hi']:.4g}")
            for key in TARGETS
        ]
        print_table(("quantity", "predicted", "90 % interval"), table)
        print(f"ignition probability: {row['ignition_probability']:.2f}")


def synthesize(
    n: int = typer.Option(..., "--n", min=1, max=MOST_POLYMERS, help="Hypothetical polymers."),
    out: Path = typer.Option(..., "--out", metavar="DIR", help="Folder of the Parquet table."),
    seed: int = SEED,
    conditions: int = typer.Option(5, min=1, max=1000, help="Test conditions a polymer."),
    scheduler: str = typer.Option(
        None, metavar="ADDRESS", help="A Dask scheduler; else this machine."
    ),
    as_json: bool = JSON,
) -> None:
    """Invent polymers and burn them in the cone model; an interrupted table is taken up again.

    Example: trinity synthesize --n 2000 --seed 7 --out my_table
    """
    require_folder(out)
    if scheduler is not None:
        require_scheduler(scheduler)
    from trinity.synthesis import table as synthesis

    watched = sys.stderr.isatty() and not as_json
    with scheduler_may_be_lost(scheduler):
        path = synthesis.synthesize(n, conditions, seed, out, scheduler=scheduler, progress=watched)
    if as_json:
        print_json({"table": str(path), "n_polymers": n, "conditions": conditions, "seed": seed})
    else:
        print(path)


def pretrain(
    scale: str = SCALE,
    seed: int = SEED,
    table: Path = typer.Option(None, metavar="DIR", help="A synthetic table of your own."),
    out: Path = typer.Option(None, metavar="DIR", help="Folder of the model (with --table)."),
    as_json: bool = JSON,
) -> None:
    """Phase 1: train the language model on synthetic cone tests.

    Example: trinity pretrain --scale class
    """
    from trinity.pipeline.training import pretrain_on

    if (table is None) != (out is None):
        raise InputError("A table of your own needs both --table DIR and --out DIR.")
    require_folder(out)
    if table is not None:
        answer = pretrain_on(table, out, scale, seed)
    else:
        answer = summary("pretraining", scale, seed)
    _show(answer, as_json)


def finetune(
    csv: Path = typer.Option(None, metavar="FILE", help="Measurements of your own."),
    out: Path = typer.Option(None, metavar="DIR", help="Folder of the model (with --csv)."),
    scale: str = SCALE,
    seed: int = SEED,
    mode: str = typer.Option(
        None, help="With --csv: kernel (closed form) or by gradient full, lora, head."
    ),
    steps: int = typer.Option(None, min=1, help="With --csv: steps of the modes by gradient."),
    as_json: bool = JSON,
) -> None:
    """Phase 2: finetune on measured cone tests, the project's own and yours.

    By gradient, torchrun -m trinity finetune ... shares each step among processes.

    Example: trinity finetune --csv mine.csv --out my_model
    """
    from trinity.learning import launched
    from trinity.pipeline import training

    if (csv is None) != (out is None):
        raise InputError("Measurements of your own need both --csv FILE and --out DIR.")
    if csv is None and (mode or steps):
        raise InputError("--mode and --steps go with --csv FILE; a stage has those of its scale.")
    if mode is not None and mode not in MODES:
        raise InputError(f"There is no mode {mode!r}; choose one of {', '.join(MODES)}.")
    require_folder(out)
    if csv is not None:
        given = {key: value for key, value in (("mode", mode), ("steps", steps)) if value}
        answer = training.finetune(csv, out, scale, seed, **given)
        if not launched.is_main():
            return
    else:
        answer = summary("finetuning", scale, seed)
    if csv is None or as_json:
        _show(answer, as_json)
    else:
        _print_finetuned(answer)


def _print_finetuned(report: dict) -> None:
    """What finetuning on a user's tests changed, as a table of error factors (1 is perfect)."""
    columns = ("before", "after", "held_out_before", "held_out_after", "moved")
    cells = {
        (target, column): f"{report[column][target]:.2f}" if target in report[column] else "-"
        for target in TARGETS
        for column in columns
    }
    print(f"model: {report['model']}")
    print(
        f"your tests: {report['rows']} of {report['polymers']} polymers, "
        f"{report['new_polymers']} of them new to the project"
    )
    used = report["used"]
    print(f"used for ignition: {used['ignition']}; as a bound of t_ig_s: {used['t_ig_s_bounds']}; "
          + ", ".join(f"{target}: {used[target]}" for target in TARGETS))  # fmt: skip
    if report["ignition_probability_before"] is not None:
        print(f"ignition probability of your tests without ignition: "
              f"{report['ignition_probability_before']:.2f} before, "
              f"{report['ignition_probability_after']:.2f} after")  # fmt: skip
    if report["read_as"]:
        print(report["read_as"])
    head = ("error factor", "yours before", "yours after*", "left out before", "left out after")
    table = [(t, *(cells[t, column] for column in columns)) for t in TARGETS]
    print_table((*head, "moved**"), table)
    print("*  in sample: the model has seen these tests, so this is no promise for other polymers")
    print("   left out: the project's polymers, each group predicted without its own tests")
    print("** factor by which predictions of the project's own tests changed")


def summary(name: str, scale: str, seed: int) -> dict:
    """Results of a stage, loaded or computed, without long lists; and where its files are.

    Raises
    ------
    InputError
        If several processes were launched for it, or the stage or scale is unknown.
    """
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


def _show(answer: dict, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    for key, value in answer.items():
        print(f"{key}: {value}")


COMMANDS = (predict, synthesize, pretrain, finetune)
