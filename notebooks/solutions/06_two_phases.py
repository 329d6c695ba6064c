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
# # Exercises 6: two phases
#
# Four exercises with the finetuned model, about 50 minutes. They need torch and the shipped models.

# %% tags=["parameters"]
scale = "laptop"
psmiles = "*CC(*)c1ccccc1"
thickness_mm = 6.0
wanted_s = 60.0

# %%
import numpy as np
import pandas as pd
from trinity_book.course import answer

from trinity.measurements.specimens import load_measurements
from trinity.pipeline import stages
from trinity.prediction.predict import predict_frame

finetuned = stages.load("finetuning", scale=scale)
tests = load_measurements()


def predicted(flux_kw_m2):
    """Predictions of the finetuned model over irradiances, one row each."""
    question = pd.DataFrame(
        {
            "psmiles": psmiles,
            "flux_kw_m2": np.atleast_1d(flux_kw_m2),
            "thickness_mm": thickness_mm,
        }
    )
    return pd.DataFrame(predict_frame(question, model=finetuned.folder))


# %% [markdown]
# ## 6.1 Compute: an irradiance for a time
#
# At which irradiance (kW/m²) does the model expect 6 mm of polystyrene to ignite after 60 s? (`predicted`
# answers for a list of irradiances.) And at which would it do so according to the upper end of the
# interval?

# %% tags=["start"]
irradiance_kw_m2 = ...

# %% tags=["solution", "hide-cell"]
rows = predicted(np.geomspace(20, 90, 60))


def crossing(times):
    """Irradiance at which falling ignition times pass the wanted one."""
    log_flux = np.interp(
        -np.log(wanted_s), -np.log(times), np.log(rows["flux_kw_m2"])
    )
    return float(np.exp(log_flux))


irradiance_kw_m2 = crossing(rows["t_ig_s"])
{
    "expected": round(irradiance_kw_m2, 1),
    "upper end": round(crossing(rows["t_ig_s_hi"]), 1),
}

# %% tags=["check", "remove-cell"]
answer(irradiance_kw_m2, within=0.03)

# %% [markdown] tags=["solution"]
# :::{admonition} Reading it
# :class: dropdown
# Whoever needs a margin has to read the interval, not the mean. The upper end is the cautious answer if
# the specimen has to ignite by then. In fire safety early ignition is usually the danger, and the lower end is the
# cautious one.
# :::

# %% [markdown]
# ## 6.2 Change and explain: why five networks?
#
# The shipped model averages five networks that started phase 1 from different seeds. With
# `stages.load("finetuning", scale=scale, members=1)` there is one. Compare `results["held_out"]` of both: by what
# factor does the held-out error factor of ignition (`t_ig_s`) grow? And what happens to the coverage in
# `results["left_out"]["groups"]["hidden"]["coverage"]`?

# %% tags=["start"]
growth = ...

# %% tags=["solution", "hide-cell"]
single = stages.load("finetuning", scale=scale, members=1)
held_out = pd.DataFrame(
    {
        f"{name}, {what}": found.results["left_out"]["groups"]["hidden"][what]
        for name, found in (("five", finetuned), ("one", single))
        for what in ("gmfe", "coverage")
    }
)
growth = float(
    held_out.loc["t_ig_s", "one, gmfe"] / held_out.loc["t_ig_s", "five, gmfe"]
)
held_out.round(3)

# %% tags=["check", "remove-cell"]
answer(growth, within=0.02)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# Five starts read chemistry a little differently; their mean errs about as much as one of them, because they
# share the physics and the measurements. Coverage hardly changes, because the width comes from the Gaussian process.
# What the others add is that the answer does not depend on one seed.
# :::

# %% [markdown]
# ## 6.3 Compute: remembering is not predicting
#
# Predict the measured tests that ignited, with their laboratory named, and compute the error factor
# of `t_ig_s` on them. The model has seen all of them. By what factor is the held-out one
# (`finetuned.results["held_out"]["t_ig_s"]`) larger?

# %% tags=["start"]
optimism = ...

# %% tags=["solution", "hide-cell"]
ignited = tests[tests["t_ig_s"].notna()].reset_index(drop=True)
columns = ["psmiles", "components", "lab", "flux_kw_m2", "thickness_mm"]
fitted = pd.DataFrame(predict_frame(ignited[columns], finetuned.folder))
remembered = float(
    np.exp(np.abs(np.log(fitted["t_ig_s"] / ignited["t_ig_s"])).mean())
)
optimism = finetuned.results["held_out"]["t_ig_s"] / remembered
{"remembered": round(remembered, 2), "optimism": round(optimism, 2)}

# %% tags=["check", "remove-cell"]
answer(optimism, within=0.03)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# The error on data that a model has seen shows how flexible the model is, not how good. The two numbers also differ
# in the laboratory (named, hidden) and in the weights (tests, groups), so the ratio is not the effect of
# memory alone.
# :::

# %% [markdown]
# ## 6.4 Open: a wrong unit
#
# Finetune on your own table (`trinity finetune --csv mine.csv --out my_model`) in which the peaks of one
# polymer are in W/m² instead of kW/m². The schema refuses that. How would you notice an error that it
# cannot refuse, such as minutes for seconds?

# %% [markdown] tags=["solution"]
# :::{admonition} What a good answer holds
# :class: dropdown
# Compare each row with the prediction *before* finetuning: a residual of $\ln 60 \approx 4$ is far
# outside the interval. Plot $t_{ig}\,\dot q''^2$ by polymer: its level should not differ between polymers by a factor of 60,
# and within a polymer it should hardly depend on irradiance. And look at which
# predictions of *other* polymers moved: one wrong polymer shifts the bias of all.
# :::
