"""Sphinx extension: links out of the book, all from ``repository: url`` in ``_config.yml``.

Without that setting no link is shown: the substitution ``ways_out`` is empty, and there are no
buttons.
"""

LINKS = (
    ("the repository", ""),
    ("its data", "/tree/{branch}/data"),
    ("everything as one archive", "/archive/refs/heads/{branch}.zip"),
)


def line(url: str, branch: str = "") -> str:
    """The sentence of links for the first page.

    >>> line("")
    ''
    >>> line("https://host/a/b/").split(", ")[0]
    'On the web: [the repository](https://host/a/b)'
    """
    base, branch = url.rstrip("/"), branch or "main"
    found = [f"[{name}]({base}{path.format(branch=branch)})" for name, path in LINKS]
    return f"On the web: {', '.join(found)}." if base else ""


def _link(app, config):
    options = config.html_theme_options
    url, branch = (options.get(f"repository_{name}") or "" for name in ("url", "branch"))
    found = {"ways_out": line(url, branch)}
    config.myst_substitutions = {**config.myst_substitutions, **found}
    if url:
        config.html_theme_options = {**options, "use_repository_button": True}


def setup(app):
    """Register before the parser and the theme read their settings."""
    app.connect("config-inited", _link, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
