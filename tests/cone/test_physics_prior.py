"""The nominal physics of many tests is the cone test of each, read off between some fluxes."""

import numpy as np
from learning_tools import toy_table

from trinity.cone import predict as cone_test
from trinity.cone.coordinates import FLUXES_KW_M2, to_coordinates
from trinity.cone.predict import nominal_physics, physics_spread
from trinity.learning.data import tests_of as read_tests
from trinity.quantities import TARGETS


def physics_of(tests, **options):
    return nominal_physics(tests.polymers, tests.polymer_of, tests.conditions, **options)


def test_it_equals_the_nominal_cone_test_at_the_fluxes_that_burn():
    table = toy_table(tests=2)
    table["flux_kw_m2"] = FLUXES_KW_M2[[7, 10]].tolist() * (len(table) // 2)
    tests = read_tests(table)
    found = physics_of(tests)
    for row, values, heat in zip(table.itertuples(), found, tests.complete, strict=True):
        test = cone_test.predict(row.psmiles, row.flux_kw_m2, row.thickness_mm, samples=1)
        nominal = np.array([test.nominal[target] for target in TARGETS])
        if np.isfinite(nominal).all():
            np.testing.assert_allclose(values, to_coordinates(nominal, heat), rtol=1e-9)


def test_it_is_near_the_cone_test_between_them():
    table = toy_table(("*CC*", "*CC(*)c1ccccc1"), tests=4)
    tests = read_tests(table)
    found = physics_of(tests)
    for row, values in zip(table.itertuples(), found, strict=True):
        test = cone_test.predict(row.psmiles, row.flux_kw_m2, row.thickness_mm, samples=1)
        for column, target in enumerate(("t_ig_s", "phrr_kw_m2")):
            assert abs(values[column] - np.log(test.nominal[target])) < 0.05


def test_below_the_edge_of_ignition_nothing_jumps_and_less_heat_takes_longer():
    """Poly(vinyl chloride) does not ignite nominally under the weakest of these fluxes."""
    flux = np.geomspace(5.0, 40.0, 80)
    table = toy_table(("*CC(*)Cl",), tests=1)
    table = table.loc[[0] * len(flux)].assign(flux_kw_m2=flux, thickness_mm=6.0)
    found = physics_of(read_tests(table))
    weak = cone_test.predict("*CC(*)Cl", 12.0, 6.0, samples=1)
    assert np.isnan(weak.nominal["t_ig_s"]) and np.isfinite(found).all()
    assert (np.diff(found[:, 0]) < 0).all() and np.abs(np.diff(found[:, 0])).max() < 0.2
    assert np.abs(np.diff(found[:, 1])).max() < 0.05


def test_what_never_ignites_has_no_physics(monkeypatch):
    nothing = np.full((1, len(TARGETS)), np.nan)
    monkeypatch.setattr(cone_test, "_burnt", lambda cases, *_: np.repeat(nothing, len(cases), 0))
    assert np.isnan(physics_of(read_tests(toy_table(tests=1)))).all()


def test_doubtful_properties_spread_the_answers():
    sure, doubtful = (physics_spread(name, 6.0) for name in ("*CC*", "*[Si](C)(C)O*"))
    assert sure.shape == (len(FLUXES_KW_M2), 4) and (sure[:, :2] > 0).all()
    assert np.isfinite(doubtful).all() and (doubtful[:, 2] > sure[:, 2]).all()


def test_neither_company_nor_threads_change_a_row():
    tests = read_tests(toy_table(tests=2))
    everything = physics_of(tests, threads=2)
    np.testing.assert_array_equal(everything[3:7], physics_of(tests.take(np.arange(3, 7))))
    np.testing.assert_array_equal(everything, physics_of(tests, threads=1))
