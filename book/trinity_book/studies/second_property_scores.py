"""Scores of the second properties: errors by polymer, intervals over clusters, power, and labels
that a phase 1 is worth.

A polymer is the unit, not a draw: its error is the mean over the draws and seeds in which it was
tested. Intervals come from clusters of structures drawn with replacement, p from an exchange of
the sign of whole clusters.
"""

from dataclasses import dataclass

import numpy as np

RESAMPLES = 4000
FLIPS = 9999  # random patterns of signs; with the observed one, p is at least 1e-4
POLYMERS = (9, 30, 100)
LEVEL = 0.05
EXACT = 10  # up to so many polymers all patterns of signs are counted


@dataclass(frozen=True)
class Clusters:
    """Clusters of polymers and one set of resamples of them, shared by all comparisons."""

    label: np.ndarray  # (P,) from 0
    weights: np.ndarray  # (B, C) how often a cluster is drawn
    signs: np.ndarray  # (F, C) of +1 and -1

    @classmethod
    def of(cls, label: np.ndarray, seed: int, resamples: int = RESAMPLES) -> "Clusters":
        """Resamples of clusters ``label`` (P,)."""
        rng = np.random.default_rng([seed, 23])
        n = int(label.max()) + 1
        weights = rng.multinomial(n, np.full(n, 1 / n), size=resamples)
        return cls(label, weights, rng.choice([-1.0, 1.0], size=(FLIPS, n)))

    def sums(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sum (C,) of the values (P,) that are known in each cluster, and their number (C,)."""
        known, n = np.isfinite(values), self.weights.shape[1]
        total = np.bincount(self.label[known], values[known], minlength=n)
        return total, np.bincount(self.label[known], minlength=n)

    def means(self, values: np.ndarray) -> np.ndarray:
        """Mean over polymers in each resample (B,), NaN where none of them was drawn."""
        total, count = self.sums(values)
        drawn = self.weights @ count
        return np.where(drawn > 0, self.weights @ total / np.maximum(drawn, 1), np.nan)

    def interval(self, values: np.ndarray) -> tuple[float, float]:
        """Central 95 % of the mean of values (P,)."""
        low, high = np.nanquantile(self.means(values), [0.025, 0.975])
        return float(low), float(high)

    def p_value(self, difference: np.ndarray) -> float:
        """Two-sided p of a mean difference (P,) of zero, when clusters exchange their signs."""
        total, _ = self.sums(difference)
        flipped = np.abs(self.signs @ total)
        as_large = (flipped >= abs(total.sum()) * (1 - 1e-12)).sum()
        return float((1 + as_large) / (1 + len(flipped)))


def curve_row(about: dict, error: np.ndarray, reference: np.ndarray | None, clusters: Clusters):
    """A row of ``curves`` from errors by polymer (P,), NaN where it was never tested, and those of
    the language model, if that is not the arm itself."""
    low, high = clusters.interval(error)
    p = None if reference is None else clusters.p_value(error - reference)
    found = {"mae": float(np.nanmean(error)), "median_ae": float(np.nanmedian(error))}
    tested = int(np.isfinite(error).sum())
    return about | found | {"low": low, "high": high, "p": p, "test_polymers": tested}


def power_rows(about: dict, difference: np.ndarray, studies: int, seed: int) -> list[dict]:
    """What studies of 9, 30 and 100 polymers would have shown: rows of ``power``.

    ``difference`` (draws, P) is the error of phase 1 minus that of the language model in each draw
    of labels, NaN where a polymer was not tested. Each of the ``studies`` is one draw and so many
    of its polymers; it shows the effect if phase 1 is better and an exchange of signs gives
    p < 0.05.
    ``power`` is the share of the studies that do, ``reverse`` of those that show the opposite;
    ``low`` and ``high`` hold 95 % of the effects that they find.
    """
    rows = []
    for polymers in POLYMERS:
        rng = np.random.default_rng([seed, polymers, 29])
        drawn = [_study(difference, polymers, rng) for _ in range(studies)]
        found = np.array([one for one in drawn if one is not None])
        if len(found) == 0:
            continue
        effect = found.mean(1)
        shown = sign_flip(found, rng) < LEVEL
        low, high = np.quantile(effect, [0.025, 0.975])
        rows.append(
            about
            | {
                "polymers": polymers,
                "power": float((shown & (effect < 0)).mean()),
                "reverse": float((shown & (effect > 0)).mean()),
                "effect": float(effect.mean()),
                "low": float(low),
                "high": float(high),
                "studies": len(found),
            }
        )
    return rows


def _study(difference: np.ndarray, polymers: int, rng) -> np.ndarray | None:
    """Differences (polymers,) of one study; None if its draw did not test that many."""
    one = difference[rng.integers(len(difference))]
    known = one[np.isfinite(one)]
    return rng.choice(known, polymers, replace=False) if len(known) >= polymers else None


def sign_flip(studies: np.ndarray, rng) -> np.ndarray:
    """Two-sided p (S,) of studies (S, n): all patterns of signs if n is small, else random ones."""
    n = studies.shape[1]
    if n <= EXACT:
        signs = 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    else:
        signs = np.vstack([np.ones(n), rng.choice([-1.0, 1.0], size=(999, n))])
    flipped = np.abs(studies @ signs.T)  # (S, patterns)
    return (flipped >= np.abs(studies.sum(1, keepdims=True)) * (1 - 1e-12)).mean(1)


def worth_rows(
    about: dict, labels: list[int], better: np.ndarray, worse: np.ndarray, clusters: Clusters
) -> list[dict]:
    """Labels that the language model needs for the error of phase 1: rows of ``worth``.

    ``better`` and ``worse`` (L, P) are errors by polymer of phase 1 and of the language model at
    each number of labels. ``factor`` is the number of labels at which the curve of the language
    model, made monotone and read on a logarithmic axis, has the error that phase 1 has at
    ``labels``, over that number; ``low`` and ``high`` are its 95 % over clusters. Beyond either end
    of the curve the end is given: ``beyond`` is the share of the resamples in which that is so.
    """
    ours, theirs = (np.array([clusters.means(row) for row in rows]) for rows in (better, worse))
    point = equivalent(labels, np.nanmean(worse, axis=1), np.nanmean(better, axis=1))
    drawn = np.array(
        [equivalent(labels, a, b) for a, b in zip(theirs.T, ours.T, strict=True)]
    )  # (B, L)
    rows = []
    for i, n in enumerate(labels):
        low, high = np.quantile(drawn[:, i] / n, [0.025, 0.975])
        ends = np.isclose(drawn[:, i, None], (labels[0], labels[-1])).any(1)
        row = {"labels": n, "equivalent_labels": float(point[i]), "factor": float(point[i] / n)}
        row |= {"low": float(low), "high": float(high), "beyond": float(ends.mean())}
        rows.append(about | row)
    return rows


def equivalent(labels: list[int], curve: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Numbers of labels (L,) at which a learning curve (L,) reaches errors (L,)."""
    falling = np.minimum.accumulate(curve)
    # np.interp wants a rising axis: minus the error rises with the labels.
    rising = -falling + 1e-12 * np.arange(len(labels)) * np.abs(falling).max()
    return np.exp(np.interp(-errors, rising, np.log(labels)))
