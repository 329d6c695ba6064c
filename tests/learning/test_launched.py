"""Finetuning in several processes: the steps are shared, one process writes, others are refused."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from surroundings import patience

from trinity.cli.main import learning as cli_learning
from trinity.errors import InputError
from trinity.learning import launched
from trinity.pipeline.training import pretrain_on

#: Largest |ln| of the ratio of two predictions; two seeds of this small model differ by more.
TOLERANCE = 0.05
WORKER = """
import os, sys
import numpy as np
from learning_tools import tiny_model, toy_table
from trinity.learning.data import tests_of
from trinity.learning.configurations import Phase2Settings
from trinity.learning.phase2 import direct_start, finetune
from trinity.learning.answer import answer

mode, seed, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
tests = tests_of(toy_table())
start = direct_start(tiny_model(), tests, 0)
settings = Phase2Settings(mode, 1e-3, 0.3, 0.03, (20,))
model = finetune(start, tests, settings, seed)
np.save(f"{out}/{os.environ.get('RANK', 0)}.npy", answer(model, tests).log_mean)
"""


def finetuned(tmp_path, mode: str, processes: int, seed: int = 0) -> list[np.ndarray]:
    """What each of some processes says after they finetuned together."""
    out = tmp_path / f"{mode}{processes}{seed}"
    out.mkdir()
    script = out / "worker.py"
    script.write_text(WORKER)
    words = [str(script), mode, str(seed), str(out)]
    if processes > 1:
        words = ["-m", "torch.distributed.run", "--nproc_per_node", str(processes), *words]
    paths = [str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1",
                   "PYTHONPATH": os.pathsep.join(filter(None, paths))}  # fmt: skip
    done = subprocess.run(
        [sys.executable, *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=patience(300),
    )
    assert done.returncode == 0, done.stderr
    return [np.load(out / f"{rank}.npy") for rank in range(processes)]


@pytest.mark.slow
def test_two_processes_finetune_as_one_within_the_tolerance(tmp_path):
    (one,), (other,) = (finetuned(tmp_path, "full", 1, seed) for seed in (0, 1))
    first, second = finetuned(tmp_path, "full", 2)
    assert np.array_equal(first, second)  # both processes end with the same model
    assert 0.0 < np.abs(first - one).max() < TOLERANCE
    assert np.abs(other - one).max() > 0.0


@pytest.mark.slow
def test_in_closed_form_two_processes_say_exactly_what_one_says(tmp_path):
    (one,) = finetuned(tmp_path, "kernel", 1)
    for said in finetuned(tmp_path, "kernel", 2):
        assert np.array_equal(said, one)


def test_only_the_first_of_several_processes_writes(tmp_path, monkeypatch):
    out = tmp_path / "model"
    with launched.writing_once(out) as folder:
        assert folder == out and launched.is_main()
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank, writes in (("0", True), ("1", False)):
        monkeypatch.setenv("RANK", rank)
        with launched.writing_once(out) as folder:
            assert (folder == out) == writes == launched.is_main()
            if not writes:
                folder.mkdir()
    assert not out.exists() and not folder.exists()


def test_stages_are_refused_in_several_processes(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="runs in one process, not in 2"):
        cli_learning.summary("finetuning", "test", 0)
    with pytest.raises(InputError, match="Phase 1 runs in one process"):
        pretrain_on(tmp_path, tmp_path / "out", "test", 0)


def test_options_of_phase_2_ask_for_a_table_and_a_known_mode():
    for options in (
        ["--mode", "kernel"],
        ["--steps", "3"],
        ["--csv", "a", "--out", "b", "--mode", "x"],
    ):
        from trinity.cli.main import main

        with pytest.raises(SystemExit) as stop:
            main(["finetune", *options])
        assert stop.value.code == 1
