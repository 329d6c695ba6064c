"""The controls: what happens without one of the ingredients, with less of them, and elsewhere.

`left_out` compares the method with its competitors; here are the questions that a referee asks
next. All predictions are rows like those of ``lopo.json``, with ``study`` and ``level`` added.
"""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from trinity.evidence import left_out as lopo
from trinity.evidence.arms import EvaluationSettings, of_study
from trinity.evidence.held import measurements
from trinity.evidence.scores import evaluate
from trinity.evidence.units import Bench, Sources
from trinity.learning.data import tests_of
from trinity.learning.loop import member_folders
from trinity.provenance import Job
from trinity_book.studies import controls
from trinity_book.studies import splits as studies
from trinity_book.studies.understanding import why_it_works

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
    arms = of_study("control")[: numbers["arms"]]
    reports = controls.train_controls(
        table, language_model, parameters["model"], parameters["phase1"], numbers,
        folder / "models", progress, {arm.start for arm in arms},
    )  # fmt: skip
    kinds = {kind: controls.members(folder / "models", kind) for kind in ("random", *reports)}
    sources = Sources.of(phase1=phase1_members, language_model=[language_model], **kinds)
    units = folder / "units"
    found = lopo.run(sources, evaluation, units, progress, arms=arms, groupings=("nine",))
    bench = Bench(units, sources, EvaluationSettings.of(evaluation))
    rows = [{**row, "study": MAIN_STUDY, "level": ""} for row in found["predictions"]]
    rows += study_rows(bench, numbers, progress)
    return {
        "predictions": rows,
        "chosen": found["chosen"],
        "candidates": found["candidates"],
        "phase1": reports,
        "table_rows": pq.read_metadata(table).num_rows,
        "scores": scores(rows, main),
    }


def study_rows(bench: Bench, numbers: dict, progress: bool) -> list[dict]:
    """Rows of all studies, as many as section ``[controls]`` of a scale asks for."""
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
