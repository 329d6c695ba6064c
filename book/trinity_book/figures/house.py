"""The picture of the house: rooms and shared modules of the code, and who needs whom.

Drawn from the imports as they are: ``python -m trinity_book.pages`` draws it again.
"""

import ast
import re
import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trinity.lineage import file_of, imported_by
from trinity_book.figures.style import BLUE, GREEN, GREY, box, subplots

BOOK = "trinity_book"
#: The face of the package and its start: they only pass on.
LEFT_OUT = ("trinity", "trinity.__main__")
HALF = 0.44  # height of a box, half of it


def room_of(module: str) -> str:
    """The room of a dotted module: a subpackage, a shared module, or the book's package."""
    first, *rest = module.split(".")
    return first if first == BOOK else (rest or [first])[0]


def imports() -> dict[str, set[str]]:
    """Room -> the rooms that any of its modules imports, at its top or inside a function."""
    found: dict[str, set[str]] = {}
    for folder in (file_of(package).parent for package in ("trinity", BOOK)):
        for path in sorted(folder.rglob("*.py")):
            *package, name = path.relative_to(folder.parent).with_suffix("").parts
            module = ".".join(package if name == "__init__" else [*package, name])
            used = imported_by(ast.parse(path.read_text(encoding="utf-8")), ".".join(package))
            if module not in LEFT_OUT:
                room = found.setdefault(room_of(module), set())
                room |= {room_of(name) for name in used.difference(LEFT_OUT)} - {room_of(module)}
    found["cli"].discard(BOOK)  # inside functions, for the commands that make the book
    return found


def above(found: dict[str, set[str]]) -> dict[str, int]:
    """Room -> its floor: one above the highest room that it imports.

    Raises RecursionError if rooms import each other in a circle.
    """

    def floor(room: str) -> int:
        return 1 + max(map(floor, found[room]), default=-1)

    return {room: floor(room) for room in found}


def shortest(found: dict[str, set[str]]) -> dict[str, set[str]]:
    """The imports that do not follow from others: without a way through a third room."""

    def reached(room: str) -> set[str]:
        return found[room].union(*map(reached, found[room]))

    return {room: used - set().union(*map(reached, used)) for room, used in found.items()}


def about(room: str) -> str:
    """What a room is: the first clause of its docstring."""
    module = room if room == BOOK else f"trinity.{room}"
    text = ast.get_docstring(ast.parse(file_of(module).read_text(encoding="utf-8"))) or ""
    return re.split(r"\.\s|\.$|: ", " ".join(text.replace("``", "").split()))[0]


def house() -> Figure:
    """The rooms of the code in floors, each above all that it imports; a room names those that it
    needs directly. Made from the imports."""
    found = imports()
    floors, needed = above(found), shortest(found)
    figure, axes = subplots(figsize=(8.4, 1.05 * (max(floors.values()) + 1)))
    for floor in set(floors.values()):
        row = sorted(room for room in floors if floors[room] == floor)
        for i, room in enumerate(row):
            _room(axes, room, sorted(needed[room]), (i + 0.5) / len(row), floor, 0.97 / len(row))
    axes.set(xlim=(0, 1), ylim=(-0.5, max(floors.values()) + 0.5))
    axes.axis("off")
    return figure


def _room(axes: Axes, room: str, needed: list[str], x: float, y: float, width: float) -> None:
    """A room: subpackages blue, shared modules grey, the book's package green."""
    colour = GREEN
    if room != BOOK:
        colour = BLUE if file_of(f"trinity.{room}").name == "__init__.py" else GREY
    box(axes, x, y, width, 2 * HALF, colour)
    lines = textwrap.wrap(about(room), int(112 * width))
    lines += [f"needs {', '.join(needed)}"] if needed else []
    top = y + 0.1 + 0.08 * len(lines)  # of the name and so many lines, which are centred together
    centred = {"ha": "center", "va": "center", "zorder": 3}
    axes.text(x, top - 0.1, room, weight="bold", fontsize=11, **centred)
    text = "\n".join(lines)
    axes.text(x, top - 0.2 - 0.08 * len(lines), text, fontsize=9, linespacing=1.3, **centred)
