"""Finetuning in closed form: Gaussian processes on the embedding correct the model's means.

Finetuning a wide head by gradient, held near its start, is kernel regression of the residuals
(Jacot et al., 2018; Rasmussen and Williams, 2006, eq. 2.25-2.26).  With a hundred tests one can
solve it exactly: no steps, no seed, and a variance that grows away from the polymers measured.
What is corrected is a mixture of the network's means and of the physics itself at the nominal
properties of the polymer: residuals of the physics are smaller than those of its copy in the
network.  The kernel of two tests is

    trend (1 + c . c') + laboratory l . l' + signal exp(-d^2 / 2 length^2)

with standardised conditions c, one-hot laboratory l (zero when unknown) and the distance d of the
embeddings, in units of their spread over the measured polymers.  Variances are of natural logs.
The variance between laboratories, target by target, and the least noise of a test are those that
the training rows tell (`trinity.measurements.noise`); where no laboratory is named, the former is
noise: of a row that is learned from, and of an answer.

A specimen that did not ignite within t says that its ignition time is longer, and that it did not
ignite: neither is a number.  `step_sites` makes numbers of such labels.
"""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.stats import norm
from torch import Tensor, nn

from trinity.learning.configurations import Phase2Settings
from trinity.learning.encoder import Labels, Rows
from trinity.quantities import CONDITIONS, LABORATORIES, TARGETS

NUMBERS = ("unit", "length", "signal", "trend", "noise", "share")
#: Column of the target that a test without ignition bounds.
IGNITION_TIME = TARGETS.index("t_ig_s")
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


class Process(nn.Module):
    """A fitted Gaussian process: all of it buffers, so that it travels inside the checkpoint."""

    def __init__(self, tests: int, embedding: int, **shapes: Sequence[int]):
        super().__init__()
        shapes |= {"embedding": (tests, embedding), "conditions": (tests, len(CONDITIONS))}
        for name, shape in shapes.items():
            self.register_buffer(name, torch.zeros(shape))

    @property
    def shape(self) -> list[int]:
        """(tests, embedding), of which one to load weights into is made."""
        return list(self.embedding.shape)


class Correction(Process):
    """It corrects standardised means and gives their variance."""

    def __init__(self, tests: int, embedding: int, targets: int = len(TARGETS)):
        super().__init__(
            tests,
            embedding,
            laboratory=(tests, len(LABORATORIES)),
            alpha=(targets, tests),
            precision=(targets, tests, tests),  # (K + noise)^-1, zero for unlabelled tests
            scale=(targets,),
            numbers=(len(NUMBERS),),
            # of a named laboratory, of one that is not named, and of a test
            variances=(3, targets),
        )

    def _load_from_state_dict(self, weights: dict, prefix: str, *rest) -> None:
        """A folder from before the noise model: 17 % between named laboratories, nothing added for
        one that is not named."""
        if prefix + "variances" not in weights:
            noise = weights[prefix + "numbers"][NUMBERS.index("noise")]
            old = torch.stack([torch.tensor(0.03), torch.tensor(0.0), noise])
            weights[prefix + "variances"] = old[:, None].repeat(1, len(self.scale))
        super()._load_from_state_dict(weights, prefix, *rest)

    @classmethod
    def fit(
        cls, rows: Rows, labels: Labels, mean: Tensor, scale: Tensor, settings: Phase2Settings
    ) -> "Correction":
        """Fit to what the start leaves of N measured tests, given with their embedding (N, D).

        ``mean`` (N, T) are the network's standardised means, ``scale`` (T,) natural-log units per
        standardised unit.  The noise of a test is divided by its weight, and at least that of its
        replicates.
        """
        found = cls(*rows.embedding.shape, len(scale))
        found.embedding, found.conditions = rows.embedding.clone(), rows.conditions.clone()
        found.laboratory, found.scale = rows.laboratory.clone(), scale.clone()
        numbers = [getattr(settings, name) for name in NUMBERS[1:]]
        found.numbers = torch.tensor([float(unit_of(rows.embedding)), *numbers])
        start = found.start(mean, rows.physics)
        residual, bound = (
            ((label - start) * scale).double()
            for label in (labels.targets, labels.at_least[:, None])
        )
        between = labels.laboratory
        least = labels.noise.amax(0).clamp(min=settings.noise)
        found.variances = torch.stack([between, between, least])
        kernel = found.kernel(rows.embedding, rows.conditions)
        same = rows.laboratory @ rows.laboratory.T
        weight = (labels.weight / labels.weight.mean())[:, None]
        unnamed = 1 - rows.laboratory.sum(1, keepdim=True)
        noises = torch.maximum(settings.noise / weight, labels.noise) + between * unnamed
        for target, used in enumerate(labels.known.T > 0):
            gram = (kernel + between[target] * same).double()
            noise = noises[:, target].double()
            values, variances = residual[:, target], noise
            if target == IGNITION_TIME and labels.at_least.isfinite().any():
                known_values = values.masked_fill(~used, np.nan).numpy()
                bounds, above = bound[:, target].numpy(), np.ones(len(values))
                sites = step_sites(gram.numpy(), noise.numpy(), known_values, bounds, above)
                values, variances = map(torch.tensor, sites)
                used = used | labels.at_least.isfinite()
            known = used.nonzero().squeeze(1)
            inverse = torch.linalg.inv(gram[known][:, known] + torch.diag(variances[known]))
            found.alpha[target, known] = (inverse @ values[known]).float()
            found.precision[target, known[:, None], known[None, :]] = inverse.float()
        return found

    def number(self, name: str) -> float:
        """One of `NUMBERS`."""
        return float(self.numbers[NUMBERS.index(name)])

    def start(self, mean: Tensor, physics: Tensor | None) -> Tensor:
        """What is corrected (R, targets): the network's means, the physics, or part of each.

        Where physics has no answer (a specimen that never ignites), the network's mean stands.
        """
        share = self.number("share")
        if share == 0:
            return mean
        return (1 - share) * mean + share * torch.where(physics.isfinite(), physics, mean)

    def distance(self, embedding: Tensor) -> Tensor:
        """`distances` (R, N) of embeddings (R, D) from those of the fit."""
        return distances(embedding, self.embedding)

    def kernel(self, embedding: Tensor, conditions: Tensor) -> Tensor:
        """Covariance (R, N) of R tests with those of the fit, the laboratories' left out; of the
        embedding (R, >= D) the last D columns are read, as many as the fit has."""
        unit, length, signal, trend = self.numbers[:4]
        distance = self.distance(embedding[:, -self.embedding.shape[1] :])
        chemistry = signal * torch.exp(-((distance / (unit * length)) ** 2) / 2)
        linear = trend * (1 + conditions @ self.conditions.T)
        return linear + chemistry

    def forward(
        self,
        embedding: Tensor,
        conditions: Tensor,
        laboratory: Tensor,
        mean: Tensor,
        physics: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Corrected means and variances, both (R, targets), in standardised units."""

        def explained(a: Tensor, b: Tensor) -> Tensor:  # (R, N) twice -> (R, targets)
            return torch.einsum("rn,tnm,rm->rt", a, self.precision, b)

        # The covariance of target t is k + between_t same.
        k, same = self.kernel(embedding, conditions), laboratory @ self.laboratory.T
        signal, trend = self.numbers[2:4]
        between, unnamed, noise = self.variances
        named = laboratory.sum(1, keepdim=True)
        prior = signal + trend * (1 + (conditions**2).sum(1, keepdim=True)) + between * named
        known = explained(k, k) + between * (
            2 * explained(k, same) + between * explained(same, same)
        )
        variance = (prior - known).clamp(min=0.0) + noise + unnamed * (1 - named)
        added = k @ self.alpha.T + between * (same @ self.alpha.T)
        return self.start(mean, physics) + added / self.scale, variance / self.scale**2


class AveragedCorrections(nn.Module):
    """Several corrections of one network, averaged with equal weights: the mean of their means,
    the mean of their variances and the variance among them."""

    def __init__(self, members: Sequence[Correction]):
        super().__init__()
        self.members = nn.ModuleList(members)

    @property
    def needs_physics(self) -> bool:
        """Whether a member reads the nominal physics."""
        return any(member.number("share") > 0 for member in self.members)

    def forward(self, *rows: Tensor | None) -> tuple[Tensor, Tensor]:
        """Means and variances, both (R, targets), from what `Correction.forward` takes."""
        corrected = [member(*rows) for member in self.members]
        means, variances = (torch.stack(part) for part in zip(*corrected, strict=True))
        return means.mean(0), variances.mean(0) + means.var(0, unbiased=False)


class IgnitionCorrection(Process):
    """It corrects the network's odds of ignition by measured outcomes."""

    def __init__(self, tests: int, embedding: int):
        super().__init__(tests, embedding, alpha=(tests,), precision=(tests, tests), unit=())

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
