"""One chain cut at another place is the same polymer, and every cut is found."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trinity.chemistry.chain import cuts
from trinity.chemistry.polymers import Polymer, parse_psmiles, polymer_key
from trinity.synthesis.generator import generate_polymers

POLYMERS = list(generate_polymers(120, seed=5)["psmiles"])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(POLYMERS))
def test_every_cut_is_the_same_polymer(psmiles):
    found = cuts(parse_psmiles(psmiles))
    assert found[0] == Polymer.parse(psmiles).spelled[0][0]
    assert len(set(found)) == len(found)
    assert {polymer_key(cut) for cut in found} == {polymer_key(psmiles)}
    sizes = {parse_psmiles(cut).GetNumAtoms() for cut in found}
    assert sizes == {parse_psmiles(psmiles).GetNumAtoms()}


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(POLYMERS))
def test_the_cuts_of_a_cut_are_the_same_cuts(psmiles):
    found = cuts(parse_psmiles(psmiles))
    assert set(cuts(parse_psmiles(found[-1]))) == set(found)


@pytest.mark.parametrize(
    ("psmiles", "number"),
    [
        ("*C*", 1),
        ("*CC(*)c1ccccc1", 1),  # both cuts of a vinyl chain are one string backwards
        ("*CCO*", 2),
        ("*CC=CC*", 2),  # not through the double bond
        ("*C1CC(*)C1", 1),  # not through the ring
        ("*Oc1ccc(C(C)(C)c2ccc(OC(=O)*)cc2)cc1", 3),  # its two halves are alike
    ],
)
def test_how_many_ways_a_chain_can_be_cut(psmiles, number):
    found = cuts(parse_psmiles(psmiles))
    assert len(found) == number
    assert polymer_key(psmiles) == polymer_key(found[-1])


def test_a_spelling_does_not_depend_on_the_order_of_atoms():
    assert Polymer.parse("C(*)C(*)Cl").spelled == Polymer.parse("*CC(Cl)[*:2]").spelled
