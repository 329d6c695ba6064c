"""Leave one polymer out: every published arm, every fold, the laboratory hidden and named.

A `Split` says what an arm learns from and predicts; a `Unit` is one arm with one seed on one split,
computed once and kept in a folder, so that an interrupted run goes on. Cells are numbered as in the
table of measurements (``test_id``). Of every cell two answers are kept: with its laboratory hidden,
as a user's question names none, and named.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from trinity.evidence.arms import ARMS, Arm
from trinity.evidence.predictors import Sources, mixed, predictor, told
from trinity.evidence.scores import evaluate
from trinity.files import write_atomic
from trinity.learning.data import TestTable, tests_of
from trinity.learning.loop import member_folders
from trinity.measurements.specimens import load_measurements
from trinity.provenance import Job
from trinity.quantities import TARGETS

GIVEN = ["polymer", "lab", "flux_kw_m2", "thickness_mm"]


@lru_cache(maxsize=1)
def measurements() -> pd.DataFrame:
    """The measured cells with their groups, by ``test_id``; not to be changed."""
    return load_measurements().set_index("test_id", drop=False).rename_axis(None)


@lru_cache(maxsize=1)
def measured_with_physics() -> TestTable:
    """The measured cells, with the physics at blind nominal properties."""
    return tests_of(measurements()).with_physics()


@dataclass(frozen=True)
class Split:
    """Cells that may be seen and that are held out, at one level of a study."""

    study: str
    level: str
    fold: str
    seen: tuple[int, ...]
    held: tuple[int, ...]
    draw: int = 0  # which random subset

    def tables(self) -> tuple[TestTable, TestTable]:
        """The cells to learn from, weighed group by group, and those that are held out."""
        table, tests = measurements(), measured_with_physics()
        seen, held = (np.isin(table["test_id"], ids) for ids in (self.seen, self.held))
        return tests.take(seen).weighed(table["group_nine"][seen]), tests.take(held)

    @property
    def groups(self) -> int:
        """How many strict groups may be seen."""
        return measurements()["group_nine"].loc[list(self.seen)].nunique()


@dataclass
class Held:
    """Natural logarithms of what is predicted of T cells, in the order of `TARGETS`."""

    tests: np.ndarray  # (T,) test_id
    hidden: np.ndarray  # (3, T, 4) prediction, lower and upper end; laboratory hidden
    known: np.ndarray  # (3, T, 4) laboratory named

    def rows(self, about: dict) -> list[dict]:
        """Rows of ``lopo.json`` in physical units: one per cell, target with a label, and
        laboratory hidden or known; ``about`` is what they share."""
        table = measurements().loc[self.tests]
        measured = table[list(TARGETS)].to_numpy(float)
        given = table[GIVEN].to_dict("records")
        rows = []
        for known, logs in ((False, self.hidden), (True, self.known)):
            for i, column in np.argwhere(np.isfinite(measured)):
                values = measured[i, column], *np.exp(logs[:, i, column])
                # Five digits: more would be noise and megabytes.
                numbers = [float(f"{value:.5g}") for value in values]
                row = {"test_id": int(self.tests[i]), "target": TARGETS[column]}
                row |= dict(zip(("measured", "predicted", "lo", "hi"), numbers, strict=True))
                rows.append(about | row | given[i] | {"lab_known": known})
        return rows


@dataclass(frozen=True)
class Unit:
    """One arm with one seed on one split; ``start`` names another kind of model to start from."""

    arm: str
    seed: int
    split: Split
    start: str = ""

    @property
    def file(self) -> str:
        """Name of the unit's result."""
        s = self.split
        name = f"{s.study}-{s.level}-{s.fold}-{s.draw}-{self.arm}-{self.start}-s{self.seed}.npz"
        return name.replace(" ", "_")

    def compute(self, sources: Sources) -> Held:
        """Its result."""
        arm = ARMS[self.arm]
        training, held = self.split.tables()
        one = partial(predictor, seed=self.seed, sources=sources, start=self.start)
        ask = mixed([one(ARMS[name], training) for name in arm.parts or (arm.name,)])
        return Held(np.array(self.split.held), *told(ask, held, training, self.split.groups))


class Bench:
    """Runs units on worker processes, one thread each, and remembers them in a folder."""

    def __init__(self, folder: str | Path, sources: Sources):
        self.folder, self.sources = Path(folder), sources
        self.folder.mkdir(parents=True, exist_ok=True)

    def run(self, units: Iterable[Unit], label: str = "", progress: bool = True) -> None:
        """Compute the units that have no file yet."""
        from trinity.learning.loop import run_tasks

        missing = [u for u in dict.fromkeys(units) if not (self.folder / u.file).is_file()]
        run_tasks(self.compute, missing, progress=label if progress else None)

    def compute(self, unit: Unit) -> None:
        """Compute one unit and write its file."""
        stream = io.BytesIO()
        np.savez(stream, **vars(unit.compute(self.sources)))
        write_atomic(self.folder / unit.file, stream.getvalue())

    def read(self, unit: Unit) -> Held:
        """Result of a finished unit."""
        with np.load(self.folder / unit.file, allow_pickle=False) as stored:
            return Held(**stored)


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
