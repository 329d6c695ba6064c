"""What each make target costs: wall time and memory, into ``costs.json``.

``python -m benchmarks.costs class book`` runs these targets one after the other in this checkout
and measures each; the others keep what was measured before, with date and version of then.

Example: python -m benchmarks.costs book
"""

import argparse
import subprocess
import time
from contextlib import suppress
from datetime import date
from itertools import chain

import psutil
from trinity_book import pages, records

from trinity import __version__
from trinity.files import data_root

EVERY_S = 0.5  # between two looks at the memory


def measure(target: str) -> dict:
    """Run a make target: its minutes, and the memory of its largest process in GB."""
    start, largest = time.perf_counter(), 0
    running = subprocess.Popen(["make", target], cwd=data_root().parent, stdin=subprocess.DEVNULL)
    watched = psutil.Process(running.pid)
    while running.poll() is None:
        largest = max([largest, *memories(watched)])
        time.sleep(EVERY_S)
    if running.returncode:
        raise SystemExit(f"make {target} ended with exit code {running.returncode}; no cost noted")
    return by_hand(round((time.perf_counter() - start) / 60, 1), round(largest / 1e9, 1))


def by_hand(minutes: float, memory_gb: float) -> dict:
    """A cost as the record keeps it."""
    return {
        "minutes": minutes,
        "memory_gb": memory_gb,
        "date": date.today().isoformat(),
        "version": __version__,
    }


def memories(process: psutil.Process) -> list[int]:
    """Resident bytes of the processes below one that are still there."""
    found = []
    with suppress(psutil.NoSuchProcess):
        for child in process.children(recursive=True):
            found.append(child.memory_info().rss)
    return found


def main() -> None:
    """Measure the named targets and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    known_targets = [*chain(*pages.REMARKS.values()), []]
    parser.add_argument("targets", nargs="*", choices=known_targets, help="none: the table only")
    parser.add_argument("--note", help="what a reader must know of this measurement")
    parser.add_argument("--clocked", type=float, nargs=2, metavar=("MINUTES", "GB"),
                        help="of a target clocked in parts, by hand")  # fmt: skip
    options = parser.parse_args()
    path = records.place("costs")
    costs = records.read("costs")["costs"] if path.is_file() else {}
    for target in options.targets:
        found = by_hand(*options.clocked) if options.clocked else measure(target)
        costs[target] = found | ({"note": options.note} if options.note else {})
        records.write(path, {"costs": costs})
    print(pages.costs({"costs": costs}))


if __name__ == "__main__":
    main()
