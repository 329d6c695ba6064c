"""Cone tests of polymers from structure and physics alone: one with intervals, or many at once.

`predict` is one test with its curve, intervals and drawing (``trinity cone``); `nominal_physics`
the same numbers for many tests, which a model takes as an input or corrects;
`specific_extinction_area` the smoke. Needs no torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

from trinity.chemistry import properties, sampling
from trinity.cone import simulate as cone
from trinity.cone import specimen
from trinity.cone.curve import LAG_S
from trinity.errors import InputError
from trinity.files import write_atomic
from trinity.quantities import CONDITIONS, TARGETS, check_conditions

SCALARS = ("t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2")  # in the order they are shown
LEVEL = 0.90
#: Draws within the errors of the properties, for a specimen that does not ignite nominally.
DRAWS = 60
SEED = 0
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

    def interval(self, key: str) -> tuple[float, float]:
        """Central 90 % of the sampled values among those that ignite; NaN when none does."""
        return _central(self.sampled[key][np.isfinite(self.sampled[key])])

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

    Raises
    ------
    InputError
        If the polymer, the heat flux or the thickness cannot be used.

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
    """Limits of the central 90 % of values (n,); NaN when there are none."""
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def draw(test: ConeTest, path: Path) -> None:
    """Draw the heat release rate into a PNG, SVG or PDF file; `InputError` for any other."""
    from matplotlib.figure import Figure

    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("png", "svg", "pdf"):
        raise InputError(f"{path.name} is no picture file; end its name with .png, .svg or .pdf.")
    figure = Figure(figsize=(6, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.plot(test.time_s, test.hrr_kw_m2, label="simulated, nominal properties")
    if np.isfinite(test.nominal["t_ig_s"]):
        axes.axvline(test.nominal["t_ig_s"], color="0.5", linewidth=0.8, label="ignition")
        axes.axvspan(*test.interval("t_ig_s"), color="0.85", label="its 90 % interval")
    title = f"{test.psmiles}, {test.flux_kw_m2:g} kW/m², {test.thickness_mm:g} mm"
    axes.set(xlabel="time (s)", ylabel="heat release rate (kW/m²)", title=title)
    axes.legend()
    picture = BytesIO()
    figure.savefig(picture, format=kind, dpi=150)
    write_atomic(path, picture.getvalue())


def nominal_physics(
    polymers: Sequence,
    polymer_of: np.ndarray,
    conditions: np.ndarray,
    draws: int = DRAWS,
    threads: int | None = None,
) -> np.ndarray:
    """Natural logarithms (R, 4) of `TARGETS` that the cone model gives with nominal properties.

    The same numbers as `predict`: row r is of polymer ``polymer_of[r]`` (R,) of ``polymers`` at the
    heat flux [kW/m2] and thickness [mm] ``conditions[r]`` (R, 2), and all burn in one batch on
    ``threads`` cores (all by default). Conditional on ignition, as the scores are: where the
    nominal specimen does not ignite, the median of the ``draws`` sampled ones that do stands in for
    it (the same draws every time), and NaN where none does or ``draws`` is 0.

    Raises
    ------
    InputError
        If a polymer or its conditions cannot be used.
    """
    estimates = [properties.estimate(polymer) for polymer in polymers]
    nominal = [sampling.sample_parameters(estimate) for estimate in estimates]
    rows = list(zip(polymer_of, conditions.tolist(), strict=True))
    found = _burnt([specimen.to_case(nominal[i], 0, *at) for i, at in rows], threads)
    for row in np.flatnonzero(~np.isfinite(found).all(axis=1)) if draws else ():
        i, at = rows[row]
        drawn = _burnt(_cases(estimates[i], draws, np.random.default_rng(SEED), *at), threads)
        burning = drawn[np.isfinite(drawn).all(axis=1)]
        if len(burning):
            found[row] = np.median(burning, axis=0)
    return np.log(found)


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
    return {
        "sea_m2_kg": mean * estimate["soot_yield"].value,
        "sea_m2_kg_lo": low,
        "sea_m2_kg_hi": high,
        "smoke_note": NOTE,
    }
