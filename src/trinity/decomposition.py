"""How a chain decomposes: temperature of half decomposition and char yield, from structure.

Both come from Gaussian processes on a few intensive descriptors of the endless chain. The
temperature model learns from ``decomposition_temperatures.csv``, the char model from the micro
calorimetry table. Nothing measured on the polymers of the cone tests is used: every row that
belongs to one of them is left out, once and for all, so that one fit serves every held-out fold.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from rdkit import Chem

from trinity.files import data_path
from trinity.groups import count_groups_of
from trinity.polymers import middle_unit, parse_psmiles, polymer_key

# Half of the mass is lost later than the tabulated temperature, a mixture of onset, 5 % and peak:
# a first-order step with a full width of 40 K loses 5 % 45 K before it loses 50 %; POM, the one
# polymer outside the cone tests with both values, gives 56 K.
TD_TO_T50_K = 50.0
TD_TO_T50_SIGMA_K = 20.0

T50_DESCRIPTORS = (
    "backbone_aromatic", "side_aromatic", "backbone_share", "backbone_oxygen", "backbone_nitrogen",
    "backbone_ether", "backbone_carbonyl", "tertiary", "quaternary", "fluorine", "halogen",
    "silicon", "sulfur", "nitrogen", "oxygen", "hydroxyl", "ester", "amide", "ring", "vinylene",
)  # fmt: skip
CHAR_DESCRIPTORS = ("backbone_aromatic", "backbone_nitrogen", "backbone_carbonyl")

_HALOGENS = (17, 35, 53)
_SP2 = Chem.HybridizationType.SP2


def describe(mol: Chem.Mol) -> dict[str, float]:
    """Intensive descriptors of the chain, the same for every way to write it.

    Shares of backbone (the shortest path from end to end) or of all heavy atoms, in [0, 1] except
    for group counts per heavy atom.
    """
    chain, middle = middle_unit(mol)
    atoms = [chain.GetAtomWithIdx(k) for k in middle]
    ends = chain.GetNumAtoms() - 2, chain.GetNumAtoms() - 1
    path = set(Chem.GetShortestPath(chain, *ends))
    backbone = set(path)
    for ring in chain.GetRingInfo().AtomRings():
        if not path.isdisjoint(ring):
            backbone.update(ring)
    on_path = [atom for atom in atoms if atom.GetIdx() in path]
    groups = count_groups_of(mol).counts
    shares = _shares_of_path(on_path) | _shares_of_atoms(atoms, backbone)
    n = len(atoms)
    shares["ester"] = (groups.get("COO", 0) + groups.get("OCOO", 0)) / n
    shares["amide"] = sum(groups.get(g, 0) for g in ("CONH", "CON", "OCONH", "NHCONH", "imide")) / n
    return shares


def _shares_of_path(path: list[Chem.Atom]) -> dict[str, float]:
    def share(test) -> float:
        return sum(test(atom) for atom in path) / len(path)

    def carbon(atom, hydrogens: int) -> bool:
        return _aliphatic_carbon(atom) and atom.GetTotalNumHs() == hydrogens

    return {
        "backbone_oxygen": share(lambda a: a.GetAtomicNum() == 8),
        "backbone_nitrogen": share(lambda a: a.GetAtomicNum() == 7),
        "backbone_ether": share(_aliphatic_ether),
        "backbone_carbonyl": share(_carbonyl),
        "tertiary": share(lambda a: carbon(a, 1)),
        "quaternary": share(lambda a: carbon(a, 0)),
        "vinylene": share(
            lambda a: a.GetAtomicNum() == 6 and a.GetHybridization() == _SP2 and not _pi_ring(a)
        ),
    }


def _shares_of_atoms(atoms: list[Chem.Atom], backbone: set[int]) -> dict[str, float]:
    def share(test) -> float:
        return sum(test(atom) for atom in atoms) / len(atoms)

    def element(*numbers: int) -> float:
        return share(lambda a: a.GetAtomicNum() in numbers)

    return {
        "backbone_aromatic": share(lambda a: a.GetIsAromatic() and a.GetIdx() in backbone),
        "side_aromatic": share(lambda a: a.GetIsAromatic() and a.GetIdx() not in backbone),
        "backbone_share": share(lambda a: a.GetIdx() in backbone),
        "fluorine": element(9),
        "halogen": element(*_HALOGENS),
        "silicon": element(14),
        "sulfur": element(16),
        "nitrogen": element(7),
        "oxygen": element(8),
        "hydroxyl": share(lambda a: a.GetAtomicNum() == 8 and a.GetTotalNumHs() == 1),
        "ring": share(lambda a: a.IsInRing()),
    }


def _pi_ring(atom: Chem.Atom) -> bool:
    return atom.GetIsAromatic()


def _aliphatic_carbon(atom: Chem.Atom) -> bool:
    return (
        atom.GetAtomicNum() == 6
        and not atom.IsInRing()
        and atom.GetHybridization() == Chem.HybridizationType.SP3
    )


def _aliphatic_ether(atom: Chem.Atom) -> bool:
    return atom.GetAtomicNum() == 8 and not any(
        near.GetIsAromatic() or _carbonyl(near) for near in atom.GetNeighbors()
    )


def _carbonyl(atom: Chem.Atom) -> bool:
    return any(
        bond.GetBondType() == Chem.BondType.DOUBLE and bond.GetOtherAtom(atom).GetAtomicNum() == 8
        for bond in atom.GetBonds()
    )


@dataclass(frozen=True)
class GaussianProcess:
    """Exact regression with a squared-exponential kernel on standardised descriptors.

    Rasmussen & Williams, *Gaussian Processes for Machine Learning* (2006), eq. 2.23-2.24. Fixed
    ``length`` and ``noise`` (as a share of the variance of the data).
    """

    inputs: np.ndarray  # (n, d), standardised
    centre: np.ndarray
    scale: np.ndarray
    mean: float
    spread: float
    length: float
    inverse: np.ndarray  # (n, n)
    weights: np.ndarray  # (n,)

    @classmethod
    def fit(cls, x: np.ndarray, y: np.ndarray, length: float, noise: float) -> "GaussianProcess":
        """``x`` (n, d) and ``y`` (n,) in any units."""
        centre, scale = x.mean(0), x.std(0)
        scale = np.where(scale > 0, scale, 1.0)
        inputs = (x - centre) / scale
        mean, spread = float(y.mean()), float(y.std())
        kernel = _kernel(inputs, inputs, length)
        inverse = np.linalg.inv(kernel + noise * np.eye(len(y)))
        weights = inverse @ ((y - mean) / spread)
        return cls(inputs, centre, scale, mean, spread, length, inverse, weights)

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and 1 sigma of the function itself (without the noise), each (m,)."""
        cross = _kernel((np.atleast_2d(x) - self.centre) / self.scale, self.inputs, self.length)
        variance = 1.0 - np.einsum("ij,jk,ik->i", cross, self.inverse, cross)
        mean = self.mean + self.spread * (cross @ self.weights)
        return mean, self.spread * np.sqrt(np.maximum(variance, 0.0))


def _kernel(a: np.ndarray, b: np.ndarray, length: float) -> np.ndarray:
    distance = ((a[:, None, :] - b[None, :, :]) ** 2).sum(-1)
    return np.exp(-0.5 * distance / length**2)


def vector(mol: Chem.Mol, names: tuple[str, ...]) -> np.ndarray:
    """The named descriptors of a polymer, (len(names),)."""
    described = describe(mol)
    return np.array([described[name] for name in names])


def training_table(quantity: str, blind: bool = True) -> pd.DataFrame:
    """The data of the ``t50`` or ``char`` model: columns psmiles, key, value [K or kg/kg].

    With ``blind`` every polymer of the cone tests is left out, and whatever the tables mark to
    leave with one of them.
    """
    if quantity == "t50":
        table = pd.read_csv(data_path("reference", "decomposition_temperatures.csv"))
        table = table.assign(value=table.Td_K + TD_TO_T50_K)
        marked = table.use.str.contains("leave out")
    else:
        table = pd.read_csv(data_path("reference", "microscale_calorimetry.csv"))
        table = table[table.psmiles.notna() & table.char_pct.notna()]
        table = table.assign(value=table.char_pct / 100)
        marked = pd.Series(False, index=table.index)
    table = table.assign(key=table.psmiles.map(polymer_key))
    if blind:
        table = table[~marked & ~table.key.isin(measured_keys())]
    merged = table.groupby("key", as_index=False, sort=True).agg(
        psmiles=("psmiles", "first"), value=("value", "mean")
    )
    return merged[["psmiles", "key", "value"]]


@lru_cache(maxsize=1)
def measured_keys() -> frozenset[str]:
    """Keys of the polymers of the cone tests, comonomers not counted."""
    table = pd.read_csv(data_path("measurements", "cone_measurements.csv"))
    return frozenset(table.psmiles.map(polymer_key))


@lru_cache(maxsize=2)
def _model(quantity: str) -> GaussianProcess:
    names, length, noise = _settings(quantity)
    table = training_table(quantity)
    x = np.array([vector(parse_psmiles(psmiles), names) for psmiles in table.psmiles])
    return GaussianProcess.fit(x, table.value.to_numpy(), length, noise)


def _settings(quantity: str) -> tuple[tuple[str, ...], float, float]:
    """Descriptors, length scale and noise of a model."""
    return {"t50": (T50_DESCRIPTORS, 5.0, 0.3), "char": (CHAR_DESCRIPTORS, 2.0, 0.15)}[quantity]


def predict_t50(mol: Chem.Mol) -> tuple[float, float]:
    """Temperature [K] of half decomposition at 10 K/min in nitrogen, and its 1 sigma."""
    mean, sigma = _model("t50").predict(vector(mol, T50_DESCRIPTORS))
    model_sigma = max(float(sigma[0]), 35.0)  # never below what cross-validation finds
    return float(mean[0]), float(np.hypot(model_sigma, TD_TO_T50_SIGMA_K))


def predict_char(mol: Chem.Mol) -> tuple[float, float]:
    """Char yield [kg/kg] of slow heating in nitrogen, and its 1 sigma."""
    mean, sigma = _model("char").predict(vector(mol, CHAR_DESCRIPTORS))
    value = float(np.clip(mean[0], 0.0, 0.9))
    return value, max(float(sigma[0]), 0.03 + 0.2 * value)
