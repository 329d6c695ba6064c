"""Common names: each stands for the polymer that it should; a wrong one finds its neighbours."""

import pandas as pd
import pytest

from trinity.chemistry.names import names, plain, polymer_named
from trinity.chemistry.polymers import Polymer, polymer_key
from trinity.chemistry.properties import estimate
from trinity.errors import InputError
from trinity.files import data_path

TABLE = pd.read_csv(data_path("names.csv"))


@pytest.mark.parametrize("polymer", TABLE.polymer, ids=TABLE.name)
def test_every_polymer_of_the_table_can_be_estimated(polymer):
    found = estimate(polymer)
    assert not found.uncovered_atoms
    assert 700 < found["density_kg_m3"].value < 2700


def test_no_name_stands_for_two_polymers():
    spelled: dict[str, str] = {}
    for name, aliases, polymer in TABLE.itertuples(index=False):
        for alias in (name, *aliases.split("; ")):
            assert spelled.setdefault(plain(alias), polymer) == polymer, alias


def test_the_table_agrees_with_the_list_of_real_polymers():
    real = pd.read_csv(data_path("polymers_real.csv")).set_index("name").psmiles
    shared = [row for row in TABLE.itertuples() if row.name in real]
    assert len(shared) > 60
    for row in shared:
        assert polymer_key(row.polymer) == polymer_key(real[row.name]), row.name


@pytest.mark.parametrize(
    "name, formula",
    [
        ("PMMA", "C5H8O2"), ("PVC", "C2H3Cl"), ("hdpe", "CH2"), ("Teflon", "CF2"),
        ("Kevlar", "C14H10N2O2"), ("nylon 66", "C12H22N2O2"), ("PA 6.6", "C12H22N2O2"),
        ("nylon-6", "C6H11NO"), ("polyvinyl chloride", "C2H3Cl"), ("PET", "C10H8O4"),
        ("PC", "C16H14O3"), ("PEEK", "C19H12O3"), ("PS", "C8H8"), ("Delrin", "CH2O"),
        ("Kapton", "C22H10N2O5"), ("Ultem", "C37H24N2O6"), ("PLA", "C3H4O2"), ("PSU", "C27H22O4S"),
        ("silicone", "C2H6OSi"), ("PPO", "C8H8O"), ("Nomex", "C14H10N2O2"), ("PBT", "C12H12O4"),
    ],
)  # fmt: skip
def test_a_name_has_the_composition_of_its_polymer(name, formula):
    from rdkit import Chem
    from rdkit.Chem.rdMolDescriptors import CalcMolFormula

    unit = Chem.MolFromSmiles(Polymer.parse(polymer_named(name)).units[0][0].replace("*", "[Li]"))
    assert CalcMolFormula(unit).replace("Li2", "") == formula


def test_blends_are_components():
    abs_resin = Polymer.parse(polymer_named("ABS"))
    assert len(abs_resin.components) == 3
    assert sum(share for _, share in abs_resin) == pytest.approx(1.0)
    assert polymer_named("PS:0.9|PMMA:0.1") == "*CC(*)c1ccccc1:0.9|*CC(*)(C)C(=O)OC:0.1"


@pytest.mark.parametrize(
    "wrong, meant",
    [("PMAA", "PMMA?"), ("kevlr", "Kevlar?"), ("polystyren", "polystyrene"), ("nylon", "nylon 6")],
)
def test_an_unknown_name_finds_its_neighbours(wrong, meant):
    with pytest.raises(InputError, match="There is no polymer named .*; did you mean ") as caught:
        polymer_named(wrong)
    assert meant in str(caught.value)


def test_a_name_like_no_other_is_refused_without_a_guess():
    with pytest.raises(InputError, match="a common name.$"):
        polymer_named("XQJ 7")


@pytest.mark.parametrize(
    "text", ["*CC*", "[*]CC[*]", "CCO", "*CC", "", " ", "{[]CC[]}", "50", "C[R1]"]
)
def test_what_is_no_name_is_left_to_the_reader_of_psmiles(text):
    assert polymer_named(text) == text


def test_every_name_is_found_whatever_its_case():
    for name, polymer in names().items():
        assert polymer_named(name.upper()) == polymer_named(name.lower()) == polymer


@pytest.mark.parametrize(
    "typed", ["nylon\xa066", "nylon‑66", "  Nylon 66\t", '"nylon 66"', "NYLON® 66", "ｎｙｌｏｎ 66"]
)
def test_a_name_is_found_as_other_programs_write_it(typed):
    assert polymer_named(typed) == polymer_named("nylon 66") != typed


@pytest.mark.parametrize("typed", ["Teflon™", "“PTFE”", "‘Teflon’", "Teflon®"])
def test_marks_of_typesetters_are_left_out(typed):
    assert polymer_named(typed) == names()["PTFE"]


def test_a_blend_within_a_mixture_is_refused_by_its_name():
    with pytest.raises(InputError, match="The component 'ABS' is itself a mixture"):
        polymer_named("ABS:0.5|PC:0.5")
