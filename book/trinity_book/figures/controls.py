"""Figures of the controls and studies (`ablation.json`): arms, curves, other conditions."""

import pandas as pd
from matplotlib.figure import Figure

from trinity.evidence.arms import ARMS, label
from trinity_book.figures.style import GREY, PALETTE, bars, ranges, subplots

PRIMARY_LABEL = "mean |ln| error of ignition time and peak"


def primary_by_arm(primary: list[dict]) -> Figure:
    """Primary endpoint of every arm with its 95 % interval over groups, best on top.

    ``primary``: dicts with ``arm``, ``mean_abs_ln``, ``low``, ``high`` [-].
    """
    rows = pd.DataFrame(primary).sort_values("mean_abs_ln")
    colours = [ARMS[arm].colour for arm in rows["arm"]]
    figure, axes = subplots(figsize=(7.4, 0.27 * len(rows) + 0.9))
    names = [label(arm) for arm in rows["arm"]]
    ranges(axes, rows[["mean_abs_ln", "low", "high"]], names, colours)
    axes.set(xlim=(0, None), xlabel=PRIMARY_LABEL)
    return figure


def curve(levels: pd.DataFrame, xlabel: str, flat: dict[str, float] | None = None) -> Figure:
    """Primary endpoint against how much there was to learn from, a line per arm.

    ``levels``: columns ``arm``, ``x``, ``mean_abs_ln``, ``low``, ``high``; ``flat``: arm -> value,
    of arms that do not depend on it.
    """
    figure, axes = subplots(figsize=(6.6, 3.6))
    for i, (arm, part) in enumerate(levels.groupby("arm", sort=False)):
        part = part.sort_values("x")
        colour = PALETTE[i % len(PALETTE)]
        axes.plot(part["x"], part["mean_abs_ln"], "o-", color=colour, markersize=4,
                  label=label(arm))  # fmt: skip
        axes.fill_between(part["x"], part["low"], part["high"], color=colour, alpha=0.12, lw=0)
    for style, (arm, value) in zip(("--", ":", "-."), (flat or {}).items(), strict=False):
        axes.axhline(value, color=GREY, linestyle=style, linewidth=1, label=label(arm))
    if levels["x"].max() > 50:
        axes.set_xscale("log")
    else:
        axes.set_xticks(sorted(levels["x"].unique()))
    axes.set(xlabel=xlabel, ylabel=PRIMARY_LABEL, ylim=(0, None))
    axes.legend(fontsize=7.5, ncol=2)
    return figure


def elsewhere(levels: pd.DataFrame) -> Figure:
    """Primary endpoint on conditions or laboratories that were not seen: a group of bars per level.

    ``levels``: columns ``arm``, ``level``, ``mean_abs_ln``, ``low``, ``high``.
    """
    figure, axes = subplots(figsize=(8.0, 3.4))
    bars(axes, levels.assign(arm=levels["arm"].map(label)), "level", "arm", "mean_abs_ln", PALETTE)
    axes.set_ylabel(PRIMARY_LABEL)
    axes.legend(fontsize=7.5, ncol=3)
    return figure
