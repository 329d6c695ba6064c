"""The loss as a landscape: a plane through three solutions, and how sharp the valleys are.

Weights of a network have no natural scale: a layer may be doubled and the next one halved, and
nothing changes.  Li et al. (2018, *Visualizing the loss landscape of neural nets*) therefore
measure a step in each filter (a row of a weight matrix, or a vector of biases) by the length of
that filter.  So here: distance 1 means that every filter has moved by its own length, in the root
mean square.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

Loss = Callable[[nn.Module], Sequence[float]]


def weights_of(model: nn.Module) -> Tensor:
    """All weights of a model as one vector (W,), a copy."""
    return parameters_to_vector(model.parameters()).detach().clone()


def filter_lengths(model: nn.Module, weights: Tensor) -> tuple[Tensor, int]:
    """Length (W,) of the filter that each weight is in, and the number of filters."""
    shapes = [p.shape if p.ndim > 1 else (1, p.numel()) for p in model.parameters()]
    values = weights.split([p.numel() for p in model.parameters()])
    rows = [part.reshape(shape[0], -1) for part, shape in zip(values, shapes, strict=True)]
    lengths = [part.norm(dim=1, keepdim=True).expand_as(part).reshape(-1) for part in rows]
    return torch.cat(lengths), sum(shape[0] for shape in shapes)


@dataclass
class Plane:
    """A plane of weights through an origin, with axes that are orthonormal in units of filters."""

    origin: Tensor  # (W,)
    unit: Tensor  # (W,) a weight's change that counts as one
    axes: Tensor  # (2, W)

    @classmethod
    def through(cls, model: nn.Module, origin: Tensor, first: Tensor, second: Tensor) -> "Plane":
        """The plane of three points; the first axis leads from the origin to ``first``."""
        found = [filter_lengths(model, point) for point in (origin, first, second)]
        length, filters = torch.stack([lengths for lengths, _ in found]).amax(0), found[0][1]
        # Filters that are zero in all three points do not move in this plane.
        unit = torch.where(length > 0, length, 1.0) * filters**0.5
        one, two = ((point - origin) / unit for point in (first, second))
        one = one / one.norm()
        two = two - (two @ one) * one
        return cls(origin, unit, torch.stack([one, two / two.norm()]))

    def coordinates(self, weights: Tensor) -> tuple[float, float, float]:
        """Place in the plane, and how far beside it a point lies, all in units of filters."""
        step = (weights - self.origin) / self.unit
        x, y = (self.axes @ step).tolist()
        return x, y, float((step - x * self.axes[0] - y * self.axes[1]).norm())

    def weights(self, x: float, y: float) -> Tensor:
        """The weights (W,) at a place in the plane."""
        return self.origin + self.unit * (x * self.axes[0] + y * self.axes[1])


@torch.no_grad()
def losses_at(model: nn.Module, points: Iterable[Tensor], loss: Loss) -> np.ndarray:
    """Losses (points, kinds) of a model with other weights; the model has its own afterwards.

    Points may be made one at a time: hundreds of sets of weights are gigabytes.
    """
    own = weights_of(model)
    found = []
    for point in points:
        vector_to_parameters(point, model.parameters())
        found.append(loss(model))
    vector_to_parameters(own, model.parameters())
    return np.array(found)


def surface(model: nn.Module, plane: Plane, marks: np.ndarray, side: int, loss: Loss) -> dict:
    """Losses over a rectangle of a plane that holds the places ``marks`` (n, 2) with a margin.

    ``x``, ``y`` (side,) and ``losses`` (kinds, side of y, side of x).
    """
    low, high = marks.min(0), marks.max(0)
    margin = 0.25 * max(high - low)
    x, y = (np.linspace(low[i] - margin, high[i] + margin, side) for i in (0, 1))
    found = losses_at(model, (plane.weights(a, b) for b in y for a in x), loss)
    return {"x": x, "y": y, "losses": found.T.reshape(-1, side, side)}


def straight_way(model: nn.Module, start: Tensor, end: Tensor, points: int, loss: Loss) -> dict:
    """Losses on the straight line between two solutions, and its barrier.

    The barrier is the highest first loss on the way above the higher end; 0 means that one can
    walk from one solution to the other without climbing.
    """
    share = np.linspace(0.0, 1.0, points)
    found = losses_at(model, (torch.lerp(start, end, float(t)) for t in share), loss)
    first = found[:, 0]
    barrier = float(first.max() - max(first[0], first[-1]))
    return {"share": share, "losses": found.T, "barrier": barrier}


def sharpness(
    model: nn.Module, solution: Tensor, distances: Sequence, draws: int, seed: int, loss: Loss
) -> np.ndarray:
    """First loss (draws, distances) along random filter-normalised directions from a solution.

    Each filter of a direction is as long as that of the solution; vectors (biases, norms) do not
    move, as in Li et al. (2018).
    """
    generator = torch.Generator().manual_seed(seed)
    length, _ = filter_lengths(model, solution)
    matrices = torch.cat([torch.full((p.numel(),), float(p.ndim > 1)) for p in model.parameters()])
    rows = []
    for _ in range(draws):
        noise = torch.randn(solution.shape, generator=generator)
        step = noise / filter_lengths(model, noise)[0] * length * matrices
        points = (solution + distance * step for distance in distances)
        rows.append(losses_at(model, points, loss)[:, 0])
    return np.array(rows)
