"""``trinity reduce`` and ``trinity evaluate`` on what other people bring."""

import csv
import json

import numpy as np
import pytest

from trinity.measurements.reader import read_measurements
from trinity.measurements.specimens import load_curves, load_specimens

QUIET = "time_s,hrr_kw_m2\n" + "".join(f"{t},1.5\n" for t in range(0, 601, 2))


@pytest.fixture
def curve(tmp_path):
    """The stored curve of the first specimen, as its laboratory might write it."""
    path = tmp_path / "test.csv"
    load_curves()[0].to_csv(path, index=False)
    return path


def test_reduce_gives_a_list_and_no_ignition_is_null_with_exit_0(trinity, tmp_path, curve):
    (tmp_path / "quiet.csv").write_text(QUIET)
    done = trinity("reduce", curve, tmp_path / "quiet.csv", "--json")
    assert done.returncode == 0, done.stderr
    burnt, quiet = json.loads(done.stdout)
    row = load_specimens().loc[0]
    for name in ("t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2", "q180_kw_m2"):
        assert burnt[name] == pytest.approx(row[name], rel=0.005)
        assert quiet[name] is None
    assert burnt["file"] == str(curve) and quiet["test_duration_s"] == 600.0


def test_what_reduce_writes_can_be_learned_from(trinity, tmp_path, curve):
    (tmp_path / "quiet.csv").write_text(QUIET)
    out = tmp_path / "mine.csv"
    asked = ("--psmiles", "*CC(*)c1ccccc1", "--flux", 25, "--thickness", 3, "--out", out)
    done = trinity("reduce", curve, tmp_path / "quiet.csv", *asked, "--plot", tmp_path / "p.png")
    assert done.returncode == 0 and (tmp_path / "p.png").stat().st_size > 1000
    table = read_measurements(out)
    assert table["ignited"].tolist() == [1.0, 0.0]
    assert table["test_duration_s"][1] == 600.0 and np.isnan(table["t_ig_s"][1])


def test_a_file_that_cannot_be_reduced_is_one_sentence(trinity, tmp_path, curve):
    (tmp_path / "text.csv").write_text("this is\nno curve\n")
    alone = trinity("reduce", tmp_path / "text.csv")
    assert alone.returncode == 1 and alone.stderr.count("\n") == 1 and not alone.stdout
    both = trinity("reduce", tmp_path / "*.csv", "--json")
    assert both.returncode == 2 and both.stderr.count("\n") == 1
    assert ["error" in row for row in json.loads(both.stdout)] == [False, True]


@pytest.mark.slow
def test_a_filled_template_is_scored_beside_the_arms_of_the_project(trinity, tmp_path):
    path = tmp_path / "mine.csv"
    assert trinity("evaluate", "--template", path).returncode == 0
    again = trinity("evaluate", "--template", path)
    assert again.returncode == 1 and "exists already" in again.stderr
    rows = list(csv.DictReader(path.open(encoding="utf-8")))
    for row in rows:
        row["predicted"] = "60" if row["target"] == "t_ig_s" else "500"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    done = trinity("evaluate", "--predictions", path, "--json")
    assert done.returncode == 0, done.stderr
    scored = json.loads(done.stdout)
    assert {"yours", "physics_only", "two_phase"} <= {row["arm"] for row in scored}
    assert scored[0]["target"] == "primary" and scored[0]["n"] == scored[0]["of"] == 98


def test_curves_of_several_files_are_told_apart(trinity, tmp_path, curve):
    (tmp_path / "quiet.csv").write_text(QUIET)
    done = trinity("reduce", curve, tmp_path / "quiet.csv")
    assert done.returncode == 0 and f"\n{curve}: hrr_kw_m2 " in done.stdout


def test_a_write_protected_file_and_a_link_to_itself_are_not_written(trinity, tmp_path, curve):
    kept, loop = tmp_path / "kept.csv", tmp_path / "loop.csv"
    kept.write_text("mine")
    kept.chmod(0o444)
    loop.symlink_to(loop)
    for path, why in ((kept, "is write-protected"), (loop, "is a link that leads to itself")):
        done = trinity("reduce", curve, "--out", path)
        assert done.returncode == 1 and why in done.stderr and done.stderr.count("\n") == 1
    assert kept.read_text() == "mine"
