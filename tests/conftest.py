"""What the tests share."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Two threads a test run: results do not depend on it, times do.
os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

ROOT = Path(__file__).resolve().parents[1]


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
            timeout=timeout,
        )

    return run
