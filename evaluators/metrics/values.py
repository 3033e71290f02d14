"""Checked numbers, means and intervals that do not depend on the order of their values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def finite(values: ArrayLike, what: str) -> NDArray[np.float64]:
    """Values (N,) as float64, N at least 1.

    ValueError names `what` and the place for another shape, no value, NaN or infinity.
    """
    found = np.asarray(values, np.float64)
    if found.ndim != 1 or not len(found):
        raise ValueError(f"{what}: expected at least one value in one row, got the shape {found.shape}")
    wrong = np.flatnonzero(~np.isfinite(found))
    if len(wrong):
        place = int(wrong[0])
        raise ValueError(f"{what}: value {place} is {found[place]}; leave it out or compute it again")
    return found


def mean(values: Iterable[float]) -> float:
    """Mean of at least one value, the same in any order of them."""
    found = [float(value) for value in values]
    return math.fsum(found) / len(found)


def mean_interval(values: Sequence[float] | NDArray[np.float64]) -> tuple[float, float] | None:
    """95% interval of the mean of values (N,): 1.96 standard errors to each side; None for fewer than 2.

    The form in which text-to-motion papers give intervals (Guo et al. 2022): 1.96 * std / sqrt(N), here
    with the standard deviation of a sample (N - 1).
    """
    if len(values) < 2:
        return None
    middle = mean(values)
    variance = math.fsum((float(value) - middle) ** 2 for value in values) / (len(values) - 1)
    reach = 1.96 * math.sqrt(variance / len(values))
    return middle - reach, middle + reach
