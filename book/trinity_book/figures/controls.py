"""Figures of the controls and studies (`ablation.json`): arms, curves, other conditions."""

import pandas as pd
from matplotlib.figure import Figure

from trinity_book.figures.learning import ARM_NAMES
from trinity_book.figures.style import BLUE, GREY, ORANGE, PALETTE, bars, ranges, subplots

NAMES = ARM_NAMES | {
    "shuffled_only": "phase 1 on shuffled labels only",
    "shuffled_labels": "shuffled phase 1 + phase 2",
    "phase1_from_scratch": "phase 1 only, random encoder",
    "two_phase_from_scratch": "phase 1 + 2, random encoder",
    "direct_from_scratch": "direct, random encoder",
    "network_only": "phase 1 + 2, no physics at prediction",
    "physics_language_model": "physics + language model, no phase 1",
    "physics_bias": "physics + fitted bias",
    "random_forest_physics": "physics + random forest",
    "gaussian_process_physics": "physics + Gaussian process",
    "two_phase_full": "phase 1 + 2, all weights by gradient",
    "two_phase_lora": "phase 1 + 2, low-rank by gradient",
    "two_phase_head": "phase 1 + 2, head by gradient",
    "direct_full": "direct, all weights by gradient",
    "paper_recipe": "phase 1 + recipe of the paper",
    "direct_paper_recipe": "direct, recipe of the paper",
}
PRIMARY_LABEL = "mean |ln| error of ignition time and peak"


def primary_by_arm(primary: list[dict]) -> Figure:
    """Primary endpoint of every arm with its 95 % interval over groups, best on top.

    Parameters
    ----------
    primary : dicts with ``arm``, ``mean_abs_ln``, ``low``, ``high`` [-].
    """
    rows = pd.DataFrame(primary).sort_values("mean_abs_ln")
    colours = [{"two_phase": BLUE, "direct": ORANGE}.get(arm, GREY) for arm in rows["arm"]]
    figure, axes = subplots(figsize=(7.4, 0.27 * len(rows) + 0.9))
    names = [NAMES[arm] for arm in rows["arm"]]
    ranges(axes, rows[["mean_abs_ln", "low", "high"]], names, colours)
    axes.set(xlim=(0, None), xlabel=PRIMARY_LABEL)
    return figure


def curve(levels: pd.DataFrame, xlabel: str, flat: dict[str, float] | None = None) -> Figure:
    """Primary endpoint against how much there was to learn from, a line an arm.

    Parameters
    ----------
    levels : columns ``arm``, ``x``, ``mean_abs_ln``, ``low``, ``high``.
    flat : arm -> value of arms that do not depend on it.
    """
    figure, axes = subplots(figsize=(6.6, 3.6))
    for i, (arm, part) in enumerate(levels.groupby("arm", sort=False)):
        part = part.sort_values("x")
        colour = PALETTE[i % len(PALETTE)]
        axes.plot(part["x"], part["mean_abs_ln"], "o-", color=colour, markersize=4,
                  label=NAMES[arm])  # fmt: skip
        axes.fill_between(part["x"], part["low"], part["high"], color=colour, alpha=0.12, lw=0)
    for style, (arm, value) in zip(("--", ":", "-."), (flat or {}).items(), strict=False):
        axes.axhline(value, color=GREY, linestyle=style, linewidth=1, label=NAMES[arm])
    if levels["x"].max() > 50:
        axes.set_xscale("log")
    else:
        axes.set_xticks(sorted(levels["x"].unique()))
    axes.set(xlabel=xlabel, ylabel=PRIMARY_LABEL, ylim=(0, None))
    axes.legend(fontsize=7.5, ncol=2)
    return figure


def elsewhere(levels: pd.DataFrame) -> Figure:
    """Primary endpoint on conditions or laboratories that were not seen: a group of bars per level.

    Parameters
    ----------
    levels : columns ``arm``, ``level``, ``mean_abs_ln``, ``low``, ``high``.
    """
    order = {"index": levels["level"].unique(), "columns": levels["arm"].unique()}
    middle, *ends = (
        levels.pivot(index="level", columns="arm", values=name).reindex(**order)
        for name in ("mean_abs_ln", "low", "high")
    )
    figure, axes = subplots(figsize=(8.0, 3.4))
    bars(axes, middle.rename(columns=NAMES), PALETTE[: len(order["columns"])], ends)
    axes.set_ylabel(PRIMARY_LABEL)
    axes.legend(fontsize=7.5, ncol=3)
    return figure
