"""Sphinx extension: ``{{ name }}`` in a page becomes what the substitution table holds.

A page that uses results of an earlier release, by a number or by a table, says so below its title.
"""

import json
import re
from pathlib import Path

TABLE = "book/generated/numbers.json"  # written by python -m trinity_book.pages
NAME = re.compile(r"{{ (\w+) }}")
INCLUDED = re.compile(r"^```\{include\} (generated/\S+)", re.MULTILINE)
SOURCE = re.compile(r"^% from (\S+\.json)", re.MULTILINE)
TITLE = re.compile(r"^# .*\n", re.MULTILINE)


def _table(app) -> dict:
    return json.loads((Path(app.srcdir) / TABLE).read_text(encoding="utf-8"))


def _fill(app, config):
    found = {name: entry["text"] for name, entry in _table(app)["numbers"].items()}
    config.myst_substitutions = {**config.myst_substitutions, **found}


def _say_what_is_of_an_earlier_release(app, page, source):
    if not page.startswith("book/"):
        return
    table, text = _table(app), source[0]
    entries = (table["numbers"].get(name, {}) for name in NAME.findall(text))
    behind = {file for entry in entries for file in entry.get("from", ())}
    for part in INCLUDED.findall(text):
        behind.update(SOURCE.findall((Path(app.srcdir) / "book" / part).read_text("utf-8")))
    late = {name: why for name, why in table["earlier"].items() if name in behind}
    if late:
        lines = "\n".join(f"- `{name}`: {why}" for name, why in late.items())
        title = "Earlier release, to be recomputed"
        note = f"\n:::{{admonition}} {title}\n:class: warning\n{lines}\n:::\n"
        source[0] = TITLE.sub(lambda title: title[0] + note, text, count=1)


def setup(app):
    """Register before the parser reads its settings, and for the text of each page."""
    app.connect("config-inited", _fill)
    app.connect("source-read", _say_what_is_of_an_earlier_release)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
