"""One cone test from the first second to burn-out: steps, events, record. Compiled; SI units."""

from collections import namedtuple
from math import log, sqrt

import numpy as np

from trinity.cone.grid import adapt, first_grid, zone_ahead
from trinity.cone.heat import Faces, Work, stage
from trinity.cone.jit import kernel
from trinity.cone.matter import cell_enthalpy, enthalpy, gas_release, layout
from trinity.quantities import GAS_CONSTANT_J_MOL_K as R

GAMMA = 1.0 - 1.0 / sqrt(2.0)  # two-stage SDIRK, L-stable, second order (Alexander 1977)
MOST_CELLS = 240
MOST_ROWS = 50000
NEGLIGIBLE = 5e-6  # mass flux that no step is cut for [kg/m2/s]
MOST_OF_VOLATILES = 0.03  # part of the volatiles that may leave in one step
COLUMNS = 6  # t, mass flux, heat release rate, surface temperature, mass lost, gas heat released

Numerics = namedtuple("Numerics", ["fineness", "growth", "error_k", "fold", "newton_k"])
Test = namedtuple(
    "Test",
    [
        "thickness",  # [m]
        "end",  # [s]
        "T0",  # initial temperature [K]
        "h_flaming",  # front convection after ignition [W/m2/K]
        "flame",  # flame heat flux after ignition [W/m2]
        "efficiency",  # flaming (combustion) efficiency
        "critical",  # value that the igniting quantity must reach
        "rule",  # 0 heat release rate, 1 mass flux, 2 surface temperature, -1 none
        "timeout",  # give up when not ignited by then [s]
        "wool",  # thickness of the layer behind the slab [m], 0 for none
        "volatiles",  # mass that the reactions can release [kg/m2]
    ],
)
Outcome = namedtuple(
    "Outcome",
    [
        "rows",  # rows of the record
        "t_ig",  # [s], -1 without ignition
        "steps",  # accepted
        "solves",  # tried
        "mass_error",  # of the balance, relative
        "energy_error",
        "visits",  # cells computed, over all stages and iterations
        "rates",  # Arrhenius rates computed; two exponentials each
    ],
)


@kernel
def workspace(N, C, J):
    """Arrays of one test, allocated once."""
    return Work(
        np.zeros(N), np.zeros(N), np.zeros(N), np.zeros(N), np.zeros(N), np.zeros(N),
        np.zeros(N), np.zeros(N), np.zeros(N), np.zeros(N), np.zeros(N), np.zeros((N, J)),
        np.zeros((N, J)), np.zeros(N), np.zeros((N, C)), np.zeros(N),
    )  # fmt: skip


@kernel
def lay_grid(test, faces, matter, chemistry, numerics, m, T, dx):
    """Fill the cells of slab and wool at the initial temperature; returns both counts."""
    finest = zone_ahead(matter, chemistry, faces, test.thickness, numerics.fineness)
    ns = first_grid(test.thickness, finest, numerics.growth, dx)
    C = matter.rho.size
    inverse = 0.0
    for c in range(C):
        inverse += matter.w0[c] / matter.rho[c]
    for i in range(ns):
        for c in range(C):
            m[i, c] = matter.w0[c] * dx[i] / inverse
    n = ns
    if test.wool > 0.0:  # the wool is the last component
        n += first_grid(test.wool, test.wool / 20.0, numerics.growth, dx[ns : ns + 40])
        for i in range(ns, n):
            m[i, C - 1] = matter.rho[C - 1] * dx[i]
    T[:n] = test.T0
    return ns, n


@kernel
def step(faces, matter, chemistry, m, T, rate, ns, n, dt, Ts, Tb, newton_k, w):
    """Advance ``n`` cells by ``dt`` in two stages; the result is in ``w.m1``, ``w.T1``.

    Returns the faces' temperatures, the mean net fluxes through them, the largest difference [K]
    to a step of first order, which steers the step, and the Newton iterations.
    """
    tau = GAMMA * dt
    T1, S, Sx, K, Z = w.T1, w.S, w.Sx, w.K, w.Z
    for i in range(n):
        T1[i] = T[i] + tau * rate[i]
        Sx[i] = 0.0
        for j in range(K.shape[1]):
            Z[i, j] = 0.0
    Ts, Tb, q1, b1, i1 = stage(faces, matter, chemistry, m, T, ns, n, tau, Ts, Tb, newton_k, w)
    explicit = dt - tau
    for i in range(n):
        rate[i] = (T1[i] - T[i]) / tau
        T1[i] = T[i] + dt * rate[i]
        Sx[i] = explicit * S[i]
        for j in range(K.shape[1]):
            Z[i, j] = explicit * K[i, j]
    Ts, Tb, q2, b2, i2 = stage(faces, matter, chemistry, m, T, ns, n, tau, Ts, Tb, newton_k, w)
    worst = 0.0
    for i in range(n):
        worst = max(worst, abs(T1[i] - T[i] - dt * rate[i]))
    q = (1.0 - GAMMA) * q1 + GAMMA * q2
    b = (1.0 - GAMMA) * b1 + GAMMA * b2
    return Ts, Tb, q, b, worst, i1 + i2


@kernel
def steepest_fold(chemistry, w, T, n, flux):
    """Largest change of ln(rate) within the step, over cells that release 2 % of the gas."""
    fold = 0.0
    K, m1, T1 = w.K, w.m1, w.T1
    reactant, y, E = chemistry.reactant, chemistry.y, chemistry.E
    for i in range(n):
        for j in range(E.size):
            if (1.0 - y[j]) * K[i, j] * m1[i, reactant[j]] > 0.02 * flux:
                fold = max(fold, abs(T1[i] - T[i]) * E[j] / (R * T1[i] * T1[i]))
    return fold


@kernel
def running(K, n):
    """How many reactions run, over the cells; for the count of work."""
    count = 0
    for i in range(n):
        for j in range(K.shape[1]):
            if K[i, j] > 0.0:
                count += 1
    return count


@kernel
def progress(test, flux, heat, Ts):
    """The quantity that decides on ignition, as a fraction of its critical value."""
    if test.rule == 0:
        return test.efficiency * heat / test.critical
    if test.rule == 1:
        return flux / test.critical
    if test.rule == 2:
        return (Ts - test.T0) / (test.critical - test.T0)
    return 0.0


@kernel
def stored_mass(m, n):
    """Mass of the first ``n`` cells [kg/m2]."""
    total = 0.0
    for i in range(n):
        for c in range(m.shape[1]):
            total += m[i, c]
    return total


@kernel
def stored_heat(matter, m, T, n):
    """Sensible enthalpy of the first ``n`` cells [J/m2]."""
    total = 0.0
    for i in range(n):
        total += cell_enthalpy(matter, m[i], T[i])
    return total


@kernel
def note(record, row, t, flux, hrr, Ts, lost, burnt):
    """Write one row of the record; returns the next row."""
    record[row, 0], record[row, 1], record[row, 2] = t, flux, hrr
    record[row, 3], record[row, 4], record[row, 5] = Ts, lost, burnt
    return row + 1


@kernel
def run(test, faces, matter, chemistry, numerics, record):
    """Burn one specimen; fill ``record`` with a row a step and return an `Outcome`.

    The loop: try a step; cut it when it is inaccurate or passes ignition; keep it; split and
    merge cells; note. It ends at the end time, at burn-out (1e-4 of the volatiles left), or when
    the specimen has not ignited in time.
    """
    C, J = matter.rho.size, chemistry.A.size
    m, T, rate = np.zeros((MOST_CELLS, C)), np.zeros(MOST_CELLS), np.zeros(MOST_CELLS)
    sizes, trial = np.zeros(MOST_CELLS), np.zeros(MOST_CELLS)
    w = workspace(MOST_CELLS, C, J)
    T1, m1, Q = w.T1, w.m1, w.Q
    ns, n = lay_grid(test, faces, matter, chemistry, numerics, m, T, w.dx)
    coarsest = test.thickness / 12.0
    mass, heat0 = stored_mass(m, ns), stored_heat(matter, m, T, n)
    first_mass, gained, taken, carried = mass, 0.0, 0.0, 0.0
    t, dt, Ts, Tb, t_ig = 0.0, 1e-3, test.T0, test.T0, -1.0
    lost, burnt, ready, flux0 = 0.0, 0.0, 0.0, 0.0
    steps, tries, visits, rates = 0, 0, 0, 0
    row = note(record, 0, 0.0, 0.0, 0.0, Ts, 0.0, 0.0)
    while t < test.end * (1.0 - 1e-12) and row < record.shape[0] - 2:
        dt = min(dt, (test.end if t_ig >= 0.0 else min(test.end, test.timeout)) - t)
        trial[:n] = rate[:n]
        Ts1, Tb1, q, qb, worst, iterations = step(
            faces, matter, chemistry, m, T, trial, ns, n, dt, Ts, Tb, numerics.newton_k, w
        )
        tries += 1
        visits += n * (iterations + 2)
        rates += running(w.K, ns) * (iterations + 2)
        flux1, heat1 = gas_release(chemistry, w.m1, w.K, ns)
        fold = steepest_fold(chemistry, w, T, ns, flux1) if flux1 > NEGLIGIBLE else 0.0
        share = flux1 * dt / (MOST_OF_VOLATILES * test.volatiles + 1e-9)
        error = max(worst / numerics.error_k, (fold / numerics.fold) ** 2, share * share)
        if not error < 2.0 and dt > 1e-7:
            dt *= max(0.2, 0.8 / sqrt(error)) if error < 1e9 else 0.2
            continue
        ready1 = progress(test, flux1, heat1, Ts1)
        lit = t_ig < 0.0 and ready1 >= 1.0
        if lit and ready1 > 1.003 and dt > 1e-4:
            if ready > 0.0:
                dt *= min(0.98, max(0.02, log(1.001 / ready) / log(ready1 / ready)))
            else:
                dt *= 0.5
            continue
        for i in range(n):
            rate[i] = (T1[i] - T[i]) / dt
            for c in range(C):
                carried += gas_heat(matter, c, m[i, c] - m1[i, c], T[i], T1[i])
                m[i, c] = m1[i, c]
            taken += Q[i]
            T[i] = T1[i]
        t, Ts, Tb, ready = t + dt, Ts1, Tb1, ready1
        gained += dt * (q + qb)
        left = stored_mass(m, ns)
        released = mass - left
        per_gas = heat1 / flux1 if flux1 > 0.0 else 0.0
        shown = flux1 * agreement(flux0, flux1, released / dt)
        flux0 = flux1
        mass, lost = left, lost + released
        burning = t_ig >= 0.0
        if burning:
            burnt += test.efficiency * per_gas * released
        hrr = test.efficiency * per_gas * shown
        row = note(record, row, t, shown, hrr if burning else 0.0, Ts, lost, burnt)
        steps += 1
        dt *= min(2.0, max(0.3, 0.9 / sqrt(max(error, 1e-3))))
        if lit:
            t_ig = t
            row = note(record, row, t, shown, hrr, Ts, lost, burnt)
            if test.flame > 0.0 or test.h_flaming != faces.h:
                faces = light(faces, test)
                dt = min(dt, 0.05)
        if lost >= (1.0 - 1e-4) * test.volatiles > 0.0:
            break
        if t_ig < 0.0 and t >= test.timeout * (1.0 - 1e-12):
            break
        if lost < NEGLIGIBLE:  # the first grid was made for the onset
            continue
        layout(matter, m, T, n, w.dx, w.k)
        ns, n = adapt(
            chemistry,
            faces,
            matter,
            m,
            T,
            rate,
            w.K,
            w.dx,
            sizes,
            ns,
            n,
            numerics.fineness,
            coarsest,
        )
    balance = stored_heat(matter, m, T, n) - heat0 + taken + carried
    scale = max(abs(gained), abs(balance), 1e-6 * heat0)
    energy_error = (gained - balance) / scale
    mass_error = (first_mass - mass - lost) / first_mass
    return Outcome(row, t_ig, steps, tries, mass_error, energy_error, visits, rates)


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


@kernel
def gas_heat(matter, c, dm, T0, T1):
    """Sensible heat that ``dm`` of a component gives up as it turns into gas, at mean T [J/m2]."""
    if dm == 0.0:
        return 0.0
    return 0.5 * dm * (enthalpy(matter, c, T0) + enthalpy(matter, c, T1))


@kernel
def light(faces, test):
    """The front face under its flame."""
    return Faces(
        faces.irradiance, test.flame, test.h_flaming, faces.T_gas, faces.T_around,
        faces.in_depth, faces.back, faces.h_back, faces.T_back, faces.eps_back,
    )  # fmt: skip
