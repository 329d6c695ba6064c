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
# # Exercises 1: the problem
#
# Four exercises on the measured tests, about 40 minutes. They need pandas and no torch.

# %% tags=["parameters"]
polymer = "PMMA"
censored_polymer = "PC"
seed = 0

# %%
import numpy as np
import pandas as pd
from trinity_book.course import answer

from trinity.measurements.specimens import load_measurements

tests = load_measurements()
ignited = tests[tests["t_ig_s"].notna()]

# %% [markdown]
# ## 1.1 Compute: where does ignition end?
#
# For a thick slab theory expects $1/\sqrt{t_{ig}}$ to be a straight line in irradiance. Fit that line to
# all tests of PMMA that ignited. At which irradiance (kW/m²) does it cross zero?

# %% tags=["start"]
crossing_kw_m2 = ...

# %% tags=["solution", "hide-cell"]
rows = ignited[ignited["polymer"] == polymer]
slope, intercept = np.polyfit(
    rows["flux_kw_m2"], 1 / np.sqrt(rows["t_ig_s"]), 1
)
crossing_kw_m2 = float(-intercept / slope)
round(crossing_kw_m2, 2)

# %% tags=["check", "remove-cell"]
answer(crossing_kw_m2, within=0.02)

# %% [markdown] tags=["solution"]
# :::{admonition} What it means
# :class: dropdown
# If the line held to its end, the crossing would be the critical heat flux, below which the surface loses as much as it
# receives before it is hot enough. The crossing of a fit is too low an estimate of it, and may even be negative: real
# data bend down before they reach zero, because near the critical flux the losses almost cancel what arrives, and the
# fit mixes laboratories and sheets. A critical heat flux has to be measured by tests near it.
# :::

# %% [markdown]
# ## 1.2 Change and explain: a test without an ignition time
#
# Look at PC instead of PMMA. One of its cells has no ignition time. At which irradiance (kW/m²) was it done?
# Would you fill the gap with the longest time that was observed?

# %% tags=["start"]
flux_without_ignition_kw_m2 = ...

# %% tags=["solution", "hide-cell"]
rows = tests[tests["polymer"] == censored_polymer]
missing = rows[rows["t_ig_s"].isna()]
flux_without_ignition_kw_m2 = float(missing["flux_kw_m2"].iloc[0])
rows[["lab", "flux_kw_m2", "thickness_mm", "t_ig_s", "note"]].sort_values(
    "flux_kw_m2"
).astype(object).fillna("–")

# %% tags=["check", "remove-cell"]
answer(flux_without_ignition_kw_m2, within=0.02)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# The specimen did not ignite: the irradiance was below its critical heat flux, or so near it that the test was too
# short. Its time is *censored*: later than the end of the test. Any
# number in its place would be invented. The row still teaches two things: that such a specimen may not ignite, and that
# its ignition time is longer than the test.
# :::

# %% [markdown]
# ## 1.3 Compute: a score that is too good
#
# Predict each ignition time from one *other* test: of the same polymer if there is one, else of any; among
# those the nearest in the logarithm of irradiance, corrected by the law of a thick slab,
# $t_{ig} \propto 1/\dot q''^2$. Compute the geometric mean error factor $\exp(\overline{|\ln \hat y / y|})$
# twice: once with all other tests as candidates, once without all tests of the same
# `group_nine`. By what factor is the second larger than the first?

# %% tags=["start"]
inflation = ...

# %% tags=["solution", "hide-cell"]


def error_factor(hidden):
    """GMFE of the nearest test, from those that `hidden(row)` does not exclude."""
    errors = []
    for i, row in ignited.iterrows():
        others = ignited[~hidden(row)].drop(index=i, errors="ignore")
        same = others[others["polymer"] == row["polymer"]]
        others = same if len(same) else others
        hotter = np.log(others["flux_kw_m2"] / row["flux_kw_m2"])
        nearest = hotter.abs().idxmin()
        predicted = others["t_ig_s"][nearest] * np.exp(2 * hotter[nearest])
        errors.append(abs(np.log(predicted / row["t_ig_s"])))
    return float(np.exp(np.mean(errors)))


by_row = error_factor(lambda row: ignited.index == row.name)
by_group = error_factor(
    lambda row: ignited["group_nine"] == row["group_nine"]
)
inflation = by_group / by_row
pd.Series({"rows left out": by_row, "groups left out": by_group}).round(2)

# %% tags=["check", "remove-cell"]
answer(inflation, within=0.03)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# The first score measures memory: a polymer's other tests stand in for the one left out. The question
# of this book is the second one, a polymer that nobody has tested. When you read a
# paper, find out which of the two it reports.
# :::

# %% [markdown]
# ## 1.4 Open: three more polymers
#
# You may test three further polymers in this apparatus, each at two irradiances. Which, and why? Write
# down what you expect to learn from each before you look at the solution.

# %% [markdown] tags=["solution"]
# :::{admonition} What a good answer holds
# :class: dropdown
# Not three more vinyl polymers: chemistry that the table lacks (a silicone, a polysulfone, a polyurethane
# without filler), because independent groups, not tests, set the width of every interval here. One irradiance
# near the critical one, where grade and laboratory matter most, and one at 50 kW/m², where everybody
# tests. For the ignition probability, a polymer that should *not* ignite teaches the most, because hardly any test here has that
# outcome.
# :::
