"""Would the tests notice? ``python -m tools.mutation`` changes the code and asks them.

A *mutant* is a module with one small change: another comparison, arithmetic or boolean operator,
another constant, nothing returned. A random 100 of each target (all if there are fewer) are made in
a copy of the source below a temporary folder, never in the checkout, and a narrow, quick set of
tests runs on each. Kernels are compiled unless a target changes them. A mutant that no test fails
on *survives*: either the tests have a gap, or the change does not matter;
`tools/mutation_survivors.json` says which.

An interrupted run goes on after its last mutant; ``--survivors`` asks again about those that
survived. The outcome goes to ``data/artifacts/results/mutation.json``.
"""

import argparse
import ast
import copy
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numba
from trinity_book import records, tables

from trinity.files import data_root
from trinity.lineage import source_hash

ROOT = data_root().parent
WORDS = Path(__file__).with_name("mutation_survivors.json")
SAMPLE = 100  # mutants a target
SEED = 0
SLOWER = 6  # a mutant may use so many times the processor time of the unchanged code
HEAVY = ("numpy", "pandas", "scipy.special", "scipy.optimize", "rdkit.Chem.AllChem", "numba",
         "sklearn.ensemble", "sklearn.gaussian_process", "hypothesis", "pytest", "torch",
         "transformers", "orjson")  # fmt: skip


@dataclass(frozen=True)
class Target:
    """Files that are changed together, and the tests that are asked (options of pytest)."""

    name: str
    files: tuple[str, ...]
    tests: tuple[str, ...]
    compiled: bool = False  # kernels: where no file of the cone model changes


def _room(room: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{room}/{name}.py" for name in names)


TARGETS = (
    Target(
        "cone", _room("cone", "simulate", "heat", "slab", "run"),
        ("tests/cone/test_cone_units.py", "tests/cone/test_cone_physics.py",
         "tests/cone/test_cases.py", "-k",
         "not fine and not more_flux and not a_thicker_slab and not thermally_thick"
         " and not gas_that and not a_file_of_cases and not hot_enough_already"
         " and not burns_at_once and not the_command"),
    ),
    Target("export", ("cone/export.py",), ("tests/cone/test_cone_export.py",)),
    Target(
        "groups", ("chemistry/groups.py",),
        ("tests/chemistry/test_groups.py", "tests/chemistry/test_group_sums.py",
         "tests/chemistry/test_properties.py", "-m", "not slow"),
    ),
    Target(
        "learning",
        _room("learning", "answer", "censored", "configurations", "correction", "data", "encoder",
              "ensemble", "intervals", "model", "phase2"),
        ("tests/learning/test_model.py", "tests/learning/test_tokenizer.py",
         "tests/learning/test_answer.py", "tests/learning/test_data.py",
         "tests/learning/test_censored.py",
         "tests/learning/test_training.py", "tests/prediction/test_promises.py", "-k",
         "not shipped and not copolymer_lies and not full and not lora"),
        compiled=True,
    ),
    Target(
        "evidence",
        _room("evidence", "arms", "benchmark", "factorial", "left_out", "predictors",
              "scores"),
        ("tests/evidence",),
        compiled=True,
    ),
    Target(
        "prediction", _room("prediction", "folder", "predict"),
        ("tests/prediction/test_folder.py", "tests/prediction/test_rows.py",  # the quick ones first
         "tests/prediction", "-k", "not own_measurements and not command and not shipped"
         " and not copolymer_lies and not seed and not held_out and not without_torch"),
        compiled=True,
    ),
)  # fmt: skip


def _module(file: str) -> str:
    """Dotted module of a file of the package."""
    return f"trinity.{file.removesuffix('.py').replace('/', '.')}"


COMPARED = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
OPERATED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd, ast.MatMult: ast.Add,
}  # fmt: skip


@dataclass(frozen=True)
class Site:
    """A place in a syntax tree: a field of its holder, and the statement around it."""

    holder: ast.AST
    field: str
    place: int | None  # in a list of nodes
    statement: ast.AST

    @property
    def node(self) -> ast.AST:
        """What is there."""
        value = getattr(self.holder, self.field)
        return value if self.place is None else value[self.place]

    def put(self, node: ast.AST) -> None:
        """Put another node there."""
        if self.place is None:
            setattr(self.holder, self.field, node)
        else:
            getattr(self.holder, self.field)[self.place] = node

    def shown(self) -> str:
        """The statement; of a loop, branch or function its head."""
        own = isinstance(self.node, ast.stmt)
        return ast.unparse(self.node if own else self.statement).strip().split("\n")[0]


def sites(tree: ast.AST, statement: ast.AST) -> Iterator[Site]:
    """Places that may be changed: no prose, annotations, decorators or texts of errors."""
    if isinstance(tree, (ast.Raise, ast.JoinedStr)):
        return
    for name, value in ast.iter_fields(tree):
        if name in ("decorator_list", "annotation", "returns"):
            continue
        for place, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST):
                continue
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                continue
            around = child if isinstance(child, ast.stmt) else statement
            yield Site(tree, name, place if isinstance(value, list) else None, around)
            yield from sites(child, around)


def changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Kind of change and the node after it, for every change of a node."""
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            for other in COMPARED[type(op)]:
                after = copy.deepcopy(node)
                after.ops[place] = other()
                yield "comparison", after
    elif isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in OPERATED:
        after = copy.deepcopy(node)
        after.op = OPERATED[type(node.op)]()
        yield "arithmetic", after
    elif isinstance(node, ast.BoolOp):
        after = copy.deepcopy(node)
        after.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        yield "boolean", after
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield "boolean" if isinstance(node.op, ast.Not) else "arithmetic", node.operand
    elif isinstance(node, ast.Constant) and node.value is not Ellipsis:
        after = copy.deepcopy(node)
        if isinstance(node.value, bool):
            after.value = not node.value
        elif isinstance(node.value, (int, float)):
            after.value = node.value + 1
        elif isinstance(node.value, str):
            after.value = f"X{node.value}X"
        else:
            return
        yield "boolean" if isinstance(node.value, bool) else "constant", after
    elif isinstance(node, ast.Return) and node.value is not None:
        yield "return", ast.copy_location(ast.Return(ast.Constant(None)), node)


def _every_change(file: str) -> Iterator[tuple[ast.AST, Site, str, ast.AST]]:
    tree = ast.parse((ROOT / "src" / "trinity" / file).read_text(encoding="utf-8"))
    for site in sites(tree, tree):
        for kind, after in changes(site.node):
            yield tree, site, kind, after


def mutants(file: str) -> list[dict]:
    """All mutants of a module: file, number, line, kind, statement before and after."""
    found = []
    for _, site, kind, after in _every_change(file):
        node, before = site.node, site.shown()
        site.put(after)
        found.append({"file": file, "number": len(found), "line": node.lineno, "kind": kind,
                      "before": before, "after": site.shown()})  # fmt: skip
        site.put(node)
    return found


def mutated(file: str, number: int) -> str:
    """Source of one mutant."""
    tree, site, _, after = next(
        one for place, one in enumerate(_every_change(file)) if place == number
    )
    site.put(after)
    return ast.unparse(ast.fix_missing_locations(tree))


def sample(target: Target) -> list[dict]:
    """The mutants of a target that are tried, in the order of the code."""
    every = [mutant for file in target.files for mutant in mutants(file)]
    chosen = random.Random(SEED).sample(range(len(every)), min(SAMPLE, len(every)))
    return [every[place] for place in sorted(chosen)]


class Bench:
    """A copy of source and tests, and processes that have imported all but the project."""

    def __init__(self, folder: Path):
        self.folder = folder
        for name in ("src", "tests"):
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        for name in ("pyproject.toml", "data", "notebooks", "book", "benchmarks"):
            (folder / name).symlink_to(ROOT / name)

    def ask(self, target: Target, limit_s: int) -> tuple[str, float]:
        """``failed``, ``passed`` or ``timeout`` of the tests, and their processor time."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        child = os.fork()
        if child == 0:
            self._child(target, limit_s)
        killed = False
        end = time.monotonic() + 30 * limit_s  # waiting costs no processor time
        while True:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                break
            if time.monotonic() > end:
                os.kill(child, signal.SIGKILL)
                killed = True
            time.sleep(0.02)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if killed or os.WIFSIGNALED(status):
            return "timeout", used
        return ("passed" if os.WEXITSTATUS(status) == 0 else "failed"), used

    def _child(self, target: Target, limit_s: int) -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s + 5))
        resource.setrlimit(resource.RLIMIT_AS, (2**34, 2**34))
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        os.chdir(self.folder)
        own = ("trinity", "trinity_book", "benchmarks")
        for name in [n for n in sys.modules if n.split(".")[0] in own]:
            del sys.modules[name]
        sys.path[:0] = [str(self.folder / name) for name in ("src", "book", "tests")]
        numba.config.DISABLE_JIT = 0 if target.compiled else 1
        code = 3
        try:
            import pytest

            import trinity

            if Path(trinity.__file__).is_relative_to(self.folder):
                options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:cov"]
                code = int(pytest.main([*options, *target.tests]))
        finally:
            os._exit(code)


def main() -> None:
    """Try what was not yet tried, write the results file and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", help="names; all if none")
    parser.add_argument("--survivors", action="store_true", help="ask again about survivors")
    options = parser.parse_args()
    os.environ["TRINITY_DATA"] = str(data_root())
    sys.dont_write_bytecode = True
    for name in HEAVY:
        __import__(name)
    import torch

    torch.set_num_threads(1)
    start = time.monotonic()
    path = records.place("mutation")
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    rows = {row["target"]: row for row in kept.get("targets", [])}
    spent = kept.get("provenance", {}).get("wall_time", 0.0)
    for target in TARGETS:
        if options.targets and target.name not in options.targets:
            continue
        with tempfile.TemporaryDirectory() as folder:
            os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(Path(folder) / "hypothesis")
            rows[target.name] = attack(
                target, Bench(Path(folder) / "copy"), rows.get(target.name), options.survivors,
                lambda row: _write({**rows, row["target"]: row}, spent + time.monotonic() - start),
            )  # fmt: skip
    print(tables.mutation(_write(rows, spent + time.monotonic() - start)))


def attack(target: Target, bench: Bench, kept: dict | None, again: bool, save) -> dict:
    """Try the mutants of a target and return its row."""
    hashes = source_hash(*map(_module, target.files))
    if target.compiled:  # once, for all mutants
        bench.ask(target, 3600)
    said, used = bench.ask(target, 3600)
    if said != "passed":
        raise SystemExit(f"The tests of {target.name} do not pass on the unchanged code ({said}).")
    limit = int(SLOWER * used) + 5
    row = kept if kept and kept["source_hash"] == hashes else {"tried": []}
    row |= {"target": target.name, "files": list(target.files), "source_hash": hashes,
            "mutants": sum(len(mutants(file)) for file in target.files),
            "processor_s": round(used, 1)}  # fmt: skip
    done = {(one["file"], one["number"]): one for one in row["tried"]}
    for mutant in sample(target):
        old = done.get((mutant["file"], mutant["number"]))
        if old and not (again and old["outcome"] == "survived"):
            continue
        place = bench.folder / "src" / "trinity" / mutant["file"]
        original = place.read_text(encoding="utf-8")
        place.write_text(mutated(mutant["file"], mutant["number"]), encoding="utf-8")
        said, used = bench.ask(target, limit)
        place.write_text(original, encoding="utf-8")
        outcome = {"passed": "survived", "failed": "killed", "timeout": "timeout"}[said]
        done[mutant["file"], mutant["number"]] = {**mutant, "outcome": outcome}
        row["tried"] = sorted(done.values(), key=lambda one: (one["file"], one["number"]))
        save(row)
        print(f"{target.name} {mutant['file']}:{mutant['line']} {mutant['before'][:50]} ->"
              f" {mutant['after'][:50]}: {outcome} ({used:.1f} s)", flush=True)  # fmt: skip
    return row


def reasons() -> dict[tuple[str, str, str], str]:
    """Why survivors do not matter, as a person judged, by file, before and after."""
    judged = json.loads(WORDS.read_text(encoding="utf-8"))
    return {(one["file"], one["before"], one["after"]): one["why"] for one in judged}


def _write(rows: dict[str, dict], seconds: float) -> dict:
    """Write the results file with what is known so far; returns the results."""
    found, judged = [], reasons()
    for target in TARGETS:
        if (row := rows.get(target.name)) is None:
            continue
        survivors = [
            {**one, "why": judged.get((one["file"], one["before"], one["after"]))}
            for one in row["tried"]
            if one["outcome"] == "survived"
        ]
        counts = {
            name: sum(one["outcome"] == name for one in row["tried"])
            for name in ("killed", "timeout", "survived")
        }
        counts["equivalent"] = sum(one["why"] is not None for one in survivors)
        found.append({**row, **counts, "survivors": survivors})
    results = {"targets": found}
    records.write(
        records.place("mutation"), results,
        modules=[_module(file) for target in TARGETS for file in target.files],
        parameters={"sample": SAMPLE}, seeds=[SEED], wall_time=seconds,
    )  # fmt: skip
    return results


if __name__ == "__main__":
    main()
