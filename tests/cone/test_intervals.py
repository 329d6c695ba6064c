"""Intervals of physics alone: of the draws that were asked for, and as wide as they say."""

import numpy as np
import pytest

from trinity.cone.predict import predict

KEYS = ("t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2")


def test_the_seed_decides_what_is_drawn():
    first, again, other = (predict("*CC*", 50, 6, samples=3, seed=seed) for seed in (0, 0, 1))
    for key in KEYS:
        assert first.sampled[key].tolist() == again.sampled[key].tolist()
        assert first.sampled[key].tolist() != other.sampled[key].tolist()
        assert first.nominal[key] == other.nominal[key]


@pytest.mark.parametrize("key", KEYS)
def test_an_interval_holds_nine_of_ten_draws(key):
    test = predict("*CC(*)c1ccccc1", 50, 6, samples=41)
    low, high = test.interval(key)
    inside = (test.sampled[key] >= low) & (test.sampled[key] <= high)
    assert inside.sum() == 37
    assert test.to_dict()[f"{key}_lo"] == low and test.to_dict()[f"{key}_hi"] == high
    assert np.isfinite([low, high]).all() and low < high
