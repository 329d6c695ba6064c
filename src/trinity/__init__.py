"""Two-phase, physics-informed learning of polymer flammability from scarce cone tests.

Public are the names in ``__all__``: how a polymer is written, its properties, a cone test by
physics on given parameters, predictions of the language model, and finetuning on one's own
measurements. Each is loaded when it is first used; `estimate` and `simulate` never import torch.
All other modules and names are private by convention and may change.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trinity.chemistry.polymers import Polymer
    from trinity.chemistry.properties import estimate
    from trinity.cone.files import simulate
    from trinity.pipeline.training import finetune
    from trinity.prediction.predict import predict

__version__ = "0.1.0"
__all__ = ["Polymer", "estimate", "finetune", "predict", "simulate"]

_HOMES = {
    "Polymer": "trinity.chemistry.polymers",
    "estimate": "trinity.chemistry.properties",
    "simulate": "trinity.cone.files",
    "finetune": "trinity.pipeline.training",
    "predict": "trinity.prediction.predict",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
