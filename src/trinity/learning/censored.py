"""Labels that are bounds, for the Gaussian processes of phase 2.

A specimen that did not ignite within t says that its ignition time is longer, and that it did not
ignite: neither is a number that a Gaussian likelihood can take. Expectation propagation (Minka,
2001; Rasmussen and Williams, 2006, section 3.6) replaces each such label by a Gaussian *site*, a
value with a variance of its own, so that the closed form of the process stays: a Tobit likelihood
for the time, a probit one for ignition.
"""

import numpy as np
import torch
from scipy.stats import norm
from torch import Tensor, nn

SWEEPS, DAMPING, SETTLED = 200, 0.5, 1e-7
VAGUE = 1e6  # variance of a site that says nothing
LOGISTIC = 1.702  # the logistic function of x is within 0.01 of the normal one of x / 1.702
SUREST = 2.58  # probit of 99.5 %: a simulation is no surer that something burns
#: Prior variance of what corrects the network's probit of ignition: half of it is of the polymer,
#: half of the polymer at its conditions. Two standard deviations turn 99 % into 10 %.
IGNITION_VARIANCE = 4.0


def step_sites(
    gram: np.ndarray,
    noise: np.ndarray,
    values: np.ndarray,
    bounds: np.ndarray,
    signs: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    r"""Gaussian sites for labels of the form "more than" and "less than".

    The latent function has prior covariance ``gram`` and mean zero. A row with a value has the
    likelihood :math:`N(y; f, s)`, one with a bound
    :math:`\Phi(\pm(f - b)/\sqrt{s})`, where s is its noise.

    Parameters
    ----------
    gram : ndarray, shape (N, N)
        Prior covariance.
    noise : ndarray, shape (N,)
        Variance of each label.
    values : ndarray, shape (N,)
        Measured values; NaN for a row with a bound, or with nothing.
    bounds : ndarray, shape (N,)
        Bounds; NaN for the others.
    signs : ndarray, shape (N,)
        +1 where the truth is above the bound, -1 where it is below.

    Returns
    -------
    mean, variance : ndarray, shape (N,)
        Of the sites; a row with a value has its own value and noise, one without label a vague
        site.
    """
    given, step = np.isfinite(values), np.isfinite(bounds)
    precision = np.where(given, 1.0 / noise, 1.0 / VAGUE)
    shift = np.where(given, np.nan_to_num(values), 0.0) * precision
    bound, sign, s = bounds[step], signs[step], noise[step]
    for _ in range(SWEEPS if step.any() else 0):
        mean, variance = _posterior(gram, precision, shift)
        # The posterior without the site itself, its cavity.
        cavity = 1.0 / variance[step] - precision[step]
        m, v = (mean[step] / variance[step] - shift[step]) / cavity, 1.0 / cavity
        z = sign * (m - bound) / np.sqrt(s + v)
        ratio = np.exp(norm.logpdf(z) - norm.logcdf(z))
        new_mean = m + sign * v * ratio / np.sqrt(s + v)
        new_variance = v - v**2 * ratio * (z + ratio) / (s + v)
        target = np.maximum(1.0 / new_variance - cavity, 1.0 / VAGUE)
        change = target - precision[step]
        precision[step] += DAMPING * change
        shift[step] += DAMPING * (new_mean * (target + cavity) - m * cavity - shift[step])
        if np.abs(change).max() < SETTLED * (1.0 + precision[step].max()):
            break
    return shift / precision, 1.0 / precision


def _posterior(gram, precision, shift) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance (N,) of the process under sites."""
    root = np.sqrt(precision)
    inner = np.linalg.solve(np.eye(len(gram)) + root[:, None] * gram * root, root[:, None] * gram)
    covariance = gram - (gram * root) @ inner
    return covariance @ shift, np.maximum(covariance.diagonal(), 1e-12)


class IgnitionCorrection(nn.Module):
    """A Gaussian process that corrects the network's odds of ignition by measured outcomes; all of
    it buffers, so that it travels inside the checkpoint."""

    def __init__(self, tests: int, embedding: int, conditions: int):
        super().__init__()
        self.register_buffer("embedding", torch.zeros(tests, embedding))
        self.register_buffer("conditions", torch.zeros(tests, conditions))
        self.register_buffer("alpha", torch.zeros(tests))
        self.register_buffer("precision", torch.zeros(tests, tests))
        self.register_buffer("unit", torch.ones(()))

    @classmethod
    def fit(cls, embedding: Tensor, conditions: Tensor, logit: Tensor, ignited: Tensor):
        """From N tests: embeddings (N, D), standardised conditions (N, 2), the network's logits
        (N,) and whether they ignited (N,)."""
        found = cls(*embedding.shape, conditions.shape[1])
        found.embedding, found.conditions = embedding.clone(), conditions.clone()
        found.unit = 0.5 * (embedding - embedding.mean(0)).pow(2).sum(1).mean().sqrt()
        gram = found.kernel(embedding, conditions).double().numpy()
        sign = np.where(ignited.numpy() > 0.5, 1.0, -1.0)
        bounds = -_probit(logit).double().numpy()
        ones = np.ones(len(sign))
        mean, variance = step_sites(gram, ones, np.full(len(sign), np.nan), bounds, sign)
        inverse = np.linalg.inv(gram + np.diag(variance))
        found.precision = torch.tensor(inverse, dtype=torch.float32)
        found.alpha = torch.tensor(inverse @ mean, dtype=torch.float32)
        return found

    def kernel(self, embedding: Tensor, conditions: Tensor) -> Tensor:
        """Covariance (R, N) of R tests with those of the fit."""
        exact = {"compute_mode": "donot_use_mm_for_euclid_dist"}
        chemistry = torch.cdist(embedding, self.embedding, **exact) / (2.0 * self.unit)
        apart = torch.cdist(conditions, self.conditions, **exact)
        near = 0.5 + 0.5 * torch.exp(-(apart**2) / 2)
        return IGNITION_VARIANCE * torch.exp(-(chemistry**2) / 2) * near

    def forward(self, embedding: Tensor, conditions: Tensor, logit: Tensor) -> Tensor:
        """Corrected logits (R,); those of the network far from all that was measured."""
        k = self.kernel(embedding, conditions)
        variance = (IGNITION_VARIANCE - ((k @ self.precision) * k).sum(1)).clamp(min=0.0)
        return LOGISTIC * (_probit(logit) + k @ self.alpha) / (1.0 + variance).sqrt()


def _probit(logit: Tensor) -> Tensor:
    """Mean of the latent function whose prior predictive is the network's probability."""
    return (logit / LOGISTIC).clamp(-SUREST, SUREST) * (1.0 + IGNITION_VARIANCE) ** 0.5
