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
# # One polymer, end to end
#
# ```{admonition} In this chapter
# :class: tip
# **Objectives.** Run the whole method for one polymer in seconds and see what each step adds; have a notebook
# small enough to change. **Prerequisites.** {doc}`06_finetuning`. **Time.** 15 minutes.
# ```
#
# The polymer is taken out of the measurements with its whole group, as in {doc}`07_ablation`. Then three
# answers to the same question: physics alone, phase 1 alone, and the published method, physics corrected by a Gaussian
# process on the embedding of phase 1 that learns from the measurements that are left. There is one phase-1 model in
# place of five, and at most `n_measurements` tests are learned from, so the answer is noisier than the published one.

# %% tags=["parameters"]
polymer = "PMMA"
flux_low_kw_m2 = 20.0
flux_high_kw_m2 = 90.0
thickness_mm = 6.0
n_measurements = 60
seed = 0

# %% tags=["hide-input"]
import numpy as np
import pandas as pd
from myst_nb import glue
from trinity_book.figures import prediction as figures_prediction
from trinity_book.figures import style

from trinity.cone.coordinates import to_targets
from trinity.evidence.arms import label
from trinity.learning.answer import answer
from trinity.learning.data import tests_of
from trinity.learning.intervals import group_weights
from trinity.learning.loop import member_folders
from trinity.learning.model import load_model
from trinity.learning.phase2 import correct
from trinity.measurements.specimens import load_measurements
from trinity.pipeline import stages
from trinity.quantities import TARGETS

style.use()

rng = np.random.default_rng(seed)
members = member_folders(stages.load("pretraining").folder)
phase1 = load_model(members[seed % len(members)])

# %% [markdown]
# The measurements that may be learned from: other groups, and as many as `n_measurements` says.

# %%
tests = load_measurements()
group = tests.loc[tests["polymer"] == polymer, "group_nine"].iloc[0]
others = tests[tests["group_nine"] != group]
taken = np.sort(rng.permutation(len(others))[:n_measurements])
known = others.iloc[taken].reset_index(drop=True)
known.groupby("polymer").size().rename("tests to learn from").to_frame().T

# %% [markdown]
# The question: this polymer at a range of irradiances.

# %%
asked = tests[tests["polymer"] == polymer].iloc[0]
flux = np.geomspace(flux_low_kw_m2, flux_high_kw_m2, 12)
question = pd.DataFrame(
    {
        "psmiles": asked["psmiles"],
        "components": asked["components"],
        "flux_kw_m2": flux,
        "thickness_mm": thickness_mm,
    }
)
training = tests_of(known, group_weights(known["group_nine"], known["lab"]))
phase2 = correct(phase1, training)


# %%
def answers(table, model=None):
    """What a model says of a table, or physics alone."""
    rows = tests_of(table)
    physics = rows.with_physics()
    found = physics.physics
    if model is not None:
        found = answer(model, physics).log_mean
    found = pd.DataFrame(to_targets(found, rows.complete), columns=TARGETS)
    return found.assign(flux_kw_m2=table["flux_kw_m2"].to_numpy())


lines = {
    "physics_only": answers(question),
    "phase1_only": answers(question, phase1),
    "two_phase": answers(question, phase2),
}
measured = tests[
    (tests["polymer"] == polymer)
    & tests["flux_kw_m2"].between(flux_low_kw_m2, flux_high_kw_m2)
]
title = f"{polymer}, {len(known)} measurements of others, seed {seed}"
figures_prediction.one_polymer(measured, lines, title)

# %% [markdown]
# The measured tests (dots) differ in thickness and laboratory. The lines are for one thickness and the mean
# laboratory. Asked for each measured test at its own thickness, the error factors are:

# %%
own = measured[measured["t_ig_s"].notna()].reset_index(drop=True)
own = own.drop(columns="lab")
found = {
    "physics_only": answers(own),
    "phase1_only": answers(own, phase1),
    "two_phase": answers(own, phase2),
}
targets = ["t_ig_s", "phrr_kw_m2"]
errors = {
    label(arm): np.exp(np.log(table[targets] / own[targets]).abs().mean())
    for arm, table in found.items()
}
pd.DataFrame(errors).round(2)

# %% tags=["remove-cell"]
glue("n_known", len(known), display=False)
glue("n_groups", known["group_nine"].nunique(), display=False)

# %% [markdown]
# Phase 2 learned from {glue:text}`n_known` tests of {glue:text}`n_groups` other groups. Where *phase 1 only* errs more than *physics only*, the network emulates the physics badly; where it errs less, its errors and those of the physics cancel in part. Where the last column errs
# more than *physics only*, phase 2 has carried something over from the other polymers that this one does not share. One polymer
# proves nothing: with another polymer the order of the columns changes, as {doc}`09_change` shows.
