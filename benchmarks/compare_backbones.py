"""The embedded language model beside a pretrained one that a package of the Python index carries.

The package ``rxnfp`` 0.1.0 (Schwaller et al., 2021; MIT) ships a BERT of 12 layers x 256 trained on
reaction SMILES. It is taken as it is, and after more masked language modelling on repeat units.
Each encoder then gets the same phase 1, on a part of the synthetic table, and the same phase 2 in
leave-one-polymer-out. Writes ``data/artifacts/results/backbones.json``; an interrupted run goes on.

Example: python -m benchmarks.compare_backbones --wheel rxnfp-0.1.0-py3-none-any.whl
"""

import argparse
import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from trinity_book import records
from trinity_book.studies import splits as studies
from trinity_book.studies.controls import some_rows

from trinity.evidence.arms import EvaluationSettings
from trinity.evidence.held import Bench
from trinity.evidence.scores import evaluate
from trinity.files import data_path, write_atomic
from trinity.learning.encoder import SPECIAL, VOCABULARY, build_tokenizer, load_tokenizer, quiet
from trinity.learning.loop import Schedule, member_folders, one_thread, seeded, train, worker_pool
from trinity.learning.phase0 import Corpus, masked_accuracy
from trinity.learning.phase1 import run_phase1, without_measured
from trinity.pipeline import stages

PACKAGE = "rxnfp==0.1.0"
INSIDE = "rxnfp/models/transformers/bert_pretrained"
CONTINUED = 4000  # repeat units for the further language modelling
ARMS = ("two_phase", "network_only", "physics_language_model", "direct")
ABOUT = tuple(
    f"trinity.{name}"
    for name in ("training", "training_measured", "studies", "backbone", "tokenizer")
)


def wheel_of(package: str, folder: Path) -> Path:
    """The wheel of a package, fetched from the package index unless it is in ``folder``."""
    if not list(folder.glob("*.whl")):
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder)]
        subprocess.run([*command, package], check=True)
    return next(folder.glob("*.whl"))


def carried(wheel: Path, out: Path) -> Path:
    """The encoder in the wheel as a folder that `trinity.learning.encoder.load_backbone` reads.

    Its vocabulary lists the same tokens in another order; here the special ones come first, as
    phase 0 expects, and its tokens of reactions and salts stay behind. Tokens of repeat units
    that it does not know start as its unknown token.
    """
    from transformers import BertForMaskedLM

    if (out / "config.json").is_file():
        return out
    source = out.parent / "source"
    with zipfile.ZipFile(wheel) as archive:
        for name in ("config.json", "pytorch_model.bin", "vocab.txt"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(archive.read(f"{INSIDE}/{name}"))
    theirs = {t: i for i, t in enumerate((source / "vocab.txt").read_text().split("\n"))}
    places = [theirs.get(token, theirs["[UNK]"]) for token in VOCABULARY]
    with quiet():
        old = BertForMaskedLM.from_pretrained(str(source))
        settings = {"vocab_size": len(VOCABULARY), "hidden_dropout_prob": 0.0,
                    "attention_probs_dropout_prob": 0.0, "pad_token_id": 0}  # fmt: skip
        model = BertForMaskedLM(type(old.config).from_dict(old.config.to_dict() | settings))
        weights = old.state_dict()
        whole = old.config.vocab_size
        model.load_state_dict(
            {name: v[places] if v.shape[:1] == (whole,) else v for name, v in weights.items()}
        )
        model.save_pretrained(str(out))
    build_tokenizer().save_pretrained(str(out))
    known = sum(token in theirs for token in VOCABULARY[len(SPECIAL) :])
    print(f"{known} of {len(VOCABULARY) - len(SPECIAL)} tokens of repeat units are known to it")
    return out


def continued(start: Path, out: Path, psmiles: list[str], seed: int = 0) -> Path:
    """Two epochs of masked language modelling on repeat units."""
    from transformers import BertForMaskedLM

    if (out / "config.json").is_file():
        return out
    tokenizer = load_tokenizer(start)
    with quiet(), seeded(seed):
        model = BertForMaskedLM.from_pretrained(str(start))
    corpus = Corpus(psmiles, tokenizer, 32, seed)
    train(
        model,
        lambda network, index: network(**corpus(index)).loss,
        Schedule(2 * corpus.per_epoch, 2e-4),
        seed,
        checkpoint=out.parent / f"{out.name}.part",
        every=50,
    )
    tokenizer.save_pretrained(str(out))
    with quiet():
        model.save_pretrained(str(out))
    return out


@torch.no_grad()
def accuracy(folder: Path, psmiles: list[str]) -> float:
    """Share of masked tokens of unseen repeat units guessed right."""
    from transformers import BertForMaskedLM

    with quiet():
        model = BertForMaskedLM.from_pretrained(str(folder)).eval()
    return masked_accuracy(model, Corpus(psmiles, load_tokenizer(folder), 32, 1))


def phase1(job: tuple) -> dict:
    """Phase 1 of one encoder with one seed; its errors on hypothetical polymers not seen."""
    table, start, numbers, seed, folder = job
    done = folder / "report.json"
    if done.is_file():
        return json.loads(done.read_text())
    begun = time.process_time()
    found = run_phase1(table, start, numbers, seed, folder, progress=False)
    report = {"held_out": found["held_out_ensemble"], "minutes": (time.process_time() - begun) / 60}
    write_atomic(done, json.dumps(report))
    return report


def compared(backbones: dict[str, Path], numbers: dict, seeds: int, rows: int, home: Path) -> dict:
    """Of every encoder: phase 1 and the scores of phase 2."""
    whole = without_measured(pd.read_parquet(data_path("artifacts/synthetic/synthetic.parquet")))
    table = some_rows(whole, rows, seed=0)
    jobs = {
        (name, seed): (table, str(folder), numbers, seed, home / "phase1" / name / f"seed{seed}")
        for name, folder in backbones.items()
        for seed in range(seeds)
    }
    with worker_pool(len(jobs)) as pool:
        reports = dict(zip(jobs, pool.map(phase1, jobs.values()), strict=True))
    settings = EvaluationSettings.of(
        {k: v for k, v in stages.section("laptop", "evaluation").items() if k != "chosen"}
    )
    results = {}
    for name, folder in backbones.items():
        members = [member_folders(jobs[name, seed][-1])[0] for seed in range(seeds)]
        sources = {"phase1": members, "language_model": [folder]}
        bench = Bench(home / "units" / name, sources, settings)
        units = studies.units_of(studies.every_polymer("backbone", name), seeds, ARMS)
        scored = evaluate(pd.DataFrame(studies.run_studies(bench, units, name, progress=False)))
        own = [reports[name, seed] for seed in range(seeds)]
        results[name] = {
            "phase1_held_out": pd.DataFrame([r["held_out"] for r in own]).mean().to_dict(),
            "phase1_minutes": float(np.mean([r["minutes"] for r in own])),
            "primary": scored["primary"],
        }
    return results


def main() -> None:
    """Compare and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--wheel", type=Path, help="wheel of rxnfp; fetched if not given")
    parser.add_argument("--rows", type=int, default=6_000)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--out", type=Path, default=records.place("backbones"))
    options = parser.parse_args()
    one_thread()
    start = time.perf_counter()
    home = stages.build_root() / "backbones"
    home.mkdir(parents=True, exist_ok=True)
    wheel = options.wheel or wheel_of(PACKAGE, home)
    corpus = pd.read_parquet(
        data_path("artifacts/synthetic/synthetic.parquet"), columns=["psmiles"]
    )
    psmiles = corpus["psmiles"].drop_duplicates().tolist()
    seen, unseen = psmiles[-CONTINUED:], psmiles[-CONTINUED - 400 : -CONTINUED]
    backbones = {"embedded": data_path("artifacts/models/language_model")}
    backbones["rxnfp"] = carried(wheel, home / "rxnfp")
    backbones["rxnfp continued"] = continued(backbones["rxnfp"], home / "rxnfp_continued", seen)
    numbers = {**stages.section("laptop", "phase1"), "epochs": options.epochs, "members": 1}
    found = compared(backbones, numbers, options.seeds, options.rows, home)
    for name, folder in backbones.items():
        found[name] |= {"masked_accuracy": accuracy(folder, unseen), "parameters": size(folder)}
    parameters = {"rows": options.rows, "epochs": options.epochs, "continued": CONTINUED}
    records.write(
        options.out, {"backbones": found}, modules=ABOUT, data=["artifacts/synthetic"],
        parameters=parameters, seeds=range(options.seeds), wall_time=time.perf_counter() - start,
    )  # fmt: skip
    print(options.out)


def size(folder: Path) -> int:
    """Parameters of an encoder."""
    from trinity.learning.encoder import load_backbone

    return sum(p.numel() for p in load_backbone(folder)[0].parameters())


if __name__ == "__main__":
    main()
