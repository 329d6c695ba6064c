"""The way of a row: read, put into a batch, answered, written beside what it came with."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from trinity.chemistry.polymers import MAX_LENGTH
from trinity.errors import InputError
from trinity.learning import answer
from trinity.measurements.reader import read_table
from trinity.prediction import predict as prediction
from trinity.prediction.folder import ensemble_in
from trinity.prediction.predict import VERDICTS, check_row, predict, predict_frame, predict_table


def test_a_repeat_unit_may_have_the_most_characters_and_no_more():
    longest = f"*{'C' * (MAX_LENGTH - 3)}O*"
    ((unit, share),) = check_row(longest, 50, 6).units
    assert len(unit) == MAX_LENGTH and share == 1.0
    with pytest.raises(InputError, match=f"has {MAX_LENGTH + 1} characters; a repeat unit has at"):
        check_row(f"*C{longest[1:]}", 50, 6)


def test_rows_of_one_polymer_share_a_batch(monkeypatch):
    monkeypatch.setattr(prediction, "ROWS_A_BATCH", 4)
    frame = pd.DataFrame({"psmiles": ["*CCC*", "*C*", "*CCC*", "*CC*", "*C*", "*CC*", "*CC*"]})
    as_given = [part.tolist() for part in prediction._batches(frame, spread=False)]
    assert as_given == [[0, 2, 1, 4], [3, 5, 6]]
    by_length = [part.tolist() for part in prediction._batches(frame, spread=True)]
    assert by_length == [[1, 4], [3, 5, 6], [0, 2]]
    mixed = frame.assign(components=[None, "*C*:0.5|*CCCCCC*:0.5", *[None] * 5])
    assert prediction._lengths(frame) == [5, 3, 5, 4, 3, 4, 4]
    assert prediction._lengths(mixed) == [5, len("*CCCCCC*:0.5"), 5, 4, 3, 4, 4]
    parts = [part.tolist() for part in prediction._batches(mixed, spread=False)]
    assert parts == [[0, 2, 1], [3, 5, 6, 4]]  # a mixture is a polymer of its own


def test_an_answer_says_what_was_asked_how_likely_it_burns_and_who_answers(ensemble):
    folder, _ = ensemble
    name = ensemble_in(folder).about["name"]
    asked = ["PMMA", "*CC(*)C", "*CC(*)C:0.7|*CC*:0.3", "C(*)C*"]
    found = predict(asked, 7, 6, model=folder) + predict(asked, 75, 6, model=folder)
    shown = ["*CC(*)(C)C(=O)OC", "*CC(*)C", "*CC(*)C", "C(*)C*"]
    assert [row["psmiles"] for row in found] == 2 * shown
    assert {row["model"] for row in found} == {name}
    for row in found:
        assert row["verdict"] == VERDICTS[row["ignition_probability"] >= 0.5]
        assert row["in_domain"] == (row["reasons"] == [])
    assert predict("*CC*", 50, 6, model=folder, members=1)[0]["model"] == f"{name}, 1 used"
    assert (found[1]["flux_kw_m2"], found[5]["thickness_mm"]) == (7.0, 6.0)
    assert found[5]["t_ig_s"] < found[1]["t_ig_s"]


def test_the_ensemble_hears_the_spellings_that_its_intervals_were_made_with(ensemble, monkeypatch):
    heard, together = [], answer.together
    monkeypatch.setattr(answer, "together", lambda *own: heard.append(own[1]) or together(*own))
    for fast in (False, True):
        frame = pd.DataFrame({"psmiles": ["*CC*"], "flux_kw_m2": 50.0, "thickness_mm": 6.0})
        ask = partial(prediction._batch, frame, ensemble[0], None)
        (found,) = ask(fast)
        assert found["t_ig_s"] > 0
    assert heard == [together.__defaults__[0], 0]


@pytest.fixture
def table(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text(
        "psmiles;flux_kw_m2;thickness_mm;lab;t_ig_s;T50 (K);t_ig_s_given;note\n"
        "*CC*;50;6; FAA ;120;700;x;=1+1\n"
        "*CN1C=NC2=C1C(=O)N(C)C(=O)N2*;190;6;;;;;\n"
        "CC;50;6;;;;;\n"
    )
    return source


def test_a_table_keeps_what_it_had_and_says_how_it_was_read(ensemble, table, tmp_path):
    folder, out, lines = ensemble[0], tmp_path / "out.csv", []
    answers = predict_table(table, out, folder, strict=False, tell=lines.append)
    assert len(lines) == 2 and "semicolon" in lines[0]
    assert lines[1] == (
        f"{table}: 'T50 (K)' is not read; measured values stand in columns"
        " t50_c, t50_k, char, gas_heat_mj_kg."
    )
    written = pd.read_csv(out, dtype=str, keep_default_na=False)
    given = pd.read_csv(table, dtype=str, keep_default_na=False, sep=";")
    kept = list(written)[: len(given.columns)]
    assert kept == [
        "psmiles", "flux_kw_m2", "thickness_mm", "lab", "t_ig_s_given_given", "T50 (K)",
        "t_ig_s_given", "note",
    ]  # fmt: skip
    assert written["t_ig_s_given_given"].tolist() == ["120", "", ""]
    assert written["note"][0] == "'=1+1"
    inside = [str(row["in_domain"]).lower() for row in answers[:2]]
    assert written["in_domain"].tolist() == [*inside, ""]
    assert written["reasons"][1] == " ".join(answers[1]["reasons"])
    assert len(answers[1]["reasons"]) > 1 and written["reasons"][2] == ""
    assert written["error"].tolist() == ["", "", answers[2]["error"]]


def test_a_strict_table_with_a_bad_row_is_not_written(ensemble, table, tmp_path):
    out = tmp_path / "out.csv"
    answers = predict_table(table, out, ensemble[0], strict=True, tell=lambda line: None)
    assert "error" in answers[2] and not out.exists()


def test_cells_are_stripped_and_blank_ones_are_none(table):
    read = prediction._numbers(read_table(table))
    assert read["lab"][0] == "FAA" and read["lab"][1:].isna().all()
    assert read["flux_kw_m2"].tolist() == [50.0, 190.0, 50.0]
    assert "t_ig_s" not in read and "note" not in read


def test_a_laboratory_of_a_row_is_that_of_the_answer(ensemble):
    rows = {"psmiles": "*CC*", "flux_kw_m2": 50.0, "thickness_mm": 6.0}
    frame = pd.DataFrame([rows | {"lab": "FAA"}, rows | {"lab": None}])
    named, hidden = (row["t_ig_s_hi"] / row["t_ig_s"] for row in predict_frame(frame, ensemble[0]))
    assert named < hidden and np.isfinite(hidden)


def test_a_wrong_row_is_told_with_what_was_asked(ensemble):
    rows = {"psmiles": ["CC", "*CC*"], "flux_kw_m2": [50.0, 50.0], "thickness_mm": [6.0, 6.0]}
    wrong, right = predict_frame(pd.DataFrame(rows), ensemble[0])
    assert wrong == {
        "psmiles": "CC", "error": "'CC' has 0 attachment points; it must have two.",
    }  # fmt: skip
    assert "error" not in right
    with pytest.raises(InputError, match="holds no distilled networks"):
        predict_frame(pd.DataFrame(rows), ensemble[0], fast=True)
