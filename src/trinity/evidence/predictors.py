"""What each arm becomes once it has learned: a function from tests to their coordinates.

All arms with a phase 2 share one, `trinity.learning.correction.Correction`; they differ in what
it reads of a polymer and in what it starts from. Answers are in `trinity.cone.coordinates`.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from trinity.cone.predict import physics_spread
from trinity.evidence.arms import Arm
from trinity.learning.answer import Answer, combine, embeddings, network_means, settled
from trinity.learning.correction import Correction, Tests
from trinity.learning.data import TestTable, descriptors
from trinity.learning.encoder import load_backbone
from trinity.learning.ensemble import units_of
from trinity.learning.intervals import interval_quantiles
from trinity.learning.model import FlammabilityModel, load_model
from trinity.learning.phase2 import known_of
from trinity.quantities import TARGETS

#: Where the models are that arms start from: of each kind their folders, one per seed.
Sources = Mapping[str, Sequence[Path]]
Predictor = Callable[[TestTable], Answer]
#: Starts that are encoders without a head, which say nothing of a cone test.
HEADLESS = ("language_model", "random")
TREES = 100


def predictor(
    arm: Arm, training: TestTable, *, seed: int, sources: Sources, start: str = ""
) -> Predictor:
    """What an arm predicts after it learned from ``training``, with the start of that seed;
    ``start`` names another kind of model than the arm's own."""
    if arm.name == "physics_only":
        return _physics
    if arm.name == "random_forest":
        return _forest(training, seed)
    model = _model(start or arm.start, seed, sources)
    by_hand = _by_hand(training) if arm.start == "composition" else None
    if arm.name == "phase1_only":
        return lambda tests: _network(model, tests)

    def seen(tests: TestTable) -> Tests:
        embedding = None if model is None else embeddings(model, tests)
        network = np.zeros((len(tests), len(TARGETS)))
        if model is not None and arm.start not in HEADLESS:
            network = network_means(model, tests, embedding)
        begin = network
        if arm.physics:
            begin = np.where(np.isfinite(tests.physics), tests.physics, network)
        features = by_hand(tests) if by_hand else None
        if embedding is not None:
            features = embedding.double().numpy()[tests.polymer_of]
        return Tests(features, tests.conditions, tests.laboratory, begin)

    process = Correction.fit(seen(training), known_of(training), arm.physics)

    def ask(tests: TestTable) -> Answer:
        mean, variance = process.predict(seen(tests.with_physics() if arm.physics else tests))
        return Answer(mean, np.sqrt(variance), np.ones(len(tests)))

    return ask


def mixed(predictors: Sequence[Predictor]) -> Predictor:
    """Several arms as one: the mean of their predictive distributions."""
    return lambda tests: combine([ask(tests) for ask in predictors])


def told(ask: Predictor, tests: TestTable, training: TestTable, groups: int) -> list[np.ndarray]:
    """Logarithms (3, R, 4) of `TARGETS` and the ends of their 90 % intervals, with the
    laboratories hidden and named; a polymer is known if its units were in ``training``, which
    holds so many ``groups``."""
    seen = {units_of(polymer) for polymer in training.polymers}
    new, known = interval_quantiles(groups)
    quantile = np.array([known if units_of(p) in seen else new for p in tests.polymers])
    return [np.log(settled(ask, t, quantile).targets) for t in (tests.unnamed(), tests)]


@lru_cache(maxsize=8)
def _load(headless: bool, folder: Path) -> FlammabilityModel:
    if not headless:
        return load_model(folder)
    backbone, tokenizer = load_backbone(folder)
    return FlammabilityModel(backbone, tokenizer=tokenizer)


def _model(start: str, seed: int, sources: Sources) -> FlammabilityModel | None:
    """The model of a start; where all seeds start from one, that one; None where there is none."""
    if start not in sources:
        return None
    paths = sources[start]
    return _load(start in HEADLESS, paths[seed % len(paths)])


def _by_hand(training: TestTable) -> Callable[[TestTable], np.ndarray]:
    """Descriptors of the composition (R, 7), standardised on the polymers of ``training``."""
    own = descriptors(training.polymers)
    centre, scale = own.mean(0), np.maximum(own.std(0), 1e-6)
    return lambda tests: ((descriptors(tests.polymers) - centre) / scale)[tests.polymer_of]


def _physics(tests: TestTable) -> Answer:
    """The cone model at nominal properties, with the spread that their errors make."""
    tests = tests.with_physics()
    sigma = np.empty_like(tests.physics)
    slabs = np.column_stack([tests.polymer_of, tests.conditions[:, 1]])
    for slab in np.unique(slabs, axis=0):
        rows = (slabs == slab).all(axis=1)
        least = physics_spread(tests.polymers[int(slab[0])], float(slab[1]))  # (F, 4)
        sigma[rows] = np.tile(least, (rows.sum() // len(least), 1))
    return Answer(tests.physics, np.maximum(sigma, 1e-3), np.ones(len(tests)))


def _network(model: FlammabilityModel, tests: TestTable) -> Answer:
    """A network of phase 1 that has seen no measurement."""
    from trinity.learning.answer import answer

    return answer(model, tests)


def _forest(training: TestTable, seed: int) -> Predictor:
    """Random forests on conditions and composition, one per coordinate; their error is that of
    the trees on tests that they did not see (out of bag)."""

    def features(tests: TestTable) -> np.ndarray:
        return np.hstack([np.log(tests.conditions), descriptors(tests.polymers)[tests.polymer_of]])

    x, y = features(training), training.coordinates
    forests, sigma = [], np.ones(len(TARGETS))
    for column in range(len(TARGETS)):
        given = np.isfinite(y[:, column])
        forest = RandomForestRegressor(TREES, max_features=0.5, oob_score=True, random_state=seed)
        weight = training.weight[given]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # heavy tests are in every bootstrap
            forests.append(forest.fit(x[given], y[given, column], sample_weight=weight))
        left_out = forest.oob_prediction_ != 0.0  # which stands for none
        off = (forest.oob_prediction_ - y[given, column])[left_out]
        sigma[column] = np.sqrt(np.average(off**2, weights=weight[left_out]))

    def ask(tests: TestTable) -> Answer:
        mean = np.column_stack([forest.predict(features(tests)) for forest in forests])
        return Answer(mean, np.tile(sigma, (len(mean), 1)), np.ones(len(mean)))

    return ask
