"""Scores of blind predictions, and how sure one may be of them.

Predictions are a table with the columns `COLUMNS` in physical units.  Everything is measured on
natural logarithms: an error of ln 2 is a factor of two.  Groups of polymers, not tests, are the
unit of evidence: nine tests of one polymer are one opinion of a model about new chemistry.
"""

import numpy as np
import pandas as pd
from scipy import stats

from trinity.errors import InputError
from trinity.learning.intervals import COVERAGE
from trinity.quantities import PRIMARY

COLUMNS = ("arm", "seed", "fold", "test_id", "target", "measured", "predicted", "lo", "hi")
BOOTSTRAP_DRAWS = 4000


def log_errors(predictions: pd.DataFrame) -> pd.DataFrame:
    """The table with ``error`` = |ln(predicted / measured)| added.

    Raises
    ------
    InputError
        If a column is missing or a value is not a positive number.
    """
    if missing := [c for c in COLUMNS if c not in predictions]:
        raise InputError(f"The predictions lack the column {missing[0]!r}; needed: {COLUMNS}.")
    values = predictions[["measured", "predicted"]].to_numpy(float)
    bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)).all(axis=1))
    if len(bad):
        raise InputError(f"Row {bad[0] + 1} of the predictions has no positive measured/predicted.")
    return predictions.assign(error=np.abs(np.log(values[:, 1] / values[:, 0])))


def group_errors(predictions: pd.DataFrame) -> pd.DataFrame:
    """Mean |ln| error of each arm (row) in each fold and target: seeds, then tests, then folds.

    Returns
    -------
    DataFrame
        Index ``arm``, ``target``; one column per fold; NaN where a fold has no such label.
    """
    errors = log_errors(predictions)
    return errors.groupby(["arm", "target", "fold"])["error"].mean().unstack("fold")


def gmfe(errors) -> float:
    """Geometric mean error factor exp(mean |ln(predicted/measured)|); 1 is perfect.

    Log errors, with or without their signs; missing ones are left out, NaN where all are.
    """
    return float(np.exp(pd.Series(errors, dtype=float).abs().mean()))


def primary_by_group(predictions: pd.DataFrame) -> pd.DataFrame:
    """Primary endpoint of each arm (row) in each group (column): mean |ln| of t_ig and pHRR."""
    errors = group_errors(predictions)
    chosen = errors[errors.index.get_level_values("target").isin(PRIMARY)]
    return chosen.groupby("arm").mean()


def bootstrap_interval(
    values: np.ndarray, seed: int = 0, level: float = 0.95, draws: int = BOOTSTRAP_DRAWS
) -> tuple[float, float]:
    """Percentile interval of the mean of ``values`` (one per group), groups drawn again."""
    values = _finite(values)
    if len(values) == 1:
        return float(values[0]), float(values[0])
    found = stats.bootstrap(
        (values,), np.mean, n_resamples=draws, confidence_level=level, method="percentile", rng=seed
    )
    low, high = found.confidence_interval
    return float(low), float(high)


def sign_flip_p(differences: np.ndarray) -> float:
    """Exact two-sided sign-flip test that paired differences have mean zero.

    All 2^n sign patterns of the n groups are counted (Fisher, 1935), so nine groups can reach
    1/256 at best.

    >>> sign_flip_p(np.ones(3))
    0.25
    """
    differences = _finite(differences)
    if len(differences) < 2:  # of one group both patterns are as extreme
        return 1.0
    found = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    return float(found.pvalue)


def _finite(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, float)
    return values[np.isfinite(values)]


def _interval(values: np.ndarray, prefix: str = "") -> dict[str, float]:
    """`bootstrap_interval` as ``low`` and ``high``."""
    return dict(zip((prefix + "low", prefix + "high"), bootstrap_interval(values), strict=True))


def compare(predictions: pd.DataFrame, arm: str) -> list[dict]:
    """``arm`` against every other arm on the primary endpoint, paired over groups.

    ``difference`` is the other arm's mean |ln| error minus that of ``arm``: positive is better.
    """
    table = primary_by_group(predictions)
    return [
        {
            "arm": arm,
            "other": other,
            "difference": float(difference.mean()),
            **_interval(difference),
            "p_sign_flip": sign_flip_p(difference),
            "groups_better": int((difference > 0).sum()),
            "groups": int(difference.count()),
        }
        for other, difference in (table.drop(arm) - table.loc[arm]).iterrows()
    ]


def scores(predictions: pd.DataFrame) -> list[dict]:
    """One row per arm and target: the geometric mean error factor over groups with its 95 %
    bootstrap interval, and the measures beside it.

    ``gmfe_tests`` weighs tests equally; ``median_ape`` is in per cent; ``r2_log`` is of the
    logarithms; ``relative_l2`` is |predicted - measured| / |measured| in the 2-norm, the loss of
    Liu et al. (2025); ``coverage`` is over groups; ``interval_score`` (Gneiting and Raftery,
    2007) of the log intervals, over groups: small is good.
    """
    rows = []
    for (arm, target), part in log_errors(predictions).groupby(["arm", "target"], sort=False):
        by_group = part.groupby("fold")["error"].mean().to_numpy()
        measured, predicted = part["measured"].to_numpy(), part["predicted"].to_numpy()
        off = predicted - measured
        spread = np.log(measured) - np.log(measured).mean()
        rows.append(
            {
                "arm": arm,
                "target": target,
                "gmfe": gmfe(by_group),
                **{name: float(np.exp(v)) for name, v in _interval(by_group, "gmfe_").items()},
                "gmfe_tests": gmfe(part["error"]),
                "median_ape": float(100 * np.median(np.abs(predicted / measured - 1))),
                "r2_log": float(1 - (part["error"] ** 2).sum() / (spread**2).sum()),
                "relative_l2": float(np.linalg.norm(off) / np.linalg.norm(measured)),
                **_interval_scores(part),
            }
        )
    return rows


def _interval_scores(part: pd.DataFrame) -> dict:
    """Coverage and interval score of one arm and target, None where it gives no intervals."""
    if part[["lo", "hi"]].isna().any(axis=None):
        return dict.fromkeys(("coverage", "coverage_low", "coverage_high", "interval_score"))
    x, lo, hi = np.log(part[["measured", "lo", "hi"]].to_numpy(float)).T
    missed = np.maximum(lo - x, 0) + np.maximum(x - hi, 0)
    score = hi - lo + 2 / (1 - COVERAGE) * missed
    table = pd.DataFrame({"inside": missed == 0, "score": score}).astype(float)
    means = table.groupby(part["fold"].to_numpy()).mean()
    return {
        "coverage": float(means["inside"].mean()),
        **_interval(means["inside"], "coverage_"),
        "interval_score": float(means["score"].mean()),
    }


def evaluate(predictions: pd.DataFrame, arm: str = "two_phase") -> dict:
    """Scores of all arms, and the paired comparison of ``arm`` with the others if it is there."""
    table = primary_by_group(predictions)
    return {
        "scores": scores(predictions),
        "primary": [
            {"arm": name, "mean_abs_ln": float(row.mean()), **_interval(row)}
            for name, row in table.iterrows()
        ],
        "comparisons": compare(predictions, arm) if arm in table.index else [],
    }
