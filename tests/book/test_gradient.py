"""Finetuning by gradient sees nothing of what it is scored on, and compares like with like."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from learning_tools import tiny_model
from trinity_book import verdict
from trinity_book.studies import descents, gradient

from trinity.evidence.left_out import folds_of, measurements

FOLD = folds_of("nine")[0]


def cells_of(ids) -> set[str]:
    return set(measurements()["cell"].loc[list(ids)])


@pytest.fixture
def seen(monkeypatch):
    """Cells of each training; nothing is trained."""
    found = []

    def finetune(start, training, settings, seed, look=None):
        found.append(set(training.cell))
        for step in settings.checkpoints:
            if look and look(step, start):
                break
        return start

    model = tiny_model(0)
    for module in (gradient, descents):
        monkeypatch.setattr(module, "finetune", finetune)
        monkeypatch.setattr(module, "direct_start", lambda start, tests, seed: start)
    monkeypatch.setattr(gradient, "_start", lambda *about: model)
    monkeypatch.setattr(descents, "load_model", lambda path: model)
    return found


def test_inner_parts_keep_groups_together():
    groups = np.array(["a", "b", "a", "c", "d", "b"])
    parts = gradient.inner_parts(groups)
    assert len(parts) == gradient.INNER and (np.sum(parts, axis=0) == 1).all()
    for name in set(groups):
        assert sum(part[groups == name].all() for part in parts) == 1
        assert sum(part[groups == name].any() for part in parts) == 1


def test_no_training_and_no_choice_sees_the_group_that_is_left_out(seen, tmp_path):
    unit = gradient.GradientUnit("full", "phase1", FOLD, seeds=2, steps=4)
    gradient.Work(tmp_path, {}).compute(unit)
    inner = gradient.INNER * len(gradient.PLAN["learning_rates"])
    assert len(seen) == inner + unit.seeds
    held, known = cells_of(FOLD.held), cells_of(FOLD.seen)
    assert not any(cells & held for cells in seen)
    assert all(cells < known for cells in seen[:inner])
    assert all(cells == known for cells in seen[inner:])


def test_whole_descents_do_not_see_it_either(seen, tmp_path):
    job = descents.Descent("phase1", FOLD, 0, 50, (tmp_path,), tmp_path)
    descents._descend(job)
    assert seen == [cells_of(FOLD.seen)]
    steps = [row["step"] for row in json.loads(job.path.read_text())]
    assert steps == [0, 1, 3, 5, 10, 20, 30, 40, 50]


def test_the_end_of_the_descents_is_what_is_compared(monkeypatch, tmp_path):
    """Phase 1 ends lower by 0.2 in each of two groups; before the end it was higher."""
    model = SimpleNamespace(folder=tmp_path)
    job = SimpleNamespace(
        parameters={"descents": {"steps": 2, "folds": 2, "seeds": 2}},
        inputs={"pretraining": model, "phase0": model}, folder=tmp_path, progress=False,
    )  # fmt: skip

    def write(tasks):
        for one in tasks:
            last = 0.3 if one.start == "phase1" else 0.5
            about = {"start": one.start, "fold": one.fold.fold, "seed": one.seed}
            rows = [about | {"step": s, "seen": 0.1, "left_out": e} for s, e in ((1, 9), (2, last))]
            one.path.write_text(json.dumps(rows))

    monkeypatch.setattr(descents, "run_tasks", lambda _, tasks, progress: write(tasks))
    found = descents.descents(job)
    assert found["end"]["phase1"]["left_out"] == pytest.approx(0.3)
    assert found["end"]["comparison"]["effect"] == pytest.approx(0.2)
    assert len(found["errors"]) == 2 * 2 * 2 * 2
    numbers = dict(verdict.to_the_end(found))
    assert numbers["gradient_whole_effect"] == "+0.200 (+0.200 to +0.200)"
    assert numbers["gradient_whole_direct"] == "0.500"


def test_an_arm_that_was_not_trained_is_named():
    rows = [
        {"arm": f"{start}_full", "test_id": 0, "target": target, "seed": 0, "fold": "PE",
         "polymer": "HDPE", "lab": "x", "measured": 100.0, "predicted": 100.0 * factor,
         "lo": 50.0, "hi": 500.0}
        for start, factor in (("phase1", 1.1), ("language_model", 1.5))
        for target in ("t_ig_s", "phrr_kw_m2")
    ]  # fmt: skip
    training = [
        {"recipe": "full", "start": "phase1", "training_error": gradient.UNTRAINED / 2},
        {"recipe": "full", "start": "language_model", "training_error": 2 * gradient.UNTRAINED},
    ]
    (row,) = gradient._comparisons(pd.DataFrame(rows), training)
    assert row["untrained"] == ["language_model"]
    assert row["effect"] == pytest.approx(np.log(1.5 / 1.1))
