"""What the commands share: options, reading input, printing answers."""

import sys
from pathlib import Path

import typer

from trinity.errors import InputError

MAX_FILE_BYTES = 2_000_000_000

POLYMER = typer.Argument(
    ...,
    metavar="PSMILES",
    help="Repeat unit with two *, or components as 'psmiles:mass fraction|...'.",
)
FLUX = typer.Option(50.0, metavar="KW_M2", help="Heat flux of the cone, kW/m2.")
THICKNESS = typer.Option(6.0, metavar="MM", help="Thickness of the specimen, mm.")
JSON = typer.Option(False, "--json", help="Print JSON for machines.")


def read_polymer(text: str):
    """A repeat unit as it is, or a list of (psmiles, mass fraction) for ``a:0.7|b:0.3``."""
    if "|" not in text:
        return text
    from trinity.polymers import parse_components

    return parse_components(text)


def print_json(answer: object) -> None:
    """Print an answer as JSON; NaN becomes null."""
    import orjson

    sys.stdout.write(orjson.dumps(answer, option=_json_options()).decode() + "\n")


def _json_options() -> int:
    import orjson

    return orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY


def print_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print aligned columns, the first to the left and the others to the right."""
    table = [head, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    for row in table:
        cells = [
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def read_bytes(path: Path) -> bytes:
    """Contents of a file.

    Raises
    ------
    InputError
        If it does not exist, is no file, cannot be read or is too large.
    """
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
    """A JSON document.

    Raises
    ------
    InputError
        As `read_bytes`, or if the content is no JSON (NaN and Infinity are none either).
    """
    import orjson

    try:
        return orjson.loads(read_bytes(path))
    except orjson.JSONDecodeError as error:
        raise InputError(f"{path} is not valid JSON: {error}.") from error


def require_folder_of(path: Path | None) -> None:
    """Refuse an output path that cannot become a file, before any work is done.

    Raises
    ------
    InputError
        If the path is a directory or lies below something that is no directory.
    """
    if path is None:
        return
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file to write.")
    for parent in path.absolute().parents:
        if parent.exists():
            if not parent.is_dir():
                raise InputError(f"{path} cannot be written: {parent} is not a folder.")
            return
