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
# # Controls: less, and elsewhere
#
# ```{admonition} In this chapter
# :class: tip
# **Objectives.** Read learning curves; see how the model travels to other conditions and laboratories; look
# into the weights. **Prerequisites.** {doc}`07_ablation`. **Time.** 30 minutes.
# ```
#
# The ten arms of the factorial in {doc}`07_ablation` change one ingredient at a time. This chapter asks what is left: how many
# measurements and synthetic rows are needed, and how the model does where it was not trained. Everything
# here is exploratory. The studies of polymers, rows, conditions, laboratories and milligrams have one seed, and each
# number of polymers is one random draw; the first figure, and whatever is repeated from it, averages up to five seeds.

# %% tags=["parameters"]
scale = "laptop"
seed = 0

# %%
import pandas as pd
from myst_nb import glue
from trinity_book.figures import controls as figures_controls
from trinity_book.figures import style
from trinity_book.figures import understanding as figures_understanding

from trinity.evidence.arms import label
from trinity.pipeline import stages

style.use()

# %%
controls = stages.load("controls", scale=scale, seed=seed)
studies = controls.results["studies"]
main = controls.results["scores"]["hidden"]

# %% [markdown]
# ## Every arm on one axis
#
# The primary endpoint, laboratory hidden: 0.2 is an error of about 22 %, 0.7 a factor of two. Bars are 95 %
# bootstrap intervals over the nine groups.

# %%
figures_controls.primary_by_arm(main["primary"])

# %% [markdown]
# ## How many measured polymers are needed?
#
# From the polymers that a fold may see, some are drawn at random.


# %% shows="measured polymers"
def levels_of(study, arms=None):
    rows = [
        {"level": level, **row}
        for level, result in studies[study].items()
        for row in result["primary"]
        if arms is None or row["arm"] in arms
    ]
    return pd.DataFrame(rows)


flat = {
    row["arm"]: row["mean_abs_ln"]
    for row in main["primary"]
    if row["arm"] in ("physics_only", "phase1_only")
}
learning = (
    "two_phase",
    "phase1",
    "direct",
    "gaussian_process",
    "composition_physics",
)
polymers = levels_of("measured polymers", learning)
polymers["x"] = polymers["level"].replace("all", "8").astype(int)
figures_controls.curve(polymers, "measured polymers to learn from", flat)

# %% [markdown]
# Lines that start low have knowledge that needs no measurement; lines that fall learn from the
# measurements.
#
# ## How many synthetic rows are needed?
#
# Phase 1 on a part of the table, everything else as before.

# %% shows="rows of phase 1"
rows = levels_of("synthetic rows")
rows["x"] = pd.to_numeric(rows["level"], errors="coerce")
whole = [
    {**row, "x": float(controls.results["table_rows"])}
    for row in main["primary"]
    if row["arm"] in ("two_phase", "phase1")
]
both = pd.concat([rows.dropna(subset="x"), pd.DataFrame(whole)])
figures_controls.curve(both, "synthetic rows of phase 1")

# %% [markdown]
# Without physics at prediction the error falls with the number of rows. With it, it does not: phase 1 on a hundred rows
# serves as well as phase 1 on all of them (one seed, except for the last point).
#
# ## Other conditions, other laboratories
#
# A band of heat flux or thickness, or a whole laboratory, is held out; the polymers are known. Last, a
# polymer and its laboratory are both left out.

# %% shows="heat fluxes left out"
figures_controls.elsewhere(levels_of("heat flux"))
# %% shows="thicknesses left out"
figures_controls.elsewhere(levels_of("thickness"))
# %% shows="laboratories left out"
figures_controls.elsewhere(
    pd.concat([levels_of("laboratory"), levels_of("polymer and laboratory")])
)

# %% [markdown]
# Where the polymers are known, arms without physics can do better than on new polymers; compare with the first figure. What they have to
# guess is the effect of the conditions, or the other laboratory.
#
# ## Ten milligrams did not help
#
# Thermogravimetry and microscale calorimetry give the decomposition temperature, the char and the heat of the
# gas long before there is enough of a polymer for a cone test. Here they take the place of the estimates, for
# every polymer that has them. The control deals the measured values out among the polymers at random: if that
# did as well, it would not matter that the values belong to the polymer.

# %%
blind = pd.DataFrame(main["primary"]).set_index("arm")["mean_abs_ln"]
grams = levels_of("milligrams").pivot(
    index="arm", columns="level", values="mean_abs_ln"
)
grams.insert(0, "blind", blind)
grams.rename(label).round(3)

# %% tags=["remove-cell"]
for level in ("blind", "given", "permuted"):
    glue(f"mg_{level}", f"{grams.loc['two_phase', level]:.3f}", display=False)
    glue(
        f"mg_physics_{level}",
        f"{grams.loc['physics_only', level]:.3f}",
        display=False,
    )

# %% [markdown]
# The model that ships goes from {glue:text}`mg_blind` blind to {glue:text}`mg_given` with measured values, and to
# {glue:text}`mg_permuted` with values of other polymers; physics alone from {glue:text}`mg_physics_blind` to
# {glue:text}`mg_physics_given` and {glue:text}`mg_physics_permuted`. Compare first `permuted` with `given`: the distance
# between them says how much it matters that a value belongs to its polymer. Compare then `given` with `blind`. This comparison
# is weak: `given` and `permuted` have one seed and `blind` five, PEEK has no such measurements and keeps its estimates,
# and no interval of the difference over the nine groups was computed. One reading is that a right decomposition temperature uncovers what
# the physics leaves out.
#
# ## A look into the weights
#
# The loss of the measured tests on the plane through three points of weight space, its directions scaled
# filter by filter: the start, the solution of direct finetuning and that of phase 1 followed by phase 2,
# both by gradient on all weights.

# %%
why = controls.results["why"]
figures_understanding.landscape(why["landscape"])
# %%
figures_understanding.ends(why["ends"])

# %% [markdown]
# Both solutions lie low in the training loss; the held-out polymers (right panel, and the second figure, a
# third of them at a time) tell which place is worth something. Gradient steps without a brake, as here, also
# lose part of what phase 1 knew: compare the end of the two-phase path with phase 1 alone. Correcting in closed form does not cure that by itself
# ({doc}`07_ablation`).

# %%
figures_understanding.weight_distances(why["distances"])

# %% [markdown]
# Compare how far phase 1 moves the encoder with how far the measurements do, and which part of the network the
# measurements move the most.

# %%
figures_understanding.probes(why["probes"])

# %% [markdown]
# A linear probe reads a quantity off the embedding of polymers that phase 1 did not see. Composition can be
# read off any embedding, of a random encoder too: counting atoms needs no training. What the embedding of
# phase 1 holds beyond the others, as for the decomposition temperature, the simulated tests have put there.
#
# ## What the controls learned in phase 1
#
# Error factors on hypothetical polymers that phase 1 did not see; one seed. Each row is tested on polymers left out of its
# own part of the table, only a few for 100 rows, so compare each network with the `conditions only` of the same row, not
# with another network.

# %%
phase1 = pd.DataFrame(
    {
        (kind, shown): pd.DataFrame([r[key] for r in reports]).mean()
        for kind, reports in controls.results["phase1"].items()
        for shown, key in (
            ("network", "held_out_ensemble"),
            ("conditions only", "conditions_only"),
        )
    }
).T
phase1.round(2)

# %% [markdown]
# On shuffled labels there is nothing to learn except the conditions.
#
# ## Exercises
#
# The exercises of this chapter: {doc}`solutions/07_ablation`.
