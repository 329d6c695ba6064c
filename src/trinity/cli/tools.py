"""What the commands share: options, reading input, printing answers."""

import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from trinity.errors import InputError

if TYPE_CHECKING:
    from trinity.chemistry.polymers import Polymer

ANSWER_S = 1.5  # for a scheduler to be there

POLYMER = typer.Argument(
    ...,
    metavar="PSMILES",
    help="Repeat unit with two *, or components as 'psmiles:mass fraction|...'.",
)
FLUX = typer.Option(50.0, metavar="KW_M2", help="Heat flux of the cone, kW/m2.")
THICKNESS = typer.Option(6.0, metavar="MM", help="Thickness of the specimen, mm.")
JSON = typer.Option(False, "--json", help="Print JSON for machines.")
SCALE = typer.Option("laptop", metavar="SCALE", help="test, class, laptop or paper.")
SEED = typer.Option(0, min=0, help="Seed of the random numbers.")
STRICT = typer.Option(False, "--strict", help="Write nothing when a row or case fails.")


def read_polymer(text: str) -> "Polymer":
    """A repeat unit, or a copolymer as ``a:0.7|b:0.3``."""
    from trinity.chemistry.polymers import Polymer

    return Polymer.parse(text)


def print_json(answer: object) -> None:
    """Print an answer as JSON; NaN becomes null."""
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY
    sys.stdout.write(orjson.dumps(answer, option=options).decode() + "\n")


def one_line(message: object) -> str:
    """A message without line breaks: names in a stranger's file may hold some."""
    return " ".join(str(message).split())


def print_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print aligned columns, the first to the left and the others to the right, without lines.

    What is not a terminal gets plain text that is never folded.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for place, name in enumerate(head):
        table.add_column(name, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else 1000
    Console(width=width, markup=False, highlight=False, emoji=False).print(table)


def require_folder_of(path: Path | None) -> None:
    """Refuse an output path that cannot become a file, before any work is done.

    Raises
    ------
    InputError
        If the path is a directory, lies below something that is no directory, or nothing can be
        written there.
    """
    if path is None:
        return
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file to write.")
    _require_writable(path)


def require_folder(path: Path | None) -> None:
    """Refuse an output path that cannot become, or is not, a folder, before any work is done.

    Raises
    ------
    InputError
        If the path is a file, lies below one, or nothing can be written there.
    """
    if path is None:
        return
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file; name a folder.")
    _require_writable(path)


def _require_writable(path: Path) -> None:
    """Try the nearest folder that exists; nothing stays there."""
    here = path.absolute()
    folder = next(p for p in (here, *here.parents) if p.is_dir() or p.exists())
    if not folder.is_dir() and folder != here:
        raise InputError(f"{path} cannot be written: {folder} is not a folder.")
    folder = folder if folder.is_dir() else folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder) as stream:
            stream.write(b"0")
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror} in {folder}; name another place."
        ) from error


def require_scheduler(address: str) -> None:
    """Refuse the address of a Dask scheduler at which nothing listens, before any work is done.

    Raises
    ------
    InputError
        If it is no address, or nobody answers within `ANSWER_S`.
    """
    kind, _, place = address.rpartition("://")
    host, _, port = place.rpartition(":")
    try:
        if kind not in ("", "tcp", "tls"):
            raise OSError(f"{kind} is not tcp or tls")
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_S).close()
    except (OSError, ValueError, OverflowError) as error:
        raise InputError(
            f"No Dask scheduler answers at {address[:60]!r}; start one with a worker and give its"
            " address, such as tcp://127.0.0.1:8786."
        ) from error


@contextmanager
def scheduler_may_be_lost(address: str | None) -> Iterator[None]:
    """Turn the end of a Dask scheduler in the middle of the work into one sentence.

    Dask hands a cancelled task on in place of its result, so that the loss may also show as a
    failure to read that result, with the cancellation named in it.

    Raises
    ------
    InputError
        If the scheduler at ``address`` ended, or was started anew, before the work was done.
    """
    if address is None:
        yield
        return
    import logging

    from distributed.client import ClosedClientError, FutureCancelledError
    from distributed.comm import CommClosedError

    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # it would tell the same
    try:
        yield
    except (FutureCancelledError, ClosedClientError, CommClosedError, TypeError) as error:
        if isinstance(error, TypeError) and "FutureCancelledError" not in str(error):
            raise
        raise InputError(
            f"The Dask scheduler at {address} ended before the work was done; what was finished is"
            " kept: start a scheduler and its workers again and repeat the command."
        ) from error
