"""Run many packed cases with the kernels that one case uses. Compiled; SI units."""

import numpy as np

from trinity.cone.case import Packed
from trinity.cone.curve import BARE, RULE, bare_scalars, lagged, reduce_curve
from trinity.cone.heat import Faces
from trinity.cone.jit import kernel
from trinity.cone.matter import Chemistry, Matter
from trinity.cone.run import COLUMNS, MOST_ROWS, Numerics, Test, run

DIAGNOSTICS = (
    "steps",
    "solves",
    "mass_balance_error",
    "energy_balance_error",
    "rows",
    "cell_visits",
    "rate_evaluations",
)

# Default resolution: chosen so that every key of the reference cases is within 1 % (peak 2 %).
DEFAULT = Numerics(fineness=0.5, growth=0.2, error_k=2.5, fold=0.6, newton_k=3.0)
# Converged resolution for verification: energy closes to 1e-6, about fifty times slower.
FINE = Numerics(fineness=0.1, growth=0.05, error_k=0.02, fold=0.06, newton_k=1e-7)


@kernel
def unpack(packed, i):
    """Views of case ``i``: test, faces, matter, chemistry, and whether its gas burns."""
    s = packed.scalars[i]
    c0, p0, j0 = packed.offsets[i]
    c1, p1, j1 = packed.offsets[i + 1]
    component, reaction = packed.components[c0:c1], packed.reactions[j0:j1]
    matter = Matter(
        component[:, 0], component[:, 1], component[:, 2],
        packed.index[c0:c1], packed.ramps[p0:p1], component[:, 3],
    )  # fmt: skip
    chemistry = Chemistry(
        packed.chain[j0:j1, 0], packed.chain[j0:j1, 1], reaction[:, 0], reaction[:, 1],
        reaction[:, 2], reaction[:, 3], reaction[:, 4], reaction[:, 5],
    )  # fmt: skip
    test = Test(s[0], s[1], s[2], s[3], s[4], s[5], s[6], int(s[7]), s[8], s[9], s[10])
    faces = Faces(s[11], 0.0, s[12], s[13], s[14], s[15] > 0.0, int(s[16]), s[17], s[18], s[19])
    return test, faces, matter, chemistry, s[20] > 0.0


@kernel
def run_range(packed, numerics, start, stop, lag, bare, rule, diagnostics, record):
    """Run cases ``start`` to ``stop``; rows of the three result tables are filled.

    ``record`` is the calling thread's own buffer; after the call it holds the last case's rows.
    """
    curve = np.empty(1)
    for i in range(start, stop):
        test, faces, matter, chemistry, fuel = unpack(packed, i)
        result = run(test, faces, matter, chemistry, numerics, record)
        inverse = 0.0
        for c in range(matter.rho.size):
            inverse += matter.w0[c] / matter.rho[c]
        mass = test.thickness / inverse
        bare_scalars(record, result.rows, result.t_ig, test.volatiles, mass, fuel, bare[i])
        diagnostics[i, 0], diagnostics[i, 1] = result.steps, result.solves
        diagnostics[i, 2], diagnostics[i, 3] = result.mass_error, result.energy_error
        diagnostics[i, 4] = result.rows
        diagnostics[i, 5], diagnostics[i, 6] = result.visits, result.rates
        if lag >= 0.0 and fuel:
            ended = record[result.rows - 1, 4] >= 0.999 * test.volatiles
            need = int(test.end / 0.5) + 200
            if curve.size < need:
                curve = np.empty(need)
            n = lagged(record[:, 0], record[:, 2], result.rows, 30.0 if ended else 0.0, lag, curve)
            reduce_curve(curve, n, rule[i])


def buffers(n: int):
    """Result tables for ``n`` cases: bare (n, 19), rule (n, 5), diagnostics (n, 7)."""
    return (
        np.full((n, len(BARE)), np.nan),
        np.full((n, len(RULE)), np.nan),
        np.full((n, len(DIAGNOSTICS)), np.nan),
    )


def new_record() -> np.ndarray:
    """Buffer for the rows of one run."""
    return np.empty((MOST_ROWS, COLUMNS))


__all__ = ["DEFAULT", "FINE", "Packed", "buffers", "new_record", "run_range"]
