"""Why an answer may be wrong: a polymer unlike those seen or measured, properties without support,
conditions that were never tested. Nothing said here means nothing known against it."""

from trinity.chemistry.descriptors import (
    fingerprint,
    fingerprint_as_cut,
    nearest_among,
    within_reach,
)
from trinity.chemistry.polymers import Polymer
from trinity.chemistry.properties import estimate
from trinity.prediction.folder import Ensemble
from trinity.quantities import FLUX_TESTED_KW_M2, THICKNESS_TESTED_MM

#: Beyond the range of the measured conditions by this share is as good as within.
MARGIN = 0.10


def reasons_of(polymer: Polymer, ensemble: Ensemble, fast: bool) -> list[str]:
    """What speaks against an answer about a polymer at any conditions, a plain sentence each.

    A component is foreign to the networks below the similarity to the nearest polymer of their
    training that 98 % of these have, and to the measurements below the least that a measured group
    has to the nearest of the others, at which errors are known.
    """
    about, seen = ensemble.about, ensemble.seen
    if fast:
        prints = [fingerprint_as_cut(unit) for unit in polymer.molecules]
    else:
        prints = [fingerprint(unit) for unit, _ in polymer.units]
    reasons = []
    if not all(within_reach(p, seen["fingerprints"], about["least_similarity"]) for p in prints):
        reasons.append("It is unlike all polymers that the networks were trained on.")
    measured, least = seen.get("measured", []), about.get("least_similarity_measured", 0.0)
    if measured and min(nearest_among(p, measured) for p in prints) < least:
        reasons.append("It is farther from all measured polymers than any of them from the others.")
    return [*reasons, *estimate(polymer).doubts]


def untested(measured: dict, flux_kw_m2: float, thickness_mm: float) -> list[str]:
    """What speaks against an answer at some conditions: ``measured`` has the lowest and highest
    flux and thickness of the measurements, where they are known."""
    reasons = []
    for what, value, (low, high), unit in (
        ("heat flux", flux_kw_m2, measured.get("flux_kw_m2", FLUX_TESTED_KW_M2), "kW/m²"),
        ("thickness", thickness_mm, measured.get("thickness_mm", THICKNESS_TESTED_MM), "mm"),
    ):
        if value < low * (1 - MARGIN):
            reasons.append(f"A {what} below {low:g} {unit} was never measured.")
        elif value > high * (1 + MARGIN):
            reasons.append(f"A {what} above {high:g} {unit} was never measured.")
    return reasons
