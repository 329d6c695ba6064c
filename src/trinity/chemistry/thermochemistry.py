"""Thermochemistry of a repeat unit: oxygen demand, heat of combustion, acid shed before."""

import numpy as np
from rdkit import Chem

ATOMIC_MASS = {
    "H": 1.008, "B": 10.81, "C": 12.011, "N": 14.007, "O": 15.999, "F": 18.998, "Si": 28.085,
    "P": 30.974, "S": 32.06, "Cl": 35.45, "Br": 79.904, "I": 126.904,
}  # fmt: skip

# Heat released per mass of oxygen consumed: 13.10 +- 0.78 MJ/kg over 48 polymers
# (Walters, Hackett & Lyon, Fire and Materials 24 (2000) 245).
HEAT_PER_OXYGEN_J_KG = 13.1e6
HEAT_PER_OXYGEN_SIGMA_J_KG = 0.78e6

CARBON_HEAT_OF_COMBUSTION_J_KG = 32.8e6  # graphite to carbon dioxide


def composition(mol: Chem.Mol) -> dict[str, int]:
    """Atoms of the repeat unit by element, hydrogens included, ``*`` not."""
    counts: dict[str, int] = {}
    for atom in mol.GetAtoms():
        if atom.GetAtomicNum() == 0:
            continue
        counts[atom.GetSymbol()] = counts.get(atom.GetSymbol(), 0) + 1
        counts["H"] = counts.get("H", 0) + atom.GetTotalNumHs()
    return counts


def molar_mass(counts: dict[str, int]) -> float:
    """Molar mass [g/mol] of a composition."""
    return sum(n * ATOMIC_MASS[element] for element, n in counts.items())


def oxygen_demand(counts: dict[str, int]) -> float:
    """Mass of O2 per mass of polymer [kg/kg] for complete combustion.

    Products are CO2, H2O, N2, HF, HCl, HBr, HI, SO2, SiO2, P2O5 and B2O3; halogens take hydrogen
    first, and one that finds none, as in PTFE, leaves as COF2.
    """
    n = {element: counts.get(element, 0) for element in ATOMIC_MASS}
    halogens = n["F"] + n["Cl"] + n["Br"] + n["I"]
    moles = (
        n["C"]
        + (n["H"] - halogens) / 4
        - n["O"] / 2
        + n["S"]
        + n["Si"]
        + 1.25 * n["P"]
        + 0.75 * n["B"]
    )
    return max(moles, 0.0) * 2 * ATOMIC_MASS["O"] / molar_mass(counts)


def net_heat_of_combustion(counts: dict[str, int]) -> tuple[float, float]:
    """Net heat of complete combustion [J/kg] by the oxygen rule, and its 1 sigma.

    The rule covers neither silicon nor chains with more halogen than hydrogen; sigma is doubled
    there.
    """
    demand = oxygen_demand(counts)
    halogens = sum(counts.get(x, 0) for x in ("F", "Cl", "Br", "I"))
    outside = counts.get("Si", 0) or counts.get("B", 0) or halogens > counts.get("H", 0)
    sigma = HEAT_PER_OXYGEN_SIGMA_J_KG * (2.0 if outside else 1.0)
    return HEAT_PER_OXYGEN_J_KG * demand, sigma * demand


def gas_heat_of_combustion(heat, char, acid):
    """Heat of combustion of the volatiles [J/kg]: what the char keeps back does not burn.

    ``heat`` [J/kg] of the polymer, ``char`` and ``acid`` mass fractions; numbers or arrays. No
    organic gas burns hotter than methane's homologues: 46 MJ/kg is the upper limit.
    """
    volatiles = np.maximum(1.0 - char - acid, 0.05)
    return np.clip((heat - char * CARBON_HEAT_OF_COMBUSTION_J_KG) / volatiles, 1e6, 46e6)


def acid_fraction(mol: Chem.Mol, chain: Chem.Mol, middle: range) -> float:
    """Mass fraction of the polymer that leaves as HCl, HBr or HI before the chain breaks.

    Each aliphatic halogen needs a hydrogen on a neighbouring aliphatic carbon. Fluorine is bound
    too strongly to count, and halogen on an aromatic ring or a double bond stays. ``chain`` and
    ``middle`` are those of :func:`trinity.chemistry.chain.middle_unit`.
    """
    counts = composition(mol)
    if not counts.keys() & {"Cl", "Br", "I"}:
        return 0.0
    left: dict[int, int] = {}  # hydrogens that can still leave, by carbon
    acid = 0.0
    for atom in chain.GetAtoms():
        if atom.GetSymbol() not in ("Cl", "Br", "I"):
            continue
        donor = _donor(atom.GetNeighbors()[0], left)
        if donor is None:
            continue
        left[donor] -= 1
        if atom.GetIdx() in middle:
            acid += ATOMIC_MASS[atom.GetSymbol()] + ATOMIC_MASS["H"]
    return acid / molar_mass(counts)


def _donor(carbon: Chem.Atom, left: dict[int, int]) -> int | None:
    """An aliphatic neighbour of ``carbon`` that can still give a hydrogen."""
    if carbon.GetHybridization() != Chem.HybridizationType.SP3:
        return None
    for near in carbon.GetNeighbors():
        if near.GetAtomicNum() != 6 or near.GetHybridization() != Chem.HybridizationType.SP3:
            continue
        if left.setdefault(near.GetIdx(), near.GetTotalNumHs()) > 0:
            return near.GetIdx()
    return None
