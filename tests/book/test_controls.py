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

from trinity.evidence.arms import ARMS
from trinity.evidence.left_out import Bench, measurements, predictions, units_of
from trinity.learning.data import tests_of as read_tests
from trinity.learning.phase1 import split_by_polymer


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
        *studies.polymer_and_laboratory(),
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


def test_a_polymer_and_its_laboratory_are_both_unseen():
    table = measurements()
    splits = studies.polymer_and_laboratory()
    for split in splits:
        held, seen = table.loc[list(split.held)], table.loc[list(split.seen)]
        assert held["group_nine"].nunique() == held["lab"].nunique() == 1
        assert not set(held["group_nine"]) & set(seen["group_nine"])
        assert not set(held["lab"]) & set(seen["lab"])
    assert sorted(i for split in splits for i in split.held) == sorted(table["test_id"])


@pytest.mark.parametrize("arm", ["two_phase", "direct", "gaussian_process", "random_forest"])
def test_a_unit_predicts_what_was_held_out(arm, tmp_path):
    model = tiny_model()
    model.save(tmp_path / "start")
    model.backbone.save_pretrained(str(tmp_path / "lm"))
    model.tokenizer.save_pretrained(str(tmp_path / "lm"))
    sources = {"phase1": [tmp_path / "start"], "language_model": [tmp_path / "lm"]}
    bench = Bench(tmp_path / "units", sources)
    split = studies.fewer_polymers([3], 1)[0]
    (unit,) = units_of([split], [ARMS[arm]], 1)
    rows = predictions(bench, [unit], "", progress=False)
    assert set(rows["fold"]) == {split.fold} and set(rows["level"]) == {"3"}
    assert (rows["lo"] < rows["predicted"]).all() and (rows["predicted"] < rows["hi"]).all()
    assert set(rows["test_id"]) == set(split.held)
    before = (bench.folder / unit.file).stat().st_mtime_ns
    again = predictions(bench, [unit], "", progress=False)
    assert again.equals(rows) and (bench.folder / unit.file).stat().st_mtime_ns == before
