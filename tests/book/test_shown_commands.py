"""Commands that the README and the pages tell a reader to type exist, with the options shown."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from surroundings import ROOT
from typer.main import get_command

from trinity.cli.main import app

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "book").glob("*.md"))]
BLOCK = re.compile(r"^```(?:bash|console|)\n(.*?)^```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`((?:make|trinity|python -m|pip|papermill) [^`\n]+)`")
TARGETS = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
COMMANDS = get_command(app).commands


def shown(page: Path) -> list[str]:
    """Command lines of a page, without prompts, comments and the folder of the environment."""
    text = page.read_text(encoding="utf-8")
    lines = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    lines = [line.removeprefix("$ ").removeprefix(".venv/bin/") for line in lines]
    first = ("make ", "trinity ", "python -m ", "pip ", "papermill ")
    return [line for line in [*lines, *INLINE.findall(text)] if line.startswith(first)]


def wrong_in(line: str) -> str | None:
    """What a command line names that does not exist, if anything."""
    words = shlex.split(line.replace("…", "X"), comments=True)
    if words[0] == "make":
        return None if words[1] in TARGETS else f"no target {words[1]}"
    if words[:2] == ["python", "-m"]:
        place = words[2].replace(".", "/")
        folders = (ROOT, ROOT / "src", ROOT / "book")
        found = [f / end for f in folders for end in (f"{place}.py", f"{place}/__main__.py")]
        return None if any(p.is_file() for p in found) else f"no module {words[2]}"
    if words[0] == "papermill":
        if not (ROOT / words[1]).is_file():
            return f"no notebook {words[1]}"
        return None if words[2].startswith("build/") else f"{words[2]} would be left untracked"
    if words[0] == "pip":
        return wrong_extra(line)
    if words[1] not in COMMANDS:
        return None if words[1].isupper() or words[1].startswith("-") else f"no command {words[1]}"
    known = {option for p in COMMANDS[words[1]].params for option in (*p.opts, *p.secondary_opts)}
    unknown = [w for w in words[2:] if w.startswith("--") and w not in known | {"--help", "--"}]
    return f"no option {unknown[0]} of {words[1]}" if unknown else None


def wrong_extra(line: str) -> str | None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = re.search(r"\.\[([\w,]+)\]", line)
    extras = set(named.group(1).split(",")) if named else set()
    missing = extras - set(project["optional-dependencies"])
    return f"no extra {missing}" if missing else None


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_commands_exist(page):
    found = {line: wrong_in(line) for line in shown(page)}
    assert not {line: wrong for line, wrong in found.items() if wrong}


def test_commands_are_found_at_all():
    lines = [line for page in PAGES for line in shown(page)]
    assert len(lines) > 40
    assert wrong_in("trinity predict '*CC*' --fluxx 50") == "no option --fluxx of predict"
    assert wrong_in("make coffee") == "no target coffee"
    assert "untracked" in wrong_in("papermill notebooks/06_finetuning.ipynb out.ipynb -p seed 3")


def test_colab_is_told_to_install_what_the_notebooks_import():
    """The line of the teaching page installs the language model and the notebooks."""
    text = (ROOT / "book" / "teaching.md").read_text(encoding="utf-8")
    assert 'pip install -e ".[learn,book]"' in text
