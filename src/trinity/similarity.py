"""Nearest neighbours of many polymers at once: the numbers of `trinity.domain`, as matrix products.

Counts of common bits are whole numbers far below 2^24, so single precision holds them exactly.
"""

from collections.abc import Sequence

import numpy as np

from trinity import domain


def unpacked(packed: np.ndarray) -> np.ndarray:
    """Fingerprints (P, BITS) as 0 and 1 in single precision, of `trinity.domain.pack`ed ones."""
    return np.unpackbits(packed, axis=1).astype(np.float32)


def nearest_similarities(psmiles: Sequence[str], seen: np.ndarray) -> np.ndarray:
    """Tanimoto similarity (P,) of each polymer to the nearest of those ``seen`` (`unpacked`).

    Equal to `trinity.domain.nearest_similarity` of each to the last bit.
    """
    own = np.array([domain.fingerprint(s) for s in psmiles], dtype=np.float32)
    both = (own @ seen.T).astype(float)
    either = own.sum(1)[:, None] + seen.sum(1)[None, :] - both
    return (both / np.maximum(either, 1.0)).max(axis=1)
