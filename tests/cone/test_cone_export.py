"""Export to FDS and Gpyro: fields that the codes know, and every number in the code's own unit."""

import re
from pathlib import Path

import pytest
from cone_cases import FRONT, PYROLYSIS, REFERENCE, VIRGIN, a_case

from trinity.cone.export import to_fds, to_gpyro
from trinity.errors import InputError

PC = next(case for case in REFERENCE if case["id"].startswith("pc_like"))


CHAR = {**VIRGIN, "density_kg_m3": 250.0}
CHARRING = [{**PYROLYSIS, "product": "char", "solid_yield": 0.2}]


def known() -> dict[str, dict[str, set[str]]]:
    """The fields of each namelist that a code reads, as its source declares them."""
    codes: dict[str, dict[str, set[str]]] = {}
    group: set[str] = set()
    for line in (Path(__file__).parent / "namelists.txt").read_text().splitlines():
        if line.startswith("["):
            groups = codes.setdefault(line.strip("[]"), {})
        elif not line.startswith("#"):
            name, _, fields = line.rpartition(":")
            group = groups.setdefault(name, set()) if name else group
            group.update(fields.split())
    return codes


def namelists(text: str) -> list[tuple[str, dict[str, list[str]]]]:
    """Fortran namelists as a code reads them: the groups, and the values of each field."""
    found = []
    for name, body in re.findall(r"&(\w+)((?:'[^']*'|[^/'])*)/", text):
        fields: dict[str, list[str]] = {}
        for part in re.findall(r"(?:'[^']*'|\([^)]*\)|[^,'(])+", body):
            key, equals, value = part.partition("=")
            if equals:
                values = fields[key.strip()] = []
            if (value or key).strip():
                values.append((value if equals else key).strip())
        found.append((name, fields))
    assert re.sub(r"&\w+(?:'[^']*'|[^/'])*/", "", text).strip() == ""  # and nothing beside them
    return found


def _value(text: str, key: str) -> float:
    (value,) = next(fields[key] for _, fields in namelists(text) if key in fields)
    return float(value)


def test_fds_has_the_slab_in_its_units():
    text = to_fds(PC)
    assert _value(text, "EXTERNAL_FLUX") == 50.0  # kW/m2
    assert _value(text, "E(1)") == 283000.0  # kJ/kmol
    assert _value(text, "HEAT_OF_REACTION(1)") == 829.5  # kJ/kg
    assert _value(text, "SPECIFIC_HEAT") == 1.9  # kJ/kg/K
    assert _value(text, "NU_MATL(1,1)") == pytest.approx(0.21)
    assert _value(text, "NU_SPEC(1,1)") == pytest.approx(0.79)
    assert _value(text, "TMPA") == pytest.approx(26.85)  # degrees Celsius


#: Radiation of surroundings at 305 K in place of 320 K [W/m2].
AROUND = 5.670374419e-8 * (305.0**4 - 320.0**4)
ODD = a_case(
    thickness_m=0.0123,
    irradiance_w_m2=43210.0,
    end_time_s=777.0,
    initial_temperature_k=310.0,
    front={"h_w_m2_k": 12.5, "gas_temperature_k": 320.0, "surroundings_temperature_k": 305.0},
    back={"type": "convection and radiation", "h_w_m2_k": 8.5, "gas_temperature_k": 315.0},
    components={
        "virgin": {**VIRGIN, "emissivity": 0.87, "absorption_coefficient_1_m": 1234.0},
        "char": {**VIRGIN, "density_kg_m3": 250.0, "emissivity": 0.96},
    },
    reactions=[
        {**PYROLYSIS, "product": "char", "solid_yield": 0.3, "threshold_temperature_k": 500.0}
    ],
)


@pytest.mark.parametrize(
    ("export", "expected"),
    [
        (to_fds, {
            "THICKNESS(1)": [0.0123], "EXTERNAL_FLUX": [43.21 + 1e-3 * AROUND], "T_END": [777.0],
            "HEAT_TRANSFER_COEFFICIENT": [12.5], "TMPA": [320 - 273.15],
            "TMP_INNER": [310 - 273.15], "TMP_BACK": [315 - 273.15],
            "HEAT_TRANSFER_COEFFICIENT_BACK": [8.5], "EMISSIVITY_BACK": [0.9],
            "DENSITY": [1190.0, 250.0], "CONDUCTIVITY": [0.2, 0.2], "SPECIFIC_HEAT": [1.8, 1.8],
            "EMISSIVITY": [0.87, 0.96], "ABSORPTION_COEFFICIENT": [1234.0], "A(1)": [8.5e12],
            "E(1)": [188000.0], "HEAT_OF_REACTION(1)": [900.0], "NU_SPEC(1,1)": [0.7],
            "NU_MATL(1,1)": [0.3], "THRESHOLD_TEMPERATURE(1)": [500 - 273.15],
        }),
        (to_gpyro, {
            "ZDIM(1)": [0.0123], "QE(1)": [43210.0 + AROUND], "QE(2)": [0.0], "TSTOP(1)": [777.0],
            "HC(1)": [12.5], "TINF(1)": [320.0], "HC(2)": [8.5], "TINF(2)": [315.0],
            "TAMB": [320.0], "TMP_INITIAL(1)": [310.0], "K0Z(1)": [0.2], "K0Z(2)": [0.2],
            "R0(1)": [1190.0], "R0(2)": [250.0], "C0(1)": [1800.0], "C0(2)": [1800.0],
            "NKZ(1)": [0.0], "NC(1)": [0.0], "EMIS(1)": [0.87], "EMIS(2)": [0.96],
            "KAPPA(1)": [1234.0], "KAPPA(2)": [9e9], "Z(1)": [8.5e12], "E(1)": [188.0],
            "CHI(1)": [0.7 / (1 - 250 / 1190)], "DHV(1)": [900000 / 0.7], "DHS(1)": [0.0],
            "TCRIT(1)": [500.0], "NCELLZ(1)": [1231.0],
        }),
    ],
)  # fmt: skip
def test_every_number_of_a_case_is_exported_in_its_unit(export, expected):
    case = ODD
    if export is to_gpyro:  # whose back has the emissivity of the components, or none
        case = {**ODD, "back": {**ODD["back"], "emissivity": 0.0}}
    text = export(case)
    found: dict[str, list[float]] = {}
    for _, fields in namelists(text):
        for key in fields.keys() & expected.keys():
            found.setdefault(key, []).extend(map(float, fields[key]))
    assert found == {key: pytest.approx(values, rel=1e-5) for key, values in expected.items()}


CASES = [
    *REFERENCE,
    a_case(components={"char": CHAR, "virgin": VIRGIN}, reactions=CHARRING),
    a_case(
        components={"p": VIRGIN, "q": CHAR},
        reactions=[{**PYROLYSIS, "reactant": name} for name in "pq"],
        initial_mass_fractions={"p": 0.5, "q": 0.5},
    ),
    a_case(front={**FRONT, "surroundings_temperature_k": 900.0}, back="air gap"),
    a_case(components={"virgin": {**VIRGIN, "specific_heat_j_kg_k": [[300, 900], [700, 2e3]]}}),
]


@pytest.mark.parametrize("case", CASES)
def test_codes_know_every_field(case):
    """An unknown field stops a code before its first time step."""
    for code, export in (("fds", to_fds), ("gpyro", to_gpyro)):
        for group, fields in namelists(export(case)):
            unknown = {key.partition("(")[0] for key in fields} - known()[code][group]
            assert not unknown, group


def test_what_gpyro_needs_before_it_starts():
    """It counts what it is given, and has no default for these."""
    groups = dict(namelists(to_gpyro(CASES[-3])))
    assert set(known()["gpyro"]) - set(groups) == {"GPYRO_HGRXNS", "GPYRO_HGYIELDS"}  # in the gas
    assert groups["GPYRO_SPROPS"]["NSSPEC"] == ["2"] == groups["GPYRO_RXNS"]["NRXNS"]
    assert groups["GPYRO_ALLBC"]["NSURF_IDX"] == ["2"] and groups["GPYRO_IC"]["NIC"] == ["1"]
    assert groups["GPYRO_GENERAL"]["SHYI_CORRECTION"] == [".TRUE."]  # else charring loses a third


def test_components_may_stand_in_any_order_and_be_mixed():
    char_first, mixture = (dict(namelists(to_gpyro(case)))["GPYRO_IC"] for case in CASES[-4:-2])
    assert (char_first["YI0(1,1)"], char_first["YI0(1,2)"]) == (["0"], ["1"])
    assert (mixture["YI0(1,1)"], mixture["YI0(1,2)"]) == (["0.5"], ["0.5"])
    char_first, mixture = (dict(namelists(to_fds(case)))["SURF"] for case in CASES[-4:-2])
    assert char_first["MATL_ID(1,1)"] == ["'VIRGIN'"] and "MATL_ID(1,2)" not in char_first
    assert [mixture[f"MATL_ID(1,{i})"] for i in (1, 2)] == [["'P'"], ["'Q'"]]
    assert [mixture[f"MATL_MASS_FRACTION(1,{i})"] for i in (1, 2)] == [["0.5"], ["0.5"]]


def test_a_room_or_hot_gas_is_exported_as_it_is():
    room = a_case(initial_temperature_k=293.15, front={"h_w_m2_k": 10.0})
    hot = a_case(irradiance_w_m2=0.0, front={"h_w_m2_k": 30.0, "gas_temperature_k": 1300.0})
    for case, kelvin, flux in ((room, 293.15, 50e3), (hot, 1300.0, 0.0)):
        fds, gpyro = to_fds(case), to_gpyro(case)
        assert _value(fds, "TMPA") == pytest.approx(kelvin - 273.15)
        assert _value(gpyro, "TINF(1)") == kelvin
        assert 1e3 * _value(fds, "EXTERNAL_FLUX") == _value(gpyro, "QE(1)") == flux
    with pytest.raises(InputError, match="surroundings"):
        to_fds(hot | {"front": {**hot["front"], "surroundings_temperature_k": 300.0}})


def test_components_with_alike_names_stay_apart():
    case = a_case(components={"a b": VIRGIN, "a-b": CHAR, "zäh": CHAR}, reactions=[])
    names = [fields["ID"][0] for name, fields in namelists(to_fds(case)) if name == "MATL"]
    assert names == ["'A_B'", "'A_B_2'", "'Z_H'"]


@pytest.mark.parametrize(
    ("h", "emissivity", "open_"), [(0.5, 0.0, True), (0.0, 0.4, True), (0.0, 0.0, False)]
)
def test_a_back_is_open_where_it_convects_or_radiates(h, emissivity, open_):
    back = {"type": "convection and radiation", "h_w_m2_k": h, "emissivity": emissivity}
    surface = dict(namelists(to_fds(a_case(back=back))))["SURF"]
    assert surface["BACKING"] == ["'VOID'" if open_ else "'INSULATED'"]
    assert ("HEAT_TRANSFER_COEFFICIENT_BACK" in surface) == open_
    if open_:
        assert float(surface["HEAT_TRANSFER_COEFFICIENT_BACK"][0]) == h
        assert float(surface["EMISSIVITY_BACK"][0]) == emissivity
    assert dict(namelists(to_fds(a_case())))["SURF"]["BACKING"] == ["'INSULATED'"]


def test_fds_has_cells_of_ten_micrometres_where_heat_is_slowest():
    """FDS makes its cells the factor times the root of the least diffusivity."""
    ramps = {"conductivity_w_m_k": [[300, 0.3], [700, 0.1]]}
    ramps["specific_heat_j_kg_k"] = [[300, 1000.0], [700, 2500.0]]
    case = a_case(components={"virgin": {**VIRGIN, **ramps}})
    slowest = 0.1 / (VIRGIN["density_kg_m3"] * 2500.0)
    assert _value(to_fds(case), "CELL_SIZE_FACTOR") * slowest**0.5 == pytest.approx(1e-5)


def test_a_reaction_belongs_to_what_reacts_and_one_that_melts_takes_heat_alone():
    melts = {**PYROLYSIS, "product": "melt", "solid_yield": 1.0, "heat_of_reaction_j_kg": 2e5}
    case = a_case(
        components={"virgin": VIRGIN, "melt": VIRGIN},
        reactions=[melts, {k: v for k, v in PYROLYSIS.items() if k != "solid_yield"}
                   | {"reactant": "melt"}],
    )  # fmt: skip
    solid, molten = (fields for name, fields in namelists(to_fds(case)) if name == "MATL")
    assert (solid["NU_SPEC(1,1)"], solid["NU_MATL(1,1)"]) == (["0"], ["1"])
    assert solid["MATL_ID(1,1)"] == ["'MELT'"] and solid["HEAT_OF_REACTION(1)"] == ["200"]
    assert molten["NU_SPEC(1,1)"] == ["1"] and "MATL_ID(1,1)" not in molten
    groups = dict(namelists(to_gpyro(case)))
    steps = groups["GPYRO_RXNS"]
    assert [steps[f"CHI({j})"] for j in (1, 2)] == [["0"], ["1"]]
    assert [float(steps[f"DHS({j})"][0]) for j in (1, 2)] == [2e5, 0.0]
    assert [float(steps[f"DHV({j})"][0]) for j in (1, 2)] == [0.0, 9e5]
    assert set(groups["GPYRO_GYIELDS"]) == {"GYIELDS(1,1)", "GYIELDS(1,2)"}


def test_gpyro_refuses_what_its_yields_or_its_back_cannot_be():
    same = a_case(components={"virgin": VIRGIN, "char": VIRGIN}, reactions=CHARRING)
    with pytest.raises(InputError, match="density"):
        to_gpyro(same)
    with pytest.raises(InputError, match="emissivity"):
        to_gpyro(a_case(back={"type": "convection and radiation", "emissivity": 0.5}))


def test_gpyro_has_the_slab_in_its_units():
    text = to_gpyro(PC)
    assert _value(text, "QE(1)") == 50000.0  # W/m2
    assert _value(text, "E(1)") == 283.0  # kJ/mol
    assert _value(text, "CHI(1)") == pytest.approx(1.0)  # the char keeps the volume
    assert _value(text, "DHV(1)") == pytest.approx(829500.0 / 0.79, rel=1e-5)  # per kg of gas
    assert "CTO(1)='CHAR'" in text and "CFROM(1)='VIRGIN'" in text


def test_ramps_become_fds_ramps_and_gpyro_power_laws():
    ramp = [[300.0, 0.2], [600.0, 0.1]]
    case = a_case(components={"virgin": {**VIRGIN, "conductivity_w_m_k": ramp}})
    assert to_fds(case).count("&RAMP") == 2
    assert _value(to_gpyro(case), "NKZ(1)") == pytest.approx(-1.0)
    # Through both ends, whatever temperature the law refers to.
    ramp = [[400.0, 0.2], [800.0, 0.05]]
    text = to_gpyro(a_case(components={"virgin": {**VIRGIN, "conductivity_w_m_k": ramp}}))
    k, n, reference = (_value(text, key) for key in ("K0Z(1)", "NKZ(1)", "TREF"))
    for kelvin, value in ramp:
        assert k * (kelvin / reference) ** n == pytest.approx(value, rel=1e-6)


def test_a_back_without_a_counterpart_is_refused():
    for export in (to_fds, to_gpyro):
        for back in ("ceramic wool", "fixed temperature"):
            with pytest.raises(InputError, match=back):
                export(a_case(back=back))


def test_a_case_that_cannot_run_cannot_be_exported():
    with pytest.raises(InputError, match="thickness_m"):
        to_fds(a_case(thickness_m=0.0))
