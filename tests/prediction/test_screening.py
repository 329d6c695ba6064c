"""What `trinity predict --fast` promises: the answers' form, the domain flag, nothing wrong."""

import json
import shutil

import numpy as np
import pytest
from learning_tools import POLYMERS, tiny_model, toy_table
from safetensors.numpy import save_file

from trinity.chemistry.descriptors import (
    fingerprint,
    nearest_similarity,
    pack,
    within_reach,
)
from trinity.chemistry.polymers import polymer_key
from trinity.errors import InputError
from trinity.learning.data import tests_of as read_tests
from trinity.learning.model import Scalers
from trinity.measurements.specimens import load_measurements
from trinity.prediction import predict as prediction
from trinity.prediction.predict import predict, predict_frame
from trinity.quantities import TARGETS

ABOUT = {
    "name": "small", "members": 2, "distilled": True, "least_similarity": 0.5,
    "quantile_new": 2.0, "quantile_known": 1.0, "known": [[polymer_key("*CC*")]],
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two students that have learned nothing."""
    place = tmp_path_factory.mktemp("distilled")
    tests = read_tests(load_measurements())
    for k in range(2):
        model = tiny_model(k)
        model.scalers = Scalers.fit(tests.conditions, tests.coordinates)
        model.save(place / f"member{k}", {"phase": "distilled"})
    units = sorted(set(toy_table()["psmiles"]))
    seen = {"fingerprints": pack(units), "measured": pack(units[:1])}
    save_file(seen, place / "domain.safetensors")
    (place / "ensemble.json").write_text(json.dumps(ABOUT))
    return place


def test_answers_have_the_form_of_predict(folder, mixed):
    fast, slow = (predict_frame(mixed, folder, fast=fast) for fast in (True, False))
    assert [list(a) for a in fast] == [list(a) for a in slow]
    assert fast[len(POLYMERS)] == slow[len(POLYMERS)]
    for answer in (a for a in fast if "error" not in a):
        for target in TARGETS:
            assert 0 < answer[f"{target}_lo"] < answer[target] < answer[f"{target}_hi"]
        assert 0 <= answer["ignition_probability"] <= 1


def test_one_spelling_is_read_whatever_the_order_of_atoms(folder):
    names = ["*CC(*)c1ccccc1", "C(*)C(*)c1ccccc1", "[*:1]CC(c1ccccc1)[*:2]"]
    first, *others = predict(names, 50, 6, fast=True, model=folder)
    for other in others:
        for target in TARGETS:
            assert other[target] == pytest.approx(first[target], rel=1e-5)


@pytest.mark.slow
def test_company_and_processes_change_no_answer(folder, mixed, monkeypatch):
    alone = [predict_frame(mixed.iloc[[i]], folder, fast=True)[0] for i in range(len(mixed))]
    monkeypatch.setattr(prediction, "ROWS_A_BATCH", 5)
    for spread in (False, True):
        together = predict_frame(mixed, folder, fast=True, spread=spread)
        for one, other in zip(alone, together, strict=True):
            assert one.keys() == other.keys()
            for target in TARGETS if "error" not in one else ():
                assert other[target] == pytest.approx(one[target], rel=1e-4)


def test_a_measured_polymer_has_a_narrower_interval_than_a_new_one(folder):
    """However it is cut."""
    known, cut, new = predict(["*CC*", "*CCCC*", "*CC(*)C"], 50, 6, fast=True, model=folder)

    def width(answer, target="t_ig_s"):
        return np.log(answer[f"{target}_hi"] / answer[f"{target}_lo"])

    assert width(new) > 1.5 * width(known)
    assert width(cut) < 0.8 * width(new)


def test_fewer_students_are_named(folder):
    assert predict(["*CC*"], 50, 6, fast=True, model=folder, members=1)[0]["model"] == (
        "small, 1 used"
    )
    with pytest.raises(InputError, match="2 members, not 3"):
        predict(["*CC*"], 50, 6, fast=True, model=folder, members=3)


def test_foreign_polymers_and_conditions_are_flagged(folder):
    def inside(name, flux=50.0):
        return predict([name], flux, 6, fast=True, model=folder)[0]["in_domain"]

    assert inside(POLYMERS[2]) and inside(POLYMERS[6])
    assert not inside("*CN1C=NC2=C1C(=O)N(C)C(=O)N2*")
    assert not inside(POLYMERS[2], flux=150.0)


@pytest.mark.parametrize("least", [0.0, 0.2, 0.45, 0.9, 1.0])
def test_within_reach_says_what_the_nearest_neighbour_says(least, monkeypatch):
    from trinity.chemistry import descriptors
    from trinity.synthesis.generator import generate_polymers

    monkeypatch.setattr(descriptors, "AT_ONCE", 7)
    keys = list(generate_polymers(80, seed=3)["psmiles"].map(polymer_key))
    seen = [fingerprint(key) for key in keys[:50]]
    expected = [nearest_similarity(key, seen) >= least for key in keys[30:]]
    assert [within_reach(fingerprint(key), seen, least) for key in keys[30:]] == expected
    assert all(expected[:20])  # these are among the seen themselves


def test_an_ensemble_that_is_not_distilled_is_refused(folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    (other / "ensemble.json").write_text(json.dumps(ABOUT | {"distilled": False}))
    with pytest.raises(InputError, match="no distilled networks"):
        predict(["*CC*"], 50, 6, fast=True, model=other)


@pytest.mark.slow
def test_the_command_answers_fast(trinity, tmp_path):
    done = trinity("predict", "*CC(*)c1ccccc1", "--fast", "--json")
    assert done.returncode == 0, done.stderr
    (answer,) = json.loads(done.stdout)
    assert answer["model"].startswith("trinity distilled") and answer["t_ig_s"] > 0
    wrong = trinity("predict", "*CC*", "--fast", "--model", tmp_path)
    assert wrong.returncode == 1 and "no finetuned model" in wrong.stderr


def test_a_cell_that_is_no_number_is_quoted(folder, tmp_path):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text('psmiles,flux_kw_m2,thickness_mm\n*CC*,"50,000",6\n*CC*,,6\n*CC*,50,thin\n')
    found = prediction.predict_table(source, out, folder, strict=False)
    assert [answer["error"] for answer in found] == [
        "flux_kw_m2 = '50,000' is not a number.",
        "flux_kw_m2 is empty.",
        "thickness_mm = 'thin' is not a number.",
    ]


def test_a_fuel_without_heat_is_answered_in_numbers_and_flagged(folder):
    (found,) = predict("*C(=O)O*", 50, 6, model=folder)
    for name in TARGETS:
        assert 0 < found[f"{name}_lo"] <= found[name] <= found[f"{name}_hi"] < np.inf
    assert "By its elements it has no heat of combustion." in found["reasons"]
