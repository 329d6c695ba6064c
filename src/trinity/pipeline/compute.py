"""What each stage computes, from the numbers of a scale to a results file.

One function a stage, called by `stages`. Each imports what it uses inside itself: the hash
of its source, by which a result becomes stale, then covers what this stage depends on and no more.

Every function takes ``parameters`` (the scale's sections by name), ``seed``, ``inputs`` (results of
earlier stages by name), ``folder`` (to fill with weights or a table; what an interrupted run left
is still in it) and ``progress``, and returns what goes into the results file.
"""

from pathlib import Path


def phase0(parameters: dict, seed: int, inputs: dict, folder: Path, progress: bool) -> dict:
    """Train the embedded language model on generated repeat units (no labels)."""
    from trinity.learning.encoder import BackboneShape
    from trinity.learning.phase0 import LanguageSettings, pretrain_language_model
    from trinity.synthesis.generator import generate_polymers

    numbers = dict(parameters["phase0"])
    # Other polymers than those of the synthetic table: the seed is far from any that is used there.
    corpus = generate_polymers(numbers.pop("n_polymers"), seed=1_000_003 + seed)
    return pretrain_language_model(
        list(corpus["psmiles"]),
        LanguageSettings(**numbers, seed=seed),
        folder,
        BackboneShape(**parameters["model"]),
        progress=progress,
    )


def synthesis(parameters: dict, seed: int, inputs: dict, folder: Path, progress: bool) -> dict:
    """Invent polymers, sample their properties and burn them."""
    import pandas as pd

    from trinity.synthesis.table import summarize, synthesize

    numbers = parameters["synthesis"]
    table = synthesize(
        numbers["n_polymers"], numbers["conditions_per_polymer"], seed, folder, progress=progress
    )
    return summarize(pd.read_parquet(table))


def pretraining(parameters: dict, seed: int, inputs: dict, folder: Path, progress: bool) -> dict:
    """Phase 1: train the language model on the synthetic table, once a member."""
    import pandas as pd

    from trinity.learning.phase1 import run_phase1

    table = pd.read_parquet(inputs["synthesis"].folder / "synthetic.parquet")
    language_model = inputs["phase0"].folder
    return run_phase1(table, language_model, parameters["phase1"], seed, folder, progress)


def finetuning(parameters: dict, seed: int, inputs: dict, folder: Path, progress: bool) -> dict:
    """Phase 2 on all measured tests: the ensemble that ``trinity predict`` uses."""
    from trinity.learning.ensemble import run_phase2

    return run_phase2(inputs["pretraining"].folder, parameters["phase2"], seed, folder, progress)


def ablation(parameters: dict, seed: int, inputs: dict, folder: Path, progress: bool) -> dict:
    """Leave one polymer out, every arm; each choice is made inside the training fold."""
    import json

    from trinity.evidence import left_out as lopo
    from trinity.evidence.units import Sources
    from trinity.files import data_path
    from trinity.learning.loop import member_folders

    numbers = dict(parameters["evaluation"])
    chosen = None
    if numbers.pop("chosen") == "shipped":
        shipped = data_path("artifacts", "results", "lopo.json")
        chosen = json.loads(shipped.read_text(encoding="utf-8"))["chosen"]
    sources = Sources.of(
        phase1=member_folders(inputs["pretraining"].folder),
        language_model=[inputs["phase0"].folder],
    )
    return lopo.run(sources, numbers, folder, progress, chosen=chosen)


def controls(parameters: dict, seed: int, inputs: dict, folder: Path, progress: bool) -> dict:
    """Without an ingredient, with less, elsewhere: everything beside the main comparison."""
    import pandas as pd
    from trinity_book.studies import ablation
    from trinity_book.studies.understanding import why_it_works

    from trinity.evidence.units import measurements
    from trinity.learning.data import tests_of
    from trinity.learning.loop import member_folders

    table = inputs["synthesis"].folder / "synthetic.parquet"
    language_model, phase1 = inputs["phase0"].folder, inputs["pretraining"].folder
    main = inputs["ablation"].results["predictions"]
    found = ablation.run(
        table, language_model, member_folders(phase1), main, parameters, folder, progress
    )
    numbers = parameters["controls"]
    found["why"] = why_it_works(
        phase1,
        language_model,
        pd.read_parquet(table),
        tests_of(measurements()),
        seed,
        shuffled=folder / "models" / "shuffled" / "seed0",
        side=numbers["landscape_side"],
        probed=numbers["probed"],
        steps=tuple(numbers["landscape_steps"]),
    )
    return found


def slow_controls(parameters: dict, seed: int, inputs: dict, folder: Path, progress: bool) -> dict:
    """Finetuning by gradient, forests beside the physics, learning curves with several draws."""
    from trinity_book.studies import ablation_slow

    from trinity.learning.loop import member_folders

    return ablation_slow.run(
        inputs["synthesis"].folder / "synthetic.parquet",
        inputs["phase0"].folder,
        member_folders(inputs["pretraining"].folder),
        inputs["ablation"].results["predictions"],
        inputs["controls"].results["predictions"],
        parameters,
        folder,
        progress,
    )


def validation(parameters: dict, seed: int, inputs: dict, folder: Path, progress: bool) -> dict:
    """Set the cone model beside reference solutions and measurements."""
    from trinity_book.studies.validation.report import build_physics_validation

    return build_physics_validation()


def distillation(parameters: dict, seed: int, inputs: dict, folder: Path, progress: bool) -> dict:
    """Teach small networks to answer as the ensemble does (``trinity predict --fast``)."""
    import pandas as pd
    from trinity_book.studies import distillation

    from trinity.learning.loop import member_folders

    return distillation.run(
        pd.read_parquet(inputs["synthesis"].folder / "synthetic.parquet"),
        member_folders(inputs["pretraining"].folder),
        member_folders(inputs["finetuning"].folder),
        inputs["ablation"].results["chosen"]["two_phase"]["nine"],
        parameters["distillation"],
        seed,
        folder,
        progress,
    )
