"""Chemistry by hand: what a polymer is made of, as a start beside those that read its string."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from rdkit import Chem

from trinity.learning.data import Components


def descriptors(polymers: Sequence[Components]) -> np.ndarray:
    """Descriptors (P, 7) of polymers: mass-fraction means over their components."""
    return np.array([sum(f * composition(unit) for unit, f in polymer) for polymer in polymers])


@lru_cache(maxsize=4096)
def composition(psmiles: str) -> np.ndarray:
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
