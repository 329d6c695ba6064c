"""The ensemble that ``trinity predict`` uses: several finetuned models, their intervals calibrated.

Members start from phase-1 models of different seeds (deep ensemble; Lakshminarayanan et al.,
2017): the mean of their means, and the variance of each plus the variance among them.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import load_file, save

from trinity.chemistry.similarity import pack
from trinity.files import write_atomic
from trinity.learning.answer import Answer, answer_rows, combine
from trinity.learning.configurations import (
    Phase2Settings,
    best_of,
    primary_error,
    spread,
    two_phase_settings,
)
from trinity.learning.data import TestTable, tests_of
from trinity.learning.intervals import error_factors, interval_factors
from trinity.learning.launched import processes
from trinity.learning.loop import member_folders, run_tasks
from trinity.learning.model import load_model
from trinity.learning.phase2 import all_layers, correct, finetune, finetune_each
from trinity.provenance import Job

#: Answers about tests that were not seen: with the laboratory named, and with it hidden.
Pair = tuple[Answer, Answer]


def finetuning(job: Job) -> dict:
    """The stage: `run_phase2` on all measured tests, the ensemble that ``trinity predict`` asks."""
    phase1, settings = job.inputs["pretraining"].folder, job.parameters["phase2"]
    return run_phase2(phase1, settings, job.seed, job.folder, job.progress)


def run_phase2(
    phase1: str | Path,
    numbers: dict,
    seed: int,
    folder: str | Path,
    progress: bool = True,
    extra: pd.DataFrame | None = None,
) -> dict:
    """Finetune phase-1 models on all measured tests.

    Each strict group in turn is left out, the whole ensemble is finetuned without it and predicts
    it. These predictions choose the configurations (mode ``kernel``) and calibrate the intervals.

    Parameters
    ----------
    numbers
        Section ``[phase2]`` of a scale.
    folder
        Gets ``member0`` ..., ``ensemble.json`` and ``domain.safetensors``.
    extra
        Further tests, a user's own; columns of the measurements.

    Returns
    -------
    dict
        ``held_out`` (GMFE per target over groups of the ensemble; the choice looked at the same
        tests, so that it flatters a little), ``factors``, ``ways`` (the configurations in use).
    """
    numbers, folder = dict(numbers), Path(folder)
    paths = member_folders(phase1)[: numbers.pop("members")]
    tried = spread(two_phase_settings(), numbers.pop("candidates"))
    settings = Phase2Settings(checkpoints=(numbers.pop("steps"),), **numbers)
    table = measured_tests(extra)
    tests, groups = tests_of(table), table["group_nine"].to_numpy()
    if settings.mode == "kernel":
        tests = tests.with_physics()
    else:
        tried = [settings]
    parts = [(tests.take(seen).weighed(groups[seen]), held) for seen, held in left_out(table)]
    jobs = [(path, training, tests.take(held)) for training, held in parts for path in paths]
    # What is solved is solved here; launched together, all processes have to be at the same step.
    shared = settings.mode != "kernel" and processes() == 1
    done = run_tasks(partial(_asked, tried, seed), jobs, shared, "left out" if progress else None)
    by_group = [done[i : i + len(paths)] for i in range(0, len(done), len(paths))]
    # Of each group and configuration what the ensemble answers.
    told = [[_together(pairs) for pairs in zip(*members, strict=True)] for members in by_group]
    errors = [
        [primary_error(named.error(tests.take(held).targets)) for named, _ in found]
        for (_, held), found in zip(parts, told, strict=True)
    ]
    best = best_of(errors)
    used = [tried[i] for i in best]
    writer = partial(_write, used, tests.weighed(groups), seed, folder)
    run_tasks(writer, paths, shared, "members" if progress else None)
    about = {
        "name": f"trinity phase 2, {len(paths)} members, {settings.mode}",
        "members": len(paths),
        "mode": settings.mode,
        "candidates": len(tried),
        "ways": [configuration.in_words() for configuration in used],
        "least_sigma": (tests.noise.within**0.5).tolist(),
        "least_similarity": _extend_domain(Path(phase1), folder, tests),
    }
    rows = np.concatenate([np.flatnonzero(held) for _, held in parts])
    pairs = [_together([found[i] for i in best]) for found in told]
    named, hidden = (Answer.joined(found) for found in zip(*pairs, strict=True))
    error, other = (found.error(tests.targets[rows]) for found in (named, hidden))
    about["factors"] = interval_factors(error, named.log_sigma, groups[rows])
    about["factors_no_laboratory"] = interval_factors(other, hidden.log_sigma, groups[rows])
    write_atomic(folder / "ensemble.json", json.dumps(about, indent=1) + "\n")
    return {**about, "held_out": error_factors(error, groups[rows])}


def measured_tests(extra: pd.DataFrame | None = None) -> pd.DataFrame:
    """The measured tests with their groups, and a user's own, each polymer a group (``own``)."""
    from trinity.measurements.specimens import load_measurements

    table = load_measurements().assign(own=False)
    if extra is None:
        return table
    known = dict(zip(table["key"], table["group_nine"], strict=True))
    group = [known.get(key, key) for key in extra["key"]]
    own = extra.assign(own=True, group_nine=group, cell="", replicates=1)
    return pd.concat([table, own], ignore_index=True)


def left_out(table: pd.DataFrame) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each strict group of the project's tests two masks (rows,): what training may see, and
    the project's tests that are held out. A user's tests of the same polymer are in neither."""
    for group in dict.fromkeys(table["group_nine"][~table["own"]]):
        out = (table["group_nine"] == group).to_numpy()
        yield ~out, out & ~table["own"].to_numpy()


def _asked(
    tried: Sequence[Phase2Settings], seed: int, job: tuple[Path, TestTable, TestTable]
) -> list[Pair]:
    """A member finetuned with each configuration: what it answers about tests held out."""
    path, training, held = job
    start = load_model(path)
    named = all_layers(start, held)
    if tried[0].mode != "kernel":
        named.embedding = None  # another one after finetuning
    hidden = replace(named, laboratory=named.laboratory * 0)
    return finetune_each(
        start, training, tried, seed,
        lambda model: tuple(
            answer_rows(model, rows).with_noise(training.noise) for rows in (named, hidden)
        ),
    )  # fmt: skip


def _together(pairs: Sequence[Pair]) -> Pair:
    """Several pairs about the same tests, averaged with equal weights."""
    named, hidden = zip(*pairs, strict=True)
    return combine(named), combine(hidden)


def _write(
    used: Sequence[Phase2Settings], tests: TestTable, seed: int, folder: Path, path: Path
) -> None:
    """The member that starts at ``path``, finetuned on all tests, into the folder."""
    if used[0].mode == "kernel":
        model = correct(load_model(path), tests, used)
    else:
        model = finetune(load_model(path), tests, used[0], seed)
    model.save(folder / path.name, {"phase": 2, "seed": seed})


def _extend_domain(phase1: Path, folder: Path, tests: TestTable) -> float:
    """Fingerprints of phase 1 and of the measured polymers; the similarity below which a polymer
    is foreign."""
    seen = load_file(phase1 / "domain.safetensors")
    parts = {s for polymer in tests.polymers for s, _ in polymer}
    packed = np.vstack([seen["fingerprints"], pack(sorted(parts))])
    write_atomic(folder / "domain.safetensors", save({"fingerprints": packed}))
    return float(seen["least_similarity"][0])
