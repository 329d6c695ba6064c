"""The flammability model: a chemical language model, the test conditions, one multi-task head.

    PSMILES --encoder--> token states --mean--> sequence embedding (S, D)
    components' embeddings --mass fractions--> row embedding (R, D)
    row embedding + log flux, log thickness --residual MLP--> ignition logit, mean and log variance

of the `trinity.cone.coordinates`, standardised; the laboratory adds an offset to the means.
Scalers live inside the checkpoint, so that a loaded model answers in physical units.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from safetensors.torch import load_file, save
from torch import Tensor, nn

from trinity.errors import InputError
from trinity.files import write_atomic
from trinity.learning.censored import IgnitionCorrection
from trinity.learning.correction import Correction
from trinity.learning.encoder import WITHOUT_POOLER, Rows, build_tokenizer, load_tokenizer
from trinity.quantities import CONDITIONS, LABORATORIES, TARGETS

#: Log variances outside this range are numerical accidents (standardised units).
LOG_VARIANCE_RANGE = (-7.0, 3.0)


@dataclass
class Scalers:
    """Mean and scale of the logarithms of the conditions and of the coordinates."""

    condition_mean: list[float] = field(default_factory=lambda: [0.0] * len(CONDITIONS))
    condition_scale: list[float] = field(default_factory=lambda: [1.0] * len(CONDITIONS))
    target_mean: list[float] = field(default_factory=lambda: [0.0] * len(TARGETS))
    target_scale: list[float] = field(default_factory=lambda: [1.0] * len(TARGETS))
    #: False: the network was trained on logarithms of the targets, by an earlier release.
    ordered: bool = True

    @classmethod
    def fit(cls, conditions: np.ndarray, coordinates: np.ndarray) -> "Scalers":
        """From physical conditions (R, 2) and coordinates (R, 4), of which NaN are ignored."""
        log_conditions, scale = np.log(conditions), np.nanstd(coordinates, axis=0)
        return cls(
            log_conditions.mean(0).tolist(),
            np.maximum(log_conditions.std(0), 0.1).tolist(),
            np.nanmean(coordinates, axis=0).tolist(),
            np.maximum(scale, 0.1).tolist(),
        )

    def standardise(self, coordinates: np.ndarray) -> np.ndarray:
        """Coordinates (R, 4), standardised."""
        return (coordinates - self.target_mean) / self.target_scale

    def standardise_conditions(self, conditions: np.ndarray) -> np.ndarray:
        """Physical conditions (R, 2) as standardised logarithms."""
        return (np.log(conditions) - self.condition_mean) / self.condition_scale


class ResidualBlock(nn.Module):
    """x + W2 gelu(W1 norm(x)); W2 starts at zero, so that a new block changes nothing."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, width)
        self.outer = nn.Linear(width, width)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.outer(nn.functional.gelu(self.inner(self.norm(x))))


class Head(nn.Module):
    """Embedding (R, D) and conditions -> ignition logit (R,), means and log variances (R, 4)."""

    def __init__(self, embedding: int, width: int = 192, blocks: int = 2):
        super().__init__()
        self.norm = nn.LayerNorm(embedding)
        self.chemistry = nn.Linear(embedding, width)
        self.conditions = nn.Linear(len(CONDITIONS), width)
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)))
        self.mean = nn.Linear(width, len(TARGETS))
        self.log_variance = nn.Linear(width, len(TARGETS))
        self.ignition = nn.Linear(width, 1)
        # Thermal theory is nearly linear in logarithms: a straight road for the conditions.
        self.straight = nn.Linear(len(CONDITIONS), len(TARGETS), bias=False)
        # A laboratory is a bias on the means; zero = the mean laboratory.
        self.laboratory = nn.Linear(len(LABORATORIES), len(TARGETS), bias=False)
        # Phase 2 in closed form (`trinity.learning.correction`); none after phase 1.
        self.correction: Correction | None = None
        self.ignition_correction: IgnitionCorrection | None = None
        for zero in (self.straight, self.laboratory, self.log_variance):
            nn.init.zeros_(zero.weight)

    def forward(self, embedding: Tensor, conditions: Tensor, laboratory: Tensor):
        """What the network says; outcomes that were measured correct its odds of ignition, and
        `trinity.learning.answer` the rest."""
        x = self.blocks(self.chemistry(self.norm(embedding)) + self.conditions(conditions))
        mean = self.mean(x) + self.straight(conditions) + self.laboratory(laboratory)
        logit = self.ignition(x).squeeze(-1)
        if self.ignition_correction is not None:
            logit = self.ignition_correction(embedding, conditions, logit)
        return logit, mean, self.log_variance(x).clamp(*LOG_VARIANCE_RANGE)


class FlammabilityModel(nn.Module):
    """Encoder, pooling over tokens and components, and the multi-task head."""

    def __init__(self, backbone: nn.Module, scalers: Scalers | None = None, tokenizer=None):
        super().__init__()
        self.backbone = backbone
        self.head = Head(backbone.config.hidden_size)
        self.scalers = scalers or Scalers()
        self.tokenizer = tokenizer or build_tokenizer()

    @property
    def needs_physics(self) -> bool:
        """Whether physics answers at prediction, too."""
        return self.head.correction is not None and self.head.correction.physics

    def embed(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Mean of the token states of the last layer, (S, T) -> (S, D)."""
        states = self.backbone(input_ids=input_ids, attention_mask=attention_mask)[0]  # (S, T, D)
        weight = attention_mask.unsqueeze(-1).to(states.dtype)
        return (states * weight).sum(1) / weight.sum(1)

    def embedding_of(self, rows: Rows) -> Tensor:
        """Embedding (R, D) of a batch."""
        return rows.mix @ self.embed(rows.input_ids, rows.attention_mask)

    def forward(self, rows: Rows):
        """Ignition logit (R,), standardised means (R, 4), log variances (R, 4)."""
        embedding = self.embedding_of(rows) if rows.embedding is None else rows.embedding
        return self.head(embedding, rows.conditions, rows.laboratory)

    def save(self, folder: str | Path, about: dict | None = None) -> Path:
        """Write ``model.safetensors``, ``config.json`` and the tokenizer; no pickle."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.tokenizer.save_pretrained(str(folder))
        weights = {k: v.detach().cpu().contiguous() for k, v in self.state_dict().items()}
        write_atomic(folder / "model.safetensors", save(weights))
        backbone = self.backbone.config.to_dict()
        backbone.pop("_name_or_path", None)  # a folder of this machine
        ignition = self.head.ignition_correction
        config = {
            "kind": "trinity-flammability",
            "backbone": backbone,
            "scalers": asdict(self.scalers),
            "targets": TARGETS,
            "laboratories": LABORATORIES,
            "correction": self.head.correction.shape if self.head.correction else {},
            "ignition_correction": ignition.shape if ignition else [],
            "about": about or {},
        }
        write_atomic(folder / "config.json", json.dumps(config, indent=1, default=str) + "\n")
        return folder


def load_model(folder: str | Path) -> FlammabilityModel:
    """Model of a folder written by `FlammabilityModel.save`, in evaluation mode.

    Raises InputError if the folder is not such a model.
    """
    from transformers import AutoConfig, AutoModel

    folder = Path(folder)
    path = folder / "config.json"
    config = json.loads(path.read_text()) if path.is_file() else {}
    if config.get("kind") != "trinity-flammability":
        raise InputError(f"{folder} is no Trinity model: its config.json is missing or foreign.")
    shape = AutoConfig.for_model(**config["backbone"])
    backbone = AutoModel.from_config(shape, **WITHOUT_POOLER.get(shape.model_type, {}))
    scalers = Scalers(**({"ordered": False} | config["scalers"]))
    model = FlammabilityModel(backbone, scalers, load_tokenizer(folder))
    if shape := config.get("correction"):
        model.head.correction = Correction(**shape)
    if shape := config.get("ignition_correction"):
        model.head.ignition_correction = IgnitionCorrection(*shape)
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return model.eval()
