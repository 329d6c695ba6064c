"""The one figure style: ``matplotlibrc``, applied by `use` or within `context`, never by importing.

Colours are those of Okabe and Ito, safe for colour-blind readers.
"""

from contextlib import AbstractContextManager
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np

from trinity.files import data_root

BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SKY, YELLOW, AMBER, GREY = "#56B4E9", "#F0E442", "#E69F00", "#666666"
PALETTE = [BLUE, ORANGE, GREEN, PINK, AMBER, SKY, GREY, "#000000", "#882255", "#44AA99", "#999933"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "<", ">", "h", "*"]


def style_file() -> Path:
    """The checkout's ``matplotlibrc``."""
    return data_root().parent / "matplotlibrc"


def use() -> None:
    """Apply the style to every figure made from now on; notebooks begin with it."""
    matplotlib.rc_file(style_file(), use_default_template=False)


def context() -> AbstractContextManager:
    """The style within a ``with`` block; everything is as before after it."""
    return matplotlib.rc_context(fname=style_file())


def subplots(rows: int = 1, columns: int = 1, **options):
    """As ``pyplot.subplots``, but closed: a notebook shows it once, and nothing stays open."""
    figure, axes = plt.subplots(rows, columns, **options)
    plt.close(figure)
    return figure, axes


def style_of(names: list[str]) -> dict[str, tuple[str, str]]:
    """One (colour, marker) for each name, in the order given."""
    return {
        name: (PALETTE[i % len(PALETTE)], MARKERS[i % len(MARKERS)]) for i, name in enumerate(names)
    }


def identity_line(axes, factor: float = 2.0, limits: tuple[float, float] | None = None) -> None:
    """Log axes of equal range with the line of perfect agreement and a band of ``factor``."""
    if limits is None:
        points = np.concatenate([np.ma.compressed(c.get_offsets()) for c in axes.collections])
        points = points[np.isfinite(points) & (points > 0)]
        limits = points.min() / 1.4, points.max() * 1.4
    ends = np.array(limits)
    axes.fill_between(ends, ends / factor, ends * factor, color=GREY, alpha=0.12, linewidth=0)
    axes.plot(ends, ends, color=GREY, linewidth=1)
    axes.set(xscale="log", yscale="log", xlim=limits, ylim=limits, aspect="equal")
