"""The synthetic table: hypothetical polymers, sampled properties and conditions, burnt in the cone.

The work is cut into chunks of polymers. A chunk's random stream depends on the seed and its number
alone, and its result is one file, so that chunks may be computed in any order, anywhere, twice, or
after an interruption, and the table has the same bytes. Chunks run on Dask: on the cores of this
machine, or on the cluster whose scheduler is named.
"""

import io
import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pyarrow
import pyarrow.parquet as pq
from tqdm import tqdm

from trinity.chemistry import properties
from trinity.cone.curve import LAG_S
from trinity.cone.simulate import simulate_batch
from trinity.errors import InputError
from trinity.files import write_atomic
from trinity.lineage import source_hash
from trinity.measurements import load_measurements
from trinity.provenance import Job, make_stamp
from trinity.synthesis.generator import generate_polymers

FLUX_KW_M2 = (15.0, 100.0)  # log-uniform: below it little ignites, above it no cone is run
THICKNESS_MM = (1.0, 30.0)  # log-uniform: films to the thickest measured specimen (27 mm)
BACKS = {"insulated": "insulated", "ceramic wool": {"type": "ceramic wool"}}
POLYMERS_A_CHUNK = 100  # some seconds of work: little to lose, little to schedule
PARTS_A_ROW_GROUP = 100
CONNECT_S = 10  # to reach a scheduler
IN_PROCESS = 2  # up to so many chunks, starting workers costs more than it saves
TABLE, PARTS, RUN, POLYMERS = "synthetic.parquet", "parts", "_run.json", "polymers.parquet"
DATA = ("generator", "groups", "reference", "measurements", "polymers_real.csv")
RULE_COLUMNS = ("t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2", "mean_hrr_180s_kw_m2")
IDENTITY = ("polymer_id", "psmiles", "key", "family", "measured")
CONDITIONS = ("flux_kw_m2", "thickness_mm", "back", "draw")


#: Seven digits are more than any input has; frequency factors need the range of doubles.
DOUBLE = ("A_1_s", "acid_A_1_s")


def _number(low: float, high: float, nullable: bool = False) -> pa.Column:
    return pa.Column("float32", pa.Check.in_range(low, high), nullable=nullable)


SCHEMA = pa.DataFrameSchema(
    {
        "polymer_id": pa.Column(int, pa.Check.ge(0)),
        "psmiles": pa.Column(str, pa.Check(lambda text: text.str.count(r"\*") == 2)),
        "key": pa.Column(str),
        "family": pa.Column(str),
        "measured": pa.Column(bool),
        "flux_kw_m2": _number(*FLUX_KW_M2),
        "thickness_mm": _number(*THICKNESS_MM),
        "back": pa.Column(str, pa.Check.isin(list(BACKS))),
        "draw": pa.Column(int, pa.Check.ge(0)),
        "ignited": pa.Column(bool),
        "t_ig_s": _number(0, 1e5, nullable=True),
        "phrr_kw_m2": _number(0, 1e5, nullable=True),
        "t_peak_s": _number(0, 1e6, nullable=True),
        "thr_mj_m2": _number(0, 1e5, nullable=True),
        "mean_hrr_180s_kw_m2": _number(0, 1e5, nullable=True),
        "residue_fraction": _number(-1e-6, 1 + 1e-6),
    },
    checks=pa.Check(
        lambda table: (table["t_ig_s"].notna() == table["ignited"]).all(),
        error="t_ig_s is given if and only if the specimen ignited",
    ),
    unique=["key", "draw"],
)


def synthesize(
    n_polymers: int,
    conditions_per_polymer: int,
    seed: int,
    out_dir: str | Path,
    scheduler: str | None = None,
    progress: bool = True,
) -> Path:
    """Make the table, or go on with one that was interrupted.

    Each row is one cone test: a polymer, a heat flux, thickness and back face drawn for it, one
    draw of its properties within their errors, and what the measurements' rule reads off the
    simulated curve (behind `trinity.cone.curve.LAG_S` of instrument lag).

    Parameters
    ----------
    n_polymers, conditions_per_polymer : rows are their product
    seed : with the two numbers and the program it decides every byte
    out_dir : folder; holds ``parts/`` while the table is made, ``synthetic.parquet`` afterwards
    scheduler : address of a Dask scheduler; default: worker processes on this machine
    progress : show a bar

    Returns
    -------
    Path of ``synthetic.parquet``; columns are those of `SCHEMA` and every sampled parameter

    Raises
    ------
    InputError
        If a number is not positive, the folder cannot be written or holds a run with other
        parameters, or no scheduler answers.
    """
    for name, value in (("polymers", n_polymers), ("conditions", conditions_per_polymer)):
        if value < 1:
            raise InputError(f"The number of {name} is {value}; ask for at least 1.")
    if seed < 0:
        raise InputError(f"The seed is {seed}; it must be 0 or more.")
    out = Path(out_dir)
    parameters = {"n_polymers": n_polymers, "conditions_per_polymer": conditions_per_polymer}
    _claim(
        out,
        make_stamp(
            "synthetic table", source_hash("trinity.synthesis.table"), DATA, parameters, [seed]
        ),
    )
    table = out / TABLE
    if table.exists():
        shutil.rmtree(out / PARTS, ignore_errors=True)  # killed after the joining
        return table
    polymers = _polymers(out, n_polymers, seed, progress)
    n_chunks = -(-n_polymers // POLYMERS_A_CHUNK)
    jobs = [
        (polymers.iloc[k * POLYMERS_A_CHUNK : (k + 1) * POLYMERS_A_CHUNK], k)
        for k in range(n_chunks)
        if not _part(out, k).exists()
    ]
    done = n_polymers - sum(len(chunk) for chunk, _ in jobs)
    with tqdm(total=n_polymers, initial=done, disable=not progress, unit="polymer") as bar:
        for k, content in _compute(jobs, conditions_per_polymer, seed, scheduler):
            write_atomic(_part(out, k), content)
            bar.update(min(POLYMERS_A_CHUNK, n_polymers - k * POLYMERS_A_CHUNK))
    _join(out, n_chunks)
    return table


def _part(out: Path, k: int) -> Path:
    return out / PARTS / f"{k:08d}.parquet"


def _claim(out: Path, stamp: dict) -> None:
    """Leave the stamp of this run in the folder, or see that the one there is the same."""
    path = out / RUN
    if not path.exists():
        if any((out / name).exists() for name in (PARTS, TABLE)):
            raise InputError(f"{out} holds a table of unknown origin; name another folder.")
        write_atomic(path, json.dumps(stamp, indent=1) + "\n")
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError(f"{path} cannot be read; name another folder.") from None
    for what in ("parameters", "seeds"):
        if found.get(what) != stamp[what]:
            raise InputError(
                f"{out} holds a run with {what} {found.get(what)} and not {stamp[what]}; "
                "name another folder or delete it."
            )
    if found != stamp:
        raise InputError(
            f"{out} holds a run of another version of the program or its data; "
            "name another folder or delete it."
        )


def _polymers(out: Path, n: int, seed: int, progress: bool) -> pd.DataFrame:
    """The polymers of the run, kept beside the parts so that a restart need not draw them again."""
    path = out / PARTS / POLYMERS
    if path.exists():
        return pd.read_parquet(path)
    table = generate_polymers(n, seed, progress=progress)[["psmiles", "key", "family"]]
    table.insert(0, "polymer_id", np.arange(n))
    table["measured"] = table["key"].isin(measured_keys())
    write_atomic(path, _to_bytes(table))
    return table


def measured_keys() -> set[str]:
    """Keys of the polymers in the cone measurements.

    They may be in the table, with physics labels; a training that must not see them leaves out the
    rows whose column ``measured`` is true.
    """
    return set(load_measurements()["key"])


def _compute(jobs: list, conditions: int, seed: int, scheduler: str | None) -> Iterator[tuple]:
    """Number and Parquet bytes of each chunk, as they are finished."""
    if scheduler is None and len(jobs) <= IN_PROCESS:
        for chunk, k in jobs:
            yield k, make_part(chunk, k, conditions, seed, threads=None)
        return
    from dask.distributed import as_completed

    with _client(scheduler, len(jobs)) as client:
        waiting = iter(jobs)
        width = 3 * max(1, len(client.nthreads()))  # a short queue: results are written at once

        def submitted(count: int) -> list:
            return [
                client.submit(_numbered_part, chunk, k, conditions, seed, pure=False, retries=2)
                for chunk, k in islice(waiting, count)
            ]

        finished = as_completed(submitted(width), with_results=True)
        for _, result in finished:
            yield result
            finished.update(submitted(1))


def _numbered_part(chunk: pd.DataFrame, k: int, conditions: int, seed: int) -> tuple[int, bytes]:
    return k, make_part(chunk, k, conditions, seed, threads=1)


@contextmanager
def _client(scheduler: str | None, n_jobs: int):
    """A Dask client: of the named scheduler, or of one process a core on this machine."""
    from dask.distributed import Client, LocalCluster

    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=CONNECT_S)
            client.wait_for_workers(1, timeout=CONNECT_S)
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(
                f"No Dask scheduler with a worker answers at {scheduler}; start both and give "
                "the scheduler's address, such as tcp://127.0.0.1:8786."
            ) from error
        with client:
            yield client
        return
    workers = min(len(os.sched_getaffinity(0)), n_jobs)
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None,
            silence_logs=logging.ERROR,
        ) as cluster,
        Client(cluster) as client,
    ):  # fmt: skip
        yield client


def make_part(
    polymers: pd.DataFrame, k: int, conditions: int, seed: int, threads: int | None = 1
) -> bytes:
    """Rows of one chunk of polymers as Parquet bytes: a function of its arguments alone."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(k,)))
    blocks, cases = [], []
    for row in polymers.itertuples(index=False):
        drawn = properties.sample_parameters(properties.estimate(row.psmiles), conditions, rng)
        block = _conditions(conditions, rng)
        for i in range(conditions):
            cases.append(
                properties.to_case(
                    drawn, i, block["flux_kw_m2"][i], block["thickness_mm"][i],
                    BACKS[block["back"][i]], f"{row.polymer_id}/{i}",
                )
            )  # fmt: skip
        identity = {name: [getattr(row, name)] * conditions for name in IDENTITY}
        blocks.append(pd.DataFrame(identity | block | drawn))
    table = pd.concat(blocks, ignore_index=True)
    labels = simulate_batch(cases, lag_s=LAG_S, threads=threads)
    for at, name in enumerate(("ignited", *RULE_COLUMNS, "residue_fraction")):
        if name == "ignited":
            values = np.isfinite(labels["rule_t_ig_s"])
        else:
            values = labels[f"rule_{name}" if name in RULE_COLUMNS else name]
        table.insert(len(IDENTITY) + len(CONDITIONS) + at, name, values)
    return _to_bytes(SCHEMA.validate(_single(table)))


def _conditions(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """``n`` heat fluxes [kW/m2], thicknesses [mm] and back faces."""
    return {
        "flux_kw_m2": np.exp(rng.uniform(*np.log(FLUX_KW_M2), n)),
        "thickness_mm": np.exp(rng.uniform(*np.log(THICKNESS_MM), n)),
        "back": np.array(list(BACKS), dtype=object)[rng.integers(len(BACKS), size=n)],
        "draw": np.arange(n),
    }


def _single(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its numbers in single precision, which halves the file."""
    chosen = table.select_dtypes("float64").columns.difference(DOUBLE)
    return table.astype(dict.fromkeys(chosen, "float32"))


def _to_bytes(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(
        pyarrow.Table.from_pandas(table, preserve_index=False), buffer, compression="zstd"
    )
    return buffer.getvalue()


def _join(out: Path, n_chunks: int) -> None:
    """One file of all parts in order, the stamp in its metadata; the parts are then removed."""
    half = out / f".{TABLE}.part"
    schema = pq.read_schema(_part(out, 0))
    stamp = (out / RUN).read_bytes()
    schema = schema.with_metadata({**(schema.metadata or {}), b"trinity": stamp})
    with pq.ParquetWriter(half, schema, compression="zstd") as writer:
        for start in range(0, n_chunks, PARTS_A_ROW_GROUP):
            numbers = range(start, min(start + PARTS_A_ROW_GROUP, n_chunks))
            parts = [pq.read_table(_part(out, k)) for k in numbers]
            joined = pyarrow.concat_tables(parts)
            writer.write_table(joined.cast(schema), row_group_size=joined.num_rows)
    os.replace(half, out / TABLE)
    shutil.rmtree(out / PARTS)


def synthesis(job: Job) -> dict:
    """The stage: invent polymers, sample their properties, burn them and describe the table."""
    numbers = job.parameters["synthesis"]
    table = synthesize(**numbers, seed=job.seed, out_dir=job.folder, progress=job.progress)
    return summarize(pd.read_parquet(table))


def summarize(table: pd.DataFrame) -> dict:
    """Quality of a table beside the measurements (`trinity.synthesis.report.quality_report`)."""
    from trinity.synthesis.report import quality_report

    return quality_report(table, load_measurements())
