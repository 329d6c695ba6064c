"""Predicting a long table in sorted batches on several processes changes no answer."""

import numpy as np
import pandas as pd
import pytest
from learning_tools import POLYMERS, tiny_model, toy_table

from trinity.errors import InputError
from trinity.learning.data import tests_of as read_tests
from trinity.learning.ensemble import run_phase2
from trinity.learning.model import Scalers
from trinity.learning.phase1 import write_seen
from trinity.measurements.specimens import load_measurements
from trinity.pipeline.stages import section
from trinity.prediction import batches as prediction_batches
from trinity.prediction.predict import predict_frame
from trinity.quantities import TARGETS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A finetuned model of a few thousand weights."""
    place = tmp_path_factory.mktemp("models")
    tests = read_tests(load_measurements())
    model = tiny_model(0)
    model.scalers = Scalers.fit(tests.conditions, tests.targets)
    model.save(place / "phase1" / "member0", {"phase": 1})
    write_seen(place / "phase1", sorted(set(toy_table()["psmiles"])))
    run_phase2(place / "phase1", section("test", "phase2"), 0, place / "phase2", progress=False)
    return place / "phase2"


@pytest.fixture
def frame():
    names = [*POLYMERS, "no polymer", "*CC*"]
    rows = pd.DataFrame({"psmiles": names, "flux_kw_m2": 50.0, "thickness_mm": 6.0})
    rows["components"] = [None] * (len(names) - 1) + ["*CC*:0.5|*CC(*)CCCCCCCCCCCC:0.5"]
    return rows


def test_batches_and_processes_change_nothing(folder, frame, monkeypatch):
    whole = predict_frame(frame, folder)
    monkeypatch.setattr(prediction_batches, "ROWS_A_BATCH", 5)
    one, two = (prediction_batches.predict_batches(frame, folder, workers=n) for n in (1, 2))
    assert [a["psmiles"] for a in two] == frame["psmiles"].tolist()
    assert "error" in two[len(POLYMERS)] and "t_ig_s" not in two[len(POLYMERS)]
    for expected, alone, spread in zip(whole, one, two, strict=True):
        assert expected.keys() == alone.keys() == spread.keys()
        for target in TARGETS if "error" not in expected else ():
            np.testing.assert_allclose(alone[target], expected[target], rtol=1e-4)
            np.testing.assert_allclose(spread[target], alone[target], rtol=1e-5)


def test_rows_of_like_length_sit_together(frame):
    lengths = prediction_batches._lengths(frame)
    assert lengths[0] == len("*CC*") and lengths[-1] == len("*CC(*)CCCCCCCCCCCC:0.5")


def test_a_missing_model_is_one_sentence(frame, tmp_path):
    with pytest.raises(InputError, match="no finetuned model"):
        prediction_batches.predict_batches(frame, tmp_path)
