"""What `trinity predict` promises: keys, order, errors, intervals, domain; a user's own tests."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from learning_tools import POLYMERS
from prediction_tools import NUMBERS
from surroundings import patience

from trinity.chemistry.descriptors import fingerprint, nearest_similarity, pack, unpacked
from trinity.errors import InputError
from trinity.learning.answer import Answer, combine
from trinity.pipeline.training import finetune
from trinity.prediction import predict as prediction
from trinity.quantities import TARGETS, conditions_tested


def test_answers_have_the_promised_keys_and_order(ensemble):
    folder, _ = ensemble
    names = ["*CC(*)c1ccccc1", "[*]CC[*]", "*CC(*)Cl"]
    answers = prediction.predict(names, 50, 6, model=folder)
    assert [a["psmiles"] for a in answers] == names
    for answer in answers:
        assert answer["flux_kw_m2"] == 50 and answer["thickness_mm"] == 6
        for target in TARGETS:
            assert 0 < answer[f"{target}_lo"] < answer[target] < answer[f"{target}_hi"]
        assert 0 <= answer["ignition_probability"] <= 1
        assert isinstance(answer["in_domain"], bool) and isinstance(answer["model"], str)


def test_bad_rows_are_named_and_good_rows_answered(ensemble):
    folder, _ = ensemble
    frame = pd.DataFrame(
        {
            "psmiles": ["*CC*", "CC", "*CC*", "*CC*.C", "*CC*"],
            "flux_kw_m2": [50.0, 50.0, 500.0, 50.0, 50.0],
            "thickness_mm": [6.0, 6.0, 6.0, 6.0, np.nan],
        }
    )
    answers = prediction.predict_frame(frame, folder)
    assert ["error" in a for a in answers] == [False, True, True, True, True]
    assert "500" in answers[2]["error"] and "t_ig_s" not in answers[2]
    with pytest.raises(InputError, match="heat flux"):
        prediction.predict(["*CC*"], 500, 6, model=folder)


def test_company_does_not_change_an_answer(ensemble):
    folder, _ = ensemble
    alone = prediction.predict(["*CC*"], 50, 6, model=folder)[0]
    company = prediction.predict(["*CCO*", "*CC*", "*CC(*)c1ccccc1"], 50, 6, model=folder)[1]
    for target in TARGETS:
        assert company[target] == pytest.approx(alone[target], rel=1e-4)


def test_copolymers_and_laboratories_enter(ensemble):
    folder, _ = ensemble
    plain, mixed, named = (
        prediction.predict(name, 50, 6, model=folder, lab=lab)[0]
        for name, lab in (
            ("*CC(*)c1ccccc1", None),
            ("*CC(*)c1ccccc1:0.5|*CC(*)C#N:0.5", None),
            ("*CC(*)c1ccccc1", "FSRI"),
        )
    )
    assert mixed["t_ig_s"] != plain["t_ig_s"] and named["phrr_kw_m2"] != plain["phrr_kw_m2"]


def test_the_report_tells_errors_and_coverage_of_what_was_left_out(ensemble):
    _, report = ensemble
    assert set(report["held_out"]) == set(TARGETS)
    assert report["quantile_new"] > report["quantile_known"] == pytest.approx(1.645, abs=1e-3)
    for what in ("groups", "laboratories"):
        for part in report["left_out"][what].values():
            assert len(part["endpoint_of_groups"]) == 9 and 0 < part["endpoint"] < 3
            for target in TARGETS:
                assert 0 <= part["coverage"][target] <= 1 < part["median_ratio"][target]
                assert -1 <= part["rank_of_width"][target] <= 1 < part["gmfe"][target]
    assert report["held_out"] == report["left_out"]["groups"]["hidden"]["gmfe"]


def test_combination_adds_the_spread_among_members():
    ones = np.ones((1, 4))
    answers = [Answer(m * ones, 0.3 * ones, np.array([0.9])) for m in (1.0, 2.0)]
    both = combine(answers)
    np.testing.assert_allclose(both.log_mean, 1.5)
    np.testing.assert_allclose(both.log_sigma, np.sqrt(0.09 + 0.25))


def test_input_is_checked_without_torch():
    code = (
        "import sys, trinity.prediction.predict as p\n"
        "try: p.check_row('*CC*.C', 50, 6)\n"
        "except ValueError: pass\n"
        "assert 'torch' not in sys.modules and 'transformers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=patience(120))


@pytest.mark.slow
def test_batches_and_processes_change_nothing(ensemble, mixed, monkeypatch):
    folder, _ = ensemble
    whole = prediction.predict_frame(mixed, folder)
    monkeypatch.setattr(prediction, "ROWS_A_BATCH", 5)
    one, two = (prediction.predict_frame(mixed, folder, spread=spread) for spread in (False, True))
    assert [a["psmiles"] for a in two] == mixed["psmiles"].tolist()
    assert "error" in two[len(POLYMERS)] and "t_ig_s" not in two[len(POLYMERS)]
    for expected, alone, spread in zip(whole, one, two, strict=True):
        assert expected.keys() == alone.keys() == spread.keys()
        for target in TARGETS if "error" not in expected else ():
            np.testing.assert_allclose(alone[target], expected[target], rtol=1e-4)
            np.testing.assert_allclose(spread[target], alone[target], rtol=1e-5)


def test_rows_of_like_length_sit_together(mixed):
    lengths = prediction._lengths(mixed)
    assert lengths[0] == len("*CC*") and lengths[-1] == len("*CC(*)CCCCCCCCCCCC:0.5")


def test_a_missing_model_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="no finetuned model"):
        prediction.predict(["*CC*"], 50, 6, model=tmp_path)


def test_domain_knows_polymers_from_other_molecules():
    seen = [fingerprint(f"*CC(*){'C' * n}") for n in range(1, 12)]
    assert nearest_similarity("*CC(CCC)*", seen) == 1
    assert nearest_similarity("*CN1C=NC2=C1C(=O)N(C)C(=O)N2*", seen) < 0.2
    assert conditions_tested(50, 6)
    assert not conditions_tested(150, 6) and not conditions_tested(50, 0.2)


def test_packed_fingerprints_are_the_same_and_tanimoto_counts_common_bits():
    names = [f"*CC(*){'C' * n}" for n in range(1, 12)] + ["*CC(*)c1ccccc1", "*CCO*"]
    packed = pack(names)
    assert packed.shape == (len(names), 128) and packed.dtype == np.uint8
    assert unpacked(packed) == [fingerprint(name) for name in names]
    assert (packed == np.packbits([list(fingerprint(name)) for name in names], axis=1)).all()
    for name in ["*CC(*)Cl", "*CC(*)c1ccc(C)cc1", "*CC(CCC)*"]:
        both, either = (
            np.bitwise_count(found).sum(axis=1)
            for found in (packed & pack([name]), packed | pack([name]))
        )
        assert nearest_similarity(name, unpacked(packed)) == (both / either).max()


def test_one_member_answers_alone(ensemble):
    folder, _ = ensemble
    whole, first = (prediction.predict(["*CC*"], 50, 6, model=folder, members=n)[0] for n in (2, 1))
    assert whole["t_ig_s"] == prediction.predict(["*CC*"], 50, 6, model=folder)[0]["t_ig_s"]
    assert first["t_ig_s"] != whole["t_ig_s"] and "1 used" in first["model"]
    with pytest.raises(InputError, match="has 2 members, not 3"):
        prediction.predict(["*CC*"], 50, 6, model=folder, members=3)


def test_the_cut_of_the_chain_does_not_change_its_fingerprint():
    first, second = (fingerprint(s) for s in ("*CC(*)C", "*C(C)CC(C)C*"))
    assert first == second


@pytest.mark.slow
def test_own_measurements_move_the_model(ensemble, phase1, tmp_path, monkeypatch):
    folder, _ = ensemble
    models = tmp_path / "artifacts" / "models"  # and no results file beside them
    models.mkdir(parents=True)
    for name, made in (("phase1", phase1), ("phase2", folder)):
        (models / name).symlink_to(made)
    monkeypatch.setenv("TRINITY_ARTIFACTS", str(models.parent))
    own = tmp_path / "mine.csv"
    own.write_text(
        "psmiles,flux_kw_m2,thickness_mm,t_ig_s,phrr_kw_m2\n"
        "*CC(*)C#N,50,6,400,90\n*CC(*)C#N,75,6,200,120\n"
    )
    report = finetune(own, tmp_path / "model", "test", progress=False, **NUMBERS)
    assert report["rows"] == 2 and report["polymers"] == 1
    assert report["new_polymers"] == 1
    assert report["after"]["t_ig_s"] < 0.8 * report["before"]["t_ig_s"]
    assert report["moved"].keys() == report["held_out_after"].keys() == set(TARGETS)
    assert all(1 <= factor < 3 for factor in report["moved"].values())
    assert report["held_out_before"] == {}
    empty = tmp_path / "empty.csv"
    empty.write_text("psmiles,flux_kw_m2,thickness_mm\n*CC*,50,6\n")
    with pytest.raises(InputError, match="no measured value"):
        finetune(empty, tmp_path / "other", "test")
