"""Outputs that pages of prose and the README show below a command or a program, as they come out
today.

An example in the README is a block of a prompt, a command of ``trinity`` and what it prints; where
the block ends with ``...``, only so many lines are shown.
"""

import contextlib
import re
import shlex
import subprocess
import sys
import tempfile

from trinity.files import data_root

POLYCARBONATE = "*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1"
POLYSTYRENE = "*CC(*)c1ccccc1"
TEST = ("--flux", "50", "--thickness", "6")
EXAMPLE = re.compile(r"(?<=^```console\n)\$ trinity ([^\n]+)\n(.*?)(?=^```$)", re.M | re.S)
CUT = "...\n"
PROGRAM = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def estimate(nothing: dict) -> str:
    """What ``trinity estimate`` says of polycarbonate: its groups and the first properties."""
    lines = _command("estimate", POLYCARBONATE).splitlines()
    return _block("\n".join([*lines[:13], "..."]))


def cone(nothing: dict) -> str:
    """What ``trinity cone`` says of polystyrene."""
    return _block(_command("cone", POLYSTYRENE, *TEST))


def slab_by_hand(nothing: dict) -> str:
    """What the program on the page about physics prints."""
    page = (data_root().parent / "book" / "physics.md").read_text(encoding="utf-8")
    program = [sys.executable, "-c", PROGRAM.findall(page)[0]]
    return _block(subprocess.run(program, capture_output=True, text=True, check=True).stdout)


def renewed(text: str) -> str:
    """A page with the outputs of today under its examples."""
    return EXAMPLE.sub(_run, text)


def _run(example: re.Match) -> str:
    command, shown = example.groups()
    output = _command(*shlex.split(command))
    if shown.endswith(CUT):
        output = "".join(output.splitlines(keepends=True)[: shown.count("\n") - 1]) + CUT
    return f"$ trinity {command}\n{output}"


def _command(*arguments: str) -> str:
    """What a command of ours prints in a folder of its own; not that it compiles."""
    from typer.testing import CliRunner

    from trinity.cli.main import app

    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        output = CliRunner().invoke(app, list(arguments)).output
    lines = output.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("Compiling"))


def _block(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"
