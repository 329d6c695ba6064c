"""Phase 2: finetuning on measured tests, of a phase-1 model or (the paper's current practice)
of a bare language model.

Seventy rows of nine polymers can spoil a million weights.  Three things keep the start: after
every step all weights are drawn back towards it by a small fraction (decoupled L2-SP; Xuhong et
al., 2018), the encoder learns at a fraction of the head's rate, and what is used is a moving
average of the weights.  Modes: ``full``, ``lora`` (low-rank updates of the attention, Hu et al.,
2022), ``head`` (frozen encoder), and ``kernel``: the head's finetuning solved in closed form as a
Gaussian process on the embedding (`trinity.learning.correction`), or as several of them.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from trinity.learning.answer import embeddings
from trinity.learning.censored import IgnitionCorrection, step_sites
from trinity.learning.configurations import Phase2Settings
from trinity.learning.correction import AveragedCorrections, Correction
from trinity.learning.data import IGNITION_TIME, Encoder, Labels, TestTable
from trinity.learning.loop import Schedule, seeded, train
from trinity.learning.model import FlammabilityModel, Rows, Scalers
from trinity.learning.phase1 import multitask_loss

#: Memory of the averaged weights: about 1 / (1 - 0.95) = 20 steps.
AVERAGING = 0.95
#: Random spellings of each polymer that steps choose from.
SPELLINGS = 8
#: A laboratory's name is hidden in this share of the rows, so that "unknown" is a case seen.
LABORATORY_DROPOUT = 0.25


@dataclass(frozen=True)
class StepSchedule(Schedule):
    """The learning rate times 0.7 after each tenth of the way (Liu et al., 2025)."""

    def factor(self, step: int) -> float:
        """Multiplier of the learning rate at a step (counted from 0)."""
        return 0.7 ** (10 * step // self.steps)


def relative_l2(output: tuple[Tensor, Tensor, Tensor], labels: Labels, scalers: Scalers) -> Tensor:
    """Sum over targets of |predicted - measured| / |measured|, 2-norms of physical values over
    the batch: the loss of Liu et al. (2025).  Variances and ignition learn nothing from it."""
    scale, centre = (
        torch.tensor(v, dtype=torch.float32) for v in (scalers.target_scale, scalers.target_mean)
    )
    predicted, measured = (
        labels.known * torch.exp(z * scale + centre) for z in (output[1], labels.targets)
    )
    return ((predicted - measured).norm(dim=0) / measured.norm(dim=0).clamp(min=1e-9)).sum()


def finetune(
    start: FlammabilityModel,
    tests: TestTable,
    settings: Phase2Settings,
    seed: int,
    look: Callable[[int, FlammabilityModel], None] | None = None,
    progress: bool = False,
) -> FlammabilityModel:
    """A finetuned copy of ``start``; ``start`` itself is left alone.

    ``look(step, model)`` sees the averaged model at each of ``settings.checkpoints``; the
    returned model is that of the last one.
    """
    if settings.mode == "kernel":
        model = correct(start, tests, [settings])
        if look:
            look(settings.steps, model)
        return model
    model = copy.deepcopy(start)
    if settings.mode == "lora":
        _add_lora(model, seed)
    elif settings.mode == "head":
        model.backbone.requires_grad_(False)
    free = [p for p in model.parameters() if p.requires_grad]
    origin = [p.detach().clone() for p in free]
    averaged = AveragedModel(model, multi_avg_fn=_average)
    batches = _batches(model, tests, settings.mode)
    labels = tests.labels(model.scalers, np.arange(len(tests)))
    laboratory = batches[0].laboratory.clone()

    def loss_of(network: nn.Module, index: int) -> Tensor:
        batch = batches[int(torch.randint(len(batches), ()))]
        hidden = torch.rand(len(tests), 1) < LABORATORY_DROPOUT
        batch.laboratory = laboratory.masked_fill(hidden, 0.0)
        output = network(batch)
        if settings.loss == "relative_l2":
            return relative_l2(output, labels, model.scalers)
        return multitask_loss(output, labels)

    def after(step: int) -> None:
        with torch.no_grad():
            torch._foreach_lerp_(free, origin, settings.pull)
        averaged.update_parameters(model)
        if look and step in settings.checkpoints:
            look(step, averaged.module.eval())

    kind = {"constant": Schedule, "step": StepSchedule}[settings.schedule]
    schedule = kind(settings.steps, settings.learning_rate, 0.1, "constant", 0.0)
    rate = settings.backbone_rate
    train(model, loss_of, schedule, seed, backbone_rate=rate, after=after,
          progress="finetuning" if progress else None)  # fmt: skip
    found = averaged.module
    if settings.mode == "lora":
        found.backbone = found.backbone.merge_and_unload()
    return found.requires_grad_(True).eval()


def _average(averaged: list[Tensor], weights: list[Tensor], updates: Tensor) -> None:
    """Exponential moving average; of the first steps, the plain mean."""
    torch._foreach_lerp_(averaged, weights, max(1 - AVERAGING, 1 / (int(updates) + 1)))


def correct(
    start: FlammabilityModel,
    tests: TestTable,
    configurations: Sequence[Phase2Settings],
    rows: Rows | None = None,
) -> FlammabilityModel:
    """``start`` with one Gaussian process per configuration (mode ``kernel``), averaged with equal
    weights, for what it leaves of the tests.

    The encoder is that of ``start``, not a copy.  ``rows`` are the tests as `all_layers` gives
    them, if that is known.
    """
    rows = rows or all_layers(start, tests)
    model = FlammabilityModel(start.backbone, start.scalers, start.tokenizer)
    model.head.load_state_dict(start.head.state_dict())
    labels = tests.labels(start.scalers, np.arange(len(tests)))
    with torch.no_grad():
        logit, mean, _ = model.head(rows.embedding, rows.conditions, rows.laboratory)
        scale = torch.tensor(start.scalers.target_scale)
        last = replace(rows, embedding=rows.embedding[:, -start.head.width :])
        fits = [
            fit_correction(last if c.layers == "last" else rows, labels, mean, scale, c)
            for c in configurations
        ]
        seen = labels.ignition_known > 0
        model.head.ignition_correction = IgnitionCorrection.fit(
            last.embedding[seen], rows.conditions[seen], logit[seen], labels.ignited[seen]
        )
    model.head.correction = AveragedCorrections(fits)
    return model.eval()


def each_corrected(
    start: FlammabilityModel, tests: TestTable, configurations: Sequence[Phase2Settings]
) -> Iterator[FlammabilityModel]:
    """``start`` corrected for the tests by each configuration alone; they are embedded once."""
    rows = all_layers(start, tests)
    return (correct(start, tests, [settings], rows) for settings in configurations)


def fit_correction(
    rows: Rows, labels: Labels, mean: Tensor, scale: Tensor, settings: Phase2Settings
) -> Correction:
    """Fit a Gaussian process to what the start leaves of measured tests.

    Parameters
    ----------
    rows, labels
        N measured tests, with their embedding (N, D).  The noise of a test is divided by its
        weight; the unit of length is half the root mean square distance of the embeddings from
        their centre.
    mean
        (N, T) standardised means of the network.
    scale
        (T,) natural-log units per standardised unit.
    """
    embedding = rows.embedding
    targets, laboratories = len(scale), rows.laboratory.shape[1]
    found = Correction(*embedding.shape, rows.conditions.shape[1], laboratories, targets)
    unit = 0.5 * (embedding - embedding.mean(0)).pow(2).sum(1).mean().sqrt()
    found.embedding, found.conditions = embedding.clone(), rows.conditions.clone()
    found.laboratory, found.scale = rows.laboratory.clone(), scale.clone()
    numbers = (settings.length, settings.signal, settings.trend, settings.noise, settings.share)
    found.numbers = torch.tensor([float(unit), *numbers])
    residual = (labels.targets - found.start(mean, rows.physics)) * scale
    gram = found.kernel(embedding, rows.conditions, rows.laboratory).double()
    noise = settings.noise / (labels.weight / labels.weight.mean()).double()
    for target in range(targets):
        values, variances, used = residual[:, target].double(), noise, labels.known[:, target] > 0
        if target == IGNITION_TIME and labels.at_least.isfinite().any():
            bounds = (labels.at_least - found.start(mean, rows.physics)[:, target]) * scale[target]
            sites = step_sites(
                gram.numpy(), noise.numpy(), values.masked_fill(~used, np.nan).numpy(),
                bounds.double().numpy(), np.ones(len(values)),
            )  # fmt: skip
            values, variances = map(torch.tensor, sites)
            used = used | bounds.isfinite()
        known = used.nonzero().squeeze(1)
        inverse = torch.linalg.inv(gram[known][:, known] + torch.diag(variances[known]))
        found.alpha[target, known] = (inverse @ values[known]).float()
        found.precision[target, known[:, None], known[None, :]] = inverse.float()
    return found


def all_layers(model: FlammabilityModel, tests: TestTable) -> Rows:
    """The tests as a batch that carries the embedding of all layers."""
    rows = Encoder(model.tokenizer).rows(tests, model.scalers, spellings=3)
    rows.embedding = embeddings(model, rows, layers=True)
    return rows


def _batches(model: FlammabilityModel, tests: TestTable, mode: str) -> list[Rows]:
    """All tests as a batch, in several spellings; with a frozen encoder, their embeddings."""
    encoder = Encoder(model.tokenizer)
    batches = [encoder.rows(tests, model.scalers, seed=s) for s in range(SPELLINGS)]
    if mode == "head":
        for batch in batches:
            batch.embedding = embeddings(model, batch)
    return batches


def _add_lora(model: FlammabilityModel, seed: int) -> None:
    """Freeze the encoder and add rank-8 updates to its attention (all linear layers elsewhere)."""
    from peft import LoraConfig, get_peft_model

    known = model.backbone.config.model_type in ("bert", "roberta")
    targets = ["query", "key", "value"] if known else "all-linear"
    with seeded(seed):
        model.backbone = get_peft_model(
            model.backbone, LoraConfig(r=8, lora_alpha=16, target_modules=targets)
        )


def direct_start(
    language_model: FlammabilityModel, tests: TestTable, seed: int
) -> FlammabilityModel:
    """The language model with a fresh head and scalers of the measured rows: no phase 1."""
    model = copy.deepcopy(language_model)
    with seeded(seed):
        fresh = FlammabilityModel(model.backbone, tokenizer=model.tokenizer)
        # Before it has learned anything the head predicts the mean of the training rows.
        nn.init.zeros_(fresh.head.mean.weight)
        nn.init.zeros_(fresh.head.mean.bias)
    fresh.scalers = Scalers.fit(tests.conditions, tests.targets)
    return fresh
