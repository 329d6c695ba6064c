"""Censored labels, checked by simulation: what the sites say is what the exact posterior says."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import norm

from trinity.learning.censored import IgnitionCorrection, step_sites
from trinity.learning.correction import Correction, Measured, Tests
from trinity.learning.data import tests_of as read_tests
from trinity.learning.encoder import Labels
from trinity.learning.phase1 import multitask_loss
from trinity.measurements.noise import Noise


def process(n: int, seed: int, length: float = 1.0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 6, n)
    gram = np.exp(-((x[:, None] - x) ** 2) / (2 * length**2))
    return x, gram, rng


def predict(gram, mean, variance):
    """Posterior mean at the rows themselves."""
    return gram @ np.linalg.solve(gram + np.diag(variance), mean)


def test_rows_with_values_keep_them():
    _, gram, rng = process(5, 0)
    values = rng.normal(size=5)
    nothing = np.full(5, np.nan)
    mean, variance = step_sites(gram, np.full(5, 0.1), values, nothing, np.ones(5))
    assert np.allclose(mean, values) and np.allclose(variance, 0.1)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_one_bound_has_the_exact_moments_of_a_truncated_normal(sign):
    noise, bound, prior = 0.2, 0.7, 1.5
    mean, variance = step_sites(
        np.array([[prior]]), np.array([noise]), np.array([np.nan]), np.array([bound]),
        np.array([sign]),
    )  # fmt: skip
    f = np.linspace(-10, 10, 200_001)
    weight = norm.pdf(f, 0, np.sqrt(prior)) * norm.cdf(sign * (f - bound) / np.sqrt(noise))
    weight /= weight.sum()
    exact = (weight * f).sum()
    spread = (weight * (f - exact) ** 2).sum()
    found = 1 / (1 / prior + 1 / variance[0])
    assert found * mean[0] / variance[0] == pytest.approx(exact, rel=1e-4)
    assert found == pytest.approx(spread, rel=1e-4)


def test_many_bounds_agree_with_samples():
    """Importance sampling of what the four values say, weighted by the three bounds."""
    _, gram, rng = process(7, 3)
    gram += 1e-9 * np.eye(7)
    noise = np.full(7, 0.15)
    truth = np.linalg.cholesky(gram) @ rng.normal(size=7)
    values = np.where(np.arange(7) < 4, truth, np.nan)
    bounds = np.where(np.arange(7) < 4, np.nan, truth - 0.3)
    mean, variance = step_sites(gram, noise, values, bounds, np.ones(7))
    gain = np.linalg.solve(gram[:4, :4] + np.diag(noise[:4]), gram[:4]).T
    covariance = gram - gain @ gram[:4] + 1e-9 * np.eye(7)
    f = gain @ truth[:4] + rng.normal(size=(200_000, 7)) @ np.linalg.cholesky(covariance).T
    weight = norm.cdf((f[:, 4:] - bounds[4:]) / np.sqrt(noise[4:])).prod(1)
    exact = (weight[:, None] * f).sum(0) / weight.sum()
    assert np.allclose(predict(gram, mean, variance), exact, atol=0.01)


def test_learning_from_bounds_beats_leaving_them_out_or_taking_them_as_values():
    """Sixty simulated tables whose longest third of the times is cut off."""
    errors = {"bounds": [], "left out": [], "as values": []}
    for seed in range(60):
        x, gram, rng = process(30, seed)
        truth = np.linalg.cholesky(gram + 1e-9 * np.eye(30)) @ rng.normal(size=30)
        noise = np.full(30, 0.05)
        measured = truth + np.sqrt(noise) * rng.normal(size=30)
        limit = np.quantile(measured, 0.67)
        cut = measured > limit
        values, bounds = np.where(cut, np.nan, measured), np.where(cut, limit, np.nan)
        mean, variance = step_sites(gram, noise, values, bounds, np.ones(30))
        ways = {
            "bounds": predict(gram, mean, variance),
            "left out": predict(gram, np.where(cut, 0.0, measured), np.where(cut, 1e6, noise)),
            "as values": predict(gram, np.minimum(measured, limit), noise),
        }
        for name, found in ways.items():
            errors[name].append(np.mean((found - truth)[cut] ** 2))
    mean = {name: np.mean(found) for name, found in errors.items()}
    assert mean["bounds"] < 0.8 * mean["left out"]
    assert mean["bounds"] < 0.8 * mean["as values"]


def test_a_contradicted_bound_does_not_break_anything():
    """Seen to burn at once, said to burn later than any: the answer is between, and finite."""
    gram = np.full((2, 2), 1.0) + 1e-6 * np.eye(2)
    values, bounds = np.array([-3.0, np.nan]), np.array([np.nan, 3.0])
    mean, variance = step_sites(gram, np.full(2, 0.1), values, bounds, np.ones(2))
    found = predict(gram, mean, variance)
    assert np.isfinite(found).all() and (-3.0 < found).all() and (found < 3.0).all()


def outcomes(conditions: float, ignited: float) -> tuple:
    """Four burning tests of one polymer and one of another kind, at its conditions."""
    embedding = torch.tensor([[0.0, 1.0]] * 4 + [[3.0, -1.0]])
    place = torch.tensor([[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [conditions, 0.0]])
    return embedding, place, torch.full((5,), 3.0), torch.tensor([1.0, 1.0, 1.0, 1.0, ignited])


def test_a_test_without_ignition_moves_the_probability_where_it_was_made():
    fits = {outcome: IgnitionCorrection.fit(*outcomes(-1.0, outcome)) for outcome in (0.0, 1.0)}

    def probability(outcome, polymer, flux):
        asked = torch.tensor([polymer]), torch.tensor([[flux, 0.0]]), torch.tensor([3.0])
        return float(torch.sigmoid(fits[outcome](*asked)))

    there, elsewhere = ([3.0, -1.0], -1.0), ([0.0, 1.0], -1.0)
    assert probability(0.0, *there) < 0.75 < 0.9 < probability(1.0, *there)
    assert probability(0.0, *there) < probability(0.0, there[0], 2.0)  # hotter: less affected
    assert abs(probability(0.0, *elsewhere) - probability(1.0, *elsewhere)) < 0.02
    far = torch.sigmoid(torch.tensor(3.0))  # nothing was measured near: the network's odds
    assert probability(0.0, [90.0, 90.0], 0.0) == pytest.approx(float(far), abs=0.01)


def test_a_bound_of_the_ignition_time_lengthens_it():
    conditions, start = np.full((4, 2), 50.0), np.zeros((4, 4))
    tests = Tests(np.eye(4), conditions, np.full(4, "FAA"), start)
    values = np.array([[0.3] * 4, [-0.3] * 4, [0.1] * 4, [np.nan] * 4])
    noise = Noise(np.full(4, 0.01), np.full(4, 0.01))
    found = []
    for bound in (np.nan, 1.0):
        at_least = np.array([np.nan] * 3 + [bound])
        measured = Measured(values, at_least, np.ones(4), np.ones(4), noise)
        found.append(Correction.fit(tests, measured).predict(tests)[0])
    without, with_bound = found
    assert with_bound[3, 0] > without[3, 0] + 0.3
    np.testing.assert_allclose(with_bound[:, 1:], without[:, 1:])


def test_a_bound_teaches_the_modes_by_gradient():
    mean = torch.zeros(2, 4, requires_grad=True)
    known = torch.tensor([[1.0] * 4, [0.0] * 4])
    outcome = torch.tensor([1.0, 0.0])
    bound = torch.tensor([torch.nan, 2.0])
    labels = Labels(torch.zeros(2, 4), known, outcome, torch.ones(2), torch.ones(2), bound)
    multitask_loss((torch.zeros(2), mean, torch.zeros(2, 4)), labels).backward()
    assert mean.grad[1, 0] < 0 and (mean.grad[1, 1:] == 0).all() and mean.grad.isfinite().all()


def test_a_duration_is_a_bound_only_of_tests_that_did_not_ignite():
    table = pd.DataFrame({"psmiles": "*CC*", "flux_kw_m2": 50.0, "thickness_mm": 3.0,
                          "t_ig_s": [60.0, np.nan, np.nan], "ignited": [1.0, 0.0, np.nan],
                          "test_duration_s": [600.0, 900.0, 900.0]})  # fmt: skip
    assert np.array_equal(read_tests(table).at_least, [np.nan, 900.0, np.nan], equal_nan=True)
