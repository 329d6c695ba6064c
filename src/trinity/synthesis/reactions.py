"""Route B of the generator: monomers polymerised by the reaction rules of smipoly.

Source: Ohno et al., J. Chem. Inf. Model. 63 (2023) 5539, doi:10.1021/acs.jcim.3c00329, SMiPoly
(PyPI ``smipoly``, BSD-3). Its
``biplym`` reacts every pair of a list; here the pairs are drawn first, in the order of a weighted
random permutation, and only as many are reacted as polymers are wanted.
"""

from functools import lru_cache

import numpy as np
import pandas as pd
from rdkit import Chem, rdBase

from trinity.files import data_path

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
    "polyether": [
        ("polyether", "epo", "none", 5.0),
        ("polyether", "hindPhenol", "none", 5.0),
    ],
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
CARBONYL_SOURCE = "[C-]#[O+]"  # smipoly writes phosgene or a carbonate diester as CO
# Classes of this project that narrow one of smipoly's: chain-end chemistry is the same.
_SMIPOLY_NAME = {"bisphenol": "diol_b", "haloolefin": "vinyl"}


@lru_cache(maxsize=1)
def monomers() -> pd.DataFrame:
    """Monomers: name, smiles, origin, weight, classes (smipoly's, separated by blanks).

    The table is made by ``tools/make_monomers.py``.
    """
    return pd.read_csv(data_path("generator", "monomers.csv"))


def _pool(kind: str) -> pd.DataFrame:
    """Monomers of one smipoly class."""
    if kind == "CO":
        return pd.DataFrame({"smiles": [CARBONYL_SOURCE], "weight": [1.0]})
    table = monomers()
    return table[[kind in classes.split() for classes in table["classes"].fillna("")]]


def reactant_pairs(family: str, rng: np.random.Generator, n_max: int) -> list[tuple]:
    """At most ``n_max`` reactions of a family without repetition, likely monomers first.

    A weighted permutation: each pair gets the key ``u ** (1 / w)`` with uniform u, and the largest
    keys come first (Efraimidis and Spirakis, Inf. Process. Lett. 97 (2006) 181).

    Returns
    -------
    list of (polymer class, monomer class 1, monomer class 2, smiles 1, smiles 2)
    """
    keys, rows = [], []
    for polymer_class, first, second, factor in REACTIONS.get(family, []):
        one = _pool(first)
        two = _pool(second) if second != "none" else pd.DataFrame({"smiles": [""], "weight": [1.0]})
        weight = factor * np.outer(one["weight"], two["weight"]).ravel()
        log_key = np.log(rng.random(weight.size)) / np.maximum(weight, 1e-12)
        for k in np.argsort(-log_key)[:n_max]:
            i, j = divmod(int(k), len(two))
            pair = one["smiles"].iat[i], two["smiles"].iat[j]
            if pair[0] != pair[1] and weight[k] > 0:
                keys.append(log_key[k])
                rows.append((polymer_class, first, second, *pair))
    order = np.argsort(-np.asarray(keys), kind="stable")[:n_max]
    return [rows[k] for k in order]


@lru_cache(maxsize=1)
def _smipoly() -> tuple:
    """smipoly's rules and reaction functions; imported late, it is needed for this route only."""
    from smipoly.smip import funclib, polg

    return funclib, polg


def polymerise(polymer_class: str, first: str, second: str, smiles: tuple[str, str]) -> list[str]:
    """PSMILES that a homopolymerization (``second == "none"``) or a binary one gives."""
    funclib, polg = _smipoly()
    first, second = (_SMIPOLY_NAME.get(kind, kind) for kind in (first, second))
    rule = next(r for r in polg.Ps_GenL[polymer_class] if tuple(r[:2]) == (first, second))[2]
    one = Chem.MolFromSmiles(smiles[0])
    with rdBase.BlockLogs():
        if second == "none":
            number = polg.mon_dic[first]
            made = funclib.homopolymA(
                one, polg.monLg[number], polg.exclLg[number], first, polg.Ps_rxnL, polg.mon_dic,
                polg.monLg,
            )  # fmt: skip
        else:
            pair = (one, Chem.MolFromSmiles(smiles[1]))
            made = funclib.bipolymA(pair, rule, polg.monLg, polg.Ps_rxnL, polymer_class)
    # Unequal ends react either way round; the one that sorts first stands for all of them.
    return sorted({text for text in made if isinstance(text, str) and text.count("*") == 2})
