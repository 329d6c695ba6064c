"""Cases of the physics validation: real experiments expressed for the solver, nothing fitted."""

from functools import lru_cache

import numpy as np

from trinity.chemistry import properties, sampling
from trinity.chemistry.polymers import Polymer
from trinity.cone import specimen
from trinity.files import data_path, read_json
from trinity_book.studies.validation.published import published_parameters, single_value

NATURAL_CONVECTION_W_M2_K = 5.0  # at the back, where a published set gives none; as at the front


@lru_cache(maxsize=1)
def parameter_sets() -> dict:
    """Published pyrolysis parameters by polymer (University of Maryland)."""
    return read_json(data_path("reference", "pyrolysis_parameter_sets.json"))["sets"]


def reference_cases() -> list[dict]:
    """Slabs with converged results of two independent codes."""
    return read_json(data_path("reference", "cone_reference_cases.json"))["cases"]


def gasification_case(polymer: str, flux_kw_m2: float, thickness_mm: float) -> dict:
    """A test in nitrogen, without a flame, with the published set and its boundary conditions.

    Behind every slab is gas of a given temperature. The set of HIPS lists that temperature as the
    slab's own, but the authors' input file has a gas there (``TMP_GAS_BACK``), as for the others.
    """
    published = parameter_sets()[polymer]
    edge = published["boundary"]
    behind = edge["gas_temperature_back_k"]
    return {
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
        **{name: published[name] for name in ("components", "reactions")},
    }


def material_of(test) -> Polymer:
    """The polymer of a row of the cone measurements."""
    return Polymer.parse(test.psmiles, test.components)


def blind_parameters(test, n: int = 1, rng=None) -> dict[str, np.ndarray]:
    """Parameters from the structure alone; nominal without ``rng``."""
    return sampling.sample_parameters(properties.estimate(material_of(test)), n, rng)


def blind_case(test) -> dict:
    """The case of a cone test as a hypothetical polymer would have it."""
    return specimen.to_case(blind_parameters(test), 0, test.flux_kw_m2, test.thickness_mm)


def informed_case(test, sets: str = "complete sets", **changes: float) -> dict:
    """The case of a cone test with published properties of the tested polymer.

    What nobody published stays the estimate from structure. Nothing comes from cone tests.

    Parameters
    ----------
    sets
        Which published values go first. *complete sets*: a set of kinetics, ramps and absorption
        measured together (University of Maryland), taken whole where there is one, single values
        next; this was the rule before any other was tried. *single values*: no complete set.
        *own sheets*: density, conductivity and specific heat that the laboratory of the test
        measured on what it burned, with single values. *own sheets, complete steps*: the same with
        reactions and chars of the complete sets. *black PMMA*: as complete sets, but NIST's set of
        black cast PMMA for the tests of NBS and FSRI, whose sheets were black.
    changes
        Parameters to replace, by their names in `published_parameters`.
    """
    own = sets.startswith("own sheets")
    parameters = published_parameters(test.polymer, test.lab if own else None)
    parameters |= {name: np.array([value]) for name, value in changes.items()}
    case = specimen.to_case(parameters, 0, test.flux_kw_m2, test.thickness_mm)
    heat = float(parameters["gas_heat_of_combustion_j_kg"][0])
    if sets == "black PMMA" and test.polymer == "PMMA" and test.lab in ("NBS", "FSRI"):
        return {**case, **_black_pmma(heat)}
    if sets in ("own sheets", "single values") or test.polymer not in parameter_sets():
        return case
    published = parameter_sets()[test.polymer]
    components = dict(published["components"])
    if own:
        components[next(iter(components))] = case["components"]["virgin"]
    reactions = [{**step, "heat_of_combustion_j_kg": heat} for step in published["reactions"]]
    return {**case, "components": components, "reactions": reactions}


def _black_pmma(heat: float) -> dict:
    """Components and reaction of NIST's set of black cast PMMA, its formulas as ramps.

    Rows ``*_NIST`` of PMMA in ``polymer_properties.csv``: k = 0.16 below 395 K and 0.34 - 4.2e-4 T
    above [W/m/K]; c = -1.39 + 8.33e-3 T below and 0.851 + 3.07e-3 T above [kJ/kg/K].
    """
    row = {
        name: single_value("PMMA", f"{name}_NIST")
        for name in ("density", "k", "emissivity", "absorption_coefficient", "A", "E")
    }
    k = [[394.0, row["k"]], *([T, 0.34 - 4.2e-4 * T] for T in (396.0, 700.0))]
    c = [[T, 1e3 * (-1.39 + 8.33e-3 * T)] for T in (290.0, 394.0)]
    c += [[T, 1e3 * (0.851 + 3.07e-3 * T)] for T in (396.0, 900.0)]
    virgin = {
        "density_kg_m3": row["density"],
        "conductivity_w_m_k": k,
        "specific_heat_j_kg_k": c,
        "emissivity": row["emissivity"],
        "absorption_coefficient_1_m": row["absorption_coefficient"],
    }
    step = {
        "reactant": "virgin",
        "product": None,
        "solid_yield": 0.0,
        "A_1_s": row["A"],
        "E_j_mol": row["E"],
        "heat_of_reaction_j_kg": single_value("PMMA", "heat_of_reaction_NIST"),
        "heat_of_combustion_j_kg": heat,
    }
    return {"components": {"virgin": virgin}, "reactions": [step]}


def drawn_cases(test, n: int, rng: np.random.Generator) -> list[dict]:
    """``n`` cases of one test, blind, with parameters drawn within their errors."""
    drawn = blind_parameters(test, n, rng)
    return [specimen.to_case(drawn, i, test.flux_kw_m2, test.thickness_mm) for i in range(n)]
