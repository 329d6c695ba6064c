"""Drawings that are committed as SVG, for the README and for pages of prose.

`overview` and the `concepts` are drawn without data, `result` from the published ``lopo.json``, the
house from the code (`trinity_book.figures.house`). They have the same bytes at every call;
``python -m trinity_book.pages`` writes them.
"""

import io
from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from trinity.evidence import scores as evaluation
from trinity.files import data_path, read_json
from trinity.quantities import PRIMARY
from trinity_book.figures import concepts, style
from trinity_book.figures import learning as figures_learning
from trinity_book.figures.house import house
from trinity_book.figures.style import BLUE, GREEN, ORANGE, box, subplots


def _step(axes, x: float, y: float, text: str, colour: str, width=1.5, height=0.9) -> None:
    box(axes, x, y, width, height, colour)
    axes.text(x, y, text, ha="center", va="center", fontsize=9.5, zorder=3)


def _arrow(axes, start, end, colour: str, bend: float = 0.0) -> None:
    look = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.6, "mutation_scale": 12}
    axes.annotate("", end, start, arrowprops=look | {"connectionstyle": f"arc3,rad={bend}"})


def overview() -> Figure:
    """The six steps of the method, and the practice that skips four of them. A drawing: no data."""
    steps = [
        "1  Chemical\nlanguage model\nreads *CC(*)C",
        "2  Group\ncontribution\ninvents polymers",
        "3  Physics model\nburns them in a\ncone calorimeter",
        "4  Phase 1\nsupervised\npretraining",
        "5  Phase 2\nfinetuning on\nmeasurements",
        "6  Predictor of\nignition and\nheat release",
    ]
    figure, axes = subplots(figsize=(9.0, 2.5))
    for i, text in enumerate(steps):
        _step(axes, 1.7 * i, 0, text, GREEN if i == 5 else BLUE)
        if i:
            _arrow(axes, (1.7 * i - 0.93, 0), (1.7 * i - 0.76, 0), BLUE)
    _step(axes, 5.1, -1.25, "current practice: finetune directly", ORANGE, width=2.9, height=0.42)
    _arrow(axes, (0.1, -0.48), (3.62, -1.25), ORANGE, bend=0.18)
    _arrow(axes, (6.58, -1.25), (8.45, -0.48), ORANGE, bend=0.18)
    axes.set(xlim=(-0.85, 9.35), ylim=(-1.6, 0.6))
    axes.axis("off")
    return figure


def result() -> Figure:
    """Error factor of each arm over the nine strict groups, ignition and peak."""
    path = data_path("artifacts", "results", "lopo.json")
    scores = evaluation.scores(evaluation.headline(read_json(path)))
    return figures_learning.ablation(pd.DataFrame(scores), list(PRIMARY), stacked=True)


#: File below the root of the checkout -> what is drawn there.
DRAWINGS: dict[str, Callable[[], Figure]] = {
    "notebooks/overview.svg": overview,
    "notebooks/result.svg": result,
    "book/house.svg": house,
    "book/slab.svg": concepts.slab,
    "book/groups.svg": concepts.groups_on_molecule,
    "book/network.svg": concepts.network,
    "book/split.svg": concepts.split,
}
#: Results files behind them.
RESULTS = {"notebooks/result.svg": ("lopo.json",)}


def svg(drawing: Callable[[], Figure]) -> bytes:
    """A drawing in the style of the book, as SVG."""
    stream = io.BytesIO()
    with style.context():
        drawing().savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()
