"""Figures of why pretraining works. All but `descents` take a part of the dict that
`understanding.why_it_works` returns (the block ``why`` of ``ablation.json``): that of their name,
`weight_distances` that of ``distances``.
"""

import numpy as np
import pandas as pd
import seaborn
from matplotlib.figure import Figure

from trinity_book.figures import style
from trinity_book.figures.style import AMBER, BLUE, GREY, ORANGE, PINK, SKY, subplots

FINETUNED = {"direct": (ORANGE, "direct finetuning"), "two_phase": (BLUE, "phase 1 + phase 2")}
TRAININGS = {
    "phase1": (GREY, "phase 1"),
    "phase2": (BLUE, "phase 2"),
    "direct": (ORANGE, "direct finetuning"),
}
PROBED = {"random": GREY, "language model": AMBER, "phase 1": BLUE, "shuffled labels": PINK}


def landscape(found: dict) -> Figure:
    """Loss of the tests that were trained on and error on held-out polymers over the plane of the
    start and both solutions, with the two paths projected on it."""
    figure, panels = subplots(1, 2, figsize=(6.5, 4.4), sharey=True, layout="compressed")
    shown = {
        "training loss": np.asarray(found["loss"]),
        "error factor, held-out polymers": np.exp(found["error_held_out"]),
    }
    start = np.abs(found["y"]).argmin(), np.abs(found["x"]).argmin()  # the origin
    for axes, (label, values) in zip(panels, shown.items(), strict=True):
        # From the lowest value to half as much again above it as the start is, closest together in
        # the valleys; what is higher has one colour.
        rise = 1.5 * max(float(values[start]) - values.min(), 1e-6)
        levels = values.min() + rise * np.linspace(0, 1, 20) ** 1.5
        drawn = axes.contourf(found["x"], found["y"], values, levels, cmap="cividis", extend="max")
        axes.contour(found["x"], found["y"], values, levels, colors="white", linewidths=0.4)
        axes.grid(False)
        figure.colorbar(drawn, ax=axes, label=label, format="%.2f")
        for arm, (colour, name) in FINETUNED.items():
            _path(axes, np.asarray(found["paths"][arm]), colour, name, arm == "two_phase")
        axes.set(xlabel="towards direct solution [filter lengths]", aspect="equal")
    panels[0].set_ylabel("towards two-phase solution [filter lengths]")
    style.legend_outside(figure, 3, "outside lower center", 8.5)
    return figure


def _path(axes, places: np.ndarray, colour: str, name: str, jumps: bool) -> None:
    """A path from the start; its first stretch is dashed where only its ends are known."""
    x, y = places[:, 0], places[:, 1]
    edge = {"markeredgecolor": "white", "markeredgewidth": 0.7, "linestyle": "none"}
    first = int(jumps)
    if jumps:
        axes.plot(x[:2], y[:2], color="white", linewidth=3)
        axes.plot(x[:2], y[:2], color=colour, linestyle="--", linewidth=1.6)
    axes.plot(x[first:], y[first:], color="white", linewidth=3)
    axes.plot(x[first:], y[first:], color=colour, linewidth=1.6, label=name)
    axes.plot(x[first:-1], y[first:-1], "o", color=colour, markersize=4, **edge)
    axes.plot(x[-1], y[-1], "*", color=colour, markersize=13, **edge)
    label = None if jumps else "start"
    axes.plot(x[0], y[0], "s", color="black", markersize=6, label=label, **edge)


def weight_distances(found: list[dict]) -> Figure:
    """How far each layer moved in the three trainings."""
    colours, names = zip(*TRAININGS.values(), strict=True)
    table = 100 * pd.DataFrame(found).set_index("layer")[list(TRAININGS)]
    table.columns = names
    figure, axes = subplots(figsize=(5.8, 0.42 * len(table) + 1.1))
    table.plot.barh(ax=axes, width=0.8, color=list(colours))
    axes.set(xlabel="change of the weights, relative to their length before (%)", ylabel="")
    axes.invert_yaxis()
    return figure


def probes(found: list[dict]) -> Figure:
    """What linear probes find in embeddings, with 95 % bootstrap intervals over polymers."""
    table = pd.DataFrame(found)
    models = table["model"].unique()
    figure, axes = subplots(figsize=(5.8, 3.2))
    colours = [PROBED.get(model, SKY) for model in models]
    style.bars(axes, table, "quantity", "model", "r2", colours)
    axes.set(ylabel="share of variance found, R²", ylim=(min(0.0, 1.05 * table["low"].min()), 1.0))
    axes.legend(loc="upper left", bbox_to_anchor=(0.0, -0.1), ncol=len(models))
    return figure


def ends(found: list[dict]) -> Figure:
    """Error factors of gradient finetuning on the polymers of each part, held out in turn."""
    figure, axes = subplots(figsize=(6.4, 2.8))
    looks = {"start": ("black", "start"), "phase1": (GREY, "phase 1 only"), **FINETUNED}
    for i, (point, (colour, _)) in enumerate(looks.items()):
        factors = np.exp([part[point]["error_held_out"] for part in found])
        axes.plot(factors, np.full(len(factors), i), "o", color=colour, alpha=0.6)
        axes.plot(np.exp(np.mean(np.log(factors))), i, "|", color=colour, markersize=20)
    axes.set(xlabel="error factor on held-out polymers (dots: parts, bar: their mean)")
    axes.set_yticks(range(len(looks)), [name for _, name in looks.values()])
    axes.set_ylim(len(looks) - 0.5, -0.5)
    return figure


def descents(errors: pd.DataFrame) -> Figure:
    """Error along whole descents by gradient from either start, left on the cells that are learned
    from, right on the group of polymers that is left out; bands are 95 % bootstrap intervals over
    groups.

    ``errors``: the block ``errors`` of ``descents.json``.
    """
    columns = {"seen": "cells that are learned from", "left_out": "group that is left out"}
    starts = {"phase1": "phase 1", "language_model": "language model"}
    means = errors.groupby(["start", "fold", "step"], as_index=False)[list(columns)].mean()
    means["start"] = means["start"].map(starts)
    colours = dict(zip(starts.values(), (BLUE, ORANGE), strict=True))
    figure, panels = subplots(1, 2, figsize=(5.7, 3.6), sharey=True)
    for axes, (column, title) in zip(panels, columns.items(), strict=True):
        seaborn.lineplot(means, x="step", y=column, hue="start", palette=colours, marker="o",
                         seed=0, ax=axes)  # fmt: skip
        axes.set(title=title, ylabel="mean absolute logarithmic error")
    panels[0].set_ylim(0, None)  # when both are drawn: the panels share their axis
    panels[1].legend().remove()
    return figure
