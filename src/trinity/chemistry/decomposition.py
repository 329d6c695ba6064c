"""Decomposition of a chain: temperature of half decomposition and char yield, from structure.

Both come from Gaussian processes on a few descriptors of the endless chain. The temperature model
learns from decomposition temperatures of many papers, whose definition is mixed, and from two
temperatures of half decomposition; the char model from micro calorimetry. Nothing measured on the
polymers of the cone tests is used: every row that belongs to one of them is left out, once and for
all, so that one fit serves every held-out fold.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from trinity.chemistry.descriptors import describe
from trinity.chemistry.groups import Chain
from trinity.chemistry.polymers import polymer_key
from trinity.files import data_path

# Scatter of a tabulated temperature about the model: partly its mixed definition, partly what the
# descriptors miss. With it, squared errors of left-out polymers are as large as predicted.
MIXED_SIGMA_K = 35.0
CHAR_SIGMA = 0.06  # scatter of char between laboratories and definitions


class Settings(NamedTuple):
    """Descriptors and kernel of a model: Matern 3/2 of ``length``, ``linear`` and constant part."""

    descriptors: tuple[str, ...]
    length: float
    linear: float
    spread: float  # 1 sigma of the quantity over polymers, in its unit


SETTINGS = {
    "t50": Settings(
        ("bicerano_k", "benzene", "oxygen", "fluorine", "ester", "aromatic_side"),
        length=1.0, linear=1.0, spread=65.0,
    ),
    "char": Settings(("char_former", "sulfur", "imide"), length=1.2, linear=0.5, spread=0.2),
}  # fmt: skip
CONSTANT = 4.0  # variance of the mean, in units of the spread


class GaussianProcess:
    """Exact regression with known noise (Rasmussen & Williams 2006, eq. 2.23-2.24).

    ``x`` (n, d), ``y`` (n,) and its noise ``sigma`` (n,) in the unit of ``y``. Equal to
    scikit-learn's with this kernel, whose import alone would nearly double the time that ``trinity
    estimate`` takes; ``inverse`` serves leave-one-out errors and the browser page, too.
    """

    def __init__(self, settings: Settings, x: np.ndarray, y: np.ndarray, sigma: np.ndarray):
        self.settings, self.mean = settings, float(y.mean())
        self.centre, scale = x.mean(0), x.std(0)
        self.scale = np.where(scale > 0, scale, 1.0)
        self.inputs = (x - self.centre) / self.scale  # (n, d)
        noise = np.diag((sigma / settings.spread) ** 2)
        self.inverse = np.linalg.inv(_kernel(settings, self.inputs, self.inputs) + noise)  # (n, n)
        self.weights = self.inverse @ ((y - self.mean) / settings.spread)  # (n,)

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and 1 sigma of the function itself, each (m,), for ``x`` (m, d)."""
        inputs = (np.atleast_2d(x) - self.centre) / self.scale
        cross = _kernel(self.settings, inputs, self.inputs)
        own = 1.0 + CONSTANT + self.settings.linear * (inputs**2).mean(1)
        variance = own - np.einsum("ij,jk,ik->i", cross, self.inverse, cross)
        spread = self.settings.spread
        return self.mean + spread * cross @ self.weights, spread * np.sqrt(np.maximum(variance, 0))


def _kernel(settings: Settings, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    distance = np.sqrt(3 * ((a[:, None, :] - b[None, :, :]) ** 2).mean(-1)) / settings.length
    matern = (1 + distance) * np.exp(-distance)
    return matern + settings.linear * (a @ b.T) / a.shape[1] + CONSTANT


def features(described: dict[str, float], quantity: str) -> np.ndarray:
    """Descriptors of the ``t50`` or ``char`` model, (d,)."""
    return np.array([described[name] for name in SETTINGS[quantity].descriptors])


@cache
def measured_keys() -> frozenset[str]:
    """Keys of the polymers of the cone tests, comonomers not counted."""
    table = pd.read_csv(data_path("measurements", "cone_measurements.csv"))
    return frozenset(map(polymer_key, table.psmiles.unique()))


def training_table(quantity: str, blind: bool = True) -> pd.DataFrame:
    """Data of a model: columns psmiles, key, value and sigma [K or kg/kg], kind.

    ``kind`` is ``mixed`` for a shifted decomposition temperature, ``half`` for a temperature of
    half decomposition, ``char``. With ``blind`` the polymers of the cone tests are left out, and
    whatever the tables mark to leave with one of them.
    """
    if quantity == "char":
        table = _read("microscale_calorimetry", "char", "char_pct", CHAR_SIGMA)
        table["value"] /= 100
        first = dict.fromkeys(("psmiles", "sigma", "kind", "marked"), "first")
        table = table.groupby("key", as_index=False).agg({"value": "mean"} | first)
    else:
        mixed = _read("decomposition_temperatures", "mixed", "Td_K", MIXED_SIGMA_K)
        half = _read("half_temperatures", "half", "T50_K", "sigma_K")
        both = mixed.merge(half, on="key")
        mixed["value"] += (both.value_y - both.value_x).mean()  # from onset to half decomposition
        table = pd.concat([mixed, half], ignore_index=True)
    if blind:
        table = table[~table.marked & ~table.key.isin(measured_keys())]
    return table.drop(columns="marked").reset_index(drop=True)


def _read(file: str, kind: str, value: str, sigma: float | str) -> pd.DataFrame:
    """Rows of a reference table that have a structure and a value, with the key of each."""
    table = pd.read_csv(data_path("reference", f"{file}.csv")).dropna(subset=["psmiles", value])
    marked = table["use"].str.contains("leave out") if "use" in table else False
    return pd.DataFrame({
        "psmiles": table.psmiles, "key": table.psmiles.map(polymer_key), "value": table[value],
        "sigma": table[sigma] if isinstance(sigma, str) else sigma, "kind": kind, "marked": marked,
    })  # fmt: skip


def fit(quantity: str, table: pd.DataFrame) -> GaussianProcess:
    """Fit a model to a training table."""
    described = [describe(Chain(psmiles)) for psmiles in table.psmiles]
    x = np.array([features(one, quantity) for one in described])
    return GaussianProcess(SETTINGS[quantity], x, table.value.to_numpy(), table.sigma.to_numpy())


@cache
def blind_model(quantity: str) -> GaussianProcess:
    """The ``t50`` or ``char`` model that knows no polymer of the cone tests."""
    return fit(quantity, training_table(quantity))


def predict_t50(described: dict[str, float]) -> tuple[float, float]:
    """Temperature [K] of half decomposition at 10 K/min in nitrogen, and its 1 sigma.

    ``described`` is what :func:`trinity.chemistry.descriptors.describe` returned.
    """
    mean, sigma = blind_model("t50").predict(features(described, "t50"))
    return float(mean[0]), float(np.hypot(sigma[0], MIXED_SIGMA_K))


def predict_char(described: dict[str, float]) -> tuple[float, float]:
    """Char yield [kg/kg] of slow heating in nitrogen, and its 1 sigma, as above."""
    mean, sigma = blind_model("char").predict(features(described, "char"))
    value = float(np.clip(mean[0], 0.0, 0.9))
    return value, float(np.hypot(sigma[0], 0.02 + 0.1 * value))
