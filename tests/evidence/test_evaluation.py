"""Scores, tests and intervals against numbers worked out by hand; folds without leaks."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from trinity.cone.coordinates import FLUXES_KW_M2
from trinity.errors import InputError
from trinity.evidence import left_out as lopo
from trinity.evidence import predictors
from trinity.evidence.arms import ARMS, label
from trinity.evidence.left_out import Held, Unit, measured_with_physics, measurements
from trinity.evidence.scores import (
    bootstrap_interval,
    compare,
    evaluate,
    gmfe,
    primary_by_group,
    scores,
    sign_flip_p,
)
from trinity.learning.correction import UNNAMED
from trinity.learning.data import TestTable
from trinity.provenance import Job, StageResult
from trinity.quantities import TARGETS


def rows(arm, factors, target="t_ig_s", seed=0, width=0.7):
    """One fold a list of factors: predicted = factor x measured."""
    found = []
    for fold, group in enumerate(factors):
        for test, factor in enumerate(group):
            measured = 50.0 * (1 + test)
            predicted = measured * factor
            found.append(
                {
                    "arm": arm, "seed": seed, "fold": f"g{fold}", "test_id": 10 * fold + test,
                    "target": target, "measured": measured, "predicted": predicted,
                    "lo": predicted * np.exp(-width), "hi": predicted * np.exp(width),
                }
            )  # fmt: skip
    return found


def test_gmfe_is_taken_within_groups_first():
    table = pd.DataFrame(rows("a", [[2.0, 0.5, 2.0, 2.0], [1.0]]))
    (score,) = scores(table)
    assert score["gmfe"] == pytest.approx(np.sqrt(2))
    assert gmfe([np.log(2), np.nan]) == pytest.approx(2)


def test_intervals_of_scores_are_over_groups():
    """A group of forty tests is one opinion, and twenty groups of two tests are twenty."""
    one, many = (
        scores(pd.DataFrame(rows("a", factors)))[0]
        for factors in ([[1.1] * 40, [2.0], [1.1]], [*[[1.1, 1.1]] * 20, [2.0]])
    )
    assert one["gmfe_high"] > 1.5 > 1.2 > many["gmfe_high"]


def test_a_perfect_prediction_scores_perfectly():
    (score,) = scores(pd.DataFrame(rows("a", [[1.0] * 3, [1.0] * 2])))
    assert score["gmfe"] == score["gmfe_low"] == score["gmfe_high"] == score["coverage"] == 1


def test_interval_score_is_width_plus_penalty():
    found = []
    for factor in (1.0, 1.5, 1 / 1.5):
        table = pd.DataFrame(rows("a", [[factor, factor]], width=0.1))
        found.append(scores(table)[0]["interval_score"])
    assert found == pytest.approx([0.2, *[0.2 + 20 * (np.log(1.5) - 0.1)] * 2])


def test_within_a_group_each_laboratory_has_the_same_say_and_in_it_each_cell():
    """Three cells of one laboratory off by 8, 1 and 1 and one of another off by 4: half each;
    seeds are averaged first, however many a cell has."""
    table = pd.DataFrame(rows("a", [[8.0, 1.0, 1.0, 4.0], [1.0]]))
    table["lab"] = ["X", "X", "X", "Y", "X"]
    again = table.head(1).assign(seed=1)
    for given in (table, pd.concat([table, again])):
        (score,) = scores(given)
        group = (np.log(8) / 3 + np.log(4)) / 2
        assert np.log(score["gmfe"]) == pytest.approx(group / 2)
        (even,) = scores(given.drop(columns="lab"))
        assert np.log(even["gmfe"]) == pytest.approx((np.log(8) + np.log(4)) / 4 / 2)
    (score,) = scores(table.assign(hi=table["hi"].where(table["lab"] == "X", 1.1 * table["lo"])))
    assert score["coverage"] == pytest.approx(((2 / 3 + 0) / 2 + 1) / 2)
    assert score["coverage_low"] <= score["coverage"] <= score["coverage_high"]


def test_an_arm_without_intervals_has_no_coverage_and_arms_keep_their_order():
    for column in ("lo", "hi"):
        table = pd.DataFrame(rows("z", [[1.1, 1.1]]) + rows("a", [[1.2, 1.2]]))
        table.loc[table["arm"] == "z", column] = np.nan
        first, second = scores(table)
        assert (first["arm"], second["arm"]) == ("z", "a")
        names = ("coverage", "coverage_low", "coverage_high", "interval_score")
        assert [first[name] for name in names] == [None] * 4
        assert all(second[name] is not None for name in names)


def test_small_values_are_as_good_as_large_ones():
    table = pd.DataFrame(rows("a", [[2.0, 2.0]]))
    table[["measured", "predicted", "lo", "hi"]] /= 1000.0
    assert scores(table)[0]["gmfe"] == pytest.approx(2.0)


def test_primary_endpoint_is_the_mean_of_two_targets_over_groups():
    table = pd.DataFrame(
        rows("a", [[2.0], [1.0]]) + rows("a", [[1.0], [4.0]], target="phrr_kw_m2")
        + rows("a", [[9.0], [9.0]], target="thr_mj_m2")
    )  # fmt: skip
    assert primary_by_group(table).loc["a"].tolist() == pytest.approx([np.log(2) / 2, np.log(2)])


def test_sign_flip_counts_all_patterns():
    assert sign_flip_p(np.ones(9)) == pytest.approx(2 / 512)
    assert sign_flip_p(np.array([1.0, -1.0])) == 1
    assert sign_flip_p(np.array([3.0, 1.0, np.nan])) == 0.5


def test_comparison_is_paired_and_favours_the_better_arm():
    table = pd.DataFrame(
        rows("two_phase", [[1.1]] * 9) + rows("direct", [[1.5]] * 9)
        + rows("two_phase", [[1.1]] * 9, "phrr_kw_m2") + rows("direct", [[1.5]] * 9, "phrr_kw_m2")
    )  # fmt: skip
    (result,) = compare(table, "two_phase")
    assert result["other"] == "direct" and result["groups_better"] == 9
    assert result["difference"] == pytest.approx(np.log(1.5 / 1.1))
    assert result["high"] >= result["low"] > 0
    assert result["p_sign_flip"] == pytest.approx(2 / 512) and result["groups"] == 9
    found = evaluate(table)
    assert found["comparisons"] == [result] and evaluate(table, "absent")["comparisons"] == []
    assert {row["arm"]: row["mean_abs_ln"] for row in found["primary"]} == {
        "two_phase": pytest.approx(np.log(1.1)),
        "direct": pytest.approx(np.log(1.5)),
    }
    assert all(row["low"] <= row["mean_abs_ln"] + 1e-9 for row in found["primary"])
    assert all(row["high"] >= row["mean_abs_ln"] - 1e-9 for row in found["primary"])
    json.dumps(found, allow_nan=False)


def test_a_tie_is_no_group_won():
    table = pd.DataFrame(rows("two_phase", [[1.1], [1.1]]) + rows("direct", [[1.1], [1.5]]))
    (row,) = compare(table, "two_phase", ["t_ig_s"])
    assert row["groups_better"] == 1
    assert not compare(table, "two_phase")  # the primary endpoint needs both its targets


def test_arms_are_compared_on_the_cells_that_both_have():
    ours, theirs = rows("two_phase", [[1.0, 9.0], [1.0]]), rows("direct", [[2.0], [2.0, 9.0]])
    (row,) = compare(pd.DataFrame(ours + theirs), "two_phase", ["t_ig_s"])
    assert row["difference"] == pytest.approx(np.log(2.0)) and row["groups"] == 2


def test_bootstrap_interval_covers_the_mean_at_its_rate():
    rng = np.random.default_rng(0)
    hits = 0
    for k in range(200):
        low, high = bootstrap_interval(rng.normal(size=30), seed=k, draws=400)
        hits += low < 0 < high
    assert 0.87 < hits / 200 < 0.99
    many = rng.normal(size=400)
    half = 1.96 * many.std() / 20
    assert bootstrap_interval(many) == pytest.approx(
        (many.mean() - half, many.mean() + half), abs=0.1 * half
    )


@pytest.mark.parametrize("column", ["measured", "fold"])
def test_unusable_predictions_are_refused_in_one_sentence(column):
    table = pd.DataFrame(rows("a", [[1.0]]))
    with pytest.raises(InputError, match=column):
        scores(table.drop(columns=column))
    with pytest.raises(InputError, match="positive"):
        scores(table.assign(predicted=-1.0))


def test_no_key_is_on_both_sides_of_a_strict_fold():
    table = measurements()
    for _, part in table.groupby("group_nine"):
        others = table.drop(part.index)
        assert not set(part["key"]) & set(others["key"])


def test_folds_hold_out_whole_groups_and_see_all_others():
    table = measurements()
    for grouping in lopo.GROUPINGS:
        folds = lopo.folds_of(grouping)
        assert sorted(i for fold in folds for i in fold.held) == sorted(table["test_id"])
        for fold in folds:
            group = table[f"group_{grouping}"]
            assert set(group.loc[list(fold.held)]) == {fold.fold}
            assert set(fold.seen) == set(table["test_id"]) - set(fold.held)


def test_an_arm_without_randomness_has_one_seed_and_all_have_another_label():
    once = {name for name, arm in ARMS.items() if len(arm.seeds(5)) == 1}
    assert once == {
        "physics_only", "direct", "language_model_physics", "conditions_only",
        "conditions_physics", "gaussian_process", "composition_physics",
    }  # fmt: skip
    assert len({arm.label for arm in ARMS.values()}) == len(ARMS)


def test_arms_are_called_by_their_labels():
    assert label("two_phase") == "phase 1, physics" and label("physics_only") == "physics only"
    assert (
        label("direct") == ARMS["direct"].label and label("a model of yours") == "a model of yours"
    )


def answer_of(ids, off):
    measured = np.log(measurements()[list(TARGETS)].loc[list(ids)].to_numpy(float))
    return np.stack([measured + off, measured + off - 0.2, measured + off + 0.2])


def test_a_unit_is_computed_once_and_kept_under_a_name_of_its_own(tmp_path, monkeypatch):
    """Its rows have the strict group of a cell as their fold, but for the grouping ``ten``."""
    computed = []

    def compute(unit, sources):
        computed.append(unit.file)
        held = unit.split.held
        return Held(np.array(held), answer_of(held, 0.0), answer_of(held, 0.1))

    monkeypatch.setattr(Unit, "compute", compute)
    strict = {fold.fold: fold for fold in lopo.folds_of("nine")}
    loose = next(fold for fold in lopo.folds_of("ten") if fold.study == "ten")
    whole = next(fold for fold in strict.values() if set(loose.held) < set(fold.held))
    units = lopo.units_of([loose, whole], [ARMS["phase1"], ARMS["direct"]], 2)
    asked = [(unit.arm, unit.seed) for unit in units[:3]]
    assert asked == [("phase1", 0), ("phase1", 1), ("direct", 0)]
    assert {unit.start for unit in units} == {""} and len({unit.file for unit in units}) == 6
    (other,) = lopo.units_of([loose], [ARMS["direct"]], 2, start="another model")
    assert other.start == "another model" and " " not in other.file
    bench = lopo.Bench(tmp_path / "units", {})
    for unit in units:
        bench.compute(unit)
    assert sorted(path.name for path in bench.folder.iterdir()) == sorted(computed)
    table = lopo.predictions(bench, units, "", progress=False)
    assert len(computed) == 6  # none again
    of_ten = table[table["study"] == "ten"]
    assert set(of_ten["fold"]) == {loose.fold} and set(table["fold"]) == {loose.fold, whole.fold}
    assert set(table["arm"]) == {"phase1", "direct"} and set(table["seed"]) == {0, 1}
    assert set(table["level"]) == {""}


def test_scores_are_told_apart_by_whether_the_laboratory_was_named(tmp_path, monkeypatch):
    def told(bench, units, label, progress):
        ids = measurements()["test_id"].tolist()
        held = Held(np.array(ids), answer_of(ids, 0.3), answer_of(ids, 0.1))
        about = {"arm": "two_phase", "seed": 0, "study": "nine", "level": ""}
        table = pd.DataFrame(held.rows(about))
        return table.assign(fold=table["test_id"].map(measurements()["group_nine"]))

    monkeypatch.setattr(lopo, "predictions", told)
    found = lopo.run({}, 1, tmp_path, progress=False)["scores"]
    for grouping in lopo.GROUPINGS:
        for name, error in (("hidden", 0.3), ("known", 0.1)):
            said = found[grouping][name]
            assert set(said) == {"scores", "primary", "comparisons"}
            assert said["primary"][0]["mean_abs_ln"] == pytest.approx(error, abs=1e-4)
            assert {row["target"] for row in said["scores"]} == set(TARGETS)


def test_the_stage_takes_models_and_seeds_from_where_they_are(tmp_path, monkeypatch):
    made = {
        name: StageResult(name, {}, tmp_path, tmp_path / name) for name in ("pretraining", "phase0")
    }
    asked = {}
    monkeypatch.setattr(lopo, "member_folders", lambda folder: [folder / "0", folder / "1"])
    monkeypatch.setattr(lopo, "run", lambda *given: asked.update(enumerate(given)) or {"done": 1})
    job = Job({"evaluation": {"seeds": 3}}, 0, made, tmp_path / "units", False)
    assert lopo.leave_one_out(job) == {"done": 1}
    members = [tmp_path / "pretraining" / "0", tmp_path / "pretraining" / "1"]
    assert asked[0] == {"phase1": members, "language_model": [tmp_path / "phase0"]}
    assert [asked[place] for place in (1, 2, 3)] == [3, tmp_path / "units", False]


def test_physics_alone_is_as_unsure_as_the_properties_of_each_slab(monkeypatch):
    spread = {"*CC*": 0.1, "*CC(*)C": 0.2}

    def by_hand(polymer, thickness_mm):
        return np.full((len(FLUXES_KW_M2), 4), spread[polymer[0][0]] * thickness_mm)

    monkeypatch.setattr(predictors, "physics_spread", by_hand)
    units = [((unit, 1.0),) for unit in spread]
    conditions = np.array([[50.0, 3.0], [50.0, 6.0], [50.0, 3.0]])
    grid, _ = TestTable(units, np.array([0, 0, 1]), conditions, np.full(3, UNNAMED)).on_grid()
    found = predictors.predictor(ARMS["physics_only"], grid, seed=0, sources={})(grid)
    expected = np.array(list(spread.values()))[grid.polymer_of] * grid.conditions[:, 1]
    np.testing.assert_allclose(found.log_sigma, np.tile(expected[:, None], (1, 4)))
    assert (found.ignition == 1).all()


def test_composition_is_standardised_on_the_polymers_that_were_learned_from():
    training = measured_with_physics()
    by_hand = predictors._by_hand(training)
    each = by_hand(replace(training, polymer_of=np.arange(len(training.polymers))))
    np.testing.assert_allclose(each.mean(0), 0.0, atol=1e-9)
    differing = predictors.descriptors(training.polymers).std(0) > 1e-6
    np.testing.assert_allclose(each.std(0), differing.astype(float), atol=1e-9)
    assert by_hand(training).shape == (len(training), 7)
    np.testing.assert_array_equal(by_hand(training), each[training.polymer_of])


@pytest.mark.parametrize("arm", ["gaussian_process", "composition_physics", "conditions_only"])
def test_a_start_from_composition_reads_the_composition_and_no_other_does(arm, monkeypatch):
    read = []
    monkeypatch.setattr(
        predictors.Correction, "fit", lambda tests, known, physics: read.append(tests)
    )
    training = measured_with_physics()
    predictors.predictor(ARMS[arm], training, seed=0, sources={})
    if arm == "conditions_only":
        assert read[0].features is None
    else:
        np.testing.assert_array_equal(read[0].features, predictors._by_hand(training)(training))


def test_seeds_start_from_models_of_their_own(monkeypatch):
    monkeypatch.setattr(predictors, "_load", lambda headless, folder: (headless, folder))
    sources = {"phase1": ["a", "b"], "language_model": ["c"]}
    assert predictors._model("phase1", 0, sources) == (False, "a")
    assert predictors._model("phase1", 3, sources) == (False, "b")
    assert predictors._model("language_model", 3, sources) == (True, "c")
    assert predictors._model("composition", 0, sources) is None


def test_rows_have_physical_units_with_the_laboratory_hidden_and_named():
    ids = np.array([3, 0])
    measured = np.log(measurements()[list(TARGETS)].loc[ids].to_numpy(float))
    hidden = np.stack([measured, measured - 0.2, measured + 0.2])
    held = Held(ids, hidden, np.stack([measured + 0.1, measured - 0.1, measured + 0.3]))
    rows = pd.DataFrame(held.rows({"arm": "a", "seed": 0, "fold": "g"}))
    assert len(rows) == 2 * np.isfinite(measured).sum()
    for row in rows.itertuples():
        off = 0.1 if row.lab_known else 0.0
        assert row.measured == pytest.approx(measurements()[row.target].loc[row.test_id], rel=1e-4)
        assert np.log(row.predicted / row.measured) == pytest.approx(off, abs=2e-4)
        assert np.log(row.hi / row.lo) == pytest.approx(0.4, abs=2e-4)
