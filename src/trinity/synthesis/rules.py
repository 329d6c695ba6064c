"""Repeat units by two routes, structural groups put together and monomers that react; and the
rules that make one believable and tell which family it belongs to.

The rules are data: ``data/generator/forbidden.csv`` (SMARTS and the reason for each) and
``families.csv`` (the chain atom that names a family, most characteristic first).

``fragments.csv`` holds one production of a stochastic grammar a row: a symbol, the PSMILES text it
may become, and a weight. A braced name such as ``{bridge}`` is a symbol that is expanded in turn,
so every unit is built of whole groups whose open valences meet: valence holds by construction, and
chemistry is checked afterwards. A group in the chain is written from its first to its last
attachment and uses the ring digits 1-4; a side group uses 7 and 8, so that text put side by side
never closes a foreign ring.

Monomers react by the rules of SMiPoly (Ohno et al., J. Chem. Inf. Model. 63 (2023) 5539,
doi:10.1021/acs.jcim.3c00329; PyPI ``smipoly``, BSD-3). Its ``biplym`` reacts every pair of a list;
here the pairs are drawn first, in the order of a weighted random permutation, and only as many are
reacted as polymers are wanted.
"""

from functools import cache

import numpy as np
import pandas as pd
from rdkit import Chem, rdBase
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


MAX_DRAWS = 256  # productions in a unit
MAX_TEXT = 220  # characters; longer texts exceed MAX_HEAVY_ATOMS anyway

# family: rows of smipoly's (polymer class, monomer class, monomer class or none), and the weight
# of such a reaction against the others of the family.
REACTIONS = {
    "polyester": [
        ("polyester", "diCOOH", "diol", 1.0),
        ("polyester", "hydCOOH", "none", 50.0),
        ("polyester", "lactone", "none", 50.0),
        ("polyester", "cAnhyd", "epo", 0.5),
        ("polyester", "hydCOOH", "hydCOOH", 0.2),
    ],
    "polycarbonate": [("polyester", "diol", "CO", 1.0)],
    "polyether": [("polyether", "epo", "none", 5.0), ("polyether", "hindPhenol", "none", 5.0)],
    "polyamide": [
        ("polyamide", "diCOOH", "diamin", 1.0),
        ("polyamide", "aminCOOH", "none", 50.0),
        ("polyamide", "lactam", "none", 50.0),
        ("polyamide", "aminCOOH", "aminCOOH", 0.2),
    ],
    "polyimide": [("polyimide", "dicAnhyd", "diamin", 1.0)],
    "polyurethane": [("polyurethane", "diNCO", "diol", 1.0)],
    "polysulfone": [("polyether", "sfonediX", "bisphenol", 1.0)],
    "polyketone": [("polyether", "BzodiF", "bisphenol", 1.0)],
    "vinyl": [("polyolefin", "vinyl", "none", 1.0)],
    "halogenated": [("polyolefin", "haloolefin", "none", 1.0)],
}
# Pools of one: nothing, and what smipoly writes CO, phosgene or a carbonate diester.
_ALONE = {"none": "", "CO": "[C-]#[O+]"}
# Classes of this project that narrow one of smipoly's: chain-end chemistry is the same.
_SMIPOLY_NAME = {"bisphenol": "diol_b", "haloolefin": "vinyl"}


@cache
def grammar() -> dict[str, tuple[list[str], np.ndarray]]:
    """Productions of every symbol, with their cumulative probabilities."""
    table = pd.read_csv(data_path("generator", "fragments.csv"), keep_default_na=False)
    return {
        symbol: (rows["production"].tolist(), np.cumsum(rows["weight"] / rows["weight"].sum()))
        for symbol, rows in table.groupby("symbol")
    }


def assemble(symbol: str, rng: np.random.Generator) -> str | None:
    """One random expansion of ``symbol``, the leftmost first; ``None`` when it grows too long."""
    text = f"{{{symbol}}}"
    for draw in rng.random(MAX_DRAWS):
        before, opened, rest = text.partition("{")
        if not opened:
            break
        name, _, after = rest.partition("}")
        productions, cumulative = grammar()[name]
        chosen = min(int(np.searchsorted(cumulative, draw)), len(productions) - 1)
        text = before + productions[chosen] + after
    return text if "{" not in text and len(text) <= MAX_TEXT else None


@cache
def monomers() -> pd.DataFrame:
    """Monomers: name, smiles, origin, weight, classes (smipoly's, separated by blanks).

    The table is made by ``tools/make_monomers.py``.
    """
    return pd.read_csv(data_path("generator", "monomers.csv"))


def _pool(kind: str) -> pd.DataFrame:
    """Monomers of one smipoly class."""
    if kind in _ALONE:
        return pd.DataFrame({"smiles": [_ALONE[kind]], "weight": [1.0]})
    table = monomers()
    return table[[kind in classes.split() for classes in table["classes"].fillna("")]]


def reactant_pairs(family: str, rng: np.random.Generator, n_max: int) -> list[tuple]:
    """At most ``n_max`` reactions of a family without repetition, likely monomers first.

    Each holds polymer class, two monomer classes, two SMILES. A weighted permutation: each pair
    gets the key ``u ** (1 / w)`` with uniform u, and the largest keys come first (Efraimidis and
    Spirakis, Inf. Process. Lett. 97 (2006) 181).
    """
    found = []
    for *reaction, factor in REACTIONS.get(family, []):
        one, two = map(_pool, reaction[1:])
        weight = factor * np.outer(one["weight"], two["weight"]).ravel()
        log_key = np.log(rng.random(weight.size)) / np.maximum(weight, 1e-12)
        for k in np.argsort(-log_key)[:n_max]:
            i, j = divmod(int(k), len(two))
            pair = one["smiles"].iat[i], two["smiles"].iat[j]
            if pair[0] != pair[1] and weight[k] > 0:
                found.append((log_key[k], (*reaction, *pair)))
    found.sort(key=lambda keyed: -keyed[0])
    return [row for _, row in found[:n_max]]


def polymerise(polymer_class: str, first: str, second: str, smiles: tuple[str, str]) -> list[str]:
    """PSMILES that a homopolymerization (``second == "none"``) or a binary one gives."""
    from smipoly.smip import funclib, polg  # late: it is needed for this route only

    first, second = (_SMIPOLY_NAME.get(kind, kind) for kind in (first, second))
    rule = next(r for r in polg.Ps_GenL[polymer_class] if tuple(r[:2]) == (first, second))[2]
    one, other = map(Chem.MolFromSmiles, smiles)
    with rdBase.BlockLogs():
        if second == "none":
            number = polg.mon_dic[first]
            made = funclib.homopolymA(
                one, polg.monLg[number], polg.exclLg[number], first, polg.Ps_rxnL, polg.mon_dic,
                polg.monLg,
            )  # fmt: skip
        else:
            made = funclib.bipolymA((one, other), rule, polg.monLg, polg.Ps_rxnL, polymer_class)
    # Unequal ends react either way round; the one that sorts first stands for all of them.
    return sorted({text for text in made if isinstance(text, str) and text.count("*") == 2})
