"""Sphinx extension: the files of the page "Try your polymer", as a browser can load them.

The scripts are ES modules, which a browser refuses to load from a folder; joined into one classic
script they work there too. So do files that are fetched when they come as scripts (base64).
"""

import base64
import re
import shutil
from pathlib import Path

PAGE = "book/try"
#: Scripts of the page and of its thread, and the module in which each begins.
SCRIPTS = {"try.js": "page.js", "engine.js": "engine.js"}
#: Scripts that the page reads as text, for its thread.
BOTH_WAYS = ("engine.js", "ort.wasm.min.js")
TABLE = "<!-- static table -->"
IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./([\w.]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)


def joined(folder: Path, entry: str) -> str:
    """The modules behind ``entry`` as one classic script, each in a function of its own."""
    done: dict[str, str] = {}

    def add(name: str) -> None:
        if name in done:
            return
        text = (folder / name).read_text(encoding="utf-8")
        for _, needed in IMPORT.findall(text):
            add(needed)
        exported = ", ".join(EXPORT.findall(text))
        body = EXPORT.sub("", IMPORT.sub(r'const \1 = modules["\2"];' + "\n", text))
        done[name] = f'modules["{name}"] = (() => {{\n{body}return {{ {exported} }};\n}})();\n'

    add(entry)
    return '"use strict";\n(() => {\nconst modules = {};\n' + "\n".join(done.values()) + "})();\n"


def write(source: Path, target: Path) -> None:
    """Copy the data and vendored files, beside them as scripts, and the joined modules."""
    target.mkdir(parents=True, exist_ok=True)
    for script, entry in SCRIPTS.items():
        (target / script).write_text(joined(source, entry), encoding="utf-8")
    for name in ("data", "vendor"):
        shutil.copytree(source / name, target / name, dirs_exist_ok=True)
    read = [*sorted(target.glob("data/*")), *sorted(target.glob("vendor/*")), target / "engine.js"]
    for path in read:
        if path.suffix in (".gz", ".json", ".mjs") or path.name in BOTH_WAYS:
            _embed(path, target)
    for name in ("try.css", "static.svg"):
        shutil.copy(source / name, target / name)


def _embed(path: Path, target: Path) -> None:
    """Write a file of the page as a script too."""
    name = path.relative_to(target).as_posix()
    text = base64.b64encode(path.read_bytes()).decode()
    script = target / "embedded" / f"{name}.js"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(f'tryAsset("{name}", "{text}");\n')


def _finished(app, exception) -> None:
    if exception is None and app.builder.format == "html":
        write(Path(app.srcdir) / PAGE, Path(app.outdir) / "_static" / "try")


def _style(app, page, template, context, doctree) -> None:
    if page == PAGE:
        app.add_css_file("try/try.css")
    if TABLE in context.get("body", ""):  # of this page, or of all in one
        table = (Path(app.srcdir) / PAGE / "static_table.html").read_text(encoding="utf-8")
        context["body"] = context["body"].replace(TABLE, table)


def setup(app):
    """Write the files after the pages; the style belongs to one page only."""
    app.connect("build-finished", _finished)
    app.connect("html-page-context", _style)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
