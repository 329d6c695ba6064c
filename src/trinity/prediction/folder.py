"""A folder of finetuned models as an ensemble that can be asked, and why one cannot be used.

A folder is looked through before memory is taken for any of its networks: a description that asks
for more than the weights hold, weights that are no numbers and intervals of impossible width are
refused; what is merely missing is found when it is read.

Also why an answer may be wrong: a polymer unlike those seen or measured, properties without
support, conditions that were never tested. Nothing said here means nothing known against it.
"""

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trinity.chemistry.descriptors import (
    fingerprint,
    fingerprint_as_cut,
    nearest_among,
    within_reach,
)
from trinity.chemistry.polymers import Polymer
from trinity.chemistry.properties import estimate
from trinity.errors import InputError
from trinity.files import artifacts_root, data_root, read_json
from trinity.quantities import FLUX_TESTED_KW_M2, THICKNESS_TESTED_MM

if TYPE_CHECKING:
    from trinity.learning.model import FlammabilityModel

NEEDED = ("name", "least_similarity", "quantile_new", "quantile_known", "known")
SIMILARITIES = ("least_similarity", "least_similarity_measured")
WIDEST = 100.0  # standard deviations that half an interval has at most


def default_model(fast: bool = False) -> Path:
    """Folder of the shipped ensemble, or of the networks distilled from it."""
    return artifacts_root() / "models" / ("distilled" if fast else "phase2")


def installed() -> dict[str, str]:
    """Where the program, its data and its models are, and of which commit each model is."""
    import sys

    import trinity

    found = {
        "version": f"trinity {trinity.__version__}, Python {sys.version.split()[0]}",
        "program": str(Path(trinity.__file__).parent),
        "data": str(data_root()),
    }
    for name, fast in (("model", False), ("fast model", True)):
        folder = default_model(fast)
        made = folder / "provenance.json"
        commit = read_json(made)["provenance"]["commit"] if made.is_file() else "nowhere"
        found[name] = f"{folder} (made by {commit[:12]}; more: trinity provenance)"
    return found


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Finetuned networks, what they say of themselves and what they have seen; see `ensemble_in`.

    Loading networks imports torch; what is in ``about`` is known without.
    """

    folder: Path
    about: dict  # ensemble.json: name, members, quantiles of the intervals, limits

    @cached_property
    def networks(self) -> "list[FlammabilityModel]":
        """The networks, in order."""
        from trinity.learning.loop import member_folders
        from trinity.learning.model import load_model

        members = member_folders(self.folder) or [self.folder / "member0"]
        counted = self.about.get("members", len(members))
        if counted != len(members):
            why = f"it counts {counted} members and holds {len(members)}"
            raise _unreadable(self.folder, why)
        with readable(self.folder, "a member is missing, damaged or of another version"):
            for member in members:
                require_network(member)
            found = [load_model(path) for path in members]
            if any(one.tokenizer.pad_token_id is None for one in found):
                raise ValueError("without the file that names the padding of sequences")
            return found

    @cached_property
    def seen(self) -> dict[str, list]:
        """``fingerprints`` of the polymers that the networks were trained on, and of those that
        were ``measured``."""
        from safetensors.numpy import load_file

        from trinity.chemistry.descriptors import unpacked

        with readable(self.folder, "its domain.safetensors is missing or damaged"):
            packed = load_file(self.folder / "domain.safetensors")
            return {name: unpacked(packed[name]) for name in ("fingerprints", "measured")}

    def widths(self, polymers: Sequence[Polymer]) -> np.ndarray:
        """Half an interval in standard deviations (P, 1) of polymers: known is what was measured,
        whatever else is like it."""
        known = set(map(frozenset, self.about["known"]))
        names = ("quantile_new", "quantile_known")
        new_and_known = np.array([self.about[name] for name in names])
        of = [frozenset(unit for unit, _ in polymer.units) in known for polymer in polymers]
        return new_and_known[np.array(of, int)][:, None]

    def require(self, members: int | None, fast: bool) -> None:
        """Refuse more members than there are, or ``fast`` for networks that are not distilled."""
        most = self.about.get("members", 1)
        if members is not None and not 1 <= members <= most:
            raise InputError(
                f"The model has {most} members, not {members}; use 1 to {most} of them."
            )
        if fast and not self.about.get("distilled"):
            raise InputError(
                f"{self.folder} holds no distilled networks; leave out fast to use it."
            )


@lru_cache(maxsize=4)
def ensemble_in(folder: Path) -> Ensemble:
    """The ensemble of a folder; the last few are remembered.

    Raises InputError if there is none, or its description is not whole.
    """
    path = folder / "ensemble.json"
    if not path.is_file():
        raise InputError(
            f"There is no finetuned model in {folder}; make one with trinity finetune or make book."
        )
    with readable(folder, f"its ensemble.json is damaged or lacks one of {', '.join(NEEDED)}"):
        about = json.loads(path.read_text(encoding="utf-8"))
        require_description(about, folder)
        return Ensemble(folder, about | {name: about[name] for name in NEEDED})


@contextmanager
def readable(folder: Path, otherwise: str) -> Iterator[None]:
    """What goes wrong while a folder is read ends in one sentence: it may come from anywhere, and
    what readers of weights and tokenizers raise is of many kinds. One sentence passes as it is.

    Raises InputError that the model cannot be read, and what is wrong ``otherwise``.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise _unreadable(folder, otherwise) from error


def _unreadable(folder: Path, why: str) -> InputError:
    return InputError(
        f"The model in {folder} cannot be read: {why}; copy it again, or make it anew with trinity"
        " finetune or make book."
    )


#: Beyond the range of the measured conditions by this share is as good as within.
MARGIN = 0.10


def reasons_of(polymer: Polymer, ensemble: Ensemble, fast: bool) -> list[str]:
    """What speaks against an answer about a polymer at any conditions, a plain sentence each.

    A component is foreign to the networks below the similarity to the nearest polymer of their
    training that 98 % of these have, and to the measurements below the least that a measured group
    has to the nearest of the others, at which errors are known.
    """
    about, seen = ensemble.about, ensemble.seen
    if fast:
        prints = [fingerprint_as_cut(unit) for unit in polymer.molecules]
    else:
        prints = [fingerprint(unit) for unit, _ in polymer.units]
    reasons = []
    if not all(within_reach(p, seen["fingerprints"], about["least_similarity"]) for p in prints):
        reasons.append("It is unlike all polymers that the networks were trained on.")
    least = about.get("least_similarity_measured", 0.0)
    if min(nearest_among(p, seen["measured"]) for p in prints) < least:
        reasons.append("It is farther from all measured polymers than any of them from the others.")
    found = estimate(polymer)
    if found["heat_of_combustion_j_kg"].value <= 0:
        reasons.append("By its elements it has no heat of combustion.")
    return [*reasons, *found.doubts]


def untested(measured: dict, flux_kw_m2: float, thickness_mm: float) -> list[str]:
    """What speaks against an answer at some conditions: ``measured`` has the lowest and highest
    flux and thickness of the measurements, where they are known."""
    reasons = []
    for what, value, (low, high), unit in (
        ("heat flux", flux_kw_m2, measured.get("flux_kw_m2", FLUX_TESTED_KW_M2), "kW/m²"),
        ("thickness", thickness_mm, measured.get("thickness_mm", THICKNESS_TESTED_MM), "mm"),
    ):
        if value < low * (1 - MARGIN):
            reasons.append(f"A {what} below {low:g} {unit} was never measured.")
        elif value > high * (1 + MARGIN):
            reasons.append(f"A {what} above {high:g} {unit} was never measured.")
    return reasons


def require_description(about: dict, folder: Path) -> None:
    """Refuse an ``ensemble.json`` of which an entry is of another kind, or whose intervals have a
    width that no interval has."""
    for name in ("quantile_new", "quantile_known", *SIMILARITIES):
        value = about.get(name, 0.0)
        if not (type(value) in (int, float) and 0 <= value <= WIDEST):
            why = f"{name} in its ensemble.json is {str(value)[:20]}, which cannot be"
            raise _unreadable(folder, why)
    if type(members := about.get("members", 1)) is not int or members < 1:
        raise _unreadable(folder, f"it counts {str(members)[:20]} members")
    ranges = about.get("measured", {})
    pairs = ranges.values() if isinstance(ranges, dict) else [None]
    for name, right in (
        ("name", isinstance(about.get("name", ""), str)),
        ("known", all(isinstance(one, list) for one in about.get("known", [[]]))),
        ("measured", all(np.shape(pair) == (2,) for pair in pairs)),
    ):
        if not right:
            raise _unreadable(folder, f"{name} in its ensemble.json is of another kind")


def require_network(folder: Path) -> None:
    """Refuse a network whose weights are no numbers, or of other shapes than its ``config.json``
    says; the shapes are compared without memory, on PyTorch's meta device. Raises InputError: what
    is wrong. Other errors come from files that are missing or cut off."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    parts = {key: config.get(key) for key in ("backbone", "correction", "ignition_correction")}
    shapes = _written(folder / "model.safetensors")
    held = sum(map(math.prod, shapes.values()))
    layers = config["backbone"].get("num_hidden_layers", 0)
    if max(_counts(parts), default=0) > held or layers > len(shapes):
        raise _unreadable(
            folder, f"its config.json asks for more memory than its {held:,} weights take"
        )
    if _described(parts) != shapes:
        raise _unreadable(folder, "its config.json and its weights are of different networks")
    scales = {k: v for k, v in config["scalers"].items() if isinstance(v, list)}
    for name, values in scales.items():
        least = 0.0 if name.endswith("_scale") else -np.inf
        if not all(np.isfinite(values)) or min(values) <= least:
            raise _unreadable(folder, f"{name} in its config.json is impossible")
    if config["backbone"].get("chunk_size_feed_forward"):
        raise _unreadable(
            folder, "its config.json cuts sequences into chunks, which none here does"
        )


def _written(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of the weights of a file, each of which is read, and must be a number, in turn."""
    from safetensors import safe_open

    shapes = {}
    with safe_open(path, "numpy") as file:
        for name in file.keys():
            values = file.get_tensor(name)
            shapes[name] = values.shape
            if not np.isfinite(values).all():
                why = f"its weights hold NaN or infinity ({name[:60]})"
                raise _unreadable(path.parent, why)
    return shapes


def _counts(part: object) -> Iterator[int]:
    """Every whole number in a piece of JSON: sizes, most of them."""
    if isinstance(part, dict | list):
        for value in part.values() if isinstance(part, dict) else part:
            yield from _counts(value)
    elif type(part) is int:
        yield part


def _described(parts: dict) -> dict[str, tuple[int, ...]]:
    """Shapes of the weights that a description asks for; nothing is allocated."""
    import torch
    from transformers import AutoConfig, AutoModel

    from trinity.learning.censored import IgnitionCorrection
    from trinity.learning.correction import Correction
    from trinity.learning.encoder import WITHOUT_POOLER
    from trinity.learning.model import FlammabilityModel

    with torch.device("meta"):
        shape = AutoConfig.for_model(**parts["backbone"])
        backbone = AutoModel.from_config(shape, **WITHOUT_POOLER.get(shape.model_type, {}))
        model = FlammabilityModel(backbone, tokenizer="none is needed")
        if parts["correction"]:
            model.head.correction = Correction(**parts["correction"])
        if parts["ignition_correction"]:
            model.head.ignition_correction = IgnitionCorrection(*parts["ignition_correction"])
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}
