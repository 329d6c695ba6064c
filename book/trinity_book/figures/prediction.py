"""Figures of predictions and their intervals: what they hold, where they end, one polymer."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn
from matplotlib.figure import Figure

from trinity.chemistry.descriptors import nearest_other
from trinity.evidence.arms import label
from trinity.quantities import PRIMARY
from trinity_book.figures import style
from trinity_book.figures.style import BLUE, FLUX, GREY, LABELS, NAMES, ORANGE, SKY, subplots

#: Of measured values: whether the interval holds them.
HELD = {"inside": BLUE, "outside": ORANGE}


def misses(rows: pd.DataFrame, targets: list[str]) -> Figure:
    """Error of each held-out test in units of its interval's half-width, by polymer group: beyond
    the line at 1 the 90 % interval missed.

    ``rows`` of ``lopo.json``, of one arm and seed; a panel for each of ``targets``.
    """
    ratio = in_half_widths(rows)
    table = rows.assign(ratio=ratio, held=np.where(ratio <= 1, "inside", "outside"))
    order, size = sorted(rows["fold"].unique()), (2.7 * len(targets) + 0.5, 3.6)
    figure, panels = subplots(1, len(targets), figsize=size, sharey=True, squeeze=False)
    for axes, target in zip(panels[0], targets, strict=True):
        seaborn.swarmplot(
            table[table["target"] == target], x="ratio", y="fold", order=order, hue="held",
            hue_order=list(HELD), palette=HELD, size=3.5, warn_thresh=1, ax=axes,
            legend=axes is panels[0, -1],
        )  # fmt: skip
        axes.axvline(1, color=GREY, linewidth=1)
        axes.set(xlim=(0, None), xlabel="|ln error| / half-width", ylabel="", title=NAMES[target])
    style.legend_outside(figure)
    return figure


def in_half_widths(rows: pd.DataFrame) -> pd.Series:
    """|ln(measured / middle)| over the half-width of the interval [-]; above 1 it missed."""
    low, high, measured = (np.log(rows[name].astype(float)) for name in ("lo", "hi", "measured"))
    return (measured - (low + high) / 2).abs() / ((high - low) / 2)


def intervals(rows: pd.DataFrame, target: str) -> Figure:
    """Held-out predictions of one seed with their 90 % intervals, sorted by measurement."""
    part = rows[rows["target"] == target].rename(columns={"lo": "low", "hi": "high"})
    look = {"color": GREY, "linewidth": 1, "alpha": 0.7}
    return _sorted_ranges(part, target, "held-out test, sorted by measurement", **look)


def physics_intervals(covered: dict, tests: pd.DataFrame, target: str) -> Figure:
    """Range of simulated tests with properties drawn within their errors (bars) and what was
    measured, sorted by measurement.

    ``covered``: ``low``, ``high`` of one target in ``physics_validation.json``, block ``coverage``;
    ``tests``: all measured tests, in the same order; those that ignited are drawn.
    """
    rows = pd.DataFrame({"low": covered["low"], "high": covered["high"]}, dtype=float)
    rows["measured"] = tests[target].to_numpy(float)
    look = {"color": SKY, "linewidth": 3, "alpha": 0.8, "label": "simulated, 90 %"}
    return _sorted_ranges(rows.dropna(), target, "measured test, sorted", **look)


def _sorted_ranges(rows: pd.DataFrame, target: str, xlabel: str, **look) -> Figure:
    """Intervals with what was predicted, if anything, and measured: values that an interval does
    not hold have another colour and shape."""
    rows = rows.sort_values("measured").reset_index(drop=True)
    figure, axes = subplots(figsize=(5.8, 3.2))
    axes.vlines(rows.index, rows["low"], rows["high"], **look)
    if "predicted" in rows:
        axes.plot(rows["predicted"], "_", color=GREY, markersize=6, label="predicted")
    inside = rows["measured"].between(rows["low"], rows["high"])
    for (name, colour), mark, held in zip(HELD.items(), "os", (inside, ~inside), strict=True):
        shown = rows["measured"][held]
        axes.plot(shown, mark, color=colour, markersize=4, label=f"measured, {name}")
    axes.set(yscale="log", xlabel=xlabel, ylabel=LABELS[target])
    style.legend_outside(figure, 4)
    return figure


def similarities(seen: Sequence, asked: pd.Series, least: float) -> Figure:
    """How similar polymers of the table are to their nearest other one, and where the polymers
    that are asked about lie; left of the line a prediction is flagged.

    ``seen``: fingerprints of what a model has seen, of which 600 are shown; ``asked``: name ->
    similarity [-]; ``least``: below it, ``in_domain`` is false.
    """
    figure, axes = subplots(figsize=(5.5, 3.4))
    sample = np.linspace(0, len(seen) - 1, 600).astype(int).tolist()
    nearest = [nearest_other(i, seen) for i in sample]
    seaborn.histplot(x=nearest, bins=np.linspace(0, 1, 41), color=SKY, alpha=0.6, linewidth=0,
                     label="synthetic table", ax=axes)  # fmt: skip
    top = axes.get_ylim()[1]
    for i, (name, value) in enumerate(asked.sort_values().items()):
        place = value, top * (0.12 + 0.09 * (i % 9))
        axes.plot(*place, "o", color=BLUE if value >= least else ORANGE, markersize=5)
        style.on_white(axes.annotate(name, place, (5, -3), textcoords="offset points", fontsize=8))
    for colour, text in ((BLUE, "asked, inside"), (ORANGE, "asked, flagged")):
        axes.plot([], [], "o", color=colour, markersize=5, label=text)
    axes.axvline(least, color=GREY, linewidth=1.2, label="limit of the domain")
    axes.set(xlim=(0, 1.12), xlabel="Tanimoto similarity to the nearest", ylabel="polymers")
    style.legend_outside(figure, 4)
    return figure


def one_polymer(measured: pd.DataFrame, lines: dict[str, pd.DataFrame], title: str) -> Figure:
    """Time to ignition and peak of one polymer over irradiance: measured, and as each step of the
    method predicts it without having seen it.

    ``measured``: its tests, columns ``flux_kw_m2``, ``t_ig_s`` [s], ``phrr_kw_m2`` [kW/m²];
    ``lines``: arm -> table with the same columns, at increasing irradiance.
    """
    figure, panels = subplots(1, 2, figsize=(6.0, 3.4))
    for axes, target in zip(panels, PRIMARY, strict=True):
        for arm, table in lines.items():
            axes.plot(table["flux_kw_m2"], table[target], label=label(arm), **style.arm_look(arm))
        axes.plot(measured["flux_kw_m2"], measured[target], "ko", markersize=4, label="measured")
        axes.set(yscale="log", xlabel=FLUX, ylabel=LABELS[target])
    panels[0].set_title(title)
    style.legend_outside(figure, 4)
    return figure


def prediction_against_flux(answers: pd.DataFrame, title: str) -> Figure:
    """Predicted time to ignition and peak HRR of one polymer over irradiance, with 90 % bands.

    ``answers``: rows of `trinity.prediction.predict.predict_frame` at increasing ``flux_kw_m2``.
    """
    figure, panels = subplots(1, 2, figsize=(6.0, 3.3))
    for axes, target in zip(panels, PRIMARY, strict=True):
        axes.fill_between("flux_kw_m2", f"{target}_lo", f"{target}_hi", data=answers, color=BLUE,
                          alpha=0.18, linewidth=0, label="90 % interval")  # fmt: skip
        axes.plot("flux_kw_m2", target, data=answers, color=BLUE, label="predicted")
        axes.set(yscale="log", xlabel=FLUX, ylabel=LABELS[target])
    panels[0].set_title(title)
    panels[0].legend()
    return figure
