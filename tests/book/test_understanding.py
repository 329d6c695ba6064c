"""Looks into the weights: planes and distances are what they claim, probes find what is there."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from learning_tools import POLYMERS, tiny_model, toy_table
from trinity_book.figures import understanding as figures_understanding
from trinity_book.studies import understanding
from trinity_book.studies.landscape import (
    Plane,
    losses_at,
    sharpness,
    straight_way,
    surface,
    weights_of,
)
from trinity_book.studies.understanding import probe, quantities

from trinity.learning.data import tests_of as read_tests
from trinity.learning.model import Scalers


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """All of it on models of a few thousand weights."""
    folder = tmp_path_factory.mktemp("why")
    table = toy_table(tests=2)
    tests = read_tests(table)
    model = tiny_model(1)
    model.scalers = Scalers.fit(tests.conditions, tests.coordinates)
    model.save(folder / "phase1" / "member0", {"phase": 1, "seed": 5})
    language_model = tiny_model(0)
    language_model.backbone.save_pretrained(folder / "language_model")
    language_model.tokenizer.save_pretrained(folder / "language_model")
    hypothetical = [f"*CC(*){'C' * n}O{'C' * m}" for n in range(1, 9) for m in range(1, 9)]
    synthetic = pd.DataFrame({"psmiles": hypothetical, "key": hypothetical})
    return understanding.why_it_works(
        folder / "phase1", folder / "language_model", synthetic, tests, 0,
        shuffled=folder / "phase1", side=3, probed=40, steps=(2, 6),
    )  # fmt: skip


def test_the_block_is_plain_numbers(found):
    assert json.loads(json.dumps(found)) == found
    assert np.shape(found["landscape"]["loss"]) == (3, 3)
    assert {row["model"] for row in found["probes"]} == {
        "random", "language model", "phase 1", "shuffled labels",
    }  # fmt: skip


def test_paths_begin_together_and_lie_in_the_plane_at_their_ends(found):
    for path in found["landscape"]["paths"].values():
        np.testing.assert_allclose(path[0], 0.0, atol=1e-6)
        assert path[-1][2] < 1e-4
    assert found["landscape"]["paths"]["direct"][-1][1] == pytest.approx(0.0, abs=1e-5)


def test_every_measured_polymer_is_held_out_once(found):
    held_out = [name for end in found["ends"] for name in end["held_out"]]
    assert len(held_out) == len(set(held_out)) == len(POLYMERS)
    assert sum(end["tests"] for end in found["ends"]) == 2 * len(POLYMERS)


def test_finetuning_lowers_the_loss_of_its_tests(found):
    for end in found["ends"]:
        assert end["direct"]["loss"] < end["start"]["loss"]
        assert end["two_phase"]["loss"] < end["phase1"]["loss"]


def test_copolymers_stay_with_their_components():
    table = toy_table(POLYMERS[:6], tests=1)
    table["components"] = [None, "*CC*:0.5|*CC(*)Cl:0.5", None, None, None, None]
    part = understanding.parts_of(read_tests(table))
    assert part[0] == part[1] == part[3]
    assert len(set(part)) == understanding.PARTS


def test_distances_are_of_all_weights_and_of_each_layer(found):
    *layers, everything = found["distances"]
    assert sum(row["weights"] for row in layers) == everything["weights"]
    assert {"token embedding", "encoder layer 1", "head, output"} <= {r["layer"] for r in layers}
    assert all(row["direct"] > 0 and row["phase2"] > 0 for row in found["distances"])


def test_distance_in_filters_does_not_see_the_scale_of_a_layer():
    """One layer twice as large and the next half as large is the same network."""

    def place(scale):
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))
        points = [weights_of(net)]
        for seed in (1, 2):
            torch.manual_seed(seed)
            points.append(points[0] + 0.1 * torch.randn(points[0].shape))
        first = net[0].weight.numel() + net[0].bias.numel()
        factor = torch.cat([torch.full((first,), scale), torch.full((10,), 1 / scale)])
        points = [factor * point for point in points]
        return Plane.through(net, *points).coordinates(points[2])[:2]

    np.testing.assert_allclose(place(1.0), place(2.0), rtol=1e-5)


def test_a_plane_gives_back_its_points_and_restores_the_model():
    model = tiny_model(0)
    own = weights_of(model)
    other, third = weights_of(tiny_model(1)), weights_of(tiny_model(2))
    plane = Plane.through(model, own, other, third)
    for point in (own, other, third):
        x, y, beside = plane.coordinates(point)
        assert beside < 1e-3
        torch.testing.assert_close(plane.weights(x, y), point, rtol=1e-3, atol=1e-4)

    def loss(network):
        return [float(weights_of(network).pow(2).sum())]

    losses_at(model, [other, third], loss)
    torch.testing.assert_close(weights_of(model), own, rtol=0, atol=0)
    marks = np.array([plane.coordinates(p)[:2] for p in (own, other, third)])
    ground = surface(model, plane, marks, 4, loss)
    assert ground["losses"].shape == (1, 4, 4)
    assert ground["x"][0] < marks[:, 0].min() and ground["y"][-1] > marks[:, 1].max()
    # The squared length of the weights is a bowl: no barrier on any straight way.
    assert straight_way(model, other, third, 5, loss)["barrier"] == 0
    around = sharpness(model, own, (-0.5, 0.0, 0.5), 3, 0, loss)
    np.testing.assert_allclose(around[:, 1], loss(model)[0], rtol=1e-5)


def test_a_probe_finds_what_is_there_and_nothing_else():
    rng = np.random.default_rng(0)
    embedding = rng.standard_normal((200, 8))
    keys = [str(i) for i in range(200)]
    there = probe(embedding, embedding @ rng.standard_normal(8), keys, 0)
    absent = probe(embedding, rng.standard_normal(200), keys, 0)
    assert there["r2"] > 0.99 and there["low"] <= there["r2"] <= there["high"]
    assert absent["r2"] < 0.1
    assert probe(embedding, np.ones(200), keys, 0)["r2"] == 0


def test_a_probe_cannot_remember_a_polymer():
    """Each polymer four times: a memory of keys would find the random values."""
    rng = np.random.default_rng(1)
    embedding, values = np.repeat(np.eye(30), 4, axis=0), np.repeat(rng.standard_normal(30), 4)
    assert probe(embedding, values, np.repeat(np.arange(30), 4), 0)["r2"] < 0.1


def test_quantities_are_those_of_the_formula():
    table = quantities(["*CC(*)c1ccccc1", "*C*"])
    np.testing.assert_allclose(table["aromatic share"], [6 / 8, 0.0])
    # C8H8 + 10 O2 and CH2 + 1.5 O2
    np.testing.assert_allclose(table["oxygen demand"], [320 / 104.15, 48 / 14.027], rtol=1e-3)
    assert 950 < table["density"][0] < 1150 and 600 < table["T50"][0] < 750


def test_the_figures_draw_what_was_found(found):
    drawn = (
        figures_understanding.landscape(found["landscape"]),
        figures_understanding.weight_distances(found["distances"]),
        figures_understanding.probes(found["probes"]),
        figures_understanding.ends(found["ends"]),
    )
    for figure in drawn:
        assert all(axes.get_xlabel() or axes.get_ylabel() for axes in figure.axes)
