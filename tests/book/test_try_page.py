"""The page "Try your polymer" where JavaScript is off, and the way to it."""

import importlib.util
import re
from types import SimpleNamespace

import pytest
from surroundings import ROOT
from trinity_book.web import export as web_export

from trinity.cone import predict as cone_test
from trinity.files import data_path

FILES = ROOT / "book" / "try"


def extension():
    """The page's Sphinx extension as a module."""
    path = ROOT / "book" / "extensions" / "try_page.py"
    spec = importlib.util.spec_from_file_location("try_page", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def address(tmp_path_factory, serve):
    """The page without the book's frame, its table put in as the build puts it in."""
    place = tmp_path_factory.mktemp("site")
    made = extension()
    made.write(FILES, place / "_static" / "try")
    text = (ROOT / "book" / "try.md").read_text(encoding="utf-8")
    body = "\n".join(re.findall(r"```\{raw\} html\n(.*?)```", text, re.DOTALL))
    app = SimpleNamespace(srcdir=ROOT, add_css_file=lambda name: None)
    context = {"body": body}
    made._style(app, made.PAGE, "", context, None)
    (place / "book").mkdir()
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Try</title>'
    (place / "book" / "try.html").write_text(f"{head}<main>{context['body']}</main>")
    return f"{serve(place)}/book/try.html"


@pytest.mark.slow
def test_without_javascript_there_is_a_figure_and_a_table(address, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator("img").is_visible()
    assert page.locator("img").evaluate("image => image.naturalWidth") > 100
    assert page.locator("noscript table tbody tr, table:not(#try-page table) tbody tr").count() >= 4
    assert not page.locator("#try-page").is_visible()
    context.close()


def test_with_javascript_the_static_part_is_not_shown(address, browser):
    page = browser.new_page()
    page.goto(address)
    assert page.locator("#try-page").is_visible()
    assert page.locator("noscript img").count() == 0
    page.close()


@pytest.mark.slow
def test_the_static_table_is_what_the_commands_say():
    from trinity.prediction.predict import predict

    psmiles, flux_kw_m2, thickness_mm = web_export.EXAMPLE
    model = data_path(web_export.MODEL)
    (learned,) = predict([psmiles], flux_kw_m2, thickness_mm, model=model, fast=True)
    simulated = cone_test.predict(psmiles, flux_kw_m2, thickness_mm).to_dict()
    shown = (FILES / "static_table.html").read_text(encoding="utf-8")
    expected = web_export.static_table(learned, simulated)
    numbers = [[float(n) for n in re.findall(r"[\d.]+", t)] for t in (shown, expected)]
    assert re.sub(r"[\d.]+", "", shown) == re.sub(r"[\d.]+", "", expected)
    assert numbers[0] == pytest.approx(numbers[1], rel=0.01), (
        "run python -m trinity_book.web.export"
    )


@pytest.mark.parametrize("name", ["README.md", "book/using.md", "book/index.md"])
def test_readers_are_led_to_the_page(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "book/try.md" in text or "{doc}`try`" in text
