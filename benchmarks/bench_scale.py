"""Does memory stay bounded when the synthetic table grows to a million rows?

``python -m benchmarks.bench_scale`` makes tables of several sizes from nothing and watches the
memory of the command and all its workers; joins a million rows from finished parts; and reads such
a table as phase 1 does. It writes ``data/artifacts/results/synthesis_scale.json`` for the page on
scaling. A measurement that is in the file, of today's code, is not repeated, so that an interrupted
run goes on.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pyarrow.parquet as pq
from trinity_book import records

from benchmarks.bench_synthesis import SYNTHESIZE
from trinity.files import data_path
from trinity.synthesis.table import DATA, PARTS, POLYMERS_PER_CHUNK, RUN, TABLE

SIZES = (10_000, 30_000, 100_000)
CONDITIONS = 20
MILLION = 1_000_000
EVERY_S = 0.5  # between two looks at the memory
JOIN = """
import sys
from pathlib import Path
from trinity.synthesis import table as synthesis
synthesis.join_parts(Path({out!r}), {parts})
"""
READ = """
import pandas as pd
from trinity.learning.data import tests_of
tests = tests_of(pd.read_parquet({table!r}))
print(len(tests), len(tests.polymers))
"""


def memory_mb(process: psutil.Process) -> float:
    """Memory of a process and its children, shared pages counted once (PSS)."""
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total / 2**20


def watch(program: str) -> tuple[dict, list[str]]:
    """Run a program: its wall seconds, the largest memory of it with its workers; what it says."""
    start, largest = time.perf_counter(), 0.0
    with tempfile.TemporaryFile("w+") as said:
        running = subprocess.Popen([sys.executable, "-c", program], stdout=said)
        seen = psutil.Process(running.pid)
        while running.poll() is None:
            try:
                largest = max(largest, memory_mb(seen))
            except psutil.NoSuchProcess:
                break
            time.sleep(EVERY_S)
        if running.wait():
            raise SystemExit(f"a measured program ended with exit code {running.returncode}")
        said.seek(0)
        answer = said.read().split()
    seconds = time.perf_counter() - start
    return {"wall_s": round(seconds, 1), "peak_memory_mb": round(largest)}, answer


def table_of(rows: int, folder: Path) -> dict:
    """A table of ``rows`` cone tests from nothing."""
    out, polymers = folder / f"table_{rows}", rows // CONDITIONS
    found, _ = watch(SYNTHESIZE.format(n=polymers, conditions=CONDITIONS, out=str(out)))
    return {"rows": rows, "polymers": polymers, **found}


def replicate(rows: int, out: Path) -> int:
    """Finished parts with ``rows`` rows in all, copied from the published table; their number."""
    source = data_path("artifacts", "synthetic")
    table = pq.read_table(source / TABLE)
    stamp = json.loads((source / RUN).read_text())
    step = POLYMERS_PER_CHUNK * stamp["parameters"]["conditions_per_polymer"]
    (out / PARTS).mkdir(parents=True)
    shutil.copy(source / RUN, out / RUN)
    originals = []
    for k, at in enumerate(range(0, table.num_rows - step + 1, step)):
        originals.append(out / PARTS / f"{k:08d}.parquet")
        pq.write_table(table.slice(at, step), originals[-1], compression="zstd")
    parts = -(-rows // step)
    for k in range(len(originals), parts):
        os.link(originals[k % len(originals)], out / PARTS / f"{k:08d}.parquet")
    for spare in originals[parts:]:
        spare.unlink()
    return parts


def join_and_read(rows: int, folder: Path) -> dict:
    """Join ``rows`` rows from finished parts as the command does, and read them as phase 1 does."""
    out = folder / "million"
    parts = replicate(rows, out)
    joined, _ = watch(JOIN.format(out=str(out), parts=parts))
    described = pq.read_metadata(out / TABLE)
    read, printed = watch(READ.format(table=str(out / TABLE)))
    tests, polymers = map(int, printed)
    if tests != described.num_rows or tests < rows:
        raise SystemExit(f"{tests} rows were read, {described.num_rows} written, {rows} wanted")
    size = (out / TABLE).stat().st_size
    return {
        "rows": tests, "parts": parts, "polymers": polymers, "bytes": size,
        "join": joined, "read": read,
    }  # fmt: skip


def main() -> None:
    """Measure what is not yet measured and write the result."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--join", type=int, default=MILLION, metavar="ROWS")
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    path = options.out or records.place("synthesis_scale")
    about = {
        "modules": ["trinity.synthesis.table", "trinity.learning.data"],
        "data": DATA,
        "parameters": {"conditions": CONDITIONS},
        "seeds": [0],
    }
    kept = records.kept(path, about["parameters"]) or {"tables": {}, "million": None}
    with tempfile.TemporaryDirectory() as folder:
        for rows in options.sizes:
            if str(rows) not in kept["tables"]:
                kept["tables"][str(rows)] = table_of(rows, Path(folder))
                records.write(path, kept, **about)
        if kept["million"] is None or kept["million"]["rows"] < options.join:
            kept["million"] = join_and_read(options.join, Path(folder))
            records.write(path, kept, **about)
    print(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
