"""Coordinates in which no answer about a cone test can be impossible, whatever their values.

    ln t_ig,  ln pHRR,  logit (THR / heat of complete combustion),  ln (t_peak - t_ig)

A peak comes after ignition, and no slab releases more heat than it holds. Physics, networks and
corrections speak these; what is printed are the `trinity.quantities.TARGETS` that they mean.
"""

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import expit, logit

from trinity.chemistry.properties import Estimate

#: Shares of complete combustion that a label may have: a measured one can be above 1, for the
#: density and the heat of combustion that it is divided by are estimates.
SHARES = (0.01, 0.98)
SHORTEST_DELAY_S = 1.0
#: Near the bounds a logarithm's width becomes at most so much wider a coordinate's: four times.
LEAST_SLOPE = 0.25
#: Beyond these logits the share is 0 or 1 in print.
LOGITS = (-9.0, 9.0)
#: Heat fluxes [kW/m2] at which tests are answered; in between ln flux is interpolated linearly.
FLUXES_KW_M2 = np.array([5, 8, 11, 14, 17, 20, 24, 29, 36, 46, 60, 80, 110, 150, 200], float)


def complete_heat(estimate: Estimate) -> float:
    """Net heat of complete combustion of a slab [MJ/m2 per mm], by its estimated properties."""
    heat = estimate["heat_of_combustion_j_kg"].value
    return 1e-9 * estimate["density_kg_m3"].value * heat


def to_coordinates(targets: np.ndarray, complete: np.ndarray) -> np.ndarray:
    """Coordinates (..., 4) of `TARGETS` (..., 4), NaN where one that is needed is missing;
    ``complete`` (...) is the heat of complete combustion [MJ/m2]."""
    t_ig, peak, heat, t_peak = np.moveaxis(np.asarray(targets, float), -1, 0)
    share = np.clip(heat / complete, *SHARES)
    delay = np.maximum(t_peak - t_ig, SHORTEST_DELAY_S)
    return np.stack([np.log(t_ig), np.log(peak), logit(share), np.log(delay)], axis=-1)


def to_targets(coordinates: np.ndarray, complete: np.ndarray) -> np.ndarray:
    """`TARGETS` (..., 4) that coordinates (..., 4) mean."""
    t_ig, peak, share, delay = np.moveaxis(np.asarray(coordinates, float), -1, 0)
    heat = complete * expit(np.clip(share, *LOGITS))
    return np.stack([np.exp(t_ig), np.exp(peak), heat, np.exp(t_ig) + np.exp(delay)], axis=-1)


def to_intervals(ends: np.ndarray, complete: np.ndarray) -> np.ndarray:
    """`TARGETS` (3, ..., 4), mean and both ends, of coordinates (3, ..., 4).

    The ends of the time of the peak are those of ignition and of the delay, one error independent
    of the other: added in quadrature on either side, which keeps the peak after ignition.
    """
    found = to_targets(ends, complete)
    t_ig, delay = found[..., 0], found[..., 3] - found[..., 0]
    for end, sign in ((1, -1.0), (2, 1.0)):
        off = np.hypot(t_ig[end] - t_ig[0], delay[end] - delay[0])
        found[end, ..., 3] = found[0, ..., 3] + sign * off
    return found


def slopes(coordinates: np.ndarray, complete: np.ndarray) -> np.ndarray:
    """Derivatives (..., 4) by which standard deviations of the coordinates (..., 4) become those of
    the logarithms of `TARGETS`; of the peak's time that of the delay's own part."""
    targets = to_targets(coordinates, complete)
    found = np.ones_like(targets)
    found[..., 2] = 1.0 - targets[..., 2] / np.asarray(complete)
    found[..., 3] = 1.0 - targets[..., 0] / targets[..., 3]
    return found


def to_logs(
    mean: np.ndarray, sigma: np.ndarray, complete: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of ln `TARGETS` (..., 4), to first order, from those of the
    coordinates."""
    by, targets = slopes(mean, complete), to_targets(mean, complete)
    spread = by * sigma
    ignition = targets[..., 0] / targets[..., 3] * sigma[..., 0]
    spread[..., 3] = np.hypot(spread[..., 3], ignition)
    return np.log(targets), spread


def from_logs(
    mean: np.ndarray, sigma: np.ndarray, complete: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates and their standard deviations (..., 4) of what says ln `TARGETS`, as networks of
    an earlier release do; what they say beyond the bounds is moved to the bounds. A peak comes by
    5 % of its time after ignition at least."""
    targets = np.exp(np.asarray(mean, float))
    targets[..., 3] = np.maximum(targets[..., 3], targets[..., 0] / 0.95)
    found = to_coordinates(targets, complete)
    return found, sigma / np.maximum(slopes(found, complete), LEAST_SLOPE)


def monotone(values: np.ndarray, increasing: bool) -> np.ndarray:
    """The nearest values (..., F) that rise, or fall, along the last axis (isotonic regression).

    It keeps an order between two sets of values, such as the ends of an interval.
    """
    found = np.array(values, float)
    steps = np.diff(found, axis=-1) * (1.0 if increasing else -1.0)
    for place in np.argwhere((steps < 0).any(axis=-1)):
        row = found[tuple(place)]
        found[tuple(place)] = isotonic_regression(row, increasing=increasing).x
    return found


def between(values: np.ndarray, row_of: np.ndarray, flux_kw_m2: np.ndarray) -> np.ndarray:
    """Values (R, ...) at heat fluxes (R,) from those at `FLUXES_KW_M2`, (G, F, ...): of the row
    ``row_of`` (R,) each, linear in ln flux."""
    place = np.interp(np.log(flux_kw_m2), np.log(FLUXES_KW_M2), np.arange(len(FLUXES_KW_M2)))
    low = np.minimum(place.astype(int), len(FLUXES_KW_M2) - 2)
    part = (place - low).reshape(-1, *[1] * (values.ndim - 2))
    return (1 - part) * values[row_of, low] + part * values[row_of, low + 1]
