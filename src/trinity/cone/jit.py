"""Compiling of the cone kernels, and knowing when a compiled copy is out of date."""

import hashlib
from pathlib import Path

import numba
from numba.core.caching import IndexDataCacheFile

from trinity import quantities


def kernel_files() -> list[Path]:
    """Files whose text ends up in compiled code: those that use this module, and the constants."""
    room = sorted(Path(__file__).parent.glob("*.py"))
    used = [path for path in room if f"from {__name__} import" in path.read_text("utf-8")]
    return [*used, Path(__file__), Path(quantities.__file__)]


def _source_stamp() -> tuple[float, int]:
    """Stand-in for (mtime, size) that changes when the text of any kernel file changes.

    numba compares the stamp of the file that holds a function, not of the files it calls into;
    one stamp over all of them closes that gap and survives a checkout with other file times.
    """
    digest = hashlib.sha256()
    for path in kernel_files():
        digest.update(path.read_bytes())
    return float(int(digest.hexdigest()[:12], 16)), 0


_STAMP = _source_stamp()


class _Index(IndexDataCacheFile):
    """Compiled copies of one kernel on disk; an index that cannot be read holds none."""

    def _load_index(self):
        try:
            return super()._load_index()
        except (AttributeError, ImportError):  # of classes that are no longer there
            return {}


def kernel(function):
    """``numba.njit`` without the interpreter lock; cached on disk where a place is writable.

    No ``fastmath``: results must not depend on how the compiler groups a product and a sum.
    """
    compiled = numba.njit(nogil=True, error_model="numpy")(function)
    try:
        compiled.enable_caching()
        compiled._cache._cache_file.__class__ = _Index
        compiled._cache._cache_file._source_stamp = _STAMP
    except (RuntimeError, AttributeError):  # no writable place: compile in memory
        pass
    return compiled


def is_compiled(function) -> bool:
    """Whether a `kernel` has a compiled copy of today's text on disk."""
    try:
        return bool(function._cache._cache_file._load_index())
    except (OSError, AttributeError):  # no writable place, or a damaged one
        return False


def inlined(function):
    """A kernel copied into its callers, for compiled code cannot return a row of a table."""
    return numba.njit(inline="always")(function)
