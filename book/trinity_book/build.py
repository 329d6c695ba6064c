"""What ``make`` asks for: notebooks in order, the book, a reproduction and its difference."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from trinity.chemistry.polymers import parse_psmiles
from trinity.errors import InputError
from trinity.files import data_path, data_root, write_atomic
from trinity.learning import launched
from trinity.measurements import GROUP_TEN
from trinity.pipeline import scales, stages
from trinity.quantities import check_conditions
from trinity_book import course, notebooks

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
        check_values({**notebook.parameters, **values}, set(values))
        plans.append((name, notebook, values))
    folder = out or stages.build_root() / scale / "notebooks"
    written = []
    for name, notebook, values in plans:
        print(f"Executing {notebook.path.name}", file=sys.stderr)
        target = folder / notebook.path.with_suffix(".ipynb").name
        written.append(notebooks.run(name, values, target))
    return written


def check_values(values: dict[str, object], changed: set[str]) -> None:
    """Refuse parameters of a notebook that no cell could use, before a kernel is started.

    Raises
    ------
    InputError
        If a changed scale, repeat unit, polymer, mode, condition, seed or count is impossible.
    """
    if "scale" in changed:
        scales.load(str(values["scale"]))
    if "psmiles" in changed:
        parse_psmiles(values["psmiles"])
    if changed & {"flux_kw_m2", "thickness_mm"}:
        check_conditions(values.get("flux_kw_m2", 50.0), values.get("thickness_mm", 6.0))
    if "polymer" in changed:
        _one_of("polymer", values["polymer"], GROUP_TEN)
    if "mode" in changed:
        from trinity.learning.phase2 import MODES

        _one_of("mode", values["mode"], MODES)
    for name in changed:
        least = 1 if name.startswith("n_") else 0
        if type(values[name]) is int and values[name] < least:
            raise InputError(f"The parameter {name} is {values[name]}; it must be {least} or more.")


def _one_of(name: str, value: object, known: Iterable[str]) -> None:
    if value not in known:
        raise InputError(f"There is no {name} {value!r}; choose one of {', '.join(known)}.")


def summary(name: str, scale: str, seed: int) -> dict:
    """Results of a stage, loaded or computed, without long lists; and where its files are.

    Raises
    ------
    InputError
        If several processes were launched for it, or the stage or scale is unknown.
    """
    launched.require_one(f"The stage {name}")
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
    launched.require_one("Phase 1")
    numbers = scales.section(scale, "phase1")
    frame = _synthetic(table)
    from trinity.learning.phase1 import run_phase1

    language_model = stages.load("phase0", scale).folder
    return run_phase1(frame, language_model, numbers, seed, out, True)


def _synthetic(folder: Path):
    """The rows of a synthetic table, with the columns that phase 1 reads."""
    import pandas as pd

    if not list(folder.glob("*.parquet")):
        raise InputError(f"{folder} holds no synthetic table; make one with trinity synthesize.")
    try:
        frame = pd.read_parquet(folder)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder} cannot be read as Parquet; make the table again with trinity synthesize."
        ) from error
    for name in ("psmiles", "key", "flux_kw_m2", "thickness_mm", "ignited", "t_ig_s"):
        if name not in frame:
            raise InputError(
                f"The table in {folder} lacks the column {name}; make one with trinity synthesize."
            )
    if frame.empty:
        raise InputError(f"The table in {folder} has no rows; make one with trinity synthesize.")
    return frame


def finetune_on(
    csv: Path, out: Path, scale: str, seed: int, mode: str | None = None, steps: int | None = None
) -> dict:
    """Phase 2 on measurements of one's own, beside the project's.

    ``mode`` and ``steps`` are those of the scale unless given. Launched in several processes, all
    train and the first one writes.

    Raises
    ------
    InputError
        If the table, the scale or the published models cannot be used.
    """
    from trinity.prediction.folder import explained
    from trinity.prediction.predict import default_model, finetune_csv
    from trinity.prediction.tables import read_table

    numbers = scales.section(scale, "phase2")
    numbers |= {k: v for k, v in (("mode", mode), ("steps", steps)) if v is not None}
    read_table(csv)
    with explained(default_model()), launched.writing_once(out) as folder:
        return finetune_csv(csv, folder, numbers=numbers, seed=seed)


def scores(predictions: Path | None, scale: str) -> list[dict]:
    """Scores of a table of predictions, or of the published ones (of a scale).

    Raises
    ------
    InputError
        If the file cannot be read or lacks a column.
    """
    import numpy as np
    import pandas as pd

    from trinity.evidence import scores as evaluation
    from trinity.prediction.tables import read_predictions

    if predictions is None:
        frame = pd.DataFrame(stages.load("ablation", scale).results["predictions"])
    else:
        frame = read_predictions(predictions)
    if "grouping" in frame:
        frame = frame[frame["grouping"].fillna("nine") != "ten"]
    with np.errstate(divide="ignore", invalid="ignore"):  # of one test there is no variance
        return evaluation.scores(frame)


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
    for source in notebooks.pages():
        target = source.with_suffix(".ipynb")
        reasons = notebooks.differences(target)
        reasons += sorted(stale & set(notebooks.Notebook.read(source).results()))
        if reasons:
            print(f"Executing {source.name} ({', '.join(reasons)})", file=sys.stderr)
            notebooks.run_source(source, {}, target)
    course.write_exercises()
    return build_pages(data_root().parent)


def build_pages(root: Path) -> Path:
    """Build the HTML of a checkout whose notebooks are executed.

    Raises
    ------
    InputError
        If jupyter-book is not installed or a page has a warning.
    """
    site, complete = root / "_build", root / "_build" / ".complete"
    if not complete.exists():  # an interrupted build may have left half a page, newer than its text
        shutil.rmtree(site, ignore_errors=True)
    complete.unlink(missing_ok=True)
    page = site / "html" / "index.html"
    page.unlink(missing_ok=True)
    program = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", program, "build", str(root), "-W", "--keep-going"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
    if done.returncode or not page.is_file():
        raise InputError("The pages were not built; the warnings are above.")
    complete.touch()
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
    executed = run(_main_line(), REPRODUCTION, {}, None)
    _book_of(executed, root / "book")
    lines = difference(root / "results", data_path("artifacts", "results"))
    write_atomic(done, "\n".join(lines) + "\n")
    return lines


def _main_line() -> list[str]:
    """Notebooks that need no result beyond an hour: the pages on the controls stay as shipped."""
    return [
        name
        for name in notebooks.sources()
        if "controls" not in notebooks.Notebook.read(notebooks.source_of(name)).results()
    ]


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

    from trinity.evidence.scores import scores

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
