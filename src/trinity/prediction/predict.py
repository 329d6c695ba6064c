"""What ``trinity predict`` answers: an ensemble of finetuned models with calibrated intervals.

Input is checked before torch is imported, so that a typing error costs no seconds.
"""

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from trinity.chemistry.polymers import Polymer
from trinity.chemistry.similarity import nearest_similarity, unpacked
from trinity.errors import InputError
from trinity.files import artifacts_root
from trinity.quantities import TARGETS, check_conditions, conditions_tested

if TYPE_CHECKING:
    from trinity.learning.answer import Answer
    from trinity.learning.data import TestTable


def default_model() -> Path:
    """Folder of the shipped ensemble."""
    return artifacts_root() / "models" / "phase2"


def check_row(psmiles, flux_kw_m2, thickness_mm, components=None) -> None:
    """Refuse a row that cannot be predicted; needs no torch.

    Raises
    ------
    InputError
        If the repeat unit, a component, the heat flux or the thickness cannot be used.
    """
    Polymer.parse(psmiles, components)
    check_conditions(flux_kw_m2, thickness_mm)


def predict(
    psmiles: list[str],
    flux_kw_m2: float,
    thickness_mm: float,
    components: list[str | None] | None = None,
    lab: str | None = None,
    model: str | Path | None = None,
    members: int | None = None,
) -> list[dict]:
    """Predict cone tests of polymers at one heat flux [kW/m2] and thickness [mm].

    ``components`` is ``psmiles:mass fraction|...`` for a copolymer; ``lab`` names a laboratory of
    the measurements, none means the mean one.  Returns one dict a polymer, see `predict_frame`.

    Raises
    ------
    InputError
        If the conditions, the model folder or the number of members cannot be used.

    Examples
    --------
    >>> polystyrene, not_a_polymer = predict(["*CC(*)c1ccccc1", "CC"], 50, 6)
    >>> polystyrene["t_ig_s_lo"] < polystyrene["t_ig_s"] < polystyrene["t_ig_s_hi"]
    True
    >>> polystyrene["in_domain"]
    True
    >>> not_a_polymer["error"]
    "'CC' has 0 attachment points; it must have two."
    """
    return predict_frame(
        frame_of(psmiles, flux_kw_m2, thickness_mm, components, lab), model, members
    )


def frame_of(
    psmiles: list[str],
    flux_kw_m2: float,
    thickness_mm: float,
    components: list[str | None] | None = None,
    lab: str | None = None,
) -> pd.DataFrame:
    """The table of `predict_frame` for polymers under the same conditions, which are checked."""
    check_conditions(flux_kw_m2, thickness_mm)
    frame = pd.DataFrame({"psmiles": list(psmiles)})
    frame["flux_kw_m2"], frame["thickness_mm"] = float(flux_kw_m2), float(thickness_mm)
    frame["components"] = list(components) if components else None
    frame["lab"] = lab
    return frame


def predict_frame(
    frame: pd.DataFrame, model: str | Path | None = None, members: int | None = None
) -> list[dict]:
    """Predict the rows of a table.

    Parameters
    ----------
    frame
        Columns ``psmiles``, ``flux_kw_m2``, ``thickness_mm``, optional ``components``, ``lab``.
    model
        Folder of an ensemble (`trinity finetune`); the shipped one by default.
    members
        Use the first so many networks only: faster, but the intervals are calibrated for all.

    Returns
    -------
    list of dict
        One a row, in order: ``psmiles``, ``flux_kw_m2``, ``thickness_mm``, each of `TARGETS` with
        ``_lo`` and ``_hi`` (90 %), ``ignition_probability``, ``in_domain``, ``model``; a row that
        cannot be predicted has ``error`` instead.

    Raises
    ------
    InputError
        If the model folder or the number of members cannot be used.
    """
    folder = Path(model) if model else default_model()
    require_model(folder, members)
    return answered(frame, _checked, lambda rows, _: _answers(rows, folder, members))


def answered(frame: pd.DataFrame, read: Callable, answer: Callable) -> list[dict]:
    """Answers to the rows of a table, in order; those that cannot be read have ``error``.

    ``read(row)`` gives what is to be known of a row or raises `InputError`; ``answer(rows, read)``
    gives the answers to the others at once.
    """
    answers: list[dict] = [{} for _ in range(len(frame))]
    good, known = [], []
    for place, row in enumerate(frame.to_dict("records")):
        try:
            known.append(read(row))
            good.append(place)
        except InputError as error:
            answers[place] = {"psmiles": row["psmiles"], "error": str(error)}
    if good:
        rows = frame.iloc[good].reset_index(drop=True)
        for place, said in zip(good, answer(rows, known), strict=True):
            answers[place] = said
    return answers


def _checked(row: dict) -> None:
    check_row(row["psmiles"], row["flux_kw_m2"], row["thickness_mm"], row.get("components"))


def require_model(folder: Path, members: int | None) -> None:
    """Refuse a folder without a finetuned ensemble, or more members of it than it has.

    Raises
    ------
    InputError
        One sentence.
    """
    if not (folder / "ensemble.json").is_file():
        raise InputError(
            f"There is no finetuned model in {folder}; make one with trinity finetune or make book."
        )
    most = about_model(folder).get("members", 1)
    if members is not None and not 1 <= members <= most:
        raise InputError(f"The model has {most} members, not {members}; use 1 to {most} of them.")


def _answers(frame: pd.DataFrame, folder: Path, members: int | None) -> list[dict]:
    """Answers for rows that have been checked."""
    from trinity.learning.data import tests_of
    from trinity.learning.ensemble import ensemble_answer

    tests = tests_of(frame)
    found = ensemble_answer(members_of(folder)[:members], tests)
    parts = sorted({s for polymer in tests.polymers for s, _ in polymer})
    near = {s: nearest_similarity(s, seen_polymers(folder)) for s in parts}
    least = about_model(folder)["least_similarity"]
    like = [all(near[s] >= least for s, _ in polymer) for polymer in tests.polymers]
    return answer_rows(frame, tests, found, like, folder, members)


def answer_rows(
    frame: pd.DataFrame,
    tests: "TestTable",
    found: "Answer",
    like: list[bool],
    folder: Path,
    members: int | None,
) -> list[dict]:
    """What `predict_frame` returns, from what an ensemble found.

    Parameters
    ----------
    frame, tests
        The same R rows, as a table and as a model reads them.
    like
        Of each polymer of ``tests``, whether it is like one that the models have seen.
    folder, members
        Of the ensemble, and how many of it were used.
    """
    about = about_model(folder)
    named = tests.laboratory.any(axis=1)
    factors = np.where(named[:, None], about["factors"], about["factors_no_laboratory"])
    half = factors * np.maximum(found.log_sigma, about["least_sigma"])
    ends = {"": found.log_mean, "_lo": found.log_mean - half, "_hi": found.log_mean + half}
    columns = {
        target + end: np.exp(values[:, column]).tolist()
        for column, target in enumerate(TARGETS)
        for end, values in ends.items()
    }
    columns["ignition_probability"] = found.ignition.tolist()
    given = frame[["psmiles", "flux_kw_m2", "thickness_mm"]]
    conditions = zip(given["flux_kw_m2"], given["thickness_mm"], strict=True)
    inside = [conditions_tested(*pair) for pair in conditions]
    columns["in_domain"] = [
        bool(like[i] and here) for i, here in zip(tests.polymer_of, inside, strict=True)
    ]
    name = about["name"] if members is None else f"{about['name']}, {members} used"
    rows = zip(given.to_dict("records"), zip(*columns.values(), strict=True), strict=True)
    return [
        {**asked, **dict(zip(columns, values, strict=True)), "model": name}
        for asked, values in rows
    ]


@lru_cache(maxsize=4)
def about_model(folder: Path) -> dict:
    """What an ensemble says of itself: ``ensemble.json``."""
    return json.loads((folder / "ensemble.json").read_text(encoding="utf-8"))


@lru_cache(maxsize=4)
def members_of(folder: Path) -> list:
    """The networks of an ensemble."""
    from trinity.learning.loop import member_folders
    from trinity.learning.model import load_model

    return [load_model(path) for path in member_folders(folder)]


@lru_cache(maxsize=4)
def seen_polymers(folder: Path) -> list:
    """Fingerprints of the polymers that the models were trained on, as `unpacked` gives them."""
    from safetensors.numpy import load_file

    return unpacked(load_file(folder / "domain.safetensors")["fingerprints"])
