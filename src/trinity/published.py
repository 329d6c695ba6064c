"""Published properties of the tested polymers: inputs of the informed physics validation.

These were measured on the polymers themselves, so they serve no blind arm. Rows derived from cone
tests and rows of status *memory* are never read.
"""

import numpy as np

from trinity.errors import InputError
from trinity.measurements import load_measurements, load_table
from trinity.polymers import parse_components
from trinity.properties import estimate, sample_parameters

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
        ("heat_of_combustion_gas", "heat_of_combustion_gas_UMD", "heat_of_combustion_gas_step1"),
        1e3,
    ),
    "flaming_efficiency": (("combustion_efficiency",), 1.0),
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
_SAME_CHAIN = {"LDPE": ("LDPE", "HDPE")}  # kinetics and surface of the one measured polyethylene


def published_values(polymer: str) -> dict[str, tuple[float, str]]:
    """Published parameters of a tested polymer: name -> (value in SI units, source).

    Raises
    ------
    InputError
        If ``polymer`` is not a name of the cone measurements.
    """
    tests = load_measurements()
    if polymer not in set(tests.polymer):
        known = ", ".join(sorted(set(tests.polymer)))
        raise InputError(f"There is no tested polymer {polymer!r}; there are {known}.")
    table = load_table("polymer_properties")
    usable = ~table.use.fillna("").str.startswith("from cone") & (table.status != "memory")
    table = table[usable].assign(property=table.property.str.split(" [", regex=False).str[0])
    sources = _SOURCES | (_ACID_SOURCES if polymer == "PVC" else {})
    found = {}
    for parameter, (names, factor) in sources.items():
        for row in _rows(table, _SAME_CHAIN.get(polymer, (polymer,)), names):
            found[parameter] = (float(row.value) * factor, row.source)
            break
    _lump_gas(table[table.name == polymer], found)
    return found


def _lump_gas(table, found: dict[str, tuple[float, str]]) -> None:
    """Where later steps burn otherwise than the first, and one step stands for all: mass mean."""
    value = {row.property: row.value for row in table.itertuples()}
    if "heat_of_combustion_gas_step2plus" not in value:
        return
    later = 1e3 * float(value["heat_of_combustion_gas_step2plus"])
    first, source = found["gas_heat_of_combustion_j_kg"]
    released = 1.0 - float(value["char_yield_step_step1"])
    total = 1.0 - found["char_yield"][0]
    mean = (released * first + (total - released) * later) / total
    found["gas_heat_of_combustion_j_kg"] = mean, source


def _rows(table, polymers, names):
    """Rows of the first polymer, then of the others; for each in order of preference."""
    for polymer in polymers:
        for name in names:
            yield from table[(table.name == polymer) & (table.property == name)].itertuples()


def published_parameters(polymer: str) -> dict[str, np.ndarray]:
    """Nominal parameters of a tested polymer, published values in place of estimates.

    Same names and shape (1,) as ``sample_parameters``, and ``specific_heat_j_kg_k``: the published
    specific heats are means over the range of heating. What nobody published stays the estimate.

    Raises
    ------
    InputError
        As :func:`published_values`.
    """
    published = published_values(polymer)
    tests = load_measurements()
    row = tests[tests.polymer == polymer].iloc[0]
    material = parse_components(row.components) if row.components else row.psmiles
    parameters = sample_parameters(estimate(material), 1, None)
    for name, (value, _) in published.items():
        parameters[name] = np.array([value])
    return parameters
