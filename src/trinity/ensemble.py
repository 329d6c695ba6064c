"""Phase 2 as a stage of the pipeline: several finetuned models as one, its intervals calibrated.

Members start from phase-1 models of different seeds (deep ensemble; Lakshminarayanan et al.,
2017): the mean of their means, and the variance of each plus the variance among them.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import load_file, save

from trinity import domain
from trinity.evaluation import TARGETS, conformal_quantile
from trinity.files import write_atomic
from trinity.model import load_model
from trinity.training_data import Encoder, Tests, tests_of
from trinity.training_loop import member_folders, run_tasks
from trinity.training_measured import MeasuredSettings, finetune, group_weights
from trinity.training_physics import Answer, answer

#: No interval is narrower than repeated tests scatter (sigma of the logarithm).
LEAST_SIGMA = 0.05


def combine(answers: Sequence[Answer]) -> Answer:
    """Mean, total standard deviation and mean ignition probability of several answers."""
    means = np.stack([a.log_mean for a in answers])
    variance = np.mean([a.log_sigma**2 for a in answers], axis=0) + means.var(axis=0)
    ignition = np.mean([a.ignition for a in answers], axis=0)
    return Answer(means.mean(axis=0), np.sqrt(variance), ignition)


def ensemble_answer(models: Sequence, tests: Tests) -> Answer:
    """What an ensemble says of tests."""
    encoder = Encoder(models[0].tokenizer)
    return combine([answer(model, tests, encoder) for model in models])


def interval_factors(said: Answer, tests: Tests, groups: Sequence[str]) -> list[float]:
    """Conformal factor on sigma for each target, from answers about held-out tests."""
    with np.errstate(invalid="ignore"):
        error = np.abs(said.log_mean - np.log(tests.targets))
    ratios = error / np.maximum(said.log_sigma, LEAST_SIGMA)
    return [conformal_quantile(ratios[:, i], groups) for i in range(len(TARGETS))]


def run_phase2(
    phase1: str | Path,
    numbers: dict,
    seed: int,
    folder: str | Path,
    progress: bool = True,
    extra: pd.DataFrame | None = None,
) -> dict:
    """Finetune phase-1 models on all measured tests: the ensemble that ``trinity predict`` uses.

    The interval factors come from held-out polymers: each strict group in turn is left out, the
    whole ensemble is finetuned without it and predicts it, with and without its laboratory named.

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
        ``held_out`` (GMFE a target over groups of the ensemble), ``factors``, ``settings``.
    """
    numbers = dict(numbers)
    members = member_folders(phase1)[: numbers.pop("members")]
    settings = {"checkpoints": (numbers.pop("steps"),), **numbers}
    table = measured_tests(extra)
    groups = list(dict.fromkeys(table["group_nine"][~table["own"]]))
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [
        (str(path), settings, seed, table, left_out, str(folder / path.name))
        for left_out in (*groups, None)
        for path in members
    ]
    # The closed form takes less time than starting a worker does.
    done = run_tasks(_phase2_member, jobs, parallel=settings["mode"] != "kernel")
    said = [done[i : i + len(members)] for i in range(0, len(groups) * len(members), len(members))]
    about = {
        "name": f"trinity phase 2, {len(members)} members, {settings['mode']}",
        "members": len(members),
        "settings": settings,
        "least_sigma": LEAST_SIGMA,
        "least_similarity": _extend_domain(Path(phase1), folder, table),
    }
    held_out = pd.concat([table[(table["group_nine"] == g) & ~table["own"]] for g in groups])
    report = _calibrate(held_out, said)
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


def _phase2_member(job: tuple) -> tuple[Answer, Answer] | None:
    """Finetune one member without a group and answer about it, with its laboratory named and
    hidden; with nothing left out, write the member."""
    path, settings, seed, table, left_out, target = job
    out = (table["group_nine"] == left_out).to_numpy()
    training = tests_of(table[~out], group_weights(table["group_nine"][~out]))
    model = finetune(load_model(path), training, MeasuredSettings(**settings), seed)
    if left_out is None:
        model.save(target, {"phase": 2, "seed": seed, "settings": settings})
        return None
    held_out = table[out & ~table["own"]]
    hidden = tests_of(held_out.assign(lab=None))
    return answer(model, tests_of(held_out)), answer(model, hidden)


def _calibrate(held_out: pd.DataFrame, said: list[list[tuple[Answer, Answer]]]) -> dict:
    """Interval factors and error factors of the ensemble on held-out polymers.

    ``said`` holds, a group, what each member answered; ``held_out`` the tests in the same order.
    """
    tests = tests_of(held_out)
    named, hidden = (
        concatenate([combine([pair[kind] for pair in group]) for group in said]) for kind in (0, 1)
    )
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
