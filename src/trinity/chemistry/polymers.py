"""Polymers as text: reading a PSMILES, and one key for one chain.

A PSMILES is the SMILES of a repeat unit whose two ends are marked by ``*``. The same chain can be
written in many ways: by atom order, by the spelling of ``*``, by the place where the chain is cut,
by its direction and by how many units are written. Splitting data by polymer needs one name for
all of them. The chain is therefore seen as an endless necklace of *segments*, the pieces between
the backbone bonds that lie in no ring; its smallest period, read from the smallest starting place
in the smaller direction, names the polymer.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import ceil, isclose

from rdkit import Chem, rdBase

from trinity.errors import InputError

ALLOWED_ELEMENTS = frozenset("H B C N O F Si P S Cl Br I".split())
MAX_LENGTH = 2000  # characters; longer repeat units are typing errors or attacks
_BOND_ORDERS = {
    Chem.BondType.SINGLE: 1,
    Chem.BondType.DOUBLE: 2,
    Chem.BondType.TRIPLE: 3,
    Chem.BondType.AROMATIC: 4,
}
_BOND_TYPES = {order: kind for kind, order in _BOND_ORDERS.items()}


def parse_psmiles(psmiles: str) -> Chem.Mol:
    """Read and check a PSMILES; the molecule keeps its two dummy atoms (atomic number 0).

    Stereo marks are dropped: none of the property models uses them, and tacticity is rarely known.

    Raises
    ------
    InputError
        If the text is empty, too long or no SMILES; has not exactly two ``*``, more than one
        fragment, an element outside ``ALLOWED_ELEMENTS``, a net charge, a radical or an isotope;
        or if its two ends cannot be joined.
    """
    text = _checked_text(psmiles)
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(text)
    if mol is None:
        raise InputError(f"{_quoted(text)} is not a valid SMILES; check brackets and valences.")
    _check_composition(mol, text)
    _check_ends(mol, text)
    Chem.RemoveStereochemistry(mol)
    for atom in mol.GetAtoms():
        atom.SetAtomMapNum(0)
        atom.SetIsotope(0)
    return mol


def _quoted(text: str) -> str:
    """The text for a message: cut short, and with nothing in it that a terminal would act on."""
    return ascii(text if len(text) <= 60 else text[:57] + "...")


def _checked_text(psmiles: str) -> str:
    if not isinstance(psmiles, str):
        raise InputError(f"A PSMILES must be text, not {_quoted(repr(psmiles))}.")
    text = psmiles.strip()
    if not text:
        raise InputError("The PSMILES is empty; give a repeat unit such as '*CC*'.")
    if len(text) > MAX_LENGTH:
        raise InputError(
            f"The PSMILES has {len(text)} characters; a repeat unit has at most {MAX_LENGTH}."
        )
    if not all("!" <= character <= "~" for character in text):
        raise InputError(f"{_quoted(text)} has a space or a character that SMILES does not use.")
    return text


def _check_composition(mol: Chem.Mol, text: str) -> None:
    shown = _quoted(text)
    n_ends = sum(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms())
    if n_ends != 2:
        raise InputError(f"{shown} has {n_ends} attachment points; it must have two.")
    if len(Chem.GetMolFrags(mol)) > 1:
        raise InputError(
            f"{shown} has more than one fragment; write a copolymer through components."
        )
    for atom in mol.GetAtoms():
        symbol = atom.GetSymbol()
        if atom.GetAtomicNum() == 0:
            continue
        if symbol not in ALLOWED_ELEMENTS:
            allowed = " ".join(sorted(ALLOWED_ELEMENTS))
            raise InputError(f"{shown} has the element {symbol}; allowed are {allowed}.")
        if atom.GetNumRadicalElectrons():
            raise InputError(f"{shown} has a radical at {symbol}; close its valence.")
        if atom.GetIsotope():
            raise InputError(f"{shown} names an isotope of {symbol}; write the plain element.")
    charge = Chem.GetFormalCharge(mol)
    if charge:
        raise InputError(f"{shown} has a net charge of {charge:+d}; a repeat unit is neutral.")
    if any(bond.GetBondType() not in _BOND_ORDERS for bond in mol.GetBonds()):
        raise InputError(f"{shown} has a bond that is not single, double, triple or aromatic.")


def _check_ends(mol: Chem.Mol, text: str) -> None:
    ends = _ends(mol)
    if any(end.GetDegree() != 1 or end.GetTotalNumHs() or end.GetFormalCharge() for end in ends):
        raise InputError(f"{_quoted(text)}: each * must be bonded to exactly one atom.")
    if any(end.GetNeighbors()[0].GetAtomicNum() in (0, 1) for end in ends):
        raise InputError(f"{_quoted(text)} has no repeat unit between its two *.")
    orders = {_BOND_ORDERS[end.GetBonds()[0].GetBondType()] for end in ends}
    if len(orders) > 1 or 4 in orders:
        raise InputError(f"{_quoted(text)}: the bonds to the two * must be of the same order.")


def _ends(mol: Chem.Mol) -> list[Chem.Atom]:
    return [atom for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]


def oligomer(mol: Chem.Mol, n: int) -> Chem.Mol:
    """Join ``n`` >= 1 repeat units head to tail; atoms ``k*m .. (k+1)*m-1`` are the k-th of them.

    ``m`` is the number of atoms without ``*``, in the order of ``mol``. The two free ends carry
    dummy atoms, the last two atoms of the result.
    """
    head, tail = _ends(mol)
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
    backbone = len(Chem.GetShortestPath(mol, *(end.GetIdx() for end in _ends(mol)))) - 2
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
    head, tail = (end.GetIdx() for end in _ends(mol))
    path = Chem.GetShortestPath(mol, head, tail)
    bonds = [mol.GetBondBetweenAtoms(*pair) for pair in pairwise(path)]
    opened = [k for k, bond in enumerate(bonds) if not bond.IsInRing()]
    cut = {bonds[k].GetIdx() for k in opened}
    forward, backward = [], []
    for start, stop in pairwise(opened):
        left, right = path[start + 1], path[stop]
        entering, leaving = (_BOND_ORDERS[bonds[k].GetBondType()] for k in (start, stop))
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


@lru_cache(maxsize=65536)
def canonical_psmiles(psmiles: str) -> str:
    """The canonical PSMILES of the shortest repeat unit of the chain.

    ``*CC*`` and ``*CCCC*`` give ``*C*``: the chain of both is a row of CH2. Cis and trans, and
    tacticity, are not told apart.

    Raises
    ------
    InputError
        As :func:`parse_psmiles`.

    Examples
    --------
    >>> canonical_psmiles("*C(C)C*") == canonical_psmiles("[*]CC([*:1])C")
    True
    """
    return canonical_of(parse_psmiles(psmiles))


def canonical_of(mol: Chem.Mol) -> str:
    """As :func:`canonical_psmiles`, of a repeat unit that :func:`parse_psmiles` has read."""
    reading = _smallest_reading(*_segments(mol))
    unit = Chem.RWMol()
    places = [_copy(mol, segment.atoms, unit) for segment in reading]
    for (a, into_a), (b, into_b) in pairwise(zip(reading, places, strict=True)):
        unit.AddBond(into_a[a.right], into_b[b.left], _BOND_TYPES[a.order])
    for anchor in (places[0][reading[0].left], places[-1][reading[-1].right]):
        unit.AddBond(anchor, unit.AddAtom(Chem.Atom(0)), _BOND_TYPES[reading[-1].order])
    # Read again: brackets that fixed hydrogens needed go away, rings are perceived anew.
    return Chem.CanonSmiles(Chem.MolToSmiles(unit))


def polymer_key(psmiles: str) -> str:
    """The one name of a polymer: equal for two PSMILES if and only if they write the same chain.

    It is the canonical PSMILES of the shortest repeat unit (:func:`canonical_psmiles`).
    """
    return canonical_psmiles(psmiles)


def parse_components(components: str) -> list[tuple[str, float]]:
    """Read ``"psmiles:mass fraction|..."``: the comonomers of a copolymer or blend.

    Returns
    -------
    list of (psmiles, mass fraction)
        Fractions are scaled to sum to 1 exactly.

    Raises
    ------
    InputError
        If a part has no fraction, a fraction is not in (0, 1], or they miss 1 by more than 0.01.
    """
    parsed = []
    for part in _checked_text(components).split("|"):
        # A PSMILES may itself hold a colon ([*:1]); the fraction follows the last one.
        psmiles, colon, number = part.rpartition(":")
        try:
            fraction = float(number)
        except ValueError:
            fraction = -1.0
        if not colon or not 0.0 < fraction <= 1.0:
            raise InputError(
                f"The component {_quoted(part)} must read psmiles:mass fraction, such as *CC*:0.2."
            )
        parse_psmiles(psmiles)
        parsed.append((psmiles, fraction))
    total = sum(fraction for _, fraction in parsed)
    if not isclose(total, 1.0, abs_tol=0.01):
        raise InputError(f"The mass fractions of the components sum to {total:g}, not to 1.")
    return [(psmiles, fraction / total) for psmiles, fraction in parsed]


def as_components(polymer: str | list[tuple[str, float]]) -> list[tuple[str, float]]:
    """A polymer in the form of its components: a homopolymer is one with mass fraction 1."""
    return [(polymer, 1.0)] if isinstance(polymer, str) else list(polymer)
