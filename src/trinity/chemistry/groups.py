"""Structural groups of the endless chain of a polymer, and its density, specific heats, transitions
and conductivity from sums over them.

The groups, their SMARTS and their order of priority are rows of ``data/groups/groups.csv``; each
atom belongs to the first group that claims it, wherever the repeat unit is cut.
"""

import re
from collections import Counter
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from rdkit import Chem
from scipy.special import ndtr

from trinity.chemistry.chain import atoms_of, middle_unit, path_of
from trinity.chemistry.polymers import parse_psmiles, polymer_key
from trinity.chemistry.priors import prior, value
from trinity.chemistry.thermochemistry import composition, molar_mass
from trinity.errors import InputError
from trinity.files import data_path


class GroupCount(NamedTuple):
    """Groups of one repeat unit, and the element and place of the atoms that none of them covers.

    ``"B:2"`` is the second atom of the PSMILES, ``*`` included.
    """

    counts: dict[str, int]
    uncovered_atoms: list[str]


@cache
def group_table() -> pd.DataFrame:
    """The groups by priority: columns group, smarts, hydrogens, fallback."""
    table = pd.read_csv(data_path("groups", "groups.csv"), dtype=str, keep_default_na=False)
    return table.sort_values("priority", key=lambda column: column.astype(int), ignore_index=True)


class Group(NamedTuple):
    """A group as it is looked for."""

    name: str
    pattern: Chem.Mol
    atom: Chem.QueryAtom | None  # where the pattern is one atom
    needs: Counter[str]  # the atoms that it takes, as `_kinds` names them
    hydrogens: range | None  # how many it may hold


@cache
def groups() -> list[Group]:
    """The groups by priority."""
    patterns = {smarts: Chem.MolFromSmarts(smarts) for smarts in group_table().smarts}
    found = []
    for row in group_table().itertuples():
        low, _, high = row.hydrogens.partition("-")
        hydrogens = range(int(low), int(high or low) + 1) if low else None
        atoms = atoms_of(patterns[row.smarts])
        needs = Counter(filter(None, map(_needed, atoms)))
        alone = atoms[0] if len(atoms) == 1 else None
        found.append(Group(row.group, patterns[row.smarts], alone, needs, hydrogens))
    return found


def _needed(atom: Chem.Atom) -> str | None:
    """The kind of atom that an atom of a pattern asks for, None where it may be of several."""
    asked = re.match(r"\[?(#6|[A-Z][a-z]?|[a-z])(?![^]]*,)", atom.GetSmarts())
    return asked and asked[1]


def _kinds(atom: Chem.Atom) -> tuple[str, ...]:
    """What an atom is called in SMARTS."""
    symbol = atom.GetSymbol()
    named = symbol.lower() if atom.GetIsAromatic() else symbol
    return ("#6", named) if symbol == "C" else (named,)


@cache
def contributions(quantity: str) -> dict[str, float]:
    """Contribution of every group to a molar quantity, missing ones replaced by their fallback.

    ``quantity`` is a property of ``data/groups/contributions.csv``: ``V298`` [cm3/mol], ``Yg``
    [K kg/mol], ``Cp_solid_298`` or ``Cp_liquid_298`` [J/mol/K].
    """
    table = pd.read_csv(data_path("groups", "contributions.csv"))
    known = table[table.property == quantity].set_index("group").value.to_dict()
    if not known:
        raise InputError(f"There are no group contributions to {quantity!r}.")
    fallback = dict(zip(group_table().group, group_table().fallback, strict=True))

    def value(group: str) -> float:
        if group in known:
            return float(known[group])
        return sum(value(part) for part in fallback[group].split("+"))

    return {group: value(group) for group in fallback}


class Chain:
    """The endless chain of a polymer: what all groups and descriptors are read from.

    It is that of the canonical repeat unit, so that all ways to write a polymer give the same
    numbers. ``chain`` is an oligomer, ``atoms`` those of its ``middle`` unit, ``path`` those of
    them on the shortest way from end to end, ``backbone`` the indices of that way and of the rings
    on it. ``molar_mass`` is in g/mol. Raises InputError as `polymers.parse_psmiles`.
    """

    def __init__(self, psmiles: str):
        mol = Chem.MolFromSmiles(polymer_key(psmiles))
        self.chain, self.middle = middle_unit(mol)
        self.groups, self.uncovered = claim_groups(self.chain, self.middle)
        self.composition = composition(mol)
        self.molar_mass = molar_mass(self.composition)
        self.atoms = [self.chain.GetAtomWithIdx(k) for k in self.middle]
        self.backbone = set(path_of(self.chain))
        self.path = [atom for atom in self.atoms if atom.GetIdx() in self.backbone]
        rings = self.chain.GetRingInfo().AtomRings()
        self.backbone.update(*(ring for ring in rings if not self.backbone.isdisjoint(ring)))


def count_groups(psmiles: str, chain: Chain | None = None) -> GroupCount:
    """Count the groups of the repeat unit as written (``*CCCC*`` has twice those of ``*CC*``).

    ``chain`` is its `Chain` where that is at hand. Raises InputError as `parse_psmiles`.

    Examples
    --------
    >>> count_groups("*CC(*)c1ccccc1").counts
    {'phenyl': 1, 'CH2': 1, 'CH': 1}
    """
    mol, chain = parse_psmiles(psmiles), chain or Chain(psmiles)
    units = (mol.GetNumAtoms() - 2) // len(chain.atoms)
    uncovered = []
    if chain.uncovered:
        inner = [atom.GetIdx() + 1 for atom in atoms_of(mol) if atom.GetAtomicNum()]
        _, bare = claim_groups(*middle_unit(mol))
        uncovered = [f"{symbol}:{inner[k]}" for k, symbol in bare.items()]
    return GroupCount({name: units * n for name, n in chain.groups.items()}, uncovered)


def claim_groups(chain: Chem.Mol, middle: range) -> tuple[dict[str, int], dict[int, str]]:
    """Groups of one unit of a periodic chain; place and element of its atoms that none covers.

    Each atom goes to the first group that matches, and its images in all other units go with it.
    A match that meets an image of itself, such as the two carbonyls of an imide in *C(=O)N(*)C,
    is none.
    """
    size, counts, matches = len(middle), {}, {}
    free = {k % size: chain.GetAtomWithIdx(k) for k in middle}
    kinds = {k: _kinds(atom) for k, atom in free.items()}
    left = Counter(kind for names in kinds.values() for kind in names)
    for name, pattern, alone, needs, hydrogens in groups():
        if any(left[kind] < n for kind, n in needs.items()):
            continue
        if alone:
            found = [(k,) for k, atom in free.items() if alone.Match(atom)]
        elif pattern in matches:
            found = matches[pattern]
        else:
            found = chain.GetSubstructMatches(pattern, maxMatches=100_000)
            found = [[k % size for k in match] for match in found if min(match) in middle]
            found = matches[pattern] = [match for match in found if len(set(match)) == len(match)]
        for match in found:
            if not all(k in free for k in match):
                continue
            if hydrogens is None or sum(free[k].GetTotalNumHs() for k in match) in hydrogens:
                counts[name] = counts.get(name, 0) + 1
                for k in match:
                    del free[k]
                    left.subtract(kinds[k])
    return counts, {k: atom.GetSymbol() for k, atom in free.items()}


ROOM_K = 298.15


def is_rod(unit: Chain) -> bool:
    """Whether the chain is of rings alone, as a rigid rod is."""
    return all(atom.IsInRing() for atom in unit.path)


def thermal(unit: Chain, shape: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Density, specific heats, transitions and conductivity from group sums."""
    groups, mass, crystalline = unit.groups, unit.molar_mass, _crystallinity(unit, shape)
    uncovered = len(unit.uncovered) / len(unit.atoms)
    # Atoms without a group count as the mean of the others, with a wider error; a chain without
    # any group has the values of a common plastic.
    covered = mass * max(1.0 - uncovered, 0.1)
    volume, stiffness, solid, melt = (
        sum(contributions(quantity)[name] * count for name, count in groups.items())
        for quantity in ("V298", "Yg", "Cp_solid_298", "Cp_liquid_298")
    )
    density = 1000 * covered / (volume or covered)
    glass = 1000 * stiffness / covered or value("uncovered_glass")
    glass = float(np.clip(glass, 120.0, 750.0))
    solid = 1000 * solid / covered or value("uncovered_heat_solid")
    melt = 1000 * melt / covered or value("uncovered_heat_melt")
    conductivity = value("conductivity_amorphous") + value("conductivity_crystalline") * crystalline
    doubt = 1.0 + value("uncovered_error") * uncovered
    glass, mobile = _glass_at_room(glass, crystalline)
    molten = (1.0 - crystalline) * mobile
    at_298 = (1 - molten) * solid + molten * melt
    melting = float(np.clip(value("melting_over_glass") * glass, 370.0, 650.0))
    heat_error = doubt * value("specific_heat_error")
    crystals = prior("crystallinity_bare" if crystalline else "crystallinity_none")
    fusion = prior("fusion_heat")
    return {
        "density_kg_m3": (density, value("density_error") * doubt * (1.0 + is_rod(unit)) * density),
        "conductivity_w_m_k": (conductivity, value("conductivity_error") * conductivity),
        "specific_heat_j_kg_k": (at_298, value("specific_heat_error_mixed") * doubt * at_298),
        "specific_heat_solid_j_kg_k": (solid, heat_error * solid),
        "specific_heat_melt_j_kg_k": (melt, heat_error * melt),
        "glass_transition_k": (glass, value("glass_error") * doubt),
        "melting_k": (melting, value("melting_error")),
        "crystallinity": (crystalline, crystals.sigma),
        "heat_of_fusion_j_kg": (fusion.value * crystalline, fusion.sigma * crystalline),
    }


def _glass_at_room(glass: float, crystalline: float) -> tuple[float, float]:
    """Expected glass transition [K] and probability that the amorphous part is above its own at
    room temperature, by Bayes' rule.

    Before the sum of groups is looked at, few amorphous thermoplastics are taken to be rubbers;
    beside crystals both are as likely, and the sum stays as it is. The mean is that of a normal
    distribution whose parts on both sides of room temperature are weighed anew.
    """
    share = value("rubber_share_crystalline" if crystalline else "rubber_share_amorphous")
    sigma = value("glass_error")
    z = (ROOM_K - glass) / sigma
    above, density = float(ndtr(z)), float(np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi))
    mobile = share * above / (share * above + (1 - share) * (1 - above))
    pull = (1 - mobile) / max(1 - above, 1e-12) - mobile / max(above, 1e-12)
    return glass + sigma * density * pull, mobile


def _crystallinity(unit: Chain, shape: dict[str, float]) -> float:
    """A guess from symmetry: chains without stereo-irregular or kinked units crystallise.

    Poly(alpha-olefin)s count as isotactic, since coordination catalysts make them so.
    """
    aromatic = any(atom.GetIsAromatic() for atom in unit.atoms)
    polyolefin = set(unit.composition) <= {"C", "H"} and not aromatic
    irregular = shape["tertiary"] > 0 and not polyolefin
    kinked = unit.chain.HasSubstructMatch(KINKS) or shape["aromatic_side"] > 0
    if irregular or kinked or shape["silicon"] > 0:
        return value("crystallinity_none")
    if shape["aromatic_backbone"] > 0.2:
        return value("crystallinity_aromatic")
    bare = len(unit.path) == len(unit.atoms) or set(unit.groups) == {"CF2"}
    # Nothing but a bare chain packs best: PE, POM, PEO, PTFE.
    return value("crystallinity_bare" if bare else "crystallinity_regular")


KINKS = Chem.MolFromSmarts("[$([CX4;H0;!$(C(F)F)]),$([SX4](=O)=O),$(C(=O)[NX3]C=O)]")
