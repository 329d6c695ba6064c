"""Export to FDS and Gpyro: every number of the case is in the text, in the code's own unit."""

import re

import pytest
from cone_cases import PYROLYSIS, REFERENCE, VIRGIN, a_case

from trinity.cone.export import to_fds, to_gpyro
from trinity.errors import InputError

PC = next(case for case in REFERENCE if case["id"].startswith("pc_like"))


def _value(text: str, key: str) -> float:
    return float(re.search(rf"(?<![A-Z_]){re.escape(key)}=([-+.\dEe]+)", text)[1])


def test_fds_has_the_slab_in_its_units():
    text = to_fds(PC)
    assert _value(text, "EXTERNAL_FLUX") == 50.0  # kW/m2
    assert _value(text, "E(1)") == 283000.0  # kJ/kmol
    assert _value(text, "HEAT_OF_REACTION(1)") == 829.5  # kJ/kg
    assert _value(text, "SPECIFIC_HEAT") == 1.9  # kJ/kg/K
    assert _value(text, "NU_MATL(1,1)") == pytest.approx(0.21)
    assert _value(text, "NU_SPEC(1,1)") == pytest.approx(0.79)
    assert _value(text, "TMPA") == pytest.approx(26.85)  # degrees Celsius


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
            "THICKNESS(1)": [0.0123], "EXTERNAL_FLUX": [43.21], "T_END": [777.0],
            "HEAT_TRANSFER_COEFFICIENT": [12.5], "TMPA": [305 - 273.15],
            "TMP_INNER": [310 - 273.15], "TMP_GAS_BACK": [315 - 273.15],
            "DENSITY": [1190.0, 250.0], "CONDUCTIVITY": [0.2, 0.2], "SPECIFIC_HEAT": [1.8, 1.8],
            "EMISSIVITY": [0.87, 0.96], "ABSORPTION_COEFFICIENT": [1234.0], "A(1)": [8.5e12],
            "E(1)": [188000.0], "HEAT_OF_REACTION(1)": [900.0], "NU_SPEC(1,1)": [0.7],
            "NU_MATL(1,1)": [0.3], "THRESHOLD_TEMPERATURE(1)": [500 - 273.15],
        }),
        (to_gpyro, {
            "ZDIM(1)": [0.0123], "QE(1)": [43210.0], "QE(2)": [0.0], "TSTOP(1)": [777.0],
            "HC0(1)": [12.5], "TINF(1)": [320.0], "HC0(2)": [8.5], "TINF(2)": [315.0],
            "TAMB": [320.0], "TMP_INITIAL(1)": [310.0], "K0Z(1)": [0.2], "K0Z(2)": [0.2],
            "R0(1)": [1190.0], "R0(2)": [250.0], "C0(1)": [1800.0], "C0(2)": [1800.0],
            "NKZ(1)": [0.0], "NC(1)": [0.0], "EMIS(1)": [0.87], "EMIS(2)": [0.96],
            "KAPPA(1)": [1234.0], "KAPPA(2)": [1e6], "Z(1)": [8.5e12], "E(1)": [188.0],
            "CHI(1)": [0.7 / (1 - 250 / 1190)], "DHV(1)": [900000 / 0.7], "DHS(1)": [0.0],
            "TCRIT(1)": [500.0], "NCELLZ(1)": [1230.0],
        }),
    ],
)  # fmt: skip
def test_every_number_of_a_case_is_exported_in_its_unit(export, expected):
    text = export(ODD)
    found = {
        key: [float(v) for v in re.findall(rf"(?<![A-Z_0-9]){re.escape(key)}=([-+.\dEe]+)", text)]
        for key in expected
    }
    assert found == {key: pytest.approx(values, rel=1e-5) for key, values in expected.items()}


def test_every_namelist_is_closed():
    for text in (to_fds(PC), to_gpyro(PC)):
        body = re.sub(r"'[^']*'", "", text)
        assert body.count("&") == len(re.findall(r"/\s*(?:\n|$)", body))


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


def test_a_back_without_a_counterpart_is_refused():
    for export in (to_fds, to_gpyro):
        with pytest.raises(InputError, match="ceramic wool"):
            export(a_case(back="ceramic wool"))


def test_a_case_that_cannot_run_cannot_be_exported():
    with pytest.raises(InputError, match="thickness_m"):
        to_fds(a_case(thickness_m=0.0))
