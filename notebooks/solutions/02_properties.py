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
# # Exercises 2: from structure to properties
#
# Four exercises with repeat units, about 40 minutes. No torch.

# %% tags=["parameters"]
acrylic = "*CC(*)(C)C(=O)OC"
vinyl_chloride = "*CC(*)Cl"

# %%
import pandas as pd
from trinity_book.course import answer

from trinity.chemistry.groups import count_groups
from trinity.chemistry.polymers import polymer_key
from trinity.chemistry.properties import estimate

# %% [markdown]
# ## 2.1 Compute: heat of combustion without a measurement
#
# Complete combustion releases 13.1 MJ for each kilogram of oxygen. Count the atoms of the repeat unit of
# PMMA, `*CC(*)(C)C(=O)OC`, balance its combustion to CO₂ and H₂O, and compute the net heat of combustion in
# MJ/kg. (Molar masses: C 12.011, H 1.008, O 15.999 g/mol.)

# %% tags=["start"]
combustion_mj_kg = ...

# %% tags=["solution", "hide-cell"]
carbon, hydrogen, oxygen = 5, 8, 2
molar_mass = 12.011 * carbon + 1.008 * hydrogen + 15.999 * oxygen  # g/mol
oxygen_needed = carbon + hydrogen / 4 - oxygen / 2  # mol O2 a mol
combustion_mj_kg = 13.1 * 2 * 15.999 * oxygen_needed / molar_mass
found = estimate(acrylic).properties["heat_of_combustion_j_kg"]
round(combustion_mj_kg, 2), round(found.value / 1e6, 2)

# %% tags=["check", "remove-cell"]
answer(combustion_mj_kg, within=0.01)

# %% [markdown] tags=["solution"]
# :::{admonition} Reading it
# :class: dropdown
# The second number is what `trinity estimate` says. Oxygen that is already in the polymer lowers the
# heat twice: it adds mass and brings oxygen along. A polyolefin gives almost twice as much.
# :::

# %% [markdown]
# ## 2.2 Change and explain: chlorine for a methyl group
#
# Replace the methyl group of polypropylene, `*CC(*)C`, by chlorine: `*CC(*)Cl`. Estimate both. What
# percentage of the mass leaves as hydrogen chloride before the chain breaks?

# %% tags=["start"]
acid_percent = ...

# %% tags=["solution", "hide-cell"]
names = ["density_kg_m3", "heat_of_combustion_j_kg", "t50_k", "char_yield"]
compared = pd.DataFrame(
    {
        label: {name: estimate(unit).properties[name].value for name in names}
        for label, unit in (("PP", "*CC(*)C"), ("PVC", vinyl_chloride))
    }
)
hydrogen_chloride, unit_mass = 36.46, 2 * 12.011 + 3 * 1.008 + 35.45
acid_percent = 100 * hydrogen_chloride / unit_mass
acid = estimate(vinyl_chloride).properties["acid_t50_k"].value
compared.loc["half of the acid has left [K]"] = {"PVC": acid}
compared.map("{:.4g}".format).replace("nan", "–")

# %% tags=["check", "remove-cell"]
answer(acid_percent, within=0.02)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# More than half of poly(vinyl chloride) leaves as an acid that hardly burns and dilutes what does. What
# remains is a polyene, which chars. These two effects make the polymer hard to burn, and not a higher resistance to heat: as
# the last row shows, the acid leaves at a lower temperature than that at which polypropylene breaks. The row `t50_k` of
# PVC is the second step, the decomposition of the polyene.
# :::

# %% [markdown]
# ## 2.3 Compute: how many polymers are these?
#
# `*CC(*)C`, `*C(C)C*`, `*CC(C)CC(C)*`, `*CCC*`, `*CCCC*`, `*C(=O)OCCO*`, `*OCCOC(=O)*`. How many different
# chains are in the list? Answer on paper first.

# %% tags=["start"]
different_chains = ...

# %% tags=["solution", "hide-cell"]
spellings = [
    "*CC(*)C",
    "*C(C)C*",
    "*CC(C)CC(C)*",
    "*CCC*",
    "*CCCC*",
    "*C(=O)OCCO*",
    "*OCCOC(=O)*",
]
keys = pd.Series({s: polymer_key(s) for s in spellings}, name="key")
different_chains = keys.nunique()
keys

# %% tags=["check", "remove-cell"]
answer(different_chains)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# Polypropylene three times, polyethylene twice, one polycarbonate twice. A split of rows by *text* would
# put polypropylene into training and test at once.
# :::

# %% [markdown]
# ## 2.4 Open: your own polymer
#
# Write the repeat unit of a polymer that you work with. Which of its groups does the table not have, and
# which of its properties would you measure first?

# %% tags=["start"]
my_polymer = "*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1"
count_groups(my_polymer)

# %% [markdown] tags=["solution"]
# :::{admonition} What a good answer holds
# :class: dropdown
# The groups that are missing are those of `uncovered_atoms`; for the polycarbonate above the list is empty. Measure the
# decomposition temperature first: in exercise 4.1 its error moves ignition the most, and thermogravimetry needs
# milligrams and an hour. Density and specific heat are estimated better than two laboratories agree on
# an ignition time, so measuring them changes little.
# Whether the prediction of a polymer that was left out becomes better is another question: in this book it did not
# ({doc}`../07_controls`).
# :::
