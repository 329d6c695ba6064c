"""An encoder of one's own: phase 1 from it, phase 2, and its score with each polymer left out."""

import json
import socket
import time

import pytest
from learning_tools import POLYMERS, tiny_model, toy_table

from trinity.errors import InputError
from trinity.evidence import benchmark, left_out
from trinity.learning import ensemble
from trinity.pipeline import training


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder, model = tmp_path_factory.mktemp("encoder"), tiny_model()
    model.backbone.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def models(encoder, tmp_path_factory):
    table, out = tmp_path_factory.mktemp("table"), tmp_path_factory.mktemp("own") / "phase1"
    toy_table([*POLYMERS, "*CC(*)F", "*CS*", "*CC=CC*"]).to_parquet(table / "synthetic.parquet")
    report = training.pretrain_on(table, out, "test", 0, str(encoder))
    assert report["rows"] > 0
    return out


def test_phase_1_starts_from_the_named_encoder(models, encoder):
    made, own = (json.loads((f / "config.json").read_text()) for f in (models / "member0", encoder))
    assert made["backbone"]["hidden_size"] == own["hidden_size"] == 16


@pytest.mark.slow
def test_each_polymer_is_left_out_of_phase_2_and_scored_beside_the_published_arms(
    models, tmp_path, monkeypatch
):
    monkeypatch.setenv("TRINITY_BUILD", str(tmp_path))
    folds = left_out.folds_of("nine")[1:2]
    monkeypatch.setattr(left_out, "folds_of", lambda grouping: folds)
    rows = training.held_out(models, progress=False)
    assert set(rows["test_id"]) == set(folds[0].held) and not rows["lab_known"].any()
    assert {"yours: phase 1", "yours: phase 1 only", "yours: phase 1, physics"} == set(rows["arm"])
    scored = benchmark.score(rows, benchmark.published())
    assert scored[0]["arm"].startswith("yours") and "two_phase" in {row["arm"] for row in scored}
    monkeypatch.setattr(left_out.Bench, "compute", None)  # everything is there: nothing computes
    assert training.held_out(models, progress=False).equals(rows)


@pytest.mark.slow
def test_phase_2_starts_from_the_named_models(models, tmp_path, monkeypatch):
    class Asked(Exception):
        pass

    def run_phase2(phase1, *rest, **more):
        raise Asked(phase1)

    monkeypatch.setattr(ensemble, "run_phase2", run_phase2)
    mine = tmp_path / "mine.csv"
    mine.write_text("psmiles,flux_kw_m2,thickness_mm,t_ig_s\n*CC(*)C#N,50,6,60\n")
    with pytest.raises(Asked, match="own.*phase1"):
        training.finetune(mine, tmp_path / "model", "test", progress=False, phase1=models)


def test_models_whose_weights_have_seen_the_measurements_are_not_scored(models, tmp_path):
    with pytest.raises(InputError, match="holds no models of phase 1"):
        training.held_out(tmp_path)
    (tmp_path / "member0").mkdir()
    (tmp_path / "member0" / "config.json").write_text('{"about": {}}')
    (tmp_path / "domain.safetensors").write_bytes(b"")
    (tmp_path / "ensemble.json").write_text(json.dumps({"mode": "full"}))
    with pytest.raises(InputError, match="have seen the measurements"):
        training.held_out(tmp_path)


def test_a_hub_that_does_not_answer_is_told_within_seconds(tmp_path, monkeypatch):
    from transformers.utils.hub import constants

    with socket.socket() as server:  # takes the connection and never says a word
        server.bind(("127.0.0.1", 0))
        server.listen()
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}")
        start = time.monotonic()
        with pytest.raises(InputError, match="no hub answers"):
            training.pretrain_on(None, tmp_path / "out", "test", 0, "somebody/encoder")
        assert time.monotonic() - start < 2 * training.HUB_ANSWERS_S
    assert not (tmp_path / "out").exists()
