"""Whether a wide interval goes with a large error: on groups left out, and on handbook values.

An interval of the right width on average can still be wide in the wrong places. Rank correlations
say whether width, and distance from what was measured, follow the error.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from trinity.chemistry.descriptors import fingerprint, nearest_among
from trinity.chemistry.polymers import Polymer
from trinity.measurements.specimens import load_measurements
from trinity_book.studies.validation.properties import handbook

DRAWS = 1000  # of clusters, for an interval


def spearman(
    x: np.ndarray, y: np.ndarray, clusters: Sequence, seed: int = 0, draws: int = DRAWS
) -> dict[str, float | None]:
    """Spearman's rank correlation ``rho`` of x and y (N,) with ``low`` and ``high``, 95 % over
    clusters drawn again, and the ``number`` of clusters; None where x or y is the same for all.

    >>> spearman(np.arange(9.0), np.arange(9.0), range(9))["rho"]
    1.0
    """
    names, place = np.unique(np.asarray(clusters, str), return_inverse=True)
    members = [np.flatnonzero(place == k) for k in range(len(names))]
    if np.allclose(x, x[0]) or np.allclose(y, y[0]):
        return {"rho": None, "low": None, "high": None, "number": len(names)}
    rng = np.random.default_rng(seed)
    found = []
    for drawn in rng.integers(len(names), size=(draws, len(names))):
        rows = np.concatenate([members[k] for k in drawn])
        if np.ptp(x[rows]) > 0 and np.ptp(y[rows]) > 0:
            found.append(spearmanr(x[rows], y[rows]).statistic)
    low, high = np.quantile(found, [0.025, 0.975])
    rho = float(spearmanr(x, y).statistic)
    return {"rho": rho, "low": float(low), "high": float(high), "number": len(names)}


def distance_from_measured() -> pd.Series:
    """One less the Tanimoto similarity of each tested polymer to the nearest tested one of another
    group, by its name; of a blend, that of its farthest component."""
    tests = load_measurements().drop_duplicates("polymer").set_index("polymer")
    prints = {
        name: [fingerprint(unit) for unit, _ in Polymer.parse(row.psmiles, row.components).units]
        for name, row in tests.iterrows()
    }
    groups = tests["group_nine"]
    found = {}
    for name, own in prints.items():
        others = [p for other in prints if groups[other] != groups[name] for p in prints[other]]
        found[name] = 1.0 - min(nearest_among(unit, others) for unit in own)
    return pd.Series(found)


def left_out(predictions: pd.DataFrame, seed: int = 0) -> list[dict]:
    """Rank of |ln error| with the width of the interval, and with the distance, by target.

    ``predictions``: rows of one arm of ``lopo.json``, nine groups. Cells are means over a polymer;
    groups are drawn again. A correlation ``with`` the width above zero is what a user hopes for.
    """
    distance, rows = distance_from_measured(), []
    known = predictions.dropna(subset=["measured", "predicted"])
    known = known.assign(
        error=np.abs(np.log(known["predicted"] / known["measured"])),
        width=np.log(known["hi"] / known["lo"]),
        distance=known["polymer"].map(distance),
    )
    for target, part in known.groupby("target", sort=False):
        means = part.groupby(["fold", "polymer"])[["error", "width", "distance"]].mean()
        clusters = means.index.get_level_values("fold")
        for name in ("width", "distance"):
            found = spearman(means["error"].to_numpy(), means[name].to_numpy(), clusters, seed)
            rows.append({"target": target, "with": name, "polymers": len(means), **found})
    return rows


def of_handbook(seed: int = 0) -> list[dict]:
    """Rank of |estimate less handbook value| with sigma, by property, and what the doubts mark.

    ``doubted`` counts the values whose estimate has a doubt; ``off_doubted`` and ``off_others`` are
    the root mean squares of their errors in units of both sigmas (1 is right).
    """
    table, rows = handbook(), []
    for name, part in table.groupby("property", sort=False):
        if len(part) < 10:
            continue
        error = np.abs(part["estimated"] - part["value"]).to_numpy()
        # Sigma of density and heat is a share of the value itself: ranks of shares, not of sizes.
        scale = np.abs(part["estimated"]).to_numpy() if name in RELATIVE else 1.0
        sigma = part["estimated_sigma"].to_numpy() / scale
        found = spearman(error / scale, sigma, part["name"], seed)
        doubted = part["doubts"].map(bool)
        squares = (part["off"] ** 2).groupby(doubted).mean() ** 0.5
        rows.append(
            {"property": name, "values": len(part), **found, "doubted": int(doubted.sum())}
            | {"off_doubted": squares.get(True), "off_others": squares.get(False)}
        )
    return rows


RELATIVE = ("density_kg_m3", "heat_of_combustion_j_kg")
