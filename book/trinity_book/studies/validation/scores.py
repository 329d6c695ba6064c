"""Simulated cone tests beside measured ones: error factors, biases, and where the errors are."""

import numpy as np
import pandas as pd

from trinity.cone import simulate as cone
from trinity.cone.curve import LAG_S
from trinity.evidence.scores import gmfe
from trinity.measurements.specimens import load_measurements
from trinity.quantities import TARGETS


def cone_errors(case_of) -> dict:
    """Simulated beside measured cone tests; ``case_of`` turns a row into a case.

    Scalars by the rule of the measurements behind an instrument of `LAG_S`. GMFE over tests
    within a group, then over groups; by polymer, flux and thickness over tests. A test that ignites
    in one world only has no ratio: it is left out of the factors and counted in ``missed`` (lit in
    the laboratory, not in the simulation) or ``false`` (the reverse), as ids of tests.
    """
    tests = load_measurements()
    found = cone.simulate_batch([case_of(test) for test in tests.itertuples()], lag_s=LAG_S)
    groups = ["group_nine", "group_ten"]
    table = tests[["test_id", "polymer", "lab", *groups, "flux_kw_m2", "thickness_mm"]].copy()
    for target in TARGETS:
        table[target] = tests[target]
        table[f"{target}_simulated"] = found[f"rule_{target}"]
    lit, simulated = table.t_ig_s.notna(), table.t_ig_s_simulated.notna()
    return {
        "tests": plain(table),
        "missed": table.test_id[lit & ~simulated].tolist(),
        "false": table.test_id[~lit & simulated].tolist(),
        "gmfe": _scores(table),
        "by_material": _by_material(table),
    }


def log_ratio(table: pd.DataFrame, target: str) -> pd.Series:
    """ln(simulated / measured) of one target, a test a row; missing where either is."""
    return np.log(table[f"{target}_simulated"].astype(float) / table[target].astype(float))


def without_fold_bias(errors: pd.Series, groups: pd.Series) -> pd.Series:
    """Log errors less the mean log error of the *other* groups, each group counted once.

    What a bias fitted inside a leave-one-group-out fold would leave; the held-out group has no
    part in its own correction.
    """
    means = errors.groupby(groups).mean()
    others = (means.sum() - means) / (means.count() - 1)
    return errors - groups.map(others)


def _scores(table: pd.DataFrame) -> dict:
    """GMFE and bias of each target over several groupings; over groups, GMFE within each first."""
    table = table.assign(
        flux=pd.cut(table.flux_kw_m2, [0, 37, 62, 200], labels=["25", "50", "75"]).astype(str),
        thickness=pd.cut(table.thickness_mm, [0, 4, 10, 200], labels=["3", "6", "13"]).astype(str),
    )
    scores = {}
    for target in TARGETS:
        errors = log_ratio(table, target)
        entry = {"tests": gmfe(errors), "bias_tests": _bias(errors)}
        for grouping in ("group_nine", "group_ten"):
            groups = table[grouping]
            corrected = without_fold_bias(errors, groups)
            for end, x in {"": errors, "_fold_bias": corrected}.items():
                entry[f"{grouping}{end}"] = gmfe(x.abs().groupby(groups).mean())
        for grouping in ("polymer", "flux", "thickness", "lab"):
            entry[f"by_{grouping}"] = {
                name: {"gmfe": gmfe(x), "bias": _bias(x), "tests": int(x.notna().sum())}
                for name, x in errors.groupby(table[grouping])
            }
        scores[target] = entry
    return scores


def _bias(errors: pd.Series) -> float:
    return float(np.exp(errors.mean()))


def _by_material(table: pd.DataFrame) -> list[dict]:
    """Where the model fails: bias of every polymer in every laboratory.

    ``t_ig_low`` and ``t_ig_high`` at the lowest and the highest flux: a bias in both is thermal
    inertia or decomposition temperature, one at low flux is kinetics or loss of heat. ``rate`` is
    the bias of the peak over that of the total heat: the peak's error that is no error of fuel.
    """
    errors = pd.DataFrame({target: log_ratio(table, target) for target in TARGETS})
    errors["t_ig_low"] = errors.t_ig_s.where(table.flux_kw_m2 < 37.0)
    errors["t_ig_high"] = errors.t_ig_s.where(table.flux_kw_m2 > 62.0)
    errors["rate"] = errors.phrr_kw_m2 - errors.thr_mj_m2
    parts = errors.groupby([table.polymer, table.lab])
    biases = parts.agg(_bias).reset_index()
    biases.insert(2, "tests", parts.t_ig_s.count().to_numpy())
    return plain(biases)


def plain(table: pd.DataFrame) -> list[dict]:
    """Rows of a table with plain Python numbers; None for what is missing."""
    known = table.replace([np.inf, -np.inf], np.nan)
    return known.astype(object).where(known.notna(), None).to_dict("records")
