"""The printed book: all pages in one, in the order of the contents, everything open, as a PDF."""

import re
import shutil

import pytest
import yaml
from surroundings import ROOT, patience
from trinity_book import print as print_book

from trinity.errors import InputError

PAGES = ("notebooks/01_problem", "notebooks/solutions/01_problem", "book/limits", "book/chemistry")
SINGLE = """<html><head><script src="a.js"></script>
<script defer src="_static/mathjax/m.js"></script>
<link rel="stylesheet" href="s.css"></head><body><span class="caption-text">1 Fire</span>
<article class="bd-article"><section><h1>Book<a class="headerlink">#</a></h1></section>
<div class="toctree-wrapper compound"><span id="document-book/a"></span><section id="a"><h2>A<a
class="headerlink">#</a></h2><details class="x"><summary>s</summary>inside</details></section>
<span id="document-book/b"></span><section id="b"><h2>B<a class="headerlink">#</a></h2>
<a class="r" href="slides.html">slides</a> <a href="#a">A</a> <a href="https://x.org">x</a>
<noscript>off</noscript><script src="../_static/try/try.js"></script></section></div>
</article></body></html>"""


class TestPrintable:
    text = print_book.printable(SINGLE, 'Fire & "heat"')

    def test_contents_name_the_pages_by_part(self):
        contents = self.text.split('<div class="contents">')[1].split("</div>")[0]
        assert re.findall(r">([^<>\n]+)<", contents) == [
            "Fire &amp; &quot;heat&quot;", "1 Fire", "A", "B",
        ]  # fmt: skip
        assert 'href="#document-book/a"' in contents

    def test_what_is_folded_is_open(self):
        assert "<details open" in self.text
        assert "<noscript>" not in self.text

    def test_only_the_formulas_keep_their_script(self):
        assert re.findall(r'src="([^"]*)"', self.text) == ["_static/mathjax/m.js"]
        assert "s.css" in self.text

    def test_no_link_leads_to_a_file_of_this_machine(self):
        assert set(re.findall(r'<a [^>]*href="([^"#]*)', self.text)) == {"", "https://x.org"}

    def test_what_is_no_book_is_refused(self):
        with pytest.raises(InputError, match="no article"):
            print_book.printable("<html></html>", "x")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A book of five pages, built into one page."""
    root, out = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("single")
    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    lines = [ln for ln in config.splitlines() if "slide_deck" not in ln and "try_page" not in ln]
    (root / "_config.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    parts = [{"caption": name, "chapters": [{"file": name}]} for name in PAGES]
    contents = {"format": "jb-book", "root": "book/index", "parts": parts}
    (root / "_toc.yml").write_text(yaml.safe_dump(contents), encoding="utf-8")
    for folder in ("extensions", "generated"):
        shutil.copytree(ROOT / "book" / folder, root / "book" / folder)
    (root / "notebooks").mkdir()
    for drawing in ("notebooks/*.svg", "book/*.svg", "book/references.bib"):
        for source in ROOT.glob(drawing):
            shutil.copy(source, root / source.relative_to(ROOT))
    for name in ("book/index", *PAGES):
        source = next(p for s in (".md", ".ipynb") if (p := ROOT / f"{name}{s}").is_file())
        target = root / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    return print_book.one_page(root, out)


@pytest.mark.slow
def test_pages_stand_in_the_order_of_the_contents(page):
    found = re.findall(r'<span id="document-([^"]+)"', page.read_text(encoding="utf-8"))
    assert found == list(PAGES)


@pytest.mark.slow
def test_nothing_is_missing_or_wider_than_the_sheet(page, browser):
    opened = browser.new_page(viewport={"width": 658, "height": 900})  # A4 less its margins
    failed = []
    opened.on("requestfailed", lambda request: failed.append(request.url))
    opened.emulate_media(media="print")
    opened.goto(page.as_uri())
    opened.wait_for_function(
        "document.querySelector('mjx-container') !== null", timeout=patience(60_000)
    )
    opened.wait_for_function("MathJax.startup.promise.then(() => true)", timeout=patience(60_000))
    assert not failed
    maths = opened.locator("article .math").count()
    assert opened.locator("article mjx-container").count() >= maths > 20
    broken = "[...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src)"
    assert opened.evaluate(broken) == []
    wide = "[...document.images, ...document.querySelectorAll('pre, table')]"
    right = "Math.max(0, ..." + wide + ".map(e => e.getBoundingClientRect().right))"
    assert opened.evaluate(right) <= 660
    closed = "[...document.querySelectorAll('details')].filter(d => !d.open).length"
    assert opened.evaluate(closed) == 0
    hidden = "[...document.querySelectorAll('.dropdown > p')].filter(p => !p.offsetHeight).length"
    assert opened.evaluate(hidden) == 0
    opened.close()


@pytest.mark.slow
def test_the_browser_prints_it(page, tmp_path):
    if not any(map(shutil.which, print_book.BROWSERS)):
        pytest.skip("No Chromium on this machine: nothing was printed.")
    pdf = print_book.print_page(page, tmp_path / "out" / "book.pdf")
    raw = pdf.read_bytes()
    assert raw.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", raw)) > 5
    assert b"/Outlines" in raw
    assert [path.name for path in pdf.parent.iterdir()] == ["book.pdf"]


def test_without_a_browser_it_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="Printing needs Chromium or Chrome"):
        print_book.print_page(tmp_path / "page.html", tmp_path / "book.pdf")


def test_the_first_page_links_to_the_pdf_once(tmp_path):
    with pytest.raises(InputError, match="run make book first"):
        print_book.link(tmp_path, tmp_path / "trinity.pdf")
    (tmp_path / "book").mkdir()
    page, pdf = tmp_path / "book" / "index.html", tmp_path / "made" / "trinity.pdf"
    pdf.parent.mkdir()
    pdf.write_bytes(b"%PDF")
    page.write_text("<h1>Trinity</h1><p>x</p>", encoding="utf-8")
    for _ in range(2):
        assert print_book.link(tmp_path, pdf) == tmp_path / "trinity.pdf"
    text = page.read_text(encoding="utf-8")
    (address,) = re.findall(r'href="([^"]*pdf)"', text)
    assert (page.parent / address).read_bytes() == b"%PDF"
