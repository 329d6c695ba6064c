"""Encoder and regression head of the second properties: phase 1 on any columns, and finetuning.

The encoder, its tokenizer, the batches of similar length, the random spellings, the schedule and
the loop are those of `trinity.learning`; the head has as many outputs as there are labels.
"""

from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn
from transformers import AutoModel

from trinity.files import write_atomic
from trinity.learning.encoder import WITHOUT_POOLER, encode, load_backbone, pad, randomised
from trinity.learning.loop import Schedule, length_batches, seeded, train
from trinity.learning.model import ResidualBlock

WIDTH, BLOCKS = 192, 2  # of the head, as that of the flammability model
SPELLINGS = 16  # different random spellings of a polymer, epoch after epoch
AT_ONCE = 64  # structures that are embedded together
INNER = 0.2  # share of the labels that chooses learning rate and steps of a finetuning
LOOKS = 10  # times that a finetuning is looked at for that choice


class PropertyModel(nn.Module):
    """An encoder, the mean over its tokens, and a residual head with K outputs."""

    def __init__(self, backbone: nn.Module, tokenizer, outputs: int = 1):
        super().__init__()
        self.backbone, self.tokenizer = backbone, tokenizer
        width = backbone.config.hidden_size
        blocks = (ResidualBlock(WIDTH) for _ in range(BLOCKS))
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, WIDTH), *blocks)
        self.mean = nn.Linear(WIDTH, outputs)
        # Of the labels, so that a model answers in their units.
        self.register_buffer("centre", torch.zeros(outputs))
        self.register_buffer("scale", torch.ones(outputs))

    def tokens(self, psmiles: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Ids and mask (S, T) of structures as they are written."""
        return pad(encode(self.tokenizer, psmiles), self.tokenizer.pad_token_id)

    def embed(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Embedding (S, D): the mean of the states of the last layer."""
        states = self.backbone(input_ids=input_ids, attention_mask=attention_mask)[0]
        weight = attention_mask.unsqueeze(-1).to(states.dtype)
        return (states * weight).sum(1) / weight.sum(1)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Standardised labels (S, K)."""
        return self.mean(self.head(self.embed(input_ids, attention_mask)))

    @torch.no_grad()
    def read(self, psmiles: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Embeddings (S, D) and labels in their units (S, K), batched by length."""
        lengths = [len(ids) for ids in encode(self.tokenizer, psmiles)]
        order = np.argsort(lengths, kind="stable")
        found, said = [], []
        for start in range(0, len(order), AT_ONCE):
            part = self.embed(*self.tokens([psmiles[i] for i in order[start : start + AT_ONCE]]))
            found.append(part)
            said.append(self.mean(self.head(part)) * self.scale + self.centre)
        back = np.argsort(order)
        return torch.cat(found).numpy()[back], torch.cat(said).numpy()[back]


def new_model(encoder: Path, seed: int, outputs: int = 1, random: bool = False) -> PropertyModel:
    """A model with a fresh head on an encoder (a folder or a name), or on one of that shape that
    was never trained."""
    backbone, tokenizer = load_backbone(encoder)
    with seeded(seed):
        if random:
            kind = backbone.config.model_type
            backbone = AutoModel.from_config(backbone.config, **WITHOUT_POOLER.get(kind, {}))
        return PropertyModel(backbone, tokenizer, outputs).eval()


def load(path: Path, encoder: Path, outputs: int = 1) -> PropertyModel:
    """A model that `fit` has written, on the encoder that it began with."""
    model = new_model(encoder, 0, outputs)
    model.load_state_dict(load_file(path))
    return model.eval()


def fit(
    model: PropertyModel,
    psmiles: Sequence[str],
    labels: np.ndarray,
    numbers: dict,
    seed: int,
    path: Path,
    progress: str | None = None,
) -> list[float]:
    """Phase 1: train ``model`` in place on labels (S, K) of hypothetical polymers and write it.

    ``numbers`` has ``epochs``, ``polymers_per_batch``, ``learning_rate`` and ``backbone_rate``.
    An interrupted run goes on from ``path`` with the ending ``.part``. Returns the losses.
    """
    _standardise(model, labels)
    targets = _standard(model, labels)
    lengths = np.array([len(ids) for ids in encode(model.tokenizer, psmiles)])
    size = numbers["polymers_per_batch"]
    per_epoch = -(-len(lengths) // size)

    def loss_of(network: nn.Module, index: int) -> Tensor:
        epoch, place = divmod(index, per_epoch)
        chosen = length_batches(lengths, size, seed, epoch)[place]
        spelled = [randomised(psmiles[i], 1, epoch % SPELLINGS)[0] for i in chosen]
        return nn.functional.huber_loss(network(*model.tokens(spelled)), targets[chosen])

    part = path.with_suffix(".part")
    schedule = Schedule(numbers["epochs"] * per_epoch, numbers["learning_rate"])
    losses = train(
        model,
        loss_of,
        schedule,
        seed,
        backbone_rate=numbers["backbone_rate"],
        checkpoint=part,
        every=100,
        progress=progress,
    )
    weights = {name: values.detach().contiguous() for name, values in model.state_dict().items()}
    write_atomic(path, save(weights))
    part.unlink(missing_ok=True)
    return losses


def _standardise(model: PropertyModel, labels: np.ndarray) -> None:
    """Set the model's scaler from labels (S, K)."""
    model.centre.copy_(torch.as_tensor(labels.mean(0)))
    model.scale.copy_(torch.as_tensor(np.maximum(labels.std(0), 1e-9)))


def _standard(model: PropertyModel, labels: np.ndarray) -> Tensor:
    return (torch.as_tensor(labels, dtype=torch.float32) - model.centre) / model.scale


def finetuned(
    start: Callable[[], PropertyModel],
    keep_scale: bool,
    psmiles: Sequence[str],
    values: np.ndarray,
    numbers: dict,
    seed: int,
) -> tuple[PropertyModel, float, float]:
    """All weights trained by gradient on the labels (N,) of structures.

    Learning rate and number of steps are those with the least error on an inner part of the
    labels; then a new start is trained on all of them.

    Parameters
    ----------
    start
        Makes the model to begin with, the same each time.
    keep_scale
        Whether the head goes on in the units of phase 1; a fresh one takes those of the labels.
    numbers
        Section ``[second_property]``: ``gradient_rates``, ``gradient_steps``, ``gradient_batch``
        and ``backbone_rate``.

    Returns
    -------
    tuple
        The model, the mean absolute error on its own labels over their standard deviation, and the
        learning rate.
    """
    order = np.random.default_rng([seed, 19]).permutation(len(values))
    cut = max(1, round(INNER * len(values)))
    inner, rest = order[:cut], order[cut:]
    steps = numbers["gradient_steps"]
    looks = sorted({max(1, round(steps * (k + 1) / LOOKS)) for k in range(LOOKS)})

    def trained(rate: float, n: int, rows: np.ndarray, look=None) -> PropertyModel:
        model = start()
        if not keep_scale:
            _standardise(model, values[rows][:, None])
        _train(model, [psmiles[i] for i in rows], values[rows], rate, n, numbers, seed, look)
        return model

    def error(model: PropertyModel, rows: np.ndarray) -> float:
        model.eval()
        said = model.read([psmiles[i] for i in rows])[1][:, 0]
        model.train()
        return float(np.abs(said - values[rows]).mean())

    tried = {}
    for rate in numbers["gradient_rates"]:

        def look(model: PropertyModel, step: int, rate: float = rate) -> None:
            if step in looks:
                tried[rate, step] = error(model, inner)

        trained(rate, steps, rest, look)
    rate, best = min(product(numbers["gradient_rates"], looks), key=lambda one: tried[one])
    model = trained(rate, best, order)
    own = error(model, order) / max(float(values.std()), 1e-12)
    return model.eval(), own, rate


def _train(
    model: PropertyModel,
    psmiles: list[str],
    values: np.ndarray,
    rate: float,
    steps: int,
    numbers: dict,
    seed: int,
    look: Callable[[PropertyModel, int], None] | None,
) -> None:
    """Steps of a constant rate on random batches of the labels."""
    targets = _standard(model, values[:, None])
    size = min(numbers["gradient_batch"], len(psmiles))

    def loss_of(network: nn.Module, index: int) -> Tensor:
        rng = np.random.default_rng([seed, index])
        chosen = rng.choice(len(psmiles), size, replace=False)
        spelled = [randomised(psmiles[i], 1, index % SPELLINGS)[0] for i in chosen]
        return nn.functional.huber_loss(network(*model.tokens(spelled)), targets[chosen])

    train(
        model,
        loss_of,
        Schedule(steps, rate, shape="constant"),
        seed,
        backbone_rate=numbers["backbone_rate"],
        after=(lambda step: look(model, step)) if look else None,
    )
