"""What the tests of wrong inputs try, as a record: ``python -m tools.wrong_inputs``.

Runs the one test that shows each kind of mistake to the program, and keeps what it reports
(pytest's ``record_property``) as ``data/artifacts/results/wrong_inputs.json``; the same test says
when the record is no longer today's. ``python -m trinity_book.pages`` makes the pages from it.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

from trinity_book import records

from trinity.files import data_root

TEST = "tests/cli/test_bad_input.py::test_the_record_shows_what_the_program_says"


def reported() -> dict:
    """What the test reports, whether or not the record agrees with it."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", TEST, f"--junitxml={report}"]
        subprocess.run(command, cwd=data_root().parent, capture_output=True, check=False)
        found = ElementTree.parse(report).find(".//property[@name='wrong_inputs']")
    if found is None:
        sys.exit(f"{TEST} reported nothing; run it to see why.")
    return json.loads(found.get("value"))


def main() -> None:
    """Write the record."""
    start = time.monotonic()
    found = reported()
    seconds = time.monotonic() - start
    place = records.place("wrong_inputs")
    records.write(place, found, modules=["trinity.cli.tools"], wall_time=seconds)
    print(f"{len(found['mistakes'])} kinds of mistake: {place.name}")


if __name__ == "__main__":
    main()
