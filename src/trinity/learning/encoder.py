"""Encoders, the embedded one and any other that `transformers` knows by name or folder; and what
a batch for a model on top of one holds."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from trinity.errors import InputError
from trinity.learning.tokenizer import load_tokenizer

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

    Raises
    ------
    InputError
        If there is no such folder and no hub answers, or the model needs remote code.
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
