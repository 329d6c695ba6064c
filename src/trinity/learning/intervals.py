"""Intervals: the spread of averaged predictions, and the factor on it that covers what is new.

Groups of polymers, not tests, are what an interval has to cover: nine tests of one polymer are
one opinion of a model about new chemistry.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from trinity.quantities import TARGETS

COVERAGE = 0.90


def group_weights(groups: Sequence[str]) -> np.ndarray:
    """Weights (R,), of mean one, that give every polymer group the same sum, as the score does."""
    _, index, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    weight = 1.0 / counts[index]
    return weight / weight.mean()


def error_factors(error: np.ndarray, groups: Sequence) -> dict[str, float]:
    """Geometric mean error factor of each target: the mean of |ln| errors (R, 4), NaN where there
    is no label, within each of the groups (R,) and then over groups."""
    means = pd.DataFrame(error, columns=list(TARGETS)).groupby(np.asarray(groups)).mean().mean()
    return np.exp(means).to_dict()


def mixture(means: np.ndarray, sigmas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (R, 4) of several predictions (M, R, 4), averaged with equal
    weights: to the mean of their variances comes the variance among them."""
    return means.mean(0), np.sqrt((sigmas**2).mean(0) + means.var(0))


def conformal_quantile(
    ratios: np.ndarray, groups: Sequence[str], coverage: float = COVERAGE
) -> float:
    """Factor on sigma that would have covered ``coverage`` of the held-out residuals.

    Split conformal prediction (Lei et al., 2018) with normalised residuals |ln error| / sigma,
    on groups of equal weight: a new polymer is a draw of a group, not of a test.  The correction
    for few draws, coverage (1 + 1/n), is left out: with nine groups it asks for the largest
    residual ever seen.
    ``ratios`` (R,) that are not finite are ignored.

    >>> conformal_quantile([0.5] * 8 + [3.0, 1.0], ["many"] * 8 + ["one", "other"], 0.6)
    1.0
    """
    ratios, groups = np.asarray(ratios, float), np.asarray(groups)
    good = np.isfinite(ratios)
    weight = group_weights(groups[good])
    # A hair less than asked for: sums of thirds and ninths are not exact.
    return float(np.quantile(ratios[good], coverage - 1e-9, weights=weight, method="inverted_cdf"))


def interval_factors(error: np.ndarray, sigma: np.ndarray, groups: Sequence[str]) -> list[float]:
    """Conformal factor on sigma of each target, from |ln error| (R, targets) of held-out tests, NaN
    where there is no label, and the standard deviations that the model gave."""
    return [conformal_quantile(column, groups) for column in (error / sigma).T]
