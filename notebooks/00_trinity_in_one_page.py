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
# # The trinity in one page
#
# ```{admonition} In this chapter
# :class: tip
# **Objectives.** See the whole method work, small, from a repeat unit to a score on a polymer that was left out.
# **Prerequisites.** Python; some PyTorch helps. **Time.** 10 minutes, one of them for the computer.
# ```
#
# Nothing on this page is loaded from a result of the book. It invents polymers, burns them in the physics model, trains a
# small network on the outcome, finetunes it on measurements, and asks whether the first training helped. The network has
# tens of thousands of weights, and there are two hundred polymers. The model that ships with this book differs in three ways: its encoder has read polymers before (phase 0), its phase 2 is solved in closed form, and the physics model
# answers at prediction, too.

# %% tags=["parameters"]
n_polymers = 200
n_conditions = 6
n_steps_phase1 = 400
n_steps_phase2 = 60
left_out = "PC"
seed = 0

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from myst_nb import glue
from torch import nn
from trinity_book.figures import style

from trinity.chemistry.properties import estimate
from trinity.chemistry.sampling import sample_parameters
from trinity.cone.simulate import simulate_batch
from trinity.cone.specimen import to_case
from trinity.learning.encoder import build_tokenizer
from trinity.learning.loop import seeded
from trinity.measurements.specimens import load_measurements
from trinity.synthesis.generator import generate_polymers

# %%
style.use()
torch.set_num_threads(1)
rng = np.random.default_rng(seed)

# %% [markdown]
# ## Step 2: invent polymers
#
# A grammar of groups and a set of reactions write repeat units that somebody could make.

# %%
polymers = generate_polymers(n_polymers, seed=seed)
polymers[["psmiles", "family"]].sample(5, random_state=seed)

# %% [markdown]
# Group contribution estimates what each would be like, with an error for every property.

# %%
estimates = [estimate(psmiles) for psmiles in polymers["psmiles"]]
properties = pd.DataFrame(estimates[0].to_dict()["properties"]).T.head(4)
properties.map(
    lambda value: f"{value:.4g}" if isinstance(value, float) else value
)

# %% [markdown]
# ## Step 3: burn them
#
# Each polymer is burnt several times, at random heat fluxes and thicknesses, with its properties drawn within their
# errors.

# %%
flux = np.exp(rng.uniform(*np.log([20, 100]), (n_polymers, n_conditions)))
thickness = np.exp(rng.uniform(*np.log([2, 15]), flux.shape))
cases = []
for i, found in enumerate(estimates):
    drawn = sample_parameters(found, n_conditions, rng)
    cases += [
        to_case(drawn, k, flux[i, k], thickness[i, k])
        for k in range(n_conditions)
    ]
burnt = simulate_batch(cases, lag_s=3.0)

# %%
synthetic = pd.DataFrame(
    {
        "psmiles": polymers["psmiles"].repeat(n_conditions).to_numpy(),
        "flux_kw_m2": flux.ravel(),
        "thickness_mm": thickness.ravel(),
        "t_ig_s": burnt["rule_t_ig_s"],
        "phrr_kw_m2": burnt["rule_phrr_kw_m2"],
    }
).dropna()
synthetic.round(1).head()

# %% [markdown]
# Beside them, the measurements: tests of real polymers by real laboratories.

# %% mystnb={"image": {"alt": "Time to ignition against irradiance on a logarithmic axis: a broad cloud of synthetic tests with the measured tests among them."}} data="synthetic tests of this page and measured cone tests"
measured = (
    load_measurements().dropna(subset=["t_ig_s"]).reset_index(drop=True)
)
figure, axes = plt.subplots(figsize=(5.6, 3.2))
for table, name, size in (
    (synthetic, "synthetic", 4),
    (measured, "measured", 18),
):
    axes.scatter(
        table["flux_kw_m2"],
        table["t_ig_s"],
        s=size,
        label=f"{name}: {len(table)}",
    )
axes.set(
    xlabel="irradiance (kW/m²)", ylabel="time to ignition (s)", yscale="log"
)
axes.legend();  # fmt: skip

# %% [markdown]
# The synthetic tests are many and roughly right. The measurements are few, and they lie among them.
#
# ## Step 1: read a repeat unit
#
# A polymer enters as text, one token for each atom, bond or bracket. The model that ships with this book has learned this language
# beforehand (phase 0). This small one begins from nothing.

# %%
tokenizer = build_tokenizer()
print(tokenizer.tokenize("*CC(*)c1ccccc1"))


def tensors(table):
    """Tokens, and conditions and labels as logarithms, of a table."""
    tokens = tokenizer(
        table["psmiles"].tolist(), padding=True, return_tensors="pt"
    )
    conditions = table[["flux_kw_m2", "thickness_mm"]].to_numpy()
    numbers = np.log(conditions) - [3.9, 1.6]
    labels = np.log(table[["t_ig_s", "phrr_kw_m2"]].to_numpy()) - [4.2, 5.8]
    return tokens["input_ids"], *(
        torch.tensor(x).float() for x in (numbers, labels)
    )


# %% [markdown]
# The subtracted constants are round means, so that the network works with numbers near zero. It looks at
# seven tokens at a time, averages what it finds, adds the conditions, and answers with two logarithms.


# %%
class Network(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.token = nn.Embedding(len(tokenizer), width, padding_idx=0)
        self.read = nn.Conv1d(width, width, kernel_size=7, padding=3)
        self.inner = nn.Linear(width + 2, width)
        self.answer = nn.Linear(width, 2)
        self.straight = nn.Linear(2, 2)  # a straight line from the conditions

    def forward(self, tokens, numbers):
        real = (tokens != 0).unsqueeze(-1)
        seen = self.read(self.token(tokens).transpose(1, 2)).transpose(1, 2)
        polymer = (torch.relu(seen) * real).sum(1) / real.sum(1)
        hidden = torch.tanh(self.inner(torch.cat([polymer, numbers], 1)))
        return self.answer(hidden) + self.straight(numbers)


# %% [markdown]
# ## Steps 4 and 5: train it twice
#
# One function serves both phases. It takes random batches and steps downhill in the mean absolute error.


# %%
def train(network, table, steps, rate):
    """Train a network in place; returns the loss of each step."""
    tokens, numbers, labels = tensors(table)
    optimiser, losses = torch.optim.Adam(network.parameters(), lr=rate), []
    draw = np.random.default_rng(seed)
    for _ in range(steps):
        batch = torch.tensor(draw.integers(len(tokens), size=64))
        wrong = network(tokens[batch], numbers[batch]) - labels[batch]
        loss = wrong.abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


# %% [markdown]
# Phase 1 learns the synthetic tests. The measured polymers are taken out first, by their key.

# %% mystnb={"image": {"alt": "Mean absolute logarithmic error against the step of phase 1: it falls steeply at first and then slowly."}} data="synthetic tests of this page"
with seeded(seed):
    untrained, phase1 = Network(), Network()
known = polymers["psmiles"][polymers["key"].isin(set(measured["key"]))]
learned = synthetic[~synthetic["psmiles"].isin(known)]
losses = train(phase1, learned, n_steps_phase1, 3e-3)
figure, axes = plt.subplots(figsize=(5.6, 2.6))
axes.plot(pd.Series(losses).rolling(20, min_periods=1).mean())
axes.set(xlabel="step of phase 1", ylabel="mean |ln| error");  # fmt: skip

# %% [markdown]
# Phase 2 learns the measurements of all groups of polymers but one. It is run from phase 1 and, for comparison, from an
# untrained network. That one is trained for the steps of phase 2 only, so that part of any gap is training time: raise
# `n_steps_phase2` and see what is left.


# %%
def error_on(group, start):
    """Finetune a copy without a group; mean |ln| error on that group."""
    network = Network()
    network.load_state_dict(start.state_dict())
    seen = measured["group_nine"] != group
    train(network, measured[seen], n_steps_phase2, 2e-3)
    tokens, numbers, labels = tensors(measured[~seen])
    with torch.no_grad():
        wrong = (network(tokens, numbers) - labels).abs()
    return float(wrong.mean())


# %% [markdown]
# ## Step 6: judge it on a polymer that it has not seen

# %%
starts = {"without phase 1": untrained, "with phase 1": phase1}
one = {
    name: np.exp(error_on(left_out, start)) for name, start in starts.items()
}
pd.Series(one, name=f"error factor on {left_out}").round(2).to_frame()

# %% [markdown]
# One polymer proves nothing. Here is each group in turn:

# %% mystnb={"image": {"alt": "Error factor of each group of polymers when it is left out, one bar without and one with phase 1."}} data="synthetic tests of this page and measured cone tests"
groups = measured["group_nine"].unique()
errors = pd.DataFrame(
    {
        name: {group: error_on(group, start) for group in groups}
        for name, start in starts.items()
    }
)
axes = np.exp(errors).plot.barh(
    figsize=(5.6, 3.6), width=0.75, color=["#D55E00", "#0072B2"]
)
axes.set(
    xlabel="error factor on the group left out (1 is perfect)", xlim=(1, None)
);  # fmt: skip

# %% tags=["remove-cell"]
mean = np.exp(errors.mean())
glue("mean_without", f"{mean['without phase 1']:.2f}", display=False)
glue("mean_with", f"{mean['with phase 1']:.2f}", display=False)
better = int((errors["with phase 1"] < errors["without phase 1"]).sum())
glue("better", better, display=False)
glue("groups", len(groups), display=False)

# %% [markdown]
# Over the {glue:text}`groups` groups, the error factor is {glue:text}`mean_without` without phase 1 and
# {glue:text}`mean_with` with it; phase 1 helps in {glue:text}`better` of them. Three questions remain, and the rest of
# the book is about them. Are the simulations right ({doc}`03_validation`)? Is it the chemistry in them that helps,
# and would it not be simpler to ask the physics model directly ({doc}`07_ablation`)?
#
# ## Change it
#
# The numbers in the first cell are yours: `trinity run trinity_in_one_page -p n_polymers=100 -p seed=1`. With how few
# polymers does phase 1 stop helping?
