"""Slides of the main figures, one HTML file: ``python -m trinity_book.slides [FILE]``.

``book/slides.toml`` names for each slide a figure of an executed notebook, a sentence and notes for
the speaker; numbers come from the substitution table, as in any page. A slide whose notebook waits
for its results is left out. The page needs no script library: arrow keys and scrolling move it, N
shows the notes, and printing gives one slide per sheet.
"""

import html
import re
import sys
import tomllib
from pathlib import Path

from trinity.errors import InputError
from trinity.files import data_root, read_json, write_atomic

NAME = re.compile(r"{{ (\w+) }}")
STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def slides(folder: Path | None = None) -> str:
    """The deck as HTML, from the executed notebooks of ``folder`` (the checkout's by default); an
    InputError if a figure is not in its notebook, or a sentence names an unknown number."""
    folder = folder or data_root().parent / "notebooks"
    book = folder.parent / "book"
    deck = tomllib.loads((book / "slides.toml").read_text(encoding="utf-8"))
    table = read_json(book / "generated" / "numbers.json")["numbers"]
    parts = [f"<section><h1>{html.escape(deck['title'])}</h1><p>{deck['footer']}</p></section>"]
    for slide in deck["slide"]:
        notebook = folder / f"{slide['notebook']}.ipynb"
        if not notebook.is_file():
            continue
        lines = [slide["title"], slide["text"], slide["data"], slide.get("notes", "")]
        try:
            title, text, data, notes = (
                NAME.sub(lambda found: table[found[1]]["text"], ln) for ln in lines
            )
        except KeyError as error:
            raise InputError(f"slides.toml: there is no number {error} to put in.") from error
        picture, alternative = _picture(notebook, slide["figure"])
        parts.append(
            f"<section><h2>{html.escape(title)}</h2><p>{html.escape(text)}</p>"
            f'<figure><img alt="{html.escape(alternative, quote=True)}"'
            f' src="data:image/png;base64,{picture}"></figure>'
            f"<aside>{html.escape(notes)}</aside>"
            f"<small>{html.escape(data)} Page: {notebook.stem}.</small></section>"
        )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{html.escape(deck['title'])}</title><style>{STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main><script>{SCRIPT}</script></body></html>\n"
    )


def _picture(path: Path, figure: str) -> tuple[str, str]:
    """PNG (base64) of the cell that calls a figure function, and what it shows."""
    import nbformat

    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code" or f".{figure}(" not in cell.source:
            continue
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                png = output["data"]["image/png"].replace("\n", "")
                image = cell.metadata.get("mystnb", {}).get("image", {})
                return png, image.get("alt") or figure.replace("_", " ")
    raise InputError(f"{path.name} shows no figure {figure}; run make book.")


if __name__ == "__main__":
    try:
        out = Path(*sys.argv[1:] or [data_root().parent, "build", "slides.html"])
        print(write_atomic(out, slides()))
    except InputError as error:
        sys.exit(f"Error: {error}")
