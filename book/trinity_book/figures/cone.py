"""Figures of the physics validation.

`remedies`, `energy_budget` (in MJ/m2) and `sensitivity` take the blocks of their names of
``physics_validation.json``.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.integrate import cumulative_trapezoid

from trinity.quantities import PRIMARY
from trinity_book.figures import style
from trinity_book.figures.style import BLUE, GREEN, GREY, NAMES, ORANGE, PALETTE, SKY, subplots


def curves_with_marks(curves: dict[str, tuple], measured: pd.Series, title: str) -> Figure:
    """Simulated HRR of one test, and the heat released so far, with the measured scalars marked.

    ``curves``: name -> (time [s], HRR [W/m²]) arrays; ``measured``: one row of the measurements.
    The bar above spans the 180 s of the measured mean; the level below is the measured total, which
    belongs to the end of the test and to no time before.
    """
    figure, (above, below) = subplots(2, 1, figsize=(5.4, 5.4), sharex=True, height_ratios=(3, 2))
    for (name, (time_s, hrr_w_m2)), colour in zip(curves.items(), (BLUE, SKY, GREEN), strict=False):
        above.plot(time_s, 1e-3 * hrr_w_m2, color=colour, label=f"simulated, {name}")
        released = cumulative_trapezoid(hrr_w_m2, time_s)
        below.plot(time_s[1:], 1e-6 * released, color=colour)
    _mark(above, below, measured)
    above.set(ylabel="heat release rate (kW/m²)", title=title, ylim=(0, None))
    below.set(xlabel="time (s)", ylabel="heat released\n(MJ/m²)")
    below.set_ylim(0, 1.15 * below.get_ylim()[1])  # room for the label of the total
    ends = [time_s[-1] for time_s, _ in curves.values()]
    ends += [measured["t_peak_s"], measured["t_ig_s"] + 180.0]
    below.set_xlim(0, 1.02 * np.nanmax(ends))
    style.legend_outside(figure, 2, "outside lower center")
    return figure


def _mark(above, below, measured: pd.Series) -> None:
    """The measured scalars on the two panels of `curves_with_marks`; nothing where none ignited."""
    t_ig, total = measured["t_ig_s"], measured["thr_mj_m2"]
    if not np.isfinite(t_ig):
        above.plot([], [], " ", label="measured: no ignition")
        return
    for ax in (above, below):
        ax.axvline(t_ig, color=ORANGE, linestyle="--", linewidth=1.1)
        ax.axvline(measured["t_peak_s"], color=ORANGE, linestyle=":", linewidth=1.1)
    above.plot([], [], "--", color=ORANGE, label="measured ignition")
    above.plot(measured["t_peak_s"], measured["phrr_kw_m2"], "D", color=ORANGE,
               label="measured peak and its time")  # fmt: skip
    mean = measured["q180_kw_m2"]
    above.plot([t_ig, t_ig + 180.0], [mean, mean], color=style.AMBER, linewidth=2.5,
               label="measured mean over 180 s")  # fmt: skip
    if np.isfinite(total):
        below.axhline(total, color=ORANGE, linewidth=1.4)
        label = f"measured total, {total:.0f} MJ/m²"
        below.text(0.99, total, label, ha="right", va="bottom", color=ORANGE, fontsize="small",
                   transform=below.get_yaxis_transform())  # fmt: skip
    else:
        below.text(0.01, 0.9, "measured total masked", transform=below.transAxes, fontsize="small")


def errors_by(errors: dict[str, dict], grouping: str, labels: dict[str, str]) -> Figure:
    """Simulated over measured t_ig and pHRR in each part of the tests, arm by arm: a mark is the
    geometric mean, the bar the mean error factor either way.

    ``errors``: arm (informed, blind) -> ``gmfe`` of ``physics_validation.json``,
    ``cone``; ``labels``: key of a row -> how to write it, first on top.
    """
    size = (5.8, 1.5 + 0.36 * len(labels))
    figure, panels = subplots(1, 2, figsize=size, sharey=True)
    place = np.arange(len(labels))
    for axes, target in zip(panels, PRIMARY, strict=True):
        looks = zip(errors.items(), (BLUE, ORANGE), "os", (-0.22, 0.22), strict=False)
        for (arm, scores), colour, mark, off in looks:
            parts = pd.DataFrame([scores[target][f"by_{grouping}"][key] for key in labels])
            factor = parts["gmfe"]
            axes.hlines(place + off, 1 / factor, factor, color=colour, alpha=0.35, linewidth=3)
            axes.plot(parts["bias"], place + off, mark, color=colour, label=arm)
        axes.axvline(1.0, color=GREY, linewidth=0.9)
        axes.set(xscale="log", xlim=(0.42, 2.4), xlabel="simulated / measured", title=NAMES[target])
        style.ticks_at(axes, [0.5, 0.7, 1.0, 1.4, 2.0])
    panels[0].set_yticks(place, labels.values())
    panels[0].invert_yaxis()
    style.legend_outside(figure, 2, "outside lower center", "small")
    return figure


def remedies(rows: list[dict], target: str) -> Figure:
    """Simulated over measured for each polymer (column) and each choice of inputs (row).

    One panel per polymer would hide the pattern.
    """
    table = pd.DataFrame({row["remedy"]: row[f"{target}_by_polymer"] for row in rows}).T
    ticks = {"ticks": np.log([0.5, 1.0, 2.0]), "format": lambda x, _: f"{np.exp(x):g}"}
    size = (6.0, 0.9 + 0.27 * len(table))
    return style.heatmap(
        np.log(table.astype(float)), "simulated / measured", size, NAMES[target],
        annot=table, cmap="PuOr", vmin=-0.8, vmax=0.8, cbar_kws=ticks,
    )  # fmt: skip


def radiation_needed(rows: list[dict]) -> Figure:
    """Factor on the absorbed radiation that brings the simulated ignition of each sheet to the
    measured one, against the flux; 1 is no change.

    A line is one sheet. A missing point means that no factor within the range does it. A cause that
    is one wrong constant would ask for the same factor at every flux.
    """
    table = pd.DataFrame(rows).astype({"radiation": float})
    # Sheets of one polymer apart by their thickness, whatever its last digits.
    table["sheet"] = table["polymer"] + table["thickness_mm"].round().map(" {:.0f} mm".format)
    figure, axes = subplots(figsize=(5.4, 4.2))
    ends = []
    for (sheet, part), mark in zip(table.groupby("sheet"), "osD^vP*X<>hd", strict=False):
        colour = ORANGE if part["polymer"].iloc[0] in HYDROCARBONS else BLUE
        axes.plot(part["flux_kw_m2"], part["radiation"], marker=mark, color=colour, linewidth=1)
        ends += [(y, sheet, colour) for y in part["radiation"].dropna().tail(1)]
    above = -np.inf
    for y, sheet, colour in sorted(ends):
        above = max(y, above + 0.045)  # two names never lie on one another
        axes.text(77, above, sheet, fontsize="x-small", va="center", color=colour)
    axes.axhline(1.0, color=GREY, linewidth=0.9)
    for colour, name in ((ORANGE, "hydrocarbon"), (BLUE, "with hetero-atoms")):
        axes.plot([], [], "o-", color=colour, label=name)
    axes.legend(loc="upper left", fontsize="small")
    axes.set(xlabel="flux (kW/m²)", ylabel="factor on the absorbed radiation", xlim=(20, 92))
    return figure


HYDROCARBONS = ("HDPE", "LDPE", "PP", "HIPS", "ABS")  # ABS but for its nitrile


def verification(curve: dict, convergence: dict) -> Figure:
    """Surface under hot gas beside the exact one; error against step and against cell size.

    ``curve`` and ``convergence`` of `trinity_book.studies.validation.verification`.
    """
    figure, (left, *others) = subplots(1, 3, figsize=(6.2, 2.8))
    left.plot(curve["time_s"], curve["exact_k"], color=ORANGE, linewidth=3, label="exact")
    left.plot(curve["time_s"], curve["simulated_k"], "--", color=BLUE, label="simulated")
    left.set(xlabel="time (s)", ylabel="surface temperature (K)", xscale="log")
    left.legend(fontsize="small")
    shown = {
        "time": ("step (s)", "error of the mass left (kg/m²)"),
        "space": ("cell (mm)", "error of the temperature (K)"),
    }
    for axes, (key, (x, y)) in zip(others, shown.items(), strict=True):
        size, error = (np.array(convergence[key][name]) for name in ("size", "error"))
        axes.loglog(size, error, "o-", color=BLUE, label="measured")
        axes.loglog(size, error[0] * (size / size[0]) ** 2, ":", color=GREY, label="second order")
        style.plain_ticks(axes.yaxis)
        axes.yaxis.set_major_formatter("{x:.0e}" if key == "time" else "{x:g}")
        style.ticks_at(axes, size)
        axes.set(xlabel=x, ylabel=y)
        axes.legend(fontsize="small")
    return figure


def gasification_parity(tests: pd.DataFrame) -> Figure:
    """Simulated against measured peak and time to 3 g/m2/s, published parameters, no flame.

    ``tests``: rows of ``physics_validation.json``, ``gasification.tests``.
    """
    figure, panels = subplots(1, 2, figsize=(6.0, 3.6))
    names = {"peak": "peak mass loss rate (g/m²/s)", "t_3_g": "time to 3 g/m²/s (s)"}
    for axes, (key, label) in zip(panels, names.items(), strict=True):
        style.by_polymer(axes, tests, f"{key}_measured", f"{key}_simulated")
        style.identity_line(axes, 1.25)
        axes.set(xlabel=f"measured {label}", ylabel="simulated")
    panels[0].legend(fontsize="small")
    return figure


def ignition_lines(lines: dict, tests: pd.DataFrame, columns: int = 4) -> Figure:
    """1/sqrt(t_ig) against flux: simulated (blind) and measured, a panel per polymer.

    ``lines``: ``ignition_lines`` of ``physics_validation.json``; ``tests``: the measurements.
    """
    rows = -(-len(lines["polymers"]) // columns)
    size = (6.0, 1.6 * rows)
    figure, panels = subplots(rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False)
    for axes, (name, line) in zip(panels.flat, lines["polymers"].items(), strict=False):
        t_ig = np.array(line["t_ig_s"], dtype=float)
        axes.plot(line["flux_kw_m2"], t_ig**-0.5, color=BLUE, label="simulated")
        mine = tests[tests["polymer"] == name]
        axes.plot(mine["flux_kw_m2"], mine["t_ig_s"] ** -0.5, "o", color=ORANGE, label="measured")
        axes.axvline(line["critical_flux_kw_m2"], color=GREY, linewidth=0.8, linestyle=":")
        axes.set_title(name, fontsize="medium")
    style.hide_after(len(lines["polymers"]), panels)
    style.legend_outside(figure)
    figure.supxlabel("heat flux (kW/m²)", fontsize="medium")
    figure.supylabel(r"$t_{ig}^{-1/2}$ (s$^{-1/2}$)", fontsize="medium")
    return figure


def energy_budget(budget: dict) -> Figure:
    """Where the heat goes when a slab gasifies without a flame, as a share of the irradiance."""
    received = budget["received"]
    shares = 100.0 / received * pd.Series(budget).drop("received")[::-1]
    figure, axes = subplots(figsize=(6.4, 2.4))
    axes.barh(shares.index, shares, color=BLUE)
    axes.set_xlabel(f"share of the irradiance received, {received:.1f} MJ/m² (%)")
    return figure


def sensitivity(effects: dict, most: int = 8) -> Figure:
    """Morris' mean absolute effects on ln t_ig and ln pHRR, of the parameters that matter most."""
    figure, panels = subplots(1, 2, figsize=(6.0, 3.8))
    for axes, target in zip(panels, PRIMARY, strict=True):
        of = {name: pd.DataFrame(entry[target]).loc["mu_star"] for name, entry in effects.items()}
        means = pd.DataFrame(of).fillna(0.0)
        means = means.loc[means.mean(axis=1).sort_values().index[-most:]].rename(style.in_words)
        means.plot.barh(ax=axes, width=0.75, color=PALETTE[: len(effects)], legend=False)
        axes.set(xlabel=r"mean $|\Delta\ln|$ over ±1 σ", ylabel="")
        axes.set_title(NAMES[target], fontsize="medium")
    panels[0].legend(fontsize="small")
    return figure
