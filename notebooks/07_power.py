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
# # Second properties: what phase 1 buys, with power
#
# ```{admonition} In this chapter
# :class: tip
# **Objectives.** Read learning curves over hundreds of test polymers; tell the value of pretraining from that
# of physics at prediction; see why nine polymers could not have told. **Prerequisites.** {doc}`07_ablation`.
# **Time.** 25 minutes.
# ```
#
# Nine groups of polymers in a cone calorimeter decide little. The three phases, however, know nothing about
# fire: give them another label, and they train in the same way. Two properties have labels for hundreds of
# polymers. The *refractive index* of the RadonPy database, from molecular dynamics and density functional
# theory, stands in for the expensive experiment. The *glass transition* of the OpenPoly database was measured,
# by many laboratories, with the scatter that this brings.
#
# For both there is cheap physics. Lorentz and Lorenz give the refractive index $n$ from a molar refractivity
# $R$, here Crippen's sum over atoms, and a molar volume $V$, here a sum over groups:
#
# $$\frac{n^2 - 1}{n^2 + 2} = \frac{R}{V}$$
#
# Nothing in it was fitted to the refractive index of a polymer. RadonPy computes its values by the same
# equation from better $R$ and $V$, so the form is right by construction. The glass transition comes from group
# increments, whose database overlaps with the truth; the plan says by how much.

# %% tags=["parameters"]
scale = "laptop"
seed = 0
property = "refractive_index"  # or tg_k
labels = 20  # at which the text compares arms; one of those in the table below

# %%
import tomllib

import pandas as pd
from myst_nb import glue
from trinity_book.figures import second_property as figures_second_property
from trinity_book.figures import style

from trinity.files import data_path
from trinity.pipeline import stages

style.use()
found = stages.load("second_property", scale=scale, seed=seed).results
plan = tomllib.loads(data_path("analysis_plan.toml").read_text())

# %% [markdown]
# ## The truth, and what the physics says of it
#
# Every structure of either truth was removed from the hypothetical table, by its key, before phase 1.

# %%
truth = pd.DataFrame(found["truth"]).map("{:.4g}".format)
truth

# %% tags=["remove-cell"]
shown = property if property in found["truth"] else truth.columns[0]
about = found["truth"][shown]
asked = sorted({row["labels"] for row in found["curves"] if row["property"] == shown})
at = min(asked, key=lambda n: abs(n - labels))
unit = {"refractive_index": ("", 4), "tg_k": (" K", 1)}[shown]


def rows_of(name, **wanted):
    """Rows of a kind about the property shown, with certain values."""
    table = pd.DataFrame(found[name]).query("property == @shown")
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table


def value_of(number):
    """An error with its unit."""
    return f"{number:.{unit[1]}f}{unit[0]}"


def p_of(row):
    """A probability as text; that of the language model against itself has none."""
    if pd.isna(row["p"]):
        return ""
    return "p < 0.001" if row["p"] < 0.001 else f"p {row['p']:.3f}"


def in_words(arm, physics, phase2="head", split="cluster"):
    """Error of an arm at the labels of the text, with its interval, and p."""
    rows = rows_of(
        "curves", arm=arm, physics=physics, phase2=phase2, split=split, labels=at
    )
    if rows.empty:
        return "(not computed at this scale)"
    row = rows.iloc[0]
    p = p_of(row)
    return (
        f"{value_of(row['mae'])} ({value_of(row['low'])} to {value_of(row['high'])}"
        f"{', ' + p if p else ''})"
    )


def worth_in_words(physics, split="cluster"):
    """Factor in labels that phase 1 saves, at the fewest labels and at those of the text."""
    rows = rows_of("worth", physics=physics, phase2="head", split=split)
    row = rows[rows["labels"] == at].iloc[0]
    return f"{row['factor']:.1f} ({row['low']:.1f} to {row['high']:.1f})"


def power_in_words(polymers, physics=False):
    """Share of the studies of so many polymers that would have shown the effect."""
    rows = rows_of(
        "power",
        physics=physics,
        phase2="head",
        split="cluster",
        labels=at,
        polymers=polymers,
    )
    return f"{100 * rows.iloc[0]['power']:.0f} %" if len(rows) else "(too few)"


compared = pd.DataFrame(found["curves"])["p"].notna().sum()
glue("comparisons", f"{compared:,}", display=False)
glue("structures", about["structures"], display=False)
glue("clusters", about["clusters"], display=False)
glue("in_table", about["in_the_hypothetical_table"], display=False)
glue("hypothetical", f"{found['hypothetical_polymers']:,}", display=False)
glue("physics_mae", value_of(about["physics_mae"]), display=False)
glue("physics_median", value_of(about["physics_median_ae"]), display=False)
glue("physics_bias", value_of(about["physics_bias"]), display=False)
glue("spread", value_of(about["standard_deviation"]), display=False)
glue(
    "increments", plan["second_properties"]["tg_k"]["physics"], display=False
)
glue("shown_property", style.in_words(shown), display=False)
glue("at", at, display=False)
for arm in figures_second_property.ARMS:
    glue(f"{arm}_plain", in_words(arm, False), display=False)
    glue(f"{arm}_physics", in_words(arm, True), display=False)
for arm in ("language_model", "phase1"):
    glue(
        f"{arm}_gradient",
        in_words(arm, False, "gradient"),
        display=False,
    )
glue("worth_plain", worth_in_words(False), display=False)
glue("worth_physics", worth_in_words(True), display=False)
for polymers in (9, 30, 100):
    glue(f"power_{polymers}", power_in_words(polymers), display=False)
    glue(
        f"power_{polymers}_physics",
        power_in_words(polymers, True),
        display=False,
    )

# %% [markdown]
# This page shows the {glue:text}`shown_property` of {glue:text}`structures` structures in
# {glue:text}`clusters` clusters; {glue:text}`in_table` of them were in the hypothetical table, of which
# {glue:text}`hypothetical` polymers are left. The physics alone misses by {glue:text}`physics_mae` in the mean
# and by {glue:text}`physics_median` in the median, its bias is {glue:text}`physics_bias`; the property itself
# has a standard deviation of {glue:text}`spread`. Of the group increments to the glass transition the analysis
# plan says: *{glue:text}`increments`*. The database behind them is not in this repository, so this count is
# quoted and not computed here.
#
# ## Learning curves
#
# Labels are drawn from some clusters of similar structures, and the error is that on all other clusters. One
# draw of labels serves every arm. A polymer's error is its mean over the draws and the seeds of phase 1; bars
# are 95 % over clusters of structures, so that a hundred similar polymers do not count as a hundred.

# %%
curves = rows_of("curves", phase2="head", split="cluster")
figures_second_property.learning_curves(curves)

# %% [markdown]
# At {glue:text}`at` labels the mean absolute error is
#
# | where phase 2 starts | without physics at prediction | with it |
# |---|---|---|
# | no chemistry | {glue:text}`none_plain` | {glue:text}`none_physics` |
# | random encoder | {glue:text}`random_plain` | {glue:text}`random_physics` |
# | language model | {glue:text}`language_model_plain` | {glue:text}`language_model_physics` |
# | phase 1 on shuffled labels | {glue:text}`shuffled_labels_plain` | {glue:text}`shuffled_labels_physics` |
# | phase 1 on the other property | {glue:text}`wrong_property_plain` | {glue:text}`wrong_property_physics` |
# | composition, no language | {glue:text}`composition_plain` | {glue:text}`composition_physics` |
# | **phase 1** | {glue:text}`phase1_plain` | {glue:text}`phase1_physics` |
# | physics alone, no label | | {glue:text}`physics_mae` |
# | physics with a fitted line | | {glue:text}`physics_recalibrated_physics` |
# | forest on the residual of the physics | | {glue:text}`forest_on_physics_physics` |
#
# Every p compares an arm with the language model at the same number of labels, by exchanging the signs of whole
# clusters. Compare phase 1 with three things: the language model (does pretraining help?), phase 1 on shuffled
# labels (is it the chemistry in the labels?), and the forest on the residual (would an ordinary learner beside
# the physics do as well?).
#
# Where a number on the right is larger than that of physics alone, so few labels have made the physics worse: the
# correction has learned their noise. The results file holds {glue:text}`comparisons` such comparisons over both
# properties, and no p here is corrected for that: everything on this page is exploratory, and a single p of a few
# per cent says little.
#
# Finetuned by gradient, all weights, the language model reaches {glue:text}`language_model_gradient` and
# phase 1 {glue:text}`phase1_gradient`.
#
# ## How many labels is phase 1 worth?
#
# The language model needs more labels for the error that phase 1 has. Without physics at prediction the factor
# at {glue:text}`at` labels is {glue:text}`worth_plain`; with physics it is {glue:text}`worth_physics`. A factor
# of one means that phase 1 saves nothing. Where the curve of the language model ends before it reaches that
# error, its end is counted, so a factor can be a lower bound: the column `beyond` is the share of the
# resamples in which that happens.

# %%
columns = ["factor", "low", "high", "beyond"]
worth = rows_of("worth", phase2="head", split="cluster")
worth.set_index(["physics", "labels"])[columns].round(2)

# %% [markdown]
# ## What nine polymers would have shown
#
# Take one draw of labels and only so many of its test polymers, as a study of that size would, and test for
# the difference between phase 1 and the language model.

# %%
power = rows_of("power", phase2="head", split="cluster")
figures_second_property.power_curve(power)

# %% [markdown]
# At {glue:text}`at` labels without physics at prediction, {glue:text}`power_9` of the studies of nine polymers
# would have shown the effect, {glue:text}`power_30` of those of thirty, {glue:text}`power_100` of those of a
# hundred; with physics {glue:text}`power_9_physics`, {glue:text}`power_30_physics` and
# {glue:text}`power_100_physics`. The share is to be read against 5 %, which is what chance gives where there is
# no effect at all, half of it in the right direction. A study that finds nothing with nine polymers has
# therefore not found that there is nothing.
#
# ## And the language?
#
# The language model begins with no advantage over an encoder that was never trained: compare the two rows of the table.
# Whether another encoder does better is asked in {doc}`07_encoders`.
#
# ## To try
#
# 1. Run this page for the other property: `trinity run power -p property=tg_k`. In which does the cheap physics
#    leave less to learn?
# 2. Change `labels`. Where does phase 1 stop paying, and why?
# 3. The test polymers of the cone calorimeter are nine groups. What would have to be true of the effect there
#    for nine groups to show it?
