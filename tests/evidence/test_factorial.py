"""The factorial and the three questions: effects, corrected p-values, and the power of nine."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from trinity.evidence.arms import ARMS, CELLS
from trinity.evidence.factorial import (
    factorial,
    groups_needed,
    holm,
    plan,
    primary_questions,
    verdict,
)
from trinity.quantities import PRIMARY

PLAN = plan()


def predictions(errors: dict[str, list[float]]) -> pd.DataFrame:
    """Held-out rows of arms whose |ln| error in each group is given."""
    return pd.DataFrame(
        {"arm": arm, "seed": 0, "fold": f"g{g}", "lab": "A", "test_id": g, "target": target,
         "measured": 1.0, "predicted": np.exp(error), "lo": 0.5, "hi": 2.0}
        for arm, groups in errors.items()
        for g, error in enumerate(groups)
        for target in PRIMARY
    )  # fmt: skip


def noisy(mean: float, groups: int = 9, seed: int = 0) -> list[float]:
    return (mean + np.random.default_rng(seed).uniform(-0.02, 0.02, groups)).tolist()


ALL = {name: noisy(0.3 + 0.01 * i, seed=i) for i, name in enumerate(ARMS)}


def test_the_cells_are_those_of_the_plan():
    declared = PLAN["factorial"]
    assert {start for start, _ in CELLS} == set(declared["starts"])
    assert len(CELLS) == 2 * len(declared["starts"]) and "composition" in {
        arm.start for arm in ARMS.values() if arm.study == "further"
    }
    assert [arm.name for arm in ARMS.values() if arm.published] == list(PLAN["arms"])
    assert CELLS["phase1", True].name == PLAN["shipped_model"]["name"]
    assert CELLS["language_model", False].name == "direct"


def test_every_row_has_the_promised_keys_and_phase_1_is_compared_with_nothing():
    rows = factorial(predictions(ALL), predictions(ALL))
    assert len(rows) == 10
    for row in rows:
        assert {"start", "physics", "lab_hidden", "lab_known", "low", "high", "p", "p_holm"} <= {
            *row
        }
        empty = [row[name] is None for name in ("low", "high", "p", "p_holm")]
        assert all(empty) if row["start"] == "phase1" else not any(empty)


def test_an_effect_is_what_phase_1_saves_under_the_same_physics():
    errors = ALL | {"phase1": noisy(0.5), "two_phase": noisy(0.2), "direct": noisy(0.6)}
    rows = {(r["start"], r["physics"]): r for r in factorial(predictions(errors), predictions(ALL))}
    row = rows["language_model", False]
    assert row["effect"] == pytest.approx(0.1, abs=1e-9)
    assert row["low"] <= row["effect"] <= row["high"]
    assert row["p"] == pytest.approx(2 / 2**9)  # every group agrees: the least that nine can give
    assert row["lab_hidden"] == pytest.approx(np.mean(errors["direct"]))
    assert row["lab_known"] == pytest.approx(np.mean(ALL["direct"]))


def test_the_correction_is_over_the_rows_with_the_same_physics():
    rows = factorial(predictions(ALL), predictions(ALL))
    for physics in (True, False):
        family = [r for r in rows if r["physics"] == physics and r["p"] is not None]
        assert [r["p_holm"] for r in family] == holm([r["p"] for r in family])


@given(st.lists(st.floats(0.0001, 1.0), min_size=1, max_size=8))
def test_holm_keeps_order_and_lies_between_no_correction_and_bonferroni(p):
    adjusted = holm(p)
    assert all(
        a >= b and a <= min(1.0, len(p) * b) + 1e-12 for a, b in zip(adjusted, p, strict=True)
    )
    by_p = [a for _, a in sorted(zip(p, adjusted, strict=True))]
    assert by_p == sorted(by_p)
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_the_questions_are_the_declared_ones_and_their_correction_is_over_three():
    errors = ALL | {"direct": noisy(0.6), "phase1": noisy(0.5), "random_physics": noisy(0.31)}
    rows = primary_questions(predictions(errors))
    assert [row["question"] for row in rows] == [q["question"] for q in PLAN["primary_questions"]]
    assert [row["p_holm"] for row in rows] == holm([row["p"] for row in rows])
    first, second, third = (row["effect"] for row in rows)
    assert first == pytest.approx(np.mean(errors["direct"]) - np.mean(errors["phase1"]))
    assert second == pytest.approx(np.mean(errors["random_physics"]) - np.mean(errors["two_phase"]))
    assert third == pytest.approx(np.mean(errors["physics_only"]) - np.mean(errors["two_phase"]))


def test_the_groups_that_are_needed_have_the_power():
    rng = np.random.default_rng(1)
    sample = rng.normal(size=9)
    sample = 0.1 + 0.2 * (sample - sample.mean()) / sample.std(ddof=1)
    needed = groups_needed(sample)
    drawn = rng.normal(0.1, 0.2, (20_000, needed))
    seen = np.mean(stats.ttest_1samp(drawn, 0.0, axis=1).pvalue < 0.05)
    assert seen == pytest.approx(0.80, abs=0.02)
    fewer = np.mean(stats.ttest_1samp(drawn[:, :-2], 0.0, axis=1).pvalue < 0.05)
    assert fewer < 0.80
    assert groups_needed(-sample) == needed
    assert groups_needed(np.zeros(9)) is None and groups_needed(np.array([0.1])) is None


@pytest.mark.parametrize(("effect", "needed"), [(0.2, 199), (0.5, 34), (1.0, 10), (2.0, 5)])
def test_the_groups_that_are_needed_are_the_known_sample_sizes(effect, needed):
    """Two-sided paired t-test at 5 % with power 80 %, as programs for sample sizes give them."""
    sample = np.array([-1.0, 0.0, 1.0]) + effect  # standard deviation 1
    assert groups_needed(sample) == needed


def test_power_is_asked_of_the_difference_of_the_two_arms():
    for row, asked in zip(
        primary_questions(predictions(ALL)), PLAN["primary_questions"], strict=True
    ):
        better, worse = (
            np.array(ALL[CELLS[key].name if key in CELLS else key[0]])
            for key in (
                (asked[side], asked["physics_at_prediction"]) for side in ("better", "worse")
            )
        )
        assert row["groups_for_80_percent_power"] == groups_needed(worse - better)


@pytest.mark.parametrize(
    ("low", "high", "p", "said"),
    [(0.1, 0.3, 0.01, "shown"), (0.1, 0.3, 0.2, "not shown"), (-0.1, 0.3, 0.01, "not shown"),
     (-0.3, -0.1, 0.01, "contradicted"), (-0.3, -0.1, 0.06, "not shown")],
)  # fmt: skip
def test_a_verdict_needs_the_interval_and_the_corrected_p(low, high, p, said):
    assert verdict({"low": low, "high": high, "p_holm": p}) == said
