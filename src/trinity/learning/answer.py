"""What models answer about cone tests: natural logarithms of the targets, and ignition."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from trinity.learning.data import Encoder, TestTable
from trinity.learning.intervals import mixture
from trinity.learning.model import FlammabilityModel, Rows, Scalers

POLYMERS_AT_ONCE = 64


@dataclass
class Answer:
    """Predictions of R tests, in natural logarithms of physical units."""

    log_mean: np.ndarray  # (R, 4)
    log_sigma: np.ndarray  # (R, 4) standard deviation of the logarithm
    ignition: np.ndarray  # (R,) probability

    @classmethod
    def of_output(cls, scalers: Scalers, output: tuple[Tensor, Tensor, Tensor]) -> "Answer":
        """From what a model gives: ignition logit, standardised means, log variances."""
        logit, mean, log_variance = (part.detach().double().numpy() for part in output)
        scale = np.asarray(scalers.target_scale)
        sigma = np.exp(0.5 * log_variance) * scale
        return cls(mean * scale + np.asarray(scalers.target_mean), sigma, 1 / (1 + np.exp(-logit)))

    @classmethod
    def joined(cls, answers: Sequence["Answer"]) -> "Answer":
        """Answers about several sets of tests as one, in order."""
        return cls(*map(np.concatenate, zip(*map(_fields, answers), strict=True)))

    def take(self, rows: np.ndarray) -> "Answer":
        """The answers about some tests (indices or mask)."""
        return Answer(*(field[rows] for field in _fields(self)))

    def error(self, targets: np.ndarray) -> np.ndarray:
        """|ln(predicted / measured)| (R, 4); NaN where there is no label."""
        with np.errstate(invalid="ignore"):
            return np.abs(self.log_mean - np.log(targets))


def _fields(answer: Answer) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return answer.log_mean, answer.log_sigma, answer.ignition


def combine(answers: Sequence[Answer]) -> Answer:
    """Several answers about the same tests, averaged with equal weights."""
    means, sigmas, ignition = map(np.stack, zip(*map(_fields, answers), strict=True))
    return Answer(*mixture(means, sigmas), ignition.mean(0))


def answer_rows(model: FlammabilityModel, rows: Rows) -> Answer:
    """Predictions of a batch."""
    return Answer.of_output(model.scalers, model(rows))


@torch.no_grad()
def answer(
    model: FlammabilityModel,
    tests: TestTable,
    encoder: Encoder | None = None,
    spellings: int = 3,
) -> Answer:
    """Predictions of tests, whose labels are not looked at; ``spellings`` as in `Encoder.rows`."""
    encoder = encoder or Encoder(model.tokenizer)
    model.eval()
    count = len(tests.polymers)
    batches = [
        np.flatnonzero(np.isin(tests.polymer_of, polymers))
        for polymers in np.array_split(np.arange(count), -(-count // POLYMERS_AT_ONCE))
    ]
    parts = [
        answer_rows(model, encoder.rows(tests, model.scalers, rows, spellings=spellings))
        for rows in batches
    ]
    return Answer.joined(parts).take(np.argsort(np.concatenate(batches), kind="stable"))


def embeddings(model: FlammabilityModel, rows: Rows, layers: bool = False) -> Tensor:
    """Row embeddings (R, D), or of all layers side by side, of a batch, without gradient."""
    with torch.no_grad():
        return rows.mix @ model.embed(rows.input_ids, rows.attention_mask, layers)
