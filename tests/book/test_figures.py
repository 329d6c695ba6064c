"""The figure style: one palette, and nothing global is changed by importing a figure module."""

import subprocess
import sys

import matplotlib
from trinity_book.figures import style


def test_importing_figures_changes_no_setting(root):
    names = sorted(path.stem for path in (root / "book/trinity_book/figures").glob("[a-z]*.py"))
    program = "import matplotlib; before = dict(matplotlib.rcParams)\n"
    program += "".join(f"import trinity_book.figures.{name}\n" for name in names)
    program += "assert dict(matplotlib.rcParams) == before"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_style_ends_with_its_block():
    before = dict(matplotlib.rcParams)
    with style.context():
        assert matplotlib.rcParams["font.size"] == 9
    assert dict(matplotlib.rcParams) == before


def test_names_are_read_without_units():
    assert style.in_words("char_density_kg_m3") == "char density"
    assert style.in_words("absorption_coefficient_1_m") == "absorption coefficient"
    assert style.in_words("t_ig_s") == "time to ignition"
    assert style.in_words("soot_yield") == "soot yield"
