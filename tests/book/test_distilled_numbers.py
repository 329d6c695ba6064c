"""What pages say of the distilled networks is computed from their results, and all of it said."""

import json
import re

from trinity_book import distilled_numbers


def test_every_name_is_computed_and_every_number_used(root):
    pages = [root / "book" / name for name in ("using.md", "model_card.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    named = set(re.findall(r"{{ (fast_\w+) }}", text))
    assert named == distilled_numbers.numbers().keys()


def test_the_numbers_are_those_of_the_results(root):
    results = root / "data" / "artifacts" / "results"
    found = json.loads((results / "distillation.json").read_text())
    known = distilled_numbers.numbers()
    row = next(
        r for r in found["scores"]["scores"]
        if r["arm"] == "distilled" and r["target"] == "t_ig_s"
    )  # fmt: skip
    assert known["fast_factor_t_ig_all"].startswith(f"{row['gmfe']:.2f} (")
    rates = json.loads((results / "prediction_speed.json").read_text())["rates"]
    assert known["fast_rate_one"] == f"{rates['one distilled network']:,.0f}"


def test_students_were_scored_on_every_strict_group(root):
    found = json.loads((root / "data/artifacts/results/distillation.json").read_text())
    for arm in ("ensemble", "distilled", "distilled_alone"):
        rows = [row for row in found["predictions"] if row["arm"] == arm]
        assert len({row["fold"] for row in rows}) == 9
        assert all(row["lo"] < row["predicted"] < row["hi"] for row in rows)
    seeds = {row["seed"] for row in found["predictions"] if row["arm"] == "distilled_alone"}
    assert len(seeds) == found["members"] == 5
