"""The stages of the pipeline: what each reads, makes and depends on."""

from collections.abc import Callable
from dataclasses import dataclass

from trinity.errors import InputError


@dataclass(frozen=True)
class Stage:
    """What a stage is made of.

    ``compute(parameters, seed, inputs, folder, progress)`` gets the results of the stages that
    it ``needs`` by name, fills ``folder`` (weights, table) and returns its results.
    """

    name: str
    results: str  # file name below results/
    folder: str | None  # what it makes besides results, below artifacts
    sections: tuple[str, ...]  # of the scale; their numbers are its parameters
    tables: tuple[str, ...]  # of the data directory that it reads
    needs: tuple[str, ...] = ()
    target: str = "book"  # the make target that recomputes it
    long: bool = False  # too long for `make book` to recompute
    serves_all: bool = False  # a shipped result with the same stamp serves every scale

    @property
    def compute(self) -> Callable:
        """The function of `trinity.pipeline.compute` named like the stage."""
        from trinity.pipeline import compute as pipeline

        return getattr(pipeline, self.name)


STAGES = {
    stage.name: stage
    for stage in (
        Stage(
            "phase0", "phase0.json", "models/language_model", ("phase0", "model"),
            ("generator",), target="phase0", long=True, serves_all=True,
        ),
        Stage(
            "synthesis", "synthesis.json", "synthetic", ("synthesis",),
            ("generator", "groups", "reference", "measurements", "polymers_real.csv"),
        ),
        Stage(
            "pretraining", "pretraining.json", "models/phase1", ("phase1",),
            (), ("phase0", "synthesis"),
        ),
        Stage(
            "finetuning", "finetuning.json", "models/phase2", ("phase2",),
            ("measurements", "folds.csv"), ("pretraining",),
        ),
        Stage(
            "ablation", "lopo.json", None, ("evaluation",),
            ("measurements", "folds.csv", "groups", "reference"),
            ("phase0", "pretraining"), target="ablation", long=True,
        ),
        Stage(
            "controls", "ablation.json", None, ("model", "phase1", "evaluation", "controls"),
            ("measurements", "folds.csv", "groups", "reference"),
            ("phase0", "synthesis", "pretraining", "ablation"), target="ablation", long=True,
        ),
        Stage(
            "slow_controls", "ablation_slow.json", None,
            ("model", "phase1", "evaluation", "controls", "slow_controls"),
            ("measurements", "folds.csv", "groups", "reference"),
            ("phase0", "synthesis", "pretraining", "ablation", "controls"), target="ablation",
            long=True,
        ),
        Stage(
            "distillation", "distillation.json", "models/distilled", ("distillation",),
            ("measurements", "folds.csv", "groups", "reference"),
            ("synthesis", "pretraining", "finetuning", "ablation"), target="distil", long=True,
        ),
        Stage(
            "validation", "physics_validation.json", None, (),
            ("measurements", "reference", "groups"), serves_all=True,
        ),
    )
}  # fmt: skip


def stage_named(name: str) -> Stage:
    """The stage of that name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in STAGES:
        raise InputError(f"There is no stage {name!r}; choose one of {', '.join(STAGES)}.")
    return STAGES[name]
