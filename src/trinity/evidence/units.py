"""Units of leave-one-polymer-out: train an arm without some polymers, predict their tests.

Units that leave out one group give the published predictions; units that leave out two serve the
inner loop, each twice: without {A, B} it is the inner fold B of the outer fold A and the inner
fold A of the outer fold B.  A finished unit is a small file, so that an interrupted run goes on
where it stopped.
"""

import io
from collections.abc import Iterable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from trinity.evidence.arms import ARMS, Arm, EvaluationSettings
from trinity.evidence.held import Held, measured_with_physics, measurements
from trinity.files import write_atomic
from trinity.learning.intervals import group_weights
from trinity.quantities import TARGETS

#: Width of the central 90 % of a normal distribution, in standard deviations.
NORMAL_WIDTH = 3.29


@dataclass(frozen=True)
class Sources:
    """Where the starting points are: (kind, folders of models, one per seed) of each kind."""

    kinds: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def of(cls, **kinds: Iterable[str | Path]) -> "Sources":
        """``phase1=[folders]``, ``language_model=[folder]`` and so on."""
        return cls(tuple((kind, tuple(map(str, paths))) for kind, paths in kinds.items()))

    def load(self, arm: Arm, seed: int):
        """The model that an arm starts from; where all seeds start from one, that one."""
        paths = dict(self.kinds)[arm.start]
        return _load_start(arm.fresh, paths[seed % len(paths)])


@lru_cache(maxsize=8)
def _load_start(fresh: bool, folder: str):
    """A bare language model, or a model of phase 1."""
    from trinity.learning.encoder import load_backbone
    from trinity.learning.model import FlammabilityModel, load_model

    if fresh:
        backbone, tokenizer = load_backbone(folder)
        return FlammabilityModel(backbone, tokenizer=tokenizer)
    return load_model(folder)


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
            return untouched(sources.load(arm, self.seed))
        out = measurements()["group_ten"].isin(self.left_out).to_numpy()
        configurations = arm.configurations(settings)
        chosen = [configurations[i] for i in self.candidates]
        return learned(arm, chosen, ~out, out, self.seed, sources)


def physics_alone(table: pd.DataFrame, draws: int) -> Held:
    """Nominal prediction of the tests of a table, and the central 90 % of sampled parameters.

    Where the nominal specimen does not ignite, the median of the sampled ones that do stands in
    for it: the score needs a number, conditional on ignition.
    """
    from trinity.chemistry.polymers import Polymer
    from trinity.cone.predict import predict

    def values(row) -> list[list[float]]:
        polymer = Polymer.parse(row.psmiles, row.components)
        test = predict(polymer, row.flux_kw_m2, row.thickness_mm, draws, seed=0)
        nominal = [
            test.nominal[target]
            if np.isfinite(test.nominal[target])
            else np.nanmedian(test.sampled[target])
            for target in TARGETS
        ]
        return [nominal, *zip(*map(test.interval, TARGETS), strict=True)]

    found = np.log([values(row) for row in table.itertuples()])  # (T, 3, 4)
    mean, lo, hi = found.swapaxes(0, 1)[:, None]
    return Held(table["test_id"].to_numpy(), mean, (hi - lo) / NORMAL_WIDTH, lo, hi)


def untouched(model) -> Held:
    """What a network that has seen no measurement predicts of all tests."""
    from trinity.learning.answer import answer

    found = answer(model, measured_with_physics())
    ids = measurements()["test_id"].to_numpy()
    return Held(ids, found.log_mean[None], found.log_sigma[None])


def learned(
    arm: Arm, configurations: list, seen: np.ndarray, held: np.ndarray, seed: int, sources: Sources
) -> Held:
    """What an arm predicts of some tests with each configuration after it learned from others.

    Parameters
    ----------
    seen, held
        Masks (tests,) of the measured tests to learn from and to predict.
    """
    table, everything = measurements(), measured_with_physics()
    weight = group_weights(table["group_nine"][seen])
    training, held_out = replace(everything.take(seen), weight=weight), everything.take(held)
    if arm.family == "classical":
        from trinity.learning.baselines import predict_baseline

        pairs = [
            predict_baseline(candidate, training, held_out, seed, arm.physics)
            for candidate in configurations
        ]
    else:
        from trinity.learning.phase2 import direct_start

        start = sources.load(arm, seed)
        if arm.fresh:
            start = direct_start(start, training, seed)
        pairs = _finetuned(start, training, held_out, configurations, seed)
    mean, sigma = map(np.stack, zip(*pairs, strict=True))
    return Held(table["test_id"].to_numpy()[held], mean, sigma)


def _finetuned(start, training, held_out, configurations: list, seed: int) -> list:
    """Log means and spreads (R, 4) of each configuration; those by gradient that differ in their
    number of steps alone are looked at on one descent."""
    solved = [settings for settings in configurations if settings.mode == "kernel"]
    found = dict(zip(solved, _closed_form(start, training, held_out, solved), strict=True))
    descents: dict = {}
    for settings in configurations:
        if settings.mode != "kernel":
            descents.setdefault(replace(settings, checkpoints=()), []).append(settings)
    for family in descents.values():
        found |= _by_gradient(start, training, held_out, family, seed)
    return [found[settings] for settings in configurations]


def _closed_form(start, training, held_out, configurations: list) -> list:
    from trinity.learning.answer import answer_rows
    from trinity.learning.phase2 import all_layers, each_corrected

    if not configurations:
        return []
    rows = all_layers(start, held_out)
    answers = [answer_rows(m, rows) for m in each_corrected(start, training, configurations)]
    return [(found.log_mean, found.log_sigma) for found in answers]


def _by_gradient(start, training, held_out, family: list, seed: int) -> dict:
    from trinity.learning.answer import answer
    from trinity.learning.data import Encoder
    from trinity.learning.phase2 import finetune

    encoder, found = Encoder(start.tokenizer), {}
    by_steps = {settings.steps: settings for settings in family}

    def look(step, model):
        seen = answer(model, held_out, encoder)
        found[by_steps[step]] = (seen.log_mean, seen.log_sigma)

    finetune(start, training, replace(family[0], checkpoints=tuple(by_steps)), seed, look)
    return found


class Bench:
    """Runs units on worker processes, one thread each, and remembers them in a folder."""

    def __init__(self, folder: str | Path, sources: Sources, settings: EvaluationSettings):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sources, self.settings = sources, settings

    def run(self, units: Sequence, label: str = "", progress: bool = True) -> None:
        """Compute the units that have no file yet."""
        from rich.progress import Progress

        from trinity.learning.loop import worker_pool

        missing = [u for u in dict.fromkeys(units) if not (self.folder / u.file).is_file()]
        if not missing:
            return
        with (
            Progress(transient=True, disable=not progress) as bar,
            worker_pool(len(missing)) as pool,
        ):
            task = bar.add_task(label, total=len(missing))
            for done in as_completed([pool.submit(self.compute, unit) for unit in missing]):
                done.result()
                bar.advance(task)

    def compute(self, unit) -> None:
        """Compute one unit and write its file."""
        held, stream = unit.compute(self.sources, self.settings), io.BytesIO()
        np.savez(stream, **{k: v for k, v in vars(held).items() if v is not None})
        write_atomic(self.folder / unit.file, stream.getvalue())

    def read(self, unit) -> Held:
        """Result of a finished unit."""
        with np.load(self.folder / unit.file, allow_pickle=False) as stored:
            return Held(**stored)
