"""Stages of the pipeline, each computed once: train or load.

`load` gives the result of a stage at a scale. It looks for an artifact whose stamp (source, data,
parameters, seed) is today's, and computes the stage when there is none. The published artifacts,
made with the untouched numbers of scale ``laptop``, are in ``data/artifacts``; everything else goes
to ``build/``. ``TRINITY_ARTIFACTS`` and ``TRINITY_BUILD`` name other places.
"""

import json
import os
import shutil
import sys
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

import orjson

from trinity import lineage, provenance
from trinity.errors import InputError
from trinity.files import artifacts_root, data_path, data_root, write_atomic
from trinity.pipeline import scales
from trinity.provenance import Job, StageResult


@dataclass(frozen=True)
class Stage:
    """What a stage is made of, reads and makes."""

    name: str
    compute: str  # "module:function" that takes a `Job` and returns what goes into the results file
    results: str  # file name below results/
    folder: str | None  # what it makes besides results, below artifacts
    sections: tuple[str, ...]  # of the scale; their numbers are its parameters
    tables: tuple[str, ...]  # of the data directory that it reads
    needs: tuple[str, ...] = ()  # stages whose results it gets
    target: str = "book"  # the make target that recomputes it
    long: bool = False  # too long for `make book` to recompute
    serves_all: bool = False  # a shipped result with the same stamp serves every scale

    def path(self, root: Path) -> Path:
        """Its results file below a place of results."""
        return root / "results" / self.results

    def made(self, root: Path) -> list[Path]:
        """The folder that it makes there; none if it makes no folder."""
        return [root / self.folder] if self.folder else []


STAGES = {
    stage.name: stage
    for stage in (
        Stage(
            "phase0", "trinity.pipeline.training:language_model",
            "phase0.json", "models/language_model", ("phase0", "model"),
            ("generator",), target="phase0", long=True, serves_all=True,
        ),
        Stage(
            "synthesis", "trinity.synthesis.report:synthesis",
            "synthesis.json", "synthetic", ("synthesis",),
            ("generator", "groups", "reference", "measurements", "polymers_real.csv"),
        ),
        Stage(
            "pretraining", "trinity.learning.phase1:pretraining",
            "pretraining.json", "models/phase1", ("phase1",),
            (), ("phase0", "synthesis"),
        ),
        Stage(
            "finetuning", "trinity.learning.ensemble:finetuning",
            "finetuning.json", "models/phase2", ("phase2",),
            ("measurements", "folds.csv"), ("pretraining",),
        ),
        Stage(
            "ablation", "trinity.evidence.left_out:leave_one_out",
            "lopo.json", None, ("evaluation",),
            ("measurements", "folds.csv", "groups", "reference"),
            ("phase0", "pretraining"), target="ablation", long=True,
        ),
        Stage(
            "controls", "trinity_book.studies.ablation:all_controls",
            "ablation.json", None, ("model", "phase1", "evaluation", "controls"),
            ("measurements", "folds.csv", "groups", "reference"),
            ("phase0", "synthesis", "pretraining", "ablation"), target="ablation", long=True,
        ),
        Stage(
            "slow_controls", "trinity_book.studies.ablation_slow:slow_controls",
            "ablation_slow.json", None,
            ("model", "phase1", "evaluation", "controls", "slow_controls"),
            ("measurements", "folds.csv", "groups", "reference"),
            ("phase0", "synthesis", "pretraining", "ablation", "controls"), target="ablation",
            long=True,
        ),
        Stage(
            "distillation", "trinity_book.studies.distillation:distillation",
            "distillation.json", "models/distilled", ("distillation",),
            ("measurements", "folds.csv", "groups", "reference"),
            ("synthesis", "pretraining", "finetuning", "ablation"), target="distil", long=True,
        ),
        Stage(
            "validation", "trinity_book.studies.validation.report:validation",
            "physics_validation.json", None, (),
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


def build_root() -> Path:
    """Where unpublished results go: ``TRINITY_BUILD``, else ``build/`` of the checkout.

    An installed wheel has no checkout; it uses ``build/`` of the working folder.
    """
    named = os.environ.get("TRINITY_BUILD")
    if named:
        return Path(named).absolute()
    checkout = data_root().parent
    return (checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()) / "build"


def published_result(name: str) -> Path:
    """The published results file of a stage, which may not exist."""
    return stage_named(name).path(artifacts_root())


def load(
    name: str,
    scale: str = scales.PUBLISHED,
    seed: int = 0,
    *,
    progress: bool | None = None,
    recompute: bool = False,
    **changed: object,
) -> StageResult:
    """The result of a stage at a scale, loaded when it is current and computed otherwise.

    A published result that `pending` lists is loaded, too, and marked as what it is.

    Parameters
    ----------
    progress
        Show bars; by default when somebody watches a terminal (in a notebook they would stay).
    recompute
        Compute a published result that is not current even when that takes hours.
    changed
        Numbers of the stage's sections to change; the stages before it keep theirs.

    Raises
    ------
    InputError
        If the stage, scale or a parameter is unknown, or a published result that takes too long
        for this is stale: the sentence names the make target.
    """
    stage = stage_named(name)
    progress = sys.stderr.isatty() if progress is None else progress
    inputs = {need: load(need, scale, progress=progress) for need in stage.needs}
    parameters = _parameters(stage, scale, changed)
    stamp = _stamp(stage, parameters, seed, [found.folder for found in inputs.values()])
    plain = not changed and seed == 0
    published = plain and scale == scales.PUBLISHED
    own_place = build_root() / (scale if plain else f"{scale}-{provenance.stamp_id(stamp)}")
    home = artifacts_root() if published else own_place
    for root in _places(stage, home):
        found = _read(stage, root)
        different = _differences(stage, root, found.results, stamp) if found else ["missing"]
        if not different or (different == [provenance.EARLIER] and not recompute):
            return replace(found, pending=bool(different))
    if stage.long and published and not recompute:
        require_long()
    work = build_root() / "work" / f"{stage.name}-{provenance.stamp_id(stamp)}"
    return _compute(stage, Job(parameters, seed, inputs, work, progress), stamp, home)


def _parameters(stage: Stage, scale: str, changed: dict[str, object]) -> dict[str, dict]:
    """The numbers of the stage's sections, some changed: in the last section that knows it."""
    numbers = {name: scales.section(scale, name) for name in stage.sections}
    for key, value in changed.items():
        holders = [section for section in numbers.values() if key in section]
        if not holders:
            known = ", ".join(sorted({k for section in numbers.values() for k in section}))
            raise InputError(
                f"The stage {stage.name} has no parameter {key!r}; it has {known or 'none'}."
            )
        holders[-1][key] = scales.same_kind(key, value, holders[-1][key])
    return numbers


def _stamp(stage: Stage, parameters: dict, seed: int, made: list[Path | None]) -> dict:
    """What decides the result; ``made`` are the folders of the stages before it."""
    data = [*stage.tables, *filter(None, made)]
    return provenance.make_stamp(
        stage.name, lineage.source_hash(stage.compute), data, parameters, [seed]
    )


def _places(stage: Stage, home: Path) -> list[Path]:
    """Where to look: what takes hours or has no scale is not made anew for each scale."""
    return list(dict.fromkeys([home, *[data_path("artifacts")] * stage.serves_all]))


def _read(stage: Stage, root: Path) -> StageResult | None:
    """A result below ``root`` as it is; None if it is not there or not whole."""
    path, made = stage.path(root), stage.made(root)
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not all(folder.is_dir() for folder in made):
        return None
    return StageResult(stage.name, results, path, next(iter(made), None), loaded=True)


def _differences(stage: Stage, root: Path, results: dict, stamp: dict) -> list[str]:
    """In what a result is not that of a stamp, or was changed since; or that it is `pending`."""
    block = results.get("provenance", {})
    found = provenance.differences(block, stamp)
    if block.get("output_hash") != _output_hash(stage, root, results):
        found.append("output")
    late, today = provenance.pending(root), stamp["parameters"]
    if stage.results in late and _still_known(block.get("parameters", {}), today) == today:
        found = [key for key in found if key != "parameters"]
    return provenance.or_earlier(found, stage.results, late)


def _still_known(earlier: dict[str, dict], today: dict[str, dict]) -> dict[str, dict]:
    """The numbers of an earlier release without those that no longer exist."""
    return {
        section: {k: v for k, v in earlier.get(section, {}).items() if k in numbers}
        for section, numbers in today.items()
    }


def _output_hash(stage: Stage, root: Path, results: dict) -> str:
    """Hash of what a stage made: its results without provenance, and its folder."""
    bare = {key: value for key, value in results.items() if key != "provenance"}
    return provenance.text_hash(_json(bare) + provenance.data_hash(stage.made(root)))


def _compute(stage: Stage, job: Job, stamp: dict, root: Path) -> StageResult:
    """Compute into a folder beside the final one, then put it in place, results file last."""
    job.folder.mkdir(parents=True, exist_ok=True)
    module, _, function = stage.compute.partition(":")
    with provenance.timed_block(stamp) as block:
        results = getattr(import_module(module), function)(job)
    path = stage.path(root)
    path.unlink(missing_ok=True)
    for folder in stage.made(root):
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(job.folder, folder)
        write_atomic(folder / "provenance.json", _json({"provenance": block}))
    shutil.rmtree(job.folder, ignore_errors=True)
    results = {"provenance": block, **json.loads(_json(results))}
    block["output_hash"] = _output_hash(stage, root, results)
    write_atomic(path, _json(results))
    return StageResult(stage.name, results, path, next(iter(stage.made(root)), None), loaded=False)


def _json(document: dict) -> str:
    options = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(document, option=options).decode()


def pending() -> dict[str, str]:
    """Stages whose published result is of an earlier release, and why that is so."""
    late = provenance.pending(artifacts_root())
    return {name: late[stage.results] for name, stage in STAGES.items() if stage.results in late}


def status() -> dict[str, list[str]]:
    """Of each stage, in what its published result is not current; empty lists mean all is.

    A result of an earlier release says `trinity.provenance.EARLIER` instead.
    """
    listed = {name: ["listed in PENDING.toml but current"] for name in pending()}
    found = {name: _published_differences(stage) for name, stage in STAGES.items()}
    return {name: found[name] or listed.get(name, []) for name in STAGES}


def _published_differences(stage: Stage) -> list[str]:
    path = stage.path(artifacts_root())
    if not path.is_file():
        return ["missing"]
    return differences(path, _parameters(stage, scales.PUBLISHED, {}), 0)


def differences(path: Path, parameters: dict | None = None, seed: int | None = None) -> list[str]:
    """In what a results file is not what its stage would give today; empty when it is current.

    ``parameters`` and ``seed`` are those of the file itself unless given. ``output`` among the
    differences: the file, or what was made with it, was changed since. A published result of an
    earlier release says only that, if it is listed as such.

    Raises
    ------
    InputError
        If the file has no provenance block, or of an unknown stage.
    """
    block = provenance.read_block(path)
    stage = stage_named(block.get("stage", ""))
    root = path.absolute().parent.parent
    made = []
    for need in map(stage_named, stage.needs):
        found = [_read(need, place) for place in _places(need, root)]
        if not any(found):
            return [f"the result of {need.name} is missing"]
        made.append(next(filter(None, found)).folder)
    parameters = block.get("parameters", {}) if parameters is None else parameters
    seed = next(iter(block.get("seeds", [])), 0) if seed is None else seed
    stamp = _stamp(stage, parameters, seed, made)
    return _differences(stage, root, json.loads(path.read_text(encoding="utf-8")), stamp)


def require_long() -> None:
    """Stop when a published result is stale that takes too long to compute on the way.

    Raises
    ------
    InputError
        One sentence: the result, in what it differs, the make target.
    """
    for stage in STAGES.values():
        found = _published_differences(stage) if stage.long else []
        if found and found != [provenance.EARLIER]:
            raise InputError(
                f"The published result {stage.results} is not current (it differs in"
                f" {', '.join(found)}); run make {stage.target}."
            )
