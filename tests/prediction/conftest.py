"""Small models that the tests of predictions share."""

import json
import os
import shutil

import pandas as pd
import pytest
from filelock import FileLock
from learning_tools import POLYMERS, tiny_model, toy_table
from prediction_tools import NUMBERS


@pytest.fixture(scope="session")
def phase1(tmp_path_factory):
    """A folder like that of phase 1, its models untrained."""
    from trinity.learning.data import tests_of
    from trinity.learning.model import Scalers
    from trinity.learning.phase1 import write_seen
    from trinity.measurements.specimens import load_measurements

    folder = tmp_path_factory.mktemp("phase1")
    tests = tests_of(load_measurements())
    for k in range(2):
        model = tiny_model(k)
        model.scalers = Scalers.fit(tests.conditions, tests.coordinates)
        model.save(folder / f"member{k}", {"phase": 1})
    write_seen(folder, sorted(set(toy_table()["psmiles"])))
    return folder


@pytest.fixture(scope="session")
def finetune(phase1, tmp_path_factory):
    """Finetune the models of phase 1 on the measurements: folder and report."""
    from trinity.learning.ensemble import run_phase2

    def run():
        folder = tmp_path_factory.mktemp("phase2")
        return folder, run_phase2(phase1, NUMBERS, 0, folder, progress=False)

    return run


@pytest.fixture(scope="session")
def ensemble(request, tmp_path_factory):
    """A finetuned ensemble of a few thousand weights: folder and report. It is made once for all
    processes of a run."""
    from trinity.pipeline.stages import as_json

    place = tmp_path_factory.getbasetemp()
    place = place.parent if "PYTEST_XDIST_WORKER" in os.environ else place
    folder, told = place / "ensemble", place / "ensemble.json"
    with FileLock(place / "ensemble.lock"):
        if not told.exists():
            made, report = request.getfixturevalue("finetune")()
            shutil.copytree(made, folder)
            told.write_text(as_json(report))
    return folder, json.loads(told.read_text())


@pytest.fixture
def mixed():
    """Rows to predict: polymers, what is none, and a copolymer with a long side chain."""
    names = [*POLYMERS, "no polymer", "*CC*"]
    rows = pd.DataFrame({"psmiles": names, "flux_kw_m2": 50.0, "thickness_mm": 6.0})
    rows["components"] = [None] * (len(names) - 1) + ["*CC*:0.5|*CC(*)CCCCCCCCCCCC:0.5"]
    return rows
