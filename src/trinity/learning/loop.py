"""The one training loop of all phases: resumable, deterministic, ready for `accelerate launch`.

What a step does depends on nothing but its number: batches, spellings and masks are drawn from
generators seeded by (seed, step).  A checkpoint is therefore weights, optimiser state and the
number of steps, one safetensors file, and a resumed run equals an uninterrupted one bit for bit.
"""

import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn

from trinity.files import write_atomic


@dataclass(frozen=True)
class Schedule:
    """Number of steps and how the learning rate runs over them."""

    steps: int
    learning_rate: float
    warmup_fraction: float = 0.05  # Adam's second moments need some steps to mean anything
    shape: str = "cosine"  # cosine (to 1 % at the end) or constant
    weight_decay: float = 0.01
    clip: float = 1.0

    def factor(self, step: int) -> float:
        """Multiplier of the learning rate at a step (counted from 0)."""
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
    for in_backbone in (True, False):
        for decays in (True, False):
            chosen = [
                p
                for name, p in model.named_parameters()
                if p.requires_grad
                and (p.ndim > 1) == decays
                and name.startswith("backbone.") == in_backbone
            ]
            if chosen:
                rate = schedule.learning_rate * (backbone_rate if in_backbone else 1.0)
                decay = schedule.weight_decay if decays else 0.0
                groups.append({"params": chosen, "lr": rate, "base": rate, "weight_decay": decay})
    return torch.optim.AdamW(groups, betas=(0.9, 0.98))


def train(
    model: nn.Module,
    loss_of: Callable[[nn.Module, int], Tensor],
    schedule: Schedule,
    seed: int,
    *,
    backbone_rate: float = 1.0,
    after: Callable[[int], None] | None = None,
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

    accelerator = Accelerator()
    optimiser = optimiser_of(model, schedule, backbone_rate)
    done, history = load_checkpoint(checkpoint, model, optimiser)
    wrapped, optimiser = accelerator.prepare(model, optimiser)
    wrapped.train()
    with _bar(progress, schedule.steps, done) as advance:
        for step in range(done, schedule.steps):
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
            if after:
                after(step + 1)
            if checkpoint and (step + 1) % every == 0 and accelerator.is_main_process:
                save_checkpoint(checkpoint, model, optimiser, step + 1, history)
            advance(history[-1])
    model.eval()
    return history


@contextmanager
def _bar(label: str | None, total: int, done: int):
    """A progress bar on a terminal, nothing without a label."""
    if not label:
        yield lambda loss: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task(label, total=total, completed=done)
        yield lambda loss: bar.update(task, advance=1, description=f"{label}  loss {loss:.3f}")


def save_checkpoint(path: Path, model: nn.Module, optimiser, step: int, history: list[float]):
    """Weights, optimiser state, step and losses in one safetensors file, written atomically."""
    tensors = {f"model/{k}": v.detach().clone() for k, v in model.state_dict().items()}
    for index, state in optimiser.state_dict()["state"].items():
        for key, value in state.items():
            tensors[f"optimiser/{index}/{key}"] = torch.as_tensor(value).clone()
    about = {"step": str(step), "history": json.dumps(history)}
    write_atomic(path, save({k: v.contiguous() for k, v in tensors.items()}, metadata=about))


def load_checkpoint(path: Path | None, model: nn.Module, optimiser) -> tuple[int, list[float]]:
    """Continue from a checkpoint: fills model and optimiser, returns steps done and losses."""
    if path is None or not Path(path).is_file():
        return 0, []
    weights, state = {}, {}
    with safe_open(str(path), framework="pt") as stored:
        for name in stored.keys():  # noqa: SIM118 (a safetensors handle is no dict)
            kind, rest = name.split("/", 1)
            if kind == "model":
                weights[rest] = stored.get_tensor(name)
            else:
                index, key = rest.split("/")
                state.setdefault(int(index), {})[key] = stored.get_tensor(name)
        about = stored.metadata()
    model.load_state_dict(weights)
    optimiser.load_state_dict(
        {"state": state, "param_groups": optimiser.state_dict()["param_groups"]}
    )
    return int(about["step"]), json.loads(about["history"])


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


def run_tasks(function: Callable, jobs: Sequence, parallel: bool = True) -> list:
    """``function`` of each job, in order: on worker processes, or here when there is little to do.

    The results are the same either way: one thread computes each.
    """
    if parallel and len(jobs) > 1:
        with worker_pool(len(jobs)) as pool:
            return list(pool.map(function, jobs))
    with single_thread():
        return [function(job) for job in jobs]
