"""The course: exercises made from solutions, their self-checks, computed numbers, slides."""

import ast
import base64
import json
import math
import re
import subprocess
import sys
import tomllib
from itertools import pairwise

import jupytext
import nbformat
import numpy as np
import pytest
from surroundings import patience
from trinity_book import captions, course, notebooks, slides
from trinity_book.course import check, digest

from trinity.errors import InputError
from trinity.files import data_root

SOLUTIONS = notebooks.solutions()
ROOT = data_root().parent


def executed(source):
    path = source.with_suffix(".ipynb")
    assert path.is_file(), f"{path.name} is not executed; run make book"
    return nbformat.read(path, as_version=4)


def tagged(notebook, tag):
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


class TestCheck:
    def test_right_within_the_tolerance_and_wrong_outside(self):
        expected = digest(42.0, 0.02)
        for factor in (1.0, 0.99, 1.01):
            assert check(42.0 * factor, expected, 0.02) == "Right."
        for factor in (0.9, 1.1, -1.0, 1000.0, 60.0):
            assert check(42.0 * factor, expected, 0.02).startswith("Not yet")

    def test_a_whole_number_may_be_written_either_way(self):
        assert check(2.0, digest(2)) == "Right."
        assert check(60, digest(60.0, 0.02), 0.02) == "Right."
        assert check(np.int64(2), digest(2)) == "Right."
        assert check(3, digest(2)).startswith("Not yet")

    def test_words_ignore_case_and_space(self):
        assert check(" T50_K ", digest(course.plain("t50_k"))) == "Right."
        assert check("density", digest("t50_k")).startswith("Not yet")

    def test_true_is_not_one(self):
        assert check(True, digest(True)) == "Right."
        assert check(1, digest(True)).startswith("Not yet")

    @pytest.mark.parametrize("nothing", [..., None])
    def test_an_open_answer_is_not_wrong(self, nothing):
        assert check(nothing, digest(1.0)).startswith("Not answered yet")

    @pytest.mark.parametrize("odd", [math.nan, math.inf, [1.0], {"a": 1}, np.array([1.0, 2.0])])
    def test_what_is_no_answer_is_said_to_be_none(self, odd):
        assert check(odd, digest(1.0)).startswith("This is neither")

    def test_a_digest_does_not_hold_the_answer(self):
        assert "42" not in digest(42) or digest(42) != "42"
        assert digest(42.0) != digest(43.5) != digest(-42.0)


def test_every_chapter_has_exercises_of_three_kinds():
    assert len(SOLUTIONS) == 9
    for source in SOLUTIONS:
        text = source.read_text(encoding="utf-8")
        kinds = re.findall(r"^# ## \d\.\d+ (Compute|Change and explain|Open):", text, re.MULTILINE)
        assert set(kinds) == {"Compute", "Change and explain", "Open"}, source.name
        assert len(kinds) == len(re.findall(r"^# ## ", text, re.MULTILINE)) >= 3


@pytest.mark.parametrize("source", SOLUTIONS, ids=lambda path: path.stem)
def test_students_get_what_the_solution_gives_today(source):
    committed = notebooks.folder() / "exercises" / source.with_suffix(".ipynb").name
    assert executed(source)
    found = committed.read_text(encoding="utf-8")
    assert found == course.exercise(source), "run python -m trinity_book.course"


@pytest.mark.parametrize("source", SOLUTIONS, ids=lambda path: path.stem)
def test_no_solution_reaches_the_students(source):
    solved = executed(source)
    text = json.dumps(json.loads(course.exercise(source)))
    for cell in tagged(solved, "solution"):
        assert json.dumps(cell.source)[1:-1] not in text
    for cell in tagged(solved, "check"):
        value = next(o.data["text/plain"] for o in cell.outputs if course.MIME in o.data)
        assert (
            value.removeprefix("The answer: ") not in re.findall(r"[\w.]+", text) or len(value) < 17
        )


@pytest.mark.parametrize("source", SOLUTIONS, ids=lambda path: path.stem)
def test_each_check_tells_right_from_wrong(source):
    cells = tagged(executed(source), "check")
    assert cells
    for cell in cells:
        content = next(o.data[course.MIME] for o in cell.outputs if course.MIME in o.data)
        shown = next(o.data["text/plain"] for o in cell.outputs if course.MIME in o.data)
        text = shown.removeprefix("The answer: ")
        value = {"True": True, "False": False}.get(text)
        if value is None:
            try:
                value = int(text) if re.fullmatch(r"-?\d+", text) else float(text)
            except ValueError:
                value = text
        assert check(value, content["digest"], content["within"]) == "Right."
        if isinstance(value, bool):
            wrong = not value
        else:
            wrong = value + "x" if isinstance(value, str) else value * 1.3 + 1
        assert check(wrong, content["digest"], content["within"]).startswith("Not yet")


@pytest.mark.parametrize("source", SOLUTIONS, ids=lambda path: path.stem)
def test_a_solution_is_folded_and_every_answer_has_a_place_to_start(source):
    notebook = executed(source)
    for cell in tagged(notebook, "solution"):
        if cell.cell_type == "code":
            assert "hide-cell" in cell.metadata.tags
        else:
            assert ":class: dropdown" in cell.source
    asked = {re.match(r"answer\((\w+)", c.source).group(1) for c in tagged(notebook, "check")}
    started = "\n".join(cell.source for cell in tagged(notebook, "start"))
    assert all(f"{name} = ..." in started for name in asked)


def test_exercises_run_from_top_to_bottom_unanswered(tmp_path):
    source = notebooks.folder() / "exercises" / "02_properties.ipynb"
    out = tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", str(source), str(out), "-k", "python3"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=patience(300)
    )
    assert done.returncode == 0, done.stderr[-2000:]
    cells = nbformat.read(out, as_version=4).cells
    said = [
        o.data.get("text/plain", "") for c in cells for o in c.get("outputs", []) if "data" in o
    ]
    assert sum("Not answered yet" in text for text in said) == 3


def test_physics_exercises_need_no_torch():
    """Chapters 1 to 4: what their cells import brings no PyTorch in."""
    lines = [
        line
        for source in SOLUTIONS[:4]
        for cell in notebooks.Notebook.read(source).code
        for line in cell.splitlines()
        if re.match(r"(import|from) ", line)
    ]
    program = "\n".join([*lines, "import sys", "sys.exit('torch' in sys.modules)"])
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_check_cell_without_an_answer_is_refused(tmp_path):
    source = tmp_path / "01_bad.py"
    source.write_text("")
    cell = nbformat.v4.new_code_cell("1 + 1", metadata={"tags": ["check"]})
    book = nbformat.v4.new_notebook(cells=[cell])
    nbformat.write(book, source.with_suffix(".ipynb"))
    with pytest.raises(InputError, match=r"has to end in answer\(value\)"):
        course.exercise(source)


class TestRerun:
    def test_shows_the_last_figure_and_table_of_a_changed_run(self, tmp_path, monkeypatch):
        folder = tmp_path / "notebooks"
        folder.mkdir()
        (folder / "07_small.py").write_text(
            '# %% tags=["parameters"]\nn = 3\n\n# %%\nimport pandas as pd\n'
            "import io\nfrom PIL import Image as Picture\nfrom IPython.display import Image\n"
            "held = io.BytesIO()\nPicture.new('L', (n, n)).save(held, 'png')\n"
            "Image(held.getvalue())\n\n# %%\npd.DataFrame({'n': [n]})\n"
        )
        monkeypatch.setattr(notebooks, "folder", lambda: folder)
        shown = []
        monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
        table = course.rerun("small", n=2)
        assert ["image/png" in data for data in shown] == [True]
        assert "<td>2</td>" in table.data
        with pytest.raises(InputError, match="no parameter 'm'"):
            course.rerun("small", m=2)

    def test_a_page_that_reruns_another_is_stale_when_the_other_changes(
        self, tmp_path, monkeypatch
    ):
        (tmp_path / "07_small.py").write_text('# %% tags=["parameters"]\nn = 3\n')
        page = tmp_path / "08_page.py"
        page.write_text(
            '# %%\nfrom trinity_book import course\n\n# %%\ncourse.rerun("small", n=1)\n'
        )
        monkeypatch.setattr(notebooks, "folder", lambda: tmp_path)
        before = notebooks.stamp(notebooks.Notebook.read(page), {})
        (tmp_path / "07_small.py").write_text('# %% tags=["parameters"]\nn = 4\n')
        after = notebooks.stamp(notebooks.Notebook.read(page), {})
        assert before["data_hash"] != after["data_hash"]


class TestSlides:
    @pytest.fixture(scope="class")
    def deck(self):
        return slides.slides()

    def test_each_slide_has_a_picture_that_says_what_it_shows(self, deck):
        listed = tomllib.loads((ROOT / "book" / "slides.toml").read_text(encoding="utf-8"))["slide"]
        there = [(ROOT / "notebooks" / f"{one['notebook']}.ipynb").is_file() for one in listed]
        asked = sum(there)
        assert len(listed) >= 20 and all(one["notes"] for one in listed)
        pictures = re.findall(r'<img alt="([^"]+)" src="data:image/png;base64,(\w+)', deck)
        assert len(pictures) == asked >= 10
        assert all(len(text) > 20 for text, _ in pictures)

    def test_nothing_is_left_to_fill_in_or_to_fetch(self, deck):
        words = re.sub(
            r"<style>.*?</style>|<script>.*?</script>|base64,[^\"]+", "", deck, flags=re.S
        )
        assert "{" not in words and "http" not in words

    def test_an_unknown_figure_is_one_sentence(self, tmp_path):
        (tmp_path / "book" / "generated").mkdir(parents=True)
        (tmp_path / "book" / "generated" / "numbers.json").write_text('{"numbers": {}}')
        (tmp_path / "notebooks").mkdir()
        empty = nbformat.v4.new_notebook()
        nbformat.write(empty, tmp_path / "notebooks" / "00_x.ipynb")
        (tmp_path / "book" / "slides.toml").write_text(
            'title = "t"\nfooter = "f"\n[[slide]]\ntitle = "a"\nnotebook = "00_x"\n'
            'figure = "nothing"\ntext = ""\ndata = ""\n'
        )
        with pytest.raises(InputError, match="shows no figure nothing"):
            slides.slides(tmp_path / "notebooks")


def test_figures_say_what_they_show():
    syntax = ast.parse("from trinity_book.figures import learning as drawn\nimport pandas as pd")
    text = captions.described("x = 1\ndrawn.ablation(scores, ['t_ig_s'])", syntax)
    assert text.startswith("Error factor of each arm with its 95 % interval over groups")
    assert captions.described("tests.head()", syntax) is None
    assert captions.described("drawn.no_such_figure(1)", syntax) is None
    assert captions.described("figures_learning.ablation(1)", syntax) is None


class TestCaptions:
    CODE = """
from trinity.measurements.specimens import load_measurements
from trinity.pipeline import stages
from trinity_book.figures import learning as drawn
scores = stages.load("ablation", scale=scale).results
def rows(name):
    return scores[name]
first = rows("scores")
tests = load_measurements()
"""

    def caption(self, line, parameters, **metadata):
        png = base64.b64encode(
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (1000).to_bytes(4) + bytes(8)
        ).decode()
        picture = nbformat.v4.new_output("display_data", {"image/png": png})
        cell = nbformat.v4.new_code_cell(line, outputs=[picture], metadata=metadata)
        book = nbformat.v4.new_notebook(cells=[cell])
        captions.write(book, "07_x", captions.parsed(self.CODE + line), parameters)
        assert cell.metadata["mystnb"]["image"]["width"] == "625px"
        return cell.metadata["mystnb"]["figure"]

    def test_say_the_data_behind_a_figure_through_names_and_functions(self):
        made = self.caption("drawn.ablation(first, ['t_ig_s'])", {"seed": 3})
        assert made["caption"].endswith("Data: `lopo.json`.")
        assert made["name"] == "fig-07_x-1"
        made = self.caption("drawn.ablation(tests, scores)", {})
        assert made["caption"].endswith("Data: `lopo.json`, measured cone tests.")

    def test_a_figure_without_data_was_computed_on_the_page(self):
        made = self.caption("drawn.ablation([], [])", {"seed": 0})
        assert made["caption"].endswith("Computed on this page.")

    def test_a_seed_is_named_where_something_was_drawn_from_it_on_the_page(self):
        random = "rng = np.random.default_rng(seed)\ndrawn.ablation(first, rng)"
        assert self.caption(random, {"seed": 3})["caption"].endswith("`lopo.json`; seed 3.")
        fixed = "drawn.ablation(polymers(seed=50), [])"
        assert self.caption(fixed, {"seed": 3})["caption"].endswith("on this page; seed 50.")

    def test_a_cell_may_say_what_it_shows_and_from_what(self):
        made = self.caption("drawn.ablation([], [])", {}, shows="the peak", data="a table")
        assert made["caption"].endswith(", a panel per target: the peak. Data: a table.")
        made = self.caption("drawn.ablation([], [])", {}, data="none")
        assert made["caption"].endswith(". A drawing; no data.")


@pytest.mark.parametrize("source", notebooks.pages(), ids=lambda path: path.stem)
def test_every_figure_of_a_published_notebook_has_a_caption(source):
    for cell in nbformat.read(source.with_suffix(".ipynb"), as_version=4).cells:
        drawn = [o for o in cell.get("outputs", []) if "image/png" in o.get("data", {})]
        shown = [o for o in cell.get("outputs", []) if "data" in o]
        if drawn:
            # What stands beside a figure in one cell would get its caption, too.
            assert len(shown) == 1
            assert cell.metadata["mystnb"]["figure"]["caption"]


@pytest.mark.parametrize("source", notebooks.pages(), ids=lambda path: path.stem)
def test_every_figure_of_a_notebook_has_a_text(source):
    notebook = notebooks.Notebook.read(source)
    for cell in notebook.code:
        if "figures_" in cell.replace("import", "").splitlines()[-1]:
            last = cell.splitlines()[-1]
            if last.startswith("figures_"):
                assert captions.described(cell, notebook.syntax()), last


@pytest.mark.parametrize("source", SOLUTIONS, ids=lambda path: path.stem)
def test_exercises_have_the_number_of_their_chapter_and_each_has_its_solution(source):
    cells = jupytext.read(source).cells
    heads = [i for i, c in enumerate(cells) if re.search(r"^## \d", c.source, re.MULTILINE)]
    chapter = int(source.stem.split("_")[0])
    for place, (head, end) in enumerate(pairwise([*heads, len(cells)]), start=1):
        assert re.search(rf"^## {chapter}\.{place} ", cells[head].source, re.MULTILINE)
        tags = {tag for c in cells[head:end] for tag in c.metadata.get("tags", [])}
        assert "solution" in tags, cells[head].source
