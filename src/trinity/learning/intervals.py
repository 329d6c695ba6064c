"""Intervals: the spread of averaged predictions, and the factor on it that covers what is new.

Groups of polymers, not tests, are what an interval has to cover: nine tests of one polymer are
one opinion of a model about new chemistry.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import norm
from scipy.stats import t as student_t

from trinity.quantities import TARGETS

COVERAGE = 0.90


def group_weights(groups: Sequence[str], laboratories: Sequence[str] | None = None) -> np.ndarray:
    """Weights (R,), of mean one, that give every polymer group the same sum, as the score does;
    with ``laboratories`` (R,) every laboratory within a group, too.

    >>> group_weights(["a", "a", "a", "b"], ["x", "x", "y", "x"]).tolist()
    [0.5, 0.5, 1.0, 2.0]
    """
    groups = np.asarray(groups)
    cells = pd.DataFrame({"group": groups, "lab": "" if laboratories is None else laboratories})
    inside = cells.groupby(["group", "lab"])["lab"].transform("size")
    weight = 1.0 / (inside * cells.groupby("group")["lab"].transform("nunique")).to_numpy(float)
    return weight / weight.mean()


def group_means(values: np.ndarray, groups: Sequence, laboratories: Sequence | None = None):
    """Weighted means of the columns of values (R, k) in each group, a frame (groups, k); NaN
    counts nothing, weights are those of `group_weights`."""
    frame, groups = pd.DataFrame(values), np.asarray(groups)
    weight = pd.Series(group_weights(groups, laboratories))
    given = frame.notna().mul(weight, axis=0).groupby(groups).sum()
    return frame.mul(weight, axis=0).groupby(groups).sum() / given.where(given > 0)


def error_factors(
    error: np.ndarray, groups: Sequence, laboratories: Sequence | None = None
) -> dict[str, float]:
    """Geometric mean error factor of each target: the mean of |ln| errors (R, 4), NaN where there
    is no label, within each of the groups (R,) and then over groups."""
    means = group_means(error, groups, laboratories).mean()
    return dict(zip(TARGETS, np.exp(means), strict=True))


def interval_quantiles(groups: int) -> tuple[float, float]:
    """Half the width of an interval in standard deviations, of a new polymer and of a known one.

    A new polymer is a draw of what few groups tell: Student's t with (groups - 1) degrees of
    freedom. Of a known polymer only laboratory and test are drawn.
    """
    upper = (1 + COVERAGE) / 2
    return float(student_t.ppf(upper, max(groups - 1, 1))), float(norm.ppf(upper))


def mixture(means: np.ndarray, sigmas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (R, 4) of several predictions (M, R, 4), averaged with equal
    weights: to the mean of their variances comes the variance among them."""
    return means.mean(0), np.sqrt((sigmas**2).mean(0) + means.var(0))
