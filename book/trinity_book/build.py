"""What ``make`` asks for: notebooks in order, the book, a reproduction and its difference."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from trinity.chemistry.polymers import parse_psmiles
from trinity.cli.tools import require_writable
from trinity.errors import InputError
from trinity.evidence.scores import scores
from trinity.files import data_path, data_root, read_json, write_atomic
from trinity.learning.configurations import MODES
from trinity.measurements.specimens import GROUP_NINE, GROUP_TEN
from trinity.pipeline import stages
from trinity.quantities import check_conditions
from trinity_book import course, notebooks, pages

REPRODUCTION = "reproduce"  # the scale of `make reproduce`
FLUXES = ("flux_kw_m2", "flux_low_kw_m2", "flux_high_kw_m2")  # parameters of notebooks


def pairs(texts: list[str]) -> dict[str, str]:
    """``["seed=3"]`` as ``{"seed": "3"}``; an InputError if a text has no ``=`` or a name comes
    twice."""
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
    """Execute notebooks and return what was written: when none is named, all that have a scale; at
    the published one, all. An InputError says that a notebook, the scale or a parameter is unknown,
    or a cell failed."""
    stages.scale_named(scale)
    folder, plans = out or stages.build_root() / scale / "notebooks", []
    for name in names or notebooks.sources():
        notebook = notebooks.Notebook.read(notebooks.source_of(name))
        values = notebook.typed(changed)
        scaled = "scale" in notebook.parameters
        if not (names or scaled or scale == stages.PUBLISHED):
            continue
        if scaled and scale != notebook.parameters["scale"]:
            values.setdefault("scale", scale)
        check_values({**notebook.parameters, **values}, set(values))
        plans.append((notebook.path, values, folder / f"{notebook.path.stem}.ipynb"))
    if not changed:  # else two notebooks may want the same stage with the same changes
        compute([source for source, values, _ in plans if "scale" in values], scale)
    return notebooks.run_all(plans, at_once=1 if changed else None)


def compute(sources: list[Path], scale: str = stages.PUBLISHED) -> None:
    """Compute what is not current of the stages that notebooks load, before any of them runs."""
    wanted = dict.fromkeys(
        name for source in sources for name in notebooks.Notebook.read(source).results()
    )
    for name in wanted:
        print(f"Stage {name} at scale {scale}", file=sys.stderr, flush=True)
        stages.load(name, scale)


def check_values(values: dict[str, object], changed: set[str]) -> None:
    """Refuse parameters of a notebook that no cell could use, before a kernel is started: an
    InputError names the changed scale, repeat unit, polymer, group, mode, condition, seed or count
    that is impossible."""
    if "scale" in changed:
        stages.scale_named(str(values["scale"]))
    if "psmiles" in changed:
        parse_psmiles(values["psmiles"])
    for name in FLUXES:
        if changed & {name, "thickness_mm"}:
            check_conditions(values.get(name, 50.0), values.get("thickness_mm", 6.0))
    low, high = (values.get(name) for name in FLUXES[1:])
    if low is not None and low >= high:
        raise InputError(
            f"flux_low_kw_m2 is {low:g} and flux_high_kw_m2 {high:g}; it must be larger."
        )
    groups = dict.fromkeys(GROUP_NINE.values())
    for name, known in {"polymer": GROUP_TEN, "mode": MODES, "left_out": groups}.items():
        if name in changed and (value := values[name]) not in known:
            raise InputError(f"There is no {name} {value!r}; choose one of {', '.join(known)}.")
    for name in changed:
        value, least = values[name], 1 if name.startswith("n_") else 0
        if type(value) in (int, float) and value < least:
            raise InputError(f"The parameter {name} is {value}; it must be {least} or more.")
        if type(value) is int and value >= 2**63:
            raise InputError(f"The parameter {name} is {value}; it must be below 2**63.")


def recompute(name: str) -> Path:
    """Compute a published stage that ``make book`` would not, resuming what was begun."""
    return stages.load(name, recompute=True).path


def build_book(out: Path | None = None) -> Path:
    """Execute and publish stale notebooks, then build the pages into the checkout, or into ``out``;
    returns the first page. A checkout in which all is current is not changed.

    Raises InputError if a long stage is stale, a notebook fails, the pages have a warning, or a
    place cannot be written.
    """
    root = data_root().parent
    require_place(root, out)
    stages.require_long()
    stale = {name for name, reasons in stages.status().items() if reasons}
    waiting = []
    for source in notebooks.pages():
        target = source.with_suffix(".ipynb")
        reasons = notebooks.differences(target)
        reasons += sorted(stale & set(notebooks.Notebook.read(source).results()))
        if reasons:
            print(f"{source.name} is to be executed ({', '.join(reasons)})", file=sys.stderr)
            waiting.append(source)
    compute(waiting)
    notebooks.run_all([(source, {}, source.with_suffix(".ipynb")) for source in waiting])
    course.write_exercises()
    pages.write(root)
    return build_pages(root, out)


def require_place(root: Path, out: Path | None) -> None:
    """Refuse to build where nothing can be written, before any work is done; an InputError names
    the option for another folder."""
    try:
        require_writable(out or root / "_build", folder=True)
    except InputError as error:
        if out is not None:
            raise
        raise InputError(
            f"The pages cannot be written into {root / '_build'}; name another folder with make"
            " book OUT=DIR or trinity book --out DIR."
        ) from error


def build_pages(root: Path, out: Path | None = None) -> Path:
    """Build the HTML of a checkout whose notebooks are executed, below it or in ``out``; an
    InputError if jupyter-book is not installed or a page has a warning."""
    site = (out or root) / "_build"
    complete = site / ".complete"
    if not complete.exists():  # an interrupted build may have left half a page, newer than its text
        shutil.rmtree(site, ignore_errors=True)
    complete.unlink(missing_ok=True)
    page = site / "html" / "index.html"
    page.unlink(missing_ok=True)
    elsewhere = () if out is None else ("--path-output", str(out))
    if not jupyter_book(root, "-W", "--keep-going", *elsewhere) or not page.is_file():
        raise InputError("The pages were not built; the warnings are above.")
    complete.touch()
    return page


def jupyter_book(root: Path, *options: str) -> bool:
    """Whether jupyter-book builds a checkout, in a process of its own."""
    program = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", program, "build", str(root), *options]
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode == 0


def reproduce() -> list[str]:
    """Compute the main arms and the book anew; returns the difference from what is published.

    Nothing but the language model is taken from the artifacts. An unfinished reproduction is taken
    up again; a finished one is thrown away first.
    """
    root = stages.build_root() / REPRODUCTION
    done = root / "complete.txt"
    if done.exists():
        shutil.rmtree(root)
    # Those without a result that takes beyond an hour: the pages on the controls stay as shipped.
    long = {"controls", "slow_controls", "descents", "second_property", "encoders"}
    quick = [
        name
        for name, source in notebooks.sources().items()
        if long.isdisjoint(notebooks.Notebook.read(source).results())
    ]
    executed = run(quick, REPRODUCTION, {}, None)
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
        ours, theirs = read_json(path), read_json(twin)
        same = {**ours, "provenance": None} == {**theirs, "provenance": None}
        lines.append(f"{path.name}: {'identical' if same else 'not identical'} to the published")
        if "predictions" in ours and not same:
            lines += _scores_beside(ours["predictions"], theirs["predictions"])
    return lines


def _scores_beside(ours: list[dict], theirs: list[dict]) -> Iterator[str]:
    """GMFE of every arm and target, of the same seeds in both."""
    frames = [pd.DataFrame(rows) for rows in (ours, theirs)]
    seeds = set(frames[0]["seed"]) & set(frames[1]["seed"])
    tables = []
    for frame in frames:
        chosen = frame[frame["seed"].isin(seeds)]
        if "grouping" in chosen:
            chosen = chosen[(chosen["grouping"] == "nine") & ~chosen["lab_known"]]
        table = pd.DataFrame(scores(chosen)).set_index(["arm", "target"])
        tables.append(table["gmfe"])
    both = pd.concat(tables, axis=1, join="inner").sort_index()
    for (arm, target), *factors in both.itertuples():
        found = "GMFE {:.3f}, published {:.3f}".format(*factors)
        yield f"  {arm} {target}: {found}, difference {factors[0] - factors[1]:+.3f}"
