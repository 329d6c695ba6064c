"""Phase 1: supervised pretraining on the synthetic table, split by polymer.

A batch is a set of polymers with all their synthetic tests: each polymer is read once and its
embedding serves all its conditions, which costs a tenth of one sequence a row.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from trinity.learning.data import Encoder, Labels, TestTable
from trinity.learning.loop import Schedule, length_batches, train
from trinity.learning.model import FlammabilityModel, Rows, Scalers

#: Weight of the ignition cross entropy beside the four regressions.
IGNITION_WEIGHT = 0.3


@dataclass(frozen=True)
class PhysicsSettings:
    """Numbers of phase 1 (section ``[phase1]`` of a scale)."""

    epochs: int
    polymers_per_batch: int
    learning_rate: float
    backbone_rate: float = 1.0


def multitask_loss(output: tuple[Tensor, Tensor, Tensor], labels: Labels) -> Tensor:
    """Robust regression of the means, Gaussian likelihood of the variances, ignition.

    The mean is fitted by Huber's loss as if the variance were known, the variance by the
    likelihood of the errors as they are: one joint likelihood lets a model buy a large error with
    a large variance (Seitzer et al., 2022, "On the pitfalls of heteroscedastic uncertainty").
    Unknown labels count nothing; a test without ignition teaches the ignition logit only.
    """
    logit, mean, log_variance = output
    weight = labels.known * labels.weight[:, None]  # (R, 4)
    fit = nn.functional.huber_loss(mean, labels.targets, reduction="none")
    error = (labels.targets - mean.detach()) ** 2
    spread = 0.5 * (log_variance + error * torch.exp(-log_variance))
    regression = (weight * (fit + 0.1 * spread)).sum() / weight.sum().clamp(min=1.0)
    burning = labels.ignition_known * labels.weight
    ignition = nn.functional.binary_cross_entropy_with_logits(
        logit, labels.ignited, weight=burning, reduction="sum"
    ) / burning.sum().clamp(min=1.0)
    return regression + IGNITION_WEIGHT * ignition


def split_by_polymer(tests: TestTable, held_out: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Row masks (training, held out): no polymer is on both sides."""
    rng = np.random.default_rng([seed, 7])
    chosen = rng.random(len(tests.polymers)) < held_out
    return ~chosen[tests.polymer_of], chosen[tests.polymer_of]


def fit_phase1(
    model: FlammabilityModel,
    tests: TestTable,
    settings: PhysicsSettings,
    seed: int,
    checkpoint=None,
    progress: bool = False,
) -> list[float]:
    """Train ``model`` in place on synthetic tests; sets its scalers. Returns the losses."""
    model.scalers = Scalers.fit(tests.conditions, tests.targets)
    encoder = Encoder(model.tokenizer)
    lengths = np.array([encoder.length(p) for p in tests.polymers])
    rows_of = np.split(
        np.argsort(tests.polymer_of, kind="stable"),
        np.cumsum(np.bincount(tests.polymer_of, minlength=len(lengths)))[:-1],
    )
    size = settings.polymers_per_batch
    per_epoch = -(-len(lengths) // size)

    def loss_of(network: nn.Module, index: int) -> Tensor:
        epoch, place = divmod(index, per_epoch)
        chosen = length_batches(lengths, size, seed, epoch)[place]
        rows = np.concatenate([rows_of[i] for i in chosen])
        # One spelling a polymer and epoch, from few, so that tokenisation is mostly remembered.
        batch = encoder.rows(tests, model.scalers, rows, seed=epoch % 16)
        return multitask_loss(network(batch), tests.labels(model.scalers, rows))

    return train(
        model,
        loss_of,
        Schedule(settings.epochs * per_epoch, settings.learning_rate),
        seed,
        backbone_rate=settings.backbone_rate,
        checkpoint=checkpoint,
        every=100,
        progress="phase 1" if progress else None,
    )


@dataclass
class Answer:
    """What a model says of R tests: natural logarithms of the targets, and ignition."""

    log_mean: np.ndarray  # (R, 4)
    log_sigma: np.ndarray  # (R, 4) standard deviation of the logarithm
    ignition: np.ndarray  # (R,) probability


@torch.no_grad()
def answer(
    model: FlammabilityModel, tests: TestTable, encoder: Encoder | None = None, spellings: int = 3
) -> Answer:
    """Predictions for tests, in natural logarithms of physical units; labels are not looked at."""
    encoder = encoder or Encoder(model.tokenizer)
    model.eval()
    parts = []
    for polymers in np.array_split(np.arange(len(tests.polymers)), -(-len(tests.polymers) // 64)):
        rows = np.flatnonzero(np.isin(tests.polymer_of, polymers))
        output = model(encoder.rows(tests, model.scalers, rows, spellings=spellings))
        parts.append((rows, physical(model.scalers, output)))
    order = np.argsort(np.concatenate([rows for rows, _ in parts]), kind="stable")
    stacked = [np.concatenate([p[i] for _, p in parts])[order] for i in range(3)]
    return Answer(*stacked)


def physical(scalers: Scalers, output: tuple[Tensor, Tensor, Tensor]):
    """Log means, log standard deviations and ignition probability of a model's raw output."""
    logit, mean, log_variance = (part.detach().double().numpy() for part in output)
    scale = np.asarray(scalers.target_scale)
    sigma = np.exp(0.5 * log_variance) * scale
    return mean * scale + np.asarray(scalers.target_mean), sigma, 1 / (1 + np.exp(-logit))


def embeddings(model: FlammabilityModel, rows: Rows, layers: bool = False) -> Tensor:
    """Row embeddings (R, D), or of all layers side by side, of a batch, without gradient."""
    with torch.no_grad():
        return rows.mix @ model.embed(rows.input_ids, rows.attention_mask, layers)
