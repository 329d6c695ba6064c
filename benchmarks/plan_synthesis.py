"""Tables of the book's page on scaling, computed from a measured cost.

``python -m benchmarks.plan_synthesis`` reads ``data/artifacts/results/synthesis_cost.json`` and
writes ``book/generated/scaling_costs.md`` and ``book/generated/generator_coverage.md``; a test sees
that they agree.
"""

import json
import math
from pathlib import Path

from trinity.files import data_path, write_atomic

BOOK = Path(__file__).resolve().parents[1] / "book" / "generated"
ROWS = (10**5, 10**6, 10**7, 10**8, 10**9)
CORES = 64  # of the cluster that the plan imagines
BYTES_A_KEY = 150  # a Python string of 60 characters in a set
SHARD_ROWS = 10**6


def amount(value: float, units: tuple[tuple[float, str], ...]) -> str:
    """A value in the largest unit in which it is at least 1, to two digits."""
    size, unit = next((u for u in units if value >= u[0]), units[-1])
    return f"{float(f'{value / size:.2g}'):g} {unit}"


TIME = ((86400 * 365.25, "years"), (86400, "days"), (3600, "h"), (60, "min"), (1, "s"))
COUNT = ((1e6, "million"), (1e3, "thousand"))
SIZE = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def power(value: int) -> str:
    """A power of ten, written as one."""
    return "10" + str(round(math.log10(value))).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def scaling_costs(cost: dict) -> str:
    """Markdown table: what tables of 1e5 to 1e9 rows need."""
    table, made = cost["table"], cost["generator"]
    per_row, size = table["cpu_s"] / table["rows"], table["bytes_a_row"]
    lines = [
        "| rows | polymers | processor time | on 2 cores | on "
        f"{CORES} cores | storage | files of {SHARD_ROWS:,} rows | keys in memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for rows in ROWS:
        polymers = rows / table["conditions_per_polymer"]
        work = per_row * rows
        cells = (
            power(rows),
            amount(polymers, COUNT),
            *(amount(work / cores, TIME) for cores in (1, 2, CORES)),
            amount(size * rows, SIZE),
            f"{max(1, rows // SHARD_ROWS):,}",
            amount(BYTES_A_KEY * polymers, SIZE),
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        f"Measured on two cores: {table['rows']:,} cone tests of {table['polymers']:,} polymers "
        f"took {table['cpu_s']:.0f} s of processor time ({table['cpu_ms_a_row']:.1f} ms a row, the "
        f"invention of the polymers included) and {size:.0f} bytes a row; {made['polymers']:,} "
        f"polymers alone took {made['cpu_s']:.0f} s. "
        f"The largest process used {table['peak_memory_mb']:.0f} MB.",
    ]
    return "\n".join(lines) + "\n"


def generator_coverage(cost: dict) -> str:
    """Markdown table: what a large set of polymers holds."""
    made = cost["generator"]
    known, found = made["known_polymers"], made["known_reproduced"]
    shares = made["family_shares"]
    lines = [
        f"| a set of {made['polymers']:,} | |",
        "|---|---|",
        f"| different by key | {made['unique']:,} |",
        f"| largest family | {max(shares, key=shares.get)}, {100 * max(shares.values()):.0f} % |",
        f"| smallest family | {min(shares, key=shares.get)}, {100 * min(shares.values()):.0f} % |",
        f"| made from monomers by reaction rules | {100 * made['from_monomers']:.0f} % |",
        f"| SA score, median and 95th percentile | {made['sa_score_median']:.1f}, "
        f"{made['sa_score_95']:.1f} |",
        f"| real polymers that pass the rules | {made['known_believable']} of {known} |",
        f"| real polymers in the set | {found} of {known} ({100 * found / known:.0f} %) |",
        f"| measured polymers in the set | {made['measured_reproduced']} of "
        f"{made['measured_polymers']} |",
    ]
    return "\n".join(lines) + "\n"


def pages(cost: dict) -> dict[str, str]:
    """Text of each generated file by its name."""
    return {
        "scaling_costs.md": scaling_costs(cost),
        "generator_coverage.md": generator_coverage(cost),
    }


def main() -> None:
    """Write the tables."""
    cost = json.loads(data_path("artifacts", "results", "synthesis_cost.json").read_text())
    for name, text in pages(cost).items():
        write_atomic(BOOK / name, text)


if __name__ == "__main__":
    main()
