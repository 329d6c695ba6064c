"""Polymers to predict, one by one or as a table that is completed."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from trinity.files import write_atomic
from trinity.measurements.reader import NEEDED, read_table, spreadsheet_safe
from trinity.quantities import CONDITIONS

OPTIONAL = ("components", "lab")


def predict_table(
    source: Path,
    out: Path,
    model: Path | None,
    strict: bool,
    members: int | None = None,
    fast: bool = False,
    tell: Callable[[str], None] = print,
) -> list[dict]:
    """Complete a CSV of polymers and conditions; every row and every other column is kept.

    A column of the input that has the name of a prediction (a measured ``t_ig_s``, say) is kept as
    ``t_ig_s_given``; a cell that a spreadsheet would run is written as text. Nothing is written
    when ``strict`` and a row cannot be predicted. ``tell`` gets a line on how the table was read
    where that was not as written.

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
    if table.attrs["read_as"]:
        tell(table.attrs["read_as"])
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
    kept = kept.map(spreadsheet_safe).rename(columns=spreadsheet_safe)
    beside = added.set_axis(names, axis=1)
    return pd.concat([kept, beside], axis=1).to_csv(index=False, lineterminator="\n")


def _cell(value: object) -> object:
    """Numbers with what is significant of them, truth as words, nothing as an empty cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else value
