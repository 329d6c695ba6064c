"""The ``trinity`` command: a thin skin over the package.

Commands import what they need when they run, so that ``estimate``, ``cone`` and ``simulate`` start
fast and work without torch.
"""

import os
import sys
from concurrent.futures import BrokenExecutor
from contextlib import suppress
from pathlib import Path

import typer
from typer.exceptions import Abort, TyperException

from trinity import __version__
from trinity.cli import book, learning, physics
from trinity.cli.tools import one_line
from trinity.errors import InputError

INTERRUPTED = 130
#: Optional packages by the extra that installs them (pyproject.toml); a test keeps them in step.
EXTRAS = {
    "learn": ("accelerate", "peft", "safetensors", "tokenizers", "torch", "transformers"),
    "book": ("IPython", "ipykernel", "jupyter_book", "jupytext", "nbformat", "papermill"),
}

app = typer.Typer(
    name="trinity",
    help="How a polymer burns in a cone calorimeter: physics, language model, measurements.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (*physics.COMMANDS, *learning.COMMANDS, *book.COMMANDS):
    app.command()(command)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"trinity {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Options that stand before a command."""


def _not_installed(error: ModuleNotFoundError) -> str:
    """A sentence on where a package that is missing comes from; anything else is a fault."""
    if error.name == "trinity_book":
        return (
            "This command makes the book, whose machinery is not in the installed package; run it"
            " in a checkout of the project after make setup."
        )
    missing = (error.name or "").partition(".")[0]
    for extra, packages in EXTRAS.items():
        if missing in packages:
            return (
                f"This command needs {missing}, which is not installed; run"
                f" pip install '.[{extra}]' in a checkout, or the wheel with [{extra}]."
            )
    raise error


def _tell_of_another_checkout() -> None:
    """Say if this is not the program of the checkout that the user is in, as after copying one with
    its environment."""
    with suppress(OSError):  # the folder may be gone
        places = [Path.cwd(), *Path.cwd().parents]
        here = next((p for p in places if (p / "src" / "trinity" / "__init__.py").is_file()), None)
        if here and not Path(__file__).resolve().is_relative_to(here.resolve()):
            said = f"Note: this runs {Path(__file__).parents[1]}, not the checkout that you are in"
            print(f"{said}, {here}; run make setup there.", file=sys.stderr)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; every foreseen failure ends in one sentence on stderr.

    Exit codes: 0 done, 1 the input or a file cannot be used, 2 a usage error or rows that failed,
    130 interrupted.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    code, said = 1, ""
    _tell_of_another_checkout()
    try:
        code = app(args=arguments or ["--help"], prog_name="trinity", standalone_mode=False) or 0
    except InputError as error:
        said = one_line(error)
    except ModuleNotFoundError as error:
        said = _not_installed(error)
    except TyperException as error:  # typer's own complaint about the command line
        text = one_line(error.format_message()).rstrip(".")
        code, said = 2, text and f"{text}; see trinity --help."
    except (Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except BrokenPipeError:
        # The reader of our output (head, less) went away; nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except MemoryError:
        said = "Not enough memory; use a smaller scale or fewer rows."
    except BrokenExecutor:
        said = (
            "A worker process was killed, most often because memory ran out; close other programs"
            " and start the same command again: it continues where it stopped."
        )
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        said = f"Cannot use{where}: {error.strerror or error}."
    if said:
        print(f"Error: {said}", file=sys.stderr)
    if code == INTERRUPTED:  # typer turns Ctrl-C into this exit code, too
        said = "Interrupted; run the same command again to continue where it stopped."
        print(said, file=sys.stderr)
    sys.exit(code)
