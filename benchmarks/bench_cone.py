"""How fast the cone model is, as a user meets it, and how far from the limit of the machine.

``python -m benchmarks.bench_cone`` prints a table: `trinity simulate` on one file of mixed cases
(whole process, start-up subtracted), one case, the first call of a fresh process, and the work of a
run counted in exponentials and flops beside the rates this machine reaches on each alone.
"""

import argparse
import json
import os
import sys
import tempfile
import time
import timeit
from functools import partial
from pathlib import Path

import numba
import numpy as np
from trinity_book import records
from trinity_book.studies.validation.cases import reference_cases

from benchmarks import cost_of
from trinity.cone import simulate as cone
from trinity.cone.case import check
from trinity.cone.slab import decay, pack

# Floating-point operations of one visit of a cell, counted in the source: reaction 25, layout and
# heat content 20, assembly 25, tridiagonal solve 8, update 12; and of one exponential 14.
FLOPS_A_VISIT = 90
FLOPS_AN_EXPONENTIAL = 14


def mixed_cases(n: int, seed: int = 0) -> list[dict]:
    """Reference slabs at 3-10 mm and 25-75 kW/m2, 1,200 s, half of them under a flame."""
    rng = np.random.default_rng(seed)
    kinds = reference_cases()
    cases = []
    for i in range(n):
        case = {**kinds[i % len(kinds)], "id": i, "end_time_s": 1200.0}
        case = {k: v for k, v in case.items() if k not in ("expected", "codes_differ_percent")}
        case["thickness_m"] = float(rng.uniform(0.003, 0.010))
        case["irradiance_w_m2"] = float(rng.uniform(25e3, 75e3))
        case["front"] = {**case["front"], "flame_heat_flux_w_m2": 15e3 * (i % 2)}
        case["reactions"] = [{**r, "heat_of_combustion_j_kg": 25e6} for r in case["reactions"]]
        cases.append(case)
    return cases


def run_command(cases: list[dict], folder: Path) -> list[float]:
    """Wall seconds, processor seconds and memory [MB] of one ``trinity simulate`` process on a file
    of these cases."""
    source = folder / "cases.json"
    source.write_text(json.dumps({"cases": cases}))
    command = [sys.executable, "-m", "trinity", "simulate", str(source)]
    cost = cost_of([*command, "--out", str(folder / "out.json")], capture_output=True)
    return list(cost.values())


def throughput(n: int, repeats: int) -> dict[str, float]:
    """Cone tests per second through the command line, with and without its start-up."""
    cases = mixed_cases(n)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run_command(cases[:1], folder)  # kernels into the cache, files into memory
        one = np.min([run_command(cases[:1], folder) for _ in range(repeats)], axis=0)
        many = np.array([run_command(cases, folder) for _ in range(repeats)])
    wall, processor, _ = many.min(axis=0) - one
    return {
        "start-up and one case, s": one[0],
        f"{n} cases, whole process, s": many[:, 0].min(),
        "cone tests per second, start-up subtracted": (n - 1) / wall,
        "processor time per test, reading to writing, ms": 1e3 * processor / (n - 1),
        "peak memory, MB": many[:, 2].max(),
    }


def single_case(repeats: int = 50) -> float:
    """Milliseconds of one warm `simulate`, the median over the reference kinds."""
    cases = mixed_cases(repeats)
    times = [timeit.timeit(partial(cone.simulate, case), number=1) for case in cases]
    return 1e3 * float(np.median(times))


def work_of_a_case(n: int = 500) -> dict[str, float]:
    """Mean steps, cell visits, exponentials and flops of a case; and its seconds on one core."""
    cases = mixed_cases(n)
    packed = pack([check(case) for case in cases])
    run = partial(cone.run_packed, packed, threads=1)
    seconds = min(timeit.repeat(run, timer=time.process_time, number=1, repeat=5))
    found = cone.simulate_batch(cases)
    exponentials = 2.0 * found["rate_evaluations"].mean()
    visits = found["cell_visits"].mean()
    return {
        "time steps": found["solves"].mean(),
        "cell visits": visits,
        "exponentials": exponentials,
        "flops": FLOPS_A_VISIT * visits + FLOPS_AN_EXPONENTIAL * exponentials,
        "seconds": seconds / n,
    }


@numba.njit(error_model="numpy")
def _exponentials(n):
    total = 0.0
    for i in range(n):
        total += decay(1e-6 * i)
    return total


@numba.njit(error_model="numpy")
def _division_chain(n):
    """The recurrence of a tridiagonal solve: each division waits for the last."""
    d = 2.0
    for _ in range(n):
        d = 1.0 / (2.5 - 0.9 * d)
    return d


@numba.njit(error_model="numpy", fastmath=True)
def _multiply_adds(x, repeats):
    for _ in range(repeats):
        for i in range(x.size):
            x[i] = 0.999 * x[i] + 1e-3
    return x[0]


def rate_of(work, count: float, repeats: int = 7) -> float:
    """Operations a second: ``count`` over the shortest time of ``work``."""
    work()
    return count / min(timeit.repeat(work, number=1, repeat=repeats))


def machine_rates() -> dict[str, float]:
    """What one core reaches: exponentials, dependent divisions and flops a second."""
    x = np.ones(2048)
    return {
        "exponentials": rate_of(lambda: _exponentials(10**6), 1e6),
        "divisions in a chain": rate_of(lambda: _division_chain(10**6), 1e6),
        "flops": rate_of(lambda: _multiply_adds(x, 1000), 2.0 * 1000 * x.size),
    }


def limits() -> list[tuple[str, float, str]]:
    """Time of a case if only one kind of work took time, as a share of the measured time."""
    work, rates = work_of_a_case(), machine_rates()
    chain = work["cell visits"] * 0.55  # visits that solve; the others only react
    parts = {
        "exponentials": work["exponentials"] / rates["exponentials"],
        "tridiagonal recurrences": chain / rates["divisions in a chain"],
        "flops": work["flops"] / rates["flops"],
    }
    rows = [(f"a case: {key}", value, "") for key, value in work.items()]
    rows += [(f"one core: {key} a second", value, "1/s") for key, value in rates.items()]
    rows += [(f"limit by {k} / measured", 100 * v / work["seconds"], "%") for k, v in parts.items()]
    serial = parts["exponentials"] + parts["tridiagonal recurrences"]
    rows.append(("both serial limits / measured", 100 * serial / work["seconds"], "%"))
    return rows


def main() -> None:
    """Measure, print, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=6000)
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    start, load = time.perf_counter(), round(os.getloadavg()[0], 1)
    cone.warm_up()
    rows = [(key, value, "") for key, value in throughput(chosen.cases, chosen.repeats).items()]
    rows.append(("one warm case", single_case(), "ms"))
    rows += limits()
    for name, value, unit in rows:
        print(f"{name:44s} {value:14.5g} {unit}")
    records.write(
        records.place("cone_speed"), {"load_before": load, "rows": rows},
        modules=["trinity.cone.simulate"],
        parameters={"cases": chosen.cases, "repeats": chosen.repeats},
        wall_time=time.perf_counter() - start,
    )  # fmt: skip


if __name__ == "__main__":
    main()
