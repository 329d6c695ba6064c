"""Encoders that could take the place of the shipped one, and the plan's rule that chooses.

``shipped``    phase 0 as it is shipped
``larger``     phase 0 with more polymers and steps, each unit cut anew or doubled
``rxnfp``      the encoder of reactions that the package rxnfp carries, brought in by
               ``python -m tools.rxnfp WHEEL``; left out where that was not done
``multitask``  phase 0, then supervised training on properties by group contribution together
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rdkit import Chem

from trinity.chemistry.chain import cuts, oligomer
from trinity.chemistry.polymers import parse_psmiles
from trinity.errors import InputError
from trinity.learning.encoder import BackboneShape, quiet
from trinity.learning.phase0 import pretrain_language_model
from trinity.pipeline.stages import build_root
from trinity.pipeline.training import CORPUS_SEED
from trinity.provenance import Job
from trinity.synthesis.generator import generate_polymers
from trinity_book.studies import second_property_arms as arms
from trinity_book.studies import second_property_models as models
from trinity_book.studies.second_property import ASKED, Study
from trinity_book.studies.second_property_arms import PHASE2, PHYSICS, SHIPPED
from trinity_book.studies.second_property_data import ESTIMATED
from trinity_book.studies.second_property_phase1 import hypothetical
from trinity_book.studies.second_property_scores import Clusters

ENCODERS = (SHIPPED, "larger", "rxnfp", "multitask")
#: The candidates are compared on this property, as the plan says, with at most so many labels.
DECIDES, MOST = "refractive_index", 40
#: Of the units of a corpus, those that are written twice.
DOUBLED = 0.3


def candidates(job: Job) -> dict:
    """The stage: the encoders that could be had, scored by the plan's rule, the one ``chosen``, and
    why others are ``missing``.

    The rule reads arm phase1, no physics, the bare embedding, the cluster split, and the mean over
    5 to 40 labels.
    """
    labels = hypothetical(job)
    folders: dict[str, Path] = {}
    missing = {}
    for name in job.parameters["encoders"]["candidates"]:
        try:
            folders[name] = encoder_folder(job, name, labels)
        except InputError as error:
            missing[name] = str(error)
    study = Study(job, DECIDES, labels, folders)
    errors = {name: _error(study, name, job.parameters["encoders"]["seeds"]) for name in folders}
    return {**choice(errors, study.clusters), "missing": missing}


def _error(study: Study, name: str, seeds: int) -> np.ndarray:
    """Mean error (P,) by structure after phase 1 from an encoder."""
    these = arms.starts(ASKED, seeds, name)
    study.prepare(these)
    units = arms.units_of(these, study.numbers["draws"], ("cluster",))
    arms.run(study.work, units, f"encoder {name}", study.job.progress)
    place = (slice(None), PHYSICS.index(False), PHASE2.index("bare"))
    return mean_error(study.errors(these, "cluster")[place], study.numbers["labels"])


def encoder_folder(job: Job, name: str, labels: pd.DataFrame) -> Path:
    """Folder of an encoder, made below the job's folder if it is not there.

    ``labels`` are those of `second_property_data.cheap_labels` of the hypothetical polymers. An
    InputError says that there is no such encoder, or that one has to be brought in.
    """
    if name not in ENCODERS:
        raise InputError(f"There is no encoder {name!r}; choose one of {', '.join(ENCODERS)}.")
    shipped = job.inputs["phase0"].folder
    if name == SHIPPED:
        return shipped
    if name == "rxnfp":
        found = build_root() / "rxnfp"
        if not (found / "config.json").is_file():
            raise InputError(
                "The encoder of rxnfp is not here; download the wheel rxnfp 0.1.0 and run"
                " python -m tools.rxnfp WHEEL."
            )
        return found
    out = job.folder / "encoders" / name
    if not (out / "model.safetensors").is_file():
        made = _larger if name == "larger" else _multitask
        made(job, out, labels)
    return out


def _larger(job: Job, out: Path, labels: pd.DataFrame) -> None:
    """Phase 0 anew, with the numbers of ``[second_property]`` in place of its own."""
    numbers, own = dict(job.parameters["phase0"]), job.parameters["encoders"]
    numbers.pop("n_polymers")
    numbers["epochs"] = own["larger_epochs"]
    corpus = generate_polymers(own["larger_polymers"], seed=CORPUS_SEED + job.seed)["psmiles"]
    spelled = [cut_anew(psmiles, job.seed + i) for i, psmiles in enumerate(corpus)]
    shape = BackboneShape(**job.parameters["model"])
    pretrain_language_model(spelled, numbers, job.seed, out, shape, job.progress)


def cut_anew(psmiles: str, seed: int) -> str:
    """The same chain, its repeat unit cut at another bond of the backbone, sometimes doubled.

    >>> sorted({cut_anew("*CCO*", seed) for seed in range(20)})
    ['*CCO*', '*COC*', '*COCCOC*']
    """
    rng = np.random.default_rng([seed, 31])
    found = str(rng.choice(cuts(parse_psmiles(psmiles))))
    return Chem.MolToSmiles(oligomer(parse_psmiles(found), 2)) if rng.random() < DOUBLED else found


def _multitask(job: Job, out: Path, labels: pd.DataFrame) -> None:
    """Train phase 0 further on all properties of `ESTIMATED` at once and keep its encoder."""
    known = labels[list(ESTIMATED)].dropna()
    model = models.new_model(job.inputs["phase0"].folder, job.seed, len(ESTIMATED))
    numbers, progress = job.parameters["second_property"], "multitask" if job.progress else None
    part = job.folder / "encoders" / "multitask.safetensors"
    part.parent.mkdir(parents=True, exist_ok=True)
    models.fit(model, list(known.index), known.to_numpy(), numbers, job.seed, part, progress)
    model.tokenizer.save_pretrained(str(out))
    with quiet():
        model.backbone.save_pretrained(str(out))


def choice(errors: dict[str, np.ndarray], clusters: Clusters) -> dict:
    """The plan's rule: the shipped encoder stays unless another is surely better.

    ``errors`` (P,) of each encoder are mean errors by structure. Rows have ``mae`` and the paired
    ``difference`` to the shipped encoder with its 95 % over clusters (null for itself); ``chosen``
    is, of those whose interval lies below zero, the one with the lowest error.
    """
    rows, better = [], {}
    for name, error in errors.items():
        row = {"encoder": name, "mae": float(np.nanmean(error))}
        if name == SHIPPED:
            rows.append(row | {"difference": None, "low": None, "high": None})
            continue
        apart = error - errors[SHIPPED]
        low, high = clusters.interval(apart)
        rows.append(row | {"difference": float(np.nanmean(apart)), "low": low, "high": high})
        if high < 0:
            better[name] = row["mae"]
    return {"rows": rows, "chosen": min(better, key=better.get, default=SHIPPED)}


def mean_error(errors: np.ndarray, labels: Sequence[int], most: int = MOST) -> np.ndarray:
    """Error by structure (P,) averaged over the numbers of labels up to ``most``, from (L, P)."""
    return np.mean([row for n, row in zip(labels, errors, strict=True) if n <= most], axis=0)
