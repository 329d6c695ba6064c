"""Numbers of the distilled networks for the pages: their scores, their teacher's, the clock's.

Nothing here imports torch.
"""

import json
from collections.abc import Iterator

from trinity.files import data_path

#: Arms of ``distillation.json``, as the names of the numbers have them.
ARMS = {"ensemble": "ensemble", "distilled": "all", "distilled_alone": "one"}
TARGETS = {"t_ig_s": "t_ig", "phrr_kw_m2": "phrr"}
#: Ways of ``prediction_speed.json``.
RATES = {
    "the ensemble": "ensemble",
    "its distilled networks": "all",
    "one distilled network": "one",
}


def numbers() -> dict[str, str]:
    """Every number by its name, as text; all names begin with ``fast_``."""
    found = _read("distillation.json")
    return dict((*_scores(found), *_fidelity(found), *_speed()))


def _read(name: str) -> dict:
    return json.loads(data_path("artifacts", "results", name).read_text(encoding="utf-8"))


def _scores(found: dict) -> Iterator[tuple[str, str]]:
    """Error factors on left-out groups with 95 % intervals over groups, coverage, weights."""
    for row in found["scores"]["scores"]:
        if row["target"] in TARGETS:
            name = f"{TARGETS[row['target']]}_{ARMS[row['arm']]}"
            low, high = row["gmfe_low"], row["gmfe_high"]
            yield f"fast_factor_{name}", f"{row['gmfe']:.2f} ({low:.2f} to {high:.2f})"
            low, high = 100 * row["coverage_low"], 100 * row["coverage_high"]
            yield f"fast_coverage_{name}", f"{100 * row['coverage']:.0f} ({low:.0f} to {high:.0f})"
            yield f"fast_score_{name}", f"{row['interval_score']:.2f}"
    difference = next(r for r in found["scores"]["comparisons"] if r["other"] == "ensemble")
    for name in ("difference", "low", "high"):
        yield f"fast_{name}", f"{difference[name]:+.3f}"
    yield "fast_p", f"{difference['p_sign_flip']:.2f}"
    yield "fast_weights", f"{found['parameters']:,}"


def _fidelity(found: dict) -> Iterator[tuple[str, str]]:
    """Typical factors between students and teacher on polymers that no student has read."""
    fidelity = found["fidelity"]
    yield "fast_unseen", f"{fidelity['polymers']:,}"
    for kind in ("one", "all", "cut", "width"):
        for target, short in TARGETS.items():
            yield f"fast_{kind}_{short}", f"{fidelity[kind][target]:.2f}"


def _speed() -> Iterator[tuple[str, str]]:
    """Polymers a second of two cores, rows alone."""
    rates = _read("prediction_speed.json")["rates"]
    for way, name in RATES.items():
        yield f"fast_rate_{name}", f"{rates[way]:,.0f}"
