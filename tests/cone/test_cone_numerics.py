"""The cone solver against converged results, and its measured order of convergence."""

import numpy as np
import pytest
from cone_cases import PYROLYSIS, REFERENCE, VIRGIN, a_case
from trinity_book.studies.validation import verification

from trinity.cone import simulate as cone
from trinity.cone.simulate import FINE


@pytest.mark.parametrize("case", REFERENCE, ids=[c["id"] for c in REFERENCE])
def test_reference_cases_of_two_independent_codes(case):
    result = cone.simulate(case)
    for key, expected in case["expected"].items():
        allowed = 0.02 if key.startswith("peak") else 0.01
        assert result[key] == pytest.approx(expected, rel=allowed), key


def test_the_default_agrees_with_the_fine_resolution_on_other_cases():
    ramps = {
        **VIRGIN,
        "conductivity_w_m_k": [[300.0, 0.25], [700.0, 0.15]],
        "specific_heat_j_kg_k": [[300.0, 1300.0], [700.0, 2600.0]],
        "absorption_coefficient_1_m": 2200.0,
    }
    melt = {**PYROLYSIS, "product": "melt", "solid_yield": 1.0, "A_1_s": 1.5e36,
            "E_j_mol": 380e3, "heat_of_reaction_j_kg": 3e4}  # fmt: skip
    burn = {**PYROLYSIS, "reactant": "melt", "product": "char", "solid_yield": 0.15}
    char = {**VIRGIN, "density_kg_m3": 150.0}
    cases = [
        a_case(components={"virgin": ramps}, thickness_m=0.003, irradiance_w_m2=30e3),
        a_case(components={"virgin": VIRGIN, "melt": VIRGIN, "char": char},
               reactions=[melt, burn], irradiance_w_m2=75e3),
        a_case(thickness_m=0.02, irradiance_w_m2=100e3),
    ]  # fmt: skip
    coarse, fine = (cone.simulate_batch(cases, numerics=n) for n in (cone.DEFAULT, FINE))
    for key in (*REFERENCE[0]["expected"], "t_ig_s", "phrr_kw_m2"):
        allowed = 0.02 if key.startswith("p") else 0.01
        assert np.allclose(coarse[key], fine[key], rtol=allowed), key


@pytest.fixture(scope="module")
def convergence() -> dict:
    return verification.convergence()


def test_second_order_in_time(convergence):
    """A reacting surface, fixed grid: the error falls by four when the step is halved."""
    assert min(convergence["time"]["order"]) > 1.6, convergence


def test_second_order_in_space(convergence):
    """Convective heating of a thick slab against the analytic surface temperature."""
    assert min(convergence["space"]["order"]) > 1.7, convergence


def test_balances_close_at_both_resolutions():
    found = verification.balances()
    assert found["default"]["mass"] < 1e-12 and found["fine"]["mass"] < 1e-12
    assert found["default"]["energy"] < 0.005
    assert found["fine"]["energy"] < 1e-6


def test_the_model_as_it_is_heats_as_the_exact_solution():
    curve = verification.heating_curve()
    late = curve["time_s"] > 5.0
    assert np.allclose(curve["simulated_k"][late], curve["exact_k"][late], rtol=0.004)


def test_a_batch_is_the_same_as_one_by_one_in_any_number_of_threads():
    cases = [a_case(irradiance_w_m2=1e3 * q) for q in range(20, 90)]
    one = cone.simulate_batch(cases, threads=1)
    two = cone.simulate_batch(cases, threads=2)
    for key in ("t_ig_s", "phrr_kw_m2", "thr_mj_m2"):
        assert np.array_equal(one[key], two[key])
    assert one["t_ig_s"][7] == cone.simulate(cases[7])["t_ig_s"]


def test_the_curve_integrates_to_the_mass_lost():
    curves = cone.simulate(REFERENCE[0], curves=True)["curves"]
    area = np.trapezoid(curves["mass_loss_rate_kg_m2_s"], curves["time_s"])
    assert area == pytest.approx(curves["mass_lost_kg_m2"][-1], rel=0.005)


def test_mixtures_burn_as_their_parts_allow():
    """Half of each component: both leave, and the mass is that of the mixture's density."""
    inert_filler = {**VIRGIN, "density_kg_m3": 2400.0}
    case = a_case(components={"virgin": VIRGIN, "filler": inert_filler},
                  initial_mass_fractions={"virgin": 0.8, "filler": 0.2})  # fmt: skip
    result = cone.simulate(case)
    mass = 0.006 / (0.8 / 1190.0 + 0.2 / 2400.0)
    assert result["mass_lost_kg_m2"] == pytest.approx(0.8 * mass, rel=1e-3)
    assert result["residue_fraction"] == pytest.approx(0.2, abs=1e-3)
