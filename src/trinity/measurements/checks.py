"""Checks of a table of cone tests: units, limits, chemistry, repeats; one sentence per bad row.

`LIMITS` is the schema: quantities, units, limits. Several tests of one polymer at other conditions
are all kept, and a test that did not ignite is a test.
"""

from pathlib import Path

import pandas as pd

from trinity.chemistry.polymers import Polymer, polymer_key
from trinity.errors import InputError
from trinity.measurements.reader import read_table
from trinity.quantities import CONDITIONS, FLUX_ACCEPTED_KW_M2, TARGETS, THICKNESS_ACCEPTED_MM

MAX_THR_PER_MM = 80.0  # MJ/m2/mm; polyethylene, the richest fuel, holds about 45
#: What laboratories write where a specimen did not ignite (small letters, without full stops).
NO_IGNITION = ("ni", "no ignition", "not ignited", "did not ignite", "no", "-", "–", "—")


#: Of each quantity the lowest and highest value, the unit, and what is wrong most often.
LIMITS = {
    "flux_kw_m2": (*FLUX_ACCEPTED_KW_M2, "kW/m2", "is it in W/m2?"),
    "thickness_mm": (*THICKNESS_ACCEPTED_MM, "mm", "is it in m?"),
    "t_ig_s": (0.1, 36000, "s", "empty without ignition"),
    "phrr_kw_m2": (1, 20000, "kW/m2", "is it in W/m2?"),
    "t_peak_s": (0.1, 360000, "s", "is it in minutes?"),
    "thr_mj_m2": (0.01, 20000, "MJ/m2", "is it in kJ/m2?"),
    "density_kg_m3": (20, 4000, "kg/m3", "is it in g/cm3?"),
    "test_duration_s": (1, 360000, "s", "is it in minutes?"),
}


def _impossible(table: pd.DataFrame) -> dict[int, str]:
    """Row label -> one sentence, for the first value or pair of values that cannot be."""
    values = table.reindex(columns=list(LIMITS))
    wrong: list[tuple[pd.Series, str]] = []
    for name, (low, high, unit, hint) in LIMITS.items():
        outside = values[name].notna() & ~values[name].between(low, high)
        wrong.append((outside, f"{name} = {{}} must lie in {low:g}-{high:g} {unit} ({hint})."))
    wrong += [(values[name].isna(), f"{name} is empty.") for name in CONDITIONS]
    labelled = values[["phrr_kw_m2", "thr_mj_m2"]].notna().any(axis=1) & ("t_ig_s" in table)
    wrong += [
        (values["t_peak_s"] < values["t_ig_s"], "t_peak_s must not come before t_ig_s."),
        (labelled & values["t_ig_s"].isna(), "phrr_kw_m2 or thr_mj_m2 needs t_ig_s."),
        (
            values["thr_mj_m2"] > MAX_THR_PER_MM * values["thickness_mm"],
            f"thr_mj_m2 exceeds {MAX_THR_PER_MM:g} MJ/m2 per mm of thickness.",
        ),
    ]
    errors: dict[int, str] = {}
    for rows, sentence in wrong:
        for k in table.index[rows]:
            errors.setdefault(k, sentence.format(values.get(sentence.split(" ")[0], values)[k]))
    return errors


def _keys(table: pd.DataFrame) -> tuple[list[str | None], dict[int, str]]:
    """Polymer key of each row, None where the polymer cannot be read, and why."""
    keys, errors = [], {}
    for k, row in table.iterrows():
        try:
            Polymer.parse(row.psmiles, row.get("components"))
            keys.append(polymer_key(row.psmiles))
        except InputError as error:
            errors[k] = str(error)
            keys.append(None)
    return keys, errors


def _repeated(table: pd.DataFrame) -> dict[int, str]:
    """Rows equal to an earlier one, labels included; unlabelled rows may repeat."""
    labels = [name for name in TARGETS if name in table]
    columns = [c for c in ("components", "lab", *CONDITIONS) if c in table]
    repeated = table.duplicated(["key", *columns, *labels]) & table["key"].notna()
    repeated &= table[labels].notna().any(axis=1)
    return {k: "repeats an earlier row, results alike." for k in table.index[repeated]}


def _to_numbers(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[int, str]]:
    """Turn the quantities into floats (empty = missing), name the cells that are no numbers, and
    add ``ignited``: 1 with an ignition time, 0 without one where that was said or can be meant."""
    errors: dict[int, str] = {}
    table = table.copy()
    said = pd.Series(False, index=table.index)
    for name in LIMITS:
        if name not in table:
            continue
        text = table[name].str.strip()
        if name in TARGETS:
            none = text.str.lower().str.replace(".", "").isin(NO_IGNITION)
            said |= none & (name == "t_ig_s")
            text = text.mask(none, "")
        numbers = pd.to_numeric(text, errors="coerce").astype(float)
        wrong = (numbers.isna() & (text != "")) | numbers.isin([float("inf"), float("-inf")])
        for k in table.index[wrong]:
            errors.setdefault(k, f"{name} = {text[k]!r} is not a number.")
        table[name] = numbers.mask(wrong)
    labels = table.reindex(columns=[*TARGETS, "test_duration_s"])
    said |= labels.pop("test_duration_s").notna()
    ignited, unlabelled = labels["t_ig_s"].notna(), labels.isna().all(axis=1)
    # Blank cells alone mean no ignition only beside rows that have labels.
    silent = unlabelled & ("t_ig_s" in table) & (said | ~unlabelled.all())
    table["ignited"] = ignited.astype(float).where(ignited | silent)
    return table, errors


def read_measurements(path: str | Path, strict: bool = True) -> pd.DataFrame:
    """Read a user's CSV of cone tests, or of conditions to predict.

    Columns ``psmiles``, ``flux_kw_m2`` [kW/m2], ``thickness_mm`` [mm]; optional ``components``
    (``psmiles:mass fraction|...``), ``lab``, ``t_ig_s`` [s] (empty or one of `NO_IGNITION` for a
    test without), ``phrr_kw_m2`` [kW/m2], ``t_peak_s`` [s], ``thr_mj_m2`` [MJ/m2],
    ``test_duration_s`` [s]; any others are passed through as text. Usual other names, units and
    formats are understood (`trinity.measurements.reader`) and said in ``attrs["read_as"]``.

    Returns
    -------
    DataFrame
        The rows in their order, with ``ignited`` (1, 0, missing where unknown), ``key`` (missing
        where the PSMILES is wrong) and ``error`` (empty for a good row).

    Raises
    ------
    InputError
        If the file or a column is missing; if ``strict``, also for the first bad row.
    """
    table, not_numbers = _to_numbers(read_table(path))
    table["key"], unreadable = _keys(table)
    errors = _repeated(table) | unreadable | _impossible(table) | not_numbers
    if strict and errors:
        first = min(errors)
        more = f" ({len(errors)} rows have errors)" if len(errors) > 1 else ""
        raise InputError(f"{path}, row {first + 1}: {errors[first]}{more}")
    table["error"] = [errors.get(k, "") for k in table.index]
    return table
