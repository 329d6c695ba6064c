"""Common names of polymers, such as PMMA or nylon 66, and what they stand for.

``data/names.csv`` has names and aliases that are checked one by one, copolymers and blends with a
typical composition among them; the real polymers of ``data/polymers_real.csv`` are known by their
names, too.
"""

import re
import unicodedata
from difflib import get_close_matches
from functools import cache

import pandas as pd
from rdkit import Chem, rdBase

from trinity.errors import InputError
from trinity.files import data_path

#: How a name is written: without the ends, brackets and bonds of a PSMILES.
WRITTEN = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9Α-ω ,.'()/+-]{1,60}")
TYPESET = {ord(sign): "-" for sign in "‐‑‒–—−"} | {ord(sign): None for sign in "®™“”„‘’‚"}
ALIKE = 0.7  # of 1, for a name to be suggested
REFERENCE = "from the reference tables"  # labels there are of other people's making


@cache
def names() -> dict[str, str]:
    """Every name and alias, and the polymer of each: a PSMILES or ``"psmiles:fraction|..."``."""
    found = {}
    for name, aliases, polymer in pd.read_csv(data_path("names.csv")).itertuples(index=False):
        found |= dict.fromkeys((name, *aliases.split("; ")), polymer)
    real = pd.read_csv(data_path("polymers_real.csv"))
    real = real[real.family != REFERENCE]
    return dict(zip(real.name, real.psmiles, strict=True)) | found


@cache
def _by_spelling() -> dict[str, str]:
    return {plain(name): name for name in names()}


def plain(name: str) -> str:
    """A name without case, spaces and punctuation: ``PA-6.6`` and ``pa66`` are one.

    Examples
    --------
    >>> plain("Poly(methyl methacrylate)")
    'polymethylmethacrylate'
    """
    return "".join(filter(str.isalnum, name.casefold()))


def _typed(text: str) -> str:
    """A text as a keyboard writes it: without the spaces, hyphens, quotes and marks of typesetters
    around or within it."""
    text = unicodedata.normalize("NFKC", text.translate(TYPESET)).translate(TYPESET)
    return text.strip().strip("\"'").strip()


def meaning_of(text: str) -> str | None:
    """The polymer whose name a text is, however it is typed; else None."""
    typed = _typed(text)
    return names().get(_by_spelling().get(plain(typed))) if WRITTEN.fullmatch(typed) else None


def polymer_named(text: str) -> str:
    """The polymer that a name stands for; any other text as it is.

    Components may be named, too. What is neither a name nor written like one, nor a SMILES, is left
    to :meth:`trinity.chemistry.polymers.Polymer.parse` to refuse.

    Raises InputError if the text is written like a name and nobody bears it.

    Examples
    --------
    >>> polymer_named("PMMA"), polymer_named("*CC*")
    ('*CC(*)(C)C(=O)OC', '*CC*')
    >>> polymer_named("PS:0.9|PVC:0.1")
    '*CC(*)c1ccccc1:0.9|*CC(*)Cl:0.1'
    >>> polymer_named("PMAA")
    Traceback (most recent call last):
    trinity.errors.InputError: There is no polymer named 'PMAA'; did you mean PMA, PAA or PMMA?
    """
    if not isinstance(text, str):
        return text
    if "|" in text:
        parts = [part.rpartition(":") for part in text.split("|")]
        units = [polymer_named(name) for name, _, _ in parts]
        for (name, _, _), unit in zip(parts, units, strict=True):
            if "|" in unit:
                raise InputError(
                    f"The component {ascii(name)} is itself a mixture; give its parts."
                )
        return "|".join(
            unit + colon + share for unit, (_, colon, share) in zip(units, parts, strict=True)
        )
    if polymer := meaning_of(text):
        return polymer
    text = text.strip() or text
    if not WRITTEN.fullmatch(text):
        return text
    with rdBase.BlockLogs():
        if Chem.MolFromSmiles(text) is not None:
            return text
    near = [_by_spelling()[one] for one in get_close_matches(plain(text), _by_spelling(), 3, ALIKE)]
    meant = " or ".join(filter(None, (", ".join(near[:-1]), *near[-1:])))
    raise InputError(
        f"There is no polymer named {ascii(text)}; "
        + (f"did you mean {meant}?" if near else "give a PSMILES such as '*CC*' or a common name.")
    )
