"""Curves: every row of the table follows from its curve, in whatever layout it is written; what
cannot be told is refused in one sentence."""

import numpy as np
import pytest

from trinity.errors import InputError
from trinity.measurements.reduce import files_of, read_curves, reduce_curve
from trinity.measurements.specimens import load_curves, load_specimens

SPECIMENS = load_specimens().set_index("test_id")
CURVES = load_curves()
#: A test at 4 Hz, one in cells of 1 s, a digitised one, one without ignition.
SOME = (0, 121, 17, 68)


def agrees(found: dict, test_id: int) -> bool:
    row = SPECIMENS.loc[test_id]
    if np.isnan(row.t_ig_s):
        return found["t_ig_s"] is None and found["phrr_kw_m2"] is None
    close = abs(found["t_ig_s"] - row.t_ig_s) <= 0.5
    return close and abs(found["phrr_kw_m2"] / row.phrr_kw_m2 - 1) <= 0.005


@pytest.mark.parametrize("test_id", SPECIMENS.index)
def test_every_row_of_the_table_follows_from_its_curve(test_id):
    curve, row = CURVES[test_id], SPECIMENS.loc[test_id]
    found = reduce_curve(curve.time_s, curve.hrr_kw_m2)
    assert agrees(found, test_id)
    if found["t_ig_s"] is not None:
        assert found["q180_kw_m2"] == pytest.approx(row.q180_kw_m2, rel=0.007)
        if not np.isnan(row.thr_mj_m2):
            assert found["thr_mj_m2"] == pytest.approx(row.thr_mj_m2, rel=0.004)


def plain(t, q):
    return "time_s,hrr_kw_m2\n" + "".join(f"{a:g},{b:.6g}\n" for a, b in zip(t, q, strict=True)), {}


def watts(t, q):
    rows = "".join(f"{a:g},{1e3 * b:.6g}\n" for a, b in zip(t, q, strict=True))
    return "Time (s),HRR (W/m²)\n" + rows, {"unit": "W/m2"}


def minutes(t, q):
    rows = "".join(f"{a / 60:.9g}\t{b:.6g}\n" for a, b in zip(t, q, strict=True))
    return "time (min)\theat release rate (kW/m^2)\n" + rows, {}


def decimal_commas(t, q):
    rows = "".join(f"{a:.2f};{b:.4f}\n".replace(".", ",") for a, b in zip(t, q, strict=True))
    return "\ufeffTime [s];HRRPUA [kW/m2]\n" + rows + ";\n;\n\n", {}


def blanks(t, q):
    rows = "".join(f"{a:g},{b:.6g}\n{a:g},\n" for a, b in zip(t, q, strict=True))
    return "time_s,hrr_kw_m2\n" + rows, {}


def macfp(t, q):
    rows = "".join(f"{a:g},70,{b:.6g},300\n" for a, b in zip(t, q, strict=True))
    return "Time,Mass,HRR,Back Temp\n[s],[g],[kW/m2],[K]\n" + rows, {}


def macfp_of_the_specimen(t, q):
    rows = "".join(f"{a:g},70,{0.01 * b:.8g}\n" for a, b in zip(t, q, strict=True))
    return "Time,Mass,HRR\n[s],[g],[kW]\n" + rows, {"area_m2": 0.01}


def fds(t, q):
    rows = "".join(f"{a:.7E},{0.0088 * b:.7E},0.1\n" for a, b in zip(t, q, strict=True))
    return "s,kW,kW\nTime,HRR,Q_RADI\n" + rows, {"area_m2": 0.0088}


def fsri(t, q):
    head = ["Names,Time,Exh Press,HRR", "Chan Gain,,1,1", "Offset,,0,0", "Gain,,25.0,1"]
    head += ["Units,sec,Pa,kW/m2", "Baseline,,159.5,0.1"]
    rows = [f"{i},{a:g},160,{b:.6g}" for i, (a, b) in enumerate(zip(t, q, strict=True), 1)]
    return "\n".join(head + rows) + "\n", {}


def unequal(t, q):
    """A shorter test beside it, each with a time of its own."""
    lines = ["time_s,hrr_a_kw_m2,time_b_s,hrr_kw_m2"]
    for i, (a, b) in enumerate(zip(t, q, strict=True)):
        lines.append((f"{i},{i}" if i < 20 else ",") + f",{a:g},{b:.6g}")
    return "\n".join(lines) + "\n", {"hrr": ["hrr_kw_m2"]}


LAYOUTS = (plain, watts, minutes, decimal_commas, blanks, macfp, macfp_of_the_specimen, fds, fsri,
           unequal)  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("test_id", SOME)
def test_a_stored_curve_gives_its_row_in_every_layout(tmp_path, layout, test_id):
    curve = CURVES[test_id]
    text, options = layout(curve.time_s.to_numpy(), curve.hrr_kw_m2.to_numpy())
    path = tmp_path / "curve.csv"
    path.write_text(text, encoding="utf-8")
    (found,) = read_curves(path, **options)
    assert agrees(found.reduced(), test_id)
    assert " in " in found.read_as


def test_several_columns_are_several_curves(tmp_path):
    path = tmp_path / "three.csv"
    path.write_text("time_s,hrr_1_kw_m2,hrr_2_kw_m2\n0,0,0\n100,300,500\n400,300,\n500,300,\n")
    first, second = read_curves(path)
    assert (first.column, second.column) == ("hrr_1_kw_m2", "hrr_2_kw_m2")
    assert len(first.time_s) == 4 and len(second.time_s) == 2


def box(head: str, height: float, last: float = 600.0) -> str:
    times = np.linspace(0.0, last, 301)
    rows = (f"{t:g},{height if t > last / 6 else 0}\n" for t in times)
    return head + "\n" + "".join(rows)


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        (box("time_s,hrr_kw_m2", 6e5), {}, "W/m2"),
        (box("time_s,hrr_w_m2", 600), {}, "--unit"),
        (box("time_s,HRR", 600), {}, "no stated unit"),
        (box("time_s,HRR (kW)", 6), {}, "--area"),
        (box("time_s,hrr_kw_m2", 600), {"area_m2": 0.01}, "leave --area out"),
        (box("time_s,hrr_kw_m2", 6), {"unit": "kW", "area_m2": 100.0}, "area"),
        (box("time_s,hrr_kw_m2", 600), {"unit": "BTU"}, "no unit"),
        (box("time,hrr_kw_m2", 600, 10), {}, "--time-unit"),
        (box("time_s,hrr_kw_m2", 600, 9), {}, "lasts 9 s.*--time-unit"),
        (box("time_min,hrr_kw_m2", 600, 600), {}, "--time-unit s"),
        (box("x,y", 600), {}, "found: x, y"),
        (box("time_s,y", 600), {}, "heat release rate.*found: time_s, y"),
        (box("time_s,hrr_kw_m2", 600), {"hrr": ["q"]}, "heat release rate.*found"),
        (box("time_s,hrr_kw_m2", 600), {"time": "when"}, "column of time.*found"),
        (box("Time after Ignition,hrr_kw_m2", 600), {}, "counts time from ignition"),
        ("", {}, "no rows of numbers"),
        ("time_s,hrr_kw_m2\n", {}, "no rows of numbers"),
        ("time_s,hrr_kw_m2\n0,,\n1,,\n", {}, "time and heat release are given"),
        ("Time (s),Mass,HRR (kW/m2)\n0,1\n9,2\n", {}, "time and heat release are given"),
        ("time_s,hrr_kw_m2\n0,1\n100,many\n", {}, "'many' is not a number"),
        ("a text\nof two lines\n", {}, "no rows of numbers"),
        ("time_s;hrr_kw_m2\n0,5;1.5\n", {}, "decimal points and decimal commas"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused(tmp_path, text, options, says):
    path = tmp_path / "curve.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says) as caught:
        [curve.reduced() for curve in read_curves(path, **options)]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("time", "hrr", "says"),
    [
        ([0, 1, 2, 3], [1, 2], "4 times and 2 rates"),
        ([0, 20, 10], [0, 1, 2], "time falls from 20 to 10"),
        ([], [], "0 pairs"),
        ([0, 10, np.inf], [0, 1, 2], "infinite"),
        ([0, 10, 1e9], [0, 1, 2], "no test"),
        ([0, 10, 20], ["a", "b", "c"], "no number"),
        ([0, 100, 200], [500, 500, 500], "begins above"),
        ([[0, 1], [2, 3]], [[0, 1], [2, 3]], "pairs"),
    ],
)
def test_arrays_are_checked_before_any_compiled_function(time, hrr, says):
    with pytest.raises(InputError, match=says):
        reduce_curve(time, hrr)


def test_a_coarse_curve_is_not_smoothed():
    time, hrr = [0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70, 80], [0, 0, 20, 150, 420, 900, 1500, 2050, 900, 120, 20, 0]  # fmt: skip  # noqa: E501
    assert reduce_curve(time, hrr)["phrr_kw_m2"] == 2050.0


def test_time_may_begin_anywhere():
    curve = CURVES[121]
    late = reduce_curve(curve.time_s + 30.0, curve.hrr_kw_m2)
    assert late["t_ig_s"] == SPECIMENS.loc[121].t_ig_s + 30.0


def test_a_pattern_is_several_files(tmp_path):
    for name in ("b.csv", "a.csv"):
        (tmp_path / name).write_text("x")
    found = files_of([tmp_path / "*.csv", tmp_path / "no.txt"])
    assert [p.name for p in found] == ["a.csv", "b.csv", "no.txt"]


TRIANGLE = ((0, 0), (30, 0), (60, 500), (100, 500), (110, 0))


def written(path, head, rows):
    path.write_text("\n".join([*head, *(f"{t},{q}" for t, q in rows)]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        ("time (ms),hrr (kW/m2)", "time .ms. ends at 110 in ms; give seconds or minutes"),
        ("time_s,hrr (MW/m2)", "is in mw_m2, which is not known here"),
    ],
)
def test_a_unit_that_is_stated_and_unknown_is_not_passed_over(head, fault, tmp_path):
    with pytest.raises(InputError, match=fault):
        read_curves(written(tmp_path / "c.csv", [head], TRIANGLE))


def test_columns_without_a_head_are_known_by_number(tmp_path):
    path = written(tmp_path / "c.csv", [], TRIANGLE)
    (curve,) = read_curves(path, "1", ["2"], "kW/m2", time_unit="s")
    assert curve.column == "column 2" and curve.reduced()["t_ig_s"] == 31.5
    with pytest.raises(InputError, match="found: column 1, column 2"):
        read_curves(path)


def test_a_column_is_not_time_and_heat_release_at_once(tmp_path):
    path = written(tmp_path / "c.csv", ["time_s,hrr_kw_m2"], TRIANGLE)
    with pytest.raises(InputError, match="'time_s' cannot be time and heat release"):
        read_curves(path, hrr=["1"])


def test_a_minus_of_typesetters_is_a_minus(tmp_path):
    path = written(tmp_path / "c.csv", ["time_s,hrr_kw_m2"], [(-1, "−0.4"), *TRIANGLE])
    (curve,) = read_curves(path)
    assert curve.hrr_kw_m2[0] == -0.4 and len(curve.time_s) == 6


@pytest.mark.parametrize(("last", "said"), [(0, False), (400, True)])
def test_a_record_that_ends_while_it_burns_says_so(last, said, tmp_path):
    rows = [*TRIANGLE[:-1], (110, last)]
    (curve,) = read_curves(written(tmp_path / "c.csv", ["time_s,hrr_kw_m2"], rows))
    assert curve.read_as.endswith("still burning at its end") == said
