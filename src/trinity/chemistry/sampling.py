"""Draws of a polymer's parameters within the 1 sigma of its estimate, and the kinetics of each."""

import numpy as np

from trinity.chemistry.priors import value
from trinity.chemistry.properties import Estimate
from trinity.chemistry.thermochemistry import gas_heat_of_combustion
from trinity.quantities import GAS_CONSTANT_J_MOL_K

TGA_RATE_K_S = 10.0 / 60.0

# Correlations of the logarithms: a denser polymer has heavier atoms, so less heat capacity per
# mass and a stiffer, better conducting lattice.
_CORRELATED = (
    "density_kg_m3",
    "specific_heat_solid_j_kg_k",
    "specific_heat_melt_j_kg_k",
    "conductivity_w_m_k",
)
DERIVED = "specific_heat_j_kg_k"  # at 298 K; follows from solid, melt and crystallinity
#: Limits of what is physical; a draw beyond is moved to the limit.
LIMITS = {
    "t50_k": (430.0, 1150.0),
    "acid_t50_k": (430.0, 800.0),
    "char_yield": (0.0, 0.9),
    "acid_fraction": (0.0, 0.9),
    "crystallinity": (0.0, 0.9),
    "flaming_efficiency": (0.4, 1.0),
    "emissivity": (0.8, 0.99),
    "char_emissivity": (0.7, 0.99),
    "flame_heat_flux_w_m2": (2e3, 35e3),
    "heat_of_decomposition_j_kg": (0.05e6, 2.5e6),
    "acid_heat_of_reaction_j_kg": (0.0, 1e6),
    "acid_heat_of_combustion_j_kg": (0.0, 5e6),
    "glass_transition_k": (120.0, 800.0),
    "melting_k": (300.0, 800.0),
}


def sample_parameters(
    estimate: Estimate, n: int = 1, rng: np.random.Generator | None = None
) -> dict[str, np.ndarray]:
    """Draw ``n`` sets of parameters within the errors of an estimate.

    Positive scale quantities are log-normal, the others normal within limits. Kinetics are drawn
    as temperature and width of decomposition, and A and E follow: they compensate. The heat of
    combustion of the gas follows from those of the polymer and of the char that was drawn, so that
    no specimen releases more than its fuel holds. Without ``rng`` all are nominal.

    Returns
    -------
    dict of str to ndarray (n,)
        Every property of the estimate by its name, the specific heat at 298 K excepted, and
        ``A_1_s``, ``E_j_mol``, ``acid_A_1_s``, ``acid_E_j_mol``.
    """
    scores = standard_scores(estimate, n, rng)
    drawn = {name: _draw(estimate, name, score) for name, score in scores.items()}
    if "gas_heat_of_combustion_j_kg" not in estimate.measured:
        drawn["gas_heat_of_combustion_j_kg"] = gas_heat_of_combustion(
            drawn["heat_of_combustion_j_kg"], drawn["char_yield"], drawn["acid_fraction"]
        )
    width = drawn["decomposition_width_k"]
    drawn["A_1_s"], drawn["E_j_mol"] = arrhenius(drawn["t50_k"], width)
    drawn["acid_A_1_s"], drawn["acid_E_j_mol"] = arrhenius(
        drawn["acid_t50_k"], value("acid_width_share") * width
    )
    return drawn


def standard_scores(
    estimate: Estimate, n: int, rng: np.random.Generator | None
) -> dict[str, np.ndarray]:
    """Standard normal score (n,) of each property that is drawn, correlated; zeros without rng."""
    names = [name for name in estimate.properties if name != DERIVED]
    if rng is None:
        return {name: np.zeros(n) for name in names}
    scores = {name: rng.standard_normal(n) for name in names}
    mixed = np.linalg.cholesky(_correlation()) @ np.array([scores[k] for k in _CORRELATED])
    return scores | dict(zip(_CORRELATED, mixed, strict=True))


def _correlation() -> np.ndarray:
    """Of the logarithms of the correlated properties, (4, 4)."""
    heat, heats, conductivity = (
        value(f"correlation_{name}") for name in ("density_heat", "heats", "density_conductivity")
    )
    upper = np.zeros((4, 4))
    upper[0, 1:], upper[1, 2] = (heat, heat, conductivity), heats
    return np.eye(4) + upper + upper.T


def _draw(estimate: Estimate, name: str, score: np.ndarray) -> np.ndarray:
    middle, sigma = estimate.properties[name].value, estimate.properties[name].sigma
    if name in LIMITS or middle <= 0:
        low, high = LIMITS.get(name, (0.0, np.inf))
        return np.clip(middle + sigma * score, low, high)
    return middle * np.exp(sigma / middle * score)


def arrhenius(t50_k: np.ndarray, width_k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A [1/s] and E [J/mol] of the first-order step with a given T50 and width at 10 K/min.

    With x = E (T - Tp) / (R Tp^2) the rate is exp(x - exp(x)) near its peak Tp (Lyon & Safronava,
    J. Therm. Anal. Calorim. 114 (2013) 213): full width 2.446 R Tp^2/E, half of the mass lost at
    x = ln(ln 2), and A = beta E / (R Tp^2) exp(E / (R Tp)).
    """
    t50_k, width_k = np.asarray(t50_k, float), np.asarray(width_k, float)
    peak = t50_k - np.log(np.log(2.0)) / 2.446 * width_k
    energy = 2.446 * GAS_CONSTANT_J_MOL_K * peak**2 / width_k
    frequency = TGA_RATE_K_S * 2.446 / width_k * np.exp(energy / (GAS_CONSTANT_J_MOL_K * peak))
    return frequency, energy
