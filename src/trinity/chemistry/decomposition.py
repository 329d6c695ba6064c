"""Decomposition of a chain: temperature of half decomposition and char yield, from structure.

The temperature is at 10 K/min in nitrogen. A Gaussian process learns it from the means of many
papers, each shifted from their mixed definition to this one, and from measured values of half
decomposition. Char is a sum over the groups that make it (rows ``char_*`` of the priors), and a
process on what micro calorimetry leaves beside them, which is that of aromatic chains. A polymer
whose groups no row of the data has gets a wider error and a doubt. Nothing measured on the polymers
of the cone tests is used: every row that belongs to one of them is left out, once and for all, so
that one fit serves every held-out fold.
"""

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from trinity.chemistry.descriptors import char_groups, describe
from trinity.chemistry.groups import Chain
from trinity.chemistry.polymers import polymer_key
from trinity.chemistry.priors import kept, prior, value
from trinity.files import data_path


class Settings(NamedTuple):
    """Descriptors and kernel of a model: Matern 3/2 of ``length``, ``linear`` and constant part."""

    descriptors: tuple[str, ...]
    length: float
    linear: float
    spread: float  # 1 sigma of the quantity over polymers, in its unit


SETTINGS = {
    "t50": Settings(
        ("benzene", "bicerano_k", "oxygen", "fluorine", "aromatic_side"),
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
        variance = own - ((cross @ self.inverse) * cross).sum(1)
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
    """Data of a model: columns psmiles, key, value, sigma and known [K or kg/kg], kind.

    ``kind`` is ``mixed`` for a shifted decomposition temperature, ``half`` for a temperature of
    half decomposition, ``char``; ``known`` is what the model starts from, char of groups. With
    ``blind`` the polymers of the cone tests are left out, and those that a table marks to leave
    with one of them.
    """
    if quantity == "char":
        table = _read("microscale_calorimetry", "char", "char_pct").copy()
        table["value"] /= 100
        first = dict.fromkeys(("psmiles", "kind"), "first")
        table = table.groupby("key", as_index=False).agg({"value": "mean"} | first)
        known, doubt = np.array([group_char(_unit(psmiles)[0]) for psmiles in table.psmiles]).T
        rings = np.array([_unit(psmiles)[1]["char_former"] for psmiles in table.psmiles])
        sigma = np.hypot(doubt, _char_error(table.value.to_numpy(), rings))
        table = table.assign(known=known, sigma=sigma)
    else:
        half = _read("half_temperatures", "half", "T50_K").assign(sigma=value("half_error_k"))
        mixed = _read("decomposition_temperatures_2", "mixed", "value_C").copy()
        mixed["value"] += 273.15 + definition_shift()["blind"]["shift_k"]
        mixed["sigma"] = np.hypot(value("half_error_k"), value("paper_error_k") / mixed.n**0.5)
        table = pd.concat([mixed, half], ignore_index=True).assign(known=0.0)
    if blind:
        table = table[~table.key.isin(measured_keys() | _leave_with_tested())]
    columns = ["psmiles", "key", "value", "sigma", "known", "kind"]
    return table[columns].reset_index(drop=True)


@cache
def definition_shift() -> dict[str, dict[str, float]]:
    """Half decomposition less tabulated decomposition temperature, over polymers that have both.

    ``blind`` over those outside the cone tests, which is what is used, and ``tested`` over those
    of the cone tests, a check: ``shift_k``, its standard error ``error_k``, the number ``n``.
    """
    mixed = _read("decomposition_temperatures_2", "mixed", "value_C")
    half = pd.concat([
        _read("half_temperatures", "half", "T50_K").assign(value=lambda t: t.value - 273.15),
        _read("thermal_analysis", "half", "T50_of_volatiles_C"),
    ])  # fmt: skip
    both = mixed.merge(half.groupby("key", as_index=False).value.mean(), on="key")
    found = both.value_y - both.value_x
    tested = both.key.isin(measured_keys())
    return {
        name: {"shift_k": d.mean(), "error_k": d.std() / len(d) ** 0.5, "n": len(d)}
        for name, d in (("blind", found[~tested]), ("tested", found[tested]))
    }


@cache
def _unit(psmiles: str) -> tuple[Chain, dict[str, float]]:
    """The chain of a row of a table, and its descriptors."""
    unit = Chain(psmiles)
    return unit, describe(unit)


@cache
def _read(file: str, kind: str, column: str) -> pd.DataFrame:
    """Rows of a reference table that serve a fit: structure, key, value, papers ``n``.

    Rows of `decomposition_temperatures_2` without a licence, or of few papers as their source says,
    serve checks only; rows of `thermal_analysis` at other rates than 10 K/min nothing here.
    """
    table = pd.read_csv(data_path("reference", f"{file}.csv")).dropna(subset=["psmiles", column])
    if file == "decomposition_temperatures_2":
        table = table[(table.licence == "MIT") & ~table.definition.str.contains("few papers")]
    if "rate_k_min" in table:
        table = table[table.rate_k_min == 10.0]
    return pd.DataFrame({
        "psmiles": table.psmiles, "key": table.psmiles.map(polymer_key), "value": table[column],
        "n": table.get("n", 1), "kind": kind,
    })  # fmt: skip


@cache
def _leave_with_tested() -> frozenset[str]:
    """Keys of polymers so close to a tested one that they leave with it, as nylon 6 does."""
    table = pd.read_csv(data_path("reference", "decomposition_temperatures.csv"))
    return frozenset(map(polymer_key, table.psmiles[table["use"].str.contains("leave out")]))


def _char_error(char, rings):
    """Scatter of a char about the model and between laboratories [kg/kg], 1 sigma.

    ``rings`` is descriptor ``char_former``: what stays of aromatic rings in the chain is least
    certain, as it hangs on details that descriptors do not hold.
    """
    share, aromatic = value("char_error_share") * char, value("char_error_aromatic")
    return np.sqrt(
        value("char_error") ** 2 + share**2 + (aromatic * np.minimum(5.0 * rings, 1.0)) ** 2
    )


def group_char(unit: Chain, like: float = 1.0) -> tuple[float, float]:
    """Char [kg/kg] of the groups that make it without aromatic rings in the chain, and its sigma.

    Nitriles cyclise with their neighbours only: of a component that is the mass fraction ``like``
    of a copolymer, its square has one of its kind on both sides.
    """
    total, variance = 0.0, 0.0
    for name, share in char_groups(unit).items():
        char = prior(f"char_{name}")
        share *= like**2 if name == "nitrile" else 1.0
        total += share * char.value
        variance += (share * char.sigma) ** 2
    return total, variance**0.5


def fit(quantity: str, table: pd.DataFrame) -> GaussianProcess:
    """Fit a model to a training table."""
    x = np.array([features(_unit(psmiles)[1], quantity) for psmiles in table.psmiles])
    y = (table.value - table.known).to_numpy()
    return GaussianProcess(SETTINGS[quantity], x, y, table.sigma.to_numpy())


@kept
def blind_model(quantity: str) -> GaussianProcess:
    """The ``t50`` or ``char`` model that knows no polymer of the cone tests."""
    return fit(quantity, training_table(quantity))


def _kinds(unit: Chain) -> dict[str, int]:
    """Structural groups of a unit, benzene rings of all substitutions as one, bare atoms too."""
    kinds: dict[str, int] = {}
    for name, count in unit.groups.items():
        kind = "benzene ring" if name == "phenyl" or name[:3] == "C6H" else name
        kinds[kind] = kinds.get(kind, 0) + count
    for symbol in unit.uncovered.values():
        kinds[symbol] = kinds.get(symbol, 0) + 1
    return kinds


@cache
def seen_groups(quantity: str) -> frozenset[str]:
    """Kinds of structural groups of the polymers that a blind model learned from."""
    table = training_table(quantity)
    return frozenset(kind for psmiles in table.psmiles for kind in _kinds(_unit(psmiles)[0]))


@lru_cache(maxsize=4)
def unseen(unit: Chain, quantity: str) -> tuple[float, list[str]]:
    """Share of a unit's groups that a blind model never saw, and their names; atoms that no group
    covers count among them, what `char_groups` knows does not."""
    kinds = _kinds(unit)
    missing = [kind for kind in kinds if kind not in seen_groups(quantity)]
    share = sum(kinds[kind] for kind in missing) / sum(kinds.values())
    known = min(sum(char_groups(unit).values()), 1.0) if quantity == "char" else 0.0
    return share * (1.0 - known), missing


def predict_t50(unit: Chain, described: dict[str, float]) -> tuple[float, float]:
    """Temperature [K] of half decomposition at 10 K/min in nitrogen, and its 1 sigma.

    ``described`` is what :func:`trinity.chemistry.descriptors.describe` returned.
    """
    mean, sigma = blind_model("t50").predict(features(described, "t50"))
    beyond = value("unseen_t50") * unseen(unit, "t50")[0]
    return float(mean[0]), float(np.hypot(np.hypot(sigma[0], beyond), value("half_error_k")))


def predict_char(
    unit: Chain, described: dict[str, float], like: float = 1.0
) -> tuple[float, float]:
    """Char yield [kg/kg] of slow heating in nitrogen, and its 1 sigma, as above; ``like`` as in
    `group_char`."""
    known, doubt = group_char(unit, like)
    mean, sigma = blind_model("char").predict(features(described, "char"))
    char = float(np.clip(known + mean[0], 0.0, 0.9))
    beyond = value("unseen_char") * unseen(unit, "char")[0]
    parts = doubt, sigma[0], beyond, _char_error(char, described["char_former"])
    return char, float(np.sqrt(sum(part**2 for part in parts)))
