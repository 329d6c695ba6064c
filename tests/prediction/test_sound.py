"""A damaged model folder is refused in one sentence, before memory is taken for it."""

import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from trinity.errors import InputError
from trinity.files import artifacts_root
from trinity.prediction.folder import ensemble_in


@pytest.fixture
def copy(ensemble, tmp_path):
    """A copy of a small finetuned ensemble, to be damaged."""
    folder = tmp_path / "model"
    shutil.copytree(ensemble[0], folder)
    return folder


def change(path, **values):
    document = json.loads(path.read_text())
    for keys, value in values.items():
        part = document
        *rooms, last = keys.split("__")
        for room in rooms:
            part = part[room]
        part[last] = value
    path.write_text(json.dumps(document))


def test_a_sound_folder_is_taken(copy):
    assert len(ensemble_in(copy).networks) == 2


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_are_refused(copy, bad):
    path = copy / "member1" / "model.safetensors"
    weights = load_file(path)
    weights["head.mean.bias"] = weights["head.mean.bias"].copy()
    weights["head.mean.bias"][0] = bad
    save_file(weights, path)
    with pytest.raises(InputError, match=r"NaN or infinity \(head.mean.bias\)"):
        _ = ensemble_in(copy).networks


@pytest.mark.parametrize(
    "sizes",
    [
        {"backbone__vocab_size": 10**9},
        {"backbone__hidden_size": 10**6},
        {"backbone__num_hidden_layers": 10**5},
        {"backbone__num_labels": 10**10},
        {"correction__tests": 10**7},
    ],
    ids=lambda sizes: next(iter(sizes)),
)
def test_a_description_that_asks_for_more_than_the_weights_is_refused(copy, sizes, monkeypatch):
    from trinity.learning import model

    monkeypatch.setattr(model, "load_model", lambda _: pytest.fail("it was allocated"))
    change(copy / "member0" / "config.json", **sizes)
    with pytest.raises(InputError, match="asks for more memory than its [0-9,]+ weights"):
        _ = ensemble_in(copy).networks


def test_a_description_of_another_network_is_refused(copy, monkeypatch):
    """Each size passes alone; their product would not."""
    from trinity.learning import model

    monkeypatch.setattr(model, "load_model", lambda _: pytest.fail("it was allocated"))
    change(
        copy / "member0" / "config.json", backbone__vocab_size=4000, backbone__hidden_size=4000,
    )  # fmt: skip
    with pytest.raises(InputError, match="are of different networks"):
        _ = ensemble_in(copy).networks


@pytest.mark.parametrize(
    "name, value",
    [
        ("quantile_new", -1.5), ("quantile_known", float("nan")), ("quantile_new", float("inf")),
        ("quantile_known", "wide"), ("least_similarity", -0.1), ("members", 0), ("members", "two"),
        ("quantile_new", [1.0]), ("quantile_known", 1e300), ("least_similarity_measured", "x"),
        ("name", None), ("name", 5), ("known", [1]), ("known", 5), ("measured", 5),
        ("measured", {"flux_kw_m2": [20]}), ("measured", ["a", "b"]),
    ],
)  # fmt: skip
def test_impossible_intervals_are_refused(copy, name, value):
    change(copy / "ensemble.json", **{name: value})
    with pytest.raises(InputError, match=f"{name}|counts {value} members|ensemble.json is damaged"):
        ensemble_in(copy)


def test_an_ensemble_that_lost_members_is_refused(copy):
    shutil.rmtree(copy / "member1")
    with pytest.raises(InputError, match="counts 2 members and holds 1"):
        _ = ensemble_in(copy).networks


@pytest.mark.parametrize(
    "changed, says",
    [
        ({"scalers__target_scale": [1.0, 0.0, 1.0, 1.0]}, "target_scale in its config.json"),
        ({"scalers__condition_mean": [float("nan"), 0.0]}, "condition_mean in its config.json"),
        ({"backbone__chunk_size_feed_forward": 7}, "cuts sequences into chunks"),
    ],
)
def test_a_description_that_no_answer_can_come_from_is_refused(copy, changed, says):
    change(copy / "member0" / "config.json", **changed)
    with pytest.raises(InputError, match=says):
        _ = ensemble_in(copy).networks


def test_a_tokenizer_without_its_padding_is_refused(copy):
    (copy / "member0" / "tokenizer_config.json").unlink()
    with pytest.raises(InputError, match=r": a member is missing, damaged or of another version;"):
        _ = ensemble_in(copy).networks


def test_weights_so_large_that_nothing_comes_of_them_are_refused(copy):
    from trinity.prediction.predict import predict

    path = copy / "member1" / "model.safetensors"
    weights = load_file(path)
    large = {name: np.asarray(1e30 * values, values.dtype) for name, values in weights.items()}
    save_file(large, path)
    with pytest.raises(InputError, match="gives no numbers"):
        predict("*CC*", 50, 6, model=copy)


def test_what_is_shipped_is_sound():
    for name in ("phase2", "distilled"):
        assert ensemble_in(artifacts_root() / "models" / name).networks
