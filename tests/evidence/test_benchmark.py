"""The benchmark: measured values and folds are the project's; a file cannot choose what counts."""

import json

import numpy as np
import pandas as pd
import pytest

from trinity.errors import InputError
from trinity.evidence import benchmark
from trinity.evidence.benchmark import labels, published, read_predictions, score, template

LABELS = labels()


def filled(factor=1.25, **changed) -> pd.DataFrame:
    """A template filled with the measured value times a factor."""
    return template().assign(predicted=LABELS["measured"] * factor, **changed)


@pytest.fixture
def write(tmp_path):
    def to_file(frame: pd.DataFrame):
        path = tmp_path / "mine.csv"
        frame.to_csv(path, index=False)
        return path

    return to_file


def of(rows: list[dict], arm: str, target: str) -> dict:
    return next(row for row in rows if (row["arm"], row["target"]) == (arm, target))


def test_the_template_asks_for_every_label_and_tells_none(write):
    frame = template()
    assert len(frame[frame["target"] == "t_ig_s"]) == len(frame[frame["target"] == "phrr_kw_m2"])
    assert frame.groupby("target").size()["t_ig_s"] == 98
    assert "measured" not in frame and set(frame["fold"]) == set(LABELS["fold"])
    with pytest.raises(InputError, match="predicts nothing"):
        read_predictions(write(frame))


def test_a_constant_factor_is_the_score(write):
    rows = score(read_predictions(write(filled(1.25))))
    assert all(row["gmfe"] == pytest.approx(1.25, rel=1e-6) for row in rows)
    assert of(rows, "yours", "primary")["n"] == of(rows, "yours", "primary")["of"] == 98


def test_three_columns_are_enough_and_may_have_usual_names(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("Cell;Target;Prediction\nABS-FSRI-25-3;t_ig_s;111,6\n")
    (row,) = score(read_predictions(path))
    assert (row["n"], row["of"]) == (1, 98) and row["gmfe"] == pytest.approx(1.0, rel=1e-3)


def test_groups_laboratories_and_cells_have_equal_weights(write):
    """A factor of 2 on one laboratory of PMMA, one of the others, is worth ln 2 / laboratories."""
    factor = np.where((LABELS["polymer"] == "PMMA") & (LABELS["lab"] == "NBS"), 2.0, 1.0)
    row = of(score(read_predictions(write(filled(factor)))), "yours", "t_ig_s")
    laboratories = LABELS.query("polymer == 'PMMA' and target == 't_ig_s'")["lab"].nunique()
    assert np.log(row["gmfe"]) == pytest.approx(np.log(2) / laboratories / 9, rel=1e-6)


def test_a_part_is_compared_with_the_arms_on_that_part(write):
    part = filled(1.1)[LABELS["polymer"].isin(["PMMA", "PP"]).to_numpy()]
    rows = score(read_predictions(write(part)), published())
    mine, physics = of(rows, "yours", "primary"), of(rows, "physics_only", "primary")
    assert mine["n"] < mine["of"] and physics["groups"] <= 2
    assert physics["difference"] == pytest.approx(np.log(physics["gmfe"]) - np.log(1.1), rel=1e-6)


def test_seeds_are_averaged_and_arms_kept_apart(write):
    frames = [filled(f, arm=a, seed=s) for a, s, f in (("a", 0, 1.1), ("a", 1, 1.3), ("b", 0, 2.0))]
    rows = score(read_predictions(write(pd.concat(frames))))
    mean = np.exp((np.log(1.1) + np.log(1.3)) / 2)
    assert of(rows, "a", "primary")["gmfe"] == pytest.approx(mean)
    assert of(rows, "b", "primary")["difference"] == pytest.approx(np.log(2.0 / mean))


def test_coverage_is_that_of_the_intervals(write):
    frame = filled(1.0, lo=LABELS["measured"] * 0.9, hi=LABELS["measured"] * 1.1)
    assert of(score(read_predictions(write(frame))), "yours", "t_ig_s")["coverage"] == 1.0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.drop(columns=["cell", "test_id"]), "cell or test_id"),
        (lambda f: f.drop(columns="predicted"), "no column predicted"),
        (lambda f: f.drop(columns="test_id").assign(cell="ABS-HOME-25-3"), "is no known cell"),
        (lambda f: f.drop(columns="cell").assign(test_id=1), "first specimen of a cell"),
        (lambda f: f.drop(columns="cell").assign(test_id=999), "no known test_id"),
        (lambda f: f.assign(test_id=3), "beside it"),
        (lambda f: pd.concat([f, f.head(1)]), "repeats an earlier row"),
        (lambda f: f.assign(target="smoke"), "is not in"),
        (lambda f: f.assign(predicted=-1.0), "no positive number"),
        (lambda f: f.assign(predicted="sixty"), "no positive number"),
        (lambda f: f.assign(lo=80.0, hi=50.0), "above hi"),
        (lambda f: f.assign(measured=f["predicted"]), "not what was measured"),
        (lambda f: f.assign(fold="PE"), "not the fold"),
    ],
)
def test_a_file_cannot_contradict_the_project(write, change, says):
    with pytest.raises(InputError, match=says) as caught:
        read_predictions(write(change(filled())))
    assert "\n" not in str(caught.value)


def test_an_interval_may_be_a_point_and_its_ends_are_named(write):
    assert len(read_predictions(write(filled(lo=80.0, hi=80.0)))) == len(LABELS)
    with pytest.raises(InputError, match="'80.0' is lo and above hi.$"):
        read_predictions(write(filled(lo=80.0, hi=50.0)))


def test_a_comparison_has_its_interval_and_its_p(write):
    rng = np.random.default_rng(0)
    frames = [filled(f, arm=a) for a, f in (("a", 1.1), ("b", rng.uniform(1, 2, len(LABELS))))]
    row = of(score(read_predictions(write(pd.concat(frames)))), "b", "primary")
    assert row["difference_low"] < row["difference"] < row["difference_high"]
    assert 0 < row["p"] <= 1
    first = of(score(read_predictions(write(frames[0]))), "a", "primary")
    assert {first[name] for name in ("difference", "difference_low", "p")} == {None}


def test_measured_values_that_agree_may_be_there(write):
    assert len(read_predictions(write(filled(measured=LABELS["measured"])))) == len(LABELS)


def test_json_rows_are_read(tmp_path):
    path = tmp_path / "mine.json"
    rows = [{"test_id": 0, "target": "t_ig_s", "predicted": 100.0, "grouping": "nine"}]
    path.write_text(json.dumps({"predictions": rows}))
    assert len(read_predictions(path)) == 1
    path.write_text("[]")
    with pytest.raises(InputError, match="no list"):
        read_predictions(path)


def test_the_arms_of_the_project_are_those_of_the_published_result():
    arms = set(benchmark.published()["arm"])
    assert {"physics_only", "direct", "two_phase"} <= arms
