"""Tables as tensors: composition, spellings, labels and scales, by numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from trinity.learning.data import composition, descriptors, spellings_of
from trinity.learning.data import tests_of as read_tests
from trinity.learning.model import Scalers

MASS = {"C": 12.011, "H": 1.008, "O": 15.999, "N": 14.007, "Cl": 35.453, "F": 18.998}


@pytest.mark.parametrize(
    ("psmiles", "atoms", "aromatic", "chain"),
    [
        ("*CC(*)c1ccccc1", {"C": 8, "H": 8}, 6 / 8, 2),
        ("*CC(*)Cl", {"C": 2, "H": 3, "Cl": 1}, 0.0, 2),
        ("*CC(*)(F)F", {"C": 2, "H": 2, "F": 2}, 0.0, 2),
        ("*CCCCCC(=O)N*", {"C": 6, "H": 11, "O": 1, "N": 1}, 0.0, 7),
        ("*CCOC(=O)c1ccc(C(=O)O*)cc1", {"C": 10, "H": 8, "O": 4}, 6 / 14, 10),
    ],
)
def test_composition_is_that_of_the_formula(psmiles, atoms, aromatic, chain):
    mass = sum(MASS[name] * count for name, count in atoms.items())
    share = {name: MASS[name] * count / mass for name, count in atoms.items()}
    halogens = share.get("Cl", 0) + share.get("F", 0)
    expected = [*(share.get(name, 0) for name in "CHON"), halogens, aromatic, np.log(mass / chain)]
    np.testing.assert_allclose(composition(psmiles), expected, rtol=1e-3, atol=1e-12)


def test_descriptors_of_a_copolymer_are_means_by_mass():
    one, two = composition("*CC*"), composition("*CC(*)Cl")
    mixed = descriptors([(("*CC*", 0.3), ("*CC(*)Cl", 0.7))])
    np.testing.assert_allclose(mixed, [0.3 * one + 0.7 * two])


def test_other_spellings_start_at_atoms_spread_over_the_unit():
    assert spellings_of("*CC(*)Cl", 2, None) == ["*CC(*)Cl", "C(*)C(*)Cl", "C(*)(Cl)C*"]
    assert spellings_of("*CC(*)Cl", 0, None) == ["*CC(*)Cl"]


def table(**columns) -> pd.DataFrame:
    plain = {"psmiles": ["*CC*", "*CC(*)C", "*CC*"], "flux_kw_m2": [25.0, 50.0, 75.0],
             "thickness_mm": [3.0, 6.0, 3.0], "t_ig_s": [90.0, 40.0, 15.0]}  # fmt: skip
    return pd.DataFrame(plain | columns)


def test_weights_have_the_mean_one_and_no_number_is_no_label():
    weight = np.array([1.0, 2.0, 6.0])
    tests = read_tests(table(phrr_kw_m2=[800.0, 0.0, -5.0]), weight)
    labels = tests.labels(Scalers())
    np.testing.assert_allclose(labels.weight, weight / 3.0)
    assert np.isfinite(tests.targets[:, 1]).tolist() == [True, False, False]
    assert not labels.known[1:, 1].any()


def test_rows_with_drawn_properties_have_the_heat_of_these():
    drawn = {"heat_of_combustion_j_kg": [40e6, 30e6, 20e6], "density_kg_m3": [900.0, 1000, 1200]}
    np.testing.assert_allclose(read_tests(table(**drawn)).complete, [108.0, 180.0, 72.0])
    estimated = read_tests(table()).complete
    assert estimated[0] == estimated[2] and estimated[0] != 108.0


def test_scales_make_the_rows_that_they_were_fitted_to_standard():
    rng = np.random.default_rng(0)
    conditions, own = rng.uniform(5, 80, (200, 2)), rng.normal(3.0, [1, 2, 3, 4], (200, 4))
    own[:20, 2] = np.nan
    fitted = Scalers.fit(conditions, own)
    for found in (fitted.standardise_conditions(conditions), fitted.standardise(own)):
        np.testing.assert_allclose(np.nanmean(found, axis=0), 0.0, atol=1e-12)
        np.testing.assert_allclose(np.nanstd(found, axis=0), 1.0)
    np.testing.assert_array_equal(Scalers().standardise(own), own)  # none fitted: as they are
