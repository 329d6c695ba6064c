"""Intensive descriptors of the endless chain, the same for every way to write it."""

from rdkit import Chem

from trinity.chemistry.chain import middle_unit
from trinity.chemistry.groups import GroupCount, claim_groups
from trinity.chemistry.thermochemistry import composition, molar_mass

_BENZENE_RINGS = ("C6H4", "C6H3", "C6H2", "C6Hx")
_SP3 = Chem.HybridizationType.SP3
ALIPHATIC_ESTER = Chem.MolFromSmarts("[CX3](=O)([CX4])[OX2][CX4]")
_TABLE = Chem.GetPeriodicTable()
BICERANO_RANGE_K = (450.0, 800.0)  # where common chains lie; beyond it the formula is not trusted


class Chain:
    """A repeat unit inside its chain: what all descriptors and groups are read from.

    Attributes
    ----------
    mol : rdkit Mol
        The repeat unit, with its ``*``.
    chain, middle : rdkit Mol, range
        An oligomer and the atoms of its middle unit.
    groups : GroupCount
    composition : dict of str to int
    molar_mass : float
        [g/mol]
    """

    def __init__(self, mol: Chem.Mol):
        self.mol = mol
        self.chain, self.middle = middle_unit(mol)
        self.groups: GroupCount = claim_groups(mol, self.chain, self.middle)
        self.composition = composition(mol)
        self.molar_mass = molar_mass(self.composition)
        self.atoms = [self.chain.GetAtomWithIdx(k) for k in self.middle]
        ends = self.chain.GetNumAtoms() - 2, self.chain.GetNumAtoms() - 1
        path = set(Chem.GetShortestPath(self.chain, *ends))
        self.path = [atom for atom in self.atoms if atom.GetIdx() in path]
        self.backbone = set(path)
        for ring in self.chain.GetRingInfo().AtomRings():
            if not path.isdisjoint(ring):
                self.backbone.update(ring)

    def share(self, test) -> float:
        """Share of the heavy atoms that pass a test."""
        return sum(map(test, self.atoms)) / len(self.atoms)

    def path_share(self, test) -> float:
        """Share of the atoms on the shortest way from end to end that pass a test."""
        return sum(map(test, self.path)) / len(self.path)

    def element_share(self, *symbols: str) -> float:
        """Share of the heavy atoms that are of these elements."""
        return self.share(lambda atom: atom.GetSymbol() in symbols)


def describe(unit: Chain) -> dict[str, float]:
    """Shares in [0, 1] of atoms or mass, and Bicerano's temperature [K]."""
    in_backbone = unit.share(lambda a: a.GetIsAromatic() and a.GetIdx() in unit.backbone)
    groups, mass = unit.groups.counts, unit.molar_mass
    hydrogen, carbon = (unit.composition.get(symbol, 0) for symbol in "HC")
    hydrogen_share = hydrogen / max(hydrogen + carbon, 1)
    return {
        "bicerano_k": bicerano_t50(unit),
        "oxygen": unit.element_share("O"),
        "fluorine": unit.element_share("F"),
        "silicon": unit.element_share("Si"),
        "sulfur": unit.element_share("S"),
        "benzene": sum(groups.get(ring, 0) for ring in _BENZENE_RINGS) * 76.1 / mass,
        "imide": groups.get("imide", 0) * 70.0 / mass,
        "ester": _anchored(unit, ALIPHATIC_ESTER) * 44.0 / mass,
        "tertiary": unit.path_share(_is_tertiary),
        "aromatic_backbone": in_backbone,
        "aromatic_side": unit.share(lambda a: a.GetIsAromatic()) - in_backbone,
        # Aromatic backbone stays as char where there is little hydrogen to carry it away.
        "char_former": in_backbone * (1.0 - hydrogen_share),
    }


def _anchored(unit: Chain, pattern: Chem.Mol) -> int:
    matches = unit.chain.GetSubstructMatches(pattern)
    return sum(match[0] in unit.middle for match in matches)


def _is_tertiary(atom: Chem.Atom) -> bool:
    return (
        atom.GetAtomicNum() == 6
        and atom.GetTotalNumHs() == 1
        and atom.GetHybridization() == _SP3
        and not atom.IsInRing()
    )


def bicerano_t50(unit: Chain) -> float:
    """Temperature [K] of half decomposition from connectivity, within ``BICERANO_RANGE_K``.

    T = 1000 (7.17 N - 2.31 H + 12.52 chi1v) / M, with N heavy atoms, H hydrogens, M [g/mol] and the
    first-order valence connectivity index of the unit in the chain (Bicerano, *Prediction of
    Polymer Properties*, 3rd ed. 2002, eq. 16.5, as coded in the package
    polymer-property-prediction 1.0.11). A published fit that has common plastics among its
    polymers; with three constants it remembers none of them.
    """
    index = 0.0
    delta = {}
    for atom in unit.atoms:
        here = delta.setdefault(atom.GetIdx(), _valence_delta(atom))
        for near in atom.GetNeighbors():
            there = delta.setdefault(near.GetIdx(), _valence_delta(near))
            index += 0.5 / (here * there) ** 0.5  # each bond is met from both of its ends
    hydrogen = unit.composition.get("H", 0)
    value = 1000 * (7.17 * len(unit.atoms) - 2.31 * hydrogen + 12.52 * index) / unit.molar_mass
    low, high = BICERANO_RANGE_K
    return min(max(value, low), high)


def _valence_delta(atom: Chem.Atom) -> float:
    """Kier and Hall's valence delta: (Zv - h) / (Z - Zv - 1)."""
    number, hydrogens = atom.GetAtomicNum(), atom.GetTotalNumHs()
    outer = _TABLE.GetNOuterElecs(number)
    return max(outer - hydrogens, 1) / (number - outer - 1)
