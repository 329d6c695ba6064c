"""Several processes launched to run one command: all train, the first one writes.

Only finetuning by gradient gains: its steps average the gradients of all processes. On the
processor ``accelerate launch`` starts a single one, whatever ``--num_processes`` says, and
``torchrun`` with ``ACCELERATE_USE_CPU=true`` starts several.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trinity.errors import InputError
from trinity.files import only_run


def processes() -> int:
    """How many processes were launched together."""
    return int(os.environ.get("WORLD_SIZE") or 1)


def is_main() -> bool:
    """Whether this is the process that writes and prints."""
    return processes() == 1 or os.environ.get("RANK", "0") == "0"


def require_one(what: str) -> None:
    """Refuse (`InputError`) work that several processes would do over each other's files."""
    if processes() > 1:
        raise InputError(
            f"{what} runs in one process, not in {processes()}; start it without torchrun or"
            " accelerate launch (finetune --csv is what can share its steps)."
        )


@contextmanager
def writing_once(out: Path) -> Iterator[Path]:
    """The folder to fill: ``out`` in the first process, elsewhere one that is soon removed."""
    with tempfile.TemporaryDirectory() as elsewhere:
        if not is_main():
            yield Path(elsewhere) / "model"
            return
        with only_run(out):
            yield out
