"""Report on a synthetic table: what is in it, whether its physics points the right way, how wide
its labels are, and how near it comes to the polymers that exist."""

from collections.abc import Sequence

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
from trinity.measurements.specimens import load_measurements
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
QUANTILES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
SIGNS = ("label", "input", "expected", "why")
# Each holds when the other inputs of the label are held.
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
    path = synthesize(**numbers, seed=job.seed, out_dir=job.folder, progress=job.progress)
    table = pd.read_parquet(path)
    asked = numbers["n_polymers"] * numbers["conditions_per_polymer"]
    return {"refused": asked - len(table), **quality_report(table, load_measurements())}


def quality_report(table: pd.DataFrame, measurements: pd.DataFrame, n_spread: int = 100) -> dict:
    """Numbers that say what a synthetic table is worth, ready for JSON.

    ``table`` has the rows of `trinity.synthesis.table.synthesize`, ``measurements`` the measured
    cone tests; ``n_spread`` polymers are burnt again to see how wide the labels are.
    """
    polymers = table.drop_duplicates("key")
    return {
        "rows": len(table),
        "polymers": len(polymers),
        "families": polymers["family"].value_counts(normalize=True).round(4).to_dict(),
        "quantiles": {name: _quantiles(table[name]) for name in SHOWN},
        "measured_quantiles": {
            name: _quantiles(measurements[name]) for name in SHOWN if name in measurements
        },
        "measured_within": measured_within(table, measurements),
        "non_igniting": non_igniting(table),
        "signs": signs(table),
        "outliers": outliers(table),
        "label_spread": label_spread(polymers["psmiles"].tolist()[:n_spread]),
        "coverage": coverage(polymers["key"].tolist(), measurements),
    }


def _quantiles(values: Sequence[float], shares: Sequence[float] = QUANTILES) -> dict[str, float]:
    return {f"{q:g}": float(value) for q, value in pd.Series(values).quantile(shares).items()}


def measured_within(table: pd.DataFrame, measurements: pd.DataFrame) -> dict:
    """Share of measured tests inside the central 90 % of synthetic tests at such conditions.

    Such: heat flux within a factor of 1.2 and thickness within a factor of 1.4.
    """
    inside: dict[str, list[bool]] = {"t_ig_s": [], "phrr_kw_m2": []}
    for test in measurements.itertuples():
        flux, thickness = table["flux_kw_m2"], table["thickness_mm"]
        near = table[
            (np.abs(np.log(flux / test.flux_kw_m2)) < np.log(1.2))
            & (np.abs(np.log(thickness / test.thickness_mm)) < np.log(1.4))
        ]
        for name, found in inside.items():
            value = getattr(test, name)
            if np.isfinite(value) and len(near) >= 20:
                low, high = near[name].quantile([0.05, 0.95])
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
    for label, group in pd.DataFrame(EXPECTED_SIGNS, columns=SIGNS).groupby("label", sort=False):
        ranks = table[[label, *group["input"]]].dropna().rank().to_numpy()
        ranks = (ranks - ranks.mean(axis=0)) / ranks.std(axis=0)
        weights = np.linalg.lstsq(ranks[:, 1:], ranks[:, 0], rcond=None)[0]
        agrees = weights * group["expected"] > 0
        found += group.assign(coefficient=weights, as_expected=agrees).to_dict("records")
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

    Each polymer is burnt with ``SPREAD_DRAWS`` draws at 50 kW/m² and 6 mm. For each label the
    quantiles, over polymers, of the standard deviation of its natural logarithm;
    ``with_uncovered_atoms``: how many polymers have an atom that no group covers;
    ``ignition_undecided``: share of polymers of which some draws ignite and some do not.
    """
    rng = np.random.default_rng(seed)
    estimates = [properties.estimate(text) for text in psmiles]
    cases = []
    for estimate in estimates:
        drawn = sampling.sample_parameters(estimate, SPREAD_DRAWS, rng)
        cases += [
            specimen.to_case(drawn, i, SPREAD_FLUX_KW_M2, SPREAD_THICKNESS_MM)
            for i in range(SPREAD_DRAWS)
        ]
    burnt = simulate_batch(cases, lag_s=LAG_S)
    log = {name: np.log(burnt[f"rule_{name}"]).reshape(-1, SPREAD_DRAWS) for name in LABELS[:4]}
    ignited = np.isfinite(log["t_ig_s"]).mean(axis=1)
    spread = {k: np.nanstd(values[ignited > 0.25], axis=1, ddof=1) for k, values in log.items()}
    return {
        "polymers": len(psmiles),
        "draws": SPREAD_DRAWS,
        "flux_kw_m2": SPREAD_FLUX_KW_M2,
        "thickness_mm": SPREAD_THICKNESS_MM,
        "with_uncovered_atoms": sum(bool(estimate.uncovered_atoms) for estimate in estimates),
        "ignition_undecided": float(np.mean((ignited > 0) & (ignited < 1))),
        **{name: _quantiles(values, [0.1, 0.5, 0.9]) for name, values in spread.items()},
    }


def fingerprints(psmiles: Sequence[str]) -> list:
    """Morgan fingerprints (radius 2, 2048 bits) of dimers: the bond between units counts too."""
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    return [generator.GetFingerprint(oligomer(parse_psmiles(text), 2)) for text in psmiles]


def coverage(keys: Sequence[str], measurements: pd.DataFrame) -> dict:
    """How near the table comes to measured polymers, and how many known polymers it holds."""
    searched, among, known = np.array(keys[:NEIGHBOURS_AMONG]), set(keys), known_polymers()
    library = fingerprints(searched)
    rows = []
    for key, names in measurements.groupby("key")["polymer"].unique().items():
        similarity = np.array(DataStructs.BulkTanimotoSimilarity(fingerprints([key])[0], library))
        similarity[searched == key] = -1.0
        nearest = similarity.argmax()
        name = "/".join(sorted(names))
        rows.append((name, key, key in among, str(searched[nearest]), float(similarity[nearest])))
    columns = ("polymer", "key", "in_table", "nearest_other", "tanimoto")
    return {
        "measured": [dict(zip(columns, row, strict=True)) for row in rows],
        "measured_in_table": sum(inside for _, _, inside, *_ in rows),
        "known_polymers": len(known),
        "known_in_table": len(known & among),
        "known_share": len(known & among) / len(known),
    }


def known_polymers() -> set[str]:
    """Keys of the real homopolymers in ``data/polymers_real.csv``."""
    return {polymer_key(text) for text in pd.read_csv(data_path("polymers_real.csv"))["psmiles"]}
