"""Intensive descriptors of the endless chain, the same for every way to write it."""

from rdkit import Chem

from trinity.chemistry.chain import middle_unit, path_of
from trinity.chemistry.groups import GroupCount, claim_groups
from trinity.chemistry.thermochemistry import composition, molar_mass

_BENZENE_RINGS = ("C6H4", "C6H3", "C6H2", "C6Hx")
_TERTIARY = Chem.AtomFromSmarts("[CX4;H1;!R]")
ALIPHATIC_ESTER = Chem.MolFromSmarts("[CX3](=O)([CX4])[OX2][CX4]")
_TABLE = Chem.GetPeriodicTable()
BICERANO_RANGE_K = (450.0, 800.0)  # where common chains lie; beyond it the formula is not trusted


class Chain:
    """A repeat unit ``mol`` inside its chain: what all descriptors and groups are read from.

    ``chain`` is an oligomer, ``atoms`` those of its ``middle`` unit, ``path`` those of them on the
    shortest way from end to end, ``backbone`` the indices of that way and of the rings on it.
    ``molar_mass`` is in g/mol.
    """

    def __init__(self, mol: Chem.Mol):
        self.mol = mol
        self.chain, self.middle = middle_unit(mol)
        self.groups: GroupCount = claim_groups(mol, self.chain, self.middle)
        self.composition = composition(mol)
        self.molar_mass = molar_mass(self.composition)
        self.atoms = [self.chain.GetAtomWithIdx(k) for k in self.middle]
        self.backbone = set(path_of(self.chain))
        self.path = [atom for atom in self.atoms if atom.GetIdx() in self.backbone]
        rings = self.chain.GetRingInfo().AtomRings()
        self.backbone.update(*(ring for ring in rings if not self.backbone.isdisjoint(ring)))

    def share(self, test) -> float:
        """Share of the heavy atoms that pass a test."""
        return sum(map(test, self.atoms)) / len(self.atoms)


def describe(unit: Chain) -> dict[str, float]:
    """Shares in [0, 1] of atoms or mass, and Bicerano's temperature [K]."""
    esters = unit.chain.GetSubstructMatches(ALIPHATIC_ESTER)
    in_backbone = unit.share(lambda a: a.GetIsAromatic() and a.GetIdx() in unit.backbone)
    groups, atoms, mass = unit.groups.counts, unit.composition, unit.molar_mass
    hydrogen_share = atoms["H"] / max(atoms["H"] + atoms["C"], 1)
    return {
        "bicerano_k": bicerano_t50(unit),
        "oxygen": atoms["O"] / len(unit.atoms),
        "fluorine": atoms["F"] / len(unit.atoms),
        "silicon": atoms["Si"] / len(unit.atoms),
        "sulfur": atoms["S"] / len(unit.atoms),
        "benzene": sum(groups.get(ring, 0) for ring in _BENZENE_RINGS) * 76.1 / mass,
        "imide": groups.get("imide", 0) * 70.0 / mass,
        "ester": sum(match[0] in unit.middle for match in esters) * 44.0 / mass,
        "tertiary": sum(map(_TERTIARY.Match, unit.path)) / len(unit.path),
        "aromatic_backbone": in_backbone,
        "aromatic_side": unit.share(lambda a: a.GetIsAromatic()) - in_backbone,
        # Aromatic backbone stays as char where there is little hydrogen to carry it away.
        "char_former": in_backbone * (1.0 - hydrogen_share),
    }


def bicerano_t50(unit: Chain) -> float:
    """Temperature [K] of half decomposition from connectivity, within ``BICERANO_RANGE_K``.

    T = 1000 (7.17 N - 2.31 H + 12.52 chi1v) / M, with N heavy atoms, H hydrogens, M [g/mol] and the
    first-order valence connectivity index of the unit in the chain (Bicerano, *Prediction of
    Polymer Properties*, 3rd ed. 2002, eq. 16.5, as coded in the package
    polymer-property-prediction 1.0.11). A published fit that has common plastics among its
    polymers; with three constants it remembers none of them.
    """
    # Each bond inside the unit is met from both of its ends, one to a neighbour unit on each side.
    index = sum(
        0.5 / (_valence_delta(atom) * _valence_delta(near)) ** 0.5
        for atom in unit.atoms
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
