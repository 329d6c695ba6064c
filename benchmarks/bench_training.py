"""Training and inference of the embedded encoder on one core, beside the machine's matrix product.

Example: python -m benchmarks.bench_training
"""

import time

import numpy as np
import torch

from trinity.backbone import BackboneShape, bert_config, pad
from trinity.tokenizer import build_tokenizer

TOKENS, BATCH, SIDE = 40, 48, 1536


def rate_of(work, repeats: int = 5) -> float:
    """Shortest of some wall times, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def matrix_product_flops() -> float:
    """Floating-point operations a second of a large fp32 product."""
    a = torch.ones(SIDE, SIDE)
    return 2 * SIDE**3 / rate_of(lambda: a @ a)


def encoder_times() -> tuple[int, float, float]:
    """Weights in matrices, and seconds of a training step and of an inference, of one batch."""
    from transformers import BertModel

    tokenizer = build_tokenizer()
    model = BertModel(bert_config(BackboneShape(), len(tokenizer)), add_pooling_layer=False)
    rng = np.random.default_rng(0)
    ids, mask = pad(rng.integers(5, len(tokenizer), (BATCH, TOKENS)).tolist())
    optimiser = torch.optim.AdamW(model.parameters())

    def step():
        optimiser.zero_grad()
        model(input_ids=ids, attention_mask=mask)[0].pow(2).mean().backward()
        optimiser.step()

    def infer():
        with torch.no_grad():
            model(input_ids=ids, attention_mask=mask)

    weights = sum(p.numel() for p in model.encoder.parameters() if p.ndim > 1)
    return weights, rate_of(step), rate_of(infer)


def main() -> None:
    """Print rates and the share of the matrix-product peak that training reaches."""
    torch.set_num_threads(1)
    peak = matrix_product_flops()
    weights, training, inference = encoder_times()
    # Forward 2 operations a weight and token, backward twice that; attention adds 4 T^2 D a layer.
    shape = BackboneShape()
    forward = 2 * weights * TOKENS + 4 * shape.layers * TOKENS**2 * shape.width
    achieved = 3 * forward * BATCH / training
    print(f"matrix product, fp32, one core: {peak / 1e9:.0f} GFLOP/s")
    print(f"training: {BATCH / training:.0f} sequences of {TOKENS} tokens a second")
    print(f"inference: {BATCH / inference:.0f} sequences of {TOKENS} tokens a second")
    print(f"share of the matrix-product peak in training: {100 * achieved / peak:.0f} %")


if __name__ == "__main__":
    main()
