"""Polymers a second that ``trinity predict --csv`` answers, and where the time goes.

Each polymer is another one, so that nothing is remembered. The rate is of the rows alone: the time
of a short table, which is mostly start-up, is taken off that of a long one. Beside it stands what
the matrix products of the networks alone would take at the machine's peak. Writes
``prediction_speed.json``, which the page on using the model shows.

Example: python -m benchmarks.bench_prediction --rows 4000
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from trinity_book import records, tables

from trinity.files import data_path, read_json

SHORT = 1024  # a few batches: the processes start, load their models and do little else
SIDE = 1536  # of the square matrices whose product shows the peak of the core
SPELLINGS = 4  # of each repeat unit that a network reads
#: What is timed: words of the command, and how many times as many rows as of the whole ensemble.
WAYS = {
    "the ensemble": ([], 1),
    "one member of it": (["--members", "1"], 1),
    "its distilled networks": (["--fast"], 3),
    "one distilled network": (["--fast", "--members", "1"], 3),
}
#: The goals that were set, polymers a second on two cores.
WANTED = {"one network": 1000, "all networks": 150}


def polymers(rows: int, first: int = 0) -> pd.DataFrame:
    """Hypothetical polymers of the synthetic table, each in one row, at 50 kW/m2 and 6 mm."""
    path = data_path("artifacts", "synthetic", "synthetic.parquet")
    unique = pd.read_parquet(path, columns=["psmiles"])["psmiles"].drop_duplicates()
    chosen = unique.iloc[first : first + rows].reset_index(drop=True)
    return pd.DataFrame({"psmiles": chosen, "flux_kw_m2": 50.0, "thickness_mm": 6.0})


def seconds_of_command(rows: int, options: list[str], folder: Path) -> float:
    """Wall time of the command in a fresh process."""
    polymers(rows).to_csv(folder / "in.csv", index=False)
    words = [sys.executable, "-m", "trinity", "predict", "--csv", "in.csv", "--out", "out.csv"]
    start = time.perf_counter()
    subprocess.run([*words, *options], check=True, capture_output=True, cwd=folder)
    return time.perf_counter() - start


def parts(rows: int) -> dict[str, float]:
    """Milliseconds of processor time a polymer of each part, one thread, in this process."""
    import torch

    from trinity.chemistry.descriptors import fingerprint, nearest_similarity
    from trinity.chemistry.polymers import polymer_key
    from trinity.chemistry.properties import estimate
    from trinity.cone.predict import nominal_physics
    from trinity.learning.answer import answer
    from trinity.learning.data import tests_of
    from trinity.prediction import predict as prediction
    from trinity.prediction.folder import default_model, ensemble_in

    torch.set_num_threads(1)
    frame = polymers(rows, first=5000)
    frame = frame.iloc[frame["psmiles"].str.len().argsort()].reset_index(drop=True)
    names = frame["psmiles"].tolist()
    ensemble = ensemble_in(default_model())
    model, seen = ensemble.networks[0], ensemble.seen["fingerprints"]
    prediction.predict(["*CC*"], 50, 6)  # compiled and loaded
    found = {}

    def clock(name: str, work: Callable[[], object]) -> object:
        start = time.process_time()
        result = work()
        found[name] = 1e3 * (time.process_time() - start) / rows
        return result

    clock("check", lambda: [prediction.check_row(s, 50.0, 6.0) for s in names])
    keys = clock("canonical form", lambda: [polymer_key(s) for s in names])
    tests = tests_of(frame)
    clock("fingerprint", lambda: [fingerprint(s) for s in keys])
    clock("nearest neighbour", lambda: [nearest_similarity(s, seen) for s in keys])
    clock("properties", lambda: [estimate(s) for s in keys])
    tests.physics = clock(
        "cone model",
        lambda: nominal_physics(tests.polymers, tests.polymer_of, tests.conditions, threads=1),
    )
    clock("one network, four spellings", lambda: answer(model, tests))
    clock("one network, one spelling", lambda: answer(model, tests, spellings=0))
    fast_parts(clock, names, tests_of(frame))
    return found


def fast_parts(clock: Callable, names: list[str], tests) -> None:
    """As `parts`, of the way through distilled networks."""
    from trinity.chemistry.descriptors import fingerprint_as_cut, within_reach
    from trinity.chemistry.polymers import Polymer
    from trinity.learning.answer import answers
    from trinity.prediction.folder import default_model, ensemble_in

    ensemble = ensemble_in(default_model(fast=True))
    seen, least = ensemble.seen["fingerprints"], ensemble.about["least_similarity"]
    student = ensemble.networks[:1]

    def read(psmiles: str):
        polymer = Polymer.parse(psmiles)
        return polymer.spelled, fingerprint_as_cut(polymer.molecules[0])

    own = clock("fast: check, spelling, fingerprint", lambda: [read(s)[1] for s in names])
    clock("fast: neighbour", lambda: [within_reach(f, seen, least) for f in own])
    clock("fast: one distilled network", lambda: answers(student, tests, spellings=0))


def product_limit(names: pd.Series) -> float:
    """Milliseconds a polymer that the products of one network take at the peak of one core."""
    import torch

    from trinity.learning.encoder import build_tokenizer, encode

    a, b = torch.randn(2, SIDE, SIDE)
    peak = 2.0 * SIDE**3 / min(timeit.repeat(lambda: a @ b, number=1, repeat=10))
    shape = read_json(data_path("artifacts", "models", "language_model", "config.json"))
    width, wide = shape["hidden_size"], shape["intermediate_size"]
    tokens = sum(map(len, encode(build_tokenizer(), list(names)))) / len(names)
    per_token = 2 * shape["num_hidden_layers"] * (4 * width**2 + 2 * width * wide)
    return 1e3 * SPELLINGS * tokens * per_token / peak


def rates(rows: int) -> dict[str, float]:
    """Polymers a second of the command, each way."""
    found = {}
    with tempfile.TemporaryDirectory() as place:
        for name, (options, times) in WAYS.items():
            few, many = (seconds_of_command(n, options, Path(place)) for n in (SHORT, times * rows))
            found[name] = (times * rows - SHORT) / (many - few)
            found[f"{name}, start-up included"] = times * rows / many
    return found


def main() -> None:
    """Measure, write the record and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=4000)
    rows = parser.parse_args().rows
    start, load = time.perf_counter(), os.getloadavg()[0]
    found = {"load_before": round(load, 1), "wanted": WANTED, "rates": rates(rows)}
    found["parts"] = parts(min(rows, 1000))
    limit = product_limit(polymers(rows)["psmiles"])
    found["parts"]["products of one network at the peak of the core, four spellings"] = limit
    records.write(
        records.place("prediction_speed"), found,
        modules=["trinity.prediction.predict"],
        parameters={"rows": rows}, wall_time=time.perf_counter() - start,
    )  # fmt: skip
    print(tables.prediction_speed(found))


if __name__ == "__main__":
    main()
