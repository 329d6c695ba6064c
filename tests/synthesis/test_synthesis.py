"""The synthetic table: same bytes however it was made, and physics that points the right way."""

import hashlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from trinity.cli.tools import on_scheduler
from trinity.cone.curve import LAG_S
from trinity.cone.simulate import simulate_batch
from trinity.cone.specimen import to_case
from trinity.errors import InputError
from trinity.synthesis import generator
from trinity.synthesis import table as synthesis
from trinity.synthesis.table import BACKS, PARTS, RUN, SCHEMA, TABLE, synthesize

N, CONDITIONS, SEED = 12, 4, 5


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Four chunks of a small run, without starting workers."""
    monkeypatch.setattr(synthesis, "POLYMERS_PER_CHUNK", 3)
    monkeypatch.setattr(synthesis, "IN_PROCESS", 100)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("synthetic")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthesis, "POLYMERS_PER_CHUNK", 3)
        patch.setattr(synthesis, "IN_PROCESS", 100)
        synthesize(N, CONDITIONS, SEED, out, progress=False)
    return out


@pytest.fixture(scope="module")
def table(folder) -> pd.DataFrame:
    return pd.read_parquet(folder)


def digest(folder) -> str:
    return hashlib.sha256((folder / TABLE).read_bytes()).hexdigest()


def test_table_has_every_row_and_its_schema(table, folder):
    SCHEMA.validate(table)
    assert len(table) == N * CONDITIONS
    assert table["polymer_id"].tolist() == np.repeat(np.arange(N), CONDITIONS).tolist()
    assert table["key"].nunique() == N
    assert not (folder / PARTS).exists()
    stamp = json.loads(pq.read_schema(folder / TABLE).metadata[b"trinity"])
    assert stamp == json.loads((folder / RUN).read_text())
    assert stamp["seeds"] == [SEED]


def test_a_draw_that_the_cone_model_refuses_has_no_row(folder, monkeypatch):
    refused = {0, 5}

    def burn(cases, **options):
        labels = simulate_batch(cases, **options)
        for i in refused:
            labels["error"][i] = "burns at once"
            labels["residue_fraction"][i] = np.nan
        return labels

    polymers = pd.read_parquet(folder).drop_duplicates("polymer_id")[:3]
    polymers = polymers[["polymer_id", "psmiles", "key", "family", "measured"]]
    monkeypatch.setattr(synthesis, "simulate_batch", burn)
    table = pd.read_parquet(io.BytesIO(synthesis.make_part(polymers, 0, CONDITIONS, SEED)))
    assert len(table) == 3 * CONDITIONS - len(refused)
    assert table["draw"].tolist() == [1, 2, 3, 0, 2, 3, 0, 1, 2, 3]


def burnt_again(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """The solver's answers for some rows, from their own columns."""
    parameters = {name: rows[name].to_numpy() for name in rows.columns[16:]}
    cases = [
        to_case(parameters, i, row.flux_kw_m2, row.thickness_mm, BACKS[row.back])
        for i, row in enumerate(rows.itertuples())
    ]
    return simulate_batch(cases, lag_s=LAG_S)


def fuel_mj_m2(rows: pd.DataFrame) -> pd.Series:
    """Heat of complete combustion of the specimens."""
    mass = rows["density_kg_m3"] * rows["thickness_mm"] * 1e-3
    return mass * rows["heat_of_combustion_j_kg"] * 1e-6


def test_a_row_can_be_burnt_again_from_its_own_columns(table):
    """Whatever the solver needs is in the row, in the units that the column names say."""
    rows = table[table["ignited"]]
    again = burnt_again(rows)
    for name in ("t_ig_s", "phrr_kw_m2"):
        off = np.abs(again[f"rule_{name}"] / rows[name].to_numpy(float) - 1.0)
        # The columns are in single precision: seldom a rounding shifts a step of the solver.
        assert np.mean(off < 2e-6) >= 0.9 and off.max() < 5e-4, name


def test_heat_released_is_bounded_by_the_specimen(table):
    burnt = table[table["ignited"]]
    released = burnt_again(burnt)["thr_mj_m2"]
    assert (released <= 1.001 * fuel_mj_m2(burnt) * burnt["flaming_efficiency"]).all()
    # The rule of the measurements integrates half-second steps: 3 % more on steep peaks.
    assert (burnt["thr_mj_m2"] <= 1.03 * fuel_mj_m2(burnt)).all()
    assert (burnt["thr_mj_m2"] > 0).all()


def test_same_bytes_again_and_other_bytes_from_another_seed(folder, tmp_path):
    synthesize(N, CONDITIONS, SEED, tmp_path / "again", progress=False)
    synthesize(N, CONDITIONS, SEED + 1, tmp_path / "other", progress=False)
    assert digest(tmp_path / "again") == digest(folder)
    assert digest(tmp_path / "other") != digest(folder)


def test_a_finished_table_is_not_made_again(folder):
    before = (folder / TABLE).stat().st_mtime_ns
    assert synthesize(N, CONDITIONS, SEED, folder, progress=False) == folder / TABLE
    assert (folder / TABLE).stat().st_mtime_ns == before


def test_lost_parts_are_made_again(folder, tmp_path, monkeypatch):
    """Stop before the joining, lose a part and leave half of another: the bytes are the same."""
    with monkeypatch.context() as patch:
        patch.setattr(synthesis, "join_parts", lambda out, n_chunks: None)
        synthesize(N, CONDITIONS, SEED, tmp_path, progress=False)
    (tmp_path / PARTS / "00000002.parquet").unlink()
    (tmp_path / PARTS / ".00000002.parquet.x.part").write_bytes(b"half")
    synthesize(N, CONDITIONS, SEED, tmp_path, progress=False)
    assert digest(tmp_path) == digest(folder)


def test_a_table_that_lost_rows_in_the_joining_is_not_taken(tmp_path, monkeypatch):
    class Short(synthesis.pq.ParquetWriter):
        def write_table(self, table, **options):
            super().write_table(table.slice(1), **options)

    with monkeypatch.context() as patch:
        patch.setattr(synthesis.pq, "ParquetWriter", Short)
        with pytest.raises(InputError, match="changed while they were joined"):
            synthesize(N, CONDITIONS, SEED, tmp_path, progress=False)
    assert not (tmp_path / TABLE).exists() and not [*tmp_path.glob(f".{TABLE}*")]
    assert (tmp_path / PARTS).is_dir()  # nothing is lost


def test_parts_left_after_the_joining_are_removed(folder, tmp_path):
    """They would be read as rows a second time by whoever reads the whole folder."""
    shutil.copytree(folder, tmp_path / "table")
    (tmp_path / "table" / PARTS).mkdir()
    shutil.copy(folder / TABLE, tmp_path / "table" / PARTS / "00000000.parquet")
    synthesize(N, CONDITIONS, SEED, tmp_path / "table", progress=False)
    assert len(pd.read_parquet(tmp_path / "table")) == N * CONDITIONS


PROGRAM = """
import sys
from trinity.synthesis import table as synthesis
if __name__ == "__main__":
    synthesis.POLYMERS_PER_CHUNK, synthesis.IN_PROCESS = 3, 100
    synthesis.synthesize({n}, {conditions}, {seed}, sys.argv[1], progress=False)
"""


def test_killed_and_run_again_gives_the_same_bytes(folder, tmp_path):
    program = PROGRAM.format(n=N, conditions=CONDITIONS, seed=SEED)
    out = tmp_path / "table"
    process = subprocess.Popen([sys.executable, "-c", program, str(out)])
    for _ in range(1200):
        if (out / PARTS / "00000001.parquet").exists() or process.poll() is not None:
            break
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (out / TABLE).exists(), "the run ended before it could be killed"
    synthesize(N, CONDITIONS, SEED, out, progress=False)
    assert digest(out) == digest(folder)


@pytest.mark.slow
def test_a_killed_worker_of_a_dask_cluster_loses_and_doubles_nothing(folder, tmp_path, monkeypatch):
    from dask.distributed import LocalCluster

    made = []
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        write = synthesis.write_atomic

        def write_and_kill(path, content):
            if not made and path.name == "00000000.parquet":
                os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
            made.append(path.name)
            return write(path, content)

        monkeypatch.setattr(synthesis, "write_atomic", write_and_kill)
        address = cluster.scheduler_address
        synthesize(N, CONDITIONS, SEED, tmp_path, scheduler=address, progress=False)
    parts = [name for name in made if name[0] == "0"]
    assert sorted(parts) == [f"{k:08d}.parquet" for k in range(N // 3)]
    assert digest(tmp_path) == digest(folder)


@contextmanager
def dask_cluster(port: int):
    """A scheduler and a worker as programs of their own, as on a cluster."""
    address = f"tcp://127.0.0.1:{port}"
    commands = (
        ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
        ["worker", address, "--nworkers", "1", "--nthreads", "1", "--no-dashboard"],
    )
    running = [
        subprocess.Popen([sys.executable, "-m", "dask", *words], stderr=subprocess.DEVNULL)
        for words in commands
    ]
    try:
        for _ in range(600):  # it takes some seconds until the scheduler listens
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield address, running[0]
    finally:
        for process in running:
            process.kill()
            process.wait()


@pytest.mark.slow
def test_a_lost_scheduler_is_one_sentence_and_the_next_one_goes_on(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(generator, "CONNECT_S", 60)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    write, made = synthesis.write_atomic, []
    with dask_cluster(port) as (address, scheduler):

        def write_and_kill(path, content):
            if path.name == "00000000.parquet":
                scheduler.kill()
                scheduler.wait()
            made.append(path.name)
            return write(path, content)

        with monkeypatch.context() as patch:
            patch.setattr(synthesis, "write_atomic", write_and_kill)
            said = "ended before the work was done; what was finished is kept"
            with pytest.raises(InputError, match=said), on_scheduler(address):
                synthesize(N, CONDITIONS, SEED, tmp_path, scheduler=address, progress=False)
    assert not (tmp_path / TABLE).exists()
    kept = {path.name: path.stat().st_mtime_ns for path in (tmp_path / PARTS).glob("0*")}
    assert "00000000.parquet" in kept and len(kept) < N // 3
    joined = synthesis.join_parts
    with monkeypatch.context() as patch, dask_cluster(port) as (address, _):

        def see_and_join(out, n_chunks):
            assert all((out / PARTS / name).stat().st_mtime_ns == t for name, t in kept.items())
            joined(out, n_chunks)

        patch.setattr(synthesis, "join_parts", see_and_join)
        synthesize(N, CONDITIONS, SEED, tmp_path, scheduler=address, progress=False)
    assert digest(tmp_path) == digest(folder)


def test_an_error_of_the_program_is_not_taken_for_a_lost_scheduler():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(TypeError, match="other"), on_scheduler(address):
            raise TypeError("some other fault")


def test_another_run_in_the_folder_is_refused(folder):
    with pytest.raises(InputError, match="holds a run with seeds"):
        synthesize(N, CONDITIONS, SEED + 1, folder, progress=False)
    with pytest.raises(InputError, match="holds a run with parameters"):
        synthesize(N + 1, CONDITIONS, SEED, folder, progress=False)


def test_parts_of_unknown_origin_are_refused(tmp_path):
    (tmp_path / PARTS).mkdir()
    with pytest.raises(InputError, match="unknown origin"):
        synthesize(2, 1, 0, tmp_path, progress=False)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [((0, 1, 0), "polymers is 0"), ((1, -2, 0), "conditions is -2"), ((1, 1, -1), "seed is -1")],
)
def test_impossible_numbers_are_refused(tmp_path, numbers, said):
    with pytest.raises(InputError, match=said):
        synthesize(*numbers, tmp_path, progress=False)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="writable"):
        synthesize(1, 1, 0, tmp_path / "file" / "table", progress=False)


def test_a_scheduler_that_does_not_answer_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(generator, "CONNECT_S", 1)
    with pytest.raises(InputError, match="tcp://127.0.0.1:9"):
        synthesize(1, 1, 0, tmp_path, scheduler="tcp://127.0.0.1:9", progress=False)
