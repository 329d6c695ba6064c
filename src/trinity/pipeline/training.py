"""Training with data of one's own; and phase 0, which joins generated polymers and their reader."""

import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd

from trinity import lineage, provenance
from trinity.errors import InputError
from trinity.files import artifacts_root, only_run, read_json
from trinity.learning import launched
from trinity.pipeline import stages
from trinity.provenance import Job
from trinity.quantities import TARGETS

#: The corpus of phase 0 is drawn far from the seeds of any synthetic table: other polymers.
CORPUS_SEED = 1_000_003


def language_model(job: Job) -> dict:
    """The stage: train the embedded language model on generated repeat units, without labels."""
    from trinity.learning.encoder import BackboneShape
    from trinity.learning.phase0 import pretrain_language_model
    from trinity.synthesis.generator import generate_polymers

    numbers = dict(job.parameters["phase0"])
    corpus = generate_polymers(numbers.pop("n_polymers"), seed=CORPUS_SEED + job.seed)
    return pretrain_language_model(
        list(corpus["psmiles"]),
        numbers,
        job.seed,
        job.folder,
        BackboneShape(**job.parameters["model"]),
        progress=job.progress,
    )


#: Seconds that a hub may take to answer at all.
HUB_ANSWERS_S = 3.0


def pretrain_on(
    table: Path | None, out: Path, scale: str, seed: int, encoder: str | None = None
) -> dict:
    """Phase 1 with a table or an encoder of one's own; what is None is that of the scale.

    ``table`` is a folder that ``trinity synthesize`` wrote, ``encoder`` a folder, or a name on a
    hub, that `trinity.learning.encoder.load_backbone` can load.

    Raises InputError if the table holds no tests, the encoder cannot be loaded, or no hub answers.
    """
    launched.require_one("Phase 1")
    numbers = stages.section(scale, "phase1")
    if encoder is not None:
        _require_encoder(encoder)
    frame = _synthetic(table or stages.load("synthesis", scale).folder)
    from trinity.learning.phase1 import run_phase1

    with only_run(out):
        start = encoder or stages.load("phase0", scale).folder
        return run_phase1(frame, start, numbers, seed, out, True)


def _require_encoder(name: str) -> None:
    """Refuse an encoder that cannot be loaded, without waiting for a hub that does not answer."""
    from transformers.utils.hub import constants, try_to_load_from_cache

    if not Path(name).is_dir() and not isinstance(try_to_load_from_cache(name, "config.json"), str):
        try:
            urllib.request.urlopen(constants.ENDPOINT, timeout=HUB_ANSWERS_S).close()
        except OSError:
            raise InputError(
                f"There is no folder {name!r}, and no hub answers that could have an encoder of"
                " that name; name a folder with config.json, weights and tokenizer."
            ) from None
    from trinity.learning.encoder import load_backbone

    load_backbone(name)


def _synthetic(folder: Path) -> pd.DataFrame:
    """The rows of a synthetic table, with the columns that phase 1 reads."""
    try:
        frame = pd.read_parquet(folder)
    except (OSError, ValueError):
        frame = pd.DataFrame()
    if frame.empty:
        raise InputError(f"{folder} holds no synthetic table; make one with trinity synthesize.")
    for name in ("psmiles", "key", "flux_kw_m2", "thickness_mm", "ignited", "t_ig_s"):
        if name not in frame:
            raise InputError(
                f"The table in {folder} lacks the column {name}; make one with trinity synthesize."
            )
    return frame


def finetune(
    csv: str | Path,
    out_dir: str | Path,
    scale: str = stages.PUBLISHED,
    seed: int = 0,
    progress: bool = True,
    phase1: str | Path | None = None,
    **changed: object,
) -> dict:
    """Finetune phase-1 models on the project's tests and a user's own.

    The model in ``out_dir`` serves ``trinity predict --model``. Launched in several processes, all
    train and the first one writes.

    Parameters
    ----------
    csv
        Read and checked by `trinity.measurements.reader.read_measurements`; some row needs a label.
    phase1
        A folder that ``trinity pretrain --out`` wrote; None: the shipped models.
    scale, changed
        Whose section ``phase2`` gives the settings, and those to change (``mode="full"``).

    Returns
    -------
    dict
        ``model`` (the folder), ``rows``, ``polymers`` and ``new_polymers`` (not among the
        project's). Geometric mean error factors per target: ``before`` and ``after`` on the user's
        rows (after is in sample, and no promise; before is blind for new polymers),
        ``held_out_before`` and ``held_out_after`` on the project's polymers, each group left out
        in turn. ``moved``: factor by which predictions of the project's tests changed, typically.
        ``used``: rows per target, rows that taught whether it ignites, and rows without ignition
        whose ``test_duration_s`` bounds the ignition time; ``ignition_probability_before`` and
        ``_after``: mean over the rows without ignition. ``read_as``: how the table was understood.

    Raises
    ------
    InputError
        If the table, a setting or the published models cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from trinity.prediction.predict import predict
    >>> folder = Path(tempfile.mkdtemp())
    >>> mine = {"psmiles": ["*CC(*)C#N"], "flux_kw_m2": 50, "thickness_mm": 6, "t_ig_s": 60}
    >>> pd.DataFrame(mine).to_csv(folder / "mine.csv", index=False)
    >>> model = folder / "my_model"  # scale "test" is quick; leave it out for a model to be used
    >>> report = finetune(folder / "mine.csv", model, "test", progress=False)
    >>> report["rows"], report["new_polymers"], report["after"]["t_ig_s"] < 2
    (1, 1, True)
    >>> answer = predict(["*CC(*)C#N"], 50, 6, model=model)
    """
    from trinity.measurements.reader import read_measurements
    from trinity.measurements.specimens import load_measurements
    from trinity.prediction.predict import predict_frame

    numbers = stages.section(scale, "phase2", **changed)
    own = read_measurements(csv)
    own = own.assign(**{target: float("nan") for target in TARGETS if target not in own})
    not_ignited = own["ignited"] == 0
    if not (own[list(TARGETS)].notna().any(axis=None) or not_ignited.any()):
        raise InputError(
            f"{csv} has no measured value; give at least t_ig_s or phrr_kw_m2, or NI in t_ig_s for"
            " a test without ignition."
        )
    from trinity.learning.ensemble import run_phase2

    project, phase1 = load_measurements(), Path(phase1 or artifacts_root() / "models" / "phase1")
    require_phase1(phase1)
    with launched.writing_once(Path(out_dir)) as folder:
        before, project_before = predict_frame(own), predict_frame(project)
        made = run_phase2(phase1, numbers, seed, folder, progress, extra=own)
        after, project_after = predict_frame(own, folder), predict_frame(project, folder)
    published = stages.published_result("finetuning")
    bounds = not_ignited & own.get("test_duration_s", own["t_ig_s"]).notna()
    used = own[[*TARGETS, "ignited"]].notna().sum().rename({"ignited": "ignition"})
    return {
        "model": str(folder),
        "rows": len(own),
        "polymers": int(own["key"].nunique()),
        "new_polymers": len(set(own["key"]) - set(project["key"])),
        "before": _factors(before, own),
        "after": _factors(after, own),
        "used": {**used.to_dict(), "t_ig_s_bounds": int(bounds.sum())},
        "ignition_probability_before": _ignition(before, not_ignited),
        "ignition_probability_after": _ignition(after, not_ignited),
        "read_as": own.attrs.get("read_as", ""),
        "held_out_before": read_json(published)["held_out"] if published.is_file() else {},
        "held_out_after": made["held_out"],
        "moved": _factors(project_after, project_before),
    }


def require_phase1(folder: Path) -> None:
    """Refuse a folder that holds no models of phase 1 to start from; finetuned ones serve if their
    weights are still those of phase 1."""
    try:
        own = read_json(folder / "member0" / "config.json")
        about = read_json(folder / "ensemble.json") if (folder / "ensemble.json").exists() else {}
    except InputError:
        own, about = {}, {}
    if not own or not (folder / "domain.safetensors").is_file():
        raise InputError(
            f"{folder} holds no models of phase 1; name a folder that trinity pretrain --out wrote."
        )
    if about.get("mode", "kernel") != "kernel" or about.get("distilled"):
        raise InputError(
            f"The weights in {folder} have seen the measurements; name the models of phase 1 from"
            " which they were made."
        )


def _ignition(answers: list[dict], rows: pd.Series) -> float | None:
    """Mean predicted probability of ignition of the rows that did not ignite."""
    found = np.array([answer["ignition_probability"] for answer in answers])[rows]
    return float(found.mean()) if len(found) else None


def _factors(answers: list[dict], measured: pd.DataFrame | list[dict]) -> dict[str, float]:
    """Geometric mean error factor per target, of those that were measured at all."""
    found = pd.DataFrame(answers)[list(TARGETS)] / pd.DataFrame(measured)[list(TARGETS)].to_numpy()
    return np.exp(np.log(found).abs().mean()).dropna().to_dict()


def held_out(folder: Path, progress: bool = True) -> pd.DataFrame:
    """Predictions of the measured cells by models of one's own, each of the nine groups left out
    of phase 2 in turn: rows as of ``lopo.json``, laboratory hidden, arms called ``yours: ...``.

    Finished folds are kept below ``build/`` by what the folder holds. An InputError says if it
    holds no models of phase 1.
    """
    require_phase1(folder)
    from trinity.evidence import left_out
    from trinity.evidence.arms import ARMS, label
    from trinity.learning.loop import member_folders

    models = member_folders(folder.absolute())
    stage = stages.stage_named("ablation")
    code = lineage.source_hash(stage.compute)
    stamp = provenance.make_stamp("evaluate", code, [*models, *stage.tables], {}, [])
    work = stages.build_root() / "work" / f"evaluate-{provenance.stamp_id(stamp)}"
    arms = [ARMS[name] for name in ("two_phase", "phase1", "phase1_only")]
    with only_run(work):
        bench = left_out.Bench(work, {"phase1": models})
        units = left_out.units_of(left_out.folds_of("nine"), arms, len(models))
        rows = left_out.predictions(bench, units, "left out", progress)
    rows = rows[~rows["lab_known"]]
    return rows.assign(arm="yours: " + rows["arm"].map(label))
