"""The two readings of a heat-release curve, on curves whose answers are known."""

import numpy as np
import pytest
from cone_cases import FRONT, a_case

from trinity.cone import simulate as cone
from trinity.cone.curve import LAG_S, lagged, scalars_of

T = np.arange(0.0, 600.0, 0.5)


def box(start, stop, height):
    """A curve that is ``height`` W/m2 from ``start`` to ``stop`` and zero elsewhere."""
    return np.where((start <= T) & (stop >= T), height, 0.0)


def rule(time_s, hrr_w_m2, lag_s=0.0, after_s=0.0) -> dict[str, float]:
    """The rule on a curve behind an instrument."""
    return scalars_of(lagged(time_s, hrr_w_m2, after_s, lag_s))._asdict()


def test_ignition_is_the_first_sustained_passage():
    """A flash of 5 s does not count, the fire that follows does."""
    curve = box(50.0, 55.0, 80e3) + box(100.0, 300.0, 200e3)
    assert rule(T, curve)["t_ig_s"] == 100.0


def test_a_curve_that_never_stays_above_the_threshold_has_no_ignition():
    assert all(np.isnan(v) for v in rule(T, box(50.0, 59.0, 80e3)).values())
    assert np.isnan(rule(T, box(50.0, 500.0, 23.9e3))["t_ig_s"])


def test_scalars_of_a_box():
    found = rule(T, box(100.0, 400.0, 200e3))
    assert found["phrr_kw_m2"] == pytest.approx(200.0)
    assert found["thr_mj_m2"] == pytest.approx(200e3 * 300.0 * 1e-6, rel=0.002)
    assert found["mean_hrr_180s_kw_m2"] == pytest.approx(200.0, rel=1e-9)


def test_the_mean_over_180_s_counts_the_time_after_burn_out():
    found = rule(T, box(100.0, 190.0, 200e3))
    assert found["mean_hrr_180s_kw_m2"] == pytest.approx(100.0, rel=0.01)


def test_the_peak_is_a_mean_over_five_seconds():
    spike = box(100.0, 300.0, 100e3)
    spike[T == 200.0] = 1200e3
    assert rule(T, spike)["phrr_kw_m2"] == pytest.approx(200.0)


def test_negative_heat_release_is_left_out_of_the_total():
    curve = box(100.0, 300.0, 100e3) - box(400.0, 500.0, 5e3)
    assert rule(T, curve)["thr_mj_m2"] == pytest.approx(20.0, rel=0.003)


def test_the_instrument_delays_keeps_the_total_and_blunts_the_peak():
    curve = np.interp(T, [60.0, 150.0, 240.0], [0.0, 900e3, 0.0])
    sharp, slow = (rule(T, curve, lag_s=lag) for lag in (0.0, 5.0))
    assert sharp["t_ig_s"] + 2.0 < slow["t_ig_s"] < sharp["t_ig_s"] + 6.0
    assert slow["phrr_kw_m2"] < sharp["phrr_kw_m2"]
    assert slow["t_peak_s"] > sharp["t_peak_s"]
    assert slow["thr_mj_m2"] == pytest.approx(sharp["thr_mj_m2"], rel=0.005)


def test_the_lag_is_of_first_order():
    """63.2 % of a step after one time constant, so a step of 24/0.632 is seen to ignite then."""
    step = np.where(T >= 100.0, 24e3 / (1.0 - np.exp(-1.0)), 0.0)
    assert rule(T, step, lag_s=8.0)["t_ig_s"] == pytest.approx(108.0, abs=1.0)


def test_after_burn_out_the_instrument_falls():
    """A curve cut at burn-out loses what is still in the instrument unless time is given."""
    t, q = np.array([0.0, 50.0, 50.0, 150.0]), np.array([0.0, 0.0, 300e3, 300e3])
    cut, given = (rule(t, q, lag_s=4.0, after_s=a)["thr_mj_m2"] for a in (0.0, 40.0))
    assert given == pytest.approx(30.0, rel=0.005)
    assert given - cut == pytest.approx(300e3 * 4.0 * 1e-6, rel=0.1)


def test_the_batch_applies_the_same_rule():
    case = a_case(front={**FRONT, "flame_heat_flux_w_m2": 15e3})
    batch = cone.simulate_batch([case], lag_s=LAG_S)
    single = rule(*cone.curve(case), lag_s=LAG_S, after_s=30.0)
    for key, value in single.items():
        assert batch[f"rule_{key}"][0] == pytest.approx(value, rel=1e-9), key


def test_bare_and_rule_differ_by_the_instrument_only():
    case = a_case(front={**FRONT, "flame_heat_flux_w_m2": 15e3})
    found = cone.simulate_batch([case], lag_s=LAG_S)
    assert 0.0 < found["rule_t_ig_s"][0] - found["t_ig_s"][0] < 2.0 * LAG_S
    assert found["rule_phrr_kw_m2"][0] == pytest.approx(found["phrr_kw_m2"][0], rel=0.03)
    assert found["rule_thr_mj_m2"][0] == pytest.approx(found["thr_mj_m2"][0], rel=0.01)


def test_growth_indices_bound_the_curve():
    """FIGRA is at least peak over its time; MARHE lies between the mean and the peak."""
    found = cone.simulate(a_case())
    assert found["figra_kw_m2_s"] >= found["phrr_kw_m2"] / found["t_peak_s"] - 1e-9
    assert found["mean_hrr_300s_kw_m2"] < found["phrr_kw_m2"]
    assert found["marhe_kw_m2"] < found["phrr_kw_m2"]
