"""``trinity run``, ``provenance`` and what the make targets call."""

from pathlib import Path

import typer

from trinity.cli.shown import print_table
from trinity.cli.tools import JSON, SCALE, option, show
from trinity.errors import InputError


def run(
    stage: list[str] = typer.Argument(
        None, metavar="[STAGE]...", help="Notebooks; all of the scale if none."
    ),
    scale: str = SCALE,
    parameters: list[str] = typer.Option(
        None, "-p", metavar="NAME=VALUE", help="Change a parameter; repeatable."
    ),
    out: Path = option("DIR", "Where executed notebooks go."),
    as_json: bool = JSON,
) -> None:
    """Execute notebooks through papermill, with other parameters if wanted.

    What they compute goes to build/SCALE; what is published stays untouched.

    Example: trinity run finetuning -p seed=3
    """
    from trinity_book import build

    written = build.run(stage or [], scale, build.pairs(parameters or []), out)
    rows = [{"notebook": str(path)} for path in written]
    show(rows, as_json, lambda _: print(*written, sep="\n"))


def provenance(
    file: Path = typer.Argument(
        help="Results file, model folder, executed notebook, page or figure of the book."
    ),
    as_json: bool = JSON,
) -> None:
    """Say which code, data and parameters made a file, and whether they are still current.

    A page or figure is followed back to its notebook and the results files behind it; all hashes
    are computed anew. The exit code is 1 when something is not current.

    Example: trinity provenance data/artifacts/results/lopo.json
    """
    from trinity_book.trace import trace

    found = trace(file)
    stale = found.all_stale()
    answer = {**found.to_dict(), "stale": stale}
    show(answer, as_json, lambda _: print(*found.lines(), sep="\n"))
    if stale:
        raise InputError(f"{file} is not current: {'; '.join(stale)}.")
    if not as_json:
        print("current: source, data and parameters are today's")


def book(out: Path = option("DIR", "Build the pages there, not in the checkout.")) -> None:
    """Build the book from published artifacts, after executing the notebooks that are stale.

    Example: trinity book
    """
    from trinity_book.build import build_book

    print(build_book(out))


def info(as_json: bool = JSON) -> None:
    """Say where the program, its data and its models are, and what made the models.

    Example: trinity info
    """
    from trinity.prediction.folder import installed

    about = installed()
    show(about, as_json, lambda _: print_table(("what", "where"), about.items(), ("where",)))


def reproduce() -> None:
    """Compute the main arms and the book from nothing; print how they differ from the published.

    Example: trinity reproduce
    """
    from trinity_book import build

    print(*build.reproduce(), sep="\n")


def recompute(*stages: str) -> None:
    """Compute published results again at laptop scale."""
    from trinity_book import build

    for name in stages:
        print(build.recompute(name))


def ablation() -> None:
    """Compute all arms, controls and finetuning by gradient at laptop scale; resumes unit by unit.

    Example: trinity ablation
    """
    recompute("ablation", "controls", "slow_controls", "descents")


def distil() -> None:
    """Teach the networks of ``trinity predict --fast`` again at laptop scale; resumes.

    Example: trinity distil
    """
    recompute("distillation")


def power() -> None:
    """Compute the second properties and compare encoders at laptop scale; resumes unit by unit.

    Example: trinity power
    """
    recompute("second_property", "encoders")


def phase0() -> None:
    """Train the embedded chemical language model again at laptop scale.

    Example: trinity phase0
    """
    recompute("phase0")


COMMANDS = (run, provenance, info, book, reproduce, ablation, distil, power, phase0)
