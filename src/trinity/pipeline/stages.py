"""Stages of the pipeline, each computed once, and the scales that say how large they are.

`load` gives the result of a stage at a scale: the artifact whose stamp (source, data, parameters,
seed) is today's, or one that it computes. What is published (scale ``laptop``, nothing changed) is
in ``data/artifacts``, all else below ``build/``, or where ``TRINITY_ARTIFACTS`` and
``TRINITY_BUILD`` say.

A scale is a file of numbers (``scales/*.toml``): ``test``, ``class`` for a lecture, ``laptop`` as
published, ``reproduce`` for ``make reproduce``, ``paper`` for a GPU. One code path serves them all.
"""

import json
import os
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name

import orjson

from trinity import lineage, provenance
from trinity.errors import InputError
from trinity.files import artifacts_root, data_path, data_root, only_run, write_atomic
from trinity.provenance import Job, StageResult

SCALES = ("test", "class", "reproduce", "laptop", "paper")
PUBLISHED = "laptop"


def scale_named(scale: str) -> dict[str, dict]:
    """All sections of a scale; its file may give only what differs from a ``base``. An InputError
    lists the scales if it is none of them."""
    if scale not in SCALES:
        raise InputError(f"There is no scale {scale!r}; choose one of {', '.join(SCALES)}.")
    path = Path(__file__).parent / "scales" / f"{scale}.toml"
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    base = scale_named(found.pop("base")) if "base" in found else {}
    return base | {name: base.get(name, {}) | numbers for name, numbers in found.items()}


def section(scale: str, name: str, **changed: object) -> dict:
    """The numbers of one section of a scale, some of them changed; errors as of `sections`."""
    return sections(scale, (name,), changed)[name]


def sections(scale: str, names: tuple[str, ...], changed: dict[str, object]) -> dict[str, dict]:
    """The numbers of several sections, some changed: each in the last section that knows it; an
    InputError if none knows it, or the value is of another kind."""
    found = {name: numbers for name, numbers in scale_named(scale).items() if name in names}
    for key, value in changed.items():
        holders = [numbers for numbers in found.values() if key in numbers]
        if not holders:
            known = ", ".join(sorted(set().union(*found.values()))) or "none"
            raise InputError(f"There is no parameter {key!r}; those that can change are {known}.")
        holders[-1][key] = same_kind(key, value, holders[-1][key])
    return found


def same_kind(name: str, value: object, default: object) -> object:
    """``value`` as the type of ``default``, an int as a float if need be, else an InputError."""
    if type(default) is float and type(value) is int:
        return float(value)
    if type(value) is not type(default):
        raise InputError(
            f"The parameter {name} is {value!r}; give a value of type {type(default).__name__},"
            f" such as {default!r}."
        )
    return value


@dataclass(frozen=True)
class Stage:
    """What a stage is made of, reads and makes."""

    name: str
    compute: str  # "module:function" that takes a `Job` and returns what goes into the results file
    sections: tuple[str, ...]  # of the scale; their numbers are its parameters
    tables: tuple[str, ...]  # of the data directory that it reads
    needs: tuple[str, ...]  # stages whose results it gets
    results: str  # file name below results/
    folder: str | None = None  # what it makes besides results, below artifacts
    target: str | None = None  # the make target that recomputes what takes too long for `make book`
    serves_all: bool = False  # a shipped result with the same stamp serves every scale

    def places(self, root: Path) -> tuple[Path, Path | None]:
        """Its results file below a place of results, and its folder if it makes one."""
        return root / "results" / self.results, root / self.folder if self.folder else None

    def stamp(self, parameters: dict, seed: int, inputs: list[StageResult]) -> dict:
        """What decides the result, with those of the stages before it."""
        data = [*self.tables, *(found.folder for found in inputs if found.folder)]
        code = lineage.source_hash(self.compute)
        return provenance.make_stamp(self.name, code, data, parameters, [seed])

    def read(self, home: Path) -> Iterator[StageResult]:
        """Its results as they are, whole, below ``home`` and where one may serve all scales."""
        for root in [home, data_path("artifacts")] if self.serves_all else [home]:
            path, made = self.places(root)
            try:
                results = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            if made is None or made.is_dir():
                yield StageResult(self.name, results, path, made)

    def differences(self, found: StageResult, stamp: dict) -> list[str]:
        """In what a result is not that of a stamp, or was changed since."""
        block = found.results.get("provenance", {})
        changed = block.get("output_hash") != _output_hash(found.results, found.folder)
        return provenance.differences(block, stamp) + ["output"] * changed

    def late(self, root: Path, parameters: dict, seed: int) -> list[str]:
        """In what its result below ``root`` is not what it would be today."""
        names = (self.name, *self.needs)
        own, *inputs = (next(stage_named(name).read(root), None) for name in names)
        if own is None:
            return ["missing"]
        if None in inputs:
            return [f"the result of {self.needs[inputs.index(None)]} is missing"]
        return self.differences(own, self.stamp(parameters, seed, inputs))

    def published_differences(self) -> list[str]:
        """In what its published result is not what it would be today."""
        return self.late(artifacts_root(), sections(PUBLISHED, self.sections, {}), 0)


TESTS = ("measurements", "folds.csv", "groups", "reference", "analysis_plan.toml")
STAGES = {
    stage.name: stage
    for stage in (
        Stage(
            "phase0", "trinity.pipeline.training:language_model", ("phase0", "model"),
            ("generator",), (), "phase0.json", "models/language_model", "phase0", serves_all=True,
        ),
        Stage(
            "synthesis", "trinity.synthesis.report:synthesis", ("synthesis",),
            ("generator", "groups", "reference", "measurements", "polymers_real.csv"), (),
            "synthesis.json", "synthetic",
        ),
        Stage(
            "pretraining", "trinity.learning.phase1:pretraining", ("phase1",), (),
            ("phase0", "synthesis"), "pretraining.json", "models/phase1",
        ),
        Stage(
            "finetuning", "trinity.learning.ensemble:finetuning", ("phase2",),
            TESTS, ("pretraining",), "finetuning.json", "models/phase2",
        ),
        Stage(
            "ablation", "trinity.evidence.left_out:leave_one_out", ("evaluation",), TESTS,
            ("phase0", "pretraining"), "lopo.json", target="ablation",
        ),
        Stage(
            "controls", "trinity_book.studies.ablation:ablation",
            ("model", "phase1", "controls"), TESTS,
            ("phase0", "synthesis", "pretraining", "ablation"), "ablation.json", target="ablation",
        ),
        Stage(
            "slow_controls", "trinity_book.studies.gradient:gradient", ("slow_controls",), TESTS,
            ("phase0", "pretraining"), "ablation_slow.json", target="ablation",
        ),
        Stage(
            "descents", "trinity_book.studies.descents:descents", ("descents",), TESTS,
            ("phase0", "pretraining"), "descents.json", target="ablation",
        ),
        Stage(
            "distillation", "trinity_book.studies.distillation:distillation", ("distillation",),
            TESTS, ("synthesis", "pretraining", "finetuning", "ablation"),
            "distillation.json", "models/distilled", "distil",
        ),
        Stage(
            "second_property", "trinity_book.studies.second_property:second_properties",
            ("model", "phase0", "second_property"), ("reference", "groups", "analysis_plan.toml"),
            ("phase0", "synthesis"), "second_property.json", target="power",
        ),
        Stage(
            "encoders", "trinity_book.studies.second_property_encoders:candidates",
            ("model", "phase0", "second_property", "encoders"),
            ("generator", "reference", "groups", "analysis_plan.toml"),
            ("phase0", "synthesis"), "encoders.json", target="power",
        ),
        Stage(
            "validation", "trinity_book.studies.validation.report:validation", (),
            ("measurements", "reference", "groups", "analysis_plan_same_sheets.toml"), (),
            "physics_validation.json", serves_all=True,
        ),
    )
}  # fmt: skip


def stage_named(name: str) -> Stage:
    """The stage of that name; an InputError lists the names if there is none."""
    if name not in STAGES:
        raise InputError(f"There is no stage {name!r}; choose one of {', '.join(STAGES)}.")
    return STAGES[name]


def build_root() -> Path:
    """Where unpublished results go: ``TRINITY_BUILD``, else ``build/`` of the checkout or, for an
    installed wheel, of the working folder."""
    named = os.environ.get("TRINITY_BUILD")
    if named:
        return Path(named).absolute()
    checkout = data_root().parent
    return (checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()) / "build"


def published_result(name: str) -> Path:
    """The published results file of a stage, which may not exist."""
    return stage_named(name).places(artifacts_root())[0]


def load(
    name: str,
    scale: str = PUBLISHED,
    seed: int = 0,
    *,
    progress: bool | None = None,
    recompute: bool = False,
    **changed: object,
) -> StageResult:
    """The result of a stage at a scale, loaded if it is current, computed otherwise.

    ``progress`` shows bars, by default when somebody watches a terminal; ``recompute`` computes a
    published result that is not current even when that takes hours; ``changed`` are numbers of the
    stage's sections to change, while the stages before it keep theirs.

    Raises InputError if the stage, scale or a parameter is unknown, or a published result that
    takes too long for this is stale: the sentence names the make target.
    """
    stage = stage_named(name)
    progress = sys.stderr.isatty() if progress is None else progress
    inputs = {need: load(need, scale, progress=progress) for need in stage.needs}
    parameters = sections(scale, stage.sections, changed)
    stamp = stage.stamp(parameters, seed, list(inputs.values()))
    mark = provenance.stamp_id(stamp)
    place = f"{scale}-{mark}" if changed or seed != 0 else scale
    published = place == PUBLISHED
    home = artifacts_root() if published else build_root() / place
    for found in stage.read(home):
        if not stage.differences(found, stamp):
            return found
    if stage.target and published and not recompute:
        require_long()
    work = build_root() / "work" / f"{name}-{mark}"
    with only_run(work.with_suffix(".stage")):  # what fills the folder may ask for it by itself
        return _compute(stage, Job(parameters, seed, inputs, work, progress), stamp, home)


def _output_hash(results: dict, folder: Path | None) -> str:
    """Hash of what a stage made: its results without provenance, and its folder."""
    bare = {key: value for key, value in results.items() if key != "provenance"}
    return provenance.text_hash(as_json(bare) + provenance.data_hash(filter(None, [folder])))


def _compute(stage: Stage, job: Job, stamp: dict, root: Path) -> StageResult:
    """Compute into a folder beside the final one, then put it in place, results file last."""
    job.folder.mkdir(parents=True, exist_ok=True)
    with provenance.timed_block(stamp) as block:
        results = resolve_name(stage.compute)(job)
    path, made = stage.places(root)
    path.unlink(missing_ok=True)
    if made:
        shutil.rmtree(made, ignore_errors=True)
        made.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(job.folder, made)
        write_atomic(made / "provenance.json", as_json({"provenance": block}))
    shutil.rmtree(job.folder, ignore_errors=True)
    results = {"provenance": block, **json.loads(as_json(results))}
    block["output_hash"] = _output_hash(results, made)
    write_atomic(path, as_json(results))
    return StageResult(stage.name, results, path, made)


def as_json(document: dict) -> str:
    """A results file as text."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(document, option=options).decode()


def status() -> dict[str, list[str]]:
    """Of each stage, in what its published result is not current; empty lists mean all is."""
    return {name: stage.published_differences() for name, stage in STAGES.items()}


def differences(path: Path) -> list[str]:
    """In what a results file is not what its stage would give today; empty when it is current.

    ``output``: the file, or what was made with it, was changed since. An InputError says that the
    file has no provenance block, or that of an unknown stage."""
    block = provenance.read_block(path)
    stage, seeds = stage_named(block.get("stage", "")), block.get("seeds") or [0]
    return stage.late(path.absolute().parents[1], block.get("parameters", {}), seeds[0])


def require_long() -> None:
    """Stop with an InputError, which names the make target, when a published result is stale that
    takes too long to compute on the way."""
    for stage in STAGES.values():
        if stage.target and (found := stage.published_differences()):
            raise InputError(
                f"The published result {stage.results} is not current (it differs in"
                f" {', '.join(found)}); run make {stage.target}."
            )
