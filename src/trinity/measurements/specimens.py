"""The measured cone tests of the project, the curves behind them, and the reference tables.

One row of `load_specimens` is one burnt specimen; one row of `load_measurements` is one *cell*, all
specimens of one polymer, laboratory, heat flux and nominal thickness: what models learn from and
are scored on.
"""

from collections.abc import Callable
from copy import deepcopy
from functools import cache, wraps

import numpy as np
import pandas as pd

from trinity.errors import InputError
from trinity.files import data_path
from trinity.measurements.reader import read_measurements
from trinity.quantities import TARGETS

# Held-out groups: HDPE and LDPE are one polymer; HIPS and ABS share their main unit.
GROUP_TEN = {"HDPE": "PE", "LDPE": "PE"} | {
    name: name for name in ("PP", "HIPS", "ABS", "PMMA", "PC", "PET", "PVC", "PA66", "PEEK")
}
GROUP_NINE = GROUP_TEN | {"HIPS": "styrenics", "ABS": "styrenics"}
#: Numbers of a specimen beside those that every table of tests may have.
BESIDE = ["t_ig_eye_s", "mass_g", "mass_lost_g", "phrr_o2only_kw_m2", "thr_o2only_mj_m2"]


def kept(load: Callable) -> Callable:
    """Read once; each caller gets a copy, which it may change."""
    once = cache(load)
    copied = wraps(load)(lambda: deepcopy(once()))
    copied.cache_clear = once.cache_clear
    return copied


@kept
def load_specimens() -> pd.DataFrame:
    """The 219 specimens, one row each, all columns of the CSV (``data/measurements/README.md``).

    Beside them ``test_id`` (0-based data row), ``key`` (of the main repeat unit), ``ignited``,
    ``group_nine`` and ``group_ten`` (left out together). ``t_ig_s`` is missing for the three
    specimens that did not ignite within ``test_duration_s``, ``thr_mj_m2`` where it is masked.
    """
    table = read_measurements(data_path("measurements", "cone_measurements.csv"))
    table = table.drop(columns="error")
    table.insert(0, "test_id", range(len(table)))
    numbers = ["replicate", "q180_kw_m2", *BESIDE]
    table[numbers] = table[numbers].apply(pd.to_numeric)
    table["group_nine"] = table["polymer"].map(GROUP_NINE)
    table["group_ten"] = table["polymer"].map(GROUP_TEN)
    return table


@kept
def load_measurements() -> pd.DataFrame:
    """The 99 cells, one row each, in the order of the table of specimens.

    Targets, ``q180_kw_m2``, ``density_kg_m3`` and ``test_duration_s`` are geometric means over the
    specimens that have them, ``thickness_mm`` the mean, ``ignited`` the share that ignited,
    ``quality`` ``care`` if a specimen's is; ``test_id`` is the first specimen's, ``replicates``
    their number. ``t_ig_s`` is missing for the one cell without ignition (a censored value): its
    mean logarithm lies above that of ``test_duration_s``.
    """
    specimens = load_specimens().drop(columns=["replicate", "source", *BESIDE])
    means = [*TARGETS, "q180_kw_m2", "test_duration_s", "density_kg_m3"]
    rules = dict.fromkeys(specimens.columns.drop("cell"), "first")
    rules |= dict.fromkeys([*means, "thickness_mm", "ignited"], "mean")
    rules["note"] = lambda notes: "; ".join(dict.fromkeys(note for note in notes if note))
    rules["quality"] = lambda found: "care" if (found == "care").any() else "yes"
    specimens[means] = np.log(specimens[means])
    groups = specimens.groupby("cell", sort=False)
    cells = groups.agg(rules).assign(replicates=groups.size()).reset_index()
    cells[means] = np.exp(cells[means])
    return cells


@kept
def load_curves() -> dict[int, pd.DataFrame]:
    """Measured HRR(t) by ``test_id``: tables of ``time_s`` [s] and ``hrr_kw_m2`` [kW/m2]."""
    parts = pd.read_csv(data_path("measurements", "cone_curves.csv.gz")).groupby("test_id")
    return {int(k): part.drop(columns="test_id").reset_index(drop=True) for k, part in parts}


def load_table(name: str) -> pd.DataFrame:
    """A reference table of ``data/reference`` by its name without ``.csv``; an InputError lists
    the names if there is none."""
    path = data_path("reference", f"{name}.csv")
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.csv")))
        raise InputError(f"There is no reference table {name!r}; there are {known}.")
    return pd.read_csv(path)
