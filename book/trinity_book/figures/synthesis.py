"""Figures of the synthetic table."""

from io import BytesIO

import numpy as np
import pandas as pd
import seaborn
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from rdkit import Chem
from rdkit.Chem.Draw import rdMolDraw2D
from sklearn.decomposition import PCA

from trinity.synthesis.report import fingerprints
from trinity_book.figures import style
from trinity_book.figures.style import BLUE, GREY, LABELS, ORANGE, PALETTE, subplots
from trinity_book.studies.synthesis_quality import fuel_share

MAP_POINTS = 3000
#: Properties as a figure shows them: unit, and factor from SI to it.
SHOWN = {
    "density_kg_m3": ("kg/m³", 1.0),
    "heat_of_combustion_j_kg": ("MJ/kg", 1e-6),
    "t50_k": ("K", 1.0),
    "char_yield": ("-", 1.0),
}
#: Properties as they are drawn, and what is asked of a test beside what decides it.
DRAWN = (
    "density_kg_m3", "specific_heat_melt_j_kg_k", "conductivity_w_m_k", "glass_transition_k",
    "heat_of_combustion_j_kg", "t50_k", "char_yield", "heat_of_decomposition_j_kg", "soot_yield",
    "flaming_efficiency",
)  # fmt: skip
ASKED = (
    "density_kg_m3", "conductivity_w_m_k", "heat_of_combustion_j_kg", "t50_k", "char_yield",
    "flux_kw_m2", "thickness_mm", "t_ig_s", "phrr_kw_m2", "thr_mj_m2",
)  # fmt: skip


def family_shares(table: pd.DataFrame) -> Figure:
    """Share of each family among the polymers of the table."""
    shares = 100 * table.drop_duplicates("key")["family"].value_counts(normalize=True)
    figure, axes = subplots()
    axes.barh(shares.index[::-1], shares.to_numpy()[::-1], color=BLUE)
    axes.set(xlabel="share of the hypothetical polymers (%)")
    axes.grid(axis="y", visible=False)
    return figure


def repeat_units(polymers: pd.DataFrame) -> Figure:
    """Repeat units with their families, five in a row, as they were drawn."""
    shown = polymers.sort_values("family", kind="stable")
    width, height = 300, 190  # of one unit; Draw's own grid gives another kind of image in IPython
    rows = -(-len(shown) // 5)
    canvas = rdMolDraw2D.MolDraw2DCairo(5 * width, rows * height, width, height)
    options = canvas.drawOptions()
    options.dummiesAreAttachments, options.drawMolsSameScale = True, False
    options.legendFontSize = 24
    units = [Chem.MolFromSmiles(text) for text in shown["psmiles"]]
    canvas.DrawMolecules(units, legends=shown["family"].tolist())
    canvas.FinishDrawing()
    figure, axes = subplots(figsize=(6.3, 6.3 * rows * height / (5 * width)))
    axes.imshow(imread(BytesIO(canvas.GetDrawingText())))
    axes.axis("off")
    return figure


def label_distributions(table: pd.DataFrame, measurements: pd.DataFrame) -> Figure:
    """Synthetic labels (filled) and measured ones (ticks), on logarithmic axes."""
    figure, panels = subplots(2, 2, figsize=(5.5, 4.4), sharey=True)
    for axes, (name, text) in zip(panels.flat, LABELS.items(), strict=True):
        values = table[name].dropna()
        shown = values[values.between(*values.quantile([0.001, 0.999]))]
        seaborn.histplot(x=shown, bins=40, log_scale=True, stat="percent", color=BLUE, alpha=0.5,
                         linewidth=0, ax=axes)  # fmt: skip
        seaborn.rugplot(x=measurements[name].dropna(), height=0.07, color=ORANGE, ax=axes)
        axes.set(xlabel=text, ylabel="share of tests (%)")
    entries = [Line2D([], [], color=ORANGE, marker="|", linestyle=""), Patch(color=BLUE, alpha=0.5)]
    figure.legend(entries, ["measured", "synthetic"], loc="outside upper left", ncols=2, fontsize=8)
    return figure


def property_ranges(table: pd.DataFrame) -> Figure:
    """Property ranges by family: median, and central 80 % with the draws' errors in it."""
    order = sorted(table["family"].unique())
    figure, panels = subplots(2, 2, figsize=(5.5, 6.2), sharey=True)
    for axes, (name, (unit, scale)) in zip(panels.flat, SHOWN.items(), strict=True):
        seaborn.pointplot(x=scale * table[name], y=table["family"], order=order, estimator="median",
                          errorbar=("pi", 80), linestyle="none", markersize=4, color=BLUE,
                          err_kws={"linewidth": 3, "alpha": 0.5}, ax=axes)  # fmt: skip
        axes.set(xlabel=f"{style.in_words(name)} ({unit})", ylabel="")
    return figure


def non_ignition(table: pd.DataFrame) -> Figure:
    """Share of synthetic tests without ignition against heat flux, thin and thick specimens."""
    edges = np.geomspace(15, 100, 11)
    centres = np.sqrt(edges[1:] * edges[:-1])
    bins = pd.cut(table["flux_kw_m2"], edges, labels=centres, include_lowest=True)
    by = [table["thickness_mm"] >= 5, bins]
    share = 100 * (1 - table["ignited"].groupby(by, observed=False).mean())
    figure, axes = subplots()
    axes.plot(centres, share[False], marker="o", color=BLUE, label="thinner than 5 mm")
    axes.plot(centres, share[True], marker="s", color=ORANGE, label="5 mm and thicker")
    axes.set(xscale="log", xlabel="heat flux (kW/m²)", ylabel="tests without ignition (%)")
    style.ticks_at(axes, [15, 25, 35, 50, 75, 100])
    axes.legend()
    return figure


def polymer_map(table: pd.DataFrame, measurements: pd.DataFrame) -> Figure:
    """Two principal components of the fingerprints: hypothetical polymers and the measured ones."""
    polymers = table.drop_duplicates("key").head(MAP_POINTS)
    measured = measurements.drop_duplicates("key")
    bits, own = (
        np.array([list(f) for f in fingerprints(names)], dtype=np.float32)
        for names in (polymers["psmiles"], measured["key"])
    )
    pca = PCA(2, random_state=0).fit(bits)
    (x, y), where = pca.transform(bits).T, pca.transform(own)
    families = polymers["family"].value_counts().index
    looks = [(shade, mark) for mark in "os^" for shade in PALETTE][: len(families)]
    shades, marks = map(list, zip(*looks, strict=True))
    figure, axes = subplots(figsize=(5.5, 4.4))
    seaborn.scatterplot(
        polymers, x=x, y=y, hue="family", hue_order=families, style="family", style_order=families,
        palette=shades, markers=marks, s=9, alpha=0.6, linewidth=0, ax=axes,
    )  # fmt: skip
    axes.plot(*where.T, "*", color="black", markersize=9, label="measured")
    for place, name in zip(where, measured["polymer"], strict=True):
        style.on_white(axes.annotate(name, place, (5, 3), textcoords="offset points", fontsize=8))
    share = 100 * pca.explained_variance_ratio_
    axes.set(
        xlabel=f"first component ({share[0]:.0f} % of the variance)",
        ylabel=f"second component ({share[1]:.0f} %)",
    )
    style.legend_beside(axes, markerscale=1.3)
    return figure


def expected_signs(report: dict) -> Figure:
    """Rank regression coefficients; orange where the sign is not the one that physics expects."""
    rows = pd.DataFrame(report["signs"][::-1])
    texts = rows["label"].map(style.in_words) + " on " + rows["input"].map(style.in_words)
    figure, axes = subplots(figsize=(5.5, 4.2))
    colours = np.where(rows["as_expected"], BLUE, ORANGE)
    axes.barh(texts, rows["coefficient"], color=colours)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set(xlabel="standardised rank regression coefficient", xlim=(-1, 1))
    axes.grid(axis="y", visible=False)
    return figure


def energy_released(table: pd.DataFrame) -> Figure:
    """Heat released by the rows that ignite, as a share of what their fuel holds."""
    figure, axes = subplots(figsize=(5.5, 2.6))
    seaborn.histplot(x=100 * fuel_share(table).dropna(), bins=np.linspace(0, 110, 56), color=BLUE,
                     stat="percent", alpha=0.6, linewidth=0, ax=axes)  # fmt: skip
    axes.axvline(100, color=ORANGE, linewidth=1.5, label="all that the specimen holds")
    axes.set(
        xlabel="total heat released, of the heat of combustion of the specimen (%)",
        ylabel="share of tests (%)", xlim=(0, 110),
    )  # fmt: skip
    axes.legend(loc="upper left")
    return figure


def correlations(table: pd.DataFrame, columns: tuple[str, ...]) -> Figure:
    """Rank correlations between properties, conditions or labels, over the rows that have them all.

    ``columns``: those to compare, such as `DRAWN` or `ASKED`.
    """
    found = table[list(columns)].dropna().corr("spearman").round(1) + 0.0  # no -0.0
    size = (1.4 + 0.48 * len(columns), 0.9 + 0.42 * len(columns))
    upper = np.triu(np.ones(found.shape, bool), 1)
    found = found.rename(index=style.in_words, columns=style.in_words)
    return style.heatmap(found, "Spearman rank correlation", size, cmap="PuOr_r", vmin=-1, vmax=1,
                         mask=upper, square=True)  # fmt: skip
