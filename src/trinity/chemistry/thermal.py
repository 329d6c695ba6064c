"""Density, specific heats, transitions and conductivity of a chain, from sums over its groups."""

import numpy as np
from rdkit import Chem
from scipy.special import ndtr

from trinity.chemistry.groups import Chain, contributions
from trinity.chemistry.priors import prior, value

ROOM_K = 298.15


def is_rod(unit: Chain) -> bool:
    """Whether the chain is of rings alone, as a rigid rod is."""
    return all(atom.IsInRing() for atom in unit.path)


def thermal(unit: Chain, shape: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Density, specific heats, transitions and conductivity from group sums."""
    groups, mass, crystalline = unit.groups, unit.molar_mass, _crystallinity(unit, shape)
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
        "density_kg_m3": (density, value("density_error") * doubt * (1.0 + is_rod(unit)) * density),
        "conductivity_w_m_k": (conductivity, value("conductivity_error") * conductivity),
        "specific_heat_j_kg_k": (at_298, value("specific_heat_error_mixed") * doubt * at_298),
        "specific_heat_solid_j_kg_k": (solid, heat_error * solid),
        "specific_heat_melt_j_kg_k": (melt, heat_error * melt),
        "glass_transition_k": (glass, value("glass_error") * doubt),
        "melting_k": (melting, value("melting_error")),
        "crystallinity": (crystalline, crystals.sigma),
        "heat_of_fusion_j_kg": (fusion.value * crystalline, fusion.sigma * crystalline),
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
