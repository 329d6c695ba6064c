"""Classical competitors that know the physics: they learn what it leaves of the measurements.

The residuals ln measured - ln physics take the place of the labels, and the physics is added to
what is predicted. ``physics_bias`` learns a trend with the conditions and laboratories alone.
"""

from dataclasses import replace

import numpy as np

from trinity.learning.baselines import Candidate, candidates, predict_baseline
from trinity.learning.data import TestTable

#: Arm -> the baseline of `trinity.learning.baselines` that learns the residuals.
RESIDUAL_OF = {
    "physics_bias": "conditions_only",
    "random_forest_physics": "random_forest",
    "gaussian_process_physics": "gaussian_process",
}


def residual_candidates(arm: str, trees: int = 100) -> list[Candidate]:
    """The 24 configurations of an arm."""
    return candidates(RESIDUAL_OF[arm], trees)


def predict_residual(
    candidate: Candidate, training: TestTable, held_out: TestTable, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Log predictions and their spread, both (R, 4); both sets of tests carry ``physics``."""
    left = replace(training, targets=training.targets / np.exp(training.physics))
    mean, sigma = predict_baseline(candidate, left, held_out, seed)
    return mean + held_out.physics, sigma
