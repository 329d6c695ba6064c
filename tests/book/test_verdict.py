"""What the front page and the conclusion say of the evidence."""

import json

import pytest
from rdkit import Chem
from trinity_book import verdict
from trinity_book.figures import concepts

from trinity.chemistry.groups import count_groups, groups
from trinity.pipeline import stages


def question(low, high, p, needed=45):
    effect = (low + high) / 2
    return {
        "question": "?", "effect": effect, "low": low, "high": high, "p": p / 3, "p_holm": p,
        "groups_for_80_percent_power": needed,
    }  # fmt: skip


def test_each_question_has_its_word_and_its_numbers():
    rows = [question(0.1, 0.3, 0.01), question(-0.1, 0.2, 0.4, 320), question(-0.3, -0.1, 0.02)]
    found = dict(verdict.questions({"primary_questions": rows}))
    words = [found[f"verdict_{n}"] for n in (1, 2, 3)]
    assert words == ["shown", "not shown", "contradicted"]
    assert [found[f"agrees_{n}"] for n in (1, 2, 3)] == ["yes", "not decided", "no"]
    assert found["effect_1"] == "+0.200 (+0.100 to +0.300)" and found["p_holm_2"] == "0.400"
    assert "about 320 groups" in found["sentence_2"] and "groups" not in found["sentence_1"]
    assert found["sentence_3"].startswith("**Contradicted:** that measurements")


def test_how_often_phase1_differs_counts_both_sides():
    second = json.loads(stages.published_result("second_property").read_text())
    rows = [r for r in second["curves"] if r["phase2"] == "head" and r["arm"] == "phase1"]
    of = len({(r["labels"], r["split"]) for r in rows})
    for row in rows:
        if row["property"] == verdict.PROPERTY and not row["physics"]:
            row |= {"mae": 9.0, "p": 0.01}
    found = dict(verdict.with_power(second))
    assert found["power_n_stable_alone"] == f"0 smaller, {of} larger, of {of}"
    assert found["power_n_phase1_alone"] == "9.0000"
    assert not [name for name in found if "verdict" in name]


@pytest.mark.parametrize("psmiles", ["*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1", "*CC(*)(C)C(=O)OC"])
def test_the_drawn_groups_are_those_that_are_counted(psmiles):
    claimed = list(concepts.claims(Chem.MolFromSmiles(psmiles)).values())
    size = {group.name: group.pattern.GetNumAtoms() for group in groups()}
    drawn = {name: claimed.count(name) // size[name] for name in dict.fromkeys(claimed)}
    assert drawn == count_groups(psmiles).counts
