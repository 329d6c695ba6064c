"""Hypothetical polymers by family, from two routes, unique by key.

Route A assembles repeat units from structural groups (:mod:`trinity.synthesis.grammar`), route B
polymerises monomers (:mod:`trinity.synthesis.reactions`). Every unit passes the same chemistry
rules (:mod:`trinity.synthesis.rules`), belongs to the family that it was drawn for, and has a key
that no other has. Families are filled one after the other, in chunks that do not depend on who
works on them: the same seed gives the same table everywhere.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from rdkit import rdBase
from tqdm import tqdm

from trinity.chemistry.chain import canonical_of, oligomer
from trinity.chemistry.polymers import parse_psmiles
from trinity.errors import InputError
from trinity.synthesis.cluster import client_of, computed
from trinity.synthesis.grammar import assemble
from trinity.synthesis.reactions import polymerise, reactant_pairs
from trinity.synthesis.rules import (
    MAX_HEAVY_ATOMS,
    MAX_SA_SCORE,
    families,
    family_of,
    objection,
    sa_score,
)

if TYPE_CHECKING:
    from dask.distributed import Client

CHUNK = 250  # candidates per task: about a second of work
PARALLEL_FROM = 3000  # polymers; below it starting processes costs more than it saves
MAX_BARREN_ROUNDS = 3  # rounds in a row that give less than 1 % new polymers end a family
GROUPS, REACTIONS = "groups", "reactions"  # the two values of column ``route``


def generate_polymers(
    n: int,
    seed: int,
    families: Mapping[str, float] | Sequence[str] | None = None,
    client: "Client | None" = None,
    progress: bool = False,
) -> pd.DataFrame:
    """Draw ``n`` different believable polymers.

    Parameters
    ----------
    n : number of polymers
    seed : the table is a function of ``n``, ``seed`` and ``families`` alone
    families : weights by family name, or names for equal weights; default: ``families.csv``
    client : of the Dask cluster that draws; default: this process, from ``PARALLEL_FROM`` polymers
        on one process per core
    progress : show a bar

    Returns
    -------
    DataFrame of n rows in random order
        ``psmiles`` (canonical, two ``*``), ``key``, ``family``, ``route`` (``groups`` or
        ``reactions``), ``sa_score`` (1 easy to 10 hard to make).

    Raises
    ------
    InputError
        If ``n`` or a weight is not positive, a family is unknown, or a family is exhausted.

    Examples
    --------
    >>> table = generate_polymers(5, seed=0, families=["polyester"])
    >>> list(table.columns)
    ['psmiles', 'key', 'family', 'route', 'sa_score']
    """
    shares = _shares(families)
    if n < 1:
        raise InputError(f"The number of polymers is {n}; ask for at least 1.")
    quotas = _quotas(n, shares)
    streams = np.random.SeedSequence(seed).spawn(len(quotas) + 1)
    seen: set[str] = set()
    rows: list[tuple] = []
    with (
        nullcontext(client)
        if client
        else client_of(None, n if n >= PARALLEL_FROM else 0) as client,
        tqdm(total=n, disable=not progress, unit="polymer", desc="polymers") as bar,
    ):
        for (family, quota), stream in zip(quotas.items(), streams, strict=False):
            rows += _fill_family(family, quota, stream, client, seen, bar)
    table = pd.DataFrame(rows, columns=["psmiles", "family", "route", "sa_score"])
    table.insert(1, "key", table["psmiles"])
    order = np.random.default_rng(streams[-1]).permutation(n)
    return table.iloc[order].reset_index(drop=True)


def _shares(wanted: Mapping[str, float] | Sequence[str] | None) -> dict[str, float]:
    """Shares that sum to 1, in the order of ``families.csv``."""
    known = dict(zip(families()["family"], families()["weight"], strict=True))
    if wanted is None:
        chosen = known
    else:
        chosen = dict(wanted) if isinstance(wanted, Mapping) else dict.fromkeys(wanted, 1.0)
    unknown = sorted(set(chosen) - set(known))
    if unknown:
        raise InputError(f"No family is called {unknown[0]!r}; known are {', '.join(known)}.")
    if not chosen or any(not weight > 0 for weight in chosen.values()):
        raise InputError("Family weights must be positive numbers; leave a family out instead.")
    total = sum(chosen.values())
    return {name: chosen[name] / total for name in known if name in chosen}


def _quotas(n: int, shares: dict[str, float]) -> dict[str, int]:
    """Whole numbers with sum ``n``, by largest remainder."""
    exact = n * np.array(list(shares.values()))
    counts = np.floor(exact).astype(int)
    counts[np.argsort(-(exact - counts), kind="stable")[: n - counts.sum()]] += 1
    return dict(zip(shares, counts.tolist(), strict=True))


def _fill_family(family, quota, stream, client, seen, bar) -> list[tuple]:
    """Route B up to its share, then route A for the rest."""
    for_pairs, for_groups = stream.spawn(2)
    share = families().set_index("family").at[family, "monomer_route_share"]
    rows = _from_monomers(family, round(share * quota), for_pairs, client, seen, bar)
    return rows + _from_groups(family, quota - len(rows), for_groups, client, seen, bar)


def _from_monomers(family, wanted, stream, client, seen, bar) -> list[tuple]:
    """Up to ``wanted`` polymers of route B; fewer when its monomers are exhausted."""
    pairs = reactant_pairs(family, np.random.default_rng(stream), 2 * wanted)
    rows: list[tuple] = []
    while pairs and len(rows) < wanted:
        count = wanted - len(rows) + 5
        batch, pairs = pairs[:count], pairs[count:]
        parts = (batch[i : i + CHUNK] for i in range(0, len(batch), CHUNK))
        chunks = computed(client, _react, [(family, part) for part in parts])
        found = _collect(chunks, wanted - len(rows), seen, bar)
        rows += [(psmiles, family, REACTIONS, score) for psmiles, score in found]
    return rows


def _from_groups(family, wanted, stream, client, seen, bar) -> list[tuple]:
    """``wanted`` polymers of route A, in rounds that make up for what was refused or repeated."""
    rows: list[tuple] = []
    barren = 0
    while len(rows) < wanted:
        n_chunks, size = _chunks(wanted - len(rows))
        tasks = [(family, size, seed) for seed in stream.spawn(n_chunks)]
        chunks = computed(client, _draw, tasks)
        found = _collect(chunks, wanted - len(rows), seen, bar)
        rows += [(psmiles, family, GROUPS, score) for psmiles, score in found]
        barren = barren + 1 if len(found) < 0.01 * n_chunks * size else 0
        if len(rows) < wanted and barren >= MAX_BARREN_ROUNDS:
            raise InputError(
                f"Family {family} ends after {len(rows)} of {wanted} polymers; ask for fewer."
            )
    return rows


def _chunks(missing: int) -> tuple[int, int]:
    """Number and size of the chunks of a round: every third candidate fails or is a repetition."""
    candidates = missing * 3 // 2 + 10
    n_chunks = -(-candidates // CHUNK)
    return n_chunks, -(-candidates // n_chunks)


def _collect(chunks, wanted: int, seen: set[str], bar) -> list[tuple[str, float]]:
    """The first ``wanted`` new polymers of the chunks, in the order of their places."""
    found = []
    for _, candidates in sorted(chunks):
        for psmiles, score in candidates:
            if psmiles not in seen and len(found) < wanted:
                seen.add(psmiles)
                found.append((psmiles, score))
    bar.update(len(found))
    return found


def _draw(family: str, size: int, seed: np.random.SeedSequence) -> list[tuple[str, float]]:
    """One chunk of route A."""
    rng = np.random.default_rng(seed)
    return _believable(family, (assemble(family, rng) for _ in range(size)))


def _react(family: str, pairs: list[tuple]) -> list[tuple[str, float]]:
    """One chunk of route B; of two products that differ in direction the first is taken."""
    made = (polymerise(*pair[:3], pair[3:])[:1] for pair in pairs)
    return _believable(family, (texts[0] if texts else None for texts in made))


def _believable(family: str, texts) -> list[tuple[str, float]]:
    """Canonical PSMILES and score of the texts that pass every rule, without repetition."""
    kept: dict[str, float] = {}
    with rdBase.BlockLogs():
        for text in dict.fromkeys(filter(None, texts)):
            checked = check(text, family)
            if checked:
                kept.setdefault(*checked)
    return list(kept.items())


def check(text: str, family: str) -> tuple[str, float] | None:
    """Canonical PSMILES and SA score if ``text`` is a believable member of ``family``."""
    try:
        mol = parse_psmiles(text)
    except InputError:
        return None
    if mol.GetNumHeavyAtoms() > MAX_HEAVY_ATOMS:  # dummies are not counted as heavy
        return None
    trimer = oligomer(mol, 3)
    if objection(trimer) or family_of(mol, trimer) != family:
        return None
    score = sa_score(mol)
    return (canonical_of(mol), score) if score <= MAX_SA_SCORE else None
