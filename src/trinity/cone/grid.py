"""A grid that follows the reaction: cells are split where it burns and merged where it does not."""

from math import log
from typing import NamedTuple

import numpy as np

from trinity.cone.jit import kernel
from trinity.cone.slab import cell_heat, cell_temperature, conductivity
from trinity.quantities import GAS_CONSTANT_J_MOL_K as R
from trinity.quantities import STEFAN_BOLTZMANN_W_M2_K4 as SIGMA

GROWTH = 0.25  # greatest relative change of cell size per cell away from the reaction zone


class Cells(NamedTuple):
    """State of N cells, from the front face inwards: the slab's, then those of a layer of wool."""

    m: np.ndarray  # (N, C) mass of each component [kg/m2]
    T: np.ndarray  # (N,) temperature [K]
    rate: np.ndarray  # (N,) dT/dt at the end of the last step [K/s]
    dx: np.ndarray  # (N,) thickness [m]
    size: np.ndarray  # (N,) thickness that is wanted [m]


@kernel
def new_cells(N, C):
    """Empty cells, allocated once per test."""
    return Cells(
        m=np.zeros((N, C)), T=np.zeros(N), rate=np.zeros(N), dx=np.zeros(N), size=np.zeros(N)
    )


@kernel
def zone_ahead(slab, fineness):
    r"""Cell size that will resolve the surface when it reacts [m].

    A reaction fades over :math:`\delta = (RT^2/E)\,k/q`: the rise in temperature that makes it
    e times faster, divided by the gradient at the surface.
    """
    setup, components = slab.setup, slab.components
    smallest = min(setup.thickness / 12.0, 1.5e-4)  # heating alone needs no finer
    for j in range(slab.reactions.size):
        reaction = slab.reactions[j]
        if reaction.E <= 0.0 or reaction.A <= 0.03 or reaction.y >= 1.0:
            continue
        T = reaction.E / (R * log(reaction.A / 0.03))  # where it runs at 0.03 1/s
        eps = components[reaction.reactant].eps
        absorbed = eps * setup.irradiance
        lost = setup.h * (T - setup.T_gas) + eps * SIGMA * T**4
        q = max(0.3 * absorbed, absorbed - lost)
        k = conductivity(slab, reaction.reactant, T)
        if q > 0.0:
            smallest = min(smallest, fineness * R * T * T / reaction.E * k / q)
    if setup.in_depth:
        for c in range(components.size):
            if components[c].w0 > 0.0:
                smallest = min(smallest, 0.5 * fineness / components[c].kappa)
    return max(smallest, 2e-6)


@kernel
def first_grid(thickness, smallest, growth, dx):
    """Cells from the front face inwards, each ``growth`` wider than the last; returns the count."""
    n, x, size = 0, 0.0, smallest
    while x < thickness and n < dx.size:
        dx[n] = size
        x += size
        n += 1
        size = min(size * (1.0 + growth), max(thickness / 12.0, smallest))
    for i in range(n):
        dx[i] *= thickness / x
    return n


@kernel
def wanted_sizes(slab, cells, K, n, fineness, coarsest):
    """Fill ``cells.size`` of ``n`` cells, from what reacts there and from the gradient."""
    reactions, components = slab.reactions, slab.components
    m, T, dx, s = cells.m, cells.T, cells.dx, cells.size
    busiest = 0.0
    for i in range(n):
        s[i] = 0.0
        for j in range(reactions.size):
            reaction = reactions[j]
            if K[i, j] > 0.0 and reaction.E > 0.0:
                weight = 1.0 - reaction.y + 1e-6 * abs(reaction.dh)
                rate = weight * K[i, j] * m[i, reaction.reactant] / dx[i]
                s[i] = max(s[i], rate)
        busiest = max(busiest, s[i])
    for i in range(n):
        left, right = max(i - 1, 0), min(i + 1, n - 1)
        distance = 0.5 * (dx[left] + dx[right]) + (dx[i] if right - left == 2 else 0.0)
        gradient = abs(T[right] - T[left]) / distance + 1e-9
        wanted = coarsest
        if s[i] > 0.02 * busiest and busiest > 1e-4:
            for j in range(reactions.size):
                reaction = reactions[j]
                if K[i, j] * m[i, reaction.reactant] > 0.0 and reaction.E > 0.0:
                    wanted = min(wanted, fineness * R * T[i] * T[i] / reaction.E / gradient)
        s[i] = min(max(min(wanted, 100.0 * fineness / gradient), 2e-6), coarsest)
    if slab.setup.in_depth:
        depth = 0.0
        for i in range(n):
            kappa = 0.0
            for c in range(components.size):
                kappa += m[i, c] / components[c].rho * components[c].kappa / dx[i]
            if depth < 2.0:
                s[i] = min(s[i], max(0.5 * fineness / kappa, 2e-6))
            depth += kappa * dx[i]
    for i in range(1, n):
        s[i] = min(s[i], s[i - 1] + GROWTH * dx[i - 1])
    for i in range(n - 2, -1, -1):
        s[i] = min(s[i], s[i + 1] + GROWTH * dx[i + 1])


@kernel
def merge(slab, cells, i, n):
    """Join cell ``i + 1`` to cell ``i``; masses and enthalpy are kept. Returns the new count."""
    m, T, rate, dx, s = cells.m, cells.T, cells.rate, cells.dx, cells.size
    H = cell_heat(slab, m[i], T[i])[1] + cell_heat(slab, m[i + 1], T[i + 1])[1]
    share = dx[i] / (dx[i] + dx[i + 1])
    guess = share * T[i] + (1.0 - share) * T[i + 1]
    rate[i] = share * rate[i] + (1.0 - share) * rate[i + 1]
    for c in range(m.shape[1]):
        m[i, c] += m[i + 1, c]
    T[i] = cell_temperature(slab, m[i], H, guess)
    dx[i] += dx[i + 1]
    s[i] = min(s[i], s[i + 1])
    for o in range(i + 1, n - 1):
        copy_cell(cells, o + 1, o)
    return n - 1


@kernel
def copy_cell(cells, source, target):
    """Copy all that is known of one cell to another place."""
    for c in range(cells.m.shape[1]):
        cells.m[target, c] = cells.m[source, c]
    cells.T[target], cells.rate[target] = cells.T[source], cells.rate[source]
    cells.dx[target], cells.size[target] = cells.dx[source], cells.size[source]


@kernel
def split(slab, cells, i, ns, n):
    """Halve cell ``i`` along its temperature and mass gradients; returns the new count.

    Slopes are limited so that no half leaves the range of its neighbours.
    """
    m, T, dx = cells.m, cells.T, cells.dx
    lo, hi = max(i - 1, 0), min(i + 1, ns - 1)
    H = cell_heat(slab, m[i], T[i])[1]
    slope = limited(T[lo], T[i], T[hi], dx[lo], dx[i], dx[hi])
    for o in range(n, i + 1, -1):
        copy_cell(cells, o - 1, o)
    hi = hi + 1 if hi > i else i
    for c in range(m.shape[1]):
        whole = m[i, c]
        left, here, right = m[lo, c] / dx[lo], whole / dx[i], m[hi, c] / dx[hi]
        tilt = limited(left, here, right, dx[lo], dx[i], dx[hi])
        first = 0.5 * whole - 0.125 * tilt * dx[i] * dx[i]
        m[i, c], m[i + 1, c] = first, whole - first
    dx[i] *= 0.5
    dx[i + 1] = dx[i]
    guess = T[i]
    T[i] = guess - 0.5 * slope * dx[i]
    T[i + 1] = guess + 0.5 * slope * dx[i]
    cells.rate[i + 1], cells.size[i + 1] = cells.rate[i], cells.size[i]
    left_over = H - cell_heat(slab, m[i], T[i])[1]
    T[i + 1] = cell_temperature(slab, m[i + 1], left_over, T[i + 1])
    return n + 1


@kernel
def limited(left, here, right, dl, d, dr):
    """Slope of a cell mean, the smaller of the one-sided ones (minmod with factor 2)."""
    a = 2.0 * (here - left) / (dl + d)
    b = 2.0 * (right - here) / (d + dr)
    if a * b <= 0.0:
        return 0.0
    centre = 0.5 * (a + b)
    bound = 2.0 * min(abs(a), abs(b)) * min(dl + d, d + dr) / (2.0 * d)
    return centre if abs(centre) < bound else (bound if centre > 0.0 else -bound)


@kernel
def adapt(slab, cells, K, ns, n, fineness):
    """Split and merge the slab's first ``ns`` of ``n`` cells; returns the new counts."""
    dx, s = cells.dx, cells.size
    coarsest = min(slab.setup.thickness / 12.0, dx[:ns].sum() / 6.0)
    wanted_sizes(slab, cells, K, ns, fineness, coarsest)
    i = 0
    while i < ns - 1:
        pair = dx[i] + dx[i + 1]
        vanishing = min(dx[i], dx[i + 1]) < 0.1 * s[i]
        if ns > 4 and (pair < 0.9 * min(s[i], s[i + 1]) or vanishing):
            n = merge(slab, cells, i, n)
            ns -= 1
        else:
            i += 1
    i = 0
    while i < ns:
        if dx[i] > 1.5 * s[i] and n < dx.size - 1:
            n = split(slab, cells, i, ns, n)
            ns += 1
        else:
            i += 1
    return ns, n
