"""Figures of the physics validation. Plain data in, a Figure out; style is in ``matplotlibrc``."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from trinity.figures import BLUE, GREY, ORANGE, style_of
from trinity.style import subplots

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
        rows, columns, figsize=(8.2, 2.1 * rows), sharex=True, sharey=True, layout="constrained"
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
    figure, axes = subplots(1, 2, figsize=(8.6, 3.6), layout="constrained")
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
