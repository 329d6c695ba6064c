"""Thermochemistry of a repeat unit: oxygen demand, heat of combustion, acid shed before."""

from collections import Counter

import numpy as np
from rdkit import Chem

from trinity.chemistry.chain import atoms_of
from trinity.chemistry.priors import prior, value

ATOMIC_MASS = {
    "H": 1.008, "B": 10.81, "C": 12.011, "N": 14.007, "O": 15.999, "F": 18.998, "Si": 28.085,
    "P": 30.974, "S": 32.06, "Cl": 35.45, "Br": 79.904, "I": 126.904,
}  # fmt: skip

# Moles of O2 that burn a mole of the element; a halogen takes a hydrogen with it.
OXYGEN_PER_ATOM = {
    "H": 0.25, "B": 0.75, "C": 1.0, "N": 0.0, "O": -0.5, "F": -0.25, "Si": 1.0,
    "P": 1.25, "S": 1.0, "Cl": -0.25, "Br": -0.25, "I": -0.25,
}  # fmt: skip


def composition(mol: Chem.Mol) -> Counter[str]:
    """Atoms of the repeat unit by element, hydrogens included, ``*`` not."""
    counts: Counter[str] = Counter()
    for atom in (atom for atom in atoms_of(mol) if atom.GetAtomicNum()):
        counts[atom.GetSymbol()] += 1
        counts["H"] += atom.GetTotalNumHs()
    return counts


def molar_mass(counts: Counter[str]) -> float:
    """Molar mass [g/mol] of a composition."""
    return sum(n * ATOMIC_MASS[element] for element, n in counts.items())


def oxygen_demand(counts: Counter[str]) -> float:
    """Mass of O2 per mass of polymer [kg/kg] for complete combustion.

    Products are CO2, H2O, N2, HF, HCl, HBr, HI, SO2, SiO2, P2O5 and B2O3; halogens take hydrogen
    first, and one that finds none, as in PTFE, leaves as COF2 (of chlorine, as COCl2).
    """
    demand = sum(n * OXYGEN_PER_ATOM[element] for element, n in counts.items())
    return max(demand, 0.0) * 2 * ATOMIC_MASS["O"] / molar_mass(counts)


def net_heat_of_combustion(counts: Counter[str]) -> tuple[float, float]:
    """Net heat of complete combustion [J/kg] by the oxygen rule, and its 1 sigma.

    Silicon adds what its bond to oxygen is worth beyond the rule. Where the rule was not made for
    the composition (`outside_oxygen_rule`) sigma is wider, and never below 1 MJ/kg.
    """
    rule, outside = prior("heat_per_oxygen"), outside_oxygen_rule(counts)
    demand, mass = oxygen_demand(counts), molar_mass(counts)
    silicon = 1e3 * counts["Si"] / mass  # mol/kg
    heat = rule.value * demand + silicon * value("silicon_heat")
    if not outside:
        return heat, rule.sigma * demand
    wider = value("heat_per_oxygen_outside_factor") * rule.sigma * demand
    return heat, max(float(np.hypot(wider, silicon * prior("silicon_heat").sigma)), 1e6)


def outside_oxygen_rule(counts: Counter[str]) -> str | None:
    """Why the oxygen rule does not hold for a composition, in a sentence, or None."""
    if sum(counts[x] for x in ("F", "Cl", "Br", "I")) > counts["H"]:
        return "heat of combustion: more halogen than hydrogen is outside the oxygen rule"
    if counts["P"] and counts["N"]:
        return "heat of combustion: phosphorus beside nitrogen is outside the oxygen rule"
    for element, name in (("Si", "silicon"), ("B", "boron")):
        if counts[element]:
            return f"heat of combustion: {name} is outside the oxygen rule"
    return None


def gas_heat_of_combustion(heat, char, acid):
    """Heat of combustion of the volatiles [J/kg]: what the char keeps back does not burn.

    ``heat`` [J/kg] of the polymer, ``char`` and ``acid`` mass fractions; numbers or arrays. No
    organic gas burns hotter than methane's homologues: 46 MJ/kg is the upper limit.
    """
    volatiles = np.maximum(1.0 - char - acid, 0.05)
    return np.clip((heat - char * value("carbon_heat")) / volatiles, 1e6, 46e6)


def decomposition_heat(char: float) -> float:
    """Heat [J/kg] that a chain takes to unzip or break; forming ``char`` gives some of it back."""
    return value("decomposition_heat") * max(1.0 - value("decomposition_heat_char") * char, 0.15)


ACID_LOSS = Chem.MolFromSmarts("[Cl,Br,I][CX4][CX4;!H0]")  # halogen, carbon, donor of hydrogen


def acid_fraction(counts: Counter[str], chain: Chem.Mol, middle: range) -> float:
    """Mass fraction of the polymer that leaves as HCl, HBr or HI before the chain breaks.

    Each aliphatic halogen needs a hydrogen of its own on a neighbouring aliphatic carbon; as many
    leave as can, iodine before bromine before chlorine, as their bonds are weaker in this order.
    Fluorine is bound too strongly to count, and halogen on an aromatic ring or a double bond stays.
    ``counts`` are the atoms of the unit; :func:`trinity.chemistry.chain.middle_unit` gave ``chain``
    and ``middle``. Halogens and hydrogens make a bipartite graph, so that the largest matching in
    one unit, closed to a ring, is that of the endless chain.
    """
    if counts.keys().isdisjoint({"Cl", "Br", "I"}):
        return 0.0
    donors: dict[int, list[int]] = {}  # carbons that may give each halogen a hydrogen
    for halogen, _, donor in chain.GetSubstructMatches(ACID_LOSS):
        if halogen in middle:
            donors.setdefault(halogen, []).append(middle[donor % len(middle)])
    atoms = {k: chain.GetAtomWithIdx(k) for k in {*donors, *sum(donors.values(), [])}}
    served: dict[int, list[int]] = {k: [] for k in atoms}  # halogens that leave with each carbon

    def leaves(halogen: int, asked: set[int]) -> bool:
        """Whether it finds a hydrogen, others making way where they can (H. W. Kuhn)."""
        for donor in (k for k in donors[halogen] if k not in asked):
            asked.add(donor)
            if len(served[donor]) < atoms[donor].GetTotalNumHs():
                served[donor].append(halogen)
                return True
            for other in served[donor]:
                if leaves(other, asked):
                    served[donor][served[donor].index(other)] = halogen
                    return True
        return False

    weakest_first = sorted(donors, key=lambda k: -atoms[k].GetAtomicNum())
    gone = [atoms[k].GetSymbol() for k in weakest_first if leaves(k, set())]
    return sum(ATOMIC_MASS[symbol] + ATOMIC_MASS["H"] for symbol in gone) / molar_mass(counts)
