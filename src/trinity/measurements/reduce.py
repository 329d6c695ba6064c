"""A laboratory's own heat-release curve, reduced by the rule of the measurements.

`read_curves` finds time and heat release in files as instruments and databases write them: one
header row or two (names and units, in either order), lines before them, several curves side by
side, columns of unequal length. It refuses what it would have to guess.
"""

import glob
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from trinity.errors import InputError
from trinity.measurements.reader import UNITS, plain, read_rows, split_name

TIME = re.compile(r"t|zeit|(elapsed_|test_|scan_)?time(_\w+)?\d*")
HRR = re.compile(r"(hrr|hrr_pua|hrrpua|heat_release_rate(_per_unit_area)?)(_\w+)?")
NOT_A_CURVE = re.compile(r"\w*(peak|mean|average|total|std|dev)\w*")
HRR_UNITS = {"kW/m2": "kw_m2", "W/m2": "w_m2", "kW": "kw", "W": "w"}
TIME_UNITS = {"s": "s", "min": "min"}
IN_WORDS = {unit: words for words, unit in HRR_UNITS.items()}
#: A number with the minus sign of typesetters in place of a hyphen.
TYPOGRAPHIC = re.compile(r"^[−–](\d.*|\..*)$")
BLANK = ("", "-", "--", "nan", "na", "n/a", "null")
SCALARS = ("t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2", "q180_kw_m2")
SMOOTHED_UP_TO_S = 2.0  # median sampling interval up to which the peak is a mean over 5 s
IGNITED_KW_M2 = 24.0
HIGHEST_KW_M2 = 6000.0  # twice the richest fuel at 100 kW/m2
DURATION_S = (10.0, 1e6)  # of a record; the rule asks for 10 s above its threshold
LARGEST_AREA_M2 = 0.1


@dataclass(frozen=True)
class Curve:
    """One measured curve: ``time_s`` and ``hrr_kw_m2`` (n,), and how it was read."""

    file: str
    column: str
    time_s: np.ndarray
    hrr_kw_m2: np.ndarray
    read_as: str

    def reduced(self) -> dict:
        """``file``, ``column``, the `SCALARS`, ``test_duration_s`` and ``read_as``."""
        scalars = reduce_curve(self.time_s, self.hrr_kw_m2, f"{self.file}, {self.column}")
        about = {"test_duration_s": float(self.time_s[-1]), "read_as": self.read_as}
        return {"file": self.file, "column": self.column, **scalars, **about}


def reduce_curve(time_s, hrr_kw_m2, name: str = "The curve") -> dict[str, float | None]:
    """Ignition time, peak and total of a measured HRR(t), by the rule of the measurements.

    The rule (``data/measurements/README.md``): on a grid of 0.5 s from the first time, ignition is
    the first passage of 24 kW/m2 that lasts 10 s; the peak is a mean over 5 s if the median
    sampling interval is at most 2 s, of the curve as it is otherwise.

    Parameters
    ----------
    time_s, hrr_kw_m2 : array_like, shape (n,)
        Times [s] that do not fall, and heat release rates [kW/m2]; pairs with a missing (NaN)
        value are left out.
    name : str
        How an error names the curve.

    Returns
    -------
    dict
        ``t_ig_s`` [s], ``phrr_kw_m2`` [kW/m2], ``t_peak_s`` [s], ``thr_mj_m2`` [MJ/m2] and
        ``q180_kw_m2`` [kW/m2], the mean over 180 s from ignition; all None without ignition.

    Raises InputError if the arrays differ in length, are empty, infinite or too short, time falls,
    or the curve begins above the threshold.

    Examples
    --------
    >>> found = reduce_curve([0, 60, 70, 200, 210], [0, 0, 500, 500, 0])
    >>> found["t_ig_s"], found["phrr_kw_m2"]
    (60.5, 500.0)
    >>> reduce_curve([0, 300, 600], [0.0, 5.0, 0.0])["t_ig_s"] is None
    True
    """
    from trinity.cone.curve import GRID_S, HALF, scalars_of  # compiled: not for readers of tables

    time, hrr = _checked(time_s, hrr_kw_m2, name)
    start, time = time[0], time - time[0]
    curve = np.interp(np.arange(0.0, time[-1] + 1e-9, GRID_S), time, hrr)
    dense = np.median(np.diff(time)) <= SMOOTHED_UP_TO_S
    found = scalars_of(1e3 * curve, HALF if dense else 0)
    if np.isnan(found.t_ig_s):
        return dict.fromkeys(SCALARS)
    if found.t_ig_s == 0.0:
        raise InputError(f"{name} begins above 24 kW/m2, without its ignition; give all of it.")
    found = found._replace(t_ig_s=start + found.t_ig_s, t_peak_s=start + found.t_peak_s)
    return dict(zip(SCALARS, map(float, found), strict=True))


def _checked(time_s, hrr_kw_m2, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Time and heat release as arrays of equal length without missing values."""
    try:
        time, hrr = np.asarray(time_s, float), np.asarray(hrr_kw_m2, float)
    except (TypeError, ValueError):
        raise InputError(f"{name} holds something that is no number; give numbers.") from None
    if time.ndim != 1 or time.shape != hrr.shape:
        raise InputError(f"{name} has {time.size} times and {hrr.size} rates; give them in pairs.")
    kept = ~(np.isnan(time) | np.isnan(hrr))
    time, hrr = time[kept], hrr[kept]
    if len(time) < 3 or not (np.isfinite(time).all() and np.isfinite(hrr).all()):
        raise InputError(f"{name} has {len(time)} pairs, or infinite ones; give the whole record.")
    falls = np.flatnonzero(np.diff(time) < 0)
    if len(falls):
        low, high = time[falls[0] + 1], time[falls[0]]
        raise InputError(f"{name}: time falls from {high:g} to {low:g}; give one test, in order.")
    span = time[-1] - time[0]
    if not DURATION_S[0] <= span <= DURATION_S[1]:
        raise InputError(f"{name} lasts {span:g} s, which is no test; is --time-unit right?")
    if hrr.max() > HIGHEST_KW_M2:
        raise InputError(f"{name} reaches {hrr.max():.4g} kW/m2; is it in W/m2 (--unit W/m2)?")
    return time, hrr


def read_curves(
    path: str | Path,
    time: str | None = None,
    hrr: Iterable[str] = (),
    unit: str | None = None,
    area_m2: float | None = None,
    time_unit: str | None = None,
) -> list[Curve]:
    """The heat-release curves of a file.

    Parameters
    ----------
    path
        CSV, whatever its separator.
    time, hrr
        Names of columns, or their numbers from 1; found by usual names if not given. Each column
        of heat release goes with the nearest column of time to its left.
    unit, time_unit
        One of `HRR_UNITS`, `TIME_UNITS`; overrides what the header says.
    area_m2
        Exposed area [m2] of the specimen, for kW and W.

    Raises InputError if the file is no table, a column or unit cannot be told, or a value is not a
    number.
    """
    for given, known in ((unit, HRR_UNITS), (time_unit, TIME_UNITS)):
        if given is not None and given not in known:
            raise InputError(f"There is no unit {given!r}; use one of {', '.join(known)}.")
    if area_m2 is not None and not 0.0 < area_m2 <= LARGEST_AREA_M2:
        raise InputError(f"The area is {area_m2:g} m2; give m2, such as 0.01 for 10 cm x 10 cm.")
    rows, said = read_rows(path)
    rows = [[TYPOGRAPHIC.sub(r"-\1", cell) for cell in row] for row in rows]
    start = next((i for i, row in enumerate(rows) if _is_data(row)), len(rows))
    if start == len(rows):
        raise InputError(f"{path} has no rows of numbers; a curve needs a time and a heat release.")
    table = pd.DataFrame(rows).fillna("")
    heads, data = table[:start].to_numpy().tolist(), table[start:].reset_index(drop=True)
    heads = heads or [[f"column {place + 1}" for place in table]]
    names = next((row for row in heads if _columns(row, time, TIME)), heads[-1])
    times = _columns(names, time, TIME)
    found = [_columns(names, name, HRR)[:1] for name in hrr] or [_columns(names, None, HRR)]
    if not times or not all(found):
        what = "time (--time)" if not times else "heat release rate (--hrr)"
        shown = ", ".join(cell[:30] for cell in names if cell) or ", ".join(rows[start][:20])
        raise InputError(f"{path} has no such column of {what}; found: {shown}.")
    units = [row for row in heads if row is not names]
    curves = []
    for column in chain(*found):
        clock = max((t for t in times if t < column), default=times[0])
        if time is None and "ignition" in plain(names[clock]):
            raise InputError(
                f"{path} counts time from ignition, which is then not in the record; --time takes"
                f" {names[clock]!r} all the same, for the peak."
            )
        if clock == column:
            raise InputError(f"{path}: {names[column]!r} cannot be time and heat release.")
        t, q, blank = _pairs(path, data[[clock, column]])
        stated = TIME_UNITS.get(time_unit) or _stated(names[clock], [r[clock] for r in units])
        seconds = _seconds(f"{path}: {names[clock]}", stated, time_unit, t[-1])
        stated = HRR_UNITS.get(unit) or _stated(names[column], [r[column] for r in units])
        factor = _per_area(f"{path}: {names[column]}", stated, unit, area_m2, q.max())
        how = [
            f"{names[clock]} in {'min' if seconds > 1 else 's'}",
            f"{names[column]} in {IN_WORDS[stated]}",
            *said,
        ]
        how += [f"{blank} rows with a blank cell left out"] if blank else []
        how += ["still burning at its end"] if factor * q[-1] > IGNITED_KW_M2 else []
        curves.append(Curve(str(path), names[column], seconds * t, factor * q, ", ".join(how)))
    return curves


def files_of(patterns: Iterable[str | Path]) -> list[Path]:
    """Files by name or by pattern (``*.csv``), in order; a name that matches nothing stays."""
    found = [sorted(glob.glob(str(pattern))) or [pattern] for pattern in patterns]
    return [Path(name) for names in found for name in names]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell.lower() in BLANK
    return True


def _is_data(row: list[str]) -> bool:
    """Whether a row begins with a number and holds another, or nothing but numbers."""
    filled = [_is_number(cell) for cell in row if cell]
    return any(filled[:1]) and (sum(filled) > 1 or all(filled))


def _columns(names: list[str], wanted: str | None, known: re.Pattern) -> list[int]:
    """Places of the wanted column, by name or number, or of those with a known name."""
    if wanted is None:
        bases = [split_name(name)[0] for name in names]
        found = [known.fullmatch(base) and not NOT_A_CURVE.fullmatch(base) for base in bases]
        return [i for i, is_one in enumerate(found) if is_one]
    exact = [i for i, name in enumerate(names) if name == wanted]
    alike = [i for i, name in enumerate(names) if plain(name) == plain(wanted)]
    return exact or alike or [i for i in range(len(names)) if str(i + 1) == wanted]


def _pairs(path, cells: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, int]:
    """Numbers of two columns where both are given, and in how many rows only one is."""
    table = cells.apply(pd.to_numeric, errors="coerce").astype(float)
    wrong = cells[table.isna() & ~cells.map(str.lower).isin(BLANK)].stack().dropna()
    if len(wrong):
        row, cell = wrong.index[0][0], wrong.iloc[0]
        raise InputError(f"{path}, data row {row + 1}: {cell[:40]!r} is not a number.")
    given = table.notna()
    kept = given.all(axis=1)
    if not kept.any():
        raise InputError(f"{path} has no row in which both time and heat release are given.")
    return *table[kept].to_numpy().T, int((given.sum(axis=1) == 1).sum())


def _stated(header: str, below: list[str]) -> str | None:
    """The unit that a header, or a cell of the other head rows, states; one that stands in brackets
    is stated even if nobody here knows it."""
    own = split_name(header)[1]
    return next((text for text in (own, *map(plain, below)) if text in UNITS), own)


def _per_area(name: str, stated, unit, area_m2, highest: float) -> float:
    """Factor to kW/m2, where there is no doubt."""
    quantity, factor = UNITS.get(stated, ("", 0.0))
    choice = f"say --unit {' or '.join(HRR_UNITS)}"
    why = ""
    if stated is not None and stated not in UNITS:
        why = f"is in {stated}, which is not known here; convert it, or {choice}"
    elif quantity not in ("flux", "power"):
        why = f"reaches {highest:.4g} in no stated unit; {choice}"
    elif unit is None and stated == "w_m2" and highest < 10_000:
        why = f"reaches {highest:.4g} in W/m2, which is little; {choice}"
    elif quantity == "power" and area_m2 is None:
        why = (
            "is of the whole specimen; give --area in m2 (0.01 for 10 cm x 10 cm, 0.0088 under the"
            " retainer frame)"
        )
    elif quantity == "flux" and area_m2 is not None:
        why = "is per area already; leave --area out"
    if why:
        raise InputError(f"{name} {why}.")
    return factor / (area_m2 or 1.0)


def _seconds(name: str, stated, time_unit, last: float) -> float:
    """Factor to seconds; a time of no stated unit that passes 120 is in seconds, for two hours
    are no cone test, and so are minutes that pass 240."""
    quantity, factor = UNITS.get(stated, ("time" if stated is None else "", 1.0))
    doubt = (stated is None and last <= 120) or (factor > 1 and time_unit is None and last > 240)
    if quantity != "time" or doubt:
        raise InputError(
            f"{name} ends at {last:g} in {stated or 'no stated unit'}; give seconds or minutes, and"
            " say --time-unit s or min."
        )
    return factor
