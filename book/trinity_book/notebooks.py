"""Runs the notebooks through papermill and stamps what they become.

``notebooks/NN_name.py`` (percent format; NN is its chapter) is the source; ``NN_name.ipynb`` beside
it is its executed result, whose metadata say which source, code, data and parameters made it.
papermill alone is silent about an unknown parameter; here it is refused.
"""

import ast
import os
import re
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from trinity import lineage, provenance
from trinity.errors import InputError
from trinity.files import data_root, write_atomic
from trinity.pipeline import stages
from trinity_book import captions

SCALARS = (bool, int, float, str)


def folder() -> Path:
    """The notebooks of the checkout; an InputError if there are none."""
    found = data_root().parent / "notebooks"
    if found.is_dir():
        return found
    raise InputError("No notebooks/ folder found; run this command in a checkout of the project.")


def sources() -> dict[str, Path]:
    """Stage name and percent source of every notebook, in order."""
    found = sorted(folder().glob("[0-9][0-9]_*.py"))
    return {path.stem.split("_", 1)[1]: path for path in found}


def solutions() -> list[Path]:
    """Percent sources of the exercises with their solutions, one per chapter, in order."""
    return sorted((folder() / "solutions").glob("[0-9][0-9]_*.py"))


def pages() -> list[Path]:
    """Every percent source that is a page of the book: stages, then exercises."""
    return [*sources().values(), *solutions()]


def source_of(stage: str) -> Path:
    """Percent source of a stage; an InputError lists the stages if it is none of them."""
    known = sources()
    if stage not in known:
        raise InputError(f"There is no notebook {stage!r}; choose one of {', '.join(known)}.")
    return known[stage]


@dataclass(frozen=True)
class Notebook:
    """A notebook as text: its code cells and the values of its ``parameters`` cell."""

    path: Path
    code: list[str]
    parameters: dict[str, bool | int | float | str]

    @classmethod
    def read(cls, path: Path) -> "Notebook":
        """Read a percent source; an InputError if a parameter is anything but a plain scalar."""
        cells = [cell for cell in _as_notebook(path).cells if cell.cell_type == "code"]
        tagged = [c for c in cells if "parameters" in c.metadata.get("tags", [])]
        parameters = _scalars(tagged[0].source, path) if tagged else {}
        return cls(path, [cell.source for cell in cells], parameters)

    def syntax(self) -> ast.Module:
        """Syntax tree of all code cells."""
        return captions.parsed("\n".join(self.code))

    def results(self) -> list[str]:
        """Names of the stages whose results the cells load with ``stages.load("name")``."""
        own = self._named("stages", "load")
        nested = [Notebook.read(source_of(name)).results() for name in self.reruns()]
        return list(dict.fromkeys([*own, *(name for names in nested for name in names)]))

    def reruns(self) -> list[str]:
        """Names of the notebooks that the cells execute with ``course.rerun("name")``."""
        return self._named("course", "rerun")

    def _named(self, module: str, function: str) -> list[str]:
        """First arguments of the calls of a function, each once."""
        found = {}
        for node in ast.walk(self.syntax()):
            match node:
                case ast.Call(ast.Attribute(ast.Name(of), called), [ast.Constant(first), *_]):
                    if (of, called) == (module, function):
                        found[first] = None
        return list(found)

    def typed(self, changed: dict[str, str]) -> dict[str, object]:
        """Texts of ``name=value`` as the types of the defaults; an InputError if a name is unknown
        or a value is not of its type."""
        found = {}
        for name, text in changed.items():
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "no parameters"
                raise InputError(f"{self.path.name} has no parameter {name!r}; it has {known}.")
            default = self.parameters[name]
            value = text if isinstance(default, str) else _literal(text, isinstance(default, bool))
            found[name] = stages.same_kind(name, value, default)
        return found


def _literal(text: str, boolean: bool) -> object:
    """A text as the value that it writes, else itself; ``true`` is as good as ``True``."""
    try:
        return ast.literal_eval(text.capitalize() if boolean else text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _as_notebook(path: Path):
    import jupytext

    notebook = jupytext.read(path)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:03d}"  # jupytext draws random ones: no two runs would agree
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["kernelspec"] = kernel
    notebook.metadata.pop("jupytext", None)
    return notebook


def _scalars(source: str, path: Path) -> dict[str, bool | int | float | str]:
    found = {}
    for node in ast.parse(source).body:
        match node:
            case ast.AnnAssign(ast.Name(name), _, value) | ast.Assign([ast.Name(name)], value):
                pass
            case _:
                raise InputError(
                    f"{path.name}: the parameters cell may only hold name = value lines."
                )
        try:
            found[name] = ast.literal_eval(value)
        except ValueError:
            found[name] = None
        if not isinstance(found[name], SCALARS):
            raise InputError(
                f"{path.name}: {ast.unparse(node)!r} is no plain scalar; derive it in the next one."
            )
    return found


def stamp(notebook: Notebook, parameters: dict[str, object]) -> dict:
    """What decides the outputs: text, code behind it, data and results that it reads."""
    results = [stages.published_result(name) for name in notebook.results()]
    rerun = [Notebook.read(source_of(name)) for name in notebook.reruns()]
    tables = {path.name for path in data_root().iterdir()} - {"artifacts"}  # it may read any
    data: list[str | Path] = sorted(name for name in tables if not name.startswith((".", "_")))
    data += [path for path in results if path.exists()]
    data += [other.path.absolute() for other in rerun]
    values = {**notebook.parameters, **parameters}
    code = set().union(*(lineage.reached_by(other.syntax()) for other in (notebook, *rerun)))
    seeds = [values["seed"]] if "seed" in values else []
    made = provenance.make_stamp(notebook.path.stem, lineage.hash_of(code), data, values, seeds)
    made["notebook_hash"] = provenance.text_hash(notebook.path.read_text(encoding="utf-8"))
    made["scale"] = made["parameters"].get("scale", stages.PUBLISHED)
    return made


def run_source(source: Path, changed: dict[str, object], out: Path, progress: bool = True) -> Path:
    """Execute a notebook with some parameters changed and write it, stamped, to ``out``.

    Raises InputError if papermill is not installed, or a cell fails: the sentence says which and
    why, and ``out`` with suffix ``.failed.ipynb`` shows the outputs up to there.
    """
    try:
        import nbformat
        import papermill
    except ImportError as error:
        raise InputError("Running notebooks needs papermill; run make setup.") from error
    notebook = Notebook.read(source)
    stem = out.with_suffix("").name
    work = out.parent / f".{stem}.part.ipynb"
    write_atomic(work, nbformat.writes(_as_notebook(source)))
    # Kernels inherit it: progress bars ask for widgets that no page could show.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:IProgress not found")
    try:
        with provenance.timed_block({}) as block:
            executed = papermill.execute_notebook(
                str(work), str(work), changed, kernel_name="python3", cwd=str(source.parent),
                progress_bar=progress, log_output=False,
                extra_arguments=["--Application.log_level=50"],  # a kernel is chatty when it stops
            )  # fmt: skip
    except papermill.PapermillExecutionError as error:
        failed = out.with_name(f"{stem}.failed.ipynb")
        os.replace(work, failed)
        reason = re.sub(r"\x1b\[[0-9;]*m", "", f"{error.ename}: {error.evalue}")
        raise InputError(f"{source.name} stopped with {reason} (see {failed}).") from error
    finally:
        work.unlink(missing_ok=True)
    _tidy(executed, notebook, notebook.parameters | changed)
    made = stamp(notebook, changed)
    executed.metadata["trinity"] = {**made, **block}
    return write_atomic(out, nbformat.writes(executed) + "\n")


def run_all(plans: Sequence[tuple[Path, dict, Path]], at_once: int | None = None) -> list[Path]:
    """Execute notebooks, given as the arguments of `run_source`, and return what was written.

    Kernels spend much of their time with one core: ``at_once`` run beside each other (all cores by
    default), and stderr says when each is done. After an InputError no other one is begun.
    """
    done, failed, at_once = [], [], at_once or min(4, len(os.sched_getaffinity(0)))

    def work(plan: tuple[Path, dict, Path]) -> Path:
        if failed:
            return plan[2]  # another one's error is what the caller gets
        start = time.monotonic()
        try:
            done.append(run_source(*plan, at_once == 1))
        except InputError:
            failed.append(plan)
            raise
        took = f"{time.monotonic() - start:.0f} s ({len(done)} of {len(plans)})"
        print(f"Executed {plan[0].name} in {took}", file=sys.stderr, flush=True)
        return plan[2]

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(work, plans))


def _tidy(executed, notebook: Notebook, parameters: dict[str, object]) -> None:
    """Drop what papermill writes about this machine and moment (paths, times, versions), and say
    below each figure what it shows."""
    executed.metadata.pop("papermill", None)
    for cell in executed.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if cell.metadata.get("tags") == []:
            cell.metadata.pop("tags")
    captions.write(executed, notebook.path.stem, notebook.syntax(), parameters)


def differences(path: Path) -> list[str]:
    """Why an executed notebook is not what its source would give today; empty when it is."""
    import nbformat

    if not path.exists():
        return ["not executed"]
    found = nbformat.read(path, as_version=4).metadata.get("trinity")
    if found is None:
        return ["no stamp"]
    today = stamp(Notebook.read(path.with_suffix(".py")), {})
    return [key for key, value in today.items() if found.get(key) != value]
