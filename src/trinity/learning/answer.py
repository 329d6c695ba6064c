"""What models answer about cone tests, in `trinity.cone.coordinates`, and ignition.

`answer` is what a model says of each test by itself.  `settled` is what is told to a user: models
are asked at the same heat fluxes for every polymer, thickness and laboratory, the answers are made
to fall or rise with the flux as they must, and the tests are read off between.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.stats import norm
from torch import Tensor

from trinity.cone.coordinates import (
    FLUXES_KW_M2,
    between,
    from_logs,
    monotone,
    to_intervals,
    to_logs,
)
from trinity.cone.specimen import IGNITION_TIMEOUT_S
from trinity.learning.correction import IGNITION_TIME, Tests
from trinity.learning.data import TestTable, sequences
from trinity.learning.intervals import mixture
from trinity.learning.model import FlammabilityModel, Scalers
from trinity.measurements.noise import Noise

POLYMERS_AT_ONCE = 64
#: Columns of the coordinates that a higher heat flux moves one way only: t_ig falls, pHRR rises.
ORDERED = {0: False, 1: True}


class Answer(NamedTuple):
    """Predictions of R tests, in coordinates."""

    log_mean: np.ndarray  # (R, 4)
    log_sigma: np.ndarray  # (R, 4) standard deviation of one test
    ignition: np.ndarray  # (R,) probability

    @classmethod
    def of_output(
        cls, scalers: Scalers, output: tuple[Tensor, Tensor, Tensor], complete: np.ndarray
    ) -> "Answer":
        """From what a network gives: ignition logit, standardised means, log variances; those of an
        earlier release speak of logarithms of the targets."""
        logit, mean, log_variance = (part.detach().double().numpy() for part in output)
        scale = np.asarray(scalers.target_scale)
        told = mean * scale + np.asarray(scalers.target_mean), np.exp(0.5 * log_variance) * scale
        if not scalers.ordered:
            told = from_logs(*told, complete)
        return cls(*told, 1 / (1 + np.exp(-logit)))

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

    def in_logs(self, complete: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation (R, 4) of the logarithms of the targets."""
        return to_logs(self.log_mean, self.log_sigma, complete)

    def error(self, tests: TestTable) -> np.ndarray:
        """|ln(predicted / measured)| (R, 4) of the targets; NaN where there is no label."""
        return np.abs(self.in_logs(tests.complete)[0] - np.log(tests.targets))


def combine(answers: Sequence[Answer]) -> Answer:
    """Several answers about the same tests, averaged with equal weights."""
    means, sigmas, ignition = map(np.stack, zip(*answers, strict=True))
    return Answer(*mixture(means, sigmas), ignition.mean(0))


@torch.no_grad()
def embeddings(model: FlammabilityModel, tests: TestTable, spellings: int = 3) -> Tensor:
    """Embedding (P, D) of the polymers; ``spellings`` as in `trinity.learning.data.sequences`."""
    model.eval()
    parts = []
    for start in range(0, len(tests.polymers), POLYMERS_AT_ONCE):
        polymers = tests.polymers[start : start + POLYMERS_AT_ONCE]
        ids, mask, mix = sequences(polymers, model.tokenizer, spellings)
        parts.append(mix @ model.embed(ids, mask))
    return torch.cat(parts)


@torch.no_grad()
def network_means(model: FlammabilityModel, tests: TestTable, embedding: Tensor) -> np.ndarray:
    """Coordinates (R, 4) that a network says by itself; ``embedding`` (P, D) of the polymers."""
    output = model.head(embedding[torch.as_tensor(tests.polymer_of)], *tests.inputs(model.scalers))
    return Answer.of_output(model.scalers, output, tests.complete).log_mean


@torch.no_grad()
def answer(
    model: FlammabilityModel,
    tests: TestTable,
    spellings: int = 3,
    embedding: Tensor | None = None,
) -> Answer:
    """Predictions of tests, labels unseen; ``embedding`` if that of the polymers is known."""
    if model.needs_physics and tests.physics is None:
        tests = tests.with_physics()
    embedding = embeddings(model, tests, spellings) if embedding is None else embedding
    rows = embedding[torch.as_tensor(tests.polymer_of)]
    output = model.eval().head(rows, *tests.inputs(model.scalers))
    found = Answer.of_output(model.scalers, output, tests.complete)
    correction = model.head.correction
    if correction is None:
        return found
    seen = corrected_tests(tests, rows, found.log_mean, correction.physics)
    mean, variance = correction.predict(seen)
    sigma = np.sqrt(variance)
    late = (np.log(IGNITION_TIMEOUT_S) - mean[:, IGNITION_TIME]) / sigma[:, IGNITION_TIME]
    return Answer(mean, sigma, found.ignition * norm.cdf(late))


def corrected_tests(tests: TestTable, rows: Tensor, network: np.ndarray, physics: bool) -> Tests:
    """Tests as a correction sees them: it starts from ``physics`` where that is wanted and has an
    answer, elsewhere from what the ``network`` says (R, 4)."""
    start = network
    if physics:
        start = np.where(np.isfinite(tests.physics), tests.physics, network)
    return Tests(rows.double().numpy(), tests.conditions, tests.laboratory, start)


def answers(
    models: Sequence[FlammabilityModel], tests: TestTable, spellings: int = 3
) -> list[Answer]:
    """The answer of each member of an ensemble; the physics is computed once if one wants it."""
    if tests.physics is None and any(model.needs_physics for model in models):
        tests = tests.with_physics()
    return [answer(model, tests, spellings) for model in models]


def together(models: Sequence[FlammabilityModel], spellings: int = 3):
    """An ensemble as a function of tests: the mean of its members' predictive distributions."""
    return lambda tests: combine(answers(models, tests, spellings))


class Settled(NamedTuple):
    """What is told of R tests: `TARGETS`, the ends of their intervals, ignition."""

    targets: np.ndarray  # (3, R, 4) mean, lower and upper end
    ignition: np.ndarray  # (R,) probability


def settled(
    ask: Callable[[TestTable], Answer],
    tests: TestTable,
    quantile: np.ndarray,
    spread: Sequence[np.ndarray | None] = (),
) -> Settled:
    """Answers that keep order and bounds.

    Parameters
    ----------
    ask
        What is said of tests by themselves, such as `together` of an ensemble.
    quantile
        (P,) or (P, 4): half the width of an interval of each polymer, in standard deviations.
    spread
        Of each polymer None, or the least standard deviation (F, 4) at `FLUXES_KW_M2`.
    """
    grid, row_of = tests.on_grid()
    found = ask(grid)
    sigma, polymer_of = found.log_sigma, grid.polymer_of
    fluxes = len(FLUXES_KW_M2)
    for polymer, least in enumerate(spread):
        if least is not None:
            rows = polymer_of == polymer
            sigma[rows] = np.maximum(sigma[rows], np.tile(least, (rows.sum() // fluxes, 1)))
    width = np.asarray(quantile, float)
    half = width.reshape(len(width), -1)[polymer_of] * sigma
    ends = np.stack([found.log_mean, found.log_mean - half, found.log_mean + half])
    ends = ends.reshape(3, -1, fluxes, ends.shape[-1])
    for column, rising in ORDERED.items():
        ends[..., column] = monotone(ends[..., column], rising)
    ignition = monotone(found.ignition.reshape(-1, fluxes), increasing=True)
    flux = tests.conditions[:, 0]
    told = np.stack([between(end, row_of, flux) for end in ends])
    return Settled(to_intervals(told, tests.complete), between(ignition, row_of, flux))
