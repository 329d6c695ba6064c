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

import numpy as np
import pandas as pd

from trinity.measurements.specimens import kept, load_measurements, load_specimens
from trinity.quantities import TARGETS

ROUND_ROBIN = "MaCFP"
PAIR = ("FAA", "FSRI")
SAME_FLUX, SAME_THICKNESS = 0.15, 0.25  # largest difference of ln that counts as the same condition
DRAWS = 2000


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
    specimens, cells = load_specimens(), load_measurements()
    robin = cells["lab"].str.startswith(ROUND_ROBIN)
    rows = []
    for target in TARGETS:
        spread = _squares(specimens, target)
        estimates = _pooled(spread.to_numpy()), _pooled(_drawn(spread))
        rows.append(_row("within", target, np.nan, len(spread), *estimates))
        rows[-1]["typical"] = float(np.sqrt((spread["squares"] / spread["freedom"]).median()))
        # The replicates' part is that of the laboratories concerned.
        own = _pooled(spread[spread.index.isin(cells["cell"][robin])].to_numpy())
        parts = []
        for flux, part in cells[robin & cells[target].notna()].groupby("flux_kw_m2"):
            if len(part) > 2:
                logs = np.column_stack([np.log(part[target]), 1 / part["replicates"]])
                parts.append((len(logs), _between(logs, own), _between(_drawn(logs), own)))
                rows.append(_row("round robin", target, flux, *parts[-1]))
        counts, *estimates = zip(*parts, strict=True)
        weights = np.array(counts) - 1
        means = (np.average(found, axis=0, weights=weights) for found in estimates)
        rows.append(_row("round robin", target, np.nan, sum(counts), *means))
        own = _pooled(spread[spread.index.isin(cells["cell"][cells["lab"].isin(PAIR)])].to_numpy())
        pairs = _pairs(cells, target)
        estimates = _half(pairs, own), _half(_drawn(pairs), own)
        rows.append(_row("pairs", target, np.nan, len(pairs), *estimates))
    return pd.DataFrame(rows)


def sigma_of(source: str, target: str) -> float:
    """Standard deviation of ln of a source over all fluxes."""
    table = noise_model()
    row = (table["source"] == source) & (table["target"] == target) & table["flux_kw_m2"].isna()
    return float(table.loc[row, "sigma"].iloc[0])


def laboratory_sigma(target: str) -> float:
    """Standard deviation of ln to add when no laboratory is named: the mean variance of the round
    robin (one sheet) and of the pairs (sheets of their own)."""
    return float(np.hypot(sigma_of("round robin", target), sigma_of("pairs", target)) / 2**0.5)


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


def _drawn(rows) -> np.ndarray:
    """Bootstrap: the rows (n, k) drawn again, (DRAWS, n, k)."""
    rows = np.asarray(rows)
    rng = np.random.default_rng(0)
    return rows[rng.integers(len(rows), size=(DRAWS, len(rows)))]


def _row(source: str, target: str, flux: float, count: int, variance, drawn) -> dict:
    low, high = np.sqrt(np.quantile(drawn, [0.025, 0.975])).tolist()
    row = {"source": source, "target": target, "flux_kw_m2": flux, "sigma": float(variance**0.5)}
    return row | {"low": low, "high": high, "count": count}
