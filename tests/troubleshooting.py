"""The page "Troubleshooting", from the table of wrong inputs: ``python tests/troubleshooting.py``.

For each mistake the page shows what the program says to the first of its inputs, why, and what
helps; `test_troubleshooting` makes the same text again, so that the page cannot fall behind.
"""

import contextlib
import io
import re
import sys
import tempfile
from pathlib import Path

import bad_files
import bad_inputs

from trinity.cli.main import main
from trinity.errors import InputError
from trinity.files import data_root, write_atomic

PAGE = data_root().parent / "book" / "generated" / "troubleshooting.md"
SHOWN = 60  # characters of an argument


def message_of(mistake, files: Path) -> tuple[str, str]:
    """The first input of a mistake as a reader would write it, and what it ends in."""
    if mistake.commands:
        words = mistake.commands[0]
        said = io.StringIO()
        filled = [
            word.replace("{files}", str(files)).replace("{data}", str(data_root()))
            for word in words
        ]
        with (
            contextlib.redirect_stderr(said),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.suppress(SystemExit),
        ):
            main(filled)
        return "$ trinity " + " ".join(map(_quoted, words)), said.getvalue()
    name, call = mistake.calls[0]
    try:
        call(files)
    except InputError as error:
        return f">>> {name}", str(error)
    return f">>> {name}", "no error"


def _quoted(word: str) -> str:
    word = word.replace("{files}/", "").replace("{data}", "data")
    word = word if len(word) <= SHOWN else word[: SHOWN - 3] + "..."
    return word if re.fullmatch(r"[\w./=-]+", word) else f"'{word}'"


def _plain(message: str, files: Path) -> str:
    """The first line of a message, without folders of this machine."""
    line = message.strip().splitlines()[0].removeprefix("Error: ")
    for folder in (f"{files}/", f"{data_root()}/", f"{Path.cwd()}/"):
        line = line.replace(folder, "")
    return line


def page(files: Path) -> str:
    """The whole text, run in an empty working directory."""
    lines = []
    for mistake in bad_inputs.MISTAKES:
        command, message = message_of(mistake, files)
        inputs = len(mistake.commands) + len(mistake.calls)
        tested = "1 input of this kind is" if inputs == 1 else f"{inputs} inputs of this kind are"
        lines += [
            f"### {mistake.title}", "",
            "```text", f"{command}", f"{_plain(message, files)}", "```", "",
            f"**Why.** {mistake.cause} **What helps.** {mistake.remedy}",
            f"*({tested} tested.)*", "",
        ]  # fmt: skip
    return "\n".join(lines)


def write() -> None:
    """Write the page."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        write_atomic(PAGE, page(bad_files.make(Path(folder) / "files", data_root())))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    write()
