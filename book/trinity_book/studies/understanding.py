"""Why pretraining on physics works, or does not: the block ``why`` of ``ablation.json``.

Three looks into the weights.  The *landscape* of the loss around the start, the directly finetuned
and the two-phase solution; the *distance* that each layer moves in phase 1, phase 2 and direct
finetuning; and *probes* of the embedding for quantities that no label named.  Both kinds learn
here by gradient on all weights (mode ``full``), from the very same start: the language model
with the fresh head that phase 1 began with.

What an embedding knows is asked by linear probes: a ridge regression reads a quantity that a
polymer's structure decides off the embedding of polymers that its training did not see (Alain and
Bengio, 2017, *Understanding intermediate layers using linear classifier probes*). What a linear map
finds, the head of the model can use.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from transformers import AutoModel

from trinity.chemistry.polymers import parse_psmiles
from trinity.chemistry.properties import estimate
from trinity.chemistry.thermochemistry import composition, oxygen_demand
from trinity.learning.answer import Answer
from trinity.learning.configurations import Phase2Settings
from trinity.learning.data import TestTable
from trinity.learning.encoder import encode, load_backbone, pad
from trinity.learning.loop import member_folders, seeded, single_thread
from trinity.learning.model import FlammabilityModel, load_model
from trinity.learning.phase1 import multitask_loss, split_by_polymer, without_measured
from trinity.learning.phase2 import finetune
from trinity.quantities import CONDITIONS, PRIMARY, TARGETS
from trinity_book.studies import landscape

#: Steps of finetuning at which the paths are marked.
STEPS = (1, 2, 5, 10, 20, 50, 100, 200)
#: The measured polymers in so many parts, each held out once; the last part gives the landscape.
PARTS = 3
KINDS = ("loss", "error_trained", "error_held_out")
HELD_OUT_SHARE = 0.15  # of the synthetic polymers, where phase 1 does not say
PROBED = 1500
DISTANCES = tuple(np.linspace(-1.0, 1.0, 17).tolist())


@single_thread()  # the same sums everywhere
def why_it_works(
    phase1_folder: str | Path,
    language_model_folder: str | Path,
    table: pd.DataFrame,
    tests: TestTable,
    seed: int,
    shuffled: str | Path | None = None,
    side: int = 25,
    probed: int = PROBED,
    steps: tuple[int, ...] = STEPS,
) -> dict:
    """Landscape, ends, distances and probes, in plain numbers; some minutes on one core.

    Parameters
    ----------
    phase1_folder, language_model_folder
        The members of phase 1, of which the first is looked at, and its language model.
    table
        The synthetic rows of phase 1; polymers that it kept unseen are probed.
    tests
        The measured tests. A third of the polymers at a time is held out of both finetunings.
    shuffled
        Phase-1 members trained on shuffled labels, probed beside the others.
    side, probed
        Points of the landscape along each axis; at most so many hypothetical polymers.
    steps
        Of finetuning, at which the paths are marked; the last is where they end.

    Raises InputError if a folder holds no model.
    """
    path = member_folders(phase1_folder)[0]
    phase1 = load_model(path)
    start = _start(language_model_folder, path, phase1, seed)
    part, ends = parts_of(tests), []
    for number in range(PARTS):
        trained, held_out = part != number, part == number
        walks = {
            "direct": _walk(start, tests.take(trained), steps, seed),
            "two_phase": _walk(phase1, tests.take(trained), steps, seed),
        }
        points = {"start": landscape.weights_of(start), "phase1": landscape.weights_of(phase1)}
        points |= {name: walk[-1] for name, walk in walks.items()}
        loss = _loss_of(phase1, tests, trained, held_out)
        found = landscape.losses_at(phase1, list(points.values()), loss)
        ends.append(
            {
                "held_out": sorted({s for p in tests.take(held_out).polymers for s, _ in p}),
                "tests": int(held_out.sum()),
                **{name: _named(row) for name, row in zip(points, found, strict=True)},
            }
        )
    models = {"random": _random_encoder(start, seed), "language model": start, "phase 1": phase1}
    if shuffled is not None:
        models["shuffled labels"] = load_model(member_folders(shuffled)[0])
    return {
        "landscape": _landscape(phase1, points, walks, loss, side, seed),
        "ends": ends,
        "distances": distances(phase1, points),
        "probes": probe_all(models, _unseen(table, Path(phase1_folder), probed, seed), seed),
        "settings": {"steps": [0, *steps], "side": side, "seed": seed, "member": path.name},
    }


def _start(folder, path: Path, phase1: FlammabilityModel, seed: int) -> FlammabilityModel:
    """The language model with the head that this member of phase 1 began with, and its scalers:
    one start, and one meaning of a weight, for both."""
    about = json.loads((path / "config.json").read_text(encoding="utf-8"))["about"]
    backbone, tokenizer = load_backbone(folder)
    with seeded(int(about.get("seed", seed))):
        return FlammabilityModel(backbone, phase1.scalers, tokenizer).eval()


def _random_encoder(start: FlammabilityModel, seed: int) -> FlammabilityModel:
    """The same network, never trained."""
    with seeded(seed):
        backbone = AutoModel.from_config(start.backbone.config)
        return FlammabilityModel(backbone, tokenizer=start.tokenizer).eval()


def parts_of(tests: TestTable) -> np.ndarray:
    """Part (R,) of each test, 0 to `PARTS` - 1: polymers that share a component stay together."""
    polymer, names = zip(*((i, s) for i, p in enumerate(tests.polymers) for s, _ in p), strict=True)
    component = np.unique(names, return_inverse=True)[1]
    holds = coo_array((np.ones(len(names)), (np.array(polymer), component)))
    _, family = connected_components(holds @ holds.T)
    return family[tests.polymer_of] % PARTS


def _walk(start: FlammabilityModel, tests: TestTable, steps, seed: int) -> list[Tensor]:
    """Weights along the path of finetuning, the start first.

    Nothing pulls back to the start, so that each path goes where the loss of its tests leads it.
    """
    path = [landscape.weights_of(start)]
    settings = Phase2Settings("full", 1e-3, 0.3, 0.0, tuple(steps))
    finetune(start, tests, settings, seed, lambda _, m: path.append(landscape.weights_of(m)))
    return path


def _loss_of(model: FlammabilityModel, tests: TestTable, trained, held_out) -> landscape.Loss:
    """Loss of the tests that were trained on, and mean |ln| error of these and of the others."""
    batch = tests.batch(model)
    batch.laboratory = torch.zeros_like(batch.laboratory)  # a new test has no laboratory
    labels = tests.take(trained).labels(model.scalers)
    known, primary = torch.as_tensor(trained), [TARGETS.index(name) for name in PRIMARY]

    def loss(network: nn.Module) -> list[float]:
        output = network(batch)
        error = Answer.of_output(model.scalers, output, tests.complete).error(tests)[:, primary]
        found = [np.nanmean(error[trained]), np.nanmean(error[held_out])]
        return [float(multitask_loss([part[known] for part in output], labels)), *map(float, found)]

    return loss


def _named(losses: np.ndarray) -> dict:
    """Losses (kinds, ...) by kind, as plain numbers."""
    return dict(zip(KINDS, losses.tolist(), strict=True))


def _landscape(model, points, walks, loss: landscape.Loss, side: int, seed: int) -> dict:
    """The plane of start, direct and two-phase solution with its losses, paths and barrier."""
    plane = landscape.Plane.through(model, points["start"], points["direct"], points["two_phase"])
    paths = {**walks, "two_phase": [points["start"], *walks["two_phase"]]}
    places = {
        name: [list(plane.coordinates(point)) for point in path] for name, path in paths.items()
    }
    marks = np.array([place[:2] for path in places.values() for place in path])
    ground = landscape.surface(model, plane, marks, side, loss)
    way = landscape.straight_way(model, points["direct"], points["two_phase"], side, loss)
    around = {"distance": list(DISTANCES)}
    for end in walks:
        found = landscape.sharpness(model, points[end], DISTANCES, 5, seed, loss)
        around[end] = found.tolist()
    return {
        "x": ground["x"].tolist(),
        "y": ground["y"].tolist(),
        **_named(ground["losses"]),
        "paths": places,  # x, y and the distance beside the plane
        "straight_way": {"share": way["share"].tolist(), **_named(way["losses"])}
        | {"barrier": way["barrier"]},
        "sharpness": around,
    }


def distances(model: FlammabilityModel, points: dict[str, Tensor]) -> list[dict]:
    """How far each layer moves, |change| / |weights before| in the 2-norm, in the three trainings.

    Rows of ``layer``, ``weights`` (their number), ``phase1``, ``phase2``, ``direct``; the last is
    of all weights.
    """
    layers = [(_layer(name), p.numel()) for name, p in model.named_parameters()]
    codes, names = pd.factorize(np.repeat(*zip(*layers, strict=True)))
    trainings = {
        "phase1": ("start", "phase1"),
        "phase2": ("phase1", "two_phase"),
        "direct": ("start", "direct"),
    }
    rows = []
    for i, layer in enumerate([*names, "all weights"]):
        inside = torch.as_tensor(codes == i if i < len(names) else codes >= 0)
        row = {"layer": layer, "weights": int(inside.sum())}
        for training, ends in trainings.items():
            before, after = (points[end][inside] for end in ends)
            row[training] = float((after - before).norm() / before.norm().clamp(min=1e-12))
        rows.append(row)
    return rows


def _layer(name: str) -> str:
    """The layer of a parameter in words."""
    number = re.search(r"layers?\.(\d+)\.", name)
    if name.startswith("backbone."):
        return f"encoder layer {int(number[1]) + 1}" if number else "token embedding"
    if name.startswith("head.blocks"):
        return "head, middle"
    return "head, input" if re.match(r"head\.(norm|chemistry|conditions)", name) else "head, output"


def _unseen(table: pd.DataFrame, phase1_folder: Path, most: int, seed: int) -> list[str]:
    """Keys of synthetic polymers that phase 1 kept for its score, at most so many."""
    about = phase1_folder / "provenance.json"
    share, first = HELD_OUT_SHARE, seed
    if about.is_file():
        block = json.loads(about.read_text(encoding="utf-8"))["provenance"]
        share, first = block["parameters"]["phase1"]["held_out"], block["seeds"][0]
    keys = without_measured(table).drop_duplicates("psmiles")["key"].to_numpy()
    # What splits the polymers reads their number and order only.
    nothing = np.full((len(keys), len(CONDITIONS)), np.nan)
    listed = TestTable([((key, 1.0),) for key in keys], np.arange(len(keys)), nothing, nothing)
    _, unseen = split_by_polymer(listed, share, first)
    chosen = np.random.default_rng(seed).permutation(unseen.sum())[:most]
    return keys[unseen][np.sort(chosen)].tolist()


#: Quantity -> its unit; density and T50 are estimates, the others follow from the formula.
QUANTITIES = {"density": "kg/m³", "T50": "K", "aromatic share": "-", "oxygen demand": "kg/kg"}
FOLDS = 5
DRAWS = 1000


def quantities(psmiles: Sequence[str]) -> pd.DataFrame:
    """The quantities of polymers, one row each, columns as in `QUANTITIES`."""
    rows = []
    for text in psmiles:
        known, unit = estimate(text), parse_psmiles(text)
        aromatic = [atom.GetIsAromatic() for atom in unit.GetAtoms() if atom.GetAtomicNum() > 1]
        estimated = known["density_kg_m3"].value, known["t50_k"].value
        rows.append((*estimated, np.mean(aromatic), oxygen_demand(composition(unit))))
    return pd.DataFrame(rows, columns=list(QUANTITIES))


@torch.no_grad()
def embed(model: FlammabilityModel, psmiles: Sequence[str], batch: int = 64) -> np.ndarray:
    """Embeddings (P, D) of canonical repeat units, read in batches of similar length."""
    ids = encode(model.tokenizer, psmiles)
    order = np.argsort([len(sequence) for sequence in ids], kind="stable")
    found = np.empty((len(ids), model.backbone.config.hidden_size))
    for start in range(0, len(order), batch):
        places = order[start : start + batch]
        read = model.embed(*pad([ids[i] for i in places], model.tokenizer.pad_token_id))
        found[places] = read.numpy()
    return found


def probe(
    embedding: np.ndarray, values: np.ndarray, keys: Sequence[str], seed: int
) -> dict[str, float]:
    """Share of the variance of a quantity that a ridge regression finds in unseen polymers.

    From ``embedding`` (P, D), ``values`` (P,) and ``keys``, of which none is on both sides of a
    fold: ``r2`` of the out-of-fold predictions with its 95 % bootstrap interval over polymers
    (``low``, ``high``), and their root mean square error ``rmse``.
    """
    ridge = make_pipeline(StandardScaler(), RidgeCV(alphas=np.logspace(-2, 4, 13)))
    _, groups = np.unique(np.asarray(keys), return_inverse=True)
    folds = GroupKFold(min(FOLDS, groups.max() + 1), shuffle=True, random_state=seed)
    said = cross_val_predict(ridge, embedding, values, groups=groups, cv=folds)
    missed, spread = (said - values) ** 2, (values - values.mean()) ** 2
    drawn = np.random.default_rng(seed).integers(len(values), size=(DRAWS, len(values)))
    low, high = np.quantile(_found(missed[drawn].sum(1), spread[drawn].sum(1)), [0.025, 0.975])
    r2, rmse = _found(missed.sum(), spread.sum()), np.sqrt(missed.mean())
    return {"r2": float(r2), "low": float(low), "high": float(high), "rmse": float(rmse)}


def _found(missed: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Share of a variance that is found; 0 where there is none to find."""
    return 1 - np.divide(missed, spread, out=np.ones_like(missed), where=spread > 0)


def probe_all(
    models: dict[str, FlammabilityModel], psmiles: Sequence[str], seed: int
) -> list[dict]:
    """`probe` of each model and quantity, a row each: ``model``, ``quantity``, ``unit``, scores."""
    known = quantities(psmiles)
    rows = []
    for name, model in models.items():
        embedding = embed(model, psmiles)
        rows += [
            {"model": name, "quantity": quantity, "unit": unit}
            | probe(embedding, known[quantity].to_numpy(), psmiles, seed)
            for quantity, unit in QUANTITIES.items()
        ]
    return rows
