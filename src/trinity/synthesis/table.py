"""Synthetic table: hypothetical polymers, sampled properties and conditions, burnt in the cone.

The work is cut into chunks of polymers. A chunk's random stream depends on the seed and its number
alone, and its result is one file, so that chunks may be computed anywhere, twice, or after an
interruption, and the table has the same bytes.
"""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pyarrow
import pyarrow.parquet as pq
from tqdm import tqdm

from trinity.chemistry import properties, sampling
from trinity.chemistry.decomposition import measured_keys
from trinity.cone import specimen
from trinity.cone.curve import LAG_S
from trinity.cone.simulate import simulate_batch
from trinity.errors import InputError
from trinity.files import only_run, write_atomic
from trinity.lineage import source_hash
from trinity.provenance import make_stamp
from trinity.synthesis.generator import client_of, computed, generate_polymers

FLUX_KW_M2 = (15.0, 100.0)  # log-uniform: below it little ignites, above it no cone is run
THICKNESS_MM = (1.0, 30.0)  # log-uniform: films to the thickest measured specimen (27 mm)
BACKS = {"insulated": "insulated", "ceramic wool": {"type": "ceramic wool"}}
POLYMERS_PER_CHUNK = 100  # some seconds of work: little to lose, little to schedule
PARTS_PER_ROW_GROUP = 100
IN_PROCESS = 2  # up to so many chunks, starting workers costs more than it saves
TABLE, PARTS, RUN, POLYMERS = "synthetic.parquet", "parts", "_run.json", "polymers.parquet"
DATA = ("generator", "groups", "reference", "measurements", "polymers_real.csv")
LABELS = ("t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2", "mean_hrr_180s_kw_m2")
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
        **{name: _number(0, 1e5, nullable=True) for name in LABELS},
        "residue_fraction": _number(-1e-6, 1 + 1e-6),
    },
    checks=pa.Check(lambda table: (table["t_ig_s"].notna() == table["ignited"]).all()),
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

    Returns the path of ``synthetic.parquet``, whose columns are those of `SCHEMA` and every sampled
    parameter. Raises InputError if a number is not positive, the folder cannot be written or holds
    a run with other parameters, or no scheduler answers.
    """
    for name, value in (("polymers", n_polymers), ("conditions", conditions_per_polymer)):
        if value < 1:
            raise InputError(f"The number of {name} is {value}; ask for at least 1.")
    if seed < 0:
        raise InputError(f"The seed is {seed}; it must be 0 or more.")
    with only_run(out_dir):
        return _synthesize(
            n_polymers, conditions_per_polymer, seed, Path(out_dir), scheduler, progress
        )


def _synthesize(
    n_polymers: int,
    conditions_per_polymer: int,
    seed: int,
    out: Path,
    scheduler: str | None,
    progress: bool,
) -> Path:
    """`synthesize`, while no other run fills the folder."""
    parameters = {"n_polymers": n_polymers, "conditions_per_polymer": conditions_per_polymer}
    program = source_hash("trinity.synthesis.table")
    _claim(out, make_stamp("synthetic table", program, DATA, parameters, [seed]))
    table = out / TABLE
    if table.exists():
        shutil.rmtree(out / PARTS, ignore_errors=True)  # killed after the joining
        return table
    n_chunks = -(-n_polymers // POLYMERS_PER_CHUNK)
    missing = [k for k in range(n_chunks) if not _part(out, k).exists()]
    with client_of(scheduler, len(missing) if len(missing) > IN_PROCESS else 0) as client:
        polymers = _polymers(out, n_polymers, seed, client, progress)
        threads = 1 if client else None  # a worker process has one core, this one has all
        size = POLYMERS_PER_CHUNK
        tasks = [
            (polymers.iloc[k * size : (k + 1) * size], k, conditions_per_polymer, seed, threads)
            for k in missing
        ]
        done = n_polymers - sum(len(chunk) for chunk, *_ in tasks)
        with tqdm(total=n_polymers, initial=done, disable=not progress, unit="polymer") as bar:
            contents = computed(client, make_part, tasks)
            for (chunk, k, *_), content in zip(tasks, contents, strict=True):
                write_atomic(_part(out, k), content)
                bar.update(len(chunk))
    join_parts(out, n_chunks)
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
    if found != stamp:
        held = "of another version of the program or its data"
        for what in ("seeds", "parameters"):
            if found.get(what) != stamp[what]:
                held = f"with {what} {found.get(what)} and not {stamp[what]}"
        raise InputError(f"{out} holds a run {held}; name another folder or delete it.")


def _polymers(out: Path, n: int, seed: int, client, progress: bool) -> pd.DataFrame:
    """The polymers of the run, kept beside the parts so that a restart need not draw them again."""
    path = out / PARTS / POLYMERS
    if path.exists():
        return pd.read_parquet(path)
    table = generate_polymers(n, seed, client=client, progress=progress)
    table = table[["psmiles", "key", "family"]]
    table.insert(0, "polymer_id", np.arange(n))
    # They may be in the table, with physics labels: a training that must not see them leaves out
    # the rows whose column ``measured`` is true.
    table["measured"] = table["key"].isin(measured_keys())
    write_atomic(path, table.to_parquet(compression="zstd", index=False))
    return table


def make_part(
    polymers: pd.DataFrame, k: int, conditions: int, seed: int, threads: int | None = 1
) -> bytes:
    """Rows of chunk ``k`` of the polymers as Parquet bytes, a function of the arguments alone.

    Draws that the cone model refuses have no row.
    ``threads`` burn the cases, None: as many as there are cores; they change no byte.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(k,)))
    blocks, cases = [], []
    for row in polymers.itertuples(index=False):
        drawn = sampling.sample_parameters(properties.estimate(row.psmiles), conditions, rng)
        block = {
            "flux_kw_m2": np.exp(rng.uniform(*np.log(FLUX_KW_M2), conditions)),
            "thickness_mm": np.exp(rng.uniform(*np.log(THICKNESS_MM), conditions)),
            "back": np.array(list(BACKS), dtype=object)[rng.integers(len(BACKS), size=conditions)],
            "draw": np.arange(conditions),
        }
        cases += [
            specimen.to_case(drawn, i, flux, thickness, BACKS[back], f"{row.polymer_id}/{i}")
            for flux, thickness, back, i in zip(*block.values(), strict=True)
        ]
        blocks.append(pd.DataFrame(row._asdict() | block | drawn))
    labels = simulate_batch(cases, lag_s=LAG_S, threads=threads)
    table = pd.concat(blocks, ignore_index=True).assign(
        ignited=np.isfinite(labels["rule_t_ig_s"]),
        residue_fraction=labels["residue_fraction"],
        **{name: labels[f"rule_{name}"] for name in LABELS},
    )[[*SCHEMA.columns, *drawn]]
    table = table[np.equal(labels["error"], None)]  # a slab that burns all at once tells nothing
    single = table.select_dtypes("float64").columns.difference(DOUBLE)  # it halves the file
    table = SCHEMA.validate(table.astype(dict.fromkeys(single, "float32")))
    return table.to_parquet(compression="zstd", index=False)


def join_parts(out: Path, n_chunks: int) -> None:
    """One file of all parts in order, the stamp in its metadata; the parts are then removed.

    An InputError, and the parts stay, if the file does not hold their rows.
    """
    half = out / f".{TABLE}.part"
    schema = pq.read_schema(_part(out, 0))
    stamp = (out / RUN).read_bytes()
    schema = schema.with_metadata({**(schema.metadata or {}), b"trinity": stamp})
    with pq.ParquetWriter(half, schema, compression="zstd") as writer:
        for start in range(0, n_chunks, PARTS_PER_ROW_GROUP):
            numbers = range(start, min(start + PARTS_PER_ROW_GROUP, n_chunks))
            joined = pyarrow.concat_tables(pq.read_table(_part(out, k)) for k in numbers)
            writer.write_table(joined.cast(schema), row_group_size=joined.num_rows)
    rows = sum(pq.read_metadata(_part(out, k)).num_rows for k in range(n_chunks))
    if pq.read_metadata(half).num_rows != rows:
        half.unlink()
        raise InputError(f"The parts in {out} changed while they were joined; start again.")
    os.replace(half, out / TABLE)
    shutil.rmtree(out / PARTS)
