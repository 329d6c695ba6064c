"""Table of monomers for the generator: ``python -m tools.make_monomers MOSES.csv.gz -o OUT.csv``.

``data/generator/monomers.csv`` is made from two lists: industrial monomers written down by hand
(``industrial_monomers.csv``), and molecules of the MOSES set (PyPI ``molsets``) that carry the
right reactive groups, with the classes by which smipoly names what they do. Nothing of it is needed
when polymers are generated.
"""

import argparse
import heapq
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from rdkit import Chem, rdBase

from trinity.files import data_path, write_atomic
from trinity.synthesis.rules import objection, sa_score

CLASSES = (
    "vinyl epo lactone lactam hydCOOH aminCOOH hindPhenol cAnhyd sfonediX BzodiF "
    "diCOOH diol diol_b diamin diNCO dicAnhyd"
).split()  # smipoly's names, all that route B uses
MOSES_WEIGHT = 0.1  # against 0.5-20 of industrial monomers: they widen, they do not dominate
MAX_MONOMER_ATOMS = 20
MAX_MONOMER_SA = 3.2
_REACTIVE = {  # what is looked for in MOSES, and how many of each kind are kept
    "diol": ("[OX2H1;$(O[CX4;H2,H1]),$(Oc)]", 2, 1500),
    "diamin": ("[NX3H2;$(N[CX4]),$(Nc)]", 2, 250),
    "vinyl": ("[CX3H2]=[CX3;$([CH]c),$([CH]C(=O)[O,N]),$(C([CH3])C(=O)[O,N])]", 1, 1000),
}
# Anything here reacts with a monomer's own groups, or breaks under polymerization conditions.
_SPECTATORS_REFUSED = [
    "[CX3](=O)[OX2H1]", "[OX2H1;$(O[CX4;H0])]", "[NX3H1;!$(N[C,S]=O)]", "[SX2H]", "[nX3H]",
    "[CX2]#[CX2]", "[#7]~[#7]", "[#7]~[#8;X2]", "[NX2]=[#6]", "[#7;R]", "[#16;X3,X4]",
]  # fmt: skip
_PHENOL = Chem.MolFromSmarts("c[OX2H1]")
_HALO_OLEFIN = Chem.MolFromSmarts("[F,Cl,Br][CX3]=[CX3]")
_DOUBLE_BOND = Chem.MolFromSmarts("[CX3]=[CX3]")
_ONLY_IN_VINYL = "[CX3](=O)[OX2,NX3]"  # an ester or amide would exchange with a diol or diamine


def classify(smiles: Iterable[str]) -> list[str]:
    """Classes of each molecule, blank-separated: smipoly's, narrowed where two would compete.

    Only molecules with exactly two reactive groups (or one double bond) count: no branching.
    """
    from smipoly.smip.monc import moncls

    listed = list(smiles)
    table = moncls(pd.DataFrame({"SMILES": listed}), "SMILES", minFG=2, maxFG=2).head(len(listed))
    return [
        " ".join(_narrowed({c for c in CLASSES if row[c]}, Chem.MolFromSmiles(text)))
        for text, row in zip(listed, table.to_dict("records"), strict=True)
    ]


def _narrowed(classes: set[str], mol: Chem.Mol) -> list[str]:
    """Drop reactions that another group of the same monomer would win; name two sub-classes."""
    n_double = len(mol.GetSubstructMatches(_DOUBLE_BOND))
    if classes & {"diol", "diamin", "diCOOH"} or n_double > 1:
        classes = classes - {"vinyl"}
    if "vinyl" in classes:
        classes = classes - {"epo"}
        if mol.HasSubstructMatch(_HALO_OLEFIN):
            classes = (classes - {"vinyl"}) | {"haloolefin"}
    if "diol" in classes:
        classes = classes - {"hindPhenol"}
    if "dicAnhyd" in classes:
        classes = classes - {"cAnhyd"}
    if "diol_b" in classes:
        phenolic = len(mol.GetSubstructMatches(_PHENOL)) == 2
        classes = (classes - {"diol_b"}) | ({"bisphenol"} if phenolic else set())
    return sorted(classes)


def industrial() -> pd.DataFrame:
    """The list written by hand, canonical and classified."""
    table = pd.read_csv(data_path("generator", "industrial_monomers.csv"))
    table["smiles"] = [Chem.CanonSmiles(smiles) for smiles in table["smiles"]]
    table.insert(2, "origin", "industrial")
    return table.assign(classes=classify(table["smiles"]))


def from_moses(smiles: Iterable[str]) -> pd.DataFrame:
    """Select bifunctional, easily made molecules of MOSES, the easiest of each kind first.

    MOSES holds no carboxylic acids (its medicinal-chemistry filter removed them), so only diols,
    diamines and activated vinyl compounds come from it.
    """
    wanted = {k: (Chem.MolFromSmarts(s), n) for k, (s, n, _) in _REACTIVE.items()}
    refused = [Chem.MolFromSmarts(s) for s in _SPECTATORS_REFUSED]
    ester = Chem.MolFromSmarts(_ONLY_IN_VINYL)
    found = {kind: [] for kind in wanted}
    for text in smiles:
        mol = Chem.MolFromSmiles(text)
        if mol is None or mol.GetNumHeavyAtoms() > MAX_MONOMER_ATOMS:
            continue
        counts = {k: len(mol.GetSubstructMatches(pattern)) for k, (pattern, _) in wanted.items()}
        kind = next((k for k, (_, n) in wanted.items() if counts[k] == n), None)
        if kind is None or sum(counts.values()) != counts[kind]:
            continue
        if any(mol.HasSubstructMatch(pattern) for pattern in refused):
            continue
        if (kind != "vinyl" and mol.HasSubstructMatch(ester)) or objection(mol):
            continue
        score = sa_score(mol)
        if score <= MAX_MONOMER_SA:
            found[kind].append((score, Chem.MolToSmiles(mol)))
    kept = [s for kind, rows in found.items() for _, s in heapq.nsmallest(_REACTIVE[kind][2], rows)]
    table = pd.DataFrame({"name": "", "smiles": kept, "origin": "moses", "weight": MOSES_WEIGHT})
    table["classes"] = classify(table["smiles"])
    return table[table["classes"] != ""]


def main() -> None:
    """Write ``monomers.csv`` from the two lists."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("moses", type=Path, nargs="*", help="tables with a column SMILES")
    parser.add_argument("-o", "--out", type=Path, required=True)
    options = parser.parse_args()
    parts = [industrial()]
    if options.moses:
        smiles = pd.concat([pd.read_csv(path) for path in options.moses])["SMILES"].unique()
        with rdBase.BlockLogs():
            parts.append(from_moses(smiles))
    table = pd.concat(parts).drop_duplicates("smiles")
    write_atomic(options.out, table.to_csv(index=False, float_format="%g"))


if __name__ == "__main__":
    main()
