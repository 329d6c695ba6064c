"""The cone calorimeter, simulated: one case or many.

The physics is in ``cone.slab`` (components, reactions), ``cone.heat`` (conduction and the two
faces), ``cone.grid`` (the grid) and ``cone.run`` (the test from start to burn-out); ``cone.case``
checks what a case says, ``cone.files`` reads cases as users write them, ``cone.curve`` reads
numbers from a curve. Equations: book, "Physics".
"""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from trinity.cone.case import check
from trinity.cone.curve import HALF, Bare, Rule, lagged, read_bare, read_rule
from trinity.cone.jit import kernel
from trinity.cone.run import MOST_ROWS, Diagnostics, Numerics, Row, run
from trinity.cone.slab import Packed, blank, columns, pack, unpack_inlined
from trinity.errors import InputError

# Default resolution: chosen so that every key of the reference cases is within 1 % (peak 2 %).
DEFAULT = Numerics(fineness=0.5, growth=0.2, error_k=2.5, fold=0.6, newton_k=3.0)
# Converged resolution for verification: energy closes to 1e-6, about fifty times slower.
FINE = Numerics(fineness=0.1, growth=0.05, error_k=0.02, fold=0.06, newton_k=1e-7)
UNFINISHED = (
    f"The run needs more than {MOST_ROWS} time steps; "
    "the kinetics are too stiff for this thickness and time: shorten end_time_s."
)
HIGHEST_KW_M2 = 20_000.0  # ten times the richest fuel at the strongest irradiance
RUNAWAY = (
    f"The heat release passes {HIGHEST_KW_M2:,.0f} kW/m2: the slab heats itself and burns at once; "
    "check heat_of_reaction_j_kg, which is positive where heat is taken up."
)
CHUNK = 32  # cases a thread takes at a time: small enough to share out evenly


class Results(NamedTuple):
    """What became of n cases, a row per case; all NaN before they run."""

    bare: np.recarray  # (n,) of `trinity.cone.curve.Bare`
    rule: np.recarray  # (n,) of `trinity.cone.curve.Rule`
    diagnostics: np.recarray  # (n,) of `trinity.cone.run.Diagnostics`

    def unfinished(self) -> np.ndarray:
        """Which runs stopped because their record was full, shape (n,)."""
        return self.diagnostics.rows >= MOST_ROWS - 2


def new_record() -> np.recarray:
    """Room for the rows of one run; not blanked, for that would take longer than many a run."""
    return np.empty(MOST_ROWS, columns(Row)).view(np.recarray)


@kernel
def run_range(packed, numerics, start, stop, lag, results, record):
    """Run cases ``start`` to ``stop``; fills their rows of ``results``.

    A negative ``lag`` leaves the rule out. ``record`` is the calling thread's own; after the call
    it holds the last case's rows.
    """
    for i in range(start, stop):
        slab, diagnostics = unpack_inlined(packed, i), results.diagnostics[i]
        t_ig = run(slab, numerics, record, diagnostics)
        rows = record[: int(diagnostics.rows)]
        read_bare(rows, t_ig, slab.setup, results.bare[i])
        if lag >= 0.0 and slab.setup.fuel:
            ended = rows[rows.size - 1].mass_lost_kg_m2 >= 0.999 * slab.setup.volatiles
            after = 30.0 if ended else 0.0
            read_rule(lagged(rows.time_s, rows.hrr_w_m2, after, lag), HALF, results.rule[i])


def run_packed(
    packed: Packed,
    lag_s: float | None = None,
    threads: int | None = None,
    numerics: Numerics = DEFAULT,
    record: np.recarray | None = None,
) -> Results:
    """Run packed cases on ``threads`` cores (all of the process's by default).

    ``record`` holds the rows of the last case afterwards; give one for a few cases only.
    """
    n = len(packed.setups)
    results = Results(blank(Bare, n), blank(Rule, n), blank(Diagnostics, n))
    lag = -1.0 if lag_s is None else float(lag_s)

    def work(start):
        rows = new_record() if record is None else record
        run_range(packed, numerics, start, min(start + CHUNK, n), lag, results, rows)

    starts = range(0, n, CHUNK)
    if threads == 1 or len(starts) < 2:
        list(map(work, starts))
    else:
        with ThreadPoolExecutor(threads or len(os.sched_getaffinity(0))) as pool:
            list(pool.map(work, starts))
    return results


def simulate(case: dict, curves: bool = False, numerics: Numerics = DEFAULT) -> dict:
    """Burn one specimen, as `trinity.cone.files.simulate` does, without looking for slips."""
    record = new_record()
    results = run_packed(pack([check(case)]), numerics=numerics, record=record)
    if results.unfinished().any():
        raise InputError(UNFINISHED)
    if results.bare.phrr_kw_m2[0] > HIGHEST_KW_M2:
        raise InputError(RUNAWAY)
    found = _columns(results.bare) | _columns(results.diagnostics)
    result = {key: float(value[0]) for key, value in found.items()}
    if curves:
        rows = record[: int(result["rows"])]
        result["curves"] = {name: column.copy() for name, column in _columns(rows).items()}
    return result


def _columns(rows: np.recarray, prefix: str = "") -> dict[str, np.ndarray]:
    """The columns of a table by name."""
    return {f"{prefix}{name}": rows[name] for name in rows.dtype.names}


def curve(case: dict, numerics: Numerics = DEFAULT) -> tuple[np.ndarray, np.ndarray]:
    """Time [s] and heat release rate [W/m2] of one case; zero before ignition."""
    result = simulate(case, curves=True, numerics=numerics)["curves"]
    return result["time_s"], result["hrr_w_m2"]


def simulate_batch(
    cases: list[dict],
    lag_s: float | None = None,
    threads: int | None = None,
    numerics: Numerics = DEFAULT,
    strict: bool = True,
) -> dict[str, np.ndarray]:
    """Burn many specimens.

    Parameters
    ----------
    cases : list of dict
        As in `simulate`.
    lag_s : float, optional
        Also apply the rule of the measurements behind an instrument of this lag [s].
    threads : int, optional
        Cores to use; all of the process's cores by default.
    strict : bool
        Raise on the first bad case; otherwise leave its numbers NaN and name it in ``error``.

    Returns
    -------
    dict of arrays, shape (n,)
        Fields of `trinity.cone.curve.Bare`; with ``lag_s`` those of ``Rule`` as ``rule_...``;
        diagnostics; ``error`` (object: None or one sentence).

    Raises InputError, with ``strict``: the index of the first bad case, how many there are, and
    what is wrong.
    """
    slabs, errors = {}, {}
    for i, case in enumerate(cases):
        try:
            slabs[i] = check(case)
        except InputError as error:
            errors[i] = str(error)
    if strict and errors:
        i = min(errors)
        many = f" (one of {len(errors)} bad ones)" if len(errors) > 1 else ""
        raise InputError(f"Case {i}{many}: {errors[i]}")
    found, places = run_packed(pack(list(slabs.values())), lag_s, threads, numerics), list(slabs)
    full, wild = found.unfinished(), found.bare["phrr_kw_m2"] > HIGHEST_KW_M2
    for wrong, why in ((wild, RUNAWAY), (full, UNFINISHED)):
        found.bare[wrong] = found.rule[wrong] = np.nan
        errors |= {places[row]: why for row in np.flatnonzero(wrong)}
    columns = _columns(found.bare)
    if lag_s is not None:
        columns |= _columns(found.rule, "rule_")
    result = {}
    for name, values in (columns | _columns(found.diagnostics)).items():
        result[name] = np.full(len(cases), np.nan)
        result[name][places] = values
    result["error"] = np.array([errors.get(i) for i in range(len(cases))], dtype=object)
    return result


def warm_up() -> None:
    """Compile the kernels into the cache, so that a first call is quick."""
    wood = {"density_kg_m3": 1000.0, "conductivity_w_m_k": 0.2, "specific_heat_j_kg_k": 2000.0}
    case = {
        "thickness_m": 0.001, "irradiance_w_m2": 50000.0, "end_time_s": 5.0,
        "front": {"h_w_m2_k": 10.0}, "components": {"virgin": {**wood, "emissivity": 0.9}},
        "reactions": [],
    }  # fmt: skip
    simulate_batch([case], lag_s=1.0)
