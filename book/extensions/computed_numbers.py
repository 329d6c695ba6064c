"""Sphinx extension: ``{{ name }}`` in a page becomes a number that was computed."""


def _fill(app, config):
    from trinity_book import card_numbers
    from trinity_book.numbers import substitutions

    found = {**substitutions(), **card_numbers.numbers()}
    config.myst_substitutions = {**config.myst_substitutions, **found}


def setup(app):
    """Register before the parser reads its settings."""
    app.connect("config-inited", _fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
