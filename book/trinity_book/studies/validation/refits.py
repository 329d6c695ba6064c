"""What the tested polymers weigh in the fits behind their own blind estimates.

Our own fits (decomposition temperature, char) never see a tested polymer and are simply fitted
again with them. The published ones may contain some of the eleven, and their data are not here.
For those, the algebra of least squares bounds what leaving one polymer out can change: its
estimate moves away from its measured value by h / (1 - h) times the residual, where h is its
leverage (Belsley, Kuh & Welsch, *Regression Diagnostics*, 1980, ch. 2). Each change then goes
through the cone model, in all measured tests of that polymer.
"""

import re
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pandas as pd

from trinity.chemistry.decomposition import SETTINGS, GaussianProcess, features, fit, training_table
from trinity.chemistry.descriptors import Chain, describe
from trinity.chemistry.polymers import parse_psmiles, polymer_key
from trinity.chemistry.properties import Estimate, estimate
from trinity.chemistry.sampling import arrhenius
from trinity.chemistry.thermochemistry import (
    HEAT_PER_OXYGEN_J_KG,
    gas_heat_of_combustion,
    oxygen_demand,
)
from trinity.cone import specimen
from trinity.files import data_path
from trinity.quantities import PRIMARY
from trinity_book.studies.validation.cases import blind_parameters, material_of
from trinity_book.studies.validation.properties import PARITY, published_table
from trinity_book.studies.validation.scores import cone_errors

OXYGEN_RULE_POLYMERS = 48  # Walters, Hackett & Lyon (2000): the mean over so many
ASSUMED_LEVERAGE = 0.5  # of the heat capacity tables, whose data and size are not known
_NORMAL_MEDIAN, _NORMAL_MEAN = 0.6745, 0.7979  # of |x| / sigma
_GAS, _HEAT = "gas_heat_of_combustion_j_kg", "heat_of_combustion_j_kg"

#: Changes of a polymer's parameters, by name, in their units.
Changes = dict[str, float]


@lru_cache(maxsize=1)
def fitted_increments() -> pd.DataFrame:
    """Rows of ``contributions.csv`` that come from a fit with a known standard error."""
    table = pd.read_csv(data_path("groups", "contributions.csv"))
    return table[table.std_err.notna()]


def _noted(quantity: str, pattern: str) -> float:
    """A number of the note that a fit left in the table."""
    note = fitted_increments().set_index("property").loc[quantity].note.iloc[0]
    return float(re.search(pattern, note).group(1))


def mean_leverage(quantity: str) -> float:
    """Leverage of a polymer in the fit of ``V298`` or ``Yg``, averaged: increments / polymers."""
    increments = (fitted_increments().property == quantity).sum()
    return float(increments / _noted(quantity, r"CV on (\d+) polymers"))


def leverage_bound(psmiles: str, quantity: str) -> float:
    """Upper limit of the leverage of one polymer in the fit of ``V298`` or ``Yg``.

    h s2 is the variance of the fitted molar sum, and no larger than (sum of n_g SE_g)2, whatever
    the correlation of the increments. The residual scale s comes from the cross-validated error
    that the table states, for a molar sum of this polymer's size.
    """
    table = fitted_increments()
    errors = table[table.property == quantity].set_index("group").std_err
    unit = Chain(parse_psmiles(psmiles))
    reach = sum(n * errors.get(group, 0.0) for group, n in unit.groups.counts.items())
    if quantity == "V298":
        volume = 1000 * unit.molar_mass / estimate(psmiles)["density_kg_m3"].value
        scale = _noted(quantity, r"median ([\d.]+) %") / 100 / _NORMAL_MEDIAN * volume
    else:
        scale = _noted(quantity, r"MAE ([\d.]+) K") / _NORMAL_MEAN * unit.molar_mass / 1000
    return float(min((reach / scale) ** 2, 0.9))


@lru_cache(maxsize=16)
def _published(name: str) -> dict[str, float]:
    table = published_table(PARITY[name])
    return dict(zip(table.key, table.value, strict=True))


def _residual(psmiles: str, found: Estimate, name: str) -> float:
    """Estimate less published value; 1 sigma where none is published."""
    value = _published(name).get(polymer_key(psmiles))
    return found[name].sigma if value is None else found[name].value - value


def _volume(psmiles: str, leverage: float) -> Changes:
    found = estimate(psmiles)
    return {"density_kg_m3": leverage / (1 - leverage) * _residual(psmiles, found, "density_kg_m3")}


def _glass(psmiles: str, leverage: float) -> Changes:
    found = estimate(psmiles)
    residual = _residual(psmiles, found, "glass_transition_k")
    return {"glass_transition_k": leverage / (1 - leverage) * residual}


def _heat_capacity(psmiles: str) -> Changes:
    found, name = estimate(psmiles), "specific_heat_j_kg_k"
    share = _residual(psmiles, found, name) / found[name].value
    share *= ASSUMED_LEVERAGE / (1 - ASSUMED_LEVERAGE)
    names = ("specific_heat_solid_j_kg_k", "specific_heat_melt_j_kg_k")
    return {name: share * found[name].value for name in names}


def _oxygen_rule(psmiles: str) -> Changes:
    """Exact: the constant is a mean, from which one polymer is taken."""
    found = estimate(psmiles)
    demand = oxygen_demand(Chain(parse_psmiles(psmiles)).composition)
    own = HEAT_PER_OXYGEN_J_KG - _residual(psmiles, found, _HEAT) / demand
    return {_HEAT: demand * (HEAT_PER_OXYGEN_J_KG - own) / (OXYGEN_RULE_POLYMERS - 1)}


def _temperature(psmiles: str, model: GaussianProcess, columns: list[int]) -> Changes:
    """Difference to another model of T50; none for a chain that sheds acid (a prior is used)."""
    found = estimate(psmiles)
    if found["acid_fraction"].value > 0:
        return {}
    x = features(describe(Chain(parse_psmiles(psmiles))), "t50")[columns]
    return {"t50_k": float(model.predict(x)[0][0]) - found["t50_k"].value}


def _char(psmiles: str, model: GaussianProcess) -> Changes:
    found = estimate(psmiles)
    if found["acid_fraction"].value > 0:
        return {}
    x = features(describe(Chain(parse_psmiles(psmiles))), "char")
    char = float(np.clip(model.predict(x)[0][0], 0.0, 0.9))
    loss = 1e6 * max(1.0 - 1.3 * char, 0.15)  # as in trinity.chemistry.properties
    return {
        "char_yield": char - found["char_yield"].value,
        "heat_of_decomposition_j_kg": loss - found["heat_of_decomposition_j_kg"].value,
    }


def _without_formula() -> tuple[GaussianProcess, list[int]]:
    """The blind temperature model without Bicerano's formula among its descriptors."""
    settings, table = SETTINGS["t50"], training_table("t50")
    columns = [i for i, name in enumerate(settings.descriptors) if name != "bicerano_k"]
    shapes = [describe(Chain(parse_psmiles(psmiles))) for psmiles in table.psmiles]
    x = np.array([features(shape, "t50")[columns] for shape in shapes])
    model = GaussianProcess(settings, x, table.value.to_numpy(), table.sigma.to_numpy())
    return model, columns


def variants() -> dict[str, Callable[[str], Changes]]:
    """Name of a fit and what is done to it -> changes of one homopolymer's parameters."""
    formula = _without_formula()
    informed = {name: fit(name, training_table(name, blind=False)) for name in ("t50", "char")}
    every = list(range(len(SETTINGS["t50"].descriptors)))
    published = {
        "molar volume, leverage at its bound": lambda p: _volume(p, leverage_bound(p, "V298")),
        "glass transition, leverage at its bound": lambda p: _glass(p, leverage_bound(p, "Yg")),
        f"heat capacities, leverage {ASSUMED_LEVERAGE:g} assumed": _heat_capacity,
        "oxygen rule, exact": _oxygen_rule,
        "T50 without Bicerano's formula, refitted": lambda p: _temperature(p, *formula),
    }
    return {
        "molar volume, mean leverage": lambda p: _volume(p, mean_leverage("V298")),
        **published,
        "all of the published fits at once": lambda p: {
            name: change for one in published.values() for name, change in one(p).items()
        },
        "T50 with the tested polymers, refitted": lambda p: _temperature(p, informed["t50"], every),
        "char with the tested polymers, refitted": lambda p: _char(p, informed["char"]),
    }


def changed_case(test, variant: Callable[[str], Changes]) -> dict:
    """The blind case of a cone test after the changes, those of comonomers weighted by mass."""
    p = blind_parameters(test)
    for psmiles, fraction in material_of(test).components:
        for name, change in variant(psmiles).items():
            p[name] = p[name] + fraction * change
    p["A_1_s"], p["E_j_mol"] = arrhenius(p["t50_k"], p["decomposition_width_k"])
    p[_GAS] = gas_heat_of_combustion(p[_HEAT], p["char_yield"], p["acid_fraction"])
    return specimen.to_case(p, 0, test.flux_kw_m2, test.thickness_mm)


def refit_effects() -> list[dict]:
    """One row a variant: how far it moves ignition and peak of the measured tests.

    Returns
    -------
    list of dict
        ``fit``; for ``t_ig_s`` and ``phrr_kw_m2`` the mean and the largest change over polymers
        (each polymer the mean of |ln ratio| over its tests, given as a factor), the polymer that
        moves most, and the error factor over the nine groups. The first row changes nothing.
    """
    base = cone_errors(lambda test: changed_case(test, lambda psmiles: {}))
    rows = []
    for name, variant in {"nothing": lambda psmiles: {}, **variants()}.items():
        found = cone_errors(lambda test, variant=variant: changed_case(test, variant))
        row: dict = {"fit": name}
        for target in PRIMARY:
            moved = _moved(base["tests"], found["tests"], target)
            row |= {
                f"{target}_mean_factor": float(np.exp(moved.mean())),
                f"{target}_largest_factor": float(np.exp(moved.max())),
                f"{target}_most_moved": str(moved.idxmax()),
                f"{target}_gmfe": found["gmfe"][target]["group_nine"],
            }
        rows.append(row)
    return rows


def _moved(before: list[dict], after: list[dict], target: str) -> pd.Series:
    """Mean |ln ratio| of a simulated label by polymer; tests without it are left out."""
    column = f"{target}_simulated"
    old, new = (pd.DataFrame(rows).set_index("test_id") for rows in (before, after))
    ratio = np.log(new[column].astype(float) / old[column].astype(float)).abs()
    return ratio.groupby(old.polymer).mean().fillna(0.0)


def fit_leverages() -> list[dict]:
    """Leverage of each tested homopolymer in the large fits: bound, beside the mean."""
    from trinity.measurements import load_measurements

    tested = load_measurements().drop_duplicates("key")
    return [
        {
            "polymer": row.polymer,
            **{name: leverage_bound(row.psmiles, name) for name in ("V298", "Yg")},
            "density_change_kg_m3": _volume(row.psmiles, leverage_bound(row.psmiles, "V298"))[
                "density_kg_m3"
            ],
        }
        for row in tested.itertuples()
    ]
