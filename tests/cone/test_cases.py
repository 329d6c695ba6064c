"""What cases may say: bad input is refused in one sentence, a batch goes on without it."""

import json
import math

import numpy as np
import pytest
from cone_cases import FRONT, PYROLYSIS, REFERENCE, VIRGIN, a_case
from typer.testing import CliRunner

from trinity.cli.main import app
from trinity.cone import simulate as cone
from trinity.cone.case import BACKS, WOOL, check
from trinity.cone.curve import Bare
from trinity.cone.files import FIELDS, OF_BACK, misspelt, simulate, simulate_file
from trinity.cone.slab import pack
from trinity.errors import InputError

NAN = math.nan


def virgin(**changed):
    return {"components": {"virgin": VIRGIN | changed}}


def reaction(**changed):
    return {"reactions": [PYROLYSIS | changed]}


BAD = [
    ({"thickness_m": 0.0}, "thickness_m", "0.0"),
    ({"thickness_m": 6.0}, "thickness_m", "6.0"),
    ({"thickness_m": NAN}, "thickness_m", "nan"),
    ({"thickness_m": "6 mm"}, "thickness_m", "'6 mm'"),
    ({"thickness_m": True}, "thickness_m", "True"),
    ({"irradiance_w_m2": 50.0}, "irradiance_w_m2", "kW/m2"),
    ({"irradiance_w_m2": 5e7}, "irradiance_w_m2", "200000"),
    ({"irradiance_w_m2": -1.0}, "irradiance_w_m2", "-1.0"),
    ({"irradiance_w_m2": None}, "irradiance_w_m2", "None"),
    ({"end_time_s": math.inf}, "end_time_s", "inf"),
    ({"initial_temperature_k": 25.0}, "initial_temperature_k", "Celsius"),
    ({"front": None}, "front", "object"),
    ({"front": {**FRONT, "h_w_m2_k": -5.0}}, "front.h_w_m2_k", "-5.0"),
    ({"front": {**FRONT, "gas_temperature_k": 20.0}}, "front.gas_temperature_k", "Celsius"),
    ({"back": "open"}, "back", "insulated"),
    ({"back": {"type": "ceramic wool", "density_kg_m3": -1}}, "density_kg_m3", "-1"),
    ({"back": {"type": "fixed temperature", "temperature_k": 20}}, "back.temperature_k", "Celsius"),
    ({"back": {"type": "air gap", "thickness_m": 0.0}}, "back.thickness_m", "0.0"),
    ({"critical_mass_flux_kg_m2_s": 2.5}, "critical_mass_flux_kg_m2_s", "2.5"),
    (reaction(threshold_temperature_k=60.0), "reactions[0].threshold_temperature_k", "Celsius"),
    ({"components": {}}, "components", "0 entries"),
    ({"components": {"virgin": 3}}, "components.virgin", "3"),
    (virgin(density_kg_m3=-1190.0), "components.virgin.density_kg_m3", "-1190.0"),
    (virgin(density_kg_m3=0.0), "components.virgin.density_kg_m3", "0.0"),
    (virgin(conductivity_w_m_k=0.0), "conductivity_w_m_k", "0.0"),
    (virgin(specific_heat_j_kg_k=1.8), "specific_heat_j_kg_k", "1.8"),
    (virgin(emissivity=1.2), "emissivity", "1.2"),
    (virgin(absorption_coefficient_1_m=-2.0), "absorption_coefficient_1_m", "-2.0"),
    (virgin(conductivity_w_m_k=[]), "conductivity_w_m_k", "0 points"),
    (virgin(conductivity_w_m_k=[[25.0, 0.2]]), "conductivity_w_m_k", "Celsius"),
    (virgin(conductivity_w_m_k=[[500.0, 0.2], [400.0, 0.1]]), "conductivity_w_m_k", "rise"),
    (virgin(specific_heat_j_kg_k=[[300.0, NAN]]), "specific_heat_j_kg_k", "nan"),
    (virgin(specific_heat_j_kg_k=[1500.0]), "specific_heat_j_kg_k", "1500.0"),
    ({"reactions": None}, "reactions", "list"),
    (reaction(A_1_s=-1.0), "reactions[0].A_1_s", "-1.0"),
    (reaction(E_j_mol=188e6), "reactions[0].E_j_mol", "188000000"),
    (reaction(E_j_mol=NAN), "reactions[0].E_j_mol", "nan"),
    (reaction(solid_yield=1.5), "reactions[0].solid_yield", "1.5"),
    (reaction(solid_yield=0.2), "reactions[0].solid_yield", "product"),
    (reaction(order=2), "reactions[0].order", "2"),
    (reaction(reactant="wood"), "reactions[0].reactant", "'wood'"),
    (reaction(product="ash"), "reactions[0].product", "'ash'"),
    (reaction(product="virgin", solid_yield=0.5), "reactions", "loop"),
    (reaction(heat_of_combustion_j_kg=-1.0), "heat_of_combustion_j_kg", "-1.0"),
    ({"reactions": [PYROLYSIS, PYROLYSIS]}, "reactions", "share"),
    ({"flaming_efficiency": 1.4}, "flaming_efficiency", "1.4"),
    ({"critical_hrr_w_m2": 24.0}, "critical_hrr_w_m2", "24.0"),
    ({"critical_surface_temperature_k": 90.0}, "critical_surface_temperature_k", "Celsius"),
    ({"initial_mass_fractions": {"virgin": 0.5}}, "initial_mass_fractions", "sum to"),
    ({"initial_mass_fractions": {"wood": 1.0}}, "initial_mass_fractions", "virgin"),
]  # fmt: skip


@pytest.mark.parametrize("changed, field, says", BAD)
def test_bad_input_is_refused_in_one_sentence(changed, field, says):
    with pytest.raises(InputError) as raised:
        cone.simulate(a_case(**changed))
    sentence = str(raised.value)
    assert field in sentence and says in sentence
    assert "\n" not in sentence and sentence.endswith(".")


@pytest.mark.parametrize("key", ["thickness_m", "irradiance_w_m2", "end_time_s", "components"])
def test_a_missing_field_is_named(key):
    case = a_case()
    del case[key]
    with pytest.raises(InputError, match=key):
        cone.simulate(case)


@pytest.mark.parametrize("key", ["A_1_s", "E_j_mol", "heat_of_reaction_j_kg"])
def test_a_missing_number_of_a_reaction_is_named(key):
    case = a_case()
    del case["reactions"][0][key]
    with pytest.raises(InputError, match=rf"reactions\[0\]\.{key} is missing"):
        cone.simulate(case)


@pytest.mark.parametrize("key", ["density_kg_m3", "conductivity_w_m_k", "emissivity"])
def test_a_missing_property_is_named(key):
    case = a_case()
    del case["components"]["virgin"][key]
    with pytest.raises(InputError, match=rf"components\.virgin\.{key} is missing"):
        cone.simulate(case)


def test_legitimate_oddities_pass():
    """Exothermic heats, E = 0, thresholds, integers and numpy numbers are all fine."""
    check(a_case(**reaction(heat_of_reaction_j_kg=-80000, E_j_mol=0)))
    check(a_case(**reaction(threshold_temperature_k=496.0), thickness_m=np.float64(0.003)))
    check(a_case(irradiance_w_m2=0))


def test_the_input_is_not_changed():
    case = a_case(back={"type": "ceramic wool"})
    before = json.dumps(case)
    cone.simulate(case)
    assert json.dumps(case) == before


def test_reactions_may_be_listed_in_any_order():
    parts = {"virgin": VIRGIN, "melt": VIRGIN}
    first = {**PYROLYSIS, "product": "melt", "solid_yield": 1.0, "A_1_s": 1e16}
    second = {**PYROLYSIS, "reactant": "melt"}
    results = [
        cone.simulate(a_case(components=parts, reactions=steps))["t_ig_s"]
        for steps in ([first, second], [second, first])
    ]
    assert results[0] == results[1]


def test_packing_is_linear_in_what_the_cases_hold():
    one, many = pack([check(a_case())]), pack([check(a_case())] * 50)
    assert all(len(b) == 50 * len(a) for a, b in zip(one[:4], many[:4], strict=True))


def test_a_batch_names_bad_rows_and_computes_the_rest():
    cases = [a_case(), a_case(thickness_m=-1.0), a_case(irradiance_w_m2=75e3)]
    found = cone.simulate_batch(cases, strict=False)
    assert np.isfinite(found["t_ig_s"][[0, 2]]).all() and np.isnan(found["t_ig_s"][1])
    assert found["error"][0] is None and "thickness_m" in found["error"][1]
    with pytest.raises(InputError, match="Case 1"):
        cone.simulate_batch(cases)


def _file(tmp_path, document):
    path = tmp_path / "cases.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_a_file_of_cases(tmp_path):
    source = _file(tmp_path, {"about": {}, "cases": REFERENCE})
    told = simulate_file(source, tmp_path / "out.json", tmp_path / "curves")
    assert told == json.loads((tmp_path / "out.json").read_text())["results"]
    results = json.loads((tmp_path / "out.json").read_text())["results"]
    assert [r["id"] for r in results] == [c["id"] for c in REFERENCE]
    assert all(set(r) == {"id", *Bare._fields} for r in results)
    assert results[0]["t_ig_s"] is None  # no combustion data: not ignited, and null, not NaN
    curve = np.genfromtxt(tmp_path / "curves" / "00000.csv", delimiter=",", names=True)
    assert curve["mass_lost_kg_m2"][-1] == pytest.approx(results[0]["mass_lost_kg_m2"], rel=1e-6)


def renamed(part: dict, old: str, new: str) -> dict:
    """A part of a case with one field under another name."""
    return {new if name == old else name: value for name, value in part.items()}


class Watched(dict):
    """A part of a case that notes which of its fields are asked for."""

    def __init__(self, part: str, values: dict, asked: dict[str, set]) -> None:
        super().__init__(values)
        self.asked = asked.setdefault(part, set())

    def get(self, key, default=None):
        self.asked.add(key)
        return super().get(key, default)


def test_the_known_fields_are_those_that_a_case_is_asked_for():
    asked: dict[str, set] = {}
    beside = {"back_temperature_k": 300.0, "gas_temperature_back_k": 300.0, "h_back_w_m2_k": 5.0}
    wool = ("density_kg_m3", "conductivity_w_m_k", "specific_heat_j_kg_k", "thickness_m")
    for back in (*BACKS, *({"type": kind} for kind in BACKS)):
        parts = {
            "front": Watched("front", FRONT, asked),
            "back": Watched("back", back, asked) if isinstance(back, dict) else back,
            "components": {"virgin": Watched("components", VIRGIN, asked)},
            "reactions": [Watched("reactions", PYROLYSIS, asked)],
        }
        check(Watched("case", a_case() | beside | parts, asked))
    asked["back"] |= set(wool)
    assert {part: set(names.split()) for part, names in FIELDS.items()} == asked


@pytest.mark.parametrize("kind", BACKS)
def test_a_field_that_a_back_of_this_type_does_not_read_is_named(kind):
    asked: dict[str, set] = {}
    check(a_case() | {"back": Watched("back", {"type": kind}, asked)})
    if kind == "ceramic wool":
        asked["back"] |= set(WOOL)
    assert asked["back"] - {"type"} == set(OF_BACK[kind])
    for name in set(FIELDS["back"].split()) - {"type"}:
        back = {"type": kind, name: 0.5}
        said = misspelt(a_case(back=back))
        assert (said is None) == (name in OF_BACK[kind])
        assert said is None or said.startswith(f"back.{name} is not read by the back {kind!r}")
        assert misspelt(a_case(back={"type": kind, name: None})) is None


def test_the_public_simulate_refuses_a_slip_and_is_else_the_solver():
    assert simulate(a_case(end_time_s=30.0)) == pytest.approx(
        cone.simulate(a_case(end_time_s=30.0)), nan_ok=True
    )
    with pytest.raises(InputError, match="flaming_eficiency is no field; did you mean"):
        simulate(a_case(flaming_eficiency=0.5))


@pytest.mark.parametrize(
    ("slip", "says"),
    [
        ({"flaming_eficiency": 0.5},
         "flaming_eficiency is no field; did you mean flaming_efficiency?"),
        ({"front": renamed(FRONT, "h_w_m2_k", "h_w_m2")}, "front.h_w_m2 is"),
        ({"components": {"virgin": renamed(VIRGIN, "emissivity", "emisivity")}},
         "components.virgin.emisivity is"),
        ({"reactions": [renamed(PYROLYSIS, "heat_of_combustion_j_kg", "heat_of_combusion_j_kg")]},
         "mean heat_of_combustion_j_kg?"),
        ({"back": {"type": "air gap", "thicknes_m": 0.01}}, "back.thicknes_m is"),
        ({"critical_HRR_W_m2": 6e4}, "did you mean critical_hrr_w_m2?"),
        ({"timeout_s": 60.0}, "did you mean ignition_timeout_s?"),
        ({"mass_fractions": {"virgin": 1.0}}, "did you mean initial_mass_fractions?"),
        ({"flame_heat_flux_w_m2": 2e4}, "flame_heat_flux_w_m2 belongs in front"),
        ({"front": {**FRONT, "flaming_efficiency": 0.5}}, "belongs in case"),
        (virgin(heat_of_combustion_j_kg=25e6), "belongs in case or reactions"),
        ({"back": {"type": "fixed temperature", "back_temperature_k": 400.0}},
         "back.back_temperature_k is no field; did you mean temperature_k?"),
        (reaction(reactant=["virgin"]), "reactant is ['virgin']"),
    ],
)  # fmt: skip
def test_a_misspelt_field_is_named_and_no_default_takes_its_place(slip, says, tmp_path):
    source = _file(tmp_path, {"cases": [a_case(**slip), a_case(source="a sheet", note="dry")]})
    simulate_file(source, tmp_path / "out.json")
    bad, good = json.loads((tmp_path / "out.json").read_text())["results"]
    assert says in bad["error"] and "error" not in good
    with pytest.raises(InputError, match="^Case 0: "):
        simulate_file(source, tmp_path / "strict.json", strict=True)
    assert not (tmp_path / "strict.json").exists()


@pytest.mark.parametrize(
    "remark",
    [
        {"emissivity_note": "ISO sheet"},
        {"irradiance_w_m2_sigma": 500.0},
        {"thickness_note": "three"},
        {"flaming_efficiency_source": "a guess"},
        virgin(emissivity_source="table", density_note="dry"),
        reaction(products="gas", product_note="MMA"),
        virgin(type="thermoplastic", product="a trade name"),
        {"front": {**FRONT, "gas_temperature_source": "room"}},
    ],
)
def test_a_remark_is_no_slip(remark):
    assert misspelt(a_case(**remark)) is None


def test_the_command_answers_where_its_file_cannot_be_read_back(tmp_path):
    source = _file(tmp_path, {"cases": [a_case(id="a", end_time_s=5.0)]})
    done = CliRunner().invoke(app, ["simulate", str(source), "--out", "/dev/null", "--json"])
    assert done.exit_code == 0
    assert [row["id"] for row in json.loads(done.stdout)["results"]] == ["a"]


def test_an_id_that_json_does_not_know_is_the_number_of_the_case(tmp_path):
    text = json.dumps({"cases": [a_case(id=NAN), a_case(id="b")]})
    simulate_file(_file(tmp_path, text), tmp_path / "out.json")
    results = json.loads((tmp_path / "out.json").read_text())["results"]
    assert [row["id"] for row in results] == [0, "b"]


@pytest.mark.parametrize("case", [3, None, {}, {"components": 3, "reactions": "x", "front": []}])
def test_what_is_no_case_has_no_misspelt_field(case):
    assert misspelt(case) is None


def test_a_slab_that_ignites_at_once_has_no_growth_rate(tmp_path):
    hot = a_case(initial_temperature_k=700.0, critical_surface_temperature_k=650.0)
    simulate_file(_file(tmp_path, {"cases": [hot, a_case()]}), tmp_path / "out.json")
    at_once, later = json.loads((tmp_path / "out.json").read_text())["results"]
    assert at_once["t_ig_s"] == 0.0 and at_once["figra_kw_m2_s"] is None
    assert later["figra_kw_m2_s"] > 0.0


def test_the_first_bad_case_is_named_and_how_many_there_are():
    bad = a_case(end_time_s=0)
    with pytest.raises(InputError, match=r"^Case 1: end_time_s"):
        cone.simulate_batch([a_case(), bad])
    with pytest.raises(InputError, match=r"^Case 0 \(one of 2 bad ones\): end_time_s"):
        cone.simulate_batch([bad, a_case(), bad])


def test_a_bad_row_in_a_file(tmp_path):
    source = _file(tmp_path, {"cases": [a_case(id="a"), a_case(id="b", end_time_s=0), 7]})
    simulate_file(source, tmp_path / "out.json")
    results = json.loads((tmp_path / "out.json").read_text())["results"]
    assert [r["id"] for r in results] == ["a", "b", 2]
    assert "error" not in results[0]
    assert "end_time_s" in results[1]["error"] and "object" in results[2]["error"]


def test_the_command_names_bad_rows_by_index_and_writes_the_rest(tmp_path):
    bad = [a_case(thickness_m=0.0), a_case(irradiance_w_m2=50.0), a_case(thickness_m=NAN)]
    source = _file(tmp_path, {"cases": [a_case(), *bad, a_case(initial_temperature_k=25.0)]})
    done = CliRunner().invoke(app, ["simulate", str(source), "--out", str(tmp_path / "out.json")])
    lines = done.stderr.splitlines()
    assert done.exit_code == 2
    for i, says in enumerate(("thickness_m is 0.0", "kW/m2", "thickness_m is nan", "Celsius"), 1):
        assert lines[i - 1].startswith(f"Error: case {i}: ") and says in lines[i - 1]
    results = json.loads((tmp_path / "out.json").read_text())["results"]
    assert ["error" in row for row in results] == [False, True, True, True, True]
    assert results[0]["t_ig_s"] > 0.0


def test_strict_writes_nothing(tmp_path):
    source = _file(tmp_path, {"cases": [a_case(), a_case(end_time_s=0)]})
    with pytest.raises(InputError, match="Case 1"):
        simulate_file(source, tmp_path / "out.json", strict=True)
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"cases": []}', '{"cases": 3}', "3"])
def test_a_useless_file_writes_nothing(tmp_path, text):
    with pytest.raises(InputError) as raised:
        simulate_file(_file(tmp_path, text), tmp_path / "out.json")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "out.json").exists()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="no_such"):
        simulate_file(tmp_path / "no_such.json", tmp_path / "out.json")
