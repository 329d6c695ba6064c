"""Figures of the measured tests, alone and beside synthetic and simulated ones.

``tests``, ``specimens`` and measured curves are what `load_measurements`, `load_specimens` and
`load_curves` of `trinity.measurements.specimens` give.
"""

import numpy as np
import pandas as pd
import seaborn
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from trinity.quantities import PRIMARY
from trinity_book.figures import style
from trinity_book.figures.style import BLUE, FLUX, GREY, LABELS, ORANGE, PALETTE, SKY, subplots


def ignition_against_flux(tests: pd.DataFrame) -> Figure:
    """Measured time to ignition and peak HRR of every test against irradiance."""
    figure, panels = subplots(1, 2, figsize=(6.0, 3.8))
    for axes, target in zip(panels, PRIMARY, strict=True):
        style.by_polymer(axes, tests, "flux_kw_m2", target)
        axes.set(yscale="log", xlabel=FLUX, ylabel=LABELS[target])
    style.legend_beside(panels[1])
    return figure


def one_polymer_by_laboratory(tests: pd.DataFrame, polymer: str) -> Figure:
    """Ignition time of one polymer against irradiance (marker size: thickness).

    The laboratories of the round robin on one sheet share a colour.
    """
    rows = tests[tests["polymer"] == polymer]
    robin = rows["lab"].str.startswith("MaCFP")
    rows = rows.assign(laboratory=rows["lab"].where(~robin, "MaCFP round robin"))
    labs = sorted(rows["laboratory"].unique())
    figure, axes = subplots(figsize=(5.6, 3.6))
    seaborn.scatterplot(
        rows.rename(columns={"thickness_mm": "thickness (mm)"}), x="flux_kw_m2", y="t_ig_s",
        hue="laboratory", style="laboratory", hue_order=labs, style_order=labs,
        palette=PALETTE[: len(labs)], size="thickness (mm)", sizes=(20, 100), alpha=0.75,
        linewidth=0, ax=axes,
    )  # fmt: skip
    axes.set(yscale="log", xlabel=FLUX, ylabel=LABELS["t_ig_s"], title=polymer)
    style.legend_beside(axes)
    return figure


def measured_curves(
    specimens: pd.DataFrame, curves: dict[int, pd.DataFrame], longest_s: float = 900.0
) -> Figure:
    """Measured HRR(t), a panel per polymer, a line per specimen, coloured by irradiance.

    The time axes end at ``longest_s``, thick specimens burn on.
    """
    figure, grid = subplots(3, 4, figsize=(6.6, 5.8), sharex=True)
    shades = ScalarMappable(Normalize(20.0, 95.0), "viridis")
    for axes, (polymer, own) in zip(grid.flat, specimens.groupby("polymer"), strict=False):
        for test_id, flux in zip(own["test_id"], own["flux_kw_m2"], strict=True):
            curve, colour = curves[test_id], shades.to_rgba(flux)
            axes.plot(curve["time_s"], curve["hrr_kw_m2"], color=colour, linewidth=0.6, alpha=0.8)
        axes.set(xlim=(0, longest_s), ylim=(0, None))
        axes.set_title(f"{polymer} ({len(own)})", fontsize=8)
        axes.tick_params(labelsize=7)
    style.hide_after(specimens["polymer"].nunique(), grid)
    figure.colorbar(shades, ax=grid, shrink=0.7, pad=0.01, label=FLUX)
    figure.supxlabel("time (s)", fontsize=9)
    figure.supylabel("heat release rate (kW/m²)", fontsize=9)
    return figure


def hrr_with_draws(curves: list[tuple], central: tuple, title: str) -> Figure:
    """HRR(t) of many property draws (thin) and of the central estimate (heavy); one draw in twenty
    burns higher than the axis goes.

    ``curves``: (time [s], HRR [W/m²]) arrays, one per draw; ``central``: the same of the estimate.
    """
    figure, axes = subplots(figsize=(6.4, 3.5))
    for time_s, hrr_w_m2 in curves:
        axes.plot(time_s, hrr_w_m2 / 1e3, color=SKY, linewidth=0.6, alpha=0.6)
    axes.plot(central[0], central[1] / 1e3, color=BLUE, linewidth=2.2, label="central estimate")
    axes.plot([], [], color=SKY, linewidth=0.8, label="draws within the errors")
    axes.set(xlabel="time (s)", ylabel="heat release rate (kW/m²)", title=title)
    peaks = [hrr_w_m2.max() / 1e3 for _, hrr_w_m2 in [*curves, central]]
    axes.set_ylim(0, 1.15 * np.quantile(peaks, 0.95))
    axes.legend()
    return figure


def measured_in_synthetic(table: pd.DataFrame, tests: pd.DataFrame) -> Figure:
    """Measured tests (markers) in the cloud of synthetic ones, for both targets against flux."""
    figure, panels = subplots(1, 2, figsize=(6.0, 3.6))
    for axes, target in zip(panels, PRIMARY, strict=True):
        axes.scatter(table["flux_kw_m2"], table[target], s=2, c=SKY, alpha=0.15, linewidths=0,
                     rasterized=True)  # fmt: skip
        axes.scatter(tests["flux_kw_m2"], tests[target], s=22, c=ORANGE, label="measured")
        axes.set(yscale="log", xlabel=FLUX, ylabel=LABELS[target])
    panels[0].plot([], [], "o", color=SKY, markersize=5, label="synthetic")
    style.legend_outside(figure)
    return figure


def simulated_against_measured(tests: pd.DataFrame, predicted: dict[str, np.ndarray]) -> Figure:
    """Parity of blind or informed physics with every measured test, both targets.

    ``predicted``: target -> array (n_tests,), NaN where nothing was predicted.
    """
    figure, panels = subplots(1, 2, figsize=(6.2, 3.8))
    for axes, target in zip(panels, PRIMARY, strict=True):
        style.by_polymer(axes, tests.assign(predicted=predicted[target]), target, "predicted")
        style.identity_line(axes)
        axes.set(xlabel=f"measured {LABELS[target]}", ylabel=f"predicted {LABELS[target]}")
    style.legend_beside(panels[1])
    return figure


def measured_beside_simulated(
    specimens: pd.DataFrame, measured: dict[int, pd.DataFrame], simulated: dict[str, dict]
) -> Figure:
    """Measured HRR(t) beside simulated ones, a panel per polymer: each measured specimen of one
    laboratory and condition in grey, the simulations with published and with estimated properties.

    ``simulated``: polymer -> name of the inputs -> (time [s], HRR [W/m²]); ``specimens`` are those
    to be shown.
    """
    figure, grid = subplots(4, 3, figsize=(6.0, 6.8))
    for axes, (polymer, own) in zip(grid.flat, specimens.groupby("polymer"), strict=False):
        for test_id in own["test_id"]:
            axes.plot("time_s", "hrr_kw_m2", data=measured[test_id], color=GREY, linewidth=0.9,
                      label="measured")  # fmt: skip
        for (name, (time_s, hrr_w_m2)), colour in zip(
            simulated[polymer].items(), (BLUE, ORANGE), strict=False
        ):
            axes.plot(time_s, 1e-3 * hrr_w_m2, color=colour, linewidth=1.2, label=name)
        title = "{polymer}, {lab}, {flux_kw_m2:.0f} kW/m²".format(**own.iloc[0])
        axes.set_title(title, fontsize=8)
        longest = max(measured[i]["time_s"].max() for i in own["test_id"])
        axes.set(xlim=(0, longest), ylim=(0, None))
    style.hide_after(specimens["polymer"].nunique(), grid)
    style.legend_outside(figure, 1, "lower right", 9)
    figure.supxlabel("time (s)", fontsize=9)
    figure.supylabel("heat release rate (kW/m²)", fontsize=9)
    return figure
