"""What ten milligrams add: held-out predictions with measured T50, char and heat of the gas.

They take the place of the estimates for every polymer, seen or held out, that has them; one without
(PEEK) keeps its estimates. The control deals the measured values out among the polymers. All of it
is exploratory, as the analysis plan says.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from trinity.chemistry.polymers import Polymer
from trinity.evidence.arms import ARMS
from trinity.evidence.left_out import Held, Split, folds_of, measured_with_physics, measurements
from trinity.evidence.predictors import Sources, predictor, told
from trinity.files import data_path
from trinity.learning.data import TestTable
from trinity.learning.loop import run_tasks

STUDY = "milligrams"
GIVEN, PERMUTED = "given", "permuted"
STUDIED = ("physics_only", "two_phase", "composition_physics")
#: Polymers whose sheet has another name in the tables of milligrams.
SHEETS = {"PMMA": "PMMA (black)"}


def milligrams() -> dict[str, dict[str, float]]:
    """Measured values in SI by polymer of the cone table: T50 and char of thermogravimetry at
    10 K/min in nitrogen, heat of combustion of the gas of microscale calorimetry."""
    thermal = pd.read_csv(data_path("reference", "thermal_analysis.csv"))
    thermal = thermal[(thermal["atmosphere"] == "N2") & (thermal["rate_k_min"] == 10.0)]
    heat = pd.read_csv(data_path("reference", "microscale_calorimetry_measured.csv"))
    table = thermal.groupby("polymer")[["T50_of_volatiles_C", "char_frac_700C"]].mean()
    table = table.join(heat.groupby("polymer")["h_c_per_gas_kJ_g"].mean())
    found = {}
    for polymer in dict.fromkeys(measurements()["polymer"]):
        name = SHEETS.get(polymer, polymer)
        if name in table.index and np.isfinite(table.loc[name]).all():
            t50, char, gas = table.loc[name]
            found[polymer] = {
                "t50_k": t50 + 273.15,
                "char_yield": max(char, 0.0),
                "gas_heat_of_combustion_j_kg": 1e6 * gas,
            }
    return found


@lru_cache(maxsize=2)
def informed(draw: int | None = None) -> TestTable:
    """The measured cells with the physics that milligrams inform; with ``draw`` their values are
    dealt out at random among the polymers that have them."""
    known, tests = milligrams(), measured_with_physics()
    if draw is not None:
        order = np.random.default_rng([draw, 19]).permutation(len(known))
        dealt = [list(known.values())[i] for i in order]
        known = dict(zip(known, dealt, strict=True))
    names, polymer_of = np.unique(measurements()["polymer"], return_inverse=True)
    first = [tests.polymer_of[list(polymer_of).index(i)] for i in range(len(names))]
    polymers = [
        Polymer.parse(tests.polymers[i]).with_measured(known.get(name))
        for i, name in zip(first, names, strict=True)
    ]
    return replace(tests, polymers=polymers, polymer_of=polymer_of, physics=None).with_physics()


@dataclass(frozen=True)
class MilligramJob:
    """One arm with one seed on one fold; permuted values have a draw per seed."""

    arm: str
    seed: int
    split: Split
    level: str
    sources: Sources


def milligram_rows(sources: Sources, folds: int, seeds: int, progress: bool) -> pd.DataFrame:
    """Rows of the study for so many ``folds``, laboratory hidden, as those of ``lopo.json``."""
    jobs = [  # those of one draw in a row: they share its physics
        MilligramJob(name, seed, split, level, sources)
        for level in (GIVEN, PERMUTED)
        for seed in range(seeds)
        for name in STUDIED
        if level == PERMUTED or seed in ARMS[name].seeds(seeds)
        for split in folds_of("nine")[:folds]
    ]
    found = run_tasks(_rows, jobs, progress="milligrams" if progress else None)
    table = pd.DataFrame([row for rows in found for row in rows])
    return table[~table["lab_known"]]


def _rows(job: MilligramJob) -> list[dict]:
    tests = informed(job.seed if job.level == PERMUTED else None)
    groups = measurements()["group_nine"].to_numpy()
    seen, held = groups != job.split.fold, groups == job.split.fold
    training = tests.take(seen).weighed(groups[seen])
    ask = predictor(ARMS[job.arm], training, seed=job.seed, sources=job.sources)
    found = told(ask, tests.take(held), training, job.split.groups)
    about = {"arm": job.arm, "seed": job.seed, "study": STUDY, "level": job.level}
    return Held(np.array(job.split.held), *found).rows(about | {"fold": job.split.fold})
