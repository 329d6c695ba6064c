"""What pages of prose and the README show of the program as it is today: outputs below a command
or a program, and how the public names are called.

An example in the README is a block of a prompt, a command of ``trinity`` and what it prints; where
the block ends with ``...``, only so many lines are shown.
"""

import contextlib
import inspect
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable

import trinity
from trinity.files import data_root
from trinity_book.captions import first_paragraph

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


def api(nothing: dict) -> str:
    """The public names of the package: how each is called, and what it is."""
    parts = []
    for name in trinity.__all__:
        public = getattr(trinity, name)
        words = re.sub(r":\w+:`", "`", first_paragraph(inspect.getdoc(public)))
        words = words.replace("kW/m2", "kW/m²")
        parts.append(f"## `trinity.{name}`\n\n{words}\n\n```python\n{_call(name, public)}\n```\n")
    return "\n".join(parts)


def _call(name: str, public: Callable) -> str:
    """How something public is called, a parameter a line; types by their last names."""
    signature = inspect.signature(public)
    given = [
        one if len(repr(one.default)) < 40 else one.replace(default=...)
        for one in signature.parameters.values()
    ]
    kinds = [one.kind for one in given]
    if (keyword := inspect.Parameter.KEYWORD_ONLY) in kinds:
        given.insert(kinds.index(keyword), "*")
    made = inspect.formatannotation(signature.return_annotation)
    end = ")" if made == "None" else f") -> {made}"
    text = "\n".join(["(", *(f"    {one}," for one in given), end]).replace("Ellipsis", "...")
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)
    return f"trinity.{name}" + re.sub(r"\b(?:[A-Za-z_]\w*\.)+(\w+)", r"\1", text)


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
