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
    """What one Gaussian process makes of standardised means, and its variance; all of it buffers,
    so that it travels inside the checkpoint."""

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

        Where physics has no answer (a specimen that never ignites), the network has the word.
        """
        share = self.number("share")
        if share == 0:
            return mean
        return (1 - share) * mean + share * torch.where(physics.isfinite(), physics, mean)

    def kernel(self, embedding: Tensor, conditions: Tensor, laboratory: Tensor) -> Tensor:
        """Covariance (R, N) of R tests with those of the fit; of the embedding (R, >= D) the last
        D columns are read, as many as the fit has."""
        unit, length, signal, trend = self.numbers[:4]
        # Differences, not products: single precision loses small distances in the latter.
        distance = torch.cdist(
            embedding[:, -self.embedding.shape[1] :],
            self.embedding,
            compute_mode="donot_use_mm_for_euclid_dist",
        )
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


class Committee(nn.Module):
    """Several corrections of one network, each with a say: the mean of their means, the mean of
    their variances and the variance among them."""

    def __init__(self, members: Sequence[Correction]):
        super().__init__()
        self.members = nn.ModuleList(members)

    @property
    def needs_physics(self) -> bool:
        """Whether a member reads the nominal physics."""
        return any(member.number("share") > 0 for member in self.members)

    @property
    def shapes(self) -> list[list[int]]:
        """(tests, embedding) of each member: what `committee_of_shapes` needs."""
        return [list(member.embedding.shape) for member in self.members]

    def forward(
        self,
        embedding: Tensor,
        conditions: Tensor,
        laboratory: Tensor,
        mean: Tensor,
        physics: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Means and variances, both (R, targets), in standardised units."""
        said = [m(embedding, conditions, laboratory, mean, physics) for m in self.members]
        means, variances = (torch.stack(part) for part in zip(*said, strict=True))
        return means.mean(0), variances.mean(0) + means.var(0, unbiased=False)


def committee_of_shapes(
    shapes: Sequence[Sequence[int]], conditions: int, laboratories: int, targets: int
) -> Committee:
    """A committee to load weights into."""
    return Committee([Correction(n, d, conditions, laboratories, targets) for n, d in shapes])


def fit_correction(
    embedding: Tensor,
    conditions: Tensor,
    laboratory: Tensor,
    measured: Tensor,
    known: Tensor,
    weight: Tensor,
    mean: Tensor,
    physics: Tensor | None,
    scale: Tensor,
    *,
    length: float,
    signal: float,
    trend: float,
    noise: float,
    share: float = 0.0,
) -> Correction:
    """Fit to what the start leaves of measured tests.

    Parameters
    ----------
    embedding, conditions, laboratory
        (N, D), (N, 2), (N, L) of the measured tests.
    measured, known
        (N, 4) standardised logarithms, and 1 where there is a label.
    weight
        (N,) say of each test: the noise of a test is divided by it.
    mean, physics
        (N, 4) what the network and the physics say; the latter is needed if ``share`` is not 0.
    scale
        (4,) natural-log units a standardised unit.
    length, signal, trend, noise
        Of the kernel; the unit of length is the root mean square distance of the embeddings from
        their centre, halved.
    share
        Of the physics in what is corrected, 0 to 1.
    """
    correction = Correction(*embedding.shape, conditions.shape[1], laboratory.shape[1], len(scale))
    unit = 0.5 * (embedding - embedding.mean(0)).pow(2).sum(1).mean().sqrt()
    correction.embedding, correction.conditions = embedding.clone(), conditions.clone()
    correction.laboratory, correction.scale = laboratory.clone(), scale.clone()
    correction.numbers = torch.tensor([float(unit), length, signal, trend, noise, share])
    residual = (measured - correction.start(mean, physics)) * scale
    gram = correction.kernel(embedding, conditions, laboratory).double()
    extra = noise / (weight / weight.mean()).double()
    for target in range(len(scale)):
        rows = known[:, target].nonzero().squeeze(1)
        inverse = torch.linalg.inv(gram[rows][:, rows] + torch.diag(extra[rows]))
        correction.alpha[target, rows] = (inverse @ residual[rows, target].double()).float()
        block = correction.precision[target]
        block[rows[:, None], rows[None, :]] = inverse.float()
    return correction
