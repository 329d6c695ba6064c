"""Figures of the second properties: learning curves and what few polymers would have shown.

``curves`` and ``power`` are rows of ``second_property.json`` of one property, phase 2 and split.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from trinity_book.figures import style
from trinity_book.figures.style import AMBER, BLUE, GREY, MARKERS, PALETTE, STARTS, subplots

#: Arms as a legend names them, in the order in which they are drawn.
ARMS = {
    "none": "no chemistry",
    "random": "random encoder",
    "language_model": "language model",
    "shuffled_labels": "phase 1, shuffled labels",
    "wrong_property": "phase 1, wrong property",
    "composition": "composition",
    "phase1": "phase 1",
    "physics_recalibrated": "physics, recalibrated",
    "forest_on_physics": "forest on the physics' residual",
}
COLOURS = STARTS | {"physics_recalibrated": AMBER, "forest_on_physics": PALETTE[7]}
UNITS = {"refractive_index": "refractive index", "tg_k": "glass transition (K)"}
PHYSICS = {False: "without physics at prediction", True: "with physics at prediction"}


def learning_curves(curves: pd.DataFrame) -> Figure:
    """Mean absolute error against the number of labels, for each start, with 95 % over clusters of
    structures: left without, right with physics at prediction."""
    figure, panels = subplots(1, 2, figsize=(5.7, 5.0), sharey=True)
    for axes, physics in zip(panels, PHYSICS, strict=True):
        for number, (arm, name) in enumerate(ARMS.items()):
            part = curves[(curves["arm"] == arm) & (curves["physics"] == physics)]
            if len(part):
                part = part.sort_values("labels")
                error = np.abs(part[["low", "high"]].sub(part["mae"], axis=0)).T
                axes.errorbar(
                    part["labels"], part["mae"], error, color=COLOURS[arm], marker=MARKERS[number],
                    markersize=4, linewidth=1.8 if arm in ("phase1", "language_model") else 0.9,
                    elinewidth=0.7, label=name,
                )  # fmt: skip
        axes.set(xscale="log", title=PHYSICS[physics], xlabel="labels")
        style.ticks_at(axes, sorted(curves["labels"].unique()))
    name = UNITS[curves["property"].iloc[0]]
    panels[0].set(ylabel=f"mean absolute error, {name}", yscale="log")
    style.plain_ticks(panels[0].yaxis, (1, 2, 3, 4, 5, 7))
    style.legend_outside(figure, 3, "outside lower center")
    return figure


def encoders(rows: pd.DataFrame, names: dict[str, str]) -> Figure:
    """Error of candidate encoders less that of the shipped one, with 95 % over clusters of
    structures; left of zero is better.

    ``rows`` are those of ``encoders.json``; ``names`` says how to write each.
    """
    part = rows[rows["difference"].notna()].set_index("encoder").rename(names)
    figure, axes = subplots(figsize=(6.4, 0.5 * len(part) + 1.1))
    style.ranges(axes, part[["difference", "low", "high"]], [BLUE] * len(part))
    axes.axvline(0.0, color=GREY, linewidth=0.9)
    axes.set(xlabel="mean absolute error less that of the shipped encoder")
    return figure


def power_curve(power: pd.DataFrame) -> Figure:
    """Share of studies of 9, 30 and 100 polymers that would have shown an advantage of phase 1 over
    the language model at p < 0.05, by number of labels; the line at 80 % is what a study is
    usually planned for."""
    figure, panels = subplots(1, 2, figsize=(5.7, 3.8), sharey=True)
    for axes, physics in zip(panels, PHYSICS, strict=True):
        rows = power[power["physics"] == physics]
        for number, (labels, part) in enumerate(rows.groupby("labels")):
            look = {"color": PALETTE[number], "marker": MARKERS[number]}
            axes.plot(part["polymers"], 100 * part["power"], label=f"{labels} labels", **look)
        axes.axhline(80, color=GREY, linestyle=":", linewidth=1)
        axes.set(xscale="log", title=PHYSICS[physics], xlabel="test polymers", ylim=(0, 103))
        style.ticks_at(axes, sorted(power["polymers"].unique()))
    panels[0].set(ylabel="studies that show the effect (%)")
    style.legend_outside(figure, 6, "outside lower center")
    return figure
