"""Milligram measurements of a polymer, which take the place of what its structure suggests.

Three are known by the name of the property that they replace (`QUANTITIES`): T50, the temperature
at which half of the volatiles have left at 10 K/min in nitrogen; the char that is left then; and
the heat of combustion of the gas, per mass of gas, of microscale calorimetry.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from trinity.chemistry.priors import value as of_prior
from trinity.chemistry.thermochemistry import decomposition_heat, gas_heat_of_combustion
from trinity.errors import InputError

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_GIVEN = re.compile(rf"({_NUMBER})\s*(?:(?:±|\+/-|\+-)\s*({_NUMBER})\s*)?(\D*)")


class Quantity(NamedTuple):
    """What can be given for a property: SI value = ``scale`` times what was given + ``offset``."""

    name: str  # in sentences
    units: dict[str, tuple[float, float]]  # scale and offset of each
    low: float  # what is possible, in SI
    high: float
    sigma: str  # row of the priors: 1 sigma where none is given
    relative: bool  # whether that is a share of the value
    example: str  # how it is written


QUANTITIES = {
    "t50_k": Quantity(
        "T50", {"C": (1.0, 273.15), "K": (1.0, 0.0)},
        low=430.0, high=1150.0, sigma="measured_t50_error", relative=False,
        example="430C, 703K or 430±5C",
    ),
    "char_yield": Quantity(
        "char", {"": (1.0, 0.0), "%": (0.01, 0.0)},
        low=0.0, high=0.9, sigma="measured_char_error", relative=False,
        example="0.15, 15% or 0.15±0.02",
    ),
    "gas_heat_of_combustion_j_kg": Quantity(
        "heat of combustion of the gas",
        {"MJ/kg": (1e6, 0.0), "kJ/g": (1e6, 0.0), "J/g": (1e3, 0.0), "J/kg": (1.0, 0.0)},
        low=1e6, high=50e6, sigma="measured_gas_heat_error", relative=True,
        example="25.1MJ/kg or 25.1±1MJ/kg",
    ),
}  # fmt: skip
#: Columns of a table, with the property and the unit of each; ``..._sigma`` goes beside each.
COLUMNS = {
    "t50_c": ("t50_k", "C"),
    "t50_k": ("t50_k", "K"),
    "char": ("char_yield", ""),
    "gas_heat_mj_kg": ("gas_heat_of_combustion_j_kg", "MJ/kg"),
}
SIGMA = "_sigma"

Measured = tuple[tuple[str, float, float], ...]  # property, value and 1 sigma in SI, by name


def read(given: Mapping[str, object]) -> Measured:
    """Measured values by property: a number or ``(value, sigma)`` in SI, or text with a unit.

    Raises InputError if a property cannot be measured so, a unit is missing or another, a value is
    impossible.

    Examples
    --------
    >>> read({"t50_k": "430±5C", "char_yield": 0.15})
    (('char_yield', 0.15, 0.02), ('t50_k', 703.15, 5.0))
    >>> read({"t50_k": (703.15, 5.0)})
    (('t50_k', 703.15, 5.0),)
    """
    return tuple(_read(name, value) for name, value in sorted(given.items()) if value is not None)


def _read(name: str, given: object) -> tuple[str, float, float]:
    if name not in QUANTITIES:
        raise InputError(f"{name!r} cannot be given; measured are {', '.join(QUANTITIES)}.")
    quantity = QUANTITIES[name]
    if isinstance(given, str):
        value, sigma, (scale, offset) = _parts(quantity, given)
        value, sigma = scale * value + offset, None if sigma is None else scale * sigma
    else:
        try:
            pair = given if isinstance(given, tuple | list) else (given, None)
            value, sigma = (None if part is None else float(part) for part in pair)
        except (TypeError, ValueError):
            value, sigma = float("nan"), None
    if value is None or not quantity.low <= value <= quantity.high:
        raise InputError(
            f"The {quantity.name} {_shown(given)} is impossible; give {_range(quantity)}."
        )
    if sigma is None:
        sigma = of_prior(quantity.sigma) * (value if quantity.relative else 1.0)
    if not 0.0 <= sigma <= quantity.high - quantity.low:
        raise InputError(f"The error of the {quantity.name} {_shown(given)} is impossible.")
    return name, value, sigma


def _parts(quantity: Quantity, text: str) -> tuple[float, float | None, tuple[float, float]]:
    """Value, sigma and the unit's scale and offset in a text."""
    found = _GIVEN.fullmatch(text.strip())
    unit = found[3].strip().removeprefix("°").removeprefix("deg").strip() if found else None
    known = {name.lower(): factors for name, factors in quantity.units.items()}
    if unit is None or unit.lower() not in known:
        raise InputError(
            f"The {quantity.name} {_shown(text)} cannot be read; write it as {quantity.example}."
        )
    return float(found[1]), found[2] and float(found[2]), known[unit.lower()]


def _shown(given: object) -> str:
    return ascii(given)[:40]


def _range(quantity: Quantity) -> str:
    unit, (scale, offset) = next(iter(quantity.units.items()))
    low, high = ((end - offset) / scale for end in (quantity.low, quantity.high))
    return f"{low:.4g} to {high:.4g} {unit}".rstrip()


def put_into(properties: dict, measured: Measured) -> dict:
    """The `properties` of an estimate, each with ``value`` and ``sigma``, with measured ones in
    place of theirs; what follows from them follows.

    Of a chain that sheds acid first, T50 lies in the step in which half of the volatiles have left.
    The heat of combustion of the polymer is that of its gas and of the carbon that stays.

    Raises InputError if more char is given than the acid leaves.
    """
    found, given = dict(properties), {name: (value, sigma) for name, value, sigma in measured}

    def put(name: str, value: float, sigma: float | None = None) -> None:
        sigma = found[name].sigma if sigma is None else sigma
        found[name] = replace(found[name], value=float(value), sigma=float(sigma))

    heat, gas = "heat_of_combustion_j_kg", "gas_heat_of_combustion_j_kg"
    acid = found["acid_fraction"].value
    if "char_yield" in given:
        put("char_yield", *given["char_yield"])
        if found["char_yield"].value > 0.95 * (1.0 - acid):
            raise InputError(
                f"The char {found['char_yield'].value:g} is impossible: {acid:.2g} of the polymer"
                " leaves as acid."
            )
        put("heat_of_decomposition_j_kg", decomposition_heat(found["char_yield"].value))
    char = found["char_yield"].value
    if gas in given:
        put(gas, *given[gas])
        left = 1.0 - char - acid
        whole = given[gas][0] * left + char * of_prior("carbon_heat")
        put(heat, whole, given[gas][1] * left)
    else:
        burning = gas_heat_of_combustion(found[heat].value, char, acid)
        put(gas, burning, burning * found[heat].sigma / max(found[heat].value, 1.0))
    if "t50_k" in given:
        half = 0.5 * (1.0 - char)  # the volatiles that have left at T50
        first = half < acid
        share = half / acid if first else (half - acid) / (1.0 - char - acid)
        width = found["decomposition_width_k"].value * (
            of_prior("acid_width_share") if first else 1.0
        )
        # With the rate exp(x - exp(x)) of a first-order step, x = ln(-ln(1 - share)).
        late = np.log(np.log(2.0) / -np.log(1.0 - np.clip(share, 0.02, 0.98)))
        value, sigma = given["t50_k"]
        put("acid_t50_k" if first else "t50_k", value + late / 2.446 * width, sigma)
    return found


def of_row(row: Mapping[str, object]) -> dict[str, object]:
    """What a row of a table says for `read`: values by property in ``measured``, or cells of some
    of `COLUMNS`, of which blank ones say nothing.

    Raises InputError if T50 is given twice, an error without its value, or a cell is no number.
    """
    found = dict(row.get("measured") or {})
    for column, (name, unit) in COLUMNS.items():
        value, sigma = (_cell(row.get(key)) for key in (column, column + SIGMA))
        if not value:
            if sigma:
                raise InputError(f"{column}{SIGMA} is given without {column}.")
            continue
        if name in found:
            raise InputError(f"The {QUANTITIES[name].name} is given twice; leave one column blank.")
        for key, cell in ((column, value), (column + SIGMA, sigma)):
            if cell and not re.fullmatch(_NUMBER, cell):
                own = f"a number of {unit}" if unit else "a share, such as 0.15"
                raise InputError(f"{key} is {_shown(cell)}; this column holds {own}.")
        found[name] = f"{value}±{sigma}{unit}" if sigma else f"{value}{unit}"
    return found


def _cell(cell: object) -> str:
    """What a cell says, nothing for a blank one or NaN."""
    return "" if cell is None or cell != cell else str(cell).strip()
