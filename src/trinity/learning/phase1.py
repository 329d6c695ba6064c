"""Phase 1: supervised pretraining on the synthetic table, split by polymer.

A batch is a set of polymers with all their synthetic tests: each polymer is read once and its
embedding serves all its conditions, which costs a tenth of one sequence per row.
"""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.numpy import save
from torch import Tensor, nn

from trinity.chemistry.descriptors import fingerprint, pack, typical_similarity
from trinity.chemistry.polymers import Polymer
from trinity.files import write_atomic
from trinity.learning.answer import answers, combine
from trinity.learning.correction import IGNITION_TIME
from trinity.learning.data import TestTable, tests_of
from trinity.learning.encoder import Labels, load_backbone
from trinity.learning.intervals import error_factors
from trinity.learning.loop import (
    Schedule,
    length_batches,
    member_folders,
    run_tasks,
    seeded,
    train,
)
from trinity.learning.model import FlammabilityModel, Scalers, load_model
from trinity.provenance import Job

#: Weight of the ignition cross entropy beside the four regressions.
IGNITION_WEIGHT = 0.3


def multitask_loss(output: tuple[Tensor, Tensor, Tensor], labels: Labels) -> Tensor:
    """Robust regression of the means, Gaussian likelihood of the variances, ignition.

    The mean is fitted by Huber's loss as if the variance were known, the variance by the
    likelihood of the errors as they are: one joint likelihood lets a model buy a large error with
    a large variance (Seitzer et al., 2022, "On the pitfalls of heteroscedastic uncertainty").
    Unknown labels count nothing; a test without ignition has a Tobit likelihood for the time that
    it was watched, where that is known.
    """
    logit, mean, log_variance = output
    weight = labels.known * labels.weight[:, None]  # (R, 4)
    fit = nn.functional.huber_loss(mean, labels.targets, reduction="none")
    error = (labels.targets - mean.detach()) ** 2
    spread = 0.5 * (log_variance + error * torch.exp(-log_variance))
    bounded = labels.at_least.isfinite()
    above = mean[:, IGNITION_TIME] - labels.at_least.where(bounded, mean[:, IGNITION_TIME].detach())
    above = above * torch.exp(-0.5 * log_variance[:, IGNITION_TIME].detach())
    tobit = -torch.special.log_ndtr(above) * bounded * labels.weight
    count = weight.sum().clamp(min=1.0)
    regression = (weight * (fit + 0.1 * spread)).sum() / count + tobit.sum() / count
    burning = labels.ignition_known * labels.weight
    ignition = nn.functional.binary_cross_entropy_with_logits(
        logit, labels.ignited, weight=burning, reduction="sum"
    ) / burning.sum().clamp(min=1.0)
    return regression + IGNITION_WEIGHT * ignition


def split_by_polymer(tests: TestTable, held_out: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Row masks (training, held out), the same for all members: no polymer is on both sides."""
    rng = np.random.default_rng([seed, 7])
    chosen = rng.random(len(tests.polymers)) < held_out
    return ~chosen[tests.polymer_of], chosen[tests.polymer_of]


def without_measured(table: pd.DataFrame) -> pd.DataFrame:
    """Synthetic rows without any polymer, or component of one, that was measured."""
    from trinity.measurements.specimens import load_measurements

    measured = load_measurements()
    keys = set(measured["key"])
    for text in measured["components"].dropna().unique():
        keys |= {key for key, _ in Polymer.parse(text).units} if text else set()
    return table[~table["key"].isin(keys)].reset_index(drop=True)


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
        Folder of phase 0, or any encoder that `trinity.learning.encoder.load_backbone` can load.
    numbers
        Section ``[phase1]`` of a scale.
    folder
        Gets ``member0`` ...; an interrupted run goes on from what is there.

    Returns
    -------
    dict
        ``losses`` per member, ``held_out`` and ``conditions_only`` (GMFE per target on held-out
        hypothetical polymers, over polymers), ``rows``, ``polymers``, counts.
    """
    folder, tests = Path(folder), tests_of(without_measured(table))
    training, unseen = map(tests.take, split_by_polymer(tests, numbers["held_out"], seed))
    member = partial(_member, str(language_model), training, numbers, seed, folder, progress)
    histories = run_tasks(member, range(numbers["members"]))
    write_seen(folder, [s for polymer in training.polymers for s, _ in polymer])
    return {
        "members": numbers["members"],
        "rows": len(tests),
        "polymers": len(tests.polymers),
        "held_out_polymers": len(unseen.polymers),
        "losses": [_thinned(history) for history in histories],
        **_scores(folder, training, unseen),
    }


def write_seen(folder: Path, psmiles: list[str]) -> None:
    """Fingerprints of the polymers of training, and how near to others they usually are."""
    near = np.array([typical_similarity([fingerprint(s) for s in psmiles])])
    content = save({"fingerprints": pack(psmiles), "least_similarity": near})
    write_atomic(folder / "domain.safetensors", content)


def _member(
    language_model: str,
    training: TestTable,
    numbers: dict,
    seed: int,
    folder: Path,
    progress: bool,
    k: int,
) -> list[float]:
    """Train member ``k`` of those that share a table, unless it is there already; its losses."""
    out, own = folder / f"member{k}", 1000 * seed + k
    if (out / "config.json").is_file():
        return json.loads((out / "config.json").read_text())["about"]["losses"]
    backbone, tokenizer = load_backbone(language_model)
    with seeded(own):
        model = FlammabilityModel(backbone, tokenizer=tokenizer)
    checkpoint = out.with_suffix(".part")
    losses = fit_phase1(model, training, numbers, own, checkpoint, progress and k == 0)
    model.save(out, {"phase": 1, "seed": own, "losses": _thinned(losses)})
    checkpoint.unlink(missing_ok=True)
    return losses


def fit_phase1(
    model: FlammabilityModel,
    tests: TestTable,
    numbers: dict,
    seed: int,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> list[float]:
    """Train ``model`` in place on synthetic tests by section ``[phase1]`` of a scale; sets its
    scalers. Returns the losses."""
    model.scalers = Scalers.fit(tests.conditions, tests.coordinates)
    lengths = tests.lengths(model.tokenizer)
    order = np.argsort(tests.polymer_of, kind="stable")
    rows_of = np.split(order, np.cumsum(np.bincount(tests.polymer_of))[:-1])
    size = numbers["polymers_per_batch"]
    per_epoch = -(-len(lengths) // size)

    def loss_of(network: nn.Module, index: int) -> Tensor:
        epoch, place = divmod(index, per_epoch)
        chosen = length_batches(lengths, size, seed, epoch)[place]
        rows = np.concatenate([rows_of[i] for i in chosen])
        part = tests.take(rows)
        batch = part.batch(model, seed=epoch % 16)  # one of few spellings per polymer
        return multitask_loss(network(batch), part.labels(model.scalers))

    return train(
        model,
        loss_of,
        Schedule(numbers["epochs"] * per_epoch, numbers["learning_rate"]),
        seed,
        backbone_rate=numbers["backbone_rate"],
        checkpoint=checkpoint,
        every=100,
        progress="phase 1" if progress else None,
    )


def _thinned(history: list[float], points: int = 200) -> list[float]:
    """Means of a long history over equal stretches, rounded."""
    parts = np.array_split(np.asarray(history), min(points, len(history)))
    return [round(float(part.mean()), 4) for part in parts]


def _scores(folder: Path, training: TestTable, unseen: TestTable) -> dict:
    """Error factors on unseen hypothetical polymers, of the models and of conditions alone."""

    def factors(log_mean: np.ndarray) -> dict[str, float]:
        return error_factors(np.abs(log_mean - np.log(unseen.targets)), unseen.polymer_of)

    found = answers([load_model(path) for path in member_folders(folder)], unseen)
    together = combine(found)
    burning = np.isfinite(unseen.ignited)
    guess = together.ignition > 0.5
    return {
        "held_out": [factors(one.in_logs(unseen.complete)[0]) for one in found],
        "held_out_ensemble": factors(together.in_logs(unseen.complete)[0]),
        "conditions_only": factors(_of_conditions(training, unseen)),
        "ignition_accuracy": float((guess == unseen.ignited)[burning].mean()),
        "ignition_share": float(unseen.ignited[burning].mean()),
    }


def _of_conditions(training: TestTable, unseen: TestTable) -> np.ndarray:
    """Logarithms (R, 4) of the targets of unseen tests from their conditions alone: a quadratic in
    the logarithms of heat flux and thickness."""
    # Here and not above: whoever only predicts need not wait for scikit-learn.
    from sklearn.linear_model import LinearRegression
    from sklearn.preprocessing import PolynomialFeatures

    terms = PolynomialFeatures(2)
    x, asked = (terms.fit_transform(np.log(t.conditions)) for t in (training, unseen))
    found = np.empty((len(unseen), training.targets.shape[1]))
    for column, y in enumerate(np.log(training.targets).T):
        given = np.isfinite(y)
        weight = training.weight[given]
        found[:, column] = LinearRegression().fit(x[given], y[given], weight).predict(asked)
    return found
