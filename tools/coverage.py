"""How much of the package do the tests run? ``python -m tools.coverage``.

The whole suite runs once under coverage.py, with the processes that it starts; lines and branches
of ``src/trinity`` are counted. What numba compiles is not seen by it, unless ``NUMBA_DISABLE_JIT``
is set: the functions of the cone kernels count as not run. The outcome goes to
``data/artifacts/results/coverage.json``.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from trinity_book import records

from trinity.files import data_root

ROOT = data_root().parent
SETTINGS = """
[run]
source = trinity
branch = true
parallel = true
patch = subprocess
concurrency = thread, multiprocessing
sigterm = true
data_file = {folder}/coverage
"""
SHOWN_BELOW = 80.0  # per cent of a module's lines and branches


def run(folder: Path, tests: list[str]) -> tuple[dict, dict[str, int]]:
    """The report of coverage.py, and how many tests passed, failed and were skipped."""
    settings = folder / "rc"
    settings.write_text(SETTINGS.format(folder=folder))
    tool = [sys.executable, "-m", "coverage"]
    options = {"cwd": ROOT, "env": {**os.environ, "COVERAGE_RCFILE": str(settings)}}
    words = [*tool, "run", f"--rcfile={settings}", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    said = []
    with subprocess.Popen([*words, *tests], stdout=subprocess.PIPE, text=True, **options) as pytest:
        for line in pytest.stdout:
            print(line, end="", flush=True)
            said.append(line)
    kinds = re.findall(r"(\d+) (passed|failed|skipped|error)", said[-1])
    counts = {kind: int(number) for number, kind in kinds}
    for step in (["combine", "-q"], ["json", "-q", "-o", str(folder / "report.json")]):
        subprocess.run([*tool, *step, f"--rcfile={settings}"], check=True, **options)
    return json.loads((folder / "report.json").read_text(encoding="utf-8")), counts


def summary(report: dict, counts: dict[str, int]) -> dict:
    """Lines and branches of all modules together and of each."""
    total = report["totals"]
    modules = {
        module_of(Path(name)): {
            "lines": one["summary"]["num_statements"],
            "lines_run": one["summary"]["covered_lines"],
            "branches": one["summary"]["num_branches"],
            "branches_run": one["summary"]["covered_branches"],
            "per_cent": round(one["summary"]["percent_covered"], 1),
        }
        for name, one in report["files"].items()
    }
    return {
        "tests": counts,
        "lines": total["num_statements"],
        "lines_run": total["covered_lines"],
        "branches": total["num_branches"],
        "branches_run": total["covered_branches"],
        "compiled": compiled(),
        "modules": modules,
    }


def compiled() -> list[str]:
    """Modules whose functions numba compiles, so that nobody sees them run."""
    files = (ROOT / "src" / "trinity").rglob("*.py")
    return sorted(module_of(p) for p in files if "@kernel" in p.read_text(encoding="utf-8"))


def module_of(path: Path) -> str:
    """Name of a module below the package, as ``cone.heat``."""
    parts = path.with_suffix("").parts
    return ".".join(parts[parts.index("trinity") + 1 :])


def page(found: dict) -> str:
    """Markdown: what the tests run, module by module where it is little."""
    rows = {"all modules": found["modules"].values()}
    seen = [one for name, one in found["modules"].items() if name not in found["compiled"]]
    rows["without the modules that numba compiles, which are not seen to run"] = seen
    lines = [
        "% from coverage.json, by python -m tools.coverage", "",
        "| run by the tests | lines | branches |", "|---|---:|---:|",
    ]  # fmt: skip
    for name, modules in rows.items():
        modules = list(modules)
        cells = []
        for kind in ("lines", "branches"):
            every, done = (sum(one[k] for one in modules) for k in (kind, f"{kind}_run"))
            cells.append(f"{100 * done / max(every, 1):.1f} % of {every:,}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    least = {
        name: one["per_cent"]
        for name, one in found["modules"].items()
        if one["per_cent"] < SHOWN_BELOW and name not in found["compiled"]
    }
    said = ", ".join(f"`{k}` {v:.0f} %" for k, v in sorted(least.items(), key=lambda x: x[1]))
    counts = ", ".join(f"{n:,} {kind}" for kind, n in found["tests"].items())
    lines += ["", f"Tests: {counts}. Modules below {SHOWN_BELOW:.0f} %: {said or 'none'}."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the suite, write the results file and its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tests", nargs="*", help="options of pytest; the whole suite if none")
    known, options = parser.parse_known_args()
    tests = [*known.tests, *options]
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = summary(*run(Path(folder), tests))
    if tests:
        print(page(found))
        return
    records.write(
        records.place("coverage"),
        found,
        modules=["trinity.cli.main"],
        wall_time=time.monotonic() - start,
    )
    print(page(found))


if __name__ == "__main__":
    main()
