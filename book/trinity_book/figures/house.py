"""The picture of the house: rooms and shared modules of the code, and who imports whom.

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
HALF = 0.3  # height of a box, half of it


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
    """The rooms of the code in floors, each above all that it imports; lines lead to the rooms
    that it needs directly. Made from the imports."""
    found = imports()
    floors, lines = above(found), shortest(found)
    figure, axes = subplots(figsize=(8.4, 0.85 * (max(floors.values()) + 1)))
    at = {}
    for floor in set(floors.values()):
        row = sorted(room for room in floors if floors[room] == floor)
        for i, room in enumerate(row):
            at[room] = (i + 0.5) / len(row), floor
            _room(axes, room, *at[room], 0.94 / len(row))
    for room, used in lines.items():
        for other in sorted(used):
            (x, y), (u, v) = at[room], at[other]
            axes.plot([x, u], [y - HALF, v + HALF], color=GREY, linewidth=0.9, zorder=1)
    axes.set(xlim=(0, 1), ylim=(-0.4, max(floors.values()) + 0.4))
    axes.axis("off")
    return figure


def _room(axes: Axes, room: str, x: float, y: float, width: float) -> None:
    """A room: subpackages blue, shared modules grey, the book's package green."""
    colour = GREEN
    if room != BOOK:
        colour = BLUE if file_of(f"trinity.{room}").name == "__init__.py" else GREY
    box(axes, x, y, width, 2 * HALF, colour)
    lines = "\n".join(textwrap.wrap(about(room), int(120 * width)))
    centred = {"ha": "center", "va": "center", "zorder": 3}
    axes.text(x, y + 0.12, room, weight="bold", **centred)
    axes.text(x, y - 0.12, lines, fontsize=7, **centred)
