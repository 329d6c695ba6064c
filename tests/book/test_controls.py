"""Controls take away what they say and nothing else; studies never see what they hold out."""

import numpy as np
import pytest
from learning_tools import tiny_model, toy_table
from trinity_book.studies import splits as studies
from trinity_book.studies.controls import (
    LEAST_STEPS,
    enough_epochs,
    shuffle_labels,
    some_rows,
    splitting_seed,
)

from trinity.evidence import left_out as lopo
from trinity.evidence.arms import EvaluationSettings
from trinity.evidence.held import Bench, log_targets, measurements
from trinity.learning.data import tests_of as read_tests
from trinity.learning.phase1 import split_by_polymer

SETTINGS = EvaluationSettings(seeds=1, candidates=4, checkpoints=(5,), trees=4)


def test_shuffled_labels_deal_out_structures_and_keep_each_polymers_tests_together():
    table = toy_table(tests=4)
    shuffled = shuffle_labels(table, 0)
    assert set(shuffled["psmiles"]) == set(table["psmiles"])
    assert shuffled.groupby("polymer_id")["psmiles"].nunique().max() == 1
    others = [c for c in table if c not in ("psmiles", "key")]
    assert shuffled[others].equals(table[others])
    moved = (shuffled["psmiles"] != table["psmiles"]).groupby(table["polymer_id"]).first()
    assert moved.mean() > 0.5
    assert not shuffle_labels(table, 1)["psmiles"].equals(shuffled["psmiles"])


def test_a_part_of_the_table_has_whole_polymers():
    table = toy_table(tests=5)
    part = some_rows(table, 20, seed=0)
    assert part["polymer_id"].nunique() == 4 and len(part) == 20
    assert set(part.groupby("polymer_id").size()) == {5}
    assert some_rows(table, 10**6, 0)["polymer_id"].nunique() == table["polymer_id"].nunique()


@pytest.mark.parametrize("polymers", [2, 12, 200])
def test_small_tables_are_split_too_and_train_long_enough(polymers):
    table = toy_table(
        [f"*CC(*){'C' * (n % 15)}O{'C' * (n // 15)}" for n in range(polymers)], tests=1
    )
    seed = splitting_seed(polymers, 0.15, 3)
    training, held_out = split_by_polymer(read_tests(table), 0.15, seed)
    assert training.any() and held_out.any()
    numbers = {"held_out": 0.15, "polymers_per_batch": 48, "epochs": 2}
    batches = np.ceil(0.85 * polymers / 48)
    assert enough_epochs(table, numbers) * batches >= LEAST_STEPS


def all_splits():
    return [
        *studies.fewer_polymers([3, 5], 2),
        *studies.every_polymer("synthetic rows", "100"),
        *studies.other_conditions(),
        *studies.other_laboratories(),
    ]


def test_no_test_is_seen_and_held_out():
    for split in all_splits():
        assert split.seen and split.held and not set(split.seen) & set(split.held)


def test_a_left_out_polymer_is_in_no_curve_and_small_sets_are_in_larger_ones():
    table = measurements().set_index("test_id")
    splits = studies.fewer_polymers([3, 5], 2)
    for split in splits:
        groups = set(table.group_nine.loc[list(split.seen)])
        assert split.fold not in groups and len(groups) == int(split.level)
    by_size = {(s.draw, s.fold, s.level): set(s.seen) for s in splits}
    for (draw, fold, level), seen in by_size.items():
        if level == "3":
            assert seen < by_size[draw, fold, "5"]


def test_laboratories_and_bands_are_apart():
    table = measurements().set_index("test_id")
    there, back = studies.other_laboratories()
    assert set(table.lab.loc[list(there.seen)]) == {"FAA"} == set(table.lab.loc[list(back.held)])
    bands = [s for s in studies.other_conditions() if s.study == "heat flux"]
    assert sorted(i for s in bands for i in s.held) == sorted(table.index)


@pytest.mark.parametrize("arm", ["two_phase", "direct", "gaussian_process", "physics_bias"])
def test_a_unit_predicts_what_was_held_out(arm, tmp_path):
    start = tmp_path / "start"
    model = tiny_model()
    model.save(start)
    model.backbone.save_pretrained(str(tmp_path / "lm"))
    model.tokenizer.save_pretrained(str(tmp_path / "lm"))
    sources = {"phase1": [start], "language_model": [tmp_path / "lm"]}
    bench = Bench(tmp_path / "units", sources, SETTINGS)
    split = studies.fewer_polymers([3], 1)[0]
    unit = studies.units_of([split], 1, (arm,))[0]
    bench.compute(unit)
    result = bench.read(unit)
    assert set(result.tests) == set(split.held)
    assert np.isfinite(result.mean).all() and (result.factors > 0).all()
    rows = studies.run_studies(bench, [unit], "", progress=False)
    assert {row["fold"] for row in rows} == {split.fold} and {r["level"] for r in rows} == {"3"}
    assert all(row["lo"] < row["predicted"] < row["hi"] for row in rows)
    (groups,) = (f.members for f in lopo.folds_of("nine") if f.name == split.fold)
    assert {row["test_id"] for row in rows} == set(
        measurements().test_id[measurements().group_ten.isin(groups)]
    ) & set(split.held) - {r for r in split.held if np.isnan(log_targets([r])).all()}
