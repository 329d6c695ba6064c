"""Phase 2: finetuning on measured tests, of a phase-1 model or (the paper's current practice)
of a bare language model.

A hundred rows of nine polymers can spoil a million weights.  Three things keep the start: after
every step all weights are drawn back towards it by a small fraction (decoupled L2-SP; Xuhong et
al., 2018), the encoder learns at a fraction of the head's rate, and what is used is a moving
average of the weights.  Modes: ``full``, ``lora`` (low-rank updates of the attention, Hu et al.,
2022), ``head`` (frozen encoder), and ``kernel``: the head's finetuning solved in closed form as a
Gaussian process on the embedding (`trinity.learning.correction`).
"""

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from trinity.learning.answer import Answer, corrected_tests, embeddings
from trinity.learning.censored import IgnitionCorrection
from trinity.learning.configurations import Phase2Settings
from trinity.learning.correction import Correction, Measured
from trinity.learning.data import TestTable
from trinity.learning.encoder import Labels
from trinity.learning.loop import Schedule, seeded, train
from trinity.learning.model import FlammabilityModel, Scalers
from trinity.learning.phase1 import multitask_loss

#: Memory of the averaged weights: about 1 / (1 - 0.95) = 20 steps.
AVERAGING = 0.95
#: Random spellings of each polymer that steps choose from.
SPELLINGS = 8
#: A laboratory's name is hidden in this share of the rows, so that "unknown" is a case seen.
LABORATORY_DROPOUT = 0.25


def relative_l2(output: tuple[Tensor, Tensor, Tensor], labels: Labels, scalers: Scalers) -> Tensor:
    """Sum over targets of |predicted - measured| / |measured|, 2-norms over the batch of what the
    coordinates are logarithms of: the loss of Liu et al. (2025).  Variances and ignition learn
    nothing from it."""
    scale, centre = map(torch.tensor, (scalers.target_scale, scalers.target_mean))
    predicted, measured = (
        labels.known * torch.exp(z * scale + centre) for z in (output[1], labels.targets)
    )
    return ((predicted - measured).norm(dim=0) / measured.norm(dim=0).clamp(min=1e-9)).sum()


def finetune(
    start: FlammabilityModel,
    tests: TestTable,
    settings: Phase2Settings,
    seed: int,
    look: Callable[[int, FlammabilityModel], bool | None] | None = None,
) -> FlammabilityModel:
    """A finetuned copy of ``start``; ``start`` itself is left alone.

    ``look(step, model)`` sees the averaged model at each of ``settings.checkpoints``; the
    returned model is that of the last one, or of the one at which ``look`` was true.
    """
    if settings.mode == "kernel":
        model = correct(start, tests, settings.physics)
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
    batches = [tests.batch(model, seed=s) for s in range(SPELLINGS)]
    if settings.mode == "head":  # what a frozen encoder gives is known
        with torch.no_grad():
            for batch in batches:
                batch.embedding = model.embedding_of(batch)
    labels = tests.labels(model.scalers)
    laboratory = batches[0].laboratory.clone()

    def loss_of(network: nn.Module, index: int) -> Tensor:
        batch = batches[int(torch.randint(len(batches), ()))]
        hidden = torch.rand(len(tests), 1) < LABORATORY_DROPOUT
        batch.laboratory = laboratory.masked_fill(hidden, 0.0)
        output = network(batch)
        if settings.loss == "relative_l2":
            return relative_l2(output, labels, model.scalers)
        return multitask_loss(output, labels)

    def after(step: int) -> bool:
        with torch.no_grad():
            torch._foreach_lerp_(free, origin, settings.pull)
        averaged.update_parameters(model)
        return bool(look and step in settings.checkpoints and look(step, averaged.module.eval()))

    schedule = Schedule(settings.steps, settings.learning_rate, 0.1, settings.schedule, 0.0)
    train(model, loss_of, schedule, seed, backbone_rate=settings.backbone_rate, after=after)
    found = averaged.module
    if settings.mode == "lora":
        found.backbone = found.backbone.merge_and_unload()
    return found.requires_grad_(True).eval()


def _average(averaged: list[Tensor], weights: list[Tensor], updates: Tensor) -> None:
    """Exponential moving average; of the first steps, the plain mean."""
    torch._foreach_lerp_(averaged, weights, max(1 - AVERAGING, 1 / (int(updates) + 1)))


def _add_lora(model: FlammabilityModel, seed: int) -> None:
    """Freeze the encoder and add rank-8 updates to its attention (all linear layers elsewhere)."""
    from peft import LoraConfig, get_peft_model

    known = model.backbone.config.model_type in ("bert", "roberta")
    targets = ["query", "key", "value"] if known else "all-linear"
    with seeded(seed):
        model.backbone = get_peft_model(
            model.backbone, LoraConfig(r=8, lora_alpha=16, target_modules=targets)
        )


def known_of(tests: TestTable) -> Measured:
    """What a correction learns from."""
    bound = np.log(tests.at_least)
    return Measured(tests.coordinates, bound, tests.weight, tests.replicates, tests.noise)


@torch.no_grad()
def correct(
    start: FlammabilityModel,
    tests: TestTable,
    physics: bool = True,
    embedding: Tensor | None = None,
) -> FlammabilityModel:
    """``start`` with Gaussian processes (mode ``kernel``) for what physics leaves of the tests, or
    its own mean without ``physics``; the encoder is that of ``start``, not a copy. ``embedding``
    (P, D) of the polymers if it is known."""
    if physics and tests.physics is None:
        tests = tests.with_physics()
    embedding = embeddings(start, tests) if embedding is None else embedding
    rows = embedding[torch.as_tensor(tests.polymer_of)]
    inputs, labels = tests.inputs(start.scalers), tests.labels(start.scalers)
    output = start.head(rows, *inputs)
    network = Answer.of_output(start.scalers, output, tests.complete).log_mean
    model = FlammabilityModel(start.backbone, start.scalers, start.tokenizer)
    model.head.load_state_dict(start.head.state_dict())
    seen = corrected_tests(tests, rows, network, physics)
    model.head.correction = Correction.fit(seen, known_of(tests), physics)
    known = labels.ignition_known > 0
    model.head.ignition_correction = IgnitionCorrection.fit(
        rows[known], inputs[0][known], output[0][known], labels.ignited[known]
    )
    return model.eval()


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
    fresh.scalers = Scalers.fit(tests.conditions, tests.coordinates)
    return fresh
