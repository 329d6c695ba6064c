"""From results to pages: the substitution table, the generated tables and drawings, all current."""

import ast
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from surroundings import ROOT
from trinity_book import numbers, pages, tables
from trinity_book import trace as tracing
from trinity_book.figures import house

import trinity
from trinity.lineage import Code, imported_by

NAME = re.compile(r"{{ (\w+) }}")


@pytest.fixture(scope="module")
def table() -> dict[str, str]:
    return {name: entry["text"] for name, entry in numbers.table().items()}


def prose(root):
    """The pages of prose and the slides."""
    return [*sorted((root / "book").glob("*.md")), root / "book" / "slides.toml"]


def test_everything_generated_is_committed_and_current(root):
    assert pages.stale(root) == [], "run python -m trinity_book.pages"


def test_every_generated_table_is_shown_by_a_page_and_nothing_else_is_there(root):
    shown = {
        name.removeprefix("generated/")
        for page in prose(root)
        for name in tracing.INCLUDED.findall(page.read_text(encoding="utf-8"))
        if name.startswith("generated/")
    }
    assert shown == set(tables.TABLES)
    there = {path.name for path in (root / "book" / "generated").iterdir()}
    assert there == set(tables.TABLES) | {"numbers.json"}


def test_every_name_in_prose_is_known_and_every_number_is_named(root, table):
    named = {page.name: set(NAME.findall(page.read_text(encoding="utf-8"))) for page in prose(root)}
    for page, names in named.items():
        assert names <= {*table, "ways_out"}, page  # links, from the extension of that name
    used = set().union(*named.values())
    assert not {name for name in table if name.startswith(("card_", "fast_"))} - used
    assert all(table.values())


def test_the_extension_reads_the_committed_table_and_nothing_of_ours(root):
    """A page build needs neither data nor code of the project for its numbers."""
    text = (root / "book" / "extensions" / "computed_numbers.py").read_text(encoding="utf-8")
    assert not imported_by(ast.parse(text))


def test_counts_are_those_of_the_data(root, table):
    rows = (root / "data" / "measurements" / "cone_measurements.csv").read_text().splitlines()
    assert int(table["n_tests"]) == len(rows) - 1
    assert table["smallest_p"] == f"{2 / int(table['sign_patterns']):.4f}"


def test_scores_costs_and_rates_are_those_of_the_results(root, table):
    results = root / "data" / "artifacts" / "results"

    def read(name):
        return json.loads((results / name).read_text(encoding="utf-8"))

    rows = read("lopo.json")["scores"]["nine"]["hidden"]["scores"]
    row = next(r for r in rows if r["arm"] == "two_phase" and r["target"] == "phrr_kw_m2")
    assert table["card_factor_phrr"].startswith(f"{row['gmfe']:.2f} (")
    minutes = sum(read(file)["provenance"]["wall_time"] / 60 for file in numbers.STAGES)
    assert table["card_minutes_all"] == f"{minutes:.0f}"
    kilowatt_hours = numbers.WATT / 1000 * minutes / 60
    assert float(table["card_energy"]) == pytest.approx(kilowatt_hours, abs=0.006)
    rates = read("prediction_speed.json")["rates"]
    assert table["fast_rate_one"] == f"{rates['one distilled network']:,.0f}"


def test_no_score_is_typed_in_the_model_card(root):
    text = (root / "book" / "model_card.md").read_text(encoding="utf-8")
    assert not re.search(r"\d\.\d", text)


def test_an_audit_that_nobody_answered_says_so():
    licences = {"packages": 1, "kinds": {"permissive": 1}, "to_look_at": {}}
    found = {"holes": {"answered": False, "why": {"osv": "silent"}}, "licences": licences}
    assert "**not answered**: osv silent" in tables.audit(found)


def test_units_of_columns_follow_their_names():
    lines = tables.dataset_columns({}).splitlines()[2:]
    units = {line.split("`")[1]: line.split("|")[3].strip() for line in lines}
    assert units["t_ig_s"] == "s" and units["A_1_s"] == "1/s" and units["t50_k"] == "K"
    assert units["specific_heat_melt_j_kg_k"] == "J/kg/K" and units["psmiles"] == ""
    assert units["gas_heat_of_combustion_j_kg"] == "J/kg" and units["phrr_kw_m2"] == "kW/m²"


def test_the_plan_of_costs_multiplies_what_was_measured():
    cost = {
        "table": {"rows": 1000, "polymers": 50, "conditions_per_polymer": 20, "cpu_s": 3.6,
                  "cpu_ms_a_row": 3.6, "bytes_a_row": 300.0, "peak_memory_mb": 400.0},
        "generator": {"polymers": 10, "cpu_s": 1.0},
    }  # fmt: skip
    last = next(line for line in tables.scaling_costs(cost).splitlines() if "| 10⁹" in line)
    assert "300 GB" in last
    assert tables.amount(3.6e-3 * 1e9, tables.TIME) in last
    assert tables.amount(7200, tables.TIME) == "2 h"


def test_nothing_outside_the_tests_imports_from_them(root):
    ours = {path.stem for path in (root / "tests").rglob("*.py")} | {"tests"}
    for folder in ("src", "book", "tools", "benchmarks", "notebooks"):
        for path in sorted((root / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in getattr(node, "names", [])] if isinstance(
                    node, ast.Import) else [getattr(node, "module", None) or ""]  # fmt: skip
                assert not {name.split(".")[0] for name in names} & ours, path


def test_contents_name_every_page(root):
    contents = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    named = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    named.append(contents["root"])
    for page in (root / "book").glob("*.md"):
        assert f"book/{page.stem}" in named


OURS = re.compile(r"\b(?:trinity|trinity_book|tools|benchmarks)(?:\.\w+)+")


def exists(root, name: str) -> bool:
    """Whether a dotted name is a module of the project, or is bound at the top of one."""
    parts, ends = name.split("."), (".py", "/__init__.py")
    for length in range(len(parts), 0, -1):
        place = "/".join(parts[:length])
        files = [root / top / f"{place}{end}" for top in ("", "src", "book") for end in ends]
        if file := next(filter(Path.is_file, files), None):
            code = Code.of(ast.parse(file.read_text(encoding="utf-8")), ".".join(parts[:length]))
            bound = {**code.definitions, **code.imports, **dict.fromkeys(trinity.__all__)}
            return length == len(parts) or parts[length] in bound
    return False


def test_every_module_that_a_page_names_exists(root):
    pages_of_prose = [*(root / "book").glob("*.md"), root / "README.md", root / "CONTRIBUTING.md"]
    missing = [
        f"{page.name}: {name}"
        for page in sorted(pages_of_prose)
        for name in OURS.findall(page.read_text(encoding="utf-8"))
        if not exists(root, name)
    ]
    assert not missing
    assert not exists(root, "tools.fire") and not exists(root, "trinity.cone.simulate.fire")


def test_the_house_stands_in_floors():
    found = house.imports()
    floors = house.above(found)
    assert all(floors[used] < floors[room] for room in found for used in found[room])
    assert floors["errors"] == 0 and floors["chemistry"] < floors["learning"] < floors["cli"]


@pytest.mark.parametrize("page", sorted((ROOT / "book").glob("*.md")), ids=lambda path: path.stem)
def test_the_text_for_those_who_cannot_see_stands_in_one_line(page):
    """What follows would become the caption."""
    lines = page.read_text(encoding="utf-8").splitlines()
    for one, after in pairwise(lines):
        assert not (one.startswith(":alt:") and after and not after.startswith(":")), one
