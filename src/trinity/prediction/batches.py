"""Many predictions at once: rows of similar length together, on all cores.

A batch is as long as its longest repeat unit, so rows are sorted by length first; each batch is
one job of a one-thread process.  Batches depend on the rows alone, so that the answers are the
same on one core or many.
"""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from trinity.prediction.predict import predict_frame

ROWS_A_BATCH = 256


def predict_batches(
    frame: pd.DataFrame,
    model: str | Path | None = None,
    workers: int | None = None,
    members: int | None = None,
    fast: bool = False,
) -> list[dict]:
    """As `trinity.prediction.predict.predict_frame`, for tables of any length.

    Parameters
    ----------
    workers
        Processes; one a core by default. Up to one batch of rows is predicted in this process.
    members
        Use the first so many networks only, as `trinity.prediction.predict.predict_frame` does.
    fast
        Ask distilled networks.

    Raises
    ------
    InputError
        If the model folder or the number of members cannot be used.
    """
    one = partial(predict_frame, model=model, members=members, fast=fast)
    one(frame.iloc[:0])  # is there a model at all?
    order = np.argsort(_lengths(frame), kind="stable")
    parts = [order[i : i + ROWS_A_BATCH] for i in range(0, len(order), ROWS_A_BATCH)]
    jobs = [frame.iloc[part].reset_index(drop=True) for part in parts]
    answers: list[dict] = [{} for _ in order]
    for part, said in zip(parts, _run(one, jobs, workers or _cores()), strict=True):
        for place, answer in zip(part, said, strict=True):
            answers[place] = answer
    return answers


def _lengths(frame: pd.DataFrame) -> list[int]:
    """Characters of the longest component of each row."""
    mixtures = frame["components"] if "components" in frame else [None] * len(frame)
    return [
        max(map(len, (mixed if isinstance(mixed, str) else str(psmiles)).split("|")))
        for psmiles, mixed in zip(frame["psmiles"], mixtures, strict=True)
    ]


def _run(one: Callable, jobs: list[pd.DataFrame], workers: int) -> list[list[dict]]:
    if len(jobs) < 2 or workers < 2:
        return list(map(one, jobs))
    # Spawned: a copy of a process that used torch may hang.
    context = get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(jobs)), context, initializer=_one_thread) as pool:
        return list(pool.map(one, jobs))


def _one_thread() -> None:
    from trinity.learning.loop import one_thread

    one_thread()


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
