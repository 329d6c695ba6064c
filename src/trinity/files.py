"""Where the project's files are, and how they are written."""

import hashlib
import os
import tempfile
from pathlib import Path

from trinity.errors import InputError


def data_root() -> Path:
    """Directory of data: ``TRINITY_DATA``, else the checkout's ``data/``, else the wheel's copy.

    Raises
    ------
    InputError
        If none of the three exists.
    """
    here = Path(__file__).resolve().parent
    named = os.environ.get("TRINITY_DATA")
    candidates = [Path(named)] if named else [here.parents[1] / "data", here / "_data"]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise InputError(
        f"No data directory at {candidates[0]}; set TRINITY_DATA to the data/ folder of a checkout."
    )


def data_path(*parts: str) -> Path:
    """Path of a file below the data directory, whatever the working directory."""
    return data_root().joinpath(*parts)


def write_atomic(path: str | Path, content: bytes | str) -> Path:
    """Write ``content`` beside ``path`` and rename it, so that no reader sees half a file."""
    path = Path(path)
    raw = content.encode() if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise InputError(
            f"Cannot write {path}: {error.strerror}; name a writable place."
        ) from error
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(raw)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise InputError(
            f"Cannot write {path}: {error.strerror}; name a writable place."
        ) from error
    return path


def sha256_of(path: str | Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
