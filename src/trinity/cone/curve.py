"""Numbers from a heat-release curve: the bare event, and what a cone calorimeter would report.

Two readings of one simulated test are kept apart. The *bare* one (`bare_scalars`) takes the events
of the solver as they are. The *rule* (`rule_scalars`) is how the measurements in
``data/cone_measurements.csv`` were reduced, applied after a first-order lag of the instrument.
"""

from math import exp

import numpy as np

from trinity.cone.jit import kernel

LAG_S = 3.0  # first-order lag of gas sampling and analysis that is left after calibration [s]
GRID_S = 0.5  # the rule's time grid [s]
THRESHOLD_W_M2 = 24000.0  # ignition: above it ...
SUSTAINED_S = 10.0  # ... for this long

BARE = (
    "peak_mass_loss_rate_kg_m2_s",
    "time_to_1_g_m2_s",
    "time_to_2_g_m2_s",
    "time_to_3_g_m2_s",
    "surface_temperature_at_1_g_m2_s_k",
    "time_to_half_of_volatiles_s",
    "time_to_90_percent_of_volatiles_s",
    "mass_lost_kg_m2",
    "t_ig_s",
    "phrr_kw_m2",
    "t_peak_s",
    "thr_mj_m2",
    "mean_hrr_60s_kw_m2",
    "mean_hrr_180s_kw_m2",
    "mean_hrr_300s_kw_m2",
    "ehc_mj_kg",
    "residue_fraction",
    "figra_kw_m2_s",
    "marhe_kw_m2",
)
RULE = ("t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2", "mean_hrr_180s_kw_m2")


@kernel
def crossing(record, rows, column, level):
    """First upward crossing of ``level``: time and surface temperature, linear in between."""
    for i in range(1, rows):
        low, high = record[i - 1, column], record[i, column]
        if low < level <= high:
            u = (level - low) / (high - low)
            t = record[i - 1, 0] + u * (record[i, 0] - record[i - 1, 0])
            return t, record[i - 1, 3] + u * (record[i, 3] - record[i - 1, 3])
    return np.nan, np.nan


@kernel
def value_at(record, rows, column, t):
    """Linear interpolation of a column at ``t``; the last value after the end."""
    if t >= record[rows - 1, 0]:
        return record[rows - 1, column]
    i = 1
    while record[i, 0] < t:
        i += 1
    span = record[i, 0] - record[i - 1, 0]
    u = 1.0 if span == 0.0 else (t - record[i - 1, 0]) / span
    return record[i - 1, column] + u * (record[i, column] - record[i - 1, column])


@kernel
def peak(record, rows, column, limit):
    """Largest value of a column, and its time, while the mass lost is below ``limit``."""
    best, when = 0.0, np.nan
    for i in range(rows):
        value, t = record[i, column], record[i, 0]
        if record[i, 4] >= limit and i > 0:
            u = (limit - record[i - 1, 4]) / max(record[i, 4] - record[i - 1, 4], 1e-30)
            value = record[i - 1, column] + u * (value - record[i - 1, column])
            t = record[i - 1, 0] + u * (t - record[i - 1, 0])
        if value > best:
            best, when = value, t
        if record[i, 4] >= limit:
            break
    return best, when


@kernel
def growth(record, rows):
    """FIGRA, max of HRR/t [W/m2/s], and MARHE, max of the mean HRR since the start [W/m2]."""
    figra, marhe = 0.0, 0.0
    for i in range(1, rows):
        t = record[i, 0]
        figra = max(figra, record[i, 2] / t)
        marhe = max(marhe, record[i, 5] / t)
    return figra, marhe


@kernel
def bare_scalars(record, rows, t_ig, volatiles, mass, fuel, out):
    """Fill ``out`` (in the order of `BARE`) from the record of one run; NaN where not reached.

    The peaks are taken while less than 98 % of the volatiles have left: what follows is a
    burn-out transient that depends on the grid.
    """
    out[:] = np.nan
    limit = 0.98 * volatiles if volatiles > 0.0 else np.inf
    lost = record[rows - 1, 4]
    out[0], _ = peak(record, rows, 1, limit)
    out[1], out[4] = crossing(record, rows, 1, 1e-3)
    out[2], _ = crossing(record, rows, 1, 2e-3)
    out[3], _ = crossing(record, rows, 1, 3e-3)
    if volatiles > 0.0:
        out[5], _ = crossing(record, rows, 4, 0.5 * volatiles)
        out[6], _ = crossing(record, rows, 4, 0.9 * volatiles)
    out[7] = lost
    out[16] = 1.0 - lost / mass
    if t_ig >= 0.0:
        out[8] = t_ig
    if not fuel or t_ig < 0.0:
        return
    phrr, out[10] = peak(record, rows, 2, limit)
    out[9] = 1e-3 * phrr
    out[11] = 1e-6 * record[rows - 1, 5]
    for j, span in enumerate((60.0, 180.0, 300.0)):
        out[12 + j] = 1e-3 * value_at(record, rows, 5, t_ig + span) / span
    since = lost - value_at(record, rows, 4, t_ig)
    if since > 0.0:
        out[15] = out[11] / since
    figra, marhe = growth(record, rows)
    out[17], out[18] = 1e-3 * figra, 1e-3 * marhe


@kernel
def lagged(time, hrr, rows, after, lag, curve):
    r"""Curve on the rule's grid behind a first-order lag, :math:`\dot y=(x-y)/\tau`.

    Exact for an input that is constant over a grid step. ``after`` seconds of zero input follow
    the last row, so that the instrument can fall. Returns the number of points.
    """
    n = min(int((time[rows - 1] + after) / GRID_S) + 1, curve.size)
    keep = exp(-GRID_S / lag) if lag > 0.0 else 0.0
    y, before, i = 0.0, hrr[0], 1
    for step in range(n):
        t = step * GRID_S
        while i < rows - 1 and time[i] < t:
            i += 1
        x = 0.0
        if t <= time[rows - 1]:
            span = time[i] - time[i - 1]
            u = 1.0 if span == 0.0 else (t - time[i - 1]) / span
            x = hrr[i - 1] + u * (hrr[i] - hrr[i - 1])
        y = x if lag <= 0.0 else keep * y + (1.0 - keep) * 0.5 * (x + before)
        before = x
        curve[step] = y
    return n


@kernel
def sustained(curve, n):
    """First grid point that is above the threshold and stays there for 10 s; -1 if none."""
    need = int(SUSTAINED_S / GRID_S)
    above = 0
    for i in range(n):
        above = above + 1 if curve[i] > THRESHOLD_W_M2 else 0
        if above > need:
            return i - need
    return -1


@kernel
def reduce_curve(curve, n, out):
    """The rule on a curve on its grid: fill ``out`` in the order of `RULE`; NaN if no ignition.

    Peak after a centred moving average of 11 points (5 s), total from the positive part.
    """
    out[:] = np.nan
    start = sustained(curve, n)
    if start < 0:
        return
    total, first_180, best, when = 0.0, 0.0, 0.0, 0
    for i in range(n):
        lo, hi = max(i - 5, 0), min(i + 6, n)
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
    out[0], out[1], out[2] = start * GRID_S, 1e-3 * best, when * GRID_S
    out[3], out[4] = 1e-6 * total, 1e-3 * first_180 / 180.0


def rule_scalars(time_s, hrr_w_m2, lag_s: float = LAG_S, after_s: float = 0.0) -> dict[str, float]:
    """Reduce one heat-release curve as the measurements were reduced (``data/README.md``).

    Parameters
    ----------
    time_s, hrr_w_m2 : array_like, shape (n,)
        Curve; times must not decrease.
    lag_s : float
        First-order lag of the instrument; 0 for a curve that was measured.
    after_s : float
        Seconds of zero heat release after the last point (a specimen that has burnt out).

    Returns
    -------
    dict
        ``t_ig_s``, ``phrr_kw_m2``, ``t_peak_s``, ``thr_mj_m2``, ``mean_hrr_180s_kw_m2``; NaN
        when the curve never stays above 24 kW/m2 for 10 s.
    """
    time, hrr = np.asarray(time_s, float), np.asarray(hrr_w_m2, float)
    curve = np.empty(int((time[-1] + after_s) / GRID_S) + 1)
    out = np.empty(len(RULE))
    n = lagged(time, hrr, len(time), after_s, lag_s, curve)
    reduce_curve(curve, n, out)
    return dict(zip(RULE, out.tolist(), strict=True))
