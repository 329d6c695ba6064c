"""Units of leave-one-polymer-out: train an arm without some polymers, predict their tests.

Units that leave out one group give the published predictions; units that leave out two serve the
inner loop, each twice: without {A, B} it is the inner fold B of the outer fold A and the inner
fold A of the outer fold B.  A finished unit is a small file, so that an interrupted run goes on
where it stopped.
"""

import io
from collections.abc import Iterable
from concurrent.futures import as_completed
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from trinity.evaluation import TARGETS
from trinity.files import write_atomic

LEARNED = ("direct", "two_phase")
CLASSICAL = ("conditions_only", "random_forest", "gaussian_process")
TUNED = (*LEARNED, *CLASSICAL)
ZERO_SHOT = ("physics_only", "phase1_only")
ARMS = (*ZERO_SHOT, *TUNED)
#: Arms whose predictions depend on the seed.
RANDOM = ("phase1_only", "direct", "two_phase", "random_forest")


@dataclass(frozen=True)
class EvaluationSettings:
    """Numbers of the evaluation (section ``[evaluation]`` of a scale)."""

    seeds: int = 5
    candidates: int = 24  # configurations that every tuned arm may try
    checkpoints: tuple[int, ...] = (10, 25, 50, 100)  # steps of phase 2 at which it is looked at
    trees: int = 100
    physics_draws: int = 60

    @classmethod
    def of(cls, numbers: dict) -> "EvaluationSettings":
        """From a scale's section."""
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in numbers.items()})


@dataclass(frozen=True)
class Sources:
    """Where the starting points are: a phase-1 model a seed, and the language model."""

    phase1: tuple[str, ...]
    language_model: str


@dataclass(frozen=True)
class Unit:
    """Train ``arm`` with ``seed`` without the polymers ``left_out`` (names of the ten groups) and
    predict their tests with each of the candidates; an arm that learns nothing predicts all."""

    arm: str
    seed: int
    left_out: tuple[str, ...]
    candidates: tuple[int, ...] = (0,)

    @property
    def file(self) -> str:
        """Name of the unit's result."""
        chosen = "all" if len(self.candidates) > 1 else f"c{self.candidates[0]}"
        return f"{self.arm}-s{self.seed}-{'+'.join(self.left_out) or 'none'}-{chosen}.npz"


@lru_cache(maxsize=1)
def measurements() -> pd.DataFrame:
    """The measured tests with their groups."""
    from trinity.measurements import load_measurements

    return load_measurements()


def phase2_candidates(arm: str, settings: EvaluationSettings) -> list[tuple[object, int]]:
    """(way, steps) pairs: twelve closed-form ways, and three by gradient, looked at on their road.

    Without phase 1 the kernel has to explain the measurements, not what physics leaves of them:
    its variances are those of the former.
    """
    from trinity.training_measured import MeasuredSettings

    looks = settings.checkpoints
    trend, signals = (1.0, (0.3, 1.0)) if arm == "direct" else (0.03, (0.1, 0.3))
    solved = [
        MeasuredSettings("kernel", 0.0, 0.0, 0.0, looks[-1:], length, signal, trend, noise)
        for signal in signals
        for length in (1.5, 2.0, 3.0)
        for noise in (0.03, 0.1)
    ]
    learned = [
        MeasuredSettings("head", 3e-3, 0.0, 0.02, looks),
        MeasuredSettings("full", 1e-3, 0.3, 0.03, looks),
        MeasuredSettings("lora", 1e-3, 0.3, 0.01, looks),
    ]
    solved_pairs = [(way, looks[-1]) for way in solved]
    learned_pairs = [(way, step) for way in learned for step in looks]
    half = settings.candidates // 2
    return [*_spread(solved_pairs, half), *learned_pairs[:half]]


def _spread(items: list, n: int) -> list:
    """``n`` of the items, evenly spread over them."""
    return [items[i] for i in np.linspace(0, len(items) - 1, n).round().astype(int)]


def candidate_numbers(arm: str, settings: EvaluationSettings) -> tuple[int, ...]:
    """Which configurations are tried: as many for every tuned arm, none to try for the others."""
    if arm in LEARNED:
        return tuple(range(len(phase2_candidates(arm, settings))))
    if arm in CLASSICAL:
        return tuple(np.linspace(0, 23, settings.candidates).round().astype(int).tolist())
    return (0,)


def run_unit(unit: Unit, sources: Sources, settings: EvaluationSettings) -> dict:
    """Log predictions of a unit: ``tests`` (T,), ``mean`` and ``sigma`` (candidates, T, 4)."""
    from trinity.training_data import tests_of
    from trinity.training_measured import group_weights

    table = measurements()
    if unit.arm in ZERO_SHOT:
        ids = table.test_id.to_numpy()
        if unit.arm == "physics_only":
            return {"tests": ids, **_physics(table, settings)}
        return {"tests": ids, **_stacked([_zero_shot(unit, sources, tests_of(table))])}
    out = table.group_ten.isin(unit.left_out).to_numpy()
    held_out = tests_of(table[out])
    training = tests_of(table[~out], group_weights(table.group_nine[~out]))
    function = _learned if unit.arm in LEARNED else _classical
    answers = function(unit, sources, settings, training, held_out)
    return {"tests": table.test_id[out].to_numpy(), **_stacked(answers)}


def _stacked(answers: list) -> dict[str, np.ndarray]:
    return {
        "mean": np.stack([mean for mean, _ in answers]),
        "sigma": np.stack([sigma for _, sigma in answers]),
    }


def _learned(unit, sources, settings, training, held_out) -> list:
    """Finetune once a way, look at it on its road."""
    from trinity.training_data import Encoder
    from trinity.training_measured import direct_start, finetune
    from trinity.training_physics import answer

    start = _start(unit.arm, unit.seed, sources)
    if unit.arm == "direct":
        start = direct_start(start, training, unit.seed)
    encoder = Encoder(start.tokenizer)
    everything = phase2_candidates(unit.arm, settings)
    wanted = [everything[i] for i in unit.candidates]
    found = {}
    for way in dict.fromkeys(way for way, _ in wanted):
        steps = tuple(step for other, step in wanted if other == way)

        def look(step, model, way=way):
            seen = answer(model, held_out, encoder)
            found[way, step] = (seen.log_mean, seen.log_sigma)

        finetune(start, training, replace(way, checkpoints=steps), unit.seed, look)
    return [found[pair] for pair in wanted]


def _zero_shot(unit, sources, tests) -> tuple[np.ndarray, np.ndarray]:
    from trinity.training_physics import answer

    seen = answer(_start(unit.arm, unit.seed, sources), tests)
    return seen.log_mean, seen.log_sigma


@lru_cache(maxsize=8)
def _start(arm: str, seed: int, sources: Sources):
    from trinity.backbone import load_backbone
    from trinity.model import FlammabilityModel, load_model

    if arm == "direct":
        backbone, tokenizer = load_backbone(sources.language_model)
        return FlammabilityModel(backbone, tokenizer=tokenizer)
    return load_model(sources.phase1[seed])


def _classical(unit, sources, settings, training, held_out) -> list:
    from trinity.baselines import candidates, predict_baseline

    chosen = [candidates(unit.arm, settings.trees)[i] for i in unit.candidates]
    return [predict_baseline(c, training, held_out, unit.seed) for c in chosen]


def _physics(table: pd.DataFrame, settings: EvaluationSettings) -> dict[str, np.ndarray]:
    """Nominal prediction and the central 90 % of sampled parameters, all (1, T, 4), in logarithms.

    Where the nominal specimen does not ignite, the median of the sampled ones that do stands in
    for it: the score needs a number, conditional on ignition.
    """
    from trinity.cone_test import predict
    from trinity.polymers import as_components, parse_components

    parts = {"mean": [], "lo": [], "hi": []}
    for row in table.itertuples():
        mixed = isinstance(row.components, str) and row.components
        polymer = parse_components(row.components) if mixed else as_components(row.psmiles)
        test = predict(polymer, row.flux_kw_m2, row.thickness_mm, settings.physics_draws, seed=0)
        edges = [test.interval(target) for target in TARGETS]
        for name, values in (
            ("mean", [_nominal(test, target) for target in TARGETS]),
            ("lo", [low for low, _ in edges]),
            ("hi", [high for _, high in edges]),
        ):
            parts[name].append(np.log(values))
    arrays = {name: np.array(values)[None] for name, values in parts.items()}
    width = arrays["hi"] - arrays["lo"]
    return {**arrays, "sigma": width / 3.29}  # a normal's central 90 % is 3.29 sigma wide


def _nominal(test, target: str) -> float:
    value = test.nominal[target]
    return value if np.isfinite(value) else float(np.nanmedian(test.sampled[target]))


class Bench:
    """Runs units on worker processes, one thread each, and remembers them in a folder."""

    def __init__(self, folder: str | Path, sources: Sources, settings: EvaluationSettings):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sources, self.settings = sources, settings

    def run(self, units: Iterable[Unit], label: str = "", progress: bool = True) -> None:
        """Compute the units that have no file yet."""
        from rich.progress import Progress

        from trinity.training_loop import worker_pool

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

    def compute(self, unit: Unit) -> None:
        """Compute one unit and write its file."""
        stream = io.BytesIO()
        np.savez(stream, **run_unit(unit, self.sources, self.settings))
        write_atomic(self.folder / unit.file, stream.getvalue())

    def read(self, unit: Unit) -> dict[str, np.ndarray]:
        """Result of a finished unit."""
        with np.load(self.folder / unit.file, allow_pickle=False) as stored:
            return dict(stored)
