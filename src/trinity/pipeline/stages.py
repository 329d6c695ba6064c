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
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

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


STAGES = {
    stage.name: stage
    for stage in (
        Stage(
            "phase0", "trinity.pipeline.training:language_model",
            "phase0.json", "models/language_model", ("phase0", "model"),
            ("generator",), target="phase0", long=True, serves_all=True,
        ),
        Stage(
            "synthesis", "trinity.synthesis.table:synthesis",
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
    return artifacts_root() / "results" / stage_named(name).results


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

    Parameters
    ----------
    progress
        Show bars; by default when somebody watches a terminal (in a notebook they would stay).
    recompute
        Compute a stale published result even when that takes hours (``make ablation``).
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
    stamp = _stamp(stage, parameters, seed, inputs)
    published = scale == scales.PUBLISHED and not changed and seed == 0
    home = _home(scale, published, changed, seed, stamp)
    for root in dict.fromkeys([home, *_also(stage)]):
        found = _current(stage, root, stamp, {} if recompute else provenance.pending(root))
        if found is not None:
            return found
    if stage.long and published and not recompute:
        require_long()
    return _compute(stage, parameters, seed, inputs, stamp, home, progress)


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


def _stamp(stage: Stage, parameters: dict, seed: int, inputs: dict[str, StageResult]) -> dict:
    made = [result.folder for result in inputs.values() if result.folder is not None]
    return provenance.make_stamp(
        stage.name,
        lineage.source_hash(stage.compute),
        data=[*stage.tables, *made],
        parameters=parameters,
        seeds=[seed],
    )


def _home(scale: str, published: bool, changed: dict, seed: int, stamp: dict) -> Path:
    """Where a result belongs that has to be computed."""
    if published:
        return artifacts_root()
    same = not changed and seed == 0
    return build_root() / (scale if same else f"{scale}-{provenance.stamp_id(stamp)}")


def _also(stage: Stage) -> list[Path]:
    """Where else to look: what takes hours or has no scale is not made anew for each scale."""
    return [data_path("artifacts")] if stage.serves_all else []


def _current(stage: Stage, root: Path, stamp: dict, late: dict) -> StageResult | None:
    """What is there if it is current, or of an earlier release and listed among the ``late``."""
    path = root / "results" / stage.results
    folder = root / stage.folder if stage.folder else None
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    found = provenance.differences(results.get("provenance", {}), stamp)
    found = provenance.or_earlier(found, stage.results, late)
    if found and found != [provenance.EARLIER]:
        return None
    if folder is not None and not folder.is_dir():
        return None
    if results["provenance"].get("output_hash") != _output_hash(stage, root, results):
        return None
    return StageResult(stage.name, results, path, folder, loaded=True, pending=bool(found))


def _compute(
    stage: Stage,
    parameters: dict,
    seed: int,
    inputs: dict[str, StageResult],
    stamp: dict,
    root: Path,
    progress: bool,
) -> StageResult:
    """Compute into a folder beside the final one, then put it in place, results file last."""
    folder = root / stage.folder if stage.folder else None
    work = build_root() / "work" / f"{stage.name}-{provenance.stamp_id(stamp)}"
    work.mkdir(parents=True, exist_ok=True)
    with provenance.timed_block(stamp) as block:
        module, _, function = stage.compute.partition(":")
        compute = getattr(import_module(module), function)
        results = compute(Job(parameters, seed, inputs, work, progress))
    path = root / "results" / stage.results
    path.unlink(missing_ok=True)
    if folder is not None:
        if folder.exists():
            shutil.rmtree(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(work, folder)
        write_atomic(folder / "provenance.json", _json({"provenance": block}))
    else:
        shutil.rmtree(work)
    results = {"provenance": block, **json.loads(_json(results))}
    block["output_hash"] = _output_hash(stage, root, results)
    write_atomic(path, _json(results))
    return StageResult(stage.name, results, path, folder, loaded=False)


def _json(document: dict) -> str:
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(document, option=options).decode()


def status() -> dict[str, list[str]]:
    """Of each stage, in what its published result is not current; empty lists mean all is.

    A result of an earlier release says `trinity.provenance.EARLIER` instead.
    """
    current = {name: ["listed in PENDING.toml but current"] for name in pending()}
    return {
        name: _published_differences(stage) or current.get(name, [])
        for name, stage in STAGES.items()
    }


def pending() -> dict[str, str]:
    """Stages whose published result is of an earlier release, and why that is so."""
    late = provenance.pending(artifacts_root())
    return {name: late[stage.results] for name, stage in STAGES.items() if stage.results in late}


def _published_differences(stage: Stage) -> list[str]:
    path = published_result(stage.name)
    if not path.is_file():
        return ["missing"]
    parameters = _parameters(stage, scales.PUBLISHED, {})
    return differences(path, parameters, 0)


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
    inputs = {need: _result_in(STAGES[need], root) for need in stage.needs}
    lost = [need for need, found in inputs.items() if found is None]
    if lost:
        return [f"the result of {need} is missing" for need in lost]
    parameters = block.get("parameters", {}) if parameters is None else parameters
    seed = next(iter(block.get("seeds", [])), 0) if seed is None else seed
    found = provenance.differences(block, _stamp(stage, parameters, seed, inputs))
    results = json.loads(path.read_text(encoding="utf-8"))
    if block.get("output_hash") != _output_hash(stage, root, results):
        found.append("output")
    return provenance.or_earlier(found, path.name, provenance.pending(root))


def _result_in(stage: Stage, root: Path) -> StageResult | None:
    """A result below ``root`` (the shipped language model serves everywhere); None if missing."""
    for place in [root, *_also(stage)]:
        path = place / "results" / stage.results
        folder = place / stage.folder if stage.folder else None
        if path.is_file() and (folder is None or folder.is_dir()):
            return StageResult(stage.name, {}, path, folder, loaded=True)
    return None


def _output_hash(stage: Stage, root: Path, results: dict) -> str:
    """Hash of what a stage made: its results without provenance, and its folder."""
    bare = {key: value for key, value in results.items() if key != "provenance"}
    folder = root / stage.folder if stage.folder else None
    made = provenance.data_hash([folder] if folder is not None else [])
    return provenance.text_hash(_json(bare) + made)


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
