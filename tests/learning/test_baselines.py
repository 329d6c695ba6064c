"""Baselines: descriptors that mean something, and competitors that are no straw men."""

import numpy as np
import pytest
from learning_tools import toy_table

from trinity.evidence.held import measurements
from trinity.learning.baselines import KernelProcess, candidates, descriptors, predict_baseline
from trinity.learning.data import tests_of as read_tests
from trinity.learning.intervals import group_weights


def test_composition_of_polyethylene_and_pvc():
    pe, pvc = descriptors([(("*CC*", 1.0),), (("*CC(*)Cl", 1.0),)], "composition")
    assert pe[:5] == pytest.approx([0.8563, 0.1437, 0, 0, 0], abs=1e-3)
    assert pvc[4] == pytest.approx(35.45 / 62.50, abs=1e-3)
    assert pe[5] == pvc[5] == 0


@pytest.mark.parametrize("kind", ["composition", "morgan"])
def test_a_blend_lies_between_its_components(kind):
    a, b = (("*CC*", 1.0),), (("*CC(*)c1ccccc1", 1.0),)
    mixed = (("*CC*", 0.3), ("*CC(*)c1ccccc1", 0.7))
    first, second, blend = descriptors([a, b, mixed], kind)
    np.testing.assert_allclose(blend, 0.3 * first + 0.7 * second)


@pytest.mark.parametrize("arm", ("conditions_only", "random_forest", "gaussian_process"))
def test_every_candidate_fits_and_ignores_missing_labels(arm):
    table = toy_table()
    table.loc[::4, "thr_mj_m2"] = np.nan
    tests = read_tests(table, group_weights(table["psmiles"]))
    assert len(candidates(arm)) == 24
    for candidate in candidates(arm, trees=5)[::5]:
        mean, sigma = predict_baseline(candidate, tests, tests, seed=0)
        assert np.isfinite(mean).all() and (sigma > 0).all()
        error = np.abs(mean[:, 0] - np.log(tests.targets[:, 0])).mean()
        assert error < np.log(tests.targets[:, 0]).std()


def test_conditions_only_cannot_tell_polymers_apart():
    table = toy_table(["*CC*", "*CC(*)c1ccccc1"], tests=6)
    tests = read_tests(table)
    same = read_tests(table.assign(psmiles="*CC*"))
    candidate = candidates("conditions_only")[0]
    np.testing.assert_array_equal(
        predict_baseline(candidate, tests, tests, 0)[0],
        predict_baseline(candidate, tests, same, 0)[0],
    )


def test_kernel_process_interpolates_and_reverts_to_its_trend():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 9))
    y = x[:, 0] + np.sin(x[:, 4])
    model = KernelProcess(1.0, 1.0, 1e-6, chemistry=7).fit(x, y, np.ones(30))
    np.testing.assert_allclose(model.predict(x), y, atol=1e-3)
    far = np.full((2, 9), 50.0)
    far[:, 1] = 0
    far[:, 0] = [0.0, 1.0]
    assert np.diff(model.predict(far))[0] == pytest.approx(1.0, abs=0.3)


def test_chemistry_helps_on_the_measurements():
    """A descriptor that says nothing about unseen polymers would make the comparison worthless."""
    table = measurements()
    groups = table["group_nine"]
    error = {}
    for arm in ("conditions_only", "gaussian_process"):
        candidate = candidates(arm)[8]
        means = []
        for name in groups.unique():
            out = (groups == name).to_numpy()
            training = read_tests(table[~out], group_weights(groups[~out]))
            held_out = read_tests(table[out])
            mean, _ = predict_baseline(candidate, training, held_out, 0)
            means.append(np.nanmean(np.abs(mean - np.log(held_out.targets))[:, :2]))
        error[arm] = np.mean(means)
    assert error["gaussian_process"] < 0.8 * error["conditions_only"]
