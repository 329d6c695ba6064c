"""Intensive descriptors of the endless chain, the same for every way to write it."""

from functools import lru_cache

from rdkit import Chem

from trinity.chemistry.chain import atoms_of
from trinity.chemistry.groups import Chain

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
