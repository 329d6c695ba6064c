"""Export to FDS and Gpyro: every number of the case is in the text, in the code's own unit."""

import re

import pytest
from cone_cases import REFERENCE, VIRGIN, a_case

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
