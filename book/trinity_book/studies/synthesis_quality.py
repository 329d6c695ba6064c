"""Tables for the page on the synthetic data: what `synthesis_report` found, ready to be shown."""

import numpy as np
import pandas as pd

from trinity.synthesis.table import LABELS


def fuel_share(table: pd.DataFrame) -> pd.Series:
    """Heat released over the heat of combustion of the specimen, NaN without ignition.

    Above 1 would be more than the fuel holds; the solver's grid and the rule's time step leave an
    error of some per cent.
    """
    mass = table["density_kg_m3"].astype(float) * table["thickness_mm"] * 1e-3
    return table["thr_mj_m2"] / (mass * table["heat_of_combustion_j_kg"] * 1e-6)


def energy_check(table: pd.DataFrame) -> dict:
    """Rows that release more than their fuel holds: counts, and the largest ratio."""
    share = fuel_share(table).dropna()
    return {
        "rows": len(share),
        "above_fuel": int((share > 1.0).sum()),
        "above_1.03": int((share > 1.03).sum()),
        "above_1.3": int((share > 1.3).sum()),
        "largest": float(share.max()),
        "median": float(share.median()),
    }


def beside_measurements(report: dict) -> pd.DataFrame:
    """Quantiles of each label: a synthetic and a measured row, for the columns that both have."""
    kinds = {"synthetic": report["quantiles"], "measured": report["measured_quantiles"]}
    rows = {
        (name, kind): found[name]
        for name in LABELS
        for kind, found in kinds.items()
        if name in found
    }
    return pd.DataFrame(rows).T.rename_axis(["label", "tests"])


def spread_table(report: dict) -> pd.DataFrame:
    """One standard deviation of each label, as a factor: of a calm, a middling, a wild polymer."""
    spread = report["label_spread"]
    table = pd.DataFrame({name: spread[name] for name in LABELS if name in spread}).T
    names = {"0.1": "10 % of polymers below", "0.5": "median", "0.9": "90 % below"}
    return np.exp(table).rename(columns=names)


def neighbours_table(report: dict) -> pd.DataFrame:
    """Each measured polymer: is it in the table, and its nearest other neighbour there."""
    table = pd.DataFrame(report["coverage"]["measured"]).drop(columns="key")
    return table.sort_values("tanimoto", ascending=False).set_index("polymer")
