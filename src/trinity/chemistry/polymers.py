"""Polymers: reading repeat units and copolymers from text, and the one key of a chain.

A PSMILES is the SMILES of a repeat unit whose two ends are marked by ``*``. The same chain can be
written in many ways: by atom order, by the spelling of ``*``, by the place where the chain is cut,
by its direction and by how many units are written. Splitting data by polymer needs one name for
all of them: the canonical repeat unit of the endless chain (:mod:`trinity.chemistry.chain`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from math import isclose

from rdkit import Chem, rdBase

from trinity.chemistry.chain import atoms_of, canonical_of, stars
from trinity.chemistry.measured import Measured, read
from trinity.errors import InputError

ALLOWED_ELEMENTS = frozenset("H B C N O F Si P S Cl Br I".split())
_CHARGED = Chem.MolFromSmarts("[P,S;+,+2,+3]-[*-]")
_ODD_BOND = Chem.MolFromSmarts("*!-;!=;!#;!:*")
MAX_LENGTH = 2000  # characters; longer repeat units are typing errors or attacks
ENDS = "mark the two ends of the repeat unit by *, such as *CC*."
IN_TABLES = "a table has its main repeat unit as psmiles and the whole of it as components"
#: How other notations for polymers show, and what helps.
FOREIGN = {
    r"[{}]|\[[$<>]\d*\]": f" is BigSMILES; {ENDS}",
    r"\[(R\d*|R'*|X|Y|e|t|E|T|\?|Pol|Q)\]": f" has ends that SMILES does not know; {ENDS}",
}
#: Groups that chemists abbreviate, and their atoms as a branch or an end.
GROUPS = {
    "Ph": "c1ccccc1", "Me": "C", "Et": "CC", "Pr": "CCC", "iPr": "C(C)C", "Bu": "CCCC",
    "tBu": "C(C)(C)C", "Ac": "C(C)=O", "OMe": "OC", "OAc": "OC(C)=O",
}  # fmt: skip


@dataclass(frozen=True)
class Polymer:
    """A homopolymer, or a copolymer as components with mass fractions.

    Made by :meth:`parse`, which checks it. ``components`` pairs each PSMILES, as it was given, with
    its mass fraction; they sum to 1. Two polymers are equal if they are written alike; what they
    are is compared through ``key``. ``measured`` values take the place of estimates.
    """

    components: tuple[tuple[str, float], ...]
    measured: Measured = ()

    @classmethod
    def parse(
        cls, polymer: "Polymer | str | Iterable[tuple[str, float]]", components: str | None = None
    ) -> "Polymer":
        """Read and check a polymer.

        Parameters
        ----------
        polymer
            A PSMILES, ``"psmiles:mass fraction|..."``, pairs of both, or a polymer.
        components
            A table's cell of that name: ``"psmiles:mass fraction|..."`` is what the polymer is made
            of, and ``polymer`` the PSMILES of the main one. Blank, or no text, says nothing.

        Raises
        ------
        InputError
            As :func:`parse_psmiles`; or if a component has no fraction in (0, 1], or the fractions
            miss 1 by more than 0.01 (up to that they are scaled).

        Examples
        --------
        >>> Polymer.parse("*CC*").key
        '*C*'
        >>> Polymer.parse("*CC(*)c1ccccc1:0.7|*CC=CC*:0.3").components[1]
        ('*CC=CC*', 0.3)
        >>> Polymer.parse("*CC*", "*CCCC*:0.4|*CO*:0.6").key
        '*C*:0.4|*CO*:0.6'
        """
        if isinstance(polymer, cls):
            return polymer
        if isinstance(components, str) and components.strip():
            parse_psmiles(polymer)
            polymer = _split(components)
        elif isinstance(polymer, str) and "|" in polymer:
            polymer = _split(polymer)
        elif not isinstance(polymer, list | tuple):
            polymer = [(polymer, 1.0)]
        return cls(_scaled(polymer))

    def with_measured(self, given: Mapping[str, object] | None) -> "Polymer":
        """This polymer with measured values by property, as `trinity.chemistry.measured.read`
        takes and refuses them; they go before those that it has."""
        before = {name: (value, sigma) for name, value, sigma in self.measured}
        return replace(self, measured=read(before | dict(given or {})))

    def __iter__(self) -> Iterator[tuple[str, float]]:
        return iter(self.components)

    def __str__(self) -> str:
        """As it was given: a PSMILES, or ``"psmiles:mass fraction|..."``."""
        if len(self.components) == 1:
            return self.components[0][0]
        return "|".join(f"{psmiles}:{fraction:g}" for psmiles, fraction in self.components)

    @property
    def main(self) -> str:
        """PSMILES of the component with the largest mass fraction."""
        return max(self.components, key=lambda component: component[1])[0]

    @property
    def molecules(self) -> tuple[Chem.Mol, ...]:
        """The repeat unit of each component, as :func:`parse_psmiles` gives it."""
        return tuple(parse_psmiles(psmiles) for psmiles, _ in self.components)

    @cached_property
    def units(self) -> tuple[tuple[str, float], ...]:
        """``components`` with the canonical PSMILES of their chains (:func:`polymer_key`)."""
        return tuple((polymer_key(psmiles), fraction) for psmiles, fraction in self.components)

    @cached_property
    def spelled(self) -> tuple[tuple[str, float], ...]:
        """``components`` as RDKit spells them, for models that have learned every cut; cheap."""
        fractions = (fraction for _, fraction in self.components)
        return tuple(zip(map(Chem.MolToSmiles, self.molecules), fractions, strict=True))

    @cached_property
    def key(self) -> str:
        """The one name of the polymer, whatever the order and the spelling of its components."""
        shares: dict[str, float] = {}
        for unit, fraction in self.units:
            shares[unit] = shares.get(unit, 0.0) + fraction
        if len(shares) == 1:
            return next(iter(shares))
        return "|".join(f"{unit}:{share:g}" for unit, share in sorted(shares.items()))


def _split(text: str) -> list[tuple[str, str]]:
    """The components of ``"psmiles:mass fraction|..."``, fractions still text."""
    # A PSMILES may itself hold a colon ([*:1]); the fraction follows the last one.
    return [part.rpartition(":")[::2] for part in _checked_text(text).split("|")]


def _scaled(pairs: Iterable[tuple[str, float | str]]) -> tuple[tuple[str, float], ...]:
    """Checked components, their mass fractions scaled to sum to 1."""
    parsed = []
    for pair in pairs:
        try:
            psmiles, fraction = pair[0], float(pair[1])
        except (TypeError, ValueError, IndexError):
            fraction = -1.0
        if not 0.0 < fraction <= 1.0:
            shown = ":".join(map(str, pair)).strip(":") if isinstance(pair, tuple) else str(pair)
            raise InputError(
                f"The component {_quoted(shown)} must read psmiles:mass fraction, such as *CC*:0.2."
            )
        parse_psmiles(psmiles)
        parsed.append((psmiles, fraction))
    total = sum(fraction for _, fraction in parsed)
    if not isclose(total, 1.0, abs_tol=0.01):
        raise InputError(f"The mass fractions of the components sum to {total:g}, not to 1.")
    return tuple((psmiles, fraction / total) for psmiles, fraction in parsed)


def parse_psmiles(psmiles: str) -> Chem.Mol:
    """Read and check a PSMILES; the molecule keeps its two dummy atoms (atomic number 0).

    Stereo marks are dropped: none of the property models uses them, and tacticity is rarely known.
    The last few thousand molecules are remembered and shared: copy one before changing it.

    Raises InputError if the text is empty, too long or no SMILES; has not exactly two ``*``, more
    than one fragment, an element outside ``ALLOWED_ELEMENTS``, a net charge, a radical or an
    isotope; or if its two ends cannot be joined.
    """
    return _parsed(_checked_text(psmiles))


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Chem.Mol:
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(text)
    if mol is None:
        remedy = next((says for shape, says in FOREIGN.items() if re.search(shape, text)), None)
        raise InputError(_quoted(text) + (_named(text) or _unread(text, remedy)))
    for fault in _faults(mol):
        raise InputError(_quoted(text) + (_named(text) or _several(mol) or fault + _advice(fault)))
    if "[" in text:  # only there are charges, isotopes and numbers of atoms
        _join_charges(mol)
        for atom in atoms_of(mol):
            atom.SetAtomMapNum(0)
            atom.SetIsotope(0)
    if not {*"@/\\"}.isdisjoint(text):
        Chem.RemoveStereochemistry(mol)
    return mol


def _join_charges(mol: Chem.Mol) -> None:
    """Sulfones and the like written with charges get their double bonds."""
    pairs = mol.GetSubstructMatches(_CHARGED)
    for pair in pairs:
        mol.GetBondBetweenAtoms(*pair).SetBondType(Chem.BondType.DOUBLE)
        plus, minus = map(mol.GetAtomWithIdx, pair)
        plus.SetFormalCharge(plus.GetFormalCharge() - 1)
        minus.SetFormalCharge(minus.GetFormalCharge() + 1)
    if pairs:
        Chem.SanitizeMol(mol)


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
        raise InputError(
            _quoted(text)
            + (_named(text) or " has a space or a character that SMILES does not use.")
        )
    return text


def _unread(text: str, remedy: str | None) -> str:
    """What is wrong with a text that is no SMILES, as the end of a sentence that names it; the
    ``remedy`` is for ends that are not marked by ``*``."""
    if "|" in text:
        return f" is a copolymer; {IN_TABLES}."
    for group, atoms in GROUPS.items():
        if f"[{group}]" in text or f"({group})" in text:
            return f" has the group {group}; write its atoms, {atoms}."
    if remedy and text.count("*") == 2:
        return " has a placeholder in brackets; write the atoms that it stands for."
    if remedy:
        return remedy
    return " is not a valid SMILES; check brackets and valences."


def _named(text: str) -> str | None:
    """What to write in place of a name, as the end of a sentence; None if it is none."""
    from trinity.chemistry.names import meaning_of

    meant = meaning_of(text)
    if meant and "|" in meant:
        return f" is the name of a copolymer, {meant}; {IN_TABLES}."
    return f" is a name; where repeat units are read, write {meant}." if meant else None


def _several(mol: Chem.Mol) -> str | None:
    """What to do about molecules beside the repeat unit, as the end of a sentence; None without."""
    parts = [Chem.MolFragmentToSmiles(mol, atoms) for atoms in Chem.GetMolFrags(mol)]
    beside = [part for part in parts if "*" not in part]
    if len(beside) in (0, len(parts)) or len(stars(mol)) < 2:
        return None
    if any(atom.GetFormalCharge() for atom in mol.GetAtoms()):
        return " is a salt; give the neutral acid or base without its counter-ion."
    return f" has {beside[0][:20]} beside it; leave such acids, metals and solvents out."


def _advice(fault: str) -> str:
    """What helps beside what a fault says."""
    salt = re.search(r"the element (Li|Na|K|Mg|Ca|Zn);", fault)
    return " Of a salt, give the neutral acid." if salt else ""


def _faults(mol: Chem.Mol) -> Iterator[str]:
    """What keeps a molecule from being a repeat unit, as ends of a sentence that names it."""
    ends = stars(mol)
    caps = [a.GetSymbol() for a in mol.GetAtoms() if a.GetDegree() == 1 and _foreign(a)]
    if not ends and len(caps) == 2:
        yield f" marks its ends by {' and '.join(caps)}; write * in place of both."
    if len(ends) != 2:
        yield f" has {len(ends)} attachment points; it must have two."
    if len(Chem.GetMolFrags(mol)) > 1:
        if any(atom.GetFormalCharge() for atom in mol.GetAtoms()):
            yield " is a salt; give the neutral acid or base without its counter-ion."
        yield " has more than one fragment; write a copolymer through components."
    for atom in (atom for atom in atoms_of(mol) if atom.GetAtomicNum()):
        symbol = atom.GetSymbol()
        if _foreign(atom):
            allowed = " ".join(sorted(ALLOWED_ELEMENTS))
            yield f" has the element {symbol}; allowed are {allowed}."
        if atom.GetNumRadicalElectrons():
            yield f" has a radical at {symbol}; close its valence."
        if atom.GetIsotope():
            yield f" names an isotope of {symbol}; write the plain element."
    if charge := Chem.GetFormalCharge(mol):
        yield f" has a net charge of {charge:+d}; a repeat unit is neutral."
    if mol.HasSubstructMatch(_ODD_BOND):
        yield " has a bond that is not single, double, triple or aromatic."
    if any(end.GetDegree() != 1 or end.GetTotalNumHs() or end.GetFormalCharge() for end in ends):
        yield ": each * must be bonded to exactly one atom."
    if any(end.GetNeighbors()[0].GetAtomicNum() in (0, 1) for end in ends):
        yield " has no repeat unit between its two *."
    orders = {end.GetBonds()[0].GetBondType() for end in ends}
    if len(orders) > 1 or Chem.BondType.AROMATIC in orders:
        yield ": the bonds to the two * must be of the same order."


def _foreign(atom: Chem.Atom) -> bool:
    """Whether an atom is of an element that no polymer here holds: some databases mark ends so."""
    return bool(atom.GetAtomicNum()) and atom.GetSymbol() not in ALLOWED_ELEMENTS


@lru_cache(maxsize=65536)
def polymer_key(psmiles: str) -> str:
    """The one name of a homopolymer: equal for two PSMILES exactly if they write the same chain.

    It is the canonical PSMILES of the shortest repeat unit: ``*CC*`` and ``*CCCC*`` give ``*C*``,
    as the chain of both is a row of CH2. Cis and trans, tacticity and the tautomers of azoles are
    not told apart. Raises InputError as :func:`parse_psmiles`.

    Examples
    --------
    >>> polymer_key("*C(C)C*") == polymer_key("[*]CC([*:1])C")
    True
    """
    return canonical_of(parse_psmiles(psmiles))
