"""Training and inference of the embedded encoder on one core, beside matrix products.

Two yardsticks, measured in turn with the model, so that all of them see the same machine: a large
square product (the machine's peak), and the very products of a training step, in the model's own
shapes and number, without anything between them (what the model could reach at best).  Of each the
shortest of many times counts; what else the machine does only makes times longer.

Example: python -m benchmarks.bench_training
"""

import time
from collections.abc import Callable

import numpy as np
import torch

from trinity.learning.encoder import BackboneShape, bert_config, build_tokenizer, pad

TOKENS, BATCH, SIDE, REPEATS = 40, 48, 1536, 30


def shortest(works: dict[str, Callable[[], object]], repeats: int = REPEATS) -> dict[str, float]:
    """Shortest wall time [s] of each work; they take turns, after a round that is not timed."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for round_ in range(repeats + 1):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            if round_:
                times[name].append(time.perf_counter() - start)
    return {name: min(values) for name, values in times.items()}


def square_product() -> tuple[Callable[[], object], float]:
    """A large fp32 product, and its floating-point operations."""
    a, b = torch.randn(SIDE, SIDE), torch.randn(SIDE, SIDE)
    return lambda: a @ b, 2.0 * SIDE**3


def model_products(shape: BackboneShape) -> tuple[Callable[[], None], float]:
    """All products of a training step of the encoder's layers, and their operations.

    Of each linear map three products of the same size: the output, and the gradients of the input
    and of the weights. Of attention the scores and the mixture, each with two gradients.
    """
    rows, width, wide = BATCH * TOKENS, shape.width, shape.feed_forward
    inner = width // shape.heads
    maps = 4 * [(width, width)] + [(width, wide), (wide, width)]
    linear = [(torch.randn(rows, i), torch.randn(o, i), torch.randn(rows, o)) for i, o in maps]
    heads = [torch.randn(BATCH * shape.heads, TOKENS, inner) for _ in range(2)]
    scores = torch.randn(BATCH * shape.heads, TOKENS, TOKENS)

    def work() -> None:
        for _ in range(shape.layers):
            for x, weight, gradient in linear:
                _ = x @ weight.T
                _ = gradient @ weight
                _ = gradient.T @ x
            for _ in range(2):
                _ = heads[0] @ heads[1].transpose(1, 2)
                _ = scores @ heads[0]
                _ = scores.transpose(1, 2) @ heads[1]

    in_maps = 3 * sum(2 * rows * i * o for i, o in maps)
    in_attention = 6 * 2 * BATCH * shape.heads * TOKENS**2 * inner
    return work, float(shape.layers * (in_maps + in_attention))


def encoder_works(shape: BackboneShape) -> dict[str, Callable[[], object]]:
    """A training step and an inference of one batch."""
    from transformers import BertModel

    tokenizer = build_tokenizer()
    model = BertModel(bert_config(shape, len(tokenizer)), add_pooling_layer=False)
    rng = np.random.default_rng(0)
    ids, mask = pad(rng.integers(5, len(tokenizer), (BATCH, TOKENS)).tolist())
    optimiser = torch.optim.AdamW(model.parameters())

    def step() -> None:
        optimiser.zero_grad()
        model(input_ids=ids, attention_mask=mask)[0].pow(2).mean().backward()
        optimiser.step()

    def infer() -> None:
        with torch.no_grad():
            model(input_ids=ids, attention_mask=mask)

    return {"training": step, "inference": infer}


def measure(repeats: int = REPEATS, threads: int = 1) -> dict[str, float]:
    """Rates and shares by name.

    Returns
    -------
    dict
        ``peak`` and ``own_shapes`` [operations/s], ``training`` and ``inference`` [sequences/s],
        ``share_of_peak`` and ``share_of_own_shapes`` [-] of a training step.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        shape = BackboneShape()
        (square, square_operations), (own, operations) = square_product(), model_products(shape)
        found = shortest({"square": square, "own": own, **encoder_works(shape)}, repeats)
    finally:
        torch.set_num_threads(before)
    peak = square_operations / found["square"]
    return {
        "peak": peak,
        "own_shapes": operations / found["own"],
        "training": BATCH / found["training"],
        "inference": BATCH / found["inference"],
        "share_of_peak": operations / found["training"] / peak,
        "share_of_own_shapes": found["own"] / found["training"],
    }


def main() -> None:
    """Print rates and the share of the matrix-product peak that training reaches."""
    found = measure()
    print(f"matrix product, fp32, one core: {found['peak'] / 1e9:.0f} GFLOP/s")
    print(f"the model's own products, alone: {found['own_shapes'] / 1e9:.0f} GFLOP/s")
    print(f"training: {found['training']:.0f} sequences of {TOKENS} tokens a second")
    print(f"inference: {found['inference']:.0f} sequences of {TOKENS} tokens a second")
    print(f"training reaches {100 * found['share_of_peak']:.0f} % of the matrix-product peak")
    print(f"and {100 * found['share_of_own_shapes']:.0f} % of its own products, done alone")


if __name__ == "__main__":
    main()
