"""What ``make`` asks for: notebooks in order, the book, a reproduction and its difference."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trinity import notebooks, provenance, scales, stages
from trinity.errors import InputError
from trinity.files import data_path, data_root


def pairs(texts: list[str]) -> dict[str, str]:
    """``["seed=3"]`` as ``{"seed": "3"}``.

    Raises
    ------
    InputError
        If a text has no ``=``, or a name comes twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise InputError(f"-p {text!r} is no parameter; write name=value, such as -p seed=3.")
        if name in found:
            raise InputError(f"The parameter {name} is given twice; give it once.")
        found[name] = value
    return found


def run(names: list[str], scale: str, changed: dict[str, str], out: Path | None) -> list[Path]:
    """Execute notebooks (all when none is named) and return what was written.

    Raises
    ------
    InputError
        If a notebook, the scale or a parameter is unknown, or a cell fails.
    """
    scales.load(scale)
    chosen = names or list(notebooks.sources())
    plans = []
    for name in chosen:
        notebook = notebooks.Notebook.read(notebooks.source_of(name))
        values = notebook.typed(changed)
        if "scale" in notebook.parameters and scale != notebook.parameters["scale"]:
            values.setdefault("scale", scale)
        plans.append((name, notebook, values))
    folder = out or stages.build_root() / scale / "notebooks"
    written = []
    for name, notebook, values in plans:
        print(f"Executing {notebook.path.name}", file=sys.stderr)
        target = folder / notebook.path.with_suffix(".ipynb").name
        written.append(notebooks.run(name, values, target))
    return written


def verify(path: Path) -> tuple[dict, list[str]]:
    """The provenance block of a file, and in what it is not current.

    Raises
    ------
    InputError
        If the file has no provenance block.
    """
    block = provenance.read_block(path)
    if path.suffix == ".ipynb":
        return block, notebooks.differences(path)
    stage = stages.stage_named(block.get("stage", ""))
    return block, stages.differences(stage, block, path)


def recompute(name: str) -> Path:
    """Compute a published stage that ``make book`` would not, resuming what was begun."""
    with _environment(TRINITY_RECOMPUTE="1"):
        return stages.load(name).path


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


def build_book() -> Path:
    """Execute and publish stale notebooks, then build the pages; returns the first page.

    Raises
    ------
    InputError
        If a long stage is stale, a notebook fails or the pages have a warning.
    """
    stages.require_long_stages()
    for name, source in notebooks.sources().items():
        target = source.with_suffix(".ipynb")
        reasons = notebooks.differences(target)
        if reasons:
            print(f"Executing {source.name} ({', '.join(reasons)})", file=sys.stderr)
            with _environment(TQDM_DISABLE="1"):
                notebooks.run(name, {}, target)
    return build_pages(data_root().parent)


def build_pages(root: Path) -> Path:
    """Build the HTML of a checkout whose notebooks are executed.

    Raises
    ------
    InputError
        If jupyter-book is not installed or a page has a warning.
    """
    command = [sys.executable, "-m", "jupyter_book.cli.main", "build", str(root)]
    done = subprocess.run([*command, "-W", "--keep-going"], stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise InputError("The pages were not built; the warnings are above.")
    return root / "_build" / "html" / "index.html"


def reproduce(out: Path | None = None) -> list[str]:
    """Laptop scale anew, all but the language model, and its difference from the published.

    An unfinished reproduction is taken up again; a finished one is thrown away first.
    """
    root = (out or stages.build_root() / scales.PUBLISHED).absolute()
    done = root / "complete"
    if done.exists():
        shutil.rmtree(root)
    root.mkdir(parents=True, exist_ok=True)
    with _environment(TRINITY_ARTIFACTS=str(root), TRINITY_RECOMPUTE="1", TRINITY_ARMS="main"):
        run([], scales.PUBLISHED, {}, root / "notebooks")
    lines = list(_compare(root / "results", data_path("artifacts", "results")))
    done.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return lines


def _compare(found: Path, published: Path) -> Iterator[str]:
    """One sentence a results file: the same, or what differs."""
    for path in sorted(found.glob("*.json")):
        twin = published / path.name
        if not twin.is_file():
            yield f"{path.name}: nothing published to compare with"
            continue
        ours, theirs = (json.loads(p.read_text(encoding="utf-8")) for p in (path, twin))
        if provenance.identity(ours) == provenance.identity(theirs):
            yield f"{path.name}: identical to the published"
        else:
            yield f"{path.name}: differs from the published"
