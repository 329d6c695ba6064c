"""The book: built as a reader would build it, checked link by link, opened in a browser."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

import pytest
import yaml
from surroundings import ROOT, patience

#: Loaded, not merely linked to: these may never come from elsewhere.
LOADING = {(tag, "src") for tag in ("script", "img", "iframe", "source")} | {("link", "href")}
#: Accessibility rules of Deque Systems (MPL 2.0), unchanged from npm's axe-core 4.10.3.
AXE = ROOT / "tests" / "vendor" / "axe.min.js"
NO_BOX = (  # pages to look things up in
    "glossary", "model_card", "dataset_card", "try", "troubleshooting", "reliability",
)  # fmt: skip
#: Link relations that name an address and load nothing.
NAMING = {"canonical", "author", "license", "next", "prev", "index", "search"}


def tracked_files() -> list[str]:
    """Files of the checkout that git tracks; all but what is made, where there is no git."""
    git = ["git", "-C", str(ROOT), "ls-files", "-z"]
    done = subprocess.run(git, capture_output=True, text=True, check=False)
    if done.returncode == 0 and done.stdout:
        return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]
    made = {".venv", "build", "_build", ".git", ".pytest_cache", ".ruff_cache", "__pycache__"}
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return [str(path) for path in paths if not made & set(path.parts)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """HTML of the tracked files, built with warnings as errors, without git and network."""
    bare = tmp_path_factory.mktemp("checkout")
    for name in tracked_files():
        if name.split("/")[0] in ("book", "notebooks", "_config.yml", "_toc.yml"):
            (bare / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, bare / name)
    nowhere = "http://127.0.0.1:9"
    offline = {"http_proxy": nowhere, "https_proxy": nowhere, "HF_HUB_OFFLINE": "1"}
    program = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", program, "build", ".", "-W", "--keep-going"]
    done = subprocess.run(
        command, cwd=bare, env={**os.environ, **offline}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=patience(600),
    )  # fmt: skip
    warnings = [ln for ln in (done.stdout + done.stderr).splitlines() if "WARNING" in ln]
    assert done.returncode == 0, "\n".join(warnings) or done.stderr[-3000:]
    return bare / "_build" / "html"


class Page(HTMLParser):
    """Addresses and anchors of a page."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.unnamed_images: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.anchors.update(filter(None, (values.get("id"), values.get("name"))))
        for name in ("href", "src"):
            address = values.get(name)
            if not address or set((values.get("rel") or "").split()) & NAMING:
                continue
            (self.loaded if (tag, name) in LOADING else self.links).append(address)
        if tag == "meta" and (values.get("http-equiv") or "").lower() == "refresh":
            self.links.append(values["content"].split("url=")[1])
        if tag == "img" and not values.get("alt") and "logo" not in str(values.get("class")):
            self.unnamed_images.append(values.get("src", "")[:80])


pytestmark = pytest.mark.slow  # the whole book is built first


def pages_of(site: Path) -> list[Path]:
    return [p for p in sorted(site.rglob("*.html")) if "_static" not in p.parts]


def test_every_page_of_the_contents_is_there(site):
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    names = [contents["root"]]
    names += [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    assert not [name for name in names if not (site / f"{name}.html").is_file()]


def test_no_link_image_or_anchor_is_broken(site):
    parsed = {path: Page(path) for path in pages_of(site)}
    broken = []
    for path, page in parsed.items():
        for address in [*page.links, *page.loaded]:
            target, anchor = urldefrag(address)
            scheme = urlparse(address).scheme
            if scheme or address.startswith("//"):
                continue
            place = (path.parent / unquote(target).split("?")[0]).resolve() if target else path
            place = place / "index.html" if place.is_dir() else place
            if not place.is_file():
                broken.append(f"{path.relative_to(site)}: {address}")
            elif anchor and place in parsed and unquote(anchor) not in parsed[place].anchors:
                broken.append(f"{path.relative_to(site)}: no anchor {address}")
    assert not broken


def test_nothing_is_loaded_from_elsewhere(site):
    outside = [
        f"{path.relative_to(site)}: {address}"
        for path in pages_of(site)
        for address in Page(path).loaded
        if urlparse(address).scheme in ("http", "https") or address.startswith("//")
    ]
    assert not outside


def test_every_image_says_what_it_shows(site):
    unnamed = {
        str(path.relative_to(site)): Page(path).unnamed_images
        for path in pages_of(site)
        if Page(path).unnamed_images
    }
    assert not unnamed


@pytest.fixture(scope="module")
def address(site, serve):
    """The site, served on this machine."""
    return serve(site)


#: Tables that their place is too narrow for; only programs may be scrolled sideways.
SIDEWAYS = """() => [...document.querySelectorAll(".bd-article table")]
    .filter(one => !one.closest(".highlight") && one.parentElement.clientWidth
        && one.scrollWidth > one.parentElement.clientWidth + 2)
    .map(one => one.innerText.slice(0, 60))"""


def complaints(browser, url: str, base: str, width: int = 1280) -> list[str]:
    """What goes wrong when a page is opened: console errors, failed or foreign requests, maths."""
    found: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.on("console", lambda m: found.append(f"console: {m.text}") if m.type == "error" else None)
    page.on("pageerror", lambda error: found.append(f"script: {error}"))
    page.on("requestfailed", lambda request: found.append(f"failed: {request.url}"))

    def gate(route):
        target = route.request.url
        if target.startswith((base, "data:", "blob:")):
            route.continue_()
        else:
            found.append(f"foreign: {target}")
            route.abort()

    page.route("**/*", gate)
    page.goto(url, wait_until="load", timeout=patience(60_000))
    maths = page.locator("article .math, main .math").count()
    if maths:
        page.wait_for_function(
            "document.querySelector('mjx-container') !== null", timeout=patience(60_000)
        )
        page.wait_for_function("MathJax.startup.promise.then(() => true)", timeout=patience(60_000))
        drawn = page.locator("article mjx-container, main mjx-container").count()
        if drawn < maths:
            found.append(f"{drawn} of {maths} formulas are drawn")
        if page.locator("mjx-merror, [data-mjx-error]").count():
            found.append("a formula has an error")
    if "$" in (page.locator("article p").all_inner_texts() or [""])[0]:
        found.append("a dollar sign was left in the first paragraph")
    overflow = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    if overflow > 2:
        found.append(f"the page is {overflow} pixels wider than the window")
    page.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)")
    page.wait_for_timeout(100)  # what was folded is fitted when it opens
    found += [f"scrolled sideways: {text}" for text in page.evaluate(SIDEWAYS)]
    page.close()
    return found


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_opens_cleanly_in_a_browser(site, address, browser, width):
    found = {}
    for path in pages_of(site):
        if 'http-equiv="refresh"' in path.read_text(encoding="utf-8").lower():
            continue  # sends the reader on at once
        name = path.relative_to(site).as_posix()
        wrong = complaints(browser, f"{address}/{name}", address, width)
        if wrong:
            found[name] = wrong
    assert not found


#: What a colour is on its way to another one is no finding.
STILL = "*, *::before, *::after { transition: none !important; animation: none !important }"


def serious(page, only: str = "") -> list[str]:
    """Findings of axe-core on an open page that are serious or critical, one line a kind; of one
    rule, if it is named."""
    page.add_style_tag(content=STILL)
    page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    asked = {"resultTypes": ["violations"]} | ({"runOnly": [only]} if only else {})
    return [
        f"{finding['id']}: {finding['nodes'][0]['html'][:120]} ({len(finding['nodes'])} in all)"
        for finding in page.evaluate("asked => axe.run(document, asked)", asked)["violations"]
        if finding["impact"] in ("serious", "critical")
    ]


def test_no_page_shuts_anybody_out(site, address, browser):
    """axe-core finds nothing serious; the theme follows what the reader's system prefers, and in
    the dark it is contrast that may differ."""
    found = {}
    for path in pages_of(site):
        if 'http-equiv="refresh"' in path.read_text(encoding="utf-8").lower():
            continue
        name = path.relative_to(site).as_posix()
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
        page.goto(f"{address}/{name}", wait_until="load", timeout=patience(60_000))
        wrong = serious(page)
        theme = "document.documentElement.dataset.theme"
        light = page.evaluate(theme)
        page.emulate_media(color_scheme="dark")
        page.wait_for_function(f"{theme} !== '{light}'", timeout=patience(10_000))
        wrong += [f"dark: {finding}" for finding in serious(page, "color-contrast")]
        page.close()
        if wrong:
            found[name] = wrong
    assert not found


def test_a_folded_solution_opens_with_the_keyboard(address, browser):
    page = browser.new_page()
    page.goto(f"{address}/notebooks/solutions/01_problem.html")
    summary = page.locator("details.hide summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("details.hide").first.get_attribute("open") is not None
    page.close()


def test_slides_are_beside_the_pages_and_linked(site):
    assert (site / "slides.html").is_file()
    assert "../slides.html" in Page(site / "book" / "teaching.html").links


def test_students_get_every_exercise_in_one_file(site):
    names = {path.name for path in (ROOT / "notebooks" / "exercises").glob("*.ipynb")}
    assert names and set(zipfile.ZipFile(site / "exercises.zip").namelist()) >= names
    assert "../exercises.zip" in Page(site / "book" / "teaching.html").links


def test_figures_of_notebooks_say_what_they_show(site):
    """No picture of a notebook is called by its file name."""
    for path in sorted((site / "notebooks").rglob("*.html")):
        called = re.findall(r'<img alt="([^"]*)"', path.read_text(encoding="utf-8"))
        assert not [text for text in called if "_images/" in text], path.name


def test_each_chapter_says_what_for_for_whom_and_how_long():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    names = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    for name in names:
        if "solutions/" in name or name.endswith(NO_BOX):
            continue
        places = (ROOT / f"{name}.md", ROOT / f"{name}.py")
        text = next(path for path in places if path.is_file()).read_text(encoding="utf-8")
        assert all(f"**{word}.**" in text for word in ("Objectives", "Prerequisites", "Time")), name


def test_search_finds_a_page(address, browser):
    page = browser.new_page()
    page.goto(f"{address}/search.html?q=ignition")
    page.wait_for_selector("#search-results ul li a", timeout=patience(60_000))
    assert page.locator("#search-results ul li").count() >= 1
    page.close()
