"""Studies beside the main comparison: fewer measured polymers, fewer synthetic rows, conditions and
laboratories that were not seen.

A study is a list of splits, each solved in closed form; what has to be chosen is chosen on an
inner leave-one-polymer-out of the tests that a split may see.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from trinity.evidence import left_out as lopo
from trinity.evidence.arms import ARMS, EvaluationSettings
from trinity.evidence.held import NORMAL_90, Bench, Held, Sources, learned, measurements
from trinity.quantities import TARGETS

#: Arms of a study; those by gradient are left out, which costs `direct` half of its list.
STUDIED = ("two_phase", "network_only", "direct", "gaussian_process", "physics_bias")
#: Borders of the bands: 25, 50 and 75 kW/m2; 3, 6-9 and 12-27 mm.
BANDS = {
    ("heat flux", "flux_kw_m2"): {
        "low flux": (0, 40), "middle flux": (40, 60), "high flux": (60, 999),
    },
    ("thickness", "thickness_mm"): {"thin": (0, 5), "middle": (5, 10), "thick": (10, 999)},
}  # fmt: skip


@dataclass(frozen=True)
class Split:
    """Tests (numbers) that may be seen and that are held out, at one level of a study."""

    study: str
    level: str
    fold: str
    seen: tuple[int, ...]
    held: tuple[int, ...]
    draw: int = 0  # which random subset


@dataclass(frozen=True)
class StudyUnit:
    """One arm with one seed on one split; ``start`` names another kind of model to start from."""

    arm: str
    seed: int
    split: Split
    start: str = ""

    @property
    def file(self) -> str:
        """Name of the unit's result."""
        s = self.split
        name = f"{s.study}-{s.level}-{s.fold}-{s.draw}-{self.arm}-{self.start}-s{self.seed}.npz"
        return name.replace(" ", "_")

    def compute(self, sources: Sources, settings: EvaluationSettings) -> Held:
        """Predictions of the configurations chosen, with interval ``factors``."""
        ids = measurements()["test_id"].to_numpy()
        groups = measurements()["group_nine"].to_numpy()
        seen, held = np.isin(ids, self.split.seen), np.isin(ids, self.split.held)
        arm = ARMS[self.arm]
        tried = arm.configurations(settings)
        if arm.family != "classical":
            tried = [configuration for configuration in tried if configuration.mode == "kernel"]
        arm = replace(arm, start=self.start or arm.start)
        if arm.family == "finetuned" and len(tried) == 1:  # nothing to choose, own intervals
            found = learned(arm, tried, seen, held, self.seed, sources)
            return replace(found, factors=np.full(len(TARGETS), NORMAL_90))
        inner = {}
        for group in dict.fromkeys(groups[seen]):
            out = groups == group
            inner[group] = learned(arm, tried, seen & ~out, seen & out, self.seed, sources)
        best, together = lopo.best_few(inner)
        found = learned(arm, [tried[i] for i in best], seen, held, self.seed, sources)
        return replace(found, factors=np.array(lopo.calibrated(together)))


def fewer_polymers(counts: Iterable[int], draws: int) -> list[Split]:
    """Leave one group out, and learn from ``n`` of the other eight, drawn at random."""
    table = measurements()
    groups = list(dict.fromkeys(table.group_nine))
    splits = []
    for draw in range(draws):
        for fold in groups:
            rng = np.random.default_rng([draw, groups.index(fold)])
            order = rng.permutation([g for g in groups if g != fold])
            for n in counts:  # nested: the polymers of a small set are in the larger ones
                seen = table.group_nine.isin(order[:n])
                splits.append(_split("measured polymers", str(n), fold, seen, draw=draw))
    return splits


def every_polymer(study: str, level: str) -> list[Split]:
    """Leave one group out, learn from the other eight."""
    groups = measurements().group_nine
    return [_split(study, level, fold, groups != fold) for fold in dict.fromkeys(groups)]


def other_conditions() -> list[Split]:
    """A band of heat flux or of thickness is held out, of all polymers."""
    splits = []
    for (study, column), bands in BANDS.items():
        for level, (low, high) in bands.items():
            held = measurements()[column].between(low, high, inclusive="left")
            splits.append(_split(study, level, level, ~held, held))
    return splits


def other_laboratories(labs: tuple[str, ...] = ("FAA", "FSRI")) -> list[Split]:
    """Learn from one laboratory, predict the other, and back."""
    lab = measurements().lab
    pairs = {f"{a} to {b}": (lab == a, lab == b) for a, b in permutations(labs, 2)}
    return [_split("laboratory", name, name, *masks) for name, masks in pairs.items()]


def _split(study, level, fold, seen, held=None, draw=0) -> Split:
    table = measurements()
    held = table.group_nine == fold if held is None else held
    ids = table.test_id
    return Split(study, level, fold, tuple(ids[seen]), tuple(ids[held]), draw)


def units_of(splits: list[Split], seeds: int, arms=STUDIED, start: str = "") -> list[StudyUnit]:
    """Units of some arms on some splits; a random subset has a seed of its own."""
    units = []
    for split in splits:
        # A curve's draws are its seeds.
        own = [split.draw] if split.study == "measured polymers" else range(seeds)
        for arm in arms:
            some = own[:1] if ARMS[arm].deterministic else own
            units += [StudyUnit(arm, seed, split, start) for seed in some]
    return units


def run_studies(bench: Bench, units: list[StudyUnit], label: str, progress: bool) -> list[dict]:
    """Rows of `lopo.json`'s format with ``study`` and ``level``; the fold is the strict group."""
    bench.run(units, label, progress)
    members = {fold.name: fold.members for fold in lopo.folds_of("nine")}
    rows = []
    for unit in units:
        found = bench.read(unit)
        for group in dict.fromkeys(measurements()["group_nine"].loc[found.tests]):
            about = {"arm": unit.arm, "seed": unit.seed, "fold": group}
            about |= {"study": unit.split.study, "level": unit.split.level}
            rows += found.of(members[group]).rows(about, found.factors)
    return rows
