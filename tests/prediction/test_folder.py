"""What a model folder says of itself, and what speaks against an answer; no network is loaded."""

import json
import sys
from pathlib import Path

import pytest

import trinity
from trinity.chemistry.descriptors import fingerprint, nearest_among
from trinity.chemistry.polymers import Polymer, polymer_key
from trinity.errors import InputError
from trinity.files import data_root
from trinity.prediction.folder import (
    default_model,
    ensemble_in,
    installed,
    reasons_of,
    untested,
)

ABOUT = {
    "name": "small", "least_similarity": 0.5, "quantile_new": 2.0, "quantile_known": 1.0,
    "known": [[polymer_key("*CC*")], [polymer_key("*CC(*)C"), polymer_key("*CO*")]],
}  # fmt: skip
UNLIKE_ALL = "It is unlike all polymers that the networks were trained on."
FAR = "It is farther from all measured polymers than any of them from the others."


@pytest.fixture
def described(tmp_path):
    """Describe an ensemble in a folder of its own, some entries changed, None left out."""

    def make(**changed):
        folder = tmp_path / f"model{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        about = {k: v for k, v in (ABOUT | changed).items() if v is not None}
        (folder / "ensemble.json").write_text(json.dumps(about))
        return ensemble_in(folder)

    return make


def test_what_is_there_is_told_and_what_is_not(tmp_path, monkeypatch):
    monkeypatch.setenv("TRINITY_ARTIFACTS", str(tmp_path))
    made = default_model() / "provenance.json"
    made.parent.mkdir(parents=True)
    made.write_text(json.dumps({"provenance": {"commit": "0123456789abcdef"}}))
    models = tmp_path / "models"
    assert installed() == {
        "version": f"trinity {trinity.__version__}, Python {sys.version.split()[0]}",
        "program": str(Path(trinity.__file__).parent),
        "data": str(data_root()),
        "model": f"{models / 'phase2'} (made by 0123456789ab; more: trinity provenance)",
        "fast model": f"{models / 'distilled'} (made by nowhere; more: trinity provenance)",
    }


@pytest.mark.parametrize("name", ["quantile_new", "least_similarity"])
def test_a_hundred_standard_deviations_are_the_most(described, name):
    for fine in (0, 0.25, 100.0):
        assert described(**{name: fine}).about[name] == fine
    with pytest.raises(InputError, match=f"{name} in its ensemble.json is 100.5, which cannot be"):
        described(**{name: 100.5})


@pytest.mark.parametrize("name", ABOUT)
def test_what_a_description_needs_is_named_when_it_lacks(described, name):
    with pytest.raises(InputError, match="lacks one of name, least_similarity, quantile_new, qua"):
        described(**{name: None})


@pytest.mark.parametrize(
    "name, value, says",
    [
        ("name", 5, "name in its ensemble.json is of another kind"),
        ("known", ["a"], "known in its ensemble.json is of another kind"),
        ("known", 5, "its ensemble.json is damaged"),
        ("measured", {"flux": 3}, "measured in its ensemble.json is of another kind"),
    ],
)
def test_an_entry_of_another_kind_is_named(described, name, value, says):
    with pytest.raises(InputError, match=f": {says}"):
        described(**{name: value})


def test_as_many_members_as_there_are_can_be_asked(described):
    for counted, most in ((None, 1), (1, 1), (3, 3)):
        model = described(members=counted)
        for members in (None, 1, most):
            model.require(members, fast=False)
        for members in (0, most + 1):
            wrong = f"The model has {most} members, not {members}; use 1 to {most} of them."
            with pytest.raises(InputError) as refused:
                model.require(members, fast=False)
            assert str(refused.value) == wrong


def test_a_polymer_is_known_by_all_of_its_units(described):
    asked = ["*CC*", "*CO*", "*CC(*)C:0.5|*CO*:0.5", "*CC*:0.5|*CO*:0.5"]
    widths = described().widths([Polymer.parse(one) for one in asked])
    assert widths.tolist() == [[1.0], [2.0], [1.0], [2.0]]


def test_a_polymer_is_foreign_below_a_similarity_and_not_at_it(described):
    polystyrene = "*CC(*)c1ccccc1"
    own, other = fingerprint(polystyrene), fingerprint("*CC(*)c1ccc(C)cc1")
    near = nearest_among(own, [other])
    assert 0.2 < near < 1.0

    def reasons(seen, measured, **least):
        model = described(**least)
        model.__dict__["seen"] = {"fingerprints": seen, "measured": measured}
        return reasons_of(Polymer.parse(polystyrene), model, fast=False)

    assert reasons([own], [own], least_similarity_measured=1.0) == []
    assert reasons([own], [other]) == []  # nothing is known of how near is near enough
    assert reasons([own], [other], least_similarity_measured=near) == []
    assert reasons([own], [other], least_similarity_measured=near + 1e-6) == [FAR]
    assert reasons([other], [own], least_similarity=near) == []
    assert reasons([other], [own], least_similarity=near + 1e-6) == [UNLIKE_ALL]


@pytest.mark.parametrize(
    "flux, thickness, said",
    [
        (50, 6, []),
        (33, 6, []), (36.7, 6, []), (29, 6, ["A heat flux below 35 kW/m² was never measured."]),
        (109, 6, []), (111, 6, ["A heat flux above 100 kW/m² was never measured."]),
        (50, 1.4, []), (50, 1.3, ["A thickness below 1.5 mm was never measured."]),
        (50, 32.9, []), (50, 33.1, ["A thickness above 30 mm was never measured."]),
    ],
)  # fmt: skip
def test_a_tenth_beyond_what_was_measured_is_as_good_as_within(flux, thickness, said):
    measured = {"flux_kw_m2": [35, 100]}  # of the thickness it tells nothing
    assert untested(measured, flux, thickness) == said
