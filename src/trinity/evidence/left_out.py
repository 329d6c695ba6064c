"""Leave one polymer out: every arm, every fold, its choices made inside the training fold.

For each outer fold and tuned arm, all candidates are scored on inner leave-one-polymer-out folds
of the training polymers; the best few (`arms.COMMITTEE`) are trained on all of them and
predict the polymer left out together.  The same inner residuals calibrate the 90 % intervals.  The
inner loop uses the first seed.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from trinity.evidence.scores import COLUMNS, evaluate
from trinity.evidence.units import (
    ARMS,
    CERTAIN,
    CLASSICAL,
    RESIDUAL,
    ZERO_SHOT,
    Bench,
    EvaluationSettings,
    Sources,
    Unit,
    candidate_numbers,
    measurements,
)
from trinity.files import data_path
from trinity.learning.intervals import LEAST_SIGMA, conformal_quantile
from trinity.learning.loop import member_folders
from trinity.provenance import Job
from trinity.quantities import PRIMARY, TARGETS

GROUPINGS = ("nine", "ten")
#: One fixed recipe of 500 steps: nothing to choose, so no inner loop.
SLOW, SLOW_SEEDS = ("paper_recipe", "direct_paper_recipe"), 3
NORMAL_90 = 1.645


def leave_one_out(job: Job) -> dict:
    """The stage: `run` with every arm; settings are chosen inside the training fold, or shipped."""
    numbers = dict(job.parameters["evaluation"])
    chosen = None
    if numbers.pop("chosen") == "shipped":
        shipped = data_path("artifacts", "results", "lopo.json")
        chosen = json.loads(shipped.read_text(encoding="utf-8"))["chosen"]
    sources = Sources.of(
        phase1=member_folders(job.inputs["pretraining"].folder),
        language_model=[job.inputs["phase0"].folder],
    )
    return run(sources, numbers, job.folder, job.progress, chosen=chosen)


def run(
    sources: Sources,
    numbers: dict,
    folder: str | Path,
    progress: bool = True,
    chosen: dict | None = None,
    arms: Iterable[str] = ARMS,
    groupings: Iterable[str] = GROUPINGS,
) -> dict:
    """All held-out predictions of all arms.

    Parameters
    ----------
    sources
        The models that arms start from, one a seed.
    numbers
        Section ``[evaluation]`` of a scale.
    folder
        Finished units; a run that was interrupted goes on from them.
    chosen
        The ``chosen`` block of an earlier result: its settings and interval factors are used and
        the inner loop is left out.
    groupings
        Nine strict groups, ten, or both.

    Returns
    -------
    dict
        ``predictions`` (the rows of ``lopo.json``), ``chosen`` (per arm, grouping and fold),
        ``candidates`` (configurations tried, per arm), ``scores`` (per grouping).
    """
    settings = EvaluationSettings.of(numbers)
    bench = Bench(folder, sources, settings)
    arms, groupings = list(arms), tuple(groupings)
    zero_shot = [Unit(arm, s, ()) for arm in arms if not tuned(arm) for s in seeds(arm, bench)]
    bench.run(zero_shot, "zero-shot arms", progress)
    if chosen is None:
        bench.run(inner_units(arms, groupings, bench), "inner folds", progress)
        chosen = {arm: choices(arm, groupings, bench) for arm in arms}
    bench.run(outer_units(arms, groupings, chosen, bench), "outer folds", progress)
    predictions = [row for arm in arms for row in rows_of(arm, groupings, chosen[arm], bench)]
    table = pd.DataFrame(predictions)
    return {
        "predictions": predictions,
        "chosen": chosen,
        "candidates": {arm: len(candidate_numbers(arm, settings)) for arm in arms},
        "scores": {g: evaluate(table[table["grouping"] == g]) for g in groupings},
    }


def tuned(arm: str) -> bool:
    """Whether an arm learns from measurements."""
    return arm not in ZERO_SHOT


def seeds(arm: str, bench: Bench) -> range:
    """Seeds of an arm: one where nothing is random, few where one costs a minute a fold."""
    if arm in CERTAIN:
        return range(1)
    return range(min(bench.settings.seeds, SLOW_SEEDS) if arm in SLOW else bench.settings.seeds)


def groups_of(grouping: str) -> dict[str, tuple[str, ...]]:
    """Group name -> names of the ten groups in it, for the grouping ``nine`` or ``ten``."""
    pairs = measurements()[[f"group_{grouping}", "group_ten"]].drop_duplicates()
    pairs.columns = ["group", "member"]
    return {g: tuple(sorted(part.member)) for g, part in pairs.groupby("group", sort=False)}


def inner_folds(outer: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Strict group -> what the unit of this inner fold leaves out.

    Inner folds are the strict groups among the training polymers, in both groupings; when HIPS
    is out, its sister ABS is an inner fold of its own.
    """
    folds = {}
    for name, members in groups_of("nine").items():
        rest = set(members) - set(outer)
        if rest:
            folds[name] = tuple(sorted(rest | set(outer)))
    return folds


def all_outer(groupings: Iterable[str]) -> list[tuple[str, ...]]:
    """What is left out by the folds of the groupings, each once."""
    return list(dict.fromkeys(m for g in groupings for m in groups_of(g).values()))


def inner_units(arms: Iterable[str], groupings: Iterable[str], bench: Bench) -> list[Unit]:
    """Units of the inner loops of all tuned arms, each once."""
    return [
        Unit(arm, 0, left_out, candidate_numbers(arm, bench.settings))
        for arm in arms
        if tuned(arm) and arm not in SLOW
        for outer in all_outer(groupings)
        for left_out in inner_folds(outer).values()
    ]


def outer_units(arms, groupings, chosen: dict, bench: Bench) -> list[Unit]:
    """Units of the published predictions of all tuned arms."""
    return [
        _outer_unit(arm, seed, members, chosen[arm][grouping][fold])
        for arm in arms
        if tuned(arm)
        for seed in seeds(arm, bench)
        for grouping in groupings
        for fold, members in groups_of(grouping).items()
    ]


def _outer_unit(arm: str, seed: int, members, choice: dict) -> Unit:
    return Unit(arm, seed, members, tuple(choice["candidates"]))


def inner_results(arm: str, outer: tuple[str, ...], bench: Bench) -> dict[str, dict]:
    """Inner group -> predictions of its tests by models that saw neither it nor the outer fold."""
    results = {}
    for name, left_out in inner_folds(outer).items():
        unit = Unit(arm, 0, left_out, candidate_numbers(arm, bench.settings))
        if not tuned(arm):
            unit = Unit(arm, 0, ())
        members = set(groups_of("nine")[name]) - set(outer)
        results[name] = restrict(bench.read(unit), members)
    return results


def restrict(result: dict, members: Iterable[str]) -> dict:
    """The part of a unit's result that concerns some of the ten groups."""
    groups = measurements().set_index("test_id").group_ten
    keep = groups.loc[result["tests"]].isin(list(members)).to_numpy()
    arrays = {k: v[:, keep] for k, v in result.items() if k != "tests"}
    return {"tests": result["tests"][keep], **arrays}


def log_measured(tests: np.ndarray) -> np.ndarray:
    """Logarithms of the measured targets (T, 4); NaN where there is no label."""
    return np.log(measurements().set_index("test_id").loc[tests, list(TARGETS)].to_numpy(float))


def inner_score(results: dict[str, dict]) -> np.ndarray:
    """Primary endpoint of each candidate: mean over inner groups of the mean |ln| error."""
    columns = [TARGETS.index(target) for target in PRIMARY]
    by_group = []
    for result in results.values():
        error = np.abs(result["mean"] - log_measured(result["tests"]))[:, :, columns]
        by_group.append(np.nanmean(error, axis=1).mean(axis=1))
    return np.mean(by_group, axis=0)


def together(result: dict, places: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (T, 4) of some candidates with equal say."""
    mean, sigma = result["mean"][places], result["sigma"][places]
    return mean.mean(0), np.sqrt((sigma**2).mean(0) + mean.var(0))


def choices(arm: str, groupings: Iterable[str], bench: Bench) -> dict[str, dict[str, dict]]:
    """Per grouping and fold: the chosen candidates, their inner score and interval factors."""
    if arm in SLOW:
        fixed = {"candidates": [0], "inner_score": None, "factors": [NORMAL_90] * len(TARGETS)}
        return {grouping: dict.fromkeys(groups_of(grouping), fixed) for grouping in groupings}
    return {
        grouping: {
            fold: choice(arm, inner_results(arm, members, bench), bench.settings)
            for fold, members in groups_of(grouping).items()
        }
        for grouping in groupings
    }


def choice(arm: str, results: dict[str, dict], settings: EvaluationSettings) -> dict:
    """The best few candidates of an arm by the results of its inner folds."""
    numbers = candidate_numbers(arm, settings)
    best, said = best_few(results)
    joint = {
        name: {"tests": results[name]["tests"], "mean": mean[None]}
        for name, (mean, _) in said.items()
    }
    return {
        "candidates": [numbers[i] for i in best],
        "inner_score": round(float(inner_score(joint)[0]), 5),
        "factors": [round(q, 4) for q in interval_factors(results, said)],
        **_in_words(arm, [numbers[i] for i in best], settings),
    }


def best_few(results: dict[str, dict]) -> tuple[list[int], dict[str, tuple]]:
    """Places of the best candidates, and what they say together in each inner fold."""
    from trinity.evidence.arms import committee_size

    scores = inner_score(results)
    best = np.argsort(scores, kind="stable")[: committee_size(len(scores))].tolist()
    return best, {name: together(result, best) for name, result in results.items()}


def _in_words(arm: str, numbers: list[int], settings: EvaluationSettings) -> dict:
    """What the numbers mean, for the arms that finetune."""
    if arm in (*ZERO_SHOT, *CLASSICAL, *RESIDUAL):
        return {}
    from trinity.evidence import arms

    pairs = arms.candidates(arm, settings.candidates, settings.checkpoints)
    return {"ways": [arms.in_words(*pairs[i]) for i in numbers]}


def interval_factors(results: dict[str, dict], said: dict[str, tuple]) -> list[float]:
    """Conformal factor on sigma a target, from the inner held-out tests."""
    ratios, groups = [], []
    for name, (mean, sigma) in said.items():
        error = np.abs(mean - log_measured(results[name]["tests"]))
        ratios.append(error / np.maximum(sigma, LEAST_SIGMA))
        groups += [name] * len(error)
    ratios = np.concatenate(ratios)
    return [conformal_quantile(ratios[:, i], groups) for i in range(len(TARGETS))]


def rows_of(arm: str, groupings: Iterable[str], chosen: dict, bench: Bench) -> list[dict]:
    """Rows of ``lopo.json`` of an arm: all folds, seeds, tests with a label."""
    rows = []
    for grouping in groupings:
        for fold, members in groups_of(grouping).items():
            chosen_here = chosen[grouping][fold]
            for seed in seeds(arm, bench):
                unit = Unit(arm, seed, ())
                if tuned(arm):
                    unit = _outer_unit(arm, seed, members, chosen_here)
                result = restrict(bench.read(unit), members)
                about = {"arm": arm, "seed": seed, "fold": fold, "grouping": grouping}
                rows += rows_of_result(about, result, chosen_here["factors"])
    return rows


def rows_of_result(about: dict, result: dict, factors: list[float]) -> list[dict]:
    """Rows of one fold; physics has sampled intervals of its own, the others conformal ones."""
    mean, sigma = together(result, list(range(len(result["mean"]))))
    half = np.maximum(sigma, LEAST_SIGMA) * np.asarray(factors)
    lo, hi = (
        (mean - half, mean + half) if "lo" not in result else (result["lo"][0], result["hi"][0])
    )
    measured = np.exp(log_measured(result["tests"]))
    tests = measurements().set_index("test_id").loc[result["tests"]]
    rows = []
    for i, (test, row) in enumerate(tests.iterrows()):
        for column, target in enumerate(TARGETS):
            if not np.isfinite(measured[i, column]):
                continue
            values = (about["arm"], about["seed"], about["fold"], int(test), target,
                      _short(measured[i, column]),
                      *(_short(np.exp(v[i, column])) for v in (mean, lo, hi)))  # fmt: skip
            rows.append(
                {
                    **dict(zip(COLUMNS, values, strict=True)),
                    **{k: v for k, v in about.items() if k not in COLUMNS},
                    "polymer": row.polymer,
                    "lab": row.lab,
                    "flux_kw_m2": float(row.flux_kw_m2),
                    "thickness_mm": float(row.thickness_mm),
                }
            )
    return rows


def _short(value: float) -> float:
    """Five digits: more would be noise and megabytes."""
    return float(f"{value:.5g}")
