"""Tables as tensors: polymers, test conditions, labels and what is missing among them; and what a
polymer is made of, as a start beside those that read its string."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd
import torch
from rdkit import Chem
from torch import Tensor

from trinity.chemistry.polymers import Polymer
from trinity.chemistry.properties import estimate
from trinity.cone.coordinates import (
    FLUXES_KW_M2,
    LEAST_SLOPE,
    complete_heat,
    slopes,
    to_coordinates,
)
from trinity.cone.predict import nominal_physics
from trinity.learning.correction import IGNITION_TIME, UNNAMED
from trinity.learning.encoder import Labels, Rows, encode, pad, randomised
from trinity.learning.intervals import group_weights
from trinity.learning.model import FlammabilityModel, Scalers
from trinity.measurements.noise import Noise, noise_of
from trinity.quantities import CONDITIONS, LABORATORIES, TARGETS

#: A polymer as a model sees it: components with their mass fractions.
Components = tuple[tuple[str, float], ...]


@dataclass
class TestTable:
    """R cone tests of P polymers in physical units.

    ``targets`` (R, 4) is NaN where a label is missing or censored; ``ignited`` (R,) is 0 or 1,
    NaN where unknown; a test that did not ignite within ``at_least`` (R,) seconds is a bound of
    its ignition time, too.  What is not given is unknown, and all weights are equal.
    """

    __test__ = False  # not a class of tests: pytest collects what is called Test...

    polymers: list[Components]  # P
    polymer_of: np.ndarray  # (R,) index into polymers
    conditions: np.ndarray  # (R, 2) kW/m2, mm
    laboratory: np.ndarray  # (R,) names, `UNNAMED` for the mean laboratory
    targets: np.ndarray | None = None  # (R, 4)
    ignited: np.ndarray | None = None  # (R,)
    at_least: np.ndarray | None = None  # (R,) s, NaN where the time is measured or unknown
    weight: np.ndarray | None = None  # (R,)
    replicates: np.ndarray | None = None  # (R,) specimens behind the row
    cell: np.ndarray | None = None  # (R,) name of a measured cell of the project, or ""
    #: (R, 4) coordinates of what physics gives at nominal properties; only some models read it.
    physics: np.ndarray | None = None
    #: (R,) heat of complete combustion [MJ/m2] where it is not that of the estimate.
    own_heat: np.ndarray | None = None

    def __post_init__(self):
        shapes = {"targets": (len(self), len(TARGETS)), "ignited": len(self), "at_least": len(self)}
        for name in [name for name in shapes if getattr(self, name) is None]:
            setattr(self, name, np.full(shapes[name], np.nan))
        self.weight = np.ones(len(self)) if self.weight is None else self.weight
        self.replicates = np.ones(len(self)) if self.replicates is None else self.replicates
        self.cell = np.full(len(self), "") if self.cell is None else self.cell

    def __len__(self) -> int:
        return len(self.polymer_of)

    @property
    def complete(self) -> np.ndarray:
        """Heat of complete combustion (R,) [MJ/m2]."""
        if self.own_heat is not None:
            return self.own_heat
        heat = np.array([complete_heat(estimate(polymer)) for polymer in self.polymers])
        return heat[self.polymer_of] * self.conditions[:, 1]

    @property
    def coordinates(self) -> np.ndarray:
        """What was measured, in coordinates (R, 4); NaN where a label is missing."""
        return to_coordinates(self.targets, self.complete)

    @property
    def noise(self) -> Noise:
        """The noise that these tests tell, no others: refitted with every part of a table. That of
        the logarithms becomes that of the coordinates at a typical test of the table."""
        told = noise_of(tuple(self.cell[self.cell != ""]))
        own = self.coordinates
        own = own[np.isfinite(own).all(axis=1)]
        if not len(own):
            return told
        by = np.maximum(slopes(np.median(own, axis=0), 1.0), LEAST_SLOPE) ** 2
        return Noise(*(variances / by for variances in told))

    @property
    def one_hot(self) -> np.ndarray:
        """Laboratories that networks know, (R, 3) one-hot; zero for the mean one and any other."""
        return (self.laboratory[:, None] == np.array(LABORATORIES)).astype(float)

    def unnamed(self) -> "TestTable":
        """The tests with their laboratories hidden."""
        return replace(self, laboratory=np.full(len(self), UNNAMED))

    def on_grid(self) -> tuple["TestTable", np.ndarray]:
        """The polymers, thicknesses and laboratories of these tests at `FLUXES_KW_M2`: G x F tests
        without labels, and which of the G each of the R tests is (R,)."""
        _, lab = np.unique(self.laboratory, return_inverse=True)
        asked = np.column_stack([self.polymer_of, self.conditions[:, 1], lab])
        _, first, row_of = np.unique(asked, axis=0, return_index=True, return_inverse=True)
        rows = np.repeat(first, len(FLUXES_KW_M2))
        flux = np.tile(FLUXES_KW_M2, len(first))
        conditions = np.column_stack([flux, self.conditions[rows, 1]])
        heat = None if self.own_heat is None else self.own_heat[rows]
        grid = TestTable(self.polymers, self.polymer_of[rows], conditions, self.laboratory[rows])
        return replace(grid, own_heat=heat), row_of.ravel()

    def take(self, rows: np.ndarray) -> "TestTable":
        """The chosen rows (indices or mask), with only the polymers that they use."""
        used, polymer_of = np.unique(self.polymer_of[rows], return_inverse=True)
        parts = {k: v[rows] for k, v in vars(self).items() if isinstance(v, np.ndarray)}
        parts |= {"polymers": [self.polymers[i] for i in used], "polymer_of": polymer_of}
        return replace(self, **parts)

    def weighed(self, groups: Sequence[str]) -> "TestTable":
        """The tests with weights that give each of the groups (R,) the same sum, and in it each
        laboratory."""
        return replace(self, weight=group_weights(groups, self.laboratory))

    def spelled(self) -> "TestTable":
        """The tests with each repeat unit in the spelling that distilled networks read, cut where
        it was."""
        return replace(self, polymers=[Polymer.parse(polymer).spelled for polymer in self.polymers])

    def with_physics(self) -> "TestTable":
        """The tests with what the cone model gives at nominal properties."""
        physics = nominal_physics(self.polymers, self.polymer_of, self.conditions)
        return replace(self, physics=physics)

    def lengths(self, tokenizer) -> np.ndarray:
        """Tokens (P,) of the longest component of each polymer."""
        ids = encode(tokenizer, [s for polymer in self.polymers for s, _ in polymer])
        tokens = map(len, ids)
        return np.array([max(next(tokens) for _ in polymer) for polymer in self.polymers])

    def inputs(self, scalers: Scalers) -> tuple[Tensor, Tensor]:
        """Conditions and laboratories as a network's head reads them."""
        return _tensor(scalers.standardise_conditions(self.conditions)), _tensor(self.one_hot)

    def batch(self, model: FlammabilityModel, spellings: int = 0, seed: int | None = None) -> Rows:
        """The tests as ``model`` reads them; ``spellings`` and ``seed`` as in `sequences`."""
        ids, mask, mix = sequences(self.polymers, model.tokenizer, spellings, seed)
        return Rows(ids, mask, mix[self.polymer_of], *self.inputs(model.scalers))

    def labels(self, scalers: Scalers) -> Labels:
        """What is known of the tests, as tensors."""
        own = self.coordinates if scalers.ordered else np.log(self.targets)
        targets = scalers.standardise(own)
        times = scalers.standardise(np.tile(np.log(self.at_least)[:, None], len(TARGETS)))
        return Labels(
            _tensor(np.nan_to_num(targets)),
            _tensor(np.isfinite(targets)),
            _tensor(np.nan_to_num(self.ignited)),
            _tensor(np.isfinite(self.ignited)),
            _tensor(self.weight / self.weight.mean()),
            _tensor(times[:, IGNITION_TIME]),
        )


def _tensor(array: np.ndarray) -> Tensor:
    return torch.tensor(np.asarray(array, dtype=np.float32))


def sequences(
    polymers: Sequence[Components], tokenizer, spellings: int = 0, seed: int | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Token ids and mask (S, T) of the components of P polymers, and their shares (P, S).

    ``seed`` None: the canonical spelling and ``spellings`` others beside it (`spellings_of`); a
    seed: one random spelling per component instead (augmentation).
    """
    strings, shares = [], []
    for position, polymer in enumerate(polymers):
        for psmiles, fraction in polymer:
            spelled = spellings_of(psmiles, spellings, seed)
            shares += [(position, fraction / len(spelled))] * len(spelled)
            strings += spelled
    mix = np.zeros((len(polymers), len(strings)))
    for column, (position, share) in enumerate(shares):
        mix[position, column] = share
    mix /= mix.sum(1, keepdims=True)
    return *pad(encode(tokenizer, strings), tokenizer.pad_token_id), _tensor(mix)


def laboratories(names: Sequence) -> np.ndarray:
    """Names (R,) of laboratories, `UNNAMED` where a cell holds none."""
    return np.array([name if isinstance(name, str) else UNNAMED for name in names], dtype=str)


def tests_of(table: pd.DataFrame, weight: np.ndarray | None = None) -> TestTable:
    """Tests of a table of measurements or of synthetic rows.

    Columns: ``psmiles``, optional ``components`` and ``lab``, `CONDITIONS`, `TARGETS` (all
    optional but the conditions), optional ``ignited``; without it a row with any label has
    ignited and one without has not; optional ``test_duration_s``, up to which a row that has not
    ignited was watched; optional ``replicates`` and ``cell`` of the project's own measurements.
    """
    empty = [None] * len(table)
    mixed = [text if isinstance(text, str) else None for text in table.get("components", empty)]
    identity = list(zip(table["psmiles"], mixed, strict=True))
    unique = {key: i for i, key in enumerate(dict.fromkeys(identity))}
    targets = table.reindex(columns=TARGETS).to_numpy(float, copy=True)
    targets[~(targets > 0)] = np.nan
    labelled = np.isfinite(targets).any(axis=1)
    ignited = table.get("ignited", pd.Series(labelled)).to_numpy(float)
    duration = table.get("test_duration_s", pd.Series(np.nan, table.index)).to_numpy(float)
    return TestTable(
        [Polymer.parse(*key).units for key in unique],
        np.array([unique[key] for key in identity]),
        table[list(CONDITIONS)].to_numpy(float),
        laboratories(table.get("lab", empty)),
        targets,
        ignited,
        np.where((ignited == 0) & ~labelled, duration, np.nan),
        None if weight is None else np.asarray(weight, float),
        table.get("replicates", pd.Series(1.0, table.index)).fillna(1.0).to_numpy(float),
        table.get("cell", pd.Series("", table.index)).fillna("").to_numpy(str),
        own_heat=_drawn_heat(table),
    )


def _drawn_heat(table: pd.DataFrame) -> np.ndarray | None:
    """Heat of complete combustion of synthetic rows, by the properties that were drawn for each."""
    needed = ["heat_of_combustion_j_kg", "density_kg_m3"]
    if not set(needed) <= set(table):
        return None
    return 1e-9 * table[needed].prod(axis=1).to_numpy(float) * table["thickness_mm"].to_numpy()


def spellings_of(psmiles: str, extra: int, seed: int | None) -> list[str]:
    """The string and ``extra`` fixed other spellings; with a seed, one random spelling.

    The fixed ones start at atoms evenly spread over the string, so that any program with RDKit,
    in a browser too, finds the same.

    >>> spellings_of("*CC(*)Cl", 2, None)
    ['*CC(*)Cl', 'C(*)C(*)Cl', 'C(*)(Cl)C*']
    """
    if seed is not None:
        return randomised(psmiles, 1, seed)
    if not extra:
        return [psmiles]
    molecule = Chem.MolFromSmiles(psmiles)
    roots = np.linspace(0, molecule.GetNumAtoms() - 1, extra + 2).astype(int)[1:-1].tolist()
    return [psmiles, *(Chem.MolToSmiles(molecule, rootedAtAtom=root) for root in roots)]


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
