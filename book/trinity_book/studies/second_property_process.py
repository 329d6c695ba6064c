"""Phase 2 of the second properties: the declared Gaussian process, and what it is compared with.

The kernel and its priors are those of ``[shipped_model]`` in the analysis plan, without what a
second property does not have (test conditions and laboratories): a constant, a smooth function of
the chemistry, a rougher one, and noise. Hyperparameters maximise the marginal likelihood times the
priors, with one start at the medians.
"""

import tomllib
from functools import cache

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import BayesianRidge

from trinity.files import data_path

#: Hyperparameters in the order of the vectors below, as the plan names them.
NAMES = ("trend", "chemistry", "joint", "noise", "length", "joint_length")
#: The plan: an end at a factor of 100 from the median counts as failed, and the medians serve.
FARTHEST = np.log(100.0)
JITTER = 1e-8


@cache
def priors() -> tuple[np.ndarray, np.ndarray]:
    """Means and standard deviations (6,) of the logarithms of `NAMES`, as the plan declares."""
    plan = tomllib.loads(data_path("analysis_plan.toml").read_text(encoding="utf-8"))
    found = [plan["shipped_model"]["priors"][name] for name in NAMES]
    median, sigma = np.array([(one["median"], one["sigma"]) for one in found]).T
    return np.log(median), sigma


def parts_of(apart: np.ndarray, log: np.ndarray) -> list[np.ndarray]:
    """Trend, chemistry and joint part of the covariance at squared distances ``apart``."""
    trend, chemistry, joint, _, length, joint_length = np.exp(log)
    return [
        np.full(apart.shape, trend),
        chemistry * np.exp(-apart / (2 * length**2)),
        joint * np.exp(-apart / (2 * joint_length**2)),
    ]


def objective(log: np.ndarray, apart: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Minus the logarithm of marginal likelihood times priors, up to a constant, and its gradient.

    ``log`` (6,) are the logarithms of `NAMES`, ``apart`` (N, N) squared distances, ``y`` (N,).
    Rasmussen and Williams (2006), eq. 5.8 and 5.9.
    """
    mean, sigma = priors()
    trend, chemistry, joint = parts_of(apart, log)
    noise, length, joint_length = np.exp(log[3:])
    eye = np.eye(len(y))
    factor = cho_factor(trend + chemistry + joint + (noise + JITTER) * eye, lower=True)
    inverse = cho_solve(factor, eye)
    alpha = inverse @ y
    off = (log - mean) / sigma
    value = 0.5 * y @ alpha + np.log(np.diag(factor[0])).sum() + 0.5 * off @ off
    slope = inverse - np.outer(alpha, alpha)
    changes = (
        trend,
        chemistry,
        joint,
        noise * eye,
        chemistry * apart / length**2,
        joint * apart / joint_length**2,
    )
    gradient = [0.5 * np.vdot(slope, change) for change in changes]
    return float(value), np.array(gradient) + off / sigma


def hyperparameters(apart: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Logarithms (6,) of `NAMES` at the maximum; the medians where it fails or ends at a bound."""
    start = priors()[0]
    bounds = [(one - FARTHEST, one + FARTHEST) for one in start]
    try:
        found = minimize(objective, start, (apart, y), "L-BFGS-B", jac=True, bounds=bounds)
    except LinAlgError:
        return start
    inside = np.abs(found.x - start).max() < FARTHEST - 1e-6
    return found.x if inside and np.isfinite(found.fun) else start


def process(known: np.ndarray, y: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Posterior mean (T,) at embeddings ``asked`` (T, D) after values ``y`` (N,) at ``known``.

    Values are centred and scaled by their mean and standard deviation; distances are measured by
    the embeddings' root mean square distance from their centre, as the plan says.
    """
    centre, scale = y.mean(), max(float(y.std()), 1e-12)
    unit = ((known - known.mean(0)) ** 2).sum(1).mean()
    apart, far = (4 * cdist(x, known, "sqeuclidean") / max(unit, 1e-12) for x in (known, asked))
    standard = (y - centre) / scale
    log = hyperparameters(apart, standard)
    gram = sum(parts_of(apart, log)) + (np.exp(log[3]) + JITTER) * np.eye(len(y))
    alpha = cho_solve(cho_factor(gram, lower=True), standard)
    return centre + scale * (sum(parts_of(far, log)) @ alpha)


def standardised(known: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Descriptors with the mean and the standard deviation of the labelled structures."""
    centre, scale = known.mean(0), known.std(0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    return (known - centre) / scale, (asked - centre) / scale


def shrunk_line(known: np.ndarray, y: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """What a line in the physics ``known`` (N,) says of its residual ``y`` (N,) at ``asked``; its
    slope is shrunk to zero by marginal likelihood (MacKay, 1992)."""
    known, asked = standardised(known[:, None], asked[:, None])
    return BayesianRidge().fit(known, y).predict(asked)


def forest(
    known: np.ndarray, y: np.ndarray, asked: np.ndarray, trees: int, seed: int
) -> np.ndarray:
    """What a random forest on features (N, d) says of the residual; a third of the features are
    tried at a split (Breiman, 2001, Machine Learning 45, 5)."""
    model = RandomForestRegressor(trees, max_features=1 / 3, random_state=seed)
    return model.fit(known, y).predict(asked)
