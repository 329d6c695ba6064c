"""Whether a folder of networks is sound, found out before memory is taken for any of them.

A description that asks for more than the weights hold, weights that are no numbers and intervals
of impossible width are refused; what is merely missing is found when it is read.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from trinity.errors import InputError

REMEDY = "copy it again, or make it anew with trinity finetune or make book"


def require_widths(about: dict, folder: Path) -> None:
    """Refuse an ``ensemble.json`` whose intervals have a negative, infinite or missing width, or
    that does not count its members."""
    for name in ("quantile_new", "quantile_known", "factors_no_laboratory", "least_similarity"):
        for value in np.ravel(about.get(name, 0.0)).tolist():
            if not (type(value) in (int, float) and math.isfinite(value) and value >= 0):
                raise InputError(
                    f"The model in {folder} cannot be read: {name} in its ensemble.json is"
                    f" {str(value)[:20]}, which no interval can have; {REMEDY}."
                )
    if type(members := about.get("members", 1)) is not int or members < 1:
        raise InputError(
            f"The model in {folder} cannot be read: it counts {str(members)[:20]} members;"
            f" {REMEDY}."
        )


def require_network(folder: Path) -> None:
    """Refuse a network whose weights are no numbers, or of other shapes than its ``config.json``
    says; the shapes are compared without memory, on PyTorch's meta device.

    Raises
    ------
    InputError
        What is wrong. Other errors come from files that are missing or cut off.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    parts = {key: config.get(key) for key in ("backbone", "correction", "ignition_correction")}
    shapes = _written(folder / "model.safetensors")
    held = sum(map(math.prod, shapes.values()))
    layers = config["backbone"].get("num_hidden_layers", 0)
    if max(_counts(parts), default=0) > held or layers > len(shapes):
        raise InputError(
            f"The model in {folder} cannot be read: its config.json asks for more memory than its"
            f" {held:,} weights take; {REMEDY}."
        )
    if _described(parts) != shapes:
        raise InputError(
            f"The model in {folder} cannot be read: its config.json and its weights are of"
            f" different networks; {REMEDY}."
        )


def _written(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of the weights of a file, each of which is read, and must be a number, in turn."""
    from safetensors import safe_open

    shapes = {}
    with safe_open(path, "numpy") as file:
        for name in file.keys():
            values = file.get_tensor(name)
            shapes[name] = values.shape
            if not np.isfinite(values).all():
                raise InputError(
                    f"The model in {path.parent} cannot be read: its weights hold NaN or infinity"
                    f" ({name[:60]}); {REMEDY}."
                )
    return shapes


def _counts(part: object) -> Iterator[int]:
    """Every whole number in a piece of JSON: sizes, most of them."""
    if isinstance(part, dict | list):
        for value in part.values() if isinstance(part, dict) else part:
            yield from _counts(value)
    elif type(part) is int:
        yield part


def _described(parts: dict) -> dict[str, tuple[int, ...]]:
    """Shapes of the weights that a description asks for; nothing is allocated."""
    import torch
    from transformers import AutoConfig, AutoModel

    from trinity.learning.censored import IgnitionCorrection
    from trinity.learning.correction import Correction
    from trinity.learning.encoder import WITHOUT_POOLER
    from trinity.learning.model import FlammabilityModel

    with torch.device("meta"):
        shape = AutoConfig.for_model(**parts["backbone"])
        backbone = AutoModel.from_config(shape, **WITHOUT_POOLER.get(shape.model_type, {}))
        model = FlammabilityModel(backbone, tokenizer="none is needed")
        if parts["correction"]:
            model.head.correction = Correction(**parts["correction"])
        if parts["ignition_correction"]:
            model.head.ignition_correction = IgnitionCorrection(*parts["ignition_correction"])
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}
