"""The whole book as one PDF, through a browser: ``python -m trinity_book.print [FILE.pdf]``.

Without a name it becomes part of the built book, and its first page links to it.

The pages are built into one (Sphinx's ``singlehtml``) from the executed notebooks, `printable`
makes a book of it (title, contents, parts; folded solutions opened), and Chromium prints it, with
page numbers and bookmarks. Nothing is fetched.
"""

import html
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from trinity.errors import InputError
from trinity.files import data_root, write_atomic
from trinity_book.build import jupyter_book

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SWITCHES = (
    "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run"
    " --disable-background-networking --no-pdf-header-footer --generate-pdf-document-outline"
    " --virtual-time-budget=60000"
).split()
MINUTES = 20
LINK = '<p class="whole-book"><a href="../trinity.pdf">The whole book as a PDF</a></p>'
#: Scripts that a sheet of paper has no use for; formulas need theirs.
IDLE = re.compile(r"<script(?![^>]*mathjax)[^>]*\bsrc=[^>]*>\s*</script>", re.IGNORECASE)
PRELOADED = re.compile(r'<link[^>]*rel="(?:preload|search|index|prev|next)"[^>]*>')
PAGE = re.compile(
    r'<span id="(document-[^"]+)"></span>\s*<section[^>]*>\s*<h2>(.*?)<a\s+class="header'
)
PART = '<div class="toctree-wrapper compound">'
CAPTION = re.compile(r'<span class="caption-text">(.*?)</span>')
STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def printable(text: str, title: str) -> str:
    """The single page as a book to print: everything open, no scripts but those of formulas.

    ``text`` is what Sphinx's ``singlehtml`` wrote, whose paths start at the builder's folder;
    ``title`` stands on the first sheet, above the contents.
    """
    captions = CAPTION.findall(text.split("<article", 1)[0])
    body = re.search(r"<article[^>]*>(.*)</article>", text, re.DOTALL)
    if body is None:
        raise InputError("The single page has no article to print.")
    parts = IDLE.sub("", body.group(1)).split(PART)
    contents = [f'<div class="contents"><h1>{html.escape(title)}</h1>']
    for i, part in enumerate(parts):
        pages = PAGE.findall(part)
        if not pages:
            continue
        caption = captions[i - 1] if i <= len(captions) else ""
        links = "".join(f'<li><a href="#{at}">{name}</a></li>' for at, name in pages)
        contents.append(f"<p>{caption}</p><ol>{links}</ol>")
        for at, _ in pages[1:]:
            place = f'<span id="{at}"></span>'
            part = part.replace(place, f'<span class="again"></span>{place}')
        parts[i] = f'<div class="part">{caption}</div><div>{part}'
    article = "".join([*contents, "</div>", *parts])
    article = re.sub(r"<noscript>(.*?)</noscript>", r"\1", article, flags=re.DOTALL)
    article = article.replace("../_static/", "_static/")
    article = re.sub(r"<details(?![^>]*\bopen\b)", "<details open", article)
    article = re.sub(r'<a ([^>]*)href="(?!#|https?:)[^"]*"', r"<a \1", article)
    head = PRELOADED.sub("", IDLE.sub("", text.split("</head>", 1)[0]))
    return (
        f"{head}<style>{STYLE}</style></head>"
        f'<body data-mode="light"><main><article class="bd-article">{article}</article></main>'
        "</body></html>\n"
    )


def one_page(root: Path, out: Path) -> Path:
    """Build all pages of a checkout into one HTML page below ``out``, ready to print; an InputError
    if it was not built."""
    built = jupyter_book(root, "--builder", "singlehtml", "--path-output", str(out))
    folder = out / "_build" / "singlehtml"
    texts = [path.read_text("utf-8") for path in folder.rglob("*.html")]
    if not built or not texts:
        raise InputError("The single page was not built; the warnings are above.")
    config = (root / "_config.yml").read_text("utf-8")
    title = re.search(r"^title: *\"?(.*?)\"?$", config, re.MULTILINE)
    text = printable(max(texts, key=len), title.group(1) if title else "Trinity")
    page = folder / "print.html"  # beside the folders that its paths name
    page.write_text(text, encoding="utf-8")
    return page


def installed_browser() -> str | None:
    """The first of `BROWSERS` that is on the path."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def print_page(page: Path, pdf: Path) -> Path:
    """Print a page with Chromium; an InputError if there is none, or it printed nothing."""
    browser = installed_browser()
    if browser is None:
        raise InputError(f"Printing needs Chromium or Chrome on the path ({', '.join(BROWSERS)}).")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "book.pdf"
        places = f"--user-data-dir={folder}/profile", f"--print-to-pdf={made}"
        command = [browser, *SWITCHES, *places, page.absolute().as_uri()]
        subprocess.run(command, capture_output=True, timeout=60 * MINUTES, check=False)
        if not made.is_file():
            raise InputError(f"{Path(browser).name} printed nothing from {page.name}.")
        return write_atomic(pdf, made.read_bytes())


def link(site: Path, pdf: Path) -> Path:
    """Put a PDF beside the first page of a built book, which then links to it; an InputError if
    there is no built book."""
    page = site / "book" / "index.html"
    if not page.is_file():
        raise InputError(f"There is no book in {site}; run make book first.")
    write_atomic(site / pdf.name, pdf.read_bytes())
    text = page.read_text("utf-8")
    if LINK not in text:
        write_atomic(page, text.replace("</h1>", f"</h1>\n{LINK}", 1))
    return site / pdf.name


def main(arguments: list[str]) -> Path:
    """Print the checkout's book to the file that is named, or into the built book."""
    root = data_root().parent
    with tempfile.TemporaryDirectory() as built:
        page = one_page(root, Path(built))
        if arguments:
            return print_page(page, Path(*arguments))
        return link(root / "_build" / "html", print_page(page, Path(built) / "trinity.pdf"))


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except InputError as error:
        sys.exit(f"Error: {error}")
