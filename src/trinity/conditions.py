"""The conditions of a cone test that the project accepts, checked in one place."""

from math import isfinite

from trinity.errors import InputError

FLUX_RANGE_KW_M2 = (5.0, 200.0)
THICKNESS_RANGE_MM = (0.1, 200.0)


def check_conditions(flux_kw_m2: float, thickness_mm: float) -> None:
    """Refuse a heat flux outside 5-200 kW/m² or a thickness outside 0.1-200 mm.

    Raises
    ------
    InputError
        If either is not a number or outside its range.
    """
    _check("heat flux", flux_kw_m2, FLUX_RANGE_KW_M2, "kW/m²")
    _check("thickness", thickness_mm, THICKNESS_RANGE_MM, "mm")


def _check(name: str, value: float, allowed: tuple[float, float], unit: str) -> None:
    low, high = allowed
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not isfinite(number) or not low <= number <= high:
        shown = str(value)[:40]
        raise InputError(
            f"The {name} is {shown!s} {unit}; give a number from {low:g} to {high:g} {unit}."
        )
