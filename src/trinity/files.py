"""Where the project's files are, and how they are written."""

import hashlib
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from trinity.errors import InputError

MAX_FILE_BYTES = 2_000_000_000


def data_root() -> Path:
    """Directory of data: ``TRINITY_DATA``, else the checkout's ``data/``, else the wheel's copy; an
    InputError if there is none."""
    here = Path(__file__).resolve().parent
    named = os.environ.get("TRINITY_DATA")
    places = [Path(named)] if named else [here.parents[1] / "data", here / "_data"]
    for place in filter(Path.is_dir, places):
        return place
    raise InputError(
        f"No data directory at {places[0]}; set TRINITY_DATA to the data/ folder of a checkout."
    )


def data_path(*parts: str) -> Path:
    """Path of a file below the data directory, whatever the working directory."""
    return data_root().joinpath(*parts)


def artifacts_root() -> Path:
    """Where published artifacts are: ``TRINITY_ARTIFACTS``, else ``data/artifacts``."""
    named = os.environ.get("TRINITY_ARTIFACTS")
    return Path(named).absolute() if named else data_path("artifacts")


def read_bytes(path: Path) -> bytes:
    """Contents of a file; an InputError if it is missing, no file, unreadable or too large."""
    if not path.exists():
        raise InputError(f"There is no file {path}; check the name and the folder.")
    if not path.is_file():
        raise InputError(f"{path} is not a file; name a file.")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise InputError(f"{path} is larger than 2 GB; split it.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}.") from error


def read_json(path: Path) -> object:
    """A JSON document; errors as of `read_bytes`, and an InputError if it is no JSON (as NaN and
    Infinity are none)."""
    import orjson

    try:
        return orjson.loads(read_bytes(path))
    except orjson.JSONDecodeError as error:
        raise InputError(f"{path} is not valid JSON: {error}.") from error


def write_atomic(path: str | Path, content: bytes | str) -> Path:
    """Write ``content`` beside ``path`` and rename it, so that no reader sees half a file.

    A new file is as readable as the user's umask says; one that is replaced keeps its mode. An
    InputError says that the place cannot be written.
    """
    path = Path(path)
    raw = content.encode() if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("xb") as stream:
            stream.write(raw)
        if path.exists():
            shutil.copymode(path, part)
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise InputError(
            f"Cannot write {path}: {error.strerror}; name a writable place."
        ) from error
    return path


def sha256_of(path: str | Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
