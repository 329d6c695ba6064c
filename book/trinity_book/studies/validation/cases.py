"""Cases of the physics validation: real experiments expressed for the solver, nothing fitted.

The informed cases read published properties of the tested polymers, which were measured on the
polymers themselves, so they serve no blind arm. Rows derived from cone tests and rows of status
*memory* are never read: flaming efficiencies, for one, were all found by setting a cone test beside
a micro-scale calorimeter.
"""

from functools import lru_cache

import numpy as np
import pandas as pd

from trinity.chemistry.polymers import Polymer
from trinity.chemistry.properties import estimate
from trinity.chemistry.sampling import sample_parameters
from trinity.chemistry.thermochemistry import gas_heat_of_combustion
from trinity.cone import specimen
from trinity.errors import InputError
from trinity.files import data_path, read_json
from trinity.measurements.specimens import load_measurements, load_table

_TO_SI = {"kJ/kg/K": 1e3, "kJ/kg": 1e3, "MJ/kg": 1e6, "kW/m2": 1e3}
# Parameter -> names of the published property; the first that there is counts.
_SOURCES = {
    "density_kg_m3": ("density", "density_UMD", "density_FSRI"),
    "conductivity_w_m_k": ("k", "k_FSRI"),
    "specific_heat_j_kg_k": ("cp", "cp_FSRI"),
    "emissivity": ("emissivity", "emissivity_UMD"),
    "absorption_coefficient_1_m": ("absorption_coefficient", "absorption_coefficient_UMD"),
    "A_1_s": ("A", "A_UMD", "A_step1"),
    "E_j_mol": ("E", "E_UMD", "E_step1"),
    "heat_of_decomposition_j_kg": (
        "heat_of_reaction",
        "heat_of_reaction_UMD",
        "heat_of_reaction_step1",
    ),
    "char_yield": ("char_yield_model_1200K",),
    "gas_heat_of_combustion_j_kg": ("heat_of_combustion_gas", "heat_of_combustion_gas_UMD"),
    "heat_of_combustion_j_kg": ("heat_of_combustion_net_from_gross",),
    "soot_yield": ("soot_yield_SFPE",),
    "char_density_kg_m3": ("char_density", "char2_density"),
    "char_conductivity_w_m_k": ("char_k", "char2_k"),
    "char_specific_heat_j_kg_k": ("char_cp", "char2_cp"),
    "char_emissivity": ("char_emissivity", "char2_emissivity"),
}
# A chain that sheds acid: its first published step is that loss, its second the breaking.
_ACID_SOURCES = {
    "acid_A_1_s": ("A_step1",),
    "acid_E_j_mol": ("E_step1",),
    "acid_heat_of_reaction_j_kg": ("heat_of_reaction_step1",),
    "acid_heat_of_combustion_j_kg": ("heat_of_combustion_gas_step1",),
    "A_1_s": ("A_step2",),
    "E_j_mol": ("E_step2",),
    "heat_of_decomposition_j_kg": ("heat_of_reaction_step2",),
    "gas_heat_of_combustion_j_kg": ("heat_of_combustion_gas_step2",),
}
# Kinetics and surface of the one measured polyethylene, the heat of combustion of any.
_SAME_CHAIN = {"HDPE": ("HDPE", "PE"), "LDPE": ("LDPE", "HDPE", "PE")}
# What a laboratory measured on the very sheets that it burned, near room temperature.
_OWN_SOURCES = {
    "FSRI": {
        "density_kg_m3": ("density_FSRI",),
        "conductivity_w_m_k": ("k_FSRI",),
        "specific_heat_298_j_kg_k": ("cp_FSRI",),
    }
}
_OWN_NAMES = {"PA66": "Nylon"}


@lru_cache(maxsize=1)
def usable() -> pd.DataFrame:
    """Rows that may inform: neither recalled nor derived from cone tests, by use or by note.

    ``property`` is without the remark in brackets, ``value`` in SI units, NaN if it is no number.
    """
    table = load_table("polymer_properties")
    from_cone = table.use.fillna("").str.startswith("from cone")
    from_cone |= table.note.fillna("").str.startswith("cone")
    table = table[~from_cone & (table.status != "memory")]
    value = pd.to_numeric(table.value, errors="coerce") * table.unit.map(_TO_SI).fillna(1.0)
    return table.assign(
        property=table.property.str.split(" [", regex=False).str[0],
        value=value + 273.15 * (table.unit == "C"),
    )


@lru_cache(maxsize=1)
def _values() -> dict[tuple[str, str], tuple[float, str]]:
    """(polymer, property) -> value [SI] and source, of the first such row."""
    first = usable().drop_duplicates(["name", "property"])
    places = zip(first.name, first.property, strict=True)
    return dict(zip(places, zip(first.value, first.source, strict=True), strict=True))


def published_values(polymer: str, lab: str | None = None) -> dict[str, tuple[float, str]]:
    """Published parameters of a tested polymer: name -> (value in SI units, source).

    What the laboratory ``lab`` measured on its own material goes first, its specific heat as
    ``specific_heat_298_j_kg_k``.

    Raises InputError if ``polymer`` is not a name of the cone measurements.
    """
    tested = set(load_measurements().polymer)
    if polymer not in tested:
        known = ", ".join(sorted(tested))
        raise InputError(f"There is no tested polymer {polymer!r}; there are {known}.")
    found = _first(_SAME_CHAIN.get(polymer, (polymer,)), _SOURCES)
    if polymer == "PVC":
        found |= _first((polymer,), _ACID_SOURCES)
    return found | _first((_OWN_NAMES.get(polymer, polymer),), _OWN_SOURCES.get(lab, {}))


def _first(polymers, sources) -> dict[str, tuple[float, str]]:
    """For each parameter the first value of the first polymer, else of the others."""
    known = _values()
    found = {
        parameter: [known[p, name] for p in polymers for name in names if (p, name) in known]
        for parameter, names in sources.items()
    }
    return {parameter: values[0] for parameter, values in found.items() if values}


def single_value(polymer: str, name: str) -> float:
    """One published number of `usable` rows, in SI units.

    Raises InputError if no such row may be used.
    """
    if (polymer, name) not in _values():
        raise InputError(f"polymer_properties.csv has no usable row {name!r} of {polymer!r}.")
    return _values()[polymer, name][0]


def published_parameters(polymer: str, lab: str | None = None) -> dict[str, np.ndarray]:
    """Nominal parameters of a tested polymer, published values in place of estimates.

    Same names and shape (1,) as ``sample_parameters``, and ``specific_heat_j_kg_k``: the published
    specific heats are means over the range of heating. With the laboratory's own value at room
    temperature the estimated ramps are scaled to it instead. Where the published reaction leaves
    nothing there is no char, and gas whose heat nobody published burns what the char leaves. What
    else nobody published stays the estimate.

    Raises InputError as :func:`published_values`.
    """
    published = published_values(polymer, lab)
    tests = load_measurements()
    row = tests[tests.polymer == polymer].iloc[0]
    estimated = estimate(Polymer.parse(row.psmiles, row.components))
    parameters = sample_parameters(estimated, 1, None)
    if "specific_heat_298_j_kg_k" in published:
        at_298, _ = published.pop("specific_heat_298_j_kg_k")
        published.pop("specific_heat_j_kg_k", None)
        for name in ("specific_heat_solid_j_kg_k", "specific_heat_melt_j_kg_k"):
            parameters[name] = parameters[name] * at_298 / estimated["specific_heat_j_kg_k"].value
    parameters |= {name: np.array([value]) for name, (value, _) in published.items()}
    if "A_1_s" in published and "char_yield" not in published:
        parameters["char_yield"] = np.zeros(1)
    if "gas_heat_of_combustion_j_kg" not in published:
        parameters["gas_heat_of_combustion_j_kg"] = gas_heat_of_combustion(
            *(parameters[x] for x in ("heat_of_combustion_j_kg", "char_yield", "acid_fraction"))
        )
    return parameters


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
    return sample_parameters(estimate(material_of(test)), n, rng)


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
