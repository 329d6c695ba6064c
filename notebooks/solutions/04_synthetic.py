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
# # Exercises 4: synthetic data and its uncertainty
#
# Five exercises, about 60 minutes. No torch.

# %% tags=["parameters"]
psmiles = "*CC(*)c1ccccc1"
flux_kw_m2 = 50.0
thickness_mm = 6.0
n_draws = 100
seed = 0

# %%
from dataclasses import replace

import numpy as np
import pandas as pd
from trinity_book.course import answer

from trinity.chemistry.properties import estimate
from trinity.chemistry.sampling import arrhenius, sample_parameters
from trinity.cone import curve as metrics
from trinity.cone import simulate as cone
from trinity.cone.specimen import to_case


def ignition_times(found, thickness=thickness_mm, draws=n_draws):
    """Ignition times [s] of draws of the estimated properties."""
    drawn = sample_parameters(found, draws, np.random.default_rng(seed))
    cases = [to_case(drawn, i, flux_kw_m2, thickness) for i in range(draws)]
    return cone.simulate_batch(cases, lag_s=metrics.LAG_S)["rule_t_ig_s"]


# %% [markdown]
# ## 4.1 Compute: which error matters most?
#
# For polystyrene, set the standard error of every property to zero but one, draw, burn, and compute
# the standard deviation of $\ln t_{ig}$. Which property leaves the largest one? (`found.properties` is a
# dict; `dataclasses.replace` makes a copy with another `sigma`.) Answer with its name.

# %% tags=["start"]
found = estimate(psmiles)
largest = ...

# %% tags=["solution", "hide-cell"]
spread = {}
for kept in found.properties:
    properties = {
        name: p if name == kept else replace(p, sigma=0.0)
        for name, p in found.properties.items()
    }
    alone = replace(found, properties=properties)
    spread[kept] = float(np.nanstd(np.log(ignition_times(alone, draws=40))))
spread = pd.Series(spread, name="sd of ln t_ig").sort_values(ascending=False)
largest = str(spread.index[0])
spread.head(6).round(3)

# %% tags=["check", "remove-cell"]
answer(largest)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# The ignition time of a thick solid grows with the square of the rise in temperature that ignition takes, and a hotter
# surface also loses more heat. Density and specific heat enter in the first power only. The error of the first property
# in the list therefore matters more than any improvement of density or specific heat.
# :::

# %% [markdown]
# ## 4.2 Change and explain: a thin specimen
#
# Burn the central estimate of polystyrene at 1 mm and at 6 mm (`sample_parameters(found, 1, None)` gives
# the central one). What is the total heat released at 1 mm divided by that at 6 mm? Why do the peaks not
# have the same ratio?

# %% tags=["start"]
heat_ratio = ...

# %% tags=["solution", "hide-cell"]
central = sample_parameters(found, 1, None)
burnt = {
    mm: cone.simulate_batch(
        [to_case(central, 0, flux_kw_m2, mm)], lag_s=metrics.LAG_S
    )
    for mm in (1.0, 6.0)
}
heat_ratio = float(
    burnt[1.0]["rule_thr_mj_m2"][0] / burnt[6.0]["rule_thr_mj_m2"][0]
)
names = ["rule_t_ig_s", "rule_phrr_kw_m2", "rule_thr_mj_m2"]
pd.DataFrame({mm: {n: b[n][0] for n in names} for mm, b in burnt.items()}).round(1)

# %% tags=["check", "remove-cell"]
answer(heat_ratio, within=0.03)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# The fuel is a sixth, so the heat is nearly a sixth. A thin specimen is hot through when it ignites, so its
# whole depth pyrolyses at once and little fuel is left: one short peak, without the plateau of a thick
# slab. The peak depends on how heat is stored, the total only on how much fuel there is.
# :::

# %% [markdown]
# ## 4.3 Compute: kinetics that do not compensate
#
# Take $E$ = 200 kJ/mol and $A = 10^{13}$ 1/s. A first-order reaction that is heated at
# $\beta$ = 10 K/min peaks where $\beta E / (R T^2) = A\,e^{-E/RT}$. Draw 2,000 values of $E$ and of $\ln A$
# *independently*, each with a relative error of 30 %, and compute the standard deviation of the peak
# temperature in K. Compare it with the error of a poor direct estimate, some 50 K.

# %% tags=["start"]
spread_k = ...

# %% tags=["solution", "hide-cell"]
from scipy.optimize import brentq

rng = np.random.default_rng(seed)
energy = 200e3 * (1 + 0.3 * rng.standard_normal(2000)).clip(0.2)
log_a = np.log(1e13) * (1 + 0.3 * rng.standard_normal(2000)).clip(0.2)
rate_k_s, gas_constant = 10.0 / 60.0, 8.314462618


def peak_temperature(e, ln_a):
    """Temperature [K] of the fastest mass loss."""
    heating = np.log(rate_k_s * e / gas_constant)
    return brentq(
        lambda t: heating - 2 * np.log(t) - ln_a + e / (gas_constant * t),
        50.0,
        2e4,
    )


peaks = [peak_temperature(e, a) for e, a in zip(energy, log_a, strict=True)]
spread_k = float(np.std(peaks))
round(spread_k, 1)

# %% tags=["check", "remove-cell"]
answer(spread_k, within=0.1)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# Several times the error of a poor direct estimate: some of these polymers would fall apart at room
# temperature. In the literature $A$ and $E$ of one polymer differ just as much, but *together*: they
# compensate. So the table draws the temperature and the width, and computes $A$ and $E$ from them
# (`trinity.chemistry.sampling.arrhenius`).
# :::

# %% tags=["solution", "hide-cell"]
frequency, activation = arrhenius(np.array([650.0]), np.array([40.0]))
f"A = {frequency[0]:.1e} 1/s, E = {activation[0] / 1e3:.0f} kJ/mol"

# %% [markdown]
# ## 4.4 Change and explain: who draws the random numbers?
#
# The table is made in chunks; chunk $k$ draws from `np.random.SeedSequence(seed, spawn_key=(k,))`. Draw three
# numbers for each of four chunks in order 0, 1, 2, 3, and again in order 3, 1, 0, 2. Are the numbers of
# each chunk the same (True or False)? And if there were one generator per *worker* instead?

# %% tags=["start"]
same = ...

# %% tags=["solution", "hide-cell"]


def chunk(k):
    """The random numbers of chunk k, whoever computes it and when."""
    stream = np.random.SeedSequence(seed, spawn_key=(k,))
    return np.random.default_rng(stream).random(3)


forwards = {k: chunk(k) for k in (0, 1, 2, 3)}
mixed = {k: chunk(k) for k in (3, 1, 0, 2)}
same = all((forwards[k] == mixed[k]).all() for k in forwards)
same

# %% tags=["check", "remove-cell"]
answer(same)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# A chunk is a function of its number: it may be computed twice, elsewhere, or after a crash. With one
# generator per worker, the rows would depend on which worker took which chunk and on how many workers there
# were. A restart would continue with other numbers.
# :::

# %% [markdown]
# ## 4.5 Open: a polymer that you would refuse
#
# `trinity synthesize --n 200 --conditions 1 --seed 1 --out my_table` makes a small table. Find a polymer
# in it that you would not try to make. Which rule of `data/generator/forbidden.csv` should have excluded it,
# and which commercial polymer would that rule lose?

# %% [markdown] tags=["solution"]
# :::{admonition} What a good answer holds
# :class: dropdown
# A reason of chemistry (it would hydrolyse, cyclise, depolymerise or is too strained), a pattern that is as
# narrow as the reason, and the check on `data/polymers_real.csv`: a rule that refuses a polymer on sale is
# wrong. A ban of all acetals, for example, would lose polyoxymethylene, `*CO*`.
# :::
