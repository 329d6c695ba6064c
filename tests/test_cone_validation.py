"""The physics validation: what it compares is the same quantity, and nothing leaks into it."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from trinity import cone, figures_cone, validation, validation_cases, validation_sensitivity
from trinity.cases import check
from trinity.measurements import load_measurements, load_table
from trinity.published import published_values


@pytest.fixture(scope="module")
def tests() -> pd.DataFrame:
    return load_measurements()


@pytest.fixture(scope="module")
def gasification() -> dict:
    return validation.gasification_errors()


def test_gmfe_of_a_factor_of_two_either_way():
    assert validation.gmfe(np.log([2.0, 0.5, np.nan])) == pytest.approx(2.0)


def test_reference_errors_are_within_the_promise():
    for row in validation.reference_errors():
        for key, percent in row.items():
            if key != "id":
                assert abs(percent) < (2.0 if key.startswith("peak") else 1.0), (row["id"], key)


def test_other_slabs_agree_with_the_fine_resolution():
    errors = validation.resolution_errors(n=8, seed=3)["percent"]
    for key, percent in errors.items():
        assert percent["max"] < (1.0 if key.startswith(("time", "t_ig")) else 2.0), key


def test_published_parameters_reproduce_gasification(gasification):
    """Nothing fitted: peaks within a quarter on average, mass within a quarter."""
    assert len(gasification["tests"]) == 17
    assert gasification["gmfe"]["peak"] < 1.25
    assert gasification["gmfe"]["mass_lost"] < 1.25


def test_a_case_of_every_test_can_run(tests):
    for test in tests.itertuples():
        for case in (validation_cases.blind_case(test), validation_cases.informed_case(test)):
            check(case)
            assert case["irradiance_w_m2"] == pytest.approx(1e3 * test.flux_kw_m2)
            assert case["thickness_m"] == pytest.approx(1e-3 * test.thickness_mm)


def test_informed_values_never_come_from_cone_tests(tests):
    table = load_table("polymer_properties")
    barred = table[table.use.fillna("").str.startswith("from cone") | (table.status == "memory")]
    values = set(
        zip(barred.name, barred.source, pd.to_numeric(barred.value, errors="coerce"), strict=True)
    )
    for polymer in tests.polymer.unique():
        for value, source in published_values(polymer).values():
            assert (polymer, source, value) not in values


def test_blind_cases_know_nothing_of_the_name(tests):
    """Two laboratories' tests of one polymer at one condition are one blind case."""
    pe = tests[(tests.psmiles == "*CC*") & (tests.flux_kw_m2 == 50.0)].iloc[[0, -1]]
    low, high = (validation_cases.blind_case(t) for t in pe.itertuples())
    assert low["components"] == high["components"] and low["reactions"] == high["reactions"]


def test_a_complete_published_set_is_taken_whole(tests):
    test = next(tests[tests.polymer == "PMMA"].itertuples())
    case = validation_cases.informed_case(test)
    published = validation_cases.parameter_sets()["PMMA"]
    assert case["components"] == published["components"]
    assert [r["A_1_s"] for r in case["reactions"]] == [r["A_1_s"] for r in published["reactions"]]


def test_scores_over_groups_weigh_groups_alike(tests):
    """A group of one bad test counts as much as one of many good ones."""
    found = validation.cone_errors(validation_cases.blind_case)
    rows = pd.DataFrame(found["tests"])
    log_ratio = np.log(rows.t_ig_s_simulated.astype(float) / rows.t_ig_s.astype(float))
    by_hand = np.exp(log_ratio.abs().groupby(rows.group_nine).mean().mean())
    assert found["gmfe"]["t_ig_s"]["group_nine"] == pytest.approx(by_hand)
    assert list(rows.test_id) == list(tests.test_id)


def test_the_energy_budget_adds_up():
    budget = validation_sensitivity.energy_budget()
    received = budget.pop("received")
    assert sum(budget.values()) == pytest.approx(received)
    assert all(part > 0.0 for part in budget.values())
    case = validation_cases.reference_cases()[0]
    lost = cone.simulate(case)["mass_lost_kg_m2"]
    per_kg = 1e6 * budget["sensible heat of the gas"] / lost
    assert 1800.0 * 300.0 < per_kg < 1800.0 * 420.0  # heated from 300 K to some 650-700 K


def test_sensitivity_finds_what_cannot_matter(tests):
    """The flame comes after ignition: it moves the peak; of t_ig only how fast it is seen."""
    test = next(tests[tests.polymer == "PMMA"].itertuples())
    effects = validation_sensitivity._morris(test, trajectories=4, seed=1)
    assert effects["t_ig_s"].get("flame_heat_flux_w_m2", {"mu_star": 0.0})["mu_star"] < 0.03
    assert effects["phrr_kw_m2"]["flame_heat_flux_w_m2"]["mu_star"] > 0.05
    assert effects["t_ig_s"]["t50_k"]["mu_star"] > effects["t_ig_s"]["emissivity"]["mu_star"]


def test_figures_take_what_the_results_hold(tests, gasification):
    lines = {
        "polymers": {
            "PMMA": {"flux_kw_m2": [20, 50], "t_ig_s": [None, 30.0], "critical_flux_kw_m2": 15.0}
        }
    }
    effects = {"PMMA": {t: {"t50_k": {"mu_star": 0.3}} for t in ("t_ig_s", "phrr_kw_m2")}}
    for figure in (
        figures_cone.gasification_parity(pd.DataFrame(gasification["tests"])),
        figures_cone.ignition_lines(lines, tests),
        figures_cone.energy_budget({"received": 10.0, "reflected": 1.0, "re-radiated": 9.0}),
        figures_cone.sensitivity(effects),
    ):
        assert isinstance(figure, Figure)
