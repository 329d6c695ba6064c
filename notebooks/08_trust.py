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
# # Uncertainty, and when not to trust it
#
# ```{admonition} In this chapter
# :class: tip
# **Objectives.** Say what a 90 % interval of this model covers; see for which polymers it failed; tell an interpolation from an extrapolation before you use a number. **Prerequisites.**
# {doc}`07_ablation`. **Time.** 25 minutes.
# ```
#
# A prediction is of little use without an error, and a wrong error is worse than none. The interval that
# `trinity predict` prints has four sources: how much the physics errs on a polymer unlike those measured, which is the
# largest; the scatter of tests; the difference between laboratories; and the disagreement of the five networks. The
# uncertainty of the estimated properties is added only where a property model has no support. Not included is that the
# question may be unlike anything that the model has seen. The flag `in_domain` says so.

# %% tags=["parameters"]
scale = "laptop"
seed = 0
arm = "two_phase"
psmiles = "*CC(*)c1ccccc1"

# %% tags=["hide-input"]
import numpy as np
import pandas as pd
from myst_nb import glue
from safetensors.numpy import load_file
from trinity_book.figures import prediction as figures_prediction
from trinity_book.figures import style
from trinity_book.studies import ranking

from trinity.chemistry.descriptors import nearest_similarity, unpacked
from trinity.evidence import scores as evaluation
from trinity.measurements.specimens import load_measurements
from trinity.pipeline import stages
from trinity.prediction.predict import predict_frame

style.use()

tests = load_measurements()
predictions = evaluation.headline(
    stages.load("ablation", scale=scale, seed=seed).results
)
first = predictions["seed"] == predictions["seed"].min()
rows = predictions[(predictions["arm"] == arm) & first]

# %% [markdown]
# ## Intervals hold for polymers, not for tests
#
# Each marker is a test of a polymer that the model had never seen. The horizontal axis is the error in units of
# what the interval allowed.

# %%
figures_prediction.misses(rows, ["t_ig_s", "phrr_kw_m2"])

# %% tags=["remove-cell"]
ignition = rows[rows["target"] == "t_ig_s"]
missed = (figures_prediction.in_half_widths(ignition) > 1).groupby(ignition["fold"])
worst = missed.mean().sort_values()
glue("worst_group", worst.index[-1], display=False)
cells = ignition.groupby("fold")["test_id"].nunique()
glue("worst_missed", int(missed.sum()[worst.index[-1]]), display=False)
glue("worst_cells", int(cells[worst.index[-1]]), display=False)
glue("clean_groups", int((worst == 0).sum()), display=False)
glue("all_groups", len(worst), display=False)
width = np.exp(np.log(ignition["hi"] / ignition["lo"]) / 2)
glue("half_width", f"{width.median():.2f}", display=False)

# %% [markdown]
# Of the {glue:text}`all_groups` groups, {glue:text}`clean_groups` have every ignition time inside; of
# {glue:text}`worst_group`, {glue:text}`worst_missed` of {glue:text}`worst_cells` cells are outside (in the first of five
# seeds). Tests of one polymer share its bias, so that misses have to be expected in groups, though so few cannot show it:
# "90 %" is a statement about the next *polymer*, not about its next test. The median interval of an ignition time reaches a factor of
# {glue:text}`half_width` to either side.
#
# ## Coverage and width
#
# Any coverage can be reached with wide intervals. The interval score penalises both: it is the width in $\ln$ plus a
# penalty for each miss {cite}`gneiting2007`. Small is good.

# %%
scores = pd.DataFrame(evaluation.scores(predictions))
scores = scores[scores["target"] == "t_ig_s"].set_index("arm")
scores[
    ["coverage", "coverage_low", "coverage_high", "interval_score"]
].sort_values("interval_score").round(2)

# %% tags=["remove-cell"]
best = scores["interval_score"].astype(float).sort_values()
glue("best_score", best.index[0], display=False)
glue("arm_place", list(best.index).index(arm) + 1, display=False)
glue("n_arms", len(best), display=False)

# %% [markdown]
# By this score the arm {glue:text}`best_score` comes first for ignition. The two-phase model has
# rank {glue:text}`arm_place` of {glue:text}`n_arms`.
#
# ## Does a wide interval go with a large error?
#
# A width that is right on average may still be wide in the wrong places. Spearman's rank correlation between error and
# width says whether the two go together: 1 is perfect, 0 is none. Here it is for the polymers left out, with the groups
# drawn again for the 95 % interval. *distance* is one less the similarity to the nearest measured polymer of another
# group, which is what the domain flag looks at.

# %%
ranks = pd.DataFrame(ranking.left_out(rows, seed)).set_index(
    ["target", "with"]
)
ranks.loc[["t_ig_s", "phrr_kw_m2"]].round(2)

# %% [markdown]
# The same for properties, on polymers from handbooks: the rank of the error with the sigma that the estimate states. No
# estimate was fitted to these values, but for some of the polymers other tables of decomposition temperatures were used. Where sigma is the same for all there is nothing to rank. *doubted* counts estimates
# that name a doubt, which takes the polymer out of the domain. The last two columns are the errors of doubted and other estimates
# in units of the stated sigma, 1 being right.

# %%
books = pd.DataFrame(ranking.of_handbook(seed)).set_index("property")
books.round(2).astype(object).fillna("–")

# %% tags=["remove-cell"]
asked_for = ranks.loc[["t_ig_s", "phrr_kw_m2"]]
glue("ranks_shown", int((asked_for["low"] > 0).sum()), display=False)
glue("ranks_tried", len(asked_for), display=False)
glue("rank_groups", int(ranks["number"].iloc[0]), display=False)
ranked = books[books["rho"].notna()]
clear = ranked[ranked["low"] > 0].index
glue("books_clear", len(clear), display=False)
glue("books_ranked", len(ranked), display=False)
glue("books_rho_low", f"{ranked['rho'].min():.2f}", display=False)
glue("books_rho_high", f"{ranked['rho'].max():.2f}", display=False)
worse = (books["off_doubted"] > books["off_others"]).sum()
glue("books_worse", int(worse), display=False)
glue("books_all", len(books), display=False)

# %% [markdown]
# For the fire quantities, {glue:text}`ranks_shown` of {glue:text}`ranks_tried` correlations are above zero with their whole
# interval. With {glue:text}`rank_groups` groups only a very strong one could be. Where none is, a wide interval is not shown to mark
# a polymer on which the model errs, and the width should be read as an average over polymers. For the properties a
# correlation is shown for {glue:text}`books_clear` of {glue:text}`books_ranked` (correlations {glue:text}`books_rho_low` to
# {glue:text}`books_rho_high`), and doubted estimates are farther off than the others, even in units of their own larger
# sigma, for {glue:text}`books_worse` of {glue:text}`books_all`.
#
# ## How far do laboratories agree?
#
# No interval should be narrower than the disagreement of those who measure. These are tests of one polymer
# at nearly one irradiance in more than one laboratory.

# %%
near = tests[tests["t_ig_s"].notna()].assign(
    irradiance=(tests["flux_kw_m2"] / 5).round() * 5
)
means = (
    near.groupby(["polymer", "irradiance", "lab"])[["t_ig_s", "phrr_kw_m2"]]
    .agg(lambda x: np.exp(np.log(x).mean()))
    .reset_index()
)
shared = means.groupby(["polymer", "irradiance"]).filter(lambda g: len(g) > 1)
cases = shared.groupby(["polymer", "irradiance"])[["t_ig_s", "phrr_kw_m2"]]
ratio = cases.max() / cases.min()
ratio.describe().loc[["count", "50%", "max"]].round(2)

# %% tags=["remove-cell"]
glue("lab_ratio", f"{ratio['t_ig_s'].median():.2f}", display=False)
glue("lab_pairs", len(ratio), display=False)

# %% [markdown]
# In the median of {glue:text}`lab_pairs` cases the slowest laboratory reports {glue:text}`lab_ratio` times the ignition
# time of the fastest. That is more than two laboratories differ on the same test: thicknesses and sheets are not the
# same, irradiances agree only within 2.5 kW/m², and for PMMA the extremes are those of many laboratories. The noise
# model in {doc}`01_measurements` matches its pairs.
#
# ## Inside or outside?
#
# The similarity of a polymer to its nearest neighbour among all that the model was trained on says whether
# the question is familiar. The histogram shows the synthetic polymers among themselves. The markers are
# polymers that somebody might ask about.

# %%
finetuned = stages.load("finetuning", scale=scale, seed=seed)
seen = unpacked(
    load_file(finetuned.folder / "domain.safetensors")["fingerprints"]
)
least = finetuned.results["least_similarity"]
units = {
    "poly(lactic acid)": "*OC(C)C(=O)*",
    "poly(ether sulfone)": "*Oc1ccc(S(=O)(=O)c2ccc(*)cc2)cc1",
    "PTFE": "*C(F)(F)C(F)(F)*",
    "polyaniline": "*Nc1ccc(*)cc1",
    "polythiophene": "*c1ccc(*)s1",
    "polyacetylene": "*C=C*",
    "cellulose": "*OC1C(CO)OC(*)C(O)C1O",
}
asked = pd.Series({n: nearest_similarity(s, seen) for n, s in units.items()})
figures_prediction.similarities(seen, asked, least)

# %% tags=["remove-cell"]
outside = asked[asked < least].index.tolist()
glue("outside", ", ".join(outside) or "none of them", display=False)

# %% [markdown]
# Outside the domain are: {glue:text}`outside`. Two warnings about the flag. It knows structure, not fire: a
# polymer made of familiar pieces that chars in an unfamiliar way may be "inside". And it says nothing about
# additives: a product is not its repeat unit.
#
# The same flag watches the conditions, the distance to the polymers that were measured, and the models of the
# properties. The answer lists its reasons.

# %%
question = pd.DataFrame(
    {
        "psmiles": psmiles,
        "flux_kw_m2": [10.0, 20.0, 50.0, 90.0, 120.0, 50.0, 50.0],
        "thickness_mm": [6.0, 6.0, 6.0, 6.0, 6.0, 0.5, 60.0],
    }
)
answers = pd.DataFrame(predict_frame(question, model=finetuned.folder))
answers[
    [
        "flux_kw_m2",
        "thickness_mm",
        "t_ig_s",
        "t_ig_s_lo",
        "t_ig_s_hi",
        "ignition_probability",
        "in_domain",
    ]
].round(2)

# %% [markdown]
# The model answers everywhere, because somebody may need a guess, and it says where it is guessing. More irradiance never
# delays ignition in this model, but no such rule holds for thickness: far from the measured thicknesses the answer may
# have the wrong sign.
#
# ## When not to trust it
#
# | the question | what to do |
# |---|---|
# | `in_domain` is false | treat the number as a guess, whatever its interval; test |
# | `verdict` says "probably does not ignite" | the times are those of a specimen that does |
# | near the critical irradiance (`ignition_probability` neither near 0 nor near 1) | grade and laboratory decide; test at several irradiances |
# | a filled, foamed, flame-retarded or crosslinked material | outside the scope of this book |
# | a ranking of two polymers whose intervals overlap | not decided; ask for the test that would decide it |
# | a char that swells or cracks | see the polymers with the largest errors in {doc}`03_validation` |
# | a safety decision or a certificate | never |
#
# ## Exercises
#
# Four exercises with solutions, also as a notebook with self-checks: {doc}`solutions/08_trust`.
#
# ## References
#
# ```{bibliography}
# :filter: docname in docnames
# ```
