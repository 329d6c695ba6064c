"""Cases of the physics validation: real experiments expressed for the solver, nothing fitted."""

import json
from functools import lru_cache

import numpy as np

from trinity import properties
from trinity.files import data_path
from trinity.polymers import parse_components
from trinity.published import published_parameters

NATURAL_CONVECTION_W_M2_K = 5.0  # at the back, where a published set gives none; as at the front


@lru_cache(maxsize=1)
def parameter_sets() -> dict:
    """Published pyrolysis parameters by polymer (University of Maryland)."""
    text = data_path("reference", "pyrolysis_parameter_sets.json").read_text()
    return json.loads(text)["sets"]


def reference_cases() -> list[dict]:
    """Slabs with converged results of two independent codes."""
    return json.loads(data_path("reference", "cone_reference_cases.json").read_text())["cases"]


def gasification_case(polymer: str, flux_kw_m2: float, thickness_mm: float) -> dict:
    """A test in nitrogen, without a flame, with the published set and its boundary conditions.

    Behind every slab is gas of a given temperature. The set of HIPS lists that temperature as the
    slab's own, but the authors' input file has a gas there (``TMP_GAS_BACK``), as for the others.
    """
    published = parameter_sets()[polymer]
    edge = published["boundary"]
    behind = edge["gas_temperature_back_k"]
    return {
        "id": f"{polymer} {flux_kw_m2:g} kW/m2",
        "thickness_m": 1e-3 * thickness_mm,
        "irradiance_w_m2": 1e3 * flux_kw_m2,
        "end_time_s": 1500.0,
        "initial_temperature_k": edge["initial_temperature_k"],
        "front": {
            "h_w_m2_k": edge["h_front_w_m2_k"],
            "gas_temperature_k": edge["gas_temperature_front_k"],
            "surroundings_temperature_k": behind,
            "flame_heat_flux_w_m2": 0.0,
        },
        "back": {
            "type": "convection and radiation",
            "h_w_m2_k": edge.get("h_back_w_m2_k") or NATURAL_CONVECTION_W_M2_K,
            "gas_temperature_k": behind,
            "emissivity": 0.95,
        },
        "components": published["components"],
        "reactions": published["reactions"],
    }


def material_of(test) -> str | list[tuple[str, float]]:
    """PSMILES of a row of the cone measurements, or its components with mass fractions."""
    if isinstance(test.components, str) and test.components:
        return parse_components(test.components)
    return test.psmiles


def blind_parameters(test, n: int = 1, rng=None) -> dict[str, np.ndarray]:
    """Parameters from the structure alone; nominal without ``rng``."""
    return properties.sample_parameters(properties.estimate(material_of(test)), n, rng)


def blind_case(test) -> dict:
    """The case of a cone test as a hypothetical polymer would have it."""
    return properties.to_case(blind_parameters(test), 0, test.flux_kw_m2, test.thickness_mm)


def informed_case(test) -> dict:
    """The case of a cone test with published properties of the tested polymer.

    A complete published set (kinetics, ramps and absorption together) comes first, single
    published values next; what nobody published stays the estimate from structure. Nothing comes
    from cone tests.
    """
    parameters = published_parameters(test.polymer)
    case = properties.to_case(parameters, 0, test.flux_kw_m2, test.thickness_mm)
    if test.polymer not in parameter_sets():
        return case
    published = parameter_sets()[test.polymer]
    heat = float(parameters["gas_heat_of_combustion_j_kg"][0])
    reactions = [{**step, "heat_of_combustion_j_kg": heat} for step in published["reactions"]]
    return {**case, "components": published["components"], "reactions": reactions}


def drawn_cases(test, n: int, rng: np.random.Generator) -> list[dict]:
    """``n`` cases of one test, blind, with parameters drawn within their errors."""
    drawn = blind_parameters(test, n, rng)
    return [properties.to_case(drawn, i, test.flux_kw_m2, test.thickness_mm) for i in range(n)]
