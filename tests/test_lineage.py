"""The code behind a result: what is followed, what a move leaves alone, what no edit can hide."""

import ast

import pytest

from trinity import lineage

BEFORE = '''
"""Module."""
import numpy as np

def area(width: float, height: float) -> float:
    """Area (m2)."""
    if width < 0:
        raise ValueError("negative")
    return width * height  # simple
'''


def bare(source: str) -> str:
    return ast.dump(lineage.bare(ast.parse(source)))


@pytest.mark.parametrize(
    "old, new",
    [
        ("Area (m2).", "The area in square metres."),
        ("  # simple", ""),
        ('"negative"', 'f"width is {width}"'),
        ("width: float", "width: int"),
        ("width * height", "(width\n        * height)"),
    ],
)
def test_prose_does_not_change_the_hash(old, new):
    assert bare(BEFORE) == bare(BEFORE.replace(old, new))


@pytest.mark.parametrize("old, new", [("width * height", "width + height"), ("< 0", "<= 0")])
def test_code_changes_the_hash(old, new):
    assert bare(BEFORE) != bare(BEFORE.replace(old, new))


@pytest.fixture
def hash_in(monkeypatch, tmp_path):
    """Hash of the code behind ``trinity.start:run`` in a package of given files."""

    def hash_of(files: dict[str, str]) -> str:
        folder = tmp_path / f"package{len(list(tmp_path.iterdir()))}"
        for name, text in {"__init__.py": "", **files}.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
            (place.parent / "__init__.py").touch()
        monkeypatch.setattr(lineage, "_folder", lambda top: folder if top == "trinity" else None)
        for cached in ("code_of", "_examined"):
            getattr(lineage, cached).cache_clear()
        return lineage.source_hash("trinity.start:run")

    yield hash_of
    for cached in ("code_of", "_examined"):
        getattr(lineage, cached).cache_clear()


START = "from trinity.heat import flux\n\ndef run(x):\n    return flux(x)\n"
HEAT = "import numpy as np\nSIGMA = 5.67e-8\n\ndef flux(T):\n    return SIGMA * np.power(T, 4)\n"


@pytest.mark.parametrize(
    "files",
    [
        {"start.py": START.replace("trinity.heat", "trinity.cone.heat"), "cone/heat.py": HEAT},
        {"start.py": START.replace("trinity.heat", ".cone.heat"), "cone/heat.py": HEAT},
        {
            "start.py": START.replace("trinity.heat", "trinity.cone"),
            "cone/__init__.py": "from .heat import flux\n",
            "cone/heat.py": HEAT,
        },
        {
            "start.py": START,
            "heat.py": HEAT.replace("SIGMA = 5.67e-8\n", "from trinity.units import SIGMA\n"),
            "units.py": "SIGMA = 5.67e-8\n",
        },
        {"start.py": HEAT + "\ndef run(x):\n    return flux(x)\n"},
        {"start.py": "def run(x):\n    from trinity.heat import flux\n    return flux(x)\n",
         "heat.py": HEAT},
        {"start.py": START, "heat.py": HEAT + "\ndef unused():\n    return 3\n"},
    ],
    ids="moved relative reexported split merged inside unused".split(),
)  # fmt: skip
def test_where_a_definition_stands_does_not_matter(hash_in, files):
    assert hash_in({"start.py": START, "heat.py": HEAT}) == hash_in(files)


@pytest.mark.parametrize(
    "start, heat",
    [
        (START, HEAT.replace("5.67", "5.68")),
        (START, HEAT.replace("np.power", "np.hypot")),
        (START, HEAT.replace("import numpy as np", "import math as np")),
        (START, HEAT + "SIGMA += 1\n"),
        (START, HEAT + "flux.cache = {}\n"),
        (START, HEAT + "print('on import')\n"),
    ],
    ids="constant call foreign again attribute import".split(),
)
@pytest.mark.parametrize(
    "module, imported",
    [
        ("heat.py", "from trinity.heat import flux"),
        ("cone/heat.py", "from trinity.cone.heat import flux"),
        ("cone/heat.py", "from .cone.heat import flux"),
        ("cone/heat.py", "from trinity.cone import heat\n\nflux = heat.flux"),
        ("cone/heat.py", "from trinity import cone\n\nflux = cone.heat.flux"),
        ("cone/heat.py", "import trinity.cone.heat\n\nflux = trinity.cone.heat.flux"),
        ("cone/heat.py", 'flux = find("trinity.cone.heat:flux")'),
        ("cone/heat.py", 'from trinity.cone import heat\n\nflux = getattr(heat, "flux")'),
    ],
)
def test_an_edit_is_seen_however_it_is_imported(hash_in, module, imported, start, heat):
    start = start.replace("from trinity.heat import flux", imported)
    assert hash_in({"start.py": start, module: HEAT}) != hash_in({"start.py": start, module: heat})


def test_the_code_of_a_notebook_is_followed():
    tree = ast.parse("from trinity.cone.simulate import simulate\nsimulate([])\n")
    reached = {module for module, _ in lineage.reached_by(tree)}
    assert {"trinity.cone.heat", "trinity.cone.case"} <= reached
    assert not {"trinity.errors", "trinity.pipeline.stages", "trinity.cli.main"} & reached


def test_one_function_stands_for_what_it_uses_itself():
    reached = {module for module, _ in lineage.reached("trinity.synthesis.report:synthesis")}
    assert {
        "trinity.synthesis.generator",
        "trinity.chemistry.groups",
        "trinity.cone.heat",
    } <= reached
    assert "trinity.learning.loop" not in reached
