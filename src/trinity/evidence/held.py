"""Held-out predictions, and the units of work behind them: train an arm without some polymers,
predict their tests.

Units that leave out one group give the published predictions; units that leave out two serve the
inner loop, each twice: without {A, B} it is the inner fold B of the outer fold A and the inner
fold A of the outer fold B.  Tests are numbered as in the table of measurements (``test_id``);
everything is in natural logarithms until it becomes a row of ``lopo.json``.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from trinity.cone.coordinates import to_targets
from trinity.evidence.arms import ARMS, Arm, EvaluationSettings
from trinity.files import write_atomic
from trinity.learning.intervals import mixture
from trinity.measurements.noise import STANDARD, noise_of
from trinity.measurements.specimens import load_measurements
from trinity.quantities import TARGETS

GIVEN = ["polymer", "lab", "flux_kw_m2", "thickness_mm"]
#: Half the width of the central 90 % of a normal distribution, in standard deviations.
NORMAL_90 = 1.645
#: Where the models are that arms start from: of each kind their folders, one per seed.
Sources = Mapping[str, Sequence[Path]]


@lru_cache(maxsize=1)
def measurements() -> pd.DataFrame:
    """The measured tests with their groups, by ``test_id``; not to be changed."""
    return load_measurements().set_index("test_id", drop=False).rename_axis(None)


def log_targets(tests: np.ndarray) -> np.ndarray:
    """Logarithms (T, 4) of what was measured in tests (T,); NaN where there is no label."""
    return np.log(measurements()[list(TARGETS)].loc[tests].to_numpy(float))


@lru_cache(maxsize=1)
def measured_with_physics():
    """The measured tests as a `TestTable`, with the physics at blind nominal properties."""
    from trinity.learning.data import tests_of

    return tests_of(measurements()).with_physics()


@dataclass
class Held:
    """Predictions of T tests by C configurations, logarithms in the order of `TARGETS`."""

    tests: np.ndarray  # (T,) test_id
    mean: np.ndarray  # (C, T, 4)
    sigma: np.ndarray  # (C, T, 4)
    lo: np.ndarray | None = None  # (1, T, 4) ends of an interval of its own, where it has one
    hi: np.ndarray | None = None
    factors: np.ndarray | None = None  # (4,) of its intervals, where they are known with it

    @property
    def error(self) -> np.ndarray:
        """|ln(predicted / measured)| (C, T, 4)."""
        return np.abs(self.mean - log_targets(self.tests))

    def of(self, groups: Iterable[str]) -> "Held":
        """The part about some of the ten groups."""
        keep = measurements()["group_ten"].loc[self.tests].isin(list(groups)).to_numpy()
        parts = {k: v[:, keep] for k, v in vars(self).items() if np.ndim(v) == 3}
        return replace(self, tests=self.tests[keep], **parts)

    def averaged(self, places: list[int] | None = None) -> "Held":
        """Some configurations, or all, averaged with equal weights: C becomes 1."""
        chosen = slice(None) if places is None else places
        mean, sigma = mixture(self.mean[chosen], self.sigma[chosen])
        return replace(self, mean=mean[None], sigma=sigma[None])

    def rows(self, about: dict, factors: Iterable[float]) -> list[dict]:
        """Rows of ``lopo.json`` in physical units, one per test and target with a label.

        ``about`` is what rows share (``arm``, ``seed``, ``fold``), ``factors`` are on sigma of the
        four targets; where physics has an interval of its own, that counts.
        """
        one = self.averaged()
        half = one.sigma * np.asarray(factors)
        lo = one.mean - half if self.lo is None else self.lo
        hi = one.mean + half if self.hi is None else self.hi
        measured = log_targets(self.tests)
        values = np.exp(np.stack([measured, one.mean[0], lo[0], hi[0]], axis=-1))  # (T, 4, 4)
        given = measurements()[GIVEN].loc[self.tests].to_dict("records")
        rows = []
        for i, column in np.argwhere(np.isfinite(measured)):
            # Five digits: more would be noise and megabytes.
            told = [float(f"{value:.5g}") for value in values[i, column]]
            row = {"test_id": int(self.tests[i]), "target": TARGETS[column]}
            row |= dict(zip(("measured", "predicted", "lo", "hi"), told, strict=True))
            rows.append(about | row | given[i])
        return rows


@lru_cache(maxsize=8)
def _start(fresh: bool, folder: Path):
    """A bare language model, or a model of phase 1."""
    from trinity.learning.encoder import load_backbone
    from trinity.learning.model import FlammabilityModel, load_model

    if fresh:
        backbone, tokenizer = load_backbone(folder)
        return FlammabilityModel(backbone, tokenizer=tokenizer)
    return load_model(folder)


def start_of(arm: Arm, seed: int, sources: Sources):
    """The model that an arm starts from; where all seeds start from one, that one."""
    paths = sources[arm.start]
    return _start(arm.fresh, paths[seed % len(paths)])


@dataclass(frozen=True)
class Unit:
    """Train ``arm`` with ``seed`` without the polymers ``left_out`` (names of the ten groups) and
    predict their tests with each of the candidates, the places of some of its configurations; an
    arm that learns nothing predicts all tests."""

    arm: str
    seed: int
    left_out: tuple[str, ...]
    candidates: tuple[int, ...] = (0,)

    @property
    def file(self) -> str:
        """Name of the unit's result."""
        numbers = self.candidates
        whole = len(numbers) > 1 and numbers == tuple(range(len(numbers)))
        chosen = f"all{len(numbers)}" if whole else "c" + "-".join(map(str, numbers))
        return f"{self.arm}-s{self.seed}-{'+'.join(self.left_out) or 'none'}-{chosen}.npz"

    def compute(self, sources: Sources, settings: EvaluationSettings) -> Held:
        """Its result."""
        arm = ARMS[self.arm]
        if arm.family == "physics":
            return physics_alone(measurements(), settings.physics_draws)
        if arm.family == "network":
            return untouched(start_of(arm, self.seed, sources))
        out = measurements()["group_ten"].isin(self.left_out).to_numpy()
        tried = arm.configurations(settings)
        return learned(arm, [tried[i] for i in self.candidates], ~out, out, self.seed, sources)


def physics_alone(table: pd.DataFrame, draws: int) -> Held:
    """Nominal prediction of the tests of a table, and the central 90 % of sampled parameters.

    Where the nominal specimen does not ignite, `trinity.cone.predict.nominal_physics` says what
    stands in for it: the score needs a number, conditional on ignition.
    """
    from trinity.chemistry.polymers import Polymer
    from trinity.cone.predict import predict
    from trinity.learning.data import tests_of

    def ends(row) -> list[tuple[float, ...]]:
        polymer = Polymer.parse(row.psmiles, row.components)
        test = predict(polymer, row.flux_kw_m2, row.thickness_mm, draws, seed=0)
        return list(zip(*map(test.interval, TARGETS), strict=True))

    tests = tests_of(table).with_physics()
    mean = np.log(to_targets(tests.physics, tests.complete))[None]
    lo, hi = np.log([ends(row) for row in table.itertuples()]).swapaxes(0, 1)[:, None]
    lo, hi = np.fmin(lo, mean), np.fmax(hi, mean)
    # Of a few draws, those that ignite may agree; repeated tests do not.
    sigma = np.maximum((hi - lo) / (2 * NORMAL_90), STANDARD.within**0.5)
    return Held(table["test_id"].to_numpy(), mean, sigma, lo, hi)


def untouched(model) -> Held:
    """What a network that has seen no measurement predicts of all tests."""
    from trinity.learning.answer import answer

    tests = measured_with_physics()
    mean, sigma = answer(model, tests).in_logs(tests.complete)
    ids = measurements()["test_id"].to_numpy()
    return Held(ids, mean[None], np.maximum(sigma, STANDARD.within**0.5)[None])


def learned(
    arm: Arm, configurations: list, seen: np.ndarray, held: np.ndarray, seed: int, sources: Sources
) -> Held:
    """What an arm predicts of the tests ``held`` with each configuration after it learned from the
    tests ``seen``: masks of the measured tests."""
    table, tests = measurements(), measured_with_physics()
    training = tests.take(seen).weighed(table["group_nine"][seen])
    held_out = tests.take(held)
    if arm.family == "classical":
        from trinity.learning.baselines import predict_baseline

        found = [predict_baseline(c, training, held_out, seed, arm.physics) for c in configurations]
    else:
        from trinity.learning.answer import answer
        from trinity.learning.phase2 import direct_start, finetune_each

        start = start_of(arm, seed, sources)
        start = direct_start(start, training, seed) if arm.fresh else start
        ask = partial(answer, tests=held_out)
        told = finetune_each(start, training, configurations, seed, ask)
        found = [one.in_logs(held_out.complete) for one in told]
    mean, sigma = map(np.stack, zip(*found, strict=True))
    # No answer is surer than repeated tests scatter.
    least = noise_of(tuple(training.cell[training.cell != ""])).within ** 0.5
    return Held(table["test_id"].to_numpy()[held], mean, np.maximum(sigma, least))


class Bench:
    """Runs units on worker processes, one thread each, and remembers them in a folder, so that an
    interrupted run goes on where it stopped."""

    def __init__(self, folder: str | Path, sources: Sources, settings: EvaluationSettings):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sources, self.settings = sources, settings

    def run(self, units: Iterable, label: str = "", progress: bool = True) -> None:
        """Compute the units that have no file yet."""
        from trinity.learning.loop import run_tasks

        missing = [u for u in dict.fromkeys(units) if not (self.folder / u.file).is_file()]
        run_tasks(self.compute, missing, progress=label if progress else None)

    def compute(self, unit) -> None:
        """Compute one unit and write its file."""
        held, stream = unit.compute(self.sources, self.settings), io.BytesIO()
        np.savez(stream, **{k: v for k, v in vars(held).items() if v is not None})
        write_atomic(self.folder / unit.file, stream.getvalue())

    def read(self, unit) -> Held:
        """Result of a finished unit."""
        with np.load(self.folder / unit.file, allow_pickle=False) as stored:
            return Held(**stored)
