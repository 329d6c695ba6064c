"""Tables that commands read and write: polymers to predict, held-out predictions to score."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from trinity.errors import InputError
from trinity.files import read_bytes, read_json, write_atomic
from trinity.quantities import CONDITIONS, TARGETS

NEEDED = ("psmiles", *CONDITIONS)
OPTIONAL = ("components", "lab")


def predict_polymers(
    polymers: list[str],
    flux_kw_m2: float,
    thickness_mm: float,
    model: Path | None = None,
    members: int | None = None,
    fast: bool = False,
) -> list[dict]:
    """Answers for repeat units, or copolymers as ``psmiles:mass fraction|...``, in order.

    Raises
    ------
    InputError
        If the conditions, the model or the components of a copolymer cannot be used.
    """
    from trinity.chemistry.polymers import Polymer
    from trinity.prediction.fast import screen
    from trinity.prediction.folder import explained
    from trinity.prediction.predict import predict

    components = [text if "|" in text else None for text in polymers]
    units = [
        Polymer.parse(text).main if mixed else text
        for text, mixed in zip(polymers, components, strict=True)
    ]
    ask = screen if fast else predict
    with explained(folder_of(model, fast)):
        return ask(units, flux_kw_m2, thickness_mm, components, model=model, members=members)


def folder_of(model: Path | None, fast: bool) -> Path:
    """The folder of the model that is asked."""
    from trinity.prediction.fast import distilled_model
    from trinity.prediction.predict import default_model

    return model or (distilled_model() if fast else default_model())


def predict_table(
    source: Path,
    out: Path,
    model: Path | None,
    strict: bool,
    members: int | None = None,
    fast: bool = False,
) -> list[dict]:
    """Complete a CSV of polymers and conditions; every row and every other column is kept.

    A column of the input that has the name of a prediction (a measured ``t_ig_s``, say) is kept as
    ``t_ig_s_given``. Nothing is written when ``strict`` and a row cannot be predicted.

    Returns
    -------
    list[dict]
        One answer a row, as `trinity.prediction.predict.predict_frame` gives it.

    Raises
    ------
    InputError
        If the file as a whole cannot be used.
    """
    table = read_table(source)
    from trinity.prediction.batches import predict_batches
    from trinity.prediction.folder import explained

    with explained(folder_of(model, fast)):
        answers = predict_batches(_numbers(table), model, members=members, fast=fast)
    if not (strict and any("error" in answer for answer in answers)):
        write_atomic(out, _completed(table, answers))
    return answers


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


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    """The columns a model reads; conditions as numbers, NaN where a cell holds none."""
    frame = table[[name for name in (*NEEDED, *OPTIONAL) if name in table]].copy()
    for name in CONDITIONS:
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


def read_predictions(path: Path) -> pd.DataFrame:
    """Held-out predictions from CSV, or from JSON rows (alone or below ``predictions``).

    Raises
    ------
    InputError
        If the file cannot be read, lacks a column or a value, or a value is impossible.
    """
    from trinity.evidence.scores import COLUMNS

    if path.suffix.lower() == ".json":
        rows = read_json(path)
        rows = rows.get("predictions") if isinstance(rows, dict) else rows
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise InputError(f"{path} holds no list of predictions; each row is an object.")
        frame = pd.DataFrame(rows)
    else:
        frame = read_table(path, COLUMNS)
    if frame.empty:
        raise InputError(f"{path} has no rows; give at least one prediction.")
    missing = [name for name in COLUMNS if name not in frame]
    if missing:
        raise InputError(f"{path} has no column {missing[0]}; it needs {', '.join(COLUMNS)}.")
    for name in ("measured", "predicted", "lo", "hi"):
        frame[name] = _positive(path, frame[name], empty=name in ("lo", "hi"))
    for name in ("arm", "fold", "target"):
        _texts(path, frame[name], TARGETS if name == "target" else ())
    upside_down = frame.index[frame["lo"] > frame["hi"]]
    if len(upside_down):
        raise InputError(
            f"{path}, row {upside_down[0] + 1}: lo is above hi; the interval is empty."
        )
    return frame


def _positive(path: Path, column: pd.Series, empty: bool) -> pd.Series:
    """A column as positive numbers; cells may be ``empty``."""
    text = column.map(lambda cell: "" if cell is None else str(cell).strip())
    numbers = pd.to_numeric(text, errors="coerce").astype(float)
    wrong = ~(np.isfinite(numbers) & (numbers > 0)) & ~((text.isin(["", "nan"])) & empty)
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"{path}, row {at + 1}: {column.name} is {text.iloc[at][:40]!r};"
            " give a positive number."
        )
    return numbers


def _texts(path: Path, column: pd.Series, known: tuple[str, ...]) -> None:
    """Refuse a column with a cell that is empty, or not among those ``known``."""
    for number, cell in enumerate(column, 1):
        if not isinstance(cell, str | int) or not str(cell).strip():
            raise InputError(f"{path}, row {number}: {column.name} is empty or no text; name it.")
        if known and cell not in known:
            raise InputError(
                f"{path}, row {number}: {str(cell)[:40]!r} is no known target; use one of"
                f" {', '.join(known)}."
            )
