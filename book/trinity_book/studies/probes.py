"""What an embedding knows: linear probes for quantities that a polymer's structure decides.

A ridge regression reads a quantity off the embedding of polymers that its training did not see
(Alain and Bengio, 2017, *Understanding intermediate layers using linear classifier probes*).
What a linear map finds, the head of the model can use.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from trinity.chemistry.polymers import parse_psmiles
from trinity.chemistry.properties import estimate
from trinity.chemistry.thermochemistry import composition, oxygen_demand
from trinity.learning.encoder import encode, pad
from trinity.learning.model import FlammabilityModel

#: Quantity -> its unit; density and T50 are estimates, the others follow from the formula.
QUANTITIES = {"density": "kg/m³", "T50": "K", "aromatic share": "-", "oxygen demand": "kg/kg"}
FOLDS = 5
DRAWS = 1000


def quantities(psmiles: Sequence[str]) -> pd.DataFrame:
    """The quantities of polymers, one row each, columns as in `QUANTITIES`."""
    rows = []
    for text in psmiles:
        known, unit = estimate(text), parse_psmiles(text)
        aromatic = [atom.GetIsAromatic() for atom in unit.GetAtoms() if atom.GetAtomicNum() > 1]
        estimated = known["density_kg_m3"].value, known["t50_k"].value
        rows.append((*estimated, np.mean(aromatic), oxygen_demand(composition(unit))))
    return pd.DataFrame(rows, columns=list(QUANTITIES))


@torch.no_grad()
def embed(model: FlammabilityModel, psmiles: Sequence[str], batch: int = 64) -> np.ndarray:
    """Embeddings (P, D) of canonical repeat units, read in batches of similar length."""
    ids = encode(model.tokenizer, psmiles)
    order = np.argsort([len(sequence) for sequence in ids], kind="stable")
    found = np.empty((len(ids), model.backbone.config.hidden_size))
    for start in range(0, len(order), batch):
        places = order[start : start + batch]
        read = model.embed(*pad([ids[i] for i in places], model.tokenizer.pad_token_id))
        found[places] = read.numpy()
    return found


def probe(
    embedding: np.ndarray, values: np.ndarray, keys: Sequence[str], seed: int
) -> dict[str, float]:
    """Share of the variance of a quantity that a ridge regression finds in unseen polymers.

    From ``embedding`` (P, D), ``values`` (P,) and ``keys``, of which none is on both sides of a
    fold: ``r2`` of the out-of-fold predictions with its 95 % bootstrap interval over polymers
    (``low``, ``high``), and their root mean square error ``rmse``.
    """
    ridge = make_pipeline(StandardScaler(), RidgeCV(alphas=np.logspace(-2, 4, 13)))
    _, groups = np.unique(np.asarray(keys), return_inverse=True)
    folds = GroupKFold(min(FOLDS, groups.max() + 1), shuffle=True, random_state=seed)
    said = cross_val_predict(ridge, embedding, values, groups=groups, cv=folds)
    missed, spread = (said - values) ** 2, (values - values.mean()) ** 2
    drawn = np.random.default_rng(seed).integers(len(values), size=(DRAWS, len(values)))
    low, high = np.quantile(_found(missed[drawn].sum(1), spread[drawn].sum(1)), [0.025, 0.975])
    r2, rmse = _found(missed.sum(), spread.sum()), np.sqrt(missed.mean())
    return {"r2": float(r2), "low": float(low), "high": float(high), "rmse": float(rmse)}


def _found(missed: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Share of a variance that is found; 0 where there is none to find."""
    return 1 - np.divide(missed, spread, out=np.ones_like(missed), where=spread > 0)


def probe_all(
    models: dict[str, FlammabilityModel], psmiles: Sequence[str], seed: int
) -> list[dict]:
    """`probe` of each model and quantity, a row each: ``model``, ``quantity``, ``unit``, scores."""
    known = quantities(psmiles)
    rows = []
    for name, model in models.items():
        embedding = embed(model, psmiles)
        rows += [
            {"model": name, "quantity": quantity, "unit": unit}
            | probe(embedding, known[quantity].to_numpy(), psmiles, seed)
            for quantity, unit in QUANTITIES.items()
        ]
    return rows
