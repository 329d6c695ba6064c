"""The judge of a synthetic table is judged: on tables whose answer is known."""

import json

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from trinity_book.figures import synthesis as figures_synthesis
from trinity_book.studies.synthesis_quality import (
    beside_measurements,
    energy_check,
    neighbours_table,
    spread_table,
)

from trinity.files import data_path
from trinity.measurements.specimens import load_measurements
from trinity.synthesis import table as synthesis
from trinity.synthesis.report import (
    EXPECTED_SIGNS,
    coverage,
    known_polymers,
    label_spread,
    measured_within,
    non_igniting,
    outliers,
    quality_report,
    signs,
)
from trinity.synthesis.table import TABLE, synthesize

matplotlib.use("agg")


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> pd.DataFrame:
    out = tmp_path_factory.mktemp("synthetic")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthesis, "IN_PROCESS", 100)
        return pd.read_parquet(synthesize(80, 6, 11, out, progress=False))


@pytest.fixture(scope="module")
def report(table) -> dict:
    return quality_report(table, load_measurements(), n_spread=5)


def test_simulated_labels_point_the_way_physics_says(report):
    """The strong effects; weak ones need more rows than a test should burn."""
    strong = [row for row in report["signs"] if abs(row["coefficient"]) > 0.15]
    assert len(strong) >= 8
    assert all(row["as_expected"] for row in strong), strong


def test_a_planted_wrong_sign_is_found():
    rng = np.random.default_rng(0)
    names = {name for label, cause, *_ in EXPECTED_SIGNS for name in (label, cause)}
    made = pd.DataFrame({name: rng.lognormal(size=400) for name in sorted(names)})
    made["t_ig_s"] = made["flux_kw_m2"] ** -2 * made["t50_k"] ** -0.5  # the second is wrong
    found = {(row["label"], row["input"]): row["as_expected"] for row in signs(made)}
    assert found["t_ig_s", "flux_kw_m2"]
    assert not found["t_ig_s", "t50_k"]


def test_less_ignites_at_low_flux(report):
    by_flux = report["non_igniting"]["by_flux_kw_m2"]
    assert by_flux["15-25"] > by_flux["50-75"]
    assert 0 < report["non_igniting"]["share"] < 0.5


def test_shares_of_a_table_made_by_hand():
    made = pd.DataFrame(
        {
            "ignited": [True, False, True, True],
            "family": ["vinyl", "vinyl", "polyester", "polyester"],
            "flux_kw_m2": [20.0, 20.0, 60.0, 90.0],
        }
    )
    share = non_igniting(made)
    assert share["share"] == 0.25
    assert share["by_flux_kw_m2"] == {"15-25": 0.5, "50-75": 0.0, "75-100": 0.0}
    assert share["by_family"] == {"polyester": 0.0, "vinyl": 0.5}


def test_impossible_heat_is_counted(table):
    spoiled = table.copy()
    assert outliers(spoiled)["more_heat_than_fuel"] == 0
    spoiled.loc[spoiled["ignited"].idxmax(), "thr_mj_m2"] = 1e6
    assert outliers(spoiled)["more_heat_than_fuel"] == 1


def test_a_measured_test_far_off_is_outside_the_synthetic_range(table):
    tests = pd.DataFrame(
        {"flux_kw_m2": [50.0] * 2, "thickness_mm": [6.0] * 2, "t_ig_s": [1e6, np.nan],
         "phrr_kw_m2": [float(table["phrr_kw_m2"].median()), np.nan]}
    )  # fmt: skip
    many = pd.concat([table.assign(flux_kw_m2=50.0, thickness_mm=6.0)])
    within = measured_within(many, tests)
    assert within["t_ig_s"] == {"share": 0.0, "tests": 1}
    assert within["phrr_kw_m2"] == {"share": 1.0, "tests": 1}


def test_labels_of_one_polymer_scatter_with_its_properties():
    spread = label_spread(["*CC(*)c1ccccc1", "*CC(*)C"])
    for name in ("t_ig_s", "phrr_kw_m2"):
        assert 0.05 < spread[name]["0.5"] < 1.5  # a factor of 1.05 to 4.5


def test_coverage_knows_what_is_in_a_table():
    keys = sorted(known_polymers())[:20] + ["*CC(*)c1ccccc1"]
    found = coverage(keys, load_measurements())
    assert found["known_in_table"] == len(set(keys) & known_polymers())
    styrene = next(row for row in found["measured"] if row["key"] == "*CC(*)c1ccccc1")
    assert styrene["in_table"] and styrene["nearest_other"] != styrene["key"]
    assert all(0 <= row["tanimoto"] <= 1 for row in found["measured"])


def test_report_fits_into_json(report):
    assert json.loads(json.dumps(report, allow_nan=False))["rows"] == 480


@pytest.mark.parametrize(
    "name", ["family_shares", "label_distributions", "property_ranges", "non_ignition",
             "polymer_map", "expected_signs", "energy_released"],
)  # fmt: skip
def test_figures_say_what_their_axes_are(table, report, name):
    draw = getattr(figures_synthesis, name)
    data = {
        "expected_signs": (report,),
        "label_distributions": (table, load_measurements()),
        "polymer_map": (table, load_measurements()),
    }.get(name, (table,))
    figure = draw(*data)
    assert isinstance(figure, Figure)
    assert all(axes.get_xlabel() for axes in figure.axes if axes.get_label() != "<colorbar>")
    matplotlib.pyplot.close(figure)


def test_the_published_table_keeps_its_energy_and_its_signs():
    """The shipped table itself: no row above its fuel by more than the grid's error."""
    names = ["density_kg_m3", "thickness_mm", "heat_of_combustion_j_kg", "thr_mj_m2"]
    published = pd.read_parquet(data_path("artifacts", "synthetic", TABLE), columns=names)
    found = energy_check(published)
    assert found["rows"] > 0.5 * len(published)
    assert found["above_1.3"] == found["above_1.03"] == 0
    results = json.loads(data_path("artifacts", "results", "synthesis.json").read_text())
    assert results["rows"] == len(published)
    assert all(row["as_expected"] for row in results["signs"])


def test_energy_above_the_fuel_is_counted():
    made = pd.DataFrame(
        {"density_kg_m3": 1000.0, "thickness_mm": 10.0, "heat_of_combustion_j_kg": 30e6,
         "thr_mj_m2": [150.0, 300.0, 306.0, 400.0, np.nan]}
    )  # fmt: skip
    found = energy_check(made)
    assert found["rows"] == 4 and found["above_fuel"] == 2
    assert found["above_1.03"] == found["above_1.3"] == 1
    assert found["largest"] == pytest.approx(4 / 3) and found["median"] == pytest.approx(1.01)


def test_tables_of_the_page_hold_what_the_report_found(report):
    beside = beside_measurements(report)
    assert beside.loc[("t_ig_s", "synthetic"), "0.5"] == report["quantiles"]["t_ig_s"]["0.5"]
    assert ("t_ig_s", "measured") in beside.index
    assert (spread_table(report)["median"] > 1).all()
    assert len(neighbours_table(report)) == len(report["coverage"]["measured"])
