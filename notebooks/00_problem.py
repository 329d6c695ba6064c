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
# 75 kW/m² (bright sunshine brings about one), and a spark waits above the surface. The specimen heats up, decomposes and gives off gas; when there is enough gas, the spark lights it. From
# the oxygen that the fire consumes, about 13.1 MJ is released for every kilogram {cite}`huggett1980`,
# the apparatus infers the **heat release rate** (HRR) as a function of time.
#
# Four numbers summarise a curve: the **time to ignition** $t_{ig}$, the **peak heat release rate**
# (pHRR), its time $t_{peak}$, and the **total heat released** (THR).

# %% tags=["parameters"]
polymer = "PMMA"
flux_kw_m2 = 50.0

# %%
import numpy as np
from myst_nb import glue
from trinity_book.figures import measurements as figures_measurements
from trinity_book.figures import style

from trinity.measurements.specimens import load_measurements

style.use()

# %% [markdown]
# ## All that we found
#
# The scarce data of this book are all in one small table: tests of neat thermoplastics that fourteen
# laboratories have published under terms that allow to show them. One row is a *cell*, the mean of the
# specimens that one laboratory burnt under one condition; the {doc}`data card <12_measurements>` has the
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
].sample(5, random_state=1)

# %% tags=["remove-cell"]
glue("n_tests", len(tests), display=False)
glue("n_ignited", int(tests["t_ig_s"].notna().sum()), display=False)
glue("n_polymers", tests["polymer"].nunique(), display=False)
glue("n_groups", tests["group_nine"].nunique(), display=False)

# %% [markdown]
# There are {glue:text}`n_tests` tests of {glue:text}`n_polymers` materials, {glue:text}`n_ignited` of them with
# ignition. Grouped by chemistry they make only {glue:text}`n_groups` independent examples. That is what a
# model of a million parameters has to learn from.

# %%
laboratory = tests["lab"].str.replace(r"MaCFP-.*", "MaCFP", regex=True)
tests.groupby(["polymer", laboratory]).size().unstack(fill_value=0)

# %% [markdown]
# Both targets span more than a decade, and irradiance explains much of it: hotter heaters ignite
# sooner and burn fiercer.

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
# Read the left panel along a vertical line: at {glue:text}`flux` kW/m² the slowest polymer takes
# {glue:text}`chemistry_factor` times as long to ignite as the fastest. That factor is chemistry, and it is
# what a model has to predict from the repeat unit.

# %% [markdown]
# ## How well could anybody predict?
#
# No model can be better than the data it is judged by. The one polymer that nearly all laboratories
# tested shows how far they agree.

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
# by a factor of {glue:text}`spread` in ignition time (one standard deviation), although the material is
# nominally one. Thickness matters little for ignition once a specimen is *thermally thick*, which means that
# its back is still cold when its front ignites; so most of this is grade, colour and laboratory: the floor under every error in this book.
#
# ## Two rules that follow
#
# **Conditions are inputs.** The same polymer appears at several irradiances and thicknesses. A model
# that keeps one label a polymer must throw most of the data away; here flux and thickness enter beside
# the structure.
#
# **Hold out polymers, not rows.** Two tests of one polymer resemble each other. If one is used for
# training and the other for testing, the score measures memory. Every score in this book leaves out a
# whole chemistry.
#
# ## Exercises
#
# To compute, to change and explain, and one open; with solutions, and as a notebook with self-checks:
# {doc}`solutions/01_problem`.
#
# ## References
#
# ```{bibliography}
# :filter: docname in docnames
# ```
