"""Sphinx extension: ``{{ name }}`` in a page becomes what the substitution table holds."""

import json
from pathlib import Path

TABLE = "book/generated/numbers.json"  # written by python -m trinity_book.pages


def _fill(app, config):
    table = json.loads((Path(app.srcdir) / TABLE).read_text(encoding="utf-8"))
    found = {name: entry["text"] for name, entry in table.items()}
    config.myst_substitutions = {**config.myst_substitutions, **found}


def setup(app):
    """Register before the parser reads its settings."""
    app.connect("config-inited", _fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
