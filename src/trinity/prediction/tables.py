"""A table of polymers to predict, completed."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from trinity.chemistry.measured import COLUMNS, SIGMA
from trinity.measurements.reader import NEEDED, read_table, spreadsheet_safe, write_csv
from trinity.prediction.predict import predict_frame
from trinity.quantities import CONDITIONS

OPTIONAL = ("components", "lab", *COLUMNS, *(name + SIGMA for name in COLUMNS))


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
    where that was not as written. Returns and raises what `predict_frame` does.
    """
    table = read_table(source)
    if table.attrs["read_as"]:
        tell(table.attrs["read_as"])
    answers = predict_frame(_numbers(table), model, members, fast, spread=True)
    if not (strict and any("error" in answer for answer in answers)):
        added = pd.DataFrame(answers).drop(columns=list(NEEDED), errors="ignore")
        if "in_domain" in added:
            added["in_domain"] = added["in_domain"].map({True: "true", False: "false"})
        if "reasons" in added:
            added["reasons"] = added["reasons"].map(" ".join, na_action="ignore")
        kept = table.rename(columns=lambda name: f"{name}_given" if name in added else name)
        write_csv(out, pd.concat([kept.rename(columns=spreadsheet_safe), added], axis=1))
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
