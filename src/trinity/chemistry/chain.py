"""The endless chain of a repeat unit: oligomers, its cuts, and one canonical way to write it.

The chain is seen as a necklace of *segments*, the pieces between the backbone bonds that lie in no
ring; its smallest period, read from the smallest starting place in the smaller direction, names
the polymer. All functions take a repeat unit that :func:`trinity.chemistry.polymers.parse_psmiles`
has read, an RDKit molecule with two dummy atoms, and leave it as it is.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from rdkit import Chem

BOND_ORDERS = {
    Chem.BondType.SINGLE: 1,
    Chem.BondType.DOUBLE: 2,
    Chem.BondType.TRIPLE: 3,
    Chem.BondType.AROMATIC: 4,
}
_BOND_TYPES = {order: kind for kind, order in BOND_ORDERS.items()}


def stars(mol: Chem.Mol) -> list[Chem.Atom]:
    """The dummy atoms at the two ends."""
    return [atom for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]


def oligomer(mol: Chem.Mol, n: int) -> Chem.Mol:
    """Join ``n`` >= 1 repeat units head to tail; atoms ``k*m .. (k+1)*m-1`` are the k-th of them.

    ``m`` is the number of atoms without ``*``, in the order of ``mol``. The two free ends carry
    dummy atoms, the last two atoms of the result.
    """
    head, tail = stars(mol)
    order = head.GetBonds()[0].GetBondType()
    ends = sorted((head.GetIdx(), tail.GetIdx()), reverse=True)
    first, last = (
        at - sum(at > end for end in ends)
        for at in (end.GetNeighbors()[0].GetIdx() for end in (head, tail))
    )
    unit = Chem.RWMol(mol)
    for end in ends:
        unit.RemoveAtom(end)
    size = unit.GetNumAtoms()
    chain = Chem.RWMol(unit)
    for offset in range(size, n * size, size):
        chain.InsertMol(unit)
        chain.AddBond(offset - size + last, offset + first, order)
    for anchor in (first, (n - 1) * size + last):
        chain.AddBond(anchor, chain.AddAtom(Chem.Atom(0)), order)
    Chem.SanitizeMol(chain)
    return chain.GetMol()


def middle_unit(mol: Chem.Mol, context: int = 6) -> tuple[Chem.Mol, range]:
    """An oligomer, and the indices of its middle unit, which sees the chain as an endless one does.

    At least ``context`` backbone bonds lie on each side of the unit; its atoms keep the order that
    they have in ``mol`` without ``*``.
    """
    backbone = len(Chem.GetShortestPath(mol, *(end.GetIdx() for end in stars(mol)))) - 2
    flank = ceil(context / backbone)
    n_atoms = mol.GetNumAtoms() - 2
    return oligomer(mol, 2 * flank + 1), range(flank * n_atoms, (flank + 1) * n_atoms)


@dataclass(frozen=True)
class _Segment:
    """A piece of chain between two bonds that lie in no ring, read in one direction."""

    token: str  # the same for the same piece read in the same direction
    order: int  # of the bond that leaves it
    left: int
    right: int
    atoms: tuple[int, ...]


def _segments(mol: Chem.Mol) -> tuple[list[_Segment], list[_Segment]]:
    """The segments of the chain, read from one end and from the other."""
    head, tail = (end.GetIdx() for end in stars(mol))
    path = Chem.GetShortestPath(mol, head, tail)
    bonds = [mol.GetBondBetweenAtoms(*pair) for pair in pairwise(path)]
    opened = [k for k, bond in enumerate(bonds) if not bond.IsInRing()]
    cut = {bonds[k].GetIdx() for k in opened}
    forward, backward = [], []
    for start, stop in pairwise(opened):
        left, right = path[start + 1], path[stop]
        entering, leaving = (BOND_ORDERS[bonds[k].GetBondType()] for k in (start, stop))
        atoms = _reachable(mol, left, cut)
        token = _token(mol, left, right, atoms)
        turned = token if left == right else _token(mol, right, left, atoms)
        forward.append(_Segment(token, leaving, left, right, atoms))
        backward.append(_Segment(turned, entering, right, left, atoms))
    return forward, backward[::-1]


def _reachable(mol: Chem.Mol, start: int, cut: set[int]) -> tuple[int, ...]:
    """Atoms connected to ``start`` without crossing the bonds of ``cut``."""
    seen, stack = {start}, [start]
    while stack:
        here = stack.pop()
        for bond in mol.GetAtomWithIdx(here).GetBonds():
            other = bond.GetOtherAtomIdx(here)
            if bond.GetIdx() not in cut and other not in seen:
                seen.add(other)
                stack.append(other)
    return tuple(sorted(seen))


def _token(mol: Chem.Mol, left: int, right: int, atoms: tuple[int, ...]) -> str:
    if len(atoms) == 1:
        atom = mol.GetAtomWithIdx(left)
        return f"{atom.GetSymbol()}{atom.GetTotalNumHs()}{atom.GetFormalCharge():+d}"
    piece = Chem.RWMol()
    place = _copy(mol, atoms, piece)
    piece.GetAtomWithIdx(place[right]).SetAtomMapNum(2)
    piece.GetAtomWithIdx(place[left]).SetAtomMapNum(1)
    return Chem.MolToSmiles(piece)


def _copy(mol: Chem.Mol, atoms: tuple[int, ...], into: Chem.RWMol) -> dict[int, int]:
    """Add ``atoms`` and the bonds among them; hydrogens are fixed, so that a cut adds none."""
    place = {}
    for old in atoms:
        atom = mol.GetAtomWithIdx(old)
        place[old] = into.AddAtom(atom)
        copy = into.GetAtomWithIdx(place[old])
        copy.SetNumExplicitHs(atom.GetTotalNumHs())
        copy.SetNoImplicit(True)
    for old in atoms:
        for bond in mol.GetAtomWithIdx(old).GetBonds():
            other = bond.GetOtherAtomIdx(old)
            if other in place and old < other:
                into.AddBond(place[old], place[other], bond.GetBondType())
    return place


def _period(symbols: list) -> int:
    """Smallest p that divides the length and maps the sequence onto itself when turned by p."""
    n = len(symbols)
    return next(p for p in range(1, n + 1) if n % p == 0 and symbols == symbols[p:] + symbols[:p])


def _smallest_reading(forward: list[_Segment], backward: list[_Segment]) -> list[_Segment]:
    """One period of the chain from its canonical starting place, in its canonical direction."""
    symbols = sorted({(s.token, s.order) for s in forward + backward})
    rank = {symbol: k for k, symbol in enumerate(symbols)}
    period = _period([rank[s.token, s.order] for s in forward])
    weakest = min(s.order for s in forward)  # cut single bonds where there are any
    best = None
    for segments in (forward, backward):
        ranks = [rank[s.token, s.order] for s in segments[:period]]
        for start in range(period):
            reading = ranks[start:] + ranks[:start]
            if segments[start - 1].order == weakest and (best is None or reading < best[0]):
                best = reading, segments, start
    _, segments, start = best
    return [segments[(start + k) % len(segments)] for k in range(period)]


def canonical_of(mol: Chem.Mol) -> str:
    """The canonical PSMILES of the shortest repeat unit of the chain."""
    reading = _smallest_reading(*_segments(mol))
    unit = Chem.RWMol()
    places = [_copy(mol, segment.atoms, unit) for segment in reading]
    for (a, into_a), (b, into_b) in pairwise(zip(reading, places, strict=True)):
        unit.AddBond(into_a[a.right], into_b[b.left], _BOND_TYPES[a.order])
    for anchor in (places[0][reading[0].left], places[-1][reading[-1].right]):
        unit.AddBond(anchor, unit.AddAtom(Chem.Atom(0)), _BOND_TYPES[reading[-1].order])
    # Read again: brackets that fixed hydrogens needed go away, rings are perceived anew.
    return Chem.CanonSmiles(Chem.MolToSmiles(unit))


def cuts(unit: Chem.Mol) -> list[str]:
    """The repeat unit as RDKit spells it from every cut of a backbone bond in no ring, each once.

    The first is the cut that the unit has. A network that has read every cut in training needs no
    canonical one.

    Examples
    --------
    >>> cuts(Chem.MolFromSmiles("*CC(*)O"))
    ['*CC(*)O']
    >>> cuts(Chem.MolFromSmiles("*CCO*"))
    ['*CCO*', '*COC*']
    """
    size = unit.GetNumAtoms() - 2
    chain = oligomer(unit, 2)
    head, tail = 2 * size, 2 * size + 1  # the dummy atoms are the last two
    order = stars(unit)[0].GetBonds()[0].GetBondType()  # a cut keeps to that of the two ends
    found = [Chem.MolToSmiles(unit)]
    for before, after in pairwise(Chem.GetShortestPath(chain, head, tail)):
        bond = chain.GetBondBetweenAtoms(before, after)
        if max(before, after) < size and not bond.IsInRing() and bond.GetBondType() == order:
            later = chain.GetBondBetweenAtoms(before + size, after + size)
            found.append(Chem.CanonSmiles(_between(chain, bond, later, after)))
    return list(dict.fromkeys(found))


def _between(chain: Chem.Mol, first: Chem.Bond, second: Chem.Bond, inside: int) -> str:
    """SMILES of what lies between two bonds, the one piece that holds the atom ``inside``."""
    bonds = [first.GetIdx(), second.GetIdx()]
    pieces = Chem.FragmentOnBonds(chain, bonds, dummyLabels=[(0, 0), (0, 0)])
    atoms = next(found for found in Chem.GetMolFrags(pieces) if inside in found)
    return Chem.MolFragmentToSmiles(pieces, atoms)
