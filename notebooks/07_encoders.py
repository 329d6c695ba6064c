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
# # Where could the language itself pay?
#
# ```{admonition} In this chapter
# :class: tip
# **Objectives.** Compare encoders by a rule that was written down before. **Prerequisites.** {doc}`07_power`.
# **Time.** 5 minutes.
# ```
#
# Other encoders were tried in the place of the shipped one, by a rule written down before: refractive index, arm
# phase 1, no physics, the bare embedding, labels and test in different clusters, mean over 5 to 40 labels. The shipped
# encoder stays unless the interval of a difference lies below zero.

# %% tags=["parameters"]
scale = "laptop"
seed = 0

# %%
import pandas as pd
from myst_nb import glue

from trinity.pipeline import stages

encoders = stages.load("encoders", scale=scale, seed=seed).results
pd.DataFrame(encoders["rows"]).round(5)

# %% tags=["remove-cell"]
glue("chosen", encoders["chosen"], display=False)
glue("left_out", ", ".join(encoders["missing"]) or "none", display=False)

# %% [markdown]
# By that rule the encoder is {glue:text}`chosen`. Candidates that could not be had when this was computed:
# {glue:text}`left_out`.
