"""Answers of networks and ensembles: what joins them, and what keeps them in order."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trinity.cone.coordinates import FLUXES_KW_M2, from_logs, to_targets
from trinity.learning.answer import Answer, Settled, combine, settled
from trinity.learning.correction import UNNAMED
from trinity.learning.data import TestTable
from trinity.learning.ensemble import Fold, _report
from trinity.learning.model import Scalers
from trinity.measurements.noise import Noise
from trinity.quantities import TARGETS

FLUXES = len(FLUXES_KW_M2)


def table(fluxes, thicknesses, polymer_of) -> TestTable:
    conditions = np.column_stack([fluxes, thicknesses]).astype(float)
    return TestTable(
        [(("*CC*", 1.0),), (("*CC(*)C", 1.0),)], np.asarray(polymer_of), conditions,
        np.full(len(conditions), UNNAMED), own_heat=40.0 * conditions[:, 1],
    )  # fmt: skip


def unordered(seed: int):
    """A model that says anything: every row of a grid its own random coordinates."""

    def ask(tests: TestTable) -> Answer:
        rng = np.random.default_rng(seed)
        mean = rng.normal((4.0, 6.0, 0.0, 4.0), 1.0, (len(tests), 4))
        return Answer(mean, rng.uniform(0.1, 0.5, mean.shape), rng.random(len(tests)))

    return ask


def by_flux(tests: TestTable) -> Answer:
    """A model that is in order by itself, different for each polymer and thickness."""
    flux, thickness = np.log(tests.conditions).T
    shift = tests.polymer_of + 0.3 * thickness
    mean = np.stack([8 - flux + shift, 3 + flux - shift, shift, 3 + 0 * flux], axis=1)
    return Answer(mean, np.full(mean.shape, 0.2), 1 / (1 + np.exp(3 - flux)))


@given(seed=st.integers(0, 10_000))
def test_whatever_is_said_more_flux_ignites_sooner_and_burns_higher(seed):
    flux = np.geomspace(6.0, 190.0, 12)
    tests = table(np.tile(flux, 2), np.full(24, 6.0), np.repeat([0, 1], 12))
    found = settled(unordered(seed), tests, np.array([1.6, 2.0]))
    for half in (slice(0, 12), slice(12, 24)):
        targets = found.targets[:, half]
        assert (np.diff(targets[..., 0]) <= 1e-9).all()
        assert (np.diff(targets[..., 1]) >= -1e-9).all()
        assert (np.diff(found.ignition[half]) >= -1e-12).all()
    middle, low, high = found.targets
    assert (low < middle).all() and (middle < high).all()
    assert (found.targets[..., 3] > found.targets[..., 0]).all()
    assert (found.targets[..., 2] < tests.own_heat).all()


def test_a_model_that_is_in_order_is_told_as_it_speaks():
    tests = table([20.0, 46.0, 46.0], [3.0, 3.0, 9.0], [0, 1, 0])
    found, said = settled(by_flux, tests, np.array([1.0, 2.0])), by_flux(tests)
    np.testing.assert_allclose(found.targets[0], to_targets(said.log_mean, tests.complete))
    width = np.log(found.targets[2] / found.targets[0])
    np.testing.assert_allclose(width[:, 0], 0.2 * np.array([1.0, 2.0, 1.0]))
    assert np.abs(found.ignition - said.ignition).max() < 1e-9


def test_a_row_is_answered_alike_whoever_stands_beside_it():
    tests = table([20.0, 33.0, 80.0], [3.0, 6.0, 9.0], [1, 0, 1])
    whole = settled(by_flux, tests, np.array([1.0, 2.0]))
    for row in range(3):
        alone = tests.take(np.array([row]))

        def ask(grid, polymer=tests.polymer_of[row]):
            return by_flux(replace(grid, polymer_of=grid.polymer_of + polymer))

        quantile = np.array([1.0, 2.0])[[tests.polymer_of[row]]]
        one = settled(ask, alone, quantile)
        np.testing.assert_allclose(one.targets[:, 0], whole.targets[:, row])
        np.testing.assert_allclose(one.ignition[0], whole.ignition[row])


def test_an_interval_has_the_width_of_its_polymer_and_target():
    tests = table([20.0, 20.0], [3.0, 3.0], [0, 1])
    quantile = np.array([[1.0, 2.0, 1.0, 1.0], [3.0, 1.0, 1.0, 1.0]])
    middle, low, high = np.log(settled(by_flux, tests, quantile).targets)
    np.testing.assert_allclose((high - middle)[:, :2], 0.2 * quantile[:, :2])
    np.testing.assert_allclose((middle - low)[:, :2], 0.2 * quantile[:, :2])


def test_no_polymer_is_surer_than_it_is_told_to_be():
    tests = table([20.0, 20.0, 20.0], [3.0, 3.0, 9.0], [0, 1, 1])
    least = np.full((FLUXES, 4), 0.7)
    middle, _, high = np.log(settled(by_flux, tests, np.ones(2), [None, least]).targets)
    np.testing.assert_allclose((high - middle)[:, 0], [0.2, 0.7, 0.7])
    small = settled(by_flux, tests, np.ones(2), [None, np.full((FLUXES, 4), 0.01)])
    np.testing.assert_allclose(np.log(small.targets[2] / small.targets[0])[:, 0], 0.2)


def output_of(seed: int, rows: int = 6):
    torch.manual_seed(seed)
    return torch.randn(rows), torch.randn(rows, 4), torch.randn(rows, 4)


@pytest.mark.parametrize("ordered", [True, False])
def test_an_answer_is_the_output_of_a_network_in_physical_units(ordered):
    logit, mean, log_variance = output_of(0)
    scalers = Scalers(
        target_mean=[4.0, 6.0, 3.0, 6.0], target_scale=[0.5, 0.4, 0.3, 0.2], ordered=ordered
    )
    complete = np.full(6, 240.0)
    found = Answer.of_output(scalers, (logit, mean, log_variance), complete)
    told = mean.double().numpy() * scalers.target_scale + np.array(scalers.target_mean)
    sigma = np.exp(0.5 * log_variance.double().numpy()) * scalers.target_scale
    if not ordered:
        told, sigma = from_logs(told, sigma, complete)
    np.testing.assert_allclose(found.log_mean, told)
    np.testing.assert_allclose(found.log_sigma, sigma)
    np.testing.assert_allclose(found.ignition, torch.sigmoid(logit.double()).numpy())


def test_answers_are_joined_taken_and_averaged():
    tests = table([20.0, 46.0], [3.0, 3.0], [0, 1])
    one, two = by_flux(tests), unordered(0)(tests)
    joined = Answer.joined([one, two])
    for part, whole in zip(two, joined.take(np.array([2, 3])), strict=True):
        np.testing.assert_array_equal(part, whole)
    both = combine([one, two])
    np.testing.assert_allclose(both.log_mean, (one.log_mean + two.log_mean) / 2)
    np.testing.assert_allclose(both.ignition, (one.ignition + two.ignition) / 2)
    apart = (one.log_mean - two.log_mean) / 2
    square = (one.log_sigma**2 + two.log_sigma**2) / 2 + apart**2
    np.testing.assert_allclose(both.log_sigma, np.sqrt(square))


def test_a_report_scores_what_was_left_out():
    """Two groups, one told well and one of which an interval misses by a factor of two."""
    tests = table([20.0, 20.0], [3.0, 3.0], [0, 1])
    tests.targets = np.array([[100.0, 500.0, 50.0, 200.0]] * 2)
    told = tests.targets * np.array([[1.0], [4.0]])
    low, high = told / 1.5, told * np.array([[2.0], [6.0]])
    done = [(Settled(np.stack([told, low, high])[:, [row]], np.ones(1)),) * 2 for row in range(2)]
    folds = [Fold(name, np.arange(2) != row, np.arange(2) == row) for row, name in enumerate("ab")]
    found = _report(tests, np.array(["a", "b"]), folds, done)
    missed, width = np.log(4 / 1.5), np.log(np.sqrt(3.0 * 9.0))
    for said in (found["named"], found["hidden"]):
        assert said["gmfe"] == pytest.approx(dict.fromkeys(TARGETS, 2.0))
        assert said["endpoint"] == pytest.approx(np.log(4) / 2)
        assert said["endpoint_of_groups"] == pytest.approx({"a": 0.0, "b": np.log(4)})
        assert said["coverage"] == pytest.approx(dict.fromkeys(TARGETS, 0.5))
        assert said["median_ratio"] == pytest.approx(dict.fromkeys(TARGETS, np.exp(width)))
        expected = dict.fromkeys(TARGETS, width + 20 * missed / 2)
        assert said["interval_score"] == pytest.approx(expected)


def test_no_answer_is_surer_than_repeated_tests():
    found = by_flux(table([20.0], [3.0], [0]))
    within = np.array([0.01, 0.09, 0.16, 0.0001])
    noise = Noise(within, np.zeros(4))
    np.testing.assert_allclose(found.with_noise(noise).log_sigma, [[0.2, 0.3, 0.4, 0.2]])


def test_errors_are_of_the_logarithms_and_missing_labels_have_none():
    tests = table([20.0, 20.0], [3.0, 3.0], [0, 1])
    said = by_flux(tests)
    right = to_targets(said.log_mean, tests.complete)
    tests.targets = right * np.array([[2.0, 1.0, 0.5, np.nan]])
    np.testing.assert_allclose(said.error(tests), np.log([[2.0, 1.0, 2.0, np.nan]] * 2), atol=1e-12)
