"""Second properties, with power: the same phases, another label, hundreds of test polymers.

The stage trains phase 1 on the cheap label of hypothetical polymers, phase 2 on 5 to 150 labels of
the truth, and scores every start on structures that gave no label. Everything that takes longer
than a second is a file in the job's folder, so that an interrupted run goes on where it stopped.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from trinity.provenance import Job
from trinity_book.studies import second_property_arms as arms
from trinity_book.studies import second_property_scores as scores
from trinity_book.studies.second_property_arms import (
    PHASE2,
    PHYSICS,
    SHIPPED,
    GradientUnit,
    Start,
    Work,
)
from trinity_book.studies.second_property_data import (
    SPLITS,
    Structures,
    truth,
    truth_keys,
)
from trinity_book.studies.second_property_phase1 import (
    Phase1,
    embed_all,
    hypothetical,
    train_all,
)

#: What is asked, and against what, at the same labels, physics, phase 2 and split.
ASKED, REFERENCE = "phase1", "language_model"


def second_properties(job: Job) -> dict:
    """The stage: rows of ``curves``, ``power`` and ``worth``, the finetunings by ``gradient``, and
    what was learned from (``truth``, ``phase1``)."""
    numbers, labels = job.parameters["second_property"], hypothetical(job)
    folders = {SHIPPED: job.inputs["phase0"].folder}
    parts = [Study(job, name, labels, folders) for name in numbers["properties"]]
    found: dict[str, list] = {"curves": [], "power": [], "worth": [], "gradient": [], "phase1": []}
    for study in parts:
        for key, rows in study.rows().items():
            found[key] += rows
    table = pd.read_parquet(job.inputs["synthesis"].folder / "synthetic.parquet", columns=["key"])
    return {
        **found,
        "truth": {study.name: study.about(set(table["key"])) for study in parts},
        "hypothetical_polymers": len(labels),
        "dropped_structures": len(truth_keys() & set(table["key"])),
    }


class Study:
    """The study of one property, from the encoders in ``folders``."""

    def __init__(self, job: Job, name: str, labels: pd.DataFrame, folders: dict[str, Path]):
        self.job, self.name, self.labels, self.folders = job, name, labels, folders
        self.numbers = job.parameters["second_property"]
        structures = Structures.of(name, self.numbers["truth"])
        self.work = Work(job.folder / name, structures, self.numbers)
        self.clusters = scores.Clusters.of(structures.cluster, job.seed, self.numbers["resamples"])

    def about(self, table: set[str]) -> dict:
        """Counts of the truth, and how far the physics alone is from it."""
        these = self.work.structures
        off = np.abs(these.physics - these.values)
        return {
            "structures": len(these),
            "of": len(truth(self.name)),
            "in_the_hypothetical_table": len(table & set(truth(self.name).index)),
            "clusters": int(these.cluster.max()) + 1,
            "largest_cluster": int(np.bincount(these.cluster).max()),
            "standard_deviation": float(these.values.std()),
            "physics_mae": float(off.mean()),
            "physics_median_ae": float(np.median(off)),
            "physics_bias": float((these.physics - these.values).mean()),
        }

    def prepare(self, these: list[Start]) -> list[dict]:
        """Train phase 1 of the starts that need it and store embeddings; reports of phase 1."""
        progress = self.job.progress
        tasks = [Phase1.of(start, self.name) for start in these if start.arm in arms.TRAINED]
        made = (self.job.folder, self.folders, self.labels, self.numbers, progress)
        reports = train_all(tasks, *made)
        read = [s for s in these if s.arm in (REFERENCE, "random", *arms.TRAINED)]
        embed_all(self.work, read, self.job.folder, self.folders, progress)
        return reports

    def rows(self) -> dict[str, list]:
        """All rows of this property."""
        seeds = self.numbers["seeds"]
        named = {arm: arms.starts(arm, seeds) for arm in (*arms.STARTS, *arms.BASELINES)}
        everyone = [start for these in named.values() for start in these]
        reports = self.prepare(everyone)
        units = arms.units_of(everyone, self.numbers["draws"])
        arms.run(self.work, units, self.name, self.job.progress)
        found: dict[str, list] = {"curves": [], "power": [], "worth": [], "phase1": reports}
        for split in SPLITS:
            errors = {arm: self.errors(these, split) for arm, these in named.items()}
            found["curves"] += list(self._curves(split, errors))
            found["worth"] += list(self._worth(split, errors))
            found["power"] += list(self._power(split, named))
        curves, trained = self._gradient()
        return {**found, "curves": found["curves"] + curves, "gradient": trained}

    def errors(self, these: list[Start], split: str, draws: list[int] | None = None) -> np.ndarray:
        """Errors by structure (labels, physics, phase 2, P) of an arm, over seeds and draws."""
        chosen = range(self.numbers["draws"]) if draws is None else draws
        units = [arms.Unit(start, split, draw) for start in these for draw in chosen]
        return arms.errors_of(self.work, units)

    def _cells(self) -> Iterator[tuple[tuple[int, int, int], dict]]:
        """Places of a cell in `errors`, and what it is called in a row."""
        axes = (enumerate(PHASE2), enumerate(PHYSICS), enumerate(self.numbers["labels"]))
        for (k, phase2), (j, physics), (i, labels) in product(*axes):
            yield (i, j, k), {"physics": physics, "phase2": phase2, "labels": labels}

    def _curves(self, split: str, errors: dict[str, np.ndarray]) -> Iterator[dict]:
        for arm, found in errors.items():
            for place, cell in self._cells():
                if np.isfinite(found[place]).any():
                    reference = None if arm == REFERENCE else errors[REFERENCE][place]
                    about = {"property": self.name, "arm": arm, **cell, "split": split}
                    yield scores.curve_row(about, found[place], reference, self.clusters)

    def _worth(self, split: str, errors: dict[str, np.ndarray]) -> Iterator[dict]:
        for (k, phase2), (j, physics) in product(enumerate(PHASE2), enumerate(PHYSICS)):
            about = {"property": self.name, "physics": physics, "phase2": phase2, "split": split}
            pair = (errors[arm][:, j, k] for arm in (ASKED, REFERENCE))
            yield from scores.worth_rows(about, self.numbers["labels"], *pair, self.clusters)

    def _power(self, split: str, named: dict[str, list[Start]]) -> Iterator[dict]:
        """One study is one draw of labels; its errors are means over the seeds of phase 1."""
        single = {
            arm: np.stack(
                [self.errors(named[arm], split, [d]) for d in range(self.numbers["draws"])]
            )
            for arm in (ASKED, REFERENCE)
        }  # (draws, labels, physics, phase 2, P)
        apart = single[ASKED] - single[REFERENCE]
        for place, cell in self._cells():
            about = {"property": self.name, **cell, "split": split}
            studies = self.numbers["studies"]
            yield from scores.power_rows(about, apart[:, *place], studies, self.job.seed)

    def _gradient(self) -> tuple[list[dict], list[dict]]:
        """Rows of ``curves`` by gradient, and of how well each arm learned its own labels."""
        numbers, progress = self.numbers, self.job.progress
        named = {arm: self.gradient_starts(arm) for arm in numbers["gradient_arms"]}
        axes = (SPLITS, PHYSICS, numbers["gradient_labels"])
        units = {
            (arm, *cell): [
                self._gradient_unit(start, cell, draw)
                for start in these
                for draw in range(numbers["gradient_draws"])
            ]
            for arm, these in named.items()
            for cell in product(*axes)
        }
        everything = [unit for part in units.values() for unit in part]
        arms.run(self.work, everything, f"{self.name} by gradient", progress)
        errors = {cell: arms.errors_of(self.work, part) for cell, part in units.items()}
        curves, trained = [], []
        for (arm, split, physics, labels), error in errors.items():
            about = {"property": self.name, "arm": arm, "physics": physics, "phase2": "gradient"}
            about |= {"labels": labels, "split": split}
            reference = None
            if arm != REFERENCE:
                reference = errors.get((REFERENCE, split, physics, labels))
            curves.append(scores.curve_row(about, error, reference, self.clusters))
            read = [arms.read(self.work, u) for u in units[arm, split, physics, labels]]
            own = float(np.mean([one["own"] for one in read]))
            rates = [float(one["rate"]) for one in read]
            trained.append(about | {"own_labels_error": own, "learning_rates": rates})
        return curves, trained

    def gradient_starts(self, arm: str) -> list[Start]:
        """The seeds of an arm that are finetuned by gradient; a fresh head has a seed, too."""
        return [Start(arm, seed) for seed in range(self.numbers["gradient_seeds"])]

    def _gradient_unit(self, start: Start, cell: tuple, draw: int) -> GradientUnit:
        split, physics, labels = cell
        weights = None
        if start.arm in arms.TRAINED:
            weights = str(Phase1.of(start, self.name).path(self.job.folder))
        encoder = str(self.folders[start.encoder])
        return GradientUnit(start, split, draw, labels, physics, encoder, weights)
