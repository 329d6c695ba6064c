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
from functools import cache, partial

import numpy as np
import pandas as pd

from trinity.chemistry import decomposition as fits
from trinity.chemistry.descriptors import describe
from trinity.chemistry.groups import Chain
from trinity.chemistry.polymers import polymer_key
from trinity.chemistry.properties import decomposition_heat, estimate
from trinity.chemistry.sampling import arrhenius
from trinity.chemistry.thermochemistry import gas_heat_of_combustion
from trinity.cone import specimen
from trinity.files import data_path
from trinity.measurements.specimens import load_measurements
from trinity.quantities import PRIMARY
from trinity_book.studies.validation import properties
from trinity_book.studies.validation.cases import blind_parameters, material_of
from trinity_book.studies.validation.scores import cone_errors

OXYGEN_RULE_POLYMERS = 48  # Walters, Hackett & Lyon (2000): the mean over so many
ASSUMED_LEVERAGE = 0.5  # of the heat capacity tables, whose data and size are not known
_NORMAL_MEDIAN, _NORMAL_MEAN = 0.6745, 0.7979  # of |x| / sigma
_GAS, _HEAT = "gas_heat_of_combustion_j_kg", "heat_of_combustion_j_kg"

#: Changes of a polymer's parameters, by name, in their units.
Changes = dict[str, float]


@cache
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
    unit = Chain(psmiles)
    reach = sum(n * errors.get(group, 0.0) for group, n in unit.groups.items())
    if quantity == "V298":
        volume = 1000 * unit.molar_mass / estimate(psmiles)["density_kg_m3"].value
        scale = _noted(quantity, r"median ([\d.]+) %") / 100 / _NORMAL_MEDIAN * volume
    else:
        scale = _noted(quantity, r"MAE ([\d.]+) K") / _NORMAL_MEAN * unit.molar_mass / 1000
    return float(min((reach / scale) ** 2, 0.9))


@cache
def _published(name: str) -> pd.Series:
    return properties.published_table(properties.PARITY[name]).set_index("key").value


def _residual(psmiles: str, name: str) -> float:
    """Estimate less published value; 1 sigma where none is published."""
    found, value = estimate(psmiles)[name], _published(name).get(polymer_key(psmiles))
    return found.sigma if value is None else found.value - value


def _without(
    leverage: float | str, judged: str, psmiles: str, changed: tuple[str, ...] = ()
) -> Changes:
    """What leaving out one polymer changes: the property that is judged, or others by the same
    share. Its leverage is a number or, by the name of a fit, its bound there."""
    h = leverage if isinstance(leverage, float) else leverage_bound(psmiles, leverage)
    found = estimate(psmiles)
    share = h / (1 - h) * _residual(psmiles, judged) / found[judged].value
    return {name: share * found[name].value for name in changed or (judged,)}


def _refitted(model: fits.GaussianProcess, names: tuple[str, ...], psmiles: str) -> Changes:
    """Difference to another model of T50 or char, whose descriptors are ``names``; none for a chain
    that sheds acid (a prior is used)."""
    found, described = estimate(psmiles), describe(Chain(psmiles))
    if found["acid_fraction"].value > 0:
        return {}
    value = float(model.predict(np.array([described[name] for name in names]))[0][0])
    if model.settings == fits.SETTINGS["t50"]:
        return {"t50_k": value - found["t50_k"].value}
    char = float(np.clip(fits.group_char(Chain(psmiles))[0] + value, 0.0, 0.9))
    heat = "heat_of_decomposition_j_kg"
    return {
        "char_yield": char - found["char_yield"].value,
        heat: decomposition_heat(char) - found[heat].value,
    }


def variants() -> dict[str, Callable[[str], Changes]]:
    """Name of a fit and what is done to it -> changes of one homopolymer's parameters."""
    table, density = fits.training_table("t50"), "density_kg_m3"
    names = properties.WITHOUT_FORMULA
    x = properties.inputs(table, names)
    formula = fits.GaussianProcess(fits.SETTINGS["t50"], x, *table[["value", "sigma"]].to_numpy().T)
    heats = ("specific_heat_solid_j_kg_k", "specific_heat_melt_j_kg_k")
    published = {
        "molar volume, leverage at its bound": partial(_without, "V298", density),
        "glass transition, leverage at its bound": partial(_without, "Yg", "glass_transition_k"),
        f"heat capacities, leverage {ASSUMED_LEVERAGE:g} assumed": partial(
            _without, ASSUMED_LEVERAGE, "specific_heat_j_kg_k", changed=heats
        ),
        # The constant is a mean, in which each polymer has the same leverage.
        "oxygen rule, exact": partial(_without, 1 / OXYGEN_RULE_POLYMERS, _HEAT),
        "T50 without Bicerano's formula, refitted": partial(_refitted, formula, names),
    }
    mean = partial(_without, mean_leverage("V298"), density)
    found = {"molar volume, mean leverage": mean, **published}
    found["all of the published fits at once"] = lambda psmiles: {
        name: change for one in published.values() for name, change in one(psmiles).items()
    }
    for name, text in {"t50": "T50", "char": "char"}.items():
        model = fits.fit(name, fits.training_table(name, blind=False))
        own = fits.SETTINGS[name].descriptors
        found[f"{text} with the tested polymers, refitted"] = partial(_refitted, model, own)
    return found


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
    """One row per variant: how far it moves ignition and peak of the measured tests.

    ``fit``; for ``t_ig_s`` and ``phrr_kw_m2`` the mean and the largest change over polymers (each
    the mean of |ln ratio| over its tests, given as a factor), the polymer that moves most, and the
    error factor over the nine groups. The first row changes nothing.
    """
    base, rows = None, []
    for name, variant in {"nothing": lambda psmiles: {}, **variants()}.items():
        found = cone_errors(partial(changed_case, variant=variant))
        base = base or found
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
    tested, density = load_measurements().drop_duplicates("key"), "density_kg_m3"
    return [
        {"polymer": row.polymer}
        | {name: leverage_bound(row.psmiles, name) for name in ("V298", "Yg")}
        | {"density_change_kg_m3": _without("V298", density, row.psmiles)[density]}
        for row in tested.itertuples()
    ]
