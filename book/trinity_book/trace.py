"""From a page, figure, notebook or results file back to the code, data and commit that made it.

`trace` reads the provenance block that a file carries or that belongs to it, verifies its hashes
against today's source and data, and goes on to the results files behind it:

    page -> notebook or prose -> results file -> stage: source hash, data hash, parameters, commit
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from trinity import provenance
from trinity.errors import InputError
from trinity.files import data_root, read_json
from trinity.pipeline import stages
from trinity_book import notebooks, pages, records
from trinity_book.figures import drawings

#: In a text that a command writes: the results file that its numbers come from.
NAMED = re.compile(r"^% from (\S+\.json)", re.MULTILINE)
INCLUDED = re.compile(r"^```\{(?:include|figure)\} (\S+)", re.MULTILINE)
#: A commit as provenance blocks write it; ``+`` where the checkout had changes.
COMMIT = re.compile(r"[0-9a-f]{7,64}\+?")
#: A number of the substitution table in a page.
NUMBER = re.compile(r"\{\{ (\w+) \}\}")


@dataclass
class Trace:
    """Where a file comes from.

    ``stale`` says in what it is not what today's code and data give; ``behind`` are the files
    that it was made from, each traced in turn.
    """

    file: str
    block: dict = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)
    behind: list["Trace"] = field(default_factory=list)

    def all_stale(self) -> list[str]:
        """What is not current, here and in everything behind it."""
        return [f"{self.file} ({', '.join(self.stale)})"] * bool(self.stale) + [
            text for one in self.behind for text in one.all_stale()
        ]

    def to_dict(self) -> dict:
        """Plain JSON."""
        return {
            "file": self.file,
            "provenance": self.block,
            "commit_in_history": in_history(self.block.get("commit")),
            "stale": self.stale,
            "from": [one.to_dict() for one in self.behind],
        }

    def lines(self, indent: str = "") -> Iterator[str]:
        """The trace for people, and what is behind it, each step further to the right."""
        state = f"not current ({', '.join(self.stale)})" if self.stale else "current"
        yield f"{indent}{self.file}: {state}"
        for key, value in self.block.items():
            yield f"{indent}  {key}: {commit_in_words(value) if key == 'commit' else value}"
        for one in self.behind:
            yield from one.lines(indent + "    ")


@lru_cache(maxsize=256)
def in_history(commit: object) -> bool | None:
    """Whether a recorded commit leads to the one checked out; None where git cannot say.

    The commit only says when a result was made: histories are rewritten and clones may be shallow.
    Whether a result is current is decided by the hashes of source and data.
    """
    readable = isinstance(commit, str) and COMMIT.fullmatch(commit)
    if not readable or provenance.git("rev-parse", "HEAD") is None:  # no git, or no checkout
        return None
    return provenance.git("merge-base", "--is-ancestor", commit.rstrip("+"), "HEAD") is not None


def commit_in_words(commit: object) -> str:
    """A recorded commit, and whether this clone knows it."""
    if not commit:
        return "none recorded; the source hash is what counts"
    said = {
        True: "in this clone's history",
        False: "not in this clone's history; the source hash is what counts",
        None: "no git history here to look it up in; the source hash is what counts",
    }[in_history(commit)]
    changed = ", with uncommitted changes" if str(commit).endswith("+") else ""
    return f"{commit} ({said}{changed})"


def trace(path: Path) -> Trace:
    """Trace a results file, model folder, notebook, page or figure; an InputError if there is no
    such file, or nothing says where it comes from."""
    if path.suffix == ".html":
        return _page(path)
    if path.suffix == ".md":
        return _prose(path)
    if path.suffix in (".png", ".svg"):
        return _picture(path) if path.parent.name == "_images" else _drawing(path)
    block = provenance.read_block(path)
    if path.suffix == ".ipynb":
        return _notebook(path, block)
    if path.is_dir():  # of weights, or of a table: written with a results file
        stage = stages.stage_named(str(block.get("stage", "")))
        root = path.absolute().parents[len(Path(stage.folder or "").parts) - 1]
        path = root / "results" / stage.results
    if all(isinstance(block.get(key), list) for key in ("modules", "data")):
        return Trace(_shown(path), block, records.differences(path))
    if not isinstance(block.get("stage"), str):
        raise InputError(f"{path} has no provenance block that names a stage; make it anew.")
    return Trace(_shown(path), block, stages.differences(path))


def _shown(path: Path) -> str:
    """The path below the checkout, which is the same on every machine."""
    root, here = data_root().parent, path.absolute()
    return here.relative_to(root).as_posix() if here.is_relative_to(root) else path.name


def _published(name: str) -> Trace:
    """A published results file by its name; one that cannot be traced says so and is stale."""
    path = stages.artifacts_root() / "results" / name
    try:
        return trace(path)
    except InputError as error:
        return Trace(_shown(path), stale=[str(error)])


def _notebook(path: Path, block: dict) -> Trace:
    source = path.with_suffix(".py")
    if not source.is_file():
        raise InputError(f"{path} has no source {source.name} beside it; name one of the book.")
    loaded = notebooks.Notebook.read(source).results()
    behind = [_published(stages.stage_named(name).results) for name in loaded]
    return Trace(_shown(path), block, notebooks.differences(path), behind)


def _prose(path: Path) -> Trace:
    """A page of prose: the results behind its numbers, and the tables and drawings it includes."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"There is no readable page {path}; name one of book/.") from error
    table = read_json(data_root().parent / pages.NUMBERS)["numbers"]
    entries = (table.get(name, {}) for name in NUMBER.findall(text))  # links are no numbers
    numbers = [source for entry in entries for source in entry.get("from", ())]
    results = [*NAMED.findall(text), *(name for name in numbers if "/" not in name)]
    behind = [_published(name) for name in dict.fromkeys(results) if name.endswith(".json")]
    included = (path.parent / name for name in INCLUDED.findall(text))
    return Trace(_shown(path), {}, [], [*behind, *map(trace, filter(Path.is_file, included))])


def _page(path: Path) -> Trace:
    """A page of HTML: the notebook or prose that it was built from."""
    if not path.is_file():
        raise InputError(f"There is no page {path}; make book builds the pages.")
    root = data_root().parent
    place = Path(*path.absolute().parts[-2:]).with_suffix("")
    for suffix in (".ipynb", ".md"):
        source = (root / place).with_suffix(suffix)
        if source.is_file():
            found = trace(source)
            older = path.stat().st_mtime < source.stat().st_mtime
            return Trace(_shown(path), {}, [f"it is older than {source.name}"] * older, [found])
    raise InputError(f"{path} is no page of this book; name one below _build/html.")


def _drawing(path: Path) -> Trace:
    """A committed drawing: drawn again, it must have the same bytes."""
    place = next((name for name in drawings.DRAWINGS if Path(name).name == path.name), None)
    if place is None or not path.is_file():
        raise InputError(f"{path} is no drawing of this project and no figure of a built page.")
    other = drawings.svg(drawings.DRAWINGS[place]) != path.read_bytes()
    behind = [_published(result) for result in drawings.RESULTS.get(place, ())]
    return Trace(_shown(path), {}, ["output"] * other, behind)


def _picture(path: Path) -> Trace:
    """A figure of the built book: the page that shows it."""
    site = next((folder for folder in path.absolute().parents if folder.name == "html"), None)
    for page in sorted(site.rglob("*.html")) if site else ():
        if f'_images/{path.name}"' in page.read_text(encoding="utf-8"):
            return Trace(_shown(path), {}, [], [trace(page)])
    raise InputError(f"No page of a built book shows {path}; name a figure below _build/html.")
