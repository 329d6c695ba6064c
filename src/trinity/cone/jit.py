"""Compile the cone kernels once, and know when a compiled copy is out of date."""

import hashlib
from pathlib import Path

import numba

KERNEL_FILES = (
    "matter.py",
    "heat.py",
    "grid.py",
    "run.py",
    "batch.py",
    "curve.py",
    "../quantities.py",
)


def _source_stamp() -> tuple[float, int]:
    """Stand-in for (mtime, size) that changes when the text of any cone kernel changes.

    numba compares the stamp of the file that holds a function, not of the files it calls into;
    one stamp over all kernels closes that gap and survives a checkout with other file times.
    """
    digest = hashlib.sha256()
    for name in KERNEL_FILES:
        digest.update((Path(__file__).parent / name).read_bytes())
    return float(int(digest.hexdigest()[:12], 16)), 0


_STAMP = _source_stamp()


def kernel(function):
    """``numba.njit`` without the interpreter lock; cached on disk where a place is writable."""
    compiled = numba.njit(nogil=True, error_model="numpy", fastmath={"contract", "arcp"})(function)
    try:
        compiled.enable_caching()
        compiled._cache._cache_file._source_stamp = _STAMP
    except (RuntimeError, AttributeError):  # no writable place: compile in memory
        pass
    return compiled
