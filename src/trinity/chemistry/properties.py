"""Thermophysical and fire properties of a polymer from its structure, each with 1 sigma.

Blind by construction: structure, published group contributions and priors from the literature;
nothing measured on the polymers of the cone tests (see ``decomposition``). SI units throughout.
:mod:`trinity.chemistry.sampling` draws from an estimate, :mod:`trinity.cone.specimen` burns it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

from trinity.chemistry.decomposition import predict_char, predict_t50, unseen
from trinity.chemistry.descriptors import describe
from trinity.chemistry.groups import Chain, count_groups, is_rod, thermal
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
    values = {name: Property(*pair) for name, pair in thermal(unit, shape).items()}
    values |= _decomposition(unit, shape, fraction) | _flame(unit, shape) | _common()
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
    if is_rod(unit):
        doubts.append("density: a chain of nothing but rings packs closer than its groups say")
    return tuple(doubts)


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
        "heat_of_decomposition_j_kg": Property(
            decomposition_heat(char), prior("decomposition_heat").sigma
        ),
        "char_yield": Property(char, char_sigma),
        "acid_fraction": Property(acid, 0.02 * acid),
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
        "absorption_coefficient_1_m": Property(
            *prior("absorption_aliphatic" if aliphatic else "absorption_other")
        ),
    }


#: Properties that are the same for every polymer, and their rows among the priors.
COMMON = {
    "decomposition_width_k": "decomposition_width", "acid_t50_k": "acid_t50",
    "acid_heat_of_combustion_j_kg": "acid_heat_of_combustion",
    "acid_heat_of_reaction_j_kg": "acid_heat_of_reaction", "critical_hrr_w_m2": "critical_hrr",
    "emissivity": "emissivity", "char_density_kg_m3": "char_density",
    "char_conductivity_w_m_k": "char_conductivity", "char_emissivity": "char_emissivity",
    "char_specific_heat_j_kg_k": "char_specific_heat",
}  # fmt: skip


def _common() -> dict[str, Property]:
    """Kinetics, surface and char that structure says nothing about."""
    found = {name: Property(*prior(row)) for name, row in COMMON.items()}
    absorption = prior("char_absorption_ln")
    middle = float(np.exp(absorption.value))
    return found | {"char_absorption_m2_kg": Property(middle, absorption.sigma * middle)}
