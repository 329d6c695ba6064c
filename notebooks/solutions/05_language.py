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
# # Exercises 5: chemical language models
#
# Four exercises on tokens and the language model, about 40 minutes. They need torch and the shipped
# language model.

# %% tags=["parameters"]
psmiles = "*CC(*)c1ccccc1"
seed = 0

# %%
import numpy as np
import pandas as pd
import torch
from rdkit import Chem
from transformers import AutoModelForMaskedLM
from trinity_book.course import answer

from trinity.learning.encoder import load_tokenizer, quiet
from trinity.pipeline import stages

folder = stages.load("phase0").folder
tokenizer = load_tokenizer(folder)
with quiet():
    language_model = AutoModelForMaskedLM.from_pretrained(folder).eval()


def guesses(before, after, n=4):
    """The n most probable tokens between two pieces of text."""
    left, right = (
        tokenizer(text, add_special_tokens=False)["input_ids"]
        for text in (before, after)
    )
    ids = [tokenizer.cls_token_id, *left, tokenizer.mask_token_id, *right]
    ids.append(tokenizer.sep_token_id)
    with torch.no_grad():
        logits = language_model(input_ids=torch.tensor([ids])).logits
    chances = logits[0, 1 + len(left)].softmax(-1).topk(n)
    tokens = tokenizer.convert_ids_to_tokens(chances.indices.tolist())
    return pd.Series(chances.values.numpy(), index=tokens).round(3)

# %% [markdown]
# ## 5.1 Compute: one polymer, many texts
#
# Write polystyrene, `*CC(*)c1ccccc1`, in fifty random atom orders
# (`Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(psmiles), 50, seed)`) and tokenize each. How many tokens
# `c` does each of them have? What else do they share?

# %% tags=["start"]
aromatic_tokens = ...

# %% tags=["solution", "hide-cell"]
orders = Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(psmiles), 50, seed)
counts = pd.DataFrame(
    [pd.Series(tokenizer.tokenize(text)).value_counts() for text in orders],
    index=orders,
).fillna(0)
aromatic_tokens = int(counts["c"].iloc[0])
counts.agg(["min", "max"]).astype(int)

# %% tags=["check", "remove-cell"]
answer(aromatic_tokens)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# Atoms, ring digits and ends are the same in every order. The brackets are not, since they only say how
# the branches were written. A model that sees each polymer in new orders must learn from what is shared.
# :::

# %% [markdown]
# ## 5.2 Change and explain: how sure is the language model?
#
# Hide one token and let the language model guess. How probable (0 to 1) does it find the atom `c` in place of
# the hidden one in `*CC(*)c1cccc?1`? `guesses(before, after)`, above, gives the most probable tokens between two pieces
# of text. Then hide the oxygen of the ester in PMMA, `*CC(*)(C)C(=O)?C`. Why is
# it less sure of that one?

# %% tags=["start"]
probability_of_c = ...

# %% tags=["solution", "hide-cell"]
ring = guesses("*CC(*)c1cccc", "1")
ester = guesses("*CC(*)(C)C(=O)", "C")
probability_of_c = float(ring["c"])
pd.DataFrame({"ring": ring, "ester": ester}).round(3).astype(object).fillna("–")

# %% tags=["check", "remove-cell"]
answer(probability_of_c, within=0.02)

# %% [markdown] tags=["solution"]
# :::{admonition} Explanation
# :class: dropdown
# An open aromatic ring leaves hardly any choice: the grammar of SMILES and aromaticity decide. After
# `C(=O)` chemistry allows several atoms, each of them a real polymer: a ketone, an ester, an amide. The
# model is right to be uncertain, so a low loss is not an aim in itself.
# :::

# %% [markdown]
# ## 5.3 Compute: how good is a guess?
#
# The loss of a hidden token is $-\ln p$ of the true one. What is the loss (nats) if all tokens of the
# vocabulary are equally probable? Where does the curve of phase 0 begin, and where does it end?

# %% tags=["start"]
loss_of_ignorance = ...

# %% tags=["solution", "hide-cell"]
loss_of_ignorance = float(np.log(len(tokenizer)))
loss = stages.load("phase0").results["loss"]
{
    "ignorance": round(loss_of_ignorance, 2),
    "first steps": round(float(np.mean(loss[:5])), 2),
    "last steps": round(float(np.mean(loss[-50:])), 2),
}

# %% tags=["check", "remove-cell"]
answer(loss_of_ignorance, within=0.01)

# %% [markdown] tags=["solution"]
# :::{admonition} Reading it
# :class: dropdown
# Training begins near ignorance. The perplexity, $e^{\text{loss}}$, says among how many equally probable
# tokens the model still hesitates.
# :::

# %% [markdown]
# ## 5.4 Open: what no text can say
#
# Which property that decides how a plastic burns could a model of repeat units not learn, however many
# rows and weights it had?

# %% [markdown] tags=["solution"]
# :::{admonition} What a good answer holds
# :class: dropdown
# Anything that the repeat unit does not hold: molar mass, end groups and weak links, tacticity,
# crystallinity, crosslinks, additives, moisture, colour. More data of the same kind do not help; another
# column in the table would.
# :::
