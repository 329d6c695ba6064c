"""How long "Try your polymer" takes: from the load of the page to its first answer, and later.

Opens the built page (``make book``) in headless Chromium, each time with an empty memory, and
writes ``first_answer.json``. An answer is there when the model's numbers are, with intervals.

Example: python -m benchmarks.first_answer
"""

import argparse
import os
import statistics
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from trinity_book import records
from trinity_book.print import installed_browser

from trinity.files import data_root

#: Goals that were set, in milliseconds.
WANTED = {"first": 2000, "later": 200}
LATER = [(35, 6), (60, 6), (60, 3), (25, 12), (75, 10)]  # kW/m2, mm
WATCH = """
new MutationObserver(() => {
    const page = document.getElementById("try-page");
    if (page && page.dataset.firstAnswerMs && !window.answeredAt)
        window.answeredAt = performance.now();
}).observe(document, {subtree: true, childList: true, attributes: true});
"""
SINCE_LOAD = "window.answeredAt - performance.getEntriesByType('navigation')[0].loadEventEnd"


class Quiet(SimpleHTTPRequestHandler):
    """A file server that says nothing."""

    def log_message(self, *_):
        """Nothing."""


def once(browser, address: str) -> tuple[float, list[float]]:
    """Milliseconds to the first answer of a new context, and of later ones."""
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(address)
    page.wait_for_function("window.answeredAt", timeout=120_000)
    first = page.evaluate(SINCE_LOAD)
    psmiles, later = page.input_value("#try-psmiles"), []
    for flux, thickness in LATER:
        page.fill("#try-thickness", f"{thickness:g}")
        page.fill("#try-flux", f"{flux:g}")
        page.wait_for_selector(f'#try-page[data-answered="{psmiles} {flux:g} {thickness:g}"]')
        later.append(float(page.get_attribute("#try-page", "data-answer-ms")))
    context.close()
    return first, later


def main() -> None:
    """Measure, print, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--times", type=int, default=5)
    times = parser.parse_args().times
    from playwright.sync_api import sync_playwright

    handler = partial(Quiet, directory=str(data_root().parent / "_build" / "html"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    load = os.getloadavg()[0]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=installed_browser(), args=["--no-sandbox"]
        )
        address = f"http://127.0.0.1:{server.server_port}/book/try.html"
        measured = [once(browser, address) for _ in range(times)]
        browser.close()
    server.shutdown()
    first = [round(value) for value, _ in measured]
    later = [round(value) for _, values in measured for value in values]
    found = {
        "load_before": round(load, 1), "wanted_ms": WANTED, "first_ms": first, "later_ms": later,
        "first_median_ms": statistics.median(first), "later_longest_ms": max(later),
    }  # fmt: skip
    records.write(records.place("first_answer"), found, parameters={"times": times})
    print(found)


if __name__ == "__main__":
    main()
