"""Where a prediction may be trusted: polymers like those seen.

A polymer is compared through the atom environments of its chain: Morgan bits of radius 2 (Rogers
and Hahn, 2010) of three repeat units, so that neither the cut nor the spelling matters.  Needs no
torch.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from rdkit.Chem import rdFingerprintGenerator

from trinity.chemistry.chain import oligomer
from trinity.chemistry.polymers import parse_psmiles, polymer_key

BITS = 1024


@lru_cache(maxsize=1)
def _generator():
    return rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=BITS)


@lru_cache(maxsize=65536)
def fingerprint(psmiles: str) -> np.ndarray:
    """Environments in the middle of the chain as bits (BITS,), of the canonical repeat unit."""
    chain = oligomer(parse_psmiles(polymer_key(psmiles)), 3)
    return _generator().GetFingerprintAsNumPy(chain).astype(bool)


def pack(psmiles: Sequence[str]) -> np.ndarray:
    """Fingerprints of polymers, (P, BITS / 8) bytes."""
    return np.packbits(np.array([fingerprint(s) for s in psmiles]), axis=1)


def nearest_similarity(psmiles: str, packed: np.ndarray) -> float:
    """Tanimoto similarity of a polymer to the nearest one of a packed set, 0 to 1."""
    bits = np.packbits(fingerprint(psmiles))
    both = np.bitwise_count(packed & bits).sum(axis=1)
    either = np.bitwise_count(packed | bits).sum(axis=1)
    return float((both / np.maximum(either, 1)).max())


def typical_similarity(packed: np.ndarray, quantile: float = 0.02, sample: int = 1000) -> float:
    """Nearest-neighbour similarity that all but ``quantile`` of a set's polymers reach."""
    chosen = np.linspace(0, len(packed) - 1, min(sample, len(packed))).astype(int)
    near = []
    for i in chosen:
        both = np.bitwise_count(packed & packed[i]).sum(axis=1)
        either = np.bitwise_count(packed | packed[i]).sum(axis=1)
        near.append(np.delete(both / np.maximum(either, 1), i).max(initial=0.0))
    return float(np.quantile(near, quantile))
