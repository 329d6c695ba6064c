"""Heat: conduction, the two faces, and one implicit stage of a step. Compiled; SI units."""

from collections import namedtuple
from math import exp

from trinity.cone.jit import kernel
from trinity.cone.matter import enthalpy, layout, react, specific_heat, volume_mean
from trinity.quantities import STEFAN_BOLTZMANN_W_M2_K4 as SIGMA

Faces = namedtuple(
    "Faces",
    [
        "irradiance",  # cone heater [W/m2]
        "flame",  # extra heat flux delivered to the surface [W/m2]
        "h",  # front convection [W/m2/K]
        "T_gas",  # [K]
        "T_around",  # front radiative surroundings [K]
        "in_depth",  # radiation absorbed in depth (Beer-Lambert) or at the surface
        "back",  # 0 insulated, 1 fixed temperature, 2 convection and radiation
        "h_back",  # [W/m2/K]
        "T_back",  # temperature behind the back face [K]
        "eps_back",  # emissivity of the back face
    ],
)
Work = namedtuple(
    "Work",
    ["dx", "k", "G", "C", "H", "Q", "dQ", "src", "low", "rhs", "S", "K", "Z", "Sx", "m1", "T1"],
)


@kernel
def absorbed_in_depth(faces, matter, m, dx, ns, n, eps, src):
    r"""Radiation absorbed in each cell, Beer-Lambert: :math:`dI/dx=-\kappa I` [W/m2].

    What reaches the back face is absorbed in the last cell of the slab.
    """
    passing = eps * faces.irradiance
    src[ns:n] = 0.0
    for i in range(ns):
        left = 0.0
        if i < ns - 1 and passing > 0.0:
            left = passing * exp(-volume_mean(matter, m, i, matter.kappa) * dx[i])
        src[i] = passing - left
        passing = left


@kernel
def linearise_front(faces, eps, q_absorbed, Ts):
    r"""Net flux into the front face near ``Ts``, as :math:`q = a - b\,T_s`.

    :math:`q = q_{abs} + h(T_g-T_s) + \epsilon\sigma(T_\infty^4-T_s^4)`, linearised at ``Ts``.
    """
    b = faces.h + 4.0 * eps * SIGMA * Ts**3
    q = q_absorbed + faces.h * (faces.T_gas - Ts) + eps * SIGMA * (faces.T_around**4 - Ts**4)
    return q + b * Ts, b


@kernel
def linearise_back(faces, Tb):
    """Net flux into the back face near ``Tb``, as ``a - b * T``; the like of the front."""
    if faces.back == 2:
        s = faces.eps_back * SIGMA
        b = faces.h_back + 4.0 * s * Tb**3
        q = faces.h_back * (faces.T_back - Tb) + s * (faces.T_back**4 - Tb**4)
        return q + b * Tb, b
    return 0.0, 0.0


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
def heat_content(matter, m0, m1, T0, T, n, C, H):
    """Heat capacity at the mean mass of the step and heat stored since ``T0``, a cell each."""
    index, ramp = matter.index, matter.ramp
    for i in range(n):
        capacity = 0.0
        stored = 0.0
        for c in range(m0.shape[1]):
            mass = 0.5 * (m0[i, c] + m1[i, c])
            if mass > 0.0:
                if index[c, 3] == 1:
                    heat = ramp[index[c, 2], 1]
                    stored += mass * heat * (T[i] - T0[i])
                else:
                    heat = specific_heat(matter, c, T[i])
                    stored += mass * (enthalpy(matter, c, T[i]) - enthalpy(matter, c, T0[i]))
                capacity += mass * heat
        C[i] = capacity
        H[i] = stored


@kernel
def stage(faces, matter, chemistry, m0, T0, ns, n, tau, Ts, Tb, tolerance, w):
    r"""Solve one implicit stage for temperatures ``w.T1`` and masses ``w.m1``.

    .. math::
       \bar m_i\,[h(T_i)-h(T_i^0)] = \tau S_i(T) + S^x_i - \sum_j \xi_{ij}\Delta h_j

    ``S`` is what conduction, the faces and absorption bring into a cell; ``w.Sx``, ``w.Z`` hold
    the part of an earlier stage. Newton's method, tridiagonal; the closing line of the loop puts
    what is left of the residual into the cell's own temperature, so that energy is conserved
    whether or not Newton has converged.

    Returns surface and back temperature, net flux through each face [W/m2], Newton iterations.
    """
    T, m1, dx, k, G, C, H = w.T1, w.m1, w.dx, w.k, w.G, w.C, w.H
    Q, dQ, src, low, rhs, S = w.Q, w.dQ, w.src, w.low, w.rhs, w.S
    Sx, Z, K = w.Sx, w.Z, w.K
    iterations = 0
    while iterations < 8:
        iterations += 1
        react(chemistry, m0, T, n, tau, Z, m1, K, Q, dQ)
        layout(matter, m1, T, n, dx, k)
        heat_content(matter, m0, m1, T0, T, n, C, H)
        conductances(dx, k, n, G)
        eps = volume_mean(matter, m1, 0, matter.eps)
        q_surface = faces.flame + (0.0 if faces.in_depth else eps * faces.irradiance)
        if faces.in_depth:
            absorbed_in_depth(faces, matter, m1, dx, ns, n, eps, src)
        a, b = linearise_front(faces, eps, q_surface, Ts)
        Gs = 2.0 * k[0] / dx[0]
        Gb = 2.0 * k[n - 1] / dx[n - 1]
        ab, bb = linearise_back(faces, Tb)
        front = Gs / (b + Gs)
        back = Gb / (bb + Gb)
        if faces.back == 1:
            ab, bb, back = Gb * faces.T_back, Gb, 1.0
        for i in range(n):
            slope = C[i] + max(dQ[i], -0.5 * C[i])
            low[i] = -tau * G[i]
            S[i] = slope
            rhs[i] = slope * T[i] - H[i] - Q[i] + Sx[i] + tau * src[i]
        for i in range(n - 1):
            S[i] += tau * G[i]
            S[i + 1] += tau * G[i]
        S[0] += tau * front * b
        rhs[0] += tau * front * a
        S[n - 1] += tau * back * bb
        rhs[n - 1] += tau * back * ab
        thomas(low, S, rhs, n)
        change = 0.0
        for i in range(n):
            change = max(change, abs(rhs[i] - T[i]))
            T[i] = rhs[i]
        Ts_new = (a + Gs * T[0]) / (b + Gs)
        Tb_new = faces.T_back if faces.back == 1 else (ab + Gb * T[n - 1]) / (bb + Gb)
        change = max(change, abs(Ts_new - Ts))
        Ts, Tb = Ts_new, Tb_new
        if change < tolerance or not change < 1e6:
            break
    q_front = front * (a - b * T[0])
    q_back = back * (ab - bb * T[n - 1])
    q_total = q_front
    for i in range(n):
        S[i] = src[i]
        q_total += src[i]
    for i in range(n - 1):
        q = G[i] * (T[i] - T[i + 1])
        S[i] -= q
        S[i + 1] += q
    S[0] += q_front
    S[n - 1] += q_back
    react(chemistry, m0, T, n, tau, Z, m1, K, Q, dQ)
    heat_content(matter, m0, m1, T0, T, n, C, H)
    for i in range(n):
        T[i] += (tau * S[i] + Sx[i] - Q[i] - H[i]) / C[i]
    return Ts, Tb, q_total, q_back, iterations
