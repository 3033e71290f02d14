"""Alignment from round to round: curve, gain, shares, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.metrics.rounds import round_scores
from evaluators.metrics.values import mean_interval

RUNS = st.lists(st.lists(st.floats(-5, 5), min_size=1, max_size=5), min_size=1, max_size=8)


def arrays(runs):
    return [np.array(run) for run in runs]


def test_a_small_case_by_hand() -> None:
    scores = round_scores(arrays([[0.2, 0.6], [0.5], [0.4, 0.395, 0.3]]))
    assert [point.completions for point in scores.curve] == [3, 2, 1]
    assert [point.mean for point in scores.curve] == pytest.approx([1.1 / 3, 1.495 / 3, 1.4 / 3])
    assert scores.gain == pytest.approx(0.3 / 3)
    assert scores.as_good == pytest.approx(2 / 3)  # 0.6 is better, 0.395 within the tolerance, 0.3 is not
    assert scores.improved == pytest.approx(1 / 3)
    assert (scores.best, scores.first, scores.last) == pytest.approx((1.5 / 3, 1.1 / 3, 1.4 / 3))
    assert scores.mean == pytest.approx((0.4 + 0.5 + 1.095 / 3) / 3)
    first = scores.curve[0]
    assert first.high is not None
    assert first.high - first.mean == pytest.approx(1.96 * np.std([0.2, 0.5, 0.4], ddof=1) / math.sqrt(3))


@given(runs=RUNS, draw=st.randoms())
def test_the_order_of_completions_does_not_matter(runs, draw) -> None:
    shuffled = list(runs)
    draw.shuffle(shuffled)
    assert round_scores(arrays(runs)) == round_scores(arrays(shuffled))


@given(runs=RUNS)
def test_scores_are_those_of_plain_loops(runs) -> None:
    scores = round_scores(arrays(runs), tolerance=0.5)
    pairs = [(run[:place], run[place]) for run in runs for place in range(1, len(run))]
    if pairs:
        assert scores.as_good == pytest.approx(np.mean([now >= max(past) - 0.5 for past, now in pairs]))
        assert scores.improved == pytest.approx(np.mean([now > past[-1] for past, now in pairs]))
    else:
        assert scores.as_good is None
        assert scores.improved is None
    assert scores.gain == pytest.approx(scores.last - scores.first, abs=1e-9)
    assert scores.best >= max(scores.first, scores.last, scores.mean) - 1e-9
    assert scores.curve[0].mean == scores.first
    assert scores.curve[-1].mean == scores.last
    for point in scores.curve:
        assert (point.low is None) == (len(runs) == 1)
        assert point.low is None or point.low <= point.mean <= point.high


@given(values=st.lists(st.floats(-5, 5), min_size=2, max_size=8))
def test_a_single_round_everywhere_has_no_later_one(values) -> None:
    scores = round_scores([np.array([value]) for value in values])
    assert (scores.as_good, scores.improved, scores.gain) == (None, None, 0.0)
    assert scores.best == scores.mean == scores.first == scores.last


def test_one_completion_and_equal_values() -> None:
    alone = round_scores([np.array([0.5, 0.5, 0.5])])
    assert (alone.as_good, alone.improved, alone.gain) == (1.0, 0.0, 0.0)
    assert (alone.curve[0].low, alone.curve[0].high) == (None, None)
    assert mean_interval([0.5, 0.5]) == (0.5, 0.5)


def test_the_tolerance_decides_what_is_as_good() -> None:
    runs = [np.array([0.5, 0.45])]
    assert round_scores(runs).as_good == 0.0
    assert round_scores(runs, tolerance=0.06).as_good == 1.0


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([], "at least one"),
        ([[0.1], [0.2, math.nan]], "completion 1: value 1 is nan"),
        ([[math.inf]], "completion 0: value 0 is inf"),
        ([[0.1], []], "completion 1: expected at least one value"),
        ([[[0.1]]], "completion 0: expected at least one value in one row"),
    ],
)
def test_what_cannot_be_scored_is_refused_with_its_place(runs, words) -> None:
    with pytest.raises(ValueError, match=words):
        round_scores(arrays(runs))


@pytest.mark.parametrize("tolerance", [-0.1, math.nan])
def test_a_tolerance_below_zero_is_refused(tolerance) -> None:
    with pytest.raises(ValueError, match="tolerance"):
        round_scores([np.array([0.1])], tolerance)
