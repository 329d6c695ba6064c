"""The ensemble that ``trinity predict`` uses: several finetuned models, their intervals calibrated.

Members start from phase-1 models of different seeds (deep ensemble; Lakshminarayanan et al.,
2017): the mean of their means, and the variance of each plus the variance among them.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import load_file, save

from trinity.chemistry.similarity import pack
from trinity.files import write_atomic
from trinity.learning.answer import Answer, answer, answer_rows, combine
from trinity.learning.configurations import (
    Phase2Settings,
    best_of,
    primary_error,
    spread,
    two_phase_settings,
)
from trinity.learning.data import Encoder, TestTable, tests_of
from trinity.learning.intervals import LEAST_SIGMA, group_weights, interval_factors
from trinity.learning.launched import processes
from trinity.learning.loop import member_folders, run_tasks, single_thread
from trinity.learning.model import FlammabilityModel, load_model
from trinity.learning.phase2 import all_layers, correct, each_corrected, finetune
from trinity.provenance import Job
from trinity.quantities import TARGETS

#: Answers about tests that were not seen: with the laboratory named, and with it hidden.
Pair = tuple[Answer, Answer]


@dataclass(frozen=True)
class MemberJob:
    """A member to finetune by gradient on the tests ``seen``; it answers about those ``held``, or
    is written to ``target`` where none is held out."""

    path: Path
    settings: Phase2Settings
    seed: int
    seen: pd.DataFrame
    held: pd.DataFrame | None
    target: Path


def ensemble_answer(models: Sequence[FlammabilityModel], tests: TestTable) -> Answer:
    """Predictions of an ensemble; the physics is computed if a model wants it."""
    if tests.physics is None and any(model.needs_physics for model in models):
        tests = tests.with_physics()
    encoder = Encoder(models[0].tokenizer)
    return combine([answer(model, tests, encoder) for model in models])


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
    folder.mkdir(parents=True, exist_ok=True)
    if settings.mode == "kernel":
        with single_thread():
            used, pairs = _solve(paths, tried, table, seed, folder)
    else:
        tried = used = [settings]
        pairs = _descend(paths, settings, table, seed, folder)
    about = {
        "name": f"trinity phase 2, {len(paths)} members, {settings.mode}",
        "members": len(paths),
        "mode": settings.mode,
        "candidates": len(tried),
        "ways": [configuration.in_words() for configuration in used],
        "least_sigma": LEAST_SIGMA,
        "least_similarity": _extend_domain(Path(phase1), folder, table),
    }
    report = _calibrate(pd.concat([table[held] for _, held in left_out(table)]), pairs)
    about |= {name: report[name] for name in ("factors", "factors_no_laboratory")}
    write_atomic(folder / "ensemble.json", json.dumps(about, indent=1) + "\n")
    return {**about, **report}


def measured_tests(extra: pd.DataFrame | None = None) -> pd.DataFrame:
    """The measured tests with their groups, and a user's own, each polymer a group (``own``)."""
    from trinity.measurements.specimens import load_measurements

    table = load_measurements().assign(own=False)
    if extra is None:
        return table
    known = dict(zip(table["key"], table["group_nine"], strict=True))
    group = [known.get(key, key) for key in extra["key"]]
    return pd.concat([table, extra.assign(own=True, group_nine=group)], ignore_index=True)


def left_out(table: pd.DataFrame) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each strict group of the project's tests two masks (rows,): what training may see, and
    the project's tests that are held out. A user's tests of the same polymer are in neither."""
    for group in dict.fromkeys(table["group_nine"][~table["own"]]):
        out = (table["group_nine"] == group).to_numpy()
        yield ~out, out & ~table["own"].to_numpy()


def _solve(
    paths: list[Path], tried: list[Phase2Settings], table: pd.DataFrame, seed: int, folder: Path
) -> tuple[list[Phase2Settings], list[Pair]]:
    """Mode ``kernel``: the best few configurations on left-out groups and what the ensemble
    answers about each group; writes one member per path, corrected for all tests."""
    tests = tests_of(table, group_weights(table["group_nine"])).with_physics()
    starts = [load_model(path) for path in paths]
    answers, errors = [], []  # per group, per configuration
    for seen, held in left_out(table):
        training = replace(tests.take(seen), weight=group_weights(table["group_nine"][seen]))
        held_out = tests.take(held)
        by_member = [_each_pair(start, training, held_out, tried) for start in starts]
        answers.append([_together(pairs) for pairs in zip(*by_member, strict=True)])
        errors.append([primary_error(named.error(held_out.targets)) for named, _ in answers[-1]])
    best = best_of(errors)
    used = [tried[i] for i in best]
    for path, start in zip(paths, starts, strict=True):
        correct(start, tests, used).save(folder / path.name, {"phase": 2, "seed": seed})
    return used, [_together([pairs[i] for i in best]) for pairs in answers]


def _each_pair(start: FlammabilityModel, training: TestTable, held_out: TestTable, tried) -> list:
    """A pair of answers about the tests held out per configuration."""
    named = all_layers(start, held_out)
    hidden = replace(named, laboratory=named.laboratory * 0)
    return [
        (answer_rows(model, named), answer_rows(model, hidden))
        for model in each_corrected(start, training, tried)
    ]


def _together(pairs: Sequence[Pair]) -> Pair:
    """Several pairs about the same tests, averaged with equal weights."""
    named, hidden = zip(*pairs, strict=True)
    return combine(named), combine(hidden)


def _descend(paths, settings: Phase2Settings, table, seed: int, folder: Path) -> list[Pair]:
    """The modes by gradient: each member without each group, and with all tests."""
    parts = [(table[seen], table[held]) for seen, held in left_out(table)]
    jobs = [
        MemberJob(path, settings, seed, seen, held, folder / path.name)
        for seen, held in [*parts, (table, None)]
        for path in paths
    ]
    # Launched together, all processes have to be at the same step of the same member.
    done = run_tasks(_descend_member, jobs, parallel=processes() == 1)
    members = len(paths)
    return [_together(done[i * members : (i + 1) * members]) for i in range(len(parts))]


def _descend_member(job: MemberJob) -> Pair | None:
    training = tests_of(job.seen, group_weights(job.seen["group_nine"]))
    model = finetune(load_model(job.path), training, job.settings, job.seed)
    if job.held is None:
        model.save(job.target, {"phase": 2, "seed": job.seed})
        return None
    return tuple(answer(model, tests_of(part)) for part in (job.held, job.held.assign(lab=None)))


def _calibrate(held_out: pd.DataFrame, pairs: list[Pair]) -> dict:
    """Interval factors and error factors of the ensemble on held-out polymers.

    ``pairs`` holds the ensemble's answers group by group, ``held_out`` the tests in that order.
    """
    targets = tests_of(held_out).targets
    named, hidden = (Answer.joined(answers) for answers in zip(*pairs, strict=True))
    groups = held_out["group_nine"].to_numpy()
    error = pd.DataFrame(named.error(targets), columns=list(TARGETS))
    means = error.groupby(groups).mean().mean()
    return {
        "factors": interval_factors(error.to_numpy(), named.log_sigma, groups),
        "factors_no_laboratory": interval_factors(hidden.error(targets), hidden.log_sigma, groups),
        "held_out": {target: float(np.exp(means[target])) for target in TARGETS},
    }


def _extend_domain(phase1: Path, folder: Path, table: pd.DataFrame) -> float:
    """Fingerprints of phase 1 and of the measured polymers; the similarity below which a polymer
    is foreign."""
    seen = load_file(phase1 / "domain.safetensors")
    parts = {s for polymer in tests_of(table).polymers for s, _ in polymer}
    packed = np.vstack([seen["fingerprints"], pack(sorted(parts))])
    write_atomic(folder / "domain.safetensors", save({"fingerprints": packed}))
    return float(seen["least_similarity"][0])
