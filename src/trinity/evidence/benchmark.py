"""A benchmark: anybody's held-out predictions of the measured cells, scored like the project's own.

Measured values, folds and weights are those of the project, so that a file of predictions needs
no more than which cell, which target and what was predicted.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from trinity.errors import InputError
from trinity.evidence.scores import ENDPOINT, compare, headline, scores
from trinity.files import artifacts_root, read_json
from trinity.measurements.reader import read_table
from trinity.measurements.specimens import load_measurements
from trinity.quantities import PRIMARY, TARGETS

OPTIONAL = "cell test_id lo hi arm seed measured fold grouping lab_known".split()
#: What `score` calls the parts of a comparison -> what `trinity.evidence.scores.compare` does.
DIFFERENCE = {
    "difference": "difference",
    "difference_low": "low",
    "difference_high": "high",
    "p": "p_sign_flip",
}
CONTRADICTION = 0.01  # of a measured value that a file repeats, relative


def labels() -> pd.DataFrame:
    """All that can be predicted: one row per ignited cell and measured target.

    ``test_id``, ``cell``, ``polymer``, ``psmiles``, ``components``, ``lab``, ``flux_kw_m2``,
    ``thickness_mm``, ``fold`` (of the nine groups), ``target``, ``measured``.
    """
    cells = load_measurements().rename(columns={"group_nine": "fold"})
    about = "test_id cell polymer psmiles components lab flux_kw_m2 thickness_mm fold".split()
    return cells.melt(about, list(TARGETS), "target", "measured").dropna(subset="measured")


def template() -> pd.DataFrame:
    """The rows to be filled: every label without its value, with empty ``predicted, lo, hi``.

    ``fold`` says which rows must be predicted without each other: train on the others only.
    """
    return labels().drop(columns="measured").assign(predicted="", lo="", hi="")


def read_predictions(path: str | Path) -> pd.DataFrame:
    """Predictions of a file: CSV, or JSON rows (alone or below ``predictions``).

    Columns ``target``, ``predicted`` and ``test_id`` or ``cell``; optional ``lo`` and ``hi`` (90 %
    interval), ``arm`` (a name), ``seed``; ``measured`` and ``fold`` may be there and must not
    contradict the project's. Rows with an empty ``predicted`` are left out, those of the grouping
    ``ten``, too.

    Returns ``arm``, ``seed``, ``predicted``, ``lo``, ``hi`` and the columns of `labels`.

    Raises InputError if the file cannot be read, a column is missing, or a row is unknown,
    repeated, contradicting or impossible; the row is named.
    """
    path = Path(path)
    given = _json_rows(path) if path.suffix.lower() == ".json" else read_table(path, ())
    given.index = pd.RangeIndex(1, len(given) + 1)
    missing = [name for name in ("target", "predicted") if name not in given]
    missing += [] if {"cell", "test_id"} & set(given) else ["cell or test_id"]
    if missing:
        raise InputError(
            f"{path} has no column {missing[0]}; it needs cell or test_id, target and predicted"
            f" (trinity evaluate --template FILE writes one); found: {', '.join(given)[:200]}."
        )

    def refuse(wrong: pd.Series, shown: pd.Series, why: str) -> None:
        if wrong.any():
            row = wrong.idxmax()
            raise InputError(f"{path}, row {row}: {str(shown.loc[row])[:40]!r} {why}.")

    rows = given.map(lambda cell: "" if cell is None or cell != cell else str(cell).strip())
    rows = rows.reindex(columns=list(dict.fromkeys([*rows, *OPTIONAL])), fill_value="")
    rows = rows[rows["grouping"] != "ten"]
    cells = load_measurements().astype({"test_id": str}).set_index("test_id")["cell"]
    named = rows["test_id"].str.removesuffix(".0").map(cells).fillna("")
    unknown = "is no known test_id: give the first specimen of a cell, as in data/folds.csv"
    refuse((rows["test_id"] != "") & (named == ""), rows["test_id"], unknown)
    both = (rows["cell"] != "") & (named != "")
    refuse(both & (rows["cell"] != named), rows["cell"], "is not the cell of the test_id beside it")
    rows["cell"] = rows["cell"].where(rows["cell"] != "", named)
    refuse(~rows["cell"].isin(cells), rows["cell"], "is no known cell")
    refuse(~rows["target"].isin(TARGETS), rows["target"], f"is not in {', '.join(TARGETS)}")
    for name in ("predicted", "lo", "hi", "measured"):
        numbers = pd.to_numeric(rows[name], errors="coerce").astype(float)
        wrong = ~(np.isfinite(numbers) & (numbers > 0)) & (rows[name] != "")
        refuse(wrong, rows[name], f"is no positive number ({name})")
        rows[name] = numbers
    rows = rows[rows["predicted"].notna()]
    refuse(rows["lo"] > rows["hi"], rows["lo"], "is lo and above hi")
    rows = rows.assign(arm=rows["arm"].replace("", "yours"), seed=rows["seed"].replace("", "0"))
    known = rows["lab_known"].str.lower().isin(["true", "1"])
    rows["arm"] = rows["arm"].mask(known, rows["arm"] + ", laboratory known")
    repeated = rows.duplicated(["arm", "seed", "cell", "target"])
    refuse(repeated, rows["cell"], "repeats an earlier row of this arm, seed and target")
    own = rows.reset_index(names="row").merge(
        labels(), on=["cell", "target"], suffixes=("_given", "")
    )
    if own.empty:
        raise InputError(f"{path} predicts nothing that was measured; give at least one value.")
    own = own.set_index("row")
    wrong = (own["fold_given"] != "") & (own["fold_given"] != own["fold"])
    refuse(wrong, own["fold_given"], "is not the fold of this cell in data/folds.csv")
    off = np.log(own["measured_given"] / own["measured"]).abs() > CONTRADICTION
    refuse(off, own["measured_given"], "is not what was measured there; leave measured values out")
    keep = ["arm", "seed", "predicted", "lo", "hi", *labels().columns]
    return own[keep].reset_index(drop=True)


def _json_rows(path: Path) -> pd.DataFrame:
    rows = read_json(path)
    rows = rows.get("predictions") if isinstance(rows, dict) else rows
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path} holds no list of predictions; each row is an object.")
    return pd.DataFrame(rows)


def published(results: dict | None = None) -> pd.DataFrame:
    """The project's own arms, laboratory hidden, nine groups: as `read_predictions`, matched to
    the cells by polymer, laboratory, flux and thickness (within 10 %). ``results`` is what
    ``lopo.json`` holds, the published one by default."""
    results = results or read_json(artifacts_root() / "results" / "lopo.json")
    rows = headline(results)
    on = ["polymer", "lab", "flux_kw_m2", "target"]
    rows = rows.drop(columns=["test_id", "fold", "measured"])
    rows = rows.merge(labels(), on=on, suffixes=("_given", ""))
    off = np.log(rows["thickness_mm_given"] / rows["thickness_mm"]).abs()
    rows = rows.assign(off=off)[off < 0.1].sort_values("off")
    return rows.drop_duplicates(["arm", "seed", "cell", "target"])


def score(predictions: pd.DataFrame, others: pd.DataFrame | None = None) -> list[dict]:
    """The rows of `trinity.evidence.scores.scores`, and how each arm compares with the first.

    ``n`` of ``of`` cells are scored. The arms of ``others`` are scored on cells that the first arm
    of ``predictions`` has. ``difference`` is the mean |ln| error of an arm minus that of the first
    arm on the same cells (positive: the first is better), with its 95 % bootstrap interval over
    groups and exact sign-flip ``p``.
    """
    key = ["test_id", "target"]
    first, table = predictions["arm"].iloc[0], predictions
    if others is not None:
        mine = predictions.loc[predictions["arm"] == first, key].drop_duplicates()
        table = pd.concat([predictions, others.merge(mine, on=key)])
    every = (ENDPOINT, *TARGETS)
    paired = {(row["other"], row["target"]): row for row in compare(table, first, every)}
    cells = _cells(table)
    totals = _cells(labels().assign(arm=""))[""]
    rows = []
    for row in scores(table):
        arm, target = row["arm"], row["target"]
        more = paired.get((arm, target), {})
        found = {new: more.get(old) for new, old in DIFFERENCE.items()}
        rows.append(row | {"n": cells[arm][target], "of": totals[target]} | found)
    return rows


def _cells(table: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Numbers of cells by arm and target; of the primary endpoint the least of its targets."""
    found = table.pivot_table("test_id", "target", "arm", "nunique", fill_value=0)
    found = found.reindex([ENDPOINT, *TARGETS], fill_value=0).astype(int)
    found.loc[ENDPOINT] = found.loc[list(PRIMARY)].min()
    return found.to_dict()
