"""The physics beside reference solutions and experiments: ``results/physics_validation.json``.

Four questions, from code to nature: does the solver solve its equations (`reference_errors`,
`resolution_errors`); do published material parameters reproduce pyrolysis in nitrogen
(`gasification_errors`); how far is a simulated cone test from a measured one, with published
properties (*informed*) and with structure alone (*blind*); do the intervals cover (`coverage`).
Nothing is fitted; beside each score stands what a bias fitted in the fold would make of it.
"""

import numpy as np
import pandas as pd

from trinity.cone import simulate as cone
from trinity.cone.curve import LAG_S
from trinity.cone.simulate import FINE
from trinity.files import data_path
from trinity.measurements.specimens import load_measurements
from trinity.provenance import Job
from trinity.quantities import TARGETS
from trinity_book.studies.validation import cases
from trinity_book.studies.validation.same_sheets import same_sheets
from trinity_book.studies.validation.scores import cone_errors, gmfe, plain, remedies
from trinity_book.studies.validation.sensitivity import (
    energy_budget,
    ignition_lines,
    prior_effects,
    sensitivity,
)

DRAWS = 200  # parameter sets a test for the intervals
LEVEL = 0.90


def reference_errors() -> list[dict]:
    """Error of the default resolution against two independent codes, in percent, a case a row."""
    slabs = cases.reference_cases()
    found = cone.simulate_batch(slabs)
    return [
        {"id": case["id"]}
        | {key: 100.0 * float(found[key][i] / v - 1.0) for key, v in case["expected"].items()}
        for i, case in enumerate(slabs)
    ]


def resolution_errors(n: int = 40, seed: int = 0) -> dict:
    """Default against fine resolution on ``n`` other slabs: 1-30 mm, 15-100 kW/m2, ramps, depth.

    Median, 95 % quantile and maximum of the absolute error in percent, by key.
    """
    slabs = other_slabs(n, seed)
    coarse, fine = (cone.simulate_batch(slabs, numerics=x) for x in (cone.DEFAULT, FINE))
    errors, names = {}, ("median", "q95", "max")
    for key in (*slabs[0]["expected"], "t_ig_s", "phrr_kw_m2", "thr_mj_m2"):
        known = fine[key] > 0.0  # leaves NaN out, and slabs that lose nothing
        off = 100.0 * np.abs(coarse[key][known] / fine[key][known] - 1.0)
        errors[key] = dict(zip(names, np.quantile(off, [0.5, 0.95, 1.0]).tolist(), strict=True))
    return {"cases": n, "percent": errors}


def other_slabs(n: int, seed: int = 0) -> list[dict]:
    """Reference slabs of other thickness and flux, half with ramps, half with depth of absorption,
    drawn by seed."""
    rng = np.random.default_rng(seed)
    return [_varied(case, rng) for case in rng.choice(cases.reference_cases(), n)]


def _varied(case: dict, rng: np.random.Generator) -> dict:
    ramped, deep = rng.random(2) < 0.5
    components = {}
    for name, c in case["components"].items():
        k, heat = c["conductivity_w_m_k"], c["specific_heat_j_kg_k"]
        components[name] = {
            **c,
            "conductivity_w_m_k": [[300.0, 1.1 * k], [800.0, 0.7 * k]] if ramped else k,
            "specific_heat_j_kg_k": [[300.0, 0.7 * heat], [900.0, 1.4 * heat]] if ramped else heat,
            "absorption_coefficient_1_m": float(rng.uniform(900.0, 4000.0)) if deep else None,
        }
    return case | {
        "components": components,
        "reactions": [{**r, "heat_of_combustion_j_kg": 25e6} for r in case["reactions"]],
        "thickness_m": float(np.exp(rng.uniform(np.log(1e-3), np.log(0.03)))),
        "irradiance_w_m2": float(rng.uniform(15e3, 100e3)),
        "end_time_s": 3600.0,
    }


def gasification_errors() -> dict:
    """Published parameter sets against tests in nitrogen: simulated over measured, a test a row."""
    tests = pd.read_csv(data_path("measurements", "gasification_measurements.csv"))
    rows = []
    for test in tests.itertuples():
        case = cases.gasification_case(test.polymer, test.flux_kw_m2, test.thickness_mm)
        found = cone.simulate(case, curves=True)
        curves = found["curves"]
        at = int(np.argmax(curves["mass_loss_rate_kg_m2_s"]))
        pairs = {
            "peak": (1e3 * found["peak_mass_loss_rate_kg_m2_s"], test.peak_mlr_g_m2_s),
            "t_peak": (curves["time_s"][at], test.t_peak_s),
            "t_1_g": (found["time_to_1_g_m2_s"], test.t_mlr_above_1_g_m2_s),
            "t_3_g": (found["time_to_3_g_m2_s"], test.t_mlr_above_3_g_m2_s),
            "mass_lost": (found["mass_lost_kg_m2"], test.mass_lost_kg_m2),
        }
        row = {"polymer": test.polymer, "flux_kw_m2": float(test.flux_kw_m2)}
        for name, (simulated, measured) in pairs.items():
            row |= {f"{name}_simulated": float(simulated), f"{name}_measured": float(measured)}
        rows.append(row)
    table = pd.DataFrame(rows)
    factors = {x: gmfe(np.log(table[f"{x}_simulated"] / table[f"{x}_measured"])) for x in pairs}
    return {"tests": plain(table), "gmfe": factors}


def coverage(seed: int = 0) -> dict:
    """How often 90 % intervals from drawn blind parameters hold the measured value: of all tests
    alike (``covered``), and with equal weights of groups and of the laboratories in each
    (``covered_by_groups``).

    The intervals know the errors of the inputs, not those of the equations or laboratories.
    """
    tests = load_measurements()
    rng = np.random.default_rng(seed)
    drawn = [case for test in tests.itertuples() for case in cases.drawn_cases(test, DRAWS, rng)]
    found = cone.simulate_batch(drawn, lag_s=LAG_S)
    targets = {}
    for target in TARGETS:
        drawn, measured = found[f"rule_{target}"].reshape(len(tests), DRAWS), tests[target]
        low, high = np.nanquantile(drawn, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2], axis=1)
        known = measured.notna()
        inside = tests.assign(inside=measured.between(low, high))[known]
        by_laboratory = inside.groupby(["group_nine", "lab"])["inside"].mean()
        targets[target] = {
            "tests": int(known.sum()),
            "covered": float(inside["inside"].mean()),
            "covered_by_groups": float(by_laboratory.groupby("group_nine").mean().mean()),
            "median_width_factor": float(np.median((high / low)[known])),
            "low": low.tolist(),
            "high": high.tolist(),
        }
    return {"draws": DRAWS, "level": LEVEL, "targets": targets}


def validation(job: Job) -> dict:
    """The stage: all of it, as the results file holds it; about two minutes on two cores."""
    return {
        "lag_s": LAG_S,
        "reference_percent": reference_errors(),
        "resolution": resolution_errors(seed=job.seed),
        "gasification": gasification_errors(),
        "cone": {
            "informed": cone_errors(cases.informed_case),
            "blind": cone_errors(cases.blind_case),
        },
        "remedies": remedies(),
        "same_sheets": same_sheets(),
        "coverage": coverage(seed=job.seed),
        "ignition_lines": ignition_lines(),
        "energy_budget": energy_budget(),
        "sensitivity": sensitivity(seed=job.seed),
        "priors": prior_effects(),
    }
