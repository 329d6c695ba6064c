"""The model card shows computed numbers, and every name in it has one."""

import json
import re

import pytest
from trinity_book import card_numbers


def test_every_name_in_the_card_is_computed(root):
    pytest.importorskip("rdkit")
    from trinity_book.numbers import substitutions

    text = (root / "book" / "model_card.md").read_text(encoding="utf-8")
    names = set(re.findall(r"{{ (\w+) }}", text))
    known = card_numbers.numbers()
    assert names <= known.keys() | substitutions().keys()
    assert {name for name in names if name.startswith("card_")} == known.keys()


def test_no_score_is_typed(root):
    text = (root / "book" / "model_card.md").read_text(encoding="utf-8")
    assert not re.search(r"\d\.\d", text)


def test_the_numbers_are_those_of_the_results(root):
    results = root / "data" / "artifacts" / "results"
    known = card_numbers.numbers()
    rows = json.loads((results / "lopo.json").read_text())["scores"]["nine"]["scores"]
    row = next(r for r in rows if r["arm"] == "two_phase" and r["target"] == "phrr_kw_m2")
    assert known["card_factor_phrr"].startswith(f"{row['gmfe']:.2f} (")
    minutes = sum(
        json.loads((results / file).read_text())["provenance"]["wall_time"] / 60
        for file in card_numbers.STAGES
        if (results / file).is_file()
    )
    assert known["card_minutes_all"] == f"{minutes:.0f}"
    kilowatt_hours = card_numbers.WATT / 1000 * minutes / 60
    assert float(known["card_energy"]) == pytest.approx(kilowatt_hours, abs=0.006)
