"""Phase 0: a language model of polymers, by masked language modelling on generated repeat units.

BERT's objective (Devlin et al., 2019): of 15 % of the tokens, 80 % are hidden, 10 % replaced by
a random one, 10 % kept, and the model guesses all of them.  Each polymer is spelled anew in each
epoch, so that the model learns molecules rather than one spelling of them.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from trinity.learning.encoder import (
    SPECIAL,
    BackboneShape,
    bert_config,
    build_tokenizer,
    encode,
    pad,
    quiet,
    randomised,
)
from trinity.learning.loop import Schedule, length_batches, seeded, train

MASKED_FRACTION = 0.15
IGNORED = -100  # PyTorch's label of positions without loss


def masked_batch(ids: Tensor, mask: Tensor, vocabulary: int, mask_id: int, rng):
    """Inputs and labels of BERT's objective; special tokens are never chosen. All (S, T).

    The collator of `transformers` draws its masks from a generator of its own; here they come
    from ``rng``, so that a batch depends on the seed and its number alone.
    """
    free = (ids.numpy() >= len(SPECIAL)) & (mask.numpy() == 1)
    chosen = free & (rng.random(ids.shape) < MASKED_FRACTION)
    kind = rng.random(ids.shape)
    inputs = ids.numpy().copy()
    inputs[chosen & (kind < 0.8)] = mask_id
    random = chosen & (kind >= 0.8) & (kind < 0.9)
    inputs[random] = rng.integers(len(SPECIAL), vocabulary, ids.shape)[random]
    labels = np.where(chosen, ids.numpy(), IGNORED)
    return torch.tensor(inputs), torch.tensor(labels)


class Corpus:
    """Repeat units as masked batches: batch ``index`` depends on the seed and on nothing else."""

    def __init__(self, psmiles: Sequence[str], tokenizer, batch: int, seed: int):
        self.psmiles, self.tokenizer = list(psmiles), tokenizer
        self.batch, self.seed = batch, seed
        self.lengths = np.array([len(ids) for ids in encode(tokenizer, self.psmiles)])
        self.per_epoch = -(-len(self.psmiles) // batch)

    def __call__(self, index: int) -> dict[str, Tensor]:
        """Input ids, attention mask and labels, each (S, T), by the names of `transformers`."""
        epoch, place = divmod(index, self.per_epoch)
        chosen = length_batches(self.lengths, self.batch, self.seed, epoch)[place]
        rng = np.random.default_rng([self.seed, 1, index])
        seeds = rng.integers(2**31, size=len(chosen))
        spelled = [
            randomised(self.psmiles[i], 1, int(s))[0] for i, s in zip(chosen, seeds, strict=True)
        ]
        ids, mask = pad(encode(self.tokenizer, spelled))
        mask_id = self.tokenizer.mask_token_id
        inputs, labels = masked_batch(ids, mask, len(self.tokenizer), mask_id, rng)
        return {"input_ids": inputs, "attention_mask": mask, "labels": labels}


def pretrain_language_model(
    psmiles: Sequence[str],
    numbers: dict,
    seed: int,
    out_dir: str | Path,
    shape: BackboneShape | None = None,
    progress: bool = True,
) -> dict:
    """Train the embedded encoder on repeat units, by section ``[phase0]`` of a scale.

    ``out_dir`` gets ``config.json``, ``model.safetensors`` and the tokenizer, and is loaded by
    `encoder.load_backbone`.  An interrupted run continues from ``out_dir/phase0.part``.

    Returns
    -------
    dict
        ``loss`` per step, ``held_out_accuracy`` (share of hidden tokens of 5 % unseen polymers
        guessed right), ``parameters``, ``sequences``.
    """
    from transformers import BertForMaskedLM

    out_dir = Path(out_dir)
    shape = shape or BackboneShape()
    tokenizer = build_tokenizer(shape.max_tokens)
    rng = np.random.default_rng([seed, 0])
    order = rng.permutation(len(psmiles))
    cut = max(1, len(order) // 20)
    unseen, seen = ([psmiles[i] for i in part] for part in (order[:cut], order[cut:]))
    corpus = Corpus(seen, tokenizer, numbers["batch"], seed)
    with seeded(seed):
        model = BertForMaskedLM(bert_config(shape, len(tokenizer)))
    history = train(
        model,
        lambda network, index: network(**corpus(index)).loss,
        Schedule(numbers["epochs"] * corpus.per_epoch, numbers["learning_rate"]),
        seed,
        checkpoint=out_dir / "phase0.part",
        every=500,
        progress="language model" if progress else None,
    )
    accuracy = masked_accuracy(model, Corpus(unseen, tokenizer, numbers["batch"], 1))
    with quiet():
        model.save_pretrained(str(out_dir))
    tokenizer.save_pretrained(str(out_dir))
    (out_dir / "phase0.part").unlink(missing_ok=True)
    return {
        "loss": history,
        "held_out_accuracy": accuracy,
        "parameters": sum(p.numel() for p in model.bert.parameters()),
        "sequences": numbers["epochs"] * len(seen),
    }


@torch.no_grad()
def masked_accuracy(model: nn.Module, corpus: Corpus) -> float:
    """Share of hidden tokens guessed right over one pass of a corpus."""
    right = total = 0
    for index in range(corpus.per_epoch):
        batch = corpus(index)
        hidden = batch["labels"] != IGNORED
        guess = model(**batch).logits.argmax(-1)
        right += int((guess == batch["labels"])[hidden].sum())
        total += int(hidden.sum())
    return right / max(1, total)
