"""Generated polymers are unique, believable, of the family they claim, a function of the seed."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem

from tools.make_monomers import classify
from trinity.chemistry.chain import oligomer
from trinity.chemistry.polymers import parse_psmiles, polymer_key
from trinity.errors import InputError
from trinity.files import data_path
from trinity.synthesis.generator import GROUPS, REACTIONS, _quotas, check, generate_polymers
from trinity.synthesis.rules import (
    assemble,
    families,
    family_of,
    grammar,
    monomers,
    objection,
    polymerise,
    reactant_pairs,
)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return generate_polymers(300, seed=7)


def test_polymers_are_unique_by_key_and_canonical(table):
    assert len(table) == 300
    assert table["key"].is_unique
    assert all(polymer_key(text) == text for text in table["psmiles"])
    assert all(text.count("*") == 2 for text in table["psmiles"])


def test_shares_follow_the_table_and_stay_within_bounds(table):
    shares = table["family"].value_counts(normalize=True)
    wanted = families().set_index("family")["weight"] / 100
    assert np.allclose(shares[wanted.index], wanted, atol=0.005)
    assert shares.max() <= 0.25 and shares.min() >= 0.01
    assert set(table["route"]) == {GROUPS, REACTIONS}


def test_both_aromatic_and_aliphatic_chains_occur(table):
    aromatic = table["psmiles"].str.contains("c1")
    assert 0.2 < aromatic.mean() < 0.8


def test_every_polymer_passes_the_chemistry_rules(table):
    for text, family in zip(table["psmiles"], table["family"], strict=True):
        mol = parse_psmiles(text)
        assert objection(oligomer(mol, 3)) is None, text
        assert family_of(mol) == family, text


def test_same_seed_same_table_whatever_the_number_of_processes(monkeypatch):
    """In chunks so small that one process may well end its own before the other."""
    monkeypatch.setattr("trinity.synthesis.generator.CHUNK", 10)
    alone = generate_polymers(40, seed=7, families=["vinyl", "polyester"])
    monkeypatch.setattr("trinity.synthesis.generator.PARALLEL_FROM", 1)
    together = generate_polymers(40, seed=7, families=["vinyl", "polyester"])
    pd.testing.assert_frame_equal(alone, together)


def test_another_seed_gives_other_polymers(table):
    other = generate_polymers(80, seed=8)
    assert len(set(other["key"]) - set(table["key"])) > 40


def test_family_weights_are_followed():
    made = generate_polymers(40, seed=1, families={"polyamide": 3, "silicone": 1})
    assert made["family"].value_counts().to_dict() == {"polyamide": 30, "silicone": 10}


@pytest.mark.parametrize(
    ("n", "wanted", "said"),
    [
        (0, None, "at least 1"),
        (5, ["epoxy"], "'epoxy'"),
        (5, {"vinyl": -1}, "positive"),
        (5, [], "positive"),
    ],
)
def test_bad_requests_are_refused(n, wanted, said):
    with pytest.raises(InputError, match=said):
        generate_polymers(n, seed=0, families=wanted)


@pytest.mark.parametrize(
    ("psmiles", "family"),
    [
        ("*CC*", "vinyl"),
        ("*CC(*)(C)C(=O)OC", "vinyl"),
        ("*CC(*)c1ccccc1", "vinyl"),
        ("*CC=CC*", "diene"),
        ("*CC(*)Cl", "halogenated"),
        ("*OCCOC(=O)c1ccc(C(*)=O)cc1", "polyester"),
        ("*NCCCCCCNC(=O)CCCCC(*)=O", "polyamide"),
        ("*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1", "polycarbonate"),
        ("*Oc1ccc(Oc2ccc(C(=O)c3ccc(*)cc3)cc2)cc1", "polyketone"),
        ("*c1ccc(Oc2ccc(N3C(=O)c4cc5C(=O)N(*)C(=O)c5cc4C3=O)cc2)cc1", "polyimide"),
        ("*Oc1ccc(S(=O)(=O)c2ccc(*)cc2)cc1", "polysulfone"),
        ("*Sc1ccc(*)cc1", "polysulfide"),
        ("*O[Si](*)(C)C", "silicone"),
        ("*NC(=O)OCCOC(=O)NCCCCCC*", "polyurethane"),
        ("*NC(=O)NCCCCCC*", "polyurea"),
        ("*CO*", "polyether"),
        ("*c1ccc(*)cc1", "other"),
    ],
)
def test_family_is_named_by_the_chain(psmiles, family):
    assert family_of(parse_psmiles(psmiles)) == family


def test_family_does_not_depend_on_the_cut():
    for text in ("*OC(=O)CCCCC(=O)OCC*", "*C(=O)OCCOC(=O)CCCC*", "*CCCC(=O)OCCOC(=O)C*"):
        assert family_of(parse_psmiles(text)) == "polyester"


@pytest.mark.parametrize(
    ("psmiles", "rule"),
    [
        ("*OOCC*", "peroxide"),
        ("*COO*", "peroxide"),
        ("*OCO*", "peroxide"),  # across the bond between two units
        ("*NNCC*", "nitrogen chain"),
        ("*CC(*)C1CC1", "small ring"),
        ("*CC(*)O[N+](C)(C)C", "charge other than nitro"),
        ("*CC(*)C=C=C", "cumulene"),
        ("*CC(*)C(=O)Cl", "acyl halide"),
        ("*CC(*)(O)OC", "hemiacetal"),
        ("*c1ccc(N2C(=O)c3cc4c(cc3C2=O)C(=O)N(*)C4=O)o1", "nitrogen on furan"),
        ("*CCOc1ccc(O*)o1", "oxygen on furan"),
        ("*CC(*)(C)OCC", "isopropenyl ether chain"),
        ("*CC(*)(C)OC(C)=O", "isopropenyl ether chain"),
        ("*CC(*)c1ccc(F)c(Cl)c1", "two halogens on a ring"),
        ("*C(F)C(*)(F)Br", "bromine near another halogen"),
        ("*CC(C)(Br)CC(*)Cl", "bromine near another halogen"),
        ("*CC(C)(Cl)C(*)(F)F", "chlorine beside fluorinated carbon"),
        ("*C(F)C(*)F", "fluorine beside halogen across CH-CH"),
        ("*CC(Cl)(CCl)C(C)C*", "chlorinated methyl beside halogen"),
        ("*CCC(Cl)=C(*)Br", "mixed vinylene halide"),
        ("*CC(C)CC(F)(F)CCOC(=O)CCC(=O)O*", "lone difluoromethylene"),
        ("*CCCC(F)(F)OCCO*", "fluorinated ether of an alkane"),
        ("*C[Si](C)(C)CC(*)(F)F", "fluorine beta to silicon"),
    ],
)
def test_nonsense_is_named(psmiles, rule):
    assert objection(oligomer(Chem.MolFromSmiles(psmiles), 3)) == rule


@pytest.mark.parametrize(
    "psmiles",
    [
        "*CC(*)C(=O)OCC1CO1", "*CC(*)c1ccc([N+](=O)[O-])cc1", "*CO*", "*CC(*)F", "*CC(*)(F)F",
        "*C(F)C(*)(F)F", "*C(F)(F)C(*)(F)Cl", "*CCC(F)(F)C(*)(F)Cl", "*C(Cl)C(*)Cl", "*CC(*)(F)Cl",
        "*CC(F)(F)C(F)(F)C(*)(F)C(F)(F)F", "*C(F)(F)C(*)(F)OC(F)(F)C(F)(F)C(F)(F)F", "*CC(CCl)O*",
        "*CC(Cl)=CC*", "*CCOC(=O)c1ccc(C(=O)O*)o1", "*CC(*)OC(C)=O", "*CC(*)(C)c1ccccc1",
        "*CC(*)c1c(Cl)cccc1Cl",
    ],
)  # fmt: skip
def test_known_chemistry_passes(psmiles):
    assert check(psmiles, family_of(parse_psmiles(psmiles)))


def test_forbidden_patterns_parse_and_have_reasons():
    rules = pd.read_csv(data_path("generator", "forbidden.csv"))
    assert rules["name"].is_unique and rules["reason"].notna().all()
    assert all(Chem.MolFromSmarts(text) is not None for text in rules["smarts"])


def productions_of_symbols() -> dict[str, list[list[str]]]:
    """Productions split at the braces: in ``["*O", "ar", "*"]`` the odd entries are symbols."""
    return {
        symbol: [re.split("[{}]", text) for text in texts]
        for symbol, (texts, _) in grammar().items()
    }


def test_grammar_is_closed_and_every_family_starts_in_it():
    rules = productions_of_symbols()
    named = {part for productions in rules.values() for p in productions for part in p[1::2]}
    assert named <= set(rules)
    assert set(families()["family"]) <= set(rules)
    reached = named | set(families()["family"])
    assert reached == set(rules), "a symbol that nothing expands to"


def shortest(rules) -> dict[str, str]:
    """Shortest text that each symbol can become."""
    best: dict[str, str] = {}
    for _ in range(20):
        for symbol, productions in rules.items():
            texts = [filled(p, best) for p in productions if set(p[1::2]) <= set(best)]
            if texts:
                best[symbol] = min([*texts, *([best[symbol]] if symbol in best else [])], key=len)
    return best


def filled(production: list[str], best: dict[str, str]) -> str:
    return "".join(best[part] if k % 2 else part for k, part in enumerate(production))


def contexts(rules, best) -> dict[str, tuple[str, str]]:
    """Shortest repeat unit around each symbol: what stands before and behind it."""
    around = {family: ("", "") for family in families()["family"]}
    for _ in range(20):
        for symbol in list(around):
            left, right = around[symbol]
            for production in rules[symbol]:
                for k in range(1, len(production), 2):
                    before = "".join(filled([*production[:k]], best))
                    behind = "".join(
                        best[part] if j % 2 == 0 else part
                        for j, part in enumerate(production[k + 1 :], start=1)
                    )
                    new = (left + before, behind + right)
                    old = around.get(production[k])
                    if old is None or len("".join(new)) < len("".join(old)):
                        around[production[k]] = new
    return around


def test_every_production_gives_a_sound_unit():
    """Rare productions too: each one is used once, in the smallest unit that can hold it."""
    rules = productions_of_symbols()
    best = shortest(rules)
    around = contexts(rules, best)
    for symbol, productions in rules.items():
        for production in productions:
            text = filled(production, best).join(around[symbol])
            mol = parse_psmiles(text)
            assert objection(oligomer(mol, 3)) is None, (symbol, production, text)


@given(
    st.integers(1, 10_000),
    st.lists(st.floats(0.01, 100), min_size=1, max_size=14),
)
def test_quotas_add_up_and_stay_within_one_of_their_share(n, weights):
    shares = {str(k): weight / sum(weights) for k, weight in enumerate(weights)}
    quotas = _quotas(n, shares)
    assert sum(quotas.values()) == n
    assert all(abs(quotas[name] - n * share) < 1 + 1e-9 for name, share in shares.items())


def test_assembled_units_close_their_valences():
    rng = np.random.default_rng(3)
    for family in families()["family"]:
        texts = [text for text in (assemble(family, rng) for _ in range(30)) if text]
        assert len(texts) > 25
        for text in texts:
            assert parse_psmiles(text).GetNumAtoms() > 2


def test_monomer_classes_are_those_of_smipoly():
    sample = monomers().iloc[::15]
    assert classify(sample["smiles"]) == sample["classes"].tolist()


@pytest.mark.parametrize(
    ("reaction", "smiles", "polymer"),
    [
        (
            ("polyester", "diCOOH", "diol"),
            ("O=C(O)c1ccc(C(=O)O)cc1", "OCCO"),
            "*OCCOC(=O)c1ccc(C(*)=O)cc1",
        ),
        (("polyolefin", "vinyl", "none"), ("C=Cc1ccccc1", ""), "*CC(*)c1ccccc1"),
        (
            ("polyester", "diol", "CO"),
            ("CC(C)(c1ccc(O)cc1)c1ccc(O)cc1", "[C-]#[O+]"),
            "*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1",
        ),
        (
            ("polyether", "BzodiF", "bisphenol"),
            ("O=C(c1ccc(F)cc1)c1ccc(F)cc1", "Oc1ccc(O)cc1"),
            "*Oc1ccc(Oc2ccc(C(=O)c3ccc(*)cc3)cc2)cc1",
        ),
    ],
)
def test_known_monomers_give_known_polymers(reaction, smiles, polymer):
    assert polymer_key(polymerise(*reaction, smiles)[0]) == polymer_key(polymer)


def test_pairs_are_drawn_without_repetition_and_common_monomers_come_first():
    pairs = reactant_pairs("polyester", np.random.default_rng(0), 400)
    assert len(set(pairs)) == len(pairs) == 400
    weight = monomers().set_index("smiles")["weight"]
    mean = [np.mean([weight[p[3]] for p in part]) for part in (pairs[:50], pairs[-50:])]
    assert mean[0] > mean[1]
