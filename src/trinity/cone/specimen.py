"""Specimen of a polymer in the cone: from sampled parameters to the case of one test."""

import numpy as np

from trinity.chemistry.priors import value
from trinity.chemistry.sampling import DERIVED
from trinity.quantities import AMBIENT_K

IGNITION_TIMEOUT_S = 1800.0


def to_case(
    parameters: dict[str, np.ndarray],
    i: int,
    flux_kw_m2: float,
    thickness_mm: float,
    back="insulated",
    case_id: str = "case",
) -> dict:
    """The ``simulate`` case of draw ``i`` in the cone: keys and SI units of the reference cases."""
    p = {name: float(values[i]) for name, values in parameters.items()}
    thickness, irradiance = thickness_mm * 1e-3, flux_kw_m2 * 1e3
    components, reactions = _material(p)
    return {
        "id": case_id,
        "thickness_m": thickness,
        "irradiance_w_m2": irradiance,
        "end_time_s": _end_time(p, thickness, irradiance),
        "ignition_timeout_s": IGNITION_TIMEOUT_S,
        "initial_temperature_k": AMBIENT_K,
        "front": {
            "h_w_m2_k": value("front_convection"),
            "gas_temperature_k": AMBIENT_K,
            "surroundings_temperature_k": AMBIENT_K,
            # The flame's flux is net: the surface under it loses nothing to cold air (the published
            # PMMA model in polymer_properties.csv adds flame radiation and sets convection to 0).
            "flame_heat_flux_w_m2": p["flame_heat_flux_w_m2"],
            "h_after_ignition_w_m2_k": 0.0,
        },
        "back": back,
        "components": components,
        "reactions": reactions,
        "flaming_efficiency": p["flaming_efficiency"],
        "critical_hrr_w_m2": p["critical_hrr_w_m2"],
    }


def _end_time(p: dict[str, float], thickness: float, irradiance: float) -> float:
    """Generous time to ignite and burn out: 3 MJ/kg at the net flux, twice over."""
    net = max(0.9 * irradiance + p["flame_heat_flux_w_m2"] - 20e3, 5e3)
    return IGNITION_TIMEOUT_S + 2 * 3e6 * p["density_kg_m3"] * thickness / net


#: Fields of a reaction, in the order in which `_material` gives them.
REACTION = ("reactant", "product", "solid_yield", "A_1_s", "E_j_mol", "heat_of_reaction_j_kg",
            "heat_of_combustion_j_kg")  # fmt: skip


def _material(p: dict[str, float]) -> tuple[dict, list[dict]]:
    """Components and reactions: the polymer, what loss of acid leaves, and char."""
    virgin = {
        "density_kg_m3": p["density_kg_m3"],
        "conductivity_w_m_k": p["conductivity_w_m_k"],
        "specific_heat_j_kg_k": specific_heat_ramp(p),
        "emissivity": p["emissivity"],
        "absorption_coefficient_1_m": p["absorption_coefficient_1_m"],
    }
    components, steps, reactant, left = {"virgin": virgin}, [], "virgin", 1.0
    if p["acid_fraction"] > 0:
        reactant, left = "polyene", 1 - p["acid_fraction"]
        # The polyene keeps the volume: it foams rather than shrinks while acid leaves.
        components[reactant] = virgin | {"density_kg_m3": p["density_kg_m3"] * left}
        heats = p["acid_heat_of_reaction_j_kg"], p["acid_heat_of_combustion_j_kg"]
        steps.append(("virgin", reactant, left, p["acid_A_1_s"], p["acid_E_j_mol"], *heats))
    char = min(p["char_yield"] / left, value("char_bound"))
    product, char = ("char", char) if char > 1e-3 else (None, 0.0)
    heats = p["heat_of_decomposition_j_kg"], p["gas_heat_of_combustion_j_kg"]
    steps.append((reactant, product, char, p["A_1_s"], p["E_j_mol"], *heats))
    if product:
        # No lighter than its own density: a residue of 1 % collapses instead of insulating.
        density = max(p["char_density_kg_m3"], char * components[reactant]["density_kg_m3"])
        components["char"] = {
            "density_kg_m3": density,
            "conductivity_w_m_k": p["char_conductivity_w_m_k"],
            "specific_heat_j_kg_k": p["char_specific_heat_j_kg_k"],
            "emissivity": p["char_emissivity"],
            # By mass: what a char that forms takes up is that of its carbon, however it foams.
            "absorption_coefficient_1_m": p["char_absorption_m2_kg"] * density,
        }
    return components, [dict(zip(REACTION, step, strict=True)) for step in steps]


def specific_heat_ramp(p: dict[str, float]) -> list[list[float]] | float:
    """Specific heat [J/kg/K] against temperature [K], with melting as a triangle of 50 K.

    Solid 0.106 + 0.003 T and melt 0.64 + 0.0012 T times the value at 298 K (van Krevelen's fits to
    Satoh's and Shaw's increments). A ``specific_heat_j_kg_k`` among the parameters, a published
    mean over the range of heating, goes before all this.
    """
    if DERIVED in p:
        return p[DERIVED]
    glass, melting = p["glass_transition_k"], p["melting_k"]
    crystalline = p["crystallinity"] if melting < p["t50_k"] - 60.0 else 0.0
    nodes = {AMBIENT_K - 30.0, 1000.0}
    nodes |= {glass - 10.0, glass + 10.0} if glass > min(nodes) else set()
    nodes |= {melting - 25.0, melting, melting + 25.0} if crystalline > 0.01 else set()
    return [[t, _specific_heat(t, p, glass, melting, crystalline)] for t in sorted(nodes)]


def _specific_heat(t, p, glass, melting, crystalline) -> float:
    solid = p["specific_heat_solid_j_kg_k"] * (0.106 + 0.003 * t)
    melt = p["specific_heat_melt_j_kg_k"] * (0.64 + 0.0012 * t)
    molten = (1 - crystalline) * (t >= glass) + crystalline * (t >= melting)
    fusion = p["heat_of_fusion_j_kg"] / 25.0 if crystalline > 0.01 and t == melting else 0.0
    return float((1 - molten) * solid + molten * melt + fusion)
