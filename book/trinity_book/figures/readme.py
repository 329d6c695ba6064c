"""The two drawings of the README and front page: ``python -m trinity_book.figures.readme``.

``notebooks/overview.svg`` is drawn without data; ``notebooks/result.svg`` is the ablation, from the
published ``lopo.json``. Both have the same bytes at every call.
"""

import io
import json
from pathlib import Path

import pandas as pd

from trinity.evidence import scores as evaluation
from trinity.files import data_path, data_root, write_atomic
from trinity.quantities import PRIMARY
from trinity_book.figures import learning as figures_learning
from trinity_book.figures.common import overview


def result():
    """Error factor of each arm over the nine strict groups, ignition and peak."""
    path = data_path("artifacts", "results", "lopo.json")
    rows = pd.DataFrame(json.loads(path.read_text(encoding="utf-8"))["predictions"])
    strict = rows[(rows["grouping"] == "nine") & rows["target"].isin(PRIMARY)]
    return figures_learning.ablation(pd.DataFrame(evaluation.scores(strict)), list(PRIMARY))


def drawn(name: str) -> bytes:
    """SVG of the drawing ``overview`` or ``result``."""
    stream = io.BytesIO()
    figure = overview() if name == "overview" else result()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()


def write(folder: Path) -> list[Path]:
    """Write both drawings as SVG into ``folder``."""
    return [write_atomic(folder / f"{name}.svg", drawn(name)) for name in ("overview", "result")]


if __name__ == "__main__":
    for drawn in write(data_root().parent / "notebooks"):
        print(drawn)
