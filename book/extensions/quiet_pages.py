"""Sphinx extension: pages without the scripts that this book does not use.

jupyter-book adds the "run this page on a server" scripts of thebe to every page, twice, and they
name a server outside. A second copy of a script declares its variables again: browsers report it.
"""


def _only_once(app, page, template, context, doctree):
    kept = {}
    for script in context.get("script_files", []):
        body = script.attributes.get("body", "")
        name = getattr(script, "filename", None) or body
        if "thebe" not in str(name).lower():
            kept.setdefault(str(name), script)
    context["script_files"] = list(kept.values())


def setup(app):
    """Register after the theme, which adds scripts in the same event."""
    app.connect("html-page-context", _only_once, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
