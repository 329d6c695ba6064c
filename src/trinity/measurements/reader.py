"""Tables as people have them: usual separators, decimal commas, headers and units.

Nothing is guessed in silence: ``attrs["read_as"]`` of a table says in one line what was
understood otherwise than written.
"""

import csv
import io
import re
from pathlib import Path

import pandas as pd

from trinity.errors import InputError
from trinity.files import read_bytes, write_atomic
from trinity.quantities import CONDITIONS

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
    "test_id": "test_id",
    "cell": "cell",
    "target": "target",
    "predicted": "predicted prediction",
    "lo": "lo",
    "hi": "hi",
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
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
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

    Raises
    ------
    InputError
        If the file cannot be read, is no table, or mixes decimal points and commas.
    """
    text, said = _text(Path(path))
    separator = _separator(text)
    try:
        stream = io.StringIO(text, newline="")
        rows = [
            [c.strip() for c in row] for row in csv.reader(stream, delimiter=separator, strict=True)
        ]
    except csv.Error as error:
        raise InputError(f"{path} is no CSV: {error}; save it as comma-separated text.") from error
    rows = [row for row in rows if any(row)]
    if separator != ",":
        said.append(f"separated by {SEPARATORS[separator]}")
        cells = [cell for row in rows for cell in row]
        if any(map(COMMA_NUMBER.fullmatch, cells)):
            if any(map(POINT_NUMBER.fullmatch, cells)):
                raise InputError(f"{path} has decimal points and decimal commas; use one of them.")
            rows = [[_with_point(cell) for cell in row] for row in rows]
            said.append("decimal commas")
    return rows, said


def _with_point(cell: str) -> str:
    return cell.replace(",", ".") if COMMA_NUMBER.fullmatch(cell) else cell


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

    Raises
    ------
    InputError
        If the file cannot be read, a needed column is missing (those found are named), a column
        is there twice, or a row has too many or too few cells.
    """
    rows, said = read_rows(path)
    if not rows:
        raise InputError(f"{path} is empty; it needs a head with {', '.join(needed) or 'names'}.")
    head, *rows = rows
    while head and not head[-1] and all(len(row) < len(head) or not row[-1] for row in rows):
        rows = [row[: len(head) - 1] for row in rows]  # a separator at the end of every line
        head = head[:-1]
    columns, factors, renamed = _columns(path, head)
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
    rows = [[c[1:] if re.match("'[=+@-]", c) else c for c in row] for row in rows]
    table = pd.DataFrame(rows, columns=columns, dtype=str)
    for name, factor in factors.items():
        table[name] = [_scaled(cell, factor) for cell in table[name]]
    table.attrs["read_as"] = f"{path}: {', '.join(said + renamed)}." if said or renamed else ""
    return table


def _columns(path, head: list[str]) -> tuple[list[str], dict[str, float], list[str]]:
    """Names of the columns, factors of those in other units, and what to say of them."""
    columns, factors, said = [], {}, []
    exact = {name for name in head if name in NAMES}
    for header in head:
        name, unit = split_name(header)
        column = COLUMN_OF.get(name)
        if header in NAMES or column is None or column in exact:
            columns.append(header)
            continue
        own = split_name(column)[1]
        if unit is not None and (own is None or UNITS.get(unit, ("",))[0] != UNITS[own][0]):
            raise InputError(
                f"{path}: the unit of the column {header[:40]!r} is not known here; give {column}."
            )
        columns.append(column)
        factor = UNITS[unit][1] if unit else 1.0
        if factor != 1.0:
            factors[column] = factor
        said.append(f"{header!r} read as {column}" + (f" times {factor:g}" if factor != 1 else ""))
    return columns, factors, said


def _scaled(cell: str, factor: float) -> str:
    try:
        return f"{float(cell) * factor:.10g}"
    except ValueError:
        return cell


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
