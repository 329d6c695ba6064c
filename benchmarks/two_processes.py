"""Is finetuning in two processes the same as in one? ``python -m benchmarks.two_processes``.

One phase-1 model is finetuned on all measured tests: in closed form (``kernel``) and by gradient
(``full``), by one process and by two that average their gradients, and with another seed by one.
What the models then say of the measured tests is compared: |ln| of the ratio of two predictions.
The outcome goes to ``data/artifacts/results/two_processes.json``.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from trinity_book import records, tables

from trinity.files import data_path, data_root

STEPS = 50  # as scale laptop finetunes by gradient
#: Name -> mode, processes, seed.
RUNS = {
    "kernel, one": ("kernel", 1, 0),
    "kernel, two": ("kernel", 2, 0),
    "full, one": ("full", 1, 0),
    "full, two": ("full", 2, 0),
    "full, other seed": ("full", 1, 1),
}
PAIRS = (
    ("closed form, two processes and one", "kernel, two", "kernel, one"),
    ("by gradient, two processes and one", "full, two", "full, one"),
    ("by gradient, one process, two seeds", "full, other seed", "full, one"),
)


def finetuned(mode: str, seed: int, steps: int, out: Path) -> None:
    """Finetune in this process, together with those launched with it; write what it then says."""
    import torch

    from trinity.learning.answer import answer
    from trinity.learning.configurations import Phase2Settings
    from trinity.learning.data import tests_of
    from trinity.learning.intervals import group_weights
    from trinity.learning.loop import member_folders
    from trinity.learning.model import load_model
    from trinity.learning.phase2 import finetune
    from trinity.measurements.specimens import load_measurements

    torch.set_num_threads(1)
    table = load_measurements()
    tests = tests_of(table, group_weights(table["group_nine"]))
    start = load_model(member_folders(data_path("artifacts", "models", "phase1"))[0])
    settings = Phase2Settings(mode, 1e-3, 0.3, 0.03, (steps,))
    model = finetune(start, tests, settings, seed)
    rank = os.environ.get("RANK", "0")
    np.save(out / f"{rank}.npy", answer(model, tests_of(table)).log_mean)


def launch(mode: str, processes: int, seed: int, steps: int, out: Path) -> np.ndarray:
    """Predictions (log, a row a test) of a model finetuned by some processes, which must agree."""
    out.mkdir(parents=True)
    words = ["-m", "benchmarks.two_processes", "--worker", mode, "--seed", str(seed),
             "--steps", str(steps), "--out", str(out)]  # fmt: skip
    if processes > 1:
        words = ["-m", "torch.distributed.run", "--nproc_per_node", str(processes), *words]
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, *words], cwd=data_root().parent, env=environment, check=True)
    said = [np.load(out / f"{rank}.npy") for rank in range(processes)]
    if any(not np.array_equal(said[0], other) for other in said):
        raise SystemExit("The processes of one launch ended with different models.")
    return said[0]


def main() -> None:
    """Finetune five times, write the record and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worker", metavar="MODE")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.worker:
        finetuned(options.worker, options.seed, options.steps, options.out)
        return
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        said = {
            name: launch(mode, processes, seed, options.steps, Path(folder) / str(place))
            for place, (name, (mode, processes, seed)) in enumerate(RUNS.items())
        }
    pairs = []
    for name, one, other in PAIRS:
        apart = np.abs(said[one] - said[other])
        pairs.append({"pair": name, "mean": float(apart.mean()), "largest": float(apart.max())})
    records.write(
        records.place("two_processes"),
        {"pairs": pairs, "predictions": int(said["full, one"].size)},
        modules=["trinity.learning.data", "trinity.learning.loop", "trinity.learning.phase2",
                 "trinity.measurements.specimens"],
        data=["measurements", "folds.csv", "artifacts/models/phase1"],
        parameters={"steps": options.steps, "processes": 2}, seeds=[0, 1],
        wall_time=time.monotonic() - start,
    )  # fmt: skip
    print(tables.two_processes({"pairs": pairs}))


if __name__ == "__main__":
    main()
