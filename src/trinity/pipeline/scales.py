"""Scales: how large every stage is, as small files of numbers (``scales/*.toml``).

``test`` is for tests, ``class`` for a lecture, ``laptop`` made the published results, ``paper`` is
for a GPU or a cluster, and ``reproduce`` is what ``make reproduce`` changes in ``laptop``. One code
path serves all of them. A file may name another as its ``base`` and give only what differs.
"""

import tomllib
from pathlib import Path

from trinity.errors import InputError

FOLDER = Path(__file__).parent / "scales"
PUBLISHED = "laptop"


def names() -> list[str]:
    """Names of the scales, smallest first."""
    known = [path.stem for path in FOLDER.glob("*.toml")]
    order = {
        name: rank for rank, name in enumerate(("test", "class", "reproduce", "laptop", "paper"))
    }
    return sorted(known, key=lambda name: (order.get(name, len(order)), name))


def load(scale: str) -> dict[str, dict]:
    """All sections of a scale.

    Raises
    ------
    InputError
        If there is no such scale.
    """
    if scale not in names():
        raise InputError(f"There is no scale {scale!r}; choose one of {', '.join(names())}.")
    found = tomllib.loads((FOLDER / f"{scale}.toml").read_text(encoding="utf-8"))
    base = load(found.pop("base")) if "base" in found else {}
    return base | {name: base.get(name, {}) | numbers for name, numbers in found.items()}


def section(scale: str, name: str, **changed: object) -> dict:
    """The numbers of one section, some of them changed.

    Raises
    ------
    InputError
        If a changed name is not in the section, or its value is of another kind.
    """
    numbers = dict(load(scale).get(name, {}))
    for key, value in changed.items():
        if key not in numbers:
            known = ", ".join(sorted(numbers)) or "none"
            raise InputError(f"The stage {name} has no parameter {key!r}; it has {known}.")
        numbers[key] = same_kind(key, value, numbers[key])
    return numbers


def same_kind(name: str, value: object, default: object) -> object:
    """``value`` as the type of ``default``; whole numbers may stand for floats, nothing else.

    Raises
    ------
    InputError
        If the value is of another kind.
    """
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(default):
        raise InputError(
            f"The parameter {name} is {value!r}; give a value of type {type(default).__name__},"
            f" such as {default!r}."
        )
    return value
