"""Published properties of the tested polymers: inputs of the informed physics validation.

These were measured on the polymers themselves, so they serve no blind arm. Rows derived from cone
tests and rows of status *memory* are never read: flaming efficiencies, for one, were all found by
setting a cone test beside a micro-scale calorimeter.
"""

from functools import lru_cache

import numpy as np

from trinity.chemistry.polymers import Polymer
from trinity.chemistry.properties import estimate
from trinity.chemistry.sampling import sample_parameters
from trinity.chemistry.thermochemistry import gas_heat_of_combustion
from trinity.errors import InputError
from trinity.measurements import load_measurements, load_table

# Parameter -> (names of the published property in order of preference, factor to SI).
_SOURCES = {
    "density_kg_m3": (("density", "density_UMD", "density_FSRI"), 1.0),
    "conductivity_w_m_k": (("k", "k_FSRI"), 1.0),
    "specific_heat_j_kg_k": (("cp", "cp_FSRI"), 1e3),
    "emissivity": (("emissivity", "emissivity_UMD"), 1.0),
    "absorption_coefficient_1_m": (("absorption_coefficient", "absorption_coefficient_UMD"), 1.0),
    "A_1_s": (("A", "A_UMD", "A_step1"), 1.0),
    "E_j_mol": (("E", "E_UMD", "E_step1"), 1.0),
    "heat_of_decomposition_j_kg": (
        ("heat_of_reaction", "heat_of_reaction_UMD", "heat_of_reaction_step1"),
        1e3,
    ),
    "char_yield": (("char_yield_model_1200K",), 1.0),
    "gas_heat_of_combustion_j_kg": (
        ("heat_of_combustion_gas", "heat_of_combustion_gas_UMD"),
        1e3,
    ),
    "heat_of_combustion_j_kg": (("heat_of_combustion_net_from_gross",), 1e6),
    "soot_yield": (("soot_yield_SFPE",), 1.0),
    "char_density_kg_m3": (("char_density", "char2_density"), 1.0),
    "char_conductivity_w_m_k": (("char_k", "char2_k"), 1.0),
    "char_specific_heat_j_kg_k": (("char_cp", "char2_cp"), 1e3),
    "char_emissivity": (("char_emissivity", "char2_emissivity"), 1.0),
}
# A chain that sheds acid: its first published step is that loss, its second the breaking.
_ACID_SOURCES = {
    "acid_A_1_s": (("A_step1",), 1.0),
    "acid_E_j_mol": (("E_step1",), 1.0),
    "acid_heat_of_reaction_j_kg": (("heat_of_reaction_step1",), 1e3),
    "acid_heat_of_combustion_j_kg": (("heat_of_combustion_gas_step1",), 1e3),
    "A_1_s": (("A_step2",), 1.0),
    "E_j_mol": (("E_step2",), 1.0),
    "heat_of_decomposition_j_kg": (("heat_of_reaction_step2",), 1e3),
    "gas_heat_of_combustion_j_kg": (("heat_of_combustion_gas_step2",), 1e3),
}
# Kinetics and surface of the one measured polyethylene, the heat of combustion of any.
_SAME_CHAIN = {"HDPE": ("HDPE", "PE"), "LDPE": ("LDPE", "HDPE", "PE")}
# What a laboratory measured on the very sheets that it burned, near room temperature.
_OWN_SOURCES = {
    "FSRI": {
        "density_kg_m3": (("density_FSRI",), 1.0),
        "conductivity_w_m_k": (("k_FSRI",), 1.0),
        "specific_heat_298_j_kg_k": (("cp_FSRI",), 1e3),
    }
}
_OWN_NAMES = {"PA66": "Nylon"}


def published_values(polymer: str, lab: str | None = None) -> dict[str, tuple[float, str]]:
    """Published parameters of a tested polymer: name -> (value in SI units, source).

    Parameters
    ----------
    polymer : str
        A name of the cone measurements.
    lab : str, optional
        The laboratory of a test; what it measured on its own material goes first, its specific
        heat as ``specific_heat_298_j_kg_k``.

    Raises
    ------
    InputError
        If ``polymer`` is not a name of the cone measurements.
    """
    tests = load_measurements()
    if polymer not in set(tests.polymer):
        known = ", ".join(sorted(set(tests.polymer)))
        raise InputError(f"There is no tested polymer {polymer!r}; there are {known}.")
    return dict(_published_values(polymer, lab))


@lru_cache(maxsize=100)
def _published_values(polymer: str, lab: str | None) -> dict[str, tuple[float, str]]:
    """As `published_values`, of a known polymer; read once."""
    table = _usable()
    found = _first(table, _SAME_CHAIN.get(polymer, (polymer,)), _SOURCES)
    if polymer == "PVC":
        found |= _first(table, (polymer,), _ACID_SOURCES)
    own = _OWN_SOURCES.get(lab, {})
    return found | _first(table, (_OWN_NAMES.get(polymer, polymer),), own)


def single_value(polymer: str, name: str) -> float:
    """One published number of `_usable` rows, in the unit of the table.

    Raises
    ------
    InputError
        If no such row may be used.
    """
    table = _usable()
    rows = table[(table.name == polymer) & (table.property == name)]
    if rows.empty:
        raise InputError(f"polymer_properties.csv has no usable row {name!r} of {polymer!r}.")
    return float(rows.value.iloc[0])


@lru_cache(maxsize=1)
def _usable():
    """Rows that may inform: neither recalled nor derived from cone tests, by use or by note."""
    table = load_table("polymer_properties")
    from_cone = table.use.fillna("").str.startswith("from cone")
    from_cone |= table.note.fillna("").str.startswith("cone")
    table = table[~from_cone & (table.status != "memory")]
    return table.assign(property=table.property.str.split(" [", regex=False).str[0])


def _first(table, polymers, sources) -> dict[str, tuple[float, str]]:
    """For each parameter the first row, of the first polymer and then of the others."""
    found = {}
    for parameter, (names, factor) in sources.items():
        for row in _rows(table, polymers, names):
            found[parameter] = (float(row.value) * factor, row.source)
            break
    return found


def _rows(table, polymers, names):
    """Rows of the first polymer, then of the others; for each in order of preference."""
    for polymer in polymers:
        for name in names:
            yield from table[(table.name == polymer) & (table.property == name)].itertuples()


def published_parameters(polymer: str, lab: str | None = None) -> dict[str, np.ndarray]:
    """Nominal parameters of a tested polymer, published values in place of estimates.

    Same names and shape (1,) as ``sample_parameters``, and ``specific_heat_j_kg_k``: the published
    specific heats are means over the range of heating. With the laboratory's own value at room
    temperature the estimated ramps are scaled to it instead. Where the published reaction leaves
    nothing there is no char, and gas whose heat nobody published burns what the char leaves. What
    else nobody published stays the estimate.

    Raises
    ------
    InputError
        As :func:`published_values`.
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
    for name, (value, _) in published.items():
        parameters[name] = np.array([value])
    if "A_1_s" in published and "char_yield" not in published:
        parameters["char_yield"] = np.zeros(1)
    if "gas_heat_of_combustion_j_kg" not in published:
        parameters["gas_heat_of_combustion_j_kg"] = gas_heat_of_combustion(
            *(parameters[x] for x in ("heat_of_combustion_j_kg", "char_yield", "acid_fraction"))
        )
    return parameters
