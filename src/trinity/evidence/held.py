"""Held-out predictions: what models predict of measured tests that they did not learn from.

Tests are numbered as in the table of measurements (``test_id``); everything is in
natural logarithms until it becomes a row of ``lopo.json``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from trinity.learning.intervals import LEAST_SIGMA, mixture
from trinity.measurements.specimens import load_measurements
from trinity.quantities import TARGETS

GIVEN = ("polymer", "lab", "flux_kw_m2", "thickness_mm")


@lru_cache(maxsize=1)
def measurements() -> pd.DataFrame:
    """The measured tests with their groups, by ``test_id``; not to be changed."""
    return load_measurements().set_index("test_id", drop=False).rename_axis(None)


@lru_cache(maxsize=1)
def _log_targets() -> pd.DataFrame:
    return np.log(measurements()[list(TARGETS)].astype(float))


def log_targets(tests: np.ndarray) -> np.ndarray:
    """Logarithms (T, 4) of what was measured in tests (T,); NaN where there is no label."""
    return _log_targets().loc[tests].to_numpy()


@lru_cache(maxsize=1)
def measured_with_physics():
    """The measured tests as a `TestTable`, with the physics at blind nominal properties."""
    from trinity.learning.data import tests_of

    return tests_of(measurements()).with_physics()


@dataclass
class Held:
    """Predictions of T tests by C configurations, logarithms in the order of `TARGETS`."""

    tests: np.ndarray  # (T,) test_id
    mean: np.ndarray  # (C, T, 4)
    sigma: np.ndarray  # (C, T, 4)
    lo: np.ndarray | None = None  # (1, T, 4) ends of an interval of its own, where it has one
    hi: np.ndarray | None = None
    factors: np.ndarray | None = None  # (4,) of its intervals, where they are known with it

    @property
    def error(self) -> np.ndarray:
        """|ln(predicted / measured)| (C, T, 4)."""
        return np.abs(self.mean - log_targets(self.tests))

    def of(self, groups: Iterable[str]) -> "Held":
        """The part about some of the ten groups."""
        keep = measurements()["group_ten"].loc[self.tests].isin(list(groups)).to_numpy()
        arrays = {
            name: values[:, keep]
            for name in ("mean", "sigma", "lo", "hi")
            if (values := getattr(self, name)) is not None
        }
        return replace(self, tests=self.tests[keep], **arrays)

    def averaged(self, places: list[int] | None = None) -> "Held":
        """Some configurations, or all, averaged with equal weights: C becomes 1."""
        chosen = slice(None) if places is None else places
        mean, sigma = mixture(self.mean[chosen], self.sigma[chosen])
        return replace(self, mean=mean[None], sigma=sigma[None])

    def rows(self, about: dict, factors: Iterable[float]) -> list[dict]:
        """Rows of ``lopo.json`` in physical units, one per test and target with a label.

        Parameters
        ----------
        about
            What all rows share: ``arm``, ``seed``, ``fold`` and so on.
        factors
            On sigma, of the four targets; where physics has an interval of its own, that counts.
        """
        one = self.averaged()
        half = np.maximum(one.sigma, LEAST_SIGMA) * np.asarray(factors)
        lo = one.mean - half if self.lo is None else self.lo
        hi = one.mean + half if self.hi is None else self.hi
        measured = log_targets(self.tests)
        values = np.exp(np.stack([measured, one.mean[0], lo[0], hi[0]], axis=-1))  # (T, 4, 4)
        given = measurements()[list(GIVEN)].loc[self.tests].to_dict("records")
        return [
            {
                **about,
                "test_id": int(self.tests[i]),
                "target": TARGETS[column],
                **dict(zip(("measured", "predicted", "lo", "hi"), map(_short, values[i, column]),
                           strict=True)),
                **given[i],
            }
            for i, column in np.argwhere(np.isfinite(measured))
        ]  # fmt: skip


def _short(value: float) -> float:
    """Five digits: more would be noise and megabytes."""
    return float(f"{value:.5g}")
