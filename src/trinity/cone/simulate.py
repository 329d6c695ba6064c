"""The cone calorimeter, simulated: one case, many cases, files of cases.

The physics is in ``cone_matter`` (components, reactions), ``cone_heat`` (conduction and the two
faces), ``cone_grid`` (the grid) and ``cone_run`` (the test from start to burn-out); `cases` checks
what a case says and `metrics` reads numbers from a curve. Equations: book, chapter "Physics".
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from trinity.cone.batch import DEFAULT, DIAGNOSTICS, FINE, buffers, new_record, run_range
from trinity.cone.case import check, pack
from trinity.cone.curve import BARE, RULE
from trinity.cone.run import MOST_ROWS
from trinity.errors import InputError
from trinity.files import read_bytes, write_atomic

UNFINISHED = (
    f"The run needs more than {MOST_ROWS} time steps; "
    "the kinetics are too stiff for this thickness and time: shorten end_time_s."
)
CHUNK = 32  # cases a thread takes at a time: small enough to share out evenly
CURVES = (
    "time_s",
    "mass_loss_rate_kg_m2_s",
    "hrr_w_m2",
    "surface_temperature_k",
    "mass_lost_kg_m2",
    "heat_released_j_m2",
)


def simulate(case: dict, curves: bool = False, numerics=DEFAULT) -> dict:
    """Burn one specimen.

    Parameters
    ----------
    case : dict
        Schema of ``data/reference/cone_reference_cases.json`` and its extras (book, "Physics").
    curves : bool
        Add ``curves``: a dict of arrays, one row a time step (see `CURVES`).
    numerics : Numerics
        `DEFAULT`, or `FINE` for a converged result about fifty times slower.

    Returns
    -------
    dict
        Every key of `trinity.cone.curve.BARE` (NaN where an event never happened) and the solver's
        diagnostics. With the heat release rate q [W/m2], the mass flux m [kg/m2/s] and the time t
        [s]: ``thr_mj_m2`` is the integral of q from ignition on; ``ehc_mj_kg`` that over the mass
        lost from ignition on (ISO 5660-1); ``figra_kw_m2_s`` max q/t; ``marhe_kw_m2`` the maximum
        of the mean of q since the start; ``mean_hrr_60s_kw_m2`` and the like means after ignition;
        ``residue_fraction`` the mass left over that at the start.

    Raises
    ------
    InputError
        One sentence that names the field, its value and the accepted range.

    Examples
    --------
    >>> slab = {"density_kg_m3": 1190.0, "conductivity_w_m_k": 0.2,
    ...         "specific_heat_j_kg_k": 1800.0, "emissivity": 0.9}
    >>> burning = {"reactant": "slab", "product": None, "A_1_s": 8.5e12, "E_j_mol": 188e3,
    ...            "solid_yield": 0.0, "heat_of_reaction_j_kg": 0.9e6,
    ...            "heat_of_combustion_j_kg": 25e6}
    >>> case = {"thickness_m": 0.006, "irradiance_w_m2": 50e3, "end_time_s": 600.0,
    ...         "front": {"h_w_m2_k": 10.0}, "back": "insulated",
    ...         "components": {"slab": slab}, "reactions": [burning]}
    >>> 20 < simulate(case)["t_ig_s"] < 60
    True
    """
    packed = pack([check(case)])
    tables, record = buffers(1), new_record()
    run_range(packed, numerics, 0, 1, -1.0, *tables, record)
    if _unfinished(tables[2]).any():
        raise InputError(UNFINISHED)
    result = dict(zip(BARE + DIAGNOSTICS, (*tables[0][0], *tables[2][0]), strict=True))
    result = {key: float(value) for key, value in result.items()}
    if curves:
        rows = record[: int(result["rows"])]
        result["curves"] = {name: rows[:, j].copy() for j, name in enumerate(CURVES)}
    return result


def curve(case: dict, numerics=DEFAULT) -> tuple[np.ndarray, np.ndarray]:
    """Time [s] and heat release rate [W/m2] of one case; zero before ignition."""
    result = simulate(case, curves=True, numerics=numerics)["curves"]
    return result["time_s"], result["hrr_w_m2"]


def run_packed(packed, lag_s: float | None = None, threads: int | None = None, numerics=DEFAULT):
    """Run packed cases on ``threads`` cores; returns the bare, rule and diagnostics tables."""
    n = len(packed.scalars)
    tables = buffers(n)
    lag = -1.0 if lag_s is None else float(lag_s)
    threads = threads or len(os.sched_getaffinity(0))

    def work(start):
        stop = min(start + CHUNK, n)
        run_range(packed, numerics, start, stop, lag, *tables, new_record())

    if threads == 1 or n <= CHUNK:
        for start in range(0, n, CHUNK):
            work(start)
        return tables
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(0, n, CHUNK)))
    return tables


def _unfinished(diagnostics) -> np.ndarray:
    """Which runs stopped because their record was full, shape (n,)."""
    return diagnostics[:, DIAGNOSTICS.index("rows")] >= MOST_ROWS - 2


def check_all(cases) -> tuple[list, list[int], dict[int, str]]:
    """Checked cases, their places in the list, and one sentence for each that cannot be run."""
    good, places, errors = [], [], {}
    for i, case in enumerate(cases):
        try:
            good.append(check(case))
            places.append(i)
        except InputError as error:
            errors[i] = str(error)
    return good, places, errors


def _drop_unfinished(tables, places) -> dict[int, str]:
    """Blank the results of unfinished runs; a sentence for each."""
    rows = np.flatnonzero(_unfinished(tables[2]))
    for table in tables[:2]:
        table[rows] = np.nan
    return {places[row]: UNFINISHED for row in rows}


def simulate_batch(
    cases: list[dict],
    lag_s: float | None = None,
    threads: int | None = None,
    numerics=DEFAULT,
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
        Keys of `trinity.cone.curve.BARE`; with ``lag_s`` those of ``RULE`` as ``rule_...``;
        diagnostics; ``error`` (object: None or one sentence).

    Raises
    ------
    InputError
        With ``strict``: the index of the first bad case and what is wrong with it.
    """
    good, places, errors = check_all(cases)
    if strict and errors:
        i = min(errors)
        raise InputError(f"Case {i}: {errors[i]}")
    tables = run_packed(pack(good), lag_s, threads, numerics)
    errors |= _drop_unfinished(tables, places)
    names = (*BARE, *(f"rule_{key}" for key in RULE), *DIAGNOSTICS)
    columns = np.hstack(tables)
    result = {}
    for j, name in enumerate(names):
        if name.startswith("rule_") and lag_s is None:
            continue
        result[name] = np.full(len(cases), np.nan)
        result[name][places] = columns[:, j]
    result["error"] = np.array([errors.get(i) for i in range(len(cases))], dtype=object)
    return result


def read_cases(path: str | Path) -> list:
    """The list ``cases`` of a JSON file.

    Raises
    ------
    InputError
        If the file cannot be read, is not JSON, or holds no list of cases.
    """
    try:
        data = json.loads(read_bytes(Path(path)))
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}; write it in UTF-8 JSON.") from error
    except RecursionError as error:
        raise InputError(
            f"{path} is nested too deeply; it must hold a list named cases."
        ) from error
    cases = data.get("cases") if isinstance(data, dict) else data
    if not isinstance(cases, list) or not cases:
        raise InputError(f"{path} holds no cases; it must be an object with a list named cases.")
    return cases


def _identify(cases) -> list:
    """The id of each case; its index where it has none."""
    return [c.get("id", i) if isinstance(c, dict) else i for i, c in enumerate(cases)]


def simulate_file(in_path, out_path, curves_dir=None, strict: bool = False) -> int:
    """``trinity simulate``: cases from one JSON file, results to another, in input order.

    Parameters
    ----------
    curves_dir : path, optional
        Write ``<index>.csv`` with the curves of every good case there.
    strict : bool
        Write nothing when a case is bad.

    Returns
    -------
    int
        0, or 2 when at least one case could not be run (its result has ``error``).

    Raises
    ------
    InputError
        When the file cannot be used at all, or ``strict`` and a case is bad.
    """
    cases = read_cases(in_path)
    good, places, errors = check_all(cases)
    if strict and errors:
        i = min(errors)
        raise InputError(f"Case {i} (one of {len(errors)} bad ones): {errors[i]}")
    tables = run_packed(pack(good))
    errors |= _drop_unfinished(tables, places)
    bare = tables[0]
    rows = np.where(np.isfinite(bare), bare, None).tolist()
    results = [{"id": name} for name in _identify(cases)]
    for i, row in zip(places, rows, strict=True):
        if i not in errors:
            results[i].update(zip(BARE, row, strict=True))
    for i, sentence in errors.items():
        results[i]["error"] = sentence
    if curves_dir is not None:
        for i in places:
            _write_curves(Path(curves_dir) / f"{i:05d}.csv", cases[i])
    write_atomic(out_path, json.dumps({"results": results}))
    return 2 if errors else 0


def _write_curves(path: Path, case: dict) -> None:
    """One CSV of `CURVES`, a row a time step."""
    columns = simulate(case, curves=True)["curves"]
    lines = [",".join(CURVES)]
    lines += [",".join(f"{v:.8g}" for v in row) for row in zip(*columns.values(), strict=True)]
    write_atomic(path, "\n".join(lines) + "\n")


def warm_up() -> None:
    """Compile the kernels into the cache, so that a first call is quick."""
    wood = {"density_kg_m3": 1000.0, "conductivity_w_m_k": 0.2, "specific_heat_j_kg_k": 2000.0}
    case = {
        "thickness_m": 0.001, "irradiance_w_m2": 50000.0, "end_time_s": 5.0,
        "front": {"h_w_m2_k": 10.0}, "components": {"virgin": {**wood, "emissivity": 0.9}},
        "reactions": [],
    }  # fmt: skip
    simulate_batch([case], lag_s=1.0)


__all__ = ["DEFAULT", "FINE", "curve", "simulate", "simulate_batch", "simulate_file", "warm_up"]
