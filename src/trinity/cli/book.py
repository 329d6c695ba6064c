"""``trinity run``, ``provenance`` and what the make targets call."""

from importlib import import_module
from pathlib import Path

import typer

from trinity.cli.tools import JSON, SCALE, print_json
from trinity.errors import InputError

PARAMETERS = typer.Option(None, "-p", metavar="NAME=VALUE", help="Change a parameter; repeatable.")


def _book(module: str):
    """A module of the book's machinery, which stands beside the package in a checkout.

    Raises
    ------
    InputError
        If there is none: the package was installed alone.
    """
    try:
        return import_module(f"trinity_book.{module}")
    except ModuleNotFoundError as error:
        if error.name != "trinity_book":
            raise
        raise InputError(
            "This command makes the book, whose machinery is not in the installed package; run it"
            " in a checkout of the project after make setup."
        ) from error


def run(
    stage: list[str] = typer.Argument(None, metavar="[STAGE]...", help="Notebooks; all if none."),
    scale: str = SCALE,
    parameters: list[str] = PARAMETERS,
    out: Path = typer.Option(None, metavar="DIR", help="Where executed notebooks go."),
    as_json: bool = JSON,
) -> None:
    """Execute notebooks through papermill, with other parameters if wanted.

    What they compute goes to build/SCALE; what is published stays untouched.

    Example: trinity run finetuning -p seed=3
    """
    workflow = _book("build")
    changed = workflow.pairs(parameters or [])
    written = workflow.run(stage or [], scale, changed, out)
    if as_json:
        print_json([{"notebook": str(path)} for path in written])
        return
    for path in written:
        print(path)


def provenance(
    file: Path = typer.Argument(
        ..., help="Results file, model folder, executed notebook, page or figure of the book."
    ),
    as_json: bool = JSON,
) -> None:
    """Say which code, data and parameters made a file, and whether they are still today's.

    A page or figure is followed back to its notebook and the results files behind it; all hashes
    are computed anew. The exit code is 1 when something is not current.

    Example: trinity provenance data/artifacts/results/lopo.json
    """
    tracing = _book("trace")

    found = tracing.trace(file)
    stale = found.all_stale()
    if as_json:
        print_json({**found.to_dict(), "stale": stale})
    else:
        _print_trace(found)
    if stale:
        raise InputError(f"{file} is not current: {'; '.join(stale)}.")
    if not as_json:
        print("current: source, data and parameters are today's")


def _print_trace(found, indent: str = "") -> None:
    """A trace, and what is behind it, each step further to the right."""
    commit_in_words = _book("trace").commit_in_words

    state = f"not current ({', '.join(found.stale)})" if found.stale else "current"
    print(f"{indent}{found.file}: {state}")
    for key, value in found.block.items():
        print(f"{indent}  {key}: {commit_in_words(value) if key == 'commit' else value}")
    for one in found.behind:
        _print_trace(one, indent + "    ")


def book() -> None:
    """Build the book from published artifacts, after executing the notebooks that are stale.

    Example: trinity book
    """
    workflow = _book("build")
    print(workflow.build_book())


def reproduce() -> None:
    """Compute the main arms and the book anew and print the difference from what is published.

    Example: trinity reproduce
    """
    workflow = _book("build")
    for line in workflow.reproduce():
        print(line)


def ablation() -> None:
    """Compute all arms, controls, inner folds and seeds at laptop scale; resumes unit by unit.

    Example: trinity ablation
    """
    workflow = _book("build")
    for name in ("ablation", "controls", "slow_controls"):
        print(workflow.recompute(name))


def distil() -> None:
    """Teach the networks of ``trinity predict --fast`` anew at laptop scale; resumes.

    Example: trinity distil
    """
    workflow = _book("build")
    print(workflow.recompute("distillation"))


def phase0() -> None:
    """Train the embedded chemical language model anew at laptop scale.

    Example: trinity phase0
    """
    workflow = _book("build")
    print(workflow.recompute("phase0"))


COMMANDS = (run, provenance, book, reproduce, ablation, distil, phase0)
