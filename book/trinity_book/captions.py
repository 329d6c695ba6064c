"""Captions of figures in executed notebooks: what is drawn, from which data, with which seed."""

import ast
import base64
import re

from trinity import lineage
from trinity.pipeline import stages

#: What a call brings into a notebook besides results of stages.
READ = {
    **dict.fromkeys(("load_measurements", "load_specimens", "load_curves"), "measured cone tests"),
    "build_property_validation": "`data/reference`",
}
SEED = "seed"  # the name of a parameter
PIXELS = 1.6  # of a picture in one of a page


def write(executed, name: str, syntax: ast.Module, parameters: dict[str, object]) -> None:
    """Give each figure of an executed notebook a caption, and the same words to those who cannot
    see it: the docstring of its function. ``syntax`` is that of all its code.

    A cell's metadata may add what this figure ``shows`` of what its function can draw, and name the
    ``data`` (``none`` of a drawing) where the code does not tell them.
    """
    number, origins = 0, _origins(syntax)
    for cell in executed.cells:
        outputs = [output.get("data", {}) for output in cell.get("outputs", [])]
        pictures = [data["image/png"] for data in outputs if "image/png" in data]
        own = cell.metadata.get("mystnb", {}).get("image", {}).get("alt")
        if pictures and (text := described(cell.source, syntax) or own):
            number += 1
            if shows := cell.metadata.get("shows"):
                text = f"{text.removesuffix('.')}: {shows}."
            data = _data(cell, origins, parameters)
            cell.metadata["mystnb"] = {
                "image": {"alt": text.replace("`", ""), "width": f"{_width(*pictures)}px"},
                "figure": {"caption": f"{text} {data}.", "name": f"fig-{name}-{number}"},
            }


def _width(png: str) -> int:
    """Width [px] at which a page shows a picture: fewer than it has, for screens with small pixels
    and for paper."""
    pixels = int.from_bytes(base64.b64decode(png[:32])[16:20])
    return round(pixels / PIXELS)


def _data(cell, origins: dict[str, set[str]], parameters: dict[str, object]) -> str:
    """Where the numbers of a figure come from: files, and a seed if it is drawn from one here."""
    code = parsed(cell.source)
    behind = _behind(code, origins)
    files = cell.metadata.get("data") or ", ".join(sorted(behind - {SEED}))
    if files == "none":
        return "A drawing; no data"
    keywords = (node for node in ast.walk(code) if isinstance(node, ast.keyword))
    given = [node.value for node in keywords if node.arg == SEED]
    seeds = [value.value for value in given if isinstance(value, ast.Constant)]
    seeds = seeds or [parameters[name] for name in {SEED} & behind & set(parameters)]
    origin = f"Data: {files}" if files else "Computed on this page"
    return "; ".join([origin, *(f"seed {seed}" for seed in seeds)])


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
            match node:
                case ast.FunctionDef(name=known, returns=ast.Name("Figure")) if known == function:
                    return first_paragraph(ast.get_docstring(node)) or None
    return None


def first_paragraph(docstring: str | None) -> str:
    """What a docstring says first, in one line of Markdown."""
    return " ".join((docstring or "").split("\n\n")[0].replace("``", "`").split())


def _origins(syntax: ast.Module) -> dict[str, set[str]]:
    """The data behind each name of a notebook, through its statements in their order."""
    found: dict[str, set[str]] = {}
    for statement in syntax.body:
        behind = _behind(statement, found)
        for node in ast.walk(statement):
            match node:
                case ast.Name(name, ast.Store()) | ast.FunctionDef(name):
                    found.setdefault(name, set()).update(behind)
    return found


def _behind(part: ast.AST, origins: dict[str, set[str]]) -> set[str]:
    """The data that a statement reads: results files, tables, `SEED`, and what is behind names."""
    match part:
        case ast.Call(ast.Attribute(ast.Name("stages"), "load"), [ast.Constant(name), *_]):
            return {f"`{stages.stage_named(name).results}`"}  # whose seeds its provenance names
        case ast.Name("seed", ast.Load()):
            return {SEED}
        case ast.Name(name, ast.Load()):
            return origins.get(name, set()) | ({READ[name]} if name in READ else set())
    return set().union(*(_behind(child, origins) for child in ast.iter_child_nodes(part)))
