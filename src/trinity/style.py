"""The one figure style: importing this module applies ``matplotlibrc`` from any folder."""

from pathlib import Path

import matplotlib

from trinity.files import data_root


def style_file() -> Path | None:
    """The checkout's ``matplotlibrc``, else the wheel's copy, else None (matplotlib's defaults)."""
    places = (data_root().parent / "matplotlibrc", Path(__file__).parent / "matplotlibrc")
    return next((place for place in places if place.is_file()), None)


if (found := style_file()) is not None:
    matplotlib.rc_file(found, use_default_template=False)
