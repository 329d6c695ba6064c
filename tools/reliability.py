"""Tables of the page on reliability that no other command writes: kills and wrong inputs.

``python -m tools.reliability`` counts the inputs of ``tests/bad_inputs.py`` into
``data/artifacts/results/wrong_inputs.json`` and writes the tables of that file and of
``chaos.json`` (``make chaos``); a test sees that they agree.
"""

import hashlib
import json
import sys
from pathlib import Path

from trinity import records
from trinity.files import data_root, write_atomic

ROOT = data_root().parent
GENERATED = ROOT / "book" / "generated"
VICTIMS = {
    "phase0": "language model",
    "synthesis": "synthesis",
    "table": "synthesis on worker processes",
    "pretraining": "pretraining",
    "finetuning": "finetuning",
    "ablation": "evaluation, leave one polymer out",
    "book": "`make book`",
}


def wrong_inputs() -> dict:
    """How many command lines and calls the table of wrong inputs holds, and of how many kinds."""
    tests = ROOT / "tests"
    sys.path.insert(0, str(tests))
    import bad_inputs

    sys.path.remove(str(tests))
    from trinity.cli.main import app

    known = {one.name or one.callback.__name__ for one in app.registered_commands}
    mistakes = bad_inputs.MISTAKES
    table = (tests / "bad_inputs.py").read_bytes()
    return {
        "kinds": len(mistakes),
        "command_lines": sum(len(one.commands) for one in mistakes),
        "calls": sum(len(one.calls) for one in mistakes),
        "commands": len(known & {words[0] for one in mistakes for words in one.commands}),
        "functions": len({name.split("(")[0] for one in mistakes for name, _ in one.calls}),
        "table": hashlib.sha256(table).hexdigest(),
    }


def inputs_page(found: dict) -> str:
    """Markdown: wrong inputs."""
    every = found["command_lines"] + found["calls"]
    return "\n".join(
        [
            "% from wrong_inputs.json, by python -m tools.reliability", "",
            "| wrong inputs that the tests try | |", "|---|---:|",
            f"| all | {every} |", f"| kinds of mistake | {found['kinds']} |",
            f"| command lines, to {found['commands']} commands | {found['command_lines']} |",
            f"| calls, of {found['functions']} functions | {found['calls']} |",
        ]
    ) + "\n"  # fmt: skip


def chaos_page(found: dict) -> str:
    """Markdown: kills."""
    lines = [
        "% from chaos.json, by make chaos and python -m tools.reliability", "",
        "| killed | kills | of these the main process only | reruns | with the same bytes |",
        "|---|---:|---:|---:|---:|",
    ]  # fmt: skip
    for row in found["victims"]:
        lines.append(
            f"| {VICTIMS[row['victim']]} | {row['kills']} | {row['parent_only']} |"
            f" {row['reruns']} | {row['identical']} |"
        )
    alone = sum(row["parent_only"] for row in found["victims"])
    lines.append(f"| all | {found['kills']} | {alone} | {found['reruns']} | {found['identical']} |")
    killed = {row["victim"] for row in found["victims"]}
    if missing := [words for name, words in VICTIMS.items() if name not in killed]:
        lines += ["", f"**Not yet killed:** {'; '.join(missing)}."]
    return "\n".join(lines) + "\n"


def read(name: str) -> dict:
    """A record."""
    return json.loads(records.place(name).read_text(encoding="utf-8"))


def main() -> None:
    """Write the record of wrong inputs and both tables."""
    records.write(records.place("wrong_inputs"), wrong_inputs(), modules=["trinity.cli.tools"])
    write_atomic(GENERATED / "wrong_inputs.md", inputs_page(read("wrong_inputs")))
    if Path(records.place("chaos")).exists():
        write_atomic(GENERATED / "chaos.md", chaos_page(read("chaos")))
    for name in ("wrong_inputs.md", "chaos.md"):
        if (GENERATED / name).exists():
            print((GENERATED / name).read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
