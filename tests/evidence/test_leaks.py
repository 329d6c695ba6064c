"""What is said of a polymer that is left out does not depend on its own measurements."""

import numpy as np
import pandas as pd
import pytest
from learning_tools import tiny_model

from trinity.evidence import left_out
from trinity.evidence.arms import ARMS
from trinity.evidence.left_out import Unit
from trinity.learning.data import tests_of as read_tests
from trinity.learning.model import Scalers
from trinity.measurements.specimens import load_measurements

LEARNING = [name for name, arm in ARMS.items() if arm.learns]


@pytest.fixture
def sources(tmp_path):
    """An untrained model in the place of every start."""
    model, tests = tiny_model(), read_tests(load_measurements())
    model.backbone.save_pretrained(tmp_path / "language_model")
    model.tokenizer.save_pretrained(tmp_path / "language_model")
    model.scalers = Scalers.fit(tests.conditions, tests.coordinates)
    model.save(tmp_path / "phase1", {"phase": 1})
    bare, trained = [tmp_path / "language_model"], [tmp_path / "phase1"]
    return {
        "phase1": trained, "shuffled_labels": trained, "language_model": bare, "random": bare,
    }  # fmt: skip


def few(table: pd.DataFrame) -> pd.DataFrame:
    """Four of the groups."""
    return table[table["polymer"].isin(["HDPE", "LDPE", "HIPS", "PP", "PC"])]


def polyethylene_otherwise(table: pd.DataFrame) -> pd.DataFrame:
    """Other results of one group: it ignites three times as late, and burns half as fiercely."""
    table = few(table).copy()
    own = table["polymer"].isin(["HDPE", "LDPE"])
    table.loc[own, ["t_ig_s", "t_peak_s"]] *= 3
    table.loc[own, ["phrr_kw_m2", "thr_mj_m2"]] /= 2
    return table


@pytest.mark.slow
def test_a_left_out_group_tells_nothing_about_itself(sources, measured_otherwise):
    """Neither the prediction nor its interval, whether the laboratory is named or not."""
    runs = []
    for change in (few, polyethylene_otherwise):
        measured_otherwise(change)
        folds = {fold.fold: fold for fold in left_out.folds_of("nine")}
        runs.append(
            {
                (arm, fold): Unit(arm, 0, folds[fold]).compute(sources)
                for arm in LEARNING
                for fold in ("PE", "PC")
            }
        )
    for arm in LEARNING:
        first, other = (run[arm, "PE"] for run in runs)
        np.testing.assert_array_equal(first.hidden, other.hidden, err_msg=arm)
        np.testing.assert_array_equal(first.known, other.known, err_msg=arm)
        assert (runs[0][arm, "PC"].hidden != runs[1][arm, "PC"].hidden).any(), arm


def test_the_laboratory_of_a_hidden_answer_changes_nothing(sources):
    """The same cells under another laboratory's name, asked with the name hidden."""
    fold = left_out.folds_of("nine")[1]
    found = Unit("two_phase", 0, fold).compute(sources)
    assert (found.hidden != found.known).any()
    table = load_measurements().set_index("test_id")
    twins = table.loc[list(fold.held)].reset_index()
    by = ["psmiles", "flux_kw_m2", "thickness_mm"]
    for _, rows in twins.groupby(by):
        same = found.hidden[:, rows.index]
        assert np.ptp(same, axis=1) == pytest.approx(0.0, abs=1e-9)
