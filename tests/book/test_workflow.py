"""What make and the commands are made of: tables, comparisons, and what stops the book."""

import json
from pathlib import Path

import pytest
from trinity_book import build as workflow
from trinity_book import course, notebooks, pages

from trinity.errors import InputError
from trinity.measurements.reader import read_table
from trinity.pipeline import stages
from trinity.prediction import predict as prediction_files


def test_parameters_are_pairs_of_text():
    assert workflow.pairs(["seed=3", "name=a=b"]) == {"seed": "3", "name": "a=b"}
    for wrong in (["seed"], ["=3"], ["a b=1"], ["seed=1", "seed=2"]):
        with pytest.raises(InputError):
            workflow.pairs(wrong)


def prediction(arm, fold, factor, seed=0):
    measured = {"A": 50.0, "B": 100.0, "C": 200.0}[fold]
    return {
        "arm": arm, "seed": seed, "fold": fold, "test_id": 0, "target": "t_ig_s",
        "measured": measured, "predicted": factor * measured, "lo": 1.0, "hi": 1000.0,
    }  # fmt: skip


def write(folder, name, document):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(document))


def test_a_reproduction_is_set_beside_the_published_seed_by_seed(tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    rows = [prediction("direct", fold, 2.0) for fold in "ABC"]
    better = [prediction("direct", fold, 1.1) for fold in "ABC"]
    other_seed = [prediction("direct", fold, 9.0, seed=4) for fold in "ABC"]
    write(ours, "lopo.json", {"provenance": {"commit": "a"}, "predictions": rows})
    write(theirs, "lopo.json", {"provenance": {}, "predictions": better + other_seed})
    write(ours, "synthesis.json", {"provenance": {"wall_time": 3}, "rows": 7})
    write(theirs, "synthesis.json", {"provenance": {"wall_time": 4}, "rows": 7})
    write(ours, "extra.json", {})
    lines = workflow.difference(ours, theirs)
    assert "synthesis.json: identical to the published" in lines
    assert "extra.json: nothing published to compare with" in lines
    assert "  direct t_ig_s: GMFE 2.000, published 1.100, difference +0.900" in lines


def test_the_book_is_not_built_over_a_stale_long_stage(monkeypatch):
    monkeypatch.setattr(stages.Stage, "published_differences", lambda stage: ["source_hash"])
    monkeypatch.setattr(notebooks, "run_source", lambda *_: pytest.fail("executed a notebook"))
    with pytest.raises(InputError, match="run make phase0"):
        workflow.build_book()


def test_a_notebook_of_a_stale_stage_is_executed_again(monkeypatch):
    executed = []
    stale = {name: ["data_hash"] if name == "synthesis" else [] for name in stages.STAGES}
    monkeypatch.setattr(stages, "require_long", lambda: None)
    monkeypatch.setattr(stages, "status", lambda: stale)
    monkeypatch.setattr(notebooks, "differences", lambda path: [])
    monkeypatch.setattr(notebooks, "run_source", lambda source, *_: executed.append(source))
    monkeypatch.setattr(course, "write_exercises", lambda: None)
    monkeypatch.setattr(pages, "write", lambda root: [])
    monkeypatch.setattr(workflow, "build_pages", lambda root, out: root)
    workflow.build_book()
    readers = [s for s in notebooks.pages() if "synthesis" in notebooks.Notebook.read(s).results()]
    assert "04_synthesis.py" in {s.name for s in readers} and set(executed) == set(readers)


def test_at_another_scale_all_notebooks_run_that_have_one(monkeypatch, tmp_path):
    """The others would say what they say in the book; named ones run in any case."""
    computed, executed = [], []
    monkeypatch.setattr(stages, "load", lambda name, scale: computed.append((name, scale)))
    monkeypatch.setattr(
        notebooks, "run_source", lambda source, values, out, _: executed.append((source, values))
    )
    workflow.run([], "test", {}, tmp_path)
    scaled = [
        s for s in notebooks.sources().values() if "scale" in notebooks.Notebook.read(s).parameters
    ]
    assert scaled and {source for source, _ in executed} == set(scaled)
    assert all(values == {"scale": "test"} for _, values in executed)
    assert {scale for _, scale in computed} == {"test"}
    assert {"ablation", "controls", "second_property"} <= {name for name, _ in computed}
    executed.clear()
    workflow.run(["problem"], "test", {}, tmp_path)
    assert [(source.stem, values) for source, values in executed] == [("01_problem", {})]


@pytest.fixture
def current(monkeypatch):
    """A checkout in which nothing is stale; to execute or to write anything fails."""
    monkeypatch.setattr(stages, "require_long", lambda: None)
    monkeypatch.setattr(stages, "status", lambda: dict.fromkeys(stages.STAGES, []))
    monkeypatch.setattr(notebooks, "differences", lambda path: [])
    monkeypatch.setattr(notebooks, "run_source", lambda *_: pytest.fail("executed a notebook"))
    monkeypatch.setattr(
        pages, "write_atomic", lambda path, _: pytest.fail(f"wrote {path}")
    )  # where something differs
    monkeypatch.setattr(pages, "_changed", lambda root: [])
    monkeypatch.setattr(course, "write_atomic", lambda path, _: pytest.fail(f"wrote {path}"))


def test_a_second_run_executes_no_notebook_and_changes_no_file(current, monkeypatch):
    built = []
    monkeypatch.setattr(workflow, "build_pages", lambda *places: built.append(places))
    workflow.build_book()
    assert len(built) == 1


def test_pages_go_to_another_folder(current, monkeypatch, tmp_path):
    said = []

    def jupyter_book(root, *options):
        said.extend(options)
        (tmp_path / "_build" / "html").mkdir(parents=True)
        (tmp_path / "_build" / "html" / "index.html").touch()
        return True

    monkeypatch.setattr(workflow, "jupyter_book", jupyter_book)
    page = workflow.build_book(tmp_path)
    assert page == tmp_path / "_build" / "html" / "index.html"
    assert said[-2:] == ["--path-output", str(tmp_path)]


def test_a_checkout_that_cannot_be_written_names_the_option(current, monkeypatch):
    """/proc stands for it: not even root can write there."""
    monkeypatch.setattr(workflow, "data_root", lambda: Path("/proc/data"))
    monkeypatch.setattr(workflow, "build_pages", lambda *_: pytest.fail("built"))
    with pytest.raises(InputError, match=r"make book OUT=DIR or trinity book --out DIR\.$"):
        workflow.build_book()
    with pytest.raises(InputError, match="cannot be written"):
        workflow.build_book(Path("/proc/elsewhere"))


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "is empty"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"psmiles,flux_kw_m2\n*CC*,50\n", "no column thickness_mm"),
        (b"psmiles,flux_kw_m2,thickness_mm\n", "no rows"),
        (b"psmiles,flux_kw_m2,thickness_mm\n*CC*,50\n", "row 1: 2 cells"),
        (b"psmiles,psmiles,flux_kw_m2,thickness_mm\n*CC*,*CC*,50,6\n", "column twice"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, content, message):
    path = tmp_path / "in.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_table(path)


@pytest.fixture
def answered(monkeypatch):
    """A model that answers without torch: a row that says x cannot be predicted."""

    def answer(frame, model=None, members=None, fast=False, spread=False):
        rows = []
        for row in frame.to_dict("records"):
            conditions = {k: row[k] for k in ("psmiles", "flux_kw_m2", "thickness_mm")}
            said = {"t_ig_s": 61.25, "in_domain": True}
            if row["psmiles"] == "x":
                said = {"error": "It is odd."}
            rows.append({**conditions, **said})
        return rows

    monkeypatch.setattr(prediction_files, "predict_frame", answer)


TABLE = 'name,psmiles,flux_kw_m2,thickness_mm,t_ig_s\na,*CC*,50,6,70\n"b, c",x,1e2,6,\n'


def test_rows_and_other_columns_are_kept(tmp_path, answered):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(TABLE)
    answers = prediction_files.predict_table(source, out, None, strict=False)
    assert ["error" in answer for answer in answers] == [False, True]
    assert out.read_text().splitlines() == [
        "name,psmiles,flux_kw_m2,thickness_mm,t_ig_s_given,t_ig_s,in_domain,error",
        "a,*CC*,50,6,70,61.25,true,",
        '"b, c",x,1e2,6,,,,It is odd.',
    ]


def test_no_two_columns_share_a_name_and_error_is_always_that_of_the_program(tmp_path, answered):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(
        "psmiles,flux_kw_m2,thickness_mm,t_ig_s,t_ig_s_given,error\n*CC*,50,6,70,71,mine\n"
    )
    prediction_files.predict_table(source, out, None, strict=False)
    head, row = (line.split(",") for line in out.read_text().splitlines())
    assert len(set(head)) == len(head) and "error" not in head
    found = dict(zip(head, row, strict=True))
    assert found["error_given"] == "mine" and found["t_ig_s_given"] == "71"
    assert found["t_ig_s_given_given"] == "70" and found["t_ig_s"] == "61.25"


def test_strict_writes_nothing(tmp_path, answered):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(TABLE)
    prediction_files.predict_table(source, out, None, strict=True)
    assert not out.exists()


def test_a_group_that_cannot_be_left_out_is_refused():
    known = {"left_out": "PC"}
    workflow.check_values(known, {"left_out"})
    with pytest.raises(InputError, match="There is no left_out 'PLA'; choose one of PE, PP"):
        workflow.check_values({"left_out": "PLA"}, {"left_out"})
