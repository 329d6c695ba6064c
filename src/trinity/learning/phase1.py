"""Phase 1 as a stage of the pipeline: the synthetic table in, models of several seeds and their
scores on hypothetical polymers out."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from trinity.learning.data import TestTable, tests_of
from trinity.learning.loop import member_folders, run_tasks, seeded
from trinity.provenance import Job
from trinity.quantities import TARGETS


def pretraining(job: Job) -> dict:
    """The stage: `run_phase1` on the synthetic table, from the language model of phase 0."""
    table = pd.read_parquet(job.inputs["synthesis"].folder / "synthetic.parquet")
    language_model, settings = job.inputs["phase0"].folder, job.parameters["phase1"]
    return run_phase1(table, language_model, settings, job.seed, job.folder, job.progress)


def run_phase1(
    table: pd.DataFrame,
    language_model: str | Path,
    numbers: dict,
    seed: int,
    folder: str | Path,
    progress: bool = True,
) -> dict:
    """Train ``members`` models on the synthetic table and score them on polymers not seen.

    Parameters
    ----------
    table
        Synthetic rows (`trinity.synthesis.table`).
    language_model
        Folder of phase 0, or any encoder `trinity.learning.model.load_backbone` can load.
    numbers
        Section ``[phase1]`` of a scale.
    folder
        Gets ``member0`` ...; an interrupted run goes on from what is there.

    Returns
    -------
    dict
        ``losses`` a member, ``held_out`` and ``conditions_only`` (GMFE a target on held-out
        hypothetical polymers, over polymers), ``rows``, ``polymers``, counts.
    """
    folder = Path(folder)
    numbers = dict(numbers)
    members, held_out = numbers.pop("members"), numbers.pop("held_out")
    table = without_measured(table)
    jobs = [(table, str(language_model), numbers, held_out, seed, k, str(folder), progress)
            for k in range(members)]  # fmt: skip
    histories = run_tasks(_phase1_member, jobs)
    tests = tests_of(table)
    training, unseen = split_polymers(tests, held_out, seed)
    _write_seen(folder, [s for polymer in tests.take(training).polymers for s, _ in polymer])
    report = _score_phase1(folder, tests.take(training), tests.take(unseen))
    return {
        "members": members,
        "rows": len(tests),
        "polymers": len(tests.polymers),
        "held_out_polymers": len(np.unique(tests.polymer_of[unseen])),
        "losses": [_thinned(history) for history in histories],
        **report,
    }


def _write_seen(folder: Path, psmiles: list[str]) -> None:
    """Fingerprints of the polymers of training, and how near to others they usually are."""
    from safetensors.numpy import save

    from trinity.chemistry import domain
    from trinity.files import write_atomic

    packed = domain.pack(psmiles)
    near = domain.typical_similarity(packed)
    arrays = {"fingerprints": packed, "least_similarity": np.array([near])}
    write_atomic(folder / "domain.safetensors", save(arrays))


def without_measured(table: pd.DataFrame) -> pd.DataFrame:
    """Synthetic rows without any polymer, or component of one, that was measured."""
    from trinity.chemistry.polymers import Polymer
    from trinity.measurements import load_measurements

    measured = load_measurements()
    keys = set(measured["key"])
    for text in measured["components"].dropna().unique():
        keys |= {key for key, _ in Polymer.parse(text).units} if text else set()
    return table[~table["key"].isin(keys)].reset_index(drop=True)


def split_polymers(tests: TestTable, held_out: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Row masks (training, held out), the same for all members: no polymer is on both sides."""
    rng = np.random.default_rng([seed, 7])
    chosen = rng.random(len(tests.polymers)) < held_out
    return ~chosen[tests.polymer_of], chosen[tests.polymer_of]


def _phase1_member(job: tuple) -> list[float]:
    """Train one member unless it is there already; its losses."""
    from trinity.learning.answer import PhysicsSettings, fit_phase1
    from trinity.learning.encoder import load_backbone
    from trinity.learning.model import FlammabilityModel

    table, language_model, numbers, held_out, seed, k, folder, progress = job
    out = Path(folder) / f"member{k}"
    if (out / "config.json").is_file():
        return json.loads((out / "config.json").read_text())["about"]["losses"]
    tests = tests_of(table)
    training, _ = split_polymers(tests, held_out, seed)
    own = 1000 * seed + k
    backbone, tokenizer = load_backbone(language_model)
    with seeded(own):
        model = FlammabilityModel(backbone, tokenizer=tokenizer)
    checkpoint = Path(folder) / f"member{k}.part"
    losses = fit_phase1(model, tests.take(training), PhysicsSettings(**numbers), own, checkpoint,
                        progress and k == 0)  # fmt: skip
    model.save(out, {"phase": 1, "seed": own, "losses": _thinned(losses)})
    checkpoint.unlink(missing_ok=True)
    return losses


def _thinned(history: list[float], points: int = 200) -> list[float]:
    """Means of a long history over equal stretches, rounded."""
    parts = np.array_split(np.asarray(history), min(points, len(history)))
    return [round(float(part.mean()), 4) for part in parts]


def _score_phase1(folder: Path, training: TestTable, unseen: TestTable) -> dict:
    """Error factors on unseen hypothetical polymers, of the models and of conditions alone."""
    from trinity.learning.answer import answer
    from trinity.learning.baselines import candidates, predict_baseline
    from trinity.learning.model import load_model

    answers = [answer(load_model(path), unseen) for path in member_folders(folder)]
    means = [a.log_mean for a in answers]
    alone, _ = predict_baseline(candidates("conditions_only")[6], training, unseen, 0)
    burning = np.isfinite(unseen.ignited)
    guess = np.mean([a.ignition for a in answers], axis=0) > 0.5
    return {
        "held_out": [_factors(mean, unseen) for mean in means],
        "held_out_ensemble": _factors(np.mean(means, axis=0), unseen),
        "conditions_only": _factors(alone, unseen),
        "ignition_accuracy": float((guess == unseen.ignited)[burning].mean()),
        "ignition_share": float(unseen.ignited[burning].mean()),
    }


def _factors(log_mean: np.ndarray, tests: TestTable) -> dict[str, float]:
    """GMFE a target: first within a polymer, then over polymers."""
    error = pd.DataFrame(np.abs(log_mean - np.log(tests.targets)), columns=list(TARGETS))
    means = error.groupby(tests.polymer_of).mean().mean()
    return {target: float(np.exp(means[target])) for target in TARGETS}
