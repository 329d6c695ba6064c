"""What a student of the ensemble is: a small encoder that reads one spelling of a polymer."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from transformers import BertConfig, BertModel

from trinity.chemistry.polymers import Polymer
from trinity.learning.answer import Answer, answer
from trinity.learning.data import Components, Encoder, TestTable
from trinity.learning.loop import seeded
from trinity.learning.model import FlammabilityModel, Scalers
from trinity.learning.tokenizer import MAX_TOKENS, VOCABULARY
from trinity.quantities import TARGETS


def newborn(layers: int, width: int, heads: int, scalers: Scalers, seed: int) -> FlammabilityModel:
    """A student that knows nothing but the scales of what it will be told."""
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        max_position_embeddings=MAX_TOKENS,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    with seeded(seed):
        return FlammabilityModel(BertModel(config, add_pooling_layer=False), scalers)


def unlabelled(
    polymers: Sequence[Components],
    polymer_of: np.ndarray,
    conditions: np.ndarray,
    laboratory: np.ndarray,
) -> TestTable:
    """Tests to be answered; parameters as the fields of `trinity.learning.data.TestTable`."""
    unknown = np.full((len(polymer_of), len(TARGETS)), np.nan)
    equal = np.ones(len(polymer_of))
    return TestTable(
        list(polymers), polymer_of, conditions, laboratory, unknown, unknown[:, 0], equal
    )


def as_read(tests: TestTable) -> TestTable:
    """The tests with each repeat unit in the spelling that students read, cut where it was."""
    written = [Polymer.parse(polymer).spelled for polymer in tests.polymers]
    return replace(tests, polymers=written)


def heard(students: Sequence[FlammabilityModel], tests: TestTable) -> list[Answer]:
    """What each student says of tests whose polymers are written `as_read`."""
    encoder = Encoder(students[0].tokenizer)
    return [answer(student, tests, encoder, spellings=0) for student in students]
