"""What the tests share."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest
from surroundings import ROOT, patience

# Two threads in all, whether one process runs the tests or two (results do not depend on it).
alone = "PYTEST_XDIST_WORKER" not in os.environ
os.environ.setdefault("OMP_NUM_THREADS", "2" if alone else "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")


#: Files of tests that take minutes: processes that share the tests begin with them, so that none
#: is left alone with one at the end.
LONGEST = (
    "test_stages.py", "test_book.py", "test_web.py", "test_bad_input.py", "test_notebooks.py",
    "test_one_chain.py", "test_training.py", "test_prediction.py", "test_synthesis.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; within a file the order stays."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(LONGEST)))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture
def trinity(tmp_path):
    """Run the command line in a fresh process and an empty working directory."""

    def run(*arguments: object, timeout: float = 300, **environment: str):
        return subprocess.run(
            [sys.executable, "-m", "trinity", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=patience(timeout),
        )

    return run


def forget() -> None:
    """Empty every cache of the package, so that data are read anew."""
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "trinity":
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


@pytest.fixture
def measured_otherwise(tmp_path, monkeypatch):
    """Call it with a change of the table of measurements; the package then reads this table."""
    from trinity.files import data_root

    real, count = data_root(), iter(range(99))

    def use(change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
        other = tmp_path / f"data{next(count)}"
        (other / "measurements").mkdir(parents=True)
        for place in (real, real / "measurements"):
            for item in place.iterdir():
                if item.name not in ("measurements", "cone_measurements.csv"):
                    (other / item.relative_to(real)).symlink_to(item)
        table = pd.read_csv(real / "measurements" / "cone_measurements.csv")
        change(table).to_csv(other / "measurements" / "cone_measurements.csv", index=False)
        monkeypatch.setenv("TRINITY_DATA", str(other))
        forget()

    yield use
    monkeypatch.undo()
    forget()


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder without writing a line a request."""

    def log_message(self, *_):
        pass


@contextmanager
def served(folder: Path):
    """Address of a folder that is served to this machine within the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


@pytest.fixture(scope="session")
def serve():
    """Give it a folder, get an address that lasts as long as the tests."""
    with ExitStack() as open_servers:
        yield lambda folder: open_servers.enter_context(served(folder))


# Not for the session: playwright keeps an event loop running, in which notebooks cannot be run.
@pytest.fixture(scope="module")
def browser():
    """Headless Chromium that talks to this machine only."""
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = next(filter(None, map(shutil.which, names)), None)
    if executable is None:
        pytest.skip("No Chromium on this machine: no page was opened in a browser.")
    from playwright.sync_api import sync_playwright

    switches = (
        "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
        " --disable-component-update --disable-sync --disable-dev-shm-usage"
    )
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=switches.split())
        yield started
        started.close()
