"""What the commands share: options, output that can be written, printing answers."""

import socket
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from trinity.errors import InputError
from trinity.files import is_special

ANSWER_S = 1.5  # for a scheduler to be there
MOST_SHOWN = 20  # messages of one kind; a table of errors is for a file

POLYMER = typer.Argument(
    metavar="POLYMER",
    help="Repeat unit with two *, a name such as PMMA, or components: 'polymer:mass fraction|...'.",
)
FLUX = typer.Option(50.0, metavar="KW_M2", help="Heat flux of the cone, kW/m2.")
THICKNESS = typer.Option(6.0, metavar="MM", help="Thickness of the specimen, mm.")
JSON = typer.Option(False, "--json", help="Print JSON for machines.")
SCALE = typer.Option("laptop", metavar="SCALE", help="test, class, reproduce, laptop or paper.")
SEED = typer.Option(0, min=0, help="Seed of the random numbers.")
STRICT = typer.Option(False, "--strict", help="Write nothing when a row or case fails.")


def option(metavar: str, about: str):
    """An option that may be left out and then is None."""
    return typer.Option(None, metavar=metavar, help=about)


T50 = option("TEMP", "Measured T50 at 10 K/min in nitrogen, such as 430C, 703K or 430±5C.")
CHAR = option("FRACTION", "Measured char, such as 0.15, 15% or 0.15±0.02.")
GAS_HEAT = option("HEAT", "Measured heat of combustion of the gas: 25.1MJ/kg, 25.1±1kJ/g.")


def given(t50: str | None, char: str | None, gas_heat: str | None) -> dict[str, str | None]:
    """Milligram measurements by the property whose estimate they replace."""
    return {"t50_k": t50, "char_yield": char, "gas_heat_of_combustion_j_kg": gas_heat}


def show(answer: object, as_json: bool, in_words: Callable) -> None:
    """Print an answer for people, or as JSON, in which NaN becomes null."""
    if not as_json:
        in_words(answer)
        return
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY
    print(orjson.dumps(answer, option=options).decode())


def one_line(message: object) -> str:
    """A message without line breaks: names in a stranger's file may hold some."""
    return " ".join(str(message).split())


def stop(messages: Iterable[object], code: int = 2) -> None:
    """End with a line per message on stderr and an exit code; do nothing without messages."""
    lines = [f"Error: {one_line(message)}" for message in messages]
    if len(lines) > MOST_SHOWN:
        lines[MOST_SHOWN:] = [f"Error: {len(lines) - MOST_SHOWN} more failures."]
    if lines:
        typer.echo("\n".join(lines), err=True)
        raise typer.Exit(code)


def titled(asked: str, psmiles: str) -> str:
    """The polymer that heads an answer: as it was asked for, and its repeat unit."""
    return psmiles if asked.strip() == psmiles else f"{asked.strip()}, {psmiles}"


def tell_written(*paths: Path | None) -> None:
    """Name the files that a command has written beside its answer; on stderr, as JSON may go on
    stdout."""
    sys.stdout.flush()  # the answer stands first
    for path in filter(None, paths):
        typer.echo(f"wrote {path}", err=True)


def require_writable(*paths: Path | None, folder: bool = False) -> None:
    """Refuse output paths that cannot become files, or folders, before any work is done.

    The nearest folder that exists is tried; nothing stays there. An InputError says that a path is
    of the other kind, lies below a file, or nothing can be written there.
    """
    wanted, other = ("folder", "file") if folder else ("file to write", "folder")
    for path in filter(None, paths):
        if not folder and is_special(path):
            continue
        if path.exists() and path.is_dir() != folder:
            raise InputError(f"{path} is a {other}; name a {wanted}.")
        if path.is_file() and not path.stat().st_mode & 0o222:
            raise InputError(f"{path} is write-protected; name another file.")
        try:
            here = path.resolve()  # a link is written where it leads
        except RuntimeError:
            raise InputError(f"{path} is a link that leads to itself; name a {wanted}.") from None
        near = next(p for p in (here, *here.parents) if p.exists())
        if not near.is_dir() and near != here:
            raise InputError(f"{path} cannot be written: {near} is not a folder.")
        near = near if near.is_dir() else near.parent
        try:
            with tempfile.TemporaryFile(dir=near) as stream:
                stream.write(b"0")
        except OSError as error:
            raise InputError(
                f"{path} cannot be written: {error.strerror} in {near}; name another place."
            ) from error


@contextmanager
def on_scheduler(address: str | None) -> Iterator[None]:
    """Work on a Dask scheduler, which has to be there before and until the end.

    Dask hands a cancelled task on in place of its result, so that the loss may also show as a
    failure to read that result, with the cancellation named in it. An InputError says that nobody
    answers within `ANSWER_S`, or that the scheduler ended before the work was done.
    """
    if address is None:
        yield
        return
    host, _, port = address.rpartition("://")[2].rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_S).close()
    except (OSError, ValueError, OverflowError) as error:
        raise InputError(
            f"No Dask scheduler answers at {address[:60]!r}; start one with a worker and give its"
            " address, such as tcp://127.0.0.1:8786."
        ) from error
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
