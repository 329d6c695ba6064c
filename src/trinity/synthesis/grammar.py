"""Route A of the generator: repeat units assembled from structural groups by a stochastic grammar.

``data/generator/fragments.csv`` holds one production a row: a symbol, the PSMILES text it may
become, and a weight. A braced name such as ``{bridge}`` is a symbol that is expanded in turn, so
every unit is built of whole groups whose open valences meet: valence holds by construction, and
chemistry is checked afterwards (:mod:`trinity.synthesis.rules`). A group in the chain is written
from its first to its last attachment and uses the ring digits 1-4; a side group uses 7 and 8, so
that text put side by side never closes a foreign ring.
"""

from functools import lru_cache

import numpy as np
import pandas as pd

from trinity.files import data_path

MAX_DEPTH = 40  # a deeper expansion is abandoned: chains are geometric, so this is never typical
MAX_TEXT = 220  # characters; longer texts exceed MAX_HEAVY_ATOMS anyway


@lru_cache(maxsize=1)
def grammar() -> dict[str, tuple[list[list[str]], np.ndarray]]:
    """Productions of every symbol, split at the braces, with their cumulative probabilities.

    In a split production the odd entries are symbols: ``"*O{ar}*"`` is ``["*O", "ar", "*"]``.
    """
    table = pd.read_csv(data_path("generator", "fragments.csv"), keep_default_na=False)
    rules = {}
    for symbol, rows in table.groupby("symbol"):
        parts = [text.replace("}", "{").split("{") for text in rows["production"]]
        rules[symbol] = parts, np.cumsum(rows["weight"] / rows["weight"].sum())
    return rules


def assemble(symbol: str, rng: np.random.Generator) -> str | None:
    """One random expansion of ``symbol``, ``None`` when it grows too deep or too long."""
    rules, draws = grammar(), iter(rng.random(256))

    def expand(name: str, depth: int) -> str:
        if depth > MAX_DEPTH:
            raise StopIteration
        parts, cumulative = rules[name]
        chosen = parts[min(int(np.searchsorted(cumulative, next(draws))), len(parts) - 1)]
        return "".join(
            expand(part, depth + 1) if odd else part
            for part, odd in ((p, k % 2) for k, p in enumerate(chosen))
        )

    try:
        text = expand(symbol, 0)
    except (StopIteration, RuntimeError):  # a StopIteration inside a generator is a RuntimeError
        return None
    return text if len(text) <= MAX_TEXT else None
