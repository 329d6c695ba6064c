"""Where the project's files are, and how they are written."""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
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


def read_json(path: Path, nan: bool = False) -> object:
    """A JSON document; errors as of `read_bytes`, and an InputError if it is no JSON or an object
    names a key twice. NaN and Infinity are no JSON either, unless ``nan`` lets them pass."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not a JSON number")

    options = {} if nan else {"parse_constant": refuse}
    raw = read_bytes(path)
    try:
        return json.loads(raw, object_pairs_hook=_object, **options)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid JSON: {error}.") from error


def _object(pairs: list[tuple[str, object]]) -> dict:
    """A JSON object, of which no key may be lost because it is there twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:40]!r} appears twice in one object")
    return found


def write_atomic(path: str | Path, content: bytes | str) -> Path:
    """Write ``content`` beside ``path`` and rename it, so that no reader sees half a file.

    A symbolic link stays one: its target is written. A device or pipe gets the content. A new file
    is as readable as the user's umask says; one that is replaced keeps its mode. An InputError says
    that the place cannot be written.
    """
    path = Path(path)
    raw = content.encode() if isinstance(content, str) else content
    part = None
    try:
        if is_special(path):
            path.write_bytes(raw)
            return path
        target = path.resolve() if path.is_symlink() else path
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        with part.open("xb") as stream:
            stream.write(raw)
        if target.exists():
            shutil.copymode(target, part)
        os.replace(part, target)
    except (OSError, RuntimeError) as error:  # the latter of a link that leads to itself
        if part:
            part.unlink(missing_ok=True)
        raise _unwritable(path, error) from error
    return path


def write_picture(figure, path: Path) -> Path:
    """Write a matplotlib figure as its name says: PNG, SVG or PDF."""
    picture = BytesIO()
    figure.savefig(picture, format=path.suffix[1:].lower(), dpi=150)
    return write_atomic(path, picture.getvalue())


def _unwritable(path: Path, error: Exception) -> InputError:
    why = getattr(error, "strerror", None) or "the link leads to itself"
    return InputError(f"Cannot write {path}: {why}; name a writable place.")


def is_special(path: Path) -> bool:
    """Whether a path is there and neither a file nor a folder: a device, a pipe, a socket."""
    return path.exists() and not path.is_file() and not path.is_dir()


@contextmanager
def only_run(folder: str | Path) -> Iterator[None]:
    """Within the block no other run fills the same folder; an InputError if one does already."""
    from filelock import FileLock, Timeout

    folder = Path(folder)
    try:
        folder = folder.resolve()
        lock = FileLock(folder.with_name(f".{folder.name}.lock"))
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise InputError(
            f"Another run is writing {folder}; wait until it has ended, or name another place."
        ) from error
    except (OSError, RuntimeError) as error:
        raise _unwritable(folder, error) from error
    try:
        yield
    finally:
        with suppress(OSError):
            os.unlink(lock.lock_file)
        lock.release()


def json_hash(document: object) -> str:
    """Hex SHA-256 of what JSON can hold, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def sha256_of(path: str | Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
