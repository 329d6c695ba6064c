"""Labels that are no numbers: a time longer than the test, and whether a specimen ignited."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.stats import norm
from torch import Tensor, nn

from trinity.quantities import CONDITIONS

SWEEPS, DAMPING, SETTLED = 200, 0.5, 1e-7
VAGUE = 1e6  # variance of a site that says nothing
LOGISTIC = 1.702  # the logistic function of x is within 0.01 of the normal one of x / 1.702
SUREST = 2.58  # probit of 99.5 %: a simulation is no surer that something burns
#: Prior variance of what corrects the network's probit of ignition: half of it is of the polymer,
#: half of the polymer at its conditions. Two standard deviations turn 99 % into 10 %.
IGNITION_VARIANCE = 4.0


def step_sites(
    gram: np.ndarray, noise: np.ndarray, values: np.ndarray, bounds: np.ndarray, signs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    r"""Gaussian sites for labels of the form "more than" and "less than".

    Expectation propagation (Minka, 2001; Rasmussen and Williams, 2006, section 3.6) replaces each
    such label by a value with a variance of its own, so that the closed form of the process stays.
    The latent function has prior covariance ``gram`` (N, N) and mean zero. A row with a value has
    the likelihood :math:`N(y; f, s)`, one with a bound :math:`\Phi(\pm(f - b)/\sqrt{s})`, where s
    is its ``noise`` (N,); ``values`` and ``bounds`` (N,) are NaN for a row without, ``signs`` (N,)
    +1 where the truth is above the bound, -1 where it is below.

    Returns mean and variance (N,) of the sites: a row with a value has its own value and noise,
    one without label a vague site.
    """
    given, step = np.isfinite(values), np.isfinite(bounds)
    mean, variance = np.where(given, np.nan_to_num(values), 0.0), np.where(given, noise, VAGUE)
    # Only sites of bounds change: all sweeps are over these rows, as the values leave them.
    inner = gram[given][:, given] + np.diag(noise[given])
    gain = np.linalg.solve(inner, gram[given][:, step]).T
    prior, centre = gram[step][:, step] - gain @ gram[given][:, step], gain @ values[given]
    bound, sign, s = bounds[step], signs[step], noise[step]
    precision, shift = np.full(len(s), 1.0 / VAGUE), np.zeros(len(s))
    for _ in range(SWEEPS if len(s) else 0):
        root = np.sqrt(precision)[:, None]
        half = np.linalg.solve(np.eye(len(s)) + root * prior * root.T, root * prior)
        covariance = prior - (prior * root.T) @ half
        now = centre + covariance @ (shift - precision * centre)
        spread = np.maximum(covariance.diagonal(), 1e-12)
        # The posterior without the site itself, its cavity.
        cavity = 1.0 / spread - precision
        m, v = (now / spread - shift) / cavity, 1.0 / cavity
        z = sign * (m - bound) / np.sqrt(s + v)
        ratio = np.exp(norm.logpdf(z) - norm.logcdf(z))
        new_mean = m + sign * v * ratio / np.sqrt(s + v)
        new_variance = v - v**2 * ratio * (z + ratio) / (s + v)
        target = np.maximum(1.0 / new_variance - cavity, 1.0 / VAGUE)
        change = target - precision
        precision += DAMPING * change
        shift += DAMPING * (new_mean * (target + cavity) - m * cavity - shift)
        if np.abs(change).max() < SETTLED * (1.0 + precision.max()):
            break
    mean[step], variance[step] = shift / precision, 1.0 / precision
    return mean, variance


def distances(a: Tensor, b: Tensor) -> Tensor:
    """Euclidean distances (R, N) of rows (R, D) and (N, D), from differences: of products single
    precision loses the small ones."""
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")


def unit_of(embedding: Tensor) -> Tensor:
    """Unit of length: half the root mean square distance of (N, D) from their centre."""
    return 0.5 * (embedding - embedding.mean(0)).pow(2).sum(1).mean().sqrt()


def add_buffers(module: nn.Module, kind: torch.dtype, **shapes: Sequence[int]) -> None:
    """All that was learned is buffers, so that it travels inside the checkpoint."""
    for name, shape in shapes.items():
        module.register_buffer(name, torch.zeros(tuple(shape), dtype=kind))


class IgnitionCorrection(nn.Module):
    """It corrects the network's odds of ignition by measured outcomes."""

    def __init__(self, tests: int, embedding: int):
        super().__init__()
        add_buffers(
            self, torch.float32, embedding=(tests, embedding),
            conditions=(tests, len(CONDITIONS)), alpha=(tests,), precision=(tests, tests), unit=(),
        )  # fmt: skip

    @property
    def shape(self) -> list[int]:
        """(tests, embedding), of which one to load weights into is made."""
        return list(self.embedding.shape)

    @classmethod
    def fit(cls, embedding: Tensor, conditions: Tensor, logit: Tensor, ignited: Tensor):
        """From N tests: embeddings (N, D), standardised conditions (N, 2), the network's logits
        (N,) and whether they ignited (N,)."""
        found = cls(*embedding.shape)
        found.embedding, found.conditions = embedding.clone(), conditions.clone()
        found.unit = unit_of(embedding)
        gram = found.kernel(embedding, conditions).double().numpy()
        sign = np.where(ignited.numpy() > 0.5, 1.0, -1.0)
        bounds, ones = -_probit(logit).double().numpy(), np.ones(len(sign))
        mean, variance = step_sites(gram, ones, np.nan * ones, bounds, sign)
        inverse = np.linalg.inv(gram + np.diag(variance))
        found.precision = torch.tensor(inverse, dtype=torch.float32)
        found.alpha = torch.tensor(inverse @ mean, dtype=torch.float32)
        return found

    def kernel(self, embedding: Tensor, conditions: Tensor) -> Tensor:
        """Covariance (R, N) of R tests with those of the fit."""
        chemistry = distances(embedding, self.embedding) / (2.0 * self.unit)
        near = 0.5 + 0.5 * torch.exp(-(distances(conditions, self.conditions) ** 2) / 2)
        return IGNITION_VARIANCE * torch.exp(-(chemistry**2) / 2) * near

    def forward(self, embedding: Tensor, conditions: Tensor, logit: Tensor) -> Tensor:
        """Corrected logits (R,); those of the network far from all that was measured."""
        k = self.kernel(embedding, conditions)
        variance = (IGNITION_VARIANCE - ((k @ self.precision) * k).sum(1)).clamp(min=0.0)
        return LOGISTIC * (_probit(logit) + k @ self.alpha) / (1.0 + variance).sqrt()


def _probit(logit: Tensor) -> Tensor:
    """Mean of the latent function whose prior predictive is the network's probability."""
    return (logit / LOGISTIC).clamp(-SUREST, SUREST) * (1.0 + IGNITION_VARIANCE) ** 0.5
