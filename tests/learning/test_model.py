"""The model: what it must not depend on, what its head says, and that a folder keeps it."""

import json

import numpy as np
import pytest
import torch
from learning_tools import tiny_model, toy_table
from safetensors.torch import load_file, save_file

from trinity.errors import InputError
from trinity.learning.answer import answer
from trinity.learning.configurations import LAYERS, Phase2Settings
from trinity.learning.correction import Correction
from trinity.learning.data import tests_of as read_tests
from trinity.learning.encoder import Labels, Rows, load_backbone, pad
from trinity.learning.model import Scalers, load_model
from trinity.learning.phase2 import correct
from trinity.measurements.noise import noise_of
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
    targets = np.array([[100.0, 500, 50, 200], [50, np.nan, 80, 300], [25, 900, 110, np.nan]])
    scalers = Scalers.fit(conditions, targets)
    standard = scalers.standardise(targets)
    assert np.nanmean(standard, axis=0) == pytest.approx(0, abs=1e-12)
    back = np.exp(standard * scalers.target_scale + scalers.target_mean)
    np.testing.assert_allclose(back, targets)


def test_saved_equals_loaded_with_a_correction(tmp_path):
    tests = read_tests(toy_table())
    model = tiny_model()
    model.scalers = Scalers.fit(tests.conditions, tests.targets)
    ways = [Phase2Settings("kernel", layers=layers) for layers in LAYERS]
    model = correct(model, tests, ways)
    model.save(tmp_path, {"phase": 2})
    again = load_model(tmp_path)
    np.testing.assert_array_equal(answer(again, tests).log_mean, answer(model, tests).log_mean)
    assert not list(tmp_path.glob("*.bin")) and (tmp_path / "model.safetensors").is_file()
    assert json.loads((tmp_path / "config.json").read_text())["about"] == {"phase": 2}


def test_foreign_folders_and_unreachable_names_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match="no Trinity model"):
        load_model(tmp_path)
    with pytest.raises(InputError, match="hub"):
        load_backbone(str(tmp_path / "nowhere"))


def test_kernel_correction_is_gaussian_process_regression():
    rng = np.random.default_rng(0)
    n = 12
    x, c = torch.tensor(rng.normal(size=(n, 3))).float(), torch.zeros(n, 2)
    lab, y = torch.zeros(n, 1), torch.tensor(rng.normal(size=(n, 1))).float()
    known, weight = torch.ones(n, 1), torch.ones(n)
    known[-1] = 0  # a test without label
    noise = torch.zeros(n, 1), torch.zeros(1)
    zero = torch.zeros(n, 1)
    rows = Rows(None, None, None, c, lab, None, x)
    labels = Labels(y, known, None, None, weight, torch.full((n,), torch.nan), *noise)
    numbers = Phase2Settings(length=1.0, signal=1.0, trend=0.0, noise=0.01)
    fit = Correction.fit(rows, labels, zero, torch.ones(1), numbers)
    unit = float(fit.numbers[0])
    points = x.numpy()[:-1]
    square = ((points[:, None] - points[None]) ** 2).sum(-1) / unit**2
    gram = np.exp(-square / 2) + 0.01 * np.eye(n - 1)
    new = rng.normal(size=(4, 3))
    k = np.exp(-((new[:, None] - points[None]) ** 2).sum(-1) / unit**2 / 2)
    mean, variance = fit(torch.tensor(new).float(), c[:4], lab[:4], zero[:4])
    np.testing.assert_allclose(
        mean.numpy(), k @ np.linalg.solve(gram, y.numpy()[:-1]), rtol=2e-3, atol=1e-4
    )
    exact = 1 - np.einsum("ij,jk,ik->i", k, np.linalg.inv(gram), k) + 0.01
    np.testing.assert_allclose(variance.numpy()[:, 0], exact, rtol=1e-2, atol=1e-3)


def test_correction_forgets_far_from_the_measured_polymers():
    """Far away the prior variance is left, that of a test, and that of a laboratory: of one that
    is not named, or of one that was never seen."""
    n, between = 6, 0.04
    x, c, zero = torch.randn(n, 4, generator=torch.manual_seed(0)), torch.zeros(n, 2), torch.zeros
    lab = torch.eye(3)[[0, 0, 0, 1, 1, 1]]
    noise = zero(n, 1), torch.tensor([between])
    rows = Rows(None, None, None, c, lab, None, x)
    ones, no_bound = torch.ones(n, 1), torch.full((n,), torch.nan)
    labels = Labels(ones, ones, None, None, torch.ones(n), no_bound, *noise)
    numbers = Phase2Settings(length=1.0, signal=0.5, trend=0.0, noise=0.05)
    fit = Correction.fit(rows, labels, zero(n, 1), torch.ones(1), numbers)
    names = {"none": zero(1, 3), "seen": torch.eye(3)[:1], "unseen": torch.eye(3)[2:]}
    near, _ = fit(x[:1], c[:1], names["none"], zero(1, 1))
    far = {k: fit(x[:1] + 1000, c[:1], name, zero(1, 1)) for k, name in names.items()}
    assert near.item() > 0.5 and abs(far["none"][0].item()) < 1e-6
    assert far["none"][1].item() == pytest.approx(0.5 + 0.05 + between)
    assert far["unseen"][1].item() == pytest.approx(0.5 + 0.05 + between)
    assert 0.55 < far["seen"][1].item() < 0.5 + 0.05 + between  # its bias is partly known


def test_replicates_make_a_test_sharper_down_to_the_noise_of_the_configuration():
    """Three tests that have nothing to do with each other: what each makes of its label."""
    n, one = 3, torch.ones(3, 1)
    noise = torch.tensor([[1.0], [0.25], [0.0]]), torch.zeros(1)
    labels = Labels(one, one, None, None, torch.ones(n), torch.full((n,), torch.nan), *noise)
    rows = Rows(None, None, None, torch.zeros(n, 2), torch.zeros(n, 3), None, torch.eye(n))
    numbers = Phase2Settings(length=0.01, signal=1.0, trend=0.0, noise=0.05)
    fit = Correction.fit(rows, labels, 0 * one, torch.ones(1), numbers)
    torch.testing.assert_close(fit.alpha[0], 1 / (1 + torch.tensor([1.0, 0.25, 0.05])))


def test_the_noise_of_a_part_is_told_by_its_own_cells():
    cells = load_measurements()
    for group in ("PMMA", "PE"):
        seen = (cells["group_nine"] != group).to_numpy()
        part, whole = read_tests(cells).take(seen), read_tests(cells)
        assert part.noise is noise_of(tuple(cells["cell"][seen]))
        assert not np.allclose(part.noise.laboratory, whole.noise.laboratory)
        assert (part.noise.laboratory[:2] > 0.01).all() and (part.noise.within[:2] > 0.005).all()
    assert read_tests(toy_table()).noise is noise_of(())
    expected = whole.noise.within / cells["replicates"].to_numpy()[:, None]
    np.testing.assert_allclose(whole.labels(Scalers()).noise.numpy(), expected, rtol=1e-5)


def test_a_folder_from_before_the_noise_model_answers_as_it_did(tmp_path):
    tests = read_tests(toy_table())
    model = tiny_model()
    model.scalers = Scalers.fit(tests.conditions, tests.targets)
    correct(model, tests, [Phase2Settings(noise=0.07)]).save(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    older = {name: values for name, values in weights.items() if "variances" not in name}
    assert len(older) == len(weights) - 1
    save_file(older, tmp_path / "model.safetensors")
    (found,) = load_model(tmp_path).head.correction.members
    expected = torch.tensor([0.03, 0.0, 0.07])[:, None].expand(3, 4)
    torch.testing.assert_close(found.variances, expected)


def test_a_correction_of_physics_starts_from_physics():
    """Far from the measured polymers the answer is the physics, and the network where it has
    none."""
    tests = read_tests(toy_table())
    tests.physics = np.log(tests.targets) - 0.2
    model = tiny_model()
    model.scalers = Scalers.fit(tests.conditions, tests.targets)
    way = Phase2Settings("kernel", share=1.0, signal=0.0, trend=0.0)
    found = correct(model, tests, [way])
    assert found.needs_physics and not model.needs_physics
    np.testing.assert_allclose(answer(found, tests).log_mean, tests.physics, atol=0.2)
    tests.physics[0] = np.nan
    np.testing.assert_allclose(
        answer(found, tests).log_mean[0], answer(model, tests).log_mean[0], atol=0.2
    )


def test_averaged_corrections_have_the_mean_of_their_members_and_their_spread():
    tests = read_tests(toy_table())
    model = tiny_model()
    model.scalers = Scalers.fit(tests.conditions, tests.targets)
    ways = [Phase2Settings("kernel", length=length) for length in (0.5, 3.0)]
    alone = [answer(correct(model, tests, [way]), tests) for way in ways]
    both = answer(correct(model, tests, ways), tests)
    means = np.stack([a.log_mean for a in alone])
    np.testing.assert_allclose(both.log_mean, means.mean(0), atol=1e-5)
    variance = np.mean([a.log_sigma**2 for a in alone], axis=0) + means.var(0)
    np.testing.assert_allclose(both.log_sigma**2, variance, rtol=1e-4)


def test_pad_masks_what_it_fills():
    ids, mask = pad([[5, 6, 7], [5]])
    assert ids.tolist() == [[5, 6, 7], [5, 0, 0]] and mask.tolist() == [[1, 1, 1], [1, 0, 0]]
