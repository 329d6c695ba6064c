"""Matter of the slab: properties, enthalpy, reactions. Compiled; SI units throughout."""

import numpy as np

from trinity.cone.jit import kernel
from trinity.quantities import GAS_CONSTANT_J_MOL_K as R

_WHOLE = np.ldexp(1.0, -np.arange(1070))
_PART = 2.0 ** (-np.arange(32) / 32.0)


@kernel
def decay(z):
    r""":math:`e^{-z}` for ``z`` >= 0 with a relative error below 1e-14.

    :math:`e^{-z}=2^{-a}\,2^{-b/32}\,e^{r}` with two tables and a polynomial in :math:`|r|<0.011`.
    """
    if z > 700.0:
        return 0.0
    n = int(z * 46.16624130844683 + 0.5)  # 32 / ln 2
    r = n * 0.02166084939249829 - z
    p = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0)))))
    return _WHOLE[n >> 5] * _PART[n & 31] * p


@kernel
def ramp(points, first, length, T):
    """A piecewise-linear property at ``T``, constant outside, and its integral from 0 K."""
    low, high = points[first], points[first + length - 1]
    if length == 1 or T <= low.at:
        return low.value, low.value * T
    if T >= high.at:
        return high.value, high.integral + high.value * (T - high.at)
    j = first + 1
    while T > points[j].at:
        j += 1
    low, high = points[j - 1], points[j]
    u = T - low.at
    slope = (high.value - low.value) / (high.at - low.at)
    return low.value + slope * u, low.integral + u * (low.value + 0.5 * slope * u)


@kernel
def conductivity(slab, c, T):
    """Conductivity of component ``c`` [W/m/K]."""
    component = slab.components[c]
    return ramp(slab.ramps, component.k_first, component.k_length, T)[0]


@kernel
def heat(slab, c, T):
    r"""Specific heat c of a component [J/kg/K] and its enthalpy :math:`h=\int c\,dT` [J/kg]."""
    component = slab.components[c]
    return ramp(slab.ramps, component.c_first, component.c_length, T)


@kernel
def cell_heat(slab, m, T):
    """Heat capacity [J/m2/K] and enthalpy [J/m2] of one cell with component masses ``m``."""
    capacity, total = 0.0, 0.0
    for c in range(m.size):
        if m[c] > 0.0:
            specific, enthalpy = heat(slab, c, T)
            capacity += m[c] * specific
            total += m[c] * enthalpy
    return capacity, total


@kernel
def cell_temperature(slab, m, H, T):
    """Temperature at which component masses ``m`` hold the enthalpy ``H``; Newton from ``T``."""
    for _ in range(20):
        capacity, held = cell_heat(slab, m, T)
        change = (H - held) / capacity
        T += change
        if abs(change) < 1e-9:
            break
    return T


@kernel
def layout(slab, m, T, n, dx, k):
    """Thickness [m] and conductivity [W/m/K] of ``n`` cells; k weighted by volume."""
    for i in range(n):
        volume, conducts = 0.0, 0.0
        for c in range(m.shape[1]):
            if m[i, c] > 0.0:
                v = m[i, c] / slab.components[c].rho
                volume += v
                conducts += v * conductivity(slab, c, T[i])
        dx[i] = volume
        k[i] = conducts / volume


@kernel
def volume_mean(slab, m, i, values):
    """Volume-weighted mean of a component property (C,) in cell ``i``."""
    volume, total = 0.0, 0.0
    for c in range(values.size):
        v = m[i, c] / slab.components[c].rho
        volume += v
        total += v * values[c]
    return total / volume


@kernel
def react(reactions, m0, n, tau, w):
    r"""First-order serial reactions in ``n`` cells over a (sub)step, at temperatures ``w.T1``.

    With the integrated rate constant :math:`z=Z+\tau A e^{-E/RT}`, a reactant loses
    :math:`\xi=m_0(1-e^{-z})` plus, of what arrived during the step at a steady pace, the part
    :math:`1-(1-e^{-z})/z`. Masses stay positive and mass is conserved for any step.

    Fills the masses ``w.m1``, rate constants ``w.K``, heat taken ``w.Q`` and its slope ``w.dQ``.
    """
    T, m1, K, Z, Q, dQ = w.T1, w.m1, w.K, w.Z, w.Q, w.dQ
    for i in range(n):
        Q[i] = 0.0
        dQ[i] = 0.0
        for c in range(m0.shape[1]):
            m1[i, c] = m0[i, c]
        for j in range(reactions.size):
            reaction = reactions[j]
            a = reaction.reactant
            K[i, j] = 0.0
            if m1[i, a] == 0.0:
                continue
            z, x = Z[i, j], 0.0
            if T[i] > reaction.T_on:
                x = reaction.E / (R * T[i])
                K[i, j] = reaction.A * decay(x)
                z += tau * K[i, j]
            if z == 0.0:
                continue
            kept = decay(z)
            arrived = m1[i, a] - m0[i, a]
            xi = m0[i, a] * (1.0 - kept)
            m1[i, a] = m0[i, a] * kept
            if arrived > 0.0:
                share = 0.5 * z if z < 1e-6 else 1.0 - (1.0 - kept) / z
                xi += arrived * share
                m1[i, a] += arrived * (1.0 - share)
            if reaction.product >= 0:
                m1[i, reaction.product] += reaction.y * xi
            Q[i] += reaction.dh * xi
            dQ[i] += reaction.dh * m0[i, a] * kept * tau * K[i, j] * x / T[i]


@kernel
def gas_release(reactions, m, K, n):
    """Mass flux of gas [kg/m2/s] and the heat of its combustion [W/m2] at this instant."""
    flux, burning = 0.0, 0.0
    for i in range(n):
        for j in range(reactions.size):
            if K[i, j] > 0.0:
                reaction = reactions[j]
                rate = (1.0 - reaction.y) * K[i, j] * m[i, reaction.reactant]
                flux += rate
                burning += rate * reaction.hc
    return flux, burning
