"""Published properties of the tested polymers: inputs of the informed physics validation.

These were measured on the polymers themselves, so they serve no blind arm. Rows derived from cone
tests and rows of status *memory* are never read: flaming efficiencies, for one, were all found by
setting a cone test beside a micro-scale calorimeter.
"""

from functools import lru_cache

import numpy as np
import pandas as pd

from trinity.chemistry.polymers import Polymer
from trinity.chemistry.properties import estimate
from trinity.chemistry.sampling import sample_parameters
from trinity.chemistry.thermochemistry import gas_heat_of_combustion
from trinity.errors import InputError
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
