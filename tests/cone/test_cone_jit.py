"""The cached compile: every file whose text is compiled counts, none is named by hand."""

import ast
import pickle
from pathlib import Path

from trinity import quantities
from trinity.cone import jit

# Modules that files with kernels use outside of them.
PLAIN = {"trinity.cone.case", "trinity.errors"}


def test_every_file_with_a_kernel_counts_and_all_that_it_compiles_in():
    """A constant or function from another module would be compiled in without being hashed."""
    files = jit.kernel_files()
    modules = {f"trinity.cone.{path.stem}" for path in files} | {quantities.__name__}
    room = [path for path in Path(jit.__file__).parent.glob("*.py") if path not in files]
    assert {"slab.py", "heat.py", "grid.py", "run.py"} < {path.name for path in files}
    assert room and not any("@kernel" in path.read_text(encoding="utf-8") for path in room)
    for path in files[:-1]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("trinity."):
                assert node.module in modules | PLAIN, path


def test_an_edit_of_any_of_them_changes_the_stamp(tmp_path, monkeypatch):
    before = jit._source_stamp()
    files = jit.kernel_files()
    edited = tmp_path / "slab.py"
    edited.write_bytes(files[0].read_bytes() + b"\n# edited")
    monkeypatch.setattr(jit, "kernel_files", lambda: [edited, *files[1:]])
    assert jit._source_stamp() != before


def test_an_index_of_classes_that_are_gone_counts_as_empty(tmp_path):
    """Compiled copies of an earlier release name its classes; they must not stop this one."""
    index = jit._Index(str(tmp_path), "kernel", (1.0, 0))
    gone = b"c" + b"trinity.cone.slab\nClassThatIsGone\n."
    Path(index._index_path).write_bytes(pickle.dumps(index._version) + gone)
    assert index.load("signature") is None
