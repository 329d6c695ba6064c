"""Distillation targets: random tests of many polymers, and the answers of each teacher.

There is a teacher without measurements (the mean of phase 1 and physics), one without each strict
group, and the ensemble itself. All read each polymer once: only their corrections differ.
"""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from trinity.chemistry.chain import cuts
from trinity.chemistry.polymers import parse_psmiles
from trinity.evidence.left_out import measured_with_physics, measurements
from trinity.files import write_atomic
from trinity.learning.answer import Answer, answer, combine, embeddings
from trinity.learning.correction import UNNAMED
from trinity.learning.data import TestTable
from trinity.learning.loop import member_folders, run_tasks
from trinity.learning.model import load_model
from trinity.learning.phase1 import without_measured
from trinity.learning.phase2 import correct
from trinity.provenance import Job
from trinity.quantities import FLUX_TESTED_KW_M2, LABORATORIES, THICKNESS_TESTED_MM

#: Names of the teacher that has seen no measurement and of the one that has seen all.
BLIND, EVERYTHING = "blind", "everything"
#: Times that a measured polymer is asked about, a hypothetical one once.
REPEATS = 20
#: Share of the questions that name no laboratory.
NAMELESS = 0.5
ASKED = ("polymer_of", "conditions", "laboratory")
FILE = "targets.npz"


@dataclass(frozen=True)
class MemberJob:
    """One member of the ensemble, before and after it saw measurements, and what to ask it."""

    before: Path
    after: Path
    tests: TestTable
    groups: tuple[str, ...]  # strict groups, each with a teacher that has not seen it


@dataclass(frozen=True)
class DistillationTargets:
    """Questions about P polymers, R tests, and the answers of every teacher."""

    tests: TestTable
    group: np.ndarray  # (P,) strict group of a measured polymer, "" of a hypothetical one
    kept: np.ndarray  # (P,) hypothetical polymers that no student reads
    cuts: dict[str, list[str]]
    answers: dict[str, Answer]  # teacher -> of the R tests

    def rows_for(self, teacher: str) -> np.ndarray:
        """Tests (indices) that a student of this teacher may read: the blind one is asked about
        hypothetical polymers only, the one without a group about all but that group."""
        foreign = self.group != "" if teacher == BLIND else self.group == teacher
        return np.flatnonzero(~(self.kept | foreign)[self.tests.polymer_of])

    def spelled(self, polymers: Sequence[int], seed: int) -> TestTable:
        """The tests with the named polymers written from a random cut of their chain."""
        rng = np.random.default_rng([seed, 11])
        written = list(self.tests.polymers)
        for i in polymers:
            written[i] = tuple((str(rng.choice(self.cuts[s])), f) for s, f in written[i])
        return replace(self.tests, polymers=written)


def make_targets(
    job: Job, groups: Sequence[str], conditions: int, held_out: float, folder: Path
) -> None:
    """Write the targets into ``folder``, unless they are there: questions, then members' answers.

    ``groups`` are the strict ones; the others are numbers of section ``[distillation]``.
    """
    if (folder / FILE).is_file():
        return
    table = pd.read_parquet(job.inputs["synthesis"].folder / "synthetic.parquet")
    tests, group = questions(table, conditions, job.seed)
    # The heat of each polymer once: every teacher of every member would estimate all of them again.
    tests = replace(tests.with_physics(), own_heat=tests.complete)
    stages = [member_folders(job.inputs[name].folder) for name in ("pretraining", "finetuning")]
    jobs = [MemberJob(*pair, tests, tuple(groups)) for pair in zip(*stages, strict=True)]
    found = run_tasks(_member_answers, jobs)
    arrays = {
        f"answers/{teacher}/{name}": values
        for teacher in found[0]
        for name, values in combine([part[teacher] for part in found])._asdict().items()
    }
    drawn = np.random.default_rng([job.seed, 13]).random(len(group))
    strings = sorted({s for polymer in tests.polymers for s, _ in polymer})
    parts = np.array_split(np.array(strings), max(1, len(strings) // 500))
    spellings = [written for part in run_tasks(_all_cuts, parts) for written in part]
    words = json.dumps([tests.polymers, dict(zip(strings, spellings, strict=True))])
    arrays |= {"group": group, "kept": (drawn < held_out) & (group == ""), "words": words}
    arrays |= {name: getattr(tests, name) for name in ASKED}
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    write_atomic(folder / FILE, stream.getvalue())


@lru_cache(maxsize=1)
def load_targets(folder: Path) -> DistillationTargets:
    """The targets of a folder written by `make_targets`."""
    with np.load(folder / FILE, allow_pickle=False) as stored:
        arrays = dict(stored)
    polymers, known_cuts = json.loads(str(arrays["words"]))
    answers: dict[str, Answer] = {}
    for name in [name for name in arrays if name.endswith("/log_mean")]:
        _, teacher, _ = name.split("/")
        parts = (arrays[f"answers/{teacher}/{part}"] for part in Answer._fields)
        answers[teacher] = Answer(*parts)
    tests = TestTable([tuple(map(tuple, p)) for p in polymers], *map(arrays.get, ASKED))
    own = arrays["group"], arrays["kept"], known_cuts
    return DistillationTargets(tests, *own, answers)


def questions(table: pd.DataFrame, conditions: int, seed: int) -> tuple[TestTable, np.ndarray]:
    """Random tests of the hypothetical polymers of a table and of the measured ones, and the
    strict group of each polymer ("" of the former)."""
    known = measured_with_physics()
    names = measurements()["group_nine"].to_numpy()
    groups = [str(names[known.polymer_of == i][0]) for i in range(len(known.polymers))]
    hypothetical = list(without_measured(table)["key"].unique())
    polymers = [((key, 1.0),) for key in hypothetical] + list(known.polymers) * REPEATS
    group = np.array([""] * len(hypothetical) + groups * REPEATS)
    rng = np.random.default_rng([seed, 17])
    rows = len(polymers) * conditions
    edges = np.log([FLUX_TESTED_KW_M2, THICKNESS_TESTED_MM])
    drawn = np.exp(edges[:, 0] + rng.random((rows, 2)) * (edges[:, 1] - edges[:, 0]))
    laboratory = np.array(LABORATORIES)[rng.integers(len(LABORATORIES), size=rows)]
    laboratory[rng.random(rows) < NAMELESS] = UNNAMED
    return TestTable(
        polymers, np.repeat(np.arange(len(polymers)), conditions), drawn, laboratory
    ), group


def _all_cuts(strings: Sequence[str]) -> list[list[str]]:
    return [cuts(parse_psmiles(str(s))) for s in strings]


def _member_answers(job: MemberJob) -> dict[str, Answer]:
    """Answers of the teachers made of one member to the questions."""
    start, tests = load_model(job.before), job.tests
    teachers = {EVERYTHING: load_model(job.after)}
    groups = measurements()["group_nine"].to_numpy()
    measured = measured_with_physics()
    for group in job.groups:
        seen = groups != group
        teachers[group] = correct(start, measured.take(seen).weighed(groups[seen]))
    embedding = embeddings(start, tests)
    told = {name: answer(model, tests, 3, embedding) for name, model in teachers.items()}
    told[BLIND] = _blind(start, tests, embedding)
    return {name: _single(found) for name, found in told.items()}


def _blind(start, tests: TestTable, embedding) -> Answer:
    """The mean of phase 1 and physics, with the width of the former."""
    network = answer(start, tests, 3, embedding)
    physics = np.where(np.isfinite(tests.physics), tests.physics, network.log_mean)
    return network._replace(log_mean=(network.log_mean + physics) / 2)


def _single(found: Answer) -> Answer:
    """In single precision: half the memory, and far finer than the errors."""
    return Answer(*(part.astype(np.float32) for part in found))
