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
# # What pretraining buys
#
# ```{admonition} In this chapter
# :class: tip
# **Objectives.** Separate what pretraining buys from what physics at prediction buys; read a paired
# comparison over polymers; say what nine groups of polymers can and cannot show.
# **Prerequisites.** {doc}`06_finetuning`. **Time.** 30 minutes.
# ```
#
# The paper claims that pretraining on synthetic tests is vital when measurements are scarce. To test the
# claim, one ingredient must change at a time. So every arm below has the same phase 2, a Gaussian process
# whose kernel and priors were declared before the first run, and arms differ in two respects only:
#
# * **where phase 2 starts**: nothing but the test conditions, a random encoder, the language model of
#   phase 0, phase 1 on shuffled labels, or phase 1;
# * **whether physics answers at prediction**: phase 2 then corrects the cone model, not the network.
#
# Each of the nine groups of polymers is left out in turn, from every laboratory, and predicted from its
# structure alone. The laboratory of a test is hidden, because a user's question names none.
#
# In tables an arm is named after its start, with *physics* where physics answers at prediction. *Phase 1 only* and
# *physics only* have no phase 2. Some pages print the short names of the code: `two_phase` is *phase 1, physics* (the
# shipped model), `direct` is *language model*, and `gaussian_process` is *composition*.

# %% tags=["parameters"]
scale = "laptop"
seed = 0
grouping = "nine"

# %%
import pandas as pd
from myst_nb import glue
from trinity_book.figures import learning as figures_learning
from trinity_book.figures import prediction as figures_prediction
from trinity_book.figures import style

from trinity.evidence import scores as evaluation
from trinity.evidence.arms import CELLS, label
from trinity.evidence.factorial import verdict
from trinity.measurements.specimens import load_measurements
from trinity.pipeline import stages

style.use()

# %%
published = stages.load("ablation", scale=scale, seed=seed).results
controls = stages.load("controls", scale=scale, seed=seed).results
rows = evaluation.headline(published, grouping)
scores = pd.DataFrame(evaluation.scores(rows))

# %% [markdown]
# ## Three questions, declared in advance
#
# The endpoint is the mean over groups of the mean absolute logarithmic error of ignition time and peak heat
# release rate. The effect is the error that the better-equipped arm saves; the p-value comes from an exact
# sign-flip test over the nine groups, corrected for three questions by Holm's method.
#
# 1. The paper's: does phase 1 improve on starting from the language model directly?
# 2. Does pretraining still pay when physics answers at prediction, too?
# 3. Do measurements improve physics?

# %%
questions = pd.DataFrame(controls["primary_questions"], index=[1, 2, 3])
questions["verdict"] = [verdict(row) for row in controls["primary_questions"]]
questions["groups needed"] = questions["groups_for_80_percent_power"]
questions[
    ["verdict", "effect", "low", "high", "p", "p_holm", "groups needed"]
].round(3)

# %% [markdown]
# The last column says how many groups of polymers a study would need to see such an effect four times out of five, if
# the true effect and scatter were the observed ones. It gives an order of magnitude and is no evidence of its own: the
# interval is what is read. *Not shown* does not mean that there is no effect; such a question needs properties with
# hundreds of polymers ({doc}`07_power`).
#
# "Finetuning" means here the same Gaussian process for every arm: no weight of the language model is moved.
# Finetuning by gradient, as the paper does, is in {doc}`07_gradient`.
#
# ## The factorial

# %%
cells = pd.DataFrame(controls["factorial"])
cells["arm"] = [
    label(CELLS[start, physics].name)
    for start, physics in zip(cells["start"], cells["physics"], strict=True)
]
cells.set_index("arm")[
    ["lab_hidden", "lab_known", "effect", "low", "high", "p", "p_holm"]
].round(3)

# %% tags=["remove-cell"]
found = cells.set_index(["start", "physics"])["lab_hidden"]
for name, value in {
    "physics_gain": found["phase1", False] - found["phase1", True],
    "phase1_gain": found["language_model", False] - found["phase1", False],
    "both": found["phase1", True],
    "neither": found["language_model", False],
    "best_with_physics": found.xs(True, level="physics").min(),
}.items():
    glue(name, f"{value:.3f}", display=False)
ranked = found.xs(True, level="physics").sort_values()
glue("best_start", ranked.index[0].replace("_", " "), display=False)
glue("place", list(ranked.index).index("phase1") + 1, display=False)
glue("starts", len(ranked), display=False)
others = pd.DataFrame(controls["scores"]["hidden"]["primary"]).set_index("arm")
for name, arm in {
    "phase1_alone": "phase1_only",
    "phase1_plain": "phase1",
    "physics_alone": "physics_only",
    "composition_plain": "gaussian_process",
    "composition_with": "composition_physics",
}.items():
    glue(name, f"{others.loc[arm, 'mean_abs_ln']:.3f}", display=False)

# %% [markdown]
# `lab_hidden` and `lab_known` are the endpoint with the laboratory of the test hidden and named. The other
# columns compare each row with phase 1 under the same physics: a positive effect means that phase 1 errs
# less. Apart from the rows of questions 1 and 2, this table is exploratory. Those two rows appear here a second time,
# corrected for the four comparisons of their half of the table in place of the three questions. The bootstrap of nine
# groups gives intervals that are somewhat too narrow, so that one may exclude zero where the exact p does not: p
# decides. Phase 1 on shuffled labels has one seed, because each costs as much as phase 1 itself; other random starts
# have five.
#
# From the language model without physics at prediction ({glue:text}`neither`), phase 1 saves
# {glue:text}`phase1_gain`. Once phase 1 is there, asking the physics at prediction saves
# {glue:text}`physics_gain` more, to {glue:text}`both`. But phase 1 alone, with no measurement at all, has
# {glue:text}`phase1_alone`, and phase 2 on top of it, without physics, {glue:text}`phase1_plain`. The difference is
# within the noise of nine groups: nothing is seen here that phase 2 adds to what phase 1 predicts.
#
# With physics at prediction the starts rank differently: the smallest error is that of
# *{glue:text}`best_start`* ({glue:text}`best_with_physics`), and phase 1 ranks {glue:text}`place` of
# {glue:text}`starts`. A description of the composition, without any language, has {glue:text}`composition_plain` without
# physics and {glue:text}`composition_with` with it; physics alone has {glue:text}`physics_alone`. Phase 1 has learned what the physics says. Where the physics answers by itself, an embedding
# that repeats it cannot tell the correction how the physics errs. Whether that is the reason is not shown here; the
# comparison is exploratory, and the intervals above say how little nine groups decide.
#
# ## Without doubtful cells
#
# Some cells carry the mark `care`: digitised curves, odd specimens, a heat flux that is in doubt
# ({doc}`01_measurements`). They count above. Without them the endpoint of the main arms is:

# %%
tests = load_measurements()
doubtful = tests.loc[tests["quality"] == "care", "test_id"]
kept = rows[~rows["test_id"].isin(doubtful)]
table = pd.DataFrame(
    {
        name: evaluation.group_errors(part)
        .xs("primary", level="target")
        .mean(axis=1)
        for name, part in (("all cells", rows), ("without", kept))
    }
)
table.rename(label).sort_values("without").round(3)

# %% tags=["remove-cell"]
glue("n_doubtful", len(doubtful), display=False)
glue("n_cells", len(tests), display=False)
ranks = table.rank()
same = (ranks["all cells"] == ranks["without"]).all()
glue("order", "does not change" if same else "changes", display=False)
glue(
    "better",
    int((table["without"] < table["all cells"]).sum()),
    display=False,
)
glue("arms", len(table), display=False)

# %% [markdown]
# That is a harder selection than it sounds: {glue:text}`n_doubtful` of the {glue:text}`n_cells` cells carry the mark.
# {glue:text}`better` of the {glue:text}`arms` arms do better without them, and the order of the arms {glue:text}`order`.
# This table was declared, and is exploratory.
#
# ## Predictions against measurements
#
# Every marker is a cell (replicates averaged) of a polymer that the model had not seen; the band is a factor of two.

# %%
figures_learning.parity_by_arm(
    rows, ["direct", "phase1_only", "two_phase"], ["t_ig_s", "phrr_kw_m2"]
)
# %% [markdown]
# ## Error factors
#
# The geometric mean error factor, averaged over laboratories within a group and then over groups: 1 is
# perfect, and 2 means wrong by a factor of two in either direction. Bars are 95 % bootstrap intervals over
# groups.

# %%
figures_learning.ablation(scores, ["t_ig_s", "phrr_kw_m2"])
# %%
table = scores.pivot(index="arm", columns="target", values="gmfe").rename(
    label
)
table[["t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2"]].sort_values(
    "t_ig_s"
).round(2)

# %% [markdown]
# ## Polymer by polymer

# %% shows="time to ignition"
errors = evaluation.group_errors(rows)
figures_learning.errors_by_group(
    errors.xs("t_ig_s", level="target"), "time to ignition"
)
# %% shows="peak heat release rate"
figures_learning.errors_by_group(
    errors.xs("phrr_kw_m2", level="target"), "peak heat release rate"
)
# %% [markdown]
# Light cells are good. Read a column to see which polymer is hard for every arm, and a row to see where an
# arm fails: an average hides both.
#
# ## Do the intervals hold?
#
# Every prediction carries a 90 % interval. Coverage is the share of measurements inside it, averaged over
# groups that were left out.

# %%
figures_prediction.intervals(
    rows[(rows["arm"] == "two_phase") & (rows["seed"] == rows["seed"].min())],
    "t_ig_s",
)
# %%
primary = scores[scores["target"].isin(["t_ig_s", "phrr_kw_m2"])]
primary.pivot(
    index="arm", columns="target", values=["coverage", "interval_score"]
).rename(label).round(2)

# %% [markdown]
# The interval score charges for width and for misses; the lowest is best.
#
# ## Exercises
#
# Four exercises with solutions, also as a notebook with self-checks: {doc}`solutions/07_ablation`.
