"""Thermophysical and fire properties of a polymer from its structure, each with 1 sigma.

Blind by construction: structure, published group contributions and priors from the literature;
nothing measured on the polymers of the cone tests (see ``decomposition``). SI units throughout.
:mod:`trinity.chemistry.sampling` draws from an estimate, :mod:`trinity.cone.specimen` burns it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np
from rdkit import Chem
from scipy.special import ndtr

from trinity.chemistry.decomposition import predict_char, predict_t50, unseen
from trinity.chemistry.descriptors import describe
from trinity.chemistry.groups import Chain, contributions, count_groups
from trinity.chemistry.measured import put_into
from trinity.chemistry.polymers import Polymer
from trinity.chemistry.priors import kept, prior, value
from trinity.chemistry.thermochemistry import (
    ATOMIC_MASS,
    acid_fraction,
    decomposition_heat,
    gas_heat_of_combustion,
    net_heat_of_combustion,
    outside_oxygen_rule,
)

ROOM_K = 298.15
UNSEEN_DOUBT = 0.25  # share of groups new to a model from which an estimate says so


#: How the doubts begin that a measured value answers.
_DOUBTED = {
    "t50_k": "decomposition temperature", "char_yield": "char",
    "gas_heat_of_combustion_j_kg": "heat of combustion",
}  # fmt: skip


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
    ``measured`` names the properties that were given.
    """

    psmiles: str
    groups: dict[str, int]
    uncovered_atoms: list[str]
    properties: dict[str, Property]
    doubts: tuple[str, ...] = ()
    measured: tuple[str, ...] = ()

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


def estimate(
    polymer: Polymer | str | list[tuple[str, float]], measured: Mapping[str, object] | None = None
) -> Estimate:
    """Properties of a polymer, given as :meth:`polymers.Polymer.parse` takes it.

    A copolymer has the mass-weighted mean of its components (of specific volume for density), as
    ideal mixing says. ``measured`` values by property, those that :mod:`trinity.chemistry.measured`
    knows, take the place of estimates and of their sigmas.

    Raises
    ------
    InputError
        As :meth:`trinity.chemistry.polymers.Polymer.parse` and `trinity.chemistry.measured.read`.

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
    >>> estimate("*CC(*)c1ccccc1", measured={"t50_k": "420±3C"})["t50_k"]
    Property(value=693.15, sigma=3.0)
    """
    polymer = Polymer.parse(polymer).with_measured(measured)
    found = _mixed(polymer)
    if not polymer.measured:
        return found
    names = tuple(name for name, *_ in polymer.measured)
    values = put_into(found.properties, polymer.measured)
    answered = tuple(_DOUBTED[name] for name in names)
    doubts = tuple(doubt for doubt in found.doubts if not doubt.startswith(answered))
    return replace(found, properties=values, doubts=doubts, measured=names)


def _mixed(polymer: Polymer) -> Estimate:
    """The estimate of a polymer from structure alone."""
    parts = [_estimate_one(psmiles, fraction) for psmiles, fraction in polymer.components]
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


@kept
def _estimate_one(psmiles: str, fraction: float = 1.0) -> Estimate:
    """Of one component that is a mass fraction of the polymer."""
    unit = Chain(psmiles)
    shape = describe(unit)
    crystalline = _crystallinity(unit, shape)
    values = _thermal(unit, crystalline) | _flame(unit, shape)
    values |= _decomposition(unit, shape, fraction) | _char()
    return Estimate(psmiles, *count_groups(psmiles, unit), values, _doubts(unit))


def _doubts(unit: Chain) -> tuple[str, ...]:
    """What the models were not made for, one sentence each."""
    doubts = [doubt] if (doubt := outside_oxygen_rule(unit.composition)) else []
    acid = acid_fraction(unit.composition, unit.chain, unit.middle) > 0
    names = {"t50": "decomposition temperature", "char": "char yield"}
    for quantity, name in names.items() if not acid else ():
        share, groups = unseen(unit, quantity)
        if share > UNSEEN_DOUBT:
            doubts.append(f"{name}: no polymer behind its model has {', '.join(groups)}")
    if unit.uncovered:
        doubts.append(
            "density, specific heat and glass transition: the group tables lack some atoms"
        )
    if _rod(unit):
        doubts.append("density: a chain of nothing but rings packs closer than its groups say")
    return tuple(doubts)


def _rod(unit: Chain) -> bool:
    """Whether the chain is of rings alone, as a rigid rod is."""
    return all(atom.IsInRing() for atom in unit.path)


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
    glass = 1000 * stiffness / covered or value("uncovered_glass")
    glass = float(np.clip(glass, 120.0, 750.0))
    solid = 1000 * solid / covered or value("uncovered_heat_solid")
    melt = 1000 * melt / covered or value("uncovered_heat_melt")
    conductivity = value("conductivity_amorphous") + value("conductivity_crystalline") * crystalline
    doubt = 1.0 + value("uncovered_error") * uncovered
    glass, mobile = _glass_at_room(glass, crystalline)
    molten = (1.0 - crystalline) * mobile
    at_298 = (1 - molten) * solid + molten * melt
    melting = float(np.clip(value("melting_over_glass") * glass, 370.0, 650.0))
    heat_error = doubt * value("specific_heat_error")
    crystals = prior("crystallinity_bare" if crystalline else "crystallinity_none")
    fusion = prior("fusion_heat")
    return {
        "density_kg_m3": Property(
            density, value("density_error") * doubt * (1.0 + _rod(unit)) * density
        ),
        "conductivity_w_m_k": Property(conductivity, value("conductivity_error") * conductivity),
        "specific_heat_j_kg_k": Property(
            at_298, value("specific_heat_error_mixed") * doubt * at_298
        ),
        "specific_heat_solid_j_kg_k": Property(solid, heat_error * solid),
        "specific_heat_melt_j_kg_k": Property(melt, heat_error * melt),
        "glass_transition_k": Property(glass, value("glass_error") * doubt),
        "melting_k": Property(melting, value("melting_error")),
        "crystallinity": Property(crystalline, crystals.sigma),
        "heat_of_fusion_j_kg": Property(fusion.value * crystalline, fusion.sigma * crystalline),
    }


def _glass_at_room(glass: float, crystalline: float) -> tuple[float, float]:
    """Expected glass transition [K] and probability that the amorphous part is above its own at
    room temperature, by Bayes' rule.

    Before the sum of groups is looked at, few amorphous thermoplastics are taken to be rubbers;
    beside crystals both are as likely, and the sum stays as it is. The mean is
    that of a normal distribution whose parts on both sides of room temperature are weighed anew.
    """
    share = value("rubber_share_crystalline" if crystalline else "rubber_share_amorphous")
    sigma = value("glass_error")
    z = (ROOM_K - glass) / sigma
    above, density = float(ndtr(z)), float(np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi))
    mobile = share * above / (share * above + (1 - share) * (1 - above))
    pull = (1 - mobile) / max(1 - above, 1e-12) - mobile / max(above, 1e-12)
    return glass + sigma * density * pull, mobile


def _crystallinity(unit: Chain, shape: dict[str, float]) -> float:
    """A guess from symmetry: chains without stereo-irregular or kinked units crystallise.

    Poly(alpha-olefin)s count as isotactic, since coordination catalysts make them so.
    """
    aromatic = any(atom.GetIsAromatic() for atom in unit.atoms)
    polyolefin = set(unit.composition) <= {"C", "H"} and not aromatic
    irregular = shape["tertiary"] > 0 and not polyolefin
    kinked = unit.chain.HasSubstructMatch(KINKS) or shape["aromatic_side"] > 0
    if irregular or kinked or shape["silicon"] > 0:
        return value("crystallinity_none")
    if shape["aromatic_backbone"] > 0.2:
        return value("crystallinity_aromatic")
    bare = len(unit.path) == len(unit.atoms) or set(unit.groups) == {"CF2"}
    # Nothing but a bare chain packs best: PE, POM, PEO, PTFE.
    return value("crystallinity_bare" if bare else "crystallinity_regular")


KINKS = Chem.MolFromSmarts("[$([CX4;H0;!$(C(F)F)]),$([SX4](=O)=O),$(C(=O)[NX3]C=O)]")


def _decomposition(unit: Chain, shape: dict[str, float], fraction: float) -> dict[str, Property]:
    """Kinetics, heats and residue of one step, or of acid loss followed by one step."""
    acid = acid_fraction(unit.composition, unit.chain, unit.middle)
    if acid > 0:
        t50, t50_sigma = prior("polyene_t50")
        char, char_sigma = (part * (1 - acid) for part in _polyene_char(unit, acid))
    else:
        t50, t50_sigma = predict_t50(unit, shape)
        char, char_sigma = predict_char(unit, shape, fraction)
    heat, heat_sigma = net_heat_of_combustion(unit.composition)
    gas = float(gas_heat_of_combustion(heat, char, acid))
    return {
        "heat_of_combustion_j_kg": Property(heat, heat_sigma),
        "gas_heat_of_combustion_j_kg": Property(gas, gas * heat_sigma / max(heat, 1.0)),
        "t50_k": Property(t50, t50_sigma),
        "decomposition_width_k": Property(*prior("decomposition_width")),
        "heat_of_decomposition_j_kg": Property(
            decomposition_heat(char), prior("decomposition_heat").sigma
        ),
        "char_yield": Property(char, char_sigma),
        "acid_fraction": Property(acid, 0.02 * acid),
        "acid_t50_k": Property(*prior("acid_t50")),
        "acid_heat_of_combustion_j_kg": Property(*prior("acid_heat_of_combustion")),
        "acid_heat_of_reaction_j_kg": Property(*prior("acid_heat_of_reaction")),
    }


def _polyene_char(unit: Chain, acid: float) -> tuple[float, float]:
    """Char of what loss of acid leaves, of its own mass, and 1 sigma.

    Carbon stays where no hydrogen is left to carry it away, as in poly(vinylidene chloride); with
    one per carbon, as in poly(vinyl chloride), the known polyene; with two nothing. Linear between.
    """
    polyene, bare, atoms = prior("polyene_char"), prior("carbon_char"), unit.composition
    halogens = {name: atoms[name] for name in ("Cl", "Br", "I") if atoms[name]}
    mean = sum(n * ATOMIC_MASS[name] for name, n in halogens.items()) / sum(halogens.values())
    left = atoms["H"] - acid * unit.molar_mass / (mean + ATOMIC_MASS["H"])
    ratio = max(left, 0.0) / max(atoms["C"], 1)
    char = float(np.interp(ratio, (0.0, 1.0, 2.0), (bare.value, polyene.value, 0.0)))
    return char, polyene.sigma


def _flame(unit: Chain, shape: dict[str, float]) -> dict[str, Property]:
    """Soot, efficiency, flame feedback and surface: priors by kind of fuel."""
    atoms, mass = unit.composition, unit.molar_mass
    carbon = ATOMIC_MASS["C"] * atoms["C"] / mass
    halogen = sum(ATOMIC_MASS[x] * atoms[x] for x in ("F", "Cl", "Br", "I")) / mass
    aromatic = shape["aromatic_backbone"] + shape["aromatic_side"]
    hydrocarbon = set(atoms) <= {"C", "H"}
    soot = value("soot_floor") + value("soot_aromatic") * aromatic
    soot = (soot + value("soot_hydrocarbon") * hydrocarbon) * carbon
    # Halogen stops the flame's radicals: more soot, less heat.
    soot += value("soot_halogen") * (1.0 - np.exp(-halogen / value("soot_halogen_scale")))
    clean, stopped = prior("efficiency_clean"), value("efficiency_halogen") * halogen
    efficiency = clean.value - value("efficiency_soot") * soot - stopped
    efficiency_sigma = value("efficiency_error") + value("efficiency_error_halogen") * halogen
    feedback = prior("flame_flux")
    aliphatic = hydrocarbon and aromatic == 0
    return {
        "flaming_efficiency": Property(float(np.clip(efficiency, 0.4, 0.97)), efficiency_sigma),
        "soot_yield": Property(soot, value("soot_error") * soot),
        "flame_heat_flux_w_m2": Property(
            feedback.value + value("flame_flux_soot") * soot, feedback.sigma
        ),
        "critical_hrr_w_m2": Property(*prior("critical_hrr")),
        "emissivity": Property(*prior("emissivity")),
        "absorption_coefficient_1_m": Property(
            *prior("absorption_aliphatic" if aliphatic else "absorption_other")
        ),
    }


def _char() -> dict[str, Property]:
    """Physical properties of any char, per mass what absorbs a cone heater's radiation."""
    absorption = prior("char_absorption_ln")
    middle = float(np.exp(absorption.value))
    return {
        "char_density_kg_m3": Property(*prior("char_density")),
        "char_conductivity_w_m_k": Property(*prior("char_conductivity")),
        "char_specific_heat_j_kg_k": Property(*prior("char_specific_heat")),
        "char_emissivity": Property(*prior("char_emissivity")),
        "char_absorption_m2_kg": Property(middle, absorption.sigma * middle),
    }
