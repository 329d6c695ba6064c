"""Results measured beside the pipeline: how much abuse it survives, what audits say, what it costs.

They are results files like those of the stages, in ``data/artifacts/results``. Their provenance
block also names the modules and data that they are about, so that `differences` can tell whether
these are still the same.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from trinity import provenance
from trinity.errors import InputError
from trinity.files import data_path, json_hash, read_json, write_atomic
from trinity.lineage import file_of, source_hash


def place(name: str) -> Path:
    """Where the record of that name is kept."""
    return data_path("artifacts", "results", f"{name}.json")


def read(name: str) -> dict:
    """The record of that name; an InputError if it was never made."""
    path = place(name)
    if not path.is_file():
        raise InputError(
            f"The record {path.name} is missing; a command in benchmarks/ or tools/ makes it."
        )
    return read_json(path)


def write(
    path: Path,
    results: dict,
    *,
    modules: Iterable[str] = (),
    data: Iterable[str] = (),
    parameters: dict | None = None,
    seeds: Iterable[int] = (),
    wall_time: float = 0.0,
) -> Path:
    """Write a record of what was measured with its provenance; the stem of ``path`` names it.

    ``modules`` (dotted) and ``data`` (files of the data directory) are what it is about;
    ``wall_time`` [s] is what it took.
    """
    about = {"modules": sorted(modules), "data": sorted(data)}
    code = source_hash(*about["modules"])
    stamp = provenance.make_stamp(path.stem, code, about["data"], parameters or {}, seeds)
    with provenance.timed_block(stamp) as block:
        pass
    block |= {**about, "wall_time": round(wall_time, 1), "output_hash": json_hash(results)}
    return write_atomic(path, json.dumps({"provenance": block, **results}, indent=1) + "\n")


def differences(path: Path) -> list[str]:
    """In what a record is not about today's code and data, or was changed (``output``); an
    InputError if the file has no provenance block, or a data file that it is about is gone."""
    block = provenance.read_block(path)
    gone = [m for m in block["modules"] if file_of(m.partition(":")[0]) is None]
    if gone:
        return [f"the module {gone[0]} is gone"]
    data, parameters, seeds = (block[key] for key in ("data", "parameters", "seeds"))
    code = source_hash(*block["modules"])
    today = provenance.make_stamp(path.stem, code, data, parameters, seeds)
    found = provenance.differences(block, today)
    return found + ["output"] * (block.get("output_hash") != json_hash(_bare(path)))


def kept(path: Path, parameters: dict) -> dict:
    """What a record holds that an interrupted run may take up: nothing if it is about other code,
    data or parameters."""
    if not path.is_file() or provenance.read_block(path)["parameters"] != parameters:
        return {}
    return {} if differences(path) else _bare(path)


def _bare(path: Path) -> dict:
    """The results of a record without its provenance."""
    return {key: value for key, value in read_json(path).items() if key != "provenance"}
