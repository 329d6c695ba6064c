"""What commands print for people: digits, units, words; names in place of repeat units."""

import json
import re

import pytest
from test_cli import call

from trinity.chemistry.properties import estimate
from trinity.cli.shown import QUANTITIES, figures, print_test, with_sigma

PMMA = "*CC(*)(C)C(=O)OC"


@pytest.mark.parametrize(
    "value, sigma, shown",
    [
        (1217.0, 152.0, ("1220", "± 150")),
        (0.18, 0.045, ("0.180", "± 0.045")),
        (40.25, 2.4, ("40.2", "± 2.4")),
        (376.9, 41.0, ("377", "± 41")),
        (9.96, 0.0996, ("9.96", "± 0.10")),
        (317.0, 99.6, ("320", "± 100")),
        (0.0, 0.0, ("0", "± 0")),
    ],
)
def test_a_value_has_the_digits_that_its_error_leaves(value, sigma, shown):
    assert with_sigma(value, sigma) == shown


def test_figures_are_significant():
    assert [figures(x) for x in (1541.3, 40.5, 0.0123456, None, float("nan"))] == [
        "1540", "40.5", "0.0123", "no ignition", "no ignition"
    ]  # fmt: skip


def test_every_property_has_words():
    for polymer in (PMMA, "*CC(*)Cl"):
        assert not set(estimate(polymer).to_dict()["properties"]) - set(QUANTITIES)


def test_estimate_of_a_name_is_that_of_its_polymer(capsys):
    by_name, as_written = (
        json.loads(call(capsys, "estimate", text, "--json")[1]) for text in ("PMMA", PMMA)
    )
    assert by_name == as_written


def test_cone_of_a_name_is_that_of_its_polymer(capsys):
    by_name, as_written = (
        json.loads(call(capsys, "cone", text, "--samples", 2, "--json")[1])
        for text in ("PMMA", PMMA)
    )
    assert by_name == as_written


@pytest.mark.parametrize("command", ["estimate", "cone", "predict"])
def test_an_unknown_name_ends_in_a_question(command, capsys):
    code, out, err = call(capsys, command, "PMAA")
    assert (code, out) == (1, "")
    assert err == "Error: There is no polymer named 'PMAA'; did you mean PMA, PAA or PMMA?\n"


def test_estimate_prints_a_table(capsys):
    _, out, _ = call(capsys, "estimate", "PMMA", "--t50", "360±3C")
    lines = out.splitlines()
    assert lines[0] == f"PMMA, {PMMA}"
    row = next(line for line in lines if line.startswith("heat of combustion of the gas"))
    assert re.fullmatch(r"heat of combustion of the gas +\d\d\.\d +± \d\.\d +MJ/kg", row)
    assert re.search(r"half decomposed at 10 K/min, measured +633\.1 +± 3\.0 +K\n", out)
    assert "e+" not in out and "_" not in out


def test_a_melting_point_is_shown_only_where_there_is_one(capsys):
    assert "melting" not in call(capsys, "estimate", "PS")[1]
    assert "melting point" in call(capsys, "estimate", "HDPE")[1]


def test_doubts_are_told(capsys):
    assert "doubtful: heat of combustion: silicon" in call(capsys, "estimate", "silicone")[1]


def test_cone_prints_a_table_and_names_what_it_wrote(capsys, tmp_path):
    plot = tmp_path / "hrr.png"
    _, out, err = call(capsys, "cone", "PS", "--samples", 5, "--plot", plot)
    assert out.startswith("PS, *CC(*)c1ccccc1, 50 kW/m², 6 mm: simulated cone test\n")
    assert re.search(r"time to ignition +40\.5 +[\d.]+ to [\d.]+ +s\n", out)
    assert re.search(r"peak heat release rate .* kW/m²\n", out)
    assert "if it ignites" not in out
    assert err.splitlines()[-1] == f"wrote {plot}"


def test_what_may_not_ignite_is_said_to_be_conditional(capsys):
    _, out, _ = call(capsys, "cone", "PEEK", "--flux", 28, "--samples", 20)
    assert "nominal, if it ignites" in out
    assert float(out.split("probability of ignition: ")[1].split()[0]) < 1


def test_the_simulated_curve_goes_on_to_its_end(capsys):
    """A specimen that has burnt out releases no more heat."""
    answer = json.loads(call(capsys, "cone", "PS", "--samples", 1, "--json")[1])
    assert answer["curve"]["hrr_kw_m2"][-1] == 0.0
    assert answer["curve"]["time_s"][-1] > answer["t_peak_s"]


@pytest.mark.slow
def test_predict_answers_a_name_as_its_polymer(capsys):
    found = json.loads(call(capsys, "predict", "PMMA", PMMA, "--fast", "--json")[1])
    assert found[0] == found[1]
    _, out, _ = call(capsys, "predict", "PVC", "--flux", 20)
    assert "probably does not ignite (probability of ignition 0." in out
    assert "predicted, if it ignites" in out
    assert "outside the domain of the model: A heat flux below" in out


def test_stages_print_no_dictionaries(capsys, monkeypatch):
    from trinity.cli import learning

    factors = dict.fromkeys(("t_ig_s", "phrr_kw_m2", "thr_mj_m2", "t_peak_s"), 1.5)
    summary = {"results": "a.json", "members": 5, "held_out": [factors], "by_arm": factors}
    monkeypatch.setattr(learning, "summary", lambda *_: summary | {"deep": {"x": {"y": 1}}})
    for command in ("pretrain", "finetune"):
        _, out, _ = call(capsys, command)
        assert "{" not in out and "[" not in out
        assert "members: 5\n" in out
        assert re.search(r"by arm( +1\.50){4}\n", out)


def test_cone_says_first_that_a_specimen_probably_does_not_ignite(capsys):
    code, out, _ = call(capsys, "cone", "PEEK", "--flux", 22, "--samples", 20)
    assert code == 0 and out.splitlines()[1].startswith("probably does not ignite")
    assert "if it ignites" not in out and "over 1800" in out


def test_an_interval_that_holds_no_heat_still_holds_its_value(capsys):
    code, out, _ = call(capsys, "cone", "*O*", "--samples", 20, "--json")
    found = json.loads(out)
    assert code == 0 and found["thr_mj_m2_lo"] <= found["thr_mj_m2"] <= found["thr_mj_m2_hi"]


def test_only_a_bound_is_written_as_one(capsys):
    """A time beyond the watch for ignition is a time, unless it stands for none."""
    answer = dict.fromkeys(("flux_kw_m2", "thickness_mm", "ignition_probability", "t_ig_s"), 1.0)
    answer |= {"t_ig_s_lo": 900.0, "t_ig_s_hi": 2500.0}
    print_test(answer, ("t_ig_s",), "x", "predicted")
    print_test(answer, ("t_ig_s",), "x", "nominal", bounds={"t_ig_s": 2500.0})
    said = capsys.readouterr().out
    assert "900 to 2500" in said and "900 to over 2500" in said
