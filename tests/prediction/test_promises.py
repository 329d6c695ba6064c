"""What a user relies on without looking: honest intervals, the domain, the right conditions."""

import json
import shutil
from functools import partial

import numpy as np
import pandas as pd
import pytest

from trinity.learning.answer import Answer, answers, combine
from trinity.learning.data import tests_of as read_tests
from trinity.learning.intervals import interval_factors
from trinity.measurements.noise import STANDARD
from trinity.prediction.folder import ensemble_in
from trinity.prediction.predict import predict, predict_frame
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


def biased_laboratory(table: pd.DataFrame) -> pd.DataFrame:
    """One laboratory sees everything ignite five times as late as the others."""
    table = table.copy()
    table.loc[table["lab"] == "FAA", ["t_ig_s", "t_peak_s"]] *= 5
    return table


def half_widths(answer: dict) -> np.ndarray:
    """From the answer to both ends of the interval, (2, targets), in logarithms."""
    return np.array(
        [[np.log(answer[t] / answer[f"{t}_lo"]) for t in TARGETS],
         [np.log(answer[f"{t}_hi"] / answer[t]) for t in TARGETS]]
    )  # fmt: skip


def test_a_held_out_group_is_predicted_by_models_that_did_not_see_it(finetune, measured_otherwise):
    """A model that saw it would know by how much it is off; nobody else can."""
    measured_otherwise(unlearnable)
    _, report = finetune()
    assert report["held_out"]["t_ig_s"] > 5
    assert report["factors"][0] > 2 * report["factors"][1]


def test_intervals_without_a_laboratory_are_calibrated_without_its_name(
    finetune, measured_otherwise
):
    measured_otherwise(biased_laboratory)
    _, report = finetune()
    assert report["factors_no_laboratory"][0] > 1.3 * report["factors"][0]


def test_factors_are_the_errors_in_units_of_sigma():
    """No sigma counts as smaller than repeated tests scatter."""
    error = np.full((2, 4), 0.3)
    for sigma, least in ((0.1, 0.1), (0.001, STANDARD.within**0.5)):
        told = Answer(error, np.full((2, 4), sigma), error).with_noise(STANDARD)
        found = interval_factors(error, told.log_sigma, ["a", "b"])
        assert found == pytest.approx(0.3 / (least * np.ones(4)))


def test_an_interval_is_what_was_calibrated(ensemble, tmp_path):
    """Factor times sigma to both sides; named laboratories and others have factors of their own."""
    folder = shutil.copytree(ensemble[0], tmp_path / "model")
    about = json.loads((folder / "ensemble.json").read_text())
    about |= {"factors": [1.0, 2.0, 3.0, 4.0], "factors_no_laboratory": [5.0, 6.0, 7.0, 8.0]}
    (folder / "ensemble.json").write_text(json.dumps(about))
    names = [POLYSTYRENE, "*CC(*)Cl", "*CCO*"]
    for lab, factors in (
        ("FAA", about["factors"]),
        (None, about["factors_no_laboratory"]),
        ("elsewhere", about["factors_no_laboratory"]),
    ):
        frame = pd.DataFrame({"psmiles": names, "flux_kw_m2": 50.0, "thickness_mm": 6.0})
        frame["lab"] = lab
        told = combine(answers(ensemble_in(folder).networks, read_tests(frame)))
        expected = factors * np.maximum(told.log_sigma, about["least_sigma"])
        for answer, width in zip(predict_frame(frame, folder), expected, strict=True):
            np.testing.assert_allclose(half_widths(answer), [width, width], rtol=1e-5)


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
        for lab in (None, "elsewhere", "FAA", "FSRI", "NBS")
    ]
    assert answers[0] == answers[1] and len(set(answers)) == 4
