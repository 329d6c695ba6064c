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

STYLE = """
:root { color-scheme: light dark; }
html { scroll-snap-type: y mandatory; font: 1.25rem/1.4 system-ui, sans-serif; }
body { margin: 0; background: #fff; color: #1a1a1a; }
section { box-sizing: border-box; min-height: 100vh; scroll-snap-align: start; padding: 3vh 5vw;
  display: flex; flex-direction: column; gap: 1.5vh; }
h1, h2 { margin: 0; line-height: 1.2; }
h1 { font-size: 2.4rem; margin-top: 25vh; }
h2 { font-size: 1.9rem; color: #00507d; }
p { margin: 0; max-width: 75rem; }
figure { margin: 0; flex: 1; display: flex; min-height: 0; }
img { width: 100%; max-height: 66vh; object-fit: contain; margin: auto; background: #fff; }
small { color: #595959; }
aside { display: none; border-left: .3rem solid #00507d; padding-left: 1rem; max-width: 60rem; }
.notes aside { display: block; }
nav { position: fixed; right: 1rem; bottom: .5rem; font-size: .9rem; color: #595959; }
@media (prefers-color-scheme: dark) {
  body { background: #14181c; color: #e8e8e8; }
  h2 { color: #8cc8f0; }
  small, nav { color: #b4b4b4; }
}
@media (max-width: 40rem) {
  html { font-size: 1rem; scroll-snap-type: none; }
  section { min-height: 0; }
}
@media print {
  @page { size: A4 landscape; margin: 8mm; }
  body { background: #fff; color: #000; }
  section { break-after: page; min-height: 0; height: 185mm; }
  nav { display: none; }
}
"""
NAME = re.compile(r"{{ (\w+) }}")
SCRIPT = """
const slides = [...document.querySelectorAll("section")];
const at = () => slides.findIndex(s => s.getBoundingClientRect().bottom > innerHeight / 2);
addEventListener("keydown", e => {
  if (e.key.toLowerCase() === "n") document.body.classList.toggle("notes");
  const step = {ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1}[e.key];
  const next = slides[at() + step];
  if (step && next) { e.preventDefault(); next.scrollIntoView(); }
});
"""


def slides(folder: Path | None = None) -> str:
    """The deck as HTML, from the executed notebooks of ``folder`` (the checkout's by default).

    Raises InputError if a figure is not in its notebook, or a sentence names an unknown number.
    """
    folder = folder or data_root().parent / "notebooks"
    book = folder.parent / "book"
    deck = tomllib.loads((book / "slides.toml").read_text(encoding="utf-8"))
    table = read_json(book / "generated" / "numbers.json")["numbers"]
    parts = [f"<section><h1>{html.escape(deck['title'])}</h1><p>{deck['footer']}</p></section>"]
    for slide in deck["slide"]:
        if not (folder / f"{slide['notebook']}.ipynb").is_file():
            continue
        lines = [slide["title"], slide["text"], slide["data"], slide.get("notes", "")]
        try:
            title, text, data, notes = (
                NAME.sub(lambda found: table[found[1]]["text"], ln) for ln in lines
            )
        except KeyError as error:
            raise InputError(f"slides.toml: there is no number {error} to put in.") from error
        picture, alternative = _picture(folder / f"{slide['notebook']}.ipynb", slide["figure"])
        parts.append(
            f"<section><h2>{html.escape(title)}</h2><p>{html.escape(text)}</p>"
            f'<figure><img alt="{html.escape(alternative, quote=True)}"'
            f' src="data:image/png;base64,{picture}"></figure>'
            f"<aside>{html.escape(notes)}</aside>"
            f"<small>{html.escape(data)} Page: {slide['notebook']}.</small></section>"
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
                png = "".join(output["data"]["image/png"]).replace("\n", "")
                image = cell.metadata.get("mystnb", {}).get("image", {})
                return png, image.get("alt") or figure.replace("_", " ")
    raise InputError(f"{path.name} shows no figure {figure}; run make book.")


def write(out: Path, folder: Path | None = None) -> Path:
    """Write the deck."""
    return write_atomic(out, slides(folder))


if __name__ == "__main__":
    try:
        print(write(Path(*sys.argv[1:] or [data_root().parent, "build", "slides.html"])))
    except InputError as error:
        sys.exit(f"Error: {error}")
