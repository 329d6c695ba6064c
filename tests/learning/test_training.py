"""Training: it learns, resumes exactly, repeats itself, and leaves alone what it must."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from learning_tools import POLYMERS, TINY, tiny_model, toy_table

from trinity.errors import InputError
from trinity.learning import phase2
from trinity.learning.answer import answer
from trinity.learning.configurations import MODES, Phase2Settings
from trinity.learning.data import tests_of as read_tests
from trinity.learning.encoder import SPECIAL
from trinity.learning.intervals import group_weights
from trinity.learning.loop import Schedule, length_batches, train
from trinity.learning.model import Scalers
from trinity.learning.phase0 import (
    IGNORED,
    Corpus,
    masked_batch,
    pretrain_language_model,
)
from trinity.learning.phase1 import (
    fit_phase1,
    multitask_loss,
    split_by_polymer,
    without_measured,
)
from trinity.learning.phase2 import direct_start, finetune, relative_l2
from trinity.quantities import LABORATORIES

TESTS = read_tests(toy_table())
NUMBERS = {"epochs": 3, "polymers_per_batch": 4, "learning_rate": 1e-3, "backbone_rate": 1.0}


def fitted(epochs=60):
    model = tiny_model()
    more = {"epochs": epochs, "polymers_per_batch": 10, "learning_rate": 3e-3}
    fit_phase1(model, TESTS, NUMBERS | more, seed=0)
    return model


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_phase_one_learns_a_small_table():
    error = answer(fitted(), TESTS).error(TESTS).mean(axis=0)
    spread = np.log(TESTS.targets).std(axis=0)
    assert (error < 0.4 * spread).all()


def test_same_seed_same_weights_and_another_seed_others():
    runs = []
    for seed in (0, 0, 1):
        model = tiny_model()
        fit_phase1(model, TESTS, NUMBERS, seed)
        runs.append(weights(model))
    assert torch.equal(runs[0], runs[1]) and not torch.equal(runs[0], runs[2])


def test_a_resumed_run_is_the_uninterrupted_one(tmp_path):
    class Interrupted(Exception):
        pass

    def loss_of(model, index):
        torch.manual_seed(index)
        if index == stop_at:
            raise Interrupted
        return ((model(torch.randn(4, 3)) - index) ** 2).mean()

    def fresh():
        torch.manual_seed(5)
        return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))

    schedule, results, file = Schedule(12, 1e-2), [], tmp_path / "run.part"
    stop_at = None
    whole = fresh()
    losses = train(whole, loss_of, schedule, 0)
    broken = fresh()
    stop_at = 9
    with pytest.raises(Interrupted):
        train(broken, loss_of, schedule, 0, checkpoint=file, every=4)
    stop_at = None
    resumed = fresh()
    results = train(resumed, loss_of, schedule, 0, checkpoint=file, every=4)
    assert results == losses and torch.equal(weights(resumed), weights(whole))


def test_training_leaves_the_global_random_numbers_alone():
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    fit_phase1(tiny_model(), TESTS, NUMBERS, 0)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_missing_labels_teach_nothing_and_a_test_without_ignition_teaches_ignition_only():
    table = toy_table()
    table["ignited"] = True
    table.loc[0, ["t_ig_s", "phrr_kw_m2", "thr_mj_m2", "t_peak_s"]] = np.nan
    table.loc[0, "ignited"] = False
    tests = read_tests(table)
    scalers = Scalers.fit(tests.conditions, tests.coordinates)
    labels = tests.labels(scalers)
    mean = torch.zeros(len(tests), 4, requires_grad=True)
    logit = torch.zeros(len(tests), requires_grad=True)
    multitask_loss((logit, mean, torch.zeros(len(tests), 4)), labels).backward()
    assert (mean.grad[0] == 0).all() and (mean.grad[1:] != 0).any()
    assert logit.grad[0] > 0 and (logit.grad[1:] < 0).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    "mode", [pytest.param(m, marks=[pytest.mark.slow] * (m == "full")) for m in MODES]
)
def test_every_mode_fits_its_tests_better_and_spares_the_start(mode):
    start = fitted(20)
    before = weights(start)
    shifted = toy_table()
    shifted["t_ig_s"] *= 2.0
    tests = read_tests(shifted, group_weights(shifted["psmiles"]))
    seen = []
    settings = Phase2Settings(mode, 1e-2, 0.3, 0.001, (5, 30))
    model = finetune(start, tests, settings, 0, look=lambda step, m: seen.append(step))
    assert torch.equal(weights(start), before)

    def error(m):
        return np.abs(answer(m, tests).log_mean[:, 0] - np.log(tests.targets[:, 0])).mean()

    assert error(model) < 0.7 * error(start)
    assert seen == ([30] if mode == "kernel" else [5, 30])
    names = {name for name, _ in start.named_parameters()}
    assert {name for name, _ in model.named_parameters()} == names
    if mode in ("head", "kernel"):
        held = dict(start.backbone.named_parameters())
        assert all(torch.equal(p, held[n]) for n, p in model.backbone.named_parameters())
    else:
        held = dict(start.backbone.named_parameters())
        now = model.backbone.named_parameters()
        moved = {name for name, weight in now if not torch.equal(weight, held[name])}
        updated = {n for n in held if n.endswith(("query.weight", "key.weight", "value.weight"))}
        assert updated == moved if mode == "lora" else updated < moved


@pytest.mark.slow
def test_the_relative_loss_is_that_of_the_paper_and_teaches_no_variance():
    labels = TESTS.labels(Scalers())
    said = torch.log(torch.tensor(TESTS.coordinates * 0 + 2.0)).float()
    loss = relative_l2((None, said, None), labels, Scalers())
    measured = np.exp(TESTS.coordinates)
    by_hand = np.sqrt(((2.0 - measured) ** 2).sum(0)) / np.sqrt((measured**2).sum(0))
    assert float(loss) == pytest.approx(by_hand.sum(), rel=1e-4)
    start, learned = fitted(20), {}
    for name in ("relative_l2", "multitask"):
        settings = Phase2Settings("head", 1e-2, 0.3, 0.0, (5,), loss=name)
        learned[name] = finetune(start, TESTS, settings, 0).head.log_variance.weight
    assert torch.equal(learned["relative_l2"], start.head.log_variance.weight)
    assert not torch.equal(learned["multitask"], start.head.log_variance.weight)


def test_a_hidden_laboratory_is_the_mean_one(monkeypatch):
    """In a quarter of the rows of each step, and in no others."""
    shown = []

    def train(model, loss_of, schedule, seed, **_):
        def network(batch):
            shown.append(batch.laboratory.clone())
            return model(batch)

        torch.manual_seed(0)
        for index in range(200):
            loss_of(network, index)

    monkeypatch.setattr(phase2, "train", train)
    named = replace(TESTS, laboratory=np.full(len(TESTS), LABORATORIES[1]))
    finetune(fitted(2), named, Phase2Settings("head", 1e-2, 0.3, 0.0, (5,)), 0)
    rows = torch.cat(shown)
    hidden = (rows == 0).all(dim=1)
    assert set(map(tuple, rows[~hidden].tolist())) == set(map(tuple, named.one_hot.tolist()))
    assert float(hidden.float().mean()) == pytest.approx(phase2.LABORATORY_DROPOUT, abs=0.02)


@pytest.mark.slow
def test_a_strong_pull_keeps_the_weights_near_their_start():
    start = fitted(20)
    far, near = (
        finetune(start, TESTS, Phase2Settings("full", 1e-2, 1.0, pull, (30,)), 0)
        for pull in (0.0, 0.3)
    )
    moved = [float((weights(m) - weights(start)).norm()) for m in (far, near)]
    assert moved[1] < 0.3 * moved[0]


def test_direct_start_knows_the_mean_of_its_rows_and_nothing_else():
    model = direct_start(tiny_model(), TESTS, 0)
    expected = np.tile(TESTS.coordinates.mean(axis=0), (len(TESTS), 1))
    np.testing.assert_allclose(answer(model, TESTS).log_mean, expected, atol=1e-5)


def test_unknown_modes_are_refused():
    with pytest.raises(InputError, match="kernel"):
        Phase2Settings("everything")


def test_no_polymer_is_on_both_sides_of_the_split():
    table = toy_table([f"*CC(*){'C' * n}" for n in range(1, 40)])
    tests = read_tests(table)
    training, unseen = split_by_polymer(tests, 0.3, 0)
    assert not set(tests.polymer_of[training]) & set(tests.polymer_of[unseen])
    assert (training ^ unseen).all() and unseen.any()


def test_measured_polymers_and_their_comonomers_never_enter_phase_one():
    from trinity.chemistry.polymers import polymer_key

    names = ["*CC*", "*CC(*)c1ccccc1", "*CC=CC*", "*CC(*)C#N", "*CCO*", "*CC(*)CC"]
    table = toy_table(names, tests=1)
    table["key"] = [polymer_key(s) for s in table["psmiles"]]
    assert list(without_measured(table)["psmiles"]) == ["*CCO*", "*CC(*)CC"]


def test_every_group_has_the_same_say():
    weight = group_weights(["a"] * 9 + ["b"])
    assert weight[:9].sum() == pytest.approx(weight[9]) and weight.mean() == pytest.approx(1)


def test_length_batches_cover_all_once_and_change():
    lengths = np.random.default_rng(0).integers(5, 90, 200)
    first, second = (length_batches(lengths, 16, 0, epoch) for epoch in (0, 1))
    assert sorted(np.concatenate(first)) == list(range(200))
    assert [b.tolist() for b in first] != [b.tolist() for b in second]
    padding = np.mean([lengths[b].max() - lengths[b].mean() for b in first])
    assert padding < 0.2 * lengths.mean()


def test_masking_spares_special_tokens_and_padding():
    corpus = Corpus(POLYMERS, tiny_model().tokenizer, 10, 0)
    ids = torch.full((200, 30), 10)
    ids[:, 0], ids[:, 25:] = 2, 0
    mask = (ids != 0).long()
    inputs, labels = masked_batch(ids, mask, 100, 4, np.random.default_rng(0))
    assert (labels[:, 0] == IGNORED).all() and (labels[:, 25:] == IGNORED).all()
    chosen = labels != IGNORED
    assert chosen[:, 1:25].float().mean() == pytest.approx(0.15, abs=0.02)
    assert (inputs[chosen] == 4).float().mean() == pytest.approx(0.8, abs=0.04)
    assert (inputs[~chosen] == ids[~chosen]).all() and (inputs[chosen] >= 4).all()
    assert all(torch.equal(values, corpus(3)[name]) for name, values in corpus(3).items())
    assert len(SPECIAL) == 5


@pytest.mark.slow
def test_phase_zero_learns_and_writes_a_loadable_folder(tmp_path):
    from trinity.learning.encoder import load_backbone

    numbers = {"epochs": 30, "batch": 40, "learning_rate": 3e-3}
    result = pretrain_language_model(POLYMERS * 8, numbers, 0, tmp_path, TINY, progress=False)
    assert np.mean(result["loss"][-10:]) < 0.7 * result["loss"][0]
    assert {p.name for p in tmp_path.iterdir()} == {
        "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip
    backbone, tokenizer = load_backbone(tmp_path)
    assert backbone.config.hidden_size == TINY.width and len(tokenizer) == 117
