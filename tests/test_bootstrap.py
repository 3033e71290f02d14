"""Paired bootstrap: intervals and chances of a difference between two models on the same goals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.metrics.bootstrap import DRAWS, paired_bootstrap

SEEDS = st.integers(0, 2**32 - 1)


def scores(seed: int, goals: int = 120, gain: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Scores of two models on goals that are hard or easy for both."""
    rng = np.random.default_rng(seed)
    hard = rng.normal(size=goals)
    return hard + gain + 0.3 * rng.normal(size=goals), hard + 0.3 * rng.normal(size=goals)


def own_clusters(count: int) -> list[str]:
    return [f"{n:04d}" for n in range(count)]


def test_models_that_score_the_same_do_not_differ() -> None:
    one, _ = scores(0)
    found = paired_bootstrap(one, one, own_clusters(120), draws=1000)
    assert (found.difference, found.low, found.high, found.p) == (0, 0, 0, 1)
    assert (found.goals, found.clusters) == (120, 120)


def test_chance_alone_is_found_significant_as_rarely_as_it_should_be() -> None:
    found = [paired_bootstrap(*scores(seed), own_clusters(120), draws=500) for seed in range(200)]
    missed = np.mean([not one.low <= 0 <= one.high for one in found])
    assert 0.01 < missed < 0.10
    assert np.mean([one.p < 0.05 for one in found]) == pytest.approx(missed, abs=0.03)
    assert np.mean([one.p < 0.5 for one in found]) == pytest.approx(0.5, abs=0.12)


def test_a_clear_difference_is_found_with_its_sign() -> None:
    one, other = scores(1, gain=0.5)
    found = paired_bootstrap(one, other, own_clusters(120))
    assert found.difference == pytest.approx(np.mean(one - other))
    assert 0 < found.low < found.difference < found.high
    assert found.p == pytest.approx(2 / (DRAWS + 1))
    back = paired_bootstrap(other, one, own_clusters(120))
    assert (back.difference, back.p) == (pytest.approx(-found.difference), found.p)
    assert (back.low, back.high) == (pytest.approx(-found.high), pytest.approx(-found.low))


def test_what_is_hard_for_both_does_not_widen_the_interval() -> None:
    """The comparison is paired: only differences at the same goal count."""
    one, other = scores(2)
    hard = 100 * np.random.default_rng(0).normal(size=120)
    plain = paired_bootstrap(one, other, own_clusters(120), draws=2000)
    harder = paired_bootstrap(one + hard, other + hard, own_clusters(120), draws=2000)
    assert (harder.low, harder.high) == (pytest.approx(plain.low), pytest.approx(plain.high))


def test_the_interval_is_that_of_a_mean() -> None:
    one, other = scores(3, goals=400, gain=0.2)
    found = paired_bootstrap(one, other, own_clusters(400))
    reach = 1.96 * np.std(one - other) / 20
    assert found.low == pytest.approx(found.difference - reach, abs=0.1 * reach)
    assert found.high == pytest.approx(found.difference + reach, abs=0.1 * reach)


@settings(max_examples=25)
@given(seed=SEEDS, order=st.randoms())
def test_the_order_of_the_goals_does_not_count(seed: int, order: Any) -> None:
    one, other = scores(seed, 60)
    clusters = [f"clip {n % 17}" for n in range(60)]
    rows = order.sample(range(60), 60)
    first = paired_bootstrap(one, other, clusters, draws=300)
    assert first == paired_bootstrap(one[rows], other[rows], [clusters[row] for row in rows], draws=300)
    assert first.clusters == 17


def test_goals_of_one_clip_do_not_count_as_many() -> None:
    one, other = scores(4, goals=60)
    single = paired_bootstrap(one, other, own_clusters(60), draws=2000)
    tenfold = paired_bootstrap(
        np.repeat(one, 10), np.repeat(other, 10), np.repeat(own_clusters(60), 10).tolist(), draws=2000
    )
    assert (tenfold.goals, tenfold.clusters) == (600, 60)
    for name in ("difference", "low", "high", "p"):
        assert getattr(tenfold, name) == pytest.approx(getattr(single, name))
    apart = paired_bootstrap(np.repeat(one, 10), np.repeat(other, 10), own_clusters(600), draws=2000)
    assert apart.high - apart.low < 0.5 * (tenfold.high - tenfold.low)


def test_clips_with_more_goals_weigh_more() -> None:
    found = paired_bootstrap([1.0, 1.0, 1.0, 0.0], [0.0] * 4, ["a", "a", "a", "b"], draws=2000)
    assert found.difference == 0.75
    assert (found.low, found.high) == (0, 1)


def test_goals_without_a_score_are_left_out() -> None:
    one, other = scores(5, goals=80)
    clusters = [f"clip {n // 2:02d}" for n in range(80)]
    one[3], other[10], one[40:42] = np.nan, np.nan, np.nan
    kept = np.isfinite(one) & np.isfinite(other)
    found = paired_bootstrap(one, other, clusters, draws=500)
    assert (found.goals, found.clusters) == (76, 39)
    few = paired_bootstrap(one[kept], other[kept], [c for c, k in zip(clusters, kept) if k], draws=500)
    assert found == few


def test_the_same_goals_and_key_give_the_same_interval() -> None:
    one, other = scores(6)
    first, again, keyed = (
        paired_bootstrap(one, other, own_clusters(120), draws=700, key=key) for key in ("", "", "fid")
    )
    assert first == again
    assert keyed.difference == first.difference
    assert keyed.low != first.low
    single = paired_bootstrap(one, other, own_clusters(120), draws=1)
    assert single.low == single.high, "one draw has no width"
    assert set(first.as_dict()) == {"difference", "low", "high", "p", "goals", "clusters"}


@pytest.mark.parametrize(
    ("one", "other", "clusters", "message"),
    [
        ([1.0, 2.0], [1.0], ["a", "b"], "all need one length"),
        ([1.0, 2.0], [1.0, 2.0], ["a"], "1 clusters: all need one length"),
        ([[1.0]], [[1.0]], ["a"], "all need one length"),
        ([], [], [], "no goal has a score of both models"),
        ([np.nan, 1.0], [1.0, np.nan], ["a", "b"], "evaluate them on the same goals"),
    ],
)
def test_what_cannot_be_compared_is_refused(one: Any, other: Any, clusters: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        paired_bootstrap(one, other, clusters)
