"""The cone solver against converged results, and its measured order of convergence."""

import numpy as np
import pytest
from cone_cases import PYROLYSIS, REFERENCE, VIRGIN, a_case, inert
from scipy.special import erfcx

from trinity import cone
from trinity.cases import check, pack
from trinity.cone_batch import FINE, unpack
from trinity.cone_run import step, workspace


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


def _march(case, cells, dt, end):
    """Surface temperature and mass left at ``end`` on a uniform grid with fixed steps."""
    test, faces, matter, chemistry, _ = unpack(pack([check(case)]), 0)
    w = workspace(cells + 1, matter.rho.size, chemistry.A.size)
    dx = np.full(cells, test.thickness / cells)
    m = np.zeros((cells + 1, matter.rho.size))
    m[:cells, 0] = matter.rho[0] * dx
    T, rate = np.full(cells + 1, test.T0), np.zeros(cells + 1)
    Ts = Tb = test.T0
    for _ in range(round(end / dt)):
        Ts, Tb, *_ = step(
            faces, matter, chemistry, m, T, rate.copy(), cells, cells, dt, Ts, Tb, 1e-9, w
        )
        T[:], m[:] = w.T1, w.m1
    return Ts, m[:cells].sum()


def test_second_order_in_time():
    """A reacting surface, fixed grid: the error falls by four when the step is halved."""
    case = a_case(thickness_m=0.002)
    found = [_march(case, 40, dt, 40.0)[1] for dt in (0.5, 0.25, 0.125, 1 / 64)]
    errors = np.abs(np.array(found[:3]) - found[3])
    order = np.log2(errors[:-1] / errors[1:])
    assert np.all(order > 1.6), order


def test_second_order_in_space():
    """Convective heating of a thick slab against the analytic surface temperature."""
    case = inert(thickness_m=0.03)
    exact = 300.0 + 500.0 * (1.0 - erfcx(50.0 * np.sqrt(0.2 / (1190.0 * 1800.0) * 60.0) / 0.2))
    errors = [abs(_march(case, n, 0.05, 60.0)[0] - exact) for n in (30, 60, 120)]
    order = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert np.all(order > 1.7), order


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
