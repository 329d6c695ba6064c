"""The converter of the encoder that rxnfp carries: its tokenizer, and what it refuses."""

import pytest

from tools import rxnfp
from trinity.errors import InputError


def test_its_tokenizer_reads_repeat_units_atom_by_atom():
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"* C c ( ) = O 1 Br [nH]".split()]
    tokenizer = rxnfp.tokenizer_of(words)
    assert tokenizer.tokenize("[*]CC([*:1])C(=O)Br") == list("*CC(*)C(=O)") + ["Br"]
    ids = tokenizer("*c1[nH]c1*")["input_ids"]
    assert tokenizer.convert_ids_to_tokens(ids) == ["[CLS]", *"* c 1 [nH] c 1 *".split()] + [
        "[SEP]"
    ]


def test_another_file_is_refused(tmp_path):
    (tmp_path / "other.whl").write_bytes(b"PK")
    for name in ("other.whl", "missing.whl"):
        with pytest.raises(InputError, match="not the wheel of rxnfp 0.1.0"):
            rxnfp.convert(tmp_path / name, tmp_path / "out")
    assert not (tmp_path / "out").exists()
