"""Numbers that the prose of the book names, computed when the pages are built.

A page writes ``{{ n_tests }}``; the Sphinx extension ``book/extensions/computed_numbers.py`` puts
in what `substitutions` finds in the data and the results files. Nothing here imports torch.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from trinity.files import data_path
from trinity.pipeline import scales
from trinity_book import distilled_numbers, notebooks

WORDS = "no one two three four five six seven eight nine ten eleven twelve".split()
TARGETS = {"t_ig": "t_ig_s", "phrr": "phrr_kw_m2"}
ARMS = ("two_phase", "phase1_only", "physics_only", "direct", "random_forest", "gaussian_process")


def word(number: int) -> str:
    """A small whole number as a word."""
    return WORDS[number] if number < len(WORDS) else str(number)


def _results(name: str) -> dict:
    return json.loads(data_path("artifacts", "results", name).read_text(encoding="utf-8"))


def substitutions() -> dict[str, str]:
    """Every number by its name, as text."""
    found, fast = {}, distilled_numbers.numbers()
    for part in (_measured(), _learned(), _scored(), _costs(), _course(), _answered(), fast):
        found.update(part)
    return found


def _measured() -> Iterator[tuple[str, str]]:
    tests = pd.read_csv(data_path("measurements", "cone_measurements.csv"))
    folds = pd.read_csv(data_path("folds.csv"))
    groups = folds["group_nine"].nunique() if "group_nine" in folds else len(folds)
    yield "n_tests", str(len(tests))
    yield "n_polymers", str(tests["polymer"].nunique())
    yield "n_polymers_word", word(tests["polymer"].nunique())
    yield "n_groups_word", word(groups)
    yield "n_training_groups_word", word(groups - 1)
    yield "sign_patterns", str(2**groups)
    yield "smallest_p", f"{2 / 2**groups:.4f}"
    missing = int(tests["t_ig_s"].isna().sum())
    yield "n_without_ignition_word", word(missing)
    yield "n_laboratories_word", word(tests["lab"].nunique())


def _learned() -> Iterator[tuple[str, str]]:
    model = data_path("artifacts", "models", "language_model", "config.json")
    config = json.loads(model.read_text(encoding="utf-8"))
    yield "vocabulary", str(config["vocab_size"])
    yield "layers_word", word(config["num_hidden_layers"])
    yield "width", str(config["hidden_size"])
    phase0, synthesis, phase1 = map(_results, ("phase0.json", "synthesis.json", "pretraining.json"))
    yield "million_weights", f"{phase0['parameters'] / 1e6:.2f}"
    yield "n_synthetic_rows", f"{synthesis['rows']:,}"
    yield "n_synthetic_polymers", f"{synthesis['polymers']:,}"
    yield "n_members_word", word(phase1["members"])
    numbers = scales.section(scales.PUBLISHED, "evaluation")
    yield "candidates", str(numbers["candidates"])


def _scored() -> Iterator[tuple[str, str]]:
    for row in _results("lopo.json")["scores"]["nine"]["scores"]:
        for short, target in TARGETS.items():
            if row["arm"] in ARMS and row["target"] == target:
                yield f"{row['arm']}_{short}", f"{row['gmfe']:.2f}"


def _costs() -> Iterator[tuple[str, str]]:
    """Minutes and memory of the make targets, as they were measured."""
    for target, cost in _results("costs.json")["costs"].items():
        yield f"minutes_{target}", str(cost["minutes"])
        yield f"memory_{target}", str(cost["memory_gb"])


def _course() -> Iterator[tuple[str, str]]:
    """Counts of exercises and the time that their solutions took when they were executed."""
    sources = notebooks.solutions()
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    yield "n_exercises", str(len(re.findall(r"^# ## \d+\. ", text, re.MULTILINE)))
    yield "n_exercise_pages_word", word(len(sources))
    yield "seconds_solutions", f"{sum(map(_wall_time, sources)):.0f}"
    yield "seconds_notebooks", f"{sum(map(_wall_time, notebooks.sources().values())):.0f}"


def _answered() -> Iterator[tuple[str, str]]:
    """How long the page "Try your polymer" took, from its load and for a change of the form."""
    found = _results("first_answer.json")
    yield "try_first_s", f"{found['first_median_ms'] / 1000:.1f}"
    yield "try_slowest_s", f"{max(found['first_ms']) / 1000:.1f}"
    yield "try_times_word", word(len(found["first_ms"]))
    yield "try_later_ms", str(found["later_longest_ms"])


def _wall_time(source: Path) -> float:
    executed = source.with_suffix(".ipynb")
    if not executed.is_file():
        return 0.0
    stamp = json.loads(executed.read_text(encoding="utf-8"))["metadata"].get("trinity", {})
    return float(stamp.get("wall_time", 0.0))
