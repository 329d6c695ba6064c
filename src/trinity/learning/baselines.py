"""Classical competitors: what does one get without language model and without physics?

All work on logarithms, on the same tests, with the same weights (equal sums for all polymer
groups) and the same number of tuning candidates as the neural arms.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from rdkit import Chem
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from scipy.linalg import cho_factor, cho_solve
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from trinity.cone.coordinates import to_targets
from trinity.learning.data import Components, TestTable

MORGAN_BITS = 512


@lru_cache(maxsize=4096)
def _composition(psmiles: str) -> np.ndarray:
    """Mass fractions of C, H, O, N and halogens, aromatic share of the heavy atoms, and the
    logarithm of the mass per chain atom (7 numbers)."""
    mol = Chem.AddHs(Chem.MolFromSmiles(psmiles))
    atoms = [a for a in mol.GetAtoms() if a.GetAtomicNum()]
    mass = sum(a.GetMass() for a in atoms)
    kinds = (("C",), ("H",), ("O",), ("N",), ("F", "Cl", "Br", "I"))
    shares = [sum(a.GetMass() for a in atoms if a.GetSymbol() in k) / mass for k in kinds]
    heavy = [a for a in atoms if a.GetAtomicNum() > 1]
    aromatic = sum(a.GetIsAromatic() for a in heavy) / len(heavy)
    ends = [a.GetIdx() for a in mol.GetAtoms() if not a.GetAtomicNum()]
    chain = len(Chem.GetShortestPath(mol, *ends)) - 2
    return np.array([*shares, aromatic, np.log(mass / chain)])


@lru_cache(maxsize=4096)
def _morgan(psmiles: str) -> np.ndarray:
    """Counts of Morgan environments of radius 2 (Rogers and Hahn, 2010) per heavy atom."""
    mol = Chem.MolFromSmiles(psmiles)
    generator = GetMorganGenerator(radius=2, fpSize=MORGAN_BITS)
    return generator.GetCountFingerprintAsNumPy(mol) / mol.GetNumHeavyAtoms()


def descriptors(polymers: list[Components], kind: str) -> np.ndarray:
    """Descriptors (P, d) of polymers: mass-fraction means over their components."""
    function = {"composition": _composition, "morgan": _morgan}[kind]
    return np.array([sum(f * function(s) for s, f in components) for components in polymers])


def features(tests: TestTable, kind: str | None, laboratory: bool) -> np.ndarray:
    """(R, d): log flux, log thickness, then what is asked for."""
    named = tests.one_hot if laboratory else tests.one_hot[:, :0]
    polymers = descriptors(tests.polymers, kind) if kind else np.zeros((len(tests.polymers), 0))
    return np.hstack([np.log(tests.conditions), named, polymers[tests.polymer_of]])


@dataclass(frozen=True)
class Candidate:
    """One configuration of a baseline: its features and its regressor, not fitted."""

    kind: str | None
    laboratory: bool
    model: BaseEstimator


class KernelProcess(BaseEstimator):
    """Gaussian process with a kernel made for this table (Rasmussen and Williams, 2006, ch. 2).

    k = linear in the conditions + 3 x smooth in chemistry + 0.3 x smooth in both together, on
    standardised inputs; ``length`` of chemistry, ``both`` of the joint part and the noise are
    tuning candidates, as marginal likelihood over nine polymers trusts the chemistry too much.
    (The kernels of scikit-learn read all columns alike.)  ``chemistry`` columns come last.
    """

    def __init__(self, length: float, both: float, noise: float, chemistry: int = 7):
        self.length, self.both, self.noise, self.chemistry = length, both, noise, chemistry

    def _kernel(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        trend = a[:, : -self.chemistry] @ b[:, : -self.chemistry].T
        # Squared distance in chemistry counts like that of four descriptors, however many.
        share = 4.0 / self.chemistry
        chemistry = share * cdist(a[:, -self.chemistry :], b[:, -self.chemistry :], "sqeuclidean")
        conditions = cdist(a[:, :2], b[:, :2], "sqeuclidean")
        return (
            trend
            + 3.0 * np.exp(-chemistry / (2 * self.length**2))
            + 0.3 * np.exp(-(chemistry + conditions) / (2 * self.both**2))
        )

    def fit(self, x: np.ndarray, y: np.ndarray, sample_weight: np.ndarray) -> "KernelProcess":
        """Learn (R, d) -> (R,); the weights enter the mean only."""
        self.centre, scale = x.mean(0), x.std(0)
        self.scale = np.where(scale > 1e-9, scale, 1.0)
        self.x = (x - self.centre) / self.scale
        self.mean, self.spread = np.average(y, weights=sample_weight), y.std()
        gram = self._kernel(self.x, self.x) + self.noise * np.eye(len(y))
        self.alpha = cho_solve(cho_factor(gram), (y - self.mean) / self.spread)
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Posterior mean (R,)."""
        return self.mean + self.spread * (
            self._kernel((x - self.centre) / self.scale, self.x) @ self.alpha
        )


def candidates(arm: str, trees: int = 100) -> list[Candidate]:
    """The 24 configurations of a baseline arm."""
    kinds: tuple[str | None, ...] = ("composition",)
    if arm == "conditions_only":
        kinds = (None,)
        models = [
            make_pipeline(PolynomialFeatures(d, include_bias=False), StandardScaler(), Ridge(a))
            for d in (1, 2)
            for a in (0.01, 0.1, 1.0, 3.0, 10.0, 30.0)
        ]
    elif arm == "random_forest":
        kinds = ("composition", "morgan")
        models = [
            RandomForestRegressor(trees, min_samples_leaf=leaf, max_features=share)
            for leaf in (1, 3)
            for share in (0.2, 0.5, 1.0)
        ]
    else:
        models = [
            KernelProcess(length, both, noise)
            for length in (1.0, 2.0, 4.0)
            for both in (1.0, 2.0)
            for noise in (0.03, 0.1)
        ]
    return [Candidate(kind, lab, m) for kind in kinds for lab in (False, True) for m in models]


def predict_baseline(
    candidate: Candidate, training: TestTable, held_out: TestTable, seed: int, physics: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Log predictions and their spread, both (R, 4), for held-out tests.

    The spread is one: the conformal step scales it to the residuals.  With ``physics`` the
    residuals of the physics in `trinity.cone.coordinates` take the place of the labels, and that of
    the held-out tests is added to what is predicted.
    """
    x = features(training, candidate.kind, candidate.laboratory)
    x_new = features(held_out, candidate.kind, candidate.laboratory)
    labels = training.coordinates - training.physics if physics else np.log(training.targets)
    mean = np.full((len(held_out), labels.shape[1]), np.nan)
    for column, y in enumerate(labels.T):
        known = np.isfinite(y)
        model = clone(candidate.model)
        if "random_state" in model.get_params(deep=False):
            model.set_params(random_state=seed)
        weight = "ridge__sample_weight" if isinstance(model, Pipeline) else "sample_weight"
        model.fit(x[known], y[known], **{weight: training.weight[known]})
        mean[:, column] = model.predict(x_new)
    if physics:
        mean = np.log(to_targets(mean + held_out.physics, held_out.complete))
    return mean, np.ones_like(mean)
