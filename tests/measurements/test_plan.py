"""The analysis plan: it parses, says what it must, agrees with itself, and has a hash."""

import tomllib

import pytest

from trinity.files import data_path
from trinity.provenance import data_hash

SECTIONS = (
    "data", "split", "endpoint", "factorial", "arms", "primary_questions", "test",
    "shipped_model", "noise_model", "intervals", "milligram_informed", "second_properties",
    "gradient_finetuning", "encoder_choice", "exploratory", "bars", "rehearsal", "entries",
)  # fmt: skip


@pytest.fixture(scope="module")
def plan() -> dict:
    return tomllib.loads(data_path("analysis_plan.toml").read_text(encoding="utf-8"))


def test_every_section_is_there_and_the_file_has_a_hash(plan):
    assert set(SECTIONS) <= set(plan)
    assert len(data_hash(["analysis_plan.toml"])) == 64


def test_it_says_that_a_rehearsal_came_before_and_that_nothing_was_tuned_to_it(plan):
    assert "rehearsal on these same labels preceded" in plan["what_preceded"]
    assert "Nothing was tuned to it" in plan["what_preceded"]


def test_three_primary_questions_are_cells_of_the_factorial(plan):
    questions = plan["primary_questions"]
    assert [q["number"] for q in questions] == [1, 2, 3]
    known = {*plan["factorial"]["starts"], *plan["arms"]}
    assert all({q["better"], q["worse"]} <= known for q in questions)


def test_groups_are_nine_and_ten_and_the_primary_targets_two(plan):
    assert (len(plan["split"]["nine"]), len(plan["split"]["ten"])) == (9, 10)
    assert plan["endpoint"]["targets"] == ["t_ig_s", "phrr_kw_m2"]


def test_every_hyperparameter_of_the_shipped_kernel_has_a_prior(plan):
    model = plan["shipped_model"]
    assert all(name in model["kernel"] for name in model["priors"])
    assert all({"median", "sigma"} == set(prior) for prior in model["priors"].values())


def test_entries_are_dated_in_order(plan):
    dates = [entry["date"] for entry in plan["entries"]]
    assert dates[0] == plan["declared"] and dates == sorted(dates)
    assert all(entry["what"] and entry["reason"] for entry in plan["entries"])
