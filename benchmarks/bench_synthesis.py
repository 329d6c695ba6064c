"""What polymers and synthetic cone tests cost, and what a large set of polymers covers.

``python -m benchmarks.bench_synthesis`` makes 100,000 polymers and a table of 100,000 cone tests
from nothing, and writes ``data/artifacts/results/synthesis_cost.json``, from which the book plans
larger tables. Processor time is given beside wall time: it says what an idle machine would do. A
part that is in the file, of today's code, is not measured again, so that an interrupted run goes
on; ``--anew`` measures all.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from trinity_book import records

from benchmarks import cost_of
from trinity.chemistry.polymers import parse_psmiles
from trinity.measurements.specimens import load_measurements
from trinity.synthesis.generator import check
from trinity.synthesis.report import known_polymers
from trinity.synthesis.rules import family_of
from trinity.synthesis.table import DATA, TABLE

GENERATE = """
from trinity.synthesis.generator import generate_polymers
if __name__ == "__main__":
    generate_polymers({n}, seed=0, progress=True).to_parquet({out!r})
"""
SYNTHESIZE = """
from trinity.synthesis.table import synthesize
if __name__ == "__main__":
    synthesize({n}, {conditions}, 0, {out!r})
"""


def polymers(n: int, folder: Path) -> dict:
    """Cost of ``n`` polymers from nothing, and which of those that exist are among them."""
    out = folder / "polymers.parquet"
    cost = cost_of([sys.executable, "-c", GENERATE.format(n=n, out=str(out))])
    table = pd.read_parquet(out)
    keys, known = set(table["key"]), known_polymers()
    measured = set(load_measurements()["key"])
    return {
        "polymers": n,
        **cost,
        "unique": table["key"].nunique(),
        "family_shares": table["family"].value_counts(normalize=True).to_dict(),
        "from_monomers": float((table["route"] == "reactions").mean()),
        "sa_score_median": float(table["sa_score"].median()),
        "sa_score_95": float(table["sa_score"].quantile(0.95)),
        "known_polymers": len(known),
        "known_reproduced": len(known & keys),
        "known_missing": sorted(known - keys),
        "known_believable": sum(bool(check(key, family_of(parse_psmiles(key)))) for key in known),
        "measured_reproduced": len(measured & keys),
        "measured_polymers": len(measured),
    }


def cone_tests(n: int, conditions: int, folder: Path) -> dict:
    """Cost of a table of ``n`` polymers at ``conditions`` conditions, and its size."""
    out = folder / f"table_{conditions}"
    program = SYNTHESIZE.format(n=n, conditions=conditions, out=str(out))
    cost = cost_of([sys.executable, "-c", program])
    size = (out / TABLE).stat().st_size
    rows = n * conditions
    return {
        "rows": rows, "polymers": n, "conditions_per_polymer": conditions, **cost,
        "cpu_ms_a_row": 1e3 * cost["cpu_s"] / rows, "bytes_a_row": size / rows,
    }  # fmt: skip


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--polymers", type=int, default=100_000)
    parser.add_argument("--tests", type=int, default=100_000)
    parser.add_argument("--conditions", type=int, default=20, help="a polymer, of the table")
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--anew", action="store_true", help="forget what was measured before")
    options = parser.parse_args()
    numbers = {"polymers": options.polymers, "tests": options.tests}
    path = options.out or records.place("synthesis_cost")
    result = {} if options.anew else records.kept(path, numbers)
    parts = {
        "generator": lambda folder: polymers(options.polymers, folder),
        "table": lambda folder: cone_tests(
            options.tests // options.conditions, options.conditions, folder
        ),
    }
    for name, measure in parts.items():
        if name in result:
            continue
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            result[name] = measure(Path(folder))
        records.write(
            path, result, modules=["trinity.synthesis.table"], data=DATA, parameters=numbers,
            seeds=[0], wall_time=time.monotonic() - start,
        )  # fmt: skip
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
