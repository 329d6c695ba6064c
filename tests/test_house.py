"""The house: who may import whom, what a module may touch, and how large it may grow."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from surroundings import ROOT, patience

from trinity import lineage

PACKAGE = ROOT / "src" / "trinity"
#: From the ground up: a module imports from its own room and from the floors below.
FLOORS = (
    ("errors",), ("files", "quantities"), ("chemistry", "lineage provenance"),
    ("cone",), ("measurements",), ("learning", "synthesis"), ("evidence",),
    ("prediction",), ("pipeline",), ("cli",), ("__init__ __main__",),
)  # fmt: skip
FLOOR = {
    name: floor for floor, rooms in enumerate(FLOORS) for room in rooms for name in room.split()
}
ROOM = {name: room for rooms in FLOORS for room in rooms for name in room.split()}
SCIENCE = ("chemistry", "cone", "synthesis", "learning")


def sources(*tops: str) -> list[Path]:
    """Python files of the checkout below some folders."""
    return sorted(path for top in tops for path in (ROOT / top).rglob("*.py"))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module_of(path: Path) -> str:
    """Dotted name of a file of the package or of the book's machinery."""
    top = ROOT / ("src" if path.is_relative_to(PACKAGE) else "book")
    return ".".join(path.relative_to(top).with_suffix("").parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    """Room of a module, or its own name where it has none."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def lines(paths: list[Path]) -> int:
    return sum(path.read_text(encoding="utf-8").count("\n") for path in paths)


def aliases(tree: ast.Module) -> dict[str, str]:
    """Name in a file -> module of ours or elsewhere that it was imported as."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                found[one.asname or one.name.split(".")[0]] = one.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            for one in node.names:
                full = f"{node.module}.{one.name}"
                if is_module(full):
                    found[one.asname or one.name] = full
    return found


def is_module(name: str) -> bool:
    """Whether a dotted name is a module of ours."""
    place = ROOT / ("book" if name.startswith("trinity_book") else "src") / name.replace(".", "/")
    ours = name.split(".")[0] in ("trinity", "trinity_book")
    return ours and (place.with_suffix(".py").is_file() or (place / "__init__.py").is_file())


def test_modules_import_from_their_own_room_and_from_the_floors_below():
    against = []
    for path in sources("src/trinity"):
        module = module_of(path)
        here = room_of(module)
        for other in lineage.imported_by(parsed(path), module.rpartition(".")[0]):
            if not other.startswith("trinity.") or here in ("__init__", "__main__"):
                continue
            there = room_of(other)
            if ROOM[there] != ROOM[here] and FLOOR[there] >= FLOOR[here]:
                against.append(f"{module} imports {other}")
    assert not against


def test_the_package_needs_nothing_of_the_book_but_for_its_command():
    """And that inside functions, so that the wheel works without it."""
    for path in sources("src/trinity"):
        for node in ast.walk(parsed(path)):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if any((name or "").split(".")[0] == "trinity_book" for name in names):
                assert module_of(path) == "trinity.cli.book" and node.col_offset > 0, path


def test_nothing_but_tests_imports_from_tests():
    helpers = {path.stem for path in sources("tests")} - {"__init__"}
    found = set()
    for path in sources("src", "book/trinity_book", "tools", "benchmarks"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                found |= {f"{path}: {n}" for n in names if n.split(".")[0] in helpers | {"tests"}}
    assert not found


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def test_no_private_name_crosses_modules():
    crossing = []
    for path in sources("src/trinity", "book/trinity_book", "tools", "benchmarks"):
        tree = parsed(path)
        modules = {k for k, v in aliases(tree).items() if v.startswith("trinity")}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("trinity"):
                names = [one.name for one in node.names]
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                names = [node.attr] if node.value.id in modules else []
            else:
                continue
            crossing += [f"{path.relative_to(ROOT)}:{node.lineno} {n}" for n in names if private(n)]
    assert not crossing


def test_no_module_changes_another_at_run_time():
    changed = []
    for path in sources("src/trinity", "book/trinity_book", "tools", "benchmarks"):
        tree = parsed(path)
        modules = aliases(tree)
        for node in ast.walk(tree):
            targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "setattr":
                targets = [ast.Attribute(node.args[0], "?", lineno=node.lineno)]
            elif not isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete)):
                continue
            for target in targets:
                held = getattr(target, "value", None)
                if isinstance(target, ast.Attribute) and isinstance(held, ast.Name):
                    if modules.get(held.id, "").startswith("trinity"):
                        changed.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not changed


GLOBALS = """
import importlib, json, locale, logging, os, random, signal, sys, warnings
import matplotlib, numpy as np
def state():
    found = {
        "matplotlib": repr(sorted(matplotlib.rcParams.items(), key=str)), "numpy": np.geterr(),
        "printing": repr(np.get_printoptions()), "warnings": repr(warnings.filters),
        "random": hash(random.getstate()), "numpy random": repr(np.random.get_state()[1][:9]),
        "locale": locale.setlocale(locale.LC_ALL), "logging": logging.getLogger().level,
        "hook": repr(sys.excepthook), "path": list(sys.path), "folder": os.getcwd(),
        "signals": repr([signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]),
        "environment": dict(os.environ),
    }
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        found["torch"] = [torch.get_num_threads(), str(torch.get_default_dtype()),
                          torch.are_deterministic_algorithms_enabled(), torch.initial_seed()]
    if "pandas" in sys.modules:
        found["pandas"] = sys.modules["pandas"].get_option("display.max_rows")
    return found
for name in {outside!r}:
    try:
        importlib.import_module(name)
    except ImportError:
        pass
changed = {{}}
for name in {ours!r}:
    before = state()
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:  # of an optional group of packages
        if error.name.split(".")[0] in ("trinity", "trinity_book"):
            raise
    after = state()
    if differ := [k for k in before if before[k] != after[k]]:
        changed[name] = differ
print(json.dumps(changed))
"""


@pytest.mark.slow
def test_importing_a_module_changes_nothing():
    """All of them, one after the other, in a process that has imported what they import."""
    everything = sources("src/trinity", "book/trinity_book")
    ours = sorted(module_of(p) for p in everything if p.stem != "__main__")
    outside = set()
    for path in everything:
        for node in ast.walk(parsed(path)):
            names = [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            names += [f"{name}.{one.name}" for name in names for one in node.names]
            names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            outside |= {n for n in names if n.split(".")[0] not in ("trinity", "trinity_book")}
    program = GLOBALS.replace("{outside!r}", repr(sorted(outside))).replace("{ours!r}", repr(ours))
    done = subprocess.run(
        [sys.executable, "-c", program.replace("{{}}", "{}")], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'book'}"},
        timeout=patience(120), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {}


def test_a_room_has_an_empty_entrance():
    """Importing a room imports nothing; what it holds is said in its docstring."""
    for path in sources("src/trinity", "book/trinity_book"):
        if path.name == "__init__.py" and path.parent != PACKAGE:
            (only,) = parsed(path).body
            assert isinstance(only, ast.Expr) and isinstance(only.value, ast.Constant), path


def test_every_room_is_on_the_plan():
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert 6 <= len(rooms) <= 9
    assert {room_of(module_of(path)) for path in sources("src/trinity")} <= set(ROOM)


def test_a_module_fits_in_the_head():
    assert {p.name: n for p in sources("src/trinity") if (n := lines([p])) > 330} == {}


PACKAGE_FILES = sources("src/trinity")
SCIENCE_FILES = [path for room in SCIENCE for path in sources(f"src/trinity/{room}")]
ALL_LINES, SHARE = lines(PACKAGE_FILES), lines(SCIENCE_FILES) / lines(PACKAGE_FILES)
BOTH_LINES = lines(sources("src/trinity", "book/trinity_book"))


@pytest.mark.xfail(reason=f"{ALL_LINES} lines in {len(PACKAGE_FILES)} files", strict=True)
def test_the_package_is_read_in_a_day():
    assert len(PACKAGE_FILES) <= 70
    assert ALL_LINES <= 10_000


@pytest.mark.xfail(reason=f"{SHARE:.1%} of the lines", strict=True)
def test_most_of_the_package_is_science():
    assert SHARE >= 0.65


@pytest.mark.xfail(reason=f"{BOTH_LINES} lines", strict=True)
def test_package_and_book_together_stay_small():
    assert BOTH_LINES <= 16_500
