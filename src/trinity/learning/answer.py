"""What models answer about cone tests: natural logarithms of the targets, and ignition."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from trinity.learning.data import TestTable
from trinity.learning.encoder import Rows
from trinity.learning.intervals import mixture
from trinity.learning.model import FlammabilityModel, Scalers
from trinity.measurements.noise import Noise

POLYMERS_AT_ONCE = 64


class Answer(NamedTuple):
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
        return cls(*map(np.concatenate, zip(*answers, strict=True)))

    def take(self, rows: np.ndarray) -> "Answer":
        """The answers about some tests (indices or mask)."""
        return Answer(*(part[rows] for part in self))

    def with_noise(self, noise: Noise) -> "Answer":
        """No answer is surer than repeated tests scatter."""
        return self._replace(log_sigma=np.maximum(self.log_sigma, noise.within**0.5))

    def error(self, targets: np.ndarray) -> np.ndarray:
        """|ln(predicted / measured)| (R, 4); NaN where there is no label."""
        return np.abs(self.log_mean - np.log(targets))


def combine(answers: Sequence[Answer]) -> Answer:
    """Several answers about the same tests, averaged with equal weights."""
    means, sigmas, ignition = map(np.stack, zip(*answers, strict=True))
    return Answer(*mixture(means, sigmas), ignition.mean(0))


def answer_rows(model: FlammabilityModel, rows: Rows) -> Answer:
    """Predictions of a batch."""
    return Answer.of_output(model.scalers, model(rows))


@torch.no_grad()
def answer(model: FlammabilityModel, tests: TestTable, spellings: int = 3) -> Answer:
    """Predictions of tests, labels unseen; ``spellings`` as in `TestTable.batch`."""
    model.eval()
    count = len(tests.polymers)
    batches = [
        np.flatnonzero(np.isin(tests.polymer_of, polymers))
        for polymers in np.array_split(np.arange(count), -(-count // POLYMERS_AT_ONCE))
    ]
    parts = [answer_rows(model, tests.take(rows).batch(model, spellings)) for rows in batches]
    return Answer.joined(parts).take(np.argsort(np.concatenate(batches), kind="stable"))


def answers(
    models: Sequence[FlammabilityModel], tests: TestTable, spellings: int = 3
) -> list[Answer]:
    """The answer of each member of an ensemble; the physics is computed if one wants it."""
    if tests.physics is None and any(model.needs_physics for model in models):
        tests = tests.with_physics()
    return [answer(model, tests, spellings) for model in models]
