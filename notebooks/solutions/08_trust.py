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
# # Exercises 8: uncertainty and when not to trust it
#
# Four exercises on intervals and the domain of a model, about 40 minutes. The first three read published
# predictions and need no torch.

# %% tags=["parameters"]
arm = "two_phase"
target = "t_ig_s"
narrower = 0.7

# %%
import numpy as np
import pandas as pd
from trinity_book.course import answer

from trinity.chemistry.descriptors import nearest_similarity, unpacked
from trinity.evidence.scores import headline
from trinity.learning.intervals import group_weights
from trinity.pipeline import stages

rows = headline(stages.load("ablation").results)
rows = rows[(rows["arm"] == arm) & (rows["target"] == target)]

# %% [markdown]
# ## 8.1 Compute: do the intervals hold?
#
# `rows` has the held-out predictions of `t_ig_s` with the ends `lo` and `hi` of their 90 % intervals. What
# percentage of the measurements lies inside, when all groups (`fold`) are weighted equally?

# %% tags=["start"]
coverage_percent = ...

# %% tags=["solution", "hide-cell"]
inside = (rows["lo"] <= rows["measured"]) & (rows["measured"] <= rows["hi"])
by_group = 100 * inside.groupby(rows["fold"]).mean()
coverage_percent = float(by_group.mean())
by_group.sort_values().round(0)

# %% tags=["check", "remove-cell"]
answer(coverage_percent, within=0.01)

# %% [markdown] tags=["solution"]
# :::{admonition} Reading it
# :class: dropdown
# The average hides which groups the misses are in. Tests of one polymer share its bias, so that an interval that holds
# for nine of ten polymers may show as one bad group among nine.
# :::

# %% [markdown]
# ## 8.2 Change and explain: narrower intervals
#
# Make every interval narrower: multiply its half-width in $\ln$ by 0.7. What is the coverage over groups now,
# in per cent? Why does it not fall to 70 % of what it was?

# %% tags=["start"]
narrow_coverage_percent = ...

# %% tags=["solution", "hide-cell"]
middle = np.log(rows["lo"] * rows["hi"]) / 2
half_width = np.log(rows["hi"] / rows["lo"]) / 2
miss = (np.log(rows["measured"]) - middle).abs()
held = miss <= narrower * half_width
narrow_coverage_percent = float(100 * held.groupby(rows["fold"]).mean().mean())
round(narrow_coverage_percent, 1)

# %% tags=["check", "remove-cell"]
answer(narrow_coverage_percent, within=0.01)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# Most errors are much smaller than the interval, so shrinking it loses only those near its ends. Coverage
# alone is therefore a poor judge: an interval may be far too wide and look good. The interval score of the
# chapter penalises both width and misses.
# :::

# %% [markdown]
# ## 8.3 Compute: the factor that would have been right
#
# By what factor would all half-widths have to be multiplied so that 90 % of the measurements lie inside, each
# group with the same weight? (`np.quantile` takes the weights that `group_weights(groups)` gives, with
# `method="inverted_cdf"`.) May you use that factor in a publication?

# %% tags=["start"]
right_factor = ...

# %% tags=["solution", "hide-cell"]
ratios = (miss / half_width).to_numpy()
weights = group_weights(rows["fold"])
share = 0.9 - 1e-9  # a whole number of groups of equal weight is not missed by rounding
right_factor = float(
    np.quantile(ratios, share, weights=weights, method="inverted_cdf")
)
round(right_factor, 3)

# %% tags=["check", "remove-cell"]
answer(right_factor, within=0.02)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# It was computed from the answers, so its coverage is 90 % by construction and proves nothing. The published
# intervals have no such factor: their width comes from the variances that phase 2 fits to the other polymers.
# :::

# %% [markdown]
# ## 8.4 Open: find the edge of the model
#
# `nearest_similarity(psmiles, seen)` is the similarity to the nearest polymer that the model has
# seen. Below `least_similarity` the model says `in_domain: false`. Find a repeat unit that a chemist would
# call a polymer and the model does not know. What is missing in the synthetic table?

# %% tags=["start"]
from safetensors.numpy import load_file

finetuned = stages.load("finetuning")
seen = unpacked(
    load_file(finetuned.folder / "domain.safetensors")["fingerprints"]
)
tried = ["*CC(*)c1ccccc1", "*C(F)(F)C(F)(F)*"]
{s: round(nearest_similarity(s, seen), 2) for s in tried}

# %% tags=["solution", "hide-cell"]
candidates = {
    "polyacetylene": "*C=C*",
    "polythiophene": "*c1ccc(*)s1",
    "poly(dichlorophosphazene)": "*P(Cl)(Cl)=N*",
    "polyaniline": "*Nc1ccc(*)cc1",
    "PTFE": "*C(F)(F)C(F)(F)*",
    "cellulose": "*OC1C(CO)OC(*)C(O)C1O",
}
found = pd.DataFrame(
    {
        "similarity": {
            name: nearest_similarity(s, seen)
            for name, s in candidates.items()
        }
    }
)
found["in domain"] = (
    found["similarity"] >= finetuned.results["least_similarity"]
)
found.sort_values("similarity").round(2)

# %% [markdown] tags=["solution"]
# :::{admonition} What a good answer holds
# :class: dropdown
# Families that the generator does not have, such as polyenes, phosphazenes and sugars. The threshold is lenient: an
# aromatic chain such as polythiophene may pass it although nothing like it was simulated. And the reverse: a
# polymer whose environments are all known may still burn in a way that no equation here describes. "In
# domain" means similar in structure, not similar in fire.
# :::
