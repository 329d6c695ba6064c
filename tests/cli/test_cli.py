"""The command line: what it prints, its exit codes, and that its errors are one sentence."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer
from surroundings import patience

from trinity.cli import tools
from trinity.cli.main import EXTRAS, app, main

COMMANDS = (
    *"estimate cone simulate predict synthesize pretrain finetune evaluate run".split(),
    *("provenance", "info"),
)
STYRENE = "*CC(*)c1ccccc1"


def one_sentence(process, code):
    """The process failed as a foreseen error does: its code, one line on stderr, no traceback."""
    lines = [line for line in process.stderr.splitlines() if line.strip()]
    assert process.returncode == code, process.stderr
    assert len(lines) == 1, process.stderr
    assert lines[0].startswith("Error: ") and lines[0].endswith(".")
    assert "Traceback" not in process.stderr
    return lines[0]


def call(capsys, *arguments):
    """Run the command line in this process; exit code, stdout, stderr."""
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return stop.value.code, captured.out, captured.err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command, capsys):
    code, out, _ = call(capsys, command, "--help")
    assert code == 0
    assert f"Example: trinity {command}" in " ".join(out.split())


def test_every_option_of_every_command_is_explained():
    import typer

    silent = [
        f"{name} {parameter.name}"
        for name, command in typer.main.get_command(app).commands.items()
        for parameter in command.params
        if not getattr(parameter, "help", None) and parameter.name != "stage"
    ]
    assert not silent


def test_info_says_where_data_and_models_come_from(capsys):
    from trinity.files import artifacts_root, data_root

    found = json.loads(call(capsys, "info", "--json")[1])
    assert found["data"] == str(data_root())
    assert found["version"].startswith("trinity ")
    for name, folder in (("model", "phase2"), ("fast model", "distilled")):
        path = artifacts_root() / "models" / folder
        commit = json.loads((path / "provenance.json").read_text())["provenance"]["commit"]
        assert found[name].startswith(str(path)) and commit[:12] in found[name]
    assert found["data"] in call(capsys, "info")[1]


def test_the_shell_completes_commands(tmp_path):
    asked = {"_TRINITY_COMPLETE": "complete_bash", "COMP_WORDS": "trinity es", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "trinity"],
        cwd=tmp_path, env=os.environ | asked, capture_output=True, text=True, timeout=patience(60),
    )  # fmt: skip
    assert done.stdout.split() == ["estimate"], done.stderr


def test_version(capsys):
    from trinity import __version__

    assert call(capsys, "--version")[:2] == (0, f"trinity {__version__}\n")


def test_a_program_of_another_checkout_says_so(capsys, tmp_path, monkeypatch):
    """As after copying a checkout with its environment and activating that."""
    (tmp_path / "src" / "trinity").mkdir(parents=True)
    (tmp_path / "book").mkdir()
    (tmp_path / "src" / "trinity" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path / "book")
    code, _, said = call(capsys, "--version")
    assert code == 0 and f"not the checkout that you are in, {tmp_path}" in said
    monkeypatch.chdir(tmp_path.parent)
    assert call(capsys, "--version")[2] == ""


def test_no_arguments_shows_the_help(capsys):
    code, out, _ = call(capsys)
    assert code == 0
    assert "Commands:" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["estimate", STYRENE, "--json"],
        ["cone", STYRENE, "--samples", "3", "--json"],
        ["simulate", "cases.json", "--out", "out.json"],
    ],
)
def test_physics_commands_never_import_torch(arguments, tmp_path, root):
    text = (root / "data" / "reference" / "cone_reference_cases.json").read_text()
    (tmp_path / "cases.json").write_text(text)
    program = (
        "import sys\nfrom trinity.cli.main import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "heavy = {'torch', 'transformers', 'peft', 'sklearn'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=patience(300),
    )
    assert done.returncode == 0, done.stderr


def test_estimate_json_is_the_documented_object(capsys):
    code, out, _ = call(capsys, "estimate", STYRENE, "--json")
    answer = json.loads(out)
    assert code == 0
    assert set(answer) == {*"psmiles groups uncovered_atoms properties doubts measured".split()}
    assert answer["uncovered_atoms"] == []
    assert set(answer["properties"]["density_kg_m3"]) == {"value", "sigma"}
    assert 950 < answer["properties"]["density_kg_m3"]["value"] < 1200


def test_cone_gives_every_scalar_with_an_interval_and_a_curve(capsys):
    code, out, _ = call(
        capsys, "cone", STYRENE, "--flux", 50, "--thickness", 6, "--samples", 20, "--json"
    )
    answer = json.loads(out)
    assert code == 0
    for key in ("t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2"):
        assert answer[f"{key}_lo"] < answer[f"{key}_hi"]
        assert answer[f"{key}_lo"] > 0
    assert len(answer["curve"]["time_s"]) == len(answer["curve"]["hrr_kw_m2"]) > 100
    assert max(answer["curve"]["hrr_kw_m2"]) == pytest.approx(answer["phrr_kw_m2"], rel=0.1)


def test_cone_ignites_sooner_under_more_heat(capsys):
    times = [
        json.loads(call(capsys, "cone", STYRENE, "--flux", flux, "--samples", 1, "--json")[1])
        for flux in (30, 50, 75)
    ]
    assert times[0]["t_ig_s"] > times[1]["t_ig_s"] > times[2]["t_ig_s"]


def test_cone_plot_is_written_whole(capsys, tmp_path):
    picture = tmp_path / "deep" / "hrr.png"
    code, _, _ = call(capsys, "cone", STYRENE, "--samples", 2, "--plot", picture)
    assert code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in picture.parent.iterdir()] == ["hrr.png"]


@pytest.mark.parametrize("code", ["fds", "gpyro"])
def test_cone_exports_the_nominal_case(code, capsys, tmp_path):
    target = tmp_path / "case.txt"
    arguments = ["--samples", 1, "--export", code, "--to", target]
    assert call(capsys, "cone", STYRENE, *arguments)[0] == 0
    assert "&" in target.read_text()


def test_simulate_answers_every_case_in_order(capsys, tmp_path, root):
    document = json.loads((root / "data/reference/cone_reference_cases.json").read_text())
    cases, out = tmp_path / "cases.json", tmp_path / "out.json"
    cases.write_text(json.dumps(document))
    assert call(capsys, "simulate", cases, "--out", out)[0] == 0
    results = json.loads(out.read_text())["results"]
    assert [r["id"] for r in results] == [c["id"] for c in document["cases"]]
    for case, result in zip(document["cases"], results, strict=True):
        assert set(case["expected"]) <= set(result)


def test_simulate_writes_good_cases_beside_a_bad_one_unless_strict(capsys, tmp_path, root):
    document = json.loads((root / "data/reference/cone_reference_cases.json").read_text())
    good, bad = document["cases"][0], dict(document["cases"][1], thickness_m=-1.0)
    cases, out = tmp_path / "cases.json", tmp_path / "out.json"
    cases.write_text(json.dumps({"cases": [bad, good]}))
    code, _, err = call(capsys, "simulate", cases, "--out", out, "--strict")
    assert code == 2
    assert not out.exists()
    assert "thickness_m" in err
    code, _, err = call(capsys, "simulate", cases, "--out", out)
    first, second = json.loads(out.read_text())["results"]
    assert code == 2
    assert "thickness_m" in first["error"]
    assert second["mass_lost_kg_m2"] > 0 and "error" not in second


WRONG = [
    (1, ["estimate", "CCO"]),
    (1, ["estimate", "*CC"]),
    (1, ["estimate", ""]),
    (1, ["estimate", "*CC*.*CC*"]),
    (1, ["estimate", "*C[Fe]C*"]),
    (1, ["estimate", "*CC[NH3+]*"]),
    (1, ["estimate", "*" + "C" * 100_000 + "*"]),
    (1, ["estimate", "*CC*:0.7|*CC(*)C:0.7"]),
    (1, ["cone", STYRENE, "--flux", "500"]),
    (1, ["cone", STYRENE, "--flux", "nan"]),
    (1, ["cone", STYRENE, "--thickness", "0"]),
    (1, ["cone", STYRENE, "--plot", "picture.txt"]),
    (1, ["cone", STYRENE, "--export", "fds"]),
    (1, ["cone", STYRENE, "--export", "ansys", "--to", "case.txt"]),
    (1, ["simulate", "missing.json", "--out", "out.json"]),
    (1, ["predict"]),
    (1, ["predict", STYRENE, "--flux", "1"]),
    (1, ["predict", "--csv", "missing.csv", "--out", "out.csv"]),
    (1, ["run", "nonsense"]),
    (1, ["run", "problem", "--scale", "galaxy"]),
    (1, ["run", "problem", "-p", "nonsense=3"]),
    (1, ["run", "problem", "-p", "seed"]),
    (1, ["provenance", "missing.json"]),
    (1, ["evaluate", "--predictions", "missing.csv"]),
    (1, ["finetune", "--csv", "missing.csv", "--out", "model"]),
    (1, ["finetune", "--csv", "missing.csv"]),
    (2, ["estimate"]),
    (2, ["cone", STYRENE, "--flux", "fifty"]),
    (2, ["nonsense"]),
    (2, ["cone", "--nonsense"]),
    (2, ["synthesize", "--n", "0", "--out", "table"]),
]


@pytest.mark.parametrize("code, arguments", WRONG, ids=lambda value: str(value)[:60])
def test_wrong_input_ends_in_one_sentence(code, arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found, out, err = call(capsys, *arguments)
    assert found == code
    lines = [line for line in err.splitlines() if line.strip()]
    assert len(lines) == 1, err
    assert re.match(r"Error: .{10,400}\.$", lines[0]), lines[0]
    assert out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_bug_is_not_hidden_but_a_full_disk_is_explained(monkeypatch, capsys):
    from trinity.chemistry import properties

    def full(*_):
        raise OSError(28, "No space left on device", "/somewhere/table")

    monkeypatch.setattr(properties, "estimate", full)
    code, _, err = call(capsys, "estimate", STYRENE)
    assert code == 1
    assert "No space left on device" in err


def test_interrupt_is_quiet(monkeypatch, capsys):
    from trinity.chemistry import properties

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(properties, "estimate", interrupted)
    code, _, err = call(capsys, "estimate", STYRENE)
    assert code == 130
    assert len(err.splitlines()) == 1


def test_a_reader_that_leaves_is_no_error(tmp_path):
    command = f"'{sys.executable}' -m trinity cone '{STYRENE}' --samples 1 --json | head -c 10"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=tmp_path, env=os.environ, capture_output=True, text=True, timeout=patience(120),
    )  # fmt: skip
    assert done.stderr == ""


def test_the_installed_command_works_from_any_folder(trinity):
    done = trinity("estimate", STYRENE, "--json")
    assert done.returncode == 0, done.stderr
    one_sentence(trinity("estimate", "CCO"), 1)


@pytest.mark.parametrize("words", (["run"], ["book"], ["provenance", "README.md"], ["distil"]))
def test_without_the_books_machinery_one_sentence_says_so(words, monkeypatch, capsys):
    """As in an installed wheel, which has the package alone."""
    for name in [name for name in sys.modules if name.split(".")[0] == "trinity_book"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if not Path(p, "trinity_book").is_dir()])
    code, _, said = call(capsys, *words)
    assert code == 1 and said.count("\n") == 1 and "in a checkout" in said


@pytest.mark.parametrize(
    ("missing", "words", "extra"),
    [("torch", ["predict", STYRENE], "learn"), ("jupytext", ["run", "problem"], "book")],
)
def test_without_an_extra_one_sentence_names_it(missing, words, extra, tmp_path):
    """As in an environment with the bare wheel."""
    program = f"import sys; sys.modules[{missing!r}] = None\nfrom trinity.cli.main import main\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}main({words!r})"],
        cwd=tmp_path, capture_output=True, text=True, timeout=patience(120),
    )  # fmt: skip
    one_sentence(done, 1)
    assert f"pip install '.[{extra}]' in a checkout" in done.stderr


def test_the_extras_are_those_of_the_project(root):
    declared = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    for extra, packages in EXTRAS.items():
        names = {re.split(r"[<>=]", text)[0] for text in declared["optional-dependencies"][extra]}
        names = {name.replace("-", "_").lower() for name in names}
        assert {package.lower() for package in packages} <= names


def test_of_many_faults_the_first_are_told_and_the_others_counted(capsys):
    with pytest.raises(typer.Exit):
        tools.stop(f"row {n}" for n in range(200_000))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Error: row 0" and lines[-1] == "Error: 199980 more failures."
    assert len(lines) == 21
