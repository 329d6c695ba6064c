"""Rules that make a generated repeat unit believable, and tell which family it belongs to.

The rules are data: ``data/generator/forbidden.csv`` (SMARTS and the reason for each) and
``families.csv`` (the chain atom that names a family, most characteristic first).
"""

from functools import cache

import pandas as pd
from rdkit import Chem
from rdkit.Contrib.SA_Score import sascorer

from trinity.chemistry.chain import oligomer, path_of
from trinity.files import data_path

MAX_HEAVY_ATOMS = 60  # larger units are rarer than 1 in 100 among known polymers
MAX_SA_SCORE = 6.0  # of 10; beyond it RDKit's score calls a molecule hard to make
OTHER = "other"  # all-aromatic chains and heteroatoms that no family is named for


@cache
def families() -> pd.DataFrame:
    """The families in order of precedence: name, default weight, share of route B, SMARTS."""
    return pd.read_csv(data_path("generator", "families.csv"))


@cache
def _patterns(file: str, name: str, smarts: str) -> list[tuple[str, Chem.Mol]]:
    """Rows of a table: what the column ``name`` says, and the pattern of the column ``smarts``."""
    table = pd.read_csv(data_path("generator", file))
    return list(zip(table[name], map(Chem.MolFromSmarts, table[smarts]), strict=True))


def family_of(mol: Chem.Mol, trimer: Chem.Mol | None = None) -> str:
    """Family of a repeat unit by the first chain atom that the list of families names.

    Only atoms of the chain count: poly(methyl methacrylate) is *vinyl*, not *polyester*. The
    middle of a trimer stands for the endless chain, so the cut does not matter.
    ``trimer`` is ``oligomer(mol, 3)`` where it is at hand.
    """
    trimer = trimer or oligomer(mol, 3)
    n = mol.GetNumAtoms() - 2
    chain = {i for i in path_of(trimer) if n <= i < 2 * n}
    carbon_only = all(trimer.GetAtomWithIdx(i).GetAtomicNum() == 6 for i in chain)
    for name, pattern in _patterns("families.csv", "family", "backbone_smarts"):
        if name in ("diene", "halogenated", "vinyl") and not carbon_only:
            continue
        if any(match[0] in chain for match in trimer.GetSubstructMatches(pattern)):
            return name
    return OTHER


def objection(mol: Chem.Mol) -> str | None:
    """The first chemistry rule that a molecule (of a polymer: an oligomer) breaks, if any."""
    rules = _patterns("forbidden.csv", "name", "smarts")
    return next((name for name, rule in rules if mol.HasSubstructMatch(rule)), None)


def sa_score(mol: Chem.Mol) -> float:
    """Synthetic accessibility, 1 (easy) to 10 (hard), of the repeat unit capped with hydrogen.

    Source: Ertl & Schuffenhauer, J. Cheminform. 1 (2009) 8, doi:10.1186/1758-2946-1-8.
    """
    capped = Chem.RWMol(mol)
    for atom in capped.GetAtoms():
        if atom.GetAtomicNum() == 0:
            atom.SetAtomicNum(1)
    return float(sascorer.calculateScore(Chem.RemoveHs(capped)))
