"""Where a result comes from, and whether it is still what the code and data would give.

A *stamp* holds what decides a result: the hash of the source that computes it, the hash of the data
it reads, the parameters and seeds. A *provenance block* adds what does not: commit, versions, wall
time, class of machine. Two runs are the same when everything but the latter agrees; a result is
stale when its stamp is not today's, whatever the commit.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import psutil

from trinity.errors import InputError
from trinity.files import data_root, json_hash, read_json, sha256_of

#: Keys of a provenance block that do not tell two results apart.
NOT_IDENTITY = ("commit", "wall_time", "machine")
VERSIONS_OF = ("numpy", "numba", "rdkit", "torch", "transformers", "scikit-learn", "pandas")


@dataclass(frozen=True)
class StageResult:
    """Result of a stage: ``results`` (the JSON with its provenance), and where things are."""

    stage: str
    results: dict
    path: Path
    folder: Path | None


@dataclass(frozen=True)
class Job:
    """What the function of a stage gets to compute its results from."""

    parameters: dict[str, dict]  # the scale's sections by name
    seed: int
    inputs: dict[str, StageResult]  # results of earlier stages by name
    folder: Path  # to fill with weights or a table; holds what an interrupted run left
    progress: bool  # show bars


def text_hash(text: str) -> str:
    """SHA-256 of a text, whatever its line ends."""
    return hashlib.sha256("\n".join(text.splitlines()).encode()).hexdigest()


def data_hash(paths: Iterable[str | Path]) -> str:
    """Hash of files by name and content, wherever they are; an InputError names a missing one.

    A folder stands for all files below it but READMEs, provenance and stamps (``_...json``), which
    say where their neighbours come from and change with the code.
    """
    entries = []
    for given in paths:
        path = data_root() / given
        if not path.exists():
            raise InputError(f"The data file {given} is missing from {data_root()}; restore it.")
        for file in sorted(filter(Path.is_file, (path, *path.rglob("*")))):
            about = file.name == "provenance.json" or file.name.startswith(("_", "."))
            if not about and file.suffix not in (".md", ".part"):
                name = file.relative_to(path.parent).as_posix()
                entries.append((name, _hash_once(file, file.stat().st_mtime_ns)))
    return json_hash(entries)


@lru_cache(maxsize=1024)
def _hash_once(path: Path, modified: int) -> str:
    """Hash of a file; of a Parquet table its rows, for its metadata hold the stamp of its run."""
    if path.suffix != ".parquet":
        return sha256_of(path)
    import pandas as pd

    table = pd.read_parquet(path)
    rows = pd.util.hash_pandas_object(table, index=False).to_numpy()
    return hashlib.sha256(json.dumps(list(table.columns)).encode() + rows.tobytes()).hexdigest()


def make_stamp(
    stage: str,
    source_hash: str,
    data: Iterable[str | Path],
    parameters: dict,
    seeds: Iterable[int] = (),
) -> dict:
    """What decides the result of a stage.

    ``source_hash`` is that of the code behind it (`trinity.lineage`), ``data`` names files of the
    data directory and, by absolute path, what earlier stages made. An earlier stage enters by the
    *content* of its result, not by its code: when its code changes and it computes the same bytes
    again, nothing after it becomes stale.
    """
    return {
        "stage": stage,
        "source_hash": source_hash,
        "data_hash": data_hash(data),
        "parameters": parameters,
        "seeds": list(seeds),
    }


STAMP_KEYS = ("stage", "source_hash", "data_hash", "parameters", "seeds")


def stamp_id(stamp: dict) -> str:
    """Twelve hex digits that name a stamp."""
    return json_hash([(key, stamp.get(key)) for key in STAMP_KEYS])[:12]


def differences(block: dict, stamp: dict) -> list[str]:
    """The keys in which a provenance block is not the stamp; empty when the result is current."""
    plain = json.loads(json.dumps(stamp))
    return [key for key in STAMP_KEYS if block.get(key) != plain[key]]


@contextmanager
def timed_block(stamp: dict) -> Iterator[dict]:
    """A provenance block for a stamp; its wall time [s] is that of the ``with`` body. Versions are
    those of what can change a number, the machine has cores and memory and no name."""
    start = time.monotonic()
    versions = {name: version(name).split("+")[0] for name in VERSIONS_OF}
    block = {
        **stamp,
        "commit": commit(),
        "versions": {"python": platform.python_version(), **versions},
        "machine": {
            "cores": os.cpu_count(),
            "memory_gb": round(psutil.virtual_memory().total / 2**30),
            "system": sys.platform,
            "processor": platform.machine(),
        },
    }
    yield block
    block["wall_time"] = round(time.monotonic() - start, 1)


def commit() -> str | None:
    """The commit of the checkout, ``+`` appended when it has changes; None outside git."""
    head = git("rev-parse", "HEAD")
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ":/src", ":/data")
    return f"{head}{'+' if changed else ''}" if head else None


def git(*words: str) -> str | None:
    """What git prints about the checkout; None outside one, without git, or where it fails."""
    command = ["git", "-C", Path(__file__).resolve().parent, *words]
    quiet = {"stderr": subprocess.DEVNULL, "text": True, "timeout": 20}
    try:
        return subprocess.check_output(command, **quiet).strip()
    except (OSError, subprocess.SubprocessError):
        return None


def read_block(path: str | Path) -> dict:
    """The provenance block of a results file, a model folder or an executed notebook; an InputError
    says that there is no such file or block."""
    path = Path(path, "provenance.json") if Path(path).is_dir() else Path(path)
    match read_json(path):
        case {"provenance": dict() as block} | {"metadata": {"trinity": dict() as block}} if block:
            return block
    raise InputError(f"{path} has no provenance block; it was not made by this project.")
