"""Finetuning by gradient: all weights, the paper's recipe, low-rank updates and the head alone,
each from the language model and from phase 1, with the same grid of learning rates.

By the analysis plan a rate is chosen with one seed on three inner splits of every fold, with early
stopping; the fold then trains for the median of the inner steps. An arm whose error on its own
training cells stays above `UNTRAINED` has not been trained, and nothing is concluded from it.
"""

import io
import json
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from trinity.evidence.factorial import compared, plan
from trinity.evidence.left_out import Held, Split, folds_of, measured_with_physics, measurements
from trinity.evidence.scores import evaluate, primary_by_group
from trinity.files import write_atomic
from trinity.learning.answer import Answer, answer, settled
from trinity.learning.configurations import Phase2Settings
from trinity.learning.data import TestTable
from trinity.learning.encoder import load_backbone
from trinity.learning.intervals import group_means, interval_quantiles
from trinity.learning.loop import member_folders, run_tasks
from trinity.learning.model import FlammabilityModel, load_model
from trinity.learning.phase2 import direct_start, finetune
from trinity.provenance import Job
from trinity.quantities import PRIMARY, TARGETS

PLAN = plan()["gradient_finetuning"]
UNTRAINED = PLAN["untrained_above"]
INNER = 3  # inner splits of a fold
RECIPES = {
    "full": Phase2Settings("full", backbone_rate=0.3, pull=0.03),
    "paper_recipe": Phase2Settings(
        "full", backbone_rate=1.0, pull=0.0, loss="relative_l2", schedule="step"
    ),
    "lora": Phase2Settings("lora", backbone_rate=0.3, pull=0.01),
    "head": Phase2Settings("head", backbone_rate=0.0, pull=0.02),
}
PRIMARY_COLUMNS = [TARGETS.index(name) for name in PRIMARY]


@dataclass(frozen=True)
class GradientUnit:
    """One recipe from one start on one fold, all its seeds."""

    recipe: str
    start: str
    fold: Split
    seeds: int
    steps: int

    @property
    def arm(self) -> str:
        """Its name in tables."""
        return f"{self.start}_{self.recipe}"

    @property
    def file(self) -> str:
        """Name of the unit's result, without the ending."""
        return f"{self.arm}-{self.fold.fold}-{self.seeds}x{self.steps}"


def gradient(job: Job) -> dict:
    """The stage: rows of all recipes, what was chosen, training errors, and the comparison of each
    recipe with and without phase 1."""
    numbers = job.parameters["slow_controls"]
    sources = {
        "phase1": member_folders(job.inputs["pretraining"].folder),
        "language_model": [job.inputs["phase0"].folder],
    }
    folds = folds_of("nine")[: numbers["folds"]]
    units = [
        GradientUnit(
            recipe, start, fold, min(PLAN["seeds"][recipe], numbers["seeds"]), numbers["steps"]
        )
        for recipe in PLAN["arms"][: numbers["arms"]]
        for start in PLAN["starts"]
        for fold in folds
    ]
    work = Work(job.folder / "gradient", sources)
    missing = [unit for unit in units if not (work.folder / f"{unit.file}.json").is_file()]
    run_tasks(work.compute, missing, progress="gradient" if job.progress else None)
    rows = pd.concat([work.rows(unit) for unit in units], ignore_index=True)
    hidden = rows[~rows["lab_known"]]
    return {
        "predictions": rows.to_dict("records"),
        "scores": {"hidden": evaluate(hidden), "known": evaluate(rows[rows["lab_known"]])},
        "training": [work.about(unit) for unit in units],
        "comparisons": _comparisons(hidden, [work.about(unit) for unit in units]),
    }


def _comparisons(hidden: pd.DataFrame, training: list[dict]) -> list[dict]:
    """Each recipe: what phase 1 saves, and whether both arms were trained at all."""
    by_group, rows = primary_by_group(hidden), []
    errors = pd.DataFrame(training).groupby(["recipe", "start"])["training_error"].mean()
    for recipe in dict.fromkeys(one["recipe"] for one in training):
        better, worse = (f"{start}_{recipe}" for start in PLAN["starts"])
        untrained = [s for s in PLAN["starts"] if errors[recipe, s] > UNTRAINED]
        row = {"recipe": recipe, **compared(by_group.loc[better], by_group.loc[worse])}
        rows.append(row | {"untrained": untrained})
    return rows


@dataclass(frozen=True)
class Work:
    """Computes units and keeps them in a folder: predictions (npz), then what was chosen (json)."""

    folder: Path
    sources: dict

    def compute(self, unit: GradientUnit) -> None:
        """Choose rate and steps on inner splits, train every seed, predict the fold."""
        table, tests = measurements(), measured_with_physics()
        ids, groups = table["test_id"].to_numpy(), table["group_nine"].to_numpy()
        seen, held = np.isin(ids, unit.fold.seen), np.isin(ids, unit.fold.held)
        parts = inner_parts(groups[seen])
        rate, steps, tried = self._choice(unit, tests.take(seen), groups[seen], parts)
        arrays, errors = {}, []
        training, asked = tests.take(seen).weighed(groups[seen]), tests.take(held)
        quantile = np.full(len(asked.polymers), interval_quantiles(len(set(groups[seen])))[0])
        for seed in range(unit.seeds):
            model = self._trained(unit, training, rate, seed, lambda step, _: step >= steps)
            errors.append(endpoint(model, training, groups[seen]))
            spread = residual_sigma(model, training)
            ask = with_spread(model, spread)
            told = [np.log(settled(ask, t, quantile).targets) for t in (asked.unnamed(), asked)]
            arrays |= {f"hidden{seed}": told[0], f"known{seed}": told[1]}
        stream = io.BytesIO()
        np.savez(stream, **arrays)
        write_atomic(self.folder / f"{unit.file}.npz", stream.getvalue())
        about = {
            "recipe": unit.recipe, "start": unit.start, "fold": unit.fold.fold,
            "learning_rate": rate, "steps": steps, "inner": tried,
            "training_error": float(np.mean(errors)), "seeds": unit.seeds,
        }  # fmt: skip
        write_atomic(self.folder / f"{unit.file}.json", json.dumps(about, indent=1) + "\n")

    def about(self, unit: GradientUnit) -> dict:
        """What was chosen for a finished unit, and its training error."""
        return json.loads((self.folder / f"{unit.file}.json").read_text(encoding="utf-8"))

    def rows(self, unit: GradientUnit) -> pd.DataFrame:
        """Rows of a finished unit."""
        found = []
        with np.load(self.folder / f"{unit.file}.npz", allow_pickle=False) as stored:
            for seed in range(unit.seeds):
                held = Held(
                    np.array(unit.fold.held), stored[f"hidden{seed}"], stored[f"known{seed}"]
                )
                found += held.rows({"arm": unit.arm, "seed": seed, "fold": unit.fold.fold})
        return pd.DataFrame(found)

    def _choice(
        self, unit: GradientUnit, tests: TestTable, groups: np.ndarray, parts: list[np.ndarray]
    ) -> tuple[float, int, list[dict]]:
        """The learning rate with the least inner error, and the median of its best steps."""
        tried = []
        for rate in PLAN["learning_rates"]:
            ends = [self._early_stopped(unit, tests, groups, part, rate) for part in parts]
            errors, steps = zip(*ends, strict=True)
            tried.append({"learning_rate": rate, "error": float(np.mean(errors)), "steps": steps})
        best = min(tried, key=lambda one: one["error"])
        return best["learning_rate"], int(np.median(best["steps"])), tried

    def _early_stopped(
        self, unit: GradientUnit, tests: TestTable, groups: np.ndarray, out: np.ndarray, rate: float
    ) -> tuple[float, int]:
        """Least error on the groups held out inside, and the step at which it was reached; the
        descent ends a tenth of its steps after that."""
        training, asked = tests.take(~out).weighed(groups[~out]), tests.take(out)
        best = (np.inf, 0)

        def look(step: int, model: FlammabilityModel) -> bool:
            nonlocal best
            best = min(best, (endpoint(model, asked, groups[out]), step))
            return step - best[1] >= unit.steps // 10

        self._trained(unit, training, rate, 0, look)
        return best

    def _trained(self, unit: GradientUnit, training: TestTable, rate: float, seed: int, look):
        every = max(1, unit.steps // 50)
        steps = tuple(range(every, unit.steps + 1, every))
        settings = replace(RECIPES[unit.recipe], learning_rate=rate, checkpoints=steps)
        start = _start(unit.start, seed, self.sources)
        if unit.start == "language_model":
            start = direct_start(start, training, seed)
        return finetune(start, training, settings, seed, look)


@lru_cache(maxsize=8)
def _load(path: Path, bare: bool) -> FlammabilityModel:
    if not bare:
        return load_model(path)
    backbone, tokenizer = load_backbone(path)
    return FlammabilityModel(backbone, tokenizer=tokenizer)


def _start(kind: str, seed: int, sources: dict) -> FlammabilityModel:
    paths = sources[kind]
    return _load(paths[seed % len(paths)], kind == "language_model")


def inner_parts(groups: np.ndarray) -> list[np.ndarray]:
    """Masks of `INNER` parts of the tests, whole groups (R,) together, dealt out in order."""
    names = list(dict.fromkeys(groups))
    return [np.isin(groups, names[part::INNER]) for part in range(INNER)]


def endpoint(model: FlammabilityModel, tests: TestTable, groups: np.ndarray) -> float:
    """Primary endpoint of a model on tests, laboratories hidden."""
    hidden = tests.unnamed()
    error = answer(model, hidden).error(hidden)[:, PRIMARY_COLUMNS]
    return float(group_means(error, groups, tests.laboratory).mean(axis=1).mean())


def residual_sigma(model: FlammabilityModel, tests: TestTable) -> np.ndarray:
    """Standard deviation (4,) of what a model leaves of the coordinates of its own tests."""
    off = answer(model, tests.unnamed()).log_mean - tests.coordinates
    return np.sqrt(np.nanmean(off**2, axis=0))


def with_spread(model: FlammabilityModel, least: np.ndarray):
    """A model as a function of tests, never surer than its own training errors."""

    def ask(tests: TestTable) -> Answer:
        found = answer(model, tests)
        return found._replace(log_sigma=np.maximum(found.log_sigma, least))

    return ask
