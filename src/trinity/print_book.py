"""The whole book as one PDF, through a browser: ``python -m trinity.print_book [FILE.pdf]``.

The pages are built into one (Sphinx's ``singlehtml``) from the executed notebooks, and Chromium
prints it; folded solutions are opened. Nothing is fetched.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from trinity.errors import InputError
from trinity.files import data_root

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SWITCHES = (
    "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run"
    " --disable-background-networking --no-pdf-header-footer --virtual-time-budget=60000"
).split()
MINUTES = 20


def one_page(root: Path, out: Path) -> Path:
    """Build all pages of a checkout into one HTML page below ``out``.

    Raises
    ------
    InputError
        If the page was not built.
    """
    program = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", program, "build", str(root), "--builder", "singlehtml"]
    done = subprocess.run(
        [*command, "--path-output", str(out)], stdin=subprocess.DEVNULL, check=False
    )
    page = out / "_build" / "singlehtml" / "index.html"
    if done.returncode or not page.is_file():
        raise InputError("The single page was not built; the warnings are above.")
    return page


def print_page(page: Path, pdf: Path) -> Path:
    """Print a page with Chromium.

    Raises
    ------
    InputError
        If there is no Chromium, or it printed nothing.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise InputError(f"Printing needs Chromium or Chrome on the path ({', '.join(BROWSERS)}).")
    pdf.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "book.pdf"
        command = [
            browser,
            *SWITCHES,
            f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={made}",
            page.absolute().as_uri(),
        ]
        subprocess.run(command, capture_output=True, timeout=60 * MINUTES, check=False)
        if not made.is_file():
            raise InputError(f"{Path(browser).name} printed nothing from {page.name}.")
        beside = pdf.with_name(f".{pdf.name}.part")
        shutil.copy(made, beside)
        os.replace(beside, pdf)
    return pdf


def print_book(pdf: Path) -> Path:
    """Build and print the checkout's book."""
    with tempfile.TemporaryDirectory() as folder:
        return print_page(one_page(data_root().parent, Path(folder)), pdf)


if __name__ == "__main__":
    named = sys.argv[1:]
    try:
        print(print_book(Path(named[0]) if named else data_root().parent / "build" / "book.pdf"))
    except InputError as error:
        sys.exit(f"Error: {error}")
