"""Outputs that pages of prose show below a command or a program, as they come out today."""

import re
import subprocess
import sys

from trinity.files import data_root

POLYCARBONATE = "*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1"
POLYSTYRENE = "*CC(*)c1ccccc1"
TEST = ("--flux", "50", "--thickness", "6")
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


def _command(*arguments: str) -> str:
    """Standard output of a command of ours."""
    from typer.testing import CliRunner

    from trinity.cli.main import app

    return CliRunner().invoke(app, list(arguments)).stdout


def _block(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"
