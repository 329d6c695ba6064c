"""What ``trinity predict`` answers: an ensemble of finetuned models with calibrated intervals.

An answer keeps order and bounds by the way it is made (`trinity.learning.answer.settled`).
``fast`` asks networks distilled from the ensemble, which need no cone model and read a repeat unit
from where it was cut; everything else is the same way. A polymer is parsed once, at the door,
before torch is imported, so that a typing error costs no seconds.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from trinity.chemistry.measured import COLUMNS, SIGMA, of_row
from trinity.chemistry.names import polymer_named
from trinity.chemistry.polymers import MAX_LENGTH, Polymer
from trinity.chemistry.properties import estimate
from trinity.errors import InputError
from trinity.measurements.reader import (
    NEEDED,
    read_table,
    split_name,
    spreadsheet_safe,
    write_csv,
)
from trinity.prediction.folder import Ensemble, default_model, ensemble_in, reasons_of, untested
from trinity.quantities import CONDITIONS, TARGETS, check_conditions

ROWS_A_BATCH = 256
#: What leads the answer about ignition, by its probability below and from one half.
VERDICTS = ("probably does not ignite", "probably ignites")


def check_row(psmiles, flux_kw_m2, thickness_mm, components=None, measured=None) -> Polymer:
    """The polymer of a row that can be predicted, with what was measured of it; needs no torch.

    Raises InputError if the repeat unit, a component, a condition or a measured value cannot be
    used.
    """
    named = polymer_named(psmiles), polymer_named(components)
    polymer = Polymer.parse(*named).with_measured(measured)
    if (longest := max(len(unit) for unit, _ in polymer.units)) > MAX_LENGTH:  # many rings
        raise InputError(f"The canonical form has {longest} characters, more than {MAX_LENGTH}.")
    check_conditions(flux_kw_m2, thickness_mm)
    if polymer.measured:
        estimate(polymer)  # refuses more char than its chain can leave
    return polymer


def predict(
    polymers: "str | Polymer | Iterable[str | Polymer]",
    flux_kw_m2: float,
    thickness_mm: float,
    *,
    lab: str | None = None,
    measured: Mapping[str, object] | None = None,
    model: str | Path | None = None,
    members: int | None = None,
    fast: bool = False,
) -> list[dict]:
    """Predict cone tests of polymers at one heat flux [kW/m2] and thickness [mm].

    Each polymer is a PSMILES, ``"psmiles:mass fraction|..."`` for a copolymer, a common name
    (:mod:`trinity.chemistry.names`) or a `Polymer`;
    without ``lab``, a laboratory of the measurements, the mean one answers. ``measured`` values by
    property take the place of estimates (:mod:`trinity.chemistry.measured`). Everything else, the
    answers and errors are those of `predict_frame`; conditions that cannot be used are one, too.

    Examples
    --------
    >>> polystyrene, not_a_polymer = predict(["*CC(*)c1ccccc1", "CC"], 50, 6)
    >>> polystyrene["t_ig_s_lo"] < polystyrene["t_ig_s"] < polystyrene["t_ig_s_hi"]
    True
    >>> polystyrene["in_domain"]
    True
    >>> not_a_polymer["error"]
    "'CC' has 0 attachment points; it must have two."
    >>> quick = predict("*CC(*)c1ccccc1", 50, 6, fast=True)[0]
    >>> quick["t_ig_s_lo"] < polystyrene["t_ig_s"] < quick["t_ig_s_hi"]
    True
    """
    check_conditions(flux_kw_m2, thickness_mm)
    asked = [polymers] if isinstance(polymers, str | Polymer) else list(polymers)
    frame = pd.DataFrame({"psmiles": asked}, dtype=object)
    frame["flux_kw_m2"], frame["thickness_mm"] = float(flux_kw_m2), float(thickness_mm)
    frame["lab"], frame["measured"] = lab, [measured or {}] * len(frame)
    return predict_frame(frame, model, members, fast)


def predict_frame(
    frame: pd.DataFrame,
    model: str | Path | None = None,
    members: int | None = None,
    fast: bool = False,
    spread: bool = False,
) -> list[dict]:
    """Predict the rows of a table.

    Parameters
    ----------
    frame
        Columns ``psmiles``, ``flux_kw_m2``, ``thickness_mm``, optional ``components``, ``lab``,
        measured values (`trinity.chemistry.measured.COLUMNS`).
    model
        Folder of an ensemble (`trinity finetune`); the shipped one by default.
    members
        Use the first so many networks only: faster, but the intervals are reported for all.
    fast
        Ask distilled networks.
    spread
        Rows of similar length together, for a batch is as long as its longest repeat unit, and
        many batches over one-thread processes. Batches depend on the rows alone, so that the
        answers are the same on one core or many.

    Returns
    -------
    list of dict
        One per row, in order: ``psmiles`` (of a copolymer the main one), ``flux_kw_m2``,
        ``thickness_mm``, each of `TARGETS` with ``_lo`` and ``_hi`` (90 %; if it ignites),
        ``ignition_probability``, ``verdict`` (one of `VERDICTS`), ``in_domain``, ``reasons`` (why
        not, in plain sentences), ``model``; a row that cannot be predicted has ``error`` instead.

    Raises InputError if the model folder or the number of members cannot be used.
    """
    folder = Path(model) if model else default_model(fast)
    ensemble_in(folder).require(members, fast)
    parts = _batches(frame, spread)
    jobs = [frame.iloc[part] for part in parts]
    one = partial(_batch, folder=folder, members=members, fast=fast)
    if spread and len(jobs) > 1:
        from trinity.learning.loop import worker_pool

        with worker_pool(len(jobs)) as pool:
            found = list(pool.map(one, jobs))
    else:
        found = list(map(one, jobs))
    answers = [answer for batch in found for answer in batch]
    return [answers[place] for place in np.argsort(np.concatenate(parts))] if parts else []


def _batches(frame: pd.DataFrame, spread: bool) -> list[np.ndarray]:
    """Rows in batches: those of one polymer together, for they share its networks' reading and its
    cone tests; ``spread``: polymers of similar length, too."""
    order = np.argsort(_lengths(frame), kind="stable") if spread else np.arange(len(frame))
    asked = frame.reindex(columns=["psmiles", "components"]).itertuples(index=False)
    names = [" ".join(map(str, row)) for row in asked]
    rows_of: dict[str, list[int]] = {}
    for row in order.tolist():
        rows_of.setdefault(names[row], []).append(row)
    batches: list[list[int]] = []
    for rows in rows_of.values():
        if not batches or len(batches[-1]) + len(rows) > ROWS_A_BATCH:
            batches.append([])
        batches[-1] += rows
    return list(map(np.array, batches))


def _lengths(frame: pd.DataFrame) -> list[int]:
    """Characters of the longest component of each row."""
    mixtures = frame.get("components", [None] * len(frame))
    return [
        max(map(len, (mixed if isinstance(mixed, str) else str(psmiles)).split("|")))
        for psmiles, mixed in zip(frame["psmiles"], mixtures, strict=True)
    ]


def _batch(frame: pd.DataFrame, folder: Path, members: int | None, fast: bool) -> list[dict]:
    """Answers for rows, or why there is none."""
    answers: list[dict] = [{} for _ in range(len(frame))]
    good, polymers = [], []
    for place, row in enumerate(frame.to_dict("records")):
        asked = [row[name] for name in ("psmiles", *CONDITIONS)]
        try:
            if isinstance(row.get(UNREAD), str):
                raise InputError(row[UNREAD])
            polymer = check_row(*asked, row.get("components"), of_row(row))
            if polymer.measured and fast:
                raise InputError("Distilled networks read no measured values; leave out fast.")
            polymers.append(polymer)
            good.append(place)
        except InputError as error:
            answers[place] = {"psmiles": row["psmiles"], "error": str(error)}
    if good:
        found = _answers(frame.iloc[good], polymers, ensemble_in(folder), members, fast)
        for place, answer in zip(good, found, strict=True):
            answers[place] = answer
    return answers


def _answers(
    frame: pd.DataFrame,
    polymers: list[Polymer],
    ensemble: Ensemble,
    members: int | None,
    fast: bool,
) -> list[dict]:
    """Answers for rows that have been read."""
    from trinity.cone.predict import physics_spread
    from trinity.learning.answer import settled, together
    from trinity.learning.data import TestTable, laboratories
    from trinity.learning.ensemble import USUAL_MM, spreads

    written = [
        replace(polymer, components=polymer.spelled if fast else polymer.units)
        for polymer in polymers
    ]
    unique = dict(zip(written, polymers, strict=True))
    place = {name: i for i, name in enumerate(unique)}
    tests = TestTable(
        list(unique),
        np.array([place[name] for name in written]),
        frame[list(CONDITIONS)].to_numpy(float),
        laboratories(frame.get("lab", [None] * len(frame))),
    )
    heat = tests.complete
    if not heat.all():  # a fuel without heat: what the model of the gas grants it at least
        tests = replace(tests, own_heat=np.where(heat > 0, heat, tests.conditions[:, 1]))
    networks, widths = ensemble.networks[:members], ensemble.widths(list(unique.values()))
    with np.errstate(divide="ignore", invalid="ignore"):
        least = [
            physics_spread(name, USUAL_MM) if name.measured else spread
            for name, spread in zip(tests.polymers, spreads(tests.polymers), strict=True)
        ]
        found = settled(together(networks, 0 if fast else 3), tests, widths, least)
    if not np.isfinite(found.targets).all():
        raise InputError(f"The model in {ensemble.folder} gives no numbers; use another.")
    foreign = {name: reasons_of(polymer, ensemble, fast) for name, polymer in unique.items()}
    conditions, measured = tests.conditions.tolist(), ensemble.about.get("measured", {})
    reasons = [
        [*foreign[name], *untested(measured, *at)]
        for name, at in zip(written, conditions, strict=True)
    ]
    columns = {
        target + end: found.targets[i, :, column].tolist()
        for column, target in enumerate(TARGETS)
        for i, end in enumerate(("", "_lo", "_hi"))
    }
    columns |= {
        "ignition_probability": found.ignition.tolist(),
        "verdict": [VERDICTS[int(p >= 0.5)] for p in found.ignition.tolist()],
        "in_domain": [not why for why in reasons],
        "reasons": reasons,
        "model": [ensemble.about["name"] + (f", {members} used" if members else "")] * len(tests),
    }
    shown = [  # as it was given, a name by its polymer, a copolymer by its main component
        given if isinstance(given, str) and "*" in given and "|" not in given else polymer.main
        for given, polymer in zip(frame["psmiles"], polymers, strict=True)
    ]
    asked = frame[["psmiles", *CONDITIONS]].assign(psmiles=shown)
    return asked.assign(**columns).to_dict("records")


OPTIONAL = ("components", "lab", *COLUMNS, *(name + SIGMA for name in COLUMNS))
#: Names of columns that may be meant as measured values, as `split_name` leaves them.
LIKE_MEASURED = (
    "t50 t50_c t50_k t_50 td50 char char_yield residue gas_heat gas_heat_of_combustion".split()
)
#: Of a table, what is wrong with a cell that should hold a number.
UNREAD = "unread"


def predict_table(
    source: Path,
    out: Path,
    model: Path | None,
    strict: bool,
    members: int | None = None,
    fast: bool = False,
    tell: Callable[[str], None] = print,
) -> list[dict]:
    """Complete a CSV of polymers and conditions; every row that is not blank, and every other
    column, is kept.

    A column of the input that has the name of a prediction (a measured ``t_ig_s``, say) is kept as
    ``t_ig_s_given``; a cell that a spreadsheet would run is written as text. Nothing is written
    when ``strict`` and a row cannot be predicted. ``tell`` gets a line on how the table was read
    where that was not as written. Returns and raises what `predict_frame` does.
    """
    table = read_table(source)
    if table.attrs["read_as"]:
        tell(table.attrs["read_as"])
    for header in table.columns.difference(OPTIONAL, sort=False):
        if split_name(header)[0] in LIKE_MEASURED:
            named = ", ".join(COLUMNS)
            tell(f"{source}: {header!r} is not read; measured values stand in columns {named}.")
    answers = predict_frame(_numbers(table), model, members, fast, spread=True)
    if not (strict and any("error" in answer for answer in answers)):
        added = pd.DataFrame(answers).drop(columns=list(NEEDED), errors="ignore")
        if "in_domain" in added:
            added["in_domain"] = added["in_domain"].map({True: "true", False: "false"})
        if "reasons" in added:
            added["reasons"] = added["reasons"].map(" ".join, na_action="ignore")
        kept = table.rename(columns=_beside([*added, "error"], list(table)))
        write_csv(out, pd.concat([kept.rename(columns=spreadsheet_safe), added], axis=1))
    return answers


def _beside(added: list[str], names: list[str]) -> dict[str, str]:
    """New names for columns of the input that bear the name of a prediction."""
    found: dict[str, str] = {}
    for name in filter(added.__contains__, names):
        new = f"{name}_given"
        while new in (*added, *names, *found.values()):
            new += "_given"
        found[name] = new
    return found


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    """The columns a model reads; conditions as numbers, and `UNREAD` where a cell holds none."""
    frame = table[[name for name in (*NEEDED, *OPTIONAL) if name in table]].copy()
    frame[UNREAD] = None
    for name in CONDITIONS:
        text, frame[name] = frame[name], pd.to_numeric(frame[name], errors="coerce")
        for row in frame.index[frame[name].isna()]:
            said = f"= {text[row][:40]!r} is not a number" if text[row] else "is empty"
            frame.loc[row, UNREAD] = f"{name} {said}."
    for name in OPTIONAL:
        if name in frame:
            frame[name] = [cell.strip() or None for cell in frame[name]]
    return frame
