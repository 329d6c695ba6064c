"""The substitution table: every number that the prose of the book names, with its source.

A page writes ``{{ n_tests }}``; the Sphinx extension ``book/extensions/computed_numbers.py`` puts
in the text that ``book/generated/numbers.json`` holds for it, and so do the slides. That file is
written by `trinity_book.pages` from what `table` computes here. Nothing here imports torch.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd

from trinity import provenance
from trinity.evidence import factorial
from trinity.evidence.scores import primary_by_group
from trinity.files import data_path, read_json
from trinity.pipeline import stages
from trinity.quantities import CONDITIONS, PRIMARY
from trinity_book import notebooks, verdict

Numbers = Iterator[tuple[str, str]]

WORDS = "no one two three four five six seven eight nine ten eleven twelve".split()
SHORT = {"t_ig_s": "t_ig", "phrr_kw_m2": "phrr", "t_peak_s": "t_peak", "thr_mj_m2": "thr"}
ARMS = ("two_phase", "phase1_only", "physics_only", "direct", "random_forest", "gaussian_process")
#: Arms of ``distillation.json`` and rates of ``prediction_speed.json``, as the numbers name them.
DISTILLED = {"ensemble": "ensemble", "distilled": "all", "distilled_alone": "one"}
RATES = {
    "the ensemble": "ensemble",
    "its distilled networks": "all",
    "one distilled network": "one",
}
#: Assumed, and named by the model card: two busy cores of a server with their share of memory and
#: cooling; electricity near the mean of the world's grids.
WATT, CARBON_KG_KWH = 40.0, 0.45
#: Stages that the model does not rest on.
APART = ("validation", "second_property", "encoders", "slow_controls", "descents")
#: Result of each of the others -> its name in the model card.
STAGES = {one.results: name for name, one in stages.STAGES.items() if name not in APART}


def table() -> dict[str, dict]:
    """Every number by its name: its ``text``, and the files that it comes ``from``."""
    return {
        name: {"text": text, "from": list(sources)}
        for sources, part in PARTS
        for name, text in part(*map(_read, sources))
    }


def _read(source: str):
    if source.endswith(".csv"):
        return pd.read_csv(data_path(source))
    return read_json(data_path(source if "/" in source else f"artifacts/results/{source}"))


def word(number: int) -> str:
    """A small whole number as a word."""
    return WORDS[number] if number < len(WORDS) else str(number)


def _ranged(row: dict, name: str, digits: int = 2, factor: float = 1.0) -> str:
    """A score with its 95 % interval over groups in brackets."""
    value, low, high = (f"{factor * row[name + end]:.{digits}f}" for end in ("", "_low", "_high"))
    return f"{value} ({low} to {high})"


def _measured(tests: pd.DataFrame, folds: pd.DataFrame) -> Numbers:
    groups, polymers = folds["group_nine"].nunique(), tests["polymer"].nunique()
    yield "n_tests", str(len(tests))
    yield "n_cells", str(tests["cell"].nunique())
    yield "n_polymers", str(polymers)
    yield "n_polymers_word", word(polymers)
    for name in CONDITIONS:
        yield f"measured_{name}", f"{tests[name].min():.3g} to {tests[name].max():.3g}"
    yield "n_groups_word", word(groups)
    yield "n_training_groups_word", word(groups - 1)
    yield "sign_patterns", str(2**groups)
    yield "smallest_p", f"{2 / 2**groups:.4f}"
    yield "n_without_ignition_word", word(int(tests["t_ig_s"].isna().sum()))
    yield "n_laboratories_word", word(tests["lab"].nunique())


def _language_model(phase0: dict, config: dict) -> Numbers:
    yield "vocabulary", str(config["vocab_size"])
    yield "layers_word", word(config["num_hidden_layers"])
    yield "width", str(config["hidden_size"])
    yield "million_weights", f"{phase0['parameters'] / 1e6:.2f}"


def _synthesis(found: dict) -> Numbers:
    yield "n_synthetic_rows", f"{found['rows']:,}"
    yield "n_synthetic_polymers", f"{found['polymers']:,}"
    for target in PRIMARY:
        share = found["measured_within"][target]["share"]
        yield f"within_{SHORT[target]}", f"{100 * share:.0f} %"


def _scored(found: dict) -> Numbers:
    """Held-out error factors of each arm; those of the model that ships with their ranges."""
    for row in found["scores"]["nine"]["hidden"]["scores"]:
        name = SHORT[row["target"]]
        if row["arm"] in ARMS and row["target"] in PRIMARY:
            yield f"{row['arm']}_{name}", f"{row['gmfe']:.2f}"
        if row["arm"] == "two_phase":
            yield f"card_factor_{name}", _ranged(row, "gmfe")
            yield f"card_coverage_{name}", _ranged(row, "coverage", 0, 100)


def _endpoints(found: dict) -> Numbers:
    """Primary endpoint of each arm, laboratory hidden."""
    for row in found["scores"]["hidden"]["primary"]:
        yield f"arm_{row['arm']}", f"{row['mean_abs_ln']:.3f}"


def _not_said(found: dict) -> Numbers:
    """A sentence on what the first question leaves open: phase 1 beside itself without any
    measurement, and beside a description that has seen neither language nor simulations."""
    rows = pd.DataFrame(found["predictions"])
    error = primary_by_group(rows[(rows["study"] == "nine") & ~rows["lab_known"]])
    text = {}
    for arm, saver in (("phase1_only", "measuring"), ("gaussian_process", "phase 1")):
        apart = factorial.compared(error.loc["phase1"], error.loc[arm])
        interval = "{effect:+.3f}, {low:+.3f} to {high:+.3f}, p {p:.2f}".format(**apart)
        text[arm] = f"{error.loc[arm].mean():.3f} ({saver} saves {interval})"
    yield (
        "sentence_not_said",
        f"with measurements, phase 1 has an error of {error.loc['phase1'].mean():.3f}. Without any"
        f" measurement it has {text['phase1_only']}, and a Gaussian process on the composition,"
        f" which has seen neither language nor simulations, {text['gaussian_process']}. Both"
        " comparisons are exploratory and not corrected.",
    )


def _physics(found: dict) -> Numbers:
    """The three polymers for which the cone model with published inputs is farthest off."""
    for target in PRIMARY:
        errors = found["cone"]["informed"]["gmfe"][target]["by_polymer"]
        factors = pd.Series({name: one["gmfe"] for name, one in errors.items()}).nlargest(3)
        first, second, third = (f"{name} ({factor:.2f})" for name, factor in factors.items())
        yield f"informed_worst_{SHORT[target]}", f"{first}, {second} and {third}"
        share = found["coverage"]["targets"][target]["covered_by_groups"]
        yield f"physics_covers_{SHORT[target]}", f"{100 * share:.0f} %"


def _aims(found: dict) -> Numbers:
    """Error factors of all arms beside the goals of the plan, laboratory hidden, and how many arms
    reach both goals; the same of what milligrams give."""
    bars = factorial.plan()["bars"]
    rows = pd.DataFrame(found["scores"]["hidden"]["scores"])
    given = pd.DataFrame(found["studies"]["milligrams"]["given"]["scores"])
    for kind, scores in (("blind", rows), ("milligram", given)):
        goal = bars[f"goal_{kind}"]
        factors = scores.pivot(index="arm", columns="target", values="gmfe")[list(PRIMARY)]
        for target in PRIMARY:
            yield f"goal_{kind}_{SHORT[target]}", f"{goal[target]:.2f}"
            for arm, factor in factors[target].items():
                yield f"factor_{kind}_{arm}_{SHORT[target]}", f"{factor:.2f}"
        reached = (factors <= pd.Series(goal)).all(axis=1)
        yield f"arms_at_goal_{kind}", word(int(reached.sum())) if reached.any() else "none"
        yield f"arms_{kind}", str(len(factors))


def _training(*results: dict) -> Numbers:
    """Minutes of each stage as recorded; energy and carbon of all under the two assumptions."""
    minutes = [found["provenance"]["wall_time"] / 60 for found in results]
    for name, took in zip(STAGES.values(), minutes, strict=True):
        yield f"card_minutes_{name}", f"{took:.0f}" if took >= 1 else "under 1"
    energy = WATT / 1000 * sum(minutes) / 60  # kWh
    yield "card_watt", f"{WATT:.0f}"
    yield "card_carbon_factor", f"{CARBON_KG_KWH:.2f}"
    yield "card_minutes_all", f"{sum(minutes):.0f}"
    yield "card_energy", f"{energy:.2f}"
    yield "card_carbon", f"{1000 * CARBON_KG_KWH * energy:.0f}"


def _model(about: dict) -> Numbers:
    yield "card_members", str(about["members"])
    files = data_path("artifacts", "models", "phase2").rglob("*")
    size = sum(path.stat().st_size for path in files if path.is_file())
    yield "card_megabytes", f"{size / 1e6:.0f}"


def _targets(found: dict) -> Numbers:
    """Minutes and memory of the make targets, as they were measured."""
    for target, cost in found["costs"].items():
        yield f"minutes_{target}", str(cost["minutes"])
        yield f"memory_{target}", str(cost["memory_gb"])


def _course() -> Numbers:
    """Counts of exercises, and the time that notebooks took when they were executed."""
    sources = notebooks.solutions()
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    yield "n_exercises", str(len(re.findall(r"^# ## \d+\.\d+ ", text, re.MULTILINE)))
    yield "n_exercise_pages_word", word(len(sources))
    yield "minutes_solutions", f"{sum(map(_wall_time, sources)) / 60:.1f}"
    yield "minutes_notebooks", f"{sum(map(_wall_time, notebooks.sources().values())) / 60:.1f}"


def _wall_time(source: Path) -> float:
    executed = source.with_suffix(".ipynb")
    return provenance.read_block(executed)["wall_time"] if executed.is_file() else 0.0


def _answered(found: dict) -> Numbers:
    """How long the page "Try your polymer" took, from its load and for a change of the form."""
    yield "try_first_s", f"{found['first_median_ms'] / 1000:.1f}"
    yield "try_slowest_s", f"{max(found['first_ms']) / 1000:.1f}"
    yield "try_times_word", word(len(found["first_ms"]))
    yield "try_later_ms", str(found["later_longest_ms"])


def _distilled(found: dict) -> Numbers:
    """Scores of the distilled networks on left-out groups; typical factors to their teacher."""
    for row in found["scores"]["scores"]:
        if row["target"] in PRIMARY:
            name = f"{SHORT[row['target']]}_{DISTILLED[row['arm']]}"
            yield f"fast_factor_{name}", _ranged(row, "gmfe")
            yield f"fast_coverage_{name}", _ranged(row, "coverage", 0, 100)
            yield f"fast_score_{name}", f"{row['interval_score']:.2f}"
    difference = next(r for r in found["scores"]["comparisons"] if r["other"] == "ensemble")
    for name in ("difference", "low", "high"):
        yield f"fast_{name}", f"{difference[name]:+.3f}"
    yield "fast_p", f"{difference['p_sign_flip']:.2f}"
    yield "fast_weights", f"{found['parameters']:,}"
    fidelity = found["fidelity"]
    yield "fast_unseen", f"{fidelity['polymers']:,}"
    for kind in ("one", "all", "cut", "width"):
        for target in PRIMARY:
            yield f"fast_{kind}_{SHORT[target]}", f"{fidelity[kind][target]:.2f}"


def _speed(found: dict) -> Numbers:
    """Polymers per second of two cores, rows alone."""
    for setting, name in RATES.items():
        yield f"fast_rate_{name}", f"{found['rates'][setting]:,.0f}"


#: Files (results by their bare name, others below the data directory) and what is read of them.
PARTS: tuple[tuple[tuple[str, ...], Callable[..., Numbers]], ...] = (
    (("measurements/cone_measurements.csv", "folds.csv"), _measured),
    (("phase0.json", "artifacts/models/language_model/config.json"), _language_model),
    (("synthesis.json",), _synthesis),
    (("lopo.json",), _scored),
    (("ablation.json",), verdict.questions),
    (("ablation.json",), _endpoints),
    (("ablation.json",), _aims),
    (("ablation.json",), _not_said),
    (("physics_validation.json",), _physics),
    (("ablation_slow.json",), verdict.by_gradient),
    (("descents.json",), verdict.to_the_end),
    (("second_property.json",), verdict.with_power),
    (("encoders.json",), verdict.encoders),
    (("encoder_seeds.json",), verdict.luck),
    (tuple(STAGES), _training),
    (("artifacts/models/phase2/ensemble.json",), _model),
    (("costs.json",), _targets),
    ((), _course),
    (("first_answer.json",), _answered),
    (("distillation.json",), _distilled),
    (("prediction_speed.json",), _speed),
)
