"""The model: what it must not depend on, what its head says, and that a folder keeps it."""

import json

import numpy as np
import pytest
import torch
from learning_tools import tiny_model, toy_table

from trinity.errors import InputError
from trinity.learning import correction
from trinity.learning.answer import answer
from trinity.learning.correction import HYPERPARAMETERS, UNNAMED, Correction, Measured, Tests
from trinity.learning.data import tests_of as read_tests
from trinity.learning.encoder import load_backbone, pad
from trinity.learning.model import Scalers, load_model
from trinity.learning.phase2 import correct
from trinity.measurements.noise import Noise, noise_of
from trinity.measurements.specimens import load_measurements

MODEL = tiny_model()


def said(table, model=MODEL):
    return answer(model, read_tests(table)).log_mean


def test_one_polymer_one_answer_however_it_is_written():
    table = toy_table(["*CC(*)C"], tests=2)
    for spelling in ("[*]C(C)C[*]", "*C(C)C*", "*CC(C)CC(C)*", "[*:1]CC([*:2])C"):
        other = table.assign(psmiles=spelling)
        np.testing.assert_allclose(said(other), said(table), rtol=1e-6)


def test_padding_and_company_do_not_change_an_answer():
    table = toy_table(tests=2)
    alone = table[table.psmiles == "*CC*"]
    together = said(table)[(table.psmiles == "*CC*").to_numpy()]
    np.testing.assert_allclose(said(alone), together, atol=1e-5)


def test_a_copolymer_is_the_mass_fraction_mean_of_its_components():
    table = toy_table(["*CC*"], tests=1)
    model = MODEL
    mixed = table.assign(components="*CC*:0.25|*CC(*)Cl:0.75")

    def embedding(frame):
        rows = read_tests(frame).batch(model)
        return rows.mix @ model.embed(rows.input_ids, rows.attention_mask)

    parts = 0.25 * embedding(table) + 0.75 * embedding(table.assign(psmiles="*CC(*)Cl"))
    torch.testing.assert_close(embedding(mixed), parts, atol=1e-5, rtol=1e-4)


def test_unknown_laboratory_is_the_mean_one():
    table = toy_table(["*CC*"], tests=1)
    np.testing.assert_array_equal(said(table.assign(lab="elsewhere")), said(table))


def test_scalers_ignore_missing_labels_and_invert():
    conditions = np.array([[25.0, 3.0], [50.0, 6.0], [75.0, 9.0]])
    coordinates = np.array([[4.0, 6, 1, 5], [3, np.nan, 2, 6], [2, 7, 1, np.nan]])
    scalers = Scalers.fit(conditions, coordinates)
    standard = scalers.standardise(coordinates)
    assert np.nanmean(standard, axis=0) == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(standard * scalers.target_scale + scalers.target_mean, coordinates)


@pytest.mark.slow
def test_saved_equals_loaded_with_a_correction(tmp_path):
    tests = read_tests(toy_table())
    model = tiny_model()
    model.scalers = Scalers.fit(tests.conditions, tests.coordinates)
    tests = tests.with_physics()
    model = correct(model, tests)
    model.save(tmp_path, {"phase": 2})
    again = load_model(tmp_path)
    np.testing.assert_array_equal(answer(again, tests).log_mean, answer(model, tests).log_mean)
    assert not list(tmp_path.glob("*.bin")) and (tmp_path / "model.safetensors").is_file()
    assert json.loads((tmp_path / "config.json").read_text())["about"] == {"phase": 2}


def test_a_network_of_an_earlier_release_speaks_of_logarithms_and_is_translated(tmp_path):
    """Its config says nothing of coordinates; what it says beyond the bounds moves to them."""
    tests, model = read_tests(toy_table()), tiny_model()
    model.scalers = Scalers.fit(tests.conditions, np.log(tests.targets))
    model.save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    del config["scalers"]["ordered"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    old = load_model(tmp_path)
    assert not old.scalers.ordered and model.scalers.ordered
    logs, sigma = answer(old, tests).in_logs(tests.complete)
    assert np.isfinite(logs).all() and (sigma > 0).all()
    assert (logs[:, 3] > logs[:, 0]).all() and (np.exp(logs[:, 2]) < tests.complete).all()
    plain = answer(model, tests).log_mean[:, :2]  # the same weights, read as logarithms
    np.testing.assert_allclose(logs[:, :2], plain, rtol=1e-9)


def test_foreign_folders_and_unreachable_names_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match="no Trinity model"):
        load_model(tmp_path)
    with pytest.raises(InputError, match="hub"):
        load_backbone(str(tmp_path / "nowhere"))


def process(n: int = 40, features: int = 3, seed: int = 0, **told) -> tuple[Tests, Measured]:
    """Tests of eight polymers in two laboratories, whose residuals follow polymer and flux."""
    rng = np.random.default_rng(seed)
    polymer, lab = rng.integers(8, size=n), rng.integers(2, size=n)
    x = rng.normal(size=(8, features))[polymer]
    conditions = np.column_stack([rng.uniform(20, 90, n), rng.uniform(3, 20, n)])
    truth = rng.normal(0, 0.5, 8)[polymer] + 0.3 * np.log(conditions[:, 0]) + 0.2 * lab
    start = rng.normal(4, 1, (n, 4))
    values = start + truth[:, None] + 0.05 * rng.normal(size=(n, 4))
    noise = Noise(np.full(4, 0.05**2), np.full(4, 0.1**2))
    tests = Tests(x, conditions, np.array(["FAA", "FSRI"])[lab], start)
    rest = {"weight": np.ones(n), "replicates": np.ones(n), "noise": noise} | told
    return tests, Measured(values, np.full(n, np.nan), **rest)


def some(tests: Tests, rows: slice, **changed) -> Tests:
    own = {k: None if v is None else v[rows] for k, v in vars(tests).items()}
    return Tests(**(own | changed))


def test_correction_is_gaussian_process_regression_with_the_declared_kernel():
    tests, measured = process()
    measured.values[-1] = np.nan  # a test without label
    fit = Correction.fit(tests, measured)
    h = dict(zip(HYPERPARAMETERS, fit.hyperparameters[1].exp().tolist(), strict=True))
    c = np.log(tests.conditions)
    c = (c - c.mean(0)) / c.std(0)
    u = np.sqrt(((tests.features - tests.features.mean(0)) ** 2).sum(1).mean())
    d = 4 * ((tests.features[:, None] - tests.features[None]) ** 2).sum(-1) / u**2
    near = ((c[:, None] - c[None]) ** 2).sum(-1)
    k = h["trend"] * (1 + c @ c.T)
    k += h["laboratory"] * (tests.laboratory[:, None] == tests.laboratory[None])
    k += h["chemistry"] * np.exp(-d / (2 * h["length"] ** 2))
    k += h["joint"] * np.exp(-(d + near) / (2 * h["joint_length"] ** 2))
    y = (measured.values - tests.start)[:, 1]
    centre, scale = np.nanmean(y), np.nanstd(y)
    noise = max(h["noise"], 0.05**2 / scale**2)
    inverse = np.linalg.inv(k[:-1, :-1] + noise * np.eye(len(y) - 1))
    mean, variance = fit.predict(tests)
    expected = centre + scale * (k[:, :-1] @ inverse @ ((y[:-1] - centre) / scale))
    np.testing.assert_allclose(mean[:, 1] - tests.start[:, 1], expected, rtol=1e-6, atol=1e-8)
    left = k.diagonal() - np.einsum("ij,jk,ik->i", k[:, :-1], inverse, k[:, :-1])
    np.testing.assert_allclose(variance[:, 1], scale**2 * (left + noise), rtol=1e-6)


@pytest.mark.slow
def test_hyperparameters_maximise_the_posterior_and_medians_stand_where_they_cannot(monkeypatch):
    tests, measured = process()
    fit = Correction.fit(tests, measured)
    assert not fit.declared.any()
    name = {n: i for i, n in enumerate(HYPERPARAMETERS)}
    numbers = fit.hyperparameters.exp().numpy()
    assert (numbers[:, name["noise"]] < 0.05).all()  # the labels are far sharper than the prior
    priors = correction.declared_priors()
    off = [
        (fit.hyperparameters[:, name[n]] - np.log(priors[n]["median"])).abs().max()
        for n in priors
        if n != "laboratory"
    ]
    monkeypatch.setattr(correction, "FARTHEST", float(max(off)) + 0.5)
    assert not Correction.fit(tests, measured).declared.any()  # near a bound is not at a bound
    monkeypatch.setattr(correction, "FARTHEST", 1e-3)  # every end is at a bound
    bare = Correction.fit(tests, measured)
    assert bare.declared.all()
    prior = correction.declared_priors()["chemistry"]["median"]
    np.testing.assert_allclose(bare.hyperparameters.exp()[:, name["chemistry"]], prior)


@pytest.mark.slow
def test_correction_forgets_far_from_the_measured_polymers():
    """Far away the variance grows; a laboratory that is not named adds that of the noise model."""
    tests, measured = process()
    fit = Correction.fit(tests, measured)
    here, far = some(tests, slice(0, 1)), tests.features[:1] + 1000
    near = fit.predict(here)[1][0]
    away = fit.predict(some(tests, slice(0, 1), features=far))[1][0]
    unnamed = fit.predict(some(tests, slice(0, 1), laboratory=np.array([UNNAMED])))[1][0]
    assert (away > 3 * near).all() and (unnamed > near + 0.9 * 0.1**2).all()
    other = fit.predict(some(tests, slice(0, 1), laboratory=np.array(["elsewhere"])))[1][0]
    np.testing.assert_allclose(other, unnamed)


@pytest.mark.slow
def test_replicates_and_weights_make_a_test_count():
    """A label that contradicts its neighbours moves the answer more, the more it weighs."""
    found = []
    for replicates, weight in ((1.0, 0.05), (1.0, 1.0), (100.0, 3.0)):
        noise = Noise(np.full(4, 0.3**2), np.full(4, 0.1**2))
        one = np.ones(40)
        tests, measured = process(noise=noise, replicates=one.copy(), weight=one.copy())
        measured.values[0] += 1.0
        measured.replicates[0], measured.weight[0] = replicates, weight
        mean, _ = Correction.fit(tests, measured).predict(some(tests, slice(0, 1)))
        found.append((mean - tests.start[:1])[0, 0])
    assert found[0] < found[1] < found[2]


def test_without_features_only_conditions_count():
    tests, measured = process()
    bare = some(tests, slice(None), features=None)
    fit = Correction.fit(bare, measured)
    rows = some(bare, slice(0, 2), conditions=np.full((2, 2), 10.0), start=np.zeros((2, 4)))
    mean, _ = fit.predict(some(rows, slice(0, 2), laboratory=np.array(["FAA", "FAA"])))
    np.testing.assert_allclose(mean[0], mean[1])


def test_the_noise_of_a_part_is_told_by_its_own_cells():
    cells = load_measurements()
    for group in ("PMMA", "PE"):
        seen = (cells["group_nine"] != group).to_numpy()
        part, whole = read_tests(cells).take(seen), read_tests(cells)
        told = noise_of(tuple(cells["cell"][seen]))
        np.testing.assert_allclose(part.noise.within[:2], told.within[:2])
        assert not np.allclose(part.noise.laboratory, whole.noise.laboratory)
        assert (part.noise.laboratory[:2] > 0.01).all() and (part.noise.within[:2] > 0.005).all()
    bare = read_tests(toy_table()).noise
    np.testing.assert_allclose(bare.within[:2], noise_of(()).within[:2])


def test_a_correction_of_physics_starts_from_physics():
    """Far from the measured polymers the answer is the physics, and the network where it has
    none."""
    tests = read_tests(toy_table())
    tests.physics = tests.coordinates - 0.2
    model = tiny_model()
    model.scalers = Scalers.fit(tests.conditions, tests.coordinates)
    found = correct(model, tests)
    assert found.needs_physics and not model.needs_physics
    np.testing.assert_allclose(answer(found, tests).log_mean, tests.coordinates, atol=0.1)
    before, tests.physics[0] = answer(found, tests).log_mean[0], np.nan
    moved = answer(model, tests).log_mean[0] - (tests.coordinates - 0.2)[0]
    np.testing.assert_allclose(answer(found, tests).log_mean[0], before + moved, atol=1e-5)


def test_pad_masks_what_it_fills():
    ids, mask = pad([[5, 6, 7], [5]])
    assert ids.tolist() == [[5, 6, 7], [5, 0, 0]] and mask.tolist() == [[1, 1, 1], [1, 0, 0]]
