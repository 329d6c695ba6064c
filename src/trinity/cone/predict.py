"""A cone test of a polymer from structure and physics alone, with intervals (``trinity cone``)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trinity.chemistry import properties
from trinity.cone import simulate as cone
from trinity.cone.curve import LAG_S
from trinity.errors import InputError
from trinity.quantities import check_conditions

SCALARS = ("t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2")
LEVEL = 0.90


@dataclass(frozen=True)
class ConeTest:
    """A simulated test: nominal scalars and curve, and the scalars of sampled parameter sets."""

    psmiles: str
    flux_kw_m2: float
    thickness_mm: float
    uncovered_atoms: list[str]
    nominal: dict[str, float]  # NaN where the specimen does not ignite
    sampled: dict[str, np.ndarray]  # of shape (n,)
    time_s: np.ndarray
    hrr_kw_m2: np.ndarray
    case: dict

    def interval(self, key: str) -> tuple[float, float]:
        """Central 90 % of the sampled values among those that ignite; NaN when none does."""
        values = self.sampled[key][np.isfinite(self.sampled[key])]
        if not len(values):
            return float("nan"), float("nan")
        low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return float(low), float(high)

    def to_dict(self) -> dict:
        """What ``trinity cone --json`` prints; None where nothing ignites."""
        answer: dict = {
            "psmiles": self.psmiles,
            "flux_kw_m2": self.flux_kw_m2,
            "thickness_mm": self.thickness_mm,
        }
        for key in SCALARS:
            low, high = self.interval(key)
            values = {key: self.nominal[key], f"{key}_lo": low, f"{key}_hi": high}
            answer |= {
                name: value if np.isfinite(value) else None for name, value in values.items()
            }
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
    """Simulate a cone test with nominal properties, and with ``samples`` sampled ones.

    Scalars follow the rule of the measurements behind an instrument of `LAG_S` seconds
    (`trinity.cone.curve.rule_scalars`), so that they can be set beside a measured test.

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
    nominal = properties.sample_parameters(estimate, 1, None)
    drawn = properties.sample_parameters(estimate, samples, np.random.default_rng(seed))
    case = properties.to_case(nominal, 0, flux_kw_m2, thickness_mm)
    cases = [properties.to_case(drawn, i, flux_kw_m2, thickness_mm) for i in range(samples)]
    found = cone.simulate_batch([case, *cases], lag_s=LAG_S)
    time_s, hrr_w_m2 = cone.curve(case)
    about = estimate.to_dict()
    return ConeTest(
        about["psmiles"],
        flux_kw_m2,
        thickness_mm,
        about["uncovered_atoms"],
        {key: float(found[f"rule_{key}"][0]) for key in SCALARS},
        {key: found[f"rule_{key}"][1:] for key in SCALARS},
        time_s,
        1e-3 * hrr_w_m2,
        case,
    )


def draw(test: ConeTest, path: Path) -> None:
    """Draw the heat release rate into a PNG, SVG or PDF file.

    Raises
    ------
    InputError
        If the file name has another ending or the place is not writable.
    """
    import io

    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    from trinity.files import write_atomic

    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("png", "svg", "pdf"):
        raise InputError(f"{path.name} is no picture file; end its name with .png, .svg or .pdf.")
    figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
    axes.plot(test.time_s, test.hrr_kw_m2, label="simulated, nominal properties")
    if np.isfinite(test.nominal["t_ig_s"]):
        axes.axvline(test.nominal["t_ig_s"], color="0.5", linewidth=0.8, label="ignition")
        axes.axvspan(*test.interval("t_ig_s"), color="0.85", label="its 90 % interval")
    axes.set_xlabel("time (s)")
    axes.set_ylabel("heat release rate (kW/m²)")
    axes.set_title(f"{test.psmiles}, {test.flux_kw_m2:g} kW/m², {test.thickness_mm:g} mm")
    axes.legend()
    picture = io.BytesIO()
    figure.savefig(picture, format=kind, dpi=150)
    plt.close(figure)
    write_atomic(path, picture.getvalue())
