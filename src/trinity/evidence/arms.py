"""The arms: everything that predicts a polymer left out, and what each is made of.

Ten of them are the cells of a factorial: where phase 2 starts, times whether physics answers at
prediction, with one and the same phase 2.  Nothing is tuned by a score, so that no arm has a list
of configurations.  Tables, figures, tests and pages take the facts about an arm from here.
"""

from dataclasses import dataclass

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#666666"


@dataclass(frozen=True)
class Arm:
    """One competitor.

    ``start`` is what phase 2 reads of a polymer: the embedding of a model of that kind, the
    ``composition``, or ``none``; empty where an arm has no phase 2.
    """

    name: str
    label: str  # in figures and tables
    start: str = ""
    physics: bool = False  # whether physics answers at prediction, too
    study: str = "factorial"  # "simple": no cell; "further": beside it; "gradient": by gradient
    published: bool = False  # in lopo.json; the others in ablation.json
    colour: str = GREY
    parts: tuple[str, ...] = ()  # arms whose predictions it averages

    @property
    def learns(self) -> bool:
        """Whether it learns from measurements; the others are zero-shot."""
        return self.name not in ("physics_only", "phase1_only")

    @property
    def random(self) -> bool:
        """Whether seeds differ: each has another start, or a forest of its own."""
        kinds = ("", "none", "composition", "language_model")
        return self.start not in kinds or self.study == "gradient" or self.name == "random_forest"

    def seeds(self, count: int) -> range:
        """Its seeds: one where nothing is random."""
        return range(count if self.random else 1)


#: All arms by name, in the order of tables and figures.
ARMS = {
    arm.name: arm
    for arm in (
        Arm("physics_only", "physics only", physics=True, study="simple", published=True),
        Arm("phase1_only", "phase 1 only", "phase1", study="simple", published=True),
        Arm("direct", "language model", "language_model", published=True, colour=ORANGE),
        Arm("two_phase", "phase 1, physics", "phase1", True, published=True, colour=BLUE),
        Arm("conditions_only", "conditions only", "none", published=True),
        Arm("random_forest", "random forest", study="simple", published=True),
        Arm("gaussian_process", "composition", "composition", study="further", published=True),
        Arm("conditions_physics", "conditions only, physics", "none", True),
        Arm("random", "random encoder", "random"),
        Arm("random_physics", "random encoder, physics", "random", True),
        Arm("language_model_physics", "language model, physics", "language_model", True),
        Arm("shuffled_labels", "shuffled labels", "shuffled_labels"),
        Arm("shuffled_labels_physics", "shuffled labels, physics", "shuffled_labels", True),
        Arm("phase1", "phase 1", "phase1"),
        Arm("composition_physics", "composition, physics", "composition", True, study="further"),
        Arm("two_phase_with_composition", "phase 1 and composition, physics", "phase1", True,
            "further", parts=("two_phase", "composition_physics")),
    )
}  # fmt: skip
#: The ten cells by start and physics.
CELLS = {(arm.start, arm.physics): arm for arm in ARMS.values() if arm.study == "factorial"}


def label(name: str) -> str:
    """How figures and tables write the name of an arm; anything else stays as it is."""
    return ARMS[name].label if name in ARMS else name
