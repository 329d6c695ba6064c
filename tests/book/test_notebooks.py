"""The notebooks: sources, the runner, and a gate for what is published."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from surroundings import ROOT, patience
from trinity_book import notebooks

from trinity.errors import InputError
from trinity.pipeline import stages

SOURCES = list(notebooks.sources().values())
#: Traces of the machine that ran a notebook: home folders, temporary folders, this checkout.
MACHINE = re.compile(r"/home/|/root/|/Users/|/tmp/|/var/folders/|[A-Z]:\\\\|site-packages")


def objections(path: Path, published: bool = True) -> list[str]:
    """Why an executed notebook may not be published; empty when it may."""
    notebook = nbformat.read(path, as_version=4)
    stamp = notebook.metadata.get("trinity", {})
    found = [f"stale: {reason}" for reason in notebooks.differences(path)]
    if published and stamp.get("scale") != stages.PUBLISHED:
        found.append(f"reduced scale {stamp.get('scale')!r} shown as the published one")
    for number, cell in enumerate(notebook.cells):
        if "injected-parameters" in cell.metadata.get("tags", []):
            found.append(f"cell {number}: parameters of one run were injected")
        for output in cell.get("outputs", []):
            text = json.dumps(output.get("data", {}).get("text/plain", "")) + json.dumps(
                {k: v for k, v in output.items() if k != "data"}
            )
            text += json.dumps(output.get("data", {}).get("text/html", ""))
            if output.output_type == "error":
                found.append(f"cell {number}: error {output.ename}")
            if MACHINE.search(text) or str(ROOT) in text:
                found.append(f"cell {number}: a path of a machine")
        if cell.cell_type == "code" and cell.source.strip() and cell.execution_count is None:
            found.append(f"cell {number}: not executed")
    return found


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_published_notebook_is_current_whole_and_clean(source):
    path = source.with_suffix(".ipynb")
    assert path.exists(), f"{path.name} is missing; run make book"
    assert objections(path) == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_source_has_a_parameters_cell_of_scalars_first(source):
    notebook = notebooks.Notebook.read(source)
    assert notebook.parameters, "no cell tagged parameters"
    first = notebook.code[0]
    assert all(isinstance(node, ast.Assign | ast.AnnAssign) for node in ast.parse(first).body)
    assert notebook.parameters.get("scale", stages.PUBLISHED) == stages.PUBLISHED


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_source_has_no_branch_for_tests_and_no_global_seed(source):
    text = source.read_text(encoding="utf-8")
    assert not re.search(r"if .*(scale|TEST)\b.*:", text)
    assert not re.search(r"np\.random\.seed|random\.seed\(|manual_seed", text)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_stages_that_a_source_loads_exist(source):
    assert set(notebooks.Notebook.read(source).results()) <= set(stages.STAGES)


def write_small(place: Path, monkeypatch) -> Path:
    """A notebook folder with one small notebook of its own."""
    folder = place / "notebooks"
    folder.mkdir()
    (folder / "07_small.py").write_text(
        '# %% tags=["parameters"]\nn = 3\nwidth = 0.5\nname = "PE"\nloud = False\n\n'
        "# %%\narea = n * width\n\n# %%\nprint(name, area, loud)\n"
    )
    monkeypatch.setattr(notebooks, "folder", lambda: folder)
    return folder


@pytest.fixture
def small(tmp_path, monkeypatch):
    return write_small(tmp_path, monkeypatch)


def outputs(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return "".join(o.get("text", "") for cell in cells for o in cell.get("outputs", []))


def test_runner_keeps_types_and_recomputes_what_is_derived(small, tmp_path):
    values = notebooks.Notebook.read(small / "07_small.py").typed(
        {"n": "4", "width": "2", "name": "3", "loud": "true"}
    )
    assert values == {"n": 4, "width": 2.0, "name": "3", "loud": True}
    assert isinstance(values["width"], float)
    out = notebooks.run_source(
        notebooks.source_of("small"), values, tmp_path / "out.ipynb", progress=False
    )
    assert outputs(out) == "3 8.0 True\n"
    stamp = nbformat.read(out, as_version=4).metadata["trinity"]
    assert stamp["parameters"] == values
    assert {"source_hash", "data_hash", "notebook_hash", "versions", "wall_time"} <= set(stamp)


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"nonsense": "1"}, "no parameter 'nonsense'"),
        ({"n": "1.5"}, "type int"),
        ({"n": "many"}, "type int"),
        ({"loud": "1"}, "type bool"),
        ({"width": "[1]"}, "type float"),
    ],
)
def test_runner_refuses_unknown_names_and_other_types(small, changed, message):
    with pytest.raises(InputError, match=message):
        notebooks.Notebook.read(small / "07_small.py").typed(changed)


def test_parameters_must_be_scalars(small):
    (small / "07_small.py").write_text('# %% tags=["parameters"]\nn = [1, 2]\n')
    with pytest.raises(InputError, match="no plain scalar"):
        notebooks.Notebook.read(small / "07_small.py")


def test_two_runs_are_the_same_but_for_time(small, tmp_path):
    texts = []
    for name in ("a", "b"):
        path = notebooks.run_source(
            notebooks.source_of("small"), {}, tmp_path / f"{name}.ipynb", progress=False
        )
        document = json.loads(path.read_text())
        document["metadata"]["trinity"].pop("wall_time")
        texts.append(json.dumps(document))
    assert texts[0] == texts[1]


def test_a_failing_cell_is_one_sentence_and_leaves_no_result(small, tmp_path):
    (small / "07_small.py").write_text('# %% tags=["parameters"]\nn = 0\n\n# %%\n1 / n\n')
    with pytest.raises(InputError, match="ZeroDivisionError"):
        notebooks.run_source(
            notebooks.source_of("small"), {}, tmp_path / "out.ipynb", progress=False
        )
    assert not (tmp_path / "out.ipynb").exists()
    assert (tmp_path / "out.failed.ipynb").exists()


def test_notebooks_run_beside_each_other_and_none_is_begun_after_a_failure(small, tmp_path, capfd):
    good = small / "07_small.py"
    bad = small / "08_bad.py"
    bad.write_text('# %% tags=["parameters"]\nn = 0\n\n# %%\n1 / n\n')
    plans = [(good, {"n": n}, tmp_path / f"{n}.ipynb") for n in (1, 2)]
    assert notebooks.run_all(plans) == [plan[2] for plan in plans]
    assert [outputs(plan[2]) for plan in plans] == ["PE 0.5 False\n", "PE 1.0 False\n"]
    assert "Executed 07_small.py in" in capfd.readouterr().err
    late = (good, {"n": 9}, tmp_path / "late.ipynb")
    with pytest.raises(InputError, match="08_bad.py stopped with ZeroDivisionError"):
        notebooks.run_all([(bad, {}, tmp_path / "bad.ipynb"), late], at_once=1)
    assert not late[2].exists() and not (tmp_path / "bad.ipynb").exists()


class TestGate:
    """The gate refuses what it must; each test spoils a good notebook in one way."""

    @pytest.fixture(scope="class")
    def whole(self, tmp_path_factory):
        """The small notebook as it was executed, once for all."""
        with pytest.MonkeyPatch.context() as patch:
            folder = write_small(tmp_path_factory.mktemp("whole"), patch)
            yield notebooks.run_source(
                notebooks.source_of("small"), {}, folder / "07_small.ipynb", progress=False
            )

    @pytest.fixture
    def published(self, whole, small):
        return Path(shutil.copy(whole, small))

    def spoil(self, path, change):
        notebook = nbformat.read(path, as_version=4)
        change(notebook)
        nbformat.write(notebook, path)

    def test_a_good_one_passes(self, published):
        assert objections(published) == []

    def test_an_edited_source_is_stale(self, published):
        source = published.with_suffix(".py")
        source.write_text(source.read_text() + "\n# more\n")
        assert "stale: notebook_hash" in objections(published)

    def test_other_parameters_are_stale(self, published, small):
        notebooks.run_source(notebooks.source_of("small"), {"n": 5}, published, progress=False)
        found = objections(published)
        assert "stale: parameters" in found
        assert any("injected" in reason for reason in found)

    def test_reduced_scale(self, published):
        self.spoil(published, lambda nb: nb.metadata["trinity"].update(scale="class"))
        assert any("reduced scale" in reason for reason in objections(published))

    def test_an_error_output(self, published):
        error = nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[])
        self.spoil(published, lambda nb: nb.cells[-1].outputs.append(error))
        assert any("error ValueError" in reason for reason in objections(published))

    def test_a_path_of_a_machine(self, published):
        text = nbformat.v4.new_output("stream", name="stdout", text="saved in /home/me/x.csv")
        self.spoil(published, lambda nb: nb.cells[-1].outputs.append(text))
        assert any("path of a machine" in reason for reason in objections(published))

    def test_a_missing_stamp(self, published):
        self.spoil(published, lambda nb: nb.metadata.pop("trinity"))
        assert "stale: no stamp" in objections(published)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["beside", "elsewhere"])
def test_plain_papermill_works_from_any_folder(place, tmp_path):
    """``papermill notebooks/01_problem.ipynb out.ipynb -p polymer PC``, as its users know it."""
    source = ROOT / "notebooks" / "01_problem.ipynb"
    cwd = ROOT if place == "beside" else tmp_path
    out = tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", str(source), str(out), "-p", "polymer", "PC"]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=patience(300))
    assert done.returncode == 0, done.stderr[-2000:]
    assert "PC" in outputs(out) or "PC" in out.read_text()
