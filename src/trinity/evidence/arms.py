"""The arms that learn from measurements: where each starts and what phase 2 may try.

Every arm of the main comparison has 24 configurations.  Of those, the best few by the inner
leave-one-polymer-out are used together, with equal say: with eight groups to judge by, the best
one alone is partly luck.
"""

from dataclasses import dataclass

import numpy as np

from trinity.learning.configurations import Phase2Settings

#: How many of the best configurations speak together, of every tuned arm.
COMMITTEE = 4
#: The kinds of start: which models, one a seed.  `language_model` and `random` have no phase 1.
FRESH = ("language_model", "random")


def committee_size(candidates: int) -> int:
    """How many of ``candidates`` configurations are used together."""
    return max(1, min(COMMITTEE, candidates // 2))


def two_phase_ways() -> list[Phase2Settings]:
    """24 corrections: of the network, of the physics and of their mean; none, a bias with the
    conditions, or one that compares polymers by the embedding of the last or of all layers."""
    return [way for share in (0.0, 0.5, 1.0) for way in _corrections(share)]


def _corrections(share: float) -> list[Phase2Settings]:
    plain = [_kernel("last", share, 2.0, 0.0, trend) for trend in (0.0, 0.03)]
    smooth = [
        _kernel(layers, share, length, signal, 0.03)
        for layers in ("last", "all")
        for length, signal in ((1.0, 0.1), (2.0, 0.1), (2.0, 0.3))
    ]
    return plain + smooth


def network_ways() -> list[Phase2Settings]:
    """The corrections of the network alone: no physics at the time of prediction."""
    return _corrections(0.0)


def physics_ways() -> list[Phase2Settings]:
    """The corrections of the physics alone: of the network only the embedding is used."""
    return _corrections(1.0)


def direct_ways() -> list[Phase2Settings]:
    """12 closed forms for a start that knows no physics: the kernel has to explain the
    measurements, not what physics leaves of them, so that its variances are those of the former."""
    return [
        _kernel(layers, 0.0, length, signal, 1.0)
        for layers in ("last", "all")
        for length in (1.0, 2.0, 3.0)
        for signal in (0.3, 1.0)
    ]


def _kernel(layers, share, length, signal, trend) -> Phase2Settings:
    return Phase2Settings(
        "kernel", layers=layers, share=share, length=length, signal=signal, trend=trend
    )


def gradient_ways(checkpoints: tuple[int, ...], modes=("head", "full", "lora")) -> list:
    """(way, steps): one way a mode, looked at on its road."""
    ways = {
        "head": Phase2Settings("head", 3e-3, 0.0, 0.02, checkpoints),
        "full": Phase2Settings("full", 1e-3, 0.3, 0.03, checkpoints),
        "lora": Phase2Settings("lora", 1e-3, 0.3, 0.01, checkpoints),
    }
    return [(ways[mode], step) for mode in modes for step in checkpoints]


def paper_ways() -> list:
    """The recipe of Liu et al. (2025) as their public scripts have it: all weights, relative L2
    loss, rate 3e-5 times 0.7 every 50 of 500 epochs; AdamW in place of their LAMB."""
    way = Phase2Settings("full", 3e-5, 1.0, 0.0, (500,), loss="relative_l2", schedule="step")
    return [(way, 500)]


@dataclass(frozen=True)
class Arm:
    """``start``: a kind of model; ``ways``: which configurations."""

    start: str
    ways: str


#: The arms of lopo.json that learn by finetuning.
MAIN = {"direct": Arm("language_model", "direct"), "two_phase": Arm("phase1", "two_phase")}
#: The controls, in ablation.json.
CONTROLS = {
    "shuffled_labels": Arm("shuffled", "shuffled"),
    "two_phase_from_scratch": Arm("from_scratch", "two_phase"),
    "direct_from_scratch": Arm("random", "direct"),
    "network_only": Arm("phase1", "network"),
    "physics_language_model": Arm("language_model", "physics"),
    "two_phase_full": Arm("phase1", "full"),
    "two_phase_lora": Arm("phase1", "lora"),
    "two_phase_head": Arm("phase1", "head"),
    "direct_full": Arm("language_model", "full"),
    "paper_recipe": Arm("phase1", "paper"),
    "direct_paper_recipe": Arm("language_model", "paper"),
}
LEARNED = MAIN | CONTROLS


def candidates(arm: str, number: int, checkpoints: tuple[int, ...]) -> list:
    """(way, steps) pairs of an arm, at most ``number``, evenly spread over its list."""
    last = checkpoints[-1]
    kind = LEARNED[arm].ways
    if kind == "paper":
        return paper_ways()
    if kind in ("full", "lora", "head"):
        return gradient_ways(checkpoints, (kind,))
    if kind == "direct":
        half = number // 2
        return [
            *spread([(way, last) for way in direct_ways()], half),
            *gradient_ways(checkpoints)[: number - half],
        ]
    ways = {
        "two_phase": two_phase_ways,
        "network": network_ways,
        "physics": physics_ways,
        # What a start with useless labels may need: either of the two.
        "shuffled": lambda: network_ways() + direct_ways(),
    }[kind]()
    return spread([(way, last) for way in ways], number)


def in_words(way: Phase2Settings, steps: int) -> dict:
    """The numbers that matter for a way."""
    if way.mode == "kernel":
        names = ("mode", "layers", "share", "length", "signal", "trend", "noise")
        return {name: getattr(way, name) for name in names}
    names = ("mode", "learning_rate", "backbone_rate", "pull", "loss", "schedule")
    return {**{name: getattr(way, name) for name in names}, "steps": steps}


def spread(items: list, number: int) -> list:
    """At most ``number`` of the items, evenly spread over them."""
    places = np.linspace(0, len(items) - 1, min(number, len(items))).round().astype(int)
    return [items[i] for i in dict.fromkeys(places.tolist())]
