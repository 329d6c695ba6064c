"""Thermophysical and fire properties of a polymer from its structure, each with 1 sigma.

Blind by construction: structure, published group contributions and priors from the literature;
nothing measured on the polymers of the cone tests (see ``decomposition``). SI units throughout.
:mod:`trinity.chemistry.sampling` draws from an estimate, :mod:`trinity.cone.specimen` burns it.
"""

from collections import Counter
from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np
from rdkit import Chem
from scipy.special import ndtr

from trinity.chemistry.decomposition import predict_char, predict_t50
from trinity.chemistry.descriptors import describe
from trinity.chemistry.groups import Chain, contributions, count_groups
from trinity.chemistry.polymers import Polymer
from trinity.chemistry.thermochemistry import (
    ATOMIC_MASS,
    acid_fraction,
    gas_heat_of_combustion,
    net_heat_of_combustion,
    outside_oxygen_rule,
)

CRITICAL_HRR_W_M2 = 24e3  # the rule of the measurements; the literature has 15-70 kW/m2
ROOM_K = 298.15
GLASS_SIGMA_K = 41.0  # mean error of the fitted group increments, cross-validated
FWHM_K = 40.0  # of one first-order step at 10 K/min; published polymers have 30-50 K
# Aliphatic chlorides lose their acid in a zip reaction far below the breaking of the chain:
# poly(vinylidene chloride) and chlorinated polyethylene do between 490 and 620 K (recalled).
ACID_T50_K = (565.0, 40.0)
POLYENE_T50_K = (725.0, 35.0)  # crosslinked polyene that is left (polychloroprene, recalled)
POLYENE_CHAR = (0.28, 0.10)  # of its own mass: polychloroprene leaves 13 % of 59 % (recalled)


@dataclass(frozen=True)
class Property:
    """A value and its 1 sigma, in the SI unit that ends its name."""

    value: float
    sigma: float


@dataclass(frozen=True)
class Estimate:
    """Properties of a polymer by name, each with 1 sigma.

    ``groups`` and ``uncovered_atoms`` are those of :class:`trinity.chemistry.groups.GroupCount`,
    added up over the components of a copolymer. ``doubts`` says in a plain sentence each which
    properties lie outside the support of their models, and why; empty for a common plastic.
    """

    psmiles: str
    groups: dict[str, int]
    uncovered_atoms: list[str]
    properties: dict[str, Property]
    doubts: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Property:
        return self.properties[name]

    def to_dict(self) -> dict:
        """The object that ``trinity estimate --json`` prints."""
        plain = asdict(self)
        if not self["acid_fraction"].value:  # a chain that sheds no acid has no acid step
            plain["properties"] = {
                k: v for k, v in plain["properties"].items() if not k.startswith("acid_")
            }
        return plain


def estimate(polymer: Polymer | str | list[tuple[str, float]]) -> Estimate:
    """Properties of a polymer, given as :meth:`polymers.Polymer.parse` takes it.

    A copolymer has the mass-weighted mean of its components (of specific volume for density), as
    ideal mixing says.

    Raises
    ------
    InputError
        As :meth:`trinity.chemistry.polymers.Polymer.parse`.

    Examples
    --------
    >>> polystyrene = estimate("*CC(*)c1ccccc1")
    >>> density = polystyrene["density_kg_m3"]
    >>> abs(density.value - 1050) < 2 * density.sigma
    True
    >>> polystyrene.uncovered_atoms
    []
    >>> mixed = estimate([("*CC(*)c1ccccc1", 0.7), ("*CC=CC*", 0.3)])
    >>> mixed["density_kg_m3"].value < density.value
    True
    """
    polymer = Polymer.parse(polymer)
    parts = [_estimate_one(psmiles) for psmiles, _ in polymer.components]
    if len(parts) == 1:
        return parts[0]
    fractions = np.array([fraction for _, fraction in polymer.components])
    return Estimate(
        psmiles=str(polymer),
        groups=dict(sum((Counter(part.groups) for part in parts), Counter())),
        uncovered_atoms=[name for part in parts for name in part.uncovered_atoms],
        properties={name: _mix(name, parts, fractions) for name in parts[0].properties},
        doubts=tuple(dict.fromkeys(doubt for part in parts for doubt in part.doubts)),
    )


def _mix(name: str, parts: list[Estimate], fractions: np.ndarray) -> Property:
    """Mean over components; errors add fully, as components share their sources of error."""
    values, sigmas = np.array([(part[name].value, part[name].sigma) for part in parts]).T
    if name != "density_kg_m3":
        return Property(float(fractions @ values), float(fractions @ sigmas))
    mean = 1.0 / float(fractions @ (1.0 / values))
    return Property(mean, mean * float(fractions @ (sigmas / values)))


@lru_cache(maxsize=4096)
def _estimate_one(psmiles: str) -> Estimate:
    unit = Chain(psmiles)
    shape = describe(unit)
    crystalline = _crystallinity(unit, shape)
    values = _thermal(unit, crystalline) | _decomposition(unit, shape) | _flame(unit, shape)
    return Estimate(psmiles, *count_groups(psmiles, unit), values, _doubts(unit))


def _doubts(unit: Chain) -> tuple[str, ...]:
    """What the models were not made for, one sentence each."""
    doubts = [doubt] if (doubt := outside_oxygen_rule(unit.composition)) else []
    if unit.uncovered:
        doubts.append(
            "density, specific heat and glass transition: the group tables lack some atoms"
        )
    return tuple(doubts)


def _thermal(unit: Chain, crystalline: float) -> dict[str, Property]:
    """Density, specific heats, transitions and conductivity from group sums."""
    groups, mass = unit.groups, unit.molar_mass
    uncovered = len(unit.uncovered) / len(unit.atoms)
    # Atoms without a group count as the mean of the others, with a wider error; a chain without
    # any group has the values of a common plastic.
    covered = mass * max(1.0 - uncovered, 0.1)
    volume, stiffness, solid, melt = (
        sum(contributions(quantity)[name] * count for name, count in groups.items())
        for quantity in ("V298", "Yg", "Cp_solid_298", "Cp_liquid_298")
    )
    density = 1000 * covered / (volume or covered)
    glass = float(np.clip(1000 * stiffness / covered or 350.0, 120.0, 750.0))
    solid = 1000 * solid / covered or 1200.0
    melt = 1000 * melt / covered or 1700.0
    conductivity = 0.18 + 0.14 * crystalline
    doubt = 1.0 + 3.0 * uncovered
    molten = (1.0 - crystalline) * _mobile_share(glass, crystalline)
    at_298 = (1 - molten) * solid + molten * melt
    # Melting near 1.6 Tg, between Boyer and Beaman's 1.5 and 2 for symmetric chains; a weak rule.
    return {
        "density_kg_m3": Property(density, 0.05 * doubt * density),
        "conductivity_w_m_k": Property(conductivity, 0.25 * conductivity),
        "specific_heat_j_kg_k": Property(at_298, 0.12 * doubt * at_298),
        "specific_heat_solid_j_kg_k": Property(solid, 0.10 * doubt * solid),
        "specific_heat_melt_j_kg_k": Property(melt, 0.10 * doubt * melt),
        "glass_transition_k": Property(glass, GLASS_SIGMA_K * doubt),
        "melting_k": Property(float(np.clip(1.6 * glass, 370.0, 650.0)), 70.0),
        "crystallinity": Property(crystalline, 0.15 if crystalline else 0.05),
        "heat_of_fusion_j_kg": Property(200e3 * crystalline, 80e3 * crystalline),
    }


def _mobile_share(glass: float, crystalline: float) -> float:
    """Probability that the amorphous part is above its Tg at room temperature, by Bayes' rule.

    Before Tg is looked at, one amorphous thermoplastic in ten is taken to be a rubber; beside
    crystals both are as likely.
    """
    above = float(ndtr((ROOM_K - glass) / GLASS_SIGMA_K))
    prior = 0.5 if crystalline else 0.1
    return prior * above / (prior * above + (1 - prior) * (1 - above))


def _crystallinity(unit: Chain, shape: dict[str, float]) -> float:
    """A guess from symmetry: chains without stereo-irregular or kinked units crystallise.

    Poly(alpha-olefin)s count as isotactic, since coordination catalysts make them so.
    """
    aromatic = any(atom.GetIsAromatic() for atom in unit.atoms)
    polyolefin = set(unit.composition) <= {"C", "H"} and not aromatic
    irregular = shape["tertiary"] > 0 and not polyolefin
    kinked = unit.chain.HasSubstructMatch(KINKS) or shape["aromatic_side"] > 0
    if irregular or kinked or shape["silicon"] > 0:
        return 0.0
    if shape["aromatic_backbone"] > 0.2:
        return 0.3
    bare = len(unit.path) == len(unit.atoms) or set(unit.groups) == {"CF2"}
    return 0.65 if bare else 0.45  # nothing but a bare chain packs best: PE, POM, PEO, PTFE


KINKS = Chem.MolFromSmarts("[$([CX4;H0;!$(C(F)F)]),$([SX4](=O)=O),$(C(=O)[NX3]C=O)]")


def _decomposition(unit: Chain, shape: dict[str, float]) -> dict[str, Property]:
    """Kinetics, heats and residue of one step, or of acid loss followed by one step."""
    acid = acid_fraction(unit.composition, unit.chain, unit.middle)
    if acid > 0:
        (t50, t50_sigma), (char, char_sigma) = POLYENE_T50_K, POLYENE_CHAR
        char, char_sigma = char * (1 - acid), char_sigma * (1 - acid)
    else:
        t50, t50_sigma = predict_t50(shape)
        char, char_sigma = predict_char(shape)
    heat, heat_sigma = net_heat_of_combustion(unit.composition)
    gas = float(gas_heat_of_combustion(heat, char, acid))
    # Chains unzip or break at about 1 MJ/kg of volatiles; forming char gives some of it back.
    loss = max(1.0 - 1.3 * char, 0.15)
    return {
        "heat_of_combustion_j_kg": Property(heat, heat_sigma),
        "gas_heat_of_combustion_j_kg": Property(gas, gas * heat_sigma / max(heat, 1.0)),
        "t50_k": Property(t50, t50_sigma),
        "decomposition_width_k": Property(FWHM_K, 10.0),
        "heat_of_decomposition_j_kg": Property(1e6 * loss, 0.35e6),
        "char_yield": Property(char, char_sigma),
        "acid_fraction": Property(acid, 0.02 * acid),
        "acid_t50_k": Property(*ACID_T50_K),
        "acid_heat_of_combustion_j_kg": Property(1.0e6, 0.7e6),
        "acid_heat_of_reaction_j_kg": Property(0.2e6, 0.1e6),
    }


def _flame(unit: Chain, shape: dict[str, float]) -> dict[str, Property]:
    """Soot, efficiency, flame feedback, surface and char: priors by kind of fuel."""
    atoms, mass = unit.composition, unit.molar_mass
    carbon = ATOMIC_MASS["C"] * atoms["C"] / mass
    halogen = sum(ATOMIC_MASS[x] * atoms[x] for x in ("F", "Cl", "Br", "I")) / mass
    aromatic = shape["aromatic_backbone"] + shape["aromatic_side"]
    hydrocarbon = set(atoms) <= {"C", "H"}
    soot = (0.015 + 0.14 * aromatic + 0.03 * hydrocarbon) * carbon
    # Chlorinated polyethylenes of 25-48 % Cl give 0.12-0.14 kg/kg of soot and burn to 0.35-0.72
    # of their net heat (Tewarson's tables, recalled): halogen stops the flame's radicals.
    soot += 0.12 * (1.0 - np.exp(-halogen / 0.15))
    efficiency = float(np.clip(0.97 - 1.0 * soot - 0.7 * halogen, 0.4, 0.97))
    feedback = 14e3 + 40e3 * soot
    absorption = 1400.0 if hydrocarbon and aromatic == 0 else 2300.0
    return {
        "flaming_efficiency": Property(efficiency, 0.06 + 0.15 * halogen),
        "soot_yield": Property(soot, 0.5 * soot),
        "flame_heat_flux_w_m2": Property(feedback, 6e3),
        "critical_hrr_w_m2": Property(CRITICAL_HRR_W_M2, 0.3 * CRITICAL_HRR_W_M2),
        "emissivity": Property(0.91, 0.03),
        "absorption_coefficient_1_m": Property(absorption, 0.4 * absorption),
        "char_density_kg_m3": Property(250.0, 100.0),
        "char_conductivity_w_m_k": Property(0.30, 0.12),
        "char_specific_heat_j_kg_k": Property(1600.0, 250.0),
        "char_emissivity": Property(0.88, 0.04),
    }
