"""Files are whole or not there, and as readable as the user's other files."""

import os
import stat

import pytest

from trinity.errors import InputError
from trinity.files import write_atomic


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
