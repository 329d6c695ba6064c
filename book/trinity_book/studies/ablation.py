"""The controls: what happens without one of the ingredients, with less of them, and elsewhere.

`left_out` compares the method with its competitors; here are the questions that a referee asks
next. All predictions are rows like those of ``lopo.json``, with ``study`` and ``level`` added. The
slow controls take minutes a fold: finetuning by gradient, forests beside the physics, and the same
studies with several draws and seeds in place of one.
"""

import pandas as pd
import pyarrow.parquet as pq

from trinity.evidence import left_out as lopo
from trinity.evidence.arms import Arm, EvaluationSettings, of_study
from trinity.evidence.held import Bench, measurements
from trinity.evidence.scores import evaluate
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
    numbers = job.parameters["controls"]
    arms = of_study("control")[: numbers["arms"]]
    found = _predictions(job, arms, numbers, numbers["seeds"], {arm.start for arm in arms})
    table = controls.synthetic_table(job)
    return {
        **found,
        "table_rows": pq.read_metadata(table).num_rows,
        "scores": scores(found["predictions"], job.inputs["ablation"].results["predictions"]),
        "why": why_it_works(
            job.inputs["pretraining"].folder,
            job.inputs["phase0"].folder,
            pd.read_parquet(table),
            tests_of(measurements()),
            job.seed,
            shuffled=job.folder / "models" / "shuffled" / "seed0",
            side=numbers["landscape_side"],
            probed=numbers["probed"],
            steps=tuple(numbers["landscape_steps"]),
        ),
    }


def slow_controls(job: Job) -> dict:
    """The stage: finetuning by gradient, forests beside the physics, curves with several draws;
    scored with the arms of the controls."""
    numbers, slow = job.parameters["slow_controls"], of_study("slow")
    tuned = [arm for arm in slow if arm.calibrated][: numbers["arms"]]
    fixed = [arm for arm in slow if not arm.calibrated][: numbers["fixed"]]
    several = {**job.parameters["controls"], "curve_seeds": numbers["draws"], "seeds": 0}
    found = _predictions(job, [*tuned, *fixed], several, numbers["seeds"])
    earlier = job.inputs["controls"].results["predictions"]
    rows = [row for row in earlier if row["study"] == MAIN_STUDY] + found["predictions"]
    return {**found, "scores": scores(rows, job.inputs["ablation"].results["predictions"])}


def _predictions(job: Job, arms: list[Arm], numbers: dict, seeds: int, kinds=()) -> dict:
    """Rows of some arms and of all studies; an interrupted run goes on from the job's folder.

    ``numbers`` are those of section ``[controls]``, ``kinds`` as in `controls.train_controls`.
    """
    evaluation = {k: v for k, v in job.parameters["evaluation"].items() if k != "chosen"}
    evaluation["seeds"] = seeds
    reports = controls.train_controls(job, numbers, kinds)
    sources = {
        "phase1": member_folders(job.inputs["pretraining"].folder),
        "language_model": [job.inputs["phase0"].folder],
        **{kind: controls.members(job, kind) for kind in ("random", *reports)},
    }
    units = job.folder / "units"
    found = lopo.run(sources, evaluation, units, job.progress, arms=arms, groupings=("nine",))
    bench = Bench(units, sources, EvaluationSettings.of(evaluation))
    rows = [{**row, "study": MAIN_STUDY, "level": ""} for row in found["predictions"]]
    rows += study_rows(bench, numbers, job.progress)
    made = {name: found[name] for name in ("chosen", "candidates")}
    return {"predictions": rows, **made, "phase1": reports}


def study_rows(bench: Bench, numbers: dict, progress: bool) -> list[dict]:
    """Rows of all studies, as many as section ``[controls]`` of a scale asks for."""
    curves = numbers["curve_seeds"]
    splits = [
        *studies.fewer_polymers(numbers["polymers"], curves),
        *studies.every_polymer("measured polymers", "all"),
        *studies.other_conditions(),
        *studies.other_laboratories(),
    ]
    units = studies.units_of(_few(splits, numbers), curves)
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
    table, main_rows = pd.DataFrame(rows), pd.DataFrame(main).query("grouping == 'nine'")
    found: dict[str, dict] = {}
    for (study, level), part in table.groupby(["study", "level"], sort=False):
        same = main_rows["test_id"].isin(part["test_id"]) & main_rows["arm"].isin(BESIDE)
        beside = main_rows if study == MAIN_STUDY else main_rows[same]
        found.setdefault(study, {})[level] = evaluate(pd.concat([part, beside]))
    return found
