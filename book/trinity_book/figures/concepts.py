"""Drawings of ideas: the test, the slab, the groups of a chain, the network, the split.

Nothing in them is a result. `measured_curve` alone shows data: one measured curve with its numbers.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon, Rectangle
from rdkit import Chem
from rdkit.Chem import rdDepictor

from trinity.chemistry.chain import middle_unit
from trinity.chemistry.groups import groups
from trinity.measurements.specimens import GROUP_NINE
from trinity_book.figures import style
from trinity_book.figures.style import AMBER, BLUE, GREEN, GREY, ORANGE, PALETTE, box, subplots


def _blank(size: tuple[float, float], x: tuple, y: tuple) -> tuple[Figure, Axes]:
    """A figure without axes, in which a unit is the same length in both directions."""
    figure, axes = subplots(figsize=size)
    axes.set(xlim=x, ylim=y, aspect="equal")
    axes.axis("off")
    return figure, axes


def cone_test() -> Figure:
    """A cone calorimeter from the side: heater above, spark, flame, and a flat specimen on wool on
    a balance; the smoke leaves through a hood, where its oxygen is measured."""
    figure, axes = _blank((6.8, 3.6), (-4.6, 5.4), (-1.5, 4.2))
    for side in (-1, 1):
        corners = [(0.7 * side, 2.6), (1.7 * side, 1.5), (1.35 * side, 1.5), (0.45 * side, 2.6)]
        axes.add_patch(Polygon(corners, facecolor=ORANGE, edgecolor="none"))
        style.arrow(axes, (1.1 * side, 1.45), (0.6 * side, 0.15), ORANGE)
        axes.plot([2.2 * side, 0.6 * side, 0.6 * side], [3.0, 3.6, 4.1], color=GREY, linewidth=2)
    flame = [(-0.5, 0.05), (-0.3, 0.9), (-0.05, 0.5), (0.1, 1.3), (0.3, 0.5), (0.5, 0.05)]
    axes.add_patch(Polygon(flame, facecolor=AMBER, edgecolor="none", alpha=0.8))
    axes.add_patch(Rectangle((-1, -0.2), 2, 0.22, facecolor=BLUE))
    axes.add_patch(Rectangle((-1, -0.5), 2, 0.3, facecolor="#dddddd"))
    axes.add_patch(Rectangle((-1.3, -1.0), 2.6, 0.3, facecolor=GREY))
    axes.plot([0.75, 1.9], [0.45, 0.45], color=GREY, linewidth=2)
    axes.plot(0.75, 0.45, "*", color=AMBER, markersize=11)
    style.arrow(axes, (0, 2.7), (0, 4.0), GREY)
    notes = {
        (2.0, 2.1): "conical heater: a known irradiance",
        (2.0, 0.4): "spark",
        (1.4, -0.12): "specimen, 100 mm × 100 mm",
        (1.4, -0.5): "wool",
        (1.5, -0.95): "balance: mass",
        (2.4, 3.5): "hood: oxygen of the smoke,\nhence heat release",
    }
    for (x, y), text in notes.items():
        axes.text(x, y, text, va="center", fontsize=9)
    return figure


def measured_curve(curve: pd.DataFrame, test: pd.Series) -> Figure:
    """One measured heat release rate over time, with the four numbers that summarise it: time to
    ignition, peak, time of the peak, and the total as the area below the curve.

    ``curve`` has ``time_s`` and ``hrr_kw_m2``; ``test`` is the row of the specimen.
    """
    time, rate = curve["time_s"], curve["hrr_kw_m2"]
    figure, axes = subplots(figsize=(5.4, 3.4))
    axes.plot(time, rate, color=BLUE)
    burning = time >= test["t_ig_s"]
    axes.fill_between(time, rate, where=burning, color=BLUE, alpha=0.15, linewidth=0)
    for x, text in ((test["t_ig_s"], r"$t_{ig}$"), (test["t_peak_s"], r"$t_{peak}$")):
        axes.axvline(x, color=ORANGE, linestyle="--", linewidth=1.1)
        style.on_white(axes.annotate(
            f"{text} = {x:.0f} s", (x, 0.04), xycoords=("data", "axes fraction"), xytext=(4, 0),
            textcoords="offset points", color=ORANGE,
        ))  # fmt: skip
    peak = test["phrr_kw_m2"]
    axes.plot(test["t_peak_s"], peak, "D", color=ORANGE)
    axes.annotate(f"pHRR = {peak:.0f} kW/m²", (test["t_peak_s"], peak), (6, 6),
                  textcoords="offset points", color=ORANGE)  # fmt: skip
    middle = 0.5 * (test["t_ig_s"] + test["t_peak_s"])
    total = f"THR = {test['thr_mj_m2']:.0f} MJ/m²\n(the area)"
    style.on_white(axes.text(middle, 0.3 * peak, total, ha="center"))
    title = "{polymer}, {lab}, {flux_kw_m2:.0f} kW/m², {thickness_mm:.1f} mm".format(**test)
    axes.set(xlabel="time (s)", ylabel="heat release rate (kW/m²)", title=title)
    axes.set_ylim(0, 1.2 * peak)
    return figure


def slab() -> Figure:
    """The slab with its fluxes: irradiance, flame, convection and re-radiation at the front face,
    conduction and the reaction zone inside, gas that leaves, and the back face."""
    figure, axes = _blank((6.8, 2.9), (-3.2, 5.4), (-1.9, 1.9))
    axes.add_patch(Rectangle((0, -1.5), 3.4, 3.0, facecolor=BLUE, alpha=0.15))
    axes.add_patch(Rectangle((0.25, -1.5), 0.3, 3.0, facecolor=ORANGE, alpha=0.35))
    axes.add_patch(Rectangle((3.4, -1.5), 0.6, 3.0, facecolor="#dddddd"))
    into = {1.25: r"irradiance $\dot q''_{ext}$", 0.7: r"flame $\dot q''_{flame}$"}
    for y, text in into.items():
        style.arrow(axes, (-1.1, y), (0, y), ORANGE)
        axes.text(-1.2, y, text, ha="right", va="center")
    out = {0.1: "convection", -0.4: "re-radiation", -1.1: r"gas $\dot m''$, which burns"}
    for y, text in out.items():
        style.arrow(axes, (0, y), (-1.1, y), GREEN if y < -1 else GREY)
        axes.text(-1.2, y, text, ha="right", va="center")
    style.arrow(axes, (0.8, 0.4), (2.9, 0.4), ORANGE)
    axes.text(1.9, 0.62, "conduction", ha="center")
    axes.text(0.4, 1.6, r"reaction zone, depth $\delta$", ha="center")
    axes.text(1.9, -0.9, "solid, not yet decomposed", ha="center")
    axes.text(4.1, 0, "back: insulated,\nor wool", va="center")
    axes.annotate("", (3.4, -1.7), (0, -1.7), arrowprops={"arrowstyle": "<->", "color": GREY})
    axes.text(1.7, -1.88, r"$x$, from the front to the thickness $\Delta$", ha="center", va="top")
    return figure


def groups_on_molecule(psmiles: str = "*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1") -> Figure:
    """A repeat unit, here that of polycarbonate, with each atom in the colour of the structural
    group that claims it."""
    molecule = Chem.MolFromSmiles(psmiles)
    rdDepictor.Compute2DCoords(molecule)
    place = molecule.GetConformer().GetPositions()[:, :2]
    claimed = claims(molecule)
    names = list(dict.fromkeys(claimed.values()))
    colours = dict(zip(names, PALETTE, strict=False))
    figure, axes = subplots(figsize=(5.4, 2.6))
    for bond in molecule.GetBonds():
        ends = place[[bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()]]
        axes.plot(*ends.T, color=GREY, linewidth=1 + bond.GetBondTypeAsDouble(), zorder=1)
    for atom in molecule.GetAtoms():
        colour = colours.get(claimed.get(atom.GetIdx()), GREY)
        axes.add_patch(Circle(place[atom.GetIdx()], 0.36, color=colour, zorder=2))
        axes.text(*place[atom.GetIdx()], atom.GetSymbol(), ha="center", va="center", color="white",
                  zorder=3)  # fmt: skip
    for name, colour in colours.items():
        axes.plot([], [], "o", color=colour, label=name)
    axes.axis("off")
    axes.set_aspect("equal")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, -0.2), ncols=len(colours))
    return figure


def claims(molecule: Chem.Mol) -> dict[int, str]:
    """Atom -> name of the group that claims it, by priority, as `claim_groups` counts them."""
    chain, middle = middle_unit(molecule)
    atom_of = [atom.GetIdx() for atom in molecule.GetAtoms() if atom.GetAtomicNum()]
    found: dict[int, str] = {}
    for group in groups():
        for match in chain.GetSubstructMatches(group.pattern):
            own = {atom_of[k % len(middle)] for k in match}
            hydrogens = sum(chain.GetAtomWithIdx(k).GetTotalNumHs() for k in match)
            fits = group.hydrogens is None or hydrogens in group.hydrogens
            if min(match) in middle and len(own) == len(match) and fits and not own & found.keys():
                found |= dict.fromkeys(own, group.name)
    return found


def network() -> Figure:
    """The network from left to right: tokens, encoder, mean over tokens, embedding; flux, thickness
    and laboratory join it; the head gives an ignition probability and four means with variances."""
    figure, axes = _blank((6.8, 2.6), (-0.9, 11.4), (-2.3, 2.0))
    for i, token in enumerate(("*", "C", "C", "(*)", "C")):
        box(axes, 0, 1.4 - 0.7 * i, 0.9, 0.5, BLUE, token)
        style.arrow(axes, (0.5, 1.4 - 0.7 * i), (1.2, 1.4 - 0.7 * i), BLUE)
    parts = {
        (2.2, 0.0): ("encoder\n(phase 0)", 1.8, 3.6, BLUE),
        (4.7, 0.0): ("embedding\n$e$", 1.7, 1.0, BLUE),
        (4.7, -1.6): ("flux, thickness,\nlaboratory", 2.3, 0.9, GREY),
        (7.4, 0.0): ("head\n(phase 1)", 1.7, 1.6, ORANGE),
    }
    for (x, y), (text, width, height, colour) in parts.items():
        box(axes, x, y, width, height, colour, text)
    axes.text(3.2, 0.62, "mean over\ntokens", fontsize=8)
    for start, end in (((3.15, 0), (3.8, 0)), ((5.6, 0), (6.5, 0)), ((5.9, -1.5), (6.7, -0.85))):
        style.arrow(axes, start, end, GREY)
    answers = ["ignites?", r"$t_{ig}$", "pHRR", r"$t_{peak}$", "THR"]
    for i, text in enumerate(answers):
        style.arrow(axes, (8.3, 0), (9.3, 1.4 - 0.7 * i), ORANGE)
        axes.text(9.4, 1.4 - 0.7 * i, text + (" ± σ" if i else ""), va="center")
    return figure


def split() -> Figure:
    """Leave one polymer out: a row per round, a column per group; one group is held out in each."""
    names = list(dict.fromkeys(GROUP_NINE.values()))
    figure, axes = subplots(figsize=(5.4, 2.8))
    n = len(names)
    for i, j in np.ndindex(n, n):
        colour, alpha = (ORANGE, 1.0) if i == j else (BLUE, 0.25)
        axes.add_patch(Rectangle((j + 0.05, i + 0.1), 0.9, 0.8, facecolor=colour, alpha=alpha))
    axes.set(xlim=(0, n), ylim=(n, 0))
    axes.set_xticks(np.arange(n) + 0.5, names)
    axes.set_yticks(np.arange(n) + 0.5, [f"round {i + 1}" for i in range(n)])
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    return figure
