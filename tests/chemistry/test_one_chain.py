"""One chain, one answer: key, groups, estimate and cone test, however a polymer is written."""

import random
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem

from trinity.chemistry.chain import oligomer, path_of
from trinity.chemistry.groups import count_groups
from trinity.chemistry.polymers import parse_psmiles, polymer_key
from trinity.chemistry.properties import estimate
from trinity.chemistry.sampling import sample_parameters
from trinity.cone.simulate import simulate_batch
from trinity.cone.specimen import to_case
from trinity.errors import InputError
from trinity.files import data_path

SAME = [
    ("*=NCCN=C1OC(=O)c2cc3c(cc21)C(=*)OC3=O",  # isoimide; a double bond beside a ring is cut
     "*=NCCN=C1OC(=O)c2cc3c(cc21)C(=NCCN=C4OC(=O)c5cc6c(cc54)C(=*)OC6=O)OC3=O"),
    ("*=NCCN=C1C=CC(=*)N(C)N1C", "*=NCCN=C1C=CC(=NCCN=C2C=CC(=*)N(C)N2C)N(C)N1C"),
    ("*c1ccc(S(=O)(=O)*)cc1", "*c1ccc([S+2]([O-])([O-])*)cc1"),
    ("*c1ccc(S(=O)*)cc1", "*c1ccc([S+]([O-])*)cc1"),
    ("*c1ccc2[nH]c(*)nc2c1", "*c1ccc2nc(*)[nH]c2c1"),  # two tautomers
    ("*c1ccc2[nH]c(*)nc2c1", "*c1ccc2nc(c3ccc4[nH]c(*)nc4c3)[nH]c2c1"),
    ("*c1n[nH]c(*)n1", "*c1nnc(*)[nH]1"),
    ("*=Cc1ccc2[nH]c(C=*)nc2c1", "*c1ccc2nc(C=C*)[nH]c2c1"),
    ("C(=O)(c1c2c(cccc2)c(C(OCC*)=O)cc1)O*",  # two shortest ways through the ring
     "c1c(C(OCC*)=O)c2c(cccc2)c(C(O*)=O)c1"),
    ("O(c1ccc(*)c2ccccc12)*", "c1c2c(ccc1)c(O*)ccc2*"),
    ("C(=O)(c1c2c(nccn2)c(C(OCC*)=O)cc1)O*", "c1c(C(OCC*)=O)c2c(nccn2)c(C(O*)=O)c1"),
    ("s1nc2c(*)ccc(*)c2n1", "c1c(*)c2nsnc2c(*)c1"),
    ("*C(N(C)*)=O", "*N(C)C(=O)*"),  # groups that meet their own images
    ("*N(C)C(=O)*", "*C(=O)N(C)C(=O)N(*)C"),
    ("*OC(*)=O", "*OC(=O)OC(*)=O"),
    ("*N(c1ccccc1)C(*)=O", "*C(=O)N(c1ccccc1)C(=O)N(*)c1ccccc1"),
    ("*C=CC*", "*=CCC=*"),
]  # fmt: skip


def rewritten(psmiles: str, rng: random.Random) -> str:
    """The same chain: one to three units, cut at any backbone bond in no ring, atoms shuffled."""
    unit = oligomer(parse_psmiles(psmiles), rng.choice((1, 1, 2, 3)))
    size, pair = unit.GetNumAtoms() - 2, oligomer(unit, 2)
    bonds = [
        (pair.GetBondBetweenAtoms(i, j).GetIdx(),
         pair.GetBondBetweenAtoms(i + size, j + size).GetIdx())
        for i, j in pairwise(path_of(pair)[1:-1])
        if max(i, j) < size and not pair.GetBondBetweenAtoms(i, j).IsInRing()
    ]  # fmt: skip
    if bonds:
        pieces = Chem.FragmentOnBonds(pair, rng.choice(bonds), dummyLabels=[(0, 0), (0, 0)])
        found = Chem.GetMolFrags(pieces, asMols=True)
        unit = next(piece for piece in found if piece.GetNumHeavyAtoms() == size)
    order = list(range(unit.GetNumAtoms()))
    rng.shuffle(order)
    unit = Chem.RenumberAtoms(unit, order)
    if kekule := rng.random() < 0.3:
        Chem.Kekulize(unit, clearAromaticFlags=True)
    return Chem.MolToSmiles(unit, canonical=False, kekuleSmiles=kekule)


def assert_same(one: str, other: str) -> None:
    assert polymer_key(one) == polymer_key(other), (one, other)
    units = (parse_psmiles(other).GetNumAtoms() - 2) / (parse_psmiles(one).GetNumAtoms() - 2)
    counts = count_groups(one).counts
    assert count_groups(other).counts == {name: n * units for name, n in counts.items()}
    left, right = (
        np.array([(p.value, p.sigma) for p in estimate(text).properties.values()])
        for text in (one, other)
    )
    np.testing.assert_allclose(right, left, rtol=1e-9, err_msg=f"{one} {other}")


@pytest.mark.parametrize(
    "psmiles",
    [
        "*CC(*)c1c[nH]c(=O)[nH]1",  # both hydrogens have their place
        "*CC(*)c1n[nH]c2cscc12",  # the rings around allow no other
        "*CC(*)n1c(=O)[nH][nH]c1=O",
    ],
)
def test_no_hydrogen_moves_where_it_cannot(psmiles):
    key = polymer_key(psmiles)
    assert polymer_key(key) == key and estimate(key)["density_kg_m3"].value > 0


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_ways_to_write_a_chain_give_one_answer(one, other):
    assert_same(one, other)
    assert polymer_key(polymer_key(one)) == polymer_key(one)


def structures() -> list[str]:
    """Known and generated repeat units that can be read."""
    texts = [
        *pd.read_csv(data_path("polymers_real.csv"))["psmiles"],
        *pd.read_csv(data_path("reference", "openpoly.csv"))["psmiles"],
        *pd.read_csv(data_path("reference", "radonpy_pi1070.csv"))["smiles"],
        *pd.read_parquet(
            data_path("artifacts", "synthetic", "synthetic.parquet"), columns=["psmiles"]
        )["psmiles"].unique()[::15],
    ]
    return list(dict.fromkeys(texts))


def test_a_ring_label_that_is_still_open_closes_that_ring():
    """Not the dimer of the isoimide above: its second ring 3 closes the first one."""
    one = "*=NCCN=C1OC(=O)c2cc3c(cc21)C(=*)OC3=O"
    other = "*=NCCN=C1OC(=O)c2cc3c(cc21)C(=NCCN=C1OC(=O)c2cc3c(cc21)C(=*)OC3=O)OC3=O"
    mol = Chem.MolFromSmiles(other)
    assert max(map(len, mol.GetRingInfo().AtomRings())) > 6
    assert polymer_key(other) != polymer_key(one)


@pytest.mark.parametrize("step", [20, pytest.param(1, marks=pytest.mark.slow)])
def test_thousands_of_structures_keep_key_groups_estimate_and_cone_test(step):
    rng, cases = random.Random(5), []
    for psmiles in structures()[::step]:
        try:
            parse_psmiles(psmiles)
        except InputError:
            continue
        texts = psmiles, rewritten(psmiles, rng)
        assert_same(*texts)
        cases += [to_case(sample_parameters(estimate(text)), 0, 50, 6) for text in texts]
    assert len(cases) >= 2 * 2000 / step
    for name, values in simulate_batch(cases).items():
        if values.dtype.kind == "f":
            np.testing.assert_allclose(values[1::2], values[::2], rtol=1e-9, err_msg=name)
