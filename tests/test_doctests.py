"""The examples in docstrings are run: those of the Python API, and all others."""

import doctest
import importlib

import pytest

#: What users import: each of these functions must show an example.
API = {
    "trinity.prediction.predict": ("predict",),
    "trinity.pipeline.training": ("finetune",),
    "trinity.chemistry.properties": ("estimate",),
    "trinity.cone.predict": ("predict",),
}
OTHERS = (
    "trinity.chemistry.polymers",
    "trinity.learning.tokenizer",
    "trinity.evidence.scores",
    "trinity.learning.data",
)


@pytest.mark.parametrize("name", [*API, *OTHERS])
def test_examples_hold(name):
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert found.attempted > 0 and found.failed == 0


@pytest.mark.parametrize(("module", "names"), API.items())
def test_the_python_api_has_examples(module, names):
    for name in names:
        assert ">>> " in getattr(importlib.import_module(module), name).__doc__
