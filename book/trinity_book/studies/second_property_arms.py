"""Arms of the second properties: where phase 2 starts, and units of work that can be resumed.

A unit is one start with one seed on one draw of labels; it writes the errors of all tested
structures, for every number of labels, with and without physics, with the head of phase 1 and with
its bare embedding. Finetuning by gradient, which takes a minute, has units of its own.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from rdkit import Chem
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

from trinity.files import write_atomic
from trinity.learning.data import descriptors
from trinity.learning.loop import run_tasks
from trinity_book.studies import second_property_models as models
from trinity_book.studies.second_property_data import SPLITS, Structures
from trinity_book.studies.second_property_process import (
    forest,
    process,
    shrunk_line,
    standardised,
)

STARTS = (
    "none", "random", "language_model", "shuffled_labels", "phase1", "wrong_property",
    "composition",
)  # fmt: skip
BASELINES = ("physics_recalibrated", "forest_on_physics")
#: Starts with an encoder that a seed decides, those of them that phase 1 made, and those of these
#: whose head answers in the units of the property.
SEEDED = ("random", "shuffled_labels", "phase1", "wrong_property")
TRAINED = ("shuffled_labels", "phase1", "wrong_property")
WITH_HEAD = ("shuffled_labels", "phase1")
PHASE2 = ("head", "bare")
PHYSICS = (False, True)
SHIPPED = "shipped"


@dataclass(frozen=True)
class Start:
    """An arm with its seed and the encoder that it begins with."""

    arm: str
    seed: int = 0
    encoder: str = SHIPPED

    @property
    def tag(self) -> str:
        """Its name in files."""
        return f"{self.arm}-{self.encoder}-s{self.seed}"


def starts(arm: str, seeds: int, encoder: str = SHIPPED) -> list[Start]:
    """An arm with all its seeds; one where no seed decides the encoder (a forest has another seed
    in each draw of labels)."""
    return [Start(arm, seed, encoder) for seed in range(seeds if arm in SEEDED else 1)]


@dataclass(frozen=True)
class Work:
    """Where units find what they need; small enough to be sent to a worker."""

    folder: Path  # of one property
    structures: Structures
    numbers: dict  # section [second_property]

    def embedding(self, start: Start) -> Path:
        """File of the embeddings and means of a start."""
        return self.folder / "embeddings" / f"{start.tag}.npz"


@lru_cache(maxsize=64)
def embedded(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings (P, D) and phase-1 means (P,) of the structures, as `write_npz` stored them."""
    with np.load(path, allow_pickle=False) as stored:
        return stored["embedding"], stored["mean"]


def write_npz(path: Path, **arrays: np.ndarray) -> None:
    """Write arrays so that a file is there whole or not at all."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, stream.getvalue())


@dataclass(frozen=True)
class Unit:
    """One start on one draw of labels, in closed form."""

    start: Start
    split: str
    draw: int

    @property
    def file(self) -> str:
        """Name of its result."""
        return f"units/{self.start.tag}-{self.split}-d{self.draw}.npz"

    def compute(self, work: Work) -> dict[str, np.ndarray]:
        """``tested`` (T,) and ``error`` (labels, physics, phase 2, T), absolute; NaN where there
        is no such arm."""
        these, numbers = work.structures, work.numbers
        order, tested = these.draw(self.split, self.draw, max(numbers["labels"]))
        error = np.full((len(numbers["labels"]), len(PHYSICS), len(PHASE2), len(tested)), np.nan)
        for i, n in enumerate(numbers["labels"]):
            known = order[:n]
            for j, physics in enumerate(PHYSICS):
                if self.start.arm in BASELINES and not physics:
                    continue
                done: dict[bool, np.ndarray] = {}
                for k, phase2 in enumerate(PHASE2):
                    # With physics, or without a head, both kinds of phase 2 are the same one.
                    head = phase2 == "head" and self.start.arm in WITH_HEAD and not physics
                    if head not in done:
                        said = self.predict(work, known, tested, physics, head)
                        done[head] = np.abs(said - these.values[tested])
                    error[i, j, k] = done[head]
        return {"tested": tested, "error": error.astype(np.float32)}

    def predict(self, work: Work, known, tested, physics: bool, head: bool) -> np.ndarray:
        """The property (T,) of the structures ``tested`` after the labels of those ``known``.

        What is learned is the residual of the physics, or of the head's mean, or of nothing.
        """
        these, arm = work.structures, self.start.arm
        base = np.zeros(len(these))
        if physics:
            base = these.physics
        elif head:
            base = embedded(work.embedding(self.start))[1]
        y = (these.values - base)[known]
        if arm == "physics_recalibrated":
            return base[tested] + shrunk_line(base[known], y, base[tested])
        if arm == "forest_on_physics":
            x = np.hstack([_described(these.keys, "both"), base[:, None]])
            said = forest(x[known], y, x[tested], work.numbers["trees"], self.draw)
            return base[tested] + said
        if arm == "none":
            return base[tested] + y.mean()
        if arm == "composition":
            x = _described(these.keys, "composition")
            return base[tested] + process(*_ordered(standardised(x[known], x[tested]), y))
        x = embedded(work.embedding(self.start))[0]
        return base[tested] + process(x[known], y, x[tested])


def _ordered(pair: tuple[np.ndarray, np.ndarray], y: np.ndarray):
    known, asked = pair
    return known, y, asked


@lru_cache(maxsize=8)
def _described(keys: tuple[str, ...], kind: str) -> np.ndarray:
    """Descriptors (P, d): composition, or composition and Morgan environments."""
    found = descriptors([((key, 1.0),) for key in keys])
    return np.hstack([found, _environments(keys)]) if kind == "both" else found


def _environments(keys: tuple[str, ...]) -> np.ndarray:
    """Counts (P, 512) of Morgan environments of radius 2 (Rogers and Hahn, 2010) per heavy atom."""
    generator = GetMorganGenerator(radius=2, fpSize=512)
    units = [Chem.MolFromSmiles(key) for key in keys]
    counts = [generator.GetCountFingerprintAsNumPy(u) / u.GetNumHeavyAtoms() for u in units]
    return np.array(counts)


@dataclass(frozen=True)
class GradientUnit:
    """All weights of one start trained on one draw of labels."""

    start: Start
    split: str
    draw: int
    labels: int
    physics: bool
    encoder: str  # folder of the encoder
    weights: str | None  # file of phase 1, if the start has one

    @property
    def file(self) -> str:
        """Name of its result."""
        base = "physics" if self.physics else "plain"
        return f"gradient/{self.start.tag}-{self.split}-d{self.draw}-n{self.labels}-{base}.npz"

    def compute(self, work: Work) -> dict[str, np.ndarray]:
        """``tested`` (T,), ``error`` (T,), ``own``: mean error on its labels over their standard
        deviation, and the learning ``rate``."""
        these, numbers = work.structures, work.numbers
        order, tested = these.draw(self.split, self.draw, max(numbers["labels"]))
        known = order[: self.labels]
        base = these.physics if self.physics else np.zeros(len(these))
        # A head of phase 1 goes on; on the residual of physics it would start from an answer to
        # another question, so that both starts have a fresh one there.
        keep = self.weights is not None and self.start.arm in WITH_HEAD and not self.physics
        seed = 1000 * self.start.seed + self.draw
        make = partial(self._model, keep, seed)
        spelled = [these.keys[i] for i in known]
        y = (these.values - base)[known]
        model, own, rate = models.finetuned(make, keep, spelled, y, numbers, seed)
        said = model.read([these.keys[i] for i in tested])[1][:, 0] + base[tested]
        error = np.abs(said - these.values[tested]).astype(np.float32)
        return {"tested": tested, "error": error, "own": np.array(own), "rate": np.array(rate)}

    def _model(self, keep: bool, seed: int) -> models.PropertyModel:
        random = self.start.arm == "random"
        fresh = models.new_model(Path(self.encoder), seed, random=random)
        if self.weights is None:
            return fresh
        trained = models.load(Path(self.weights), Path(self.encoder))
        if keep:
            return trained
        fresh.backbone = trained.backbone
        return fresh


def run(work: Work, units: Iterable, label: str, progress: bool) -> None:
    """Compute the units that have no file yet, one process a core."""
    missing = [unit for unit in dict.fromkeys(units) if not (work.folder / unit.file).is_file()]
    bar = label if progress else None
    run_tasks(partial(_compute, work), missing, work.numbers["parallel"], bar)


def _compute(work: Work, unit: Unit | GradientUnit) -> None:
    write_npz(work.folder / unit.file, **unit.compute(work))


def read(work: Work, unit: Unit | GradientUnit) -> dict[str, np.ndarray]:
    """Result of a finished unit."""
    with np.load(work.folder / unit.file, allow_pickle=False) as stored:
        return dict(stored)


def errors_of(work: Work, units: Iterable) -> np.ndarray:
    """Errors (..., P) of structures, means over the units in which they were tested."""
    total, count = 0.0, 0.0
    for unit in units:
        found = read(work, unit)
        one = np.full((*found["error"].shape[:-1], len(work.structures)), np.nan)
        one[..., found["tested"]] = found["error"]
        total, count = total + np.nan_to_num(one), count + np.isfinite(one)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def units_of(arms: Iterable[Start], draws: int, splits: Iterable[str] = SPLITS) -> list[Unit]:
    """Units of some starts in all draws."""
    return [Unit(start, split, draw) for start in arms for split in splits for draw in range(draws)]
