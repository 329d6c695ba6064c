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
# # Exercises 3: the physics of a burning slab
#
# Five exercises with the cone model, about 60 minutes. No torch.

# %% tags=["parameters"]
flame_low_w_m2 = 0.0
flame_high_w_m2 = 30000.0
chlorinated = "*CC(*)Cl"

# %%
import copy

import numpy as np
import pandas as pd
from trinity_book.course import answer
from trinity_book.figures import measurements as figures_measurements
from trinity_book.figures import style

from trinity.cone import predict as cone_test
from trinity.cone import simulate as cone

style.use()

case = {
    "thickness_m": 0.006,
    "irradiance_w_m2": 50e3,
    "end_time_s": 900.0,
    "front": {"h_w_m2_k": 10.0, "flame_heat_flux_w_m2": 15e3},
    "components": {
        "virgin": {
            "density_kg_m3": 1190.0,
            "conductivity_w_m_k": 0.2,
            "specific_heat_j_kg_k": 1800.0,
            "emissivity": 0.9,
        }
    },
    "reactions": [
        {
            "reactant": "virgin",
            "product": None,
            "solid_yield": 0.0,
            "A_1_s": 8.5e12,
            "E_j_mol": 188e3,
            "heat_of_reaction_j_kg": 0.9e6,
            "heat_of_combustion_j_kg": 24.5e6,
        }
    ],
}

# %% [markdown]
# The slab above resembles PMMA: 6 mm under 50 kW/m². `cone.simulate(case)` burns it.
#
# ## 3.1 Compute: how thin is the reaction zone?
#
# A reaction fades over the depth $\delta = (RT^2/E)\,/\,|\partial T/\partial x|$. For polyethylene
# take $E$ = 349 kJ/mol, $k$ = 0.35 W/m/K, a surface at 730 K and a net flux of 25 kW/m² into the solid. How
# many micrometres is $\delta$?

# %% tags=["start"]
zone_um = ...

# %% tags=["solution", "hide-cell"]
gas_constant = 8.314462618  # J/mol/K
rise_k = gas_constant * 730.0**2 / 349e3  # makes the reaction e times faster
gradient_k_m = 25e3 / 0.35
zone_um = 1e6 * rise_k / gradient_k_m
[round(x, 1) for x in (rise_k, gradient_k_m, zone_um)]

# %% tags=["check", "remove-cell"]
answer(zone_um, within=0.02)

# %% [markdown] tags=["solution"]
# :::{admonition} Reading it
# :class: dropdown
# A slab of 6 mm with uniform cells of half this size would need dozens of them, although all but a few
# do nothing at any time. That is why the grid of this model follows the reaction.
# :::

# %% [markdown]
# ## 3.2 Change and explain: the flame's own heat
#
# Simulate the slab with `flame_heat_flux_w_m2` of 0 and of 30 000 W/m². Why does the ignition time not
# change? By what factor does the peak heat release rate grow?

# %% tags=["start"]
peak_ratio = ...

# %% tags=["solution", "hide-cell"]


def with_flame(flux_w_m2):
    """The slab with another heat flux from its flame."""
    changed = copy.deepcopy(case)
    changed["front"]["flame_heat_flux_w_m2"] = flux_w_m2
    return cone.simulate(changed)


runs = {f: with_flame(f) for f in (flame_low_w_m2, flame_high_w_m2)}
peak_ratio = (
    runs[flame_high_w_m2]["phrr_kw_m2"] / runs[flame_low_w_m2]["phrr_kw_m2"]
)
pd.DataFrame(runs).loc[["t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2"]].round(1)

# %% tags=["check", "remove-cell"]
answer(peak_ratio, within=0.02)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# There is no flame before ignition, so it cannot bring ignition forward. Afterwards the burning rate
# follows the *net* flux, irradiance plus flame less re-radiation, over the heat of gasification; so the
# peak grows with the flame flux, but is not proportional to it. The total heat stays: the fuel is the same.
# :::

# %% [markdown]
# ## 3.3 Change and explain: two per cent of char
#
# Let the reaction leave a char (`"solid_yield": 0.02`) once as dense as the polymer (1190 kg/m³) and once
# as light as a foam (24 kg/m³); conductivity, specific heat and emissivity as before. Which density gives
# the lower peak, and what is the lower peak divided by the higher one?

# %% tags=["start"]
lower_over_higher = ...

# %% tags=["solution", "hide-cell"]


def with_char(density_kg_m3):
    """The slab with two per cent of char of a density."""
    changed = copy.deepcopy(case)
    virgin = changed["components"]["virgin"]
    changed["components"]["char"] = {**virgin, "density_kg_m3": density_kg_m3}
    changed["reactions"][0].update(product="char", solid_yield=0.02)
    return changed


dense, light = (
    cone.simulate(with_char(rho))["phrr_kw_m2"] for rho in (1190.0, 24.0)
)
lower_over_higher = light / dense
{"dense": round(dense), "light": round(light)}

# %% tags=["check", "remove-cell"]
answer(lower_over_higher, within=0.02)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# The light char keeps the thickness of the slab (0.02 × 1190 kg/m³ is 24 kg/m³) and shields what lies
# below it. The dense one collapses to a film of a tenth of a millimetre, which insulates nothing. The same
# mass of char, another fire: the *volume* of a char matters, which is why intumescent additives work.
# :::

# %% [markdown]
# ## 3.4 Change and explain: two humps
#
# Simulate poly(vinyl chloride), `*CC(*)Cl`, from its structure at 50 kW/m² and 6 mm with
# `cone_test.predict("*CC(*)Cl", 50.0, 6.0, samples=20)` and draw `hrr_kw_m2` over `time_s`. Then look at
# the simulation parameters in its `case`: how many reactions has it? (Polystyrene has one.)

# %% tags=["start"]
reactions = ...

# %% tags=["solution", "hide-cell"]
test = cone_test.predict(chlorinated, 50.0, 6.0, samples=20)
reactions = len(test.case["reactions"])
curve = (test.time_s, 1e3 * test.hrr_kw_m2)
figures_measurements.hrr_with_draws([curve], curve, "PVC from structure, 50 kW/m², 6 mm")

# %% tags=["check", "remove-cell"]
answer(reactions)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# The acid leaves first and hardly burns, so that it feeds neither hump: both belong to the second step, the polyene. The
# first comes at ignition, when the surface layer has lost its acid and its polyene decomposes without cover; the char
# that it leaves then shields what lies below. The second comes when the insulated back lets the whole remaining slab heat
# up. A hump need not be a reaction: thickness and the back face can make one. If a curve has two humps, ask for each whether it comes from a reaction or from
# the geometry.
# :::

# %% [markdown]
# ## 3.5 Open: flux or fuel?
#
# A simulation burns too fast. The cause may be a heat of gasification that is too small or a flame heat flux
# that is too large. Which measurement on a burning specimen would tell one from the other?

# %% tags=["solution", "hide-cell"]
fluxes = np.array([25e3, 50e3, 75e3, 100e3])
rates = {}
for label, heat, flame in (
    ("as it is", 0.9e6, 15e3),
    ("smaller heat of reaction", 0.6e6, 15e3),
    ("larger flame flux", 0.9e6, 30e3),
):
    changed = copy.deepcopy(case)
    changed["front"]["flame_heat_flux_w_m2"] = flame
    changed["reactions"][0]["heat_of_reaction_j_kg"] = heat
    cases = [{**changed, "irradiance_w_m2": q} for q in fluxes]
    rates[label] = [cone.simulate(c)["phrr_kw_m2"] for c in cases]
pd.DataFrame(rates, index=pd.Index(fluxes / 1e3, name="kW/m²")).round(0)

# %% [markdown] tags=["solution"]
# :::{admonition} What a good answer holds
# :class: dropdown
# Burn it at several irradiances: a smaller heat of gasification makes the line of peak against irradiance
# *steeper*, a larger flame flux *shifts* it up, as the table shows. Or gasify the specimen in nitrogen:
# without a flame only the heat of gasification is left. One test at one irradiance cannot tell.
# :::
