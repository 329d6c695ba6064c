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
from rdkit.DataStructs import (
    BitVectToBinaryText,
    BulkTanimotoSimilarity,
    CreateFromBinaryText,
    ExplicitBitVect,
)

from trinity.chemistry.chain import stars
from trinity.chemistry.polymers import parse_psmiles, polymer_key

BITS = 1024
AT_ONCE = 1024  # fingerprints that `within_reach` compares with before it looks whether one is near


@lru_cache(maxsize=65536)
def fingerprint(psmiles: str) -> ExplicitBitVect:
    """Fingerprint of the canonical repeat unit: neither the cut nor the spelling matters.

    Raises
    ------
    InputError
        As :func:`trinity.chemistry.polymers.parse_psmiles`.
    """
    return fingerprint_as_cut(parse_psmiles(polymer_key(psmiles)))


def fingerprint_as_cut(unit: Chem.Mol) -> ExplicitBitVect:
    """Fingerprint of a repeat unit that `polymers.parse_psmiles` has read, cut where it is.

    It is `fingerprint` where the unit is canonical, and nearly so where it is cut elsewhere.
    """
    return _generator().GetFingerprint(_three_units(unit))


@lru_cache(maxsize=1)
def _generator():
    return rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=BITS)


def _three_units(unit: Chem.Mol) -> Chem.Mol:
    """Three repeat units in a row, good for fingerprints only.

    Joining units makes no ring and no aromatic atom, so that their perception, most of the work of
    `trinity.chemistry.chain.oligomer`, is left out.
    """
    size = unit.GetNumAtoms()
    head, tail = (end.GetIdx() for end in stars(unit))
    first, last = (unit.GetAtomWithIdx(end).GetNeighbors()[0].GetIdx() for end in (head, tail))
    order = unit.GetBondBetweenAtoms(head, first).GetBondType()
    chain = Chem.RWMol(unit)
    chain.InsertMol(unit)
    chain.InsertMol(unit)
    chain.BeginBatchEdit()
    for here, there in ((0, size), (size, 2 * size)):
        chain.AddBond(here + last, there + first, order)
        chain.RemoveAtom(here + tail)
        chain.RemoveAtom(there + head)
    chain.CommitBatchEdit()
    chain.UpdatePropertyCache(False)
    Chem.FastFindRings(chain)
    return chain


def pack(psmiles: Sequence[str]) -> np.ndarray:
    """Fingerprints of P polymers as they are stored, (P, BITS / 8) bytes, the high bit first."""
    texts = b"".join(BitVectToBinaryText(fingerprint(s)) for s in psmiles)
    bits = np.unpackbits(np.frombuffer(texts, np.uint8), bitorder="little")  # as RDKit has them
    return np.packbits(bits).reshape(-1, BITS // 8)


def unpacked(packed: np.ndarray) -> list[ExplicitBitVect]:
    """The P fingerprints that `pack` has packed."""
    rows = np.packbits(np.unpackbits(packed, axis=1), axis=1, bitorder="little")
    return [CreateFromBinaryText(row.tobytes()) for row in rows]


def nearest_similarity(psmiles: str, seen: Sequence[ExplicitBitVect]) -> float:
    """Tanimoto similarity of a polymer to the nearest of those ``seen``, 0 to 1."""
    return max(BulkTanimotoSimilarity(fingerprint(psmiles), seen))


def nearest_other(i: int, seen: Sequence[ExplicitBitVect]) -> float:
    """Tanimoto similarity of the polymer ``seen[i]`` to the nearest of the others, 0 if alone."""
    similarity = BulkTanimotoSimilarity(seen[i], seen)
    similarity[i] = 0.0
    return max(similarity)


def typical_similarity(
    seen: Sequence[ExplicitBitVect], quantile: float = 0.02, sample: int = 1000
) -> float:
    """Similarity to the nearest other that all but ``quantile`` of a set's polymers reach.

    At most ``sample`` of the set, evenly spread over it, are looked at.
    """
    chosen = np.linspace(0, len(seen) - 1, min(sample, len(seen))).astype(int)
    return float(np.quantile([nearest_other(i, seen) for i in chosen.tolist()], quantile))


def within_reach(own: ExplicitBitVect, seen: Sequence[ExplicitBitVect], least: float) -> bool:
    """Whether one of the polymers ``seen`` is at least so similar; stops at the first that is."""
    return any(
        max(BulkTanimotoSimilarity(own, seen[start : start + AT_ONCE])) >= least
        for start in range(0, len(seen), AT_ONCE)
    )
