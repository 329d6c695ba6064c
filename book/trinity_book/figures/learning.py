"""Figures of the learning results: losses, held-out predictions, the ablation."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import gmean

from trinity.evidence.arms import ARMS, label
from trinity_book.figures import style
from trinity_book.figures.style import BLUE, GREY, LABELS, NAMES, PALETTE, subplots


def losses(histories: dict[str, list[float]], ylabel: str = "training loss") -> Figure:
    """Loss curves, each against the share of the training done."""
    figure, axes = subplots(figsize=(6.0, 3.2))
    for i, (name, values) in enumerate(histories.items()):
        share = np.linspace(0, 100, len(values))
        axes.plot(share, values, color=PALETTE[i % len(PALETTE)], linewidth=1.2, label=name)
    axes.set(xlabel="training done (%)", ylabel=ylabel)
    axes.legend()
    return figure


def factors_beside_baseline(model: dict, baseline: dict) -> Figure:
    """Error factors (GMFE) of each target, of a model and of the conditions-only baseline.

    ``model``, ``baseline``: target -> GMFE [-] on the same unseen polymers.
    """
    table = pd.DataFrame({"conditions only": baseline, "phase 1": model}).loc[list(NAMES)[::-1]]
    figure, axes = subplots(figsize=(6.0, 2.8))
    table.rename(NAMES).plot.barh(ax=axes, width=0.7, color=[GREY, BLUE])
    axes.set(xlim=(1, None), xlabel="geometric mean error factor (1 is perfect)")
    return figure


def parity_by_arm(rows: pd.DataFrame, arms: list[str], targets: list[str]) -> Figure:
    """Held-out predictions against measurements: a column per arm, a row per target.

    ``rows`` of ``lopo.json``, of one grouping; seeds are averaged in logarithms.
    """
    by = ["arm", "target", "polymer", "test_id"]
    mean = rows.groupby(by, as_index=False).agg({"predicted": gmean, "measured": "first"})
    size = (1.85 * len(arms) + 0.9, 2.3 * len(targets))
    figure, panels = subplots(len(targets), len(arms), figsize=size, squeeze=False)
    for i, target in enumerate(targets):
        values = mean[mean["target"] == target]
        both = values[["measured", "predicted"]]
        limits = both.min().min() / 1.3, both.max().max() * 1.3
        for j, arm in enumerate(arms):
            axes = panels[i, j]
            part = values[values["arm"] == arm]
            style.by_polymer(axes, part, "measured", "predicted", rows["polymer"].unique())
            style.identity_line(axes, limits=limits)
            middle = f"measured {LABELS[target]}" if j == len(arms) // 2 else ""
            beside = fill(f"predicted {LABELS[target]}", 20) if j == 0 else ""
            axes.set(xlabel=middle, ylabel=beside)
            if i == 0:
                axes.set_title(label(arm))
    style.legend_beside(panels[0, -1], fontsize=8)
    return figure


def ablation(scores: pd.DataFrame, targets: list[str], stacked: bool = False) -> Figure:
    """Error factor of each arm with its 95 % interval over groups, a panel per target.

    ``scores``: columns ``arm``, ``target``, ``gmfe``, ``gmfe_low``, ``gmfe_high`` [-]; ``stacked``:
    panels below each other, for a phone.
    """
    n = len(targets)
    shape, size = ((n, 1), (5.2, 2.4 * n)) if stacked else ((1, n), (2.75 * n + 0.5, 3.2))
    figure, panels = subplots(*shape, figsize=size, sharey=True, squeeze=False)
    arms = [arm for arm in ARMS if arm in set(scores["arm"])]
    colours = [style.arm_look(arm)["color"] for arm in arms]
    for axes, target in zip(panels.flat, targets, strict=True):
        rows = scores[scores["target"] == target].set_index("arm").loc[arms].rename(label)
        style.ranges(axes, rows[["gmfe", "gmfe_low", "gmfe_high"]], colours)
        axes.set(xlim=(1, None), xlabel="geometric mean error factor", title=NAMES[target])
    return figure


def errors_by_group(errors: pd.DataFrame, title: str) -> Figure:
    """Heat map of error factors: a row per arm, a column per group.

    ``errors``: mean |ln| errors, index arm, columns groups.
    """
    table = np.exp(errors.loc[[arm for arm in ARMS if arm in errors.index]]).rename(label)
    shown = {"cmap": "cividis_r", "vmin": 1, "vmax": 3, "cbar_kws": {"extend": "max"}}
    return style.heatmap(table, "error factor", (5.8, 3.2), title, **shown)
