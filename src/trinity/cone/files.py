"""Cases as users write them, alone or in files: slips that would pass in silence are looked for.

A slip is a misspelt field, for which a default would be taken, or one that stands where nothing
reads it.
"""

import json
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from trinity.cone import simulate as cone
from trinity.cone.case import BESIDE, WOOL
from trinity.cone.curve import Bare
from trinity.errors import InputError
from trinity.files import read_json, write_atomic

#: Fields that `check` reads of each part of a case; others are remarks of the writer's.
FIELDS = {
    "case": "thickness_m irradiance_w_m2 end_time_s initial_temperature_k ignition_timeout_s front "
    "components reactions initial_mass_fractions heat_of_combustion_j_kg flaming_efficiency "
    "critical_hrr_w_m2 critical_mass_flux_kg_m2_s critical_surface_temperature_k back "
    + " ".join(BESIDE.values()),
    "front": "h_w_m2_k h_after_ignition_w_m2_k gas_temperature_k surroundings_temperature_k "
    "flame_heat_flux_w_m2",
    "back": " ".join(("type emissivity", *BESIDE, *WOOL)),
    "components": "density_kg_m3 conductivity_w_m_k specific_heat_j_kg_k emissivity "
    "absorption_coefficient_1_m",
    "reactions": "reactant product order A_1_s E_j_mol solid_yield threshold_temperature_k "
    "heat_of_reaction_j_kg heat_of_combustion_j_kg",
}

#: Fields that a back of each type reads.
OF_BACK = {
    "insulated": (),
    "fixed temperature": ("temperature_k",),
    "convection and radiation": ("gas_temperature_k", "h_w_m2_k", "emissivity"),
    "air gap": ("thickness_m", "conductivity_w_m_k", "gas_temperature_k", "emissivity"),
    "ceramic wool": (*WOOL, "gas_temperature_k", "h_w_m2_k", "emissivity"),
}
PLAIN = {"type", "order", "product"}  # words that a remark may be called by


def simulate(case: dict, curves: bool = False, numerics: cone.Numerics = cone.DEFAULT) -> dict:
    """Burn one specimen in the cone calorimeter.

    Parameters
    ----------
    case : dict
        Schema of ``data/reference/cone_reference_cases.json`` and its extras (book, "Physics").
    curves : bool
        Add ``curves``: a dict of arrays, one row per time step (`trinity.cone.run.Row`).
    numerics : Numerics
        The default, or `trinity.cone.simulate.FINE` for a converged result about fifty times
        slower.

    Returns
    -------
    dict
        Every field of `trinity.cone.curve.Bare` (NaN where an event never happened), then of
        `trinity.cone.run.Diagnostics`.

    Raises
    ------
    InputError
        One sentence that names the field, its value and the accepted range, or a slip.

    Examples
    --------
    >>> slab = {"density_kg_m3": 1190.0, "conductivity_w_m_k": 0.2,
    ...         "specific_heat_j_kg_k": 1800.0, "emissivity": 0.9}
    >>> burning = {"reactant": "slab", "product": None, "A_1_s": 8.5e12, "E_j_mol": 188e3,
    ...            "solid_yield": 0.0, "heat_of_reaction_j_kg": 0.9e6,
    ...            "heat_of_combustion_j_kg": 25e6}
    >>> case = {"thickness_m": 0.006, "irradiance_w_m2": 50e3, "end_time_s": 600.0,
    ...         "front": {"h_w_m2_k": 10.0}, "back": "insulated",
    ...         "components": {"slab": slab}, "reactions": [burning]}
    >>> 20 < simulate(case)["t_ig_s"] < 60
    True
    """
    if slip := misspelt(case):
        raise InputError(slip)
    return cone.simulate(case, curves, numerics)


def read_cases(path: str | Path) -> list:
    """The list ``cases`` of a JSON file, which may hold NaN; `InputError` without one."""
    data = read_json(Path(path), nan=True)
    cases = data.get("cases") if isinstance(data, dict) else data
    if not isinstance(cases, list) or not cases:
        raise InputError(f"{path} holds no cases; it must be an object with a list named cases.")
    return cases


def simulate_file(in_path, out_path, curves_dir=None, strict: bool = False) -> list[dict]:
    """``trinity simulate``: cases from one JSON file, results to another, in input order.

    A field that looks misspelt makes a case bad. The curves of every good case go to
    ``<index>.csv`` in ``curves_dir``: a column per field of `Row`, a row per time step. With
    ``strict`` nothing is written when a case is bad. Returns the results: of each case its ``id``
    and its numbers, or ``error``. A slab that ignites at once has no growth rate of fire (null).

    Raises InputError when the file cannot be used at all, or ``strict`` and a case is bad.
    """
    cases = read_cases(in_path)
    slips = [misspelt(case) for case in cases]
    if strict and any(slips):
        i = next(filter(slips.__getitem__, range(len(slips))))
        raise InputError(f"Case {i}: {slips[i]}")
    whole = [None if slip else case for case, slip in zip(cases, slips, strict=True)]
    found = cone.simulate_batch(whole, strict=strict)
    found["figra_kw_m2_s"][found["t_ig_s"] <= 0.0] = np.nan  # the peak over no time at all
    bare = np.stack([found[name] for name in Bare._fields], axis=1)
    rows = np.where(np.isfinite(bare), bare, None).tolist()
    errors = [slip or error for slip, error in zip(slips, found["error"], strict=True)]
    results = []
    for i, (case, row, error) in enumerate(zip(cases, rows, errors, strict=True)):
        name = case.get("id", i) if isinstance(case, dict) else i
        name = name if isinstance(name, str | int) else i  # NaN is no JSON
        numbers = {"error": error} if error else zip(Bare._fields, row, strict=True)
        results.append({"id": name, **dict(numbers)})
        if curves_dir is not None and not error:
            import pandas as pd

            table = pd.DataFrame(cone.simulate(case, curves=True)["curves"])
            text = table.to_csv(index=False, float_format="%.8g", lineterminator="\n")
            write_atomic(Path(curves_dir) / f"{i:05d}.csv", text)
    write_atomic(out_path, json.dumps({"results": results}))
    return results


def misspelt(case: object) -> str | None:
    """One sentence on the first field that looks like a misspelt one of `FIELDS`, or that the back
    of its type does not read; else None."""
    if not isinstance(case, dict):
        return None
    components, reactions = case.get("components"), case.get("reactions")
    parts = [("", "case", case), *((f"{k}.", k, case.get(k)) for k in ("front", "back"))]
    if isinstance(components, dict):
        parts += [(f"components.{name}.", "components", of) for name, of in components.items()]
    if isinstance(reactions, list):
        parts += [(f"reactions[{j}].", "reactions", of) for j, of in enumerate(reactions)]
    for where, part, values in parts:
        for name in values if isinstance(values, dict) else ():
            if fault := _slip(name, part, values):
                return f"{where}{name} {fault}"
    for j, step in enumerate(reactions if isinstance(reactions, list) else ()):
        for key in ("reactant", "product"):
            named = step.get(key) if isinstance(step, dict) else None
            if not isinstance(named, str | None):
                return f"reactions[{j}].{key} is {named!r}; it must be the name of a component."
    return _unread(case.get("back"))


def _unread(back: object) -> str | None:
    """A sentence on a field that a back of this type does not read; null is as good as absent."""
    kind = back.get("type") if isinstance(back, dict) else None
    kind = kind if isinstance(kind, str) else ""
    kind = next((known for known in OF_BACK if kind.startswith(known)), None)
    for name in FIELDS["back"].split() if kind else ():
        if back.get(name) is not None and name not in ("type", *OF_BACK[kind]):
            reads = ", ".join(OF_BACK[kind]) or "no other field"
            return f"back.{name} is not read by the back {kind!r}, which reads {reads}."
    return None


def _slip(name: str, part: str, values: dict) -> str | None:
    """What a field that nothing reads was probably meant to be, as the end of a sentence; None for
    a remark: a known field with more words behind it, or one whose likeness is given, too."""
    known = FIELDS[part].split()
    if name in known or any(name.startswith(f"{field}_") for field in known):
        return None
    own = {beside: field for field, beside in BESIDE.items()}.get(name) if part == "back" else None
    homes = [other for other, fields in FIELDS.items() if name in set(fields.split()) - PLAIN]
    if homes and not own:
        return f"belongs in {' or '.join(homes)}; it is not read here."
    words = set(name.casefold().split("_"))
    near = get_close_matches(name.casefold(), [field.casefold() for field in known], 1, 0.8)
    meant = own or next(
        (
            field
            for field in known
            if field.casefold() in near
            or (len(words) > 1 and words < set(field.casefold().split("_")))
        ),
        None,
    )
    return None if meant is None or meant in values else f"is no field; did you mean {meant}?"
