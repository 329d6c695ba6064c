"""Configurations of phase 2: their numbers, what is tried, and the choice of the best few."""

from dataclasses import dataclass

import numpy as np

from trinity.errors import InputError
from trinity.quantities import PRIMARY, TARGETS

MODES = ("kernel", "full", "lora", "head")
LAYERS = ("last", "all")
#: At most so many of the best configurations are averaged: with eight groups to judge by, the
#: best one alone is partly luck.
AVERAGED = 4
KERNEL_NUMBERS = ("layers", "share", "length", "signal", "trend", "noise")
GRADIENT_NUMBERS = ("learning_rate", "backbone_rate", "pull", "loss", "schedule", "steps")


@dataclass(frozen=True)
class Phase2Settings:
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

    @property
    def steps(self) -> int:
        """Steps of the modes by gradient."""
        return max(self.checkpoints)

    def in_words(self) -> dict:
        """The numbers that matter for its mode."""
        names = KERNEL_NUMBERS if self.mode == "kernel" else GRADIENT_NUMBERS
        return {name: getattr(self, name) for name in ("mode", *names)}


def corrections_of(share: float) -> list[Phase2Settings]:
    """8 corrections of a mixture with that share of physics: none, a bias with the conditions, or
    one that compares polymers by the embedding of the last or of all layers."""
    plain = [
        Phase2Settings(share=share, length=2.0, signal=0.0, trend=trend) for trend in (0.0, 0.03)
    ]
    smooth = [
        Phase2Settings(layers=layers, share=share, length=length, signal=signal)
        for layers in LAYERS
        for length, signal in ((1.0, 0.1), (2.0, 0.1), (2.0, 0.3))
    ]
    return plain + smooth


def two_phase_settings() -> list[Phase2Settings]:
    """24 corrections: of the network, of their mean and of the physics."""
    return [settings for share in (0.0, 0.5, 1.0) for settings in corrections_of(share)]


def spread(items: list, number: int) -> list:
    """At most ``number`` of the items, evenly spread over them."""
    places = np.linspace(0, len(items) - 1, min(number, len(items))).round().astype(int)
    return [items[i] for i in dict.fromkeys(places.tolist())]


def primary_error(error: np.ndarray) -> np.ndarray:
    """Primary endpoint within a group: mean |ln| error of ignition time and peak, (..., R, 4) of
    the group's tests -> (...)."""
    return np.nanmean(error[..., [TARGETS.index(name) for name in PRIMARY]], axis=-2).mean(-1)


def best_of(errors: np.ndarray) -> list[int]:
    """Places of the configurations to average, the best first, from the `primary_error` (groups,
    configurations) on groups held out."""
    order = np.argsort(np.mean(errors, axis=0), kind="stable")
    return order[: max(1, min(AVERAGED, len(order) // 2))].tolist()
