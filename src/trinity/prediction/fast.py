"""``trinity predict --fast``: a thousand polymers a second, by networks that the ensemble taught.

A distilled network (`studies.distillation`) needs neither group sums nor the cone model, and reads
a repeat unit from where it was cut.  What is left of the chemistry is done once a polymer: one
molecule gives the check, the spelling and the fingerprint of the domain flag.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from rdkit import Chem
from rdkit.DataStructs import ExplicitBitVect

from trinity.chemistry.polymers import Polymer, parse_psmiles
from trinity.chemistry.similarity import fingerprint_as_cut, within_reach
from trinity.errors import InputError
from trinity.files import artifacts_root
from trinity.prediction.predict import (
    about_model,
    answer_rows,
    answered,
    frame_of,
    members_of,
    require_model,
    seen_polymers,
)
from trinity.quantities import CONDITIONS, check_conditions


def distilled_model() -> Path:
    """Folder of the shipped distilled networks."""
    return artifacts_root() / "models" / "distilled"


def screen(
    psmiles: list[str],
    flux_kw_m2: float,
    thickness_mm: float,
    components: list[str | None] | None = None,
    lab: str | None = None,
    model: str | Path | None = None,
    members: int | None = None,
) -> list[dict]:
    """As `trinity.prediction.predict.predict`, by distilled networks.

    Raises
    ------
    InputError
        If the conditions, the model folder or the number of members cannot be used.

    Examples
    --------
    >>> polystyrene, not_a_polymer = screen(["*CC(*)c1ccccc1", "CC"], 50, 6)
    >>> polystyrene["t_ig_s_lo"] < polystyrene["t_ig_s"] < polystyrene["t_ig_s_hi"]
    True
    >>> not_a_polymer["error"]
    "'CC' has 0 attachment points; it must have two."
    """
    return screen_frame(
        frame_of(psmiles, flux_kw_m2, thickness_mm, components, lab), model, members
    )


def screen_frame(
    frame: pd.DataFrame, model: str | Path | None = None, members: int | None = None
) -> list[dict]:
    """As `trinity.prediction.predict.predict_frame`, by distilled networks.

    Raises
    ------
    InputError
        If the model folder or the number of members cannot be used.
    """
    folder = Path(model) if model else distilled_model()
    require_model(folder, members)
    if not about_model(folder).get("distilled"):
        raise InputError(f"{folder} holds no distilled networks; leave out fast to use it.")
    reader = Reader()

    def answer(rows: pd.DataFrame, polymers: list) -> list[dict]:
        return _answers(rows, polymers, reader, folder, members)

    return answered(frame, reader.row, answer)


@dataclass
class Reader:
    """Repeat units as students read them, and their fingerprints; each text is parsed once."""

    spellings: dict[str, str] = field(default_factory=dict)  # of each text
    fingerprints: dict[str, ExplicitBitVect] = field(default_factory=dict)  # of each spelling

    def unit(self, psmiles: str) -> str:
        """Spelling of a repeat unit.

        Raises
        ------
        InputError
            As `trinity.chemistry.polymers.parse_psmiles`.
        """
        if psmiles not in self.spellings:
            molecule = parse_psmiles(psmiles)
            written = Chem.MolToSmiles(molecule)
            if written not in self.fingerprints:
                self.fingerprints[written] = fingerprint_as_cut(molecule)
            self.spellings[psmiles] = written
        return self.spellings[psmiles]

    def row(self, row: dict) -> tuple[tuple[str, float], ...]:
        """The polymer of a table's row, whose conditions are checked."""
        check_conditions(row["flux_kw_m2"], row["thickness_mm"])
        return self.polymer(row["psmiles"], row.get("components"))

    def polymer(self, psmiles: str, components: str | None) -> tuple[tuple[str, float], ...]:
        """A row's polymer: its ``components`` if it has some, its repeat unit otherwise."""
        components = Polymer.parse(psmiles, components).components
        return tuple((self.unit(s), fraction) for s, fraction in components)


def _answers(frame, polymers: list, reader: Reader, folder: Path, members: int | None):
    """Answers for rows whose polymers have been read."""
    from trinity.learning.answer import combine
    from trinity.learning.data import TestTable, laboratory_one_hot
    from trinity.learning.students import student_answers

    unique = {polymer: i for i, polymer in enumerate(dict.fromkeys(polymers))}
    tests = TestTable(
        list(unique),
        np.array([unique[polymer] for polymer in polymers]),
        frame[list(CONDITIONS)].to_numpy(float),
        laboratory_one_hot(frame.get("lab", [None] * len(frame))),
    )
    found = combine(student_answers(members_of(folder)[:members], tests))
    parts = list(dict.fromkeys(s for polymer in tests.polymers for s, _ in polymer))
    least = about_model(folder)["least_similarity"]
    seen = seen_polymers(folder)
    near = {s: within_reach(reader.fingerprints[s], seen, least) for s in parts}
    like = [all(near[s] for s, _ in polymer) for polymer in tests.polymers]
    return answer_rows(frame, tests, found, like, folder, members)
