"""Several processes launched to run one command: all train, the first one writes.

Only finetuning by gradient gains: its steps average the gradients of all processes. The closed form
gives each process the same answer. What has no part for a second process is refused.

``accelerate launch`` starts processes on graphics cards; on the processor it starts a single one,
whatever ``--num_processes`` says, and ``torchrun`` with ``ACCELERATE_USE_CPU=true`` starts several.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trinity.errors import InputError


def processes() -> int:
    """How many processes were launched together."""
    return int(os.environ.get("WORLD_SIZE") or 1)


def is_main() -> bool:
    """Whether this is the process that writes and prints."""
    return processes() == 1 or os.environ.get("RANK", "0") == "0"


def require_one(what: str) -> None:
    """Refuse work that several processes would only do twice, over each other's files.

    Raises
    ------
    InputError
        If several processes were launched.
    """
    if processes() > 1:
        raise InputError(
            f"{what} runs in one process, not in {processes()}; start it without torchrun or"
            " accelerate launch (finetune --csv is what can share its steps)."
        )


@contextmanager
def writing_once(out: Path) -> Iterator[Path]:
    """The folder that this process fills: ``out`` in the first one, elsewhere one that is removed
    at the end of the block."""
    if is_main():
        yield out
        return
    with tempfile.TemporaryDirectory() as elsewhere:
        yield Path(elsewhere) / "model"
