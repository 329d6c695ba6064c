"""Scores, tests and intervals against numbers worked out by hand; folds without leaks."""

import json

import numpy as np
import pandas as pd
import pytest
from learning_tools import toy_table

from trinity.errors import InputError
from trinity.evidence import left_out as lopo
from trinity.evidence.arms import ARMS, EvaluationSettings, of_study
from trinity.evidence.held import Held, Unit, log_targets, measurements
from trinity.evidence.scores import (
    bootstrap_interval,
    compare,
    evaluate,
    gmfe,
    primary_by_group,
    scores,
    sign_flip_p,
)
from trinity.learning.baselines import candidates as baselines
from trinity.learning.baselines import predict_baseline
from trinity.learning.data import tests_of as read_tests
from trinity.learning.intervals import conformal_quantile
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
    assert score["gmfe_tests"] == pytest.approx(2 ** (4 / 5))
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
    assert score["gmfe"] == score["r2_log"] == score["coverage"] == 1
    assert score["median_ape"] == score["relative_l2"] == 0


def test_interval_score_is_width_plus_penalty():
    found = []
    for factor in (1.0, 1.5, 1 / 1.5):
        table = pd.DataFrame(rows("a", [[factor, factor]], width=0.1))
        found.append(scores(table)[0]["interval_score"])
    assert found == pytest.approx([0.2, *[0.2 + 20 * (np.log(1.5) - 0.1)] * 2])


def test_measures_beside_the_error_factor_are_those_of_their_formulas():
    table = pd.DataFrame(rows("a", [[2.0, 1.0], [0.5, 1.2]]))
    (score,) = scores(table)
    measured, predicted = (
        np.array([50.0, 100.0, 50.0, 100.0]),
        np.array([100.0, 100.0, 25.0, 120.0]),
    )
    error, centred = np.log(predicted / measured), np.log(measured / np.sqrt(5000.0))
    assert score["r2_log"] == pytest.approx(1 - (error**2).sum() / (centred**2).sum())
    assert score["relative_l2"] == pytest.approx(np.sqrt((50**2 + 25**2 + 20**2) / 25000.0))
    assert score["median_ape"] == pytest.approx(100 * (0.2 + 0.5) / 2)
    assert 1 < score["gmfe_low"] < score["gmfe"] < score["gmfe_high"]
    assert score["coverage"] == score["coverage_low"] == score["coverage_high"] == 1


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
    assert compare(table, "two_phase")[0]["groups_better"] == 1


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


def test_conformal_factor_covers_groups_not_tests():
    ratios = np.concatenate([np.full(90, 0.5), [3.0], np.full(9, 1.0)])
    groups = ["many"] * 90 + ["one"] + ["few"] * 9
    assert conformal_quantile(ratios, groups) == 3.0
    assert conformal_quantile(ratios, ["same"] * 100) == 0.5
    assert conformal_quantile(np.arange(1.0, 11.0), list("abcdefghij")) == 9.0
    assert conformal_quantile(np.arange(1.0, 11.0), list("abcdefghij"), 1.0) == 10.0
    rng = np.random.default_rng(1)
    draws, names = np.abs(rng.normal(size=9000)), np.repeat(np.arange(90), 100)
    assert conformal_quantile(draws, names) == pytest.approx(1.645, abs=0.06)


@pytest.mark.parametrize("column", ["measured", "fold"])
def test_unusable_predictions_are_refused_in_one_sentence(column):
    table = pd.DataFrame(rows("a", [[1.0]]))
    with pytest.raises(InputError, match=column):
        scores(table.drop(columns=column))
    with pytest.raises(InputError, match="positive"):
        scores(table.assign(predicted=-1.0))


def test_inner_folds_never_touch_the_outer_fold_and_never_leave_it_in():
    for grouping in lopo.GROUPINGS:
        for fold in lopo.folds_of(grouping):
            inner = fold.inner()
            assert fold.name not in {f.name for f in inner} or grouping == "ten"
            assert len(inner) == (9 if fold.name in ("HIPS", "ABS") else 8)
            for one in inner:
                assert set(fold.members) < set(one.out) and not set(fold.members) & set(one.members)
                assert set(one.out) == {*fold.members, *one.members}


def test_no_key_is_on_both_sides_of_a_strict_fold():
    table = measurements()
    for _, part in table.groupby("group_nine"):
        others = table.drop(part.index)
        assert not set(part["key"]) & set(others["key"])


def test_pairs_of_folds_are_trained_once():
    settings = EvaluationSettings(candidates=4, checkpoints=(5,))
    folds = [fold for grouping in lopo.GROUPINGS for fold in lopo.folds_of(grouping)]
    units = set(lopo.inner_units([ARMS["gaussian_process"]], folds, settings))
    assert not lopo.inner_units([ARMS["two_phase"]], folds, settings)  # nothing to choose
    # 36 pairs of strict groups; HIPS or ABS with each of the eight others, and with each other.
    assert len({u.left_out for u in units}) == len(units) == 36 + 8 + 8 + 1


def test_the_arms_of_lopo_json_are_those_of_the_design():
    assert [arm.name for arm in of_study("main")] == [
        "physics_only", "phase1_only", "direct", "two_phase", "conditions_only", "random_forest",
        "gaussian_process",
    ]  # fmt: skip
    for name, arm in ARMS.items():
        assert name == arm.name and arm.study in ("main", "control", "slow") and arm.label
        assert bool(arm.start) == (arm.family in ("network", "finetuned"))
        assert len(arm.seeds(EvaluationSettings(seeds=5))) == (1 if arm.deterministic else 5)
    assert len({arm.label for arm in ARMS.values()}) == len(ARMS)


def test_no_tuned_arm_has_more_than_the_budget_and_the_declared_process_has_nothing_to_choose():
    settings = EvaluationSettings()
    counts = {a.name: len(a.configurations(settings)) for a in of_study("main") if a.learns}
    assert max(counts.values()) == 24 and counts["two_phase"] == 1 and len(counts) == 5


def test_choice_looks_at_inner_errors_of_the_primary_targets_only():
    table = measurements()
    results = {}
    for name in ("PE", "PP"):
        ids = table.test_id[table.group_nine == name].to_numpy()
        truth = log_targets(ids)
        good, bad = truth + 0.1, truth + 0.3
        bad[:, 2:] = truth[:, 2:]  # better where it does not count
        results[name] = Held(ids, np.stack([bad, good]), np.ones((2, *truth.shape)))
    best, together = lopo.best_few(results)
    assert best == [1]
    assert lopo.calibrated(together) == pytest.approx([0.1] * len(TARGETS))


def test_averaged_with_equal_weights_they_are_as_unsure_as_they_disagree():
    tests = np.array([0])
    mean = np.array([[[0.0] * 4], [[2.0] * 4], [[9.0] * 4]])
    held = Held(tests, mean, np.array([[[1.0] * 4], [[1.0] * 4], [[5.0] * 4]]))
    both = held.averaged([0, 1])
    assert both.mean == pytest.approx(1.0) and both.sigma == pytest.approx(np.sqrt(2.0))
    alone = held.averaged([2])
    assert alone.mean == pytest.approx(9.0) and alone.sigma == pytest.approx(5.0)


def test_every_configuration_of_an_arm_is_another_one():
    for arm in ARMS.values():
        if arm.family == "finetuned":
            found = arm.configurations(EvaluationSettings())
            assert len(set(found)) == len(found) <= 24
            assert len(arm.configurations(EvaluationSettings(candidates=2, checkpoints=(5,)))) <= 2


def test_only_arms_that_say_so_read_physics():
    for arm in ARMS.values():
        if arm.family == "finetuned":
            found = arm.configurations(EvaluationSettings())
            closed = [settings for settings in found if settings.mode == "kernel"]
            assert any(settings.physics for settings in closed) == arm.physics


def test_residual_baselines_predict_the_physics_where_it_leaves_nothing():
    tests = read_tests(toy_table())
    tests.physics = tests.coordinates - 0.3
    chosen = np.arange(len(tests)) % 3 == 0
    candidate = baselines("conditions_only")[0]
    mean, _ = predict_baseline(candidate, tests.take(~chosen), tests.take(chosen), 0, physics=True)
    np.testing.assert_allclose(mean[:, :2], np.log(tests.targets[chosen, :2]), atol=1e-6)


def test_a_part_of_held_out_predictions_is_about_some_polymers():
    table = measurements()
    ids = table.test_id[table.group_nine == "styrenics"].to_numpy()
    mean = np.arange(2 * len(ids) * 4.0).reshape(2, -1, 4)
    part = Held(ids, mean, mean + 1).of(["ABS"])
    assert set(table.polymer[table.test_id.isin(part.tests)]) == {"ABS"}
    assert part.mean.shape == part.sigma.shape == (2, len(part.tests), 4)
    assert np.array_equal(part.sigma, part.mean + 1)


def test_rows_have_physical_units_and_an_interval_of_their_own_counts():
    ids = np.array([3, 0])
    mean = log_targets(ids)[None]
    about = {"arm": "a", "seed": 0, "fold": "g"}
    first = Held(ids, mean, np.full_like(mean, 0.1)).rows(about, [2.0] * 4)
    own = Held(ids, mean, np.zeros_like(mean), mean - 1, mean + 1).rows(about, [2.0] * 4)
    assert [row["test_id"] for row in first] == [row["test_id"] for row in own]
    for row, other in zip(first, own, strict=True):
        assert row["measured"] == row["predicted"] == other["predicted"]
        assert row["measured"] == pytest.approx(
            measurements()[row["target"]].loc[row["test_id"]], rel=1e-4
        )
        assert np.log(row["hi"] / row["predicted"]) == pytest.approx(2 * 0.1, abs=1e-4)
        assert np.log(other["predicted"] / other["lo"]) == pytest.approx(1, abs=1e-4)


def test_unit_files_tell_units_apart():
    units = [Unit(a, s, o, c) for a in ARMS for s in (0, 1) for o in (("PE",), ("PE", "PP"))
             for c in ((0, 1), (0,), (1,))]  # fmt: skip
    assert len({u.file for u in units}) == len(units)
