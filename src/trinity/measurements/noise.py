"""How far repeated cone tests and laboratories differ, estimated from the measurements.

Everything is a standard deviation of natural logarithms: 0.1 is 10 %. Three sources are kept apart:

``within``
    Specimens of one cell (one sheet, laboratory, flux, thickness): what repeating a test gives.
``round robin``
    Laboratories on one material (MaCFP: eleven of them on one black cast PMMA, 6 mm), flux by
    flux, the part of replicates taken off.
``pairs``
    Two laboratories with sheets of their own (FAA and FSRI, matched conditions): laboratory,
    sheet and grade together.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from trinity.measurements.specimens import kept, load_measurements, load_specimens
from trinity.quantities import TARGETS

ROUND_ROBIN = "MaCFP"
PAIR = ("FAA", "FSRI")
SAME_FLUX, SAME_THICKNESS = 0.15, 0.25  # largest difference of ln that counts as the same condition
DRAWS = 2000
SOURCES = ["within", "round robin", "pairs"]
COLUMNS = "source target flux_kw_m2 sigma low high count typical".split()


class Noise(NamedTuple):
    """Variances of the logarithms of `TARGETS`."""

    within: np.ndarray  # (4,) of one specimen in its cell
    laboratory: np.ndarray  # (4,) of a laboratory with its sheet


#: What is known before any measurement of this project: the precision statement of ISO 5660-1 as
#: it is commonly quoted (its text was not at hand), at 60 s (both times), 500 kW/m2, 100 MJ/m2.
#: Repeatability r = 2.8 sigma: 4.1 + 0.125 t, 13.3 + 0.131 q, 7.4 + 0.068 Q; reproducibility R:
#: 7.4 + 0.220 t, 60.4 + 0.141 q, 11.8 + 0.088 Q; the laboratory's part is what R has beyond r.
STANDARD = Noise(
    np.array([0.069, 0.056, 0.051, 0.069]) ** 2, np.array([0.101, 0.075, 0.053, 0.101]) ** 2
)


@kept
def noise_model() -> pd.DataFrame:
    """Standard deviations of ln by source and target, with 95 % bootstrap intervals.

    Returns
    -------
    DataFrame
        ``source``, ``target``, ``flux_kw_m2`` (missing: all fluxes), ``sigma``, ``low``, ``high``
        (cells, laboratories or pairs drawn again), ``count`` of them, ``typical`` (of ``within``:
        the median over cells, which a few wild cells do not move).
    """
    return _estimates(load_measurements(), DRAWS)


@cache
def noise_of(cells: tuple[str, ...]) -> Noise:
    """The noise as some cells tell it; `STANDARD` where they hold no replicates, or no two
    laboratories that can be compared.

    What is estimated without a polymer's cells knows nothing of that polymer.
    """
    table = load_measurements()
    found = _estimates(table[table["cell"].isin(cells)], draws=1)
    whole = found[found["flux_kw_m2"].isna()].pivot(
        index="target", columns="source", values="sigma"
    )
    whole = whole.reindex(index=list(TARGETS), columns=SOURCES).astype(float) ** 2
    told = whole["within"].to_numpy(), whole.iloc[:, 1:].mean(axis=1).to_numpy()
    return Noise(*(np.where(np.isfinite(v), v, s) for v, s in zip(told, STANDARD, strict=True)))


def _estimates(cells: pd.DataFrame, draws: int) -> pd.DataFrame:
    """`noise_model` of some cells: of each source what there is."""
    specimens = load_specimens()
    specimens = specimens[specimens["cell"].isin(cells["cell"])]
    robin, pair = cells["lab"].str.startswith(ROUND_ROBIN), cells["lab"].isin(PAIR)
    rows = []

    def add(source: str, target: str, flux: float, count: int, variance, drawn) -> None:
        low, high = np.sqrt(np.quantile(drawn, [0.025, 0.975])).tolist()
        row = {"source": source, "target": target, "flux_kw_m2": flux}
        rows.append(row | {"sigma": float(variance**0.5), "low": low, "high": high, "count": count})

    for column, target in enumerate(TARGETS):
        spread = _squares(specimens, target)
        if len(spread):
            estimates = _pooled(spread.to_numpy()), _pooled(_drawn(spread, draws))
            add("within", target, np.nan, len(spread), *estimates)
            rows[-1]["typical"] = float(np.sqrt((spread["squares"] / spread["freedom"]).median()))

        def replicates(some: pd.Series, spread=spread, column=column) -> float:
            """The replicates' part, of the laboratories concerned."""
            own = spread[spread.index.isin(cells["cell"][some])].to_numpy()
            return _pooled(own) if len(own) else STANDARD.within[column]

        parts = []
        for flux, part in cells[robin & cells[target].notna()].groupby("flux_kw_m2"):
            if len(part) > 2:
                logs = np.column_stack([np.log(part[target]), 1 / part["replicates"]])
                own = replicates(robin)
                parts.append((len(logs), _between(logs, own), _between(_drawn(logs, draws), own)))
                add("round robin", target, flux, *parts[-1])
        if parts:
            counts, *estimates = zip(*parts, strict=True)
            weights = np.array(counts) - 1
            means = (np.average(found, axis=0, weights=weights) for found in estimates)
            add("round robin", target, np.nan, sum(counts), *means)
        pairs = _pairs(cells, target)
        if len(pairs):
            own = replicates(pair)
            estimates = _half(pairs, own), _half(_drawn(pairs, draws), own)
            add("pairs", target, np.nan, len(pairs), *estimates)
    return pd.DataFrame(rows, columns=COLUMNS)


def laboratory_sigma(target: str) -> float:
    """Standard deviation of ln to add when no laboratory is named: the mean variance of the round
    robin (one sheet) and of the pairs (sheets of their own)."""
    everything = noise_of(tuple(load_measurements()["cell"]))
    return float(everything.laboratory[TARGETS.index(target)] ** 0.5)


def _squares(specimens: pd.DataFrame, target: str) -> pd.DataFrame:
    """Per cell with two or more values: sum of squares of ln about its mean, degrees of freedom."""
    parts = np.log(specimens[target]).groupby(specimens["cell"])
    freedom = parts.count() - 1
    return pd.DataFrame({"squares": parts.var() * freedom, "freedom": freedom})[freedom > 0]


def _pooled(rows: np.ndarray) -> np.ndarray:
    """Pooled variance from rows (..., n, 2) of `_squares`."""
    return rows[..., 0].sum(-1) / rows[..., 1].sum(-1)


def _between(rows: np.ndarray, within: float) -> np.ndarray:
    """Variance between rows (..., n, 2) of (ln, one over replicates), that of replicates off."""
    return np.maximum(rows[..., 0].var(-1, ddof=1) - within * rows[..., 1].mean(-1), 0.0)


def _half(rows: np.ndarray, within: float) -> np.ndarray:
    """Variance of one laboratory from differences of two, that of replicates off."""
    return np.maximum((rows[..., 0] ** 2 - within * rows[..., 1]).mean(-1) / 2, 0.0)


def _pairs(cells: pd.DataFrame, target: str) -> np.ndarray:
    """(n, 2): difference of ln on matched cells of two laboratories; sum of one over replicates."""
    one, other = (cells[(cells["lab"] == lab) & cells[target].notna()] for lab in PAIR)
    pairs = one.merge(other, on="polymer", suffixes=("", "_other"))
    same = np.log(pairs["flux_kw_m2"] / pairs["flux_kw_m2_other"]).abs() < SAME_FLUX
    same &= np.log(pairs["thickness_mm"] / pairs["thickness_mm_other"]).abs() < SAME_THICKNESS
    pairs = pairs[same]
    difference = np.log(pairs[target] / pairs[f"{target}_other"])
    return np.column_stack([difference, 1 / pairs["replicates"] + 1 / pairs["replicates_other"]])


def _drawn(rows, draws: int) -> np.ndarray:
    """Bootstrap: the rows (n, k) drawn again, (draws, n, k)."""
    rows = np.asarray(rows)
    rng = np.random.default_rng(0)
    return rows[rng.integers(len(rows), size=(draws, len(rows)))]
