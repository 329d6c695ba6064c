"""The same-sheet arm: a cone test simulated with what was measured on the sheets that were burned.

Inputs, candidates and what is not adopted stand in ``data/analysis_plan_same_sheets.toml``, which
was committed before the first of these scores. Values are those of
``data/reference/same_sheet_properties.csv``; nothing in it comes from a cone test.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import pandas as pd

from trinity.chemistry.thermochemistry import gas_heat_of_combustion
from trinity.cone import simulate as cone
from trinity.cone import specimen
from trinity.cone.curve import LAG_S
from trinity.evidence.scores import bootstrap_interval, gmfe, sign_flip_p
from trinity.files import data_path
from trinity.measurements.specimens import load_measurements, load_table
from trinity.quantities import PRIMARY
from trinity_book.studies.validation import scores
from trinity_book.studies.validation.cases import blind_parameters, informed_case, single_value

LABORATORY = "FSRI"
ZERO_C = 273.15
ACID = "PVC"  # the one polymer that loses its acid first
HALF_WIDTH_K = 25.0  # of the triangle that stands for melting, as in `trinity.cone.specimen`
#: The surface coefficient and emissivity are means over a black body of the heater's temperature.
HEATER = "1000K"
SHOWN = (
    "conductivity_w_m_k",
    "heat_of_decomposition_j_kg",
    "char_yield",
    "gas_heat_of_combustion_j_kg",
)
STEPS = 31  # of each change that `diagnosis` tries


@dataclass(frozen=True)
class Reading:
    """Which of two reductions of one record is read; the defaults are those of the plan."""

    conductivity: str = "conductivity_gap_corrected"
    specific_heat: str = "specific_heat_sta_30K_min"
    kinetics: str = "global"
    heat: str = "heat_of_decomposition"
    at_surface: bool = False


@lru_cache(maxsize=1)
def plan() -> dict:
    """The declaration of this study."""
    path = data_path("analysis_plan_same_sheets.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def sheets() -> pd.DataFrame:
    """Rows of the sheets in SI units; temperature [K], ``doubt`` where the reduction has one."""
    table = load_table("same_sheet_properties")
    table = table[~table["material"].eq("PMMA clear")]  # burned by nobody in the cone table
    doubt = table["method"].fillna("").str.contains("DOUBT")
    return table.assign(temperature_k=table["temperature_c"] + ZERO_C, doubt=doubt)


def same_sheet_tests() -> pd.DataFrame:
    """The cone tests whose sheets were measured."""
    tests = load_measurements()
    return tests[(tests["lab"] == LABORATORY) & tests["polymer"].isin(sheets()["polymer"])]


def values(polymer: str, name: str) -> pd.DataFrame:
    """All rows of one property of a polymer's sheet; none where it was not measured."""
    table = sheets()
    return table[(table["polymer"] == polymer) & (table["property"] == name)]


def mean(polymer: str, *names: str) -> float | None:
    """Mean over the rows of the properties; None where there is no row."""
    found = pd.concat([values(polymer, name)["value"] for name in names])
    return float(found.mean()) if len(found) else None


def heat_ramp(polymer: str, reading: Reading) -> list[list[float]]:
    """Specific heat [J/kg/K] against temperature [K] with melting as a triangle, as measured."""
    lost = mean(polymer, "T_2pct_of_volatiles_10K_min") + ZERO_C
    cold, hot = values(polymer, "specific_heat"), values(polymer, reading.specific_heat)
    hot = hot[~hot["doubt"] & (hot["temperature_k"] < lost)]
    rows = pd.concat([cold, hot]).sort_values("temperature_k")
    at, c = rows["temperature_k"].to_numpy(), rows["value"].to_numpy()
    melting = [values(polymer, f"heat_of_melting_{rate}K_min") for rate in (10, 30)]
    melting = pd.concat(melting)
    heat = melting["value"].mean() if len(melting) else 0.0
    if heat <= 0.0:
        return np.column_stack([at, c]).tolist()
    peak = melting["temperature_k"].iloc[0]
    corners = peak + HALF_WIDTH_K * np.array([-1.0, 0.0, 1.0])
    nodes = np.union1d(at[np.abs(at - peak) > HALF_WIDTH_K], corners)
    line = np.interp(nodes, at, c)
    return np.column_stack([nodes, line + (nodes == peak) * heat / HALF_WIDTH_K]).tolist()


def _kinetics(polymer: str, kind: str) -> dict[str, float]:
    """Arrhenius parameters as the case names them; PVC sheds acid first, and Kissinger's line,
    through the higher peak, is of that step."""
    names = {"": kind}
    if polymer == ACID:
        names = {"acid_": "kissinger" if kind == "kissinger" else "global_step1"}
        names[""] = "global_step2"
    return {
        f"{prefix}{key}": value
        for prefix, name in names.items()
        for key, value in (
            ("A_1_s", 10.0 ** mean(polymer, f"log10A_{name}")),
            ("E_j_mol", mean(polymer, f"E_{name}")),
        )
    }


def same_sheet_parameters(test, inputs: tuple[str, ...], reading: Reading) -> dict[str, float]:
    """Parameters of a test, blind but for the measured ``inputs``, names of the plan's ladder."""
    polymer = test.polymer
    p = {name: float(v[0]) for name, v in blind_parameters(test).items()}
    if "density" in inputs:
        p["density_kg_m3"] = mean(polymer, "density") or test.density_kg_m3
    if "conductivity" in inputs:
        k = mean(polymer, reading.conductivity)
        p["conductivity_w_m_k"] = k or p["conductivity_w_m_k"]
    if "char" in inputs:
        p["char_yield"] = max(0.0, mean(polymer, "char_fraction_700C"))
    if "kinetics" in inputs:
        p |= _kinetics(polymer, reading.kinetics)
        if polymer == ACID:
            share = mean(polymer, "step1_share_of_volatiles")
            p["acid_fraction"] = share * (1.0 - p["char_yield"])
    gas, acid = 1.0 - p["char_yield"], p["acid_fraction"]
    if "heat_of_decomposition" in inputs:
        rates = (f"{reading.heat}_{rate}K_min" for rate in (10, 30))
        heat = mean(polymer, *rates)  # per kilogram of gas; a case counts it per one of reactant
        p["acid_heat_of_reaction_j_kg"] = heat * acid
        p["heat_of_decomposition_j_kg"] = heat * (gas - acid) / (1.0 - acid)
    fuel = float(gas_heat_of_combustion(p["heat_of_combustion_j_kg"], p["char_yield"], acid))
    if "gas_heat" in inputs:
        fuel = mean(polymer, "heat_of_combustion_mcc") / (1.0 - mean(polymer, "mcc_residue"))
        if polymer == ACID:
            first = single_value(ACID, "heat_of_combustion_gas_step1")
            p["acid_heat_of_combustion_j_kg"] = first
            fuel = (fuel * gas - first * acid) / (gas - acid)
    p["gas_heat_of_combustion_j_kg"] = fuel
    if "surface" in inputs:
        everyone = sheets()[sheets()["property"] == f"emissivity_{HEATER}"]["value"].mean()
        p["emissivity"] = mean(polymer, f"emissivity_{HEATER}") or float(everyone)
        depth = mean(polymer, f"absorption_coefficient_{HEATER}")
        p["absorption_coefficient_1_m"] = depth or p["absorption_coefficient_1_m"]
    return p


def same_sheet_case(
    test, inputs: tuple[str, ...] | None = None, reading: Reading = Reading(), **changes
) -> dict:
    """The case of a cone test with the measured ``inputs``, by default all of the plan's ladder.

    ``changes`` replace entries of the finished case. Raises InputError if the polymer has no sheet.
    """
    inputs = tuple(plan()["ladder"]["order"]) if inputs is None else inputs
    p = same_sheet_parameters(test, inputs, reading)
    arrays = {name: np.array([value]) for name, value in p.items()}
    case = specimen.to_case(arrays, 0, test.flux_kw_m2, test.thickness_mm)
    solid: dict = {}
    if "specific_heat" in inputs:
        solid["specific_heat_j_kg_k"] = heat_ramp(test.polymer, reading)
    if reading.at_surface:
        solid["absorption_coefficient_1_m"] = None
    components = {
        name: part | (solid if name != "char" else {}) for name, part in case["components"].items()
    }
    return {**case, "components": components, **changes}


def _published_edges(test) -> dict:
    """Convection, flame and ignition of the published PMMA model."""
    case, edges = same_sheet_case(test), scores.REMEDIES[scores.EDGES](test)
    return {**case, **{key: edges[key] for key in ("front", "critical_hrr_w_m2")}}


CANDIDATES: dict[str, Callable] = {
    "surface_absorption": partial(same_sheet_case, reading=Reading(at_surface=True)),
    "bare_conductivity": partial(same_sheet_case, reading=Reading(conductivity="conductivity")),
    "kissinger": partial(same_sheet_case, reading=Reading(kinetics="kissinger")),
    "heat_above_line": partial(same_sheet_case, reading=Reading(heat="heat_of_decomposition_line")),
    "slow_specific_heat": partial(
        same_sheet_case, reading=Reading(specific_heat="specific_heat_sta_10K_min")
    ),
    "ceramic_wool": partial(same_sheet_case, back="ceramic wool"),
    "published_edges": _published_edges,
}


def same_sheets() -> dict:
    """The study: error factors as ``rows``, simulated over measured as ``tests``, what the
    estimates and the sheets say as ``inputs``, and ``diagnosis``."""
    order = plan()["ladder"]["order"]
    ladder = {f"+ {name}": tuple(order[: i + 1]) for i, name in enumerate(order)}
    cases = {
        ("reference", "blind"): partial(same_sheet_case, inputs=()),
        ("reference", "published"): informed_case,
        **{("ladder", k): partial(same_sheet_case, inputs=v) for k, v in ladder.items()},
        **{("candidate", name): case_of for name, case_of in CANDIDATES.items()},
    }
    tests = same_sheet_tests()
    found = {key: scores.cone_errors(case_of, tests) for key, case_of in cases.items()}
    full = pd.DataFrame(found["ladder", f"+ {order[-1]}"]["tests"])
    rows = [
        {"kind": kind, "name": name, **_row(errors, full)} for (kind, name), errors in found.items()
    ]
    return {
        "rows": rows,
        "tests": scores.plain(full),
        "inputs": inputs(),
        "diagnosis": diagnosis(),
    }


def inputs() -> list[dict]:
    """Input by input, the estimate from structure and the value of the sheet, in SI units."""
    order, rows = tuple(plan()["ladder"]["order"]), []
    for test in same_sheet_tests().drop_duplicates("polymer").itertuples():
        blind, own = (same_sheet_parameters(test, x, Reading()) for x in ((), order))
        half = mean(test.polymer, "T_50pct_of_volatiles_10K_min") + ZERO_C
        pairs = {name: (blind[name], own[name]) for name in SHOWN}
        if test.polymer != ACID:  # its estimate is of the second step, the measured of both
            pairs["t50_k"] = (blind["t50_k"], half)
        rows += [
            {"polymer": test.polymer, "input": name, "estimated": old, "measured": new}
            for name, (old, new) in pairs.items()
        ]
    return rows


def _row(errors: dict, full: pd.DataFrame) -> dict:
    """Error factor of the primary targets over groups with its 95 % interval; and by how much the
    mean |ln| lies ``apart`` from the same-sheet case, paired over groups (below zero: better), with
    its interval and the p of all changes of sign."""
    table = pd.DataFrame(errors["tests"])
    row: dict = {"missed": len(errors["missed"])}
    for target in PRIMARY:
        own, other = (
            scores.log_ratio(t, target).abs().groupby(t["group_nine"]).mean() for t in (table, full)
        )
        low, high = bootstrap_interval(own.to_numpy())
        row |= {target: gmfe(own), f"{target}_low": np.exp(low), f"{target}_high": np.exp(high)}
        apart = (own - other).to_numpy()
        names = (f"{target}_{part}" for part in ("apart", "apart_low", "apart_high"))
        row |= dict(zip(names, (float(apart.mean()), *bootstrap_interval(apart)), strict=True))
        row[f"{target}_apart_p"] = sign_flip_p(apart)
        biases = scores.log_ratio(table, target).groupby(table["polymer"]).mean()
        row[f"{target}_by_polymer"] = np.exp(biases).to_dict()
    return row


def changed(case: dict, change: str, by: float, t50_k: float) -> dict:
    """The case with one input changed: ``by`` kelvin, or ``by`` times."""
    if (
        change == "shift_k"
    ):  # the rate that was that of T is that of T + by, at the half of the loss
        scale = 1.0 + by / t50_k
        return {
            **case,
            "reactions": [s | {"E_j_mol": s["E_j_mol"] * scale} for s in case["reactions"]],
        }
    if change == "radiation":
        return {**case, "irradiance_w_m2": case["irradiance_w_m2"] * by}
    parts = {
        name: part | {"conductivity_w_m_k": part["conductivity_w_m_k"] * by}
        for name, part in case["components"].items()
    }
    return {**case, "components": parts}


def diagnosis() -> list[dict]:
    """The change of one input that brings the simulated ignition of each test to the measured one.

    ``shift_k`` of the decomposition temperature, or the factor on ``conductivity`` or on the
    absorbed ``radiation``; None where none within the plan's range does. Descriptive: nothing is
    set by it.
    """
    tried = plan()["diagnosis"]
    ranges = {
        "shift_k": np.linspace(*tried["shift_k"], STEPS),
        "conductivity": np.geomspace(*tried["factor"], STEPS),
        "radiation": np.geomspace(*tried["factor"], STEPS),
    }
    tests = same_sheet_tests()
    tests = tests[tests["t_ig_s"].notna()]
    cases = []
    for test in tests.itertuples():
        case = same_sheet_case(test)
        half = mean(test.polymer, "T_50pct_of_volatiles_10K_min") + ZERO_C
        cases += [
            changed(case, change, by, half) for change, steps in ranges.items() for by in steps
        ]
    # More than the solver takes is NaN, like a surface that does not ignite.
    found = cone.simulate_batch(cases, lag_s=LAG_S, strict=False)["rule_t_ig_s"]
    off = np.log(
        found.reshape(len(tests), len(ranges), STEPS) / tests["t_ig_s"].to_numpy()[:, None, None]
    )
    rows = []
    for test, changes in zip(tests.itertuples(), off, strict=True):
        row = {"polymer": test.polymer, "flux_kw_m2": test.flux_kw_m2}
        row |= {"thickness_mm": test.thickness_mm}
        for (change, steps), errors in zip(ranges.items(), changes, strict=True):
            row[change] = crossing(steps, errors)
        rows.append(row)
    return rows


def crossing(steps: np.ndarray, errors: np.ndarray) -> float | None:
    """Where the errors first change their sign, on a straight line between steps; None if never."""
    known = np.isfinite(errors)
    steps, errors = steps[known], errors[known]
    at = np.flatnonzero(np.diff(np.sign(errors)) != 0)
    if not len(at):
        return None
    i = at[0]
    share = errors[i] / (errors[i] - errors[i + 1])
    return float(steps[i] + share * (steps[i + 1] - steps[i]))
