"""Tables as people have them, read and checked: usual separators, decimal commas, headers, units.

Nothing is guessed in silence: ``attrs["read_as"]`` of a table says in one line what was
understood otherwise than written. `LIMITS` is the schema of a table of cone tests. Several tests of
one polymer at other conditions are all kept, and a test that did not ignite is a test.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from trinity.chemistry.polymers import Polymer, polymer_key
from trinity.errors import InputError
from trinity.files import read_bytes, write_atomic
from trinity.quantities import CONDITIONS, FLUX_ACCEPTED_KW_M2, TARGETS, THICKNESS_ACCEPTED_MM

NEEDED = ("psmiles", *CONDITIONS)
#: Column of the project -> the names that people give it, as `split_name` leaves them.
NAMES = {
    "psmiles": "psmiles smiles p_smiles polymer_smiles repeat_unit",
    "components": "components",
    "lab": "lab laboratory",
    "flux_kw_m2": "flux heat_flux irradiance external_heat_flux incident_heat_flux external_flux",
    "thickness_mm": "thickness specimen_thickness sample_thickness",
    "t_ig_s": "t_ig tig ignition_time time_to_ignition t_ignition tti",
    "phrr_kw_m2": "phrr pkhrr peak_hrr peak_heat_release_rate hrr_peak max_hrr peak_hrrpua",
    "t_peak_s": "t_peak time_to_peak time_to_peak_hrr time_of_peak t_phrr",
    "thr_mj_m2": "thr total_heat_release total_heat_released",
    "test_duration_s": "test_duration",
    "predicted": "predicted prediction",
    **{name: name for name in ("test_id", "cell", "target", "lo", "hi")},
}
COLUMN_OF = {name: column for column, names in NAMES.items() for name in names.split()}
#: Unit as `plain` leaves it -> (quantity, factor to the project's unit of that quantity).
UNITS = {
    "kw_m2": ("flux", 1.0), "w_m2": ("flux", 1e-3), "mj_m2": ("heat", 1.0), "kj_m2": ("heat", 1e-3),
    "mm": ("length", 1.0), "cm": ("length", 10.0), "m": ("length", 1e3),
    "s": ("time", 1.0), "sec": ("time", 1.0), "seconds": ("time", 1.0), "min": ("time", 60.0),
    "minutes": ("time", 60.0),
    "kw": ("power", 1.0), "w": ("power", 1e-3),
}  # fmt: skip
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
SEPARATORS = {";": "semicolons", "\t": "tabs"}
COMMA_NUMBER = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
POINT_NUMBER = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?")


def plain(text: str) -> str:
    """A name or unit in small letters and underscores.

    >>> plain("Heat Flux"), plain("kW/m²"), plain("kW m^-2")
    ('heat_flux', 'kw_m2', 'kw_m2')
    """
    text = text.lower().translate(str.maketrans("²³⁻−·", "23--."))
    return re.sub(r"[^a-z0-9]+", "_", text.replace("^", "").replace("m-", "m")).strip("_")


def split_name(header: str) -> tuple[str, str | None]:
    """Plain name and unit of a header; the unit stands in brackets or at the end.

    >>> split_name("Heat flux (kW/m2)"), split_name("t_ig_s"), split_name("HRR")
    (('heat_flux', 'kw_m2'), ('t_ig', 's'), ('hrr', None))
    """
    bracketed = re.fullmatch(r"(.*?)[\s,]*[(\[]([^)\]]*)[)\]]\s*", header)
    if bracketed:
        return plain(bracketed[1]), plain(bracketed[2]) or None
    name = plain(header)
    for unit in sorted(UNITS, key=len, reverse=True):
        if name.endswith("_" + unit) and name != unit:
            return name.removesuffix("_" + unit), unit
    return name, None


def read_rows(path: str | Path) -> tuple[list[list[str]], list[str]]:
    """Rows of stripped cells without empty rows, and what was understood of the format.

    An InputError if the file cannot be read, is no table, or mixes decimal points and commas.
    """
    text, said = _text(Path(path))
    separator = _separator(text)
    try:
        found = csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True)
        rows = [[cell.strip() for cell in row] for row in found]
    except csv.Error as error:
        raise InputError(f"{path} is no CSV: {error}; save it as comma-separated text.") from error
    rows = [row for row in rows if any(row)]
    if separator == ",":
        return rows, said
    said.append(f"separated by {SEPARATORS[separator]}")
    cells = [cell for row in rows for cell in row]
    if any(map(COMMA_NUMBER.fullmatch, cells)):
        if any(map(POINT_NUMBER.fullmatch, cells)):
            raise InputError(f"{path} has decimal points and decimal commas; use one of them.")
        rows = [
            [cell.replace(",", ".") if COMMA_NUMBER.fullmatch(cell) else cell for cell in row]
            for row in rows
        ]
        said.append("decimal commas")
    return rows, said


def _text(path: Path) -> tuple[str, list[str]]:
    """The file as text: UTF-8, UTF-16 with its mark, or what Windows programs write."""
    raw = read_bytes(path)
    utf16 = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "cp1252"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not re.search(r"[\x00-\x08\x0e-\x1f]", text):
            return text, [] if encoding == "utf-8-sig" else [f"encoded in {encoding}"]
    raise InputError(f"{path} cannot be read as text; save it as CSV in UTF-8.")


def _separator(text: str) -> str:
    """Tab or semicolon where they split the head (or, below a title, most lines), else comma."""
    lines = [line for line in text.splitlines() if line.strip()][:20]
    for separator in ("\t", ";"):
        split = [len(next(csv.reader([line], delimiter=separator), [])) > 1 for line in lines]
        if lines and (split[0] or ("," not in lines[0] and 2 * sum(split) > len(split))):
            return separator
    return ","


def read_table(path: str | Path, needed: tuple[str, ...] = NEEDED) -> pd.DataFrame:
    """A table with one header row, as text; known columns under the project's names and units.

    ``attrs["read_as"]`` is a line on what was understood otherwise than written, or empty.

    Raises InputError if the file cannot be read, a needed column is missing (those found are
    named), a column is there twice, or a row has too many or too few cells.
    """
    rows, said = read_rows(path)
    if not rows:
        raise InputError(f"{path} is empty; it needs a head with {', '.join(needed) or 'names'}.")
    head, *rows = rows
    while head and not head[-1] and all(len(row) < len(head) or not row[-1] for row in rows):
        rows = [row[: len(head) - 1] for row in rows]  # a separator at the end of every line
        head = head[:-1]
    columns, factors = [], {}
    for name, factor, how in (_column(path, header, head) for header in head):
        columns.append(name)
        factors |= {name: factor} if factor != 1.0 else {}
        said += [how] if how else []
    missing = [name for name in needed if name not in columns]
    if missing:
        found = ", ".join(name[:30] for name in head[:20])
        raise InputError(
            f"{path} has no column {missing[0]}; it needs {', '.join(needed)}; found: {found}."
        )
    for name in columns:
        if columns.count(name) > 1:
            raise InputError(f"{path} names a column twice: {name}; every column needs its own.")
    for number, row in enumerate(rows, 1):
        if len(row) != len(head):
            raise InputError(f"{path}, row {number}: {len(row)} cells where {len(head)} belong.")
    if not rows:
        raise InputError(f"{path} has no rows below its head; add at least one.")
    table = pd.DataFrame(rows, columns=columns, dtype=str)
    table = table.map(lambda cell: cell[1:] if re.match("'[=+@-]", cell) else cell)
    for name, factor in factors.items():
        numbers = pd.to_numeric(table[name], errors="coerce").astype(float) * factor
        table[name] = numbers.map("{:.10g}".format).where(numbers.notna(), table[name])
    table.attrs["read_as"] = f"{path}: {', '.join(said)}." if said else ""
    return table


def _column(path, header: str, head: list[str]) -> tuple[str, float, str]:
    """Name of a column, factor to the project's unit, and what to say of it if anything."""
    name, unit = split_name(header)
    column = COLUMN_OF.get(name)
    if header in NAMES or column is None or column in head:
        return header, 1.0, ""
    own = split_name(column)[1]
    if unit is not None and (own is None or UNITS.get(unit, ("",))[0] != UNITS[own][0]):
        raise InputError(
            f"{path}: the unit of the column {header[:40]!r} is not known here; give {column}."
        )
    factor = UNITS[unit][1] if unit else 1.0
    times = f" times {factor:g}" if factor != 1.0 else ""
    return column, factor, f"{header!r} read as {column}{times}"


def read_measurements(path: str | Path, strict: bool = True) -> pd.DataFrame:
    """Read a user's CSV of cone tests, or of conditions to predict.

    Columns ``psmiles``, ``flux_kw_m2`` [kW/m2], ``thickness_mm`` [mm]; optional ``components``
    (``psmiles:mass fraction|...``), ``lab``, ``t_ig_s`` [s] (empty or one of `NO_IGNITION` for a
    test without), ``phrr_kw_m2`` [kW/m2], ``t_peak_s`` [s], ``thr_mj_m2`` [MJ/m2],
    ``test_duration_s`` [s]; any others are passed through as text. Usual other names, units and
    formats are understood and said in ``attrs["read_as"]``.

    Returns
    -------
    DataFrame
        The rows in their order, with ``ignited`` (1, 0, missing where unknown), ``key`` (missing
        where the PSMILES is wrong) and ``error`` (empty for a good row).

    Raises InputError if the file or a column is missing; if ``strict``, also for the first bad row.
    """
    table = read_table(path)
    errors: dict[int, str] = {}  # of each row the first fault found
    for faults in (_not_numbers, _impossible, _not_polymers, _repeated):
        for row, fault in faults(table):
            errors.setdefault(row, fault)
    if strict and errors:
        first = min(errors)
        more = f" ({len(errors)} rows have errors)" if len(errors) > 1 else ""
        raise InputError(f"{path}, row {first + 1}: {errors[first]}{more}")
    table["error"] = [errors.get(row, "") for row in table.index]
    return table


def _not_numbers(table: pd.DataFrame) -> Iterator[tuple[int, str]]:
    """Turn the quantities into floats (empty = missing), name the cells that are no numbers, and
    add ``ignited``: 1 with an ignition time, 0 without one where that was said or can be meant."""
    said = table.get("test_duration_s", pd.Series("", table.index)) != ""
    for name in table.columns.intersection(list(LIMITS)):
        text = table[name]
        if name in TARGETS:
            none = text.str.lower().str.replace(".", "").isin(NO_IGNITION)
            said |= none & (name == "t_ig_s")
            text = text.mask(none, "")
        numbers = pd.to_numeric(text, errors="coerce").astype(float)
        numbers = numbers.where(np.isfinite(numbers))
        for row in table.index[numbers.isna() & (text != "")]:
            yield row, f"{name} = {text[row]!r} is not a number."
        table[name] = numbers
    labels = table.reindex(columns=list(TARGETS))
    ignited, unlabelled = labels["t_ig_s"].notna(), labels.isna().all(axis=1)
    # Blank cells alone mean no ignition only beside rows that have labels.
    silent = unlabelled & ("t_ig_s" in table) & (said | ~unlabelled.all())
    table["ignited"] = ignited.astype(float).where(ignited | silent)


def _impossible(table: pd.DataFrame) -> Iterator[tuple[int, str]]:
    """Values and pairs of values that cannot be."""
    values = table.reindex(columns=list(LIMITS))
    for name, (low, high, unit, hint) in LIMITS.items():
        for row, value in values[name][~values[name].between(low, high)].dropna().items():
            yield row, f"{name} = {value} must lie in {low:g}-{high:g} {unit} ({hint})."
    labelled = values[["phrr_kw_m2", "thr_mj_m2"]].notna().any(axis=1) & ("t_ig_s" in table)
    for rows, fault in (
        *((values[name].isna(), f"{name} is empty.") for name in CONDITIONS),
        (values["t_peak_s"] < values["t_ig_s"], "t_peak_s must not come before t_ig_s."),
        (labelled & values["t_ig_s"].isna(), "phrr_kw_m2 or thr_mj_m2 needs t_ig_s."),
        (
            values["thr_mj_m2"] > MAX_THR_PER_MM * values["thickness_mm"],
            f"thr_mj_m2 exceeds {MAX_THR_PER_MM:g} MJ/m2 per mm of thickness.",
        ),
    ):
        yield from ((row, fault) for row in table.index[rows])


def _not_polymers(table: pd.DataFrame) -> Iterator[tuple[int, str]]:
    """Add the key of each polymer, None where it cannot be read, and say why."""
    keys = []
    for row, psmiles, components in zip(
        table.index, table["psmiles"], table.get("components", [None] * len(table)), strict=True
    ):
        try:
            Polymer.parse(psmiles, components)
            keys.append(polymer_key(psmiles))
        except InputError as error:
            keys.append(None)
            yield row, str(error)
    table["key"] = keys


def _repeated(table: pd.DataFrame) -> Iterator[tuple[int, str]]:
    """Rows equal to an earlier one, labels included; unlabelled rows may repeat."""
    labels = [name for name in TARGETS if name in table]
    columns = [name for name in ("components", "lab", *CONDITIONS) if name in table]
    repeated = table.duplicated(["key", *columns, *labels]) & table["key"].notna()
    repeated &= table[labels].notna().any(axis=1)
    yield from ((row, "repeats an earlier row, results alike.") for row in table.index[repeated])


def spreadsheet_safe(cell: object) -> object:
    """A cell that a spreadsheet shows and does not run: a text that begins like a formula gets an
    apostrophe, which `read_table` takes away again.

    >>> spreadsheet_safe("=1+1"), spreadsheet_safe("-5.2"), spreadsheet_safe("*CC*")
    ("'=1+1", '-5.2', '*CC*')
    """
    if not isinstance(cell, str) or not re.match(r"[=+\-@\t\r]", cell):
        return cell
    try:
        float(cell)
    except ValueError:
        return cell if cell == "-" else "'" + cell
    return cell


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table as a CSV that a spreadsheet shows and does not run."""
    text = table.map(spreadsheet_safe).to_csv(index=False, float_format="%.6g", lineterminator="\n")
    write_atomic(path, text)
