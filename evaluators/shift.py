"""How far two distributions lie apart, out of counted values."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
from numpy.typing import NDArray


def ks_distance(one: Mapping[float, int], other: Mapping[float, int]) -> float:
    """The Kolmogorov-Smirnov distance of counted numbers: how far their shares up to a value differ at most.

    0 (the same) to 1 (all of one lie below all of the other); nan where one of them is empty.
    """
    values = np.array(sorted({*one, *other}), float)
    first, second = (_shares([counts.get(value, 0) for value in values]) for counts in (one, other))
    if not len(values):
        return float("nan")
    return float(np.abs(np.cumsum(first) - np.cumsum(second)).max())


def js_distance(one: Mapping[Hashable, int], other: Mapping[Hashable, int]) -> float:
    """The Jensen-Shannon distance of counted names: the root of the divergence, in bits.

    0 (the same shares) to 1 (no name in both), a metric (Endres and Schindelin 2003); nan where one is empty.
    """
    names = list(dict.fromkeys((*one, *other)))
    first, second = (_shares([counts.get(name, 0) for name in names]) for counts in (one, other))
    middle = (first + second) / 2
    divergence = (_relative_entropy(first, middle) + _relative_entropy(second, middle)) / 2
    return float(np.sqrt(np.clip(divergence, 0, 1)))


def weighted_quantiles(counts: Mapping[float, int], shares: tuple[float, ...]) -> list[float]:
    """Quantiles of counted numbers: the least value with such a share at or below it; nan for none."""
    values = np.array(sorted(counts), float)
    below = np.cumsum([counts[value] for value in values])
    if not len(values) or below[-1] == 0:
        return [float("nan") for _ in shares]
    places = np.searchsorted(below, np.array(shares) * below[-1])
    return [float(value) for value in values[np.minimum(places, len(values) - 1)]]


def weighted_mean(counts: Mapping[float, int]) -> float:
    """The mean of counted numbers; nan for none."""
    total = sum(counts.values())
    return sum(value * count for value, count in counts.items()) / total if total else float("nan")


def _shares(counts: list[int]) -> NDArray[np.float64]:
    held = np.array(counts, float)
    total = held.sum()
    return held / total if total else np.full(len(held), np.nan)


def _relative_entropy(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Kullback-Leibler divergence in bits; nan where one of them is a distribution of nothing."""
    if not len(one) or np.isnan(one).any() or np.isnan(other).any():
        return float("nan")
    held = one > 0
    return float(np.sum(one[held] * np.log2(one[held] / other[held])))
