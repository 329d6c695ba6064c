"""Figures of the chapter on chemistry: from structure to properties with their errors."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from scipy.integrate import cumulative_trapezoid

from trinity.chemistry.groups import contributions, count_groups
from trinity.chemistry.properties import Estimate
from trinity.chemistry.sampling import TGA_RATE_K_S, sample_parameters
from trinity.quantities import GAS_CONSTANT_J_MOL_K
from trinity_book.figures.style import BLUE, GREY, ORANGE, PALETTE, SKY, in_words, subplots

# Estimate -> title, unit of the axis, factor from SI to it.
_SHOWN = {
    "density_kg_m3": ("Density", "kg/m³", 1.0),
    "specific_heat_j_kg_k": ("Specific heat at 298 K", "kJ/kg/K", 1e-3),
    "heat_of_combustion_j_kg": ("Net heat of combustion", "MJ/kg", 1e-6),
    "t50_k": ("Half decomposition at 10 K/min", "K", 1.0),
}
_ALSO_SHOWN = {
    "glass_transition_k": ("Glass transition", "K", 1.0),
    "char_yield": ("Char yield", "%", 100.0),
    "conductivity_w_m_k": ("Thermal conductivity", "W/m/K", 1.0),
    "gas_heat_of_combustion_j_kg": ("Heat of combustion of the gas", "MJ/kg", 1e-6),
    "heat_of_decomposition_j_kg": ("Heat of decomposition", "MJ/kg", 1e-6),
    "decomposition_width_k": ("Width of decomposition", "K", 1.0),
}


def groups_of_chain(psmiles: str) -> Figure:
    """What each group of a repeat unit adds to the molar volume, as one bar built up."""
    counts, table = count_groups(psmiles).counts, contributions("V298")
    figure, axes = subplots(figsize=(5.5, 1.6))
    left = 0.0
    for colour, (group, count) in zip(PALETTE * 2, counts.items(), strict=False):
        width = table[group] * count
        bar = axes.barh(0, width, left=left, color=colour, edgecolor="white")
        text = group if count == 1 else f"{count} × {group}"
        axes.bar_label(bar, [text], label_type="center", color="white", fontsize=9)
        left += width
    axes.set(yticks=[], xlabel="molar volume (cm³/mol)", xlim=(0, left))
    axes.spines[["left", "top", "right"]].set_visible(False)
    return figure


def parity(validation: dict) -> Figure:
    """Estimates against published values, with 1 sigma and the bar that each has to beat.

    ``validation``: what `studies.validation.properties.build_property_validation` gives.
    """
    return _parity_panels(validation, _SHOWN, subplots(2, 2, figsize=(5.9, 7.0)))


def parity_of_the_rest(validation: dict) -> Figure:
    """Estimates against published values, of properties without a bar to beat."""
    return _parity_panels(validation, _ALSO_SHOWN, subplots(3, 2, figsize=(5.9, 9.6)))


def _parity_panels(validation: dict, shown: dict, drawn: tuple) -> Figure:
    figure, panels = drawn
    points = {}
    for axes, (name, (title, unit, factor)) in zip(panels.flat, shown.items(), strict=True):
        result = validation["parity"][name]
        rows = factor * pd.DataFrame(result["rows"]).set_index("polymer")
        published, estimated, sigma = rows["published"], rows["estimated"], rows["sigma"]
        points[axes] = rows[["published", "estimated"]]
        low = 0.93 * max(min(published.min(), (estimated - sigma).min()), 0.0)
        line = np.array([low, 1.05 * max(published.max(), (estimated + sigma).max())])
        axes.set(xlabel=f"published ({unit})", ylabel=f"estimated ({unit})", title=title)
        if "bar" in result:
            measure, bar = result["bar_measure"], result["bar"]
            width = bar * (line if measure == "mean_relative_error" else np.full(2, factor))
            axes.fill_between(line, line - width, line + width, color=SKY, alpha=0.25, linewidth=0)
            of, scale = ("%", 100.0) if measure == "mean_relative_error" else (unit, factor)
            error, bar = scale * result[measure], scale * bar
            axes.set_title(f"{title}\nmean error {error:.2g} {of}, bar {bar:.2g} {of}")
        axes.plot(line, line, color=GREY, linewidth=1)
        axes.errorbar(published, estimated, sigma, fmt="o", color=BLUE, markersize=5, elinewidth=1)
        axes.set(xlim=line, ylim=line)
    figure.draw_without_rendering()  # so that the panels have their sizes
    for axes, places in points.items():
        _name_points(axes, places)
    return figure


def _name_points(axes: Axes, places: pd.DataFrame) -> None:
    """Name points, each at the place around it that others and the frame leave free most."""
    points = 72 / axes.figure.dpi
    centres = points * axes.transData.transform(places)
    frame = Bbox(points * axes.bbox.get_points())
    taken = [Bbox.from_bounds(*centre - 3, 6, 6) for centre in centres]
    for centre, (name, *place) in zip(centres, places.itertuples(), strict=True):
        size = np.array([4.3 * len(name), 8.0])
        starts = {off: centre + off - size * (off[0] < 0, 0.5) for off in _AROUND}
        boxes = {off: Bbox([start, start + size]) for off, start in starts.items()}
        off = min(boxes, key=lambda off, boxes=boxes: _crowding(boxes[off], taken, frame))
        taken.append(boxes[off])
        axes.annotate(name, place, off, textcoords="offset points", fontsize=7, va="center",
                      ha="right" if off[0] < 0 else "left")  # fmt: skip


#: Offsets [points] that a name may have from its point, the nearest first.
_AROUND = [
    (far * np.cos(angle), far * np.sin(angle))
    for far in (6, 11, 17, 24)
    for angle in np.arange(16) * np.pi / 8
]


def _crowding(box: Bbox, taken: list[Bbox], frame: Bbox) -> float:
    """Area of a box that others cover or that is outside the frame [square points]."""
    shared = [both for other in taken if (both := Bbox.intersection(box, other))]
    inside = Bbox.intersection(box, frame)
    outside = box.width * box.height - (inside.width * inside.height if inside else 0.0)
    return outside + sum(both.width * both.height for both in shared)


def left_out(validation: dict) -> Figure:
    """Decomposition temperature and char of polymers that the model had not seen."""
    figure, panels = subplots(1, 2, figsize=(5.9, 3.8))
    for axes, key, label, unit, factor in (
        (panels[0], "t50_blind", "T50", "K", 1.0),
        (panels[1], "char_blind", "char yield", "%", 100.0),
    ):
        result = validation["leave_one_out"][key]
        rows = factor * pd.DataFrame(result["rows"])[["measured", "predicted", "sigma"]]
        measured, predicted, sigma = rows.to_numpy().T
        line = [min(measured.min(), predicted.min()), max(measured.max(), predicted.max())]
        axes.plot(line, line, color=GREY, linewidth=1)
        axes.errorbar(measured, predicted, sigma, fmt="o", color=BLUE, markersize=4, elinewidth=0.6)
        error, naive = factor * result["mean_error"], factor * result["mean_error_of_mean"]
        axes.set(xlabel=f"from the table: {label} ({unit})", ylabel=f"predicted, left out ({unit})")
        title = f"mean error {error:.3g} {unit} (mean of all: {naive:.3g} {unit})"
        axes.set_title(title, fontsize=8.5)
    return figure


def calibration(rows: list[dict]) -> Figure:
    """Share of published values within 1 and 2 sigma, by property.

    ``rows`` as `studies.validation.properties.calibration` gives them. The bar is one standard
    error of the share at 1 sigma when the errors are normal; with ten values it is wide.
    """
    table = pd.DataFrame(rows[::-1])
    parts = [(*row.property.partition(", "), row.n) for row in table.itertuples()]
    names = [f"{in_words(name)}{comma}{how} (n = {n})" for name, comma, how, n in parts]
    figure, axes = subplots(figsize=(5.9, 0.32 * len(rows) + 1.2))
    one, two = (100 * share for share in rows[0]["expected"])
    for key, colour, marker, size, text, expected in (
        ("within_sigma", BLUE, "o", 9, "within 1σ", one),
        ("within_two_sigma", ORANGE, "s", 5, "within 2σ", two),
    ):
        axes.axvline(expected, color=colour, linewidth=1, linestyle="--")
        axes.plot(100 * table[key], names, marker, color=colour, markersize=size, label=text)
    axes.errorbar([one] * len(rows), names, xerr=100 * table["doubt"], fmt="none", ecolor=GREY,
                  elinewidth=1, zorder=0)  # fmt: skip
    axes.set(xlabel="share of the published values (%), expected: dashed", xlim=(0, 104))
    axes.legend(frameon=False, loc="lower left")
    return figure


def thermogravimetry(estimates: dict[str, Estimate], n: int, rng: np.random.Generator) -> Figure:
    """Mass against temperature at 10 K/min in nitrogen: nominal, and draws within 1 sigma.

    ``estimates`` by their labels, one colour each; ``n`` draws of each.
    """
    figure, axes = subplots(figsize=(5.5, 3.6))
    temperature = np.linspace(400.0, 1050.0, 651)
    for colour, (label, found) in zip(PALETTE, estimates.items(), strict=False):
        drawn = _mass(sample_parameters(found, n, rng), temperature)
        axes.plot(temperature, drawn.T, color=colour, alpha=0.12)
        nominal = _mass(sample_parameters(found), temperature)
        axes.plot(temperature, nominal.T, color=colour, linewidth=2, label=label)
    axes.set(xlabel="temperature (K)", ylabel="mass left", ylim=(0, 1.02))
    axes.legend(frameon=False)
    return figure


def _mass(parameters: dict[str, np.ndarray], temperature: np.ndarray) -> np.ndarray:
    """Mass left (n, t) of n draws after acid loss and one first-order step."""
    p = {name: values[:, None] for name, values in parameters.items()}

    def unreacted(frequency: np.ndarray, energy: np.ndarray) -> np.ndarray:
        rate = frequency / TGA_RATE_K_S * np.exp(-energy / (GAS_CONSTANT_J_MOL_K * temperature))
        return np.exp(-cumulative_trapezoid(rate, temperature, initial=0.0))

    acid, char = p["acid_fraction"], p["char_yield"]
    main = (1 - acid - char) * unreacted(p["A_1_s"], p["E_j_mol"])
    return char + main + acid * unreacted(p["acid_A_1_s"], p["acid_E_j_mol"])


def draws(found: Estimate, n: int, rng: np.random.Generator) -> Figure:
    """How draws are correlated: density with specific heat, and log A with E."""
    drawn, dots = sample_parameters(found, n, rng), {"s": 6, "alpha": 0.5}
    heat, energy = drawn["specific_heat_melt_j_kg_k"] / 1e3, drawn["E_j_mol"] / 1e3
    figure, (left, right) = subplots(1, 2, figsize=(5.9, 3.4))
    left.scatter(drawn["density_kg_m3"], heat, color=BLUE, **dots)
    left.set(xlabel="density (kg/m³)", ylabel="specific heat of the melt (kJ/kg/K)")
    right.scatter(energy, np.log10(drawn["A_1_s"]), color=ORANGE, **dots)
    right.set(xlabel="E (kJ/mol)", ylabel="log₁₀ A (1/s)")
    return figure
