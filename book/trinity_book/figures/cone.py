"""Figures of the physics validation. Plain data in, a Figure out; style is in ``matplotlibrc``."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from trinity_book.figures.style import AMBER, BLUE, GREEN, GREY, ORANGE, SKY, style_of, subplots

LABELS = {
    "t50_k": "decomposition temperature",
    "decomposition_width_k": "width of decomposition",
    "conductivity_w_m_k": "conductivity",
    "specific_heat_solid_j_kg_k": "specific heat, solid",
    "specific_heat_melt_j_kg_k": "specific heat, melt",
    "specific_heat_j_kg_k": "specific heat",
    "density_kg_m3": "density",
    "absorption_coefficient_1_m": "absorption coefficient",
    "heat_of_decomposition_j_kg": "heat of decomposition",
    "gas_heat_of_combustion_j_kg": "heat of combustion of the gas",
    "flame_heat_flux_w_m2": "flame heat flux",
    "flaming_efficiency": "flaming efficiency",
    "critical_hrr_w_m2": "critical heat release rate",
    "char_yield": "char yield",
    "char_density_kg_m3": "char density",
    "char_conductivity_w_m_k": "char conductivity",
}


NAMES = {
    "t_ig_s": "time to ignition",
    "phrr_kw_m2": "peak heat release rate",
    "thr_mj_m2": "total heat released",
    "t_peak_s": "time of the peak",
}


def curves_with_marks(curves: dict[str, tuple], measured: pd.Series, title: str) -> Figure:
    """Simulated HRR of one test, and the heat released so far, with the measured scalars marked.

    Parameters
    ----------
    curves : dict
        name -> (time [s], HRR [W/m²]) arrays.
    measured : Series
        One row of the measurements. The bar above spans the 180 s of the measured mean; the level
        below is the measured total, which belongs to the end of the test and to no time before.
    """
    figure, (above, below) = subplots(
        2, 1, figsize=(6.8, 5.4), sharex=True, height_ratios=(3, 2), layout="constrained"
    )
    for (name, (time_s, hrr_w_m2)), colour in zip(curves.items(), (BLUE, SKY, GREEN), strict=False):
        above.plot(time_s, 1e-3 * hrr_w_m2, color=colour, label=f"simulated, {name}")
        steps = 0.5 * np.diff(time_s) * (hrr_w_m2[1:] + hrr_w_m2[:-1])
        below.plot(time_s[1:], 1e-6 * np.cumsum(steps), color=colour)
    _mark(above, below, measured)
    above.set(ylabel="heat release rate (kW/m²)", title=title, ylim=(0, None))
    below.set(xlabel="time (s)", ylabel="heat released\n(MJ/m²)")
    below.set_ylim(0, 1.15 * below.get_ylim()[1])  # room for the label of the total
    longest = max(time_s[-1] for time_s, _ in curves.values())
    marked = np.nan_to_num(max(measured["t_peak_s"], measured["t_ig_s"] + 180.0))
    below.set_xlim(0, max(1.02 * longest, 1.02 * marked))
    above.legend(fontsize="small")
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
    above.plot([t_ig, t_ig + 180.0], [mean, mean], color=AMBER, linewidth=2.5,
               label="measured mean over 180 s")  # fmt: skip
    if np.isfinite(total):
        below.axhline(total, color=ORANGE, linewidth=1.4)
        label = f"measured total, {total:.0f} MJ/m²"
        place = {"x": 0.99, "y": total, "transform": below.get_yaxis_transform(), "ha": "right"}
        below.text(s=label, va="bottom", color=ORANGE, fontsize="small", **place)
    else:
        below.text(0.01, 0.9, "measured total masked", transform=below.transAxes, fontsize="small")


def errors_by(errors: dict[str, dict], grouping: str, labels: dict[str, str]) -> Figure:
    """Bias (simulated/measured) of t_ig and pHRR by polymer, flux or thickness, arm by arm.

    Parameters
    ----------
    errors : dict
        Arm (informed, blind) -> ``gmfe`` of ``physics_validation.json``, ``cone``.
    grouping : str
        ``polymer``, ``flux`` or ``thickness``. A circle is the geometric mean of
        simulated/measured, the line through it the mean error factor either way.
    labels : dict
        Key of a row -> how to write it, in the order wanted, first on top.
    """
    figure, axes = subplots(
        1, 2, figsize=(7.4, 1.3 + 0.36 * len(labels)), sharey=True, layout="constrained"
    )
    for ax, target in zip(axes, ("t_ig_s", "phrr_kw_m2"), strict=True):
        for j, ((arm, scores), style) in enumerate(
            zip(errors.items(), ((BLUE, "o"), (ORANGE, "s")), strict=False)
        ):
            parts = [scores[target][f"by_{grouping}"][key] for key in labels]
            place = np.arange(len(parts)) + 0.22 * (2 * j - 1)
            ax.hlines(place, [1.0 / x["gmfe"] for x in parts], [x["gmfe"] for x in parts],
                      color=style[0], alpha=0.35, linewidth=3)  # fmt: skip
            ax.plot([x["bias"] for x in parts], place, style[1], color=style[0], label=arm)
        ax.axvline(1.0, color=GREY, linewidth=0.9)
        ax.set(xscale="log", xlim=(0.42, 2.4), xlabel=f"{NAMES[target]}: simulated / measured")
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xticks([0.5, 0.7, 1.0, 1.4, 2.0], ["0.5", "0.7", "1", "1.4", "2"])
    axes[0].set_yticks(np.arange(len(labels)), labels.values())
    axes[0].invert_yaxis()
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper right", ncols=2, fontsize="small")
    return figure


def remedies(rows: list[dict], target: str) -> Figure:
    """Bias of each polymer under each reading of the literature; ``remedies`` of the results.

    One panel a polymer would hide the pattern: a row is a remedy, a column a polymer, the colour
    and the number are simulated/measured.
    """
    table = pd.DataFrame({row["remedy"]: row[f"{target}_by_polymer"] for row in rows}).T
    figure, ax = subplots(figsize=(7.6, 0.9 + 0.34 * len(table)), layout="constrained")
    image = ax.imshow(np.log(table), cmap="PuOr", vmin=-0.8, vmax=0.8, aspect="auto")
    for (i, j), value in np.ndenumerate(table.to_numpy()):
        colour = "white" if abs(np.log(value)) > 0.5 else "black"
        ax.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize="small", color=colour)
    ax.set_xticks(np.arange(table.shape[1]), table.columns)
    ax.set_yticks(np.arange(len(table)), table.index)
    ax.grid(False)
    ax.tick_params(length=0)
    bar = figure.colorbar(image, ax=ax, ticks=np.log([0.5, 1.0, 2.0]), shrink=0.8)
    bar.ax.set_yticklabels(["0.5", "1", "2"])
    bar.set_label("simulated / measured")
    ax.set_title(NAMES[target], fontsize="medium")
    return figure


def verification(curve: dict, convergence: dict) -> Figure:
    """Surface under hot gas beside the exact one; error against step and against cell size.

    ``curve`` and ``convergence`` of `trinity_book.studies.validation.verification`.
    """
    figure, (left, *others) = subplots(1, 3, figsize=(7.8, 2.8), layout="constrained")
    left.plot(curve["time_s"], curve["exact_k"], color=ORANGE, linewidth=3, label="exact")
    left.plot(curve["time_s"], curve["simulated_k"], "--", color=BLUE, label="simulated")
    left.set(xlabel="time (s)", ylabel="surface temperature (K)", xscale="log")
    left.legend(fontsize="small")
    for ax, key, x, y in zip(
        others, ("time", "space"), ("step (s)", "cell (mm)"),
        ("error of the mass left (kg/m²)", "error of the temperature (K)"), strict=True,
    ):  # fmt: skip
        size, error = (np.array(convergence[key][name]) for name in ("size", "error"))
        ax.loglog(size, error, "o-", color=BLUE, label="measured")
        ax.loglog(size, error[0] * (size / size[0]) ** 2, ":", color=GREY, label="second order")
        ax.set_xticks(size, [f"{v:.3g}" for v in size])
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.yaxis.set_major_formatter("{x:.0e}" if key == "time" else "{x:g}")
        ax.set(xlabel=x, ylabel=y)
        ax.legend(fontsize="small")
    return figure


def gasification_parity(tests: pd.DataFrame) -> Figure:
    """Simulated against measured peak and time to 3 g/m2/s, published parameters, no flame.

    ``tests``: rows of ``physics_validation.json``, ``gasification.tests``.
    """
    figure, axes = subplots(1, 2, figsize=(7.6, 3.6), layout="constrained")
    panels = (
        ("peak", "peak mass loss rate (g/m²/s)"),
        ("t_3_g", "time to 3 g/m²/s (s)"),
    )
    styles = style_of(sorted(tests["polymer"].unique()))
    for ax, (key, label) in zip(axes, panels, strict=True):
        for name, rows in tests.groupby("polymer"):
            colour, marker = styles[name]
            x, y = rows[f"{key}_measured"], rows[f"{key}_simulated"]
            ax.loglog(x, y, marker, color=colour, label=name)
        _parity(ax, 1.25)
        ax.set_xlabel(f"measured {label}")
        ax.set_ylabel("simulated")
    axes[0].legend(fontsize="small")
    return figure


def _parity(ax, factor: float) -> None:
    """The line of agreement and a band of a factor either way."""
    ends = np.array(
        [min(ax.get_xlim()[0], ax.get_ylim()[0]), max(ax.get_xlim()[1], ax.get_ylim()[1])]
    )
    ax.plot(ends, ends, color=GREY, linewidth=0.8, zorder=0)
    ax.fill_between(
        ends, ends / factor, ends * factor, color=GREY, alpha=0.12, linewidth=0, zorder=0
    )
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())
    ax.set_xlim(ends)
    ax.set_ylim(ends)


def ignition_lines(lines: dict, tests: pd.DataFrame, columns: int = 4) -> Figure:
    """1/sqrt(t_ig) against flux: simulated (blind) and measured, a panel a polymer.

    ``lines``: ``ignition_lines`` of ``physics_validation.json``; ``tests``: the measurements.
    """
    names = list(lines["polymers"])
    rows = -(-len(names) // columns)
    figure, axes = subplots(
        rows, columns, figsize=(7.6, 2.0 * rows), sharex=True, sharey=True, layout="constrained"
    )
    for ax, name in zip(axes.flat, names, strict=False):
        line = lines["polymers"][name]
        t_ig = np.array(line["t_ig_s"], dtype=float)
        ax.plot(line["flux_kw_m2"], 1.0 / np.sqrt(t_ig), color=BLUE, label="simulated")
        mine = tests[tests["polymer"] == name]
        ax.plot(
            mine["flux_kw_m2"], 1.0 / np.sqrt(mine["t_ig_s"]), "o", color=ORANGE, label="measured"
        )
        ax.axvline(line["critical_flux_kw_m2"], color=GREY, linewidth=0.8, linestyle=":")
        ax.set_title(name, fontsize="medium")
    for ax in list(axes.flat)[len(names) :]:
        ax.set_visible(False)
    axes.flat[0].legend(fontsize="small")
    figure.supxlabel("heat flux (kW/m²)", fontsize="medium")
    figure.supylabel(r"$t_{ig}^{-1/2}$ (s$^{-1/2}$)", fontsize="medium")
    return figure


def energy_budget(budget: dict) -> Figure:
    """Where the heat of one test goes, as a share of what the cone sent.

    ``budget``: ``energy_budget`` of ``physics_validation.json`` [MJ/m2].
    """
    parts = {name: value for name, value in budget.items() if name != "received"}
    figure, ax = subplots(figsize=(6.4, 2.4), layout="constrained")
    names = list(parts)[::-1]
    ax.barh(names, [100.0 * parts[name] / budget["received"] for name in names], color=BLUE)
    ax.set_xlabel(f"share of the irradiance received, {budget['received']:.1f} MJ/m² (%)")
    return figure


def sensitivity(effects: dict, most: int = 8) -> Figure:
    """Morris' mean absolute effects on ln t_ig and ln pHRR, the ``most`` important parameters.

    ``effects``: ``sensitivity`` of ``physics_validation.json``.
    """
    targets = (("t_ig_s", "ignition time"), ("phrr_kw_m2", "peak heat release rate"))
    figure, axes = subplots(1, 2, figsize=(7.6, 3.8), layout="constrained")
    styles = style_of(list(effects))
    for ax, (target, title) in zip(axes, targets, strict=True):
        mean = pd.DataFrame(
            {p: {k: v["mu_star"] for k, v in entry[target].items()} for p, entry in effects.items()}
        ).fillna(0.0)
        order = mean.mean(axis=1).sort_values().index[-most:]
        for j, name in enumerate(mean.columns):
            place = np.arange(len(order)) + 0.25 * (j - 1)
            ax.barh(place, mean.loc[order, name], height=0.23, color=styles[name][0], label=name)
        ax.set_yticks(np.arange(len(order)), [LABELS.get(key, key) for key in order])
        ax.set_xlabel(r"mean $|\Delta\ln|$ over ±1 σ")
        ax.set_title(title, fontsize="medium")
    axes[0].legend(fontsize="small")
    return figure


def physics_intervals(covered: dict, tests: pd.DataFrame, target: str) -> Figure:
    """Range of simulated tests with properties drawn within their errors (bars) and what was
    measured, sorted by measurement.

    Parameters
    ----------
    covered : of one target in ``physics_validation.json``, block ``coverage``: ``low``, ``high``.
    tests : the measured tests, all of them, in the same order; those that ignited are drawn.
    """
    rows = pd.DataFrame({"low": covered["low"], "high": covered["high"]}, dtype=float)
    rows["measured"] = tests[target].to_numpy(float)
    rows = rows.dropna().sort_values("measured").reset_index(drop=True)
    inside = rows["measured"].between(rows["low"], rows["high"])
    figure, axes = subplots(figsize=(7.4, 3.2))
    axes.vlines(rows.index, rows["low"], rows["high"], color=SKY, linewidth=3, alpha=0.8,
                label="simulated, 90 %")  # fmt: skip
    for hit, colour, mark, name in ((True, BLUE, "o", "inside"), (False, ORANGE, "s", "outside")):
        part = rows[inside == hit]
        axes.plot(part.index, part["measured"], mark, color=colour, markersize=4,
                  label=f"measured, {name}")  # fmt: skip
    axes.set(yscale="log", xlabel="measured test, sorted", ylabel=LABELS[target])
    axes.legend(ncol=3)
    figure.tight_layout()
    return figure
