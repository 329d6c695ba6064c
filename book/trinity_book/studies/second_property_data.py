"""Second properties: their truth, the cheap physics beside it, and who is tested on what.

The truth stands in the role of the expensive experiment; the physics is what a structure tells
without it. Structures are named by their key, so that one structure never counts twice, and
every structure of either truth leaves the hypothetical table before phase 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from rdkit.Chem import Crippen
from rdkit.DataStructs import BulkTanimotoSimilarity
from rdkit.ML.Cluster import Butina

from trinity.chemistry.chain import oligomer
from trinity.chemistry.descriptors import fingerprint
from trinity.chemistry.groups import contributions
from trinity.chemistry.polymers import parse_psmiles, polymer_key
from trinity.chemistry.properties import Estimate, estimate
from trinity.errors import InputError
from trinity.files import data_path

#: Property -> table of its truth, the column of structures, and the unit.
TRUTHS = {
    "refractive_index": ("radonpy_pi1070.csv", "smiles", "1"),
    "tg_k": ("openpoly.csv", "psmiles", "K"),
}
SPLITS = ("random", "cluster")
#: Structures are of one cluster if this near to its centre (Tanimoto similarity of `fingerprint`).
CLUSTER_SIMILARITY = 0.4
#: What the multi-task candidate learns first, all by group contribution: names of an `Estimate`.
ESTIMATED = (
    "density_kg_m3", "specific_heat_solid_j_kg_k", "glass_transition_k", "t50_k", "char_yield",
    "heat_of_combustion_j_kg",
)  # fmt: skip


def other(name: str) -> str:
    """The wrong property: the one of the two that is not asked for."""
    return next(one for one in TRUTHS if one != name)


@cache
def truth(name: str) -> pd.Series:
    """The property by polymer key, sorted by it: the median of the table's rows of a structure.

    Structures that the package refuses (charges, elements outside its scope) are left out. An
    InputError lists the properties if there is no such.
    """
    if name not in TRUTHS:
        raise InputError(f"There is no property {name!r}; choose one of {', '.join(TRUTHS)}.")
    file, column, _ = TRUTHS[name]
    table = pd.read_csv(data_path("reference", file)).dropna(subset=[name])
    keys = table[column].map(_key_or_none)
    return table[name].groupby(keys).median().sort_index()


def _key_or_none(psmiles: str) -> str | None:
    try:
        return polymer_key(psmiles)
    except InputError:
        return None


def truth_keys() -> set[str]:
    """Keys of all structures of all truths: none of them may be in a table of phase 1."""
    return set().union(*(truth(name).index for name in TRUTHS))


def without_truth(table: pd.DataFrame) -> list[str]:
    """Keys of the hypothetical polymers of a synthetic table, in its order, without any of
    `truth_keys`."""
    known = truth_keys()
    return [key for key in dict.fromkeys(table["key"]) if key not in known]


def lorentz_lorenz(known: Estimate, key: str) -> float:
    """Refractive index from molar refractivity R and volume V: (n² - 1) / (n² + 2) = R / V.

    R is Crippen's sum over atoms (Wildman and Crippen, 1999, J. Chem. Inf. Comput. Sci. 39, 868),
    of a repeat unit inside its chain; V the group volume V298, both in cm³/mol. NaN where an atom
    has no group.
    """
    if known.uncovered_atoms:
        return np.nan
    unit = parse_psmiles(key)
    refractivity = Crippen.MolMR(oligomer(unit, 3)) - Crippen.MolMR(oligomer(unit, 2))
    volume = sum(contributions("V298")[group] * n for group, n in known.groups.items())
    share = refractivity / volume
    return float(np.sqrt((1 + 2 * share) / (1 - share))) if 0 < share < 1 else np.nan


def cheap_labels(keys: Sequence[str]) -> pd.DataFrame:
    """What group contribution says of structures, by key: both properties, and `ESTIMATED`."""
    rows = []
    for key in keys:
        known = estimate(key)
        cheap = {
            "refractive_index": lorentz_lorenz(known, key),
            "tg_k": known["glass_transition_k"].value,
        }
        rows.append(cheap | {name: known[name].value for name in ESTIMATED})
    return pd.DataFrame(rows, index=list(keys), columns=[*TRUTHS, *ESTIMATED])


def clusters_of(keys: Sequence[str]) -> np.ndarray:
    """Cluster (P,) of each structure, counted from 0 by size (Butina, 1999, J. Chem. Inf. Comput.
    Sci. 39, 747)."""
    prints = [fingerprint(key) for key in keys]
    apart = [
        1.0 - similar
        for i in range(1, len(prints))
        for similar in BulkTanimotoSimilarity(prints[i], prints[:i])
    ]
    found = Butina.ClusterData(apart, len(prints), 1.0 - CLUSTER_SIMILARITY, isDistData=True)
    label = np.empty(len(prints), dtype=int)
    for number, members in enumerate(found):
        label[list(members)] = number
    return label


@dataclass(frozen=True)
class Structures:
    """The structures of one truth with everything that an arm may know about them."""

    name: str
    keys: tuple[str, ...]
    values: np.ndarray  # (P,) truth
    physics: np.ndarray  # (P,) cheap physics, the same unit
    cluster: np.ndarray  # (P,)

    @classmethod
    def of(cls, name: str, most: int) -> "Structures":
        """The structures of a property; at most so many, drawn at random, at small scales."""
        known = truth(name)
        if most < len(known):
            known = known.sample(most, random_state=0).sort_index()
        keys = tuple(known.index)
        cheap = cheap_labels(keys)[name].to_numpy()
        return cls(name, keys, known.to_numpy(float), cheap, clusters_of(keys))

    def __len__(self) -> int:
        return len(self.keys)

    def draw(self, split: str, number: int, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Structures that may give a label, in the order in which they do, and those of the test.

        Those of n labels are the first n, so that small sets are in larger ones and all numbers of
        labels have the same test. In a ``cluster`` split whole clusters, in random order, give
        labels until there are ``most``; all of the others are the test.
        """
        rng = np.random.default_rng([number, SPLITS.index(split), 17])
        if split == "random":
            order = rng.permutation(len(self))
            return order[:most], np.sort(order[most:])
        seen = np.zeros(len(self), dtype=bool)
        for one in rng.permutation(self.cluster.max() + 1)[:-1]:  # one is left for the test
            if seen.sum() >= most:
                break
            seen |= self.cluster == one
        return rng.permutation(np.flatnonzero(seen))[:most], np.flatnonzero(~seen)
