"""Tables that commands read and write: polymers to predict, held-out predictions to score."""

from pathlib import Path

import numpy as np
import pandas as pd

from trinity.errors import InputError
from trinity.files import read_json, write_atomic
from trinity.measurements import NEEDED, read_table
from trinity.quantities import CONDITIONS, TARGETS

OPTIONAL = ("components", "lab")


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

    answers = predict_batches(_numbers(table), model, members=members, fast=fast)
    if not (strict and any("error" in answer for answer in answers)):
        write_atomic(out, _completed(table, answers))
    return answers


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
    names = list(dict.fromkeys(key for answer in answers for key in answer if key not in NEEDED))
    added = pd.DataFrame([[_cell(answer.get(key)) for key in names] for answer in answers])
    kept = table.rename(columns=lambda name: f"{name}_given" if name in names else name)
    beside = added.set_axis(names, axis=1)
    return pd.concat([kept, beside], axis=1).to_csv(index=False, lineterminator="\n")


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
