"""The one figure style and what several figures share: colours, names of quantities, axes.

The style itself is ``matplotlibrc``, applied by `use` or within `context`, never by importing.
Colours are those of Okabe and Ito, safe for colour-blind readers.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator, NullLocator
from seaborn.utils import relative_luminance

from trinity.cli.shown import QUANTITIES
from trinity.evidence.arms import ARMS
from trinity.files import data_root
from trinity.quantities import TARGETS, UNITS

BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SKY, AMBER, GREY = "#56B4E9", "#E69F00", "#666666"
PALETTE = [BLUE, ORANGE, GREEN, PINK, AMBER, SKY, GREY, "#000000", "#882255", "#44AA99", "#999933"]
#: A colour for where phase 2 starts, the same on every page; the line says whether physics answers.
STARTS = {
    "none": GREY,
    "random": SKY,
    "language_model": ORANGE,
    "shuffled_labels": PINK,
    "wrong_property": PALETTE[8],
    "composition": GREEN,
    "phase1": BLUE,
}
#: Of arms that have no start of their own.
OTHERS = {
    "physics_only": "#000000",
    "random_forest": AMBER,
    "two_phase_with_composition": PALETTE[9],
}
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "<", ">", "h", "*"]

FLUX = "irradiance (kW/m²)"
NAMES = {name: QUANTITIES[name][0] for name in TARGETS}
#: Targets with their units, as an axis says them.
LABELS = {name: f"{text} ({UNITS[name]})" for name, text in NAMES.items()}
_PROPERTIES = {
    "flux_kw_m2": "irradiance",
    "residue_fraction": "residue",
    "t50_k": "decomposition temperature",
    "gas_heat_of_combustion_j_kg": "heat of combustion of the gas",
    "critical_hrr_w_m2": "critical heat release rate",
    "specific_heat_solid_j_kg_k": "specific heat, solid",
    "specific_heat_melt_j_kg_k": "specific heat, melt",
}
#: Ends of the names of columns and parameters, and the units that they say.
UNIT_OF_END = {
    "_kw_m2": "kW/m²", "_mj_m2": "MJ/m²", "_kg_m3": "kg/m³", "_w_m_k": "W/m/K",
    "_j_kg_k": "J/kg/K", "_j_kg": "J/kg", "_j_mol": "J/mol", "_w_m2": "W/m²", "_1_m": "1/m",
    "_1_s": "1/s", "_mm": "mm", "_s": "s", "_k": "K",
}  # fmt: skip


def in_words(name: str) -> str:
    """A column or parameter as a reader would say it: ``char_density_kg_m3`` is "char density"."""
    if known := (NAMES | _PROPERTIES).get(name):
        return known
    unit = next((end for end in UNIT_OF_END if name.endswith(end)), "")
    return name.removesuffix(unit).replace("_", " ")


def use() -> None:
    """Apply ``matplotlibrc`` to every figure made from now on; notebooks begin with it."""
    matplotlib.rc_file(data_root().parent / "matplotlibrc", use_default_template=False)


def context() -> AbstractContextManager:
    """The style within a ``with`` block; everything is as before after it."""
    return matplotlib.rc_context(fname=data_root().parent / "matplotlibrc")


def subplots(rows: int = 1, columns: int = 1, **options):
    """As ``pyplot.subplots``, but closed: a notebook shows it once, and nothing stays open."""
    figure, axes = plt.subplots(rows, columns, **{"layout": "constrained", **options})
    plt.close(figure)
    return figure, axes


def arrow(axes: Axes, start: tuple, end: tuple, colour: str) -> None:
    """An arrow between two points."""
    look = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.6, "mutation_scale": 12}
    axes.annotate("", end, start, arrowprops=look)


def box(axes: Axes, x, y, width, height, colour: str, text: str = "", **font) -> None:
    """A pale box with round corners about a point, and a text in it; no line shines through."""
    for face, alpha in (("white", 1.0), (colour, 0.16)):
        axes.add_patch(FancyBboxPatch(
            (x - width / 2, y - height / 2), width, height, edgecolor="none", zorder=2,
            boxstyle="round,pad=0,rounding_size=0.02", facecolor=face, alpha=alpha,
        ))  # fmt: skip
    axes.text(x, y, text, ha="center", va="center", zorder=3, **font)


def by_polymer(axes: Axes, table: pd.DataFrame, x: str, y: str, names: Sequence[str] = ()) -> None:
    """Points of a table, a colour and a marker per polymer; ``names`` are all that may occur."""
    names = sorted(names or table["polymer"].unique())
    seaborn.scatterplot(
        table, x=x, y=y, hue="polymer", style="polymer", hue_order=names, style_order=names,
        palette=PALETTE[: len(names)], markers=MARKERS[: len(names)], s=26, linewidth=0, ax=axes,
    )  # fmt: skip
    axes.get_legend().remove()


def legend_beside(axes: Axes, **options) -> None:
    """The legend to the right of the axes."""
    beside = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5), "fontsize": 7.5}
    axes.legend(**{**beside, **options})


def legend_outside(
    figure: Figure, columns: int = 3, where: str = "outside upper left", fontsize: float = 8
) -> None:
    """One legend of all panels, above or below them, where it covers no data."""
    entries: dict = {}
    for axes in figure.axes:
        if legend := axes.get_legend():
            legend.remove()
        handles, names = axes.get_legend_handles_labels()
        entries |= dict(zip(names, handles, strict=True))
    figure.legend(entries.values(), entries, loc=where, ncols=columns, fontsize=fontsize)


def on_white(text) -> None:
    """Let a text stand out from the lines behind it."""
    text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])


def hide_after(used: int, grid: np.ndarray) -> None:
    """Hide the panels of a grid after those used; the panels above them have numbers."""
    for place in range(used, grid.size):
        grid.flat[place].set_axis_off()
        grid.flat[place - grid.shape[1]].tick_params(labelbottom=True)


def identity_line(axes: Axes, factor: float = 2.0, limits: tuple | None = None) -> None:
    """Log axes of equal range with the line of perfect agreement and a band of ``factor``."""
    drawn = axes.dataLim.get_points()
    limits = limits or (drawn.min() / 1.4, drawn.max() * 1.4)
    ends = np.array(limits)
    axes.fill_between(ends, ends / factor, ends * factor, color=GREY, alpha=0.12, linewidth=0)
    axes.plot(ends, ends, color=GREY, linewidth=1)
    axes.set(xscale="log", yscale="log", xlim=limits, ylim=limits, aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        plain_ticks(axis, (1.0, 3.0) if limits[1] > 50 * limits[0] else (1.0, 2.0, 5.0))


def ticks_at(axes: Axes, places: Sequence[float]) -> None:
    """Numbers at these places of a logarithmic axis of abscissas, and nothing between them."""
    axes.set_xticks(places, [f"{place:g}" for place in places])
    axes.xaxis.set_minor_locator(NullLocator())


def plain_ticks(axis, steps: tuple[float, ...] = (1.0, 2.0, 5.0)) -> None:
    """Numbers without powers of ten on a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(NullLocator())


def arm_look(name: str) -> dict:
    """Colour and line of an arm of `trinity.evidence.arms`, for matplotlib: solid where physics
    answers at prediction, dashed where it does not."""
    arm = ARMS[name]
    colour = OTHERS.get(name) or STARTS[arm.start]
    return {"color": colour, "linestyle": "-" if arm.physics else "--"}


def ranges(axes: Axes, rows: pd.DataFrame, colours: Sequence[str]) -> None:
    """A dot with its interval for each row by its name, first on top; columns are middle, low and
    high."""
    middle, low, high = rows.to_numpy(float).T
    places = np.arange(len(rows))
    axes.hlines(places, low, high, color=colours, linewidth=2)
    axes.scatter(middle, places, color=colours, s=36, zorder=3)
    axes.set_yticks(places, rows.index)
    axes.set_ylim(len(rows) - 0.5, -0.5)


def bars(axes: Axes, rows: pd.DataFrame, group: str, name: str, value: str, colours: list) -> None:
    """Groups of bars, a colour for each name, with intervals from columns ``low`` and ``high``."""
    table = rows.pivot(index=group, columns=name).loc[rows[group].unique()]
    middle, *ends = (table[column][rows[name].unique()] for column in (value, "low", "high"))
    spread = np.abs(np.stack([(end - middle).T for end in ends], 1))
    middle.plot.bar(
        ax=axes, width=0.8, color=colours, yerr=spread, error_kw={"linewidth": 0.9}, rot=0,
        legend=False, xlabel="",
    )  # fmt: skip


def heatmap(
    table: pd.DataFrame, label: str, size: tuple[float, float], title: str = "", **options
) -> Figure:
    """A table as coloured cells with their numbers in them; ``options`` go to seaborn."""
    figure, axes = subplots(figsize=size)
    bar = {"label": label, **options.pop("cbar_kws", {})}
    drawn = {"annot": True, "fmt": ".1f", "annot_kws": {"fontsize": 8.5}, **options}
    seaborn.heatmap(table, ax=axes, cbar_kws=bar, **drawn)
    shades = axes.collections[0].get_facecolors()
    for text in axes.texts:  # beside a luminance of 0.18 (WCAG 2) black and white stand out alike
        column, row = np.floor(text.get_position()).astype(int)
        light = relative_luminance(shades[row * table.shape[1] + column])
        text.set_color("black" if light > 0.18 else "white")
    axes.grid(False)
    axes.set(title=title, xlabel="", ylabel="")
    axes.tick_params(length=0, rotation=0)
    plt.setp(axes.get_xticklabels(), rotation=40, ha="right", rotation_mode="anchor")
    return figure
