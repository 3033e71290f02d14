"""Retrieval: R-precision and distances by the published formulas, ties by chance, and what is refused."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evaluators.metrics.retrieval import hits, mm_distance, motion_distance, pair_distances, r_precision

POOL = 32
SEEDS = st.integers(0, 2**32 - 1)


def published_hits(texts: np.ndarray, motions: np.ndarray, top: int = 3) -> np.ndarray:
    """Guo et al.: sort a pool's motions by distance, see whether a text's own is among the first."""
    distances = np.linalg.norm(texts[:, None] - motions[None], axis=-1)
    own = np.argsort(distances, axis=1, kind="stable") == np.arange(len(texts))[:, None]
    return np.cumsum(own, axis=1)[:, :top] > 0


def pairs(seed: int, count: int, size: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Motions drawn at random and texts at some distance from them."""
    rng = np.random.default_rng(seed)
    motions = rng.normal(size=(count, size))
    return motions + noise * rng.normal(size=motions.shape), motions


def pools_of(count: int) -> list[list[int]]:
    return [list(range(start, start + POOL)) for start in range(0, count, POOL)]


@settings(max_examples=40)
@given(seed=SEEDS, pools=st.integers(1, 4), size=st.integers(2, 40), noise=st.floats(0.1, 3))
def test_r_precision_is_the_published_formula(seed: int, pools: int, size: int, noise: float) -> None:
    texts, motions = pairs(seed, POOL * pools, size, noise)
    expected = np.concatenate([published_hits(texts[p], motions[p]) for p in pools_of(len(texts))])
    np.testing.assert_array_equal(r_precision(texts, motions, pools_of(len(texts))), expected.mean(axis=0))


def test_r_precision_tells_good_from_bad() -> None:
    scores = [r_precision(*pairs(0, 320, 16, noise), pools_of(320))[2] for noise in (0.3, 1.5, 6, 60)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 1
    assert scores[-1] < 0.2


@settings(max_examples=40)
@given(seed=SEEDS, order=st.randoms(), offset=st.sampled_from([0.0, 1e3, 1e6]))
def test_neither_the_order_in_a_pool_nor_that_of_the_pools_counts(seed, order, offset) -> None:
    texts, motions = pairs(seed, 3 * POOL, 8, 1.0)
    texts, motions = texts + offset, motions + offset
    pools = pools_of(len(texts))
    shuffled = [order.sample(pool, POOL) for pool in order.sample(pools, len(pools))]
    one, other = r_precision(texts, motions, pools), r_precision(texts, motions, shuffled)
    np.testing.assert_array_equal(one, other)


@settings(max_examples=60)
@given(
    texts=arrays(np.float64, (3, 2), elements=st.integers(-1, 1)),
    motions=arrays(np.float64, (5, 2), elements=st.integers(-1, 1)),
)
def test_ties_score_what_sorting_scores_on_average(texts: np.ndarray, motions: np.ndarray) -> None:
    """Over all orders of the motions, since a stable sort breaks ties by the order."""
    distances = np.square(texts[:, None] - motions[None]).sum(axis=-1)
    expected = np.zeros((len(texts), 3))
    orders = list(permutations(range(len(motions))))
    for order in orders:
        ranked = np.array(order)[np.argsort(distances[:, order], axis=1, kind="stable")]
        expected += np.cumsum(ranked == np.arange(len(texts))[:, None], axis=1)[:, :3] > 0
    np.testing.assert_allclose(hits(texts, motions), expected / len(orders), atol=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.1, -3e5, 1e-9])
def test_all_equal_motions_score_like_guessing(value: float) -> None:
    texts = np.random.default_rng(0).normal(size=(POOL, 6))
    motions = np.full((POOL, 6), value)
    scores = r_precision(texts, motions, pools_of(POOL))
    np.testing.assert_array_equal(scores, np.array([1, 2, 3]) / POOL)


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_a_set_finds_itself_even_far_from_the_origin(offset: float) -> None:
    motions = offset + 1e-3 * np.random.default_rng(0).normal(size=(POOL, 4))
    np.testing.assert_array_equal(hits(motions, motions), np.ones((POOL, 3)))
    assert mm_distance(motions, motions) == 0


def test_one_pair_finds_itself() -> None:
    np.testing.assert_array_equal(hits([[1.0, 2.0]], [[8.0, 9.0]]), [[1, 1, 1]])
    np.testing.assert_array_equal(hits([[1.0], [1.0]], [[5.0], [1.0]], (1, 2)), [[0, 1], [1, 1]])


@settings(max_examples=40)
@given(seed=SEEDS, further=st.integers(1, 20))
def test_further_motions_only_distract(seed: int, further: int) -> None:
    texts, motions = pairs(seed, 12, 5, 1.5)
    extra = np.random.default_rng(seed + 1).normal(size=(further, 5))
    alone, distracted = hits(texts, motions), hits(texts, np.concatenate([motions, extra]))
    assert distracted.shape == alone.shape
    assert (distracted <= alone).all()
    far = np.concatenate([motions, extra + 1e4])
    np.testing.assert_array_equal(hits(texts, far), alone)


def test_a_motion_nearer_than_the_own_one_takes_its_place() -> None:
    texts, motions = np.array([[0.0], [10.0]]), np.array([[1.0], [10.0]])
    crowd = np.concatenate([motions, [[0.5], [0.25]]])
    np.testing.assert_array_equal(hits(texts, crowd), [[0, 0, 1], [1, 1, 1]])


@settings(max_examples=40)
@given(seed=SEEDS, count=st.integers(1, 40), size=st.integers(1, 30))
def test_distances_are_those_of_a_plain_loop(seed: int, count: int, size: int) -> None:
    texts, motions = pairs(seed, count, size, 2.0)
    expected = [float(np.sqrt(sum((a - b) ** 2))) for a, b in zip(texts, motions)]
    np.testing.assert_allclose(pair_distances(texts, motions), expected, rtol=1e-12)
    assert mm_distance(texts, motions) == pytest.approx(np.mean(expected), rel=1e-12)
    assert motion_distance(texts, motions) == pytest.approx(np.mean(expected), rel=1e-12)


def test_no_text_has_no_hits_but_no_score() -> None:
    empty = np.empty((0, 3))
    assert hits(empty, np.ones((4, 3))).shape == (0, 3)
    with pytest.raises(ValueError, match="no pairs"):
        mm_distance(empty, empty)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["texts", "motions"])
def test_rows_that_are_no_numbers_are_named(bad: float, side: str) -> None:
    given_rows = {"texts": np.zeros((5, 2)), "motions": np.zeros((5, 2))}
    given_rows[side][3, 1] = bad
    message = f"{side}: row 3 holds NaN or infinity"
    for refusing in (hits, mm_distance, motion_distance, pair_distances):
        with pytest.raises(ValueError, match=message):
            refusing(given_rows["texts"], given_rows["motions"])
    with pytest.raises(ValueError, match=message):
        r_precision(given_rows["texts"], given_rows["motions"], [range(5)])


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"texts: shape \(4,\), vectors have shape \(N, D\)"):
        mm_distance(np.zeros(4), np.zeros((4, 2)))
    with pytest.raises(ValueError, match=r"texts \(4, 2\) and motions \(3, 2\) must have the same shape"):
        mm_distance(np.zeros((4, 2)), np.zeros((3, 2)))
    for shape in ((3, 2), (4, 3)):
        with pytest.raises(ValueError, match="each text needs its motion, of the same size"):
            hits(np.zeros((4, 2)), np.zeros(shape))


def test_pools_without_pairs_are_refused() -> None:
    rows = np.zeros((2, 2))
    with pytest.raises(ValueError, match="pool 1 is empty"):
        r_precision(rows, rows, [[0, 1], []])
    with pytest.raises(ValueError, match="no pools"):
        r_precision(rows, rows, [])


@pytest.mark.parametrize("pool", [[0, 3], [0, -1], [0, 0, 1]])
def test_a_pool_of_rows_that_are_not_there_or_twice_is_refused(pool: list[int]) -> None:
    rows = np.eye(3)
    with pytest.raises(ValueError, match="pool 0: rows must be different ones"):
        r_precision(rows, rows, [pool])
