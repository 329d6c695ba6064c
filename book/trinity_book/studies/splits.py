"""Studies beside the main comparison: fewer measured polymers, fewer synthetic rows, conditions,
laboratories, and polymers together with their laboratory, that were not seen."""

from collections.abc import Iterable
from itertools import permutations

import numpy as np

from trinity.evidence.arms import ARMS
from trinity.evidence.left_out import Split, measurements, split_of

#: Arms of a study.
STUDIED = tuple(
    ARMS[name]
    for name in ("physics_only", "direct", "phase1", "two_phase", "gaussian_process",
                 "composition_physics")
)  # fmt: skip
#: Borders of the bands: 25, 50 and 75 kW/m2; 3, 6-9 and 12-27 mm.
BANDS = {
    ("heat flux", "flux_kw_m2"): {
        "low flux": (0, 40), "middle flux": (40, 60), "high flux": (60, 999),
    },
    ("thickness", "thickness_mm"): {"thin": (0, 5), "middle": (5, 10), "thick": (10, 999)},
}  # fmt: skip


def fewer_polymers(counts: Iterable[int], draws: int) -> list[Split]:
    """Leave one group out, and learn from ``n`` of the other eight, drawn at random."""
    group = measurements()["group_nine"]
    names, splits = list(dict.fromkeys(group)), []
    for draw in range(draws):
        for fold in names:
            rng = np.random.default_rng([draw, names.index(fold)])
            order = rng.permutation([name for name in names if name != fold])
            for n in counts:  # nested: the polymers of a small set are in the larger ones
                seen = group.isin(order[:n])
                about = "measured polymers", str(n), fold
                splits.append(split_of(*about, group == fold, seen, draw + 1))
    return splits


def every_polymer(study: str, level: str) -> list[Split]:
    """Leave one group out, learn from the other eight."""
    group = measurements()["group_nine"]
    return [split_of(study, level, fold, group == fold) for fold in dict.fromkeys(group)]


def other_conditions() -> list[Split]:
    """A band of heat flux or of thickness is held out, of all polymers."""
    splits = []
    for (study, column), bands in BANDS.items():
        for level, (low, high) in bands.items():
            held = measurements()[column].between(low, high, inclusive="left")
            splits.append(split_of(study, level, level, held))
    return splits


def other_laboratories(labs: tuple[str, ...] = ("FAA", "FSRI")) -> list[Split]:
    """Learn from one laboratory, predict the other, and back."""
    lab = measurements()["lab"]
    return [
        split_of("laboratory", f"{a} to {b}", f"{a} to {b}", lab == b, lab == a)
        for a, b in permutations(labs, 2)
    ]


def polymer_and_laboratory() -> list[Split]:
    """A group's cells of one laboratory are held out; neither the group nor the laboratory is
    seen."""
    table = measurements()
    return [
        split_of("polymer and laboratory", "both left out", f"{fold}, {lab}", held, seen)
        for fold, lab in dict.fromkeys(zip(table["group_nine"], table["lab"], strict=True))
        if (held := (table["group_nine"] == fold) & (table["lab"] == lab)).any()
        and (seen := (table["group_nine"] != fold) & (table["lab"] != lab)).any()
    ]
