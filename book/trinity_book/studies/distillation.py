"""The ensemble distilled: small networks that answer as it does, without group sums or cone model.

A student reads one spelling of a repeat unit where a member of the ensemble reads four, burns the
polymer in the cone model and compares it with what was measured (Hinton et al., 2015, "Distilling
the knowledge in a neural network").  It is trained twice, as its teacher was: first on the
answers of the teacher before it has seen a measurement, then, from there, on those after.  The
second training is short, so that a student of every left-out group is affordable: what students
predict of polymers of which neither they nor their teachers have seen a measurement is scored like
any arm.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional
from transformers import BertModel

from trinity.evidence.arms import ARMS
from trinity.evidence.left_out import Held, Split, folds_of
from trinity.evidence.predictors import Predictor, Sources, mixed, predictor, told
from trinity.evidence.scores import evaluate
from trinity.files import write_atomic
from trinity.learning.answer import answers, combine
from trinity.learning.encoder import VOCABULARY, BackboneShape, bert_config
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
from trinity.quantities import TARGETS
from trinity_book.studies.distillation_labels import (
    BLIND,
    EVERYTHING,
    DistillationTargets,
    load_targets,
    make_targets,
)

#: Weights of the widths and of the ignition beside the means, which matter most.
WIDTH_WEIGHT, IGNITION_WEIGHT = 0.1, 0.1
#: Standardised error below which the loss is quadratic.
SMALL = 0.1
#: Share of the learning rate that the second targets begins with.
RATE_AFTER = 0.5


@dataclass(frozen=True)
class DistillationSettings:
    """Numbers of the stage (section ``[distillation]`` of a scale)."""

    members: int  # students, each with a seed of its own
    conditions: int  # random tests per polymer
    held_out: float  # share of the polymers kept for the score
    layers: int
    width: int
    heads: int
    epochs: int  # of the first targets
    epochs_after: int  # of the second
    polymers_per_batch: int
    learning_rate: float


@dataclass(frozen=True)
class StudentJob:
    """Student ``k`` of a teacher, to be trained in the folder ``work``."""

    teacher: str
    k: int
    settings: DistillationSettings
    seed: int
    work: Path
    progress: bool

    @property
    def out(self) -> Path:
        """Folder of the trained student."""
        return self.work / f"{self.teacher}-{self.k}"


def distillation(job: Job) -> dict:
    """The stage: teach the students, score them, write those that ``trinity predict --fast`` uses.

    The folder of the job gets ``member0`` ..., ``ensemble.json`` and ``domain.safetensors``; an
    interrupted run goes on from what is there.

    The result has ``fidelity`` (how far students are from their teacher on polymers that they have
    not read), ``predictions`` and ``scores`` (laboratory hidden) of the left-out groups, by the
    students together, each alone, and their teacher, and counts.
    """
    settings, work = DistillationSettings(**job.parameters["distillation"]), job.folder / "parts"
    folds = folds_of("nine")
    groups = [split.fold for split in folds]
    make_targets(job, groups, settings.conditions, settings.held_out, work)
    taught = {
        name: [
            StudentJob(name, k, settings, job.seed, work, job.progress and k == 0)
            for k in range(settings.members)
        ]
        for name in (BLIND, EVERYTHING, *groups)
    }
    run_tasks(_train_student, taught[BLIND])
    run_tasks(_train_student, [s for name in (EVERYTHING, *groups) for s in taught[name]])
    targets = load_targets(work)
    students = {name: [load_model(s.out) for s in taught[name]] for name in (EVERYTHING, *groups)}
    starts = {"phase1": member_folders(job.inputs["pretraining"].folder)}
    predictions = [
        row for split in folds for row in _left_out_rows(split, students[split.fold], starts)
    ]
    hidden = pd.DataFrame(predictions).query("not lab_known")
    results = {
        "polymers": int((targets.group == "").sum()),
        "rows": len(targets.tests),
        "parameters": sum(p.numel() for p in students[EVERYTHING][0].parameters()),
        "fidelity": _fidelity(targets, students[EVERYTHING]),
        "predictions": predictions,
        "scores": evaluate(hidden, "distilled"),
    }
    return {**_publish(job, taught[EVERYTHING]), **results}


def untrained_student(
    layers: int, width: int, heads: int, scalers: Scalers, seed: int
) -> FlammabilityModel:
    """A student that knows nothing but the scales of its targets."""
    shape = BackboneShape(layers, width, heads, feed_forward=4 * width)
    with seeded(seed):
        encoder = BertModel(bert_config(shape, len(VOCABULARY)), add_pooling_layer=False)
        return FlammabilityModel(encoder, scalers)


def _train_student(job: StudentJob) -> None:
    """Train one student with one teacher, unless it is there already."""
    teacher, settings, out = job.teacher, job.settings, job.out
    if (out / "config.json").is_file():
        return
    targets, own = load_targets(job.work), 1000 * job.seed + job.k
    if teacher == BLIND:
        scalers = Scalers.fit(targets.tests.conditions, targets.answers[BLIND].log_mean)
        model = untrained_student(settings.layers, settings.width, settings.heads, scalers, own)
        epochs, rate = settings.epochs, 1.0
    else:
        model = load_model(replace(job, teacher=BLIND).out)
        epochs, rate = settings.epochs_after, RATE_AFTER
    loss_of, steps = _loss(model, targets, teacher, settings.polymers_per_batch, own)
    schedule = Schedule(epochs * steps, rate * settings.learning_rate)
    checkpoint = out.with_suffix(".part")
    label = f"student of {teacher}" if job.progress else None
    train(model, loss_of, schedule, own, checkpoint=checkpoint, progress=label)
    model.save(out, {"phase": "distilled", "seed": own})
    checkpoint.unlink(missing_ok=True)


def _loss(
    model: FlammabilityModel, targets: DistillationTargets, teacher: str, size: int, seed: int
):
    """The loss of a batch by its number, and how many batches an epoch has."""
    told, scale = targets.answers[teacher], np.array(model.scalers.target_scale)
    standardised = (told.log_mean - model.scalers.target_mean) / scale
    means, log_variances, ignition = (
        torch.tensor(part, dtype=torch.float32)
        for part in (standardised, 2 * np.log(told.log_sigma / scale), told.ignition)
    )
    allowed = targets.rows_for(teacher)
    polymer_of = targets.tests.polymer_of[allowed]
    polymers, first = np.unique(polymer_of, return_index=True)
    rows_of = dict(zip(polymers, np.split(allowed, first[1:]), strict=True))
    lengths = targets.tests.lengths(model.tokenizer)[polymers]
    per_epoch = -(-len(polymers) // size)

    def loss_of(network: nn.Module, index: int) -> torch.Tensor:
        epoch, place = divmod(index, per_epoch)
        chosen = polymers[length_batches(lengths, size, seed, epoch)[place]]
        rows = np.concatenate([rows_of[i] for i in chosen])
        logit, mean, log_variance = network(
            targets.spelled(chosen, seed + epoch).take(rows).batch(model)
        )
        width = functional.smooth_l1_loss(log_variance, log_variances[rows], beta=SMALL)
        burning = functional.binary_cross_entropy_with_logits(logit, ignition[rows])
        fit = functional.smooth_l1_loss(mean, means[rows], beta=SMALL)
        return fit + WIDTH_WEIGHT * width + IGNITION_WEIGHT * burning

    return loss_of, per_epoch


def _left_out_rows(split: Split, students: list[FlammabilityModel], starts: Sources) -> list[dict]:
    """Rows like those of ``lopo.json``, of a left-out group: the students together, each alone, and
    their teacher."""
    training, held = split.tables()

    def ask(some: Sequence[FlammabilityModel]) -> Predictor:
        return lambda tests: combine(answers(some, tests.spelled(), spellings=0))

    teachers = range(len(starts["phase1"]))
    two_phase = [predictor(ARMS["two_phase"], training, seed=k, sources=starts) for k in teachers]
    arms = [("distilled", 0, ask(students)), ("ensemble", 0, mixed(two_phase))]
    arms += [("distilled_alone", k, ask([student])) for k, student in enumerate(students)]
    rows = []
    for arm, k, predicts in arms:
        found = Held(np.array(split.held), *told(predicts, held, training, split.groups))
        rows += found.rows({"arm": arm, "seed": k, "fold": split.fold})
    return rows


def _fidelity(targets: DistillationTargets, students: list[FlammabilityModel]) -> dict:
    """Typical factor between students and teacher on polymers that no student has read.

    A target: of the first student, of all together, and of all between two cuts of one chain;
    ``width`` is the typical ratio of the widths of students and teacher.
    """
    rows = np.flatnonzero(targets.kept[targets.tests.polymer_of])
    asked = targets.tests.take(rows)
    recut = [tuple((targets.cuts[s][-1], f) for s, f in polymer) for polymer in asked.polymers]
    tests = asked.spelled()
    pairs = zip(recut, tests.polymers, strict=True)
    other = np.array([recut != written for recut, written in pairs])[tests.polymer_of]
    alone = answers(students, tests, spellings=0)
    moved = combine(answers(students, replace(tests, polymers=recut), spellings=0)).log_mean
    together, teacher = combine(alone), targets.answers[EVERYTHING].take(rows)
    means = {
        "one": np.abs(alone[0].log_mean - teacher.log_mean),
        "all": np.abs(together.log_mean - teacher.log_mean),
        "cut": np.abs(moved - together.log_mean)[other],
        "width": np.log(together.log_sigma / teacher.log_sigma),
    }
    factors = {name: np.exp(part.mean(axis=0)).tolist() for name, part in means.items()}
    named = {name: dict(zip(TARGETS, part, strict=True)) for name, part in factors.items()}
    return {"polymers": int(targets.kept.sum()), **named}


def _publish(job: Job, students: list[StudentJob]) -> dict:
    """Put the students of the ensemble where ``trinity predict --fast`` finds them."""
    folder, teacher = job.folder, job.inputs["finetuning"].folder
    for student in students:
        shutil.copytree(student.out, folder / f"member{student.k}", dirs_exist_ok=True)
    shutil.copyfile(teacher / "domain.safetensors", folder / "domain.safetensors")
    known = json.loads((teacher / "ensemble.json").read_text(encoding="utf-8"))
    about = known | {
        "name": f"trinity distilled, {len(students)} members",
        "members": len(students),
        "distilled": True,
    }
    write_atomic(folder / "ensemble.json", json.dumps(about, indent=1) + "\n")
    shutil.rmtree(folder / "parts")
    return about
