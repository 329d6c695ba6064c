"""What each ingredient buys: start x physics at prediction, and the three primary questions.

The statistics are those of ``data/analysis_plan.toml``, declared before the first run on these
measurements. Everything but the three questions is exploratory.
"""

import math
import tomllib

import numpy as np
import pandas as pd
from scipy import stats

from trinity.evidence.arms import CELLS, Arm
from trinity.evidence.scores import bootstrap_interval, primary_by_group, sign_flip_p
from trinity.files import data_path

POWER, LEVEL = 0.80, 0.05


def plan() -> dict:
    """The analysis plan, as it stands."""
    return tomllib.loads(data_path("analysis_plan.toml").read_text(encoding="utf-8"))


def holm(p: list[float]) -> list[float]:
    """p-values of one family by Holm's step-down correction (Holm, 1979), in the order given.

    >>> holm([0.04, 0.01, 0.5])
    [0.08, 0.03, 0.5]
    """
    order, adjusted, least = np.argsort(p, kind="stable"), [1.0] * len(p), 0.0
    for rank, place in enumerate(order):
        least = max(least, min(1.0, (len(p) - rank) * float(p[place])))
        adjusted[place] = least
    return adjusted


def groups_needed(differences: np.ndarray) -> int | None:
    """Groups of polymers with which a two-sided t-test at 5 % would see a mean difference like
    this one, with this scatter, in 80 % of the cases; None if there is no difference to see.

    From the noncentral t distribution; sizes beyond a million count as None, too.
    """
    values = np.asarray(differences, float)
    if len(values) < 2 or not values.any():
        return None
    effect = abs(values.mean()) / max(values.std(ddof=1), 1e-9)

    def power(groups: int) -> float:
        edge, shift = stats.t.isf(LEVEL / 2, groups - 1), effect * math.sqrt(groups)
        found = stats.nct.sf(edge, groups - 1, shift) + stats.nct.cdf(-edge, groups - 1, shift)
        return float(found) if math.isfinite(found) else 1.0

    low, high = 1, 2  # the power grows with the groups: double, then halve the bracket
    while power(high) < POWER:
        low, high = high, 2 * high
        if high > 1_000_000:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= POWER else (middle, high)
    return high


def compared(better: pd.Series, worse: pd.Series) -> dict:
    """By how much one arm's error is smaller than another's, paired over groups: ``effect``
    (positive: ``better`` is), its 95 % bootstrap interval and the exact sign-flip ``p``."""
    difference = (worse - better).dropna().to_numpy()
    low, high = bootstrap_interval(difference)
    return {
        "effect": float(difference.mean()),
        "low": low,
        "high": high,
        "p": sign_flip_p(difference),
    }


def factorial(hidden: pd.DataFrame, known: pd.DataFrame) -> list[dict]:
    """The rows of ``ablation.json``'s ``factorial``: one per start, with and without physics.

    ``hidden`` and ``known`` are held-out predictions (columns of `trinity.evidence.scores`) with
    the laboratory hidden and named. ``lab_hidden`` and ``lab_known`` are primary endpoints;
    ``effect``, ``low``, ``high``, ``p`` and ``p_holm`` compare a row with phase 1 under the same
    physics.
    """
    by_group, named = primary_by_group(hidden), primary_by_group(known)
    rows = []
    for physics in (True, False):
        cells = [arm for arm in CELLS.values() if arm.physics == physics]
        family = [_row(arm, by_group, named) for arm in cells if arm.name in by_group.index]
        tested = [row for row in family if row["p"] is not None]
        adjusted = holm([row["p"] for row in tested])
        for row, p_holm in zip(tested, adjusted, strict=True):
            row["p_holm"] = p_holm
        rows += family
    return rows


def _row(arm: Arm, by_group: pd.DataFrame, named: pd.DataFrame) -> dict:
    best = CELLS["phase1", arm.physics].name
    found = dict.fromkeys(("effect", "low", "high", "p", "p_holm"))
    if arm.name != best and best in by_group.index:
        found |= compared(by_group.loc[best], by_group.loc[arm.name])
    return {
        "start": arm.start,
        "physics": arm.physics,
        "lab_hidden": float(by_group.loc[arm.name].mean()),
        "lab_known": float(named.loc[arm.name].mean()),
        **found,
    }


def primary_questions(hidden: pd.DataFrame) -> list[dict]:
    """The three questions declared in the plan: effect, interval, p, Holm's p over the three, and
    the groups of polymers that would be needed; from predictions with the laboratory hidden."""
    by_group, rows = primary_by_group(hidden), []
    for asked in plan()["primary_questions"]:
        physics = asked["physics_at_prediction"]
        cells = (CELLS.get((asked[side], physics)) for side in ("better", "worse"))
        better, worse = (
            by_group.loc[cell.name if cell else asked[side]]
            for cell, side in zip(cells, ("better", "worse"), strict=True)
        )
        needed = groups_needed((worse - better).dropna().to_numpy())
        row = {"question": asked["question"], **compared(better, worse)}
        rows.append(row | {"groups_for_80_percent_power": needed})
    for row, p_holm in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p_holm"] = p_holm
    return rows


def verdict(row: dict) -> str:
    """``shown``, ``contradicted`` or ``not shown``, of a row with an interval and a corrected p."""
    if row["p_holm"] < LEVEL and row["low"] > 0:
        return "shown"
    return "contradicted" if row["p_holm"] < LEVEL and row["high"] < 0 else "not shown"
