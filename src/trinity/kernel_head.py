"""Finetuning in closed form: a Gaussian process on the embedding corrects the model's means.

Finetuning a wide head by gradient, held near its start, is kernel regression of the residuals
(Jacot et al., 2018; Rasmussen and Williams, 2006, eq. 2.25-2.26).  With seventy tests one can
solve it exactly: no steps, no seed, and a variance that grows away from the polymers measured.
The kernel of two tests is

    trend (1 + c . c') + LABORATORY l . l' + signal exp(-d^2 / 2 length^2)

with standardised conditions c, one-hot laboratory l (zero when unknown) and the distance d of the
embeddings, in units of their spread over the measured polymers.  Variances are of natural logs.
"""

import torch
from torch import Tensor, nn

#: Variance of a laboratory's bias: 17 %, between the 10 and 29 % that ten laboratories differ by
#: on one material (MaCFP round robin, see data/README).
LABORATORY = 0.03


class Correction(nn.Module):
    """What a Gaussian process adds to standardised means, and its variance; all of it buffers,
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
            "numbers": (5,),  # unit of distance, length, signal, trend, noise
        }.items():
            self.register_buffer(name, torch.zeros(shape))

    def kernel(self, embedding: Tensor, conditions: Tensor, laboratory: Tensor) -> Tensor:
        """Covariance (R, N) of R tests with those of the fit."""
        unit, length, signal, trend, _ = self.numbers
        # Differences, not products: single precision loses small distances in the latter.
        distance = torch.cdist(
            embedding, self.embedding, compute_mode="donot_use_mm_for_euclid_dist"
        )
        chemistry = signal * torch.exp(-((distance / (unit * length)) ** 2) / 2)
        linear = trend * (1 + conditions @ self.conditions.T)
        return linear + LABORATORY * laboratory @ self.laboratory.T + chemistry

    def forward(self, embedding: Tensor, conditions: Tensor, laboratory: Tensor):
        """Added means and variances, both (R, targets), in standardised units."""
        k = self.kernel(embedding, conditions, laboratory)  # (R, N)
        _, _, signal, trend, noise = self.numbers
        prior = signal + trend * (1 + (conditions**2).sum(1)) + LABORATORY * laboratory.sum(1)
        explained = torch.einsum("rn,tnm,rm->rt", k, self.precision, k)
        variance = (prior[:, None] - explained).clamp(min=0.0) + noise
        return (k @ self.alpha.T) / self.scale, variance / self.scale**2


def fit_correction(
    embedding: Tensor,
    conditions: Tensor,
    laboratory: Tensor,
    residual: Tensor,
    known: Tensor,
    weight: Tensor,
    scale: Tensor,
    length: float,
    signal: float,
    trend: float,
    noise: float,
) -> Correction:
    """Fit to residuals of the standardised means.

    Parameters
    ----------
    embedding, conditions, laboratory
        (N, D), (N, 2), (N, L) of the measured tests.
    residual, known
        (N, 4) measured minus predicted, and 1 where there is a label.
    weight
        (N,) say of each test: the noise of a test is divided by it.
    scale
        (4,) natural-log units a standardised unit.
    length, signal, trend, noise
        Of the kernel; the unit of length is the root mean square distance of the embeddings from
        their centre, halved.
    """
    correction = Correction(*embedding.shape, conditions.shape[1], laboratory.shape[1], len(scale))
    unit = 0.5 * (embedding - embedding.mean(0)).pow(2).sum(1).mean().sqrt()
    correction.embedding, correction.conditions = embedding.clone(), conditions.clone()
    correction.laboratory, correction.scale = laboratory.clone(), scale.clone()
    correction.numbers = torch.tensor([float(unit), length, signal, trend, noise])
    gram = correction.kernel(embedding, conditions, laboratory).double()
    extra = noise / (weight / weight.mean()).double()
    for target in range(len(scale)):
        rows = known[:, target].nonzero().squeeze(1)
        inverse = torch.linalg.inv(gram[rows][:, rows] + torch.diag(extra[rows]))
        alpha = inverse @ (residual[rows, target] * scale[target]).double()
        correction.alpha[target, rows] = alpha.float()
        block = correction.precision[target]
        block[rows[:, None], rows[None, :]] = inverse.float()
    return correction
