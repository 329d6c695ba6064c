"""Figures of the chapters on trust, on one polymer and of the page "Figure by figure".

Every function takes plain data and returns a Figure; the style is that of ``matplotlibrc``.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from trinity.chemistry.similarity import nearest_other
from trinity_book.figures.learning import LABELS
from trinity_book.figures.style import BLUE, GREY, ORANGE, SKY, style_of, subplots


def misses(rows: pd.DataFrame, targets: list[str]) -> Figure:
    """Error of each held-out test in units of its interval's half-width, by polymer group: beyond
    the line at 1 the 90 % interval missed.

    Parameters
    ----------
    rows : rows of ``lopo.json`` of one arm and seed; ``lo`` and ``hi`` are the interval's ends.
    targets : a panel each.
    """
    order = sorted(rows["fold"].unique())
    size = (3.4 * len(targets) + 0.6, 3.6)
    figure, panels = subplots(1, len(targets), figsize=size, sharey=True, squeeze=False)
    for axes, target in zip(panels[0], targets, strict=True):
        part = rows[rows["target"] == target]
        ratio = in_half_widths(part)
        place = part["fold"].map(order.index) + np.linspace(-0.25, 0.25, len(part))
        held = ratio <= 1
        axes.plot(ratio[held], place[held], "o", color=BLUE, markersize=4, label="inside")
        axes.plot(ratio[~held], place[~held], "s", color=ORANGE, markersize=4, label="outside")
        axes.axvline(1, color=GREY, linewidth=1)
        axes.set(xlim=(0, None), xlabel="|ln error| / half-width", title=LABELS[target])
    panels[0, 0].set_yticks(range(len(order)), order)
    panels[0, 0].invert_yaxis()
    panels[0, -1].legend()
    figure.tight_layout()
    return figure


def in_half_widths(rows: pd.DataFrame) -> pd.Series:
    """|ln(measured / middle)| over the half-width of the interval [-]; above 1 it missed."""
    low, high, measured = (np.log(rows[name].astype(float)) for name in ("lo", "hi", "measured"))
    return (measured - (low + high) / 2).abs() / ((high - low) / 2)


def similarities(seen: Sequence, asked: pd.Series, least: float) -> Figure:
    """How similar polymers of the table are to their nearest other one, and where the polymers
    that are asked about lie; left of the line a prediction is flagged.

    Parameters
    ----------
    seen : fingerprints of the P polymers that a model has seen; 600 of them are shown.
    asked : name -> similarity [-].
    least : below it, ``in_domain`` is false.
    """
    figure, axes = subplots(figsize=(7.0, 3.4))
    sample = np.linspace(0, len(seen) - 1, 600).astype(int).tolist()
    axes.hist(
        [nearest_other(i, seen) for i in sample],
        bins=np.linspace(0, 1, 41),
        color=SKY,
        alpha=0.6,
        label="synthetic table",
    )
    top = axes.get_ylim()[1]
    for i, (name, value) in enumerate(asked.sort_values().items()):
        colour = BLUE if value >= least else ORANGE
        axes.plot(value, top * (0.12 + 0.09 * (i % 9)), "o", color=colour, markersize=5)
        axes.annotate(name, (value, top * (0.12 + 0.09 * (i % 9))), (5, -3),
                      textcoords="offset points", fontsize=8)  # fmt: skip
    axes.axvline(least, color=GREY, linewidth=1.2, label="limit of the domain")
    axes.set(xlim=(0, 1.12), xlabel="Tanimoto similarity to the nearest", ylabel="polymers")
    axes.legend(loc="upper right")
    figure.tight_layout()
    return figure


def one_polymer(measured: pd.DataFrame, lines: dict[str, pd.DataFrame], title: str) -> Figure:
    """Time to ignition and peak of one polymer over irradiance: measured, and as each step of the
    method predicts it without having seen it.

    Parameters
    ----------
    measured : its tests, columns ``flux_kw_m2``, ``t_ig_s`` [s], ``phrr_kw_m2`` [kW/m²].
    lines : name -> table with the same columns, at increasing irradiance.
    """
    styles = style_of(list(lines))
    dashes = ["-", "--", "-.", ":"]
    figure, panels = subplots(1, 2, figsize=(7.6, 3.4))
    for axes, target in zip(panels, ("t_ig_s", "phrr_kw_m2"), strict=True):
        for (name, table), dash in zip(lines.items(), dashes, strict=False):
            axes.plot(table["flux_kw_m2"], table[target], dash, color=styles[name][0], label=name)
        axes.plot(measured["flux_kw_m2"], measured[target], "ko", markersize=4, label="measured")
        axes.set(yscale="log", xlabel="irradiance [kW/m²]", ylabel=LABELS[target])
    panels[0].set_title(title)
    panels[1].legend()
    figure.tight_layout()
    return figure


def intervals(rows: pd.DataFrame, target: str) -> Figure:
    """Held-out predictions of one seed with their 90 % intervals, sorted by measurement."""
    part = rows[rows["target"] == target].sort_values("measured").reset_index(drop=True)
    inside = (part["lo"] <= part["measured"]) & (part["measured"] <= part["hi"])
    figure, axes = subplots(figsize=(7.4, 3.2))
    axes.vlines(part.index, part["lo"], part["hi"], color=GREY, linewidth=1, alpha=0.7)
    axes.plot(part.index, part["predicted"], "_", color=GREY, markersize=6, label="predicted")
    for hit, colour, name in (
        (True, BLUE, "measured, inside"),
        (False, ORANGE, "measured, outside"),
    ):
        chosen = part[inside == hit]
        axes.plot(chosen.index, chosen["measured"], "o", color=colour, markersize=3.5, label=name)
    axes.set(yscale="log", xlabel="held-out test, sorted by measurement", ylabel=LABELS[target])
    axes.legend(ncol=3)
    figure.tight_layout()
    return figure


def prediction_against_flux(answers: pd.DataFrame, title: str) -> Figure:
    """Predicted time to ignition and peak HRR of one polymer over irradiance, with 90 % bands.

    Parameters
    ----------
    answers : rows of :func:`trinity.prediction.predict.predict_frame` at increasing ``flux_kw_m2``.
    """
    figure, panels = subplots(1, 2, figsize=(7.6, 3.3))
    flux = answers["flux_kw_m2"]
    for axes, target in zip(panels, ("t_ig_s", "phrr_kw_m2"), strict=True):
        axes.fill_between(flux, answers[f"{target}_lo"], answers[f"{target}_hi"], color=BLUE,
                          alpha=0.18, linewidth=0, label="90 % interval")  # fmt: skip
        axes.plot(flux, answers[target], color=BLUE, label="predicted")
        axes.set(yscale="log", xlabel="irradiance [kW/m²]", ylabel=LABELS[target])
    panels[0].set_title(title)
    panels[0].legend()
    figure.tight_layout()
    return figure
