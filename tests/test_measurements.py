"""Measurements: all rows kept, groups by key, wrong units and impossible values refused."""

import pandas as pd
import pytest

from trinity.errors import InputError
from trinity.files import data_path
from trinity.measurements import folds, load_measurements, load_table, read_measurements

HEAD = "psmiles,flux_kw_m2,thickness_mm,t_ig_s,phrr_kw_m2,t_peak_s,thr_mj_m2\n"
GOOD = "*CC*,50,3,60,1000,150,120\n"


@pytest.fixture
def write(tmp_path):
    def to_file(text: str, name: str = "mine.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return to_file


def test_every_test_is_kept_with_the_censored_one():
    table = load_measurements()
    assert len(table) == 78 and table.test_id.tolist() == list(range(78))
    assert table.t_ig_s.isna().sum() == 1
    censored = table[table.t_ig_s.isna()].iloc[0]
    assert (censored.polymer, censored.flux_kw_m2) == ("PC", 25.0)
    assert table.group_nine.nunique() == 9 and table.group_ten.nunique() == 10


def test_a_group_is_a_key():
    """No polymer may be on both sides of a fold."""
    table = load_measurements()
    assert table.groupby("key").group_nine.nunique().max() == 1
    assert table.groupby("group_nine").key.nunique().max() == 1


def test_the_committed_folds_are_those_of_the_measurements():
    columns = ["test_id", "polymer", "group_nine", "group_ten"]
    pd.testing.assert_frame_equal(folds(), load_measurements()[columns], check_dtype=False)


def test_a_loaded_table_is_a_copy():
    table = load_measurements()
    table["t_ig_s"] = -1
    assert load_measurements().t_ig_s.min() > 0


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("*CC*,50000,3,60,1000,150,120\n", "W/m2"),
        ("*CC*,4,3,60,1000,150,120\n", "5-200"),
        ("*CC*,50,0.003,60,1000,150,120\n", "is it in m"),
        ("*CC*,50,3,60,1000,50,120\n", "must not come before"),
        ("*CC*,50,3,,1000,150,120\n", "needs t_ig_s"),
        ("*CC*,50,3,60,1000,150,900\n", "per mm"),
        ("*CC*,50,3,-5,1000,150,120\n", "t_ig_s"),
        ("*CC*,abc,3,60,1000,150,120\n", "not a number"),
        ("*CC*,inf,3,60,1000,150,120\n", "not a number"),
        ("*CC*,,3,60,1000,150,120\n", "empty"),
        ("CC,50,3,60,1000,150,120\n", "attachment"),
        ("*CQ*,50,3,60,1000,150,120\n", "SMILES"),
    ],
)
def test_a_bad_row_is_named(write, row, says):
    path = write(HEAD + GOOD + row)
    with pytest.raises(InputError, match=says) as caught:
        read_measurements(path)
    assert "row 2" in str(caught.value) and "\n" not in str(caught.value)
    table = read_measurements(path, strict=False)
    assert table.error[0] == "" and table.error[1] != ""


def test_repeated_rows_are_refused_and_replicates_kept(write):
    other = "*CCCC*,50,3,60,1000,150,120\n"  # the same polymer, written twice as long
    with pytest.raises(InputError, match="repeats"):
        read_measurements(write(HEAD + GOOD + other))
    replicate = "*CC*,50,3,62,980,149,121\n"
    assert len(read_measurements(write(HEAD + GOOD + replicate))) == 2


def test_conditions_alone_may_repeat_and_other_columns_pass_through(write):
    text = "name,psmiles,flux_kw_m2,thickness_mm\na,*CC*,50,6\nb,*CC*,50,6\n"
    table = read_measurements(write(text))
    assert table.name.tolist() == ["a", "b"]
    assert table.key.tolist() == ["*C*", "*C*"]


def test_components_are_checked(write):
    text = "psmiles,components,flux_kw_m2,thickness_mm\n*CC*,*CC*:0.5|*CO*:0.2,50,6\n"
    with pytest.raises(InputError, match="sum to 0.7"):
        read_measurements(write(text))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("psmiles,flux_kw_m2\n*CC*,50\n", "no column thickness_mm"),
        ("psmiles;flux_kw_m2;thickness_mm\n*CC*;50;3\n", "no column"),
        (HEAD, "no rows"),
        (b"psmiles\xff\xfe\n", "not UTF-8"),
    ],
)
def test_a_bad_file_is_one_sentence(write, content, says):
    with pytest.raises(InputError, match=says) as caught:
        read_measurements(write(content))
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="no file"):
        read_measurements(tmp_path / "nowhere.csv")


def test_reference_tables_are_found_and_hold_no_unlicensed_value():
    table = load_table("polymer_properties")
    assert not table.use.fillna("").str.contains("no licence").any()
    with pytest.raises(InputError, match="no reference table"):
        load_table("secrets")


def test_a_byte_order_mark_is_no_obstacle(write):
    assert len(read_measurements(write(("\ufeff" + HEAD + GOOD).encode()))) == 1


def test_data_files_have_their_readme():
    for folder in ("measurements", "groups", "reference"):
        assert data_path(folder, "README.md").is_file()
