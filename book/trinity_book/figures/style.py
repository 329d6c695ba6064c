"""The one figure style: importing this module applies ``matplotlibrc`` from any folder."""

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt

from trinity.files import data_root


def style_file() -> Path | None:
    """The checkout's ``matplotlibrc``, else the wheel's copy, else None (matplotlib's defaults)."""
    places = (data_root().parent / "matplotlibrc", Path(__file__).parent / "matplotlibrc")
    return next((place for place in places if place.is_file()), None)


if (found := style_file()) is not None:
    matplotlib.rc_file(found, use_default_template=False)


def subplots(rows: int = 1, columns: int = 1, **options):
    """As ``pyplot.subplots``, but closed: a notebook shows it once, and nothing stays open."""
    figure, axes = plt.subplots(rows, columns, **options)
    plt.close(figure)
    return figure, axes
