"""Sphinx extension: puts the slides of the main figures beside the pages, as ``slides.html``."""

from pathlib import Path


def _write(app, exception):
    if exception is None and app.builder.format == "html":
        from trinity_book import slides

        slides.write(Path(app.outdir) / "slides.html", Path(app.srcdir) / "notebooks")


def setup(app):
    """Register for the end of the build."""
    app.connect("build-finished", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
