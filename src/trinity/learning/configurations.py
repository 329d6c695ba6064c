"""Configurations of phase 2: how it learns, and the numbers of the modes by gradient."""

from dataclasses import dataclass

from trinity.errors import InputError

MODES = ("kernel", "full", "lora", "head")


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
    #: Of the mode `kernel`: whether physics is what is corrected, or the network's own mean.
    physics: bool = True

    def __post_init__(self):
        if self.mode not in MODES:
            raise InputError(f"Finetuning mode {self.mode!r} is unknown; use {MODES}.")

    @property
    def steps(self) -> int:
        """Steps of the modes by gradient."""
        return max(self.checkpoints)
