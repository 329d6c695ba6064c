"""Phase 1 of the second properties: hypothetical polymers, cheap labels, models and embeddings."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from trinity.files import read_json, write_atomic
from trinity.learning.loop import run_tasks
from trinity.provenance import Job
from trinity_book.studies import second_property_models as models
from trinity_book.studies.second_property_arms import (
    TRAINED,
    WITH_HEAD,
    Start,
    Work,
    write_npz,
)
from trinity_book.studies.second_property_data import cheap_labels, other, without_truth

CHUNK = 250  # polymers whose labels are computed and stored together


def hypothetical(job: Job) -> pd.DataFrame:
    """Cheap labels of the hypothetical polymers by key, without any structure of a truth.

    Those of the synthetic table that the stage got; parts that are stored are not computed again.
    """
    path = job.inputs["synthesis"].folder / "synthetic.parquet"
    keys = without_truth(pd.read_parquet(path, columns=["key"]))
    parts = [keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK)]
    files = [job.folder / "labels" / f"part{n:04d}.csv" for n in range(len(parts))]
    missing = [pair for pair in zip(parts, files, strict=True) if not pair[1].is_file()]
    parallel = job.parameters["second_property"]["parallel"]
    bar = "group contribution" if job.progress else None
    run_tasks(_write_labels, missing, parallel, bar)
    # Read back even when just computed: a run that was interrupted has the same digits.
    return pd.concat([pd.read_csv(file, index_col=0) for file in files])


def _write_labels(task: tuple[list[str], Path]) -> None:
    keys, file = task
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(file, cheap_labels(keys).to_csv())


def dealt_anew(labels: np.ndarray, seed: int) -> np.ndarray:
    """The labels, each given to another polymer drawn at random."""
    return labels[np.random.default_rng([seed, 11]).permutation(len(labels))]


@dataclass(frozen=True)
class Phase1:
    """A model to be trained: on which cheap label, dealt anew or not, from which encoder."""

    column: str
    shuffled: bool
    seed: int
    encoder: str

    @classmethod
    def of(cls, start: Start, name: str) -> "Phase1":
        """The model behind a start of property ``name``."""
        wrong, shuffled = start.arm == "wrong_property", start.arm == "shuffled_labels"
        return cls(other(name) if wrong else name, shuffled, start.seed, start.encoder)

    def path(self, folder: Path) -> Path:
        """File of its weights; beside it, ending in .json, stands its report."""
        dealt = "-shuffled" if self.shuffled else ""
        return folder / "models" / f"{self.column}{dealt}-{self.encoder}-s{self.seed}.safetensors"


def train_all(
    tasks: Iterable[Phase1],
    folder: Path,
    encoders: dict[str, Path],
    labels: pd.DataFrame,
    numbers: dict,
    progress: bool,
) -> list[dict]:
    """Train the models that are not there yet, one process a core; the report of each."""
    tasks = list(dict.fromkeys(tasks))
    missing = [task for task in tasks if not task.path(folder).with_suffix(".json").is_file()]
    job = partial(_train, folder, encoders, labels, numbers, progress)
    run_tasks(job, missing, numbers["parallel"], "phase 1" if progress else None)
    return [read_json(task.path(folder).with_suffix(".json")) for task in tasks]


def _train(
    folder: Path,
    encoders: dict[str, Path],
    labels: pd.DataFrame,
    numbers: dict,
    progress: bool,
    task: Phase1,
) -> None:
    """Train one model; its report says how well it knows hypothetical polymers held out."""
    known = labels[task.column].dropna()
    rng = np.random.default_rng([task.seed, 7])
    unseen = rng.random(len(known)) < numbers["held_out"]
    keys, values = known.index.to_numpy(), known.to_numpy()[:, None]
    given = values[~unseen]
    given = dealt_anew(given, task.seed) if task.shuffled else given
    path = task.path(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    model = models.new_model(encoders[task.encoder], task.seed)
    models.fit(model, list(keys[~unseen]), given, numbers, task.seed, path)
    report = {"label": task.column, "shuffled": task.shuffled, "encoder": task.encoder}
    report |= {"seed": task.seed, "polymers": int((~unseen).sum())}
    if unseen.any():
        said = model.read(list(keys[unseen]))[1]
        report["held_out_mae"] = float(np.abs(said - values[unseen]).mean())
        report["held_out_spread"] = float(np.abs(values[unseen] - given.mean()).mean())
    write_atomic(path.with_suffix(".json"), json.dumps(report) + "\n")


def embed_all(
    work: Work, these: Sequence[Start], folder: Path, encoders: dict[str, Path], progress: bool
) -> None:
    """Store embeddings, and means where there are such, of the structures for each start."""
    missing = [start for start in these if not work.embedding(start).is_file()]
    job = partial(_embed, work, folder, encoders)
    run_tasks(job, missing, work.numbers["parallel"], "embeddings" if progress else None)


def _embed(work: Work, folder: Path, encoders: dict[str, Path], start: Start) -> None:
    encoder = encoders[start.encoder]
    if start.arm in TRAINED:
        path = Phase1.of(start, work.structures.name).path(folder)
        model = models.load(path, encoder)
    else:
        model = models.new_model(encoder, start.seed, random=start.arm == "random")
    embedding, mean = model.read(list(work.structures.keys))
    mean = mean[:, 0] if start.arm in WITH_HEAD else np.zeros(len(embedding))
    write_npz(work.embedding(start), embedding=embedding, mean=mean)
