"""Milligram measurements take the place of estimates, in Python, commands and tables."""

import json

import numpy as np
import pytest

from trinity.chemistry.measured import COLUMNS, QUANTITIES, of_row, read
from trinity.chemistry.polymers import Polymer
from trinity.chemistry.properties import estimate
from trinity.chemistry.sampling import LIMITS, arrhenius, sample_parameters
from trinity.chemistry.thermochemistry import decomposition_heat, gas_heat_of_combustion
from trinity.cone.predict import predict
from trinity.errors import InputError

PS, PVC = "*CC(*)c1ccccc1", "*CC(*)Cl"
GAS = "gas_heat_of_combustion_j_kg"
GIVEN = {"t50_k": "430±5C", "char_yield": "15%", GAS: "25.1MJ/kg"}


@pytest.mark.parametrize(
    ("name", "texts", "value"),
    [
        ("t50_k", ("430C", "430 °C", "703.15K", "703.15 k", 703.15), 703.15),
        ("char_yield", ("0.15", "15%", "15 %", ".15", 0.15), 0.15),
        (GAS, ("25.1MJ/kg", "25.1 kJ/g", "25100 J/g", "2.51e7 J/kg", 2.51e7), 2.51e7),
    ],
)
def test_units_and_numbers_say_the_same(name, texts, value):
    for text in texts:
        ((found, number, sigma),) = read({name: text})
        assert found == name and number == pytest.approx(value) and sigma > 0


@pytest.mark.parametrize(
    ("name", "text", "sigma"),
    [
        ("t50_k", "430±7C", 7.0), ("t50_k", "430+/-7 C", 7.0), ("t50_k", (703.15, 7), 7.0),
        ("char_yield", "15±3%", 0.03), (GAS, "25±2MJ/kg", 2e6), (GAS, "20MJ/kg", 1e6),
    ],
)  # fmt: skip
def test_an_error_is_read_or_has_its_default(name, text, sigma):
    assert read({name: text})[0][2] == pytest.approx(sigma)


@pytest.mark.parametrize(
    "given",
    [
        {"t50_k": "430"}, {"t50_k": "10C"}, {"t50_k": "430F"}, {"t50_k": float("nan")},
        {"t50_k": "700±-3K"}, {"t50_k": ("hot", 1)}, {"t50_k": (700, 1, 2)}, {"t50_k": ""},
        {"char_yield": 1.2}, {"char_yield": "120%"}, {"char_yield": -0.1},
        {GAS: "25.1"}, {GAS: 25.1}, {GAS: "400MJ/kg"}, {"density_kg_m3": 1000.0},
    ],
)  # fmt: skip
def test_what_cannot_be_gets_one_sentence(given):
    with pytest.raises(InputError) as caught:
        estimate(PS, given)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_measured_values_and_their_errors_replace_estimates():
    found, before = estimate(PS, GIVEN), estimate(PS)
    assert (found["t50_k"].value, found["t50_k"].sigma) == (pytest.approx(703.15), 5.0)
    assert (found["char_yield"].value, found["char_yield"].sigma) == (pytest.approx(0.15), 0.02)
    assert found[GAS].value == pytest.approx(25.1e6)
    changed = {k for k, v in found.properties.items() if v != before[k]}
    follows = {"heat_of_combustion_j_kg", "heat_of_decomposition_j_kg"}
    assert changed == {*GIVEN, *follows} and found.measured == tuple(sorted(GIVEN))
    heat = found["heat_of_combustion_j_kg"].value
    assert gas_heat_of_combustion(heat, 0.15, 0.0) == pytest.approx(25.1e6)
    assert found["heat_of_decomposition_j_kg"].value == decomposition_heat(0.15)
    assert estimate(PS) == before  # what is remembered of the polymer is not touched


def test_gas_follows_from_a_measured_char():
    found = estimate(PS, {"char_yield": 0.3})
    heat = found["heat_of_combustion_j_kg"].value
    assert heat == estimate(PS)["heat_of_combustion_j_kg"].value
    assert found[GAS].value == pytest.approx(gas_heat_of_combustion(heat, 0.3, 0.0))


def test_draws_scatter_as_measured():
    drawn = sample_parameters(estimate(PS, GIVEN), 4000, np.random.default_rng(1))
    for name, mean, sigma in (
        ("t50_k", 703.15, 5),
        ("char_yield", 0.15, 0.02),
        (GAS, 25.1e6, 1.255e6),
    ):
        assert drawn[name].mean() == pytest.approx(mean, abs=0.1 * sigma)
        assert drawn[name].std() == pytest.approx(sigma, rel=0.05)


@pytest.mark.parametrize("char", [0.0, 0.1, 0.3])
def test_half_of_the_volatiles_have_left_at_a_measured_t50(char):
    """Of a chain that sheds acid first, too: two first-order steps, integrated at 10 K/min."""
    for polymer in (PS, PVC, [(PVC, 0.4), ("*CC*", 0.6)]):
        found = estimate(polymer, {"t50_k": 620.0, "char_yield": char})
        p = {name: value.value for name, value in found.properties.items()}
        temperature = np.arange(350.0, 1100.0, 0.02)
        left = 1.0 - char
        for t50, width, mass in (
            (p["acid_t50_k"], 0.75, p["acid_fraction"]),
            (p["t50_k"], 1.0, 1.0 - char - p["acid_fraction"]),
        ):
            a, e = arrhenius(t50, width * p["decomposition_width_k"])
            rate = a * np.exp(-e / 8.314462618 / temperature) * 0.02 / (10 / 60)
            left = left - mass * (1 - np.exp(-np.cumsum(rate)))
        half = temperature[np.argmax(left < 0.5 * (1.0 - char))]
        assert half == pytest.approx(620.0, abs=3.0), polymer


def test_no_more_char_than_acid_leaves():
    with pytest.raises(InputError, match="as acid"):
        estimate(PVC, {"char_yield": 0.6})


def test_a_measured_value_answers_its_doubt():
    fluorinated = "*C(F)(F)C(*)(F)F"
    assert estimate(fluorinated).doubts and not estimate(fluorinated, {GAS: "5MJ/kg"}).doubts


def test_limits_are_those_of_the_draws():
    for name in ("t50_k", "char_yield"):
        assert (QUANTITIES[name].low, QUANTITIES[name].high) == LIMITS[name]


def test_cells_of_a_table():
    row = {"t50_c": "430", "t50_c_sigma": 5.0, "char": float("nan"), "gas_heat_mj_kg": " 25.1 "}
    assert dict((n, v) for n, v, _ in read(of_row(row))) == {"t50_k": 703.15, GAS: 25.1e6}
    assert of_row(dict.fromkeys(COLUMNS, "")) == {}
    for wrong in ({"t50_c": "430", "t50_k": "703"}, {"char_sigma": "0.1"}):
        with pytest.raises(InputError):
            read(of_row(wrong))


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"t50_c": "450C"}, "t50_c is '450C'; this column holds a number of C."),
        ({"t50_k": "450C"}, "t50_k is '450C'; this column holds a number of K."),
        ({"char": "15%"}, "char is '15%'; this column holds a share, such as 0.15."),
        ({"t50_c": "430±5"}, "t50_c is "),
        ({"gas_heat_mj_kg": "25", "gas_heat_mj_kg_sigma": "1 MJ/kg"}, "gas_heat_mj_kg_sigma is"),
    ],
)
def test_a_cell_with_a_unit_is_told_the_unit_of_its_column(row, says):
    with pytest.raises(InputError) as told:
        of_row(row)
    assert says in str(told.value)


def test_a_later_t50_ignites_later():
    early, late = (
        predict(Polymer.parse(PS).with_measured({"t50_k": f"{t}±1C"}), 50, 6, samples=40)
        for t in (380, 480)
    )
    assert early.nominal["t_ig_s"] < late.nominal["t_ig_s"]
    wide = predict(PS, 50, 6, samples=40).interval("t_ig_s")
    assert np.diff(late.interval("t_ig_s")) < np.diff(wide)


def test_commands_take_measured_values(capsys):
    from trinity.cli.main import main

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--json"])
        return ended.value.code, capsys.readouterr()

    code, said = run("estimate", PS, "--t50", "430C", "--char", "0.15", "--gas-heat", "25.1MJ/kg")
    assert code == 0 and json.loads(said.out)["properties"]["t50_k"]["value"] == 703.15
    slow, quick = (
        json.loads(run("cone", PS, "--t50", t)[1].out)["t_ig_s"] for t in ("480C", "380C")
    )
    assert quick < slow
    code, said = run("cone", PS, "--char", "1.2")
    assert code == 1 and said.err.count("\n") == 1 and "char '1.2' is impossible" in said.err
    for command in ("estimate", "cone", "predict"):  # nothing is not the same as not given
        code, said = run(command, PS, "--char", "")
        assert code == 1 and "The char '' cannot be read" in said.err


@pytest.mark.slow
def test_predictions_take_measured_values_through_the_physics(tmp_path):
    import pandas as pd

    from trinity.prediction.predict import predict as ask
    from trinity.prediction.predict import predict_table

    (plain,), (late,) = ask(PS, 50, 6), ask(PS, 50, 6, measured={"t50_k": "500C"})
    assert late["t_ig_s"] > plain["t_ig_s"]
    sure, unsure = (ask(PS, 50, 6, measured={"t50_k": f"430±{sigma}C"})[0] for sigma in (1, 100))
    assert unsure["t_ig_s_hi"] / unsure["t_ig_s_lo"] > 1.2 * sure["t_ig_s_hi"] / sure["t_ig_s_lo"]
    (fast,) = ask(PS, 50, 6, measured={"t50_k": "500C"}, fast=True)
    assert "leave out fast" in fast["error"]
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(
        "psmiles,flux_kw_m2,thickness_mm,t50_c,char\n"
        f"{PS},50,6,,\n{PS},50,6,500,\n{PVC},50,6,,0.7\n{PS},50,6,5,\n"
    )
    predict_table(source, out, None, strict=False)
    table = pd.read_csv(out)
    assert table.t_ig_s.tolist()[:2] == pytest.approx([plain["t_ig_s"], late["t_ig_s"]], rel=1e-5)
    assert table.error.notna().tolist() == [False, False, True, True]
