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
# # Change this: worked examples
#
# ```{admonition} In this chapter
# :class: tip
# **Objectives.** Rerun a notebook of this book with other parameters; see what another polymer, another range
# of irradiance, another seed and fewer measurements change. **Prerequisites.** {doc}`06_one_polymer`,
# {doc}`../book/rerun`. **Time.** 20 minutes.
# ```
#
# Each example is one papermill command on {doc}`06_one_polymer`, executed when this page was made. Its figure
# and its table of error factors are shown as they came out.

# %% tags=["parameters"]
other_polymer = "PC"
other_flux_low_kw_m2 = 35.0
other_flux_high_kw_m2 = 60.0
other_seed = 1
few_measurements = 6

# %%
from trinity_book import course

# %% [markdown]
# ## As published
#
# ```bash
# papermill notebooks/06_one_polymer.ipynb build/out.ipynb
# ```

# %% mystnb={"image": {"alt": "PMMA as in the chapter before: time to ignition and peak heat release rate over irradiance, measured and predicted by physics, phase 1 and phase 1 + phase 2."}}
errors = course.rerun("one_polymer")

# %%
errors

# %% [markdown]
# ## Another polymer
#
# ```bash
# papermill notebooks/06_one_polymer.ipynb build/out.ipynb -p polymer PC
# ```

# %% mystnb={"image": {"alt": "The same for polycarbonate."}}
errors = course.rerun("one_polymer", polymer=other_polymer)

# %%
errors

# %% [markdown]
# Another chemistry was held out, so the lines *and* the measurements to learn from have changed. Compare the
# order of the error factors with the one above: what helps for one polymer can harm for the next, which is
# why the score of this book is an average over groups.
#
# ## Another range of irradiance
#
# ```bash
# papermill notebooks/06_one_polymer.ipynb build/out.ipynb -p flux_low_kw_m2 35 -p flux_high_kw_m2 60
# ```

# %% mystnb={"image": {"alt": "PMMA over a narrow range of irradiance."}}
errors = course.rerun(
    "one_polymer",
    flux_low_kw_m2=other_flux_low_kw_m2,
    flux_high_kw_m2=other_flux_high_kw_m2,
)

# %%
errors

# %% [markdown]
# Fewer tests of the polymer lie in the narrower range, so its error factors rest on fewer points. The model is
# the same: the range is only where it is asked.
#
# ## Another seed
#
# ```bash
# papermill notebooks/06_one_polymer.ipynb build/out.ipynb -p seed 1
# ```

# %% mystnb={"image": {"alt": "PMMA with another seed."}}
errors = course.rerun("one_polymer", seed=other_seed)

# %%
errors

# %% [markdown]
# This is another phase-1 model. The measurements are the same, because all that remain without PMMA are used; with
# `-p n_measurements=30` the seed chooses them, too. The difference between the two figures is one draw of
# the noise of the method; smaller effects cannot be told from it. The published model averages several.
#
# ## Fewer measurements
#
# ```bash
# papermill notebooks/06_one_polymer.ipynb build/out.ipynb -p n_measurements 6
# ```

# %% mystnb={"image": {"alt": "PMMA with only a few measurements of other polymers to learn from."}}
errors = course.rerun("one_polymer", n_measurements=few_measurements)

# %%
errors

# %% [markdown]
# Few data are not the same as no data: the trend and the offset are now estimated from a few tests of a few polymers and carried
# over to another, which may move the answer away from physics in the wrong direction. Compare the error factors with those
# above. How the score over all polymers depends on their number is in {doc}`07_controls`.
#
# ## Your turn
#
# `trinity run one_polymer -p polymer=PEEK` does the same and refuses a name that the notebook does not have.
# Try `thickness_mm=1.5`, or `n_measurements=0` (`trinity run` refuses it: why is that right?).
