"""Students of the ensemble: small encoders, trained by distillation, that read one spelling."""

from collections.abc import Sequence
from dataclasses import replace

from transformers import BertModel

from trinity.chemistry.polymers import Polymer
from trinity.learning.answer import Answer, answer
from trinity.learning.data import Encoder, TestTable
from trinity.learning.encoder import BackboneShape, bert_config
from trinity.learning.loop import seeded
from trinity.learning.model import FlammabilityModel, Scalers
from trinity.learning.tokenizer import VOCABULARY


def untrained_student(
    layers: int, width: int, heads: int, scalers: Scalers, seed: int
) -> FlammabilityModel:
    """A student that knows nothing but the scales of its targets."""
    shape = BackboneShape(layers, width, heads, feed_forward=4 * width)
    with seeded(seed):
        encoder = BertModel(bert_config(shape, len(VOCABULARY)), add_pooling_layer=False)
        return FlammabilityModel(encoder, scalers)


def spelled_for_students(tests: TestTable) -> TestTable:
    """The tests with each repeat unit in the spelling that students read, cut where it was."""
    written = [Polymer.parse(polymer).spelled for polymer in tests.polymers]
    return replace(tests, polymers=written)


def student_answers(students: Sequence[FlammabilityModel], tests: TestTable) -> list[Answer]:
    """The answer of each student about tests whose polymers are `spelled_for_students`."""
    encoder = Encoder(students[0].tokenizer)
    return [answer(student, tests, encoder, spellings=0) for student in students]
