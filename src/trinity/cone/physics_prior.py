"""What physics alone says of many tests at once: the nominal cone test, as logarithms.

The same numbers as `trinity.cone.predict.predict`, without curves and intervals: properties are
estimated once a polymer and all tests burn in one batch.  A model may take them as an input, or
learn what they leave.  Needs no torch.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from trinity.chemistry import properties
from trinity.cone.curve import LAG_S
from trinity.cone.simulate import simulate_batch
from trinity.quantities import TARGETS

if TYPE_CHECKING:
    from trinity.learning.data import Components, TestTable

#: Draws within the errors of the properties, for a specimen that does not ignite nominally.
DRAWS = 60
SEED = 0


def nominal_physics(
    tests: "TestTable", draws: int = DRAWS, threads: int | None = None
) -> np.ndarray:
    """Natural logarithms of the targets (R, 4) that the cone model gives with nominal properties.

    Conditional on ignition, as the scores are: where the nominal specimen does not ignite, the
    median of the ``draws`` sampled ones that do stands in for it (the same draws every time), and
    NaN where none does.

    Parameters
    ----------
    tests
        Polymers as components with mass fractions, conditions in kW/m2 and mm; labels and
        laboratories are not looked at.
    draws
        0 leaves NaN where the nominal specimen does not ignite.
    threads
        Cores to use; all of the process's cores by default.
    """
    polymers = [tests.polymers[i] for i in tests.polymer_of]
    pairs = list(zip(polymers, tests.conditions.tolist(), strict=True))
    found = _burnt((_case(_nominal(polymer), 0, at) for polymer, at in pairs), threads)
    if draws:
        for row in np.flatnonzero(~np.isfinite(found).all(axis=1)):
            polymer, at = pairs[row]
            drawn = _drawn(polymer, draws)
            found[row] = _median(_burnt((_case(drawn, i, at) for i in range(draws)), threads))
    return np.log(found)


def _burnt(cases: Iterable[dict], threads: int | None) -> np.ndarray:
    """Targets (n, 4) of simulated tests; NaN where a specimen does not ignite."""
    result = simulate_batch(list(cases), lag_s=LAG_S, threads=threads)
    return np.stack([result[f"rule_{target}"] for target in TARGETS], axis=1)


def _median(sampled: np.ndarray) -> np.ndarray:
    """Median (4,) of the draws that ignite."""
    burning = sampled[np.isfinite(sampled).all(axis=1)]
    return np.median(burning, axis=0) if len(burning) else np.full(sampled.shape[1], np.nan)


def _case(parameters: dict[str, np.ndarray], i: int, conditions: list[float]) -> dict:
    return properties.to_case(parameters, i, *conditions)


@lru_cache(maxsize=65536)
def _nominal(polymer: "Components") -> dict[str, np.ndarray]:
    """Nominal parameters of a polymer, each (1,)."""
    return properties.sample_parameters(properties.estimate(list(polymer)), 1, None)


@lru_cache(maxsize=4096)
def _drawn(polymer: "Components", draws: int) -> dict[str, np.ndarray]:
    """Sampled parameters of a polymer, each (draws,), as `cone_test.predict` draws them."""
    rng = np.random.default_rng(SEED)
    return properties.sample_parameters(properties.estimate(list(polymer)), draws, rng)
