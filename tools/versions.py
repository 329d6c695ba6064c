"""Does it work with the oldest and newest allowed packages? ``python -m tools.versions``.

The wheel is built and installed into an environment of its own, without the language model, once
with the lowest and once with the highest versions that ``pyproject.toml`` allows. There `trinity
estimate` and `trinity cone` answer from another folder, and their numbers are set beside those of
the locked versions. The outcome goes to ``data/artifacts/results/versions.json``.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from trinity_book import records, tables

from trinity.files import data_root
from trinity.pipeline.stages import build_root

STYRENE = "*CC(*)c1ccccc1"
COMMANDS = {
    "estimate": ("estimate", STYRENE, "--json"),
    "cone": ("cone", STYRENE, "--samples", "5", "--json"),
}
TRIALS = {"oldest allowed": "lowest-direct", "newest allowed": "highest"}
SHOWN = ("numpy", "pandas", "scipy", "numba", "rdkit", "pyarrow", "scikit-learn", "pandera")
UV = str(Path(sys.executable).with_name("uv"))


def run(words: list[str], **options) -> subprocess.CompletedProcess:
    """Run a command to its end, whatever comes of it."""
    return subprocess.run(words, capture_output=True, text=True, check=False, **options)


def numbers(answer: object, path: str = "") -> dict[str, float]:
    """Every number of a JSON answer by its place in it."""
    if isinstance(answer, dict):
        parts = answer.items()
    elif isinstance(answer, list):
        parts = enumerate(answer)
    else:
        plain = isinstance(answer, (int, float)) and not isinstance(answer, bool)
        return {path: float(answer)} if plain else {}
    return {k: v for name, part in parts for k, v in numbers(part, f"{path}/{name}").items()}


def difference(one: dict, other: dict) -> float:
    """Largest relative difference of two answers; infinite when they hold different things."""
    a, b = numbers(one), numbers(other)
    if set(a) != set(b):
        return float("inf")
    return max((abs(a[k] - b[k]) / max(abs(a[k]), 1e-12) for k in a), default=0.0)


def answers(python: str, folder: Path, commands: list[str]) -> list[dict] | str:
    """What the commands say in an environment, or the last line of its complaint."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "TRINITY_DATA")}
    said = []
    for name in commands:
        done = run([python, "-m", "trinity", *COMMANDS[name]], cwd=folder, env=environment)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["silent"])[-1][:200]
        said.append(json.loads(done.stdout))
    return said


def trial(name: str, wheel: Path, folder: Path, commands: list[str], reference: list[dict]) -> dict:
    """Install the wheel with one choice of versions and compare what it answers."""
    resolution = TRIALS[name]
    place = folder / resolution
    shutil.rmtree(place, ignore_errors=True)
    run([UV, "venv", "--python", sys.executable, str(place)])
    python = str(place / "bin" / "python")
    # The ranges of pyproject.toml, not those of the wheel: only what is named first may be lowest.
    install = [UV, "pip", "install", "--python", python]
    ranges = str(data_root().parent / "pyproject.toml")
    done = run([*install, "--resolution", resolution, "-r", ranges])
    if not done.returncode:
        done = run([*install, "--no-deps", str(wheel)])
    if done.returncode:
        return {"trial": name, "works": False, "why": done.stderr.strip().splitlines()[-1][:200]}
    listed = json.loads(run([UV, "pip", "list", "--python", python, "--format", "json"]).stdout)
    versions = {one["name"]: one["version"] for one in listed}
    said = answers(python, folder, commands)
    row = {"trial": name, "versions": {k: versions[k] for k in SHOWN if k in versions}}
    if isinstance(said, str):
        return {**row, "works": False, "why": said}
    most = max(difference(*pair) for pair in zip(reference, said, strict=True))
    return {**row, "works": True, "largest_relative_difference": most}


def main() -> None:
    """Try both, write the results file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commands", nargs="*", default=list(COMMANDS), help="what is asked")
    commands = parser.parse_args().commands
    start = time.monotonic()
    folder = build_root() / "versions"
    folder.mkdir(parents=True, exist_ok=True)
    root = data_root().parent
    built = run([UV, "build", "--wheel", "--no-build-isolation", "--python", sys.executable,
                 "--out-dir", str(folder), str(root)])  # fmt: skip
    if built.returncode:
        sys.exit(f"The wheel was not built: {built.stderr.strip().splitlines()[-1]}")
    wheel = max(folder.glob("*.whl"), key=lambda path: path.stat().st_mtime)
    reference = answers(sys.executable, folder, commands)
    rows = [trial(name, wheel, folder, commands, reference) for name in TRIALS]
    records.write(
        records.place("versions"), {"trials": rows},
        modules=["trinity.chemistry.properties", "trinity.cone.predict"],
        parameters={"commands": commands}, wall_time=time.monotonic() - start,
    )  # fmt: skip
    print(tables.versions({"trials": rows}))


if __name__ == "__main__":
    main()
