"""How much of a candidate encoder's lead could be the seed's, into ``encoder_seeds.json``.

The comparison of encoders has one seed of phase 1 each, and its intervals are over clusters of
structures. Here the shipped encoder competes with itself: phase 1 with other seeds, everything else
as in the comparison. About ten minutes per seed on one core, resumable.

Example: python -m benchmarks.encoder_seeds
"""

import time

import numpy as np
from trinity_book import records
from trinity_book.studies import second_property_arms as arms
from trinity_book.studies import second_property_encoders as encoders
from trinity_book.studies.second_property import ASKED, Study
from trinity_book.studies.second_property_phase1 import hypothetical

from trinity.pipeline import stages
from trinity.provenance import Job

SEEDS = 3


def measure() -> list[dict]:
    """Error ``mae`` of each seed; its difference from the first with 95 % over clusters."""
    stage = stages.stage_named("encoders")
    inputs = {need: stages.load(need) for need in stage.needs}
    parameters = stages.sections(stages.PUBLISHED, stage.sections, {})
    job = Job(parameters, 0, inputs, stages.build_root() / "work" / "encoder_seeds", True)
    folders = {encoders.SHIPPED: inputs["phase0"].folder}
    study = Study(job, encoders.DECIDES, hypothetical(job), folders)
    starts = arms.starts(ASKED, SEEDS, encoders.SHIPPED)
    study.prepare(starts)
    arms.run(study.work, arms.units_of(starts, study.numbers["draws"], ("cluster",)), "seeds", True)
    place = (slice(None), arms.PHYSICS.index(False), arms.PHASE2.index("bare"))
    labels = study.numbers["labels"]
    errors = [encoders.mean_error(study.errors([s], "cluster")[place], labels) for s in starts]
    rows = [{"seed": 0, "mae": float(np.nanmean(errors[0]))}]
    for seed, error in enumerate(errors[1:], start=1):
        apart = error - errors[0]
        low, high = study.clusters.interval(apart)
        row = {"seed": seed, "mae": float(np.nanmean(error))}
        rows.append(row | {"difference": float(np.nanmean(apart)), "low": low, "high": high})
    return rows


def main() -> None:
    """Measure and write the record."""
    start, modules = time.monotonic(), ["trinity_book.studies.second_property_encoders:candidates"]
    rows = measure()
    seconds = time.monotonic() - start
    records.write(
        records.place("encoder_seeds"), {"rows": rows},
        modules=modules, seeds=range(SEEDS), wall_time=seconds,
    )  # fmt: skip
    for row in rows:
        print(row)


if __name__ == "__main__":
    main()
