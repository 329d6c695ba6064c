"""Drawings that are committed as SVG, for the README and for pages of prose.

`overview` and the `concepts` are drawn without data, `result` from the published ``lopo.json``, the
house from the code (`trinity_book.figures.house`), `reliability` from what was broken on purpose.
They have the same bytes at every call; ``python -m trinity_book.pages`` writes them.
"""

import io
from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from trinity.evidence import scores as evaluation
from trinity.files import data_path, read_json
from trinity.quantities import PRIMARY
from trinity_book import records, tables
from trinity_book.figures import concepts, learning, style
from trinity_book.figures.house import house
from trinity_book.figures.style import BLUE, GREEN, ORANGE, SKY, arrow, box, subplots


def overview() -> Figure:
    """The six steps of the method, and the practice that skips four of them."""
    steps = [
        "1  Chemical\nlanguage model\nreads *CC(*)C",
        "2  Group\ncontribution\ninvents polymers",
        "3  Physics model\nburns them in a\ncone calorimeter",
        "4  Phase 1\nsupervised\npretraining",
        "5  Phase 2\nfinetuning on\nmeasurements",
        "6  Predictor of\nignition and\nheat release",
    ]
    figure, axes = subplots(figsize=(6.0, 3.1))
    places = [(2.1 * i, 0.0) for i in (0, 1, 2)] + [(2.1 * i, -1.9) for i in (2, 1, 0)]
    for i, (place, text) in enumerate(zip(places, steps, strict=True)):
        box(axes, *place, 1.75, 1.0, GREEN if i == 5 else BLUE, text, fontsize=9.5)
    for start, end in (((0.91, 0), (1.19, 0)), ((3.01, 0), (3.29, 0)), ((4.2, -0.55), (4.2, -1.35)),
                       ((3.29, -1.9), (3.01, -1.9)), ((1.19, -1.9), (0.91, -1.9))):  # fmt: skip
        arrow(axes, start, end, BLUE)
    arrow(axes, (0, -0.55), (0, -1.35), ORANGE)
    box(axes, 1.95, -0.95, 3.0, 0.42, ORANGE, "current practice: finetune directly", fontsize=9.5)
    axes.set(xlim=(-0.95, 5.15), ylim=(-2.5, 0.6))
    axes.axis("off")
    return figure


def result() -> Figure:
    """Error factor of each arm over the nine strict groups, ignition and peak."""
    path = data_path("artifacts", "results", "lopo.json")
    scores = evaluation.scores(evaluation.headline(read_json(path)))
    return learning.ablation(pd.DataFrame(scores), list(PRIMARY), stacked=True)


def reliability() -> Figure:
    """What came of killed runs that were started again, and of small faults put into the code."""
    victims, targets = records.read("chaos")["victims"], records.read("mutation")["targets"]
    figure, (above, below) = subplots(2, figsize=(6.0, 5.6))
    rows = [
        (tables.VICTIMS[v["victim"]].strip("`"), v["identical"], v["reruns"] - v["identical"])
        for v in victims
    ]
    _shares(above, rows, ("all bytes the same", "another byte"))
    above.set(xlabel="killed runs, started again", title="Interrupted runs")
    rows = [
        (t["target"], t["killed"] + t["timeout"], t["equivalent"], t["survived"] - t["equivalent"])
        for t in targets
    ]  # fmt: skip
    _shares(below, rows, ("noticed by a test", "harmless", "not noticed"))
    below.set(xlabel="small faults put into the code", title="Faults")
    return figure


def _shares(axes, rows: list[tuple], names: tuple[str, ...]) -> None:
    """Stacked horizontal bars: a label and so many numbers per row."""
    labels, *columns = zip(*rows[::-1], strict=True)
    start = [0] * len(labels)
    colours = (*(GREEN, SKY)[: len(names) - 1], ORANGE)
    for name, column, colour in zip(names, columns, colours, strict=True):
        axes.barh(labels, column, left=start, color=colour, label=name)
        start = [a + b for a, b in zip(start, column, strict=True)]
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=len(names), fontsize="small")


#: File below the root of the checkout -> what is drawn there.
DRAWINGS: dict[str, Callable[[], Figure]] = {
    "notebooks/overview.svg": overview,
    "notebooks/result.svg": result,
    "book/house.svg": house,
    "book/slab.svg": concepts.slab,
    "book/groups.svg": concepts.groups_on_molecule,
    "book/network.svg": concepts.network,
    "book/split.svg": concepts.split,
    "book/reliability.svg": reliability,
}
#: Results files behind them.
RESULTS = {
    "notebooks/result.svg": ("lopo.json",),
    "book/reliability.svg": ("chaos.json", "mutation.json"),
}


def svg(drawing: Callable[[], Figure]) -> bytes:
    """A drawing in the style of the book, as SVG."""
    stream = io.BytesIO()
    with style.context():
        drawing().savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()
