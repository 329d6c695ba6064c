# ---
# jupyter:
#   jupytext:
#     formats: py:percent,ipynb
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises 7: what pretraining buys
#
# Four exercises on the published held-out predictions, about 50 minutes. No torch: the predictions are
# read, not computed.

# %% tags=["parameters"]
arm = "two_phase"
rival = "direct"

# %%
import numpy as np
import pandas as pd
from trinity_book.course import answer

from trinity.evidence import scores as evaluation
from trinity.pipeline import stages

results = stages.load("ablation").results
rows = evaluation.headline(results)

# %% [markdown]
# `rows` has one prediction per line: `arm`, `seed`, `fold` (the group left out), `test_id`, `target`, `measured`,
# `predicted`. The primary endpoint is the mean of $|\ln(\text{predicted}/\text{measured})|$ over `t_ig_s` and
# `phrr_kw_m2`, in each laboratory of a group first, then over its laboratories, then over groups
# (`evaluation.group_errors(rows)` does the first two).
#
# ## 7.1 Compute: cells or groups?
#
# Compute the error factor of the arm `direct` for `phrr_kw_m2` with all cells weighted equally, seeds averaged with
# them, and divide it by the one over groups. Which groups make the difference?

# %% tags=["start"]
cells_over_groups = ...

# %% tags=["solution", "hide-cell"]
chosen = evaluation.log_errors(
    rows[(rows["arm"] == rival) & (rows["target"] == "phrr_kw_m2")]
)
by_group = chosen.groupby("fold")["error"].agg(["mean", "size"])
over_cells = float(np.exp(chosen["error"].mean()))
of_groups = evaluation.group_errors(rows[rows["arm"] == rival])
over_groups = float(np.exp(of_groups.loc[(rival, "phrr_kw_m2")].mean()))
cells_over_groups = over_cells / over_groups
by_group.sort_values("size").round(2)

# %% tags=["check", "remove-cell"]
answer(cells_over_groups, within=0.01)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# Some groups have many times the cells of others (column `size`). PMMA has the most cells and is predicted well; PVC and
# PP have few and are far off. Weighting cells equally hides such groups and makes the method look better than it is
# on a polymer that it has not seen. For another arm the two averages may happen to agree: you cannot know before you
# compute both. This book weights groups.
# :::

# %% [markdown]
# ## 7.2 Compute: how small can p be?
#
# A sign-flip test over nine groups compares the observed sum of nine signed differences with all patterns of
# signs. What is the smallest two-sided $p$ that it can give?

# %% tags=["start"]
smallest_p = ...

# %% tags=["solution", "hide-cell"]
smallest_p = evaluation.sign_flip_p(np.ones(9))
round(smallest_p, 4), round(2 / 2**9, 4)

# %% tags=["check", "remove-cell"]
answer(smallest_p, within=0.01)

# %% [markdown] tags=["solution"]
# :::{admonition} Reading it
# :class: dropdown
# All nine groups must agree for this, and one that disagrees slightly already doubles it. More seeds do not help, because
# they are not new polymers.
# :::

# %% [markdown]
# ## 7.3 Change and explain: ten groups instead of nine
#
# Compare `two_phase` with `direct` on the primary endpoint, once with `rows` and once with ten
# groups (`evaluation.headline(results, "ten")` has their rows, `evaluation.compare(rows, "two_phase")` compares). What is the difference with
# ten groups divided by the one with nine? Which groups were split, and why may that be unfair?

# %% tags=["start"]
ten_over_nine = ...

# %% tags=["solution", "hide-cell"]
compared = {
    grouping: pd.DataFrame(
        evaluation.compare(evaluation.headline(results, grouping), arm)
    ).set_index("other")
    for grouping in ("nine", "ten")
}
ten_over_nine = float(
    compared["ten"].loc[rival, "difference"]
    / compared["nine"].loc[rival, "difference"]
)
pd.DataFrame(
    {name: table["difference"] for name, table in compared.items()}
).round(3)

# %% tags=["check", "remove-cell"]
answer(ten_over_nine, within=0.02)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# With ten groups, HIPS and ABS are apart: each is predicted by a model that has seen the other, with which
# it shares its main repeat unit. That is easier than a new chemistry, for every arm that learns from
# measurements. The strict nine are the headline for that reason.
# :::

# %% [markdown]
# ## 7.4 Open: the missing arm
#
# Design an arm that is not in the list. What would its result have to be to change your mind about the
# method?

# %% [markdown] tags=["solution"]
# :::{admonition} What a good answer holds
# :class: dropdown
# A claim that the arm could refute, and the size of the effect that nine groups can show. Two that a referee
# would ask for: phase 1 on another property of the same polymers (if it does as well, the gain is not the physics
# of fire; {doc}`../07_power` has this arm for the refractive index), and a classical model that gets the simulated
# value as a feature (if it does as well, no language model is needed; the arm `composition, physics` of
# {doc}`../07_ablation` comes close to it).
# :::
