"""What no answer may break: order, bounds, one direction with the heat flux, no jump.

Forty polymers, commodity to exotic, each under sixty fluxes and three thicknesses, asked of the
ensemble, of its distilled networks and of physics alone.
"""

from functools import cache, partial

import numpy as np
import pandas as pd
import pytest

from trinity.chemistry.properties import estimate
from trinity.cone.coordinates import FLUXES_KW_M2, monotone, to_coordinates, to_targets
from trinity.cone.predict import predict as cone_test
from trinity.prediction.predict import VERDICTS, predict_frame
from trinity.quantities import TARGETS

PMMA, STYRENE, ACRYLONITRILE = "*CC(*)(C)C(=O)OC", "*CC(*)c1ccccc1", "*CC(*)C#N"
POLYMERS = {
    "PE": "*CC*", "PP": "*CC(*)C", "PS": STYRENE, "PMMA": PMMA, "PVC": "*CC(*)Cl",
    "PC": "*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1",
    "PET": "*CCOC(=O)c1ccc(C(=O)O*)cc1",
    "PBT": "*CCCCOC(=O)c1ccc(C(=O)O*)cc1",
    "PA6": "*CCCCCC(=O)N*", "PA66": "*CCCCCCNC(=O)CCCCC(=O)N*",
    "PEEK": "*Oc1ccc(Oc2ccc(C(=O)c3ccc(*)cc3)cc2)cc1",
    "PEI": "*Oc1ccc(C(C)(C)c2ccc(Oc3ccc4c(c3)C(=O)N(c3cccc(N5C(=O)c6ccc(*)cc6C5=O)c3)C4=O)cc2)cc1",
    "Kapton": "*Oc1ccc(N2C(=O)c3cc4c(cc3C2=O)C(=O)N(c2ccc(*)cc2)C4=O)cc1",
    "PSU": "*Oc1ccc(C(C)(C)c2ccc(Oc3ccc(S(=O)(=O)c4ccc(*)cc4)cc3)cc2)cc1",
    "PPS": "*Sc1ccc(*)cc1", "PPO": "*Oc1c(C)cc(*)cc1C",
    "Kevlar": "*Nc1ccc(NC(=O)c2ccc(C(*)=O)cc2)cc1",
    "PAN": ACRYLONITRILE, "PVA": "*CC(*)O", "PVAc": "*CC(*)OC(C)=O", "POM": "*CO*", "PEO": "*CCO*",
    "PLA": "*OC(C)C(*)=O", "PCL": "*OCCCCCC(*)=O", "PTFE": "*C(F)(F)C(*)(F)F", "PVDF": "*CC(*)(F)F",
    "PCTFE": "*C(F)(F)C(*)(F)Cl", "PVDC": "*CC(*)(Cl)Cl", "chloroprene": "*CC(Cl)=CC*",
    "butadiene": "*CC=CC*", "isoprene": "*CC(C)=CC*", "PIB": "*CC(*)(C)C", "PDMS": "*[Si](C)(C)O*",
    "phosphazene": "*N=P(*)(OC)OC", "PBA": "*CC(*)C(=O)OCCCC", "PVP": "*CC(*)N1CCCC1=O",
    "bromostyrene": "*CC(*)c1ccc(Br)cc1", "polyurethane": "*CCCCOC(=O)NCCCCCCNC(=O)O*",
    "SAN": f"{STYRENE}:0.7|{ACRYLONITRILE}:0.3", "HIPS": f"{STYRENE}:0.93|*CC=CC*:0.07",
    "MMA-S": f"{PMMA}:0.5|{STYRENE}:0.5", "EVA": "*CC*:0.8|*CC(*)OC(C)=O:0.2",
}  # fmt: skip
FLUXES = np.geomspace(10.0, 100.0, 20)
THICKNESSES = (1.0, 6.0, 25.0)
FOREIGN = ("PTFE", "PDMS", "phosphazene")


@cache
def complete(name: str) -> float:
    """Heat of complete combustion [MJ/m2 per mm], by the estimate that a user sees."""
    found = estimate(POLYMERS[name])
    return 1e-9 * found["density_kg_m3"].value * found["heat_of_combustion_j_kg"].value


def bounds_hold(rows: pd.DataFrame, complete_mj_m2: np.ndarray) -> None:
    """Finite, positive, inside its interval; the peak after ignition, the heat inside the slab."""
    numbers = rows[[name + end for name in TARGETS for end in ("", "_lo", "_hi")]].to_numpy()
    assert np.isfinite(numbers).all() and (numbers > 0).all()
    for name in TARGETS:
        assert (rows[f"{name}_lo"] <= rows[name]).all() and (rows[name] <= rows[f"{name}_hi"]).all()
    for end in ("", "_lo", "_hi"):
        assert (rows[f"t_peak_s{end}"] > rows[f"t_ig_s{end}"]).all()
        assert (rows[f"thr_mj_m2{end}"] < complete_mj_m2).all()


@cache
def asked(fast: bool) -> pd.DataFrame:
    rows = [
        {"name": name, "psmiles": text, "flux_kw_m2": flux, "thickness_mm": thickness}
        for name, text in POLYMERS.items()
        for thickness in THICKNESSES
        for flux in FLUXES
    ]
    frame = pd.DataFrame(rows)
    answers = pd.DataFrame(predict_frame(frame, fast=fast))
    assert "error" not in answers
    return answers.assign(name=frame["name"])


both = pytest.mark.parametrize("fast", [False, True], ids=["predict", "fast"])


@both
@pytest.mark.slow
def test_no_answer_is_impossible(fast):
    rows = asked(fast)
    assert len(POLYMERS) >= 40 and rows.groupby("name").size().min() >= 60
    bounds_hold(rows, rows["name"].map(complete) * rows["thickness_mm"])
    for name in TARGETS:
        assert (rows[f"{name}_lo"] < rows[name]).all() and (rows[name] < rows[f"{name}_hi"]).all()
    late = rows["ignition_probability"] < 0.5
    assert (rows["verdict"] == np.where(late, *VERDICTS)).all()
    assert (rows["in_domain"] == (rows["reasons"].map(len) == 0)).all()


@both
def test_more_heat_ignites_sooner_and_burns_higher(fast):
    for _, rows in asked(fast).groupby(["name", "thickness_mm"]):
        for end in ("", "_lo", "_hi"):
            assert (np.diff(np.log(rows[f"t_ig_s{end}"])) <= 1e-9).all()
            assert (np.diff(np.log(rows[f"phrr_kw_m2{end}"])) >= -1e-9).all()
        assert (np.diff(rows["ignition_probability"]) >= -1e-9).all()


@both
def test_nothing_jumps_with_the_flux(fast):
    """A hundredth of the flux, also where the nominal specimen stops igniting, moves no answer by
    more than a tenth."""
    near = np.geomspace(14.0, 30.0, 78)
    frame = pd.DataFrame(
        [
            {"psmiles": POLYMERS[name], "flux_kw_m2": flux, "thickness_mm": 6.0}
            for name in ("PS", "PVC", "PC", "PEEK", "Kapton", "PTFE")
            for flux in near
        ]
    )
    answers = pd.DataFrame(predict_frame(frame, fast=fast))
    for _, rows in answers.groupby("psmiles", sort=False):
        for name in TARGETS:
            for end in ("", "_lo", "_hi"):
                assert np.abs(np.diff(np.log(rows[name + end]))).max() < 0.10, (name, end)
        assert np.abs(np.diff(rows["ignition_probability"])).max() < 0.10


@both
def test_chemistry_outside_the_models_is_answered_with_a_reason_and_a_wide_interval(fast):
    rows = asked(fast).query("thickness_mm == 6").set_index("name")
    width = np.log(rows["t_ig_s_hi"] / rows["t_ig_s_lo"]).groupby("name").median()
    for name in FOREIGN:
        assert not rows.loc[name, "in_domain"].any() and all(rows.loc[name, "reasons"].map(len))
    assert width[list(FOREIGN)].mean() > 1.2 * width[["PE", "PMMA", "PC", "PET"]].mean()
    thin = asked(fast).query("thickness_mm == 1")
    assert not thin["in_domain"].any()


@pytest.mark.slow
def test_physics_alone_keeps_them_too():
    ignited = 0
    for name in POLYMERS:
        tests = [cone_test(POLYMERS[name], flux, 6.0, samples=8) for flux in (12.0, 25, 50, 100)]
        told = [test.to_dict() for test in tests if np.isfinite(test.nominal["t_ig_s"])]
        if not told:  # a char or a gas that no flux here lights
            continue
        ignited, burns = ignited + 1, pd.DataFrame(told)
        bounds_hold(burns, np.full(len(burns), 6 * complete(name)))
        assert (np.diff(burns["t_ig_s"]) < 0).all()
    assert ignited > 35


def test_coordinates_come_back():
    rng = np.random.default_rng(0)
    t_ig, peak, delay = np.exp(rng.normal(4, 1, (3, 50)))
    share = rng.uniform(0.05, 0.95, 50)
    targets = np.stack([t_ig, peak, 120 * share, t_ig + 1 + delay], axis=1)
    back = to_targets(to_coordinates(targets, np.full(50, 120.0)), np.full(50, 120.0))
    np.testing.assert_allclose(back, targets)


def test_ends_keep_their_order_when_made_monotone():
    rng = np.random.default_rng(0)
    middle = rng.normal(size=(5, len(FLUXES_KW_M2)))
    low, high = middle - rng.random(middle.shape), middle + rng.random(middle.shape)
    low, middle, high = map(partial(monotone, increasing=False), (low, middle, high))
    assert (low < middle).all() and (middle < high).all() and (np.diff(middle) <= 1e-12).all()
