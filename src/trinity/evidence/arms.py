"""The arms: everything that predicts a polymer left out, from physics alone to finetuned networks.

Every tuned arm has at most 24 configurations, of which the best few by the inner
leave-one-polymer-out are averaged with equal weights.  Tables, figures, tests and pages take the
facts about an arm from here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from trinity.learning.configurations import Phase2Settings

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#666666"


@dataclass(frozen=True)
class EvaluationSettings:
    """Numbers of the evaluation (section ``[evaluation]`` of a scale)."""

    seeds: int = 5
    candidates: int = 24  # configurations that every tuned arm may try
    checkpoints: tuple[int, ...] = (10, 25, 50, 100)  # steps of phase 2 at which it is looked at
    trees: int = 100
    physics_draws: int = 60

    @classmethod
    def of(cls, numbers: dict) -> "EvaluationSettings":
        """From a scale's section."""
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in numbers.items()})


Configurations = Callable[[EvaluationSettings], list]


@dataclass(frozen=True)
class Arm:
    """One competitor.

    ``family`` tells how it answers: ``physics`` (the cone model), ``network`` (a network that has
    seen no measurement), ``classical`` (a baseline of `trinity.learning.baselines`) or
    ``finetuned`` (phase 2).  The last two learn from measurements.
    """

    name: str
    label: str  # in figures and tables
    family: str
    start: str = ""  # the kind of model that it is or starts from; empty where there is none
    configurations: Configurations = lambda settings: [None]  # what it may try
    physics: bool = False  # whether physics answers at prediction, too
    deterministic: bool = False  # no part of it depends on the seed
    calibrated: bool = True  # by an inner loop; otherwise its intervals are the model's own
    study: str = "main"  # of lopo.json; "control" of ablation.json, "slow" of ablation_slow.json
    colour: str = GREY

    @property
    def learns(self) -> bool:
        """Whether it learns from measurements; the others are zero-shot."""
        return self.family in ("classical", "finetuned")

    @property
    def fresh(self) -> bool:
        """Whether its start is a bare language model, which gets a new head."""
        return self.start in ("language_model", "random")

    def seeds(self, settings: EvaluationSettings) -> range:
        """Its seeds: one where nothing is random."""
        return range(1 if self.deterministic else settings.seeds)


def spread(items: list, number: int) -> list:
    """At most ``number`` of the items, evenly spread over them."""
    places = np.linspace(0, len(items) - 1, min(number, len(items))).round().astype(int)
    return [items[i] for i in dict.fromkeys(places.tolist())]


def _baseline(settings: EvaluationSettings, kind: str) -> list:
    from trinity.learning.baselines import candidates

    return spread(candidates(kind, settings.trees), settings.candidates)


#: One recipe per mode by gradient, stopped after each of some numbers of steps.
GRADIENT = {
    "head": Phase2Settings("head", 3e-3, 0.0, 0.02),
    "full": Phase2Settings("full", 1e-3, 0.3, 0.03),
    "lora": Phase2Settings("lora", 1e-3, 0.3, 0.01),
}


def _by_gradient(settings: EvaluationSettings, *modes: str) -> list[Phase2Settings]:
    return [replace(GRADIENT[m], checkpoints=(s,)) for m in modes for s in settings.checkpoints]


def _direct(settings: EvaluationSettings) -> list[Phase2Settings]:
    """The closed form, and by gradient."""
    gradient = _by_gradient(settings, *GRADIENT)
    return [Phase2Settings(physics=False), *gradient[: settings.candidates - 1]]


def _paper(settings: EvaluationSettings) -> list[Phase2Settings]:
    """The recipe of Liu et al. (2025) as their public scripts have it: all weights, relative L2
    loss, rate 3e-5 times 0.7 every 50 of 500 epochs; AdamW in place of their LAMB."""
    return [Phase2Settings("full", 3e-5, 1.0, 0.0, (500,), loss="relative_l2", schedule="step")]


def _kernel(settings: EvaluationSettings, physics: bool) -> list[Phase2Settings]:
    """The one process that is declared."""
    return [Phase2Settings(physics=physics)]


_NETWORK, _TWO_PHASE = partial(_kernel, physics=False), partial(_kernel, physics=True)
_CONDITIONS, _FOREST, _PROCESS = (
    partial(_baseline, kind=kind)
    for kind in ("conditions_only", "random_forest", "gaussian_process")
)

_control, _slow = partial(Arm, study="control"), partial(Arm, study="slow")
#: All arms by name, in the order of tables and figures.
ARMS = {
    arm.name: arm
    for arm in (
        Arm("physics_only", "physics only", "physics", physics=True, deterministic=True),
        Arm("phase1_only", "phase 1 only", "network", "phase1"),
        Arm("direct", "direct finetuning", "finetuned", "language_model", _direct, colour=ORANGE),
        Arm("two_phase", "phase 1 + phase 2", "finetuned", "phase1", _TWO_PHASE, True, colour=BLUE),
        Arm("conditions_only", "conditions only", "classical", "", _CONDITIONS, deterministic=True),
        Arm("random_forest", "random forest", "classical", "", _FOREST),
        Arm("gaussian_process", "Gaussian process", "classical", "", _PROCESS, deterministic=True),
        _control("shuffled_only", "phase 1 on shuffled labels only", "network", "shuffled"),
        _control("shuffled_labels", "shuffled phase 1 + phase 2", "finetuned", "shuffled",
                 _NETWORK),
        _control("phase1_from_scratch", "phase 1 only, random encoder", "network", "from_scratch"),
        _control("two_phase_from_scratch", "phase 1 + 2, random encoder", "finetuned",
                 "from_scratch", _TWO_PHASE, True),
        _control("direct_from_scratch", "direct, random encoder", "finetuned", "random", _direct),
        _control("network_only", "phase 1 + 2, no physics at prediction", "finetuned", "phase1",
                 _NETWORK),
        _control("physics_language_model", "physics + language model, no phase 1", "finetuned",
                 "language_model", _TWO_PHASE, True),
        _control("physics_bias", "physics + fitted bias", "classical", "", _CONDITIONS, True,
                 deterministic=True),
        _control("gaussian_process_physics", "physics + Gaussian process", "classical", "",
                 _PROCESS, True, deterministic=True),
        _slow("two_phase_head", "phase 1 + 2, head by gradient", "finetuned", "phase1",
              lambda s: _by_gradient(s, "head")),
        _slow("two_phase_lora", "phase 1 + 2, low-rank by gradient", "finetuned", "phase1",
              lambda s: _by_gradient(s, "lora")),
        _slow("two_phase_full", "phase 1 + 2, all weights by gradient", "finetuned", "phase1",
              lambda s: _by_gradient(s, "full")),
        _slow("direct_full", "direct, all weights by gradient", "finetuned", "language_model",
              lambda s: _by_gradient(s, "full")),
        _slow("random_forest_physics", "physics + random forest", "classical", "", _FOREST, True),
        _slow("paper_recipe", "phase 1 + recipe of the paper", "finetuned", "phase1", _paper,
              calibrated=False),
        _slow("direct_paper_recipe", "direct, recipe of the paper", "finetuned", "language_model",
              _paper, calibrated=False),
    )
}  # fmt: skip


def of_study(study: str) -> list[Arm]:
    """The arms of ``main``, ``control`` or ``slow``, in order."""
    return [arm for arm in ARMS.values() if arm.study == study]


def label(name: str) -> str:
    """How figures and tables write the name of an arm; anything else stays as it is."""
    return ARMS[name].label if name in ARMS else name
