"""How good the property estimates are: against published values, and on polymers left out.

Published values of the tested polymers serve here as the measure, never as an input. So do the
handbook values (``data/reference/handbook.csv``) of polymers that mostly were never burnt in a
cone; a row of status *memory* is recalled, and its sigma is what that is worth.
"""

import numpy as np
import pandas as pd
from scipy.special import ndtr

from trinity.chemistry import decomposition as fits
from trinity.chemistry.descriptors import describe
from trinity.chemistry.groups import Chain, count_groups
from trinity.chemistry.polymers import parse_psmiles, polymer_key
from trinity.chemistry.properties import estimate
from trinity.files import data_path
from trinity.measurements.specimens import load_table
from trinity_book.studies.validation.cases import usable

# Estimate -> names of the published property; values are averaged over them.
PARITY = {
    "density_kg_m3": ("density_Crawford", "density_FSRI", "density_UMD", "density_NIST"),
    "specific_heat_j_kg_k": ("cp_Crawford", "cp_FSRI"),
    "heat_of_combustion_j_kg": ("heat_of_combustion_net_from_gross",),
    "t50_k": ("TGA_10Kmin_T50",),
    "glass_transition_k": ("Tg_Crawford",),
    "conductivity_w_m_k": ("k", "k_Crawford", "k_FSRI"),
    "char_yield": ("char_yield_model_1200K",),
    "absorption_coefficient_1_m": ("absorption_coefficient", "absorption_coefficient_UMD"),
    "heat_of_decomposition_j_kg": ("heat_of_reaction", "heat_of_reaction_UMD"),
    "decomposition_width_k": ("TGA_10Kmin_fwhm",),
    "gas_heat_of_combustion_j_kg": ("heat_of_combustion_gas", "heat_of_combustion_gas_UMD"),
    "soot_yield": ("soot_yield_SFPE",),
    "emissivity": ("emissivity", "emissivity_UMD"),
    "melting_k": ("T_melt",),
}
# What the mean error has to beat: a share of the value, or an amount in its unit.
BARS = {
    "density_kg_m3": ("mean_relative_error", 0.05),
    "specific_heat_j_kg_k": ("mean_relative_error", 0.10),
    "heat_of_combustion_j_kg": ("mean_relative_error", 0.06),
    "t50_k": ("mean_error", 50.0),
}
#: Descriptors of the temperature model but Bicerano's formula.
WITHOUT_FORMULA = tuple(name for name in fits.SETTINGS["t50"].descriptors if name != "bicerano_k")
MOST_DESCRIPTORS = 6
T50_FIRST_PROCESS_K = 39.0  # of a first Gaussian process on this table: what had to be beaten
_LEARNED = {"t50_k": "t50", "char_yield": "char"}
_BLENDS = "JH |Kydex|Nylon|ABS"  # more than one chain, or a chain not named


def published_table(names: tuple[str, ...]) -> pd.DataFrame:
    """Published values by polymer: columns key, polymer, psmiles, value [SI], mean over sources."""
    table = usable()
    table = table[table.property.isin(names) & table.psmiles.notna() & table.value.notna()]
    table = table[~table.name.str.contains(_BLENDS)]
    return table.groupby(table.psmiles.map(polymer_key).rename("key"), as_index=False).agg(
        polymer=("name", "first"), psmiles=("psmiles", "first"), value=("value", "mean")
    )


def parity(name: str) -> dict:
    """Estimates beside published values: rows and their scores.

    Polymers that the temperature and char models have learned from are not judged here. The
    published T50 of a chain that sheds acid is that of its first step.
    """
    table = published_table(PARITY[name])
    if name in _LEARNED:
        table = table[~table.key.isin(fits.training_table(_LEARNED[name]).key)]
    rows = []
    for row in table.itertuples():
        found = estimate(row.psmiles)
        sheds = name == "t50_k" and found["acid_fraction"].value > 0
        own = found["acid_t50_k" if sheds else name]
        about = {"polymer": row.polymer, "published": row.value}
        rows.append(about | {"estimated": own.value, "sigma": own.sigma})
    result = scores(*pd.DataFrame(rows)[["published", "estimated", "sigma"]].to_numpy().T)
    if name in BARS:
        measure, bar = BARS[name]
        result |= {"bar": bar, "bar_measure": measure, "beaten": bool(result[measure] <= bar)}
    return result | {"rows": rows}


def scores(measured: np.ndarray, predicted: np.ndarray, sigma: np.ndarray) -> dict:
    """Errors, and whether sigma tells their size; all inputs (n,) in one unit.

    ``z_rms`` is 1 and ``within_sigma`` 0.68 for honest normal errors.
    """
    error = predicted - measured
    nonzero = np.abs(measured) > 1e-9
    return {
        "n": len(error),
        "mean_error": float(np.abs(error).mean()),
        "bias": float(error.mean()),
        "mean_relative_error": float(np.abs(error[nonzero] / measured[nonzero]).mean()),
        "z_rms": float(np.sqrt(((error / sigma) ** 2).mean())),
        "within_sigma": float((np.abs(error) <= sigma).mean()),
        "within_two_sigma": float((np.abs(error) <= 2 * sigma).mean()),
    }


def inputs(table: pd.DataFrame, names: tuple[str, ...] = ()) -> np.ndarray:
    """Descriptors (n, d) of the polymers of a training table: the named ones, or all."""
    described = (describe(Chain(psmiles)) for psmiles in table.psmiles)
    return np.array([[one[name] for name in names or one] for one in described])


def leave_one_polymer_out(
    quantity: str, blind: bool, descriptors: tuple[str, ...] = (), choose: bool = False
) -> dict:
    """Refit the ``t50`` or ``char`` model without each polymer in turn and predict it.

    ``blind`` leaves the polymers of the cone tests out of the table altogether, as the model in use
    does; ``descriptors`` replace its own. With ``choose`` as many are chosen anew without each
    polymer: those in use were chosen on the table that also judges them.
    """
    settings, table = fits.SETTINGS[quantity], fits.training_table(quantity, blind)
    x = inputs(table, () if choose else descriptors or settings.descriptors)
    y, sigma, known = table[["value", "sigma", "known"]].to_numpy().T
    predicted, spread, constant = np.zeros((3, len(y)))
    columns = slice(None)
    for key in table.key.unique():
        out = (table.key == key).to_numpy()
        rest = x[~out], (y - known)[~out], sigma[~out]
        if choose:
            columns = choose_descriptors(settings, *rest)
        model = fits.GaussianProcess(settings, rest[0][:, columns], *rest[1:])
        predicted[out], spread[out] = model.predict(x[out][:, columns])
        constant[out] = y[~out].mean()
    predicted += known
    if quantity == "char":
        predicted = np.clip(predicted, 0.0, 0.9)
    sigma = np.hypot(spread, sigma)
    judged = (table.kind != "half").to_numpy()
    result = scores(y[judged], predicted[judged], sigma[judged])
    result["mean_error_of_mean"] = float(np.abs(constant - y)[judged].mean())
    rows = table[["psmiles", "kind"]].assign(measured=y, predicted=predicted, sigma=sigma)
    return result | {"rows": rows.to_dict("records")}


def choose_descriptors(
    settings: fits.Settings, x: np.ndarray, y: np.ndarray, sigma: np.ndarray
) -> list[int]:
    """Columns of ``x`` (m, d): one by one that which raises the left-out log density most, until
    none does, and no more than `MOST_DESCRIPTORS`."""

    def badness(columns: list[int]) -> float:
        """Mean of -ln p(y_i | the others), up to a constant (Rasmussen & Williams, eq. 5.10)."""
        model = fits.GaussianProcess(settings, x[:, columns], y, sigma)
        precision = np.diag(model.inverse)
        return float((model.weights**2 / precision - np.log(precision)).mean() / 2)

    chosen: list[int] = []
    varied, best = set(np.flatnonzero(x.std(0) > 0).tolist()), np.inf
    while len(chosen) < MOST_DESCRIPTORS:
        found, k = min((badness([*chosen, k]), k) for k in varied - {*chosen})
        if found >= best:
            break
        best, chosen = found, [*chosen, k]
    return chosen


def nested_choice() -> dict:
    """The temperature model with its descriptors chosen anew without each left-out polymer."""
    found = leave_one_polymer_out("t50", blind=True, choose=True)
    bars = {"gaussian_process": T50_FIRST_PROCESS_K, "mean": found["mean_error_of_mean"]}
    return found | {"bars": bars}


def temperature_checks() -> dict[str, dict]:
    """The temperature model on rows that no fit uses: scores by where they come from.

    Rows of few papers, shifted as the others are; and peaks of the table of one definition, for
    polymers that neither were tested nor taught the model, whose peak lies within a few kelvin of
    half decomposition. Chains that shed acid have two steps and are left out.
    """
    table = load_table("decomposition_temperatures_2").dropna(subset=["psmiles"])
    table = table.assign(key=table.psmiles.map(polymer_key), value=table.value_C + 273.15)
    known = fits.measured_keys() | set(fits.training_table("t50").key)
    few = table.definition.str.contains("few papers") & (table.licence == "MIT")
    one = (table.quantity == "Tp") & (table.licence != "MIT")
    shift = fits.definition_shift()["blind"]["shift_k"]
    checks = {"few papers, shifted": (few, shift), "peaks of one definition": (one, 0.0)}
    found = {}
    for name, (rows, added) in checks.items():
        judged = table[rows & ~table.key.isin(known)]
        estimates = [estimate(psmiles) for psmiles in judged.psmiles]
        single = np.array([one["acid_fraction"].value == 0 for one in estimates])
        own = np.array([(one["t50_k"].value, one["t50_k"].sigma) for one in estimates])[single]
        found[name] = scores(judged.value.to_numpy()[single] + added, *own.T)
    return found


def calibration(parities: dict, left_out: dict) -> list[dict]:
    """How often 1 and 2 sigma hold the published value, by property.

    One row a property, those of the fitted models over the polymers left out; ``expected`` gives
    the shares of a normal error. With n values the share itself has a standard error, ``doubt``.
    """
    named = parities | {
        "t50_k, left out": left_out["t50_blind"],
        "t50_k, left out, choice nested": left_out["t50_blind_choice_nested"],
        "char_yield, left out": left_out["char_blind"],
    }
    one, two = (float(2 * ndtr(z) - 1) for z in (1.0, 2.0))
    shown = ("n", "z_rms", "within_sigma", "within_two_sigma")
    return [
        {"property": name, **{key: result[key] for key in shown}, "expected": [one, two]}
        | {"doubt": float(np.sqrt(one * (1 - one) / result["n"]))}
        for name, result in named.items()
    ]


def coverage() -> dict:
    """Share of the heavy atoms of real polymers that a group covers, and which are not."""
    table = pd.read_csv(data_path("polymers_real.csv")).set_index("name").psmiles
    found = {name: count_groups(psmiles).uncovered_atoms for name, psmiles in table.items()}
    atoms = sum(parse_psmiles(psmiles).GetNumAtoms() - 2 for psmiles in table)
    share = 1 - sum(map(len, found.values())) / atoms
    named = {name: left for name, left in found.items() if left}
    return {"n_polymers": len(table), "share": share, "uncovered": named}


def build_property_validation() -> dict:
    """All of it: parity by property, models left out, coverage; without provenance."""
    parities = {name: parity(name) for name in PARITY}
    left_out = {
        "t50_blind": leave_one_polymer_out("t50", blind=True),
        "t50_blind_without_bicerano": leave_one_polymer_out("t50", True, WITHOUT_FORMULA),
        "t50_blind_choice_nested": nested_choice(),
        "char_blind": leave_one_polymer_out("char", blind=True),
    }
    return {
        "parity": parities,
        "leave_one_out": left_out,
        "temperature_checks": temperature_checks(),
        "definition_shift": fits.definition_shift(),
        "calibration": calibration(parities, left_out),
        "coverage": coverage(),
    }


PLAIN = {
    "density_kg_m3": ("density (kg/m³)", 1.0, ".0f"),
    "glass_transition_k": ("glass transition (K)", 1.0, ".0f"),
    "t50_k": ("half decomposition (K)", 1.0, ".0f"),
    "acid_t50_k": ("loss of acid (K)", 1.0, ".0f"),
    "char_yield": ("char (kg/kg)", 1.0, ".2f"),
    "heat_of_combustion_j_kg": ("heat of combustion (MJ/kg)", 1e-6, ".1f"),
}


def handbook() -> pd.DataFrame:
    """The rows with ``estimated``, ``estimated_sigma``, ``off`` and ``doubts`` of the estimate.

    ``off`` is estimate less handbook value over both errors; ``doubts`` a tuple of sentences.
    """
    table = load_table("handbook")
    found = [estimate(psmiles) for psmiles in table.psmiles]
    own = [one[name] for one, name in zip(found, table.property, strict=True)]
    table["estimated"], table["estimated_sigma"] = [p.value for p in own], [p.sigma for p in own]
    error = np.hypot(table.sigma, table.estimated_sigma)
    table["off"] = (table.estimated - table.value) / error
    table["doubts"] = [one.doubts for one in found]
    return table


def handbook_shown() -> list[tuple[str, list]]:
    """Head and rows of two tables for a page: a summary by property, and every value."""
    heads = (
        "property | values: | mean of off: | root mean square: | beyond 2:",
        "polymer | property | handbook: | estimate: | off: | doubts of the estimate | status",
    )
    table, summed, rows = handbook(), [], []
    for name, part in table.groupby("property", sort=False):
        z = part.off
        spread = f"{z.mean():.1f}", f"{(z**2).mean() ** 0.5:.1f}"
        summed.append((PLAIN[name][0], len(z), *spread, int((z.abs() > 2).sum())))
    for row in table.itertuples():
        name, scale, form = PLAIN[row.property]
        pairs = ((row.value, row.sigma), (row.estimated, row.estimated_sigma))
        cells = (f"{scale * a:{form}} ± {scale * b:{form}}" for a, b in pairs)
        rows.append((row.name, name, *cells, f"{row.off:+.1f}", "; ".join(row.doubts), row.status))
    return list(zip(heads, (summed, rows), strict=True))
