"""Leave one polymer out: every arm, every fold, its choices made inside the training fold.

For each outer fold and tuned arm, all candidates are scored on inner leave-one-polymer-out folds
of the training polymers; the best one is trained on all of them and predicts the polymer left
out.  The same inner residuals calibrate its 90 % intervals.  The inner loop uses the first seed.
"""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from trinity import lopo_units
from trinity.evaluation import COLUMNS, PRIMARY, TARGETS, conformal_quantile, evaluate
from trinity.lopo_units import (
    ARMS,
    LEARNED,
    RANDOM,
    TUNED,
    Bench,
    EvaluationSettings,
    Sources,
    Unit,
    candidate_numbers,
    measurements,
)

GROUPINGS = ("nine", "ten")
#: No interval is narrower than repeated tests scatter (sigma of the logarithm).
LEAST_SIGMA = 0.05


def run(
    phase1: str | Path,
    language_model: str | Path,
    numbers: dict,
    folder: str | Path,
    progress: bool = True,
    chosen: dict | None = None,
    arms: Iterable[str] = ARMS,
) -> dict:
    """All held-out predictions of all arms.

    Parameters
    ----------
    phase1
        Folder with a phase-1 model a seed (``member0`` ...).
    numbers
        Section ``[evaluation]`` of a scale.
    folder
        Finished units; a run that was interrupted goes on from them.
    chosen
        The ``chosen`` block of an earlier result: its settings and interval factors are used and
        the inner loop is left out.

    Returns
    -------
    dict
        ``predictions`` (the rows of ``lopo.json``), ``chosen`` (per arm, grouping and fold),
        ``candidates`` (configurations tried, per arm), ``scores`` (per grouping).
    """
    from trinity.training_loop import member_folders

    settings = EvaluationSettings.of(numbers)
    sources = Sources(tuple(str(p) for p in member_folders(phase1)), str(language_model))
    bench = Bench(folder, sources, settings)
    arms = list(arms)
    zero_shot = [Unit(arm, s, ()) for arm in arms if arm not in TUNED for s in seeds(arm, bench)]
    bench.run(zero_shot, "zero-shot arms", progress)
    if chosen is None:
        bench.run(inner_units(arms, bench), "inner folds", progress)
        chosen = {arm: choices(arm, bench) for arm in arms}
    bench.run(outer_units(arms, chosen, bench), "outer folds", progress)
    predictions = [row for arm in arms for row in rows_of(arm, chosen[arm], bench)]
    table = pd.DataFrame(predictions)
    return {
        "predictions": predictions,
        "chosen": chosen,
        "candidates": {arm: len(candidate_numbers(arm, settings)) for arm in arms},
        "scores": {g: evaluate(table[table["grouping"] == g]) for g in GROUPINGS},
    }


def seeds(arm: str, bench: Bench) -> range:
    """Seeds of an arm: one where nothing is random."""
    return range(bench.settings.seeds if arm in RANDOM else 1)


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


def all_outer() -> list[tuple[str, ...]]:
    """What is left out by the folds of both groupings, each once."""
    return list(dict.fromkeys(m for g in GROUPINGS for m in groups_of(g).values()))


def inner_units(arms: Iterable[str], bench: Bench) -> list[Unit]:
    """Units of the inner loops of all tuned arms, each once."""
    return [
        Unit(arm, 0, left_out, candidate_numbers(arm, bench.settings))
        for arm in arms
        if arm in TUNED
        for outer in all_outer()
        for left_out in inner_folds(outer).values()
    ]


def outer_units(arms: Iterable[str], chosen: dict, bench: Bench) -> list[Unit]:
    """Units of the published predictions of all tuned arms."""
    return [
        _outer_unit(arm, seed, members, chosen[arm][grouping][fold], bench)
        for arm in arms
        if arm in TUNED
        for seed in seeds(arm, bench)
        for grouping in GROUPINGS
        for fold, members in groups_of(grouping).items()
    ]


def _outer_unit(arm: str, seed: int, members, choice: dict, bench: Bench) -> Unit:
    return Unit(arm, seed, members, (choice["candidate"],))


def inner_results(arm: str, outer: tuple[str, ...], bench: Bench) -> dict[str, dict]:
    """Inner group -> predictions of its tests by models that saw neither it nor the outer fold."""
    results = {}
    for name, left_out in inner_folds(outer).items():
        unit = Unit(arm, 0, left_out, candidate_numbers(arm, bench.settings))
        if arm not in TUNED:
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


def choices(arm: str, bench: Bench) -> dict[str, dict[str, dict]]:
    """Per grouping and fold: the chosen candidate, its inner score and its interval factors."""
    made = {g: {} for g in GROUPINGS}
    for grouping in GROUPINGS:
        for fold, members in groups_of(grouping).items():
            results = inner_results(arm, members, bench)
            score = inner_score(results)
            place = int(np.argmin(score))
            number = candidate_numbers(arm, bench.settings)[place]
            made[grouping][fold] = {
                "candidate": number,
                "inner_score": round(float(score[place]), 5),
                "factors": [round(q, 4) for q in interval_factors(results, place)],
                **_in_words(arm, number, bench.settings),
            }
    return made


def _in_words(arm: str, number: int, settings: EvaluationSettings) -> dict:
    if arm not in LEARNED:
        return {}
    way, steps = lopo_units.phase2_candidates(arm, settings)[number]
    return {**{k: v for k, v in asdict(way).items() if k != "checkpoints"}, "steps": steps}


def interval_factors(results: dict[str, dict], place: int) -> list[float]:
    """Conformal factor on sigma a target, from the inner held-out tests of one candidate."""
    ratios, groups = [], []
    for name, result in results.items():
        error = np.abs(result["mean"][place] - log_measured(result["tests"]))
        ratios.append(error / np.maximum(result["sigma"][place], LEAST_SIGMA))
        groups += [name] * len(error)
    ratios = np.concatenate(ratios)
    return [conformal_quantile(ratios[:, i], groups) for i in range(len(TARGETS))]


def rows_of(arm: str, chosen: dict, bench: Bench) -> list[dict]:
    """Rows of ``lopo.json`` of an arm: both groupings, all folds, seeds, tests with a label."""
    rows = []
    for grouping in GROUPINGS:
        for fold, members in groups_of(grouping).items():
            choice = chosen[grouping][fold]
            for seed in seeds(arm, bench):
                unit = Unit(arm, seed, ())
                if arm in TUNED:
                    unit = _outer_unit(arm, seed, members, choice, bench)
                result = restrict(bench.read(unit), members)
                rows += _rows(arm, seed, grouping, fold, result, choice["factors"])
    return rows


def _rows(arm, seed, grouping, fold, result: dict, factors: list[float]) -> list[dict]:
    """Rows of one fold; physics has sampled intervals of its own, the others conformal ones."""
    mean = result["mean"][0]
    half = np.maximum(result["sigma"][0], LEAST_SIGMA) * np.asarray(factors)
    lo, hi = (
        (mean - half, mean + half) if "lo" not in result else (result["lo"][0], result["hi"][0])
    )
    measured = np.exp(log_measured(result["tests"]))
    about = measurements().set_index("test_id").loc[result["tests"]]
    rows = []
    for i, (test, row) in enumerate(about.iterrows()):
        for column, target in enumerate(TARGETS):
            if not np.isfinite(measured[i, column]):
                continue
            values = (arm, seed, fold, int(test), target, _short(measured[i, column]),
                      *(_short(np.exp(v[i, column])) for v in (mean, lo, hi)))  # fmt: skip
            rows.append(
                {
                    **dict(zip(COLUMNS, values, strict=True)),
                    "grouping": grouping,
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
