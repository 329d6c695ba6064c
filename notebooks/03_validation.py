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
# # Is the physics right? Verification and validation
#
# ```{admonition} In this chapter
# :class: tip
# **Objectives.** Tell verification (are the equations solved right?) from validation (are they the right
# equations?); know where the cone model fails. **Prerequisites.** {doc}`../book/physics`; no torch.
# **Time.** 30 minutes.
# ```
#
# **The conclusion first.** On five reference slabs, the solver agrees with the mean of two independent codes to within
# {glue:text}`worst_reference` % ({glue:text}`worst_peak` % for the peak). With published properties, the model is off by
# a typical factor of {glue:text}`informed_t_ig_s` in ignition and {glue:text}`informed_phrr_kw_m2` in the peak; from
# structure alone, by {glue:text}`blind_t_ig_s` and {glue:text}`blind_phrr_kw_m2`. The errors differ from polymer to
# polymer, and no single correction that was tried removes them.
#
# {doc}`03_same_sheets` repeats the last question for one laboratory that measured every input on its own sheets.
#
# The page asks four questions, from the code to nature. Nothing is fitted in any of them. Where a score is also given
# with a bias taken out, the bias comes from the other groups of polymers only.

# %% tags=["parameters"]
scale = "laptop"
seed = 0
polymer = "PMMA"
test_flux_kw_m2 = 50.0

# %% tags=["hide-input"]
import pandas as pd
from myst_nb import glue
from trinity_book.figures import cone as figures_cone
from trinity_book.figures import measurements as figures_measurements
from trinity_book.figures import style
from trinity_book.studies.validation import verification
from trinity_book.studies.validation.cases import (
    blind_case,
    informed_case,
    material_of,
)
from trinity_book.studies.validation.scores import table_of

from trinity.cone import simulate as cone
from trinity.cone.predict import DRAWS, specific_extinction_area
from trinity.measurements.specimens import (
    load_curves,
    load_measurements,
    load_specimens,
)
from trinity.pipeline import stages

style.use()

validation = stages.load("validation", scale=scale, seed=seed).results
tests = load_measurements()

# %% [markdown]
# ## 1. Does the solver solve its equations?
#
# Where the answer is known exactly, compare with it. A thick slab under hot gas has a surface temperature
# in closed form {cite}`carslaw1959`. On a fixed uniform grid the error should fall by four when the step, or
# the cell, is halved: the scheme is of second order in both.

# %%
convergence = verification.convergence()
figures_cone.verification(verification.heating_curve(), convergence)

# %% tags=["remove-cell"]
for key in ("time", "space"):
    order = min(convergence[key]["order"])
    glue(f"order_{key}", f"{order:.2f}", display=False)
balances = verification.balances()
for name, errors in balances.items():
    for part, error in errors.items():
        glue(f"{part}_{name}", f"{100 * error:.1g}", display=False)

# %% [markdown]
# The lowest orders measured are {glue:text}`order_time` in the step and {glue:text}`order_space` in the cell: halving
# the step divides the error by less than four at the steps tried here.
# In the first tenth of a second the heated layer is thinner than the first cell of the default grid. On
# slabs of many kinds, half of them with properties that follow the temperature, mass is conserved to
# {glue:text}`mass_default` %. Energy closes to {glue:text}`energy_default` % at the default resolution, where
# Newton's method stops early, and to {glue:text}`energy_fine` % at the fine one.
#
# Two independent codes, FDS {cite}`fds` and Gpyro {cite}`lautenberger2009`, were run on fine grids for
# these slabs. The table gives the error of the fast default resolution in percent.

# %% tags=["hide-output"]
reference = pd.DataFrame(validation["reference_percent"]).set_index("id")
reference.T.round(2)

# %% tags=["remove-cell"]
worst = (
    reference.drop(columns="peak_mass_loss_rate_kg_m2_s").abs().max().max()
)
glue("worst_reference", f"{worst:.2f}", display=False)
glue(
    "worst_peak",
    f"{reference['peak_mass_loss_rate_kg_m2_s'].abs().max():.2f}",
    display=False,
)
glue("resolution_cases", validation["resolution"]["cases"], display=False)

# %% [markdown]
# The largest error against the mean of the two is {glue:text}`worst_reference` %, and {glue:text}`worst_peak` % for the
# peak mass loss rate. Exported cases, some of them unusual, differ more from single codes: the table is in
# {doc}`../book/physics`. On {glue:text}`resolution_cases` other slabs, thin and thick, with ramps and in-depth absorption,
# the default is compared with a resolution much finer in space and time:

# %% tags=["hide-output"]
pd.DataFrame(validation["resolution"]["percent"]).T.round(2)

# %% [markdown]
# ## 2. Do published parameters reproduce pyrolysis without a flame?
#
# Six polymers have complete published parameter sets, and were tested in nitrogen. No flame, no
# combustion: only the solid.

# %%
gasification = pd.DataFrame(validation["gasification"]["tests"])
figures_cone.gasification_parity(gasification)
# %%
pd.Series(
    validation["gasification"]["gmfe"], name="error factor"
).round(2).to_frame()

# %% tags=["remove-cell"]
glue(
    "gas_peak",
    f"{validation['gasification']['gmfe']['peak']:.2f}",
    display=False,
)

# %% [markdown]
# The peak mass loss rate is off by a factor of {glue:text}`gas_peak` on average. The time of the peak is the
# hardest to get right, because late in a test bubbles and the back of the sample holder matter.
#
# ## 3. A cone test, simulated and measured
#
# Now with a flame. The simulated curve of one test, with what was measured marked on it, first with
# published properties (*informed*), then with what can be estimated from the repeat unit alone (*blind*).

# %%
chosen = tests[
    (tests["polymer"] == polymer) & (tests["flux_kw_m2"] == test_flux_kw_m2)
]
test = next(chosen.itertuples())
curves = {
    "informed": cone.curve(informed_case(test)),
    "blind": cone.curve(blind_case(test)),
}
title = f"{polymer}, {test.flux_kw_m2:.0f} kW/m², {test.thickness_mm:g} mm, {test.lab}"
figures_cone.curves_with_marks(curves, chosen.iloc[0], title)

# %% [markdown]
# Above, the dashed line is the measured ignition, the dotted one the time of the measured peak, the
# diamond the peak itself, and the bar the measured mean over the 180 s after ignition. The total heat is an
# integral, so it is no point on that curve: below, each curve is the heat released so far, and the level
# that its end should reach is the measured total.
#
# The informed curve uses kinetics measured on this polymer. The blind one had to estimate its decomposition
# temperature. The same for every polymer, at the test nearest to 50 kW/m², with the recorded curves of all specimens:

# %%
specimens, curves = load_specimens(), load_curves()
near = tests[tests["t_ig_s"].notna()]
near = near.loc[
    (near["flux_kw_m2"] - 50).abs().sort_values(kind="stable").index
]
shown = near.drop_duplicates("polymer")
simulated = {
    test.polymer: {
        "simulated, informed": cone.curve(informed_case(test)),
        "simulated, blind": cone.curve(blind_case(test)),
    }
    for test in shown.itertuples()
}
figures_measurements.measured_beside_simulated(
    specimens[specimens["cell"].isin(shown["cell"])], curves, simulated
)

# %% [markdown]
# Many simulated curves end in an edge where the measured ones fade. A one-dimensional slab burns out everywhere at
# once, and a real specimen does not. The charring polymers (PC, PEEK, PVC) burn on for minutes after the model has
# finished.
#
# ## 4. All tests

# %% shows="here blind"
blind = pd.DataFrame(validation["cone"]["blind"]["tests"])
figures_measurements.simulated_against_measured(
    tests,
    {
        target: blind[f"{target}_simulated"].to_numpy(float)
        for target in ("t_ig_s", "phrr_kw_m2")
    },
)
# %% [markdown]
# Error factors (geometric mean of how many times too high or too low) over the nine polymer groups, each
# group counted once. *With fold bias*: the mean logarithmic error of the other eight groups is taken off
# each group first, which is what a constant fitted in a leave-one-group-out fold could do.

# %%
scores = {
    name: validation["cone"][name]["gmfe"] for name in ("informed", "blind")
}
factors = pd.DataFrame(
    {
        (name, column): {
            target: entry[key] for target, entry in scores[name].items()
        }
        for name in scores
        for column, key in (
            ("as simulated", "group_nine"),
            ("with fold bias", "group_nine_fold_bias"),
            ("over tests", "tests"),
        )
    }
).rename(index=figures_cone.NAMES)
factors.round(2)

# %% tags=["remove-cell"]
for name in ("informed", "blind"):
    for target in ("t_ig_s", "phrr_kw_m2"):
        for end, key in (("", "group_nine"), ("_fold", "group_nine_fold_bias")):
            glue(
                f"{name}_{target}{end}",
                f"{scores[name][target][key]:.2f}",
                display=False,
            )
    for key in ("missed", "false"):
        count = len(validation["cone"][name][key])
        glue(f"{name}_{key}", count, display=False)
covered = validation["coverage"]["targets"]
glue("draws", validation["coverage"]["draws"], display=False)
glue("fewer_draws", DRAWS, display=False)
for target, short in (("t_ig_s", "t_ig"), ("phrr_kw_m2", "phrr")):
    for name, key in (("cover", "covered"), ("groups", "covered_by_groups")):
        share = f"{100 * covered[target][key]:.0f}"
        glue(f"{name}_{short}", share, display=False)

# %% [markdown]
# Informed: {glue:text}`informed_t_ig_s` for ignition ({glue:text}`informed_t_ig_s_fold` with the fold bias),
# {glue:text}`informed_phrr_kw_m2` ({glue:text}`informed_phrr_kw_m2_fold`) for the peak. Blind:
# {glue:text}`blind_t_ig_s` ({glue:text}`blind_t_ig_s_fold`) and {glue:text}`blind_phrr_kw_m2`
# ({glue:text}`blind_phrr_kw_m2_fold`). Within a group every test counts the same here; the scores of {doc}`07_ablation`
# weigh laboratories first and make answers monotone in the flux, so that they differ in the last digit. A constant
# cannot help where one group is late and the next is early: then the bias of eight groups is noise to the
# ninth. A test that ignites in one world only has no error factor. Tests that burned in the laboratory but
# not in the simulation: informed {glue:text}`informed_missed`, blind {glue:text}`blind_missed`. Of the one that
# did not burn in the laboratory, simulations burn {glue:text}`informed_false` (informed) and {glue:text}`blind_false`
# (blind).
#
# ### By polymer, by flux, by thickness
#
# A marker is the geometric mean of simulated over measured; left of 1 is too early or too low. The band is
# the mean error factor either way.

# %% shows="by polymer"
polymers = sorted(tests["polymer"].unique())
figures_cone.errors_by(scores, "polymer", {p: p for p in polymers})
# %% shows="by heat flux"
flux_names = {
    "25": "up to 37 kW/m²",
    "50": "37 to 62 kW/m²",
    "75": "above 62 kW/m²",
}
figures_cone.errors_by(scores, "flux", flux_names)
# %% shows="by thickness"
thickness_names = {"3": "up to 4 mm", "6": "4 to 10 mm", "13": "above 10 mm"}
figures_cone.errors_by(scores, "thickness", thickness_names)
# %% [markdown]
# The same as numbers: error factor and, in the column beside it, bias.


# %% tags=["hide-input", "hide-output"]
def errors_table(grouping, names):
    """Error factor and bias of both targets, both arms, one row per part."""
    return pd.DataFrame(
        {
            (arm, short, column): {
                names[key]: scores[arm][target][f"by_{grouping}"][key][field]
                for key in names
            }
            for arm in scores
            for target, short in (("t_ig_s", "t_ig"), ("phrr_kw_m2", "pHRR"))
            for column, field in (("factor", "gmfe"), ("bias", "bias"))
        }
    ).round(2)


errors_table("polymer", {p: p for p in polymers})
# %% tags=["hide-output"]
errors_table("flux", flux_names)
# %% tags=["hide-output"]
errors_table("thickness", thickness_names)

# %% [markdown]
# ## What else was tried on the informed inputs
#
# Several published values often exist for one quantity. The informed case follows one rule, which stood
# before any other was tried: a complete published set first, single published values next, the estimate
# from structure last, and never a value that came from a cone test. Each row below changes one thing; the
# scores are error factors over the nine groups.

# %% tags=["hide-output"]
remedies = validation["remedies"]
table_of(remedies).round(2)

# %% tags=["remove-cell"]
others = table_of(remedies).iloc[1:-1]
for target in ("t_ig_s", "phrr_kw_m2"):
    glue(f"best_{target}", f"{others[target].min():.2f}", display=False)
    glue(f"name_{target}", others[target].idxmin(), display=False)
    better = int((others[target] < table_of(remedies)[target].iloc[0]).sum())
    glue(f"better_{target}", better, display=False)
glue("tried", len(others), display=False)
glue("most_missed", int(others["missed"].max()), display=False)

# %% [markdown]
# Of {glue:text}`tried` other readings, {glue:text}`better_t_ig_s` give a lower error of ignition and
# {glue:text}`better_phrr_kw_m2` a lower error of the peak. The lowest are {glue:text}`best_t_ig_s`
# ({glue:text}`name_t_ig_s`) and {glue:text}`best_phrr_kw_m2` ({glue:text}`name_phrr_kw_m2`). Beware of
# these two numbers: a rule picked because it scores best on these tests has been fitted to these tests.
# They show how far the choice of inputs moves the score, not what the model can do. The headline is the rule
# of this project's first version. In between, each polymer's own published sheets had been made the headline
# before any score. They scored worse, and the first rule came back, so that even this choice has seen scores.
# *missed* counts tests that ignited in the laboratory but not in the simulation, at most
# {glue:text}`most_missed`. They have no error factor. The last row shows what barred inputs would give: flaming efficiencies and a heat of
# combustion that were themselves read from cone tests.

# %% shows="time to ignition"
figures_cone.remedies(remedies, "t_ig_s")
# %% shows="peak heat release rate"
figures_cone.remedies(remedies, "phrr_kw_m2")

# %% [markdown]
# No row is white from end to end: what repairs one polymer harms another, and no published value repairs
# them all.
#
# ## Where the model fails, and why
#
# Simulated over measured for each polymer in each laboratory, informed. *low* and *high* are the tests
# up to 37 and above 62 kW/m². *rate* is the bias of the peak over that of the total heat: what remains of
# the peak's error when the fuel's is taken out.

# %% tags=["hide-output"]
pd.DataFrame(validation["cone"]["informed"]["by_material"]).set_index(
    ["polymer", "lab"]
).rename(
    columns={
        "t_ig_s": "t_ig",
        "t_ig_low": "t_ig, low",
        "t_ig_high": "t_ig, high",
        "phrr_kw_m2": "pHRR",
        "thr_mj_m2": "THR",
        "t_peak_s": "t_peak",
    }
)[
    [
        "tests",
        "t_ig",
        "t_ig, low",
        "t_ig, high",
        "pHRR",
        "THR",
        "rate",
        "t_peak",
    ]
].astype({"tests": int}).round(2).astype(object).fillna("–")

# %% [markdown]
# Causes marked by a column or a row above are measured; where none is named, they are what we suspect. Whether better
# inputs remove them is asked in {doc}`03_same_sheets`.
#
# - **Ignition too late, the more so the higher the flux: ABS, PP, HDPE, HIPS.** PMMA is late, too, but without a common
#   trend over laboratories. At low flux the bias is small or moderate, at high flux it is largest, and absorption at the surface takes part of it away in every
#   one of them (figure above). Radiation that is absorbed in depth keeps the modelled surface cool; a
#   pigmented or oxidised surface absorbs more in its first tenths of a millimetre than the clear polymer of
#   the published coefficient. Nitrogen kinetics may add to it for the polyolefins, whose hot surface
#   oxidises in air before ignition. LDPE is late at every flux: its kinetics are those of HDPE.
# - **One laboratory later than another: PMMA.** HDPE and HIPS do not show it. The inputs are the same and the sheets are
#   not: NIST's set for black PMMA, given to NBS and FSRI only, removes most of their bias. The sheet of the round robin is
#   black, too, and was not given it; there the laboratories differ on one sheet. No property of a repeat unit distinguishes them.
# - **Ignition too early, most near the critical flux: PA66, PVC, PET.** At high flux PA66 is late. Bubbles that cool and
#   insulate the surface, and gas too dilute to burn (below its lean flammability limit, as where hydrogen chloride dilutes
#   it), are not in the equations.
#   PC is early in one laboratory only.
# - **Peak too high though the heat is too low: ABS, HDPE (FAA), HIPS, PMMA; PET with the right heat.** The *rate* column is well
#   above 1. A one-dimensional slab with an insulated back burns out everywhere at once, in a last rise of the
#   heat release. The edges and the cooler holder of a real one spread it. Ceramic wool behind the slab
#   lowers these peaks.
# - **Peak and heat too low alike: PP, PA66, LDPE (FSRI).** Their fuel releases less in the model than in the
#   oxygen calorimeter. Part of it is the laboratory, whose heat per mass exceeds the net heat of combustion
#   of these polymers; for PP and PA66 a published heat of decomposition at the high end adds to it.
# - **Fuel wrong in kind: PEEK, PVC.** The gas of a charring polymer is not the polymer: what burns in the first
#   step of PEEK is poorer than the mean, and how completely the gas of PVC burns is a guess. The barred row
#   above shows what knowing it from cone tests would be worth; three published steps instead of one lower the
#   peak of PEEK without any cone test.
# - **Chars: PC, PVC.** The peak of PC has the right height and comes late in one laboratory: a real char swells
#   and cracks, the model's has one density. PVC has two humps, and the time of its peak depends on which of
#   them is higher.
#
# ## Smoke
#
# `trinity cone` also gives a specific extinction area, the light that the smoke of a kilogram of fuel
# stops: the soot yield times 8,700 ± 1,100 m²/kg (95 %), which is nearly the same for the flaming smoke of
# many fuels {cite}`mulholland2000`. The soot yield is a prior with a standard error of half its value.

# %% tags=["hide-output"]
pd.DataFrame(
    {
        row.polymer: specific_extinction_area(material_of(row))
        for row in tests.drop_duplicates("polymer").itertuples()
    }
).T[["sea_m2_kg", "sea_m2_kg_lo", "sea_m2_kg_hi"]].map("{:.0f}".format)

# %% [markdown]
# Nothing here was compared with a measurement: the cone tests of this book come without smoke. Carbon
# monoxide is not given at all. Its yield depends on how well the flame is ventilated and on what inhibits
# it, no group sum for it has been published, and the yields at hand are recalled and not read from a source.
#
# ## Ignition theory
#
# For a thermally thick solid $1/\sqrt{t_{ig}}$ is a straight line in irradiance {cite}`quintiere2006`,
# until it bends towards the critical heat flux.

# %%
figures_cone.ignition_lines(validation["ignition_lines"], tests)
# %% [markdown]
# ## Where does the heat go?

# %%
figures_cone.energy_budget(validation["energy_budget"])
# %% [markdown]
# This is the reference slab of 6 mm under 50 kW/m², gasified to the end *without a flame*. The first three shares are
# lost at the surface. The other two, the heat of reaction and the sensible heat of the gas, make up the heat of
# gasification. In a cone test the flame adds its own flux.
#
# ## Which parameter matters?
#
# Morris' elementary effects {cite}`morris1991,herman2017`: every property moves within one standard error
# either way, as far as it can (char cannot be negative), and the bar is how much the logarithm of the result moves.

# %%
figures_cone.sensitivity(validation["sensitivity"])

# %% tags=["remove-cell"]
for target in ("t_ig_s", "phrr_kw_m2"):
    effects = pd.DataFrame(
        {
            name: {key: one["mu_star"] for key, one in found[target].items()}
            for name, found in validation["sensitivity"].items()
        }
    ).mean(axis=1)
    first, *next_ones = effects.nlargest(4).index.map(style.in_words)
    glue(f"first_{target}", first, display=False)
    glue(f"next_{target}", ", ".join(next_ones), display=False)

# %% [markdown]
# On average over the three polymers, ignition depends most on the {glue:text}`first_t_ig_s`; then come
# {glue:text}`next_t_ig_s`. The peak depends most on the {glue:text}`first_phrr_kw_m2`; then come
# {glue:text}`next_phrr_kw_m2`.
#
# ## Do its intervals hold?
#
# With all properties drawn within their errors, the 90 % intervals held {glue:text}`cover_t_ig` % of the
# measured ignition times and {glue:text}`cover_phrr` % of the peaks, all tests counting alike;
# {glue:text}`groups_t_ig` % and {glue:text}`groups_phrr` % if the groups of polymers and the laboratories in each do.
# They know the errors of the inputs, not those of the equations or of the laboratories. The arm *physics only* of
# {doc}`07_ablation` and {doc}`08_trust` has other, narrower intervals, from {glue:text}`fewer_draws` draws at two heat
# fluxes in place of {glue:text}`draws` for each test, and holds less.
#
# ## What it buys, what it costs
#
# **What it buys.** A cone test for any structure in about a millisecond, with its cause at every step, for nothing but
# the estimated properties.
#
# **What it costs.** Some twenty properties per polymer, most of them estimated, and the mechanisms that the equations
# leave out.
#
# **When to use something else.** For a material whose kinetics were measured, a code with two dimensions, bubbles or
# swelling does better. For a product with fillers or flame retardants, test it.
#
# ## Exercises
#
# Five exercises with solutions, also as a notebook with self-checks: {doc}`solutions/03_physics`. One more, on this page:
# run it with `polymer = "PVC"`. Why does the curve have two humps? (Exercise 3.4 has the answer.)
#
# ## References
#
# ```{bibliography}
# :filter: docname in docnames
# ```
