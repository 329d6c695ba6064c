"""``make chaos`` sees what it is for: a victim that leaves something else after a kill."""

import json
import sys
import time

import pytest

from tools import chaos
from trinity.errors import InputError

#: Counts to 40 in a file, from where it was left; the careless one counts what it did itself.
CAREFUL = """
import os, sys, time
path, careless = sys.argv[1], len(sys.argv) > 2
n = int(open(path).read()) if os.path.exists(path) and not careless else 0
for n in range(n + 1, 41):
    with open(path + ".new", "w") as stream:
        stream.write(str(n))
    os.replace(path + ".new", path)
    time.sleep(0.01)
if careless and os.path.exists(path + ".begun"):
    open(path, "a").write(" again")
"""


class Counter(chaos.Victim):
    """A victim of half a second; the careless one remembers that it was begun before."""

    def command(self, build):
        words = [sys.executable, "-c", CAREFUL, str(build / "test" / "results" / "count.json")]
        return words + (["careless"] if self.name == "careless" else [])


@pytest.fixture
def arena(tmp_path, monkeypatch):
    """An arena around a checkout that is empty, where a stage's results file is `count.json`."""
    checkout = tmp_path / "checkout"
    for name in chaos.COPIED:
        (checkout / name).mkdir(parents=True)
    stage = chaos.stages.Stage("synthesis", "", (), (), (), "count.json")
    for name in ("careful", "careless"):
        monkeypatch.setitem(chaos.stages.STAGES, name, stage)
    made = chaos.Arena(tmp_path / "chaos", checkout)
    prepare = made.prepare

    def with_folder(victim, build):
        prepare(victim, build)
        (build / "test" / "results").mkdir(parents=True)

    monkeypatch.setattr(made, "prepare", with_folder)
    return made


def test_a_victim_that_resumes_is_identical_and_every_kill_is_counted(arena):
    trials, seconds = chaos.attack(arena, Counter("careful", 3))
    row = chaos.summary(Counter("careful", 3), trials, seconds)
    assert row["kills"] == 3 and row["identical"] == row["reruns"] >= 2
    assert row["differing"] == []
    assert all(0 < at <= 1 for one in trials for at in one["at"])


def test_an_interrupted_attack_goes_on_with_the_trials_it_has(arena):
    first, _ = chaos.attack(arena, Counter("careful", 1))
    start = time.monotonic()
    again, _ = chaos.attack(arena, Counter("careful", 1))
    assert again == first and time.monotonic() - start < 0.2


def test_a_victim_that_leaves_something_else_is_found_out(arena):
    victim = Counter("careless", 1)
    whole = chaos.undisturbed(arena, victim)
    prepare = arena.prepare

    def begun(victim, build):
        prepare(victim, build)
        (build / "test" / "results" / "count.json.begun").touch()

    arena.prepare = begun
    assert chaos.trial(arena, victim, 0, 1, whole)["differing"] == ["test/results/count.json"]


def test_a_victim_that_cannot_end_is_found_out(arena, monkeypatch):
    victim = Counter("careful", 1)
    whole = chaos.undisturbed(arena, victim)
    monkeypatch.setattr(Counter, "command", lambda self, build: [sys.executable, "-c", "1/0"])
    said = chaos.trial(arena, victim, 0, 1, whole)
    assert "ended with 1" in said["differing"][0]


def test_commit_time_and_machine_do_not_count(tmp_path):
    paths = []
    for number, (commit, score) in enumerate([("a", 1), ("b", 1), ("a", 2)]):
        paths.append(tmp_path / f"{number}.json")
        block = {"commit": commit, "wall_time": number, "machine": {}, "seeds": [0]}
        paths[-1].write_text(json.dumps({"provenance": block, "score": score}))
    same, other, changed = map(chaos.content_hash, paths)
    assert same == other != changed


def test_an_unknown_victim_is_refused():
    with pytest.raises(InputError, match="no victim 'moon'"):
        chaos.main(["moon"])


def test_fifty_kills_and_more_are_planned():
    assert sum(victim.kills for victim in chaos.VICTIMS) >= 50
    assert {"synthesis", "pretraining", "finetuning", "ablation", "book"} <= {
        victim.name for victim in chaos.VICTIMS
    }
