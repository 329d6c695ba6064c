"""What the tests know of the place where they run: the checkout, and how slow the machine is."""

import hashlib
import os
import time
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Processor time [s] of `work` on the machine on which the limits were set.
REFERENCE_S = 0.08


def work() -> None:
    """A fixed bit of work for one core."""
    hashlib.pbkdf2_hmac("sha256", b"trinity", b"polymer", 100_000)


@cache
def slowness() -> float:
    """Processor time of `work` here over that of the reference machine; measured once."""
    start = time.process_time()
    work()
    return (time.process_time() - start) / REFERENCE_S


def patience(seconds: float) -> float:
    """A time limit that is ``seconds`` on an idle machine as fast as the reference, and longer on
    one that is slower or has more to do than it has cores."""
    busy = os.getloadavg()[0] / (os.cpu_count() or 1) if hasattr(os, "getloadavg") else 1.0
    return seconds * max(1.0, slowness()) * max(1.0, 1.5 * busy)
