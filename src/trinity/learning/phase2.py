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
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from trinity.errors import InputError
from trinity.learning.answer import embeddings, multitask_loss
from trinity.learning.correction import Committee, Correction, fit_correction
from trinity.learning.data import Encoder, Labels, TestTable
from trinity.learning.loop import Schedule, seeded, train
from trinity.learning.model import FlammabilityModel, Rows, Scalers

MODES = ("kernel", "full", "lora", "head")
LAYERS = ("last", "all")
#: Memory of the averaged weights: about 1 / (1 - 0.95) = 20 steps.
AVERAGING = 0.95
#: Random spellings of each polymer that steps choose from.
SPELLINGS = 8
#: A laboratory's name is hidden in this share of the rows, so that "unknown" is a case seen.
LABORATORY_DROPOUT = 0.25


@dataclass(frozen=True)
class MeasuredSettings:
    """One configuration of phase 2; ``checkpoints`` are steps at which it is looked at."""

    mode: str = "kernel"
    learning_rate: float = 1e-3
    backbone_rate: float = 0.1
    pull: float = 0.01
    checkpoints: tuple[int, ...] = (10, 25, 50, 100)
    loss: str = "multitask"  # or "relative_l2", of physical values
    schedule: str = "constant"  # or "step": times 0.7 after each tenth of the way
    # Of the mode `kernel`: see `trinity.learning.correction`.
    layers: str = "last"  # whose embedding the kernel compares: "last" or "all" side by side
    share: float = 0.0  # of the nominal physics in what is corrected
    length: float = 2.0
    signal: float = 0.3
    trend: float = 0.03
    noise: float = 0.05

    def __post_init__(self):
        if self.mode not in MODES:
            raise InputError(f"Finetuning mode {self.mode!r} is unknown; use {MODES}.")
        if self.layers not in LAYERS:
            raise InputError(f"The kernel cannot read layers {self.layers!r}; use {LAYERS}.")


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


def group_weights(groups: Sequence[str]) -> np.ndarray:
    """Weights (R,) that give every polymer group the same say, as the score does."""
    _, index, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    weight = 1.0 / counts[index]
    return weight / weight.mean()


def finetune(
    start: FlammabilityModel,
    tests: TestTable,
    settings: MeasuredSettings,
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
            look(max(settings.checkpoints), model)
        return model
    model = copy.deepcopy(start)
    trained = _with_lora(model, seed) if settings.mode == "lora" else model
    if settings.mode == "head":
        model.backbone.requires_grad_(False)
    free = [p for p in trained.parameters() if p.requires_grad]
    origin = [p.detach().clone() for p in free]
    mean = [p.detach().clone() for p in free]
    batches = _batches(model, tests, settings.mode)
    labels = tests.labels(model.scalers, np.arange(len(tests)))

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
            torch._foreach_lerp_(mean, free, max(1 - AVERAGING, 1 / step))
        if look and step in settings.checkpoints:
            with _weights(free, mean):
                look(step, model.eval())
            model.train()

    laboratory = batches[0].laboratory.clone()
    kind = {"constant": Schedule, "step": StepSchedule}[settings.schedule]
    schedule = kind(max(settings.checkpoints), settings.learning_rate, 0.1, "constant", 0.0)
    rate = settings.backbone_rate
    train(trained, loss_of, schedule, seed, backbone_rate=rate, after=after,
          progress="finetuning" if progress else None)  # fmt: skip
    with torch.no_grad():
        for parameter, value in zip(free, mean, strict=True):
            parameter.copy_(value)
    if settings.mode == "lora":
        model.backbone = model.backbone.merge_and_unload()
    return model.requires_grad_(True).eval()


def correct(
    start: FlammabilityModel,
    tests: TestTable,
    ways: Sequence[MeasuredSettings],
    batch: Rows | None = None,
) -> FlammabilityModel:
    """``start`` with a Gaussian process a way, of mode ``kernel``, for what it leaves of the tests.

    The encoder is that of ``start``, not a copy.  ``batch`` gives the rows of ``tests`` with the
    embedding of all layers, if it is known.
    """
    batch = batch or all_layers(start, tests)
    model = FlammabilityModel(start.backbone, start.scalers, start.tokenizer)
    model.head.load_state_dict(start.head.state_dict())
    labels = tests.labels(start.scalers, np.arange(len(tests)))
    with torch.no_grad():
        _, mean, _ = model.head(batch.embedding, batch.conditions, batch.laboratory)
        fits = [_fit(way, batch, labels, mean, start) for way in ways]
    model.head.correction = Committee(fits)
    return model.eval()


def _fit(way: MeasuredSettings, batch: Rows, labels: Labels, mean: Tensor, start) -> Correction:
    columns = batch.embedding.shape[1] if way.layers == "all" else start.head.width
    return fit_correction(
        batch.embedding[:, -columns:],
        batch.conditions,
        batch.laboratory,
        labels.targets,
        labels.known,
        labels.weight,
        mean,
        batch.physics,
        torch.tensor(start.scalers.target_scale),
        length=way.length,
        signal=way.signal,
        trend=way.trend,
        noise=way.noise,
        share=way.share,
    )


def all_layers(model: FlammabilityModel, tests: TestTable) -> Rows:
    """The tests as a batch that carries the embedding of all layers."""
    batch = Encoder(model.tokenizer).rows(tests, model.scalers, spellings=3)
    batch.embedding = embeddings(model, batch, layers=True)
    return batch


def _batches(model: FlammabilityModel, tests: TestTable, mode: str) -> list:
    """The full batch in several spellings; with a frozen encoder, its embeddings."""
    encoder = Encoder(model.tokenizer)
    batches = [encoder.rows(tests, model.scalers, seed=s) for s in range(SPELLINGS)]
    if mode == "head":
        for batch in batches:
            batch.embedding = embeddings(model, batch)
    return batches


def _with_lora(model: FlammabilityModel, seed: int) -> FlammabilityModel:
    """Freeze the encoder and add rank-8 updates to its attention (all linear layers elsewhere)."""
    from peft import LoraConfig, get_peft_model

    known = model.backbone.config.model_type in ("bert", "roberta")
    targets = ["query", "key", "value"] if known else "all-linear"
    with seeded(seed):
        model.backbone = get_peft_model(
            model.backbone, LoraConfig(r=8, lora_alpha=16, target_modules=targets)
        )
    return model


class _weights:
    """Within the block the parameters hold other values."""

    def __init__(self, parameters: list[Tensor], values: list[Tensor]):
        self.parameters, self.values = parameters, values

    def _swap(self):
        with torch.no_grad():
            for parameter, value in zip(self.parameters, self.values, strict=True):
                held = parameter.detach().clone()
                parameter.copy_(value)
                value.copy_(held)

    def __enter__(self):
        self._swap()

    def __exit__(self, *error):
        self._swap()


def direct_start(
    language_model: FlammabilityModel, tests: TestTable, seed: int
) -> FlammabilityModel:
    """The language model with a fresh head and scalers of the measured rows: no phase 1."""
    model = copy.deepcopy(language_model)
    with seeded(seed):
        fresh = FlammabilityModel(model.backbone, tokenizer=model.tokenizer)
        # Before it has learned anything the head says the mean of the training rows.
        nn.init.zeros_(fresh.head.mean.weight)
        nn.init.zeros_(fresh.head.mean.bias)
    fresh.scalers = Scalers.fit(tests.conditions, tests.targets)
    return fresh
