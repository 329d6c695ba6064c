"""Finetuning in closed form: Gaussian processes correct what physics, or a network, starts with.

Finetuning a wide head by gradient, held near its start, is kernel regression of the residuals
(Jacot et al., 2018; Rasmussen and Williams, 2006, eq. 2.25-2.26).  With a hundred tests one can
solve it exactly: no steps, no seed, and a variance that grows away from the polymers measured.
What is declared in ``data/analysis_plan.toml`` stands here: for each of the
`trinity.cone.coordinates` the residual measured - start is centred and divided by its standard
deviation s, and has the kernel

    trend (1 + c . c') + laboratory [l = l'] + chemistry exp(-d^2 / 2 length^2)
    + joint exp(-(d^2 + |c - c'|^2) / 2 joint_length^2) + noise / weight

with standardised logarithms of the conditions c, laboratory l and d^2 = 4 |e - e'|^2 / u^2 of the
features e, whose root mean square distance from their centre is u.  Hyperparameters maximise the
marginal likelihood times the log-normal priors of the plan.

A specimen that did not ignite within t says that its ignition time is longer, and that it did not
ignite: neither is a number.  `trinity.learning.censored` makes numbers of such labels.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from torch import Tensor, nn

from trinity.files import data_path
from trinity.learning.censored import add_buffers, step_sites
from trinity.measurements.noise import Noise
from trinity.quantities import CONDITIONS, TARGETS

#: Column of the target that a test without ignition bounds.
IGNITION_TIME = TARGETS.index("t_ig_s")
HYPERPARAMETERS = ("trend", "laboratory", "chemistry", "length", "joint", "joint_length", "noise")
#: Name of a laboratory that is not named.
UNNAMED = ""
FARTHEST = np.log(100.0)  # a hyperparameter from the median of its prior


@cache
def declared_priors() -> dict[str, dict]:
    """Priors of the hyperparameters, as the analysis plan declares them."""
    text = data_path("analysis_plan.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["shipped_model"]["priors"]


def moments(values: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and standard deviation of the columns of values (N, k); NaN counts nothing."""
    share = np.where(np.isfinite(values), weight[:, None], 0.0)
    share = share / np.maximum(share.sum(0), 1e-300)
    centre = (share * np.nan_to_num(values)).sum(0)
    return centre, np.sqrt((share * np.nan_to_num(values - centre) ** 2).sum(0))


@dataclass(frozen=True)
class Tests:
    """What a process sees of N tests."""

    __test__ = False

    features: np.ndarray | None  # (N, D) of the polymer; None: conditions only, no chemistry
    conditions: np.ndarray  # (N, 2) kW/m2, mm
    laboratory: np.ndarray  # (N,) names, `UNNAMED` where there is none
    start: np.ndarray  # (N, 4) coordinates that are corrected

    @property
    def chemistry(self) -> np.ndarray:
        """The features (N, D), none of them for conditions only."""
        return np.zeros((len(self.conditions), 0)) if self.features is None else self.features


@dataclass(frozen=True)
class Measured:
    """What is known of N tests."""

    values: np.ndarray  # (N, 4) coordinates, NaN where there is none
    at_least: np.ndarray  # (N,) ln s, of the ignition time of a test without ignition; else NaN
    weight: np.ndarray  # (N,)
    replicates: np.ndarray  # (N,)
    noise: Noise  # variances of the coordinates


class Correction(nn.Module):
    """It corrects the four coordinates of a start and gives their variance."""

    def __init__(self, tests: int, features: int, laboratories: Sequence[str], physics: bool):
        super().__init__()
        self.laboratories, self.physics = list(laboratories), physics
        targets = len(TARGETS)
        add_buffers(
            self, torch.float64,
            features=(tests, features),
            conditions=(tests, len(CONDITIONS)),  # standardised
            place=(2, len(CONDITIONS)),  # mean and scale of their logarithms
            laboratory=(tests,),  # number among `laboratories`, -1 of none
            unit=(),
            alpha=(targets, tests),
            precision=(targets, tests, tests),  # (K + noise)^-1, zero for unlabelled tests
            residual=(2, targets),  # centre and scale
            hyperparameters=(targets, len(HYPERPARAMETERS)),  # logarithms, variances in s^2
            variances=(2, targets),  # least of a test; of a laboratory that is not named
            declared=(targets,),  # 1 where the maximisation failed and the medians stand
        )  # fmt: skip

    @property
    def shape(self) -> dict:
        """Of what one to load weights into is made."""
        tests, features = self.features.shape
        own = {"laboratories": self.laboratories, "physics": self.physics}
        return {"tests": tests, "features": features, **own}

    @classmethod
    def fit(cls, tests: Tests, measured: Measured, physics: bool = True) -> "Correction":
        """Fit to what the start leaves of N measured tests; ``physics`` is remembered: whether the
        start was that of physics."""
        rows, features = len(tests.conditions), tests.chemistry
        names = sorted(set(tests.laboratory) - {UNNAMED})
        found = cls(rows, features.shape[1], names, physics)
        weight = measured.weight / measured.weight.mean()
        logs = np.log(tests.conditions)
        place = moments(logs, weight)
        _, spread = moments(features, weight)
        residual = measured.values - tests.start
        centre, scale = moments(residual, weight)
        scale = np.maximum(scale, 1e-3)
        for name, value in {
            "features": features,
            "place": np.stack([place[0], np.maximum(place[1], 1e-3)]),
            "unit": np.sqrt((spread**2).sum()) or 1.0,
            "residual": np.stack([centre, scale]),
            "variances": np.stack(measured.noise),
            "laboratory": [float(names.index(n)) if n else -1.0 for n in tests.laboratory],
        }.items():
            getattr(found, name).copy_(torch.as_tensor(np.asarray(value, float)))
        found.conditions.copy_(torch.as_tensor(found._standardised(tests.conditions)))
        parts = found._parts(tests)
        unnamed = (found.laboratory < 0).double()
        bound = measured.at_least - tests.start[:, IGNITION_TIME]
        for target in range(len(TARGETS)):
            y = (residual[:, target] - centre[target]) / scale[target]
            floor = measured.noise.within[target] / measured.replicates / scale[target] ** 2
            between = max(measured.noise.laboratory[target], 1e-4) / scale[target] ** 2
            noise = torch.as_tensor(1 / weight), torch.as_tensor(floor), unnamed
            given = np.flatnonzero(np.isfinite(y))
            if not len(given):
                continue
            theta, failed = maximum(y, given, parts, noise, between)
            found.hyperparameters[target] = theta
            found.declared[target] = float(failed)
            gram, variance = covariance(theta, *parts).numpy(), diagonal(theta, *noise).numpy()
            used = given
            if target == IGNITION_TIME and np.isfinite(bound).any():
                bounds = (bound - centre[target]) / scale[target]
                y, variance = step_sites(gram, variance, y, bounds, np.ones(rows))
                used = np.flatnonzero(np.isfinite(residual[:, target]) | np.isfinite(bound))
            square = np.ix_(used, used)
            inverse = np.linalg.inv(gram[square] + np.diag(variance[used]))
            found.alpha[target, used] = torch.as_tensor(inverse @ y[used])
            found.precision[target, used[:, None], used[None, :]] = torch.as_tensor(inverse)
        return found

    def predict(self, tests: Tests) -> tuple[np.ndarray, np.ndarray]:
        """Corrected coordinates (R, 4) and their variances, of one test each."""
        parts = self._parts(tests)
        standard = self._standardised(tests.conditions)
        named = np.isin(tests.laboratory, self.laboratories).astype(float)
        least, between = self.variances.numpy()
        mean, variance = np.array(tests.start, float), np.zeros((len(named), len(TARGETS)))
        for target, (centre, scale) in enumerate(self.residual.numpy().T):
            theta = self.hyperparameters[target]
            k = covariance(theta, *parts).numpy()  # (R, N)
            h = dict(zip(HYPERPARAMETERS, theta.exp().tolist(), strict=True))
            prior = h["trend"] * (1 + (standard**2).sum(1)) + h["chemistry"] + h["joint"]
            prior += h["laboratory"] * named
            known = ((k @ self.precision[target].numpy()) * k).sum(1)
            latent = scale**2 * np.maximum(prior - known, 0.0) + between[target] * (1 - named)
            variance[:, target] = latent + max(scale**2 * h["noise"], least[target])
            mean[:, target] += centre + scale * (k @ self.alpha[target].numpy())
        return mean, variance

    def _standardised(self, conditions: np.ndarray) -> np.ndarray:
        centre, scale = self.place.numpy()
        return (np.log(conditions) - centre) / scale

    def _parts(self, tests: Tests) -> tuple[Tensor, ...]:
        """Of R tests and the N of the fit, (R, N) each: products of the conditions, whether the
        laboratory is the same, squared distances of chemistry and of conditions."""
        standard, own = self._standardised(tests.conditions), self.conditions.numpy()
        place = {name: float(i) for i, name in enumerate(self.laboratories)}
        number = np.array([place.get(name, -2.0) for name in tests.laboratory])
        same = number[:, None] == self.laboratory.numpy()
        chemistry = np.zeros(same.shape)
        if tests.chemistry.shape[1]:
            apart = cdist(tests.chemistry, self.features.numpy(), "sqeuclidean")
            chemistry = 4.0 * apart / float(self.unit) ** 2
        near = cdist(standard, own, "sqeuclidean")
        parts = standard @ own.T, same.astype(float), chemistry, near
        return tuple(map(torch.as_tensor, parts))


def covariance(theta: Tensor, cross: Tensor, same: Tensor, chemistry: Tensor, near: Tensor):
    """The kernel without noise, (R, N), of log `HYPERPARAMETERS`; the rest as `Correction` has."""
    h = dict(zip(HYPERPARAMETERS, theta.exp().unbind(), strict=True))
    return (
        h["trend"] * (1 + cross)
        + h["laboratory"] * same
        + h["chemistry"] * torch.exp(-chemistry / (2 * h["length"] ** 2))
        + h["joint"] * torch.exp(-(chemistry + near) / (2 * h["joint_length"] ** 2))
    )


def diagonal(theta: Tensor, one_over_weight: Tensor, floor: Tensor, unnamed: Tensor) -> Tensor:
    """Variance (N,) of each label beside the kernel: its noise, not below that of its replicates,
    and that of a laboratory which is not named."""
    between, noise = theta.exp()[[HYPERPARAMETERS.index(n) for n in ("laboratory", "noise")]]
    return torch.maximum(noise * one_over_weight, floor) + between * unnamed


def maximum(y: np.ndarray, given: np.ndarray, parts, noise, between: float) -> tuple[Tensor, bool]:
    """Log hyperparameters that maximise marginal likelihood times priors over the tests ``given``,
    started at the medians; and whether that failed and these stand instead.

    ``between`` is the median of the laboratory's variance. Failed: no convergence, or an end at a
    bound, a factor of 100 from the median.
    """
    priors = declared_priors()
    median = [
        np.log(between if name == "laboratory" else priors[name]["median"])
        for name in HYPERPARAMETERS
    ]
    median = torch.tensor(median, dtype=torch.float64)
    sigma = torch.tensor([priors[name]["sigma"] for name in HYPERPARAMETERS], dtype=torch.float64)
    own = [part[given][:, given] for part in parts]
    spoilt, values = [part[given] for part in noise], torch.as_tensor(y[given])

    @torch.enable_grad()
    def loss(numbers: np.ndarray) -> tuple[float, np.ndarray]:
        theta = torch.tensor(numbers, requires_grad=True)
        gram = covariance(theta, *own) + torch.diag(diagonal(theta, *spoilt))
        factor, failed = torch.linalg.cholesky_ex(gram)
        if failed:
            return np.inf, np.zeros_like(numbers)
        half = torch.linalg.solve_triangular(factor, values[:, None], upper=False)
        fit = 0.5 * (half**2).sum() + factor.diagonal().log().sum()
        total = fit + 0.5 * (((theta - median) / sigma) ** 2).sum()
        total.backward()
        return float(total.detach()), theta.grad.numpy()

    bounds = [(m - FARTHEST, m + FARTHEST) for m in median.tolist()]
    found = minimize(loss, median.numpy(), jac=True, method="L-BFGS-B", bounds=bounds)
    theta = torch.as_tensor(found.x)
    ends = bool(((theta - median).abs() > FARTHEST - 1e-6).any())
    if ends or not found.success:
        return median, True
    return theta, False
