"""What each constant of general knowledge weighs: its row moved by 1 sigma both ways."""

import numpy as np

from trinity.chemistry.priors import moved, prior_table
from trinity.chemistry.properties import estimate
from trinity.chemistry.sampling import sample_parameters
from trinity.cone import simulate as cone
from trinity.cone import specimen
from trinity.cone.curve import LAG_S
from trinity.measurements.specimens import load_measurements
from trinity.quantities import PRIMARY
from trinity_book.studies.validation.cases import material_of


def primary_endpoint(cases: list[dict], tests) -> float:
    """The primary endpoint of the analysis plan, of simulated cases (n,) beside ``tests`` (n, ...).

    Mean over the nine groups of |ln(simulated / measured)|, laboratories of a group counting the
    same, averaged over t_ig and pHRR. A case that does not ignite has no error.
    """
    found = cone.simulate_batch(cases, lag_s=LAG_S)
    table = tests[["group_nine", "lab"]].copy()
    for target in PRIMARY:
        table[target] = np.abs(np.log(found[f"rule_{target}"] / tests[target]))
    by_lab = table.groupby(["group_nine", "lab"])[list(PRIMARY)].mean()
    return float(by_lab.groupby("group_nine").mean().mean().mean())


def prior_effects() -> dict:
    """Endpoint of the blind physics at every row's value, and its change 1 sigma below and above.

    ``effects`` holds name -> [below, above]; a row that no tested polymer uses has zeros. A row
    that only widens intervals has no effect on nominal values either.
    """
    tests = load_measurements().query("t_ig_s.notna()").reset_index(drop=True)
    polymers = [material_of(test) for test in tests.itertuples()]

    def cases() -> list[dict]:
        by_polymer = {polymer: sample_parameters(estimate(polymer)) for polymer in set(polymers)}
        return [
            specimen.to_case(by_polymer[polymer], 0, test.flux_kw_m2, test.thickness_mm)
            for polymer, test in zip(polymers, tests.itertuples(), strict=True)
        ]

    nominal, effects = cases(), {}
    base = primary_endpoint(nominal, tests)
    for name in prior_table().name:
        effects[name] = []
        for sigmas in (-1.0, 1.0):
            with moved(name, sigmas):
                changed = cases()
                found = base if changed == nominal else primary_endpoint(changed, tests)
                effects[name].append(found - base)
    return {"endpoint": base, "effects": effects}


def shown(validation: dict) -> tuple[str, list]:
    """Head and rows of a table of all priors for a page; effects as ``validation`` has them."""
    effects, rows = validation.get("priors", {}).get("effects", {}), []
    for row in prior_table().itertuples():
        moves = (f"{x:+.3f}" if x else "" for x in effects.get(row.name, (0.0, 0.0)))
        amount = f"{row.value:,.4g} ± {row.sigma:,.2g}"
        rows.append((row.what, amount, row.unit, *moves, row.source, row.status))
    return "what | value and sigma: | unit | -1 sigma: | +1 sigma: | source | status", rows
