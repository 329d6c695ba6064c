"""The measured cone tests of the project, the curves behind them, and the reference tables.

One row of `load_specimens` is one burnt specimen; one row of `load_measurements` is one *cell*, all
specimens of one polymer, laboratory, heat flux and nominal thickness: what models learn from and
are scored on. `read_measurements` reads a user's own table, `reduce_curve` a measured HRR(t).
"""

from functools import lru_cache

import numpy as np
import pandas as pd

from trinity.errors import InputError
from trinity.files import data_path
from trinity.measurements.checks import read_measurements
from trinity.measurements.reader import NEEDED, read_table
from trinity.measurements.reduce import reduce_curve
from trinity.quantities import TARGETS

__all__ = [
    "GROUP_NINE", "GROUP_TEN", "NEEDED", "folds", "load_curves", "load_measurements",
    "load_specimens", "load_table", "read_measurements", "read_table", "reduce_curve",
]  # fmt: skip

# Held-out groups: HDPE and LDPE are one polymer; HIPS and ABS share their main unit.
GROUP_TEN = {
    "HDPE": "PE", "LDPE": "PE", "PP": "PP", "HIPS": "HIPS", "ABS": "ABS", "PMMA": "PMMA",
    "PC": "PC", "PET": "PET", "PVC": "PVC", "PA66": "PA66", "PEEK": "PEEK",
}  # fmt: skip
GROUP_NINE = {
    name: "styrenics" if name in ("HIPS", "ABS") else group for name, group in GROUP_TEN.items()
}
#: Numbers of a specimen beside those that every table of tests may have.
SPECIMEN_NUMBERS = (
    "q180_kw_m2", "t_ig_eye_s", "mass_g", "mass_lost_g", "phrr_o2only_kw_m2", "thr_o2only_mj_m2",
)  # fmt: skip


@lru_cache(maxsize=1)
def _specimens() -> pd.DataFrame:
    table = read_measurements(data_path("measurements", "cone_measurements.csv"))
    table = table.drop(columns="error")
    table.insert(0, "test_id", range(len(table)))
    for name in ("replicate", *SPECIMEN_NUMBERS):
        table[name] = pd.to_numeric(table[name])
    table["group_nine"] = table["polymer"].map(GROUP_NINE)
    table["group_ten"] = table["polymer"].map(GROUP_TEN)
    return table


def load_specimens() -> pd.DataFrame:
    """The 219 specimens, one row each, all columns of the CSV (``data/measurements/README.md``).

    Beside them ``test_id`` (0-based data row), ``key`` (of the main repeat unit), ``ignited``,
    ``group_nine`` and ``group_ten`` (left out together). ``t_ig_s`` is missing for the three
    specimens that did not ignite within ``test_duration_s``, ``thr_mj_m2`` where it is masked.
    """
    return _specimens().copy()


@lru_cache(maxsize=1)
def _cells() -> pd.DataFrame:
    specimens = _specimens()
    means = [*TARGETS, "q180_kw_m2", "test_duration_s", "density_kg_m3"]
    logs = specimens.assign(**{name: np.log(specimens[name]) for name in means})
    logs["care"] = specimens["quality"] == "care"
    rules = dict.fromkeys(specimens.columns.drop(["cell", "replicate"]), "first")
    rules |= dict.fromkeys([*means, "thickness_mm", "ignited"], "mean")
    rules["note"] = lambda notes: "; ".join(dict.fromkeys(note for note in notes if note))
    cells = logs.groupby("cell", sort=False).agg(rules | {"care": "any"}).reset_index()
    cells[means] = np.exp(cells[means])
    cells["replicates"] = specimens.groupby("cell", sort=False).size().to_numpy()
    cells["quality"] = np.where(cells.pop("care"), "care", "yes")
    dropped = ["source", "t_ig_eye_s", "mass_g", "mass_lost_g", *SPECIMEN_NUMBERS[4:]]
    return cells.drop(columns=dropped)


def load_measurements() -> pd.DataFrame:
    """The 99 cells, one row each, in the order of the table of specimens.

    Targets, ``q180_kw_m2``, ``density_kg_m3`` and ``test_duration_s`` are geometric means over the
    specimens that have them, ``thickness_mm`` the mean, ``ignited`` the share that ignited,
    ``quality`` ``care`` if a specimen's is; ``test_id`` is the first specimen's, ``replicates``
    their number. ``t_ig_s`` is missing for the one cell without ignition (a censored value): its
    mean logarithm lies above that of ``test_duration_s``.
    """
    return _cells().copy()


@lru_cache(maxsize=1)
def _curves() -> dict[int, pd.DataFrame]:
    table = pd.read_csv(data_path("measurements", "cone_curves.csv.gz"))
    parts = table.groupby("test_id", sort=True)
    return {int(k): part.drop(columns="test_id").reset_index(drop=True) for k, part in parts}


def load_curves() -> dict[int, pd.DataFrame]:
    """Measured HRR(t) by ``test_id``: tables of ``time_s`` [s] and ``hrr_kw_m2`` [kW/m2]."""
    return {test_id: curve.copy() for test_id, curve in _curves().items()}


def folds() -> pd.DataFrame:
    """The committed table of who is left out with whom: one row per cell, with ``test_id``,
    ``cell``, ``polymer``, ``key``, ``group_nine``, ``group_ten``."""
    return pd.read_csv(data_path("folds.csv"))


def load_table(name: str) -> pd.DataFrame:
    """A reference table of ``data/reference`` by its name without ``.csv``.

    Raises
    ------
    InputError
        If there is no such table.
    """
    path = data_path("reference", f"{name}.csv")
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.csv")))
        raise InputError(f"There is no reference table {name!r}; there are {known}.")
    return pd.read_csv(path)
