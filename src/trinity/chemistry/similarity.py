"""Fingerprints of chains, and how near a polymer comes to those that a model has seen.

A polymer is compared through the atom environments of its chain: Morgan bits of radius 2 (Rogers &
Hahn, J. Chem. Inf. Model. 50 (2010) 742, doi:10.1021/ci100050t) of three repeat units, and their
Tanimoto similarity. Needs no torch.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator
from rdkit.DataStructs import BulkTanimotoSimilarity, CreateFromBinaryText, ExplicitBitVect

from trinity.chemistry.chain import oligomer
from trinity.chemistry.polymers import parse_psmiles, polymer_key

BITS = 1024
AT_ONCE = 1024  # fingerprints that `within_reach` compares with before it looks whether one is near
_MORGAN = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=BITS)


@lru_cache(maxsize=65536)
def fingerprint(psmiles: str) -> ExplicitBitVect:
    """Fingerprint of the canonical repeat unit, whatever the cut and the spelling.

    Raises InputError as :func:`trinity.chemistry.polymers.parse_psmiles`.
    """
    return fingerprint_as_cut(parse_psmiles(polymer_key(psmiles)))


def fingerprint_as_cut(unit: Chem.Mol) -> ExplicitBitVect:
    """Fingerprint of a repeat unit that is cut anywhere: nearly that of the canonical one."""
    return _MORGAN.GetFingerprint(oligomer(unit, 3))


def pack(psmiles: Sequence[str]) -> np.ndarray:
    """Fingerprints of P polymers as they are stored, (P, BITS / 8) bytes, the high bit first."""
    return np.packbits([fingerprint(s).ToList() for s in psmiles], axis=1)


def unpacked(packed: np.ndarray) -> list[ExplicitBitVect]:
    """The P fingerprints that `pack` has packed."""
    rows = np.packbits(np.unpackbits(packed, axis=1), axis=1, bitorder="little")  # RDKit's order
    return [CreateFromBinaryText(row.tobytes()) for row in rows]


def nearest_similarity(psmiles: str, seen: Sequence[ExplicitBitVect]) -> float:
    """Tanimoto similarity of a polymer to the nearest of those ``seen``, 0 to 1."""
    return nearest_among(fingerprint(psmiles), seen)


def nearest_among(own: ExplicitBitVect, seen: Sequence[ExplicitBitVect]) -> float:
    """As `nearest_similarity`, of a polymer's fingerprint; 0 where none is seen."""
    return max(BulkTanimotoSimilarity(own, seen), default=0.0)


def nearest_other(i: int, seen: Sequence[ExplicitBitVect]) -> float:
    """Tanimoto similarity of the polymer ``seen[i]`` to the nearest of the others, 0 if alone."""
    similarity = BulkTanimotoSimilarity(seen[i], seen)
    similarity[i] = 0.0
    return max(similarity)


def typical_similarity(seen: Sequence[ExplicitBitVect]) -> float:
    """Similarity to the nearest other that 98 % of a set reach; 1000 of it are looked at."""
    chosen = np.linspace(0, len(seen) - 1, min(1000, len(seen))).astype(int)
    return float(np.quantile([nearest_other(i, seen) for i in chosen.tolist()], 0.02))


def within_reach(own: ExplicitBitVect, seen: Sequence[ExplicitBitVect], least: float) -> bool:
    """Whether one of the polymers ``seen`` is at least so similar; stops at the first that is."""
    return any(
        max(BulkTanimotoSimilarity(own, seen[start : start + AT_ONCE])) >= least
        for start in range(0, len(seen), AT_ONCE)
    )
