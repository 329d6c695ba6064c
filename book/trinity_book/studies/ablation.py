"""The ablation: the factorial of the analysis plan, its three questions, and the studies beside it.

All predictions are rows like those of ``lopo.json``, with ``study`` and ``level`` added.
"""

import pandas as pd
import pyarrow.parquet as pq

from trinity.evidence.arms import ARMS
from trinity.evidence.factorial import factorial, primary_questions
from trinity.evidence.left_out import Bench, Split, folds_of, measurements, predictions, units_of
from trinity.evidence.scores import evaluate
from trinity.learning.data import tests_of
from trinity.learning.loop import member_folders
from trinity.provenance import Job
from trinity_book.studies import controls
from trinity_book.studies import splits as studies
from trinity_book.studies.milligrams import milligram_rows
from trinity_book.studies.understanding import why_it_works

MAIN = "nine"  # the study of the factorial: leave one of the nine groups out


def ablation(job: Job) -> dict:
    """The stage: ten cells and those beside them, three questions, studies, why phase 1 works."""
    numbers = job.parameters["controls"]
    reports = controls.train_controls(job, numbers)
    sources = {
        "phase1": member_folders(job.inputs["pretraining"].folder),
        "language_model": [job.inputs["phase0"].folder],
        **{kind: controls.members(job, kind) for kind in ("random", *reports)},
    }
    bench = Bench(job.folder / "units", sources)
    folds = folds_of(MAIN)[: numbers["folds"]]
    seeds = {"shuffled_labels": numbers["shuffled_seeds"]}
    main = [
        unit
        for arm in ARMS.values()
        if not arm.published
        for unit in units_of(folds, [arm], seeds.get(arm.start, numbers["seeds"]))
    ]
    rows = predictions(bench, main, "factorial", job.progress)
    rows = pd.concat([_published(job), rows], ignore_index=True)
    hidden, known = (rows[rows["lab_known"] == named] for named in (False, True))
    beside = pd.concat(
        [
            study_rows(bench, numbers, job.progress),
            milligram_rows(sources, numbers["folds"], numbers["curve_seeds"], job.progress),
        ]
    )
    table = controls.synthetic_table(job)
    return {
        "factorial": factorial(hidden, known),
        "primary_questions": primary_questions(hidden),
        "predictions": pd.concat([rows, beside]).to_dict("records"),
        "scores": {"hidden": evaluate(hidden), "known": evaluate(known)},
        "studies": scores(beside),
        "phase1": reports,
        "table_rows": pq.read_metadata(table).num_rows,
        "why": why_it_works(
            job.inputs["pretraining"].folder,
            job.inputs["phase0"].folder,
            pd.read_parquet(table),
            tests_of(measurements()),
            job.seed,
            shuffled=job.folder / "models" / "shuffled_labels" / "seed0",
            side=numbers["landscape_side"],
            probed=numbers["probed"],
            steps=tuple(numbers["landscape_steps"]),
        ),
    }


def _published(job: Job) -> pd.DataFrame:
    """The rows of ``lopo.json`` with the nine groups."""
    rows = pd.DataFrame(job.inputs["ablation"].results["predictions"])
    return rows[rows["grouping"] == MAIN].rename(columns={"grouping": "study"}).assign(level="")


def study_rows(bench: Bench, numbers: dict, progress: bool) -> pd.DataFrame:
    """Rows of all studies, laboratory hidden, as many as section ``[controls]`` asks for."""
    splits = [
        *studies.fewer_polymers(numbers["polymers"], numbers["curve_seeds"]),
        *studies.every_polymer("measured polymers", "all"),
        *studies.other_conditions(),
        *studies.other_laboratories(),
        *studies.polymer_and_laboratory(),
    ]
    units = units_of(_few(splits, numbers), studies.STUDIED, numbers["curve_seeds"])
    for n in numbers["rows"]:
        some = _few(studies.every_polymer("synthetic rows", str(n)), numbers)
        arms = ARMS["two_phase"], ARMS["phase1"]
        units += units_of(some, arms, numbers["curve_seeds"], f"rows_{n}")
    rows = predictions(bench, units, "studies", progress)
    return rows[~rows["lab_known"]]


def _few(splits: list[Split], numbers: dict) -> list[Split]:
    """At most ``folds`` levels of every study and splits of every level: fewer than all at small
    scales."""
    most = numbers["folds"]
    kept: dict[str, dict[str, list]] = {}
    for split in splits:
        kept.setdefault(split.study, {}).setdefault(split.level, []).append(split)
    levels = [level for study in kept.values() for level in list(study.values())[:most]]
    return [split for level in levels for split in level[:most]]


def scores(rows: pd.DataFrame) -> dict:
    """Per study and level the scores of `trinity.evidence.scores.evaluate`."""
    found: dict[str, dict] = {}
    for (study, level), part in rows.groupby(["study", "level"], sort=False):
        found.setdefault(study, {})[level] = evaluate(part)
    return found
