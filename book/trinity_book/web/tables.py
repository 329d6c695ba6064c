"""What the page "Try your polymer" reads as JSON: tables, constants, fits, draws. Needs no torch.

The page's scripts hold method only; every table, fitted array and named constant comes from here.
"""

import numpy as np
from rdkit import Chem

from trinity import quantities
from trinity.chemistry import decomposition, descriptors, measured, properties, sampling
from trinity.chemistry import thermochemistry as heat
from trinity.chemistry.groups import KINKS, ROOM_K, contributions, group_table
from trinity.chemistry.names import names
from trinity.chemistry.priors import prior_table
from trinity.cli.shown import QUANTITIES
from trinity.cone.predict import LEVEL, LONGER, MOST_OF_HEAT, SEED
from trinity.cone.specimen import IGNITION_TIMEOUT_S

#: Draws behind the intervals of ``trinity cone``.
CONE_DRAWS = 100
CONTRIBUTED = ("V298", "Yg", "Cp_solid_298", "Cp_liquid_298")


def tables() -> dict:
    """Everything but the language model."""
    return {
        "names": names(),
        "quantities": QUANTITIES,
        "measured": {k: measured.QUANTITIES[k]._asdict() for k in ("t50_k", "char_yield")},
        "groups": groups(),
        "contributions": {name: contributions(name) for name in CONTRIBUTED},
        "smarts": {
            **{k: Chem.MolToSmarts(v) for k, v in descriptors.CHAR_GROUPS.items()},
            "kinks": Chem.MolToSmarts(KINKS),
        },
        "elements": elements(),
        "decomposition": {name: process(name) for name in ("t50", "char")},
        "constants": constants(),
        "limits": {k: list(v) for k, v in sampling.LIMITS.items()},
        "draws": {"cone": scores(CONE_DRAWS)},
        "accepted": {
            "flux_kw_m2": quantities.FLUX_ACCEPTED_KW_M2,
            "thickness_mm": quantities.THICKNESS_ACCEPTED_MM,
        },
    }


def groups() -> list[dict]:
    """The groups by priority; ``hydrogens`` is a range, both ends included, or null."""
    rows = []
    for row in group_table().itertuples():
        low, _, high = row.hydrogens.partition("-")
        bounds = [int(low), int(high or low)] if low else None
        rows.append({"name": row.group, "smarts": row.smarts, "hydrogens": bounds})
    return rows


def elements() -> dict[str, dict]:
    """Mass [g/mol], atomic number and outer electrons of each element."""
    table = Chem.GetPeriodicTable()
    return {
        symbol: {
            "mass": mass,
            "number": table.GetAtomicNumber(symbol),
            "outer": table.GetNOuterElecs(symbol),
        }
        for symbol, mass in heat.ATOMIC_MASS.items()
    }


def process(quantity: str) -> dict:
    """A fitted Gaussian process of `trinity.chemistry.decomposition` as plain arrays."""
    fit = decomposition.blind_model(quantity)
    arrays = ("inputs", "centre", "scale", "inverse", "weights")
    return {
        "descriptors": fit.settings.descriptors,
        "length": fit.settings.length,
        "linear": fit.settings.linear,
        "spread": fit.settings.spread,
        "constant": decomposition.CONSTANT,
        "mean": fit.mean,
        **{name: getattr(fit, name).tolist() for name in arrays},
    }


def constants() -> dict:
    """Named constants of the property models; ``priors`` holds value and 1 sigma by row."""
    rows = prior_table()
    return {
        "priors": dict(zip(rows.name, zip(rows.value, rows.sigma, strict=True), strict=True)),
        "common_priors": properties.COMMON,
        "bicerano_range_k": descriptors.BICERANO_RANGE_K,
        "room_k": ROOM_K,
        "seen_groups": {name: sorted(decomposition.seen_groups(name)) for name in ("t50", "char")},
        "level": LEVEL,
        "longer": LONGER,
        "timeout_s": IGNITION_TIMEOUT_S,
        "most_of_heat": MOST_OF_HEAT,
    }


def scores(n: int) -> dict[str, list[float]]:
    """The standard normal numbers that `sampling.sample_parameters` draws, a list of ``n``
    for each property, correlated where it correlates them."""
    drawn = sampling.standard_scores(properties.estimate("*CC*"), n, np.random.default_rng(SEED))
    return {name: np.round(values, 7).tolist() for name, values in drawn.items()}
