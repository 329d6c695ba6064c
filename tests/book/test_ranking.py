"""Rank correlations of width and error: what they say in cases where the answer is known."""

import numpy as np
import pandas as pd
import pytest
from trinity_book.studies import ranking

from trinity.evidence import scores
from trinity.pipeline import stages


def test_a_width_that_follows_the_error_is_seen_and_one_that_does_not_is_not():
    rng = np.random.default_rng(0)
    error = rng.exponential(size=60)
    follows = ranking.spearman(error, error**2, range(60))
    assert follows["rho"] == pytest.approx(1.0) and follows["low"] > 0.99
    opposite = ranking.spearman(error, -error, range(60))
    assert opposite["rho"] == pytest.approx(-1.0)
    unrelated = ranking.spearman(error, rng.permutation(error), range(60))
    assert unrelated["low"] < 0.0 < unrelated["high"]


def test_few_clusters_give_a_wide_interval():
    rng = np.random.default_rng(1)
    x = rng.normal(size=60)
    y = x + rng.normal(size=60)
    many = ranking.spearman(x, y, range(60))
    # Twelve values five times over are no more than twelve.
    few = ranking.spearman(*(np.repeat(z[:12], 5) for z in (x, y)), np.repeat(range(12), 5))
    assert few["number"] == 12
    assert few["high"] - few["low"] > 1.5 * (many["high"] - many["low"])


def test_the_same_sigma_for_all_ranks_nothing():
    assert ranking.spearman(np.arange(9.0), np.full(9, 0.3), range(9))["rho"] is None


def test_the_nearest_measured_polymer_is_of_another_group():
    distance = ranking.distance_from_measured()
    assert len(distance) == 11 and distance.between(0.0, 1.0).all()
    # Both polyethylenes are one chain, and so are the styrenics' styrene units: a group that saw
    # itself would be at no distance.
    assert (distance[["HDPE", "LDPE", "HIPS"]] > 0.5).all()


@pytest.mark.slow
def test_all_groups_left_out_are_ranked_and_at_least_forty_polymers_of_handbooks():
    predictions = scores.headline(stages.load("ablation").results)
    rows = pd.DataFrame(ranking.left_out(predictions[predictions["arm"] == "two_phase"]))
    assert set(rows["with"]) == {"width", "distance"} and (rows["number"] == 9).all()
    books = pd.DataFrame(ranking.of_handbook())
    assert (books.set_index("property").loc[["t50_k", "char_yield"], "number"] >= 40).all()
