"""Files of the bare solver: cases in, results and curves out."""

import re
from pathlib import Path

import orjson

from trinity.errors import InputError
from trinity.files import write_atomic

MAX_CASES = 1_000_000


def run_cases(document: object, with_curves: bool = False) -> list[dict]:
    """Simulate each case of a document ``{"cases": [...]}``, in order.

    Returns
    -------
    list[dict]
        One result a case: ``id`` and the quantities of `trinity.cone.simulate`, or ``id`` and
        ``error``, one sentence. With curves, ``curve`` holds columns of equal length.

    Raises
    ------
    InputError
        If the document as a whole is not such a list.
    """
    return [_run(case, number, with_curves) for number, case in enumerate(_cases_of(document))]


def _cases_of(document: object) -> list:
    cases = document.get("cases") if isinstance(document, dict) else document
    if not isinstance(cases, list):
        raise InputError('The file has no list of cases; it must look like {"cases": [{...}, ...]}.')
    if not cases:
        raise InputError("The list of cases is empty; give at least one case.")
    if len(cases) > MAX_CASES:
        raise InputError(f"The file has {len(cases)} cases; split it, {MAX_CASES} are the limit.")
    return cases


def _run(case: object, number: int, with_curves: bool) -> dict:
    from trinity import cone

    name = case.get("id", number) if isinstance(case, dict) else number
    try:
        if not isinstance(case, dict):
            raise InputError(f"Case {number} is not an object; each case has names and values.")
        return {"id": name, **cone.simulate(case, curves=with_curves)}
    except InputError as error:
        return {"id": name, "error": str(error)}


def without_curve(result: dict) -> dict:
    """The result without its curve."""
    return {key: value for key, value in result.items() if key != "curve"}


def write_results(results: list[dict], out: Path, curves: Path | None = None) -> None:
    """Write ``{"results": [...]}`` and, if a folder is named, one CSV of the curve a case."""
    if curves is not None:
        for number, result in enumerate(results):
            if "curve" in result:
                write_atomic(curves / _curve_name(result["id"], number), _csv(result["curve"]))
    rows = {"results": [without_curve(result) for result in results]}
    options = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
    write_atomic(out, orjson.dumps(rows, option=options))


def _curve_name(name: object, number: int) -> str:
    """A file name that cannot leave its folder; the number keeps equal names apart."""
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", str(name)).strip(".")[:80]
    return f"{number:04d}_{safe or 'case'}.csv"


def _csv(curve: dict) -> str:
    lines = [",".join(curve)]
    lines += [",".join(f"{value:.6g}" for value in row) for row in zip(*curve.values(), strict=True)]
    return "\n".join(lines) + "\n"
