"""What students may read and hear: never the group that they are scored on."""

import json

import numpy as np
import pytest
from trinity_book.studies.distillation import DistillationSettings, _loss, untrained_student
from trinity_book.studies.distillation_labels import (
    BLIND,
    EVERYTHING,
    REPEATS,
    DistillationTargets,
    questions,
)

from trinity.chemistry.chain import cuts
from trinity.chemistry.polymers import parse_psmiles, polymer_key
from trinity.evidence.left_out import measured_with_physics, measurements
from trinity.learning.answer import Answer, answers
from trinity.learning.correction import UNNAMED
from trinity.learning.model import Scalers
from trinity.quantities import LABORATORIES, TARGETS, conditions_tested

SETTINGS = DistillationSettings(1, 3, 0.3, 1, 16, 2, 1, 1, 8, 1e-3)


@pytest.fixture(scope="module")
def targets():
    """Questions about a few polymers, answered by chance."""
    import pandas as pd

    from trinity.synthesis.generator import generate_polymers

    table = pd.DataFrame({"key": generate_polymers(30, seed=2)["psmiles"].map(polymer_key)})
    tests, group = questions(table, SETTINGS.conditions, seed=0)
    rng = np.random.default_rng(0)
    rows = len(tests)
    answers = {
        name: Answer(rng.normal(4, 1, (rows, 4)), rng.uniform(0.1, 1, (rows, 4)), rng.random(rows))
        for name in (BLIND, EVERYTHING, *sorted(set(group) - {""}))
    }
    kept = (group == "") & (np.arange(len(group)) % 3 == 0)
    strings = {s for polymer in tests.polymers for s, _ in polymer}
    written = {s: cuts(parse_psmiles(s)) for s in strings}
    return DistillationTargets(tests, group, kept, written, answers)


def test_questions_are_inside_the_domain_and_reproducible(targets):
    assert all(conditions_tested(*pair) for pair in targets.tests.conditions)
    assert set(targets.tests.laboratory) == {UNNAMED, *LABORATORIES}
    assert np.isnan(targets.tests.targets).all()
    measured = len(measured_with_physics().polymers)
    assert (targets.group != "").sum() == REPEATS * measured


def test_hypothetical_questions_hold_no_measured_polymer(targets):
    measured = {s for p in measured_with_physics().polymers for s, _ in p}
    hypothetical = [
        s
        for polymer, group in zip(targets.tests.polymers, targets.group, strict=True)
        for s, _ in polymer
        if group == ""
    ]
    assert hypothetical and not measured & set(hypothetical)


def test_the_blind_teacher_is_asked_about_hypothetical_polymers_only(targets):
    read = targets.tests.polymer_of[targets.rows_for(BLIND)]
    assert set(targets.group[read]) == {""} and not targets.kept[read].any()


def test_a_student_never_reads_the_group_that_it_is_scored_on(targets):
    for group in sorted(set(measurements()["group_nine"])):
        read = targets.tests.polymer_of[targets.rows_for(group)]
        assert group not in targets.group[read]
        assert not targets.kept[read].any()
        others = set(targets.group) - {"", group}
        assert others <= set(targets.group[read])
        keys = {s for i in read for s, _ in targets.tests.polymers[i]}
        known = measured_with_physics()
        names = measurements()["group_nine"].to_numpy()
        own = {s for i in np.unique(known.polymer_of[names == group])
               for s, _ in known.polymers[i]}  # fmt: skip
        shared = {s for i in np.unique(known.polymer_of[names != group])
                  for s, _ in known.polymers[i]}  # fmt: skip
        assert not keys & (own - shared)


def test_everything_but_the_kept_is_read_in_the_end(targets):
    read = np.unique(targets.tests.polymer_of[targets.rows_for(EVERYTHING)])
    assert (np.sort(read) == np.flatnonzero(~targets.kept)).all()


def test_another_spelling_is_the_same_polymer(targets):
    chosen = range(0, len(targets.group), 7)
    written = targets.spelled(chosen, seed=1)
    for i in chosen:
        for (s, share), (key, fraction) in zip(
            written.polymers[i], targets.tests.polymers[i], strict=True
        ):
            assert polymer_key(s) == polymer_key(key) and share == fraction
    assert targets.spelled(chosen, 1).polymers == written.polymers


def test_a_step_teaches_the_answers_of_the_teacher(targets):
    """The loss of a network that says exactly what it is told is smaller than of any other."""
    import torch

    scalers = Scalers.fit(targets.tests.conditions, targets.answers[BLIND].log_mean)
    student = untrained_student(1, 16, 2, scalers, seed=0)
    loss_of, per_epoch = _loss(student, targets, BLIND, 8, seed=0)
    read = np.unique(targets.tests.polymer_of[targets.rows_for(BLIND)])
    assert per_epoch == -(-len(read) // 8)

    optimiser = torch.optim.Adam(student.parameters(), 1e-2)
    before = float(loss_of(student, 0).detach())
    for _ in range(40):
        optimiser.zero_grad()
        loss_of(student, 0).backward()
        optimiser.step()
    assert float(loss_of(student, 0).detach()) < 0.7 * before


def test_students_answer_in_the_units_of_the_ensemble(targets):
    scalers = Scalers([3.5, 1.5], [0.5, 0.5], [4.0, 6.0, 4.0, 5.0], [1.0, 0.5, 0.5, 0.5])
    students = [untrained_student(1, 16, 2, scalers, seed) for seed in (0, 1)]
    tests = targets.tests.take(np.arange(12)).spelled()
    first, second = answers(students, tests, spellings=0)
    assert first.log_mean.shape == (12, len(TARGETS)) and (first.log_sigma > 0).all()
    assert not np.allclose(first.log_mean, second.log_mean)
    again = answers([untrained_student(1, 16, 2, scalers, 0)], tests, spellings=0)[0]
    np.testing.assert_array_equal(again.log_mean, first.log_mean)


def test_students_were_scored_on_every_strict_group(root):
    found = json.loads((root / "data/artifacts/results/distillation.json").read_text())
    for arm in ("ensemble", "distilled", "distilled_alone"):
        rows = [row for row in found["predictions"] if row["arm"] == arm]
        assert len({row["fold"] for row in rows}) == 9
        assert all(row["lo"] <= row["predicted"] <= row["hi"] for row in rows)
    seeds = {row["seed"] for row in found["predictions"] if row["arm"] == "distilled_alone"}
    assert len(seeds) == found["members"] == 5
