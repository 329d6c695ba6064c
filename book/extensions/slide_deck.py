"""Sphinx extension: puts beside the pages what a lecturer hands out, the slides of the main figures
(``slides.html``) and the exercises for students (``exercises.zip``)."""

import shutil
from pathlib import Path


def _write(app, exception):
    if exception is None and app.builder.format == "html":
        from trinity_book import slides

        notebooks, out = Path(app.srcdir) / "notebooks", Path(app.outdir)
        (out / "slides.html").write_text(slides.slides(notebooks), encoding="utf-8")
        shutil.make_archive(str(out / "exercises"), "zip", notebooks / "exercises")


def setup(app):
    """Register for the end of the build."""
    app.connect("build-finished", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
