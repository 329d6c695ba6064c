"""The drawings of the README are what the command draws from the published results."""

from trinity_book.figures import readme as readme_figures

from trinity.files import data_root


def test_committed_drawings_are_current(tmp_path):
    for drawn in readme_figures.write(tmp_path):
        committed = data_root().parent / "notebooks" / drawn.name
        assert committed.read_bytes() == drawn.read_bytes(), (
            "run python -m trinity_book.figures.readme"
        )
