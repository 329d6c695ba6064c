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
# # The measurements: a data card
#
# ```{admonition} In this chapter
# :class: tip
# **Objectives.** Know who measured what, how often, and what is wrong with which rows; see how far
# repeated tests and laboratories differ; reduce a curve and score predictions of your own.
# **Prerequisites.** {doc}`01_problem`. **Time.** 20 minutes.
# ```
#
# Everything that this book learns from was measured by somebody else. This page answers a fire scientist's first
# questions: who measured, how, how many replicates, with which artefacts, and under which licence.

# %% tags=["parameters"]
longest_s = 900.0

# %% tags=["hide-input"]
import numpy as np
import pandas as pd
from myst_nb import glue
from sklearn.linear_model import LinearRegression
from trinity_book.figures import measurements as figures_measurements
from trinity_book.figures import style
from trinity_book.studies.corrections import corrections

from trinity.evidence.benchmark import labels, score
from trinity.measurements.noise import laboratory_sigma, noise_model
from trinity.measurements.reduce import reduce_curve
from trinity.measurements.specimens import (
    load_curves,
    load_measurements,
    load_specimens,
)

style.use()

# %% [markdown]
# ## Who measured what
#
# One row is one burnt specimen. Specimens of one polymer, laboratory, heat flux and nominal thickness
# are replicates and form a *cell*; models are trained and scored on cells.

# %%
specimens, cells = load_specimens(), load_measurements()
curves = load_curves()
laboratory = specimens["lab"].str.replace(r"MaCFP-.*", "MaCFP", regex=True)
pd.crosstab(specimens["polymer"], laboratory, margins=True)

# %% tags=["remove-cell"]
glue("n_specimens", len(specimens), display=False)
glue("n_cells", len(cells), display=False)
glue("n_ignited_cells", int(cells["t_ig_s"].notna().sum()), display=False)
glue("n_laboratories", specimens["lab"].nunique(), display=False)
glue("n_pmma", int((specimens["polymer"] == "PMMA").sum()), display=False)
glue("n_care", int((specimens["quality"] == "care").sum()), display=False)
glue("n_single", int((cells["replicates"] == 1).sum()), display=False)

# %% [markdown]
# These are {glue:text}`n_specimens` specimens in {glue:text}`n_cells` cells of
# {glue:text}`n_laboratories` laboratories; {glue:text}`n_ignited_cells` cells ignited. They are all neat
# slabs: all that we found under terms that let us show them. More exist in print. The table is uneven:
# {glue:text}`n_pmma` of the specimens are PMMA, most of them from a round robin on one sheet, and
# {glue:text}`n_single` cells have one specimen only.
#
# ## How it was measured
#
# All of it is oxygen-consumption calorimetry {cite}`huggett1980` on a horizontal slab of about
# 100 mm x 100 mm under a cone heater with a spark {cite}`babrauskas1982,iso5660`. *FSRI* burnt about
# three specimens of each sheet, most of them 3 mm thick, at 25, 50 and 75 kW/m², and published the raw
# signals {cite}`fsri`. *FAA* curves come from the validation experiments of a fire model {cite}`fds`;
# they were digitised, which makes their total heat uncertain by 20 %. *NBS* is the first cone calorimeter, its
# paper records digitised {cite}`nistcone`. *MaCFP* is a round robin of eleven laboratories on one
# sheet of black cast PMMA, so that it shows how laboratories differ and nothing else does.
#
# ## The curves
#
# Every row was reduced from a recorded heat release rate.

# %%
figures_measurements.measured_curves(specimens, curves, longest_s)
# %% [markdown]
# Each line is a specimen, each colour an irradiance. Thin polyolefin sheets burn as pools with one high
# peak; PMMA burns as a plateau that rises when the heat reaches the back; PC, PEEK and PVC leave char
# and fall soon after ignition. Specimens of 27 mm burn on beyond the right edge.
#
# ## From a curve to numbers
#
# One rule reduces all curves: ignition is the first time at which the heat release rate passes
# 24 kW/m² and stays above it for 10 s, and the peak is a mean over 5 s where the record is fine enough.
# The table follows from the curves, row by row:

# %%
one = curves[0]
reduced = reduce_curve(one["time_s"], one["hrr_kw_m2"])
pd.DataFrame(
    [reduced, specimens.loc[0, list(reduced)]],
    index=["from the curve", "in the table"],
).round(2)

# %% [markdown]
# The same rule serves your own curve: `trinity reduce my_test.csv` reads it as your instrument wrote it
# and says which columns and units it found ({doc}`../book/using`).
#
# ## What is wrong with which rows
#
# No row was deleted. `quality` is `care` where something is known to be imperfect, and `note` says what.

# %%
notes = specimens.loc[specimens["quality"] == "care", "note"]
words = [
    "melt left the pan",
    "bubble",
    "digitised",
    "self-extinguished",
    "eye",
]
found = {word: int(notes.str.contains(word).sum()) for word in words}
pd.DataFrame({"specimens": found}).rename({"eye": "rule and eye differ"})

# %% [markdown]
# {glue:text}`n_care` specimens need care. They are included in the headline score. Leaving out what is
# hard to measure would make every model look better.
#
# ## What the second release corrected
#
# The heat release of one laboratory was too high in the first release, by a share that depends on the polymer: its published values follow
# an equation of oxygen-consumption calorimetry that assumes that carbon dioxide is taken out of the
# sample gas. The measured gases say that it was not, and the values here are recomputed from them.
# First the counts: tests in the first release, specimens in the second, conditions that both have,
# specimens to be read with care, and impossible total heats taken out.

# %%
effect = corrections().set_index(["polymer", "lab"])
effect[["rows_first", "specimens", "matched", "care", "thr_blank"]]

# %% [markdown]
# Then the values, as ratios of the second release over the first:

# %%
effect.loc[:, "t_ig_s":].round(2)

# %% [markdown]
# `oxygen_phrr` and `oxygen_thr` are the part of that equation (FSRI only). The rest of a ratio is the
# change from one representative curve per cell to the mean of all specimens. A bias of up to 5–10 % may
# remain.
#
# ## How far do repeated tests and laboratories differ?
#
# The estimates are standard deviations of logarithms, so that 0.1 is about 10 %, with 95 % intervals.

# %%
noise = noise_model()
shown = noise[noise["target"].isin(["t_ig_s", "phrr_kw_m2"])]
shown.set_index(["target", "source"]).round(2).astype(object).fillna("")

# %% tags=["remove-cell"]
everywhere = noise[noise["flux_kw_m2"].isna()].set_index(["source", "target"])[
    "sigma"
]
glue(
    "within_t",
    f"{100 * everywhere['within', 't_ig_s']:.0f} %",
    display=False,
)
glue(
    "typical_t",
    f"{100 * noise['typical'].iloc[0]:.0f} %",
    display=False,
)
glue("laboratory_t", f"{100 * laboratory_sigma('t_ig_s'):.0f} %", display=False)
glue("laboratory_p", f"{100 * laboratory_sigma('phrr_kw_m2'):.0f} %", display=False)

# %% [markdown]
# A typical cell repeats its ignition time within {glue:text}`typical_t`. A few wild ones lift the pooled
# figure to {glue:text}`within_t`. Laboratories differ by more: {glue:text}`laboratory_t` in ignition time
# and {glue:text}`laboratory_p` in peak heat release. For a laboratory that nobody named, this scatter is the floor of any prediction (as a mean absolute error, about four
# fifths of it).
#
# ## Score a model of your own
#
# Fifteen lines train the plainest model, a line in the logarithms of flux and thickness, on all polymers
# but one group at a time, and score it as the project scores its own arms.

# %%
known = labels()
conditions = np.log(known[["flux_kw_m2", "thickness_mm"]])
for target in known["target"].unique():
    for fold in known["fold"].unique():
        rows = known["target"] == target
        train, test = (
            rows & (known["fold"] != fold),
            rows & (known["fold"] == fold),
        )
        line = LinearRegression().fit(
            conditions[train], np.log(known["measured"][train])
        )
        if test.any():
            known.loc[test, "predicted"] = np.exp(
                line.predict(conditions[test])
            )
pd.DataFrame(score(known.assign(arm="a line", seed=0, lo=np.nan, hi=np.nan)))[
    ["target", "gmfe", "gmfe_low", "gmfe_high", "n", "of"]
].round(2)

# %% [markdown]
# `gmfe` is the geometric mean error factor (1 is perfect) with its 95 % interval; `n` of `of` cells were scored. A *fold*
# is one round, in which a group is left out; an *arm* is one way of predicting ({doc}`../book/glossary`).
#
# The same from the shell: `trinity evaluate --template held_out.csv` writes the table to be filled, and
# `trinity evaluate --predictions held_out.csv` scores it beside the project's arms, with the paired
# difference. Measured values and folds come from the project, so that a file cannot choose what counts.
#
# ## Licences
#
# Each row names its own.

# %%
for licence, rows in specimens.groupby("licence"):
    print(f"{len(rows)} specimens: {licence}", end="\n\n")

# %% [markdown]
# ## References
#
# ```{bibliography}
# :filter: docname in docnames
# ```
