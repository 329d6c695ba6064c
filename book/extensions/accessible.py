"""Sphinx extension: small repairs for those who read with a screen reader, on paper or in the dark.

The theme's links are too pale on the shaded rows of tables, the list of references says that it
is a list of items that it does not hold, and a table that a narrow screen scrolls cannot be reached
with the keyboard; axe-core reports all three. Folded cells are called by what they hold, and names
of columns and repeat units in tables may break, so that no column is pushed out of sight, and
``static/narrow.js`` fits tables and formulas into a telephone.
"""

import re
from pathlib import Path

REPAIRS = {
    '<div role="list" class="citation-list">': '<div class="citation-list">',
    "Show the content<": "Show the solution<",  # myst-nb's words for what a cell hides
    "Hide the content<": "Hide the solution<",
    "Show the output<": "Show the table<",
    "Hide the output<": "Hide the table<",
    "Show the source<": "Show the code<",
    "Hide the source<": "Hide the code<",
    '<div class="pst-scrollable-table-container">': (
        '<div class="pst-scrollable-table-container" tabindex="0">'
    ),
}
#: Names of columns, and repeat units too long for a column, in tables of notebooks.
COLUMN, UNIT = re.compile(r"(?<=<th>)\w+(?=</th>)"), re.compile(r"(?<=<td>)[^\s<]{20,}(?=</td>)")


def _style(app, config):
    config.html_static_path = [*config.html_static_path, str(Path(__file__).parent / "static")]


def _repair(app, page, template, context, doctree):
    if "body" not in context:
        return
    body = context["body"]
    for wrong, right in REPAIRS.items():
        body = body.replace(wrong, right)
    body = COLUMN.sub(lambda name: name[0].replace("_", "_<wbr>"), body)
    context["body"] = UNIT.sub(lambda unit: unit[0].replace("(", "<wbr>("), body)


def setup(app):
    """Register the style and the repairs."""
    app.connect("config-inited", _style)
    app.connect("html-page-context", _repair)
    app.add_css_file("book.css")
    app.add_js_file("narrow.js")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
