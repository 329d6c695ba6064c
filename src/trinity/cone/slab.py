"""Slabs as the solver sees them: named numbers of each case, many cases in a few tables.

Kernels and tests read ``table[i].field`` and ``table.field``, so a new number needs a line in its
class and no place in a list. SI units.
"""

from typing import NamedTuple

import numpy as np

from trinity.cone.jit import inlined


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
