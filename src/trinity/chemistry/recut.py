"""One chain cut at another place: the spellings of a repeat unit that differ by where it begins.

`polymers.canonical_psmiles` names a chain whatever its cut, for a millisecond of work. A
network that has read every cut in training can do without.
"""

from itertools import pairwise

from rdkit import Chem

from trinity.chemistry.polymers import oligomer, parse_psmiles


def spelled(molecule: Chem.Mol) -> str:
    """RDKit's canonical SMILES of a repeat unit that `polymers.parse_psmiles` has read.

    It does not depend on the order of the atoms, but on where the chain is cut.
    """
    return Chem.MolToSmiles(molecule)


def cuts(psmiles: str) -> list[str]:
    """The repeat unit as `spelled` from every cut of a backbone bond in no ring, each once.

    Raises
    ------
    InputError
        As :func:`trinity.chemistry.polymers.parse_psmiles`.

    >>> cuts("*CC(*)O")
    ['*CC(*)O']
    >>> cuts("*CCO*")
    ['*CCO*', '*COC*']
    """
    unit = parse_psmiles(psmiles)
    size = unit.GetNumAtoms() - 2
    chain = oligomer(unit, 2)
    head, tail = 2 * size, 2 * size + 1  # the dummy atoms are the last two
    path = Chem.GetShortestPath(chain, head, tail)
    found = [spelled(unit)]
    for before, after in pairwise(path):
        bond = chain.GetBondBetweenAtoms(before, after)
        if max(before, after) < size and not bond.IsInRing() and _like_the_ends(bond, unit):
            later = chain.GetBondBetweenAtoms(before + size, after + size)
            found.append(spelled(parse_psmiles(_between(chain, bond, later, after))))
    return list(dict.fromkeys(found))


def _like_the_ends(bond: Chem.Bond, unit: Chem.Mol) -> bool:
    """Whether a bond is of the order of the bonds to the two ``*``: cuts keep to that."""
    end = next(atom for atom in unit.GetAtoms() if atom.GetAtomicNum() == 0)
    return bond.GetBondType() == end.GetBonds()[0].GetBondType()


def _between(chain: Chem.Mol, first: Chem.Bond, second: Chem.Bond, inside: int) -> str:
    """SMILES of what lies between two bonds, the one piece that holds the atom ``inside``."""
    bonds = [first.GetIdx(), second.GetIdx()]
    pieces = Chem.FragmentOnBonds(chain, bonds, dummyLabels=[(0, 0), (0, 0)])
    atoms = next(found for found in Chem.GetMolFrags(pieces) if inside in found)
    return Chem.MolFragmentToSmiles(pieces, atoms)
