"""Work in pieces: in this process, on its machine's cores through Dask, or on a Dask cluster."""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from trinity.errors import InputError

if TYPE_CHECKING:
    from dask.distributed import Client

CONNECT_S = 10  # to reach a scheduler
RETRIES = 2  # of a piece whose worker was lost


@contextmanager
def client_of(scheduler: str | None, pieces: int) -> Iterator["Client | None"]:
    """A Dask client: of the named scheduler, or of one process per core on this machine.

    None, for this process alone, if no scheduler is named and there are fewer than two ``pieces``.

    Raises
    ------
    InputError
        If no scheduler with a worker answers.
    """
    if scheduler is None and pieces < 2:
        yield None
        return
    from dask.distributed import Client, LocalCluster

    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=CONNECT_S)
            client.wait_for_workers(1, timeout=CONNECT_S)
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(
                f"No Dask scheduler with a worker answers at {scheduler}; start both and give "
                "the scheduler's address, such as tcp://127.0.0.1:8786."
            ) from error
        with client:
            yield client
        return
    workers = min(len(os.sched_getaffinity(0)), pieces)
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None,
            silence_logs=logging.ERROR,
        ) as cluster,
        Client(cluster) as client,
    ):  # fmt: skip
        yield client


def computed(
    client: "Client | None", function: Callable, tasks: Sequence[tuple]
) -> Iterator[tuple[int, Any]]:
    """Place and result of each task (a tuple of arguments), as they are finished."""
    if client is None:
        yield from ((place, function(*task)) for place, task in enumerate(tasks))
        return
    from dask.distributed import as_completed

    waiting = enumerate(tasks)
    places = {}

    def submitted(count: int) -> list:
        futures = []
        for place, task in islice(waiting, count):
            futures.append(client.submit(function, *task, pure=False, retries=RETRIES))
            places[futures[-1].key] = place
        return futures

    width = 3 * max(1, len(client.nthreads()))  # a short queue: results are written at once
    finished = as_completed(submitted(width), with_results=True)
    for future, result in finished:
        yield places.pop(future.key), result
        finished.update(submitted(1))
