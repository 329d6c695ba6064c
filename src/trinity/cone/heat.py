"""Heat in the slab: conduction, the two faces, one implicit stage of a step. Compiled; SI units."""

from math import exp
from typing import NamedTuple

import numpy as np

from trinity.cone.jit import kernel
from trinity.cone.slab import heat, layout, react, volume_mean
from trinity.quantities import STEFAN_BOLTZMANN_W_M2_K4 as SIGMA


class Faces(NamedTuple):
    """Both faces at the end of a stage or step."""

    Ts: float  # surface temperature [K]
    Tb: float  # back temperature [K]
    q: float  # net flux into the slab: front face and absorption in depth [W/m2]
    q_back: float  # net flux through the back face [W/m2]
    iterations: int  # of Newton's method


class Work(NamedTuple):
    """Arrays of one step; N cells, C components, J reactions. Letters as in `stage` and `react`."""

    T1: np.ndarray  # (N,) temperature at the end [K]
    m1: np.ndarray  # (N, C) masses at the end [kg/m2]
    slope: np.ndarray  # (N,) dT/dt in the first stage [K/s]
    K: np.ndarray  # (N, J) rate constants [1/s]
    Z: np.ndarray  # (N, J) integrated rate constants of an earlier stage
    Q: np.ndarray  # (N,) heat taken by reactions [J/m2]
    dQ: np.ndarray  # (N,) its slope in temperature [J/m2/K]
    k: np.ndarray  # (N,) conductivity [W/m/K]
    G: np.ndarray  # (N,) conductance to the next cell [W/m2/K]
    C: np.ndarray  # (N,) heat capacity [J/m2/K]
    H: np.ndarray  # (N,) heat stored [J/m2]
    absorbed: np.ndarray  # (N,) radiation absorbed in depth [W/m2]
    S: np.ndarray  # (N,) what conduction, faces and absorption bring [W/m2]
    Sx: np.ndarray  # (N,) what they brought in an earlier stage [J/m2]
    low: np.ndarray  # (N,) tridiagonal system: below the diagonal, diagonal, right-hand side
    diag: np.ndarray
    rhs: np.ndarray


@kernel
def workspace(N, C, J):
    """Arrays of one test, allocated once."""
    return Work(
        T1=np.zeros(N), m1=np.zeros((N, C)), slope=np.zeros(N), K=np.zeros((N, J)),
        Z=np.zeros((N, J)), Q=np.zeros(N), dQ=np.zeros(N), k=np.zeros(N), G=np.zeros(N),
        C=np.zeros(N), H=np.zeros(N), absorbed=np.zeros(N), S=np.zeros(N), Sx=np.zeros(N),
        low=np.zeros(N), diag=np.zeros(N), rhs=np.zeros(N),
    )  # fmt: skip


@kernel
def absorb_in_depth(slab, dx, ns, n, eps, w):
    r"""Fill ``w.absorbed``, Beer-Lambert: :math:`dI/dx=-\kappa I` [W/m2].

    What reaches the back face is absorbed in the last cell of the slab.
    """
    passing = eps * slab.setup.irradiance
    w.absorbed[ns:n] = 0.0
    for i in range(ns):
        left = 0.0
        if i < ns - 1 and passing > 0.0:
            left = passing * exp(-volume_mean(slab, w.m1, i, slab.components.kappa) * dx[i])
        w.absorbed[i] = passing - left
        passing = left


@kernel
def linearise(T, q_absorbed, h, T_gas, eps, T_around):
    r"""Net flux into a face near its temperature T, as (a, b) of :math:`q = a - b\,T`.

    :math:`q = q_{abs} + h(T_g-T) + \epsilon\sigma(T_\infty^4-T^4)`, linearised.
    """
    b = h + 4.0 * eps * SIGMA * T**3
    q = q_absorbed + h * (T_gas - T) + eps * SIGMA * (T_around**4 - T**4)
    return q + b * T, b


@kernel
def conductances(dx, k, n, G):
    """Conductance between neighbouring cell centres, two half cells in series [W/m2/K]."""
    for i in range(n - 1):
        G[i] = 2.0 * k[i] * k[i + 1] / (dx[i] * k[i + 1] + dx[i + 1] * k[i])


@kernel
def thomas(low, diag, rhs, n):
    """Solve the symmetric tridiagonal system in place: ``low[i]`` couples cells i and i + 1."""
    diag[0] = 1.0 / diag[0]
    for i in range(1, n):
        w = low[i - 1] * diag[i - 1]
        diag[i] = 1.0 / (diag[i] - w * low[i - 1])
        rhs[i] -= w * rhs[i - 1]
    rhs[n - 1] *= diag[n - 1]
    for i in range(n - 2, -1, -1):
        rhs[i] = (rhs[i] - low[i] * rhs[i + 1]) * diag[i]


@kernel
def heat_content(slab, m0, T0, n, w):
    """Fill ``w.C`` with heat capacities at the mean mass, ``w.H`` with heat stored since ``T0``."""
    m1, T = w.m1, w.T1
    for i in range(n):
        capacity, stored = 0.0, 0.0
        for c in range(m0.shape[1]):
            mass = 0.5 * (m0[i, c] + m1[i, c])
            if mass > 0.0:
                specific, enthalpy = heat(slab, c, T[i])
                if slab.components[c].c_length == 1:
                    stored += mass * specific * (T[i] - T0[i])
                else:
                    stored += mass * (enthalpy - heat(slab, c, T0[i])[1])
                capacity += mass * specific
        w.C[i] = capacity
        w.H[i] = stored


@kernel
def stage(slab, burning, cells, ns, n, tau, faces, tolerance, w):
    r"""Solve one implicit stage of ``tau`` seconds for temperatures ``w.T1`` and masses ``w.m1``.

    .. math::
       \bar m_i\,[h(T_i)-h(T_i^0)] = \tau S_i(T) + S^x_i - \sum_j \xi_{ij}\Delta h_j

    ``S`` is what conduction, the faces and absorption bring into a cell; ``w.Sx``, ``w.Z`` hold
    the part of an earlier stage. Newton's method, tridiagonal; the closing line of the loop puts
    what is left of the residual into the cell's own temperature, so that energy is conserved
    whether or not Newton has converged.

    ``faces`` are those before the stage, ``burning`` says whether the front has its flame; returns
    the faces after it.
    """
    setup, m0, T0, dx = slab.setup, cells.m, cells.T, cells.dx
    T, k, G, C, H, Q, dQ = w.T1, w.k, w.G, w.C, w.H, w.Q, w.dQ
    absorbed, low, diag, rhs, S, Sx = w.absorbed, w.low, w.diag, w.rhs, w.S, w.Sx
    Ts, Tb = faces.Ts, faces.Tb
    h, flame = (setup.h_flaming, setup.flame) if burning else (setup.h, 0.0)
    iterations = 0
    while iterations < 8:
        iterations += 1
        react(slab.reactions, m0, n, tau, w)
        layout(slab, w.m1, T, n, dx, k)
        heat_content(slab, m0, T0, n, w)
        conductances(dx, k, n, G)
        eps = volume_mean(slab, w.m1, 0, slab.components.eps)
        q_surface = flame + (0.0 if setup.in_depth else eps * setup.irradiance)
        if setup.in_depth:
            absorb_in_depth(slab, dx, ns, n, eps, w)
        a, b = linearise(Ts, q_surface, h, setup.T_gas, eps, setup.T_around)
        Gs = 2.0 * k[0] / dx[0]
        Gb = 2.0 * k[n - 1] / dx[n - 1]
        ab, bb = linearise(Tb, 0.0, setup.h_back, setup.T_back, setup.eps_back, setup.T_back)
        into = Gs / (b + Gs)
        back = Gb / (bb + Gb)
        if setup.held:
            ab, bb, back = Gb * setup.T_back, Gb, 1.0
        for i in range(n):
            slope = C[i] + max(dQ[i], -0.5 * C[i])
            low[i] = -tau * G[i]
            diag[i] = slope
            rhs[i] = slope * T[i] - H[i] - Q[i] + Sx[i] + tau * absorbed[i]
        for i in range(n - 1):
            diag[i] += tau * G[i]
            diag[i + 1] += tau * G[i]
        diag[0] += tau * into * b
        rhs[0] += tau * into * a
        diag[n - 1] += tau * back * bb
        rhs[n - 1] += tau * back * ab
        thomas(low, diag, rhs, n)
        change = 0.0
        for i in range(n):
            change = max(change, abs(rhs[i] - T[i]))
            T[i] = rhs[i]
        Ts_new = (a + Gs * T[0]) / (b + Gs)
        Tb_new = setup.T_back if setup.held else (ab + Gb * T[n - 1]) / (bb + Gb)
        change = max(change, abs(Ts_new - Ts))
        Ts, Tb = Ts_new, Tb_new
        if change < tolerance or not change < 1e6:
            break
    q_front = into * (a - b * T[0])
    q_back = back * (ab - bb * T[n - 1])
    q_total = q_front
    for i in range(n):
        S[i] = absorbed[i]
        q_total += absorbed[i]
    for i in range(n - 1):
        q = G[i] * (T[i] - T[i + 1])
        S[i] -= q
        S[i + 1] += q
    S[0] += q_front
    S[n - 1] += q_back
    react(slab.reactions, m0, n, tau, w)
    heat_content(slab, m0, T0, n, w)
    for i in range(n):
        T[i] += (tau * S[i] + Sx[i] - Q[i] - H[i]) / C[i]
    return Faces(Ts=Ts, Tb=Tb, q=q_total, q_back=q_back, iterations=iterations)
