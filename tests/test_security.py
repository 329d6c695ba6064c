"""Nothing is unpickled, nothing is fetched, no path leaves its folder, no foreign code runs."""

import ast
import json
import socket
from pathlib import Path

import pytest

from trinity.cli.main import main
from trinity.files import data_root

ROOT = data_root().parent
#: Calls that run what a file or a text says.
DANGEROUS = {
    "pickle", "cPickle", "dill", "marshal", "shelve", "eval", "exec", "system", "popen",
    "torch.load", "torch.save", "joblib.load", "joblib.dump", "read_pickle", "to_pickle",
    "yaml.load", "extractall",
}  # fmt: skip
BUILTINS = {"eval", "exec"}  # ``model.eval()`` is something else
#: First bytes of pickles (protocols 2 to 5) and of the archives that hold them.
PICKLES = tuple(bytes([0x80, protocol]) for protocol in (2, 3, 4, 5))


def python_files():
    folders = ("src/trinity", "scripts", "benchmarks", "notebooks")
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def names_in(tree):
    """Every module, function and method that some code names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Call):
            yield ast.unparse(node.func)


@pytest.mark.parametrize("path", python_files(), ids=lambda path: path.name)
def test_no_code_unpickles_evaluates_or_opens_a_shell(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {
        name
        for name in names_in(tree)
        if name in DANGEROUS
        or name.split(".")[0] in DANGEROUS - BUILTINS
        or name.split(".")[-1] in DANGEROUS - BUILTINS
    }
    assert not named
    keywords = {
        (keyword.arg, ast.unparse(keyword.value))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
    }
    refused = {("trust_remote_code", "True"), ("allow_pickle", "True"), ("shell", "True")}
    assert not keywords & refused


def test_no_shipped_file_is_a_pickle():
    shipped = [path for path in data_root().rglob("*") if path.is_file()]
    assert len(shipped) > 30
    kinds = {".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".npy", ".npz", ".joblib"}
    assert not [path.name for path in shipped if path.suffix in kinds]
    assert not [path.name for path in shipped if path.read_bytes()[:2] in PICKLES]


def test_numpy_archives_of_the_ablation_are_read_without_pickles(tmp_path):
    import numpy as np

    path = tmp_path / "unit.npz"
    np.savez(path, mean=np.array([{"run": "me"}], dtype=object))
    with np.load(path, allow_pickle=False) as stored, pytest.raises(ValueError, match="pickle"):
        stored["mean"]


def test_a_model_that_brings_code_is_refused_and_its_code_does_not_run(tmp_path):
    from trinity.errors import InputError
    from trinity.learning.encoder import load_backbone

    ran = tmp_path / "ran"
    (tmp_path / "modeling_evil.py").write_text(
        f"open({str(ran)!r}, 'w').close()\nclass Evil: pass\nclass EvilConfig: pass\n"
    )
    names = {"AutoConfig": "modeling_evil.EvilConfig", "AutoModel": "modeling_evil.Evil"}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "evil", "auto_map": names}))
    with pytest.raises(InputError, match="Cannot load the encoder"):
        load_backbone(tmp_path)
    assert not ran.exists()


def test_weights_in_a_pickle_are_not_loaded(tmp_path):
    """A folder with ``pytorch_model.bin`` only: whatever reads it may not run what is inside."""
    import pickle
    import shutil

    from trinity.errors import InputError
    from trinity.learning.encoder import load_backbone

    ran = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return (open, (str(ran), "w"))

    model = tmp_path / "model"
    model.mkdir()
    shutil.copy(data_root() / "artifacts/models/language_model/config.json", model)
    (model / "pytorch_model.bin").write_bytes(pickle.dumps({"weights": Evil()}))
    with pytest.raises((InputError, pickle.UnpicklingError)):
        load_backbone(model)
    assert not ran.exists()


def test_ids_and_names_do_not_become_paths(tmp_path, monkeypatch, capsys):
    """Case ids, component names and titles of a stranger's file stay inside the chosen folder."""
    import bad_files

    monkeypatch.chdir(tmp_path)
    odd = bad_files.case(id="../../escaped")
    odd["components"] = {"../../../evil\n&TIME T_END=1 /": odd["components"]["virgin"]}
    odd["reactions"] = []
    Path("cases.json").write_text(json.dumps({"cases": [odd]}))
    with pytest.raises(SystemExit) as stop:
        main(["simulate", "cases.json", "--out", "out.json", "--curves", "curves"])
    assert stop.value.code == 0
    made = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert made == {"cases.json", "out.json", "curves", "curves/00000.csv"}
    from trinity.cone.export import to_fds

    assert to_fds(odd).count("&TIME") == 1


@pytest.mark.parametrize("name", ["../problem", "/etc/passwd", "..", "01_problem", "problem/../x"])
def test_names_of_notebooks_scales_and_stages_are_no_paths(name):
    from trinity_book import notebooks

    from trinity.errors import InputError
    from trinity.pipeline import stages

    for look_up in (notebooks.source_of, stages.scale_named, stages.stage_named):
        with pytest.raises(InputError):
            look_up(name)


@pytest.fixture
def no_network(monkeypatch):
    """Every connection and every name look-up to the outside fails, and is remembered."""
    tried = []

    def refuse(*arguments, **_):
        tried.append(arguments[1:] if len(arguments) > 1 else arguments)
        raise OSError("the network is off")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    return tried


@pytest.mark.parametrize(
    "words",
    [
        ["estimate", "*CC(*)c1ccccc1", "--json"],
        ["cone", "*CC(*)c1ccccc1", "--samples", "2", "--plot", "hrr.png"],
        ["synthesize", "--n", "1", "--conditions", "1", "--out", "table"],
        ["provenance", "--json", str(data_root() / "artifacts/results/phase0.json")],
        ["evaluate", "--predictions", "mine.csv"],
    ],
    ids=lambda words: words[0],
)
def test_commands_do_without_a_network(words, no_network, tmp_path, monkeypatch, capsys):
    import bad_files

    monkeypatch.chdir(tmp_path)
    row = bad_files.PREDICTED
    Path("mine.csv").write_text(",".join(row) + "\n" + ",".join(map(str, row.values())) + "\n")
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code in ((0, 1) if words[0] == "provenance" else (0,))
    assert no_network == []


def test_the_language_model_is_loaded_without_a_network(no_network, monkeypatch):
    from trinity.learning.encoder import load_backbone

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    backbone, _ = load_backbone(data_root() / "artifacts" / "models" / "language_model")
    assert sum(p.numel() for p in backbone.parameters()) > 1000
    assert no_network == []
