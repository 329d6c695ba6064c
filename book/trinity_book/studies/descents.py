"""Whole descents: the paper's recipe with one rate and all its steps, from phase 1 and from the
language model, watched on the polymers that were seen and on those that were left out.

In `trinity_book.studies.gradient` inner splits end a descent early, at training errors that the
analysis plan calls untrained. Here nothing ends it: the training error shows that either start is
trained, and the path shows what more steps do. The plan does not have this study; it was added
when the training errors of the other had been seen.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from trinity.evidence.factorial import compared, plan
from trinity.evidence.left_out import Split, folds_of, measurements
from trinity.files import read_json, write_atomic
from trinity.learning.encoder import load_backbone
from trinity.learning.loop import member_folders, run_tasks
from trinity.learning.model import FlammabilityModel, load_model
from trinity.learning.phase2 import direct_start, finetune
from trinity.provenance import Job
from trinity_book.studies.gradient import RECIPES, endpoint

PLAN = plan()["gradient_finetuning"]
RECIPE, RATE = RECIPES["paper_recipe"], max(PLAN["learning_rates"])
#: Shares of the descent after which errors are noted.
NOTED = (0.02, 0.06, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class Descent:
    """From one start, on one fold, with one seed; ``folder`` keeps what is found."""

    start: str
    fold: Split
    seed: int
    steps: int
    models: tuple[Path, ...]
    folder: Path

    @property
    def path(self) -> Path:
        """File of its errors."""
        return self.folder / f"{self.start}-{self.fold.fold}-{self.seed}x{self.steps}.json"


def descents(job: Job) -> dict:
    """The stage: errors along all descents, and at their end what phase 1 saves.

    Returns ``errors`` (primary endpoint on the cells that are ``seen`` and on those ``left_out``,
    one row per start, fold, seed and step) and ``end`` (of each start the mean errors after the
    last step, and the paired comparison over groups).
    """
    numbers = job.parameters["descents"]
    models = {
        "phase1": member_folders(job.inputs["pretraining"].folder),
        "language_model": [job.inputs["phase0"].folder],
    }
    work = [
        Descent(start, fold, seed, numbers["steps"], tuple(models[start]), job.folder)
        for start in PLAN["starts"]
        for fold in folds_of("nine")[: numbers["folds"]]
        for seed in range(numbers["seeds"])
    ]
    missing = [one for one in work if not one.path.is_file()]
    run_tasks(_descend, missing, progress="whole descents" if job.progress else None)
    rows = pd.DataFrame([row for one in work for row in read_json(one.path)])
    last = rows[rows["step"] == rows["step"].max()].groupby(["start", "fold"])
    ends = last[["seen", "left_out"]].mean()
    better, worse = (ends.loc[start, "left_out"] for start in PLAN["starts"])
    means = {start: ends.loc[start].mean().to_dict() for start in PLAN["starts"]}
    end = {**means, "comparison": compared(better, worse)}
    return {"rate": RATE, "errors": rows.to_dict("records"), "end": end}


def _descend(job: Descent) -> None:
    training, asked = job.fold.tables()
    group_of = measurements()["group_nine"]
    seen, held = (group_of.loc[list(ids)].to_numpy() for ids in (job.fold.seen, job.fold.held))
    found = []

    def look(step: int, model: FlammabilityModel) -> None:
        errors = {"seen": endpoint(model, training, seen), "left_out": endpoint(model, asked, held)}
        about = {"start": job.start, "fold": job.fold.fold, "seed": job.seed, "step": step}
        found.append(about | errors)

    path = job.models[job.seed % len(job.models)]
    if job.start == "phase1":
        start = load_model(path)
    else:
        backbone, tokenizer = load_backbone(path)
        bare = FlammabilityModel(backbone, tokenizer=tokenizer)
        start = direct_start(bare, training, job.seed)
    steps = tuple(sorted({max(1, round(share * job.steps)) for share in NOTED}))
    settings = replace(RECIPE, learning_rate=RATE, checkpoints=steps)
    look(0, start)
    finetune(start, training, settings, job.seed, look)
    write_atomic(job.path, json.dumps(found) + "\n")
