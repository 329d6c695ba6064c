"""pyproject.toml, lock and environment.yml say the same, and the code needs no more."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions, version

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from surroundings import ROOT, patience

# Modules that come inside a distribution of another name, which does not list them.
CONTRIBUTED = {"sascorer": "rdkit"}
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def declared(project):
    """Requirements of the package and of all its extras, by name."""
    texts = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        texts += extra
    return {canonicalize_name(r.name): r for r in map(Requirement, texts)}


@pytest.fixture(scope="module")
def locked():
    """Name and versions in the lock; a name has two where platforms or Pythons differ."""
    found = {}
    for name, pinned in re.findall(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", LOCK, re.MULTILINE):
        found.setdefault(canonicalize_name(name), set()).add(pinned)
    return found


def test_every_requirement_is_locked_within_its_range(declared, locked):
    wrong = [
        str(requirement)
        for name, requirement in declared.items()
        if name != "torch" and not all(v in requirement.specifier for v in locked.get(name, {"0"}))
    ]
    assert not wrong


def test_torch_is_exact_and_alone_outside_the_lock(declared, locked):
    assert str(declared["torch"].specifier) == "==2.13.0"
    assert "torch" not in locked
    assert not [name for name in locked if name.startswith(("nvidia", "triton"))]


def test_every_locked_file_has_a_hash_and_no_host_is_named():
    entries = re.split(r"\n(?=[A-Za-z0-9])", LOCK.strip())
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in LOCK
    assert "index-url" not in LOCK


def test_environment_yml_has_the_locked_versions(declared, locked):
    document = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    pip = next(item["pip"] for item in document["dependencies"] if isinstance(item, dict))
    pins = dict(text.split("==") for text in pip if "==" in text)
    expected = {name: max(locked[name]) for name in declared if name != "torch"}
    assert {canonicalize_name(k): v for k, v in pins.items()} == expected | {"torch": "2.13.0"}
    assert "-e ." in pip


def test_this_environment_is_the_locked_one(locked):
    different = {
        name: version(name)
        for name in ("numpy", "numba", "rdkit", "transformers", "pandas", "jupyter-book")
        if version(name) not in locked[name]
    }
    assert not different


def test_the_code_imports_only_what_is_declared(declared):
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tools = {canonicalize_name(Requirement(t).name) for t in groups["dependency-groups"]["web"]}
    distributions = packages_distributions()
    undeclared = set()
    for path in (ROOT / "src" / "trinity").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module]
            for name in names:
                top = CONTRIBUTED.get(name.split(".")[0], name.split(".")[0])
                if top in sys.stdlib_module_names or top in ("trinity", "trinity_book"):
                    continue
                owners = {canonicalize_name(d) for d in distributions.get(top, [top])}
                if not owners & (set(declared) | tools):
                    undeclared.add(f"{path.name}: {top}")
    assert not undeclared


def test_modules_import_downstream_only():
    """No cycle among the modules of the package, counting imports inside functions too."""
    from trinity import lineage

    files = {
        ".".join(path.relative_to(ROOT / "src").with_suffix("").parts): path
        for path in (ROOT / "src" / "trinity").rglob("*.py")
    }
    imports = {
        name: lineage.imported_by(ast.parse(path.read_text()), name.rpartition(".")[0]) - {name}
        for name, path in files.items()
    }
    while imports:
        free = [name for name, needs in imports.items() if not needs & set(imports)]
        assert free, f"cycle among {sorted(imports)}"
        for name in free:
            del imports[name]


@pytest.mark.slow
def test_the_wheel_carries_its_data_and_works_elsewhere(tmp_path):
    """Not only the editable install: what `pip install` of a wheel gives answers, too."""
    wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [*wheel, "--wheel-dir", str(tmp_path), str(ROOT)], check=True, timeout=patience(300)
    )
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as archive:
        archive.extractall(tmp_path / "site")
    program = (
        "import trinity; from trinity.files import data_path; print(data_path());"
        "from trinity.cli.main import main; main(['estimate', '*CC*', '--json'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        timeout=patience(300),
    )
    assert done.returncode == 0, done.stderr
    package = tmp_path / "site" / "trinity"
    assert done.stdout.startswith(str(package / "_data"))
    assert (package / "matplotlibrc").is_file()
    assert not (tmp_path / "site" / "trinity_book").exists()


@pytest.fixture
def elsewhere(tmp_path):
    """What `make setup` needs of a checkout, in a folder with a space and an umlaut."""
    place = tmp_path / "ein Ordner für alles"
    for name in ("Makefile", "requirements.lock", "pyproject.toml", "scripts/setup"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, place / name)
    (place / ".venv" / "bin").mkdir(parents=True)
    return place


def planned(place) -> str:
    """What `make check` would do there."""
    done = subprocess.run(["make", "-n", "check"], cwd=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_environment_belongs_to_the_folder_in_which_it_was_made(elsewhere):
    ready = elsewhere / ".venv" / ".ready"
    ready.write_text(f"{elsewhere.resolve()}\n")
    assert "scripts/setup" not in planned(elsewhere)
    ready.write_text("/where/the/checkout/was\n")
    assert "scripts/setup" in planned(elsewhere)


def test_the_environment_of_a_moved_checkout_is_made_anew(elsewhere):
    (elsewhere / ".venv" / ".ready").write_text("/where/the/checkout/was\n")
    python = elsewhere.parent / "python"  # it has the right version, and no module venv
    python.write_text('#!/bin/sh\n[ "$1" = -c ]\n')
    python.chmod(0o755)
    for named, said, left in (
        ("no-such-python", "no Python 3.11 found as no-such-python", True),
        (str(python), "this Python has no venv module", False),
    ):
        done = subprocess.run(
            ["scripts/setup"], cwd=elsewhere, env={**os.environ, "PYTHON": named},
            capture_output=True, text=True,
        )  # fmt: skip
        assert said in done.stderr and ("moved or copied" in done.stdout) != left
        assert (elsewhere / ".venv").exists() == left  # kept while there is none to replace it


def test_make_runs_modules_for_a_script_would_name_the_folder_it_was_made_in():
    assert "$(BIN)/trinity" not in (ROOT / "Makefile").read_text(encoding="utf-8")
