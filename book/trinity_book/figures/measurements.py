"""Figures of the measurements, alone and beside synthetic and simulated tests."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from trinity_book.figures.style import BLUE, ORANGE, PALETTE, SKY, identity_line, style_of, subplots

LAB_MARKERS = {"FAA": "o", "FSRI": "s", "NBS": "^"}


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
