"""Finetuning in closed form: Gaussian processes on the embedding correct the model's means.

Finetuning a wide head by gradient, held near its start, is kernel regression of the residuals
(Jacot et al., 2018; Rasmussen and Williams, 2006, eq. 2.25-2.26).  With seventy tests one can
solve it exactly: no steps, no seed, and a variance that grows away from the polymers measured.
What is corrected is a mixture of the network's means and of the physics itself at the nominal
properties of the polymer: residuals of the physics are smaller than those of its copy in the
network.  The kernel of two tests is

    trend (1 + c . c') + LABORATORY l . l' + signal exp(-d^2 / 2 length^2)

with standardised conditions c, one-hot laboratory l (zero when unknown) and the distance d of the
embeddings, in units of their spread over the measured polymers.  Variances are of natural logs.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

#: Variance of a laboratory's bias: 17 %, between the 10 and 29 % that ten laboratories differ by
#: on one material (MaCFP round robin, see data/README).
LABORATORY = 0.03
NUMBERS = ("unit", "length", "signal", "trend", "noise", "share")


class Correction(nn.Module):
    """One Gaussian process: it corrects standardised means and gives their variance.  All of it is
    buffers, so that it travels inside the checkpoint."""

    def __init__(
        self, tests: int, embedding: int, conditions: int, laboratories: int, targets: int
    ):
        super().__init__()
        for name, shape in {
            "embedding": (tests, embedding),
            "conditions": (tests, conditions),
            "laboratory": (tests, laboratories),
            "alpha": (targets, tests),
            "precision": (targets, tests, tests),  # (K + noise)^-1, zero for unlabelled tests
            "scale": (targets,),
            "numbers": (len(NUMBERS),),
        }.items():
            self.register_buffer(name, torch.zeros(shape))

    def number(self, name: str) -> float:
        """One of `NUMBERS`."""
        return float(self.numbers[NUMBERS.index(name)])

    def start(self, mean: Tensor, physics: Tensor | None) -> Tensor:
        """What is corrected (R, targets): the network's means, the physics, or part of each.

        Where physics has no answer (a specimen that never ignites), the network's mean stands.
        """
        share = self.number("share")
        if share == 0:
            return mean
        return (1 - share) * mean + share * torch.where(physics.isfinite(), physics, mean)

    def distance(self, embedding: Tensor) -> Tensor:
        """Euclidean distances (R, N) of embeddings (R, D) from those of the fit."""
        # Differences, not products: single precision loses small distances in the latter.
        mode = "donot_use_mm_for_euclid_dist"
        return torch.cdist(embedding, self.embedding, compute_mode=mode)

    def kernel(self, embedding: Tensor, conditions: Tensor, laboratory: Tensor) -> Tensor:
        """Covariance (R, N) of R tests with those of the fit; of the embedding (R, >= D) the last
        D columns are read, as many as the fit has."""
        unit, length, signal, trend = self.numbers[:4]
        distance = self.distance(embedding[:, -self.embedding.shape[1] :])
        chemistry = signal * torch.exp(-((distance / (unit * length)) ** 2) / 2)
        linear = trend * (1 + conditions @ self.conditions.T)
        return linear + LABORATORY * laboratory @ self.laboratory.T + chemistry

    def forward(
        self,
        embedding: Tensor,
        conditions: Tensor,
        laboratory: Tensor,
        mean: Tensor,
        physics: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Corrected means and variances, both (R, targets), in standardised units."""
        k = self.kernel(embedding, conditions, laboratory)  # (R, N)
        signal, trend, noise = self.numbers[2:5]
        prior = signal + trend * (1 + (conditions**2).sum(1)) + LABORATORY * laboratory.sum(1)
        explained = torch.einsum("rn,tnm,rm->rt", k, self.precision, k)
        variance = (prior[:, None] - explained).clamp(min=0.0) + noise
        added = (k @ self.alpha.T) / self.scale
        return self.start(mean, physics) + added, variance / self.scale**2


class AveragedCorrections(nn.Module):
    """Several corrections of one network, averaged with equal weights: the mean of their means,
    the mean of their variances and the variance among them."""

    def __init__(self, members: Sequence[Correction]):
        super().__init__()
        self.members = nn.ModuleList(members)

    @classmethod
    def of_shapes(
        cls, shapes: Sequence[Sequence[int]], conditions: int, laboratories: int, targets: int
    ) -> "AveragedCorrections":
        """One to load weights into, from its `shapes`."""
        return cls([Correction(n, d, conditions, laboratories, targets) for n, d in shapes])

    @property
    def needs_physics(self) -> bool:
        """Whether a member reads the nominal physics."""
        return any(member.number("share") > 0 for member in self.members)

    @property
    def shapes(self) -> list[list[int]]:
        """(tests, embedding) of each member."""
        return [list(member.embedding.shape) for member in self.members]

    def forward(self, *rows: Tensor | None) -> tuple[Tensor, Tensor]:
        """Means and variances, both (R, targets), from what `Correction.forward` takes."""
        corrected = [member(*rows) for member in self.members]
        means, variances = (torch.stack(part) for part in zip(*corrected, strict=True))
        return means.mean(0), variances.mean(0) + means.var(0, unbiased=False)
