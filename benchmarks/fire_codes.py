"""What the exported cases give in the codes that they are written for.

``python -m benchmarks.fire_codes --gpyro PATH --fds PATH`` runs the reference cases, a mixture and
others in Gpyro 0.82 and FDS 6.2, compares their mass loss with that of the cone model, and writes
the record. Takes some minutes.

Both are built with gfortran from github.com/reaxfire/gpyro (targets ``gnu_linux`` of its two
makefiles). Its FDS carries Gpyro and reads a ``gpyro.data``, which this command puts beside; two
places keep it from running a case of its own: in ``main.f90`` the index of the loop over
``ANG_INC_COUNTER`` is changed inside the loop (another index, copied, will do), and in ``wall.f90``
the block that calls ``PYROLYSIS_CWL`` must be left out where no wall cell is Gpyro's.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from trinity_book import records
from trinity_book.studies.validation.cases import reference_cases

from trinity.cone import simulate as cone
from trinity.cone.export import to_fds, to_gpyro

#: Of each code the names of its input and output, the lines to skip in the output, and the factor
#: to g/m2/s of its second column.
CODES = {
    "gpyro": ("gpyro.data", "cone_summary_01_0001.csv", 1, 1.0),
    "fds": ("cone.fds", "cone_devc.csv", 2, 1e3),
}


def cases() -> list[dict]:
    """The reference cases, and what is easily exported wrong: order, mixtures, surroundings."""
    pmma = {**reference_cases()[0], "end_time_s": 600.0}
    (virgin,) = pmma["components"].values()
    (step,) = pmma["reactions"]
    char = {**virgin, "density_kg_m3": 250.0}
    return [
        *reference_cases(),
        pmma | {
            "id": "char listed first", "components": {"char": char, "virgin": virgin},
            "reactions": [{**step, "product": "char", "solid_yield": 0.2}],
        },
        pmma | {
            "id": "mixture", "components": {"p": virgin, "q": {**virgin, "density_kg_m3": 900.0}},
            "reactions": [{**step, "reactant": name} for name in "pq"],
            "initial_mass_fractions": {"p": 0.5, "q": 0.5},
        },
        pmma | {"id": "room at 293 K", "initial_temperature_k": 293.15,
                "front": {"h_w_m2_k": 10.0}},
        pmma | {"id": "gas at 1300 K", "irradiance_w_m2": 0.0,
                "front": {"h_w_m2_k": 30.0, "gas_temperature_k": 1300.0}},
    ]  # fmt: skip


def scalars(time_s: np.ndarray, flux: np.ndarray) -> dict[str, float]:
    """Peak [g/m2/s] of a mass loss, time [s] to 1 g/m2/s, and what was lost [kg/m2].

    The peak is taken before 98 % of that is gone; `trinity.cone.curve.read_bare` takes 98 % of the
    volatiles, which is the same of a specimen that has burnt out.
    """
    i = int(np.argmax(flux >= 1.0))
    first = np.interp(1.0, flux[i - 1 : i + 1], time_s[i - 1 : i + 1])
    lost = 1e-3 * np.cumsum(np.append(0.0, 0.5 * np.diff(time_s) * (flux[1:] + flux[:-1])))
    return {
        "peak": flux[lost < 0.98 * lost[-1]].max(),
        "time_to_1": first,
        "lost": lost[-1],
    }


def ours(case: dict) -> dict[str, float]:
    """The same of the cone model."""
    found = cone.simulate(case)
    return {
        "peak": 1e3 * found["peak_mass_loss_rate_kg_m2_s"],
        "time_to_1": found["time_to_1_g_m2_s"],
        "lost": found["mass_lost_kg_m2"],
    }


def theirs(code: str, program: Path, case: dict) -> dict[str, float]:
    """The same of a code that runs the exported case."""
    name, result, skipped, factor = CODES[code]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "gpyro.data").write_text(to_gpyro(case))
        (Path(folder) / "cone.fds").write_text(to_fds(case))
        subprocess.run([program, name], cwd=folder, check=True, capture_output=True)
        table = np.genfromtxt(Path(folder) / result, delimiter=",", skip_header=skipped)
    return scalars(table[:, 0], factor * table[:, 1])


def main() -> None:
    """Run, print, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for code in CODES:
        parser.add_argument(f"--{code}", type=Path)
    chosen = {code: path for code, path in vars(parser.parse_args()).items() if path}
    start, rows = time.perf_counter(), []
    for case in cases():
        row = {"case": case["id"], "ours": ours(case)}
        for code, path in chosen.items():
            found = theirs(code, path.resolve(), case)
            row[code] = {k: 100.0 * (v / row["ours"][k] - 1.0) for k, v in found.items()}
            shown = ", ".join(f"{k} {v:+.2f} %" for k, v in row[code].items())
            print(f"{case['id']:24s} {code:6s} {shown}", flush=True)
        rows.append(row)
    records.write(
        records.place("fire_codes"), {"rows": rows}, modules=["trinity.cone.export"],
        parameters={"codes": sorted(chosen)}, wall_time=time.perf_counter() - start,
    )  # fmt: skip


if __name__ == "__main__":
    main()
