"""Held-out predictions: an arm learns from some measured cells and predicts others.

A `Split` says which; a `Unit` is one arm with one seed on one split, computed once and kept in a
folder, so that an interrupted run goes on. Cells are numbered as in the table of measurements
(``test_id``). Of every cell two answers are kept: with its laboratory hidden, as a user's question
names none, and named.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from trinity.evidence.arms import ARMS
from trinity.evidence.predictors import Sources, mixed, predictor, told
from trinity.files import write_atomic
from trinity.learning.data import TestTable, tests_of
from trinity.measurements.specimens import load_measurements
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
