"""The controls that take minutes a fold: finetuning by gradient, forests beside the physics, and
the studies of `trinity_book.studies.ablation` with several draws and seeds in place of one.
"""

from pathlib import Path

from trinity.evidence import left_out as lopo
from trinity.evidence.arms import EvaluationSettings, of_study
from trinity.evidence.units import Bench, Sources
from trinity.learning.loop import member_folders
from trinity.provenance import Job
from trinity_book.studies import ablation, controls
from trinity_book.studies.ablation import MAIN_STUDY, study_rows


def slow_controls(job: Job) -> dict:
    """The stage: finetuning by gradient, forests beside the physics, curves with several draws."""
    return run(
        job.inputs["synthesis"].folder / "synthetic.parquet",
        job.inputs["phase0"].folder,
        member_folders(job.inputs["pretraining"].folder),
        job.inputs["ablation"].results["predictions"],
        job.inputs["controls"].results["predictions"],
        job.parameters,
        job.folder,
        job.progress,
    )


def run(
    table: Path,
    language_model: Path,
    phase1_members: list[Path],
    main: list[dict],
    earlier: list[dict],
    parameters: dict,
    folder: Path,
    progress: bool = True,
) -> dict:
    """All slow arms and the studies; an interrupted run goes on from what is in ``folder``.

    Parameters
    ----------
    table
        The synthetic table.
    language_model, phase1_members
        The models that the main arms start from.
    main, earlier
        Rows of ``lopo.json`` and of ``ablation.json``, whose arms are scored with the new ones.
    parameters
        Sections ``model``, ``phase1``, ``evaluation``, ``controls``, ``slow_controls`` of a scale.
    """
    numbers = parameters["slow_controls"]
    evaluation = {k: v for k, v in parameters["evaluation"].items() if k != "chosen"}
    evaluation["seeds"] = numbers["seeds"]
    several = {**parameters["controls"], "curve_seeds": numbers["draws"], "seeds": 0}
    reports = controls.train_controls(
        table, language_model, parameters["model"], parameters["phase1"], several,
        folder / "models", progress, kinds=(),
    )  # fmt: skip
    fewer_rows = {kind: controls.members(folder / "models", kind) for kind in reports}
    sources = Sources.of(phase1=phase1_members, language_model=[language_model], **fewer_rows)
    units = folder / "units"
    slow = of_study("slow")
    tuned = [arm for arm in slow if arm.calibrated][: numbers["arms"]]
    fixed = [arm for arm in slow if not arm.calibrated][: numbers["fixed"]]
    found = lopo.run(
        sources, evaluation, units, progress, arms=[*tuned, *fixed], groupings=("nine",)
    )
    bench = Bench(units, sources, EvaluationSettings.of(evaluation))
    rows = [{**row, "study": MAIN_STUDY, "level": ""} for row in found["predictions"]]
    rows += study_rows(bench, several, progress)
    beside = [row for row in earlier if row["study"] == MAIN_STUDY]
    return {
        "predictions": rows,
        "chosen": found["chosen"],
        "candidates": found["candidates"],
        "phase1": reports,
        "scores": ablation.scores([*beside, *rows], main),
    }
