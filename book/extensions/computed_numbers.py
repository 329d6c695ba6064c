"""Sphinx extension: ``{{ name }}`` in a page becomes what the substitution table holds.

A page ends with a line that says where its numbers come from: results files and their commits, or
for a notebook its own.
"""

import json
import re
from pathlib import Path

TABLE = "book/generated/numbers.json"  # written by python -m trinity_book.pages
NAME = re.compile(r"{{ (\w+) }}")
INCLUDED = re.compile(r"^```\{include\} (generated/\S+)", re.MULTILINE)
SOURCE = re.compile(r"^% from (\S+\.json)", re.MULTILINE)
STAMP = '\n\n<p class="stamp">{}</p>\n'


def _table(app) -> dict:
    return json.loads((Path(app.srcdir) / TABLE).read_text(encoding="utf-8"))


def _fill(app, config):
    found = {name: entry["text"] for name, entry in _table(app)["numbers"].items()}
    config.myst_substitutions = {**config.myst_substitutions, **found}


def _behind(app, table, text):
    """The results files behind the numbers and the included tables of a page."""
    entries = (table["numbers"].get(name, {}) for name in NAME.findall(text))
    behind = {file for entry in entries for file in entry.get("from", ())}
    for part in INCLUDED.findall(text):
        behind.update(SOURCE.findall((Path(app.srcdir) / "book" / part).read_text("utf-8")))
    return behind


def _say_where_numbers_come_from(app, page, source):
    if page.startswith("notebooks/"):
        source[0] = _stamped_notebook(source[0])
    elif page.startswith("book/"):
        table, text = _table(app), source[0]
        behind = _behind(app, table, text)
        commits = table["commits"]  # what is no result of a run, such as a model's shape, has none
        made = [f"{name} ({commits[name]})" for name in sorted(behind & commits.keys())]
        files = f"Numbers from {', '.join(made)}." if made else ""
        source[0] = text + (STAMP.format(files) if files else "")


def _stamped_notebook(text):
    """The notebook with a line at its end that says what made it."""
    notebook = json.loads(text)
    if made := notebook["metadata"].get("trinity"):
        seeds = ", ".join(map(str, made["seeds"]))
        line = f"Executed at {(made['commit'] or 'no commit')[:8]}, scale {made['scale']}"
        line = STAMP.format(f"{line}{', seed ' + seeds if seeds else ''}.")
        cell = {"cell_type": "markdown", "id": "stamp", "metadata": {}, "source": line}
        notebook["cells"].append(cell)
    return json.dumps(notebook)


def setup(app):
    """Register before the parser reads its settings, and for the text of each page."""
    app.connect("config-inited", _fill)
    app.connect("source-read", _say_where_numbers_come_from)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
