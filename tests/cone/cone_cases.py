"""Cases that the tests of the cone model share."""

import copy
import json

from trinity.files import data_path

REFERENCE = json.loads(data_path("reference", "cone_reference_cases.json").read_text())["cases"]

VIRGIN = {
    "density_kg_m3": 1190.0,
    "conductivity_w_m_k": 0.2,
    "specific_heat_j_kg_k": 1800.0,
    "emissivity": 0.9,
    "absorption_coefficient_1_m": None,
}
PYROLYSIS = {
    "reactant": "virgin",
    "product": None,
    "A_1_s": 8.5e12,
    "E_j_mol": 188000.0,
    "solid_yield": 0.0,
    "heat_of_reaction_j_kg": 900000.0,
    "heat_of_combustion_j_kg": 25e6,
}
FRONT = {
    "h_w_m2_k": 10.0,
    "gas_temperature_k": 300.0,
    "surroundings_temperature_k": 300.0,
    "flame_heat_flux_w_m2": 0.0,
}


def a_case(**changed) -> dict:
    """A PMMA-like slab, 6 mm under 50 kW/m2, with the named fields changed."""
    case = {
        "thickness_m": 0.006,
        "irradiance_w_m2": 50000.0,
        "end_time_s": 1800.0,
        "initial_temperature_k": 300.0,
        "front": FRONT,
        "back": "insulated",
        "components": {"virgin": VIRGIN},
        "reactions": [PYROLYSIS],
    }
    return copy.deepcopy(case | changed)


def inert(**changed) -> dict:
    """A slab that does not react and neither absorbs nor emits radiation: heated by hot gas."""
    dark = {**VIRGIN, "emissivity": 0.0}
    front = {**FRONT, "h_w_m2_k": 50.0, "gas_temperature_k": 800.0}
    return a_case(**({"components": {"virgin": dark}, "reactions": [], "front": front} | changed))
