"""Simulated cone tests beside measured ones: error factors, biases, and where the errors are."""

import numpy as np
import pandas as pd

from trinity.cone import simulate as cone
from trinity.cone.curve import LAG_S
from trinity.evidence.scores import gmfe
from trinity.measurements import load_measurements
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
    columns = ["test_id", "polymer", "lab", "group_nine", "group_ten", "flux_kw_m2", "thickness_mm"]
    table = tests[columns].copy()
    for target in TARGETS:
        table[target] = tests[target]
        table[f"{target}_simulated"] = found[f"rule_{target}"]
    rows = plain(table)
    lit, simulated = table.t_ig_s.notna(), table.t_ig_s_simulated.notna()
    return {
        "tests": rows,
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
    """GMFE and bias of each target over several groupings."""
    table = table.assign(
        flux=pd.cut(table.flux_kw_m2, [0, 37, 62, 200], labels=["25", "50", "75"]).astype(str),
        thickness=pd.cut(table.thickness_mm, [0, 4, 10, 200], labels=["3", "6", "13"]).astype(str),
    )
    scores = {}
    for target in TARGETS:
        errors = log_ratio(table, target)
        entry = {"tests": gmfe(errors), "bias_tests": float(np.exp(errors.mean()))}
        for grouping in ("group_nine", "group_ten"):
            groups = table[grouping]
            corrected = without_fold_bias(errors, groups)
            entry[grouping] = _over_groups(errors, groups)
            entry[f"{grouping}_fold_bias"] = _over_groups(corrected, groups)
        for grouping in ("polymer", "flux", "thickness", "lab"):
            parts = errors.groupby(table[grouping])
            entry[f"by_{grouping}"] = {
                name: {
                    "gmfe": gmfe(x),
                    "bias": float(np.exp(x.mean())),
                    "tests": int(x.notna().sum()),
                }
                for name, x in parts
            }
        scores[target] = entry
    return scores


def _over_groups(errors: pd.Series, groups: pd.Series) -> float:
    """GMFE within each group, then the geometric mean over groups."""
    return float(np.exp(errors.abs().groupby(groups).mean().mean()))


def _by_material(table: pd.DataFrame) -> list[dict]:
    """Where the model fails: bias of every polymer in every laboratory.

    ``t_ig_low`` and ``t_ig_high`` at the lowest and the highest flux: a bias in both is thermal
    inertia or decomposition temperature, one at low flux is kinetics or loss of heat. ``rate`` is
    the bias of the peak over that of the total heat: the peak's error that is no error of fuel.
    """
    rows = []
    for (polymer, lab), part in table.groupby(["polymer", "lab"], sort=True):
        errors = {target: log_ratio(part, target) for target in TARGETS}
        t_ig, flux = errors["t_ig_s"].dropna(), part.flux_kw_m2
        ends = {
            "t_ig_low": t_ig[flux[t_ig.index] < 37.0],
            "t_ig_high": t_ig[flux[t_ig.index] > 62.0],
        }
        both = errors["phrr_kw_m2"] - errors["thr_mj_m2"]
        columns = errors | ends | {"rate": both}
        biases = {name: float(np.exp(x.mean())) for name, x in columns.items()}
        rows.append({"polymer": polymer, "lab": lab, "tests": len(t_ig), **biases})
    return plain(pd.DataFrame(rows))


def plain(table: pd.DataFrame) -> list[dict]:
    """Rows of a table with plain Python numbers; None for what is missing."""
    known = table.replace([np.inf, -np.inf], np.nan)
    return known.astype(object).where(known.notna(), None).to_dict("records")
