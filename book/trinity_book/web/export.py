"""What the page "Try your polymer" computes with: ``python -m trinity_book.web.export``.

Writes into ``book/try/data``: ``tables.json`` (`web.tables`, and the provenance of all),
``encoder.onnx.gz`` (token ids -> embeddings of every distilled network), ``head.onnx.gz``
(embeddings and conditions -> what each says) and ``seen.bin.gz`` (fingerprints of the polymers
seen). Needs onnx and onnxscript: ``uv pip install --group web`` in the checkout.
"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from trinity.cli.shown import figures
from trinity.errors import InputError
from trinity.files import data_path, data_root, read_json, write_atomic
from trinity.lineage import source_hash
from trinity.provenance import make_stamp, timed_block
from trinity.quantities import TARGETS
from trinity_book.web.tables import tables

#: What decides the exports, and what the page's scripts repeat by hand (imported by these).
MODULES = (
    "trinity_book.web.tables",
    "trinity_book.web.graphs",
    "trinity.cone.coordinates",
    "trinity.learning.answer:settled",
    "trinity.learning.data:spellings_of",
)
DATA = (
    "groups", "reference", "measurements/cone_measurements.csv", "polymers_real.csv", "names.csv",
)  # fmt: skip
MODEL = "artifacts/models/distilled"
#: What stands on the page where nothing can be computed: repeat unit, kW/m2, mm.
EXAMPLE = ("*CC(*)c1ccccc1", 50.0, 6.0)
ANSWERS = {
    "t_ig_s": "ignition (s)",
    "phrr_kw_m2": "peak HRR (kW/m²)",
    "t_peak_s": "time of peak (s)",
    "thr_mj_m2": "total heat (MJ/m²)",
}


def folder() -> Path:
    """Where the page's files are in a checkout."""
    return data_root().parent / "book" / "try" / "data"


def stamp() -> dict:
    """What decides the exports, as it is now; needs neither torch nor onnx."""
    return make_stamp("web_export", source_hash(*MODULES), (*DATA, MODEL), {})


def model_tables(model: Path) -> dict:
    """What the page must know of the ensemble beside its graphs."""
    from trinity.cone import coordinates
    from trinity.learning.encoder import ATTACHMENT, MAX_TOKENS, PATTERN, VOCABULARY
    from trinity.learning.loop import member_folders
    from trinity.learning.model import load_model
    from trinity.prediction.folder import MARGIN

    about = read_json(model / "ensemble.json")
    return {
        "name": about["name"],
        "least_similarity": about["least_similarity"],
        "measured": about["measured"],
        "margin": MARGIN,
        "widths": [about["quantile_new"]] * len(TARGETS),
        "ordered": load_model(member_folders(model)[0]).scalers.ordered,
        "fluxes": coordinates.FLUXES_KW_M2.tolist(),
        "shares": coordinates.SHARES,
        "shortest_delay_s": coordinates.SHORTEST_DELAY_S,
        "least_slope": coordinates.LEAST_SLOPE,
        "logits": coordinates.LOGITS,
        "targets": TARGETS,
        "vocabulary": VOCABULARY,
        "pattern": PATTERN,
        "attachment": ATTACHMENT,
        "max_tokens": MAX_TOKENS,
        "spellings": 0,
    }


def write(out: Path, model: Path) -> list[Path]:
    """Write the four files into ``out``; returns their paths. An InputError says that the model
    folder or the optional packages are missing."""
    try:
        from trinity_book.web.graphs import encoder_graph, head_graph
    except ImportError as error:
        raise InputError(
            f"The export needs {error.name}; run uv pip install --group web in the checkout."
        ) from error
    with timed_block(stamp()) as block:
        graphs = {"encoder": encoder_graph(model), "head": head_graph(model)}
        document = {"model": model_tables(model), **tables()}
        seen = load_file(model / "domain.safetensors")["fingerprints"].astype(np.uint8)
    write_static(out.parent, model)
    written = [write_atomic(out / f"{name}.onnx.gz", packed(g)) for name, g in graphs.items()]
    written.append(write_atomic(out / "seen.bin.gz", packed(seen.tobytes())))
    text = json.dumps({"provenance": block, **document}, separators=(",", ":"))
    return [*written, write_atomic(out / "tables.json", text + "\n")]


def write_static(out: Path, model: Path) -> list[Path]:
    """What a browser without JavaScript shows: the curve of polystyrene, and its answers."""
    from trinity.cone import predict as cone_test
    from trinity.prediction.predict import predict

    test = cone_test.predict(*EXAMPLE)
    psmiles, flux_kw_m2, thickness_mm = EXAMPLE
    (learned,) = predict([psmiles], flux_kw_m2, thickness_mm, model=model, fast=True)
    cone_test.draw(test, out / "static.svg")
    table = static_table(learned, test.to_dict())
    return [out / "static.svg", write_atomic(out / "static_table.html", table)]


def static_table(learned: dict, simulated: dict) -> str:
    """The table of answers that the page's script fills, with its numbers."""

    def cells(answer: dict, name: str) -> str:
        value, low, high = (figures(answer[key]) for key in (name, f"{name}_lo", f"{name}_hi"))
        return f"<td>{value}</td><td>{low} to {high}</td>"

    rows = "".join(
        f'<tr><th scope="row">{text}</th>{cells(learned, name)}{cells(simulated, name)}</tr>\n'
        for name, text in ANSWERS.items()
    )
    columns = ("model", "90 %", "physics alone", "90 %")
    head = "".join(f'<th scope="col">{text}</th>' for text in columns)
    return f"<table>\n<thead><tr><td></td>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table>\n"


def packed(raw: bytes) -> bytes:
    """Compressed, the same bytes at every call; the browser unpacks it."""
    return gzip.compress(raw, mtime=0)


if __name__ == "__main__":
    try:
        for path in write(folder(), data_path(MODEL)):
            print(f"{path.relative_to(data_path().parent)}: {path.stat().st_size / 1e6:.2f} MB")
    except InputError as error:
        sys.exit(f"Error: {error}")
