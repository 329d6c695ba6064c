"""Simulated cone tests beside measured ones: error factors, biases, and where the errors are.

Each remedy replaces one input of the informed case by another published value, or by another way to
read it. None is fitted and none is adopted for its score: the informed case follows the rule that
stood before the first of them was tried, and to pick the best of this list on the same tests would
be selection.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from trinity.chemistry import properties
from trinity.cone import simulate as cone
from trinity.cone.curve import LAG_S
from trinity.evidence.scores import gmfe
from trinity.measurements.specimens import load_measurements, load_table
from trinity.quantities import PRIMARY, TARGETS
from trinity_book.studies.validation.cases import (
    informed_case,
    material_of,
    published_values,
    single_value,
)


def cone_errors(case_of, tests: pd.DataFrame | None = None) -> dict:
    """Simulated beside measured cone tests, by default all; ``case_of`` turns a row into a case.

    Scalars by the rule of the measurements behind an instrument of `LAG_S`. GMFE over tests
    within a group, then over groups; by polymer, flux and thickness over tests. A test that ignites
    in one world only has no ratio: it is left out of the factors and counted in ``missed`` (lit in
    the laboratory, not in the simulation) or ``false`` (the reverse), as ids of tests.
    """
    tests = load_measurements() if tests is None else tests
    found = cone.simulate_batch([case_of(test) for test in tests.itertuples()], lag_s=LAG_S)
    about = ["test_id", "polymer", "lab", "group_nine", "flux_kw_m2", "thickness_mm"]
    table = tests[about].copy()
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
    """GMFE of each target over tests and over groups (within each first), with bias by grouping."""
    table = table.assign(
        flux=pd.cut(table.flux_kw_m2, [0, 37, 62, 200], labels=["25", "50", "75"]).astype(str),
        thickness=pd.cut(table.thickness_mm, [0, 4, 10, 200], labels=["3", "6", "13"]).astype(str),
    )
    scores = {}
    for target in TARGETS:
        errors = log_ratio(table, target)
        groups, entry = table["group_nine"], {"tests": gmfe(errors)}
        corrected = without_fold_bias(errors, groups)
        for end, x in {"": errors, "_fold_bias": corrected}.items():
            entry[f"group_nine{end}"] = gmfe(x.abs().groupby(groups).mean())
        for grouping in ("polymer", "flux", "thickness"):
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


HEADLINE = "as published: complete sets first"
EDGES = "published convection, flame and ignition"


def _specific_heat_constant(test) -> dict:
    """The laboratory's own sheets, with their specific heat as a constant instead of a ramp."""
    case = informed_case(test, "own sheets")
    parts, own = case["components"], published_values(test.polymer, test.lab)
    if "specific_heat_298_j_kg_k" not in own:
        return case
    constant = {"specific_heat_j_kg_k": own["specific_heat_298_j_kg_k"][0]}
    return {**case, "components": {**parts, "virgin": parts["virgin"] | constant}}


def _steps_of_peek(test) -> dict:
    """PEEK in its three published steps instead of the first one with the residue of all.

    Each char keeps the volume, as the published densities of the first two do; heats of the later
    steps were not published and are zero.
    """
    case = informed_case(test)
    if test.polymer != "PEEK":
        return case
    virgin, char = case["components"]["virgin"], case["components"]["char"]
    components, reactions, density = {"virgin": virgin}, [], virgin["density_kg_m3"]
    for i, reactant in enumerate(("virgin", "char 1", "char 2"), 1):
        left, A, E = (
            single_value("PEEK", f"{name}_step{i}") for name in ("char_yield_step", "A", "E")
        )
        density *= left
        components[f"char {i}"] = {**char, "density_kg_m3": density}
        changes = {"reactant": reactant, "product": f"char {i}", "solid_yield": left}
        heat = {"heat_of_reaction_j_kg": 0.0} if i > 1 else {}
        reactions.append(case["reactions"][0] | changes | {"A_1_s": A, "E_j_mol": E} | heat)
    return {**case, "components": components, "reactions": reactions}


def _estimated_residue(test) -> dict:
    """The estimated residue of some percent where the published reaction leaves none."""
    known = "char_yield" in published_values(test.polymer)
    residue = properties.estimate(material_of(test))["char_yield"].value
    return informed_case(test, **{} if known else {"char_yield": residue})


def _cold_density(test) -> dict:
    """The mass of the sheet: a set's mean density over heating belongs to a slab that expanded."""
    case = informed_case(test)
    cold = test.density_kg_m3
    if not cold > 0.0:  # nobody weighed this sheet: that of the polymer elsewhere, if known
        cold = published_values(test.polymer, "FSRI")["density_kg_m3"][0]
    virgin = next(iter(case["components"].values()))
    return {**case, "thickness_m": case["thickness_m"] * cold / virgin["density_kg_m3"]}


def _at_the_surface(test) -> dict:
    """All radiation absorbed at the surface instead of in depth."""
    case, surface = informed_case(test), {"absorption_coefficient_1_m": None}
    return {**case, "components": {k: v | surface for k, v in case["components"].items()}}


def _convection(test) -> dict:
    """Convection of the published PMMA model, 8.2 W/m2/K, for all polymers."""
    case, published = informed_case(test), single_value("PMMA", "h_conv_model")
    return {**case, "front": case["front"] | {"h_w_m2_k": published}}


def _flame(test) -> dict:
    """Flame flux of the published PMMA model, 12 kW/m2, for all; that of PEEK's model for PEEK."""
    own = test.polymer == "PEEK"
    row = ("PEEK", "flame_heat_feedback") if own else ("PMMA", "flame_radiation_model")
    return informed_case(test, flame_heat_flux_w_m2=single_value(*row))


def _ignition(test) -> dict:
    """Lit at the heat release of the published PMMA model, 0.41 g/m2/s of its gas, for all."""
    flux = single_value("PMMA", "ignition_critical_mass_flux_model")
    heat, _ = published_values("PMMA")["gas_heat_of_combustion_j_kg"]
    return informed_case(test, critical_hrr_w_m2=flux * heat)


def _published_edges(test) -> dict:
    """Convection, flame and ignition of the published models together."""
    case, lit = _flame(test), _ignition(test)["critical_hrr_w_m2"]
    front = case["front"] | {"h_w_m2_k": single_value("PMMA", "h_conv_model")}
    return {**case, "front": front, "critical_hrr_w_m2": lit}


def _from_cone_tests(test) -> dict:
    """Barred: with the efficiencies (PC, PVC) and gas heat (PEEK) that cone tests gave."""
    table = load_table("polymer_properties")
    own = table[table.name == test.polymer].set_index("property").value
    if test.polymer in ("PC", "PVC"):
        return informed_case(test, flaming_efficiency=float(own["combustion_efficiency"]))
    if test.polymer != "PEEK":
        return informed_case(test)
    first = 1.0 - float(own["char_yield_step_step1"])
    total = 1.0 - float(own["char_yield_model_1200K [PEEK]"])
    heat = first * float(own["heat_of_combustion_gas_step1"])
    heat += (total - first) * float(own["heat_of_combustion_gas_step2plus"])
    return informed_case(test, gas_heat_of_combustion_j_kg=1e3 * heat / total)


REMEDIES: dict[str, Callable] = {
    HEADLINE: informed_case,
    "single values only": partial(informed_case, sets="single values"),
    "own sheets, specific heat as a ramp": partial(informed_case, sets="own sheets"),
    "own sheets, specific heat constant": _specific_heat_constant,
    "own sheets, multi-step kinetics": partial(informed_case, sets="own sheets, complete steps"),
    "three steps for PEEK": _steps_of_peek,
    "NIST's set for black PMMA": partial(informed_case, sets="black PMMA"),
    "estimated residue": _estimated_residue,
    "sheet at its cold density": _cold_density,
    "absorption at the surface": _at_the_surface,
    "published convection": _convection,
    "published flame flux": _flame,
    "published ignition flux": _ignition,
    EDGES: _published_edges,
    # A blanket behind the specimen instead of perfect insulation.
    "ceramic wool at the back": lambda test: informed_case(test) | {"back": "ceramic wool"},
    "barred: values from cone tests": _from_cone_tests,
}


def remedies() -> list[dict]:
    """Scores of every remedy, a row each: error factor over nine groups, bare and with fold bias.

    ``missed`` counts the tests that ignite in the laboratory only and so have no error.
    ``t_ig_s_by_polymer`` and ``phrr_kw_m2_by_polymer`` hold simulated/measured of each polymer.
    """
    rows = []
    for name, case_of in REMEDIES.items():
        found = cone_errors(case_of)
        row = {"remedy": name, "missed": len(found["missed"])}
        for target in PRIMARY:
            scores = found["gmfe"][target]
            biases = {polymer: part["bias"] for polymer, part in scores["by_polymer"].items()}
            row |= {
                target: scores["group_nine"],
                f"{target}_fold_bias": scores["group_nine_fold_bias"],
                f"{target}_by_polymer": biases,
            }
        rows.append(row)
    return rows


def table_of(rows: list[dict]) -> pd.DataFrame:
    """The four scores of each remedy and the tests that it does not ignite, for a page."""
    columns = [f"{target}{end}" for target in PRIMARY for end in ("", "_fold_bias")]
    return pd.DataFrame(rows).set_index("remedy")[[*columns, "missed"]]
