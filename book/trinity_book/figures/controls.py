"""Figures of the controls and studies (`ablation.json`): arms, curves, other conditions."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from trinity_book.figures.learning import ARM_NAMES
from trinity_book.figures.style import BLUE, GREY, ORANGE, PALETTE, subplots

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
    rows = sorted(primary, key=lambda row: row["mean_abs_ln"])
    figure, axes = subplots(figsize=(7.4, 0.27 * len(rows) + 0.9))
    for i, row in enumerate(rows):
        colour = {"two_phase": BLUE, "direct": ORANGE}.get(row["arm"], GREY)
        axes.plot([row["low"], row["high"]], [i, i], color=colour, linewidth=2)
        axes.plot(row["mean_abs_ln"], i, "o", color=colour, markersize=6)
    axes.set_yticks(range(len(rows)), [NAMES[row["arm"]] for row in rows])
    axes.invert_yaxis()
    axes.set(xlim=(0, None), xlabel=PRIMARY_LABEL)
    figure.tight_layout()
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
    figure.tight_layout()
    return figure


def elsewhere(levels: pd.DataFrame) -> Figure:
    """Primary endpoint on conditions or laboratories that were not seen: a group of bars a level.

    Parameters
    ----------
    levels : columns ``arm``, ``level``, ``mean_abs_ln``, ``low``, ``high``.
    """
    places = {level: i for i, level in enumerate(levels["level"].unique())}
    arms = list(levels["arm"].unique())
    figure, axes = subplots(figsize=(8.0, 3.4))
    width = 0.8 / len(arms)
    for i, arm in enumerate(arms):
        part = levels[levels["arm"] == arm]
        x = np.array([places[level] for level in part["level"]]) + (i - (len(arms) - 1) / 2) * width
        bounds = np.abs(part[["low", "high"]].to_numpy().T - part["mean_abs_ln"].to_numpy())
        axes.bar(x, part["mean_abs_ln"], width, yerr=bounds, color=PALETTE[i % len(PALETTE)],
                 error_kw={"linewidth": 0.8}, label=NAMES[arm])  # fmt: skip
    axes.set_xticks(range(len(places)), places)
    axes.set_ylabel(PRIMARY_LABEL)
    axes.legend(fontsize=7.5, ncol=3)
    figure.tight_layout()
    return figure
