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

from trinity.files import write_atomic
from trinity.quantities import TARGETS

CLASSICAL = ("conditions_only", "random_forest", "gaussian_process")
RESIDUAL = {
    "physics_bias": "conditions_only",
    "random_forest_physics": "random_forest",
    "gaussian_process_physics": "gaussian_process",
}
#: Arms without phase 2, and the kind of model that answers (none: the physics).
ZERO_SHOT = {
    "physics_only": "",
    "phase1_only": "phase1",
    "shuffled_only": "shuffled",
    "phase1_from_scratch": "from_scratch",
}
#: The arms of lopo.json.
ARMS = ("physics_only", "phase1_only", "direct", "two_phase", *CLASSICAL)
#: Arms whose predictions do not depend on the seed.
CERTAIN = (
    "physics_only", "conditions_only", "gaussian_process", "physics_bias",
    "gaussian_process_physics",
)  # fmt: skip


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
    """Where the starting points are: (kind, folders of models, one a seed) of each kind."""

    kinds: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def of(cls, **kinds: Iterable[str | Path]) -> "Sources":
        """``phase1=[folders]``, ``language_model=[folder]`` and so on."""
        return cls(tuple((kind, tuple(map(str, paths))) for kind, paths in kinds.items()))

    def folder(self, kind: str, seed: int) -> str:
        """The model of a seed; where all seeds start from one, that one."""
        paths = dict(self.kinds)[kind]
        return paths[seed % len(paths)]


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
        numbers = self.candidates
        whole = len(numbers) > 1 and numbers == tuple(range(len(numbers)))
        chosen = f"all{len(numbers)}" if whole else "c" + "-".join(map(str, numbers))
        return f"{self.arm}-s{self.seed}-{'+'.join(self.left_out) or 'none'}-{chosen}.npz"

    def compute(self, sources: Sources, settings: EvaluationSettings) -> dict:
        """Its result."""
        return run_unit(self, sources, settings)


@lru_cache(maxsize=1)
def measurements() -> pd.DataFrame:
    """The measured tests with their groups."""
    from trinity.measurements import load_measurements

    return load_measurements()


@lru_cache(maxsize=1)
def measured_with_physics():
    """The measured tests with what physics says of them at blind nominal properties."""
    from trinity.learning.data import tests_of

    return tests_of(measurements()).with_physics()


def candidate_numbers(arm: str, settings: EvaluationSettings) -> tuple[int, ...]:
    """Which configurations are tried: as many for every tuned arm, none to try for the others."""
    if arm in ZERO_SHOT:
        return (0,)
    if arm in (*CLASSICAL, *RESIDUAL):
        return tuple(range(settings.candidates))
    from trinity.evidence import arms

    return tuple(range(len(arms.candidates(arm, settings.candidates, settings.checkpoints))))


def run_unit(unit: Unit, sources: Sources, settings: EvaluationSettings) -> dict:
    """Log predictions of a unit: ``tests`` (T,), ``mean`` and ``sigma`` (candidates, T, 4)."""
    from trinity.learning.intervals import group_weights

    table = measurements()
    if unit.arm == "physics_only":
        return {"tests": table.test_id.to_numpy(), **_physics(table, settings)}
    everything = measured_with_physics()
    if unit.arm in ZERO_SHOT:
        answers = [_zero_shot(unit, sources, everything)]
        return {"tests": table.test_id.to_numpy(), **_stacked(answers)}
    out = table.group_ten.isin(unit.left_out).to_numpy()
    training = replace(everything.take(~out), weight=group_weights(table.group_nine[~out]))
    held_out = everything.take(out)
    if unit.arm in (*CLASSICAL, *RESIDUAL):
        answers = classical_answers(
            unit.arm, unit.candidates, unit.seed, settings, training, held_out
        )
    else:
        answers = _learned(unit, sources, settings, training, held_out)
    return {"tests": table.test_id[out].to_numpy(), **_stacked(answers)}


def _stacked(answers: list) -> dict[str, np.ndarray]:
    return {
        "mean": np.stack([mean for mean, _ in answers]),
        "sigma": np.stack([sigma for _, sigma in answers]),
    }


def _learned(unit, sources, settings, training, held_out) -> list:
    """Finetune once a way; those by gradient are looked at on their road."""
    from trinity.evidence import arms
    from trinity.learning.phase2 import direct_start

    arm = arms.LEARNED[unit.arm]
    start = load_start(arm.start, sources.folder(arm.start, unit.seed))
    if arm.start in arms.FRESH:
        start = direct_start(start, training, unit.seed)
    pairs = arms.candidates(unit.arm, settings.candidates, settings.checkpoints)
    wanted = [pairs[i] for i in unit.candidates]
    solved = [pair for pair in wanted if pair[0].mode == "kernel"]
    found = dict(
        zip(solved, closed_form(start, training, held_out, [w for w, _ in solved]), strict=True)
    )
    for way in dict.fromkeys(way for way, _ in wanted if way.mode != "kernel"):
        steps = tuple(step for other, step in wanted if other == way)
        found |= _by_gradient(start, training, held_out, way, steps, unit.seed)
    return [found[pair] for pair in wanted]


def closed_form(start, training, held_out, ways) -> list[tuple[np.ndarray, np.ndarray]]:
    """Log means and spreads of held-out tests, both (R, 4), of each way of mode ``kernel``."""
    from trinity.learning.answer import answer_rows
    from trinity.learning.phase2 import all_layers, each_corrected

    if not ways:
        return []
    new = all_layers(start, held_out)
    answers = (answer_rows(model, new) for model in each_corrected(start, training, ways))
    return [(found.log_mean, found.log_sigma) for found in answers]


def _by_gradient(start, training, held_out, way, steps, seed) -> dict:
    from trinity.learning.answer import answer
    from trinity.learning.data import Encoder
    from trinity.learning.phase2 import finetune

    encoder, found = Encoder(start.tokenizer), {}

    def look(step, model):
        seen = answer(model, held_out, encoder)
        found[way, step] = (seen.log_mean, seen.log_sigma)

    finetune(start, training, replace(way, checkpoints=steps), seed, look)
    return found


def _zero_shot(unit, sources, tests) -> tuple[np.ndarray, np.ndarray]:
    from trinity.learning.answer import answer

    kind = ZERO_SHOT[unit.arm]
    seen = answer(load_start(kind, sources.folder(kind, unit.seed)), tests)
    return seen.log_mean, seen.log_sigma


@lru_cache(maxsize=8)
def load_start(kind: str, folder: str):
    """Model that phase 2 starts from: of phase 1, or a bare language model."""
    from trinity.evidence.arms import FRESH
    from trinity.learning.encoder import load_backbone
    from trinity.learning.model import FlammabilityModel, load_model

    if kind in FRESH:
        backbone, tokenizer = load_backbone(folder)
        return FlammabilityModel(backbone, tokenizer=tokenizer)
    return load_model(folder)


def classical_answers(arm, numbers, seed, settings, training, held_out) -> list:
    """Log means and spreads of held-out tests, of the numbered configurations of a baseline."""
    from trinity.learning.baselines import candidates, predict_baseline

    everything = candidates(RESIDUAL.get(arm, arm), settings.trees)
    # Fewer than all 24 at small scales: evenly spread over the list.
    places = np.linspace(0, len(everything) - 1, settings.candidates).round().astype(int)
    return [
        predict_baseline(everything[places[i]], training, held_out, seed, arm in RESIDUAL)
        for i in numbers
    ]


def _physics(table: pd.DataFrame, settings: EvaluationSettings) -> dict[str, np.ndarray]:
    """Nominal prediction and the central 90 % of sampled parameters, all (1, T, 4), in logarithms.

    Where the nominal specimen does not ignite, the median of the sampled ones that do stands in
    for it: the score needs a number, conditional on ignition.
    """
    from trinity.chemistry.polymers import Polymer
    from trinity.cone.predict import predict

    parts = {"mean": [], "lo": [], "hi": []}
    for row in table.itertuples():
        polymer = Polymer.parse(row.psmiles, row.components)
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

    def compute(self, unit: Unit) -> None:
        """Compute one unit and write its file."""
        stream = io.BytesIO()
        np.savez(stream, **unit.compute(self.sources, self.settings))
        write_atomic(self.folder / unit.file, stream.getvalue())

    def read(self, unit: Unit) -> dict[str, np.ndarray]:
        """Result of a finished unit."""
        with np.load(self.folder / unit.file, allow_pickle=False) as stored:
            return dict(stored)
