"""What the book shows of results outside notebooks: ``python -m trinity_book.pages``.

One command writes it all, and all of it is committed, so that the pages build without the data:
the substitution table (`trinity_book.numbers`), the tables (`trinity_book.tables`), the README's
numbers, costs and outputs, and the drawings. `stale` names what is not what the command would
write.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from trinity import provenance
from trinity.files import data_root, write_atomic
from trinity_book import numbers, records, shown, tables
from trinity_book.figures import drawings

NUMBERS = "book/generated/numbers.json"
#: A number of the substitution table in the README: its name in a comment, the text, an end.
NUMBER = re.compile(r"(<!--=(\w+)-->)[^<]*(<!---->)")
#: For whom -> make target -> what a reader should know beside its cost.
REMARKS = {
    "user": {
        "setup": "2.5 GB of packages",
        "book": "from shipped artifacts",
        "test": "all tests",
        "class": "every stage and page from nothing",
        "reproduce": "main arms and book from nothing",
    },
    "maintainer": {  # they renew what is shipped
        "ablation": "all arms, controls and learning curves; resumable",
        "distil": "networks for trinity predict --fast, once",
        "power": "refractive index, Tg and encoders, hundreds of test polymers; resumable",
        "phase0": "the language model, once",
    },
}
COSTS = re.compile(r"(<!-- costs: [^>]*-->).*(<!-- end of costs -->)", re.DOTALL)


def costs(found: dict) -> str:
    """What each make target costs, users' targets first: the tables of the README."""
    parts = []
    for who, remarks in REMARKS.items():
        rows = [
            (f"`make {target}`", remark, cost["minutes"], f"{cost['memory_gb']} GB")
            for target, remark in remarks.items()
            if (cost := found["costs"].get(target))
        ]
        parts.append(tables.grid(f"as a {who} | what it does | minutes: | memory:", rows))
    return "\n\n".join(parts)


def made(root: Path) -> Iterator[tuple[Path, bytes]]:
    """Every generated file of a checkout, and what belongs into it; an InputError if a results file
    is missing."""
    found = numbers.table()
    used = {Path(name).stem for entry in found.values() for name in entry["from"]}
    used |= {Path(source).stem for source, _ in tables.TABLES.values() if source}
    commits = {f"{name}.json": _commit(name) for name in used if records.place(name).is_file()}
    document = {"numbers": found, "commits": commits}
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False)
    yield root / NUMBERS, f"{text}\n".encode()
    for name, (source, text) in tables.TABLES.items():
        body = text(records.read(Path(source).stem) if source else {}).rstrip("\n")
        head = f"% from {source or 'the code'}, by python -m trinity_book.pages"
        yield root / "book" / "generated" / name, f"{head}\n\n{body}\n".encode()
    readme = root / "README.md"
    text, cost = readme.read_text(encoding="utf-8"), costs(records.read("costs"))
    text = COSTS.sub(lambda n: f"{n[1]}\n\n{cost}\n\n{n[2]}", text)
    text = NUMBER.sub(lambda n: f"{n[1]}{found[n[2]]['text']}{n[3]}", text)
    yield readme, shown.renewed(text).encode()
    for name, drawing in drawings.DRAWINGS.items():
        yield root / name, drawings.svg(drawing)


def _commit(name: str) -> str:
    """The commit of a record, shortened; ``+`` says that code or data had changes since."""
    made = provenance.read_block(records.place(name))["commit"] or "no commit"
    return made[:8] + "+" * made.endswith("+")


def _changed(root: Path) -> list[tuple[Path, bytes]]:
    found = list(made(root))
    return [(p, content) for p, content in found if not p.is_file() or p.read_bytes() != content]


def stale(root: Path) -> list[str]:
    """Generated files of a checkout that are missing or not what `write` would write."""
    return [path.relative_to(root).as_posix() for path, _ in _changed(root)]


def write(root: Path) -> list[Path]:
    """Write what is stale; returns what was written."""
    return [write_atomic(path, content) for path, content in _changed(root)]


if __name__ == "__main__":
    for path in write(data_root().parent):
        print(path.relative_to(data_root().parent))
