"""The form of completions: strict format, ends, motions, rounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.metrics.format import format_scores, is_ended
from prompts.chain import Chain, Round, is_strict, render

CHAIN = render(
    Chain("A person waves.", (Round((1, 2), "too slow", "wave faster"), Round((3,), "fits", "none")))
)
EMPTY = "<think>[plan]p[/plan][analyze]a[/analyze][plan]p[/plan]</think>"
MOTION = "<Motion><Motion_3></Motion>"
COMPLETIONS = [(CHAIN, 2), (CHAIN[:-20], 2), (EMPTY, 0), (MOTION, 1), ("I cannot.", 0)]


def test_a_small_case_by_hand() -> None:
    texts, rounds = zip(*COMPLETIONS)
    scores = format_scores(texts, rounds)
    assert scores.completions == 5
    assert scores.strict == pytest.approx(2 / 5)
    assert scores.ended == pytest.approx(3 / 5)
    assert scores.without_motion == pytest.approx(2 / 5)
    assert scores.rounds == pytest.approx(1.0)
    assert dict(scores.rounds_counts) == {0: 2, 1: 1, 2: 2}
    assert list(scores.rounds_counts) == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        (CHAIN, True),
        (CHAIN + "\n ", True),
        (CHAIN[:-1], False),
        (f"{CHAIN}<answer>{MOTION}</answer>", True),
        (f"{CHAIN}<answer>{MOTION}", False),
        (f"<think>[generate]{MOTION}", False),  # a motion inside a chain is not its end
        (MOTION, True),
        ("<Motion><Motion_3>", False),
        ("", False),
    ],
)
def test_a_completion_ends_with_its_closing_tag(text, ended) -> None:
    assert is_ended(text) is ended


def test_the_generator_knows_better_where_a_completion_ended() -> None:
    assert format_scores([MOTION, "no"], [1, 0], ended=[False, True]).ended == 0.5


@given(picks=st.lists(st.sampled_from(COMPLETIONS), min_size=1, max_size=12), draw=st.randoms())
def test_shares_are_plain_counts_in_any_order(picks, draw) -> None:
    shuffled = list(picks)
    draw.shuffle(shuffled)
    scores = format_scores(*zip(*picks))
    assert scores == format_scores(*zip(*shuffled))
    assert scores.strict == pytest.approx(sum(is_strict(text) for text, _ in picks) / len(picks))
    assert scores.without_motion == pytest.approx(scores.rounds_counts.get(0, 0) / len(picks))
    assert sum(scores.rounds_counts.values()) == len(picks)
    assert scores.rounds == pytest.approx(sum(k * n for k, n in scores.rounds_counts.items()) / len(picks))


@pytest.mark.parametrize(
    ("texts", "rounds", "ended", "words"),
    [
        ([], [], None, "0 completions"),
        (["a"], [], None, "1 completions, 0 numbers of rounds"),
        (["a"], [1], [], "0 ends"),
        (["a", "b"], [1, -1], None, "completion 1: -1 rounds"),
    ],
)
def test_what_cannot_be_scored_is_refused(texts, rounds, ended, words) -> None:
    with pytest.raises(ValueError, match=words):
        format_scores(texts, rounds, ended)
