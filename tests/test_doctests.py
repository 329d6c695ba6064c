"""The examples in docstrings are run: those of the Python API, and all others."""

import doctest
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import trinity

#: What users import: each of these functions must show an example.
API = {
    "trinity.prediction.predict": ("predict",),
    "trinity.pipeline.training": ("finetune",),
    "trinity.chemistry.properties": ("estimate",),
    "trinity.cone.predict": ("predict",),
    "trinity.cone.files": ("simulate",),
}
OTHERS = (
    "trinity.measurements.reader",
    "trinity.measurements.reduce",
    "trinity.chemistry.polymers",
    "trinity.learning.encoder",
    "trinity.evidence.scores",
    "trinity.learning.data",
)


SLOW = "trinity.pipeline.training"  # finetunes


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name == SLOW)) for name in (*API, *OTHERS)],
)
def test_examples_hold(name):
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert found.attempted > 0 and found.failed == 0


@pytest.mark.parametrize(("module", "names"), API.items())
def test_the_python_api_has_examples(module, names):
    for name in names:
        assert ">>> " in getattr(importlib.import_module(module), name).__doc__


def test_each_public_name_is_there_typed_and_has_an_example():
    assert set(trinity.__all__) <= set(dir(trinity))
    for name in trinity.__all__:
        public = getattr(trinity, name)
        call = public.parse if name == "Polymer" else public
        assert ">>> " in call.__doc__, name
        assert "return" in call.__annotations__, name
    with pytest.raises(AttributeError, match="no attribute 'cook'"):
        trinity.cook  # noqa: B018
    assert (Path(trinity.__file__).parent / "py.typed").is_file()


def test_a_first_look_imports_no_torch():
    code = (
        "import sys, trinity\n"
        "assert 'numpy' not in sys.modules\n"
        "trinity.estimate, trinity.simulate, trinity.Polymer, trinity.predict\n"
        "trinity.estimate('*CC*')\n"
        "assert 'torch' not in sys.modules and 'transformers' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
