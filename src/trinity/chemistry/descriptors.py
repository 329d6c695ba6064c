"""Intensive descriptors of the endless chain, the same for every way to write it, and fingerprints
that say how near a polymer comes to those that a model has seen.

Polymers are compared through the atom environments of their chains: Morgan bits of radius 2 (Rogers
& Hahn, J. Chem. Inf. Model. 50 (2010) 742, doi:10.1021/ci100050t) of three repeat units, and their
Tanimoto similarity. Needs no torch.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator
from rdkit.DataStructs import BulkTanimotoSimilarity, CreateFromBinaryText, ExplicitBitVect

from trinity.chemistry.chain import atoms_of, oligomer
from trinity.chemistry.groups import Chain
from trinity.chemistry.polymers import parse_psmiles, polymer_key

_TERTIARY = Chem.AtomFromSmarts("[CX4;H1;!R]")
ALIPHATIC_ESTER = Chem.MolFromSmarts("[CX3](=O)([CX4])[OX2][CX4]")
# What leaves with the hydrogen of the next carbon before the chain breaks: halogen, water, acid.
LEAVING = Chem.MolFromSmarts("[CX4;!H0][CX4][Cl,Br,I,$([OX2H]),$([OX2]C=O)]")
#: What makes char without aromatic rings in the chain: rows ``char_*`` of the priors.
CHAR_GROUPS = {
    name: Chem.MolFromSmarts(smarts)
    for name, smarts in {
        "nitrile": "[CX4;H2][CX4;H1]C#N",
        "fluoride": "[#6X4;!H0][CX4;!$(C(F)(F)F)](F)[#6X4;!H0]",
        "alcohol": "[CX4;H2;!R][CX4;H1;!R][OX2H]",
        "ring_polyol": "O1[CX4][CX4]([OX2,NX3])[CX4]([OX2,NX3])[CX4][CX4]1",
        "pendant_acid": "[CX4][CX3](=O)[OX2H,NX3H2]",
        "silsesquioxane": "[Si]([OX2])([OX2])[OX2]",
        "siloxane": "[#6][Si]([#6])([OX2])[OX2]",
        "silane": "[Si;!$([Si]~O)]",
        "vinyl_halide": "[CX3]=[CX3][Cl,Br]",
        "alkyne": "C#[C,c]",
        "phosphorus": "[#15]",
        "boron": "[#5]",
    }.items()
}
_ELEMENTS = {
    name: {atom.GetSymbol() for atom in atoms_of(pattern) if atom.GetAtomicNum()}
    for name, pattern in CHAR_GROUPS.items()
}
_TABLE = Chem.GetPeriodicTable()
BICERANO_RANGE_K = (450.0, 800.0)  # where common chains lie; beyond it the formula is not trusted


def describe(unit: Chain) -> dict[str, float]:
    """Shares in [0, 1] of atoms or mass, and Bicerano's temperature [K]."""
    esters = unit.chain.GetSubstructMatches(ALIPHATIC_ESTER)
    aromatic = [atom.GetIdx() in unit.backbone for atom in unit.atoms if atom.GetIsAromatic()]
    groups, atoms, mass, heavy = unit.groups, unit.composition, unit.molar_mass, len(unit.atoms)
    in_backbone = sum(aromatic) / heavy
    hydrogen_share = atoms["H"] / max(atoms["H"] + atoms["C"], 1)
    return {
        "bicerano_k": bicerano_t50(unit),
        "oxygen": atoms["O"] / heavy,
        "fluorine": atoms["F"] / heavy,
        "silicon": atoms["Si"] / heavy,
        "sulfur": atoms["S"] / heavy,
        "benzene": sum(n for name, n in groups.items() if name[:3] == "C6H") * 76.1 / mass,
        "imide": groups.get("imide", 0) * 70.0 / mass,
        "ester": sum(match[0] in unit.middle for match in esters) * 44.0 / mass,
        "leaving": len(_places(unit, LEAVING, 2)) / heavy,
        "tertiary": sum(map(_TERTIARY.Match, unit.path)) / len(unit.path),
        "aromatic_backbone": in_backbone,
        "aromatic_side": len(aromatic) / heavy - in_backbone,
        # Aromatic backbone stays as char where there is little hydrogen to carry it away.
        "char_former": in_backbone * (1.0 - hydrogen_share),
    }


@lru_cache(maxsize=2)  # several models ask of the same chain
def char_groups(unit: Chain) -> dict[str, float]:
    """Mass fraction of the unit in each of `CHAR_GROUPS` that it has, its hydrogens included."""
    found = {}
    for name, pattern in CHAR_GROUPS.items():
        if not _ELEMENTS[name] <= unit.composition.keys():
            continue
        atoms = [unit.atoms[k] for k in _places(unit, pattern)]
        if atoms:
            mass = sum(atom.GetMass() + 1.008 * atom.GetTotalNumHs() for atom in atoms)
            found[name] = min(mass / unit.molar_mass, 1.0)
    return found


def _places(unit: Chain, pattern: Chem.Mol, which: int | None = None) -> set[int]:
    """Places in the unit that matches of a pattern cover, or their atom ``which`` alone."""
    chosen = slice(None) if which is None else slice(which, which + 1)
    matches = unit.chain.GetSubstructMatches(pattern, maxMatches=100_000)
    return {k - unit.middle.start for match in matches for k in match[chosen] if k in unit.middle}


def bicerano_t50(unit: Chain) -> float:
    """Temperature [K] of half decomposition from connectivity, within ``BICERANO_RANGE_K``.

    T = 1000 (7.17 N - 2.31 H + 12.52 chi1v) / M, with N heavy atoms, H hydrogens, M [g/mol] and the
    first-order valence connectivity index of the unit in the chain (Bicerano, *Prediction of
    Polymer Properties*, 3rd ed. 2002, eq. 16.5, as coded in the package
    polymer-property-prediction 1.0.11). A published fit that has common plastics among its
    polymers; with three constants it remembers none of them.
    """
    # Each bond is met from both of its ends, one to the next unit in an image of this one.
    delta = [_valence_delta(atom) for atom in unit.atoms]
    index = sum(
        0.5 / (here * delta[near.GetIdx() % len(delta)]) ** 0.5
        for atom, here in zip(unit.atoms, delta, strict=True)
        for near in atom.GetNeighbors()
    )
    hydrogen = unit.composition["H"]
    value = 1000 * (7.17 * len(unit.atoms) - 2.31 * hydrogen + 12.52 * index) / unit.molar_mass
    low, high = BICERANO_RANGE_K
    return min(max(value, low), high)


def _valence_delta(atom: Chem.Atom) -> float:
    """Kier and Hall's valence delta: (Zv - h) / (Z - Zv - 1)."""
    number, hydrogens = atom.GetAtomicNum(), atom.GetTotalNumHs()
    outer = _TABLE.GetNOuterElecs(number)
    return max(outer - hydrogens, 1) / (number - outer - 1)


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
