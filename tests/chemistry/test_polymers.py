"""One polymer has one key, however it is written; what is no polymer is refused in one sentence."""

import pickle

import pandas as pd
import pytest

from trinity.chemistry.chain import middle_unit, oligomer
from trinity.chemistry.polymers import Polymer, parse_psmiles, polymer_key
from trinity.errors import InputError
from trinity.files import data_path

REAL = pd.read_csv(data_path("polymers_real.csv")).psmiles.tolist()
PEI_CUTS = (
    "*c1cccc(N2C(=O)c3ccc(Oc4ccc(C(C)(C)c5ccc(Oc6ccc7c(c6)C(=O)N(*)C7=O)cc5)cc4)cc3C2=O)c1",
    "*N1C(=O)c2ccc(Oc3ccc(C(C)(C)c4ccc(Oc5ccc6C(=O)N(c7cccc(*)c7)C(=O)c6c5)cc4)cc3)cc2C1=O",
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("*CC*", "*CCCC*"),
        ("*CC*", "[*]CC[*]"),
        ("*CC*", "[*:1]CC[*:2]"),
        ("*CC(*)C", "*C(C)C*"),
        ("*CC(*)C", "*CC(C)CC(C)*"),
        ("*CO*", "*OC*"),
        ("*C=CC*", "*=CCC=*"),
        ("*CCOC(=O)c1ccc(C(=O)O*)cc1", "*C(=O)OCCOC(=O)c1ccc(*)cc1"),
        ("*C(F)(F)C(*)(F)F", "*C(*)(F)F"),
        ("*CC(*)[N+](=O)[O-]", "*CC(*)N(=O)=O"),
        ("*C/C=C/C*", "*C/C=C\\C*"),
        PEI_CUTS,
    ],
)
def test_ways_to_write_one_chain_share_a_key(one, other):
    assert polymer_key(one) == polymer_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("*CC(*)C", "*CC*"),
        ("*CC(*)C", "*CC(C)C(C)C*"),  # head to head is another chain than head to tail
        ("*NCCCCCC(*)=O", "*CCCCCCNC(=O)CCCCC(=O)N*"),
        ("*c1ccc(*)cc1", "*c1cccc(*)c1"),
        ("*CCO*", "*CO*"),
        ("*C=CC*", "*C=CCC*"),
    ],
)
def test_different_chains_differ(one, other):
    assert polymer_key(one) != polymer_key(other)


def test_real_polymers_have_distinct_keys_that_are_fixed_points():
    keys = [polymer_key(psmiles) for psmiles in REAL]
    assert len(REAL) >= 200
    assert len(set(keys)) == len(keys)
    assert all(polymer_key(key) == key for key in keys)


@pytest.mark.parametrize(
    ("psmiles", "says"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("*", "1 attachment"),
        ("***", "3 attachment"),
        ("CC", "0 attachment"),
        ("**", "no repeat unit"),
        ("*CC*.C", "has C beside it"),
        ("*[Na]*", "element Na"),
        ("*C[Fe]C*", "element Fe"),
        ("*C[N+](C)(C)C*", "net charge"),
        ("*CC(*)C(=O)[O-]", "net charge"),
        ("*[CH]*", "radical"),
        ("*[13CH2]*", "isotope"),
        ("*C([2H])C*", "isotope"),
        ("*=CC*", "same order"),
        ("*1CC1*", "each"),
        ("*CC(", "not a valid SMILES"),
        ("*CC* name", "space"),
        ("*C\u00e9C*", "character"),
        ("\u2217CC\u2217", "character"),
        ("*CC*\x00", "character"),
        ("*" + "C" * 100_000 + "*", "characters"),
        (None, "text"),
        (3.0, "text"),
    ],
)
def test_what_is_no_repeat_unit_is_refused(psmiles, says):
    with pytest.raises(InputError, match=says) as caught:
        parse_psmiles(psmiles)
    message = str(caught.value)
    assert len(message) < 200 and "\n" not in message and message.isascii()


def test_long_but_legal_units_get_a_key():
    chain = "*" + "CO" * 900 + "*"
    assert polymer_key(chain) == polymer_key("*CO*")


@pytest.mark.parametrize("psmiles", REAL[::17])
def test_oligomers_keep_every_atom_of_every_unit(psmiles):
    mol = parse_psmiles(psmiles)
    size = mol.GetNumAtoms() - 2
    chain = oligomer(mol, 3)
    assert chain.GetNumAtoms() == 3 * size + 2
    inner = [chain.GetAtomWithIdx(k).GetTotalNumHs() for k in range(size, 2 * size)]
    unit = [a.GetTotalNumHs() for a in mol.GetAtoms() if a.GetAtomicNum()]
    assert inner == unit


def test_middle_unit_sees_its_neighbours():
    chain, middle = middle_unit(parse_psmiles("*C*"), context=6)
    assert len(middle) == 1 and middle.start >= 6
    assert chain.GetNumAtoms() - 2 - middle.stop >= 6


def test_components_are_read_and_scaled_to_one():
    parsed = Polymer.parse("*CC(*)c1ccccc1:0.55|*CC(*)C#N:0.25|*CC=CC*:0.205").components
    assert [psmiles for psmiles, _ in parsed] == ["*CC(*)c1ccccc1", "*CC(*)C#N", "*CC=CC*"]
    assert sum(fraction for _, fraction in parsed) == pytest.approx(1.0)
    assert Polymer.parse("*CC*", "[*:1]CC[*:2]:1").components == (("[*:1]CC[*:2]", 1.0),)
    assert Polymer.parse("*CC*").components == (("*CC*", 1.0),)


def test_a_polymer_is_what_all_its_spellings_are():
    abs_like = Polymer.parse("*CC(*)c1ccccc1:0.7|*CC=CC*:0.3")
    assert Polymer.parse(abs_like) is abs_like
    assert Polymer.parse(str(abs_like)) == abs_like == Polymer.parse(list(abs_like.components))
    assert hash(Polymer.parse(str(abs_like))) == hash(abs_like)
    assert abs_like == pickle.loads(pickle.dumps(abs_like))
    assert abs_like.main == "*CC(*)c1ccccc1"
    turned = Polymer.parse("*CC(*)c1ccccc1", "*C=CCC*:0.3|*C(c1ccccc1)C*:0.7")
    assert turned != abs_like and turned.key == abs_like.key
    assert dict(turned.units) == dict(abs_like.units)
    assert Polymer.parse("*CC(*)C").key == Polymer.parse("*C(C)C*:0.5|*CC(*)C:0.5").key
    assert Polymer.parse("*CC*:0.4|*CO*:0.6").key != Polymer.parse("*CC*:0.6|*CO*:0.4").key
    for blank in (None, float("nan"), " "):
        assert Polymer.parse("*CC*", blank) == Polymer.parse("*CC*")


@pytest.mark.parametrize(
    ("components", "says"),
    [
        ("*CC*", "mass fraction"),
        ("*CC*:x", "mass fraction"),
        ("*CC*:nan", "mass fraction"),
        ("*CC*:1.5", "mass fraction"),
        ("*CC*:0.5|*CO*:0.4", "sum to 0.9"),
        ("*CC:0.5|*CO*:0.5", "attachment"),
        ("|", "mass fraction"),
        (":0.5|:0.5", "empty"),
    ],
)
def test_wrong_components_are_refused(components, says):
    with pytest.raises(InputError, match=says):
        Polymer.parse("*CC*", components)


@pytest.mark.parametrize("odd", [None, 3.0, b"*CC*", [], ["*CC*"], [("*CC*",)], [("*CC*", None)]])
def test_what_is_no_polymer_is_refused(odd):
    with pytest.raises(InputError):
        Polymer.parse(odd)
