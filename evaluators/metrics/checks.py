"""What metrics refuse: other shapes, NaN, infinity."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def vectors(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Values as an array (N, D) of float64; ValueError names the first row that holds NaN or infinity."""
    array = np.asarray(values, np.float64)
    if array.ndim != 2:
        raise ValueError(f"{name}: shape {array.shape}, vectors have shape (N, D)")
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if len(bad):
        raise ValueError(f"{name}: row {bad[0]} holds NaN or infinity; leave it out, or mend what made it")
    return array


def paired(
    name: str, values: ArrayLike, other_name: str, others: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both as arrays (N, D) of the same shape."""
    one, other = vectors(name, values), vectors(other_name, others)
    if one.shape != other.shape:
        raise ValueError(f"{name} {one.shape} and {other_name} {other.shape} must have the same shape")
    return one, other
