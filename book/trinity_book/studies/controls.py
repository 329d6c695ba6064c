"""Phase 1 as it would be without one of its ingredients: the models that the controls start from.

===================  ===========================================================================
``shuffled_labels``  every polymer has the simulated tests of another: as much training, as many
                     conditions, no chemistry in the labels
``random``           an encoder before any training
``rows_N``           phase 1 on N rows of the table only
===================  ===========================================================================
"""

import json
from collections.abc import Iterable
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd
from transformers import BertModel

from trinity.files import write_atomic
from trinity.learning.encoder import BackboneShape, bert_config, load_tokenizer, quiet
from trinity.learning.loop import run_tasks, seeded
from trinity.learning.phase1 import run_phase1, without_measured
from trinity.provenance import Job

KINDS = ("shuffled_labels",)
#: Steps that even a phase 1 on a few polymers gets.
LEAST_STEPS = 600


def train_controls(job: Job, numbers: dict, kinds: Iterable[str] = KINDS) -> dict:
    """Train the models of the controls, one process a core; goes on with what is there.

    Below the folder of the job ``models/shuffled_labels/seed0/member0`` and so on are made.
    ``numbers`` are those of section ``[controls]``; ``kinds``, of `KINDS`, are wanted beside the
    ``rows_N``.
    Returns per kind, for each seed: GMFE a target on hypothetical polymers held out, and rows.
    """
    folder, language_model = job.folder / "models", job.inputs["phase0"].folder
    for seed in range(numbers["seeds"]):
        random_encoder(job.parameters["model"], seed, folder, language_model)
    models = [(k, s) for k in KINDS if k in kinds for s in range(numbers["shuffled_seeds"])]
    models += [(f"rows_{n}", s) for n in numbers["rows"] for s in range(numbers["curve_seeds"])]
    made = (synthetic_table(job), language_model, job.parameters["phase1"], folder, job.progress)
    found = run_tasks(_train, [(*model, *made) for model in models])
    reports: dict[str, list[dict]] = {}
    for (kind, _), report in zip(models, found, strict=True):
        reports.setdefault(kind, []).append(report)
    return reports


def synthetic_table(job: Job) -> Path:
    """The table (Parquet) that the stage before made."""
    return job.inputs["synthesis"].folder / "synthetic.parquet"


def members(job: Job, kind: str) -> list[Path]:
    """Models of a control, one per seed."""
    seeds = (job.folder / "models" / kind).glob("seed*")
    found = sorted(seeds, key=lambda path: int(path.name.removeprefix("seed")))
    return found if kind == "random" else [path / "member0" for path in found]


def random_encoder(shape: dict, seed: int, folder: Path, language_model: Path) -> None:
    """Write an encoder of the shape of the language model with random weights."""
    home = folder / "random" / f"seed{seed}"
    if (home / "config.json").is_file():
        return
    tokenizer = load_tokenizer(language_model)
    config = bert_config(BackboneShape(**shape), len(tokenizer))
    with seeded(seed):
        encoder = BertModel(config, add_pooling_layer=False)
    tokenizer.save_pretrained(str(home))
    with quiet():
        encoder.save_pretrained(str(home))


def _train(model: tuple) -> dict:
    """One model of one control, unless its report is there already."""
    kind, seed, table, language_model, numbers, folder, progress = model
    home, numbers = folder / kind / f"seed{seed}", {**numbers, "members": 1}
    done = home / "report.json"
    if done.is_file():
        return json.loads(done.read_text(encoding="utf-8"))
    frame = without_measured(pd.read_parquet(table))
    if kind == "shuffled_labels":
        frame = shuffle_labels(frame, seed)
    else:
        frame = some_rows(frame, int(kind.removeprefix("rows_")), seed)
        numbers["epochs"] = enough_epochs(frame, numbers)
    own = splitting_seed(frame["key"].nunique(), numbers["held_out"], seed)
    found = run_phase1(frame, str(language_model), numbers, own, home, progress)
    report = {name: found[name] for name in ("held_out_ensemble", "conditions_only", "rows")}
    write_atomic(done, json.dumps(report) + "\n")
    return report


def shuffle_labels(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The table with the polymers' structures dealt out anew, each to the tests of another."""
    polymers = table.drop_duplicates("polymer_id")[["polymer_id", "psmiles", "key"]]
    order = np.random.default_rng([seed, 11]).permutation(len(polymers))
    dealt = polymers[["psmiles", "key"]].iloc[order].set_index(polymers["polymer_id"])
    rows = dealt.loc[table["polymer_id"]]
    return table.assign(psmiles=rows["psmiles"].to_numpy(), key=rows["key"].to_numpy())


def some_rows(table: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    """About ``rows`` rows: all tests of so many polymers, drawn at random."""
    ids = table["polymer_id"].unique()
    wanted = max(2, round(rows * len(ids) / len(table)))
    chosen = np.random.default_rng([seed, 13]).choice(ids, min(wanted, len(ids)), replace=False)
    return table[table["polymer_id"].isin(chosen)].reset_index(drop=True)


def splitting_seed(polymers: int, held_out: float, seed: int) -> int:
    """The first of seed, seed + 100, ... that holds out some of a dozen polymers and not all."""
    for own in count(seed, 100):
        chosen = np.random.default_rng([own, 7]).random(polymers) < held_out  # as phase 1 draws
        if chosen.any() and not chosen.all():
            return own


def enough_epochs(table: pd.DataFrame, numbers: dict) -> int:
    """Epochs of phase 1 on a small table: as many as make `LEAST_STEPS`, if that is more."""
    training = (1 - numbers["held_out"]) * table["polymer_id"].nunique()
    batches = max(1, int(np.ceil(training / numbers["polymers_per_batch"])))
    return max(numbers["epochs"], -(-LEAST_STEPS // batches))
