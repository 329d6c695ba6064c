"""Constants of general knowledge: each a row with its source, each used, none hidden in code."""

import re
from pathlib import Path

import pytest

import trinity
from trinity.chemistry.priors import moved, prior, prior_table
from trinity.chemistry.properties import estimate
from trinity.errors import InputError

HERE = Path(trinity.__file__).parent
CODE = "\n".join(
    path.read_text(encoding="utf-8")
    for path in (*HERE.glob("chemistry/*.py"), HERE / "cone" / "specimen.py")
)


def test_every_row_says_what_it_is_and_where_from():
    table = prior_table()
    assert not table.isna().any().any() and table.name.is_unique
    assert (table.sigma > 0).all()
    assert set(table.status) <= {"memory", "derived", "verified"}


def test_every_row_is_used_and_every_use_has_a_row():
    names = set(prior_table().name)
    families = ("char_", "correlation_")
    for name in names:
        family = next((f for f in families if name.startswith(f)), None)
        assert f'"{name}"' in CODE or (family and f'"{name.removeprefix(family)}"' in CODE), name
    used = set(re.findall(r'(?:prior|value)\(\s*"(\w+)"', CODE))
    assert used <= names
    with pytest.raises(InputError, match="has no row"):
        prior("phlogiston")


def test_a_moved_row_changes_what_depends_on_it_and_comes_back():
    before = estimate("*CC(*)c1ccccc1")
    with moved("emissivity", 1.0):
        within = estimate("*CC(*)c1ccccc1")
    row = prior("emissivity")
    assert within["emissivity"].value == pytest.approx(row.value + row.sigma)
    assert estimate("*CC(*)c1ccccc1") == before
    assert {k for k, p in within.properties.items() if p != before[k]} == {"emissivity"}
