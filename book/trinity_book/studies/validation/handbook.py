"""Estimates beside handbook values of polymers that mostly were never burnt in a cone.

``data/reference/handbook.csv`` holds the values; a row of status *memory* is recalled, and its
sigma is what that is worth. Nothing is fitted to them.
"""

import numpy as np
import pandas as pd

from trinity.chemistry.properties import estimate
from trinity.measurements.specimens import load_table

PLAIN = {
    "density_kg_m3": ("density (kg/m³)", 1.0, ".0f"),
    "glass_transition_k": ("glass transition (K)", 1.0, ".0f"),
    "t50_k": ("half decomposition (K)", 1.0, ".0f"),
    "acid_t50_k": ("loss of acid (K)", 1.0, ".0f"),
    "char_yield": ("char (kg/kg)", 1.0, ".2f"),
    "heat_of_combustion_j_kg": ("heat of combustion (MJ/kg)", 1e-6, ".1f"),
}


def handbook() -> pd.DataFrame:
    """The rows with ``estimated``, ``estimated_sigma``, ``off`` and ``doubts`` of the estimate.

    ``off`` is estimate less handbook value over both errors; ``doubts`` a tuple of sentences.
    """
    table = load_table("handbook")
    found = [estimate(psmiles) for psmiles in table.psmiles]
    own = [one[name] for one, name in zip(found, table.property, strict=True)]
    table["estimated"], table["estimated_sigma"] = [p.value for p in own], [p.sigma for p in own]
    error = np.hypot(table.sigma, table.estimated_sigma)
    table["off"] = (table.estimated - table.value) / error
    table["doubts"] = [one.doubts for one in found]
    return table


def shown() -> list[tuple[str, list]]:
    """Head and rows of two tables for a page: a summary by property, and every value."""
    table, summed, rows = handbook(), [], []
    for name, part in table.groupby("property", sort=False):
        z = part.off
        spread = f"{z.mean():.1f}", f"{(z**2).mean() ** 0.5:.1f}"
        summed.append((PLAIN[name][0], len(z), *spread, int((z.abs() > 2).sum())))
    for row in table.itertuples():
        name, scale, form = PLAIN[row.property]
        pairs = ((row.value, row.sigma), (row.estimated, row.estimated_sigma))
        cells = (f"{scale * a:{form}} ± {scale * b:{form}}" for a, b in pairs)
        rows.append((row.name, name, *cells, f"{row.off:+.1f}", "; ".join(row.doubts), row.status))
    return [
        ("property | values: | mean of off: | root mean square: | beyond 2:", summed),
        (
            "polymer | property | handbook: | estimate: | off: | doubts of the estimate | status",
            rows,
        ),
    ]
