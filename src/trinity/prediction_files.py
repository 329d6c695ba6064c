"""What ``trinity predict`` reads and writes: polymers of the command line, tables."""

import csv
import io
from pathlib import Path

import pandas as pd

from trinity.cli_tools import read_bytes
from trinity.errors import InputError
from trinity.files import write_atomic

NEEDED = ("psmiles", "flux_kw_m2", "thickness_mm")
OPTIONAL = ("components", "lab")


def predict_polymers(
    polymers: list[str], flux_kw_m2: float, thickness_mm: float, model: Path | None = None
) -> list[dict]:
    """Answers for repeat units, or copolymers as ``psmiles:mass fraction|...``, in order.

    Raises
    ------
    InputError
        If the conditions, the model or the components of a copolymer cannot be used.
    """
    from trinity.polymers import parse_components
    from trinity.prediction import predict

    components = [text if "|" in text else None for text in polymers]
    units = [
        max(parse_components(mixed), key=lambda part: part[1])[0] if mixed else text
        for text, mixed in zip(polymers, components, strict=True)
    ]
    return predict(units, flux_kw_m2, thickness_mm, components=components, model=model)


def predict_table(source: Path, out: Path, model: Path | None, strict: bool) -> list[dict]:
    """Complete a CSV of polymers and conditions; every row and every other column is kept.

    A column of the input that has the name of a prediction (a measured ``t_ig_s``, say) is kept as
    ``t_ig_s_given``. Nothing is written when ``strict`` and a row cannot be predicted.

    Returns
    -------
    list[dict]
        One answer a row, as `trinity.prediction.predict_frame` gives it.

    Raises
    ------
    InputError
        If the file as a whole cannot be used.
    """
    table = read_table(source)
    from trinity.prediction import predict_frame

    answers = predict_frame(_numbers(table), model)
    if not (strict and any("error" in answer for answer in answers)):
        write_atomic(out, _completed(table, answers))
    return answers


def read_table(path: Path) -> pd.DataFrame:
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
        head, *rows = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    except (csv.Error, ValueError) as error:
        raise InputError(
            f"{path} is empty or no CSV ({error}); see trinity predict --help."
        ) from error
    head = [name.strip() for name in head]
    missing = [name for name in NEEDED if name not in head]
    if missing:
        raise InputError(f"{path} has no column {missing[0]}; it needs {', '.join(NEEDED)}.")
    if len(set(head)) < len(head):
        raise InputError(f"{path} names a column twice; every column needs a name of its own.")
    for number, row in enumerate(rows, 1):
        if len(row) != len(head):
            raise InputError(f"{path}, row {number}: {len(row)} cells where {len(head)} belong.")
    if not rows:
        raise InputError(f"{path} has no rows below its head; add at least one polymer.")
    return pd.DataFrame(rows, columns=head, dtype=str)


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    """The columns a model reads; conditions as numbers, NaN where a cell holds none."""
    frame = table[[name for name in (*NEEDED, *OPTIONAL) if name in table]].copy()
    for name in ("flux_kw_m2", "thickness_mm"):
        frame[name] = pd.to_numeric(frame[name], errors="coerce")
    for name in OPTIONAL:
        if name in frame:
            frame[name] = [cell.strip() or None for cell in frame[name]]
    return frame


def _completed(table: pd.DataFrame, answers: list[dict]) -> str:
    """CSV of the rows as they were read, and the answers beside them."""
    added = list(dict.fromkeys(key for answer in answers for key in answer if key not in NEEDED))
    kept = {name: f"{name}_given" if name in added else name for name in table.columns}
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*kept.values(), *added])
    for row, answer in zip(table.itertuples(index=False), answers, strict=True):
        writer.writerow([*row, *(_cell(answer.get(key)) for key in added)])
    return stream.getvalue()


def _cell(value: object) -> object:
    """Numbers with what is significant of them, truth as words, nothing as an empty cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else value
