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
# # The problem: a fire test, its cost and its scatter
#
# ```{admonition} In this chapter
# :class: tip
# **Objectives.** Know what a cone calorimeter measures; read the measured data of this book; see why a
# laboratory is a source of bias. **Prerequisites.** Python and pandas. **Time.** 20 minutes.
# ```
#
# A cone calorimeter {cite}`babrauskas1984,iso5660` holds a flat specimen under a conical heater. The
# irradiance, the radiant heat that arrives on each square metre, is set, typically to between 25 and
# 75 kW/m² (bright sunshine brings about one), and a spark waits above the surface. The specimen heats up, decomposes and gives off gas; when there is enough gas, the spark lights it. For every kilogram of oxygen that a fire consumes, about 13.1 MJ is released {cite}`huggett1980`. The apparatus
# measures the oxygen in the smoke and infers the **heat release rate** (HRR) as a function of time.
#
# This book learns to predict the outcome of such a test from the structure of the polymer alone.

# %% tags=["parameters"]
polymer = "PMMA"
flux_kw_m2 = 50.0

# %% tags=["hide-input"]
import numpy as np
from myst_nb import glue
from trinity_book.figures import concepts as figures_concepts
from trinity_book.figures import measurements as figures_measurements
from trinity_book.figures import style

from trinity.measurements.specimens import (
    load_curves,
    load_measurements,
    load_specimens,
)

style.use()

# %% tags=["hide-input"] data="none"
figures_concepts.cone_test()

# %% [markdown]
# The heat release rate over time is the result of a test. Here is one measured curve of
# {glue:text}`polymer`:

# %% tags=["hide-input"]
specimens, curves = load_specimens(), load_curves()
own = specimens[
    (specimens["polymer"] == polymer) & specimens["thr_mj_m2"].notna()
]
test = own.loc[(own["flux_kw_m2"] - flux_kw_m2).abs().idxmin()]
figures_concepts.measured_curve(curves[test["test_id"]], test)

# %% [markdown]
# *Data: one specimen; nothing is fitted or smoothed.* Four numbers summarise a curve: the **time to ignition**
# $t_{ig}$, the **peak heat release rate** (pHRR), its time $t_{peak}$, and the **total heat released** (THR), which is
# the area below the curve.
#
# ## All the tests that we found
#
# The measurements of this book fit into one small table: tests of neat thermoplastics that laboratories
# have published under terms that allow them to be shown. One row is a *cell*, the mean of the
# specimens that one laboratory burnt under one condition. The {doc}`data card <01_measurements>` has the
# curves, the artefacts and the licences. What the short names stand for is in the
# {doc}`../book/glossary`.

# %%
tests = load_measurements()
tests[
    [
        "polymer",
        "psmiles",
        "lab",
        "flux_kw_m2",
        "thickness_mm",
        "t_ig_s",
        "phrr_kw_m2",
    ]
].sample(5, random_state=1).round(1)

# %% tags=["remove-cell"]
glue("n_tests", len(tests), display=False)
glue("n_ignited", int(tests["t_ig_s"].notna().sum()), display=False)
glue("n_polymers", tests["polymer"].nunique(), display=False)
glue("n_groups", tests["group_nine"].nunique(), display=False)

# %% [markdown]
# There are {glue:text}`n_tests` cells (each a mean of one or more specimens) of {glue:text}`n_polymers` materials, and
# {glue:text}`n_ignited` of them ended in ignition. Grouped by chemistry, they are only {glue:text}`n_groups` independent
# examples: these *groups of polymers* are not the structural groups of chapter 2. A model with a million
# parameters has to learn from these.

# %%
laboratory = tests["lab"].str.replace(r"MaCFP-.*", "MaCFP", regex=True)
tests.groupby(["polymer", laboratory]).size().unstack(fill_value=0)

# %% [markdown]
# Both quantities span more than a factor of ten, and irradiance explains much of it: under a hotter heater, a
# specimen ignites sooner and burns more fiercely.

# %%
figures_measurements.ignition_against_flux(tests)
# %% tags=["remove-cell"]
typical = (
    tests[tests["flux_kw_m2"] == flux_kw_m2]
    .groupby("polymer")["t_ig_s"]
    .median()
)
glue("flux", f"{flux_kw_m2:.0f}", display=False)
glue(
    "chemistry_factor", f"{typical.max() / typical.min():.0f}", display=False
)

# %% [markdown]
# Read the left panel along a vertical line. At {glue:text}`flux` kW/m² the slowest polymer takes
# {glue:text}`chemistry_factor` times as long to ignite as the fastest. Most of this factor is due to chemistry, which a model has to predict from the repeat unit; thickness, grade and
# laboratory, which differ too, make a smaller one (next section).

# %% [markdown]
# ## How well could anybody predict?
#
# No model can be better than the data by which it is judged. Nearly all laboratories tested one polymer, which shows
# how far they agree.

# %%
figures_measurements.one_polymer_by_laboratory(tests, polymer)
# %%
near = tests[
    (tests["polymer"] == polymer)
    & (abs(tests["flux_kw_m2"] - flux_kw_m2) <= 1.0)
]
spread = float(np.exp(np.log(near["t_ig_s"]).std()))
near[["lab", "flux_kw_m2", "thickness_mm", "t_ig_s", "phrr_kw_m2"]]

# %% tags=["remove-cell"]
glue("polymer", polymer, display=False)
glue("spread", f"{spread:.2f}", display=False)
glue("n_near", len(near), display=False)

# %% [markdown]
# At {glue:text}`flux` kW/m², the {glue:text}`n_near` tests of {glue:text}`polymer` scatter about their geometric mean
# by a factor of {glue:text}`spread` in ignition time (one standard deviation), although the material is nominally the
# same. Thickness matters little for ignition once a specimen is *thermally thick*, which means that its back is still
# cold when its front ignites. Most of the scatter therefore comes from grade, colour and laboratory. It sets a floor: a model that knew the mean of this polymer exactly would still be
# off by about four fifths of that scatter on average. {doc}`01_measurements` separates specimen and laboratory.
#
# ## Two rules that follow
#
# **Conditions are inputs.** The same polymer appears at several irradiances and thicknesses. A model
# that keeps one label per polymer must discard most of the data. Here flux and thickness are inputs beside the
# structure.
#
# **Hold out polymers, not rows.** Two tests of one polymer resemble each other. If one is used for training and the
# other for testing, the score measures memory. Every score in this book is measured on a group of polymers that the
# model has not seen.
#
# ## When to use something else
#
# A cone calorimeter measures a flat specimen under constant irradiance. If the question is flame spread, dripping,
# smoke toxicity or a finished product, another test answers it, and so should another model.
#
# ## Exercises
#
# Four exercises with solutions, also as a notebook with self-checks: {doc}`solutions/01_problem`.
#
# ## References
#
# ```{bibliography}
# :filter: docname in docnames
# ```
