"""What a user relies on without looking: honest intervals, the domain, the right conditions."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from trinity.chemistry.polymers import Polymer
from trinity.measurements.specimens import load_measurements
from trinity.prediction.folder import ensemble_in
from trinity.prediction.predict import predict
from trinity.quantities import TARGETS

POLYSTYRENE, FOREIGN = "*CC(*)c1ccccc1", "*CN1C=NC2=C1C(=O)N(C)C(=O)N2*"
ASK = pytest.mark.parametrize(
    "ask", [predict, partial(predict, fast=True)], ids=["predict", "fast"]
)


def unlearnable(table: pd.DataFrame) -> pd.DataFrame:
    """Ignition times of neighbouring groups differ by a factor of 64 without any reason."""
    table = table.copy()
    factor = {name: 8.0 ** (-1) ** place for place, name in enumerate(sorted(set(table.polymer)))}
    for column in ("t_ig_s", "t_peak_s"):
        table[column] *= table["polymer"].map(factor)
    return table


def half_widths(answer: dict) -> np.ndarray:
    """From the answer to both ends of the interval, (2, targets), in logarithms."""
    return np.array(
        [[np.log(answer[t] / answer[f"{t}_lo"]) for t in TARGETS],
         [np.log(answer[f"{t}_hi"] / answer[t]) for t in TARGETS]]
    )  # fmt: skip


@pytest.mark.slow
def test_a_held_out_group_is_predicted_by_models_that_did_not_see_it(finetune, measured_otherwise):
    """A model that saw it would know by how much it is off; nobody else can."""
    measured_otherwise(unlearnable)
    _, report = finetune()
    told = report["left_out"]["groups"]["hidden"]
    assert report["held_out"]["t_ig_s"] > 5
    assert told["median_ratio"]["t_ig_s"] > 5 * told["median_ratio"]["phrr_kw_m2"]


def test_a_laboratory_that_is_not_named_widens_the_interval(ensemble):
    named, hidden, elsewhere = (
        predict([POLYSTYRENE], 50, 6, lab=lab, model=ensemble[0])[0]
        for lab in ("FAA", None, "nobody's")
    )
    wide, narrow, other = (half_widths(a)[:, :2].sum(axis=0) for a in (hidden, named, elsewhere))
    assert (wide > narrow).all() and (other > narrow).all()


def test_a_measured_polymer_is_not_one_that_is_like_it(ensemble, tmp_path):
    """The blend of the measurements is known; its main component alone is not."""
    table = load_measurements()
    hips = table.loc[table["polymer"] == "HIPS", "components"].iloc[0]
    known = ensemble_in(ensemble[0]).widths([Polymer.parse(hips), Polymer.parse(POLYSTYRENE)])
    assert known[0, 0] < known[1, 0]


@ASK
def test_the_shipped_models_know_where_they_may_be_trusted(ask):
    inside = {
        (name, flux, thickness): ask([name], flux, thickness)[0]["in_domain"]
        for name, flux, thickness in (
            (POLYSTYRENE, 50, 6), (FOREIGN, 50, 6), (POLYSTYRENE, 150, 6), (POLYSTYRENE, 50, 0.2),
        )
    }  # fmt: skip
    assert list(inside.values()) == [True, False, False, False]


@ASK
def test_the_shipped_models_take_flux_for_flux_and_thickness_for_thickness(ask):
    def ask_one(flux, thickness):
        return ask([POLYSTYRENE], flux, thickness)[0]

    weak, strong, thick = ask_one(25, 6), ask_one(75, 6), ask_one(25, 18)
    assert strong["t_ig_s"] < 0.5 * weak["t_ig_s"] and strong["phrr_kw_m2"] > weak["phrr_kw_m2"]
    assert thick["thr_mj_m2"] > 2 * weak["thr_mj_m2"]
    assert thick["t_peak_s"] > 1.5 * weak["t_peak_s"]
    assert (thick["flux_kw_m2"], thick["thickness_mm"]) == (25, 18)


@ASK
def test_the_shipped_models_know_what_burns(ask):
    """Ignition is likely where it is certain, and less likely under less heat."""
    sure, unsure = (ask([POLYSTYRENE], flux, 6)[0]["ignition_probability"] for flux in (75, 7))
    assert sure > 0.9 and unsure < sure


@ASK
def test_a_copolymer_lies_between_its_components_by_mass(ask):
    """Little of the other component, little of its heat."""
    pmma = "*CC(*)(C)C(=O)OC"
    mixtures = (f"{POLYSTYRENE}:{1 - x}|{pmma}:{x}" for x in (0.1, 0.9))
    heat = [a["thr_mj_m2"] for a in ask([POLYSTYRENE, *mixtures, pmma], 50, 6)]
    apart = heat[0] - heat[3]
    assert apart > 0 and abs(heat[0] - heat[1]) < 0.5 * apart > abs(heat[2] - heat[3])


def test_a_laboratory_that_is_not_named_is_none_of_the_known_ones(ensemble):
    """Without a name the mean laboratory answers, which differs from each."""
    answers = [
        predict([POLYSTYRENE], 50, 6, lab=lab, model=ensemble[0])[0]["phrr_kw_m2"]
        for lab in (None, "elsewhere", "FAA", "FSRI", "MaCFP-NIST")
    ]
    assert answers[0] == answers[1] and len(set(answers)) == 4
