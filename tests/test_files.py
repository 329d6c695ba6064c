"""Files are whole or not there, and as readable as the user's other files."""

import os
import stat

import pytest

from trinity import files
from trinity.errors import InputError
from trinity.files import only_run, read_json, write_atomic


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_follows_the_umask(tmp_path, mask):
    """A cluster's group may read results, or nobody else may: the user has decided already."""
    before = os.umask(mask)
    try:
        path = write_atomic(tmp_path / "new.json", "{}")
    finally:
        os.umask(before)
    assert mode(path) == 0o666 & ~mask


@pytest.mark.parametrize("kept", [0o600, 0o664, 0o444, 0o755])
def test_an_existing_file_keeps_its_mode(tmp_path, kept):
    path = tmp_path / "old.csv"
    path.write_text("old")
    path.chmod(kept)
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new" and mode(path) == kept


def test_two_writers_of_one_file_do_not_share_a_half(tmp_path, monkeypatch):
    halves = []
    monkeypatch.setattr(files.os, "replace", lambda half, path: halves.append(half))
    for text in ("one", "two"):
        write_atomic(tmp_path / "a.json", text)
    assert len({*halves}) == 2 and [half.read_text() for half in halves] == ["one", "two"]
    monkeypatch.setattr(files.secrets, "token_hex", lambda _: "0123")
    write_atomic(tmp_path / "a.json", "three")
    with pytest.raises(InputError, match="File exists"):
        write_atomic(tmp_path / "a.json", "four")


def test_nothing_is_left_beside_a_file(tmp_path):
    write_atomic(tmp_path / "a" / "b.txt", "text")
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["b.txt"]


def test_a_place_that_cannot_be_written_keeps_what_was_there(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="writable"):
        write_atomic(tmp_path / "folder", "text")
    (tmp_path / "file").write_text("kept")
    with pytest.raises(InputError, match="writable"):
        write_atomic(tmp_path / "file" / "below.txt", "text")
    assert (tmp_path / "file").read_text() == "kept"
    assert {p.name for p in tmp_path.iterdir()} == {"folder", "file"}


def test_a_link_stays_a_link_and_its_target_is_written(tmp_path):
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "table.csv", tmp_path / "link.csv"
    target.write_text("old")
    link.symlink_to(target)
    write_atomic(link, "new")
    assert link.is_symlink() and target.read_text() == "new"
    dangling = tmp_path / "dangling.csv"
    dangling.symlink_to(tmp_path / "real" / "not yet.csv")
    write_atomic(dangling, "first")
    assert dangling.is_symlink() and (tmp_path / "real" / "not yet.csv").read_text() == "first"
    assert [p.name for p in tmp_path.rglob(".*")] == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_or_device_is_written_into_and_never_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_atomic(pipe, "through")
    assert os.read(reader, 100) == b"through" and stat.S_ISFIFO(pipe.stat().st_mode)
    os.close(reader)
    write_atomic(os.devnull, "gone")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_only_one_run_fills_a_folder(tmp_path):
    with only_run(tmp_path / "table"), pytest.raises(InputError, match="Another run is writing"):
        with only_run(tmp_path / "table"):
            pass
    with only_run(tmp_path / "table"):  # and the next may
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_goes_wrong_within_a_run_is_not_blamed_on_its_folder(tmp_path):
    with pytest.raises(FileNotFoundError), only_run(tmp_path / "table"):
        (tmp_path / "missing").read_text()


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '{"cases": [{"id": 1, "id": 2}]}', "[NaN]"])
def test_json_that_says_a_thing_twice_or_no_number_is_refused(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError, match="appears twice|not a JSON number"):
        read_json(tmp_path / "x.json")


def test_a_file_that_is_not_there_is_not_called_bad_json(tmp_path):
    with pytest.raises(InputError, match="^There is no file .*; check the name and the folder.$"):
        read_json(tmp_path / "nowhere.json")


def test_a_link_that_leads_to_itself_is_refused(tmp_path):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(InputError, match="the link leads to itself"):
        write_atomic(loop, "x")
    with pytest.raises(InputError, match="the link leads to itself"), only_run(loop):
        pass
