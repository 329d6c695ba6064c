"""Captions of figures in executed notebooks: what is drawn, from which data, with which seed."""

import ast
import re

from trinity import lineage
from trinity.pipeline import stages

#: What a call brings into a notebook besides results of stages.
READ = {
    "load_measurements": "measured cone tests",
    "load_specimens": "measured cone tests",
    "load_curves": "measured cone tests",
    "load_table": "`data/reference`",
    "build_property_validation": "`data/reference`",
}


def write(executed, name: str, syntax: ast.Module, parameters: dict[str, object]) -> None:
    """Give each figure of an executed notebook a caption, and the same words to those who cannot
    see it: the docstring of its function. ``syntax`` is that of all its code."""
    number, origins = 0, _origins(syntax)
    seed = f"; seed {parameters['seed']}" if "seed" in parameters else ""
    for cell in executed.cells:
        drawn = any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))
        own = cell.metadata.get("mystnb", {}).get("image", {}).get("alt")
        if drawn and (text := described(cell.source, syntax) or own):
            number += 1
            files = sorted(_behind(parsed(cell.source), origins))
            data = f"Data: {', '.join(files)}" if files else "Computed on this page"
            cell.metadata["mystnb"] = {
                "image": {"alt": text.replace("`", "")},
                "figure": {"caption": f"{text} {data}{seed}.", "name": f"fig-{name}-{number}"},
            }


def parsed(code: str) -> ast.Module:
    """Syntax tree of code cells; lines of IPython magic are left out."""
    return ast.parse("\n".join(ln for ln in code.splitlines() if not ln.startswith(("%", "!"))))


def described(code: str, syntax: ast.Module) -> str | None:
    """First paragraph of the docstring of the figure function that a cell calls last, if any.

    ``syntax`` is the whole notebook, whose imports say which module a name of the cell stands for.
    """
    modules = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(syntax)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for name, function in reversed(re.findall(r"\b(\w+)\.(\w+)\(", code)):
        path = lineage.file_of(modules.get(name, ""))
        for node in ast.parse(path.read_text(encoding="utf-8")).body if path else ():
            if isinstance(node, ast.FunctionDef) and node.name == function:
                if getattr(node.returns, "id", None) == "Figure":
                    paragraph = (ast.get_docstring(node) or "").split("\n\n")[0]
                    return " ".join(paragraph.replace("``", "`").split()) or None
    return None


def _origins(syntax: ast.Module) -> dict[str, set[str]]:
    """The data behind each name of a notebook, through its statements in their order."""
    found: dict[str, set[str]] = {}
    for statement in syntax.body:
        behind = _behind(statement, found)
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.setdefault(node.id, set()).update(behind)
            elif isinstance(node, ast.FunctionDef):
                found.setdefault(node.name, set()).update(behind)
    return found


def _behind(part: ast.AST, origins: dict[str, set[str]]) -> set[str]:
    """The data that a statement reads: results files, tables, and what is behind its names."""
    found = set()
    for node in ast.walk(part):
        match node:
            case ast.Name(name, ast.Load()):
                found |= origins.get(name, set()) | ({READ[name]} if name in READ else set())
            case ast.Call(ast.Attribute(ast.Name("stages"), "load"), [ast.Constant(name), *_]):
                found.add(f"`{stages.stage_named(name).results}`")
    return found
