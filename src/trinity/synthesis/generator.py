"""Hypothetical polymers by family, from two routes, unique by key.

Route A assembles repeat units from structural groups, route B polymerises monomers
(:mod:`trinity.synthesis.rules`). Every unit passes the same chemistry rules
(:mod:`trinity.synthesis.rules`), belongs to the family that it was drawn for, and has a key that
no other has. Families are filled one after the other, in chunks that do not depend on who works on
them, this process, its machine's cores through Dask or a Dask cluster: the same seed gives the
same table everywhere.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, starmap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from rdkit import rdBase
from tqdm import tqdm

from trinity.chemistry.chain import canonical_of, oligomer
from trinity.chemistry.polymers import parse_psmiles
from trinity.errors import InputError
from trinity.synthesis import rules
from trinity.synthesis.rules import assemble, polymerise, reactant_pairs

if TYPE_CHECKING:
    from dask.distributed import Client

CHUNK = 250  # candidates per task: about a second of work
PARALLEL_FROM = 3000  # polymers; below it starting processes costs more than it saves
CONNECT_S = 10  # to reach a scheduler
RETRIES = 2  # of a piece whose worker was lost
MAX_BARREN_ROUNDS = 3  # rounds in a row that give less than 1 % new polymers end a family
GROUPS, REACTIONS = "groups", "reactions"  # the two values of column ``route``
COLUMNS = ("psmiles", "key", "family", "route", "sa_score")


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
    families : weights by name, or names for equal weights; default: ``families.csv``
    client : of the Dask cluster that draws; default: this process, from ``PARALLEL_FROM`` polymers
        on one process per core

    Returns
    -------
    DataFrame of n rows in random order
        ``psmiles`` (canonical, two ``*``), ``key``, ``family``, ``route`` (``groups`` or
        ``reactions``), ``sa_score`` (1 easy to 10 hard to make).

    Raises InputError if ``n`` or a weight is not positive, or a family is unknown or exhausted.

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
    rows: dict[str, tuple] = {}  # by key, which a canonical PSMILES is
    with (
        client_of(client, n if n >= PARALLEL_FROM else 0) as client,
        tqdm(total=n, disable=not progress, unit="polymer", desc="polymers") as bar,
    ):

        def take(family: str, route: str, draw: Callable, parts: list, wanted: int) -> int:
            """Keep the first ``wanted`` new polymers of the parts, in their order; how many."""
            before = len(rows)
            chunks = computed(client, draw, [(family, part) for part in parts])
            for psmiles, score in chain.from_iterable(chunks):
                if len(rows) - before < wanted:
                    rows.setdefault(psmiles, (psmiles, psmiles, family, route, score))
            bar.update(len(rows) - before)
            return len(rows) - before

        for (family, quota), stream in zip(quotas.items(), streams, strict=False):
            for_pairs, for_groups = stream.spawn(2)
            share = rules.families().set_index("family").at[family, "monomer_route_share"]
            made = _from_monomers(family, round(share * quota), for_pairs, take)
            _from_groups(family, quota - made, for_groups, take)
    table = pd.DataFrame(rows.values(), columns=COLUMNS)
    order = np.random.default_rng(streams[-1]).permutation(n)
    return table.iloc[order].reset_index(drop=True)


def _shares(wanted: Mapping[str, float] | Sequence[str] | None) -> dict[str, float]:
    """Shares that sum to 1, in the order of ``families.csv``."""
    known = rules.families().set_index("family")["weight"].to_dict()
    chosen = known if wanted is None else wanted
    if not isinstance(chosen, Mapping):
        chosen = dict.fromkeys(chosen, 1.0)
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


def _from_monomers(family: str, wanted: int, stream, take: Callable) -> int:
    """Up to ``wanted`` polymers of route B, fewer when its monomers are exhausted; how many."""
    pairs = reactant_pairs(family, np.random.default_rng(stream), 2 * wanted)
    made = 0
    while pairs and made < wanted:
        count = wanted - made + 5
        batch, pairs = pairs[:count], pairs[count:]
        parts = [batch[i : i + CHUNK] for i in range(0, len(batch), CHUNK)]
        made += take(family, REACTIONS, _react, parts, wanted - made)
    return made


def _from_groups(family: str, wanted: int, stream, take: Callable) -> None:
    """``wanted`` polymers of route A, in rounds that make up for what was refused or repeated."""
    made = barren = 0
    while made < wanted:
        candidates = (wanted - made) * 3 // 2 + 10  # every third fails or is a repetition
        n_chunks = -(-candidates // CHUNK)
        size = -(-candidates // n_chunks)
        parts = [(size, seed) for seed in stream.spawn(n_chunks)]
        found = take(family, GROUPS, _draw, parts, wanted - made)
        made += found
        barren = barren + 1 if found < 0.01 * n_chunks * size else 0
        if made < wanted and barren >= MAX_BARREN_ROUNDS:
            raise InputError(
                f"Family {family} ends after {made} of {wanted} polymers; ask for fewer."
            )


def _draw(family: str, part: tuple[int, np.random.SeedSequence]) -> list[tuple[str, float]]:
    """One chunk of route A: so many candidates from a seed."""
    size, seed = part
    rng = np.random.default_rng(seed)
    return _believable(family, (assemble(family, rng) for _ in range(size)))


def _react(family: str, pairs: list[tuple]) -> list[tuple[str, float]]:
    """One chunk of route B; of two products that differ in direction the first is taken."""
    made = (polymerise(*pair[:3], pair[3:])[:1] for pair in pairs)
    return _believable(family, (text for texts in made for text in texts))


def _believable(family: str, texts: Iterable[str | None]) -> list[tuple[str, float]]:
    """Canonical PSMILES and score of the texts that pass every rule, without repetition."""
    kept: dict[str, float] = {}
    with rdBase.BlockLogs():
        for checked in (check(text, family) for text in dict.fromkeys(filter(None, texts))):
            if checked:
                kept.setdefault(*checked)
    return list(kept.items())


def check(text: str, family: str) -> tuple[str, float] | None:
    """Canonical PSMILES and SA score if ``text`` is a believable member of ``family``."""
    try:
        mol = parse_psmiles(text)
    except InputError:
        return None
    if mol.GetNumHeavyAtoms() > rules.MAX_HEAVY_ATOMS:  # dummies are not counted as heavy
        return None
    trimer = oligomer(mol, 3)
    if rules.objection(trimer) or rules.family_of(mol, trimer) != family:
        return None
    score = rules.sa_score(mol)
    return (canonical_of(mol), score) if score <= rules.MAX_SA_SCORE else None


@contextmanager
def client_of(scheduler: "str | Client | None", pieces: int) -> Iterator["Client | None"]:
    """A Dask client: of the named scheduler, or of one process per core on this machine.

    One that is there stays; None, for this process alone, if no scheduler is named and there are
    fewer than two ``pieces``. Raises InputError if no scheduler with a worker answers.
    """
    if not isinstance(scheduler, str) and (scheduler or pieces < 2):
        yield scheduler
        return
    from dask.distributed import Client

    if scheduler is None:
        workers = min(len(os.sched_getaffinity(0)), pieces)
        client = Client(
            n_workers=workers, threads_per_worker=1, dashboard_address=None,
            silence_logs=logging.ERROR,
        )  # fmt: skip
    else:
        try:
            client = Client(scheduler, timeout=CONNECT_S)
            client.wait_for_workers(1, timeout=CONNECT_S)
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(
                f"No Dask scheduler with a worker answers at {scheduler}; start both and give "
                "the scheduler's address, such as tcp://127.0.0.1:8786."
            ) from error
    with client:
        yield client


def computed(client: "Client | None", function: Callable, tasks: Sequence[tuple]) -> Iterator:
    """Result of each task (a tuple of arguments), in their order."""
    if client is None:
        yield from starmap(function, tasks)
        return
    for future in [client.submit(function, *task, pure=False, retries=RETRIES) for task in tasks]:
        yield future.result()
        future.release()  # a long run's results would fill the workers
