"""Figures of the controls and studies (`ablation.json`): arms, curves, other conditions."""

import pandas as pd
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from trinity.evidence.arms import label
from trinity_book.figures.style import arm_look, bars, legend_outside, ranges, subplots

PRIMARY_LABEL = "mean |ln| error of ignition time and peak"


def primary_by_arm(primary: list[dict]) -> Figure:
    """Primary endpoint of every arm with its 95 % interval over groups, best on top.

    ``primary``: dicts with ``arm``, ``mean_abs_ln``, ``low``, ``high`` [-].
    """
    rows = pd.DataFrame(primary).sort_values("mean_abs_ln").set_index("arm")
    figure, axes = subplots(figsize=(5.8, 0.27 * len(rows) + 0.9))
    colours = [arm_look(arm)["color"] for arm in rows.index]
    ranges(axes, rows[["mean_abs_ln", "low", "high"]].rename(label), colours)
    axes.set(xlim=(0, None), xlabel=PRIMARY_LABEL)
    return figure


def curve(levels: pd.DataFrame, xlabel: str, flat: dict[str, float] | None = None) -> Figure:
    """Primary endpoint against how much there was to learn from, a line per arm.

    ``levels``: columns ``arm``, ``x``, ``mean_abs_ln``, ``low``, ``high``; ``flat``: arm -> value,
    of arms that do not depend on it.
    """
    figure, axes = subplots(figsize=(5.2, 3.6))
    for arm, part in levels.groupby("arm", sort=False):
        part, look = part.sort_values("x"), arm_look(arm)
        axes.plot("x", "mean_abs_ln", data=part, marker="o", markersize=4, label=label(arm), **look)
        band = {"color": look["color"], "alpha": 0.12, "linewidth": 0}
        axes.fill_between("x", "low", "high", data=part, **band)
    for style, (arm, value) in zip((":", "-.", "--"), (flat or {}).items(), strict=False):
        colour = arm_look(arm)["color"]
        axes.axhline(value, color=colour, linestyle=style, linewidth=1, label=label(arm))
    if levels["x"].max() > 50:
        axes.set_xscale("log")
    else:
        axes.set_xticks(sorted(levels["x"].unique()))
    axes.set(xlabel=xlabel, ylabel=PRIMARY_LABEL, ylim=(0, None))
    axes.legend(fontsize=7.5, ncol=2, handlelength=4)
    return figure


def elsewhere(levels: pd.DataFrame) -> Figure:
    """Primary endpoint on what was not seen, a group of bars per level, each bar with its 95 %
    interval over groups of polymers.

    ``levels``: columns ``arm``, ``level``, ``mean_abs_ln``, ``low``, ``high``.
    """
    figure, axes = subplots(figsize=(6.3, 3.4))
    looks = map(arm_look, levels["arm"].unique())
    # Paler where physics does not answer at prediction.
    shades = [to_rgba(look["color"], 1.0 if look["linestyle"] == "-" else 0.45) for look in looks]
    bars(axes, levels.assign(arm=levels["arm"].map(label)), "level", "arm", "mean_abs_ln", shades)
    axes.set_ylabel(PRIMARY_LABEL)
    legend_outside(figure, 2)
    return figure
