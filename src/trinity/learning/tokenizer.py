"""Polymer SMILES as tokens: one token per atom, bond, branch or ring closure.

A tokenizer trained on text may cut ``Cl`` into carbon and an unknown letter, or glue the
attachment point to its neighbour.  Here the vocabulary is chemistry, written down once: the
pattern follows Schwaller et al. (2018, Chem. Sci. 9, 6091), with the attachment point ``*`` of
polymers added.  The vocabulary is a constant, so a model folder and this module cannot disagree
silently: the folder's own ``tokenizer.json`` is what a loaded model uses.
"""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordLevel
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from trinity.errors import InputError

MAX_TOKENS = 256

#: ``[*]``, ``[*:1]`` and ``[1*]`` all mean the attachment point ``*``.
ATTACHMENT = r"\[\d*\*(:\d+)?\]"
#: Longest alternatives first: bracket atoms, two-letter atoms, ring closures beyond nine, the rest.
PATTERN = r"\[[^\]]*\]|Cl|Br|Si|%\d{2}|[A-Za-z]|\d|[*()=#$:/\\.+\-@~]|."

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
ATOMS = tuple("* H B C N O F P S I Cl Br Si b c n o p s".split())
BRACKET_ATOMS = tuple(
    "[H] [B] [BH] [C] [CH] [CH2] [C@] [C@@] [C@H] [C@@H] [N] [NH] [NH2] [nH] [N+] [n+] [NH+] "
    "[NH2+] [NH3+] [N-] [O] [O-] [o+] [OH] [F] [Si] [SiH] [SiH2] [SiH3] [Si@] [Si@@] [P] [PH] "
    "[P@] [P@@] [P+] [S] [SH] [S+] [S@] [S@@] [s+] [S-] [C-] [c-] [c+] [Cl] [Br] [I] [cH-]".split()
)
BONDS = tuple("- = # $ : / \\ . ( ) ~ + @".split())
RINGS = tuple(str(n) for n in range(10)) + tuple(f"%{n}" for n in range(10, 30))
VOCABULARY = SPECIAL + ATOMS + BRACKET_ATOMS + BONDS + RINGS


def build_tokenizer(max_tokens: int = MAX_TOKENS) -> PreTrainedTokenizerFast:
    """Tokenizer of PSMILES with the fixed vocabulary; what it does not know becomes ``[UNK]``.

    A sequence is ``[CLS] tokens [SEP]``, cut at ``max_tokens``.

    >>> build_tokenizer().tokenize("[*]CC([*:2])c1ccccc1Cl")
    ['*', 'C', 'C', '(', '*', ')', 'c', '1', 'c', 'c', 'c', 'c', 'c', '1', 'Cl']
    """
    ids = {token: i for i, token in enumerate(VOCABULARY)}
    core = Tokenizer(WordLevel(ids, unk_token="[UNK]"))
    core.normalizer = normalizers.Sequence(
        [normalizers.Strip(), normalizers.Replace(Regex(ATTACHMENT), "*")]
    )
    core.pre_tokenizer = pre_tokenizers.Split(Regex(PATTERN), behavior="isolated")
    core.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        model_max_length=max_tokens,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        clean_up_tokenization_spaces=False,
    )


def load_tokenizer(folder: str | Path) -> PreTrainedTokenizerFast:
    """Tokenizer of a model folder (``tokenizer.json``).

    Raises
    ------
    InputError
        If the folder has no tokenizer.
    """
    if not (Path(folder) / "tokenizer.json").is_file():
        raise InputError(f"No tokenizer.json in {folder}; name a folder written by `trinity`.")
    return PreTrainedTokenizerFast.from_pretrained(str(folder))


def encode(tokenizer, smiles: Sequence[str]) -> list[list[int]]:
    """Token ids of each string, special tokens included, at most ``model_max_length`` long."""
    longest = min(tokenizer.model_max_length, 512)
    return tokenizer(list(smiles), truncation=True, max_length=longest)["input_ids"]


def randomised(psmiles: str, n: int, seed: int) -> list[str]:
    """``n`` spellings of one repeat unit, each starting from a random atom (Bjerrum, 2017).

    Raises
    ------
    InputError
        If the string is not SMILES.

    >>> sorted(set(randomised("*CC*", 4, seed=0)))
    ['*CC*', 'C(*)C*', 'C(C*)*']
    """
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(psmiles)
    if molecule is None:
        raise InputError(f"{psmiles!r} is not a SMILES string; a repeat unit looks like '*CC*'.")
    # RDKit takes a positive C int as seed.
    return list(Chem.MolToRandomSmilesVect(molecule, n, randomSeed=1 + seed % (2**31 - 2)))
