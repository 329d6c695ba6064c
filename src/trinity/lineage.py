"""The code that a result depends on: every top-level definition it reaches, wherever it stands.

Results become stale when the code behind them changes. Code is followed by definition, not by
file: from an entry (``package.module:function``, or a whole ``package.module``) through each name
that a definition uses to the definition behind that name, in this package or in the book's. Neither
the file a definition stands in nor the way it is imported enters its hash, so that a file may be
moved, split or merged without making anything stale, and an edit of any definition that is reached
cannot pass for current.

Where it cannot be told which name is meant, more is reached rather than less: a module used as a
value counts whole, local variables are taken for definitions of the same name, and text of the form
``package.module:function`` counts as a use.
"""

import ast
import copy
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec, resolve_name
from pathlib import Path

from trinity.errors import InputError
from trinity.files import json_hash

#: Packages whose code is followed; the others enter by their locked versions.
OWN = ("trinity", "trinity_book")
#: Modules that can change how a result is found, stored or shown, never its numbers.
NO_NUMBERS = (
    *("trinity.errors", "trinity.files", "trinity.provenance", "trinity.lineage"),
    *("trinity.__main__", "trinity.pipeline.stages", "trinity_book.notebooks"),
)
_CHAIN = re.compile(r"\w+(\.\w+)*")
_REFERENCE = re.compile(rf"(?:{'|'.join(OWN)})(?:\.\w+)*(?::\w+)?")

Definition = tuple[str, str]  # dotted module, name; the name "" stands for statements without one


class _Bare(ast.NodeTransformer):
    """Removes what cannot change a number: docstrings, annotations, texts of errors, imports."""

    def visit(self, node):
        if isinstance(node, ast.Import | ast.ImportFrom):
            return None
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
        self.generic_visit(node)
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            start = ast.get_docstring(node, clean=False) is not None
            node.body = node.body[start:] or [ast.Pass()]
        return node


def bare(tree: ast.AST) -> ast.AST:
    """A copy of a syntax tree without what cannot change a number."""
    return _Bare().visit(copy.deepcopy(tree))


@dataclass(frozen=True)
class Code:
    """A module as definitions.

    ``definitions`` are the `bare` statements that bind each top-level name, those that bind none
    and run on import under the name ``""``; ``imports`` maps each imported name, also inside
    functions, to all that it stands for.
    """

    definitions: dict[str, list[ast.stmt]]
    imports: dict[str, set[str]]

    @classmethod
    def of(cls, tree: ast.Module, package: str = "") -> "Code":
        """Read a syntax tree; ``package`` is what relative imports start from."""
        found = cls({"": []}, _imports(tree, package))
        for node in bare(tree).body:
            for name in _bound(node):
                found.definitions.setdefault(name, []).append(node)
        return found


def _bound(node: ast.stmt) -> list[str]:
    """Names that a top-level statement binds; ``""`` if it binds none but does something."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts = (part for target in targets for part in ast.walk(target))
            return [part.id for part in parts if isinstance(part, ast.Name)] or [""]
        case ast.Pass() | ast.Expr(ast.Constant()) | ast.If(ast.Name("TYPE_CHECKING")):
            return []
    return [""]


def _imports(tree: ast.AST, package: str) -> dict[str, set[str]]:
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            base = ""
            if isinstance(node, ast.ImportFrom):
                base = resolve_name("." * node.level + (node.module or ""), package or None) + "."
            for alias in node.names:
                whole = alias.name if base or alias.asname else alias.name.split(".")[0]
                found.setdefault(alias.asname or whole, set()).add(base + whole)
    return found


def file_of(module: str) -> Path | None:
    """The file of a dotted module of our packages, None when it is none of them."""
    top, *rest = module.split(".")
    folder = _folder(top)
    if folder is None:
        return None
    found = (folder.joinpath(*rest, "__init__.py"), folder.joinpath(*rest).with_suffix(".py"))
    return next((path for path in found if path.is_file()), None)


@cache
def _folder(top: str) -> Path | None:
    spec = find_spec(top) if top in OWN else None
    return Path(spec.origin).resolve().parent if spec and spec.origin else None


@cache
def code_of(module: str) -> Code:
    """The definitions of a module of ours."""
    path = file_of(module)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return Code.of(ast.parse(path.read_text(encoding="utf-8")), package)


def _resolve(target: str) -> tuple[str, str] | None:
    """``simulate.run`` as (module, name in it or ""); None when it is not ours."""
    module, rest = target, ""
    while module and file_of(module) is None:
        module, _, rest = module.rpartition(".")
    return (module, rest) if module else None


def _in_module(module: str, name: str) -> Iterator[Definition]:
    """What a name of a module stands for; all of the module where that cannot be told."""
    if module in NO_NUMBERS:
        return
    code = code_of(module)
    if name and name in code.definitions:
        yield module, name
    elif name in code.imports:
        for found in filter(None, map(_resolve, code.imports[name])):
            yield from _in_module(*found)
    else:
        yield from ((module, known) for known in code.definitions)


def _uses(nodes: Iterable[ast.AST], module: str, code: Code) -> tuple[list[Definition], set[str]]:
    """What statements use: definitions of ours, and what other packages give."""
    ours, foreign, waiting = [], set(), list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            named, _, name = node.value.partition(":")
            if _REFERENCE.fullmatch(node.value) and file_of(named) is not None:
                ours += _in_module(named, name)
        chain = isinstance(node, (ast.Name, ast.Attribute)) and ast.unparse(node)
        if not chain or not _CHAIN.fullmatch(chain):
            waiting.extend(ast.iter_child_nodes(node))
            continue
        first, _, rest = chain.partition(".")
        if first in code.definitions and module:
            ours.append((module, first))
        for target in code.imports.get(first, ()):
            if found := _resolve(f"{target}.{rest}" if rest else target):
                ours += _in_module(*found)
            else:
                foreign.add(f"{first}={target}")
    return ours, foreign


@cache
def _examined(definition: Definition) -> tuple[str, list[Definition]]:
    """Hash of what a definition computes, its syntax without prose and the foreign names in it;
    and the definitions of ours that it uses."""
    module, name = definition
    code = code_of(module)
    statements = code.definitions[name]
    ours, foreign = _uses(statements, module, code)
    syntax = "\n".join(map(ast.dump, statements))
    return json_hash([syntax, sorted(foreign)]), [*ours, (module, "")]


def reached(*entries: str) -> set[Definition]:
    """Every definition behind the entries (``package.module`` or ``package.module:name``); an
    InputError names a module that is not there: the package was installed without the book's."""
    start = []
    for entry in entries:
        module, _, name = entry.partition(":")
        if file_of(module) is None:
            raise InputError(f"There is no {module} here; work in a checkout of the project.")
        start += _in_module(module, name)
    return _closure(start)


def reached_by(tree: ast.Module) -> set[Definition]:
    """Every definition behind some code that is in no module: a notebook."""
    code = Code.of(tree)
    return _closure(_uses(itertools.chain(*code.definitions.values()), "", code)[0])


def _closure(waiting: list[Definition]) -> set[Definition]:
    seen = set()
    while waiting:
        definition = waiting.pop()
        if definition not in seen:
            seen.add(definition)
            waiting.extend(_examined(definition)[1])
    return seen


def hash_of(definitions: Iterable[Definition]) -> str:
    """One hash of many definitions, wherever they stand."""
    hashes = {_examined(definition)[0] for definition in definitions}
    return json_hash(sorted(hashes - {json_hash(["", []])}))


def source_hash(*entries: str) -> str:
    """Hash of the code behind modules or functions."""
    return hash_of(reached(*entries))


def imported_by(tree: ast.AST, package: str = "") -> set[str]:
    """Dotted modules of ours that some code imports, at its top or inside its functions."""
    targets = set().union(*_imports(tree, package).values())
    return {module for module, _ in filter(None, map(_resolve, targets))}
