"""``trinity provenance``: from any page or figure back to results file, data, source and commit."""

import json
from functools import cache
from pathlib import Path

import pytest
import yaml
from trinity_book import notebooks, records
from trinity_book import trace as tracing
from trinity_book.figures import drawings

from trinity import provenance
from trinity.cli.main import main
from trinity.errors import InputError
from trinity.files import data_root
from trinity.pipeline import stages

ROOT = data_root().parent


@pytest.fixture
def record(tmp_path):
    """A record about one module and one table."""
    table = tmp_path / "table.csv"
    table.write_text("x\n1\n")
    path = records.write(
        tmp_path / "counts.json", {"kills": 3}, modules=["trinity.cone.curve"], data=[str(table)],
        parameters={"n": 2}, seeds=[7], wall_time=1.5,
    )  # fmt: skip
    return path, table


def test_a_record_says_what_it_is_about_and_is_current(record):
    path, _ = record
    block = provenance.read_block(path)
    promised = "commit source_hash data_hash parameters seeds versions wall_time machine".split()
    assert set(promised) <= set(block)
    assert (block["stage"], block["parameters"], block["seeds"]) == ("counts", {"n": 2}, [7])
    assert tracing.trace(path).all_stale() == []


def test_a_record_with_other_data_source_or_content_is_named(record, monkeypatch):
    path, table = record
    table.write_text("x\n2\n\n")
    assert records.differences(path) == ["data_hash"]
    table.write_text("x\n1\n")
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "kills": 4}))
    assert records.differences(path) == ["output"]
    path.write_text(json.dumps(document))
    monkeypatch.setattr(records, "source_hash", lambda *names: "another")
    assert tracing.trace(path).stale == ["source_hash"]


def test_a_record_of_a_module_that_is_gone_is_stale(record):
    path, _ = record
    document = json.loads(path.read_text())
    document["provenance"]["modules"] = ["gone_module"]
    path.write_text(json.dumps(document))
    assert tracing.trace(path).stale == ["the module gone_module is gone"]


def test_the_command_prints_and_verifies(record, capsys):
    path, table = record
    with pytest.raises(SystemExit) as stop:
        main(["provenance", str(path)])
    out = capsys.readouterr().out
    assert stop.value.code == 0
    assert provenance.read_block(path)["data_hash"] in out and "commit: " in out
    table.write_text("x\n2\n\n")
    with pytest.raises(SystemExit) as stop:
        main(["provenance", str(path), "--json"])
    captured = capsys.readouterr()
    assert stop.value.code == 1
    assert json.loads(captured.out)["stale"] == ["counts.json (data_hash)"]
    assert "data_hash" in captured.err


def test_the_command_says_whether_the_commit_is_known_here(record, capsys):
    path, _ = record
    head = (provenance.commit() or "").rstrip("+")
    document = json.loads(path.read_text())
    said = {
        "0" * 40: "not in this clone's history; the source hash is what counts",
        "--exec=touch x": "no git history here to look it up in",
        None: "none recorded; the source hash is what counts",
    }
    if head:
        said[head] = f"{head} (in this clone's history)"
        said[head + "+"] = f"{head}+ (in this clone's history, with uncommitted changes)"
    for commit, words in said.items():
        document["provenance"]["commit"] = commit
        path.write_text(json.dumps(document))
        with pytest.raises(SystemExit) as stop:
            main(["provenance", str(path)])
        assert stop.value.code == 0 and words in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["provenance", str(path), "--json"])
    assert json.loads(capsys.readouterr().out)["commit_in_history"] is (True if head else None)


def test_without_git_the_command_still_answers(record, capsys, monkeypatch):
    path, _ = record
    tracing.in_history.cache_clear()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit) as stop:
        main(["provenance", str(path)])
    assert stop.value.code == 0
    assert (
        "commit: " in (out := capsys.readouterr().out) and "the source hash is what counts" in out
    )
    tracing.in_history.cache_clear()


def test_a_notebook_names_the_results_behind_it():
    found = tracing.trace(ROOT / "notebooks" / "07_ablation.ipynb")
    assert found.block["stage"] == "07_ablation"
    assert "data/artifacts/results/lopo.json" in [one.file for one in found.behind]
    for one in found.behind:
        assert one.block["commit"] and one.block["source_hash"] and one.block["data_hash"]


def test_a_page_is_followed_to_its_notebook(tmp_path):
    page = tmp_path / "notebooks" / "05_pretraining.html"
    page.parent.mkdir()
    page.write_text("<html></html>")
    found = tracing.trace(page)
    assert [one.file for one in found.behind] == ["notebooks/05_pretraining.ipynb"]
    assert "data/artifacts/results/pretraining.json" in [b.file for b in found.behind[0].behind]


def test_a_figure_of_the_built_book_is_followed_to_the_page_that_shows_it(tmp_path):
    site = tmp_path / "_build" / "html"
    page = site / "notebooks" / "01_problem.html"
    picture = site / "_images" / "figure.png"
    for path in (page, picture):
        path.parent.mkdir(parents=True)
    picture.write_bytes(b"")
    page.write_text('<img src="../_images/figure.png">')
    (shown,) = tracing.trace(picture).behind
    assert [one.file for one in shown.behind] == ["notebooks/01_problem.ipynb"]
    page.write_text("<html></html>")
    with pytest.raises(InputError, match="No page of a built book shows"):
        tracing.trace(picture)


def test_a_drawing_is_drawn_again(monkeypatch):
    assert tracing.trace(ROOT / "notebooks" / "overview.svg").stale == []
    (source,) = tracing.trace(ROOT / "notebooks" / "result.svg").behind
    assert source.file == "data/artifacts/results/lopo.json"
    monkeypatch.setattr(drawings, "svg", lambda drawing: b"another")
    assert tracing.trace(ROOT / "notebooks" / "overview.svg").stale == ["output"]


def test_a_page_names_the_results_behind_its_numbers():
    found = tracing.trace(ROOT / "book" / "model_card.md")
    assert "data/artifacts/results/lopo.json" in [one.file for one in found.behind]


def test_a_text_that_a_command_wrote_names_its_results(tmp_path):
    page = tmp_path / "costs.md"
    page.write_text("% from synthesis.json, by a command\n\n| a | b |\n")
    assert [one.file for one in tracing.trace(page).behind] == [
        "data/artifacts/results/synthesis.json"
    ]
    page.write_text("% from lost.json, by a command\n")
    assert "lost.json" in tracing.trace(page).all_stale()[0]


@pytest.mark.slow
def test_every_page_of_the_book_can_be_traced(monkeypatch):
    monkeypatch.setattr(stages, "differences", cache(stages.differences))  # a result once
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    names = [contents["root"]]
    names += [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    for name in names:
        sources = [(ROOT / name).with_suffix(suffix) for suffix in (".ipynb", ".md")]
        for path in filter(Path.is_file, sources):  # that each page exists is tested elsewhere
            assert tracing.trace(path).file == path.relative_to(ROOT).as_posix()
    assert len(names) > len(notebooks.sources())
