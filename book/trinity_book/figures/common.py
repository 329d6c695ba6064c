"""Figures of the method and of the measurements.

Style (size, fonts, colours) lives in ``matplotlibrc`` at the root; every function takes plain data
and returns a Figure. Colours are those of Okabe and Ito, safe for colour-blind readers.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from trinity_book.figures.style import subplots

BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SKY, YELLOW, AMBER, GREY = "#56B4E9", "#F0E442", "#E69F00", "#666666"
PALETTE = [BLUE, ORANGE, GREEN, PINK, AMBER, SKY, GREY, "#000000", "#882255", "#44AA99", "#999933"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "<", ">", "h", "*"]

LAB_MARKERS = {"FAA": "o", "FSRI": "s", "NBS": "^"}


def style_of(names: list[str]) -> dict[str, tuple[str, str]]:
    """One (colour, marker) for each name, in the order given."""
    return {
        name: (PALETTE[i % len(PALETTE)], MARKERS[i % len(MARKERS)]) for i, name in enumerate(names)
    }


def _box(axes, x: float, y: float, text: str, colour: str, width: float = 1.5, height: float = 0.9):
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2),
            width,
            height,
            boxstyle="round,pad=0.02,rounding_size=0.08",
            facecolor=colour,
            edgecolor="none",
            alpha=0.16,
        )
    )
    axes.text(x, y, text, ha="center", va="center", fontsize=9.5)


def _arrow(axes, start, end, colour: str, bend: float = 0.0):
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=12,
            color=colour,
            linewidth=1.6,
            connectionstyle=f"arc3,rad={bend}",
        )
    )


def overview() -> Figure:
    """The six steps of the method, and the practice that skips four of them. A drawing: no data."""
    steps = [
        "1  Chemical\nlanguage model\nreads *CC(*)C",
        "2  Group\ncontribution\ninvents polymers",
        "3  Physics model\nburns them in a\ncone calorimeter",
        "4  Phase 1\nsupervised\npretraining",
        "5  Phase 2\nfinetuning on\nmeasurements",
        "6  Predictor of\nignition and\nheat release",
    ]
    figure, axes = subplots(figsize=(9.0, 2.5))
    for i, text in enumerate(steps):
        _box(axes, 1.7 * i, 0, text, GREEN if i == 5 else BLUE)
        if i:
            _arrow(axes, (1.7 * i - 0.93, 0), (1.7 * i - 0.76, 0), BLUE)
    _box(axes, 5.1, -1.25, "current practice: finetune directly", ORANGE, width=2.9, height=0.42)
    _arrow(axes, (0.1, -0.48), (3.62, -1.25), ORANGE, bend=0.18)
    _arrow(axes, (6.58, -1.25), (8.45, -0.48), ORANGE, bend=0.18)
    axes.set(xlim=(-0.85, 9.35), ylim=(-1.6, 0.6))
    axes.axis("off")
    figure.tight_layout(pad=0.2)
    return figure


def ignition_against_flux(tests: pd.DataFrame) -> Figure:
    """Measured time to ignition and peak HRR of every test against irradiance.

    Parameters
    ----------
    tests : rows of :func:`trinity.measurements.load_measurements`; columns ``polymer``, ``lab``,
        ``flux_kw_m2``, ``t_ig_s`` [s], ``phrr_kw_m2`` [kW/m²].
    """
    styles = style_of(sorted(tests["polymer"].unique()))
    figure, panels = subplots(1, 2, figsize=(7.6, 3.8))
    targets = [("t_ig_s", "time to ignition [s]"), ("phrr_kw_m2", "peak heat release rate [kW/m²]")]
    for axes, (target, label) in zip(panels, targets, strict=True):
        for polymer, rows in tests.groupby("polymer"):
            colour, marker = styles[polymer]
            axes.scatter(
                rows["flux_kw_m2"],
                rows[target],
                c=colour,
                marker=marker,
                s=26,
                alpha=0.85,
                label=polymer,
                linewidths=0,
            )
        axes.set(yscale="log", xlabel="irradiance [kW/m²]", ylabel=label)
    panels[1].legend(ncol=1, fontsize=7.5, loc="center left", bbox_to_anchor=(1.01, 0.5))
    figure.tight_layout()
    return figure


def one_polymer_in_three_laboratories(tests: pd.DataFrame, polymer: str) -> Figure:
    """Ignition time of one polymer against irradiance (marker size: thickness)."""
    rows = tests[tests["polymer"] == polymer]
    figure, axes = subplots(figsize=(5.6, 3.6))
    for i, (lab, group) in enumerate(rows.groupby("lab")):
        axes.scatter(
            group["flux_kw_m2"],
            group["t_ig_s"],
            s=14 + 3 * group["thickness_mm"],
            c=PALETTE[i],
            marker=LAB_MARKERS.get(lab, "D"),
            alpha=0.75,
            label=lab,
            linewidths=0,
        )
    axes.set(
        yscale="log",
        xlabel="irradiance [kW/m²]",
        ylabel="time to ignition [s]",
        title=f"{polymer}: a larger marker is a thicker specimen",
    )
    axes.legend(title="laboratory")
    figure.tight_layout()
    return figure


def hrr_with_draws(curves: list[tuple], central: tuple, title: str) -> Figure:
    """HRR(t) of many property draws (thin) and of the central estimate (heavy).

    Parameters
    ----------
    curves : list of (time [s], HRR [W/m²]) arrays, one a draw.
    central : the same for the central estimate.
    """
    figure, axes = subplots(figsize=(6.4, 3.5))
    for time_s, hrr_w_m2 in curves:
        axes.plot(time_s, hrr_w_m2 / 1e3, color=SKY, linewidth=0.6, alpha=0.6)
    axes.plot(central[0], central[1] / 1e3, color=BLUE, linewidth=2.2, label="central estimate")
    axes.plot([], [], color=SKY, linewidth=0.8, label="draws within the errors")
    axes.set(xlabel="time [s]", ylabel="heat release rate [kW/m²]", title=title, ylim=(0, None))
    axes.legend()
    figure.tight_layout()
    return figure


def measured_in_synthetic(table: pd.DataFrame, tests: pd.DataFrame) -> Figure:
    """Measured tests (markers) in the cloud of synthetic ones, for both targets against flux."""
    figure, panels = subplots(1, 2, figsize=(7.6, 3.6))
    targets = [("t_ig_s", "time to ignition [s]"), ("phrr_kw_m2", "peak heat release rate [kW/m²]")]
    for axes, (target, label) in zip(panels, targets, strict=True):
        axes.scatter(
            table["flux_kw_m2"], table[target], s=2, c=SKY, alpha=0.15, linewidths=0,
            label="synthetic", rasterized=True,
        )  # fmt: skip
        axes.scatter(tests["flux_kw_m2"], tests[target], s=22, c=ORANGE, label="measured")
        axes.set(yscale="log", xlabel="irradiance [kW/m²]", ylabel=label)
    panels[0].legend(markerscale=1.5)
    figure.tight_layout()
    return figure


def simulated_against_measured(tests: pd.DataFrame, predicted: dict[str, np.ndarray]) -> Figure:
    """Parity of blind or informed physics with every measured test, both targets.

    Parameters
    ----------
    predicted : target -> array (n_tests,), NaN where nothing was predicted.
    """
    styles = style_of(sorted(tests["polymer"].unique()))
    figure, panels = subplots(1, 2, figsize=(7.8, 3.8))
    targets = [("t_ig_s", "time to ignition [s]"), ("phrr_kw_m2", "peak heat release rate [kW/m²]")]
    for axes, (target, label) in zip(panels, targets, strict=True):
        for polymer, (colour, marker) in styles.items():
            rows = (tests["polymer"] == polymer).to_numpy()
            axes.scatter(
                tests[target][rows], predicted[target][rows], c=colour, marker=marker, s=26,
                label=polymer, linewidths=0,
            )  # fmt: skip
        identity_line(axes)
        axes.set(xlabel=f"measured {label}", ylabel=f"predicted {label}")
    panels[1].legend(fontsize=7.5, loc="center left", bbox_to_anchor=(1.01, 0.5))
    figure.tight_layout()
    return figure


def identity_line(axes, factor: float = 2.0, limits: tuple[float, float] | None = None) -> None:
    """Log axes of equal range with the line of perfect agreement and a band of ``factor``."""
    if limits is None:
        points = np.concatenate([np.ma.compressed(c.get_offsets()) for c in axes.collections])
        points = points[np.isfinite(points) & (points > 0)]
        limits = points.min() / 1.4, points.max() * 1.4
    ends = np.array(limits)
    axes.fill_between(ends, ends / factor, ends * factor, color=GREY, alpha=0.12, linewidth=0)
    axes.plot(ends, ends, color=GREY, linewidth=1)
    axes.set(xscale="log", yscale="log", xlim=limits, ylim=limits, aspect="equal")
