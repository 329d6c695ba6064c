"""Why a folder of finetuned models cannot be used, found out when using it has failed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trinity.errors import InputError

NEEDED = ("factors", "factors_no_laboratory", "least_sigma", "least_similarity", "name")


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """What goes wrong within the block because of the model folder ends in one sentence.

    A folder may come from anywhere, and what its readers raise is of many kinds. Anything that
    goes wrong with a sound folder is a mistake of this program and is not hidden.

    Raises
    ------
    InputError
        If the folder holds no model, another one or a damaged one.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        found = fault(folder)
        if found is None:
            raise
        raise InputError(found) from error


def fault(folder: Path) -> str | None:
    """One sentence on what is wrong with an ensemble's folder; None when all of it can be read."""
    from safetensors.numpy import load_file

    from trinity.learning.loop import member_folders
    from trinity.learning.model import load_model

    try:
        about = json.loads((folder / "ensemble.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        about = None
    missing = [name for name in NEEDED if not isinstance(about, dict) or name not in about]
    if missing:
        return _sentence(folder, f"its ensemble.json lacks {missing[0]}")
    members = member_folders(folder)
    if not members:
        return _sentence(folder, "it has no folder member0")
    for member in members:
        try:
            load_model(member)
        except Exception:  # readers of weights and tokenizers raise bare exceptions, too
            return _sentence(folder, f"{member.name} is damaged or of another version")
    try:
        load_file(folder / "domain.safetensors")["fingerprints"]
    except Exception:
        return _sentence(folder, "its domain.safetensors is missing or damaged")
    return None


def _sentence(folder: Path, why: str) -> str:
    return (
        f"The model in {folder} cannot be read: {why}; copy it again, or make it anew with"
        " trinity finetune or make book."
    )
