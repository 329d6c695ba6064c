"""What is said of a polymer that is left out does not depend on its own measurements."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from learning_tools import tiny_model

from trinity.evidence import left_out
from trinity.evidence.arms import ARMS, EvaluationSettings
from trinity.evidence.held import Held
from trinity.learning import loop
from trinity.learning.data import tests_of as read_tests
from trinity.learning.model import Scalers
from trinity.measurements.specimens import load_measurements

NUMBERS = {"seeds": 1, "candidates": 2, "checkpoints": [3], "trees": 3, "physics_draws": 2}
LEARNING = ("conditions_only", "random_forest", "gaussian_process", "direct", "two_phase")
SAID = ["predicted", "lo", "hi"]


@pytest.fixture
def sources(tmp_path):
    """An untrained model in the place of phase 1 and of the language model."""
    model, tests = tiny_model(), read_tests(load_measurements())
    model.backbone.save_pretrained(tmp_path / "language_model")
    model.tokenizer.save_pretrained(tmp_path / "language_model")
    model.scalers = Scalers.fit(tests.conditions, tests.coordinates)
    model.save(tmp_path / "phase1", {"phase": 1})
    return {"phase1": [tmp_path / "phase1"], "language_model": [tmp_path / "language_model"]}


def few(table: pd.DataFrame) -> pd.DataFrame:
    """Four of the groups, which is enough for folds within folds."""
    return table[table["polymer"].isin(["HDPE", "LDPE", "HIPS", "PP", "PC"])]


def polyethylene_otherwise(table: pd.DataFrame) -> pd.DataFrame:
    """Other results of one group: it ignites three times as late, and burns half as fiercely."""
    table = few(table).copy()
    own = table["polymer"].isin(["HDPE", "LDPE"])
    table.loc[own, ["t_ig_s", "t_peak_s"]] *= 3
    table.loc[own, ["phrr_kw_m2", "thr_mj_m2"]] /= 2
    return table


@pytest.mark.slow
def test_a_left_out_group_tells_nothing_about_itself(
    sources, tmp_path, measured_otherwise, monkeypatch
):
    """Neither the prediction nor its interval: training, choice and calibration are all blind."""
    pool = ThreadPoolExecutor(1, initializer=loop.one_thread)
    monkeypatch.setattr(loop, "worker_pool", lambda tasks: pool)
    monkeypatch.setattr(pool, "shutdown", lambda *_, **__: None)
    runs = []
    for name, change in (("as_measured", few), ("other", polyethylene_otherwise)):
        measured_otherwise(change)
        arms = [ARMS[arm] for arm in LEARNING]
        found = left_out.run(sources, NUMBERS, tmp_path / name, False, arms=arms,
                             groupings=("nine",))  # fmt: skip
        runs.append(pd.DataFrame(found["predictions"]))
    for arm in LEARNING:
        first, other = (run[run["arm"] == arm].reset_index(drop=True) for run in runs)
        own = first["fold"] == "PE"
        assert own.sum() > 20 and (first["measured"] != other["measured"]).equals(own)
        pd.testing.assert_frame_equal(first.loc[own, SAID], other.loc[own, SAID])
        assert (first.loc[~own, "predicted"] != other.loc[~own, "predicted"]).any()


def test_intervals_are_calibrated_on_other_groups_only(monkeypatch):
    """For every fold, what calibrates it comes from models that did not see it, about others."""
    table = load_measurements()

    class Everything:
        """Answers of every unit about all that it left out."""

        settings = EvaluationSettings(candidates=1, checkpoints=(1,))

        def read(self, unit):
            out = table["group_ten"].isin(unit.left_out)
            ids = table["test_id"][out].to_numpy()
            ones = np.ones((1, len(ids), 4))
            return Held(ids, ones, ones)

    for grouping in left_out.GROUPINGS:
        for fold in left_out.folds_of(grouping):
            inner = fold.inner()
            found = [one.held(ARMS["two_phase"], 0, (0,), Everything()) for one in inner]
            used = np.concatenate([held.tests for held in found])
            groups = table.set_index("test_id")["group_ten"].loc[used]
            assert set(groups) == set(table["group_ten"]) - set(fold.members)
            assert len(used) == len(set(used))
            assert all(set(fold.members) <= set(one.out) for one in inner)


def test_an_interval_is_the_factor_times_sigma_to_both_sides():
    ids = load_measurements()["test_id"].to_numpy()[:2]
    held = Held(ids, np.ones((1, 2, 4)), np.full((1, 2, 4), 0.2))
    about = {"arm": "two_phase", "seed": 0, "fold": "PE", "grouping": "nine"}
    for row in held.rows(about, [1.5] * 4):
        assert np.log([row["lo"], row["hi"]]) == pytest.approx([0.7, 1.3], abs=1e-4)
