"""Smoke of a flaming polymer from its soot yield, with an interval; carbon monoxide is not given.

Not validated here: the cone tests of this project hold no smoke measurement.
"""

import numpy as np

from trinity.chemistry import properties
from trinity.cone.predict import LEVEL

# Specific extinction coefficient of flame-generated smoke at 633 nm [m2/kg], mean and 95 % expanded
# uncertainty over 29 fuels (Mulholland & Croarkin, Fire and Materials 24 (2000) 227).
EXTINCTION_M2_KG = (8700.0, 1100.0)
NOTE = "not validated here: no smoke measurement in the data; CO is not given"


def specific_extinction_area(
    polymer: str | list[tuple[str, float]], samples: int = 100, seed: int = 0
) -> dict[str, float | str]:
    r"""Specific extinction area of the fuel that burns in a flame [m2 per kg lost].

    :math:`\mathrm{SEA} = \sigma_s\,Y_s`: light that a kilogram of soot stops, times the soot that a
    kilogram of fuel makes. The soot yield is the prior of `properties.estimate`, wide (50 %) and
    for a well-ventilated flame; both factors are drawn within their errors.

    Returns
    -------
    dict
        ``sea_m2_kg``, ``sea_m2_kg_lo`` and ``sea_m2_kg_hi`` (central 90 %), ``smoke_note``.

    Raises
    ------
    InputError
        If the polymer cannot be used.
    """
    estimate = properties.estimate(polymer)
    drawn = properties.sample_parameters(estimate, samples, np.random.default_rng(seed))
    mean, expanded = EXTINCTION_M2_KG
    # A generator of its own: the draws of the other properties stay what they are without smoke.
    sigma_s = mean + 0.5 * expanded * np.random.default_rng([seed, 1]).standard_normal(samples)
    low, high = np.quantile(sigma_s * drawn["soot_yield"], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return {
        "sea_m2_kg": mean * estimate["soot_yield"].value,
        "sea_m2_kg_lo": float(low),
        "sea_m2_kg_hi": float(high),
        "smoke_note": NOTE,
    }
