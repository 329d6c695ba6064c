"""Stamps: what makes a result stale, what does not, and that published results are current."""

import json

import pytest

from trinity import errors, lineage, provenance
from trinity.errors import InputError
from trinity.pipeline import stages


def test_data_hash_sees_content_and_name_but_no_prose(tmp_path):
    table = tmp_path / "tables"
    table.mkdir()
    (table / "a.csv").write_text("x\n1\n")
    first = provenance.data_hash([table])
    (table / "README.md").write_text("about")
    assert provenance.data_hash([table]) == first
    (table / "a.csv").write_text("x\n2\n\n")
    second = provenance.data_hash([table])
    assert second != first
    (table / "a.csv").rename(table / "b.csv")
    assert provenance.data_hash([table]) != second


def test_missing_data_is_named(tmp_path):
    with pytest.raises(InputError, match="gone.csv"):
        provenance.data_hash([tmp_path / "gone.csv"])


def stamp(**changed):
    made = provenance.make_stamp("validation", "code", [], {"physics": {"n": 3}}, [0])
    return {**made, **changed}


def test_staleness_names_what_differs_and_ignores_the_commit():
    block = json.loads(json.dumps({**stamp(), "commit": "another", "wall_time": 7}))
    assert provenance.differences(block, stamp()) == []
    assert provenance.differences(block, stamp(seeds=[1])) == ["seeds"]
    assert provenance.differences({}, stamp()) == list(provenance.STAMP_KEYS)


def test_a_block_has_all_that_was_promised_and_no_host_name():
    import platform

    with provenance.timed_block(stamp()) as block:
        pass
    promised = "commit source_hash data_hash parameters seeds versions wall_time machine".split()
    assert set(promised) <= set(block)
    assert platform.node() not in json.dumps(block)


def test_scales_have_the_same_sections_and_names():
    loaded = {name: stages.scale_named(name) for name in stages.SCALES}
    assert set(loaded) == {"test", "class", "laptop", "paper", "reproduce"}
    laptop = loaded["laptop"]
    for name, sections in loaded.items():
        assert set(sections) == set(laptop), name
        for section, numbers in sections.items():
            assert set(numbers) == set(laptop[section]), f"{name} [{section}]"


def test_reproduce_changes_only_how_much_is_computed():
    laptop, reproduce = stages.scale_named("laptop"), stages.scale_named("reproduce")
    for section in ("synthesis", "model", "phase0"):
        assert reproduce[section] == laptop[section]
    changed = {
        f"{section}.{name}"
        for section, numbers in laptop.items()
        for name, value in numbers.items()
        if reproduce[section][name] != value
    }
    assert changed == {"phase1.members", "phase2.members", "evaluation.seeds"}


def test_a_changed_number_keeps_its_type():
    numbers = stages.section("laptop", "synthesis", n_polymers=7)
    assert numbers["n_polymers"] == 7
    with pytest.raises(InputError, match="no parameter 'polymers'"):
        stages.section("laptop", "synthesis", polymers=7)
    with pytest.raises(InputError, match="type int"):
        stages.section("laptop", "synthesis", n_polymers=7.5)
    with pytest.raises(InputError, match="type int"):
        stages.section("laptop", "synthesis", n_polymers=True)


@pytest.fixture
def counted(monkeypatch, tmp_path):
    """A stage of one number, in a place of its own; how often it was computed."""
    calls = []

    def count(job):
        calls.append(job.seed)
        (job.folder / "weights.txt").write_text(str(job.seed))
        return {"n": job.parameters["synthesis"]["n_polymers"], "seed": job.seed}

    monkeypatch.setattr(errors, "count", count, raising=False)
    stage = stages.Stage(
        "validation",
        "trinity.errors:count",
        ("synthesis",),
        (),
        (),
        "counted.json",
        "models/counted",
    )
    monkeypatch.setitem(stages.STAGES, "validation", stage)
    monkeypatch.setenv("TRINITY_ARTIFACTS", str(tmp_path / "artifacts"))
    monkeypatch.setattr(stages, "build_root", lambda: tmp_path / "build")
    return calls


def test_a_stage_is_computed_once_and_then_loaded(counted, tmp_path):
    first = stages.load("validation")
    assert len(counted) == 1
    second = stages.load("validation")
    assert len(counted) == 1
    assert json.loads(json.dumps(first.results)) == second.results
    assert (second.folder / "weights.txt").read_text() == "0"
    assert first.path == tmp_path / "artifacts" / "results" / "counted.json"


def test_other_parameters_never_touch_the_published_result(counted, tmp_path):
    published = stages.load("validation")
    other = stages.load("validation", seed=3)
    fewer = stages.load("validation", n_polymers=5)
    lecture = stages.load("validation", scale="class")
    assert (other.results["seed"], fewer.results["n"]) == (3, 5)
    assert len({published.path, other.path, fewer.path, lecture.path}) == 4
    assert stages.load("validation").results == published.results and len(counted) == 4
    assert all(
        path.is_relative_to(tmp_path / "build") for path in (other.path, fewer.path, lecture.path)
    )


def test_a_result_of_other_code_is_computed_anew(counted, monkeypatch):
    stages.load("validation")
    monkeypatch.setattr(lineage, "source_hash", lambda *names: "another")
    stages.load("validation")
    assert len(counted) == 2


def test_a_broken_results_file_is_computed_anew(counted):
    path = stages.load("validation").path
    path.write_text('{"provenance": {"sta')
    stages.load("validation")
    assert len(counted) == 2


def test_an_unknown_stage_scale_or_parameter_is_refused(counted):
    with pytest.raises(InputError, match="no stage 'cooking'"):
        stages.load("cooking")
    with pytest.raises(InputError, match="no scale 'galaxy'"):
        stages.load("validation", scale="galaxy")
    with pytest.raises(InputError, match="no parameter 'colour'"):
        stages.load("validation", colour=3)


def test_a_stale_long_stage_stops_with_the_target_to_run(monkeypatch, tmp_path):
    monkeypatch.setattr(stages, "data_path", lambda *parts: tmp_path.joinpath("data", *parts))
    monkeypatch.setenv("TRINITY_ARTIFACTS", str(tmp_path / "artifacts"))
    with pytest.raises(InputError, match="run make phase0"):
        stages.load("phase0")


def test_a_changed_output_is_named(counted):
    found = stages.load("validation")
    assert stages.differences(found.path) == []
    (found.folder / "weights.txt").write_text("other")
    assert stages.differences(found.path) == ["output"]
    stages.load("validation")
    assert len(counted) == 2
    document = json.loads(found.path.read_text())
    document["n"] = 0
    found.path.write_text(json.dumps(document))
    assert stages.differences(found.path) == ["output"]


def test_published_results_are_current():
    """What the book shows is what this code and these data give."""
    assert {name: why for name, why in stages.status().items() if why} == {}
