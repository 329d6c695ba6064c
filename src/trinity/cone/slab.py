"""Slabs as the solver sees them: named numbers of each case, many cases in a few tables; and their
matter, its properties, enthalpy and reactions, compiled.

Kernels and tests read ``table[i].field`` and ``table.field``, so a new number needs a line in its
class and no place in a list. SI units.
"""

from typing import NamedTuple

import numpy as np

from trinity.cone.jit import inlined, kernel
from trinity.quantities import GAS_CONSTANT_J_MOL_K as R


def columns(row: type) -> np.dtype:
    """The type of a table whose columns are the fields of a NamedTuple class of numbers."""
    return np.dtype(list(row.__annotations__.items()), align=True)


def table(row: type, rows: list) -> np.recarray:
    """A table of instances of a NamedTuple class with ``float``, ``int`` or ``bool`` fields."""
    return np.array(rows, columns(row)).view(np.recarray)


def blank(row: type, n: int) -> np.recarray:
    """A table of ``n`` rows to be filled; its class has ``float`` fields, which hold NaN."""
    return np.full((n, len(row._fields)), np.nan).view(columns(row))[:, 0].view(np.recarray)


class Setup(NamedTuple):
    """Numbers that describe one test but for its materials; a new one needs a line here."""

    thickness: float  # [m]
    end: float  # [s]
    timeout: float  # give up when not ignited by then [s]
    T0: float  # initial temperature [K]
    irradiance: float  # cone heater [W/m2]
    in_depth: bool  # radiation absorbed in depth (Beer-Lambert) or at the surface
    T_gas: float  # at the front [K]
    T_around: float  # front radiative surroundings [K]
    h: float  # front convection before ignition [W/m2/K]
    h_flaming: float  # front convection after ignition [W/m2/K]
    flame: float  # flame heat flux after ignition [W/m2]
    held: bool  # back face at T_back; else it convects and radiates, insulated without both
    h_back: float  # [W/m2/K]
    T_back: float  # temperature behind the back face [K]
    eps_back: float  # emissivity of the back face
    wool: float  # thickness of the layer behind the slab [m], 0 for none
    rule: int  # of ignition: 0 heat release rate, 1 mass flux, 2 surface temperature, -1 none
    critical: float  # value that the igniting quantity must reach
    efficiency: float  # flaming (combustion) efficiency
    fuel: bool  # whether any gas burns
    mass: float  # initial mass of the slab [kg/m2]
    volatiles: float  # mass that the reactions can release [kg/m2]


class Component(NamedTuple):
    """One condensed component; its ramps are rows of the slab's table of ramps."""

    rho: float  # density [kg/m3]
    eps: float  # emissivity
    kappa: float  # absorption coefficient [1/m]
    w0: float  # initial mass fraction
    k_first: int  # first row and length of the conductivity's ramp [W/m/K]
    k_length: int
    c_first: int  # and of the specific heat's [J/kg/K]
    c_length: int


class Point(NamedTuple):
    """One point of a property's ramp."""

    at: float  # temperature [K]
    value: float
    integral: float  # of the value from 0 K, so that enthalpies are exact and quick


class Reaction(NamedTuple):
    """One first-order reaction; reactions are listed upstream first."""

    reactant: int  # index of a component
    product: int  # index of a component, -1 for none
    A: float  # pre-exponential factor [1/s]
    E: float  # activation energy [J/mol]
    y: float  # kg of solid product per kg of reactant
    dh: float  # heat of reaction [J per kg of reactant], > 0 endothermic
    hc: float  # heat of combustion of the gas [J/kg]
    T_on: float  # below it the rate is zero or negligible [K]


class Slab(NamedTuple):
    """One case: lists of rows when it was checked, tables of the same rows when it is packed."""

    setup: Setup
    components: list[Component] | np.recarray
    ramps: list[Point] | np.recarray
    reactions: list[Reaction] | np.recarray


class Packed(NamedTuple):
    """Tables of n cases: what `trinity.cone.simulate.run_range` reads."""

    setups: np.recarray  # (n,) of `Setup`
    components: np.recarray  # of all cases, one after the other
    ramps: np.recarray
    reactions: np.recarray
    offsets: np.ndarray  # (n + 1, 3) first component, point and reaction of each case


def pack(slabs: list[Slab]) -> Packed:
    """Lay checked cases one after the other; no padding, so cost is linear in what they hold."""
    counts = [(len(s.components), len(s.ramps), len(s.reactions)) for s in slabs]
    offsets = np.zeros((len(slabs) + 1, 3), dtype=np.int64)
    np.cumsum(np.array(counts, dtype=np.int64).reshape(-1, 3), axis=0, out=offsets[1:])
    return Packed(
        setups=table(Setup, [slab.setup for slab in slabs]),
        components=table(Component, [row for slab in slabs for row in slab.components]),
        ramps=table(Point, [row for slab in slabs for row in slab.ramps]),
        reactions=table(Reaction, [row for slab in slabs for row in slab.reactions]),
        offsets=offsets,
    )


def unpack(packed, i):
    """Case ``i`` as a `Slab` of views into the tables."""
    c0, p0, j0 = packed.offsets[i]
    c1, p1, j1 = packed.offsets[i + 1]
    return Slab(
        setup=packed.setups[i],
        components=packed.components[c0:c1],
        ramps=packed.ramps[p0:p1],
        reactions=packed.reactions[j0:j1],
    )


unpack_inlined = inlined(unpack)

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
