"""Properties from group sums, worked out a second time from the tables and by integration."""

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem
from rdkit.Chem import Descriptors

from trinity.chemistry import groups
from trinity.chemistry.descriptors import describe
from trinity.chemistry.groups import Chain, _glass_at_room, count_groups
from trinity.chemistry.priors import value
from trinity.chemistry.properties import estimate
from trinity.files import data_path

POLYSTYRENE = "*CC(*)c1ccccc1"


def molar_mass(psmiles: str) -> float:
    """Of the repeat unit [g/mol]; RDKit counts a dummy atom as nothing."""
    return Descriptors.MolWt(Chem.MolFromSmiles(psmiles))


def sums(psmiles: str) -> dict[str, float]:
    """Sums of the contributions of a unit's groups by quantity, read from the table itself."""
    table = pd.read_csv(data_path("groups", "contributions.csv"))
    table = table.pivot_table(index="group", columns="property", values="value")
    counts = pd.Series(count_groups(psmiles).counts)
    return table.loc[counts.index].mul(counts, axis=0).sum(min_count=len(counts)).to_dict()


@pytest.mark.parametrize("psmiles", [POLYSTYRENE, "*CC(*)C", "*CC(*)(C)C(=O)OC"])
def test_density_and_heats_are_sums_over_the_molar_mass(psmiles):
    found, mass, total = estimate(psmiles), molar_mass(psmiles), sums(psmiles)
    by_hand = {
        "density_kg_m3": (1000 * mass / total["V298"], 0.05),
        "specific_heat_solid_j_kg_k": (1000 * total["Cp_solid_298"] / mass, 0.1),
        "specific_heat_melt_j_kg_k": (1000 * total["Cp_liquid_298"] / mass, 0.1),
    }
    for name, (number, share) in by_hand.items():
        assert found[name].value == pytest.approx(number, rel=1e-4), name
        assert found[name].sigma == pytest.approx(share * number, rel=1e-4), name
    glass, _ = _glass_at_room(1000 * total["Yg"] / mass, found["crystallinity"].value)
    assert found["glass_transition_k"].value == pytest.approx(glass, rel=1e-4)


@pytest.mark.parametrize(("stiffness", "bound"), [(1e-6, 120.0), (1e6, 750.0)])
def test_a_sum_that_is_no_glass_transition_is_moved_to_the_nearest(monkeypatch, stiffness, bound):
    true = groups.contributions
    changed = dict.fromkeys(true("Yg"), stiffness)
    monkeypatch.setattr(groups, "contributions", lambda q: changed if q == "Yg" else true(q))
    unit = Chain(POLYSTYRENE)
    found = groups.thermal(unit, describe(unit))
    expected, _ = _glass_at_room(bound, found["crystallinity"][0])
    assert found["glass_transition_k"][0] == expected


def test_errors_are_shares_of_the_values_and_grow_for_rods():
    found = estimate(POLYSTYRENE)
    k, mixed = found["conductivity_w_m_k"], found["specific_heat_j_kg_k"]
    assert k.sigma == pytest.approx(0.25 * k.value)
    assert mixed.sigma == pytest.approx(0.12 * mixed.value)
    assert found["glass_transition_k"].sigma == pytest.approx(41.0)
    rod = estimate("*c1ccc(*)cc1")["density_kg_m3"]
    assert rod.sigma == pytest.approx(2 * 0.05 * rod.value)


@pytest.mark.parametrize("glass", [200.0, 280.0, 298.15, 310.0, 420.0])
@pytest.mark.parametrize(("crystalline", "share"), [(0.0, None), (0.45, 0.5)])
def test_the_glass_transition_is_the_mean_that_integration_gives(glass, crystalline, share):
    """Parts of the normal distribution on both sides of 25 °C, weighed anew."""
    share = value("rubber_share_amorphous") if share is None else share
    t = np.linspace(glass - 500.0, glass + 500.0, 2_000_001)
    weight = np.exp(-0.5 * ((t - glass) / 41.0) ** 2) * np.where(t < 298.15, share, 1.0 - share)
    weight /= weight.sum()
    mean, mobile = _glass_at_room(glass, crystalline)
    assert mean == pytest.approx((weight * t).sum(), abs=0.01)
    assert mobile == pytest.approx(weight[t < 298.15].sum(), abs=1e-4)


@pytest.mark.parametrize(
    ("psmiles", "share"),
    [
        ("*CC*", 0.65),  # nothing but a bare chain
        ("*CO*", 0.65),
        ("*C(F)(F)C(F)(F)*", 0.65),
        ("*CC(*)C", 0.45),  # isotactic by its catalyst
        ("*CCCCCCNC(=O)CCCCC(=O)N*", 0.45),
        ("*CCOC(=O)c1ccc(C(=O)O*)cc1", 0.30),  # rings in the chain
        (POLYSTYRENE, 0.0),  # rings at its side
        ("*CC(*)Cl", 0.0),  # no order along the chain
        ("*CC(*)(C)C", 0.0),  # kinked
        ("*O[Si](*)(C)C", 0.0),
        ("*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1", 0.0),
    ],
)
def test_who_crystallises(psmiles, share):
    found = estimate(psmiles)
    assert found["crystallinity"].value == share
    if share and 370.0 < 1.6 * found["glass_transition_k"].value < 650.0:
        expected = 1.6 * found["glass_transition_k"].value
        assert found["melting_k"].value == pytest.approx(expected)
    if psmiles == "*CC*":
        assert found["melting_k"].value == 370.0


def test_atoms_without_a_group_count_as_the_mean_of_the_others_with_a_wider_error():
    psmiles = "*CCB(C)*"  # there is no group of boron
    unit = Chain(psmiles)
    share = len(unit.uncovered) / len(unit.atoms)
    found, total = estimate(psmiles), sums(psmiles)
    density = found["density_kg_m3"]
    expected = 1000 * molar_mass(psmiles) * (1 - share) / total["V298"]
    assert density.value == pytest.approx(expected, rel=1e-3)
    assert density.sigma == pytest.approx(0.05 * (1 + 3 * share) * density.value)
    assert found["glass_transition_k"].sigma == pytest.approx(41.0 * (1 + 3 * share))
