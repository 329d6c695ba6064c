"""The nominal physics of many tests equals the cone test of each."""

import numpy as np
import pytest
from learning_tools import toy_table

from trinity.cone import predict as cone_test
from trinity.cone.predict import nominal_physics
from trinity.evidence.held import physics_alone
from trinity.learning.data import tests_of as read_tests
from trinity.measurements.specimens import load_measurements
from trinity.quantities import TARGETS


def physics_of(tests, **options):
    return nominal_physics(tests.polymers, tests.polymer_of, tests.conditions, **options)


def test_it_equals_the_nominal_cone_test():
    table = toy_table(tests=1)
    found = physics_of(read_tests(table))
    for row, values in zip(table.itertuples(), found, strict=True):
        test = cone_test.predict(row.psmiles, row.flux_kw_m2, row.thickness_mm, samples=1)
        nominal = [test.nominal[target] for target in TARGETS]
        if np.isfinite(nominal).all():
            np.testing.assert_allclose(values, np.log(nominal), rtol=1e-9)


def test_it_is_what_the_evaluation_calls_physics_alone():
    table = load_measurements()
    chosen = table.groupby("polymer").head(2)  # homopolymers and copolymers
    expected = physics_alone(chosen, 60).mean[0]
    np.testing.assert_allclose(physics_of(read_tests(chosen)), expected, rtol=1e-9)


def test_a_specimen_that_does_not_ignite_has_the_median_of_the_draws_that_do():
    # Poly(vinyl chloride) loses its acid and chars: near the limit some draws ignite, others not.
    table = toy_table(("*CC(*)Cl",), tests=1)
    table["thickness_mm"] = 6.0
    for flux in np.arange(24.0, 8.0, -1.0):
        table["flux_kw_m2"] = flux
        test = cone_test.predict("*CC(*)Cl", flux, 6.0, samples=60)
        ignites = np.isfinite(test.sampled["t_ig_s"])
        if not np.isfinite(test.nominal["t_ig_s"]) and ignites.any():
            break
    else:
        pytest.fail("no heat flux at which only a part of the draws ignites")
    tests = read_tests(table)
    medians = [np.nanmedian(test.sampled[target]) for target in TARGETS]
    np.testing.assert_allclose(physics_of(tests)[0], np.log(medians), rtol=1e-9)
    assert np.isnan(physics_of(tests, draws=0)).all()


def test_nothing_ignites_under_a_weak_heat():
    table = toy_table(("*CC(*)c1ccccc1",), tests=1).assign(flux_kw_m2=3.0)
    assert np.isnan(physics_of(read_tests(table))).all()


def test_neither_company_nor_threads_change_a_row():
    tests = read_tests(toy_table(tests=2))
    everything = physics_of(tests, threads=2)
    np.testing.assert_array_equal(everything[3:7], physics_of(tests.take(np.arange(3, 7))))
    np.testing.assert_array_equal(everything, physics_of(tests, threads=1))
