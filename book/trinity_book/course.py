"""Exercises for students, made from the executed solutions: ``python -m trinity_book.course``.

``notebooks/solutions/NN_name.py`` holds questions and answers, and is executed and stamped like any
page of the book. `write_exercises` makes ``notebooks/exercises/NN_name.ipynb`` of it: cells tagged
``solution`` are left out, and a cell tagged ``check`` learns to tell right from wrong without
holding the answer.
"""

import ast
import hashlib
import math
import sys
import tempfile
from pathlib import Path

from trinity.errors import InputError
from trinity.files import write_atomic
from trinity_book import notebooks

MIME = "application/vnd.trinity.answer+json"
WITHIN = 0.02
IMPORTED = "from trinity_book.course import"
HEAD = (
    "Write your answers in place of the dots and run the cell below each: it says whether the"
    " answer is right. The solutions are in the book."
)


class Answer:
    """A right answer, as a solution shows it and as the generator reads it.

    A number, a word, or whether something is so; the last line of a cell tagged ``check``.
    ``within`` is the relative error of a number that is forgiven; whole numbers must agree.
    """

    def __init__(self, value: object, within: float = WITHIN):
        self.value, self.within = plain(value), within

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        content = {"digest": digest(self.value, self.within), "within": self.within}
        return {"text/plain": f"The answer: {self.value}", MIME: content}


answer = Answer  # as solutions call it


def plain(value: object) -> bool | int | float | str:
    """A number or word as plain Python; an InputError if it is neither, or not finite."""
    if getattr(value, "size", 0) == 1:  # of NumPy or pandas
        value = value.item()
    if isinstance(value, str):
        return value.strip().casefold()
    if isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise InputError(f"An answer is a finite number or a word, not {value!r}.")


def digest(value: bool | int | float | str, within: float = WITHIN, shift: int = 0) -> str:
    """Twelve hex digits that tell an answer without showing it.

    Numbers are put into bins that are ``within`` wide on a logarithmic scale; ``shift`` names a
    neighbouring bin.
    """
    if isinstance(value, float):
        place = round(math.log(abs(value)) / within) + shift if value else "zero"
        value = f"{'-' if value < 0 else ''}{place}"
    return hashlib.sha256(f"trinity {value}".encode()).hexdigest()[:12]


def check(value: object, expected: str, within: float = WITHIN) -> str:
    """Whether a student's ``value`` is the answer with that digest, as a sentence.

    >>> check(2.0, digest(2.01))
    'Right.'
    >>> check(..., digest(2.01))
    'Not answered yet: put your answer in place of the dots.'
    """
    if value is ... or value is None:
        return "Not answered yet: put your answer in place of the dots."
    try:
        value = plain(value)
    except InputError:
        return "This is neither a finite number nor a word; look at what the question asks for."
    tried = [value]
    if type(value) in (int, float) and value == int(value):  # 60 is as good as 60.0
        tried += [int(value), float(value)]
    shifts = (-1, 0, 1)
    right = any(digest(v, within, shift) == expected for v in tried for shift in shifts)
    return "Right." if right else "Not yet: check the units, and read the question once more."


def rerun(stage: str, **parameters: object):
    """Execute a notebook with other parameters, show its last figure and return its last table; an
    InputError if there is no such notebook, a parameter is unknown, or a cell fails."""
    import nbformat
    from IPython.display import HTML, display

    source = notebooks.source_of(stage)
    known = notebooks.Notebook.read(source)
    values = known.typed({name: str(value) for name, value in parameters.items()})
    with tempfile.TemporaryDirectory() as folder:
        out = notebooks.run_source(source, values, Path(folder) / "out.ipynb", progress=False)
        cells = nbformat.read(out, as_version=4).cells
    shown = [
        output.data
        for cell in cells
        if "remove-cell" not in cell.metadata.get("tags", [])
        for output in cell.get("outputs", [])
        if output.output_type == "execute_result"
    ]
    figure, table = (
        [data for data in shown if kind in data][-1] for kind in ("image/png", "text/html")
    )
    display(dict(figure), raw=True)
    return HTML(table["text/html"])


def write_exercises() -> list[Path]:
    """Write the student's notebook of every executed solution that is not there as it should be;
    returns what was written."""
    folder, written = notebooks.folder() / "exercises", []
    for source in notebooks.solutions():
        target = folder / source.with_suffix(".ipynb").name
        if not source.with_suffix(".ipynb").is_file():
            continue
        text = exercise(source)
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            written.append(write_atomic(target, text))
    return written


def exercise(source: Path) -> str:
    """The student's notebook of a solution, as text; an InputError if a cell tagged ``check`` gave
    no answer."""
    import nbformat

    executed = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    cells = []
    for cell in executed.cells:
        tags = cell.metadata.get("tags", [])
        if "solution" in tags:
            continue
        text = _checking(cell, source) if "check" in tags else cell.source
        text = text.replace(f"{IMPORTED} answer", f"{IMPORTED} check")
        new = getattr(nbformat.v4, f"new_{cell.cell_type}_cell")
        kept = {"tags": ["parameters"]} if "parameters" in tags else {}  # for papermill
        cells.append(new(text, id=cell.id, metadata=kept))
    cells.insert(1, nbformat.v4.new_markdown_cell(HEAD, id="cell-how"))
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata["kernelspec"] = executed.metadata["kernelspec"]
    return nbformat.writes(made) + "\n"


def _checking(cell, source: Path) -> str:
    """``answer(value, within)`` as a ``check`` of the same value."""
    found = [o["data"][MIME] for o in cell.outputs if MIME in o.get("data", {})]
    call = ast.parse(cell.source).body[-1]
    if not found or not isinstance(call, ast.Expr) or not isinstance(call.value, ast.Call):
        raise InputError(f"{source.name}: a cell tagged check has to end in answer(value).")
    value = ast.unparse(call.value.args[0])
    return f'check({value}, "{found[0]["digest"]}", within={found[0]["within"]})'


if __name__ == "__main__":
    try:
        for written in write_exercises():
            print(written.name)
    except InputError as error:
        sys.exit(f"Error: {error}")
