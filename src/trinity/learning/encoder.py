"""Polymer SMILES as tokens, and the encoders that read them: the embedded one and any other that
`transformers` knows by name or folder.

A tokenizer trained on text may cut ``Cl`` into carbon and an unknown letter, or glue the
attachment point to its neighbour.  Here the vocabulary is chemistry, written down once, one token
per atom, bond, branch or ring closure: the pattern follows Schwaller et al. (2018, Chem. Sci. 9,
6091), with the attachment point ``*`` of polymers added.  The vocabulary is a constant, so a model
folder and this module cannot disagree silently: the folder's own ``tokenizer.json`` is what a
loaded model uses.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordLevel
from tokenizers.processors import TemplateProcessing
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
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

    Raises InputError if the folder has no tokenizer.
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

    Raises InputError if the string is not SMILES.

    >>> sorted(set(randomised("*CC*", 4, seed=0)))
    ['*CC*', 'C(*)C*', 'C(C*)*']
    """
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(psmiles)
    if molecule is None:
        raise InputError(f"{psmiles!r} is not a SMILES string; a repeat unit looks like '*CC*'.")
    # RDKit takes a positive C int as seed.
    return list(Chem.MolToRandomSmilesVect(molecule, n, randomSeed=1 + seed % (2**31 - 2)))


#: The pooler of BERT is trained on sentence pairs; the mean over tokens takes its place.
WITHOUT_POOLER = {"bert": {"add_pooling_layer": False}}


@dataclass(frozen=True)
class BackboneShape:
    """Size of the embedded encoder: 0.85 M parameters, trained in minutes on the two cores that
    a reader has (MoLFormer's 12 layers x 768 take twenty times as long per sequence)."""

    layers: int = 4
    width: int = 128
    heads: int = 4
    feed_forward: int = 512
    max_tokens: int = 256
    # Small corpora would ask for dropout; millions of masked tokens do not, and it costs 30 % time.
    dropout: float = 0.0


@dataclass
class Rows:
    """A batch: S token sequences, mixed into R rows of the table.

    ``mix[r, s]`` is the mass fraction of sequence s in row r; several spellings of one component
    share its fraction.  ``laboratory`` is one-hot, zero for the mean or an unknown laboratory.
    """

    input_ids: Tensor  # (S, T)
    attention_mask: Tensor  # (S, T)
    mix: Tensor  # (R, S)
    conditions: Tensor  # (R, 2) standardised logarithms
    laboratory: Tensor  # (R, 3)
    #: (R, D) where the encoder is frozen and has been run.
    embedding: Tensor | None = None


@dataclass
class Labels:
    """What a batch is asked for: standardised targets, ignition, and which of them are known."""

    targets: Tensor  # (R, 4), zero where unknown
    known: Tensor  # (R, 4) 0 or 1
    ignited: Tensor  # (R,) 0 or 1
    ignition_known: Tensor  # (R,) 0 or 1
    weight: Tensor  # (R,) sums to R
    at_least: Tensor  # (R,) standardised bound of the ignition time, NaN without


def bert_config(shape: BackboneShape, vocabulary: int):
    """The `transformers` configuration of the embedded encoder."""
    from transformers import BertConfig

    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.feed_forward,
        max_position_embeddings=shape.max_tokens,
        hidden_dropout_prob=shape.dropout,
        attention_probs_dropout_prob=shape.dropout,
        pad_token_id=0,
    )


def load_backbone(name: str | Path):
    """Encoder and tokenizer from a folder, or by name from a hub that can be reached.

    Remote code is never run, so a model must be of a kind that `transformers` knows.

    Raises InputError if there is no such folder and no hub answers, or the model needs remote code.
    """
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    try:
        kind = AutoConfig.from_pretrained(str(name)).model_type
        with quiet():
            backbone = AutoModel.from_pretrained(str(name), **WITHOUT_POOLER.get(kind, {}))
        if (Path(name) / "tokenizer.json").is_file():
            return backbone, load_tokenizer(name)
        return backbone, AutoTokenizer.from_pretrained(str(name))
    except (OSError, ValueError) as error:
        raise InputError(
            f"Cannot load the encoder {str(name)!r}: it is no local folder with config.json and "
            "weights, and no Hugging Face hub delivered it (offline, unknown name, or remote code)."
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """No report of the language-model head that is left behind on purpose, no progress bar."""
    from transformers.utils import logging as messages

    level = messages.get_verbosity()
    messages.set_verbosity(logging.ERROR)
    messages.disable_progress_bar()
    try:
        yield
    finally:
        messages.set_verbosity(level)
        messages.enable_progress_bar()


def pad(sequences: Sequence[Sequence[int]], padding: int = 0) -> tuple[Tensor, Tensor]:
    """Token ids (S, T) and attention mask (S, T) of sequences of different length."""
    rows = [torch.tensor(sequence, dtype=torch.long) for sequence in sequences]
    ids = pad_sequence(rows, batch_first=True, padding_value=padding)
    mask = pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
    return ids, mask
