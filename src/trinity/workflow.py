"""What ``make`` asks for: notebooks in order, the book, a reproduction and its difference."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from trinity import notebooks, provenance, scales, stages
from trinity.errors import InputError
from trinity.files import data_path, data_root, write_atomic

REPRODUCTION = "reproduce"  # the scale of `make reproduce`


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
    if path.is_dir():
        path = _results_beside(path, block)
    return block, stages.differences(path)


def _results_beside(folder: Path, block: dict) -> Path:
    """The results file that was written with a folder of weights or a table."""
    stage = stages.stage_named(block.get("stage", ""))
    root = folder.absolute().parents[len(Path(stage.folder or "").parts) - 1]
    return root / "results" / stage.results


def summary(name: str, scale: str, seed: int) -> dict:
    """Results of a stage, loaded or computed, without long lists; and where its files are."""
    found = stages.load(name, scale, seed)
    short = {
        key: value
        for key, value in found.results.items()
        if key != "provenance" and not (isinstance(value, list) and len(value) > 20)
    }
    return {"results": str(found.path), "folder": str(found.folder), **short}


def pretrain_on(table: Path, out: Path, scale: str, seed: int) -> dict:
    """Phase 1 on a table of one's own, from the language model of a scale.

    Raises
    ------
    InputError
        If the table is not a folder that ``trinity synthesize`` wrote.
    """
    import pandas as pd

    numbers = scales.section(scale, "phase1")
    if not list(table.glob("*.parquet")):
        raise InputError(f"{table} holds no synthetic table; make one with trinity synthesize.")
    try:
        frame = pd.read_parquet(table)
    except (OSError, ValueError) as error:
        raise InputError(f"{table} cannot be read as Parquet: {error}.") from error
    from trinity.training import run_phase1

    language_model = stages.load("phase0", scale).folder
    return run_phase1(frame, language_model, numbers, seed, out, True)


def finetune_on(csv: Path, out: Path, scale: str, seed: int) -> dict:
    """Phase 2 on measurements of one's own, beside the project's."""
    from trinity.prediction import finetune_csv

    return finetune_csv(csv, out, numbers=scales.section(scale, "phase2"), seed=seed)


def scores(predictions: Path | None, scale: str) -> list[dict]:
    """Scores of a table of predictions, or of the published ones (of a scale).

    Raises
    ------
    InputError
        If the file cannot be read or lacks a column.
    """
    import pandas as pd

    from trinity import evaluation

    if predictions is None:
        frame = pd.DataFrame(stages.load("ablation", scale).results["predictions"])
    else:
        frame = _predictions(predictions)
    if "grouping" in frame:
        frame = frame[frame["grouping"].fillna("nine") != "ten"]
    return evaluation.scores(frame)


def _predictions(path: Path):
    """A table of predictions from CSV, or from JSON rows (alone or below ``predictions``)."""
    import pandas as pd

    from trinity.cli_tools import read_bytes, read_json

    if path.suffix.lower() == ".json":
        rows = read_json(path)
        rows = rows.get("predictions") if isinstance(rows, dict) else rows
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise InputError(f"{path} holds no list of predictions; each row is an object.")
        return pd.DataFrame(rows)
    read_bytes(path)
    try:
        return pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise InputError(f"{path} cannot be read as CSV: {error}.") from error


def recompute(name: str) -> Path:
    """Compute a published stage that ``make book`` would not, resuming what was begun."""
    return stages.load(name, recompute=True).path


def build_book() -> Path:
    """Execute and publish stale notebooks, then build the pages; returns the first page.

    Raises
    ------
    InputError
        If a long stage is stale, a notebook fails or the pages have a warning.
    """
    stages.require_long()
    stale = {name for name, reasons in stages.status().items() if reasons}
    for name, source in notebooks.sources().items():
        target = source.with_suffix(".ipynb")
        reasons = notebooks.differences(target)
        reasons += sorted(stale & set(notebooks.Notebook.read(source).results()))
        if reasons:
            print(f"Executing {source.name} ({', '.join(reasons)})", file=sys.stderr)
            notebooks.run(name, {}, target)
    return build_pages(data_root().parent)


def build_pages(root: Path) -> Path:
    """Build the HTML of a checkout whose notebooks are executed.

    Raises
    ------
    InputError
        If jupyter-book is not installed or a page has a warning.
    """
    page = root / "_build" / "html" / "index.html"
    page.unlink(missing_ok=True)
    program = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", program, "build", str(root), "-W", "--keep-going"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
    if done.returncode or not page.is_file():
        raise InputError("The pages were not built; the warnings are above.")
    return page


def reproduce() -> list[str]:
    """Compute the main arms and the book anew; returns the difference from what is published.

    Nothing but the language model is taken from the artifacts. An unfinished reproduction is taken
    up again; a finished one is thrown away first.
    """
    root = stages.build_root() / REPRODUCTION
    done = root / "complete.txt"
    if done.exists():
        shutil.rmtree(root)
    executed = run([], REPRODUCTION, {}, None)
    _book_of(executed, root / "book")
    lines = difference(root / "results", data_path("artifacts", "results"))
    write_atomic(done, "\n".join(lines) + "\n")
    return lines


def _book_of(executed: list[Path], site: Path) -> None:
    """Build the pages in a folder of their own, with other executed notebooks."""
    checkout = data_root().parent
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(parents=True)
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(checkout / name, site)
    for name in ("book", "notebooks"):
        shutil.copytree(checkout / name, site / name)
    for path in executed:
        shutil.copy(path, site / "notebooks")
    build_pages(site)


def difference(found: Path, published: Path) -> list[str]:
    """Results files set beside the published ones: one sentence a file, and scores arm by arm."""
    lines = []
    for path in sorted(found.glob("*.json")):
        twin = published / path.name
        if not twin.is_file():
            lines.append(f"{path.name}: nothing published to compare with")
            continue
        ours, theirs = (json.loads(p.read_text(encoding="utf-8")) for p in (path, twin))
        same = {**ours, "provenance": None} == {**theirs, "provenance": None}
        lines.append(f"{path.name}: {'identical' if same else 'not identical'} to the published")
        if "predictions" in ours and not same:
            lines += _scores_beside(ours["predictions"], theirs["predictions"])
    return lines


def _scores_beside(ours: list[dict], theirs: list[dict]) -> Iterator[str]:
    """GMFE of every arm and target, of the same seeds in both."""
    import pandas as pd

    from trinity.evaluation import scores

    frames = [pd.DataFrame(rows) for rows in (ours, theirs)]
    seeds = set(frames[0]["seed"]) & set(frames[1]["seed"])
    tables = []
    for frame in frames:
        strict = frame["grouping"] != "ten" if "grouping" in frame else slice(None)
        chosen = frame[strict]
        rows = scores(chosen[chosen["seed"].isin(seeds)])
        tables.append({(row["arm"], row["target"]): row["gmfe"] for row in rows})
    for key in sorted(set(tables[0]) & set(tables[1])):
        reproduced, published = (table[key] for table in tables)
        yield (
            f"  {key[0]} {key[1]}: GMFE {reproduced:.3f}, published {published:.3f},"
            f" difference {reproduced - published:+.3f}"
        )
