"""One cone test from the first second to burn-out: steps, events, record. Compiled; SI units."""

from math import log, sqrt
from typing import NamedTuple

import numpy as np

from trinity.cone.grid import adapt, first_grid, new_cells, zone_ahead
from trinity.cone.heat import Faces, stage, workspace
from trinity.cone.jit import kernel
from trinity.cone.slab import cell_heat, gas_release, heat, layout
from trinity.quantities import GAS_CONSTANT_J_MOL_K as R

GAMMA = 1.0 - 1.0 / sqrt(2.0)  # two-stage SDIRK, L-stable, second order (Alexander 1977)
MOST_CELLS = 240
MOST_ROWS = 50000
NEGLIGIBLE = 5e-6  # mass flux that no step is cut for [kg/m2/s]
MOST_OF_VOLATILES = 0.03  # part of the volatiles that may leave in one step


class Numerics(NamedTuple):
    """How finely a test is resolved."""

    fineness: float  # size of a cell over the depth in which a reaction fades
    growth: float  # relative growth of cells inwards in the first grid
    error_k: float  # error of temperature that a step may make [K]
    fold: float  # change of ln(rate) in a step
    newton_k: float  # Newton's method ends below this change [K]


class Row(NamedTuple):
    """One time step of the record; the fields are the columns of a curve."""

    time_s: float
    mass_loss_rate_kg_m2_s: float
    hrr_w_m2: float
    surface_temperature_k: float
    mass_lost_kg_m2: float
    heat_released_j_m2: float


class Diagnostics(NamedTuple):
    """What the solver reports of one run; a new number needs a line here and one in `run`."""

    steps: float  # accepted
    solves: float  # tried
    mass_balance_error: float  # relative
    energy_balance_error: float  # relative
    rows: float  # of the record
    cell_visits: float  # cells computed, over all stages and iterations
    rate_evaluations: float  # Arrhenius rates computed; two exponentials each


@kernel
def lay_grid(slab, numerics, cells):
    """Fill the cells of slab and wool at the initial temperature; returns both counts."""
    setup, components = slab.setup, slab.components
    m, dx = cells.m, cells.dx
    finest = zone_ahead(slab, numerics.fineness)
    ns = first_grid(setup.thickness, finest, numerics.growth, dx)
    volume = (components.w0 / components.rho).sum()  # of a kilogram
    for c in range(components.size):
        m[:ns, c] = components[c].w0 * dx[:ns] / volume
    n = ns
    if setup.wool > 0.0:  # the wool is the last component
        n += first_grid(setup.wool, setup.wool / 20.0, numerics.growth, dx[ns : ns + 40])
        m[ns:n, components.size - 1] = components[components.size - 1].rho * dx[ns:n]
    cells.T[:n] = setup.T0
    return ns, n


@kernel
def step(slab, burning, cells, ns, n, dt, faces, newton_k, w):
    """Advance ``n`` cells by ``dt`` in two stages; the result is in ``w.m1``, ``w.T1``.

    Returns the faces after it, with mean fluxes and all Newton iterations, and the largest
    difference [K] to a step of first order, which steers the step.
    """
    tau = GAMMA * dt
    T, T1, S, Sx, K, Z = cells.T, w.T1, w.S, w.Sx, w.K, w.Z
    T1[:n] = T[:n] + tau * cells.rate[:n]
    Sx[:n] = 0.0
    Z[:n] = 0.0
    first = stage(slab, burning, cells, ns, n, tau, faces, newton_k, w)
    w.slope[:n] = (T1[:n] - T[:n]) / tau
    T1[:n] = T[:n] + dt * w.slope[:n]
    Sx[:n] = (dt - tau) * S[:n]
    Z[:n] = (dt - tau) * K[:n]
    second = stage(slab, burning, cells, ns, n, tau, first, newton_k, w)
    worst = np.abs(T1[:n] - T[:n] - dt * w.slope[:n]).max()
    return Faces(
        Ts=second.Ts,
        Tb=second.Tb,
        q=(1.0 - GAMMA) * first.q + GAMMA * second.q,
        q_back=(1.0 - GAMMA) * first.q_back + GAMMA * second.q_back,
        iterations=first.iterations + second.iterations,
    ), worst


@kernel
def steepest_fold(reactions, T, w, n, flux):
    """Largest change of ln(rate) within the step, over cells that release 2 % of the gas."""
    fold = 0.0
    T1 = w.T1
    for i in range(n):
        for j in range(reactions.size):
            reaction = reactions[j]
            if (1.0 - reaction.y) * w.K[i, j] * w.m1[i, reaction.reactant] > 0.02 * flux:
                fold = max(fold, abs(T1[i] - T[i]) * reaction.E / (R * T1[i] * T1[i]))
    return fold


@kernel
def progress(setup, flux, heat, Ts):
    """The quantity that decides on ignition, as a fraction of its critical value."""
    if setup.rule == 0:
        return setup.efficiency * heat / setup.critical
    if setup.rule == 1:
        return flux / setup.critical
    if setup.rule == 2:
        return (Ts - setup.T0) / (setup.critical - setup.T0)
    return 0.0


@kernel
def stored_heat(slab, m, T, n):
    """Sensible enthalpy of the first ``n`` cells [J/m2]."""
    total = 0.0
    for i in range(n):
        total += cell_heat(slab, m[i], T[i])[1]
    return total


@kernel
def note(row, t, flux, hrr, Ts, lost, burnt):
    """Write one row of the record."""
    row.time_s, row.mass_loss_rate_kg_m2_s, row.hrr_w_m2 = t, flux, hrr
    row.surface_temperature_k, row.mass_lost_kg_m2, row.heat_released_j_m2 = Ts, lost, burnt


@kernel
def run(slab, numerics, record, out):
    """Burn one specimen: a row of ``record`` per step, `Diagnostics` into ``out``.

    The loop: try a step; cut it when it is inaccurate or passes ignition; keep it; split and
    merge cells; note. It ends at the end time, at burn-out (1e-4 of the volatiles left), or when
    the specimen has not ignited in time. Returns the time of ignition [s], -1 without.
    """
    setup, reactions = slab.setup, slab.reactions
    C = slab.components.size
    cells, w = new_cells(MOST_CELLS, C), workspace(MOST_CELLS, C, reactions.size)
    m, T, m1, T1 = cells.m, cells.T, w.m1, w.T1
    ns, n = lay_grid(slab, numerics, cells)
    faces = Faces(Ts=setup.T0, Tb=setup.T0, q=0.0, q_back=0.0, iterations=0)
    mass, heat0 = m[:ns].sum(), stored_heat(slab, m, T, n)
    first_mass, gained, taken, carried = mass, 0.0, 0.0, 0.0
    t, dt = 0.0, 1e-3
    t_ig = 0.0 if setup.rule == 2 and setup.T0 >= setup.critical else -1.0  # hot at once?
    lost, burnt, ready, flux0 = 0.0, 0.0, 0.0, 0.0
    steps, solves, visits, rates = 0, 0, 0, 0
    note(record[0], 0.0, 0.0, 0.0, setup.T0, 0.0, 0.0)
    rows = 1
    while t < setup.end * (1.0 - 1e-12) and rows < record.shape[0] - 2:
        burning = t_ig >= 0.0
        dt = min(dt, (setup.end if burning else min(setup.end, setup.timeout)) - t)
        after, worst = step(slab, burning, cells, ns, n, dt, faces, numerics.newton_k, w)
        solves += 1
        visits += n * (after.iterations + 2)
        rates += (w.K[:ns] > 0.0).sum() * (after.iterations + 2)
        flux1, heat1 = gas_release(reactions, m1, w.K, ns)
        fold = steepest_fold(reactions, T, w, ns, flux1) if flux1 > NEGLIGIBLE else 0.0
        share = flux1 * dt / (MOST_OF_VOLATILES * setup.volatiles + 1e-9)
        error = max(worst / numerics.error_k, (fold / numerics.fold) ** 2, share * share)
        if not error < 2.0 and dt > 1e-7:
            dt *= max(0.2, 0.8 / sqrt(error)) if error < 1e9 else 0.2
            continue
        ready1 = progress(setup, flux1, heat1, after.Ts)
        lit = not burning and ready1 >= 1.0
        if lit and ready1 > 1.003 and dt > 1e-4:
            if ready > 0.0:
                dt *= min(0.98, max(0.02, log(1.001 / ready) / log(ready1 / ready)))
            else:
                dt *= 0.5
            continue
        for i in range(n):
            cells.rate[i] = (T1[i] - T[i]) / dt
            for c in range(C):
                gas = m[i, c] - m1[i, c]
                if gas != 0.0:  # it leaves with the mean of its enthalpies in the step
                    carried += 0.5 * gas * (heat(slab, c, T[i])[1] + heat(slab, c, T1[i])[1])
                m[i, c] = m1[i, c]
            taken += w.Q[i]
            T[i] = T1[i]
        t, faces, ready = t + dt, after, ready1
        gained += dt * (faces.q + faces.q_back)
        left = m[:ns].sum()
        released = mass - left
        per_gas = heat1 / flux1 if flux1 > 0.0 else 0.0
        shown = flux1 * agreement(flux0, flux1, released / dt)
        flux0 = flux1
        mass, lost = left, lost + released
        if burning:
            burnt += setup.efficiency * per_gas * released
        hrr = setup.efficiency * per_gas * shown
        note(record[rows], t, shown, hrr if burning else 0.0, faces.Ts, lost, burnt)
        rows += 1
        steps += 1
        dt *= min(2.0, max(0.3, 0.9 / sqrt(max(error, 1e-3))))
        if lit:
            t_ig = t
            note(record[rows], t, shown, hrr, faces.Ts, lost, burnt)
            rows += 1
            if setup.flame > 0.0 or setup.h_flaming != setup.h:
                dt = min(dt, 0.05)
        if lost >= (1.0 - 1e-4) * setup.volatiles > 0.0:
            break
        if t_ig < 0.0 and t >= setup.timeout * (1.0 - 1e-12):
            break
        if lost < NEGLIGIBLE:  # the first grid was made for the onset
            continue
        layout(slab, m, T, n, cells.dx, w.k)
        ns, n = adapt(slab, cells, w.K, ns, n, numerics.fineness)
    balance = stored_heat(slab, m, T, n) - heat0 + taken + carried
    scale = max(abs(gained), abs(balance), 1e-6 * heat0)
    out.steps, out.solves, out.rows = steps, solves, rows
    out.cell_visits, out.rate_evaluations = visits, rates
    out.energy_balance_error = (gained - balance) / scale
    out.mass_balance_error = (first_mass - mass - lost) / first_mass
    return t_ig


@kernel
def agreement(flux0, flux1, mean):
    """Ratio of the mass that left in a step to the mean of an exponential through its ends.

    It takes the small bias of the instantaneous flux away, so that the curve integrates to the
    mass; bounded, for steps in which an event makes the flux jump.
    """
    if flux0 <= 0.0 or flux1 <= 0.0:
        return 1.0
    x = log(flux1 / flux0)
    expected = flux0 * (1.0 + 0.5 * x) if abs(x) < 1e-4 else (flux1 - flux0) / x
    return min(1.05, max(0.95, mean / expected))
