"""A judge's verdicts: AUC, its interval, groups, and pairs of one goal."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.metrics.judging import auc, judging, paired_accuracy

# Few different scores, so that ties are common.
ROWS = st.lists(
    st.tuples(
        st.integers(0, 6).map(lambda n: n / 4), st.booleans(), st.sampled_from("abc"), st.sampled_from("xyz")
    ),
    min_size=2,
    max_size=20,
).filter(lambda rows: len({truth for _, truth, _, _ in rows}) == 2)


def share_won(scores, truths):
    wins = [
        (a > b) + 0.5 * (a == b) for a, t in zip(scores, truths) if t for b, u in zip(scores, truths) if not u
    ]
    return sum(wins) / len(wins)


@given(rows=ROWS)
def test_auc_is_the_share_of_pairs_that_are_won(rows) -> None:
    scores, truths, _, _ = zip(*rows)
    value = auc(scores, truths)
    assert value == pytest.approx(share_won(scores, truths), abs=1e-12)
    assert 0 <= value <= 1
    assert auc([-score for score in scores], truths) == pytest.approx(1 - value, abs=1e-12)
    assert auc(scores, [not truth for truth in truths]) == pytest.approx(1 - value, abs=1e-12)
    assert auc([math.exp(score) for score in scores], truths) == value  # only the order counts


@given(rows=ROWS, draw=st.randoms())
@settings(max_examples=30)
def test_nothing_depends_on_the_order_of_rows(rows, draw) -> None:
    shuffled = list(rows)
    draw.shuffle(shuffled)
    found = []
    for some in (rows, shuffled):
        scores, truths, goals, _ = zip(*some)
        found.append((judging(scores, truths, draws=40), judging(scores, truths, goals=goals, draws=40)))
    assert found[0] == found[1]


@given(rows=ROWS)
@settings(max_examples=30)
def test_pairs_are_those_of_one_goal(rows) -> None:
    scores, truths, goals, _ = zip(*rows)
    wins, pairs = 0.0, 0
    for goal in set(goals):
        mine = [(score, truth) for score, truth, other, _ in rows if other == goal]
        if len({truth for _, truth in mine}) == 2:
            count = sum(t for _, t in mine) * sum(not t for _, t in mine)
            wins, pairs = wins + share_won(*zip(*mine)) * count, pairs + count
    if not pairs:
        with pytest.raises(ValueError, match="no goal has"):
            paired_accuracy(scores, truths, goals)
        return
    found = paired_accuracy(scores, truths, goals, draws=40)
    assert found.value == pytest.approx(wins / pairs)
    assert (found.pairs, found.goals + found.unpaired) == (pairs, len(set(goals)))
    assert found == paired_accuracy(scores[::-1], truths[::-1], goals[::-1], draws=40)
    assert found.low is None or 0 <= found.low <= found.high <= 1


def test_rows_without_a_group_belong_to_every_group() -> None:
    scores, truths = [0.9, 0.8, 0.1, 0.85, 0.95], [1, 1, 0, 0, 0]
    found = judging(scores, truths, groups=["", "", "mirror", "speed", "speed"], draws=50)
    assert list(found.groups) == ["mirror", "speed"]
    assert found.groups["mirror"].value == 1.0
    assert found.groups["speed"].value == 0.25
    assert (found.groups["speed"].matching, found.groups["speed"].other) == (2, 2)
    assert found.overall.value == pytest.approx(3 / 6)


def test_the_interval_is_near_that_of_hanley_and_mcneil() -> None:
    random = np.random.default_rng(5)
    truths = np.arange(400) % 2
    scores = random.normal(size=400) + truths
    found = judging(scores, truths).overall
    value = found.value
    q1, q2 = value / (2 - value), 2 * value**2 / (1 + value)
    error = math.sqrt((value * (1 - value) + 199 * (q1 - value**2) + 199 * (q2 - value**2)) / 200**2)
    assert found.low == pytest.approx(value - 1.96 * error, abs=0.012)
    assert found.high == pytest.approx(value + 1.96 * error, abs=0.012)


def test_judgements_of_one_goal_are_drawn_together() -> None:
    """Ten copies of each judgement tell no more than one, once their goal is known."""
    random = np.random.default_rng(1)
    truths = np.tile([0, 1], 30)
    scores = random.normal(size=60) + truths
    goals = [f"goal {number // 2}" for number in range(60)]
    once = judging(scores, truths, goals=goals).overall
    copied = judging(
        np.repeat(scores, 10), np.repeat(truths, 10), goals=np.repeat(goals, 10).tolist()
    ).overall
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high))
    naive = judging(np.repeat(scores, 10), np.repeat(truths, 10)).overall
    assert naive.high - naive.low < 0.5 * (copied.high - copied.low)


def test_degenerate_sets() -> None:
    assert auc([0.3, 0.3, 0.3], [0, 1, 1]) == 0.5
    perfect = judging([0, 1], [0, 1], draws=200).overall
    assert (perfect.value, perfect.low, perfect.high) == (1.0, 1.0, 1.0)
    one_goal = judging([0.1, 0.7, 0.4], [0, 1, 0], goals=["a"] * 3).overall
    assert (one_goal.value, one_goal.low, one_goal.high) == (1.0, None, None)
    alone = paired_accuracy([0.5, 0.5, 0.2], [0, 1, 1], ["a", "a", "b"])
    assert (alone.value, alone.low, alone.goals, alone.unpaired) == (0.5, None, 1, 1)


@pytest.mark.parametrize(
    ("scores", "truths", "words"),
    [
        ([], [], "scores: expected at least one value"),
        ([0.5], [1], "none is not matching .truth 0"),
        ([0.5, 0.6], [0, 0], "none is matching .truth 1"),
        ([0.5, math.nan], [0, 1], "scores: value 1 is nan"),
        ([0.5, 0.6], [0, 2], "truths: value 1 is 2.0"),
        ([0.5, 0.6], [0, 1, 1], "2 scores and 3 truths"),
    ],
)
def test_what_cannot_be_scored_is_refused(scores, truths, words) -> None:
    for measure in (auc, judging, lambda s, t: paired_accuracy(s, t, ["a"] * len(s))):
        with pytest.raises(ValueError, match=words):
            measure(scores, truths)


def test_a_group_of_one_class_and_wrong_lists_are_named() -> None:
    with pytest.raises(ValueError, match="group 'mirror': none is matching"):
        judging([0.1, 0.2, 0.3], [0, 1, 0], groups=["mirror", "speed", "speed"])
    with pytest.raises(ValueError, match="3 scores and 1 groups"):
        judging([0.1, 0.2, 0.3], [0, 1, 0], groups=["mirror"])
    with pytest.raises(ValueError, match="3 scores and 2 goals"):
        judging([0.1, 0.2, 0.3], [0, 1, 0], goals=["a", "b"])
    with pytest.raises(ValueError, match="draws is 0"):
        judging([0.1, 0.2], [0, 1], draws=0)


def test_goals_of_other_groups_do_not_weigh_on_a_group() -> None:
    """A judge that cannot see an operation guesses there, however well or badly it judges other goals."""
    scores = [0.2, 0.2, 0.3, 0.3, 0.9, 0.1]
    truths = [True, False, True, False, True, False]
    groups = ["", "unseen", "", "unseen", "", "seen"]
    found = judging(scores, truths, groups, ["a", "a", "b", "b", "c", "c"], draws=50)
    assert found.groups["unseen"].value == 0.5
    assert found.groups["unseen"].matching == 2
    assert found.groups["seen"].value == 1
