"""The cone model against what is known without it: analytic limits, conservation, sense."""

import numpy as np
import pytest
from cone_cases import FRONT, PYROLYSIS, VIRGIN, a_case, inert
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import erfcx

from trinity.cone import simulate as cone
from trinity.cone.simulate import FINE
from trinity.errors import InputError

SIGMA = 5.670374419e-8
K, RHO, C = 0.2, 1190.0, 1800.0


def test_semi_infinite_solid_under_hot_gas():
    """Carslaw and Jaeger (1959), 2.7: (T - T0)/(Tg - T0) = 1 - erfcx(h sqrt(alpha t)/k)."""
    curves = cone.simulate(inert(thickness_m=0.05, end_time_s=300.0), curves=True)["curves"]
    t = curves["time_s"][1:]
    exact = 300.0 + 500.0 * (1.0 - erfcx(50.0 * np.sqrt(K / (RHO * C) * t) / K))
    late = t > 5.0
    assert np.allclose(curves["surface_temperature_k"][1:][late], exact[late], rtol=0.004)


def _slab_surface(t, length, h, terms=60):
    """Surface of an insulated slab under convection, series with xi tan(xi) = Bi."""
    biot, fourier = h * length / K, K / (RHO * C) * t / length**2
    total = np.zeros_like(t)
    for n in range(terms):
        xi = brentq(lambda x: x * np.sin(x) - biot * np.cos(x), n * np.pi + 1e-9, (n + 0.5) * np.pi)
        weight = 4 * np.sin(xi) / (2 * xi + np.sin(2 * xi))
        total += weight * np.exp(-(xi**2) * fourier) * np.cos(xi)
    return 300.0 + 500.0 * (1.0 - total)


def test_insulated_slab_heats_as_the_series_says():
    curves = cone.simulate(inert(end_time_s=900.0), curves=True)["curves"]
    t = curves["time_s"]
    late = t > 10.0
    exact = _slab_surface(t[late], 0.006, 50.0)
    assert np.allclose(curves["surface_temperature_k"][late], exact, rtol=0.003)


def test_steady_conduction_to_a_cold_back():
    """In the end the flux is one: h (Tg - Ts) = k (Ts - Tb) / L."""
    case = inert(back={"type": "fixed temperature", "temperature_k": 350.0}, end_time_s=20000.0)
    last = cone.simulate(case, curves=True)["curves"]["surface_temperature_k"][-1]
    series = K / 0.006
    assert last == pytest.approx((50.0 * 800.0 + series * 350.0) / (50.0 + series), rel=1e-4)


def test_back_loses_by_convection_and_radiation():
    """Three resistances in series at steady state; the back face solves its own balance."""
    back = {
        "type": "convection and radiation",
        "h_w_m2_k": 12.0,
        "gas_temperature_k": 310.0,
        "emissivity": 0.8,
    }
    case = inert(back=back, end_time_s=30000.0)
    front = cone.simulate(case, curves=True)["curves"]["surface_temperature_k"][-1]
    flux = 50.0 * (800.0 - front)
    rear = front - flux * 0.006 / K
    leaves = 12.0 * (rear - 310.0) + 0.8 * SIGMA * (rear**4 - 310.0**4)
    assert flux == pytest.approx(leaves, rel=2e-3)


def test_wool_lies_between_insulation_and_cold_metal():
    backs = ["insulated", "ceramic wool", {"type": "fixed temperature", "temperature_k": 300.0}]
    cases = [a_case(thickness_m=0.002, back=back) for back in backs]
    t_ig = cone.simulate_batch(cases)["t_ig_s"]
    assert t_ig[0] < t_ig[1]
    assert np.isnan(t_ig[2])  # a cold plate takes more than the surface can pass on


def test_air_gap_insulates_more_the_wider_it_is():
    gaps = [{"type": "air gap", "thickness_m": d, "emissivity": 0.0} for d in (0.001, 0.01)]
    t_ig = cone.simulate_batch([a_case(thickness_m=0.001, back=gap) for gap in gaps])["t_ig_s"]
    assert t_ig[1] < t_ig[0]


@pytest.mark.parametrize("numerics", [cone.DEFAULT, FINE], ids=["default", "fine"])
def test_mass_and_energy_close(numerics):
    ramp = [[300.0, 1200.0], [500.0, 2100.0], [900.0, 2900.0]]
    char = {
        **VIRGIN,
        "density_kg_m3": 200.0,
        "specific_heat_j_kg_k": [[300.0, 900.0], [900.0, 1500]],
    }
    step = {**PYROLYSIS, "product": "char", "solid_yield": 0.2}
    case = a_case(
        components={"virgin": {**VIRGIN, "specific_heat_j_kg_k": ramp}, "char": char},
        reactions=[step],
        front={**FRONT, "flame_heat_flux_w_m2": 15000.0},
        back="ceramic wool",
    )
    case["components"]["virgin"]["absorption_coefficient_1_m"] = 2000.0
    result = cone.simulate(case, numerics=numerics)
    assert abs(result["mass_balance_error"]) < 1e-12
    assert abs(result["energy_balance_error"]) < 1e-6


def test_without_reactions_the_balance_of_energy_closes_to_rounding():
    assert abs(cone.simulate(inert())["energy_balance_error"]) < 1e-10


def test_steady_burning_rate_is_flux_over_heat_of_gasification():
    """Quasi-steady regression of a thick slab: m'' (dh + c (Ts - T0)) = net flux (Spalding)."""
    curves = cone.simulate(a_case(thickness_m=0.05, end_time_s=1500.0), curves=True)["curves"]
    i = np.searchsorted(curves["time_s"], 1000.0)
    Ts = curves["surface_temperature_k"][i]
    net = 0.9 * 50e3 - 10.0 * (Ts - 300.0) - 0.9 * SIGMA * (Ts**4 - 300.0**4)
    rate = curves["mass_loss_rate_kg_m2_s"][i]
    assert rate * (900e3 + C * (Ts - 300.0)) == pytest.approx(net, rel=0.03)


def test_thermally_thick_ignition_time():
    """pi/4 k rho c ((Tig - T0)/q)^2; little is lost on the way to 400 K."""
    case = a_case(
        thickness_m=0.03,
        irradiance_w_m2=100e3,
        front={**FRONT, "h_w_m2_k": 0.0},
        critical_surface_temperature_k=400.0,
    )
    t_ig = cone.simulate(case)["t_ig_s"]
    assert t_ig == pytest.approx(np.pi / 4 * K * RHO * C * (100.0 / 90e3) ** 2, rel=0.03)


def test_thermally_thin_ignition_time():
    """rho c L (Tig - T0)/q for 0.1 mm that conducts well."""
    thin = {**VIRGIN, "conductivity_w_m_k": 20.0}
    case = a_case(
        thickness_m=1e-4,
        front={**FRONT, "h_w_m2_k": 0.0},
        components={"virgin": thin},
        critical_surface_temperature_k=400.0,
    )
    t_ig = cone.simulate(case)["t_ig_s"]
    assert t_ig == pytest.approx(RHO * C * 1e-4 * 100.0 / 45e3, rel=0.03)


def test_a_reaction_without_activation_energy_is_a_pure_exponential():
    step = {**PYROLYSIS, "A_1_s": 0.01, "E_j_mol": 0.0, "heat_of_reaction_j_kg": 0.0}
    result = cone.simulate(inert(reactions=[step], front={**FRONT, "h_w_m2_k": 0.0}))
    assert result["time_to_half_of_volatiles_s"] == pytest.approx(np.log(2) / 0.01, rel=1.5e-3)
    assert result["time_to_90_percent_of_volatiles_s"] == pytest.approx(
        np.log(10) / 0.01, rel=1.5e-3
    )


def test_exothermic_heat_warms_an_adiabatic_slab():
    step = {**PYROLYSIS, "A_1_s": 0.01, "E_j_mol": 0.0, "product": "melt", "solid_yield": 1.0}
    dark = {**VIRGIN, "emissivity": 0.0}
    case = inert(
        components={"virgin": dark, "melt": dark},
        reactions=[step | {"heat_of_reaction_j_kg": -180000.0}],
        front={**FRONT, "h_w_m2_k": 0.0},
        end_time_s=3000.0,
    )
    last = cone.simulate(case, curves=True)["curves"]["surface_temperature_k"][-1]
    assert last == pytest.approx(300.0 + 180000.0 / C, rel=1e-4)


def test_a_threshold_holds_a_reaction_back():
    step = {**PYROLYSIS, "A_1_s": 1.0, "E_j_mol": 0.0, "threshold_temperature_k": 500.0}
    never = inert(reactions=[step], front={**FRONT, "h_w_m2_k": 50.0, "gas_temperature_k": 490.0})
    assert cone.simulate(never)["mass_lost_kg_m2"] == 0.0


def test_opaque_in_depth_absorption_tends_to_the_surface():
    deep = [a_case(components={"virgin": {**VIRGIN, "absorption_coefficient_1_m": kappa}})
            for kappa in (500.0, 2000.0, 3e5)]  # fmt: skip
    t_ig = cone.simulate_batch([*deep, a_case()])["t_ig_s"]
    assert t_ig[0] > t_ig[1] > t_ig[2]
    assert t_ig[2] == pytest.approx(t_ig[3], rel=0.01)


def test_gas_that_does_not_burn_does_not_ignite():
    """As the hydrogen chloride of PVC: an early step without fuel must not move ignition."""
    char = {"virgin": VIRGIN, "rest": VIRGIN}
    early = {**PYROLYSIS, "product": "rest", "solid_yield": 0.5, "A_1_s": 8.5e15,
             "heat_of_reaction_j_kg": 0.0}  # fmt: skip
    late = {**PYROLYSIS, "reactant": "rest"}
    fuel = [{**early, "heat_of_combustion_j_kg": hc} for hc in (25e6, 0.0)]
    cases = [a_case(components=char, reactions=[first, late]) for first in fuel]
    t_ig = cone.simulate_batch(cases)["t_ig_s"]
    assert t_ig[1] > 1.5 * t_ig[0]


def test_flame_feeds_the_fire_but_does_not_light_it():
    cases = [a_case(front={**FRONT, "flame_heat_flux_w_m2": q}) for q in (0.0, 10e3, 20e3)]
    result = cone.simulate_batch(cases)
    assert np.ptp(result["t_ig_s"]) < 0.02
    assert np.all(np.diff(result["phrr_kw_m2"]) > 20.0)


def test_a_light_char_shields_what_lies_below():
    step = {**PYROLYSIS, "product": "char", "solid_yield": 0.1}

    def burn(density):
        return a_case(components={"virgin": VIRGIN, "char": {**VIRGIN, "density_kg_m3": density}},
                      reactions=[step])  # fmt: skip

    phrr = cone.simulate_batch([burn(1190.0), burn(119.0)])["phrr_kw_m2"]
    assert phrr[1] < 0.7 * phrr[0]


def test_total_heat_is_mass_times_heat_of_combustion():
    result = cone.simulate(a_case(flaming_efficiency=0.8))
    assert result["ehc_mj_kg"] == pytest.approx(0.8 * 25.0, rel=1e-6)
    assert result["residue_fraction"] == pytest.approx(0.0, abs=2e-4)
    assert result["thr_mj_m2"] == pytest.approx(0.8 * 25.0 * RHO * 0.006, rel=0.02)


def test_no_ignition_is_an_answer():
    result = cone.simulate(a_case(irradiance_w_m2=5e3, ignition_timeout_s=300.0), curves=True)
    assert np.isnan(result["t_ig_s"]) and np.isnan(result["phrr_kw_m2"])
    assert result["curves"]["time_s"][-1] == pytest.approx(300.0)


def test_each_ignition_rule_is_met_at_ignition():
    flux = cone.simulate(a_case(critical_mass_flux_kg_m2_s=0.002), curves=True)
    assert flux["t_ig_s"] == pytest.approx(flux["time_to_2_g_m2_s"], rel=0.005)
    hot = cone.simulate(a_case(critical_surface_temperature_k=600.0), curves=True)
    at = np.interp(hot["t_ig_s"], hot["curves"]["time_s"], hot["curves"]["surface_temperature_k"])
    assert at == pytest.approx(600.0, abs=1.5)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.floats(20e3, 95e3), st.floats(1.05, 1.5), st.floats(1.5, 20.0))
def test_more_flux_ignites_sooner_and_burns_harder(flux, factor, thickness_mm):
    cases = [
        a_case(irradiance_w_m2=q, thickness_m=1e-3 * thickness_mm) for q in (flux, factor * flux)
    ]
    result = cone.simulate_batch(cases)
    assert result["t_ig_s"][1] < result["t_ig_s"][0]
    assert result["phrr_kw_m2"][1] > result["phrr_kw_m2"][0]


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.floats(25e3, 90e3), st.floats(1.0, 10.0), st.floats(1.1, 2.5))
def test_a_thicker_slab_ignites_no_sooner_and_burns_longer(flux, thickness_mm, factor):
    cases = [a_case(irradiance_w_m2=flux, thickness_m=1e-3 * d)
             for d in (thickness_mm, factor * thickness_mm)]  # fmt: skip
    result = cone.simulate_batch(cases)
    assert result["t_ig_s"][1] > 0.985 * result["t_ig_s"][0]
    assert result["time_to_half_of_volatiles_s"][1] > result["time_to_half_of_volatiles_s"][0]


@pytest.mark.parametrize(("start", "critical"), [(600.0, 580.0), (300.0, 299.0), (300.0, 300.0)])
def test_a_surface_that_is_hot_enough_already_ignites_at_once(start, critical):
    """And its flame is there from the first second; a timeout of ignition does not put it out."""
    front = {**FRONT, "flame_heat_flux_w_m2": 20e3}
    case = a_case(initial_temperature_k=start, front=front, end_time_s=60.0, ignition_timeout_s=5.0)
    case["critical_surface_temperature_k"] = critical
    lit = cone.simulate(case)
    assert lit["t_ig_s"] == 0.0 and lit["thr_mj_m2"] > 0.0
    case["critical_surface_temperature_k"] = start + 1.0
    soon = cone.simulate(case)
    assert 0.0 < soon["t_ig_s"] < 1.0
    assert lit["thr_mj_m2"] == pytest.approx(soon["thr_mj_m2"], rel=0.02)


def test_nothing_is_released_before_ignition():
    found = cone.simulate(a_case(end_time_s=100.0), curves=True)
    early = found["curves"]["time_s"] < found["t_ig_s"]
    assert early.sum() > 10 and found["curves"]["mass_loss_rate_kg_m2_s"][early].max() > 0.0
    assert (found["curves"]["hrr_w_m2"][early] == 0.0).all()
    assert found["curves"]["hrr_w_m2"][~early].max() > 1e5


def test_a_component_that_is_never_there_changes_nothing():
    """Wherever it is listed, and whatever it absorbs."""
    char = {**VIRGIN, "density_kg_m3": 250.0}
    glass = {**VIRGIN, "density_kg_m3": 2500.0, "absorption_coefficient_1_m": 100.0}
    steps = [{**PYROLYSIS, "product": "char", "solid_yield": 0.2}]
    parts = {"virgin": VIRGIN, "char": char}
    alone, *others = (
        cone.simulate(a_case(components=components, reactions=steps))
        for components in (parts, {"glass": glass, **parts}, {**parts, "glass": glass})
    )
    assert alone["t_ig_s"] > 0.0
    for other in others:
        assert other == pytest.approx(alone, rel=1e-12, nan_ok=True)


def test_a_slab_that_burns_at_once_is_refused_in_one_sentence():
    """Heat of reaction with the wrong sign: the slab heats itself, faster and faster."""
    step = {**PYROLYSIS, "heat_of_reaction_j_kg": -1e6}
    wild = a_case(reactions=[step], end_time_s=100.0)
    with pytest.raises(InputError, match="burns at once"):
        cone.simulate(wild)
    found = cone.simulate_batch([a_case(), wild], strict=False)
    assert found["error"][0] is None and "burns at once" in found["error"][1]
    assert np.isfinite(found["phrr_kw_m2"][0]) and np.isnan(found["phrr_kw_m2"][1])
