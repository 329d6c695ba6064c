"""Structural groups of a repeat unit, counted on the endless chain.

The groups, their SMARTS and their order of priority are rows of ``data/groups/groups.csv``; each
atom belongs to the first group that claims it. Units are counted in the middle of an oligomer, so
that a group across the cut of the repeat unit is seen whole, wherever the cut is.
"""

from functools import cache
from typing import NamedTuple

import pandas as pd
from rdkit import Chem

from trinity.chemistry.chain import middle_unit
from trinity.chemistry.polymers import parse_psmiles
from trinity.errors import InputError
from trinity.files import data_path


class GroupCount(NamedTuple):
    """Groups of one repeat unit, and the atoms that none of them covers.

    ``uncovered_atoms`` names each such atom by element and place, counted from 1 over all atoms of
    the PSMILES, ``*`` included: ``"B:2"``.
    """

    counts: dict[str, int]
    uncovered_atoms: list[str]


@cache
def group_table() -> pd.DataFrame:
    """The groups by priority: columns group, smarts, hydrogens, fallback."""
    table = pd.read_csv(data_path("groups", "groups.csv"), dtype=str, keep_default_na=False)
    return table.sort_values("priority", key=lambda column: column.astype(int), ignore_index=True)


@cache
def groups() -> list[tuple[str, Chem.Mol, range | None]]:
    """Name, pattern and number of hydrogens of each group, by priority."""
    patterns = {smarts: Chem.MolFromSmarts(smarts) for smarts in group_table().smarts}
    found = []
    for row in group_table().itertuples():
        low, _, high = row.hydrogens.partition("-")
        hydrogens = range(int(low), int(high or low) + 1) if low else None
        found.append((row.group, patterns[row.smarts], hydrogens))
    return found


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


def count_groups(psmiles: str) -> GroupCount:
    """Count the groups of the repeat unit as written (``*CCCC*`` has twice those of ``*CC*``).

    Raises
    ------
    InputError
        As :func:`trinity.chemistry.polymers.parse_psmiles`.

    Examples
    --------
    >>> count_groups("*CC(*)c1ccccc1").counts
    {'phenyl': 1, 'CH2': 1, 'CH': 1}
    """
    mol = parse_psmiles(psmiles)
    return claim_groups(mol, *middle_unit(mol))


def claim_groups(mol: Chem.Mol, chain: Chem.Mol, middle: range) -> GroupCount:
    """As :func:`count_groups`, of a molecule and its :func:`chain.middle_unit`.

    Each atom goes to the first group that matches; those anchored in the middle unit are counted.
    """
    hydrogens = [atom.GetTotalNumHs() for atom in chain.GetAtoms()]
    matches = {pattern: chain.GetSubstructMatches(pattern) for _, pattern, _ in groups()}
    counts: dict[str, int] = {}
    owner: set[int] = set()
    for name, pattern, allowed in groups():
        for match in matches[pattern]:
            if not owner.isdisjoint(match):
                continue
            if allowed and sum(hydrogens[k] for k in match) not in allowed:
                continue
            owner.update(match)
            if match[0] in middle:
                counts[name] = counts.get(name, 0) + 1
    inner = (atom for atom in mol.GetAtoms() if atom.GetAtomicNum())
    uncovered = [
        f"{atom.GetSymbol()}:{atom.GetIdx() + 1}"
        for k, atom in zip(middle, inner, strict=True)
        if k not in owner
    ]
    return GroupCount(counts, uncovered)
