"""Constants of general knowledge behind the estimates: ``data/reference/priors.csv``, row by row.

Each has a value, 1 sigma, a unit, and says where it comes from; the code holds no copy. What is
published as a formula or fitted from a table stands where it is used.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import NamedTuple

import pandas as pd

from trinity.errors import InputError
from trinity.files import data_path

_FORGET: list[Callable[[], None]] = []


class Prior(NamedTuple):
    """Value and 1 sigma in the unit of the row."""

    value: float
    sigma: float


@cache
def prior_table() -> pd.DataFrame:
    """The rows: ``name``, ``value``, ``sigma``, ``unit``, ``what``, ``source``, ``status``."""
    return pd.read_csv(data_path("reference", "priors.csv"))


@cache
def _rows() -> dict[str, Prior]:
    table = prior_table()
    return dict(zip(table.name, map(Prior, table.value, table.sigma), strict=True))


def prior(name: str) -> Prior:
    """A row by its name; an InputError if there is none."""
    if name not in _rows():
        raise InputError(f"data/reference/priors.csv has no row {name!r}.")
    return _rows()[name]


def value(name: str) -> float:
    """The value of a row."""
    return prior(name).value


def kept(function: Callable) -> Callable:
    """Keep the last results of a function that reads priors; `moved` makes it forget them."""
    remembers = lru_cache(maxsize=4096)(function)
    _FORGET.append(remembers.cache_clear)
    return remembers


@contextmanager
def moved(name: str, sigmas: float) -> Iterator[None]:
    """Within the block a row's value is so many of its sigmas higher, to see what depends on it."""
    old = prior(name)

    def put(row: Prior) -> None:
        _rows()[name] = row
        for forget in _FORGET:
            forget()

    put(old._replace(value=old.value + sigmas * old.sigma))
    try:
        yield
    finally:
        put(old)
