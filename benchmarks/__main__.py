"""Times the parts a reader waits for, and prints a table. No result of the book depends on it."""

import subprocess
import sys
import timeit
from collections.abc import Callable

import numpy as np

STYRENE = "*CC(*)c1ccccc1"


def best_of(work: Callable[[], object], repeats: int = 3) -> float:
    """Shortest of some wall times in seconds: the others measure what else the machine does."""
    return min(timeit.repeat(work, number=1, repeat=repeats))


def command(*arguments: str) -> Callable[[], object]:
    """A cold start of the command line."""
    words = [sys.executable, "-m", "trinity", *arguments]
    return lambda: subprocess.run(words, check=True, capture_output=True)


def physics_rates() -> list[tuple[str, float, str]]:
    """Property estimates and simulated cone tests per second."""
    from trinity.chemistry import properties, sampling
    from trinity.cone import simulate as cone
    from trinity.cone import specimen

    estimate = properties.estimate(STYRENE)
    drawn = sampling.sample_parameters(estimate, 200, np.random.default_rng(0))
    cases = [specimen.to_case(drawn, i, 50.0, 6.0) for i in range(200)]
    cone.warm_up()
    alkyls = ["*CC(*)" + "C" * n for n in range(1, 101)]  # all different: estimates are remembered
    one = best_of(lambda: [properties.estimate(text) for text in alkyls], repeats=1) / len(alkyls)
    many = best_of(lambda: cone.simulate_batch(cases, threads=1))
    return [
        ("group-contribution estimates, one core", 1 / one, "1/s"),
        ("cone tests, one core", len(cases) / many, "1/s"),
    ]


def cold_starts() -> list[tuple[str, float, str]]:
    """Seconds from the prompt to the answer."""
    return [
        ("trinity estimate, cold", best_of(command("estimate", STYRENE)), "s"),
        ("trinity cone, cold", best_of(command("cone", STYRENE)), "s"),
        ("trinity predict, cold", best_of(command("predict", STYRENE)), "s"),
    ]


def training_rates() -> list[tuple[str, float, str]]:
    """Sequences a second of the embedded language model at laptop scale, 32 tokens, batch 64."""
    import torch
    from transformers import BertModel

    from trinity.learning.encoder import BackboneShape, bert_config
    from trinity.pipeline import stages

    model = BertModel(bert_config(BackboneShape(**stages.section("laptop", "model")), 64))
    tokens = torch.ones((64, 32), dtype=torch.long)

    def train() -> None:
        model(input_ids=tokens)[0].sum().backward()

    def infer() -> None:
        with torch.no_grad():
            model(input_ids=tokens)

    return [
        ("language model, forward and backward", 64 / best_of(train, 5), "sequences/s"),
        ("language model, forward", 64 / best_of(infer, 5), "sequences/s"),
    ]


def main() -> None:
    """Print one line a measurement."""
    for part in (physics_rates, training_rates, cold_starts):
        for name, value, unit in part():
            print(f"{name:42s} {value:10.3g} {unit}", flush=True)


if __name__ == "__main__":
    main()
