"""The tokenizer cuts PSMILES where chemistry does."""

import pytest
from rdkit import Chem

from trinity.errors import InputError
from trinity.learning.encoder import (
    VOCABULARY,
    build_tokenizer,
    encode,
    load_tokenizer,
    randomised,
)

TOKENIZER = build_tokenizer()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("*CC(*)Cl", ["*", "C", "C", "(", "*", ")", "Cl"]),
        ("*CC(*)Br", ["*", "C", "C", "(", "*", ")", "Br"]),
        ("*CSc1ccccc1*", ["*", "C", "S", *"c1ccccc1", "*"]),
        ("*[Si](C)(C)O*", ["*", "[Si]", *"(C)(C)O", "*"]),
        ("*C%12CC%12*", ["*", "C", "%12", "C", "C", "%12", "*"]),
        ("*C[N+](=O)[O-]", ["*", "C", "[N+]", *"(=O)", "[O-]"]),
    ],
)
def test_atoms_and_ring_closures_stay_whole(text, tokens):
    assert TOKENIZER.tokenize(text) == tokens


@pytest.mark.parametrize("text", ["[*]CC[*]", "[*:1]CC[*:2]", " *CC* ", "[1*]CC[2*]"])
def test_all_spellings_of_the_attachment_point_are_one(text):
    assert encode(TOKENIZER, [text]) == encode(TOKENIZER, ["*CC*"])


def test_unknown_atoms_become_unknown_and_lengths_are_bounded():
    assert TOKENIZER.tokenize("*C[Xe]*")[2] == "[UNK]"
    (ids,) = encode(build_tokenizer(32), ["*" + "C" * 500 + "*"])
    assert len(ids) == 32


def test_vocabulary_has_no_duplicates_and_survives_a_folder(tmp_path):
    assert len(set(VOCABULARY)) == len(VOCABULARY) == len(TOKENIZER)
    TOKENIZER.save_pretrained(str(tmp_path))
    loaded = load_tokenizer(tmp_path)
    text = "*CC(*)c1ccc(Cl)cc1"
    assert encode(loaded, [text]) == encode(TOKENIZER, [text])
    with pytest.raises(InputError, match="tokenizer.json"):
        load_tokenizer(tmp_path / "nowhere")


def test_random_spellings_are_the_same_molecule_and_repeatable():
    text = "*CC(*)(C)C(=O)OC"
    spelled = randomised(text, 20, seed=3)
    assert spelled == randomised(text, 20, seed=3)
    assert len(set(spelled)) > 5
    assert {Chem.CanonSmiles(s) for s in spelled} == {Chem.CanonSmiles(text)}


def test_generated_polymers_have_no_unknown_token():
    from trinity.synthesis.generator import generate_polymers

    texts = list(generate_polymers(40, seed=5)["psmiles"])
    unknown = TOKENIZER.unk_token_id
    assert all(unknown not in ids for ids in encode(TOKENIZER, texts))
