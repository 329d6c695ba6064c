"""Report on a synthetic table: what is in it, whether its physics points the right way, how wide
its labels are, and how near it comes to the polymers that exist."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

import numpy as np
import pandas as pd
from rdkit import DataStructs
from rdkit.Chem import rdFingerprintGenerator

from trinity.chemistry import properties, sampling
from trinity.chemistry.chain import oligomer
from trinity.chemistry.polymers import parse_psmiles, polymer_key
from trinity.cone import specimen
from trinity.cone.curve import LAG_S
from trinity.cone.simulate import simulate_batch
from trinity.files import data_path
from trinity.measurements import load_measurements
from trinity.provenance import Job
from trinity.synthesis.table import LABELS, synthesize

SHOWN = (
    *LABELS,
    "residue_fraction",
    "density_kg_m3",
    "conductivity_w_m_k",
    "heat_of_combustion_j_kg",
    "t50_k",
    "char_yield",
)
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
# (label, input, sign, why), by label: each holds when the other inputs are held.
EXPECTED_SIGNS = (
    ("t_ig_s", "flux_kw_m2", -1, "more heat ignites sooner"),
    ("t_ig_s", "thickness_mm", 1, "a thicker slab takes more heat to the same surface temperature"),
    ("t_ig_s", "t50_k", 1, "a stabler polymer must get hotter"),
    ("t_ig_s", "density_kg_m3", 1, "more thermal inertia"),
    ("t_ig_s", "emissivity", -1, "more of the heat is taken up"),
    ("t_ig_s", "critical_hrr_w_m2", 1, "a higher threshold is passed later"),
    ("phrr_kw_m2", "flux_kw_m2", 1, "more heat gasifies faster"),
    ("phrr_kw_m2", "gas_heat_of_combustion_j_kg", 1, "the same gas burns hotter"),
    ("phrr_kw_m2", "heat_of_decomposition_j_kg", -1, "more heat is spent on a mass of gas"),
    ("phrr_kw_m2", "flame_heat_flux_w_m2", 1, "the flame heats too"),
    ("phrr_kw_m2", "char_yield", -1, "char shields the polymer and keeps fuel"),
    ("thr_mj_m2", "thickness_mm", 1, "more fuel an area"),
    ("thr_mj_m2", "density_kg_m3", 1, "more fuel a volume"),
    ("thr_mj_m2", "flaming_efficiency", 1, "more of the gas burns"),
    ("thr_mj_m2", "gas_heat_of_combustion_j_kg", 1, "more heat a mass"),
    ("thr_mj_m2", "char_yield", -1, "char keeps fuel"),
    ("t_peak_s", "thickness_mm", 1, "the front travels further"),
    ("t_peak_s", "flux_kw_m2", -1, "the front travels faster"),
    ("residue_fraction", "char_yield", 1, "what does not gasify stays"),
)
SPREAD_DRAWS = 20
SPREAD_FLUX_KW_M2, SPREAD_THICKNESS_MM = 50.0, 6.0  # the condition that is measured most often
NEIGHBOURS_AMONG = 20_000  # polymers of the table that are searched for neighbours


def synthesis(job: Job) -> dict:
    """The stage: invent polymers, sample their properties, burn them and describe the table."""
    numbers = job.parameters["synthesis"]
    table = synthesize(**numbers, seed=job.seed, out_dir=job.folder, progress=job.progress)
    return quality_report(pd.read_parquet(table), load_measurements())


def quality_report(table: pd.DataFrame, measurements: pd.DataFrame, n_spread: int = 100) -> dict:
    """Numbers that say what a synthetic table is worth, ready for JSON.

    Parameters
    ----------
    table : rows of `trinity.synthesis.table.synthesize`
    measurements : measured cone tests (`trinity.measurements.load_measurements`)
    n_spread : polymers that are burnt again to see how wide the labels are

    Returns
    -------
    dict
        ``rows``, ``polymers``, ``families`` (share of polymers), ``routes`` are counts;
        ``quantiles`` and ``measured_quantiles`` by column; ``non_igniting``; ``signs``;
        ``outliers``; ``label_spread``; ``coverage``.
    """
    polymers = table.drop_duplicates("key")
    return {
        "rows": len(table),
        "polymers": len(polymers),
        "families": polymers["family"].value_counts(normalize=True).round(4).to_dict(),
        "quantiles": _quantiles(table, SHOWN),
        "measured_quantiles": _quantiles(measurements, [c for c in SHOWN if c in measurements]),
        "measured_within": measured_within(table, measurements),
        "non_igniting": non_igniting(table),
        "signs": signs(table),
        "outliers": outliers(table),
        "label_spread": label_spread(polymers["psmiles"].tolist()[:n_spread]),
        "coverage": coverage(polymers["key"].tolist(), measurements),
    }


def _quantiles(table: pd.DataFrame, columns: Sequence[str]) -> dict:
    return {name: {f"{q:g}": float(table[name].quantile(q)) for q in QUANTILES} for name in columns}


def measured_within(table: pd.DataFrame, measurements: pd.DataFrame) -> dict:
    """Share of measured tests inside the central 90 % of synthetic tests at such conditions.

    Such: heat flux within a factor of 1.2 and thickness within a factor of 1.4.
    """
    inside: dict[str, list[bool]] = {"t_ig_s": [], "phrr_kw_m2": []}
    for test in measurements.itertuples():
        near = (np.abs(np.log(table["flux_kw_m2"] / test.flux_kw_m2)) < np.log(1.2)) & (
            np.abs(np.log(table["thickness_mm"] / test.thickness_mm)) < np.log(1.4)
        )
        for name, found in inside.items():
            value = getattr(test, name)
            if np.isfinite(value) and near.sum() >= 20:
                low, high = table.loc[near, name].quantile([0.05, 0.95])
                found.append(bool(low <= value <= high))
    return {
        name: {"share": float(np.mean(found)) if found else None, "tests": len(found)}
        for name, found in inside.items()
    }


def non_igniting(table: pd.DataFrame) -> dict:
    """Share of rows without ignition: in all, by heat flux, by family."""
    missed = ~table["ignited"]
    bins = pd.cut(table["flux_kw_m2"], [15, 25, 35, 50, 75, 100], include_lowest=True)
    by_flux = missed.groupby(bins, observed=True).mean()
    return {
        "share": float(missed.mean()),
        "by_flux_kw_m2": {f"{max(b.left, 15):g}-{b.right:g}": float(v) for b, v in by_flux.items()},
        "by_family": missed.groupby(table["family"]).mean().round(4).to_dict(),
    }


def signs(table: pd.DataFrame) -> list[dict]:
    """Effect of each input on a label, the others held, beside the sign that physics expects.

    The measure is the standardised rank regression coefficient: least squares of the label's ranks
    on the ranks of all its inputs (Iman & Conover, Technometrics 21 (1979) 499). A plain rank
    correlation would let the heat flux drown the weak inputs.
    """
    found = []
    for label, group in groupby(EXPECTED_SIGNS, key=itemgetter(0)):
        expected = [rest for _, *rest in group]
        rows = table[[label, *(cause for cause, _, _ in expected)]].dropna()
        ranks = rows.rank().to_numpy()
        ranks = (ranks - ranks.mean(axis=0)) / ranks.std(axis=0)
        weights = np.linalg.lstsq(ranks[:, 1:], ranks[:, 0], rcond=None)[0]
        for (cause, sign, why), weight in zip(expected, weights, strict=True):
            found.append(
                {"label": label, "input": cause, "expected": sign, "coefficient": float(weight),
                 "as_expected": bool(weight * sign > 0), "why": why}
            )  # fmt: skip
    return found


def outliers(table: pd.DataFrame) -> dict:
    """Counts of labels that no cone has shown (the limits are beyond every published test)."""
    fuel = table["density_kg_m3"] * table["thickness_mm"] * table["heat_of_combustion_j_kg"] * 1e-9
    return {
        "phrr_above_4000_kw_m2": int((table["phrr_kw_m2"] > 4000).sum()),
        "t_ig_below_3_s": int((table["t_ig_s"] < 3).sum()),
        "t_ig_above_1200_s": int((table["t_ig_s"] > 1200).sum()),
        "more_heat_than_fuel": int((table["thr_mj_m2"] > 1.3 * fuel).sum()),
    }


def label_spread(psmiles: Sequence[str], seed: int = 0) -> dict:
    """Scatter of the labels of one polymer that the errors of its properties cause.

    Each polymer is burnt with ``SPREAD_DRAWS`` draws at 50 kW/m² and 6 mm.

    Returns
    -------
    dict
        For each label the quantiles, over polymers, of the standard deviation of its natural
        logarithm; ``with_uncovered_atoms``: how many polymers have an atom that no group covers;
        ``ignition_undecided``: share of polymers of which some draws ignite and some
        do not.
    """
    rng = np.random.default_rng(seed)
    cases, uncovered = [], 0
    for text in psmiles:
        estimate = properties.estimate(text)
        uncovered += bool(estimate.uncovered_atoms)
        drawn = sampling.sample_parameters(estimate, SPREAD_DRAWS, rng)
        cases += [
            specimen.to_case(drawn, i, SPREAD_FLUX_KW_M2, SPREAD_THICKNESS_MM)
            for i in range(SPREAD_DRAWS)
        ]
    burnt = simulate_batch(cases, lag_s=LAG_S)
    ignited = np.isfinite(burnt["rule_t_ig_s"]).reshape(len(psmiles), SPREAD_DRAWS).mean(axis=1)
    report: dict = {
        "polymers": len(psmiles),
        "draws": SPREAD_DRAWS,
        "flux_kw_m2": SPREAD_FLUX_KW_M2,
        "thickness_mm": SPREAD_THICKNESS_MM,
        "with_uncovered_atoms": uncovered,
        "ignition_undecided": float(np.mean((ignited > 0) & (ignited < 1))),
    }
    for name in ("t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2"):
        log = np.log(burnt[f"rule_{name}"]).reshape(len(psmiles), SPREAD_DRAWS)
        spread = np.nanstd(log[ignited > 0.25], axis=1, ddof=1)
        report[name] = {f"{q:g}": float(np.quantile(spread, q)) for q in (0.1, 0.5, 0.9)}
    return report


def fingerprints(psmiles: Sequence[str]) -> list:
    """Morgan fingerprints (radius 2, 2048 bits) of dimers: the bond between units counts too."""
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    return [generator.GetFingerprint(oligomer(parse_psmiles(text), 2)) for text in psmiles]


def coverage(keys: Sequence[str], measurements: pd.DataFrame) -> dict:
    """How near the table comes to measured polymers, and how many known polymers it holds."""
    searched = list(keys[:NEIGHBOURS_AMONG])
    library = fingerprints(searched)
    known = known_polymers()
    among = set(keys)
    found = []
    for key, rows in measurements.groupby("key"):
        similarity = np.array(DataStructs.BulkTanimotoSimilarity(fingerprints([key])[0], library))
        similarity[[text == key for text in searched]] = -1.0
        nearest = int(np.argmax(similarity))
        found.append(
            {
                "polymer": "/".join(sorted(rows["polymer"].unique())),
                "key": key,
                "in_table": key in among,
                "nearest_other": searched[nearest],
                "tanimoto": float(similarity[nearest]),
            }
        )
    return {
        "measured": found,
        "measured_in_table": int(sum(row["in_table"] for row in found)),
        "known_polymers": len(known),
        "known_in_table": len(known & among),
        "known_share": len(known & among) / len(known),
    }


def known_polymers() -> set[str]:
    """Keys of the real homopolymers in ``data/polymers_real.csv``."""
    return {polymer_key(text) for text in pd.read_csv(data_path("polymers_real.csv"))["psmiles"]}
