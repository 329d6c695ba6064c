"""Cone tests of polymers from structure and physics alone: one with intervals, or many at once.

`predict` is one test with its curve, intervals and drawing (``trinity cone``); `nominal_physics`
the same numbers for many tests, which a model takes as an input or corrects;
`specific_extinction_area` the smoke. Needs no torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from trinity.chemistry import properties, sampling
from trinity.cone import simulate as cone
from trinity.cone import specimen
from trinity.cone.coordinates import (
    FLUXES_KW_M2,
    SHORTEST_DELAY_S,
    between,
    complete_heat,
    to_coordinates,
)
from trinity.cone.curve import LAG_S
from trinity.files import write_picture
from trinity.quantities import CONDITIONS, TARGETS, check_conditions

#: What is added to the time without ignition for the times that are longer; the peak comes last.
LONGER = {"t_ig_s": 0.0, "t_peak_s": SHORTEST_DELAY_S}
#: A specimen that burns as completely as print can tell.
MOST_OF_HEAT = 0.9999
SCALARS = ("t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2")  # in the order they are shown
LEVEL = 0.90
#: Draws within the errors of the properties at each of some heat fluxes, for `physics_spread`.
DRAWS, SPREAD_AT_KW_M2 = 16, (30.0, 75.0)
#: The fluxes from this one on are burnt at once, those below one after the other.
FIRST_WAVE = 6
SEED = 0
#: Limits of d coordinate / d ln flux below the lowest flux that ignites: t_ig falls at least as
#: 1 / flux does, the peak rises at most in proportion, share and delay stay.
EDGE_SLOPES = np.array([(-6.0, -1.0), (0.0, 1.0), (0.0, 0.0), (0.0, 0.0)])
# Specific extinction coefficient of flame-generated smoke at 633 nm [m2/kg], mean and 95 % expanded
# uncertainty over 29 fuels (Mulholland & Croarkin, Fire and Materials 24 (2000) 227).
EXTINCTION_M2_KG = (8700.0, 1100.0)
NOTE = "not validated here: no smoke measurement in the data; CO is not given"


@dataclass(frozen=True)
class ConeTest:
    """A simulated test: nominal scalars and curve, and the scalars of sampled parameter sets."""

    psmiles: str
    flux_kw_m2: float
    thickness_mm: float
    uncovered_atoms: list[str]
    nominal: dict[str, float]  # `SCALARS`; NaN where the specimen does not ignite
    sampled: dict[str, np.ndarray]  # `SCALARS`, each (n,)
    time_s: np.ndarray  # (t,)
    hrr_kw_m2: np.ndarray  # (t,) at nominal properties, zero before ignition
    case: dict  # nominal, as `trinity.cone.simulate.simulate` reads it
    complete_mj_m2: float  # heat of complete combustion at nominal properties

    def interval(self, key: str) -> tuple[float, float]:
        """Central 90 % of the sampled values, and the nominal one in any case; NaN when no sampled
        specimen ignites.

        Those that do not ignite have been watched for `IGNITION_TIMEOUT_S`: so long their times
        are at least. They count nothing in the heats. None releases more heat than the nominal
        specimen holds.
        """
        values = self.sampled[key]
        burning = np.isfinite(values)
        if not burning.any():
            return float("nan"), float("nan")
        if key in LONGER:
            values = np.where(burning, values, specimen.IGNITION_TIMEOUT_S + LONGER[key])
        low, high = _central(values[np.isfinite(values)])
        low, high = np.fmin(low, self.nominal[key]), np.fmax(high, self.nominal[key])
        bounded = key == "thr_mj_m2" and self.complete_mj_m2 > 0  # else no heat is known
        limit = MOST_OF_HEAT * self.complete_mj_m2 if bounded else np.inf
        return float(min(low, limit)), float(min(high, limit))

    def to_dict(self) -> dict:
        """What ``trinity cone --json`` prints; None where nothing ignites."""
        answer: dict = {name: getattr(self, name) for name in ("psmiles", *CONDITIONS)}
        for key in SCALARS:
            values = (self.nominal[key], *self.interval(key))
            for end, value in zip(("", "_lo", "_hi"), values, strict=True):
                answer[key + end] = value if np.isfinite(value) else None
        answer["ignition_probability"] = float(np.isfinite(self.sampled["t_ig_s"]).mean())
        answer["samples"] = len(self.sampled["t_ig_s"])
        answer["uncovered_atoms"] = self.uncovered_atoms
        answer["curve"] = {"time_s": self.time_s.tolist(), "hrr_kw_m2": self.hrr_kw_m2.tolist()}
        return answer


def predict(
    polymer: str | list[tuple[str, float]],
    flux_kw_m2: float,
    thickness_mm: float,
    samples: int = 100,
    seed: int = 0,
) -> ConeTest:
    """Simulate a cone test with nominal properties, and with ``samples`` sets drawn within their
    errors, for the intervals.

    Scalars follow the rule of the measurements behind an instrument of `LAG_S` seconds
    (`trinity.cone.curve.read_rule`), so that they can be set beside a measured test. The polymer is
    as `trinity.chemistry.properties.estimate` reads it.

    Raises InputError if the polymer, the heat flux or the thickness cannot be used.

    Examples
    --------
    >>> weak, strong = (predict("*CC(*)c1ccccc1", flux, 6.0, samples=20) for flux in (25, 75))
    >>> strong.nominal["t_ig_s"] < weak.nominal["t_ig_s"]
    True
    >>> low, high = weak.interval("phrr_kw_m2")
    >>> low < high
    True
    """
    check_conditions(flux_kw_m2, thickness_mm)
    estimate = properties.estimate(polymer)
    at = flux_kw_m2, thickness_mm
    (case,) = _cases(estimate, 1, None, *at)
    found = _burnt([case, *_cases(estimate, samples, np.random.default_rng(seed), *at)])
    time_s, hrr_w_m2 = cone.curve(case)
    if time_s[-1] < case["end_time_s"] and hrr_w_m2[-1] > 0:  # burnt out: the flame ends, too
        time_s, hrr_w_m2 = np.append(time_s, time_s[-1]), np.append(hrr_w_m2, 0.0)
    about = estimate.to_dict()
    return ConeTest(
        psmiles=about["psmiles"],
        flux_kw_m2=flux_kw_m2,
        thickness_mm=thickness_mm,
        uncovered_atoms=about["uncovered_atoms"],
        nominal=dict(zip(TARGETS, found[0].tolist(), strict=True)),
        sampled=dict(zip(TARGETS, found[1:].T, strict=True)),
        time_s=time_s,
        hrr_kw_m2=1e-3 * hrr_w_m2,
        case=case,
        complete_mj_m2=complete_heat(estimate) * thickness_mm,
    )


def _cases(estimate, draws: int, rng: np.random.Generator | None, *conditions) -> list[dict]:
    """Cases of parameter sets drawn within the errors of an estimate; nominal ones without rng."""
    parameters = sampling.sample_parameters(estimate, draws, rng)
    return [specimen.to_case(parameters, i, *conditions) for i in range(draws)]


def _burnt(cases: list[dict], threads: int | None = None) -> np.ndarray:
    """`TARGETS` (n, 4) of simulated tests; NaN where a specimen does not ignite."""
    result = cone.simulate_batch(cases, lag_s=LAG_S, threads=threads)
    return np.stack([result[f"rule_{target}"] for target in TARGETS], axis=1)


def _central(values: np.ndarray) -> tuple[float, float]:
    """Limits of the central 90 % of values (n,), of which there is one at least."""
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def draw(test: ConeTest, path: Path) -> None:
    """Draw the heat release rate into a PNG, SVG or PDF file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.plot(test.time_s, test.hrr_kw_m2, label="simulated, nominal properties")
    if np.isfinite(test.nominal["t_ig_s"]):
        axes.axvline(test.nominal["t_ig_s"], color="0.5", linewidth=0.8, label="ignition")
        axes.axvspan(*test.interval("t_ig_s"), color="0.85", label="its 90 % interval")
    title = f"{test.psmiles}, {test.flux_kw_m2:g} kW/m², {test.thickness_mm:g} mm"
    axes.set(xlabel="time (s)", ylabel="heat release rate (kW/m²)", title=title)
    axes.legend()
    write_picture(figure, path)


def nominal_physics(
    polymers: Sequence,
    polymer_of: np.ndarray,
    conditions: np.ndarray,
    threads: int | None = None,
) -> np.ndarray:
    """`trinity.cone.coordinates` (R, 4) of what the cone model gives with nominal properties.

    Row r is of polymer ``polymer_of[r]`` (R,) of ``polymers`` at the heat flux [kW/m2] and
    thickness [mm] ``conditions[r]`` (R, 2). Each polymer and thickness burns once at every flux of
    `FLUXES_KW_M2`, in one batch on ``threads`` cores (all by default), and the rows are
    interpolated. Conditional on ignition, as the scores are: below the lowest of these fluxes at
    which the nominal specimen ignites, its times and peak go on along the slope that they have
    there (in logarithms, within `EDGE_SLOPES`), so that nothing jumps. NaN where it does not
    ignite at the highest flux.

    Raises InputError if a polymer or its conditions cannot be used.
    """
    asked = np.column_stack([np.asarray(polymer_of, float), conditions[:, 1]])
    slabs, slab_of = np.unique(asked, axis=0, return_inverse=True)
    estimates = [properties.estimate(polymer) for polymer in polymers]
    nominal = [sampling.sample_parameters(estimate) for estimate in estimates]
    slabs = [(int(i), thickness) for i, thickness in slabs.tolist()]
    burnt = np.full((len(slabs), len(FLUXES_KW_M2), len(TARGETS)), np.nan)
    # From strong heat to weak: what does not ignite, the dearest to compute, need not be weaker.
    for wave in np.split(np.arange(len(FLUXES_KW_M2)), range(1, FIRST_WAVE))[::-1]:
        burning = [k for k in range(len(slabs)) if np.isfinite(burnt[k, wave[-1] + 1 :, 0]).all()]
        cases = [
            specimen.to_case(nominal[slabs[k][0]], 0, flux, slabs[k][1])
            for k in burning
            for flux in FLUXES_KW_M2[wave].tolist()
        ]
        if cases:
            found = _burnt(cases, threads)
            burnt[np.ix_(burning, wave)] = found.reshape(len(burning), len(wave), -1)
    complete = np.array([complete_heat(estimates[i]) * thickness for i, thickness in slabs])
    grid = to_coordinates(burnt, complete[:, None])
    for values in grid:
        _continue_below(values)
    return between(grid, slab_of.ravel(), conditions[:, 0])


def _continue_below(values: np.ndarray) -> None:
    """Fill coordinates (F, 4) below the lowest flux at which the specimen ignites, in place."""
    silent = np.flatnonzero(~np.isfinite(values).all(axis=1))
    edge = silent[-1] + 1 if len(silent) else 0
    if edge == len(values):
        values[:] = np.nan
        return
    logs = np.log(FLUXES_KW_M2)
    above = min(edge + 1, len(values) - 1)
    rise = (values[above] - values[edge]) / max(logs[above] - logs[edge], 1e-9)
    rise = np.clip(rise, *EDGE_SLOPES.T)
    values[:edge] = values[edge] + rise * (logs[:edge] - logs[edge])[:, None]


@lru_cache(maxsize=4096)
def physics_spread(polymer, thickness_mm: float, threads: int | None = None) -> np.ndarray:
    """Standard deviation (F, 4) of the coordinates at `FLUXES_KW_M2` that the errors of the
    estimated properties make.

    `DRAWS` specimens burn at each of `SPREAD_AT_KW_M2`; those that ignite count (half the distance
    of their 16th and 84th percentile, which wild draws do not move), and fluxes between are
    interpolated. Where fewer than three ignite, nothing is added.
    """
    estimate = properties.estimate(polymer)
    complete = complete_heat(estimate) * thickness_mm
    found = []
    for flux in SPREAD_AT_KW_M2:
        cases = _cases(estimate, DRAWS, np.random.default_rng(SEED), flux, thickness_mm)
        values = to_coordinates(_burnt(cases, threads), complete)
        values = values[np.isfinite(values).all(axis=1)]
        few = len(values) < 3
        low, high = np.zeros((2, 4)) if few else np.quantile(values, [0.16, 0.84], axis=0)
        found.append((high - low) / 2)
    at, logs = np.log(SPREAD_AT_KW_M2), np.log(FLUXES_KW_M2)
    return np.stack([np.interp(logs, at, column) for column in np.transpose(found)], axis=1)


def specific_extinction_area(
    polymer: str | list[tuple[str, float]], samples: int = 100, seed: int = 0
) -> dict[str, float | str]:
    r"""Specific extinction area of the fuel that burns in a flame [m2 per kg lost].

    :math:`\mathrm{SEA} = \sigma_s\,Y_s`: light that a kilogram of soot stops, times the soot that a
    kilogram of fuel makes. The soot yield is the prior of `properties.estimate`, wide (50 %) and
    for a well-ventilated flame; both factors are drawn within their errors. Not validated here.
    Gives ``sea_m2_kg``, ``sea_m2_kg_lo`` and ``sea_m2_kg_hi`` (central 90 %), ``smoke_note``;
    `InputError` if the polymer cannot be used.
    """
    estimate = properties.estimate(polymer)
    drawn = sampling.sample_parameters(estimate, samples, np.random.default_rng(seed))
    mean, expanded = EXTINCTION_M2_KG
    # A generator of its own: the draws of the other properties stay what they are without smoke.
    sigma_s = mean + 0.5 * expanded * np.random.default_rng([seed, 1]).standard_normal(samples)
    low, high = _central(sigma_s * drawn["soot_yield"])
    central = mean * estimate["soot_yield"].value
    return {
        "sea_m2_kg": central,
        "sea_m2_kg_lo": min(low, central),
        "sea_m2_kg_hi": max(high, central),
        "smoke_note": NOTE,
    }
