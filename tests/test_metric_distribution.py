"""FID, diversity and multimodality: the published formulas, and the cases in which those break down."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.stats import ortho_group

from evaluators.metrics.distribution import diversity, fid, frechet_distance, gaussian, multimodality

SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed: int, count: int, size: int) -> np.ndarray:
    """Rows (N, D) of a skewed distribution: each seed has its own mean, spread and directions."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, size)) @ rng.normal(size=(size, size)) + rng.normal(size=size)


def traces(*sets: np.ndarray) -> float:
    return sum(gaussian(rows).trace for rows in sets)


def published_fid(one: np.ndarray, other: np.ndarray) -> float:
    """Heusel et al. 2017, as every code of the field has it."""
    first, second = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (one, other))
    root = sqrtm(first @ second)
    apart = one.mean(axis=0) - other.mean(axis=0)
    return float(apart @ apart + np.trace(first) + np.trace(second) - 2 * np.trace(np.real(root)))


@settings(max_examples=40)
@given(seed=SEEDS, size=st.integers(1, 12), more=st.integers(2, 60), others=st.integers(2, 60))
def test_fid_is_the_published_formula(seed: int, size: int, more: int, others: int) -> None:
    one, other = drawn(seed, size + more, size), drawn(seed + 1, size + others, size)
    assert fid(one, other) == pytest.approx(published_fid(one, other), abs=1e-6 * traces(one, other))


@settings(max_examples=40)
@given(seed=SEEDS, count=st.integers(1, 30), others=st.integers(1, 30), size=st.integers(1, 20))
def test_fid_is_symmetric(seed: int, count: int, others: int, size: int) -> None:
    one, other = drawn(seed, count, size), drawn(seed + 1, others, size)
    apart = fid(one, other)
    assert fid(other, one) == pytest.approx(apart, abs=1e-9 * (1 + traces(one, other)))


@settings(max_examples=40)
@given(seed=SEEDS, count=st.integers(1, 60), size=st.integers(1, 30))
def test_fid_of_a_set_and_itself_is_0_in_any_order(seed: int, count: int, size: int) -> None:
    rows = drawn(seed, count, size)
    assert fid(rows, rows) == 0
    shuffled = np.random.default_rng(seed).permutation(rows)
    assert 0 <= fid(rows, shuffled) <= 1e-8 * (traces(rows) + 1e-3)


@settings(max_examples=30)
@given(seed=SEEDS, count=st.integers(6, 40), others=st.integers(6, 40))
def test_fewer_samples_than_dimensions_are_exact(seed: int, count: int, others: int) -> None:
    """Turned into a space of 40 dimensions, sets in 3 are as far apart as before."""
    one, other = drawn(seed, count, 3), drawn(seed + 1, others, 3)
    axes = ortho_group.rvs(40, random_state=seed)[:3]
    expected = pytest.approx(fid(one, other), abs=1e-8 * traces(one, other))
    assert fid(one @ axes, other @ axes) == expected


@settings(max_examples=30)
@given(seed=SEEDS, count=st.integers(2, 40), others=st.integers(2, 40), size=st.integers(1, 30))
def test_a_shift_of_the_mean_adds_its_square(seed: int, count: int, others: int, size: int) -> None:
    one, other = drawn(seed, count, size), drawn(seed + 1, others, size)
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    shift = np.random.default_rng(seed).normal(size=size)
    expected = fid(one, other) + shift @ shift
    assert fid(one + shift, other) == pytest.approx(expected, abs=1e-9 * (1 + traces(one, other)))


@settings(max_examples=30)
@given(seed=SEEDS, count=st.integers(2, 40), size=st.integers(1, 30), factor=st.floats(0.1, 10))
def test_scale_goes_in_by_its_square(seed: int, count: int, size: int, factor: float) -> None:
    one, other = drawn(seed, count, size), drawn(seed + 1, count + 3, size)
    slack = 1e-9 * factor**2 * (1 + traces(one, other))
    assert fid(factor * one, factor * other) == pytest.approx(factor**2 * fid(one, other), abs=slack)
    centred = one - one.mean(axis=0)
    wider = (factor - 1) ** 2 * traces(one)
    assert fid(factor * centred, centred) == pytest.approx(wider, abs=1e-8 * (1 + factor**2) * traces(one))


def test_one_sample_and_equal_rows_have_no_spread() -> None:
    rows = drawn(0, 50, 4)
    point, apart = np.array([[1.0, 2.0, 3.0, 4.0]]), np.array([0, 0, 3, 4])
    expected = np.square(point[0] - rows.mean(axis=0)).sum() + np.trace(np.cov(rows, rowvar=False))
    for still in (point, np.repeat(point, 2, axis=0), np.repeat(point, 50, axis=0)):
        assert fid(still, rows) == pytest.approx(expected)
        assert fid(rows, still) == pytest.approx(expected)
        assert fid(still, point + apart) == pytest.approx(25)


@settings(max_examples=80)
@given(
    seed=SEEDS,
    count=st.integers(1, 12),
    others=st.integers(1, 12),
    size=st.integers(1, 12),
    scale=st.sampled_from([0.0, 1e-9, 1.0, 1e6]),
    rank=st.integers(0, 2),
)
def test_fid_is_a_number_that_is_never_negative(seed, count, others, size, scale, rank) -> None:
    """Also of flat sets, at which the matrix square root turns complex or fails."""
    flat = np.random.default_rng(seed).normal(size=(rank, size))
    one = scale * (drawn(seed, count, rank) @ flat if rank else np.ones((count, size)))
    other = np.concatenate([one, one[:1]] * others)
    for found in (fid(one, other), fid(other, one), fid(one, drawn(seed, others, size))):
        assert isinstance(found, float)
        assert np.isfinite(found)
        assert found >= 0


def test_the_gaussian_has_the_covariance_of_numpy() -> None:
    for count in (3, 8, 9, 100):
        rows = drawn(count, count, 8)
        found = gaussian(rows)
        np.testing.assert_allclose(found.mean, rows.mean(axis=0))
        np.testing.assert_allclose(found.factor.T @ found.factor, np.cov(rows, rowvar=False), atol=1e-10)
        assert found.trace == pytest.approx(np.trace(np.cov(rows, rowvar=False)))
        assert len(found.factor) <= 8


@settings(max_examples=30)
@given(seed=SEEDS, count=st.integers(1, 700), pairs=st.integers(1, 320))
def test_diversity_is_the_published_formula(seed: int, count: int, pairs: int) -> None:
    rows, rng = drawn(seed, count, 4), np.random.default_rng(seed)
    first, second = (rng.permutation(count)[: min(pairs, count)] for _ in range(2))
    assert len(set(first)) == len(first)
    expected = np.mean([np.linalg.norm(rows[a] - rows[b]) for a, b in zip(first, second)])
    assert diversity(rows, np.random.default_rng(seed), pairs) == pytest.approx(expected)


def test_diversity_is_the_mean_distance_of_two_motions() -> None:
    rows = drawn(1, 400, 6)
    apart = np.linalg.norm(rows[:, None] - rows[None], axis=-1)
    found = [diversity(rows, np.random.default_rng(seed)) for seed in range(20)]
    assert np.mean(found) == pytest.approx(apart.mean(), rel=0.02)
    assert len(set(found)) == 20
    assert diversity(3 * rows, np.random.default_rng(0)) == pytest.approx(3 * found[0])


def test_without_variety_diversity_is_0() -> None:
    assert diversity([[1.0, 2.0]], np.random.default_rng(0)) == 0
    assert diversity(np.full((40, 2), 0.1), np.random.default_rng(0)) == 0
    assert multimodality([np.ones((3, 2)), np.full((2, 2), 5.0)], np.random.default_rng(0)) == 0


@settings(max_examples=30)
@given(seed=SEEDS, counts=st.lists(st.integers(2, 30), min_size=1, max_size=8), pairs=st.integers(1, 30))
def test_multimodality_is_the_published_formula(seed: int, counts: list[int], pairs: int) -> None:
    texts = [drawn(seed + n, count, 3) for n, count in enumerate(counts)]
    rng = np.random.default_rng(seed)
    found = []
    for motions in texts:
        first, second = (rng.permutation(len(motions))[:pairs] for _ in range(2))
        found.append(np.linalg.norm(motions[first] - motions[second], axis=1).mean())
    assert multimodality(texts, np.random.default_rng(seed), pairs) == pytest.approx(np.mean(found))


def test_multimodality_looks_only_within_a_text() -> None:
    texts = [drawn(n, 30, 5) for n in range(10)]
    apart = [motions + 1000 * n for n, motions in enumerate(texts)]
    one, other = (multimodality(each, np.random.default_rng(0)) for each in (texts, apart))
    assert one == pytest.approx(other)


def spoilt(row: int, value: float) -> np.ndarray:
    rows = drawn(0, 5, 2)
    rows[row, 1] = value
    return rows


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fid(np.empty((0, 3)), drawn(0, 5, 3)), "no samples"),
        (lambda: fid(drawn(0, 5, 2), drawn(0, 5, 3)), "both sets need the same size"),
        (lambda: fid(spoilt(4, np.nan), drawn(0, 5, 2)), "samples: row 4 holds NaN or infinity"),
        (lambda: fid(np.zeros(4), np.zeros(4)), r"samples: shape \(4,\)"),
        (lambda: diversity(np.empty((0, 3)), RNG), "no motions"),
        (lambda: diversity(spoilt(0, np.inf), RNG), "motions: row 0 holds NaN or infinity"),
        (lambda: multimodality([], RNG), "no texts"),
        (lambda: multimodality([np.zeros((2, 3)), np.zeros((1, 3))], RNG), "text 1 has 1 sample"),
        (lambda: multimodality([drawn(0, 5, 2), spoilt(4, np.nan)], RNG), "samples of text 1: row 4"),
    ],
)
def test_what_is_no_set_is_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_distances_of_gaussians_need_no_samples() -> None:
    one, other = gaussian(drawn(0, 20, 3)), gaussian(drawn(1, 20, 3))
    assert frechet_distance(one, other) == fid(drawn(0, 20, 3), drawn(1, 20, 3))
    assert frechet_distance(one, one) == 0
