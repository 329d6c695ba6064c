"""The controls: what happens without one of the ingredients, with less of them, and elsewhere.

`left_out` compares the method with its competitors; here are the questions that a referee asks
next. All predictions are rows like those of ``lopo.json``, with ``study`` and ``level`` added.
"""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from trinity.evidence import left_out as lopo
from trinity.evidence.arms import LEARNED
from trinity.evidence.scores import evaluate
from trinity.evidence.units import ZERO_SHOT, Bench, EvaluationSettings, Sources, measurements
from trinity.learning.data import tests_of
from trinity.learning.loop import member_folders
from trinity.provenance import Job
from trinity_book.studies import controls
from trinity_book.studies import splits as studies
from trinity_book.studies.understanding import why_it_works

#: The arms of ablation.json that are left-one-polymer-out like the main ones.
ARMS = (
    "shuffled_only", "shuffled_labels", "phase1_from_scratch", "two_phase_from_scratch",
    "direct_from_scratch", "network_only", "physics_language_model",
    "physics_bias", "gaussian_process_physics",
)  # fmt: skip
#: Those that take a minute a fold, with fewer seeds.
SLOW = (
    "random_forest_physics", "two_phase_full", "two_phase_lora", "two_phase_head", "direct_full",
    "paper_recipe", "direct_paper_recipe",
)  # fmt: skip
#: Of the main arms, those that a study shows beside its own.
BESIDE = ("physics_only", "phase1_only")
MAIN_STUDY = "arms"


def all_controls(job: Job) -> dict:
    """The stage: without an ingredient, with less, elsewhere, and why phase 1 works."""
    table = job.inputs["synthesis"].folder / "synthetic.parquet"
    language_model, phase1 = job.inputs["phase0"].folder, job.inputs["pretraining"].folder
    found = run(
        table,
        language_model,
        member_folders(phase1),
        job.inputs["ablation"].results["predictions"],
        job.parameters,
        job.folder,
        job.progress,
    )
    numbers = job.parameters["controls"]
    found["why"] = why_it_works(
        phase1,
        language_model,
        pd.read_parquet(table),
        tests_of(measurements()),
        job.seed,
        shuffled=job.folder / "models" / "shuffled" / "seed0",
        side=numbers["landscape_side"],
        probed=numbers["probed"],
        steps=tuple(numbers["landscape_steps"]),
    )
    return found


def run(
    table: Path,
    language_model: Path,
    phase1_members: list[Path],
    main: list[dict],
    parameters: dict,
    folder: Path,
    progress: bool = True,
) -> dict:
    """All controls and studies; an interrupted run goes on from what is in ``folder``.

    Parameters
    ----------
    table
        The synthetic table.
    language_model, phase1_members
        The models that the main arms start from.
    main
        Rows of ``lopo.json``.
    parameters
        Sections ``model``, ``phase1``, ``evaluation`` and ``controls`` of a scale.
    """
    numbers = parameters["controls"]
    evaluation = {k: v for k, v in parameters["evaluation"].items() if k != "chosen"}
    evaluation["seeds"] = numbers["seeds"]
    chosen = ARMS[: numbers["arms"]]
    reports = controls.train_controls(
        table, language_model, parameters["model"], parameters["phase1"], numbers,
        folder / "models", progress, {start_of(arm) for arm in chosen},
    )  # fmt: skip
    kinds = {kind: controls.members(folder / "models", kind) for kind in ("random", *reports)}
    sources = Sources.of(phase1=phase1_members, language_model=[language_model], **kinds)
    slow = {**evaluation, "seeds": min(numbers["seeds"], numbers["slow_seeds"])}
    units = folder / "units"
    parts = [
        lopo.run(sources, settings, units, progress, arms=arms, groupings=("nine",))
        for arms, settings in ((chosen, evaluation), (SLOW[: numbers["slow_arms"]], slow))
        if arms
    ]
    bench = Bench(units, sources, EvaluationSettings.of(evaluation))
    rows = [
        {**row, "study": MAIN_STUDY, "level": ""} for part in parts for row in part["predictions"]
    ]
    rows += _studies(bench, numbers, progress)
    return {
        "predictions": rows,
        "chosen": {arm: made for part in parts for arm, made in part["chosen"].items()},
        "candidates": {arm: n for part in parts for arm, n in part["candidates"].items()},
        "phase1": reports,
        "table_rows": pq.read_metadata(table).num_rows,
        "scores": scores(rows, main),
    }


def start_of(arm: str) -> str:
    """The kind of model that an arm starts from or is; empty where there is none."""
    if arm in ZERO_SHOT:
        return ZERO_SHOT[arm]
    return LEARNED[arm].start if arm in LEARNED else ""


def _studies(bench: Bench, numbers: dict, progress: bool) -> list[dict]:
    curves = numbers["curve_seeds"]
    curve = [
        *studies.fewer_polymers(numbers["polymers"], curves),
        *studies.every_polymer("measured polymers", "all"),
    ]
    elsewhere = [*studies.other_conditions(), *studies.other_laboratories()]
    units = studies.units_of(_few(curve, numbers), curves)
    units += studies.units_of(_few(elsewhere, numbers), curves)
    for n in numbers["rows"]:
        splits = _few(studies.every_polymer("synthetic rows", str(n)), numbers)
        units += studies.units_of(splits, curves, ("two_phase", "network_only"), f"rows_{n}")
    return studies.run_studies(bench, units, "studies", progress)


def _few(splits: list, numbers: dict) -> list:
    """At most ``folds`` splits of every study and level: fewer than all at small scales."""
    kept: dict[tuple, list] = {}
    for split in splits:
        kept.setdefault((split.study, split.level), []).append(split)
    return [split for part in kept.values() for split in part[: numbers["folds"]]]


def scores(rows: list[dict], main: list[dict]) -> dict:
    """Per study and level the scores of `trinity.evidence.scores.evaluate`; zero-shot arms of
    ``lopo.json`` are scored on the tests of each level too, and with the controls all main arms."""
    table = pd.DataFrame(rows)
    main_rows = pd.DataFrame(main)
    main_rows = main_rows[main_rows["grouping"] == "nine"]
    found = {}
    for (study, level), part in table.groupby(["study", "level"], sort=False):
        beside = main_rows
        if study != MAIN_STUDY:
            same = main_rows["test_id"].isin(part["test_id"])
            beside = main_rows[same & main_rows["arm"].isin(BESIDE)]
        result = evaluate(pd.concat([part, beside]))
        found.setdefault(study, {})[level] = result
    return found
