"""Scores of blind predictions, and how sure one may be of them.

Predictions are a table with the columns `COLUMNS` in physical units.  Everything is measured on
natural logarithms: an error of ln 2 is a factor of two.  Groups of polymers, not tests, are the
unit of evidence: nine tests of one polymer are one opinion of a model about new chemistry.  By the
analysis plan each group counts the same, in it each laboratory, and in that each cell.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy import stats

from trinity.errors import InputError
from trinity.learning.intervals import COVERAGE
from trinity.quantities import PRIMARY, TARGETS

COLUMNS = ("arm", "seed", "fold", "test_id", "target", "measured", "predicted", "lo", "hi")
BOOTSTRAP_DRAWS = 4000
#: In place of a target, the mean |ln| error of the primary targets.
ENDPOINT = "primary"


def log_errors(predictions: pd.DataFrame) -> pd.DataFrame:
    """The table with ``error`` = |ln(predicted / measured)| added; of the 90 % interval, too,
    ``inside`` and ``interval_score`` (Gneiting and Raftery, 2007; small is good), NaN without one.

    Raises InputError if a column is missing or a value is not a positive number.
    """
    if missing := [c for c in COLUMNS if c not in predictions]:
        raise InputError(f"The predictions lack the column {missing[0]!r}; needed: {COLUMNS}.")
    values = predictions[["measured", "predicted", "lo", "hi"]].to_numpy(float)
    bad = np.flatnonzero(~(np.isfinite(values) & (values > 0))[:, :2].all(axis=1))
    if len(bad):
        raise InputError(f"Row {bad[0] + 1} of the predictions has no positive measured/predicted.")
    x, mean, lo, hi = np.log(values).T
    missed = np.maximum(lo - x, 0) + np.maximum(x - hi, 0)  # NaN where an end is
    return predictions.assign(
        error=np.abs(mean - x),
        inside=np.where(np.isnan(missed), np.nan, missed == 0),
        interval_score=hi - lo + 2 / (1 - COVERAGE) * missed,
    )


def group_errors(predictions: pd.DataFrame, of: str = "error") -> pd.DataFrame:
    """Mean |ln| error, or mean of another column of `log_errors`, in each group of polymers.

    Over seeds, then over the cells of a laboratory (``lab``; where the table has none, cells count
    equally), then over laboratories.

    Returns
    -------
    DataFrame
        Index ``arm``, ``target``, in the order of the table and of `TARGETS`; of an
        arm that has all primary targets, their mean, `ENDPOINT`, comes first. One column per
        fold; NaN where a fold has no such label.
    """
    table = log_errors(predictions)
    table["lab"] = table["lab"].fillna("") if "lab" in table else ""
    by = ["arm", "target", "fold", "lab", "test_id"]
    means = table.groupby(by)[of].mean()
    for depth in (4, 3):
        means = means.groupby(by[:depth]).mean()
    means = means.unstack("fold")
    main = means[means.index.isin(PRIMARY, level="target")].groupby("arm")
    main = main.mean()[main.size() == len(PRIMARY)].assign(target=ENDPOINT)
    means = pd.concat([main.set_index("target", append=True), means])
    order = pd.MultiIndex.from_product([table["arm"].unique(), (ENDPOINT, *TARGETS)])
    return means.loc[order.intersection(means.index, sort=False)].rename_axis(by[:2])


def headline(results: dict, grouping: str = "nine") -> pd.DataFrame:
    """The rows of ``lopo.json`` that count: nine groups, or ``ten``, and the laboratory hidden."""
    rows = pd.DataFrame(results["predictions"])
    return rows[(rows["grouping"] == grouping) & ~rows["lab_known"]]


def gmfe(errors) -> float:
    """Geometric mean error factor exp(mean |ln(predicted/measured)|); 1 is perfect.

    Log errors, with or without their signs; missing ones are left out, NaN where all are.
    """
    return float(np.exp(pd.Series(errors, dtype=float).abs().mean()))


def primary_by_group(predictions: pd.DataFrame) -> pd.DataFrame:
    """Primary endpoint of each arm (row) in each group (column): mean |ln| of t_ig and pHRR."""
    return group_errors(predictions).xs(ENDPOINT, level="target")


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


def _ranged(values: np.ndarray, name: str) -> dict[str, float | None]:
    """Mean of one value a group as ``name``, its interval as ``name_low`` and ``name_high``."""
    names = (name, f"{name}_low", f"{name}_high")
    if not len(found := _finite(values)):
        return dict.fromkeys(names)
    return dict(zip(names, (float(found.mean()), *bootstrap_interval(found)), strict=True))


def compare(
    predictions: pd.DataFrame, arm: str, targets: Iterable[str] = (ENDPOINT,)
) -> list[dict]:
    """``arm`` against every other arm, by target, paired over groups on the cells that both have.

    ``difference`` is the other arm's mean |ln| error minus that of ``arm``: positive is better.
    """
    ours, rows = predictions[predictions["arm"] == arm], []
    for other, theirs in predictions[predictions["arm"] != arm].groupby("arm", sort=False):
        both = pd.concat([ours, theirs])
        both = both[both.groupby(["test_id", "target"])["arm"].transform("nunique") == 2]
        if both.empty:
            continue
        errors = group_errors(both)
        differences = errors.loc[other] - errors.loc[arm]
        for target in differences.index.intersection(list(targets), sort=False):
            difference = differences.loc[target].dropna()
            low, high = bootstrap_interval(difference)
            rows.append(
                {
                    "arm": arm,
                    "other": other,
                    "target": target,
                    "difference": float(difference.mean()),
                    "low": low,
                    "high": high,
                    "p_sign_flip": sign_flip_p(difference),
                    "groups_better": int((difference > 0).sum()),
                    "groups": len(difference),
                }
            )
    return rows


def scores(predictions: pd.DataFrame) -> list[dict]:
    """One row per arm and target, and one for the primary endpoint: the geometric mean error
    factor ``gmfe``, ``coverage`` and ``interval_score`` over groups, the first two with their 95 %
    bootstrap intervals; None for what an arm without intervals, or the endpoint, does not have."""
    errors = group_errors(predictions)
    inside, charged = (
        group_errors(predictions, of).drop(ENDPOINT, level="target", errors="ignore")
        for of in ("inside", "interval_score")
    )
    inside, charged = inside.reindex(errors.index), charged.reindex(errors.index)
    rows = []
    for (arm, target), groups in errors.iterrows():
        factors = _ranged(groups, "gmfe")
        row = {"arm": arm, "target": target, **{k: float(np.exp(v)) for k, v in factors.items()}}
        row |= {"groups": int(groups.count()), **_ranged(inside.loc[(arm, target)], "coverage")}
        score = charged.loc[(arm, target)].mean()
        rows.append(row | {"interval_score": None if np.isnan(score) else float(score)})
    return rows


def evaluate(predictions: pd.DataFrame, arm: str = "two_phase") -> dict:
    """Scores of all arms by target and on the primary endpoint, and the paired comparison of
    ``arm`` with the others if it is there."""
    rows = scores(predictions)
    names = {"gmfe": "mean_abs_ln", "gmfe_low": "low", "gmfe_high": "high"}
    return {
        "scores": [row for row in rows if row["target"] != ENDPOINT],
        "primary": [
            {"arm": row["arm"], **{new: float(np.log(row[old])) for old, new in names.items()}}
            for row in rows
            if row["target"] == ENDPOINT
        ],
        "comparisons": compare(predictions, arm),
    }
