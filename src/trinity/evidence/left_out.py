"""Leave one polymer out: every published arm, every fold, the laboratory hidden and named."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from trinity.evidence.arms import ARMS, Arm
from trinity.evidence.held import Bench, Sources, Split, Unit, measurements
from trinity.evidence.scores import evaluate
from trinity.learning.loop import member_folders
from trinity.provenance import Job

GROUPINGS = ("nine", "ten")


def folds_of(grouping: str) -> list[Split]:
    """The folds of the grouping ``nine`` or ``ten``, in the order of the measurements; those that
    are the same in both are those of ``nine``."""
    groups = measurements()[f"group_{grouping}"]
    folds = [split_of(grouping, "", name, groups == name) for name in dict.fromkeys(groups)]
    if grouping == "nine":
        return folds
    same = {fold.held: fold for fold in folds_of("nine")}
    return [same.get(fold.held, fold) for fold in folds]


def split_of(
    study: str, level: str, fold: str, held: pd.Series, seen: pd.Series | None = None, draw: int = 0
) -> Split:
    """Cells held out (a mask), and those that may be seen: all others if nothing is said."""
    ids = measurements()["test_id"]
    seen = ~held if seen is None else seen
    return Split(study, level, fold, tuple(ids[seen]), tuple(ids[held]), draw)


def units_of(splits: Iterable[Split], arms: Iterable[Arm], seeds: int, start: str = "") -> list:
    """Units of some arms on some splits; a random subset has a seed of its own."""
    units = []
    for split in splits:
        for arm in arms:
            own = [split.draw] if split.draw else arm.seeds(seeds)
            units += [Unit(arm.name, seed, split, start) for seed in own]
    return units


def predictions(bench: Bench, units: list[Unit], label: str, progress: bool) -> pd.DataFrame:
    """Rows of some units; the fold is the strict group of a cell, but for the grouping ``ten``."""
    bench.run(units, label, progress)
    rows = []
    for unit in units:
        split = unit.split
        about = {"arm": unit.arm, "seed": unit.seed, "study": split.study, "level": split.level}
        rows += bench.read(unit).rows(about)
    table, groups = pd.DataFrame(rows), measurements()
    ten = table["study"] == "ten"
    nine = table["test_id"].map(groups["group_nine"])
    return table.assign(fold=nine.mask(ten, table["test_id"].map(groups["group_ten"])))


def leave_one_out(job: Job) -> dict:
    """The stage: all published arms, both groupings; see `run`."""
    sources = {
        "phase1": member_folders(job.inputs["pretraining"].folder),
        "language_model": [job.inputs["phase0"].folder],
    }
    numbers = job.parameters["evaluation"]
    return run(sources, numbers["seeds"], job.folder, job.progress)


def run(sources: Sources, seeds: int, folder: str | Path, progress: bool = True) -> dict:
    """All held-out predictions of the published arms.

    ``folder`` holds finished units, from which an interrupted run goes on. Returns ``predictions``
    (the rows of ``lopo.json``) and ``scores``, per grouping with the laboratory ``hidden`` and
    ``known``.
    """
    arms = [arm for arm in ARMS.values() if arm.published]
    bench, found = Bench(folder, sources), []
    for grouping in GROUPINGS:
        units = units_of(folds_of(grouping), arms, seeds)
        rows = predictions(bench, units, f"{grouping} groups", progress)
        found.append(rows.assign(grouping=grouping).drop(columns=["study", "level"]))
    table = pd.concat(found)
    return {
        "predictions": table.to_dict("records"),
        "scores": {
            grouping: {
                name: evaluate(part[part["lab_known"] == known])
                for name, known in (("hidden", False), ("known", True))
            }
            for grouping, part in table.groupby("grouping", sort=False)
        },
    }
