"""The whole line at scale ``test``: every stage from nothing, twice the same, and its notebooks."""

import ast
import json
import math
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from pathlib import Path

import coverage
import nbformat
import pytest
from trinity_book import notebooks

from trinity import lineage, provenance
from trinity.evidence import left_out
from trinity.learning import loop as training_loop
from trinity.pipeline import stages

ORDER = (
    "phase0", "synthesis", "pretraining", "finetuning", "ablation", "distillation",
    "second_property",
)  # fmt: skip
ARMS = {
    "physics_only", "phase1_only", "direct", "two_phase",
    "conditions_only", "random_forest", "gaussian_process",
}  # fmt: skip


def everything(build, monkeypatch):
    monkeypatch.setenv("TRINITY_BUILD", str(build))
    return {name: stages.load(name, scale="test", progress=False) for name in ORDER}


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield everything(tmp_path_factory.mktemp("first"), monkeypatch)


@pytest.mark.slow
def test_every_stage_leaves_results_with_provenance(first):
    for name, found in first.items():
        document = json.loads(found.path.read_text())
        assert document["provenance"]["stage"] == name
        assert provenance.commit() is None or document["provenance"]["commit"]
        assert found.folder is None or any(found.folder.rglob("*"))


@pytest.mark.slow
def test_held_out_predictions_are_complete_and_physical(first):
    rows = first["ablation"].results["predictions"]
    needed = (
        "arm seed fold test_id polymer lab flux_kw_m2 thickness_mm target measured predicted lo hi"
    ).split()
    assert all(set(needed) <= set(row) for row in rows)
    strict = [row for row in rows if row["grouping"] == "nine" and not row["lab_known"]]
    assert {row["arm"] for row in strict} == ARMS
    for row in rows:
        assert 0 < row["lo"] <= row["hi"] < math.inf and 0 < row["predicted"] < math.inf
        assert row["lo"] <= row["predicted"] <= row["hi"]
    for arm in ARMS:
        assert len({row["fold"] for row in strict if row["arm"] == arm}) == 9


def definitions_run(compute) -> set[tuple[str, str]]:
    """Top-level definitions of ours that do something while something is computed, in this process
    and its threads: a line inside a function of theirs is run."""
    watch = coverage.Coverage(data_file=None, source_pkgs=list(lineage.OWN))
    watch.start()
    try:
        compute()
    finally:
        watch.stop()
    seen = {
        Path(file): set(watch.get_data().lines(file)) for file in watch.get_data().measured_files()
    }
    return {
        (module_of(file), node.name)
        for file, lines in seen.items()
        for node in ast.parse(file.read_text()).body
        for part in ast.walk(node)
        if hasattr(node, "name") and isinstance(part, ast.FunctionDef)
        if lines & set(range(part.body[0].lineno, part.end_lineno + 1))
    }


def module_of(file: Path) -> str:
    top = next(folder for folder in file.parents if folder.name in lineage.OWN)
    return ".".join(file.relative_to(top.parent).with_suffix("").parts).removesuffix(".__init__")


def computed(name: str, first: dict, folder: Path) -> dict:
    """Results of a stage from what the stages before it made, without looking whether it is due."""
    stage = stages.STAGES[name]
    job = stages.Job(
        stages.sections("test", stage.sections, {}), 0, {need: first[need] for need in stage.needs},
        folder, progress=False,
    )  # fmt: skip
    folder.mkdir(parents=True)
    module, _, function = stage.compute.partition(":")
    return json.loads(stages.as_json(getattr(import_module(module), function)(job)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ORDER)
def test_the_same_seed_gives_the_same_files(name, first, tmp_path, monkeypatch):
    """Once more, on a thread in place of processes, and watched: all code that runs while a stage
    computes is among the definitions by which its result becomes stale.

    Of the held-out groups the first two stand for all, once on processes and once watched.
    """
    expected = {k: v for k, v in first[name].results.items() if k != "provenance"}
    if name == "ablation":
        real = left_out.folds_of
        monkeypatch.setattr(left_out, "folds_of", lambda grouping: real(grouping)[:2])
        expected = computed(name, first, tmp_path / "processes")
    pool = partial(ThreadPoolExecutor, 1, initializer=training_loop.one_thread)
    monkeypatch.setattr(training_loop, "worker_pool", lambda tasks: pool())
    found, folder = (
        {},
        tmp_path / stages.STAGES[name].results / (first[name].folder or tmp_path).name,
    )
    run = definitions_run(lambda: found.update(computed(name, first, folder)))
    known = lineage.reached(stages.STAGES[name].compute)
    assert len(run) > 5
    assert not {d for d in run - known if d[0] not in lineage.NO_NUMBERS}
    assert found == json.loads(stages.as_json(expected))
    if first[name].folder:
        assert provenance.data_hash([folder]) == provenance.data_hash([first[name].folder])


#: Notebooks that load no stage, and numbers that make them quick. The one on changing parameters
#: only runs another notebook five times.
QUICK = {
    "trinity_in_one_page": ("n_polymers=12", "n_conditions=2", "n_steps_phase1=20"),
    "own_model": ("n_polymers=12", "conditions=1"),
}
RERUNS = "change"


@pytest.mark.slow
def test_every_notebook_runs_at_scale_test(trinity, tmp_path, first):
    """Only the scale is changed; what the stages made above is loaded."""
    build, out = first["phase0"].path.parents[2], tmp_path / "out"
    others = [name for name in notebooks.sources() if name not in (*QUICK, RERUNS)]
    plans = [(others, ("--scale", "test"))]
    plans += [
        ([name], [w for one in changed for w in ("-p", one)]) for name, changed in QUICK.items()
    ]
    for names, words in plans:
        done = trinity(
            "run", *names, *words, "--out", out, timeout=900, TRINITY_BUILD=str(build)
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
    for name in (*others, *QUICK):
        source = notebooks.source_of(name)
        notebook = nbformat.read(out / source.with_suffix(".ipynb").name, as_version=4)
        errors = [
            o for c in notebook.cells for o in c.get("outputs", []) if o.output_type == "error"
        ]
        assert not errors
        assert notebook.metadata["trinity"]["stage"] == source.stem


def test_a_stage_may_call_what_locks_its_folder_itself(tmp_path, monkeypatch):
    """A table is made by one run at a time, whether a stage asks for it or a user."""
    monkeypatch.setenv("TRINITY_BUILD", str(tmp_path))
    assert (stages.load("synthesis", "test", progress=False, n_polymers=3).folder).is_dir()
