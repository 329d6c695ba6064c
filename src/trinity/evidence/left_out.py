"""Leave one polymer out: every arm, every fold, its choices made inside the training fold.

For each outer fold and tuned arm, all configurations are scored on inner leave-one-polymer-out
folds of the training polymers; the best few are trained on all of them and predict the polymer
left out, averaged with equal weights.  The same inner residuals calibrate the 90 % intervals.  The
inner loop uses the first seed.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from trinity.evidence.arms import Arm, EvaluationSettings, of_study
from trinity.evidence.held import NORMAL_90, Bench, Held, Sources, Unit, measurements
from trinity.evidence.scores import evaluate
from trinity.files import data_path
from trinity.learning.intervals import interval_factors
from trinity.learning.loop import member_folders
from trinity.provenance import Job
from trinity.quantities import PRIMARY, TARGETS

GROUPINGS = ("nine", "ten")
#: At most so many of the best configurations are averaged: with eight groups to judge by, the
#: best one alone is partly luck.
AVERAGED = 4


def primary_error(error: np.ndarray) -> np.ndarray:
    """Primary endpoint within a group: mean |ln| error of ignition time and peak, (..., R, 4) of
    the group's tests -> (...)."""
    return np.nanmean(error[..., [TARGETS.index(name) for name in PRIMARY]], axis=-2).mean(-1)


def best_of(errors: np.ndarray) -> list[int]:
    """Places of the configurations to average, the best first, from the `primary_error` (groups,
    configurations) on groups held out."""
    order = np.argsort(np.mean(errors, axis=0), kind="stable")
    return order[: max(1, min(AVERAGED, len(order) // 2))].tolist()


@dataclass(frozen=True)
class Fold:
    """Tests that are predicted together: those of ``members``, names of the ten groups, by models
    that did not learn from the groups ``out``."""

    grouping: str  # "nine", "ten"; of an inner fold, "inner"
    name: str
    members: tuple[str, ...]
    out: tuple[str, ...]

    def inner(self) -> list["Fold"]:
        """The inner folds: the strict groups among the training polymers, in both groupings; when
        HIPS is out, its sister ABS is an inner fold of its own."""
        rests = {f.name: set(f.members) - set(self.members) for f in folds_of("nine")}
        return [
            Fold("inner", name, tuple(sorted(rest)), tuple(sorted({*rest, *self.members})))
            for name, rest in rests.items()
            if rest
        ]

    def unit(self, arm: Arm, seed: int, candidates: Iterable[int]) -> Unit:
        """What has to be computed; what learns nothing predicts all folds at once."""
        out, tried = (self.out, tuple(candidates)) if arm.learns else ((), (0,))
        return Unit(arm.name, seed, out, tried)

    def held(self, arm: Arm, seed: int, candidates: Iterable[int], bench: Bench) -> Held:
        """What was predicted of this fold."""
        return bench.read(self.unit(arm, seed, candidates)).of(self.members)


def folds_of(grouping: str) -> list[Fold]:
    """The folds of the grouping ``nine`` or ``ten``, in the order of the measurements."""
    table = measurements()
    groups = table.groupby(f"group_{grouping}", sort=False)["group_ten"]
    members = {name: tuple(sorted(set(part))) for name, part in groups}
    return [Fold(grouping, name, found, found) for name, found in members.items()]


def leave_one_out(job: Job) -> dict:
    """The stage: `run` with every arm; settings are chosen inside the training fold, or shipped."""
    numbers = dict(job.parameters["evaluation"])
    chosen = None
    if numbers.pop("chosen") == "shipped":
        shipped = data_path("artifacts", "results", "lopo.json")
        chosen = json.loads(shipped.read_text(encoding="utf-8"))["chosen"]
    sources = {
        "phase1": member_folders(job.inputs["pretraining"].folder),
        "language_model": [job.inputs["phase0"].folder],
    }
    return run(sources, numbers, job.folder, job.progress, chosen=chosen)


def run(
    sources: Sources,
    numbers: dict,
    folder: str | Path,
    progress: bool = True,
    chosen: dict | None = None,
    arms: Iterable[Arm] | None = None,
    groupings: Iterable[str] = GROUPINGS,
) -> dict:
    """All held-out predictions of some arms, those of ``lopo.json`` if none are named.

    ``numbers`` are section ``[evaluation]`` of a scale; ``folder`` holds finished units, from which
    an interrupted run goes on. With ``chosen``, the block of an earlier result, its settings and
    interval factors are used and the inner loop is left out.

    Returns ``predictions`` (the rows of ``lopo.json``), ``chosen`` (per arm, grouping and fold),
    ``candidates`` (configurations tried, per arm) and ``scores`` (per grouping).
    """
    settings = EvaluationSettings.of(numbers)
    bench = Bench(folder, sources, settings)
    arms, groupings = list(arms or of_study("main")), tuple(groupings)
    folds = [fold for grouping in groupings for fold in folds_of(grouping)]
    if chosen is None:
        bench.run(inner_units(arms, folds, settings), "inner folds", progress)
        chosen = {
            arm.name: {
                grouping: {f.name: choice(arm, f, bench) for f in folds if f.grouping == grouping}
                for grouping in groupings
            }
            for arm in arms
        }
    outer = [
        (arm, fold, seed, chosen[arm.name][fold.grouping][fold.name])
        for arm in arms
        for fold in folds
        for seed in arm.seeds(settings)
    ]
    units = [fold.unit(arm, seed, made["candidates"]) for arm, fold, seed, made in outer]
    bench.run(units, "outer folds", progress)
    predictions = []
    for arm, fold, seed, made in outer:
        about = {"arm": arm.name, "seed": seed, "fold": fold.name, "grouping": fold.grouping}
        held = fold.held(arm, seed, made["candidates"], bench)
        predictions += held.rows(about, made["factors"])
    table = pd.DataFrame(predictions)
    return {
        "predictions": predictions,
        "chosen": chosen,
        "candidates": {arm.name: len(arm.configurations(settings)) for arm in arms},
        "scores": {g: evaluate(table[table["grouping"] == g]) for g in groupings},
    }


def inner_units(arms: list[Arm], folds: list[Fold], settings: EvaluationSettings) -> list[Unit]:
    """What the inner loops of the arms need; a pair of groups serves two of them."""
    return [
        inner.unit(arm, 0, range(len(arm.configurations(settings))))
        for arm in arms
        if has_inner(arm, settings)
        for fold in folds
        for inner in fold.inner()
    ]


def has_inner(arm: Arm, settings: EvaluationSettings) -> bool:
    """Whether inner folds choose something, or calibrate an interval: the declared process has
    nothing to choose and intervals of its own."""
    declared = arm.family == "finetuned" and len(arm.configurations(settings)) == 1
    return arm.calibrated and not declared


def choice(arm: Arm, fold: Fold, bench: Bench) -> dict:
    """The best few configurations of an arm by its inner folds, and their interval factors."""
    if not has_inner(arm, bench.settings):
        return {"candidates": [0], "inner_score": None, "factors": [NORMAL_90] * len(TARGETS)}
    tried = arm.configurations(bench.settings)
    inner = {f.name: f.held(arm, 0, range(len(tried)), bench) for f in fold.inner()}
    best, together = best_few(inner)
    score = np.mean([primary_error(held.error) for held in together.values()])
    made = {
        "candidates": best,
        "inner_score": round(float(score), 5),
        "factors": [round(factor, 4) for factor in calibrated(together)],
    }
    if arm.family == "finetuned":
        made["ways"] = [asdict(tried[i]) for i in best]
    return made


def best_few(inner: dict[str, Held]) -> tuple[list[int], dict[str, Held]]:
    """Places of the configurations that do best on the inner folds, and these averaged."""
    best = best_of([primary_error(held.error) for held in inner.values()])
    return best, {name: held.averaged(best) for name, held in inner.items()}


def calibrated(together: dict[str, Held]) -> list[float]:
    """Conformal factor on sigma of each target, from averaged predictions of the inner folds."""
    parts = together.values()
    error, sigma = (np.hstack([getattr(p, name) for p in parts])[0] for name in ("error", "sigma"))
    return interval_factors(error, sigma, np.repeat(list(together), [len(p.tests) for p in parts]))
