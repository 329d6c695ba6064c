"""The one training loop of all phases: resumable, deterministic, ready for `accelerate launch`.

What a step does depends on nothing but its number: batches, spellings and masks are drawn from
generators seeded by (seed, step).  A checkpoint is therefore weights, optimiser state and the
losses so far, one safetensors file, and a resumed run equals an uninterrupted one bit for bit.
"""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from trinity.files import write_atomic


@dataclass(frozen=True)
class Schedule:
    """Number of steps and how the learning rate runs over them."""

    steps: int
    learning_rate: float
    warmup_fraction: float = 0.05  # Adam's second moments need some steps to mean anything
    #: ``cosine`` (to 1 % at the end), ``constant``, or ``step``: without warm-up, times 0.7 after
    #: each tenth of the way (Liu et al., 2025).
    shape: str = "cosine"
    weight_decay: float = 0.01
    clip: float = 1.0

    def factor(self, step: int) -> float:
        """Multiplier of the learning rate at a step (counted from 0)."""
        if self.shape == "step":
            return 0.7 ** (10 * step // self.steps)
        warmup = max(1, round(self.warmup_fraction * self.steps))
        if step < warmup:
            return (step + 1) / warmup
        if self.shape == "constant":
            return 1.0
        done = (step - warmup) / max(1, self.steps - warmup)
        return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done))


@contextmanager
def seeded(seed: int):
    """Torch's random numbers within the block come from ``seed``; outside nothing changes."""
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(seed)
        yield


def optimiser_of(model: nn.Module, schedule: Schedule, backbone_rate: float = 1.0):
    """AdamW; the backbone's rate is ``backbone_rate`` times the head's; vectors never decay."""
    groups = []
    free = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    for kind in product((True, False), repeat=2):
        chosen = [p for name, p in free if (name.startswith("backbone."), p.ndim > 1) == kind]
        rate = schedule.learning_rate * (backbone_rate if kind[0] else 1.0)
        decay = schedule.weight_decay if kind[1] else 0.0
        groups.append({"params": chosen, "lr": rate, "base": rate, "weight_decay": decay})
    return torch.optim.AdamW(groups, betas=(0.9, 0.98))


def train(
    model: nn.Module,
    loss_of: Callable[[nn.Module, int], Tensor],
    schedule: Schedule,
    seed: int,
    *,
    backbone_rate: float = 1.0,
    after: Callable[[int], bool | None] | None = None,
    checkpoint: Path | None = None,
    every: int = 200,
    progress: str | None = None,
) -> list[float]:
    """Train ``model`` in place and return the loss of each step.

    ``loss_of(model, index)`` is the loss of batch ``index``; with several processes each takes
    its own indices.  ``after(step)`` runs after every update with the number of steps done.
    ``checkpoint`` names a file written each ``every`` steps and continued from if it exists.
    """
    from accelerate import Accelerator
    from rich.progress import Progress

    accelerator = Accelerator()
    optimiser = optimiser_of(model, schedule, backbone_rate)
    history = load_checkpoint(checkpoint, model, optimiser)
    wrapped, optimiser = accelerator.prepare(model, optimiser)
    wrapped.train()
    with Progress(transient=True, disable=not progress) as bar:
        task = bar.add_task(progress or "", total=schedule.steps, completed=len(history))
        for step in range(len(history), schedule.steps):
            for group in optimiser.param_groups:
                group["lr"] = group["base"] * schedule.factor(step)
            index = step * accelerator.num_processes + accelerator.process_index
            with seeded(int(np.random.SeedSequence([seed, index]).generate_state(1)[0])):
                loss = loss_of(wrapped, index)
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(wrapped.parameters(), schedule.clip)
            optimiser.step()
            optimiser.zero_grad()
            history.append(float(loss.detach()))
            if after and after(step + 1):
                break
            if checkpoint and (step + 1) % every == 0 and accelerator.is_main_process:
                save_checkpoint(checkpoint, model, optimiser, history)
            bar.update(task, advance=1, description=f"{progress}  loss {history[-1]:.3f}")
    model.eval()
    return history


def save_checkpoint(path: Path, model: nn.Module, optimiser, history: list[float]) -> None:
    """Weights, optimiser state and losses in one safetensors file, written atomically."""
    tensors = {f"model/{name}": values for name, values in model.state_dict().items()}
    for index, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{index}/{name}": values for name, values in state.items()}
    tensors["history"] = torch.tensor(history, dtype=torch.float64)
    write_atomic(path, save({k: v.detach().clone().contiguous() for k, v in tensors.items()}))


def load_checkpoint(path: Path | None, model: nn.Module, optimiser) -> list[float]:
    """Continue from a checkpoint, if there is one: fills model and optimiser, returns losses."""
    if path is None or not path.is_file():
        return []
    stored, weights, state = load_file(path), {}, {}
    history = stored.pop("history").tolist()
    for name, values in stored.items():
        kind, place, *key = name.split("/")
        if kind == "model":
            weights[place] = values
        else:
            state.setdefault(int(place), {})[key[0]] = values
    model.load_state_dict(weights)
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
    return history


def length_batches(lengths: np.ndarray, size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Indices in batches of similar length, shuffled anew each epoch.

    Sorting by length plus noise keeps padding small and the batches different from epoch to epoch.
    """
    rng = np.random.default_rng([seed, epoch])
    order = np.argsort(lengths + rng.uniform(0, 0.1 * lengths.mean() + 1, len(lengths)))
    batches = [order[i : i + size] for i in range(0, len(order), size)]
    return [batches[i] for i in rng.permutation(len(batches))]


def member_folders(folder: str | Path) -> list[Path]:
    """Folders of an ensemble's members, in order."""
    return sorted(Path(folder).glob("member*"), key=lambda path: int(path.name[len("member") :]))


def one_thread() -> None:
    """For worker processes: they share the cores, and one thread fixes the order of sums."""
    torch.set_num_threads(1)


def worker_pool(tasks: int) -> ProcessPoolExecutor:
    """A pool of one-thread processes, spawned: a copy of a process that used torch may hang."""
    workers = max(1, min(tasks, os.cpu_count() or 1))
    return ProcessPoolExecutor(workers, get_context("spawn"), initializer=one_thread)


@contextmanager
def single_thread() -> Iterator[None]:
    """Within the block torch uses one thread: the same sums everywhere, and for small matrices
    ten times as fast as two threads that wait for each other."""
    threads = torch.get_num_threads()
    one_thread()
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def run_tasks(
    function: Callable, jobs: Sequence, parallel: bool = True, progress: str | None = None
) -> list:
    """``function`` of each job, in order: on worker processes, or here when there is little to do.

    The results are the same either way: one thread computes each.
    """
    from rich.progress import track

    bar = {"total": len(jobs), "transient": True, "disable": not progress}
    if parallel and len(jobs) > 1:
        with worker_pool(len(jobs)) as pool:
            return list(track(pool.map(function, jobs), progress or "", **bar))
    with single_thread():
        return [function(job) for job in track(jobs, progress or "", **bar)]
