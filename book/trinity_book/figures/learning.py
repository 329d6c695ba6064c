"""Figures of the learning results: losses, held-out predictions, the ablation, intervals.

Every function takes plain data (tables of `lopo.json` rows, lists of scores) and returns a Figure;
the style is that of ``matplotlibrc``.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from trinity_book.figures.style import (
    BLUE,
    GREY,
    ORANGE,
    PALETTE,
    identity_line,
    style_of,
    subplots,
)

LABELS = {
    "t_ig_s": "time to ignition [s]",
    "phrr_kw_m2": "peak heat release rate [kW/m²]",
    "thr_mj_m2": "total heat released [MJ/m²]",
    "t_peak_s": "time of the peak [s]",
}
ARM_NAMES = {
    "physics_only": "physics only",
    "phase1_only": "phase 1 only",
    "direct": "direct finetuning",
    "two_phase": "phase 1 + phase 2",
    "conditions_only": "conditions only",
    "random_forest": "random forest",
    "gaussian_process": "Gaussian process",
}


def losses(histories: dict[str, list[float]], ylabel: str = "training loss") -> Figure:
    """Loss curves, each against the share of the training done."""
    figure, axes = subplots(figsize=(6.0, 3.2))
    for i, (name, values) in enumerate(histories.items()):
        share = np.linspace(0, 100, len(values))
        axes.plot(share, values, color=PALETTE[i % len(PALETTE)], linewidth=1.2, label=name)
    axes.set(xlabel="training done [%]", ylabel=ylabel)
    axes.legend()
    figure.tight_layout()
    return figure


def factors_beside_baseline(model: dict, baseline: dict) -> Figure:
    """Error factors (GMFE) a target of a model and of the conditions-only baseline.

    Parameters
    ----------
    model, baseline : target -> GMFE [-] on the same unseen polymers.
    """
    figure, axes = subplots(figsize=(6.0, 2.8))
    targets = [t for t in LABELS if t in model]
    places = np.arange(len(targets))
    axes.barh(places + 0.18, [baseline[t] for t in targets], 0.34, color=GREY, left=0,
              label="conditions only")  # fmt: skip
    axes.barh(places - 0.18, [model[t] for t in targets], 0.34, color=BLUE, label="phase 1")
    axes.set(xlim=(1, None), xlabel="geometric mean error factor (1 is perfect)")
    axes.set_yticks(places, [LABELS[t].split(" [")[0] for t in targets])
    axes.invert_yaxis()
    axes.legend()
    figure.tight_layout()
    return figure


def parity_by_arm(rows: pd.DataFrame, arms: list[str], targets: list[str]) -> Figure:
    """Held-out predictions against measurements: a column an arm, a row a target.

    Parameters
    ----------
    rows : rows of ``lopo.json`` of one grouping; seeds are averaged in logarithms.
    """
    styles = style_of(sorted(rows["polymer"].unique()))
    mean = (
        rows.assign(predicted=np.log(rows["predicted"]))
        .groupby(["arm", "target", "polymer", "test_id"], as_index=False)
        .agg({"predicted": "mean", "measured": "first"})
    )
    size = (2.35 * len(arms) + 0.9, 2.6 * len(targets))
    figure, panels = subplots(len(targets), len(arms), figsize=size, squeeze=False)
    for i, target in enumerate(targets):
        values = mean[mean["target"] == target]
        limits = _limits(values["measured"], np.exp(values["predicted"]))
        for j, arm in enumerate(arms):
            axes = panels[i, j]
            for polymer, (colour, marker) in styles.items():
                part = values[(values["arm"] == arm) & (values["polymer"] == polymer)]
                axes.scatter(part["measured"], np.exp(part["predicted"]), c=colour, marker=marker,
                             s=20, linewidths=0, label=polymer)  # fmt: skip
            identity_line(axes, limits=limits)
            if j == len(arms) // 2:
                axes.set_xlabel(f"measured {LABELS[target]}")
            if j == 0:
                axes.set_ylabel(f"predicted {LABELS[target]}", fontsize=8)
            if i == 0:
                axes.set_title(ARM_NAMES[arm])
    panels[0, -1].legend(
        fontsize=8, handletextpad=0.1, loc="upper left", bbox_to_anchor=(1.02, 1.0)
    )
    figure.tight_layout()
    return figure


def _limits(*values) -> tuple[float, float]:
    both = np.concatenate([np.asarray(v, float) for v in values])
    return both.min() / 1.3, both.max() * 1.3


def ablation(
    scores: pd.DataFrame, targets: list[str], bars: dict[str, float] | None = None
) -> Figure:
    """Error factor of each arm with its 95 % interval over groups, a panel a target.

    Parameters
    ----------
    scores : columns ``arm``, ``target``, ``gmfe``, ``gmfe_low``, ``gmfe_high`` [-].
    bars : target -> factor drawn as a dotted line, or None.
    """
    figure, panels = subplots(1, len(targets), figsize=(3.5 * len(targets) + 0.6, 3.2),
                                  sharey=True, squeeze=False)  # fmt: skip
    arms = [arm for arm in ARM_NAMES if arm in set(scores["arm"])]
    for axes, target in zip(panels[0], targets, strict=True):
        for i, arm in enumerate(arms):
            row = scores[(scores["arm"] == arm) & (scores["target"] == target)].iloc[0]
            colour = {"two_phase": BLUE, "direct": ORANGE}.get(arm, GREY)
            axes.plot([row["gmfe_low"], row["gmfe_high"]], [i, i], color=colour, linewidth=2)
            axes.plot(row["gmfe"], i, "o", color=colour, markersize=6)
        if bars and target in bars:
            axes.axvline(bars[target], color=GREY, linestyle=":", linewidth=1)
        axes.set(xlim=(1, None), xlabel="geometric mean error factor", title=LABELS[target])
    panels[0, 0].set_yticks(range(len(arms)), [ARM_NAMES[arm] for arm in arms])
    panels[0, 0].invert_yaxis()
    figure.tight_layout()
    return figure


def errors_by_group(errors: pd.DataFrame, title: str) -> Figure:
    """Heat map of error factors: an arm a row, a group a column.

    Parameters
    ----------
    errors : mean |ln| errors, index arm, columns groups.
    """
    table = np.exp(errors.loc[[arm for arm in ARM_NAMES if arm in errors.index]])
    figure, axes = subplots(figsize=(7.4, 3.2))
    image = axes.imshow(table, cmap="cividis_r", vmin=1, vmax=3, aspect="auto")
    axes.grid(False)
    axes.set_xticks(range(table.shape[1]), table.columns, rotation=30, ha="right")
    axes.set_yticks(range(table.shape[0]), [ARM_NAMES[arm] for arm in table.index])
    for (i, j), value in np.ndenumerate(table.to_numpy()):
        axes.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=7.5,
                  color="white" if value > 2.1 else "black")  # fmt: skip
    figure.colorbar(image, label="error factor", extend="max")
    axes.set_title(title)
    figure.tight_layout()
    return figure
