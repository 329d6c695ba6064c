"""The ensemble that ``trinity predict`` uses: several finetuned models, and what is known of them.

Members start from phase-1 models of different seeds (deep ensemble; Lakshminarayanan et al.,
2017): the mean of their predictive distributions.  Nothing is chosen or scaled by its score:
groups of polymers and laboratories are left out to report errors and coverage.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import load_file, save
from scipy.stats import spearmanr

from trinity.chemistry.descriptors import fingerprint, nearest_among, pack
from trinity.chemistry.properties import estimate
from trinity.cone.predict import physics_spread
from trinity.files import write_atomic
from trinity.learning.answer import Settled, settled, together
from trinity.learning.configurations import Phase2Settings
from trinity.learning.data import Components, TestTable, tests_of
from trinity.learning.intervals import error_factors, group_means, interval_quantiles
from trinity.learning.launched import processes
from trinity.learning.loop import member_folders, run_tasks
from trinity.learning.model import FlammabilityModel, load_model
from trinity.learning.phase2 import finetune
from trinity.provenance import Job
from trinity.quantities import CONDITIONS, PRIMARY, TARGETS

#: Thickness at which the errors of the properties are burnt for a polymer with doubts [mm].
USUAL_MM = 6.0


def finetuning(job: Job) -> dict:
    """The stage: `run_phase2` on all measured tests, the ensemble that ``trinity predict`` asks."""
    phase1, settings = job.inputs["pretraining"].folder, job.parameters["phase2"]
    return run_phase2(phase1, settings, job.seed, job.folder, job.progress)


@dataclass(frozen=True)
class Fold:
    """Tests left out together, as masks of the rows: what training sees, and what is asked."""

    name: str
    seen: np.ndarray
    held: np.ndarray


def run_phase2(
    phase1: str | Path,
    numbers: dict,
    seed: int,
    folder: str | Path,
    progress: bool = True,
    extra: pd.DataFrame | None = None,
) -> dict:
    """Finetune phase-1 models on all measured tests.

    Each strict group, and each laboratory, in turn is left out; the whole ensemble is finetuned
    without it and predicts it.

    Parameters
    ----------
    numbers
        Section ``[phase2]`` of a scale.
    folder
        Gets ``member0`` ..., ``ensemble.json`` and ``domain.safetensors``.
    extra
        Further tests, a user's own; columns of the measurements.

    Returns
    -------
    dict
        ``held_out``: GMFE per target over groups, laboratory hidden. ``left_out``: the same and
        more of groups and of laboratories (`_report`). Beside them what ``ensemble.json`` says.
    """
    numbers, folder = dict(numbers), Path(folder)
    paths = member_folders(phase1)[: numbers.pop("members")]
    settings = Phase2Settings(checkpoints=(numbers.pop("steps"),), **numbers)
    table = measured_tests(extra)
    tests, groups = tests_of(table).with_physics(), table["group_nine"].to_numpy()
    by_group, by_laboratory = list(left_out(table)), list(laboratories_out(table))
    # Launched together, all processes have to be at the same step.
    shared = processes() == 1 and len(paths) > 2
    ask = partial(_asked, paths, settings, seed, tests, groups)
    done = run_tasks(ask, by_group + by_laboratory, shared, "left out" if progress else None)
    writer = partial(_write, settings, tests.weighed(groups), seed, folder)
    failed = run_tasks(writer, paths, shared, "members" if progress else None)
    new, known = interval_quantiles(len(set(groups)))
    low, high = tests.conditions.min(0), tests.conditions.max(0)
    about = {
        "name": f"trinity phase 2, {len(paths)} members, {settings.mode}",
        "members": len(paths),
        "mode": settings.mode,
        "quantile_new": new,
        "quantile_known": known,
        "known": sorted(map(sorted, {units_of(polymer) for polymer in tests.polymers})),
        "measured": dict(zip(CONDITIONS, np.stack([low, high], axis=1).tolist(), strict=True)),
        "medians_stand": sum(failed),
        **_extend_domain(Path(phase1), folder, tests, groups),
    }
    write_atomic(folder / "ensemble.json", json.dumps(about, indent=1) + "\n")
    first = len(by_group)
    parts = {
        "groups": (by_group, done[:first]),
        "laboratories": (by_laboratory, done[first:]),
    }
    report = {name: _report(tests, groups, *part) for name, part in parts.items()}
    held_out = report["groups"]["hidden"]["gmfe"]
    return {**about, "held_out": held_out, "left_out": report}


def measured_tests(extra: pd.DataFrame | None = None) -> pd.DataFrame:
    """The measured tests with their groups, and a user's own, each polymer a group (``own``)."""
    from trinity.measurements.specimens import load_measurements

    table = load_measurements().assign(own=False)
    if extra is None:
        return table
    known = dict(zip(table["key"], table["group_nine"], strict=True))
    group = [known.get(key, key) for key in extra["key"]]
    own = extra.assign(own=True, group_nine=group, cell="", replicates=1)
    return pd.concat([table, own], ignore_index=True)


def left_out(table: pd.DataFrame) -> Iterator[Fold]:
    """Each strict group of the project's tests. A user's tests of the same polymer are neither
    seen nor asked."""
    for group in dict.fromkeys(table["group_nine"][~table["own"]]):
        out = (table["group_nine"] == group).to_numpy()
        yield Fold(group, ~out, out & ~table["own"].to_numpy())


def laboratories_out(table: pd.DataFrame) -> Iterator[Fold]:
    """Each laboratory of the project's tests, those of one round robin together."""
    names = table["lab"].fillna("").str.partition("-")[0].where(~table["own"], "")
    for name in dict.fromkeys(names[names != ""]):
        out = (names == name).to_numpy()
        yield Fold(name, ~out, out)


def units_of(polymer: Components) -> frozenset[str]:
    """The repeat units of a polymer, whatever their shares: what makes it one that was measured."""
    return frozenset(unit for unit, _ in polymer)


def spreads(polymers: Sequence[Components]) -> list[np.ndarray | None]:
    """What `settled` widens intervals to: of polymers whose estimate has doubts, the spread that
    the errors of their properties make in the cone test."""
    doubtful = (bool(estimate(polymer).doubts) for polymer in polymers)
    return [
        physics_spread(polymer, USUAL_MM) if doubt else None
        for polymer, doubt in zip(polymers, doubtful, strict=True)
    ]


@lru_cache(maxsize=8)
def _start(path: Path) -> FlammabilityModel:
    return load_model(path)


def _asked(
    paths: Sequence[Path],
    settings: Phase2Settings,
    seed: int,
    tests: TestTable,
    groups: np.ndarray,
    fold: Fold,
) -> tuple[Settled, Settled]:
    """What an ensemble that has not seen the fold says of it: laboratories named, and hidden."""
    training = tests.take(fold.seen).weighed(groups[fold.seen])
    held = tests.take(fold.held)
    models = [finetune(_start(path), training, settings, seed) for path in paths]
    seen = {units_of(polymer) for polymer in training.polymers}
    new, known = interval_quantiles(len(set(groups[fold.seen])))
    quantile = np.array([known if units_of(p) in seen else new for p in held.polymers])
    spread = spreads(held.polymers)
    ask = together(models)
    named, hidden = (settled(ask, t, quantile, spread) for t in (held, held.unnamed()))
    return named, hidden


def _report(
    tests: TestTable, groups: np.ndarray, folds: Sequence[Fold], done: Sequence[tuple]
) -> dict:
    """Of what was left out, with the laboratory ``named`` and ``hidden``: ``gmfe`` per target,
    ``endpoint`` (mean |ln| of ignition time and peak over groups), ``coverage`` of the 90 %
    intervals, ``median_ratio`` of their ends, ``interval_score`` of their logarithms (Gneiting and
    Raftery, 2007), and Spearman's correlation of width and error over groups and over tests
    (``rank_of_width``, ``rank_of_width_tests``)."""
    rows = np.concatenate([np.flatnonzero(fold.held) for fold in folds])
    group, lab = groups[rows], tests.laboratory[rows]
    measured = np.log(tests.targets[rows])
    primary = [TARGETS.index(name) for name in PRIMARY]

    def of(place: int) -> dict:
        mean, low, high = np.log(np.concatenate([pair[place].targets for pair in done], axis=1))
        error, width = np.abs(mean - measured), np.where(np.isfinite(measured), high - low, np.nan)
        beyond = np.maximum(low - measured, 0) + np.maximum(measured - high, 0)
        inside = np.where(np.isfinite(measured), beyond == 0, np.nan)
        means = {
            name: group_means(values, group, lab)
            for name, values in (
                ("error", error), ("width", width), ("coverage", inside),
                ("score", width + 20 * beyond),
            )
        }  # fmt: skip
        flat = np.isfinite(error)
        named = partial(zip, TARGETS, strict=True)
        return {
            "gmfe": error_factors(error, group, lab),
            "endpoint": float(means["error"][primary].mean(axis=1).mean()),
            "endpoint_of_groups": means["error"][primary].mean(axis=1).to_dict(),
            "coverage": dict(named(means["coverage"].mean())),
            "median_ratio": dict(named(np.exp(np.nanmedian(width, axis=0)))),
            "interval_score": dict(named(means["score"].mean())),
            "rank_of_width": dict(
                named(spearmanr(means["width"][i], means["error"][i]).statistic for i in range(4))
            ),
            "rank_of_width_tests": dict(
                named(
                    spearmanr(width[flat[:, i], i], error[flat[:, i], i]).statistic
                    for i in range(4)
                )
            ),
        }

    return {"named": of(0), "hidden": of(1)}


def _write(settings: Phase2Settings, tests: TestTable, seed: int, folder: Path, path: Path) -> int:
    """The member that starts at ``path``, finetuned on all tests, into the folder; of how many
    coordinates the hyperparameters are the medians of their priors, since no maximum was found."""
    model = finetune(load_model(path), tests, settings, seed)
    model.save(folder / path.name, {"phase": 2, "seed": seed})
    return int(model.head.correction.declared.sum()) if model.head.correction else 0


def _extend_domain(phase1: Path, folder: Path, tests: TestTable, groups: np.ndarray) -> dict:
    """Fingerprints of phase 1 and of the measured polymers; the similarity to the nearest trained,
    and to the nearest measured polymer, below which one is foreign.

    The latter is what the farthest of the measured groups has to the others: farther than that no
    error is known.
    """
    seen = load_file(phase1 / "domain.safetensors")
    group_of = {
        unit: groups[tests.polymer_of == i][0]
        for i, polymer in enumerate(tests.polymers)
        for unit, _ in polymer
    }
    units = sorted(group_of)
    prints = {unit: fingerprint(unit) for unit in units}
    nearest = {}
    for unit in units:
        others = [prints[u] for u in units if group_of[u] != group_of[unit]]
        nearest.setdefault(group_of[unit], []).append(nearest_among(prints[unit], others))
    content = {"fingerprints": np.vstack([seen["fingerprints"], pack(units)])}
    write_atomic(folder / "domain.safetensors", save({**content, "measured": pack(units)}))
    return {
        "least_similarity": float(seen["least_similarity"][0]),
        "least_similarity_measured": float(min(max(found) for found in nearest.values())),
    }
