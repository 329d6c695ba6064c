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
# # A language model of your own
#
# ```{admonition} In this chapter
# :class: tip
# **Objectives.** Put another chemical language model in the place of ours; take it through both phases; score it,
# or any other model, as the book scores its own. **Prerequisites.** {doc}`05_pretraining`, {doc}`07_ablation`,
# PyTorch.
# **Time.** 15 minutes.
# ```
#
# The method does not depend on the language model of this book. Any encoder that transformers'
# `AutoModel` and `AutoTokenizer` load from a folder can read the repeat units, and so can one named as on a model
# hub, where there is a network. The commands of this page take it from
# the encoder to a score. Everything here
# is tiny, so that the page runs in minutes: *its numbers say nothing about any method*.

# %% tags=["parameters"]
n_polymers = 40  # hypothetical ones; the book has thousands
conditions = 3  # cone tests of each
seed = 0
size = "test"  # scale of both phases; laptop for a result that counts

# %% tags=["remove-cell"]
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

home = Path(tempfile.mkdtemp())


def trinity(command):
    """Run a command of the project in a folder of its own; print what it prints, or give its JSON."""
    words = [sys.executable, "-m", "trinity", *command.split()]
    # Jupyter asks for colours, which a page shows as codes.
    plain = {k: v for k, v in os.environ.items() if "FORCE" not in k}
    plain["TRINITY_BUILD"] = str(home / "build")
    done = subprocess.run(
        words,
        cwd=home,
        env=plain,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if "--json" in words:
        return json.loads(done.stdout)
    print(done.stdout)


# %% [markdown]
# ## An encoder
#
# Take one that you have. Here, a small untrained one is written to the folder `encoder`, with the tokenizer of the book.

# %%
from transformers import AutoTokenizer, BertConfig, BertModel
from transformers.utils.logging import disable_progress_bar

from trinity.files import data_path
from trinity.learning.loop import seeded

words = AutoTokenizer.from_pretrained(
    data_path("artifacts", "models", "language_model")
)
shape = BertConfig(
    vocab_size=len(words),
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=64,
)
disable_progress_bar()
with seeded(seed):
    BertModel(shape).save_pretrained(home / "encoder")
words.save_pretrained(home / "encoder")
sorted(path.name for path in (home / "encoder").iterdir())

# %% [markdown]
# The tokenizer matters as much as the weights: one that has no token for `*` cannot tell where a repeat unit ends.
#
# ## Phase 1
#
# A synthetic table, and supervised pretraining on it. (`trinity(...)` runs a command as a terminal would.)

# %%
trinity(
    f"synthesize --n {n_polymers} --conditions {conditions}"
    f" --seed {seed} --out table"
)
trinity(
    "pretrain --encoder encoder --table table --out phase1"
    f" --scale {size} --seed {seed}"
)

# %% [markdown]
# Without `--table`, the synthetic table of the book is used.
#
# ## Phase 2, on the project's measurements and yours
#
# One invented test stands in for yours.

# %%
(home / "mine.csv").write_text(
    "psmiles,flux_kw_m2,thickness_mm,t_ig_s,phrr_kw_m2\n"
    "*CC(*)C#N,50,6,60,300\n"
)
trinity(
    "finetune --csv mine.csv --from phase1 --out my_model"
    f" --scale {size} --seed {seed}"
)

# %%
trinity("predict PMMA --flux 50 --thickness 6 --model my_model")

# %% [markdown]
# ## A score
#
# `evaluate` repeats phase 2 without each group of polymers in turn, predicts that group with the laboratory hidden, and
# sets the result beside the arms of the book. Give it the folder of phase 1, or that of `finetune`; a model whose
# weights have seen the measurements (the modes by gradient) is refused. Finished folds are kept, so that an
# interrupted run goes on.

# %%
import pandas as pd

columns = ["arm", "gmfe", "gmfe_low", "gmfe_high", "difference", "p"]
scores = pd.DataFrame(trinity("evaluate --model phase1 --json"))
scores[scores["target"] == "primary"][columns].set_index("arm").round(3)

# %% [markdown]
# Without `--json` the command prints these rows and those of each quantity as a table. `gmfe` is the typical factor of the
# error with its 95 % interval; `difference` compares each arm with the first one, group by group: positive means a larger
# error. Three rows are yours: phase 1 corrected by the measurements with the physics model answering, too, phase 1
# corrected by the measurements alone, and phase 1 without them. That even this untrained encoder does well where physics
# answers is the finding of {doc}`07_ablation` once more.
#
# ## A model of another kind
#
# Nothing has to be a language model to be scored. `trinity evaluate --template` writes the cells and folds as a table;
# fill in `predicted` with the measurements of the fold left out, and hand it back:

# %%
trinity("evaluate --template rows.csv")
rows = pd.read_csv(home / "rows.csv")
rows[["test_id", "cell", "fold", "target", "predicted"]].head(3)

# %%
from trinity.measurements.specimens import load_measurements

cells = load_measurements().set_index("test_id")
groups = rows.groupby("fold")["test_id"].unique()
for fold, left_out in groups.items():
    known = cells.drop(index=left_out)
    for target in rows["target"].unique():
        here = (rows["fold"] == fold) & (rows["target"] == target)
        rows.loc[here, "predicted"] = known[target].median()
rows.to_csv(home / "rows.csv", index=False)
scores = pd.DataFrame(trinity("evaluate --predictions rows.csv --json"))
primary = scores[scores["target"] == "primary"]
primary[columns].set_index("arm").head(3).round(3)

# %% [markdown]
# That was the median of the other polymers: a baseline that knows neither chemistry nor conditions. Any model worth
# its name must beat it. {doc}`01_measurements` scores a linear one.
#
# ## What it buys, what it costs
#
# **What it buys.** A comparison in which only the encoder differs: the folds, phase 2, physics and scores are the same.
#
# **What it costs.** At scale `laptop`, phase 1 with five seeds takes long on two cores; the minutes are in {doc}`../book/model_card`.
#
# **When to use something else.** If the question is which of two encoders is better, nine groups of polymers will not
# tell; a property with hundreds of labels can ({doc}`07_power`).
