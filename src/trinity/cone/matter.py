"""The slab's matter: components, ramps, reactions. Compiled; SI units throughout."""

from collections import namedtuple

import numpy as np

from trinity.cone.jit import kernel
from trinity.quantities import GAS_CONSTANT_J_MOL_K as R

Matter = namedtuple(
    "Matter",
    [
        "rho",  # (C,) density [kg/m3]
        "eps",  # (C,) emissivity
        "kappa",  # (C,) absorption coefficient [1/m]
        "index",  # (C, 4) first row and length of the k ramp, then of the c ramp
        "ramp",  # (P, 3) temperature [K], value, its integral from 0 K
        "w0",  # (C,) initial mass fractions
    ],
)
Chemistry = namedtuple(
    "Chemistry",
    [
        "reactant",  # (J,) component index; reactions are listed upstream first
        "product",  # (J,) component index, -1 for none
        "A",  # (J,) pre-exponential factor [1/s]
        "E",  # (J,) activation energy [J/mol]
        "y",  # (J,) kg of solid product per kg of reactant
        "dh",  # (J,) heat of reaction [J per kg of reactant], > 0 endothermic
        "hc",  # (J,) heat of combustion of the gas [J/kg]
        "T_on",  # (J,) below it the rate is zero or negligible [K]
    ],
)


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
def ramp_value(ramp, first, length, T):
    """Piecewise-linear property at ``T``, constant outside the ramp."""
    if length == 1 or T <= ramp[first, 0]:
        return ramp[first, 1]
    last = first + length - 1
    if T >= ramp[last, 0]:
        return ramp[last, 1]
    j = first + 1
    while T > ramp[j, 0]:
        j += 1
    slope = (ramp[j, 1] - ramp[j - 1, 1]) / (ramp[j, 0] - ramp[j - 1, 0])
    return ramp[j - 1, 1] + slope * (T - ramp[j - 1, 0])


@kernel
def ramp_integral(ramp, first, length, T):
    r"""Integral of a ramp from 0 K to ``T``: enthalpy :math:`h=\int c\,dT` [J/kg]."""
    if length == 1 or T <= ramp[first, 0]:
        return ramp[first, 1] * T
    last = first + length - 1
    if T >= ramp[last, 0]:
        return ramp[last, 2] + ramp[last, 1] * (T - ramp[last, 0])
    j = first + 1
    while T > ramp[j, 0]:
        j += 1
    u = T - ramp[j - 1, 0]
    slope = (ramp[j, 1] - ramp[j - 1, 1]) / (ramp[j, 0] - ramp[j - 1, 0])
    return ramp[j - 1, 2] + u * (ramp[j - 1, 1] + 0.5 * slope * u)


@kernel
def specific_heat(matter, c, T):
    """Specific heat of component ``c`` [J/kg/K]."""
    return ramp_value(matter.ramp, matter.index[c, 2], matter.index[c, 3], T)


@kernel
def enthalpy(matter, c, T):
    """Sensible enthalpy of component ``c`` above 0 K [J/kg]."""
    return ramp_integral(matter.ramp, matter.index[c, 2], matter.index[c, 3], T)


@kernel
def cell_enthalpy(matter, m, T):
    """Enthalpy of one cell with component masses ``m`` [J/m2]."""
    total = 0.0
    for c in range(m.size):
        if m[c] > 0.0:
            total += m[c] * enthalpy(matter, c, T)
    return total


@kernel
def cell_temperature(matter, m, H, T):
    """Temperature at which component masses ``m`` hold the enthalpy ``H``; Newton from ``T``."""
    for _ in range(20):
        C = 0.0
        for c in range(m.size):
            C += m[c] * specific_heat(matter, c, T)
        change = (H - cell_enthalpy(matter, m, T)) / C
        T += change
        if abs(change) < 1e-9:
            break
    return T


@kernel
def layout(matter, m, T, n, dx, k):
    """Thickness [m] and conductivity [W/m/K] of ``n`` cells; k weighted by volume."""
    rho, index, ramp = matter.rho, matter.index, matter.ramp
    for i in range(n):
        volume = 0.0
        conducts = 0.0
        for c in range(rho.size):
            if m[i, c] > 0.0:
                v = m[i, c] / rho[c]
                volume += v
                conducts += v * ramp_value(ramp, index[c, 0], index[c, 1], T[i])
        dx[i] = volume
        k[i] = conducts / volume


@kernel
def volume_mean(matter, m, i, values):
    """Volume-weighted mean of a component property in cell ``i``."""
    volume = 0.0
    total = 0.0
    for c in range(values.size):
        v = m[i, c] / matter.rho[c]
        volume += v
        total += v * values[c]
    return total / volume


@kernel
def react(chemistry, m0, T, n, tau, Z, m1, K, Q, dQ):
    r"""First-order serial reactions in ``n`` cells over a (sub)step.

    With the integrated rate constant :math:`z=Z+\tau A e^{-E/RT}`, a reactant loses
    :math:`\xi=m_0(1-e^{-z})` plus, of what arrived during the step at a steady pace, the part
    :math:`1-(1-e^{-z})/z`. Masses stay positive and mass is conserved for any step.

    Returns through arrays: ``m1`` masses [kg/m2], ``K`` rate constants [1/s], ``Q`` heat taken by
    the reactions [J/m2] and its slope ``dQ`` in temperature [J/m2/K].
    """
    A, E, y, dh, T_on = chemistry.A, chemistry.E, chemistry.y, chemistry.dh, chemistry.T_on
    reactant, product = chemistry.reactant, chemistry.product
    for i in range(n):
        Q[i] = 0.0
        dQ[i] = 0.0
        for c in range(m0.shape[1]):
            m1[i, c] = m0[i, c]
        for j in range(A.size):
            K[i, j] = 0.0
            a = reactant[j]
            if m1[i, a] == 0.0:
                continue
            z, x = Z[i, j], 0.0
            if T[i] > T_on[j]:
                x = E[j] / (R * T[i])
                K[i, j] = A[j] * decay(x)
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
            if product[j] >= 0:
                m1[i, product[j]] += y[j] * xi
            Q[i] += dh[j] * xi
            dQ[i] += dh[j] * m0[i, a] * kept * tau * K[i, j] * x / T[i]


@kernel
def gas_release(chemistry, m, K, n):
    """Mass flux of gas [kg/m2/s] and the heat of its combustion [W/m2] at this instant."""
    flux = 0.0
    heat = 0.0
    reactant, y, hc = chemistry.reactant, chemistry.y, chemistry.hc
    for i in range(n):
        for j in range(y.size):
            if K[i, j] > 0.0:
                rate = (1.0 - y[j]) * K[i, j] * m[i, reactant[j]]
                flux += rate
                heat += rate * hc[j]
    return flux, heat
