"""Groups cover real polymers, conserve atoms, and do not depend on how a chain is written."""

import pandas as pd
import pytest
from trinity_book.studies.validation.properties import coverage

from trinity.chemistry import groups
from trinity.chemistry.groups import contributions, count_groups, group_table
from trinity.errors import InputError
from trinity.files import data_path

REAL = pd.read_csv(data_path("polymers_real.csv")).psmiles.tolist()


@pytest.mark.parametrize(
    ("psmiles", "counts"),
    [
        ("*CC*", {"CH2": 2}),
        ("*CC(*)c1ccccc1", {"phenyl": 1, "CH2": 1, "CH": 1}),
        ("*CC(*)(C)C(=O)OC", {"COO": 1, "CH3": 2, "CH2": 1, "C": 1}),
        ("*CCOC(=O)c1ccc(C(=O)O*)cc1", {"C6H4": 1, "COO": 2, "CH2": 2}),
        (
            "*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1",
            {"C6H4": 2, "OCOO": 1, "CH3": 2, "C": 1},
        ),
        ("*CCCCCCNC(=O)CCCCC(=O)N*", {"CONH": 2, "CH2": 10}),
        ("*C(F)(F)C(*)(F)F", {"CF2": 2}),
        ("*O[Si](*)(C)C", {"SiMe2": 1, "O": 1}),
        ("*CC(*)C(N)=O", {"CO": 1, "NH2": 1, "CH2": 1, "CH": 1}),
        ("*CC1CCC(*)C1", {"rCH2": 3, "rCH": 2, "CH2": 1}),
    ],
)
def test_known_units(psmiles, counts):
    found = count_groups(psmiles)
    assert found.counts == counts
    assert found.uncovered_atoms == []


def test_a_group_across_the_cut_is_seen_whole():
    assert count_groups("*C(=O)OCCOC(=O)c1ccc(*)cc1").counts["COO"] == 2
    assert count_groups("*NC(=O)CCCCC*").counts == count_groups("*CCCCCC(=O)N*").counts | {
        "CONH": 1
    }


def test_real_polymers_are_covered():
    found = coverage()
    assert found["n_polymers"] >= 200
    assert found["share"] >= 0.98


def test_atoms_without_a_group_are_named_by_element_and_place():
    found = count_groups("*CB(C)C*")
    assert found.uncovered_atoms == ["B:3"]
    assert found.counts == {"CH2": 2, "CH3": 1}


@pytest.mark.parametrize("quantity", ["V298", "Yg", "Cp_solid_298", "Cp_liquid_298"])
def test_every_group_has_every_contribution(quantity):
    table = contributions(quantity)
    assert set(table) == set(group_table().group)
    if quantity != "Yg":
        assert all(value > 0 for value in table.values())


def test_a_missing_increment_is_the_sum_of_its_named_fallback():
    liquid = contributions("Cp_liquid_298")
    assert liquid["OCOO"] == pytest.approx(liquid["COO"] + liquid["O"])
    assert liquid["OCONH"] == pytest.approx(liquid["COO"] + liquid["NH"])
    assert liquid["imide"] == pytest.approx(2 * liquid["CO"] + liquid["N<"])


def test_an_unknown_quantity_is_refused():
    with pytest.raises(InputError, match="no group contributions"):
        contributions("charm")


def test_the_table_says_how_many_hydrogens_a_group_has_with_both_ends_of_the_range():
    found = groups.groups()
    read = {group.name: group.hydrogens for group in found}
    for row in group_table().itertuples():
        ends = [int(text) for text in row.hydrogens.split("-") if text]
        assert (read[row.group] is None) == (not ends)
        if ends:
            assert (min(read[row.group]), max(read[row.group])) == (ends[0], ends[-1])
