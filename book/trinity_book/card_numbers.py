"""Numbers of the model card, from the results files: scores, and what training cost.

Energy and carbon are no measurements: wall times are recorded, power and carbon a kilowatt-hour are
assumed, and the card names both assumptions.  Nothing here imports torch.
"""

import json
from collections.abc import Iterator

from trinity.files import data_path
from trinity.quantities import TARGETS

#: Assumed: two busy cores of a server with their share of memory and cooling.
WATT = 40.0
#: Assumed: electricity near the mean of the world's grids.
CARBON_KG_KWH = 0.45

#: Result of each stage -> name in the card.
STAGES = {
    "phase0.json": "phase0",
    "synthesis.json": "synthesis",
    "pretraining.json": "pretraining",
    "finetuning.json": "finetuning",
    "lopo.json": "ablation",
    "ablation.json": "controls",
    "ablation_slow.json": "slow_controls",
    "distillation.json": "distillation",
}
ARM = "two_phase"


def numbers() -> dict[str, str]:
    """Every number by its name, as text; all names begin with ``card_``."""
    return dict((*_scores(), *_costs(), *_model()))


def _read(*parts: str) -> dict:
    return json.loads(data_path("artifacts", *parts).read_text(encoding="utf-8"))


def _scores() -> Iterator[tuple[str, str]]:
    """Error factors with 95 % intervals over groups, and coverage, of the two-phase arm."""
    nine = _read("results", "lopo.json")["scores"]["nine"]
    rows = {row["target"]: row for row in nine["scores"] if row["arm"] == ARM}
    for target in TARGETS:
        row, name = rows[target], target.rsplit("_", 1)[0].split("_kw")[0].split("_mj")[0]
        low, high = row["gmfe_low"], row["gmfe_high"]
        yield f"card_factor_{name}", f"{row['gmfe']:.2f} ({low:.2f} to {high:.2f})"
        low, high = 100 * row["coverage_low"], 100 * row["coverage_high"]
        yield f"card_coverage_{name}", f"{100 * row['coverage']:.0f} ({low:.0f} to {high:.0f})"
    others = nine["comparisons"]
    yield "card_arms", str(len(others))
    yield "card_arms_beaten", str(sum(row["low"] > 0 for row in others))


def _costs() -> Iterator[tuple[str, str]]:
    """Minutes of each stage as recorded in its results; energy and carbon of all of them."""
    total = 0.0
    for file, name in STAGES.items():
        if not data_path("artifacts", "results", file).is_file():
            yield f"card_minutes_{name}", "not yet computed"
            continue
        seconds = float(_read("results", file)["provenance"]["wall_time"])
        total += seconds
        yield f"card_minutes_{name}", f"{seconds / 60:.0f}" if seconds >= 60 else "under 1"
    energy = WATT * total / 3.6e6
    yield "card_watt", f"{WATT:.0f}"
    yield "card_carbon_factor", f"{CARBON_KG_KWH:.2f}"
    yield "card_minutes_all", f"{total / 60:.0f}"
    yield "card_energy", f"{energy:.2f}"
    yield "card_carbon", f"{1000 * CARBON_KG_KWH * energy:.0f}"


def _model() -> Iterator[tuple[str, str]]:
    about = _read("models", "phase2", "ensemble.json")
    yield "card_members", str(about["members"])
    folder = data_path("artifacts", "models", "phase2")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    yield "card_megabytes", f"{size / 1e6:.0f}"
