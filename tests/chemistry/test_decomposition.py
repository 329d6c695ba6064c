"""Char, decomposition temperature and heats of chains of which common plastics say nothing."""

import numpy as np
import pytest
from trinity_book.studies.validation.properties import choose_descriptors, handbook, inputs

from trinity.chemistry.decomposition import (
    SETTINGS,
    definition_shift,
    group_char,
    seen_groups,
    training_table,
)
from trinity.chemistry.descriptors import CHAR_GROUPS, describe
from trinity.chemistry.groups import Chain
from trinity.chemistry.properties import estimate
from trinity.chemistry.sampling import sample_parameters
from trinity.cone import simulate as cone
from trinity.cone.case import OPAQUE
from trinity.cone.specimen import specific_heat_ramp, to_case


@pytest.mark.parametrize("psmiles", ["*CC*", "*CC(*)C", "*CC(*)(C)C(=O)OC", "*CO*", "*CCO*"])
def test_clean_burners_leave_nothing(psmiles):
    assert estimate(psmiles)["char_yield"].value < 0.005


@pytest.mark.parametrize(
    ("psmiles", "char"),
    [
        ("*CC(*)C#N", 0.45),  # cyclises
        ("*CC(*)(F)F", 0.20),  # sheds hydrogen fluoride
        ("*CC(*)(Cl)Cl", 0.23),  # sheds all its hydrogen
        ("*CC(*)O", 0.05),  # sheds water
        ("*O[C@H]1[C@@H](O)[C@@H](O)[C@H](*)O[C@@H]1CO", 0.18),
        ("*O[Si](C)(O*)O[Si](C)(C)C", 0.5),  # silica stays
        ("*c1ccc2c(c1)C(=O)N(*)C2=O", 0.5),
        ("*c1ccc2c(c1)nc1ccc(*)cc1n2", 0.65),  # ladder of azines
        ("*C#Cc1ccc(*)cc1", 0.75),
    ],
)
def test_char_without_common_aromatic_backbones(psmiles, char):
    found = estimate(psmiles)["char_yield"]
    assert abs(found.value - char) < 1.5 * np.hypot(found.sigma, 0.1 * char)
    assert found.value > 0.6 * char


def test_nitriles_among_strangers_do_not_cyclise():
    abs_plastic = [("*CC(*)c1ccccc1", 0.55), ("*CC(*)C#N", 0.25), ("*CC=CC*", 0.20)]
    assert estimate(abs_plastic)["char_yield"].value < 0.02
    alone, mixed = (group_char(Chain("*CC(*)C#N"), like)[0] for like in (1.0, 0.25))
    assert mixed == pytest.approx(alone / 16)


def test_every_char_group_is_read_from_some_polymer():
    carriers = {
        "nitrile": "*CC(*)C#N", "fluoride": "*CC(*)(F)F", "alcohol": "*CC(*)O",
        "ring_polyol": "*OC1C(O)C(O)C(*)OC1CO", "pendant_acid": "*CC(*)C(=O)O",
        "silsesquioxane": "*O[Si](C)(O*)O", "siloxane": "*O[Si](*)(C)C",
        "silane": "*[Si](*)(C)C", "vinyl_halide": "*CC=C(Cl)C*", "alkyne": "*C#Cc1ccc(*)cc1",
        "phosphorus": "*N=P(*)(OC)OC", "boron": "*CB(C)C*",
    }  # fmt: skip
    assert carriers.keys() == CHAR_GROUPS.keys()
    for name, psmiles in carriers.items():
        assert group_char(Chain(psmiles))[0] > 0, name
    for ethylene_tetrafluoroethylene in ("*CCC(F)(F)C(*)(F)F", "*C(F)(F)C(*)(F)F"):
        assert group_char(Chain(ethylene_tetrafluoroethylene))[0] == 0.0


@pytest.mark.parametrize(
    ("psmiles", "about"),
    [
        ("*C(F)(F)C(*)(F)F", "heat of combustion"),
        ("*O[Si](*)(C)C", "heat of combustion"),
        ("*N=P(*)(OC)OC", "heat of combustion"),
        ("*C#Cc1ccc(*)cc1", "char yield"),
        ("*CB(C)C*", "density"),
    ],
)
def test_what_lies_outside_a_model_is_said_and_wide(psmiles, about):
    doubts = estimate(psmiles).doubts
    assert any(doubt.startswith(about) for doubt in doubts)
    assert all(estimate(plastic).doubts == () for plastic in ("*CC*", "*CC(*)c1ccccc1", "*CO*"))


def test_a_doubt_of_a_component_is_one_of_the_whole():
    mixed = estimate([("*CC*", 0.9), ("*O[Si](*)(C)C", 0.1)])
    assert mixed.doubts == estimate("*O[Si](*)(C)C").doubts


def test_silicon_burns_to_silica():
    """From heats of formation 25.1 MJ/kg; by the bare rule 22.6."""
    heat = estimate("*O[Si](*)(C)C")["heat_of_combustion_j_kg"]
    assert heat.value == pytest.approx(25.1e6, rel=0.01) and heat.sigma > 2.5e6


def test_descriptors_of_the_temperature_are_those_the_procedure_chooses():
    table = training_table("t50")
    x, sigma = inputs(table), table.sigma.to_numpy()
    columns = choose_descriptors(SETTINGS["t50"], x, table.value.to_numpy(), sigma)
    names = list(describe(Chain("*CC*")))
    assert tuple(names[k] for k in columns) == SETTINGS["t50"].descriptors


def test_definitions_are_joined_without_the_tested_polymers():
    found = definition_shift()
    assert found["blind"]["n"] >= 4 and found["tested"]["n"] >= 7
    off = found["blind"]["shift_k"] - found["tested"]["shift_k"]
    assert abs(off) < 3 * np.hypot(found["blind"]["error_k"], found["tested"]["error_k"])
    assert "C_sp" not in seen_groups("t50")


def ignition(psmiles: str, **changes: float | None) -> float:
    case = to_case(sample_parameters(estimate(psmiles)), 0, 50.0, 6.0)
    case["components"]["char"] |= changes
    return cone.simulate(case)["t_ig_s"]


def test_a_trace_of_char_does_not_turn_a_slab_black():
    peek, carbon = "*Oc1ccc(Oc2ccc(C(=O)c3ccc(*)cc3)cc2)cc1", {"absorption_coefficient_1_m": OPAQUE}
    plain, black = ignition("*CC(*)C"), ignition("*CC(*)C", **carbon)
    assert plain == pytest.approx(black, rel=0.01)  # char of 0.2 %
    char = to_case(sample_parameters(estimate(peek)), 0, 50.0, 6.0)["components"]["char"]
    by_mass = char["absorption_coefficient_1_m"] / char["density_kg_m3"]
    assert by_mass == pytest.approx(316.0, rel=0.01)
    # A thousandth of the mass as char absorbs less than the polymer beside it.
    assert 1e-3 * 1300.0 * by_mass < estimate(peek)["absorption_coefficient_1_m"].value


@pytest.mark.parametrize("glass", [262.0, 268.0, 272.0, 276.0, 281.0])
def test_a_rubber_has_the_heat_of_a_melt_whatever_its_glass_transition(glass):
    parameters = {k: float(v[0]) for k, v in sample_parameters(estimate("*CC(*)Cl")).items()}
    ramp = np.array(specific_heat_ramp(parameters | {"glass_transition_k": glass}))
    melt = parameters["specific_heat_melt_j_kg_k"] * (0.64 + 0.0012 * 350.0)
    assert np.interp(350.0, *ramp.T) == pytest.approx(melt, rel=0.01)


def test_no_handbook_value_is_far_off_without_a_doubt():
    table = handbook()
    assert table.name.nunique() >= 40
    assert {"t50_k", "char_yield", "heat_of_combustion_j_kg", "density_kg_m3"} <= set(
        table.property
    )
    assert not table.isna().any(axis=None)
    wrong = table[(table.off.abs() > 4.0) & (table.doubts.map(len) == 0)]
    assert wrong.empty, wrong[["name", "property", "value", "estimated", "off"]]
    named = table[table.property == "char_yield"].set_index("name")
    assert abs(named.off["polyacrylonitrile"]) < 1
    assert (table[table.property != "glass_transition_k"].off.abs() < 3).mean() > 0.95
