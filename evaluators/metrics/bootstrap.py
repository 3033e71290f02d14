"""Comparison of two models on the same goals by paired bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from motion.seeds import generator

DRAWS = 10_000
_BLOCK = 500  # draws at a time: bounds the memory


@dataclass(frozen=True)
class Comparison:
    """Mean difference of two models over goals, one less the other, with its 95% interval."""

    difference: float
    low: float
    high: float
    p: float  # two-sided: how often chance alone would give a difference as large
    goals: int
    clusters: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def paired_bootstrap(
    one: ArrayLike, other: ArrayLike, clusters: Sequence[str], draws: int = DRAWS, key: str = ""
) -> Comparison:
    """Compare scores (N,) of two models, goal by goal, by drawing clusters of goals (Efron 1979).

    Goals of one cluster (the captions of a clip, a clip and its mirrored twin) are not independent and are
    drawn together. Goals that either model has no score for (NaN) are left out. The result does not depend
    on the order of the goals. ValueError for unequal lengths, no goal that both
    have, or a single cluster.
    """
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if first.shape != second.shape or first.ndim != 1 or len(first) != len(clusters):
        raise ValueError(
            f"scores {first.shape}, {second.shape}, {len(clusters)} clusters: all need one length"
        )
    kept = np.isfinite(first) & np.isfinite(second)
    if not kept.any():
        raise ValueError("no goal has a score of both models; evaluate them on the same goals")
    names, place = np.unique(np.asarray(clusters, dtype=str)[kept], return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"all goals are of one cluster, {names[0]!r}: nothing can be said of others")
    gaps = (first - second)[kept]
    order = np.lexsort((gaps, place))
    sums = np.bincount(place[order], gaps[order], len(names))
    sizes = np.bincount(place, minlength=len(names)).astype(np.float64)
    means = _resampled(sums, sizes, draws, key)
    difference = float(sums.sum() / sizes.sum())
    low, high = (float(value) for value in np.percentile(means, (2.5, 97.5)))
    tail = min((means <= 0).sum(), (means >= 0).sum())
    p = min(1.0, 2 * (float(tail) + 1) / (draws + 1))
    return Comparison(difference, low, high, p, int(kept.sum()), len(names))


def _resampled(sums: np.ndarray, sizes: np.ndarray, draws: int, key: str) -> np.ndarray:
    """Mean differences of resampled clusters (draws,)."""
    rng = generator("paired bootstrap", key, len(sums))
    means = []
    for start in range(0, draws, _BLOCK):
        picked = rng.integers(len(sums), size=(min(_BLOCK, draws - start), len(sums)))
        means.append(sums[picked].sum(axis=1) / sizes[picked].sum(axis=1))
    return np.concatenate(means)
