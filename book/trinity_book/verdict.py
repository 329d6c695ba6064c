"""What the evidence says, in three words: *shown*, *not shown*, *contradicted*.

The three primary questions come from ``ablation.json``, their judgement from
`trinity.evidence.factorial.verdict`; the study with hundreds of test polymers comes from
``second_property.json``.
"""

from collections.abc import Iterator

from trinity.evidence.factorial import LEVEL, plan, verdict

#: What each primary question of the plan asks about, as the end of a sentence with "that".
CLAIMS = (
    "pretraining on synthetic tests improves on starting from the language model directly",
    "pretraining still helps when the physics model also answers at prediction",
    "measurements improve on the physics model alone",
)
AGREES = {"shown": "yes", "not shown": "not decided", "contradicted": "no"}
#: Of the second properties: the one named first, and at how many labels; how each is written.
PROPERTY, LABELS = "refractive_index", 20
WRITTEN = {"refractive_index": ("n", "{:.4f}"), "tg_k": ("tg", "{:.1f}")}
#: Arms of the second properties in the names of numbers.
SHORT = {
    "phase1": "phase1",
    "direct": "language_model",
    "random": "random",
    "nothing": "none",
    "line": "physics_recalibrated",
    "forest": "forest_on_physics",
}


def questions(ablation: dict) -> Iterator[tuple[str, str]]:
    """Numbers and a sentence for each primary question, by names that end in its number."""
    pairs = zip(CLAIMS, ablation["primary_questions"], strict=True)
    for number, (claim, row) in enumerate(pairs, start=1):
        word, effect, p_holm = verdict(row), _saved(row), f"{row['p_holm']:.3f}"
        needed = row["groups_for_80_percent_power"]
        needed = "over a million" if needed is None else f"{needed:,}"
        detail = f"error saved {effect}, corrected p {p_holm}"
        if word == "not shown" and row["effect"] < 0:
            detail += "; it points the other way"
        elif word == "not shown":
            detail += f"; about {needed} groups would show such an effect four times out of five"
        yield f"effect_{number}", effect
        yield f"p_{number}", f"{row['p']:.3f}"
        yield f"p_holm_{number}", p_holm
        yield f"needed_{number}", needed
        yield f"verdict_{number}", word
        yield f"agrees_{number}", AGREES[word]
        yield f"claim_{number}", claim
        yield f"sentence_{number}", f"**{word.capitalize()}:** that {claim} ({detail})."


def _saved(row: dict) -> str:
    """What an arm saves, with its 95 % interval over groups."""
    return "{effect:+.3f} ({low:+.3f} to {high:+.3f})".format(**row)


def with_power(second: dict) -> Iterator[tuple[str, str]]:
    """A question like the first of two properties with hundreds of test polymers, with and without
    physics at prediction: exploratory, so that no word of judgement is given."""
    for of, (short, form) in WRITTEN.items():
        yield f"power_{short}_physics", form.format(second["truth"][of]["physics_mae"])
        yield f"power_{short}_structures", f"{second['truth'][of]['structures']:,}"
        for name, physics in (("alone", False), ("with_physics", True)):
            rows = {row["arm"]: row for row in _rows(second, "curves", physics, of=of)}
            yield f"power_{short}_p_{name}", _small(rows["phase1"]["p"])
            for arm, label in SHORT.items():
                if label in rows:  # what corrects the physics needs physics
                    yield f"power_{short}_{arm}_{name}", form.format(rows[label]["mae"])
            yield f"power_{short}_stable_{name}", _stable(second["curves"], of, physics)
            worth = _rows(second, "worth", physics, of=of)[0]
            yield f"power_{short}_worth_{name}", _worth(worth)
    yield from _by_gradient(second)
    shown = {row["polymers"]: row["power"] for row in _rows(second, "power", False)}
    yield "power_labels", str(LABELS)
    for polymers in (9, 100):
        yield f"power_share_{polymers}", f"{100 * shown[polymers]:.0f} %"


def _worth(row: dict) -> str:
    """How many times the labels phase 1 is worth, where that could be read off."""
    if any(row[name] is None for name in ("factor", "low", "high")):
        return "not to be read off"
    return "{factor:.1f} ({low:.1f} to {high:.1f})".format(**row)


def _stable(curves: list[dict], of: str, physics: bool) -> str:
    """Over all numbers of labels and both splits: how often p is below 0.05, not corrected, and on
    which side."""
    wanted = {"property": of, "physics": physics, "phase2": "head"}
    rows = [row for row in curves if wanted.items() <= row.items()]
    error = {(row["arm"], row["labels"], row["split"]): row["mae"] for row in rows}
    ours = [row for row in rows if row["arm"] == "phase1"]
    clear = [row for row in ours if row["p"] < LEVEL]
    better = sum(row["mae"] < error["language_model", row["labels"], row["split"]] for row in clear)
    return f"{better} smaller, {len(clear) - better} larger, of {len(ours)}"


def by_gradient(slow: dict) -> Iterator[tuple[str, str]]:
    """Cone tests finetuned by gradient, laboratory hidden, no physics at prediction: the error from
    either start, what phase 1 saves, and the mean error on the training cells themselves."""
    yield "untrained_above", f"{plan()['gradient_finetuning']['untrained_above']:.2f}"
    errors = {row["arm"]: row["mean_abs_ln"] for row in slow["scores"]["hidden"]["primary"]}
    for row in slow["comparisons"]:
        name = f"gradient_{row['recipe']}"
        yield f"{name}_effect", _saved(row)
        yield f"{name}_p", f"{row['p']:.3f}"
        for short in ("phase1", "direct"):
            start = SHORT[short]
            trained = [
                one["training_error"]
                for one in slow["training"]
                if (one["recipe"], one["start"]) == (row["recipe"], start)
            ]
            yield f"{name}_{short}", f"{errors[f'{start}_' + row['recipe']]:.3f}"
            yield f"{name}_{short}_training", f"{sum(trained) / len(trained):.3f}"


def to_the_end(found: dict) -> Iterator[tuple[str, str]]:
    """The paper's recipe with all its steps: the same numbers, as those of a further recipe."""
    end = found["end"]
    yield "gradient_whole_effect", _saved(end["comparison"])
    yield "gradient_whole_p", f"{end['comparison']['p']:.3f}"
    for short in ("phase1", "direct"):
        yield f"gradient_whole_{short}", f"{end[SHORT[short]]['left_out']:.3f}"
        yield f"gradient_whole_{short}_training", f"{end[SHORT[short]]['seen']:.3f}"


#: Candidates for the place of the shipped encoder, as sentences name them.
ENCODERS = {
    "shipped": "the shipped one",
    "larger": "the one of the larger phase 0",
    "rxnfp": "the one of reactions",
    "multitask": "the one trained on all properties",
}


def encoders(found: dict) -> Iterator[tuple[str, str]]:
    """Error of each candidate for the encoder, what it differs from the shipped one, the choice."""
    yield "encoder_chosen", ENCODERS[found["chosen"]]
    for row in found["rows"]:
        yield f"encoder_{row['encoder']}", f"{row['mae']:.4f}"
        if row["difference"] is not None:
            apart = "{difference:+.4f} ({low:+.4f} to {high:+.4f})".format(**row)
            yield f"encoder_{row['encoder']}_apart", apart


def luck(found: dict) -> Iterator[tuple[str, str]]:
    """The largest difference between seeds of phase 1 from one and the same encoder."""
    apart = [abs(row["difference"]) for row in found["rows"] if "difference" in row]
    yield "encoder_luck", f"{max(apart):.4f}"


def _by_gradient(second: dict) -> Iterator[tuple[str, str]]:
    """Errors after all weights were finetuned, without physics at prediction."""
    rows = {row["arm"]: row for row in _rows(second, "curves", False, "gradient")}
    for short in ("phase1", "direct"):
        yield f"power_{short}_gradient", f"{rows[SHORT[short]]['mae']:.4f}"
    yield "power_p_gradient", _small(rows["phase1"]["p"])


def _rows(
    second: dict, key: str, physics: bool, phase2: str = "head", of: str = PROPERTY
) -> list[dict]:
    """Rows about a property, across clusters, at so many labels; by default those with the head of
    phase 1 kept."""
    wanted = {"property": of, "physics": physics, "phase2": phase2, "split": "cluster"}
    wanted["labels"] = LABELS
    return [r for r in second[key] if all(r[k] == v for k, v in wanted.items())]


def _small(p: float) -> str:
    return "below 0.001" if p < 0.001 else f"{p:.3f}"
