"""Wrong input of every kind ends in one clear sentence, soon, and leaves nothing behind."""

import contextlib
import errno
import io
import json
import os
import re
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import bad_files
import bad_inputs
import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from surroundings import patience
from trinity_book import records

from trinity.cli.main import app, main
from trinity.cli.tools import one_line
from trinity.errors import InputError
from trinity.files import data_path, data_root

SECONDS = 2.0  # of the processor, once everything is imported
SENTENCE = re.compile(r"\S.{8,500}[.?]\)?$", re.DOTALL)
#: Words of a program talking to its programmer.
JARGON = re.compile(
    r"Traceback|Errno|Exception|\w+Error\b|NoneType|<class|object at 0x|numpy\.|pyarrow\."
)


@pytest.fixture(scope="session", autouse=True)
def imported():
    """What the commands import when they run; it is not their answer that takes this time."""
    for name in (
        "trinity_book.build", "trinity.learning.phase1", "trinity.cone.predict",
        "trinity.synthesis.table", "trinity.prediction.predict", "trinity.learning.ensemble",
    ):  # fmt: skip
        import_module(name)
    import_module("trinity.cone.simulate").warm_up()
    import_module("dask.distributed")
    import_module("transformers.models.bert.modeling_bert")  # of the networks that are looked into
    import_module("trinity.prediction.folder").require_network(
        data_path("artifacts", "models", "phase2", "member0")
    )


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> Path:
    """The folder of files that cannot be used."""
    return bad_files.make(tmp_path_factory.mktemp("bad") / "files", data_root())


def command_lines():
    for mistake in bad_inputs.MISTAKES:
        for words in mistake.commands:
            yield pytest.param(mistake, words, id=f"{mistake.title}: {' '.join(words)}"[:90])


def calls():
    for mistake in bad_inputs.MISTAKES:
        for name, call in mistake.calls:
            yield pytest.param(mistake, call, id=f"{mistake.title}: {name}"[:90])


def filled(words, files: Path) -> list[str]:
    return [w.replace("{files}", str(files)).replace("{data}", str(data_root())) for w in words]


def listing(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def objections(text: str, says: str) -> list[str]:
    """What is wrong with an error message; nothing when it is one clear sentence."""
    found = []
    if "\n" in text.strip():
        found.append("more than one line")
    if not SENTENCE.match(text.strip()):
        found.append("no sentence of a reasonable length")
    if JARGON.search(text):
        found.append("words of a program")
    if not re.search(says, text):
        found.append(f"does not say {says!r}")
    return found


@pytest.mark.parametrize("mistake, words", command_lines())
def test_a_wrong_command_line_ends_in_one_sentence(
    mistake, words, files, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    before, start = listing(files), time.process_time()
    with pytest.raises(SystemExit) as stop:
        main(filled(words, files))
    spent = time.process_time() - start
    out, err = capsys.readouterr()
    assert stop.value.code == mistake.code, err
    messages = [line for line in err.splitlines() if line.strip()]
    assert messages, "silent"
    assert len(messages) == 1 or mistake.by_row, err
    for message in messages:
        assert message.startswith("Error: ")
        assert not objections(message.removeprefix("Error: "), mistake.says), message
    if not mistake.by_row:
        assert out == ""
        assert listing(tmp_path) == set()
    assert listing(files) == before
    assert spent < SECONDS, f"{spent:.1f} s"


@pytest.mark.parametrize("mistake, call", calls())
def test_a_wrong_call_raises_one_sentence(mistake, call, files):
    before = listing(files)
    with pytest.raises(InputError) as raised:
        call(files)
    assert not objections(str(raised.value), mistake.says), str(raised.value)
    assert listing(files) == before


def test_the_table_is_as_large_as_promised():
    inputs = {words for mistake in bad_inputs.MISTAKES for words in mistake.commands}
    assert len(inputs) >= 200
    commands = {words[0] for words in inputs}
    assert set(typer.main.get_command(app).commands) <= commands


@pytest.mark.parametrize("reason, words", [(errno.ENOSPC, "No space"), (errno.EACCES, "denied")])
@pytest.mark.parametrize("where", ["open", "replace", "write"])
def test_a_full_disk_or_a_forbidden_place_leaves_nothing(
    reason, words, where, tmp_path, capsys, files, monkeypatch
):
    """As root nothing is forbidden and no disk is full, so the system's answer is put in place."""
    from trinity import files as writing

    def refuse(*_, **__):
        raise OSError(reason, os.strerror(reason))

    out = tmp_path / "out.json"
    out.write_text("before")
    usual = Path.open

    def opened(path, *words, **named):
        if path.suffix != ".part":
            return usual(path, *words, **named)
        return refuse() if where == "open" else _Full(usual(path, *words, **named), refuse)

    if where == "replace":
        monkeypatch.setattr(writing.os, "replace", refuse)
    else:
        monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(SystemExit) as stop:
        main(["simulate", str(files / "good.json"), "--out", str(out)])
    err = capsys.readouterr().err
    assert stop.value.code == 1
    assert not objections(err.removeprefix("Error: "), words), err
    assert out.read_text() == "before" and listing(tmp_path) == {"out.json"}


class _Full:
    """A file on a disk that is full."""

    def __init__(self, handle, refuse):
        self.handle, self.write = handle, refuse

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.handle.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_standard_output_is_said(tmp_path):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "trinity", "estimate", "*CC*"],
            cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, timeout=patience(300),
        )  # fmt: skip
    assert done.returncode == 1
    assert "No space left" in done.stderr and "Traceback" not in done.stderr


SEVERAL = (
    ("estimate", "*C(*"),
    ("cone", "*CC*", "--flux", "50000"),
    ("simulate", "{files}/deep.json", "--out", "out.json"),
    ("predict", "--csv", "{files}/binary.csv", "--out", "out.csv"),
    ("run", "problem", "-p", "flux_kw_m2=nan"),
)


@pytest.mark.parametrize("words", SEVERAL, ids=lambda words: words[0])
def test_the_same_in_a_process_of_its_own(words, trinity, files, tmp_path):
    done = trinity(*filled(words, files))
    assert done.returncode == 1
    assert done.stdout == ""
    assert not objections(done.stderr.removeprefix("Error: "), "."), done.stderr
    assert listing(tmp_path) == set()


ODD = st.text(st.characters(codec="utf-8"), max_size=60)
CHEMICAL = st.text("*CNOcno()[]=#123%+-.:|@HSiBrlF0\\/", max_size=60)
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), ODD, st.lists(st.integers(), max_size=2),
    st.dictionaries(ODD, st.integers(), max_size=2),
)  # fmt: skip
FUZZ = settings(
    max_examples=150, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


def answers_or_refuses(function, *arguments):
    """The function answers, or raises the one error that a user sees, with one sentence."""
    try:
        return function(*arguments)
    except InputError as error:
        shown = one_line(error)  # as the commands show it
        assert not objections(shown, "."), shown
        return None


@FUZZ
@given(st.one_of(ODD, CHEMICAL, CHEMICAL.map(lambda text: f"*{text}*"), ANYTHING))
def test_any_text_is_a_polymer_or_refused(text):
    from trinity.chemistry.polymers import Polymer, parse_psmiles, polymer_key

    mol = answers_or_refuses(parse_psmiles, text)
    if mol is not None:
        assert polymer_key(text).count("*") == 2
    if isinstance(text, str):
        answers_or_refuses(Polymer.parse, "*CC*", text)


@FUZZ
@given(ANYTHING, ANYTHING)
def test_any_condition_is_in_range_or_refused(flux, thickness):
    from trinity.quantities import check_conditions

    if answers_or_refuses(lambda: check_conditions(flux, thickness) or True):
        assert 5 <= float(flux) <= 200 and 0.1 <= float(thickness) <= 200


@FUZZ
@given(st.binary(max_size=300) | ODD.map(str.encode))
def test_any_bytes_are_a_table_or_refused(tmp_path, content):
    from trinity.evidence.benchmark import read_predictions
    from trinity.measurements.reader import read_table
    from trinity.measurements.reduce import read_curves

    path = tmp_path / "any.csv"
    path.write_bytes(content)
    answers_or_refuses(read_table, path)
    answers_or_refuses(read_curves, path)
    answers_or_refuses(read_predictions, path)
    path = path.with_suffix(".json")
    path.write_bytes(content)
    answers_or_refuses(read_predictions, path)


@FUZZ
@given(st.dictionaries(st.sampled_from(sorted(bad_files.case())), ANYTHING, min_size=1))
def test_any_field_of_a_case_is_used_or_refused(changed):
    from trinity.cone.case import check

    answers_or_refuses(check, bad_files.case() | changed)


@FUZZ
@given(st.lists(ODD, max_size=3))
def test_any_parameters_are_pairs_or_refused(texts):
    from trinity_book.build import pairs

    answers_or_refuses(pairs, texts)


@FUZZ
@given(st.sampled_from(["seed", "scale", "psmiles", "flux_kw_m2", "n_draws", "mode"]), ODD)
def test_any_value_of_a_parameter_is_typed_or_refused(name, text):
    from trinity_book import build as workflow
    from trinity_book import notebooks

    notebook = notebooks.Notebook.read(notebooks.source_of("synthesis"))
    values = answers_or_refuses(notebook.typed, {name: text})
    if values:
        answers_or_refuses(workflow.check_values, {**notebook.parameters, **values}, {name})


SHOWN = 60  # characters of an argument


def message_of(mistake, files: Path) -> tuple[str, str]:
    """The first input of a mistake as a reader would write it, and what it ends in."""
    if mistake.commands:
        words, said = mistake.commands[0], io.StringIO()
        with (
            contextlib.redirect_stderr(said),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.suppress(SystemExit),
        ):
            main(filled(words, files))
        return "$ trinity " + " ".join(map(quoted, words)), said.getvalue()
    name, call = mistake.calls[0]
    try:
        call(files)
    except InputError as error:
        return f">>> {name}", str(error)
    return f">>> {name}", "no error"


def quoted(word: str) -> str:
    word = word.replace("{files}/", "").replace("{data}", "data")
    word = word if len(word) <= SHOWN else word[: SHOWN - 3] + "..."
    return word if re.fullmatch(r"[\w./=-]+", word) else f"'{word}'"


def without_folders(message: str, files: Path) -> str:
    """The first line of a message, without folders of this machine."""
    line = message.strip().splitlines()[0].removeprefix("Error: ")
    for folder in (f"{files}/", f"{data_root()}/", f"{Path.cwd()}/"):
        line = line.replace(folder, "")
    return line


def test_the_record_shows_what_the_program_says(files, tmp_path, monkeypatch, record_property):
    monkeypatch.chdir(tmp_path)
    known = {one.name or one.callback.__name__ for one in app.registered_commands}
    mistakes = []
    for one in bad_inputs.MISTAKES:
        asked, message = message_of(one, files)
        about = {"title": one.title, "input": asked, "message": without_folders(message, files)}
        about |= {"cause": one.cause, "remedy": one.remedy}
        mistakes.append({**about, "inputs": len(one.commands) + len(one.calls)})
    found = {
        "mistakes": mistakes,
        "command_lines": len(list(command_lines())),
        "calls": len(list(calls())),
        "commands": len(known & {w[0] for one in bad_inputs.MISTAKES for w in one.commands}),
        "functions": len({c[0].split("(")[0] for one in bad_inputs.MISTAKES for c in one.calls}),
    }
    record_property("wrong_inputs", json.dumps(found))  # tools.wrong_inputs reads it
    assert not [one for one in mistakes if one["message"] in ("no error", "")]
    assert not [one for one in mistakes if "Traceback" in one["message"]]
    recorded = records.read("wrong_inputs")
    recorded.pop("provenance")
    assert recorded == found, "run python -m tools.wrong_inputs"
