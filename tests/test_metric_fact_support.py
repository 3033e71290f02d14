"""Claims of captions that the facts of generated motions bear out."""

from __future__ import annotations

from functools import cache

import pytest
from facts_builder import some_facts
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.metrics.fact_support import ClaimCounts, claim_counts, fact_support, summarise
from evaluators.support import claim_verdict
from motion.demo.clips import make_clip
from motion.events import Event
from motion.facts import measure
from motion.skeleton import T2M
from prompts.claims import parse_claims

WAVES = some_facts([Event("wave", 10, 60, side="left", count=3)], hand_up_left=0.8)
LEFT, RIGHT = "a person waves with the left hand.", "a person waves with the right hand."
NOTHING = "a person does something."
COUNTS = st.builds(ClaimCounts, st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(0, 1))


@cache
def demo():
    clips = [make_clip(T2M, number, 0) for number in range(24)]
    captions = [clip.lines[0].text for clip in clips if clip.lines[0].end == 0]
    joints = [clip.joints for clip in clips if clip.lines[0].end == 0]
    return captions, measure(joints, T2M)


def test_a_small_case_by_hand() -> None:
    assert claim_counts(LEFT, WAVES) == ClaimCounts(1, 0, 0, 1)
    assert claim_counts(RIGHT, WAVES) == ClaimCounts(0, 1, 0, 1)
    assert claim_counts(LEFT, None) == ClaimCounts(0, 0, 1, 1, measured=False)
    assert claim_counts(NOTHING, WAVES).checkable == 0
    scores = fact_support([LEFT, RIGHT, LEFT, NOTHING], [WAVES, WAVES, None, WAVES])
    assert (scores.generations, scores.unmeasured, scores.claims) == (4, 1, 3)
    assert (scores.supported, scores.contradicted, scores.unverifiable) == pytest.approx(
        (1 / 3, 1 / 3, 1 / 3)
    )
    assert scores.without_checkable == 0.25
    assert scores.uncontradicted == pytest.approx(1 / 3)  # a missing motion is no success


def test_counts_are_those_of_the_verdicts() -> None:
    captions, facts = demo()
    for caption, found in zip(captions, facts):
        verdicts = [claim_verdict(claim, found).verdict for claim in parse_claims(caption)]
        counts = claim_counts(caption, found)
        assert counts.claims == len(verdicts)
        assert counts.supported == verdicts.count("supported")
        assert counts.contradicted == verdicts.count("contradicted")
        assert counts.unverifiable >= counts.claims - counts.checkable


def test_captions_fit_their_own_motions_better_than_others() -> None:
    captions, facts = demo()
    own, other = fact_support(captions, facts), fact_support(captions, facts[7:] + facts[:7])
    assert own.supported > 0.7
    assert own.contradicted < 0.05
    assert own.supported > other.supported + 0.2
    assert own.contradicted < other.contradicted
    assert own.uncontradicted > other.uncontradicted


@given(counts=st.lists(COUNTS, min_size=1, max_size=8), draw=st.randoms())
@settings(max_examples=60)
def test_shares_add_up_in_any_order(counts, draw) -> None:
    shuffled = list(counts)
    draw.shuffle(shuffled)
    scores = summarise(counts)
    assert scores == summarise(shuffled)
    claims = sum(count.claims for count in counts)
    assert scores.claims == claims
    if not claims:
        assert scores.supported is scores.contradicted is scores.unverifiable is None
    else:
        shares = (scores.supported, scores.contradicted, scores.unverifiable)
        assert sum(shares) == pytest.approx(1)
        assert all(0 <= share <= 1 for share in shares)
    told = [count for count in counts if count.checkable]
    assert scores.without_checkable == pytest.approx(1 - len(told) / len(counts))
    if told:
        assert scores.uncontradicted == pytest.approx(sum(c.contradicted == 0 for c in told) / len(told))
    else:
        assert scores.uncontradicted is None


def test_degenerate_sets() -> None:
    silent = fact_support([NOTHING], [WAVES])
    assert (silent.without_checkable, silent.uncontradicted) == (1.0, None)
    empty = fact_support([""], [None])
    assert (empty.claims, empty.supported, empty.unmeasured) == (0, None, 1)
    with pytest.raises(ValueError, match="no generation"):
        fact_support([], [])
    with pytest.raises(ValueError, match="2 captions and facts of 1 motions"):
        fact_support([LEFT, RIGHT], [WAVES])
