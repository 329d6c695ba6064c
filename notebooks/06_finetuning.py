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
# # Phase 2: finetuning on measurements
#
# ```{admonition} In this chapter
# :class: tip
# **Objectives.** Finetune a phase-1 model on the measured tests; see what finetuning changes; predict a
# polymer with an interval. **Prerequisites.** {doc}`05_pretraining`. **Time.** 20 minutes.
# ```
#
# The phase-1 model has learned the physics, mistakes included. So few measurements of so few polymers cannot teach
# it chemistry, but
# they can correct what polymers have in common: the heat that the flame feeds back, the bias of the properties, the
# laboratory. Three modes finetune phase 1 by gradient descent: all weights, low-rank updates {cite}`hu2022lora`, or the
# head alone, each drawn back to phase 1 at every step {cite}`li2018l2sp`. The fourth, `kernel`, is that of the published
# model and moves no weight: a Gaussian process on the embedding of phase 1 corrects the cone model, with a kernel and
# priors fixed in the analysis plan ({doc}`../book/learning`).

# %% tags=["parameters"]
scale = "laptop"
seed = 0
psmiles = "*CC(*)c1ccccc1"
thickness_mm = 6.0
mode = "kernel"

# %% tags=["hide-input"]
import numpy as np
import pandas as pd
from myst_nb import glue
from trinity_book.figures import prediction as figures_prediction
from trinity_book.figures import style

from trinity.measurements.specimens import load_measurements
from trinity.pipeline import stages
from trinity.prediction.predict import predict_frame

style.use()

changed = {} if mode == "kernel" else {"mode": mode}

# %% [markdown]
# ## Finetuning
#
# This trains (or loads) the model that `trinity predict` uses: an ensemble, finetuned on every
# measured test. Nothing in this chapter is a test of it, because it has seen all the data. The test is in
# {doc}`07_ablation`.

# %%
finetuning = stages.load("finetuning", scale=scale, seed=seed, **changed)
tests = load_measurements()

# %% [markdown]
# ## What the model remembers
#
# On the measurements themselves, after finetuning:

# %%
rows = tests[tests["t_ig_s"].notna()].reset_index(drop=True)
inputs = rows[["psmiles", "components", "lab", "flux_kw_m2", "thickness_mm"]]
after = pd.DataFrame(predict_frame(inputs, model=finetuning.folder))
factor = {
    target: float(np.exp(np.abs(np.log(after[target] / rows[target])).mean()))
    for target in ("t_ig_s", "phrr_kw_m2", "thr_mj_m2", "t_peak_s")
}
pd.Series(factor, name="error factor on the training data").round(3)

# %% tags=["remove-cell"]
glue("fit_t_ig", f"{factor['t_ig_s']:.2f}", display=False)
glue("fit_phrr", f"{factor['phrr_kw_m2']:.2f}", display=False)
glue("n_fit", len(rows), display=False)

# %% [markdown]
# An error factor of {glue:text}`fit_t_ig` for ignition and {glue:text}`fit_phrr` for the peak, on the
# {glue:text}`n_fit` cells that ignited, all of which it has seen. This is how well the model *remembers*, not how well it predicts.
# The held-out errors in chapter 7 are larger: they are for new polymers, with the laboratory hidden and groups weighted
# equally. Most of the difference is that between a polymer that was measured and one that was not.
#
# ## One polymer, every irradiance
#
# The finetuned model answers at any irradiance. Its interval widens where it has seen less.

# %%
flux = np.linspace(20, 90, 15)
question = pd.DataFrame(
    {"psmiles": psmiles, "flux_kw_m2": flux, "thickness_mm": thickness_mm}
)
answers = pd.DataFrame(predict_frame(question, model=finetuning.folder))
figures_prediction.prediction_against_flux(answers, psmiles)

# %% [markdown]
# The band is the 90 % interval. Ignition time falls with irradiance and the peak rises: answers at a fixed
# set of heat fluxes are made monotone before they are read off in between, so that no answer breaks this rule.
#
# ## What it buys, what it costs
#
# **What it buys.** A correction with error bars from about a hundred tests, in seconds, without moving a weight of the
# encoder.
#
# **What it costs.** The interval for a new polymer is wide, because eight groups say little about how a ninth differs.
#
# **When to use something else.** With thousands of measurements, finetune by gradient (`trinity run finetuning -p mode=full`). With none, ask the
# physics model alone.
#
# ## Exercises
#
# Four exercises with solutions, also as a notebook with self-checks: {doc}`solutions/06_two_phases`.
#
# ## References
#
# ```{bibliography}
# :filter: docname in docnames
# ```
