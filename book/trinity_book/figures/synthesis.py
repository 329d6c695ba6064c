"""Figures of the synthetic table. Style: ``matplotlibrc``; every function returns a Figure."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from sklearn.decomposition import PCA

from trinity.synthesis.report import fingerprints
from trinity_book.figures.style import BLUE, GREY, ORANGE, PALETTE, subplots
from trinity_book.studies.synthesis_quality import fuel_share

MAP_POINTS = 3000
LABEL_NAMES = {
    "t_ig_s": "time to ignition [s]",
    "phrr_kw_m2": "peak heat release rate [kW/m²]",
    "thr_mj_m2": "total heat released [MJ/m²]",
    "t_peak_s": "time to peak [s]",
}
PROPERTY_NAMES = {
    "density_kg_m3": ("density [kg/m³]", 1.0),
    "heat_of_combustion_j_kg": ("heat of combustion [MJ/kg]", 1e-6),
    "t50_k": ("half decomposition [K]", 1.0),
    "char_yield": ("char yield [-]", 1.0),
}
CORRELATED = {
    "density_kg_m3": "density",
    "specific_heat_melt_j_kg_k": "specific heat, melt",
    "conductivity_w_m_k": "conductivity",
    "glass_transition_k": "glass transition",
    "heat_of_combustion_j_kg": "heat of combustion",
    "t50_k": "decomposition temperature",
    "char_yield": "char yield",
    "heat_of_decomposition_j_kg": "heat of decomposition",
    "soot_yield": "soot yield",
    "flaming_efficiency": "flaming efficiency",
}


CAUSES = {
    "t_ig_s": "ignition",
    "phrr_kw_m2": "peak",
    "thr_mj_m2": "total heat",
    "t_peak_s": "time of peak",
    "residue_fraction": "residue",
    "flux_kw_m2": "irradiance",
    "critical_hrr_w_m2": "critical heat release",
    "gas_heat_of_combustion_j_kg": "heat of the gas",
    "flame_heat_flux_w_m2": "heat from the flame",
    **CORRELATED,
}


def in_words(column: str) -> str:
    """A column of the table as a reader would say it."""
    return CAUSES.get(column) or column.rsplit("_mm", 1)[0].replace("_", " ")


def family_shares(table: pd.DataFrame) -> Figure:
    """Share of each family among the polymers of the table."""
    shares = 100 * table.drop_duplicates("key")["family"].value_counts(normalize=True)
    figure, axes = subplots()
    axes.barh(shares.index[::-1], shares.to_numpy()[::-1], color=BLUE)
    axes.set(xlabel="share of the hypothetical polymers [%]")
    axes.grid(axis="y", visible=False)
    return figure


def label_distributions(table: pd.DataFrame, measurements: pd.DataFrame) -> Figure:
    """Synthetic labels (filled) and measured ones (ticks), on logarithmic axes."""
    figure, panels = subplots(2, 2, figsize=(7.0, 4.4), sharey=True)
    grid = panels.flat
    for axes, (name, text) in zip(grid, LABEL_NAMES.items(), strict=True):
        values = table[name].dropna()
        axes.hist(
            values, bins=np.geomspace(*values.quantile([0.001, 0.999]), 40), color=BLUE, alpha=0.5,
            weights=np.full(len(values), 100 / len(values)),
        )  # fmt: skip
        measured = measurements[name].dropna()
        axes.plot(measured, np.full(len(measured), 0.25), "|", color=ORANGE, markersize=12)
        axes.set(xscale="log", xlabel=text)
    for axes in panels[:, 0]:
        axes.set_ylabel("share of tests [%]")
    panels[0, 1].legend(["measured", "synthetic"], loc="upper right")
    figure.tight_layout()
    return figure


def property_ranges(table: pd.DataFrame) -> Figure:
    """Property ranges by family: median, and central 80 % with the draws' errors in it."""
    order = sorted(table["family"].unique(), reverse=True)
    figure, panels = subplots(2, 2, figsize=(7.0, 6.2), sharey=True)
    for axes, (name, (text, scale)) in zip(panels.flat, PROPERTY_NAMES.items(), strict=True):
        groups = table.groupby("family")[name]
        low, middle, high = (scale * groups.quantile(q)[order] for q in (0.1, 0.5, 0.9))
        axes.hlines(order, low, high, color=BLUE, linewidth=3, alpha=0.5)
        axes.plot(middle, order, "o", color=BLUE)
        axes.set(xlabel=text)
    figure.tight_layout()
    return figure


def non_ignition(table: pd.DataFrame) -> Figure:
    """Share of synthetic tests without ignition against heat flux, thin and thick specimens."""
    edges = np.geomspace(15, 100, 11)
    centres = np.sqrt(edges[1:] * edges[:-1])
    figure, axes = subplots()
    for rows, text, colour, mark in (
        (table["thickness_mm"] < 5, "thinner than 5 mm", BLUE, "o"),
        (table["thickness_mm"] >= 5, "5 mm and thicker", ORANGE, "s"),
    ):
        part = table[rows]
        bins = pd.cut(part["flux_kw_m2"], edges, labels=centres, include_lowest=True)
        share = 100 * (1 - part["ignited"].groupby(bins, observed=False).mean())
        axes.plot(centres, share.to_numpy(), marker=mark, color=colour, label=text)
    axes.set(xscale="log", xlabel="heat flux [kW/m²]", ylabel="tests without ignition [%]")
    axes.set_xticks([15, 25, 35, 50, 75, 100], ["15", "25", "35", "50", "75", "100"])
    axes.minorticks_off()
    axes.legend()
    return figure


def polymer_map(table: pd.DataFrame, measurements: pd.DataFrame) -> Figure:
    """Two principal components of the fingerprints: hypothetical polymers and the measured ones."""
    polymers = table.drop_duplicates("key").head(MAP_POINTS)
    measured = measurements.drop_duplicates("key")
    bits = np.array([list(f) for f in fingerprints(polymers["psmiles"])], dtype=np.float32)
    pca = PCA(2, random_state=0).fit(bits)
    at = pca.transform(bits)
    where = pca.transform(
        np.array([list(f) for f in fingerprints(measured["key"])], dtype=np.float32)
    )
    figure, axes = subplots(figsize=(7.0, 4.4))
    shown = polymers["family"].value_counts().index
    for i, family in enumerate(shown):
        rows = (polymers["family"] == family).to_numpy()
        axes.scatter(
            *at[rows].T, s=9, alpha=0.6, linewidths=0, label=family,
            color=PALETTE[i % len(PALETTE)], marker="os^"[i // len(PALETTE)],
        )  # fmt: skip
    axes.plot(*where.T, "*", color="black", markersize=9, label="measured")
    for (x, y), name in zip(where, measured["polymer"], strict=True):
        label = axes.annotate(name, (x, y), xytext=(5, 3), textcoords="offset points", fontsize=8)
        label.set_path_effects([withStroke(linewidth=2.5, foreground="white")])
    share = 100 * pca.explained_variance_ratio_
    axes.set(
        xlabel=f"first component ({share[0]:.0f} % of the variance)",
        ylabel=f"second component ({share[1]:.0f} %)",
    )
    axes.legend(markerscale=1.3, bbox_to_anchor=(1.01, 1), loc="upper left")
    return figure


def expected_signs(report: dict) -> Figure:
    """Rank regression coefficients, coloured by whether physics expects the sign."""
    rows = report["signs"][::-1]
    texts = [f"{in_words(row['label'])} on {in_words(row['input'])}" for row in rows]
    values = [row["coefficient"] for row in rows]
    colours = [BLUE if row["as_expected"] else ORANGE for row in rows]
    figure, axes = subplots(figsize=(7.0, 4.2))
    axes.barh(texts, values, color=colours)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set(xlabel="standardised rank regression coefficient", xlim=(-1, 1))
    axes.grid(axis="y", visible=False)
    return figure


def energy_released(table: pd.DataFrame) -> Figure:
    """Heat released by the rows that ignite, as a share of what their fuel holds."""
    share = 100 * fuel_share(table).dropna()
    figure, axes = subplots(figsize=(7.0, 2.6))
    axes.hist(
        share, bins=np.linspace(0, 110, 56), color=BLUE, alpha=0.6,
        weights=np.full(len(share), 100 / len(share)),
    )  # fmt: skip
    axes.axvline(100, color=ORANGE, linewidth=1.5, label="all that the specimen holds")
    axes.set(
        xlabel="total heat released, of the heat of combustion of the specimen [%]",
        ylabel="share of tests [%]", xlim=(0, 110),
    )  # fmt: skip
    axes.legend(loc="upper left")
    return figure


def property_correlations(table: pd.DataFrame) -> Figure:
    """Rank correlations between the properties as drawn, over the rows of the table."""
    names = list(CORRELATED)
    found = table[names].corr("spearman").to_numpy()
    figure, axes = subplots(figsize=(6.6, 5.4))
    image = axes.imshow(found, cmap="RdBu_r", vmin=-1, vmax=1)
    for i, j in np.ndindex(found.shape):
        colour = "white" if abs(found[i, j]) > 0.6 else "black"
        text = f"{found[i, j]:.1f}".replace("-0.0", "0.0")
        axes.text(j, i, text, ha="center", va="center", fontsize=7, color=colour)
    axes.set_xticks(range(len(names)), CORRELATED.values(), rotation=60, ha="right")
    axes.set_yticks(range(len(names)), CORRELATED.values())
    axes.set(xlabel="property", ylabel="property")
    axes.grid(visible=False)
    figure.colorbar(image, label="rank correlation")
    return figure


def correlations(table: pd.DataFrame) -> Figure:
    """Rank correlations of properties, conditions and labels in the synthetic table, of the tests
    that ignited.

    Parameters
    ----------
    table : rows of the synthetic table.
    """
    chosen = table[table["t_ig_s"].notna()][list(CORRELATED)].corr("spearman").to_numpy()
    names = list(CORRELATED.values())
    figure, axes = subplots(figsize=(7.6, 6.0))
    image = axes.imshow(chosen, cmap="PuOr", vmin=-1, vmax=1)
    axes.grid(False)
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right")
    axes.set_yticks(range(len(names)), names)
    for (i, j), value in np.ndenumerate(chosen):
        if i > j:
            axes.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=7,
                      color="white" if abs(value) > 0.7 else "black")  # fmt: skip
    figure.colorbar(image, label="Spearman rank correlation")
    figure.tight_layout()
    return figure
