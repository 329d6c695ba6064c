"""Measured cone tests and the reference tables: read, checked, and grouped for held-out scoring.

Every table is checked by a pandera schema that knows units and limits; what fails is reported in
one sentence with its row. Several tests of one polymer at other conditions are all kept.
"""

import csv
import io
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from trinity.chemistry.polymers import Polymer, polymer_key
from trinity.errors import InputError
from trinity.files import data_path, read_bytes
from trinity.quantities import CONDITIONS, FLUX_ACCEPTED_KW_M2, TARGETS, THICKNESS_ACCEPTED_MM

MAX_THR_PER_MM = 80.0  # MJ/m2/mm; polyethylene, the richest fuel, holds about 45
NEEDED = ("psmiles", *CONDITIONS)

# Held-out groups: HDPE and LDPE are one polymer; HIPS and ABS share their main unit.
GROUP_TEN = {
    "HDPE": "PE", "LDPE": "PE", "PP": "PP", "HIPS": "HIPS", "ABS": "ABS", "PMMA": "PMMA",
    "PC": "PC", "PET": "PET", "PVC": "PVC", "PA66": "PA66", "PEEK": "PEEK",
}  # fmt: skip
GROUP_NINE = {
    name: "styrenics" if name in ("HIPS", "ABS") else group for name, group in GROUP_TEN.items()
}


def _between(low: float, high: float, unit: str, hint: str) -> pa.Check:
    return pa.Check.in_range(low, high, error=f"must lie in {low:g}-{high:g} {unit} ({hint})")


def _number(check: pa.Check, nullable: bool = True, required: bool = False) -> pa.Column:
    return pa.Column(float, check, nullable=nullable, required=required)


def _schema(labels_required: bool) -> pa.DataFrameSchema:
    """Units and limits of a table of cone tests; labels are optional in a user's own file."""
    needed = {"required": labels_required}
    return pa.DataFrameSchema(
        {
            "psmiles": pa.Column(str),
            "flux_kw_m2": _number(
                _between(*FLUX_ACCEPTED_KW_M2, "kW/m2", "is it in W/m2?"), False, True
            ),
            "thickness_mm": _number(
                _between(*THICKNESS_ACCEPTED_MM, "mm", "is it in m?"), False, True
            ),
            "t_ig_s": _number(_between(0.1, 36000, "s", "empty without ignition"), **needed),
            "phrr_kw_m2": _number(_between(1, 20000, "kW/m2", "is it in W/m2?"), **needed),
            "t_peak_s": _number(_between(0.1, 360000, "s", "is it in minutes?"), **needed),
            "thr_mj_m2": _number(_between(0.01, 20000, "MJ/m2", "is it in kJ/m2?"), **needed),
            "density_kg_m3": _number(_between(20, 4000, "kg/m3", "is it in g/cm3?")),
        },
        checks=[
            pa.Check(_peak_after_ignition, error="t_peak_s must not come before t_ig_s"),
            pa.Check(_labels_need_ignition, error="phrr_kw_m2 or thr_mj_m2 needs t_ig_s"),
            pa.Check(
                _possible_heat,
                error=f"thr_mj_m2 exceeds {MAX_THR_PER_MM:g} MJ/m2 per mm of thickness",
            ),
        ],
    )


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    return table[name] if name in table else pd.Series(float("nan"), index=table.index)


def _peak_after_ignition(table: pd.DataFrame) -> pd.Series:
    return ~(_column(table, "t_peak_s") < _column(table, "t_ig_s"))


def _labels_need_ignition(table: pd.DataFrame) -> pd.Series:
    if "t_ig_s" not in table:
        return pd.Series(True, index=table.index)
    labelled = _column(table, "phrr_kw_m2").notna() | _column(table, "thr_mj_m2").notna()
    return table.t_ig_s.notna() | ~labelled


def _possible_heat(table: pd.DataFrame) -> pd.Series:
    return ~(_column(table, "thr_mj_m2") > MAX_THR_PER_MM * table.thickness_mm)


def _schema_errors(table: pd.DataFrame, schema: pa.DataFrameSchema) -> dict[int, str]:
    """Row label -> one sentence, for the first thing wrong in that row."""
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as failed:
        cases = failed.failure_cases
        missing = cases[cases["index"].isna()]
        if len(missing):
            case = missing.iloc[0]
            raise InputError(
                f"The table fails a check of its columns: {case['check']} ({case.failure_case})."
            ) from None
        return {int(k): _sentence(rows) for k, rows in cases.groupby("index", sort=True)}
    return {}


def _sentence(cases: pd.DataFrame) -> str:
    in_column = cases[cases.schema_context == "Column"]
    case = (in_column if len(in_column) else cases).iloc[0]  # a wrong unit breaks other rules too
    if case.check == "not_nullable":
        return f"{case.column} is empty."
    if case.schema_context != "Column":
        return f"{case.check}."
    return f"{case.column} = {case.failure_case} {case.check}."


def _keys(table: pd.DataFrame) -> tuple[list[str | None], dict[int, str]]:
    """Key of each row's main repeat unit, None where the polymer is wrong, and what is wrong."""
    keys: list[str | None] = [None] * len(table)
    errors = {}
    for k, row in enumerate(table.to_dict("records")):
        try:
            Polymer.parse(row["psmiles"], row.get("components"))
            keys[k] = polymer_key(row["psmiles"])
        except InputError as error:
            errors[k] = str(error)
    return keys, errors


def _duplicates(table: pd.DataFrame) -> dict[int, str]:
    """Rows equal to an earlier one, labels included; unlabelled rows may repeat."""
    labels = [name for name in TARGETS if name in table]
    columns = [c for c in ("key", "components", "lab", *CONDITIONS) if c in table]
    repeated = table.duplicated([*columns, *labels]) & table[labels].notna().any(axis=1)
    return {k: "repeats an earlier row, results alike." for k in table.index[repeated]}


def read_table(path: Path, needed: tuple[str, ...] = NEEDED) -> pd.DataFrame:
    """A CSV as text, cell by cell, with the needed columns.

    Raises
    ------
    InputError
        If it is no CSV in UTF-8, lacks a column, names one twice or has no row.
    """
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text; save it as CSV in UTF-8.") from error
    try:
        rows = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    except csv.Error as error:
        raise InputError(f"{path} is no CSV: {error}; save it as comma-separated text.") from error
    if not rows:
        raise InputError(f"{path} is empty; it needs a head with {', '.join(needed)}.")
    head, *rows = rows
    head = [name.strip() for name in head]
    missing = [name for name in needed if name not in head]
    if missing:
        raise InputError(f"{path} has no column {missing[0]}; it needs {', '.join(needed)}.")
    if len(set(head)) < len(head):
        raise InputError(f"{path} names a column twice; every column needs a name of its own.")
    for number, row in enumerate(rows, 1):
        if len(row) != len(head):
            raise InputError(f"{path}, row {number}: {len(row)} cells where {len(head)} belong.")
    if not rows:
        raise InputError(f"{path} has no rows below its head; add at least one polymer.")
    return pd.DataFrame(rows, columns=head, dtype=str)


def _to_numbers(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[int, str]]:
    """Turn the quantities into floats (empty = missing) and name the cells that are no numbers."""
    errors: dict[int, str] = {}
    table = table.copy()
    for name in (*CONDITIONS, *TARGETS, "density_kg_m3"):
        if name not in table:
            continue
        text = table[name].str.strip()
        numbers = pd.to_numeric(text, errors="coerce").astype(float)
        wrong = (numbers.isna() & (text != "")) | numbers.isin([float("inf"), float("-inf")])
        for k in table.index[wrong]:
            errors.setdefault(k, f"{name} = {text[k]!r} is not a number.")
        table[name] = numbers.mask(wrong)
    return table, errors


def read_measurements(path: str | Path, strict: bool = True) -> pd.DataFrame:
    """Read a user's CSV of cone tests, or of conditions to predict.

    Columns ``psmiles``, ``flux_kw_m2`` [kW/m2], ``thickness_mm`` [mm]; optional ``components``
    (``psmiles:mass fraction|...``), ``lab``, ``t_ig_s`` [s], ``phrr_kw_m2`` [kW/m2], ``t_peak_s``
    [s], ``thr_mj_m2`` [MJ/m2]; any others are passed through as text.

    Returns
    -------
    DataFrame
        The rows in their order, with ``key`` (missing where the PSMILES is wrong) and ``error``
        (empty for a good row).

    Raises
    ------
    InputError
        If the file or a column is missing; if ``strict``, also for the first bad row.
    """
    table, not_numbers = _to_numbers(read_table(Path(path)))
    table["key"], bad_chemistry = _keys(table)
    errors = {
        **_duplicates(table),
        **bad_chemistry,
        **_schema_errors(table, _schema(labels_required=False)),
        **not_numbers,
    }
    if strict and errors:
        first = min(errors)
        more = f" ({len(errors)} rows have errors)" if len(errors) > 1 else ""
        raise InputError(f"{path}, row {first + 1}: {errors[first]}{more}")
    return table.assign(error=[errors.get(k, "") for k in table.index])


@lru_cache(maxsize=1)
def _measurements() -> pd.DataFrame:
    path = data_path("measurements", "cone_measurements.csv")
    table = read_measurements(path).drop(columns="error")
    schema = _schema(labels_required=True).add_columns(
        {"polymer": pa.Column(str, pa.Check.isin(list(GROUP_TEN), error="is not a known polymer"))}
    )
    errors = _schema_errors(table, schema)
    if errors:
        raise InputError(f"{path}, row {min(errors) + 1}: {errors[min(errors)]}")
    table.insert(0, "test_id", range(len(table)))
    table["q180_kw_m2"] = pd.to_numeric(table.q180_kw_m2)
    table["group_nine"] = table.polymer.map(GROUP_NINE)
    table["group_ten"] = table.polymer.map(GROUP_TEN)
    return table


def load_measurements() -> pd.DataFrame:
    """The 78 cone tests, all columns of the CSV plus four.

    ``test_id`` is the 0-based data row, ``key`` the polymer key of the main repeat unit,
    ``group_nine`` and ``group_ten`` the groups left out together. ``t_ig_s`` is missing for the one
    test without ignition (a censored value), ``thr_mj_m2`` where it is masked (see ``note``).
    """
    return _measurements().copy()


def folds() -> pd.DataFrame:
    """The committed table of who is left out with whom: test_id, polymer, group_nine, group_ten."""
    return pd.read_csv(data_path("folds.csv"))


def load_table(name: str) -> pd.DataFrame:
    """A reference table of ``data/reference`` by its name without ``.csv``.

    Raises
    ------
    InputError
        If there is no such table.
    """
    path = data_path("reference", f"{name}.csv")
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.csv")))
        raise InputError(f"There is no reference table {name!r}; there are {known}.")
    return pd.read_csv(path)
