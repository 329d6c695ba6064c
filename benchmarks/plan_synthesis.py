"""Tables of the book's pages on scaling and of the dataset card, computed from what was measured.

``python -m benchmarks.plan_synthesis`` reads ``synthesis_cost.json``, ``synthesis_scale.json`` and
``synthesis.json`` of ``data/artifacts/results`` and the published table, and writes
``book/generated/*.md``; a test sees that they agree.
"""

import json
import math
from pathlib import Path

import pyarrow.parquet as pq

from trinity.files import data_path, write_atomic
from trinity.synthesis.table import FLUX_KW_M2, TABLE, THICKNESS_MM

BOOK = Path(__file__).resolve().parents[1] / "book" / "generated"
ROWS = (10**5, 10**6, 10**7, 10**8, 10**9)
CORES = 64  # of the cluster that the plan imagines
BYTES_A_KEY = 150  # a Python string of 60 characters in a set
SHARD_ROWS = 10**6
NOT_YET = "*Not measured yet: `python -m benchmarks.bench_scale`, then this command.*\n"


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


def scaling_memory(scale: dict) -> str:
    """Markdown table: memory of the whole command at several sizes, and a million rows."""
    lines = ["| what | rows | memory of all processes | time |", "|---|---|---|---|"]
    for table in sorted(scale["tables"].values(), key=lambda t: t["rows"]):
        lines.append(
            f"| made from nothing, {table['polymers']:,} polymers | {table['rows']:,} | "
            f"{table['peak_memory_mb']:,} MB | {amount(table['wall_s'], TIME)} |"
        )
    million = scale["million"]
    if million is None:
        return "\n".join(lines) + "\n"
    for text, part in (("joined from finished parts", "join"), ("read as phase 1 does", "read")):
        lines.append(
            f"| {text} | {million['rows']:,} | {million[part]['peak_memory_mb']:,} MB | "
            f"{amount(million[part]['wall_s'], TIME)} |"
        )
    lines += [
        "",
        f"The million rows are the parts of the published table, repeated "
        f"({million['polymers']:,} different polymers): {amount(million['bytes'], SIZE)} in one "
        "file. Times include waiting for whatever else the machine did; memory does not.",
    ]
    return "\n".join(lines) + "\n"


def dataset_facts(report: dict, folder: Path) -> str:
    """Markdown table: size, origin and content of the published table."""
    table, stamp = pq.read_metadata(folder / TABLE), report["provenance"]
    made, coverage = json.loads((folder / "_run.json").read_text()), report["coverage"]
    size = (folder / TABLE).stat().st_size
    spread = {k: math.exp(report["label_spread"][k]["0.5"]) for k in ("t_ig_s", "phrr_kw_m2")}
    within = {k: 100 * report["measured_within"][k]["share"] for k in ("t_ig_s", "phrr_kw_m2")}
    facts = {
        "rows, columns": f"{table.num_rows:,}, {table.num_columns}",
        "polymers, families": f"{report['polymers']:,}, {len(report['families'])}",
        "tests a polymer": made["parameters"]["conditions_per_polymer"],
        "heat flux, thickness": f"{FLUX_KW_M2[0]:g}-{FLUX_KW_M2[1]:g} kW/m², "
        f"{THICKNESS_MM[0]:g}-{THICKNESS_MM[1]:g} mm, log-uniform",
        "file": f"`data/artifacts/synthetic/{TABLE}`, Parquet (zstd), {amount(size, SIZE)}",
        "seed": ", ".join(map(str, made["seeds"])),
        "commit that made it": f"`{(stamp['commit'] or 'none')[:12]}`",
        "hash of the code": f"`{made['source_hash'][:12]}`",
        "hash of the tables it reads": f"`{made['data_hash'][:12]}`",
        "tests without ignition": f"{100 * report['non_igniting']['share']:.1f} %",
        "spread of the ignition time of one polymer": f"factor {spread['t_ig_s']:.2f} (median 1σ)",
        "spread of its peak": f"factor {spread['phrr_kw_m2']:.2f}",
        "measured ignition times, peaks inside the central 90 %": f"{within['t_ig_s']:.0f} %, "
        f"{within['phrr_kw_m2']:.0f} %",
        "known homopolymers in it": f"{coverage['known_in_table']} of {coverage['known_polymers']}",
        "measured polymers in it": f"{coverage['measured_in_table']}, marked, labels simulated",
        "rows above 1.3 times the heat of their fuel": report["outliers"]["more_heat_than_fuel"],
    }
    rows = [f"| {name} | {value} |" for name, value in facts.items()]
    return "\n".join(["| fact | value |", "|---|---|", *rows]) + "\n"


UNITS = {
    "_kw_m2": "kW/m²", "_mj_m2": "MJ/m²", "_kg_m3": "kg/m³", "_w_m_k": "W/m/K",
    "_j_kg_k": "J/kg/K", "_j_kg": "J/kg", "_j_mol": "J/mol", "_w_m2": "W/m²", "_1_m": "1/m",
    "_1_s": "1/s", "_mm": "mm", "_s": "s", "_k": "K", "_fraction": "kg/kg", "_yield": "kg/kg",
}  # fmt: skip


def dataset_columns(folder: Path) -> str:
    """Markdown table: every column of the published table, its type and unit."""
    lines = ["| column | type | unit |", "|---|---|---|"]
    for column in pq.read_schema(folder / TABLE):
        unit = next((u for end, u in UNITS.items() if column.name.lower().endswith(end)), "")
        kind = {"float": "float32", "double": "float64", "large_string": "text"}.get(
            str(column.type), str(column.type)
        )
        lines.append(f"| `{column.name}` | {kind} | {unit} |")
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Text of each generated file by its name.

    A table whose measurement is not there is left out, and its file stays as it is.
    """
    folder = data_path("artifacts", "synthetic")
    found = {
        name: json.loads(path.read_text())
        for name in ("synthesis_cost", "synthesis_scale", "synthesis")
        if (path := data_path("artifacts", "results", f"{name}.json")).exists()
    }
    cost, scale, report = map(found.get, ("synthesis_cost", "synthesis_scale", "synthesis"))
    made = {"scaling_memory.md": scaling_memory(scale) if scale else NOT_YET}
    if cost:
        made["scaling_costs.md"] = scaling_costs(cost)
        made["generator_coverage.md"] = generator_coverage(cost)
    if report:
        made["dataset_facts.md"] = dataset_facts(report, folder)
        made["dataset_columns.md"] = dataset_columns(folder)
    return made


def main() -> None:
    """Write the tables."""
    for name, text in pages().items():
        write_atomic(BOOK / name, text)


if __name__ == "__main__":
    main()
