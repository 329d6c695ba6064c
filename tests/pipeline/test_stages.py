"""The whole line at scale ``test``: every stage from nothing, twice the same, and its notebooks."""

import ast
import json
import math
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import nbformat
import pytest
from trinity_book import notebooks

from trinity import lineage, provenance
from trinity.learning import loop as training_loop
from trinity.pipeline import stages

ORDER = ("phase0", "synthesis", "pretraining", "finetuning", "ablation", "distillation")
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
    strict = [row for row in rows if row.get("grouping") != "ten"]
    assert {row["arm"] for row in strict} == ARMS
    for row in rows:
        assert 0 < row["lo"] <= row["hi"] < math.inf and 0 < row["predicted"] < math.inf
        # Physics draws its interval; of two draws, as here, the central case may lie outside.
        assert row["arm"] == "physics_only" or row["lo"] <= row["predicted"] <= row["hi"]
    for arm in ARMS:
        assert len({row["fold"] for row in strict if row["arm"] == arm}) == 9


def definition_of(code) -> tuple[str, str] | None:
    """The top-level definition of ours that a code object belongs to."""
    file = Path(code.co_filename)
    if code.co_name == "<module>" or not file.is_file():
        return None
    for top in lineage.OWN:
        if top in file.parts:
            parts = file.with_suffix("").parts
            module = ".".join(parts[len(parts) - parts[::-1].index(top) - 1 :])
            module = module.removesuffix(".__init__")
            for node in ast.parse(file.read_text()).body:
                first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
                if first <= code.co_firstlineno <= node.end_lineno:
                    return module, getattr(node, "name", "")
    return None


def traced(compute) -> set:
    """Code objects that run while something is computed, in this process and its threads."""
    seen = set()

    def note(frame, event, argument):
        if event == "call":
            seen.add(frame.f_code)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        compute()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return seen


@pytest.mark.slow
def test_the_same_seed_gives_the_same_files(first, tmp_path, monkeypatch):
    """Once more, on threads in place of processes, and watched: all code that runs while a stage
    computes is among the definitions by which its result becomes stale."""
    monkeypatch.setenv("TRINITY_BUILD", str(tmp_path))
    one_thread = training_loop.one_thread
    pool = partial(ThreadPoolExecutor, 1, initializer=one_thread)
    monkeypatch.setattr(training_loop, "worker_pool", lambda tasks: pool())
    again, unseen = {}, {}
    for name in ORDER:
        ran = traced(lambda name=name: again.update({name: stages.load(name, "test")}))
        reached = lineage.reached(stages.STAGES[name].compute)
        known = {(module, definition) for module, definition in reached}
        found = {definition_of(code) for code in ran} - {None}
        assert len(found) > 5 or again[name].loaded
        unseen[name] = sorted(
            d for d in found if d not in known and d[1] and d[0] not in lineage.NO_NUMBERS
        )
    assert unseen == dict.fromkeys(ORDER, [])
    for name in ORDER:
        assert not again[name].loaded or name == "phase0"
        texts = [json.loads(run[name].path.read_text()) for run in (first, again)]
        assert provenance.identity(texts[0]) == provenance.identity(texts[1]), name


@pytest.mark.slow
def test_every_notebook_runs_at_scale_test(trinity, tmp_path, first):
    """Only the scale is changed; what the stages made above is loaded."""
    build = first["phase0"].path.parents[2]
    done = trinity(
        "run",
        "--scale",
        "test",
        "--out",
        tmp_path / "out",
        timeout=900,
        TRINITY_BUILD=str(build),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for source in notebooks.sources().values():
        path = tmp_path / "out" / source.with_suffix(".ipynb").name
        notebook = nbformat.read(path, as_version=4)
        errors = [
            o for c in notebook.cells for o in c.get("outputs", []) if o.output_type == "error"
        ]
        assert not errors
        assert notebook.metadata["trinity"]["stage"] == source.stem
