"""Nearest neighbours of many polymers at once: the numbers of `domain`, as matrix products.

Counts of common bits are whole numbers far below 2^24, so single precision holds them exactly.
"""

from collections.abc import Sequence

import numpy as np
from rdkit import Chem

from trinity.chemistry import domain

STAR = Chem.MolFromSmarts("[#0]")
AT_ONCE = 1024  # fingerprints that `within_reach` compares with before it looks what is left


def unpacked(packed: np.ndarray) -> np.ndarray:
    """Fingerprints (P, BITS) as 0 and 1 in single precision, of `domain.pack`ed ones."""
    return np.unpackbits(packed, axis=1).astype(np.float32)


def nearest_similarities(psmiles: Sequence[str], seen: np.ndarray) -> np.ndarray:
    """Tanimoto similarity (P,) of each polymer to the nearest of those ``seen`` (`unpacked`).

    Equal to `trinity.chemistry.domain.nearest_similarity` of each to the last bit.
    """
    own = np.array([domain.fingerprint(s) for s in psmiles], dtype=np.float32)
    both = (own @ seen.T).astype(float)
    either = own.sum(1)[:, None] + seen.sum(1)[None, :] - both
    return (both / np.maximum(either, 1.0)).max(axis=1)


def fingerprint_as_cut(unit: Chem.Mol) -> np.ndarray:
    """`domain.fingerprint` (BITS,) of a repeat unit as `polymers.parse_psmiles`
    read it: the same where the unit is canonical, and nearly so where it is cut elsewhere."""
    return domain._generator().GetFingerprintAsNumPy(three_units(unit))


def three_units(unit: Chem.Mol) -> Chem.Mol:
    """Three repeat units in a row, good for fingerprints only.

    Joining units makes no ring and no aromatic atom, so that their perception, most of the work of
    `trinity.chemistry.chain.oligomer`, is left out.
    """
    size = unit.GetNumAtoms()
    (head,), (tail,) = unit.GetSubstructMatches(STAR)
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


def within_reach(own: np.ndarray, seen: np.ndarray, least: float) -> np.ndarray:
    """Whether (P,) each fingerprint (P, BITS) has one among those ``seen`` (N, BITS) that is at
    least so similar; both of 0 and 1 in single precision."""
    found, bits = np.zeros(len(own), bool), seen.sum(1)
    for start in range(0, len(seen), AT_ONCE):
        left = np.flatnonzero(~found)
        if not len(left):
            break
        part, mine = slice(start, start + AT_ONCE), own[left]
        both = mine @ seen[part].T
        either = mine.sum(1)[:, None] + bits[part] - both
        found[left] = (both >= least * either).any(axis=1)
    return found
