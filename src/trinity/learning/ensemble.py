"""Phase 2 as a stage of the pipeline: several finetuned models as one, its intervals calibrated.

Members start from phase-1 models of different seeds (deep ensemble; Lakshminarayanan et al.,
2017): the mean of their means, and the variance of each plus the variance among them.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import load_file, save

from trinity.chemistry import domain
from trinity.cone.predict import nominal_physics
from trinity.evidence.arms import committee_size, in_words, spread, two_phase_ways
from trinity.evidence.scores import conformal_quantile
from trinity.files import write_atomic
from trinity.learning.answer import Answer, answer, physical
from trinity.learning.data import Encoder, TestTable, tests_of
from trinity.learning.loop import member_folders, run_tasks
from trinity.learning.model import FlammabilityModel, load_model
from trinity.learning.phase2 import MeasuredSettings, all_layers, correct, finetune, group_weights
from trinity.provenance import Job
from trinity.quantities import PRIMARY, TARGETS

#: No interval is narrower than repeated tests scatter (sigma of the logarithm).
LEAST_SIGMA = 0.05
#: What models say of the tests of a group that they did not see: with the laboratory named, and
#: with it hidden.
Pair = tuple[Answer, Answer]


def combine(answers: Sequence[Answer]) -> Answer:
    """Mean, total standard deviation and mean ignition probability of several answers."""
    means = np.stack([a.log_mean for a in answers])
    variance = np.mean([a.log_sigma**2 for a in answers], axis=0) + means.var(axis=0)
    ignition = np.mean([a.ignition for a in answers], axis=0)
    return Answer(means.mean(axis=0), np.sqrt(variance), ignition)


def ensemble_answer(models: Sequence[FlammabilityModel], tests: TestTable) -> Answer:
    """What an ensemble says of tests; the physics is computed if a model wants it."""
    if tests.physics is None and any(model.needs_physics for model in models):
        tests = replace(
            tests, physics=nominal_physics(tests.polymers, tests.polymer_of, tests.conditions)
        )
    encoder = Encoder(models[0].tokenizer)
    return combine([answer(model, tests, encoder) for model in models])


def interval_factors(said: Answer, tests: TestTable, groups: Sequence[str]) -> list[float]:
    """Conformal factor on sigma for each target, from answers about held-out tests."""
    with np.errstate(invalid="ignore"):
        error = np.abs(said.log_mean - np.log(tests.targets))
    ratios = error / np.maximum(said.log_sigma, LEAST_SIGMA)
    return [conformal_quantile(ratios[:, i], groups) for i in range(len(TARGETS))]


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
    """Finetune phase-1 models on all measured tests: the ensemble that ``trinity predict`` uses.

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
        ``held_out`` (GMFE a target over groups of the ensemble; the choice looked at the same
        tests, so that it flatters a little), ``factors``, ``ways``.
    """
    numbers = dict(numbers)
    paths = member_folders(phase1)[: numbers.pop("members")]
    candidates, steps = numbers.pop("candidates"), numbers.pop("steps")
    settings = MeasuredSettings(**numbers, checkpoints=(steps,))
    table = measured_tests(extra)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if settings.mode == "kernel":
        job = (paths, spread(two_phase_ways(), candidates), table, seed, folder)
        # Small matrices: one thread is ten times as fast as two that wait for each other.
        ways, said = run_tasks(_solve, [job], parallel=False)[0]
    else:
        ways, said = [settings], _descend(paths, settings, table, seed, folder)
    about = {
        "name": f"trinity phase 2, {len(paths)} members, {settings.mode}",
        "members": len(paths),
        "mode": settings.mode,
        "candidates": candidates if settings.mode == "kernel" else 1,
        "ways": [in_words(way, steps) for way in ways],
        "least_sigma": LEAST_SIGMA,
        "least_similarity": _extend_domain(Path(phase1), folder, table),
    }
    report = _calibrate(pd.concat([table[held] for _, held in left_out(table)]), said)
    about |= {name: report[name] for name in ("factors", "factors_no_laboratory")}
    write_atomic(folder / "ensemble.json", json.dumps(about, indent=1) + "\n")
    return {**about, **report}


def measured_tests(extra: pd.DataFrame | None = None) -> pd.DataFrame:
    """The measured tests with their groups, and a user's own, each polymer a group (``own``)."""
    from trinity.measurements import load_measurements

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


def _solve(job: tuple) -> tuple[list[MeasuredSettings], list[Pair]]:
    """Mode ``kernel``: the best few ways on left-out groups, and a member each of all tests."""
    paths, ways, table, seed, folder = job
    tests = tests_of(table, group_weights(table["group_nine"]))
    tests.physics = nominal_physics(tests.polymers, tests.polymer_of, tests.conditions)
    starts = [load_model(path) for path in paths]
    said, errors = [], []
    for seen, held in left_out(table):
        training = replace(tests.take(seen), weight=group_weights(table["group_nine"][seen]))
        by_member = [_every_way(start, training, tests.take(held), ways) for start in starts]
        by_way = [
            tuple(combine([member[i][kind] for member in by_member]) for kind in (0, 1))
            for i in range(len(ways))
        ]
        said.append(by_way)
        errors.append([_error(named, tests.take(held)) for named, _ in by_way])
    best = np.argsort(np.mean(errors, axis=0), kind="stable")[: committee_size(len(ways))].tolist()
    for path, start in zip(paths, starts, strict=True):
        model = correct(start, tests, [ways[i] for i in best])
        model.save(folder / path.name, {"phase": 2, "seed": seed})
    pairs = [tuple(combine([by_way[i][kind] for i in best]) for kind in (0, 1)) for by_way in said]
    return [ways[i] for i in best], pairs


def _every_way(
    start: FlammabilityModel, training: TestTable, held_out: TestTable, ways
) -> list[Pair]:
    """What corrections of one model say of tests that they did not see."""
    known, new = all_layers(start, training), all_layers(start, held_out)
    nameless = replace(new, laboratory=new.laboratory * 0)
    pairs = []
    for way in ways:
        model = correct(start, training, [way], known)
        said = (physical(model.scalers, model(rows)) for rows in (new, nameless))
        pairs.append(tuple(Answer(*parts) for parts in said))
    return pairs


def _error(said: Answer, tests: TestTable) -> float:
    """Primary endpoint within a group: mean |ln| error of ignition time and peak."""
    columns = [TARGETS.index(target) for target in PRIMARY]
    error = np.abs(said.log_mean - np.log(tests.targets))[:, columns]
    return float(np.nanmean(error, axis=0).mean())


def _descend(paths, settings: MeasuredSettings, table, seed: int, folder: Path) -> list[Pair]:
    """The modes by gradient: each member without each group, and with all tests."""
    masks = [*left_out(table), None]
    jobs = [
        (str(path), settings, seed, table, mask, str(folder / path.name))
        for mask in masks
        for path in paths
    ]
    done = run_tasks(_descend_member, jobs)
    groups = [done[i : i + len(paths)] for i in range(0, len(done) - len(paths), len(paths))]
    return [tuple(combine([m[kind] for m in group]) for kind in (0, 1)) for group in groups]


def _descend_member(job: tuple) -> Pair | None:
    """Finetune one member without a group and answer about it; with nothing left out, write it."""
    path, settings, seed, table, masks, target = job
    seen, held = masks or (np.ones(len(table), bool), None)
    training = tests_of(table[seen], group_weights(table["group_nine"][seen]))
    model = finetune(load_model(path), training, settings, seed)
    if held is None:
        model.save(target, {"phase": 2, "seed": seed})
        return None
    hidden = tests_of(table[held].assign(lab=None))
    return answer(model, tests_of(table[held])), answer(model, hidden)


def _calibrate(held_out: pd.DataFrame, said: list[Pair]) -> dict:
    """Interval factors and error factors of the ensemble on held-out polymers.

    ``said`` holds, a group, what the ensemble answered; ``held_out`` the tests in the same order.
    """
    tests = tests_of(held_out)
    named, hidden = (concatenate([pair[kind] for pair in said]) for kind in (0, 1))
    groups = held_out["group_nine"].to_numpy()
    with np.errstate(invalid="ignore"):
        error = pd.DataFrame(np.abs(named.log_mean - np.log(tests.targets)), columns=list(TARGETS))
    means = error.groupby(groups).mean().mean()
    return {
        "factors": interval_factors(named, tests, groups),
        "factors_no_laboratory": interval_factors(hidden, tests, groups),
        "held_out": {target: float(np.exp(means[target])) for target in TARGETS},
    }


def concatenate(answers: Sequence[Answer]) -> Answer:
    """Answers about several sets of tests as one, in order."""
    return Answer(
        *(
            np.concatenate([getattr(a, name) for a in answers])
            for name in ("log_mean", "log_sigma", "ignition")
        )
    )


def _extend_domain(phase1: Path, folder: Path, table: pd.DataFrame) -> float:
    """Fingerprints of phase 1 and of the measured polymers; the similarity below which a polymer
    is foreign."""
    seen = load_file(phase1 / "domain.safetensors")
    parts = {s for polymer in tests_of(table).polymers for s, _ in polymer}
    packed = np.vstack([seen["fingerprints"], domain.pack(sorted(parts))])
    write_atomic(folder / "domain.safetensors", save({"fingerprints": packed}))
    return float(seen["least_similarity"][0])
