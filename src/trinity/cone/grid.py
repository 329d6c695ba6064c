"""A grid that follows the reaction: cells are split where it burns and merged where it does not."""

from math import log

from trinity.cone.jit import kernel
from trinity.cone.matter import cell_enthalpy, cell_temperature, ramp_value
from trinity.quantities import GAS_CONSTANT_J_MOL_K as R
from trinity.quantities import STEFAN_BOLTZMANN_W_M2_K4 as SIGMA

GROWTH = 0.25  # greatest relative change of cell size per cell away from the reaction zone


@kernel
def reaction_temperature(chemistry, j, rate):
    """Temperature at which reaction ``j`` runs at ``rate`` [1/s]; 0 where E = 0."""
    if chemistry.E[j] <= 0.0 or chemistry.A[j] <= rate:
        return 0.0
    return chemistry.E[j] / (R * log(chemistry.A[j] / rate))


@kernel
def zone_ahead(matter, chemistry, faces, thickness, fineness):
    r"""Cell size that will resolve the surface when it reacts [m].

    A reaction fades over :math:`\delta = (RT^2/E)\,k/q`: the rise in temperature that makes it
    e times faster, divided by the gradient at the surface.
    """
    smallest = min(thickness / 12.0, 1.5e-4)  # heating alone needs no finer
    for j in range(chemistry.A.size):
        T = reaction_temperature(chemistry, j, 0.03)
        if T <= 0.0 or chemistry.y[j] >= 1.0:
            continue
        a = chemistry.reactant[j]
        absorbed = matter.eps[a] * faces.irradiance + faces.flame
        lost = faces.h * (T - faces.T_gas) + matter.eps[a] * SIGMA * T**4
        q = max(0.3 * absorbed, absorbed - lost)
        k = ramp_value(matter.ramp, matter.index[a, 0], matter.index[a, 1], T)
        if q > 0.0:
            smallest = min(smallest, fineness * R * T * T / chemistry.E[j] * k / q)
    if faces.in_depth:
        for c in range(matter.w0.size):
            if matter.w0[c] > 0.0:
                smallest = min(smallest, 0.5 * fineness / matter.kappa[c])
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
def wanted_sizes(chemistry, faces, matter, m, T, K, dx, n, fineness, coarsest, s):
    """Cell size wanted in each of ``n`` cells, from what reacts there and from the gradient."""
    busiest = 0.0
    for i in range(n):
        s[i] = 0.0
        for j in range(chemistry.A.size):
            if K[i, j] > 0.0 and chemistry.E[j] > 0.0:
                weight = 1.0 - chemistry.y[j] + 1e-6 * abs(chemistry.dh[j])
                rate = weight * K[i, j] * m[i, chemistry.reactant[j]] / dx[i]
                s[i] = max(s[i], rate)
        busiest = max(busiest, s[i])
    for i in range(n):
        left, right = max(i - 1, 0), min(i + 1, n - 1)
        distance = 0.5 * (dx[left] + dx[right]) + (dx[i] if right - left == 2 else 0.0)
        gradient = abs(T[right] - T[left]) / distance + 1e-9
        wanted = coarsest
        if s[i] > 0.02 * busiest and busiest > 1e-4:
            for j in range(chemistry.A.size):
                if K[i, j] * m[i, chemistry.reactant[j]] > 0.0 and chemistry.E[j] > 0.0:
                    wanted = min(wanted, fineness * R * T[i] * T[i] / chemistry.E[j] / gradient)
        s[i] = min(max(min(wanted, 100.0 * fineness / gradient), 2e-6), coarsest)
    if faces.in_depth:
        depth = 0.0
        for i in range(n):
            kappa = 0.0
            for c in range(m.shape[1]):
                kappa += m[i, c] / matter.rho[c] * matter.kappa[c] / dx[i]
            if depth < 2.0:
                s[i] = min(s[i], max(0.5 * fineness / kappa, 2e-6))
            depth += kappa * dx[i]
    for i in range(1, n):
        s[i] = min(s[i], s[i - 1] + GROWTH * dx[i - 1])
    for i in range(n - 2, -1, -1):
        s[i] = min(s[i], s[i + 1] + GROWTH * dx[i + 1])


@kernel
def merge(matter, m, T, rate, dx, s, i, n):
    """Join cell ``i + 1`` to cell ``i``; masses and enthalpy are kept. Returns the new count."""
    H = cell_enthalpy(matter, m[i], T[i]) + cell_enthalpy(matter, m[i + 1], T[i + 1])
    share = dx[i] / (dx[i] + dx[i + 1])
    guess = share * T[i] + (1.0 - share) * T[i + 1]
    rate[i] = share * rate[i] + (1.0 - share) * rate[i + 1]
    for c in range(m.shape[1]):
        m[i, c] += m[i + 1, c]
    T[i] = cell_temperature(matter, m[i], H, guess)
    dx[i] += dx[i + 1]
    s[i] = min(s[i], s[i + 1])
    for o in range(i + 1, n - 1):
        copy_cell(m, T, rate, dx, s, o + 1, o)
    return n - 1


@kernel
def copy_cell(m, T, rate, dx, s, source, target):
    """Copy all that is known of one cell to another place."""
    for c in range(m.shape[1]):
        m[target, c] = m[source, c]
    T[target], rate[target], dx[target], s[target] = T[source], rate[source], dx[source], s[source]


@kernel
def split(matter, m, T, rate, dx, s, i, ns, n):
    """Halve cell ``i`` along its temperature and mass gradients; returns the new count.

    Slopes are limited so that no half leaves the range of its neighbours.
    """
    lo, hi = max(i - 1, 0), min(i + 1, ns - 1)
    H = cell_enthalpy(matter, m[i], T[i])
    slope = limited(T[lo], T[i], T[hi], dx[lo], dx[i], dx[hi])
    for o in range(n, i + 1, -1):
        copy_cell(m, T, rate, dx, s, o - 1, o)
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
    rate[i + 1], s[i + 1] = rate[i], s[i]
    C = H - cell_enthalpy(matter, m[i], T[i])
    T[i + 1] = cell_temperature(matter, m[i + 1], C, T[i + 1])
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
def adapt(chemistry, faces, matter, m, T, rate, K, dx, s, ns, n, fineness, coarsest):
    """Split and merge the slab's first ``ns`` of ``n`` cells; returns the new counts."""
    coarsest = min(coarsest, sum_of(dx, ns) / 6.0)
    wanted_sizes(chemistry, faces, matter, m, T, K, dx, ns, fineness, coarsest, s)
    i = 0
    while i < ns - 1:
        pair = dx[i] + dx[i + 1]
        vanishing = min(dx[i], dx[i + 1]) < 0.1 * s[i]
        if ns > 4 and (pair < 0.9 * min(s[i], s[i + 1]) or vanishing):
            n = merge(matter, m, T, rate, dx, s, i, n)
            ns -= 1
        else:
            i += 1
    i = 0
    while i < ns:
        if dx[i] > 1.5 * s[i] and n < T.size - 1:
            n = split(matter, m, T, rate, dx, s, i, ns, n)
            ns += 1
        else:
            i += 1
    return ns, n


@kernel
def sum_of(values, n):
    """Sum of the first ``n`` values."""
    total = 0.0
    for i in range(n):
        total += values[i]
    return total
