"""The same seed gives the same bytes; other threads and processes change scores by rounding only.

The stages at scale ``test``, twice, are compared in `test_stages`; here are their parts, so that a
difference names its place.
"""

import json

import numpy as np
import pytest
from learning_tools import POLYMERS, tiny_model, toy_table

from trinity.chemistry import properties, sampling
from trinity.cone import specimen
from trinity.cone.simulate import simulate_batch

#: Stated in the book ("Reliability"): how far losses and scores may move with the threads.
TOLERANCE = 1e-3


def weights(model):
    return {name: value.numpy().tobytes() for name, value in model.state_dict().items()}


def cases(n):
    estimate = properties.estimate("*CC(*)c1ccccc1")
    drawn = sampling.sample_parameters(estimate, n, np.random.default_rng(5))
    return [specimen.to_case(drawn, i, 50.0, 3.0) for i in range(n)]


def test_threads_do_not_change_a_bit_of_the_physics():
    """More cases than a thread takes at a time, so that they really are shared out."""
    some = cases(70)
    one, many = (simulate_batch(some, lag_s=2.0, threads=threads) for threads in (1, 3))
    for name, values in one.items():
        if name != "error":
            assert values.tobytes() == many[name].tobytes(), name


def test_a_chunk_of_the_table_is_a_function_of_its_arguments(monkeypatch):
    import pandas as pd

    from trinity.synthesis.table import make_part

    rows = [(i, text, text, "vinyl", False) for i, text in enumerate(POLYMERS[:4])]
    chunk = pd.DataFrame(rows, columns=["polymer_id", "psmiles", "key", "family", "measured"])
    one, again, threaded, other = (
        make_part(chunk, 3, 2, seed, threads) for seed, threads in ((7, 1), (7, 1), (7, 2), (8, 1))
    )
    assert one == again == threaded != other


@pytest.fixture
def threads():
    """Set torch's threads; as they were afterwards."""
    import torch

    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def language_model(folder, seed=0):
    from trinity.learning.encoder import BackboneShape
    from trinity.learning.phase0 import pretrain_language_model

    shape = BackboneShape(layers=1, width=32, heads=2, feed_forward=64, max_tokens=64)
    numbers = {"epochs": 2, "batch": 8, "learning_rate": 1e-3}
    found = pretrain_language_model(POLYMERS * 4, numbers, seed, folder, shape, progress=False)
    return found, (folder / "model.safetensors").read_bytes()


def test_the_language_model_is_the_same_twice_and_nearly_so_on_other_threads(tmp_path, threads):
    threads(1)
    (one, bytes_one), (again, bytes_again) = (language_model(tmp_path / n) for n in ("a", "b"))
    assert one == again and bytes_one == bytes_again
    threads(2)
    other, _ = language_model(tmp_path / "c")
    assert other["loss"] == pytest.approx(one["loss"], rel=TOLERANCE)
    assert language_model(tmp_path / "d", seed=1)[0]["loss"] != one["loss"]


def test_phase_1_is_the_same_whatever_the_threads(tmp_path, threads):
    """Each member is trained on one thread, wherever it runs."""
    from trinity.learning.phase1 import run_phase1

    model = tiny_model()
    model.backbone.save_pretrained(str(tmp_path / "language"))
    model.tokenizer.save_pretrained(str(tmp_path / "language"))
    numbers = {
        "members": 1, "epochs": 2, "polymers_per_batch": 4, "learning_rate": 2e-3,
        "backbone_rate": 1.0, "held_out": 0.3,
    }  # fmt: skip
    reports = []
    for count in (1, 2):
        threads(count)
        folder = tmp_path / f"threads{count}"
        report = run_phase1(toy_table(), tmp_path / "language", numbers, 0, folder, False)
        weights = (folder / "member0" / "model.safetensors").read_bytes()
        reports.append((json.dumps(report), weights))
    assert reports[0] == reports[1]


@pytest.mark.slow
def test_arms_without_a_network_are_the_same_twice():
    from trinity.evidence.arms import ARMS
    from trinity.evidence.predictors import predictor
    from trinity.learning.data import tests_of

    tests = tests_of(toy_table())
    for arm in ("conditions_only", "random_forest", "gaussian_process"):
        one, again = (
            predictor(ARMS[arm], tests, seed=3, sources={})(tests).log_mean for _ in range(2)
        )
        assert one.tobytes() == again.tobytes(), arm
