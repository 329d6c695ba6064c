"""Polymers a second that ``trinity predict --csv`` answers, and where the time goes.

Each polymer is another one, so that nothing is remembered. The rate is of the rows alone: the time
of a short table, which is mostly start-up, is taken off that of a long one.

Example: python -m benchmarks.bench_prediction --rows 4000
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from trinity.files import data_path

SHORT = 256  # one batch: start-up and little else


def polymers(rows: int, first: int = 0) -> pd.DataFrame:
    """Hypothetical polymers of the synthetic table, each in one row, at 50 kW/m2 and 6 mm."""
    path = data_path("artifacts", "synthetic", "synthetic.parquet")
    unique = pd.read_parquet(path, columns=["psmiles"])["psmiles"].drop_duplicates()
    chosen = unique.iloc[first : first + rows].reset_index(drop=True)
    return pd.DataFrame({"psmiles": chosen, "flux_kw_m2": 50.0, "thickness_mm": 6.0})


def seconds_of_command(rows: int, members: int | None, folder: Path) -> float:
    """Wall time of the command in a fresh process."""
    import subprocess
    import sys

    polymers(rows).to_csv(folder / "in.csv", index=False)
    words = [sys.executable, "-m", "trinity", "predict", "--csv", "in.csv", "--out", "out.csv"]
    words += ["--members", str(members)] if members else []
    start = time.perf_counter()
    subprocess.run(words, check=True, capture_output=True, cwd=folder)
    return time.perf_counter() - start


def parts(rows: int) -> dict[str, float]:
    """Milliseconds of processor time a polymer of each part, one thread, in this process."""
    import torch

    from trinity import domain, prediction
    from trinity.physics_prior import nominal_physics
    from trinity.polymers import canonical_psmiles
    from trinity.properties import estimate
    from trinity.similarity import nearest_similarities
    from trinity.training_data import Encoder, tests_of
    from trinity.training_physics import answer

    torch.set_num_threads(1)
    frame = polymers(rows, first=5000)
    frame = frame.iloc[frame["psmiles"].str.len().argsort()].reset_index(drop=True)
    names = frame["psmiles"].tolist()
    folder = prediction.default_model()
    model, seen = prediction._members(folder)[0], prediction._seen(folder)
    prediction.predict(["*CC*"], 50, 6)  # compiled and loaded
    found = {}

    def clock(name: str, work: Callable[[], object]) -> object:
        start = time.process_time()
        result = work()
        found[name] = 1e3 * (time.process_time() - start) / rows
        return result

    clock("check", lambda: [prediction.check_row(s, 50.0, 6.0) for s in names])
    keys = clock("canonical form", lambda: [canonical_psmiles(s) for s in names])
    tests = tests_of(frame)
    clock("fingerprint", lambda: [domain.fingerprint(s) for s in keys])
    clock("nearest neighbour", lambda: nearest_similarities(keys, seen))
    clock("properties", lambda: [estimate(s) for s in keys])
    tests.physics = clock("cone model", lambda: nominal_physics(tests, threads=1))
    encoder = Encoder(model.tokenizer)
    clock("one network, four spellings", lambda: answer(model, tests, encoder))
    clock("one network, one spelling", lambda: answer(model, tests, encoder, spellings=0))
    return found


def main() -> None:
    """Print the parts and the rates."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=4000)
    rows = parser.parse_args().rows
    for name, value in parts(min(rows, 1000)).items():
        print(f"{name:30s} {value:8.3f} ms a polymer", flush=True)
    with tempfile.TemporaryDirectory() as place:
        for members in (1, None):
            few, many = (seconds_of_command(n, members, Path(place)) for n in (SHORT, rows))
            name = "one member" if members else "all members"
            print(f"{name:30s} {(rows - SHORT) / (many - few):8.0f} polymers a second", flush=True)
            print(f"{'  with start-up':30s} {rows / many:8.0f} polymers a second", flush=True)


if __name__ == "__main__":
    main()
