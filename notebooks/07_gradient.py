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
# # Finetuning by gradient
#
# ```{admonition} In this chapter
# :class: tip
# **Objectives.** Tell finetuning by gradient from the closed form; see what a learning rate can do to a
# comparison. **Prerequisites.** {doc}`07_ablation`. **Time.** 15 minutes.
# ```
#
# The paper finetunes by gradient; the phase 2 of this book is a closed form. Does the paper's own way of
# finetuning change the answer? Everything here is exploratory.

# %% tags=["parameters"]
scale = "laptop"
seed = 0

# %%
import pandas as pd
from myst_nb import glue
from trinity_book.figures import style
from trinity_book.figures import understanding as figures_understanding

from trinity.pipeline import stages

style.use()
gradient = stages.load("slow_controls", scale=scale, seed=seed).results
whole = stages.load("descents", scale=scale, seed=seed).results

# %% [markdown]
# ## With and without phase 1
#
# The same start, finetuned by gradient: all weights, the recipe of the paper (all weights, relative L2 loss,
# a falling learning rate), low-rank updates, and the head alone. Physics does not answer at prediction. The
# learning rate is one of three, chosen on inner splits of each fold with early stopping, with the same grid
# from either start.

# %%
pairs = pd.DataFrame(gradient["comparisons"]).set_index("recipe")
errors = pd.DataFrame(gradient["training"]).groupby(["recipe", "start"])
trained = errors["training_error"].mean().unstack("start")
pairs.drop(columns="untrained").join(trained.add_prefix("training error, ")).round(3)

# %% tags=["remove-cell"]
late = [
    f"{recipe} from {' and '.join(starts)}"
    for recipe, starts in pairs["untrained"].items()
    if starts
]
glue("untrained", "; ".join(late) or "none", display=False)

# %% [markdown]
# A positive effect is the error that phase 1 saves. An arm whose error on its own training cells stays above
# the limit of the analysis plan was not trained, and nothing is concluded from it: {glue:text}`untrained`.
#
# ## To the end
#
# Early stopping ends a descent where the polymers of the inner split are predicted best. That is wise for a user and
# poor for an argument: who wants to say that direct finetuning fails must have trained it. So here is the recipe of the
# paper once more, with one learning rate, {glue:text}`rate`, the largest of the grid, and all its steps. This study is
# not in the analysis plan; it was added when the training errors above had been seen.

# %%
figures_understanding.descents(pd.DataFrame(whole["errors"]))

# %%
pd.DataFrame(
    {
        start: {"learned from": end["seen"], "left out": end["left_out"]}
        for start, end in whole["end"].items()
        if start != "comparison"
    }
).round(3)

# %% tags=["remove-cell"]
saved = whole["end"]["comparison"]
glue("rate", whole["rate"], display=False)
glue(
    "saved",
    f"{saved['effect']:+.3f} ({saved['low']:+.3f} to {saved['high']:+.3f})",
    display=False,
)
glue("saved_p", f"{saved['p']:.3f}", display=False)

# %% [markdown]
# The table has the errors at the end. On the groups that are left out phase 1 saves an error of
# {glue:text}`saved`, p {glue:text}`saved_p` (exact sign-flip over groups, not corrected). Neither panel can tell a local
# from a global minimum: two descents that fit equally well and predict differently have found different minima, and that
# is all that can be seen.
