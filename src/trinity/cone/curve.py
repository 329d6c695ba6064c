"""Numbers from a heat-release curve: the bare event, and what a cone calorimeter would report.

Two readings of one simulated test are kept apart. The *bare* one (`read_bare`) takes the events
of the solver as they are. The *rule* (`scalars_of`) is how the measurements
(``data/measurements/README.md``) were reduced, behind a first-order lag of the instrument.
"""

from math import exp
from typing import NamedTuple

import numpy as np

from trinity.cone.jit import kernel
from trinity.cone.slab import blank

LAG_S = 3.0  # first-order lag of gas sampling and analysis that is left after calibration [s]
GRID_S = 0.5  # the rule's time grid [s]
THRESHOLD_W_M2 = 24000.0  # ignition: above it ...
SUSTAINED_S = 10.0  # ... for this long
HALF = 5  # points of the grid to both sides of a peak that it is a mean over: 5 s


class Bare(NamedTuple):
    """Scalars of a simulated test; a new one needs a line here and one in `read_bare`.

    With the heat release rate q [W/m2], the mass flux m [kg/m2/s] and the time t [s].
    """

    peak_mass_loss_rate_kg_m2_s: float
    time_to_1_g_m2_s: float
    time_to_2_g_m2_s: float
    time_to_3_g_m2_s: float
    surface_temperature_at_1_g_m2_s_k: float
    time_to_half_of_volatiles_s: float
    time_to_90_percent_of_volatiles_s: float
    mass_lost_kg_m2: float
    t_ig_s: float
    phrr_kw_m2: float
    t_peak_s: float
    thr_mj_m2: float  # integral of q from ignition on
    mean_hrr_60s_kw_m2: float  # means of q after ignition
    mean_hrr_180s_kw_m2: float
    mean_hrr_300s_kw_m2: float
    ehc_mj_kg: float  # thr over the mass lost from ignition on (ISO 5660-1)
    residue_fraction: float  # mass left over that at the start
    figra_kw_m2_s: float  # max q/t
    marhe_kw_m2: float  # maximum of the mean of q since the start


class Rule(NamedTuple):
    """Scalars that the measurements were reduced to."""

    t_ig_s: float
    phrr_kw_m2: float
    t_peak_s: float
    thr_mj_m2: float
    mean_hrr_180s_kw_m2: float


@kernel
def crossing(record, values, level):
    """First upward crossing of ``level``: time and surface temperature, linear in between."""
    for i in range(1, values.size):
        low, high = values[i - 1], values[i]
        if low < level <= high:
            u = (level - low) / (high - low)
            a, b = record[i - 1], record[i]
            t = a.time_s + u * (b.time_s - a.time_s)
            rise = b.surface_temperature_k - a.surface_temperature_k
            return t, a.surface_temperature_k + u * rise
    return np.nan, np.nan


@kernel
def value_at(time, values, t):
    """Linear interpolation of ``values`` at ``t``; the last value after the end."""
    if t >= time[time.size - 1]:
        return values[time.size - 1]
    i = 1
    while time[i] < t:
        i += 1
    span = time[i] - time[i - 1]
    u = 1.0 if span == 0.0 else (t - time[i - 1]) / span
    return values[i - 1] + u * (values[i] - values[i - 1])


@kernel
def peak(record, values, limit):
    """Largest of ``values``, and its time, while the mass lost is below ``limit``."""
    best, when = 0.0, np.nan
    time, lost = record.time_s, record.mass_lost_kg_m2
    for i in range(values.size):
        value, t = values[i], time[i]
        if lost[i] >= limit and i > 0:
            u = (limit - lost[i - 1]) / max(lost[i] - lost[i - 1], 1e-30)
            value = values[i - 1] + u * (value - values[i - 1])
            t = time[i - 1] + u * (t - time[i - 1])
        if value > best:
            best, when = value, t
        if lost[i] >= limit:
            break
    return best, when


@kernel
def read_bare(record, t_ig, setup, out):
    """Fill ``out``, a row of `Bare` that holds NaN, from the record (rows,) of one run.

    What is not reached stays NaN. The peaks are taken while less than 98 % of the volatiles have
    left: what follows is a burn-out transient that depends on the grid.
    """
    volatiles = setup.volatiles
    limit = 0.98 * volatiles if volatiles > 0.0 else np.inf
    time, flux, heat = record.time_s, record.mass_loss_rate_kg_m2_s, record.heat_released_j_m2
    lost = record[record.size - 1].mass_lost_kg_m2
    out.peak_mass_loss_rate_kg_m2_s, _ = peak(record, flux, limit)
    out.time_to_1_g_m2_s, out.surface_temperature_at_1_g_m2_s_k = crossing(record, flux, 1e-3)
    out.time_to_2_g_m2_s, _ = crossing(record, flux, 2e-3)
    out.time_to_3_g_m2_s, _ = crossing(record, flux, 3e-3)
    if volatiles > 0.0:
        masses = record.mass_lost_kg_m2
        out.time_to_half_of_volatiles_s, _ = crossing(record, masses, 0.5 * volatiles)
        out.time_to_90_percent_of_volatiles_s, _ = crossing(record, masses, 0.9 * volatiles)
    out.mass_lost_kg_m2 = lost
    out.residue_fraction = 1.0 - lost / setup.mass
    if t_ig < 0.0:
        return
    out.t_ig_s = t_ig
    if not setup.fuel:
        return
    phrr, out.t_peak_s = peak(record, record.hrr_w_m2, limit)
    out.phrr_kw_m2 = 1e-3 * phrr
    thr = 1e-6 * heat[heat.size - 1]
    out.thr_mj_m2 = thr
    out.mean_hrr_60s_kw_m2 = 1e-3 * value_at(time, heat, t_ig + 60.0) / 60.0
    out.mean_hrr_180s_kw_m2 = 1e-3 * value_at(time, heat, t_ig + 180.0) / 180.0
    out.mean_hrr_300s_kw_m2 = 1e-3 * value_at(time, heat, t_ig + 300.0) / 300.0
    since = lost - value_at(time, record.mass_lost_kg_m2, t_ig)
    if since > 0.0:
        out.ehc_mj_kg = thr / since
    out.figra_kw_m2_s = 1e-3 * (record.hrr_w_m2[1:] / time[1:]).max()
    out.marhe_kw_m2 = 1e-3 * (heat[1:] / time[1:]).max()


@kernel
def lagged(time, hrr, after, lag):
    r"""Curve on the rule's grid behind a first-order lag, :math:`\dot y=(x-y)/\tau`.

    Exact for an input that is constant over a grid step. ``after`` seconds of zero input follow
    the last row, so that the instrument can fall.
    """
    last = time.size - 1
    curve = np.empty(int((time[last] + after) / GRID_S) + 1)
    keep = exp(-GRID_S / lag) if lag > 0.0 else 0.0
    y, before, i = 0.0, hrr[0], 1
    for step in range(curve.size):
        t = step * GRID_S
        while i < last and time[i] < t:
            i += 1
        x = 0.0
        if t <= time[last]:
            span = time[i] - time[i - 1]
            u = 1.0 if span == 0.0 else (t - time[i - 1]) / span
            x = hrr[i - 1] + u * (hrr[i] - hrr[i - 1])
        y = x if lag <= 0.0 else keep * y + (1.0 - keep) * 0.5 * (x + before)
        before = x
        curve[step] = y
    return curve


@kernel
def sustained(curve):
    """First grid point that is above the threshold and stays there for 10 s; -1 if none."""
    need = int(SUSTAINED_S / GRID_S)
    above = 0
    for i in range(curve.size):
        above = above + 1 if curve[i] > THRESHOLD_W_M2 else 0
        if above > need:
            return i - need
    return -1


@kernel
def read_rule(curve, half, out):
    """The rule on a curve on its grid: fill ``out``, a row of `Rule`; NaN stays if no ignition.

    Peak after a centred moving average of ``half`` points to both sides, total from the positive
    part.
    """
    start = sustained(curve)
    if start < 0:
        return
    n = curve.size
    total, first_180, best, when = 0.0, 0.0, 0.0, 0
    for i in range(n):
        lo, hi = max(i - half, 0), min(i + half + 1, n)
        mean = 0.0
        for j in range(lo, hi):
            mean += curve[j]
        mean /= hi - lo
        if mean > best:
            best, when = mean, i
        if i > start:
            area = 0.5 * GRID_S * (max(curve[i], 0.0) + max(curve[i - 1], 0.0))
            total += area
            if (i - start) * GRID_S <= 180.0:
                first_180 += area
    out.t_ig_s, out.phrr_kw_m2, out.t_peak_s = start * GRID_S, 1e-3 * best, when * GRID_S
    out.thr_mj_m2, out.mean_hrr_180s_kw_m2 = 1e-6 * total, 1e-3 * first_180 / 180.0


def scalars_of(curve, half: int = HALF) -> Rule:
    """The rule on a curve (n,) [W/m2] every `GRID_S`; ``half`` = 0 leaves its peak unsmoothed."""
    out = blank(Rule, 1)
    read_rule(np.ascontiguousarray(curve, float), half, out[0])
    return Rule(*out[0].item())
