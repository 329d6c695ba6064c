"""The endless chain of a repeat unit: oligomers, its cuts, and one canonical way to write it.

The chain is seen as a necklace of *segments*, the pieces between the backbone bonds that lie in no
ring; its smallest period, read from the smallest starting place in the smaller direction, names
the polymer. All functions take a repeat unit that :func:`trinity.chemistry.polymers.parse_psmiles`
has read, an RDKit molecule with two dummy atoms, and leave it as it is.
"""

from itertools import pairwise
from math import ceil
from typing import NamedTuple

from rdkit import Chem, rdBase
from rdkit.Chem import rdqueries

_STAR = rdqueries.AtomNumEqualsQueryAtom(0)
AZOLE = Chem.MolFromSmarts("n1[a;!$(a=*)][a;!$(a=*)][a;!$(a=*)][a;!$(a=*)]1")


def atoms_of(mol: Chem.Mol) -> list[Chem.Atom]:
    """The atoms in order, five times as fast as RDKit's own sequence."""
    return [mol.GetAtomWithIdx(k) for k in range(mol.GetNumAtoms())]


def stars(mol: Chem.Mol) -> list[Chem.Atom]:
    """The dummy atoms at the two ends."""
    return list(mol.GetAtomsMatchingQuery(_STAR))


def path_of(mol: Chem.Mol) -> tuple[int, ...]:
    """The atoms on a shortest way from end to end."""
    return Chem.GetShortestPath(mol, *(end.GetIdx() for end in stars(mol)))


def oligomer(mol: Chem.Mol, n: int) -> Chem.Mol:
    """Join ``n`` >= 1 repeat units head to tail; atoms ``k*m .. (k+1)*m-1`` are the k-th of them.

    ``m`` is the number of atoms of ``mol`` without ``*``. The last two atoms are dummies, the ends.
    """
    ends = stars(mol)
    order = ends[0].GetBonds()[0].GetBondType()
    head, tail = (end.GetIdx() for end in ends)
    anchors = (end.GetNeighbors()[0].GetIdx() for end in ends)
    first, last = (at - (at > head) - (at > tail) for at in anchors)
    unit = Chem.RWMol(mol)
    unit.RemoveAtom(tail)
    unit.RemoveAtom(head)
    size = unit.GetNumAtoms()
    chain = Chem.RWMol(unit)
    for offset in range(size, n * size, size):
        chain.InsertMol(unit)
        chain.AddBond(offset - size + last, offset + first, order)
    for anchor in (first, (n - 1) * size + last):
        chain.AddBond(anchor, chain.AddAtom(Chem.Atom(0)), order)
    if order != Chem.BondType.SINGLE:
        Chem.SanitizeMol(chain)
        return chain
    # Beside a single bond a ring is what it was in the unit; to see all anew takes twice the time.
    chain.UpdatePropertyCache(False)
    Chem.GetSymmSSSR(chain)
    return chain


def middle_unit(mol: Chem.Mol, context: int = 6) -> tuple[Chem.Mol, range]:
    """An oligomer, and the indices of its middle unit, which sees the chain as an endless one does.

    At least ``context`` backbone bonds lie on each side of it; its atoms keep their order.
    """
    flank = ceil(context / (len(path_of(mol)) - 2))
    n_atoms = mol.GetNumAtoms() - 2
    return oligomer(mol, 2 * flank + 1), range(flank * n_atoms, (flank + 1) * n_atoms)


class _Segment(NamedTuple):
    """A piece of chain between two bonds that lie in no ring, read in one direction."""

    token: str  # the same for the same piece read in the same direction
    order: Chem.BondType  # of the bond that leaves it
    left: int
    right: int
    piece: Chem.Mol


def _segments(mol: Chem.Mol) -> tuple[list[_Segment], list[_Segment]]:
    """The segments of the chain, read from one end and from the other."""
    steps = [(mol.GetBondBetweenAtoms(*step), *step) for step in pairwise(path_of(mol))]
    opened = [step for step in steps if not step[0].IsInRing()]
    cut = Chem.FragmentOnBonds(mol, [bond.GetIdx() for bond, *_ in opened], addDummies=False)
    held = [atom.GetTotalNumHs() for atom in atoms_of(mol)]
    for atom, hydrogens in zip(atoms_of(cut), held, strict=True):  # the cut adds and takes none
        atom.SetNumExplicitHs(hydrogens)
        atom.SetNoImplicit(True)
    number, places = [], []
    pieces = Chem.GetMolFrags(cut, True, False, number, places)
    forward, backward = [], []
    for (entering, _, left), (leaving, right, _) in pairwise(opened):
        piece, atoms = pieces[number[left]], places[number[left]]
        ends = atoms.index(left), atoms.index(right)
        forth, back = _tokens(piece, *ends)
        forward.append(_Segment(forth, leaving.GetBondType(), *ends, piece))
        backward.append(_Segment(back, entering.GetBondType(), *ends[::-1], piece))
    return forward, backward[::-1]


def _tokens(piece: Chem.Mol, left: int, right: int) -> tuple[str, str]:
    """What a piece reads in both directions."""
    first, last = piece.GetAtomWithIdx(left), piece.GetAtomWithIdx(right)
    if piece.GetNumAtoms() == 1:
        charge = first.GetFormalCharge()
        return (f"{first.GetSymbol()}{first.GetNumExplicitHs()}{charge:+d}",) * 2
    last.SetAtomMapNum(2)
    first.SetAtomMapNum(1)  # one atom at both ends is the first
    forth = back = Chem.MolToSmiles(piece)
    if left != right:
        first.SetAtomMapNum(2)
        last.SetAtomMapNum(1)
        back = Chem.MolToSmiles(piece)
    first.SetAtomMapNum(0)
    last.SetAtomMapNum(0)
    return forth, back


def _azoles(mol: Chem.Mol) -> list[list[Chem.Atom]]:
    """The nitrogens of each azole ring between which a hydrogen moves."""
    rings = (map(mol.GetAtomWithIdx, ring) for ring in mol.GetSubstructMatches(AZOLE))
    found = ([a for a in ring if a.GetAtomicNum() == 7 and a.GetDegree() == 2] for ring in rings)
    return [nitrogens for nitrogens in found if any(n.GetTotalNumHs() for n in nitrogens)]


def _written(reading: list[_Segment]) -> str:
    """Canonical PSMILES of the repeat unit that a row of segments makes."""
    unit, ends = Chem.RWMol(), []
    for segment in reading:
        offset = unit.GetNumAtoms()
        unit.InsertMol(segment.piece)
        ends.append((offset + segment.left, offset + segment.right))
    for segment, (_, right), (left, _) in zip(reading, ends, ends[1:], strict=False):
        unit.AddBond(right, left, segment.order)
    for anchor in (ends[0][0], ends[-1][1]):
        unit.AddBond(anchor, unit.AddAtom(Chem.Atom(0)), reading[-1].order)
    unit.UpdatePropertyCache(False)
    Chem.FastFindRings(unit)
    if azoles := [ring for ring in _azoles(unit) if all(n.GetTotalNumHs() for n in ring)]:
        Chem.MolToSmiles(unit)
        order = list(unit.GetPropsAsDict(True, True)["_smilesAtomOutputOrder"])
        for ring in azoles:  # the hydrogen stays on the nitrogen that is written first
            for other in sorted(ring, key=lambda n: order.index(n.GetIdx()))[1:]:
                other.SetNumExplicitHs(0)
    return Chem.MolToSmiles(unit)


def canonical_of(mol: Chem.Mol, tautomers: bool = True) -> str:
    """The canonical PSMILES of the shortest repeat unit, one for the ``tautomers`` of azoles."""
    # Cut at a double bond, a ring beside the cut is seen as what it is in the chain only.
    units = 1 if stars(mol)[0].GetBonds()[0].GetBondType() == Chem.BondType.SINGLE else 3
    chain = Chem.Mol(mol) if units == 1 else oligomer(mol, units)
    azoles = _azoles(chain) if tautomers else []
    for nitrogen in (n for ring in azoles for n in ring):
        nitrogen.SetNumExplicitHs(1)
    chain.UpdatePropertyCache(False)
    forward, backward = _segments(chain)
    unit = len(forward) // units
    forward, backward = (segments[(units // 2) * unit :][:unit] for segments in (forward, backward))
    size, symbols = len(forward), [segment[:2] for segment in forward]
    period = next(
        p for p in range(1, size + 1) if size % p == 0 and symbols == symbols[p:] + symbols[:p]
    )
    weakest = min(segment.order for segment in forward)  # cut single bonds where there are any
    readings = (
        (segments[start:] + segments[:start])[:period]
        for segments in (forward, backward)
        for start in range(period)
        if segments[start - 1].order == weakest
    )
    text = _written(min(readings, key=lambda reading: [segment[:2] for segment in reading]))
    if azoles:
        with rdBase.BlockLogs():
            if Chem.MolFromSmiles(text) is None:  # a hydrogen where the rings around allow none
                return canonical_of(mol, tautomers=False)
    return text


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
    forward, _ = _segments(unit)
    others = [
        _written(forward[start:] + forward[:start])
        for start in range(1, len(forward))
        if forward[start - 1].order == forward[-1].order  # a cut keeps to that of the two ends
    ]
    return list(dict.fromkeys([Chem.MolToSmiles(unit), *others]))
