"""How well texts find their motions: R-precision, matching distance, distances of pairs.

Formulas of Guo et al. (CVPR 2022), as every paper of the field reports them; distances are Euclidean.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluators.metrics.checks import paired, vectors

Vectors = NDArray[np.float64]


def pair_distances(texts: ArrayLike, motions: ArrayLike) -> NDArray[np.float64]:
    """Distance of each row of `texts` (N, D) to the same row of `motions` (N, D): (N,).

    ValueError for other shapes, NaN or infinity.
    """
    one, other = paired("texts", texts, "motions", motions)
    difference = one - other
    return np.sqrt(np.einsum("nd,nd->n", difference, difference))


def distances_to(one: ArrayLike, others: ArrayLike) -> NDArray[np.float64]:
    """Distance of one vector (D,) to each of others (N, D): (N,). ValueError as `pair_distances`."""
    many = vectors("others", others)
    return pair_distances(np.tile(np.asarray(one, np.float64), (len(many), 1)), many)


def mm_distance(texts: ArrayLike, motions: ArrayLike) -> float:
    """Mean distance of matching pairs (N, D), the papers' MM-Dist; smaller is better.

    ValueError for no pair, unequal shapes, NaN or infinity.
    """
    found = pair_distances(texts, motions)
    if not len(found):
        raise ValueError("no pairs: the distance of matching pairs needs at least one")
    return float(found.mean())


def hits(texts: ArrayLike, motions: ArrayLike, top: Sequence[int] = (1, 2, 3)) -> NDArray[np.float64]:
    """Whether each text of a pool finds its motion among the `top` nearest: (N, len(top)), 0 to 1.

    Row i of `texts` (N, D) belongs to row i of `motions` (M, D), M >= N; further motions only distract.
    Motions at exactly the same distance share the places: of t motions in a tie behind a nearer ones, the
    right one is among the first k with probability (k - a) / t, cut to 0..1. So all-equal motions score
    like guessing, whatever their order. ValueError for more texts than motions, NaN or infinity.
    """
    one, other = vectors("texts", texts), vectors("motions", motions)
    if len(one) > len(other) or one.shape[1] != other.shape[1]:
        raise ValueError(
            f"texts {one.shape} and motions {other.shape}: each text needs its motion, of the same size"
        )
    if not len(one):
        return np.zeros((0, len(top)))
    nearer, tied = _places(one, other)
    return np.stack([np.clip((k - nearer) / tied, 0, 1) for k in top], axis=1)


def _places(texts: Vectors, motions: Vectors) -> tuple[Vectors, Vectors]:
    """How many motions are nearer to each text than its own, and how many at its distance, itself included.

    Distances from one product of matrices; where that is too close to call, from the differences, which
    give equal motions equal distances, to the bit.
    """
    rows = np.arange(len(texts))
    squares = np.einsum("nd,nd->n", motions, motions)
    reduced = squares - 2 * (texts @ motions.T)  # without the text's own square, which is the same in a row
    own = reduced[rows, rows][:, None]
    doubt = 1e-9 * (1 + squares.max() + np.einsum("nd,nd->n", texts, texts).max())
    nearer = reduced < own - doubt
    tied = np.abs(reduced - own) <= doubt
    for row in np.flatnonzero(tied.sum(axis=1) > 1):
        close = np.flatnonzero(tied[row])
        exact = np.square(motions[close] - texts[row]).sum(axis=1)
        mine = exact[close == row][0]
        nearer[row, close] = exact < mine
        tied[row, close] = exact == mine
    return nearer.sum(axis=1).astype(np.float64), tied.sum(axis=1).astype(np.float64)


def r_precision(
    texts: ArrayLike, motions: ArrayLike, pools: Sequence[Sequence[int]], top: Sequence[int] = (1, 2, 3)
) -> NDArray[np.float64]:
    """R-precision (len(top),): share of texts that find their motion among the nearest of their pool.

    `texts` and `motions` are (N, D), row by row of one pair; a pool is a sequence of rows, usually 32. The
    result does not depend on the order in a pool, nor on that of the pools. ValueError for an
    empty pool, or one with a row twice or one that is not there.
    """
    one, other = paired("texts", texts, "motions", motions)
    found = []
    for number, pool in enumerate(pools):
        if not len(pool):
            raise ValueError(f"pool {number} is empty: a pool needs at least one pair")
        rows = np.asarray(pool)
        if rows.min() < 0 or rows.max() >= len(one) or len(np.unique(rows)) < len(rows):
            raise ValueError(f"pool {number}: rows must be different ones of 0..{len(one) - 1}")
        found.append(hits(one[rows], other[rows], top))
    if not found:
        raise ValueError("no pools: R-precision needs at least one")
    return np.concatenate(found).mean(axis=0)


def motion_distance(motions: ArrayLike, references: ArrayLike) -> float:
    """Mean distance of motions (N, D) to the goals' own motions (N, D), pair by pair; smaller is better."""
    return mm_distance(motions, references)
