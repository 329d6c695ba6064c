"""The same-sheet arm: its inputs are those of the sheets, and what was declared is tried."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from trinity_book.figures import cone as figures_cone
from trinity_book.studies.validation import same_sheets as study
from trinity_book.studies.validation.cases import blind_case

from trinity.cone import simulate as cone
from trinity.cone.case import check
from trinity.cone.curve import LAG_S
from trinity.pipeline import stages

LADDER = tuple(study.plan()["ladder"]["order"])


@pytest.fixture(scope="module")
def one_of_each() -> dict:
    """One test of each polymer by its name."""
    tests = study.same_sheet_tests().drop_duplicates("polymer")
    return {test.polymer: test for test in tests.itertuples()}


def test_no_value_comes_from_a_cone_test():
    assert not study.sheets()["source"].str.contains("cone", case=False).any()
    assert set(study.same_sheet_tests()["lab"]) == {"FSRI"}


def test_the_declared_candidates_are_those_that_are_tried():
    declared = set(study.plan()["candidates"]) - {"not_tried"}
    assert declared == set(study.CANDIDATES)
    published = stages.load("validation").results["same_sheets"]["rows"]
    assert {row["name"] for row in published if row["kind"] == "candidate"} == declared
    assert [row["name"] for row in published if row["kind"] == "ladder"] == [
        f"+ {name}" for name in LADDER
    ]


def test_without_measured_inputs_it_is_the_blind_case(one_of_each):
    for test in one_of_each.values():
        mine, blind = study.same_sheet_case(test, ()), blind_case(test)
        assert mine["components"]["virgin"] == blind["components"]["virgin"]
        for own, other in zip(mine["reactions"], blind["reactions"], strict=True):
            assert own == pytest.approx(other)


def test_every_case_can_run_and_holds_what_was_measured(one_of_each):
    for polymer, test in one_of_each.items():
        case = study.same_sheet_case(test)
        check(case)
        virgin, last = case["components"]["virgin"], case["reactions"][-1]
        assert virgin["density_kg_m3"] == (study.mean(polymer, "density") or test.density_kg_m3)
        step = "global_step2" if polymer == "PVC" else "global"
        assert last["E_j_mol"] == study.mean(polymer, f"E_{step}")
        left = np.prod([reaction["solid_yield"] for reaction in case["reactions"]])
        char = max(0.0, study.mean(polymer, "char_fraction_700C"))
        assert left == pytest.approx(char if char > 1e-3 else 0.0)


def test_the_gas_of_both_steps_of_pvc_has_the_measured_heat(one_of_each):
    case = study.same_sheet_case(one_of_each["PVC"])
    mass, heat, taken = 1.0, 0.0, 0.0
    for step in case["reactions"]:
        taken += mass * step["heat_of_reaction_j_kg"]
        heat += mass * (1.0 - step["solid_yield"]) * step["heat_of_combustion_j_kg"]
        mass *= step["solid_yield"]
    calorimeter = study.mean("PVC", "heat_of_combustion_mcc")
    assert heat / (1.0 - mass) == pytest.approx(
        calorimeter / (1.0 - study.mean("PVC", "mcc_residue"))
    )
    rates = [f"heat_of_decomposition_{rate}K_min" for rate in (10, 30)]
    assert taken / (1.0 - mass) == pytest.approx(study.mean("PVC", *rates))


@pytest.mark.parametrize("polymer", ["HDPE", "PA66", "PP"])
def test_the_triangle_of_melting_holds_the_measured_heat(polymer):
    ramp = np.array(study.heat_ramp(polymer, study.Reading()))
    peak = ramp[ramp[:, 1].argmax(), 0]
    near = ramp[np.abs(ramp[:, 0] - peak) <= study.HALF_WIDTH_K]
    straight = np.interp(near[:, 0], near[[0, -1], 0], near[[0, -1], 1])
    excess = np.trapezoid(near[:, 1] - straight, near[:, 0])
    heat = study.mean(polymer, *(f"heat_of_melting_{rate}K_min" for rate in (10, 30)))
    # Where a row lies within the triangle the line below it is not quite straight.
    assert excess == pytest.approx(heat, rel=0.02)


def test_doubtful_specific_heats_are_not_read():
    doubtful = study.sheets().query("doubt and property == 'specific_heat_sta_30K_min'")
    for polymer, part in doubtful.groupby("polymer"):
        ramp = study.heat_ramp(polymer, study.Reading())
        assert not {tuple(point) for point in ramp} & set(
            zip(part["temperature_k"], part["value"], strict=True)
        )


def test_a_shift_moves_the_rate_of_half_loss_by_so_many_kelvin(one_of_each):
    case, half = study.same_sheet_case(one_of_each["PP"]), 733.0
    moved = study.changed(case, "shift_k", 40.0, half)
    for before, after in zip(case["reactions"], moved["reactions"], strict=True):
        assert after["E_j_mol"] / (half + 40.0) == pytest.approx(before["E_j_mol"] / half)


def test_the_radiation_that_is_needed_gives_the_measured_ignition(one_of_each):
    """The published diagnosis, put back into the solver, for one test of each polymer."""
    rows = pd.DataFrame(stages.load("validation").results["same_sheets"]["diagnosis"])
    tests = study.same_sheet_tests()
    tests = tests[tests["t_ig_s"].notna()].reset_index(drop=True)
    assert list(tests["polymer"]) == list(rows["polymer"])
    found = rows["radiation"].notna()
    cases = [
        study.changed(study.same_sheet_case(test), "radiation", by, 700.0)
        for test, by in zip(tests[found].itertuples(), rows["radiation"][found], strict=True)
    ]
    ignited = cone.simulate_batch(cases, lag_s=LAG_S)["rule_t_ig_s"]
    off = np.abs(np.log(ignited / tests["t_ig_s"][found]))
    assert off.max() < 0.03  # straight lines between the steps of the study


def test_no_change_that_helps_is_said_so():
    steps = np.array([1.0, 2.0, 3.0])
    assert study.crossing(steps, np.array([0.5, 0.4, 0.3])) is None
    assert study.crossing(steps, np.array([np.nan, 0.2, -0.2])) == pytest.approx(2.5)
    assert study.crossing(steps, np.full(3, np.nan)) is None


def test_the_figure_has_a_line_for_every_sheet():
    rows = stages.load("validation").results["same_sheets"]["diagnosis"]
    figure = figures_cone.radiation_needed(rows)
    assert isinstance(figure, Figure)
    names = {text.get_text() for text in figure.axes[0].texts}
    assert {"PMMA 3 mm", "PMMA 8 mm"} < names
