"""Tables of the book's pages, each from the results file that it names.

`trinity_book.pages` writes them into ``book/generated``; a page includes them from there.
"""

import math
from collections.abc import Callable, Iterable

import pyarrow.parquet as pq

from trinity.files import data_path, read_json
from trinity.quantities import PRIMARY
from trinity.synthesis.table import FLUX_KW_M2, RUN, TABLE, THICKNESS_MM
from trinity_book import shown as outputs
from trinity_book.figures.style import UNIT_OF_END

Rows = Iterable[Iterable[object]]

SHARD_ROWS = 10**6
PLANNED_ROWS = {10**5: "10⁵", 10**6: "10⁶", 10**7: "10⁷", 10**8: "10⁸", 10**9: "10⁹"}
CORES = 64  # of the cluster that the plan imagines
BYTES_PER_KEY = 150  # a Python string of 60 characters in a set
TIME = ((86400 * 365.25, "years"), (86400, "days"), (3600, "h"), (60, "min"), (1, "s"))
COUNT = ((1e6, "million"), (1e3, "thousand"))
SIZE = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
VICTIMS = {
    "phase0": "language model",
    "synthesis": "synthesis",
    "table": "synthesis on worker processes",
    "pretraining": "pretraining",
    "finetuning": "finetuning",
    "ablation": "evaluation, leave one polymer out",
    "book": "`make book`",
}


def grid(head: str, rows: Rows) -> str:
    """Markdown table; ``head`` names the columns between bars, numbers right with a colon at the
    end of the name (``"what | how many:"``)."""
    names = [name.strip() for name in head.split("|")]
    rule = "|".join("---:" if name.endswith(":") else "---" for name in names)
    lines = [f"| {' | '.join(name.removesuffix(':') for name in names)} |", f"|{rule}|"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def amount(value: float, units: tuple[tuple[float, str], ...]) -> str:
    """A value in the largest unit in which it is at least 1, to two digits."""
    size, unit = next((u for u in units if value >= u[0]), units[-1])
    return f"{float(f'{value / size:.2g}'):g} {unit}"


def readable(value: float) -> str:
    """Four digits, without an exponent up to ten million.

    >>> readable(12953.4), readable(2.28e10), readable(0.00075841)
    ('12,950', '2.28e+10', '0.0007584')
    """
    rounded = float(f"{value:.4g}")
    return f"{rounded:,.0f}" if 1e4 <= rounded < 1e7 else f"{value:,.4g}"


def scaling_costs(found: dict) -> str:
    """What tables of 1e5 to 1e9 rows need."""
    table, made = found["table"], found["generator"]
    per_row, size = table["cpu_s"] / table["rows"], table["bytes_a_row"]
    rows = []
    for n, power in PLANNED_ROWS.items():
        polymers = n / table["conditions_per_polymer"]
        times = (amount(per_row * n / cores, TIME) for cores in (1, 2, CORES))
        files, keys = f"{max(1, n // SHARD_ROWS):,}", amount(BYTES_PER_KEY * polymers, SIZE)
        rows.append((power, amount(polymers, COUNT), *times, amount(size * n, SIZE), files, keys))
    head = "rows | polymers | processor time | on 2 cores"
    head += f" | on {CORES} cores | storage | files of {SHARD_ROWS:,} rows | keys in memory"
    return grid(head, rows) + (
        f"\n\nMeasured on two cores: {table['rows']:,} cone tests of {table['polymers']:,} "
        f"polymers took {table['cpu_s']:.0f} s of processor time "
        f"({table['cpu_ms_a_row']:.1f} ms per row, the invention of the polymers included) "
        f"and {size:.0f} bytes per row; "
        f"{made['polymers']:,} polymers alone took {made['cpu_s']:.0f} s. "
        f"The largest process used {table['peak_memory_mb']:.0f} MB."
    )


def generator_coverage(found: dict) -> str:
    """What a large set of polymers holds."""
    made = found["generator"]
    known, same = made["known_polymers"], made["known_reproduced"]
    shares = made["family_shares"]
    most, least = max(shares, key=shares.get), min(shares, key=shares.get)
    scores = f"{made['sa_score_median']:.1f}, {made['sa_score_95']:.1f}"
    measured = f"{made['measured_reproduced']} of {made['measured_polymers']}"
    rows = (
        ("different by key", f"{made['unique']:,}"),
        ("largest family", f"{most}, {100 * shares[most]:.0f} %"),
        ("smallest family", f"{least}, {100 * shares[least]:.0f} %"),
        ("made from monomers by reaction rules", f"{100 * made['from_monomers']:.0f} %"),
        ("SA score, median and 95th percentile", scores),
        ("real polymers that pass the rules", f"{made['known_believable']} of {known}"),
        ("real polymers in the set", f"{same} of {known} ({100 * same / known:.0f} %)"),
        ("measured polymers in the set", measured),
    )
    return grid(f"a set of {made['polymers']:,} | ", rows)


def scaling_memory(found: dict) -> str:
    """Memory of the whole command at several sizes, and of a million rows."""

    def row(what: str, rows: int, part: dict) -> tuple:
        memory = f"{part['peak_memory_mb']:,} MB"
        return what, f"{rows:,}", memory, amount(part["wall_s"], TIME)

    made, million = sorted(found["tables"].values(), key=lambda one: one["rows"]), found["million"]
    rows = [row(f"made from nothing, {t['polymers']:,} polymers", t["rows"], t) for t in made]
    rows.append(row("joined from finished parts", million["rows"], million["join"]))
    rows.append(row("read as phase 1 does", million["rows"], million["read"]))
    return grid("what | rows | memory of all processes | time", rows) + (
        f"\n\nThe million rows are the parts of the published table, repeated "
        f"({million['polymers']:,} different polymers): {amount(million['bytes'], SIZE)} in one "
        "file. Times include waiting for whatever else the machine did; memory does not."
    )


def dataset_facts(report: dict) -> str:
    """Size, origin and content of the published synthetic table."""
    place = data_path("artifacts", "synthetic", TABLE)
    table, stamp = pq.read_metadata(place), report["provenance"]
    made = read_json(place.with_name(RUN))
    coverage, size = report["coverage"], amount(place.stat().st_size, SIZE)
    spread = {k: math.exp(report["label_spread"][k]["0.5"]) for k in PRIMARY}
    within = (f"{100 * report['measured_within'][k]['share']:.0f} %" for k in PRIMARY)
    facts = {
        "rows, columns": f"{table.num_rows:,}, {table.num_columns}",
        "polymers, families": f"{report['polymers']:,}, {len(report['families'])}",
        "tests per polymer": made["parameters"]["conditions_per_polymer"],
        "heat flux, thickness": f"{FLUX_KW_M2[0]:g}-{FLUX_KW_M2[1]:g} kW/m², "
        f"{THICKNESS_MM[0]:g}-{THICKNESS_MM[1]:g} mm, log-uniform",
        "file": f"`data/artifacts/synthetic/{TABLE}`, Parquet (zstd), {size}",
        "seed": ", ".join(map(str, made["seeds"])),
        "commit that made it": f"`{(stamp['commit'] or 'none')[:12]}`",
        "hash of the code": f"`{made['source_hash'][:12]}`",
        "hash of the tables it reads": f"`{made['data_hash'][:12]}`",
        "tests without ignition": f"{100 * report['non_igniting']['share']:.1f} %",
        "spread of the ignition time of one polymer": f"factor {spread['t_ig_s']:.2f} (median 1σ)",
        "spread of its peak": f"factor {spread['phrr_kw_m2']:.2f}",
        "measured ignition times, peaks inside the central 90 %": ", ".join(within),
        "known homopolymers in it": f"{coverage['known_in_table']} of {coverage['known_polymers']}",
        "measured polymers in it": f"{coverage['measured_in_table']}, marked, labels simulated",
        "rows above 1.3 times the heat of their fuel": report["outliers"]["more_heat_than_fuel"],
    }
    return grid("fact | value", facts.items())


def dataset_columns(report: dict) -> str:
    """Every column of the published synthetic table, its type and unit."""
    kinds = {"float": "float32", "double": "float64", "large_string": "text"}
    units = {"_m2_kg": "m²/kg", **UNIT_OF_END, "_fraction": "kg/kg", "_yield": "kg/kg"}
    rows = []
    for column in pq.read_schema(data_path("artifacts", "synthetic", TABLE)):
        unit = next((u for end, u in units.items() if column.name.lower().endswith(end)), "")
        rows.append((f"`{column.name}`", kinds.get(str(column.type), column.type), unit))
    return grid("column | type | unit", rows)


def cone_speed(found: dict) -> str:
    """Throughput of the cone model, and what limits it."""
    rows = [(name, f"{readable(value)} {unit}".strip()) for name, value, unit in found["rows"]]
    return grid(f"on two cores; load average before: {found['load_before']:.0f} | :", rows)


def fire_codes(found: dict) -> str:
    """What two codes give of the exported cases, beside the cone model."""
    codes = found["provenance"]["parameters"]["codes"]
    names = {"fds": "FDS", "gpyro": "Gpyro"}
    rows = [
        (
            row["case"],
            f"{row['ours']['peak']:.2f}",
            *(f"{row[code][key]:+.2f} %" for key in ("peak", "time_to_1") for code in codes),
        )
        for row in found["rows"]
    ]
    more = [f"{what}, {names[code]}:" for what in ("peak", "time to 1 g/m²/s") for code in codes]
    return grid(f"case | peak, g/m²/s: | {' | '.join(more)}", rows)


def prediction_speed(found: dict) -> str:
    """Polymers per second of the command, and the parts of the time."""
    rates = [(name, f"{value:,.0f}") for name, value in found["rates"].items()]
    parts = [(name, f"{value:.2f}") for name, value in found["parts"].items()]
    whole = grid("two cores | polymers per second:", rates)
    return f"{whole}\n\n{grid('one core | ms per polymer:', parts)}"


def two_processes(found: dict) -> str:
    """Models finetuned in two processes beside those of one."""
    rows = (
        (one["pair"], *(f"{100 * math.expm1(one[name]):.2g} %" for name in ("mean", "largest")))
        for one in found["pairs"]
    )
    return grid("finetuned models compared | mean difference of predictions: | largest:", rows)


def wrong_inputs(found: dict) -> str:
    """Counts of the wrong inputs that the tests try."""
    rows = (
        ("all", found["command_lines"] + found["calls"]),
        ("kinds of mistake", len(found["mistakes"])),
        (f"command lines, to {found['commands']} commands", found["command_lines"]),
        (f"calls, of {found['functions']} functions", found["calls"]),
    )
    return grid("wrong inputs that the tests try | :", rows)


def troubleshooting(found: dict) -> str:
    """For each kind of mistake: what the program answers to one of its inputs, why, what helps."""
    parts = []
    for one in found["mistakes"]:
        inputs = one["inputs"]
        tested = "1 input of this kind is" if inputs == 1 else f"{inputs} inputs of this kind are"
        parts.append(
            f"### {one['title']}\n\n```text\n{one['input']}\n{one['message']}\n```\n\n"
            f"**Why.** {one['cause']} **What helps.** {one['remedy']}\n*({tested} tested.)*\n"
        )
    return "\n".join(parts)


def chaos(found: dict) -> str:
    """Processes killed at random moments, and what a rerun left."""
    counts, victims = ("kills", "parent_only", "reruns", "identical"), found["victims"]
    rows = [(VICTIMS[one["victim"]], *(one[k] for k in counts)) for one in victims]
    rows.append(("all", *(sum(one[k] for one in victims) for k in counts)))
    head = "killed | kills: | of these the main process only: | reruns: | with the same bytes:"
    text = grid(head, rows)
    killed = {one["victim"] for one in victims}
    if missing := [words for name, words in VICTIMS.items() if name not in killed]:
        text += f"\n\n**Not yet killed:** {'; '.join(missing)}."
    return text


def audit(found: dict) -> str:
    """Known holes and licences of the locked packages; plain when no service answered."""
    known, about = found["holes"], found["licences"]
    if known["answered"]:
        named = "; ".join(f"{k}: {', '.join(v)}" for k, v in known["holes"].items()) or "none"
        said = f"{known['asked']} packages asked about; with known holes: {named}"
        if known["skipped"]:
            said += f"; not known to the service: {', '.join(known['skipped'])}"
    else:
        said = f"**not answered**: {'; '.join(map(' '.join, known['why'].items()))}"
    kinds = ", ".join(f"{number} {kind}" for kind, number in about["kinds"].items())
    licences = (f"licences of {about['packages']} packages", kinds)
    rows = [("known holes (pip-audit)", said), licences, *about["to_look_at"].items()]
    return grid("audit of the lock | ", rows)


def mutation(found: dict) -> str:
    """Small faults put into the code: how many the tests noticed, and each that survived."""
    rows = [
        (", ".join(f"`{file}`" for file in one["files"]), one["mutants"], len(one["tried"]),
         one["killed"] + one["timeout"], one["timeout"], one["survived"], one["equivalent"])
        for one in found["targets"]
    ]  # fmt: skip
    head = "changed | possible: | tried: | noticed: | by not ending: | survived: "
    text = grid(f"{head} | of these harmless:", rows)
    rows = []
    for one in [one for row in found["targets"] for one in row["survivors"]]:
        changed = (f"`{one[key]}`".replace("|", "\\|") for key in ("before", "after"))
        why = one["why"] or "a gap in the tests"
        rows.append((f"{one['file']}, {one['line']}", *changed, why))
    if not rows:
        return text
    return f"{text}\n\n{folded('All survivors', grid('survivor | before | after | why', rows))}"


def versions(found: dict) -> str:
    """Whether the oldest and newest allowed packages work, and how far their numbers are."""
    rows = []
    for one in found["trials"]:
        packages = ", ".join(f"{k} {v}" for k, v in one.get("versions", {}).items())
        most = one.get("largest_relative_difference")
        said = one.get("why", "") if most is None else f"{most:.1e}" if most else "0"
        rows.append((one["trial"], "yes" if one["works"] else "no", said, packages))
    return grid("versions | works | largest relative difference from the locked ones | packages",
                rows)  # fmt: skip


def handbook(nothing: dict) -> str:
    """Handbook values of a list of polymers beside their estimates, property by property."""
    from trinity_book.studies.validation.properties import handbook_shown

    summary, *parts = (grid(*part) for part in handbook_shown())
    return f"{summary}\n\n{folded('All values', *parts)}"


def priors(found: dict) -> str:
    """Constants of general knowledge, and what each weighs in the blind physics."""
    from trinity_book.studies.validation.sensitivity import priors_shown

    return folded("All constants, with their sources", grid(*priors_shown(found)))


def folded(title: str, *parts: str) -> str:
    """Long tables behind a line that a reader opens."""
    inside = "\n\n".join(parts)
    return f"````{{admonition}} {title}\n:class: dropdown\n\n{inside}\n````"


#: Results file, if any -> what makes tables of it.
MADE_FROM: dict[str | None, tuple[Callable[[dict], str], ...]] = {
    None: (outputs.api, outputs.cone, outputs.estimate, outputs.slab_by_hand, handbook),
    "audit.json": (audit,),
    "chaos.json": (chaos,),
    "cone_speed.json": (cone_speed,),
    "fire_codes.json": (fire_codes,),
    "mutation.json": (mutation,),
    "physics_validation.json": (priors,),
    "prediction_speed.json": (prediction_speed,),
    "synthesis.json": (dataset_columns, dataset_facts),
    "synthesis_cost.json": (generator_coverage, scaling_costs),
    "synthesis_scale.json": (scaling_memory,),
    "two_processes.json": (two_processes,),
    "versions.json": (versions,),
    "wrong_inputs.json": (troubleshooting, wrong_inputs),
}
#: File below ``book/generated`` -> its results file and what makes its text, by whose name it goes.
TABLES = {
    f"{make.__name__}.md": (source, make) for source, made in MADE_FROM.items() for make in made
}
