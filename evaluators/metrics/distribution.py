"""How sets of motions compare and vary: FID, diversity, multimodality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluators.metrics.checks import vectors

DIVERSITY_PAIRS = 300
MULTIMODAL_PAIRS = 10


@dataclass(frozen=True)
class Gaussian:
    """Mean (D,) of a set and a factor (R, D) of its covariance: covariance = factor.T @ factor."""

    mean: NDArray[np.float64]
    factor: NDArray[np.float64]

    @property
    def trace(self) -> float:
        """Trace of the covariance."""
        return float(np.square(self.factor).sum())


def gaussian(samples: ArrayLike) -> Gaussian:
    """Mean and covariance (with N - 1, as numpy.cov) of samples (N, D).

    A single sample has no spread: its covariance is 0. The factor has at most D rows, also of many samples.
    ValueError for no sample, NaN or infinity.
    """
    array = vectors("samples", samples)
    if not len(array):
        raise ValueError("no samples: a mean needs at least one")
    mean = array.mean(axis=0)
    centred = (array - mean) / np.sqrt(max(len(array) - 1, 1))
    if len(centred) <= centred.shape[1]:
        return Gaussian(mean, centred)
    values, axes = np.linalg.eigh(centred.T @ centred)
    return Gaussian(mean, np.sqrt(np.maximum(values, 0))[:, None] * axes.T)


def frechet_distance(one: Gaussian, other: Gaussian) -> float:
    """Squared Frechet distance of two Gaussians (Dowson & Landau 1982), the FID of Heusel et al. 2017.

    |m1 - m2|^2 + tr(S1) + tr(S2) - 2 tr((S1 S2)^(1/2)). With S = F.T F the last trace is the sum of the
    singular values of F1 @ F2.T: real and stable where the matrix square root fails or turns complex, and
    exact for fewer samples than dimensions. Symmetric; never below 0; 0 for equal Gaussians up to rounding.
    """
    if one.mean.shape != other.mean.shape:
        raise ValueError(f"means of {one.mean.shape} and {other.mean.shape}: both sets need the same size")
    if np.array_equal(one.mean, other.mean) and np.array_equal(one.factor, other.factor):
        return 0.0
    shared = np.linalg.svd(one.factor @ other.factor.T, compute_uv=False).sum()
    apart = float(np.square(one.mean - other.mean).sum())
    return max(0.0, apart + one.trace + other.trace - 2 * float(shared))


def fid(motions: ArrayLike, references: ArrayLike) -> float:
    """FID of motions (N, D) against references (M, D): `frechet_distance` of their Gaussians."""
    return frechet_distance(gaussian(motions), gaussian(references))


def diversity(motions: ArrayLike, rng: np.random.Generator, pairs: int = DIVERSITY_PAIRS) -> float:
    """Mean distance of random pairs of motions (N, D) (Guo et al. 2022).

    Two draws of `pairs` rows without repetition, paired in order; of fewer rows as many as there are.
    Give rows in a fixed order and a seeded generator to get the same number again. ValueError for none.
    """
    array = vectors("motions", motions)
    count = min(pairs, len(array))
    if not count:
        raise ValueError("no motions: diversity needs at least one")
    first, second = (rng.permutation(len(array))[:count] for _ in range(2))
    return float(np.linalg.norm(array[first] - array[second], axis=1).mean())


def multimodality(
    samples: Sequence[ArrayLike], rng: np.random.Generator, pairs: int = MULTIMODAL_PAIRS
) -> float:
    """Mean distance between motions of the same text (Guo et al. 2022): texts x (S, D), S >= 2.

    For each text two draws of `pairs` of its samples without repetition, paired in order; of fewer samples
    as many as there are. ValueError for no text, or one with a single sample.
    """
    found = []
    for number, motions in enumerate(samples):
        array = vectors(f"samples of text {number}", motions)
        if len(array) < 2:
            raise ValueError(
                f"text {number} has {len(array)} sample: multimodality needs two or more of each"
            )
        count = min(pairs, len(array))
        first, second = (rng.permutation(len(array))[:count] for _ in range(2))
        found.append(np.linalg.norm(array[first] - array[second], axis=1).mean())
    if not found:
        raise ValueError("no texts: multimodality needs at least one")
    return float(np.mean(found))
