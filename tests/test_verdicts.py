"""What the measured facts say of claims: supported, contradicted, or neither."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from facts_builder import some_facts
from hypothesis import given
from hypothesis import strategies as st

from evaluators.caption_audit import (
    Finding,
    contradictions,
    described,
    disputes,
    judge,
    leaves_corpus,
)
from evaluators.requirements import KIN, NEEDS, missed, table
from evaluators.support import claim_verdict, support
from evaluators.verdict import CERTAIN, CONTRADICTED, SUPPORTED, UNVERIFIABLE, Verdict, shortfall_certainty
from motion.events import ACTIONS, Event, opposite
from motion.facts import Facts, measure
from motion.skeleton import SKELETONS
from prompts.claims import Claim, parse_claims

WAVE = Event("wave", 10, 60, side="left", count=3)
WALK = Event("walk", 0, 50, direction="forward", path="straight", count=4, amount=2.0, speed="normal")
RUN = Event("run", 0, 50, direction="forward", path="straight", count=8, amount=5.0, speed="fast")
TURN = Event("turn", 50, 70, side="left", amount=90.0)
KICK = Event("kick", 60, 80, side="right", direction="forward")
HOP = Event("jump", 0, 20, side="both", count=2)
STEPS = Event("walk", 0, 80, direction="forward", count=9, amount=5.0)

# What such events leave in the extremes.
WALKED = {"steps_left": 2, "steps_right": 2, "way_forward": 2.0, "speed": 1.2, "foot_up_left": 0.16}
WAVED = {"hand_up_left": 0.6, "hand_speed_left": 3.0, "hand_ahead_left": 0.5}


def verdict(text: str, facts: Facts) -> Verdict:
    claims = parse_claims(text)
    assert len(claims) == 1, claims
    return claim_verdict(claims[0], facts)


def claim(action: str, **values: object) -> Claim:
    return Claim(action, ACTIONS[action].part, **values)  # type: ignore[arg-type]


def against(caption: str, facts: Facts) -> float:
    """Certainty of the surest contradiction, 0 without one."""
    return max((finding.verdict.certainty for finding in contradictions(caption, facts)), default=0.0)


# --- one claim ---------------------------------------------------------------------------------------


def test_what_is_measured_is_supported_with_its_frames() -> None:
    found = verdict("a person waves with the left hand", some_facts([WAVE], **WAVED))
    assert (found.verdict, found.start, found.end) == (SUPPORTED, 10, 60)
    assert "wave left arm 3 times" in found.evidence


def test_what_a_motion_lacks_is_contradicted_with_the_value() -> None:
    found = verdict("a person jumps", some_facts(flight=0.0))
    assert found.verdict == CONTRADICTED
    assert "flight 0" in found.evidence
    assert (found.start, found.end) == (0, 100)


def test_an_action_that_may_have_been_missed_is_unverifiable() -> None:
    assert verdict("a person jumps", some_facts(flight=0.07)).verdict == UNVERIFIABLE
    assert verdict("a person waves", some_facts(**WAVED)).verdict == UNVERIFIABLE


@given(st.floats(0.0, 0.2), st.floats(0.0, 0.2))
def test_certainty_of_an_absence_grows_with_what_is_lacking(one: float, other: float) -> None:
    low, high = sorted((one, other))
    jump = claim("jump")
    verdicts = [claim_verdict(jump, some_facts(flight=value)) for value in (low, high)]
    certainties = [v.certainty if v.verdict == CONTRADICTED else 0.0 for v in verdicts]
    assert certainties[0] >= certainties[1]
    assert all(0 <= v.certainty <= 1 for v in verdicts)


@given(st.floats(-5, 50), st.floats(-5, 50))
def test_certainty_of_a_shortfall_never_falls(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= shortfall_certainty(low) <= shortfall_certainty(high) < 1


@pytest.mark.parametrize(
    "what",
    "walks forward|runs|jumps|squats|sits down|kneels|bows|turns left|raises the left arm|waves|claps|"
    "crosses his arms|punches|throws a ball|kicks|lunges|stomps his foot|raises the left leg".split("|"),
)
def test_somebody_who_stands_still_does_none_of_it(what: str) -> None:
    found = verdict(f"a person {what}", some_facts())
    assert found.verdict == CONTRADICTED
    assert found.certainty >= 0.6


def test_every_action_has_an_entry_in_the_table_of_needs() -> None:
    assert set(NEEDS) == set(ACTIONS)
    assert all(reason and unit and margin > 0 for *_, margin, unit, reason in table())
    assert set().union(*KIN.values()) <= set(ACTIONS)


def test_kindred_actions_are_not_told_apart_by_absence() -> None:
    squat = Event("squat", 10, 40, amount=0.3)
    low = some_facts([squat], pelvis_low=0.55)
    assert verdict("a person sits down", low).verdict == UNVERIFIABLE
    assert "squat" in verdict("a person kneels", low).evidence


def test_a_kindred_action_of_the_other_arm_excuses_nothing() -> None:
    raised = some_facts([Event("raise_arm", 10, 30, side="left")], hand_up_left=0.5)
    found = verdict("a person waves with the right hand", raised)
    assert found.verdict == CONTRADICTED


# --- side and direction ------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_other_side_is_contradicted_surely_where_the_claimed_one_rests(side: str) -> None:
    values = {f"hand_up_{side}": 0.6, f"hand_speed_{side}": 3.0}
    facts = some_facts([Event("wave", 10, 60, side=side, count=3)], **values)
    assert verdict(f"a person waves with the {side} hand", facts).verdict == SUPPORTED
    other = verdict(f"a person waves with the {opposite(side)} hand", facts)
    assert (other.verdict, other.certainty >= 0.9) == (CONTRADICTED, True)


def test_the_other_side_is_less_certain_where_the_claimed_one_moves_too() -> None:
    busy = some_facts([WAVE], **WAVED, hand_up_right=0.5, hand_speed_right=2.0)
    found = verdict("a person waves with the right hand", busy)
    assert found.verdict == CONTRADICTED
    assert CERTAIN <= found.certainty < 0.7


def test_both_hands_are_not_one() -> None:
    left = some_facts([Event("raise_arm", 0, 20, side="left")], hand_up_left=0.6)
    assert verdict("a person raises both hands", left).verdict == CONTRADICTED
    each = [Event("raise_arm", 0, 20, side="left"), Event("raise_arm", 5, 25, side="right")]
    two = some_facts(each, hand_up_left=0.6, hand_up_right=0.6)
    assert verdict("a person raises both hands", two).verdict == SUPPORTED


def test_the_way_back_of_somebody_who_turned_round_is_unverifiable() -> None:
    straight = some_facts([WALK], **WALKED)
    assert verdict("a person walks backward", straight).verdict == CONTRADICTED
    returned = some_facts([WALK], **WALKED, turned_left=178.0)
    assert verdict("a person walks backward", returned).verdict == UNVERIFIABLE


def test_a_turn_to_the_other_side_is_contradicted() -> None:
    facts = some_facts([TURN], turned_left=90.0, turned_right=3.0)
    assert verdict("a person turns to the right", facts).certainty >= 0.9
    assert verdict("a person turns to the left", facts).verdict == SUPPORTED


# --- numbers, amounts, path, speed, negation ---------------------------------------------------------


def test_degrees_of_a_turn() -> None:
    facts = some_facts([TURN], turned_left=92.0)
    assert verdict("a person turns left by 90 degrees", facts).verdict == SUPPORTED
    assert verdict("a person turns left by 45 degrees", facts).verdict == SUPPORTED  # told roughly
    assert verdict("a person turns left by 270 degrees", facts).verdict == CONTRADICTED


def test_a_straight_way_is_no_circle() -> None:
    straight = some_facts([WALK], **WALKED)
    assert verdict("a person walks in a circle", straight).verdict == CONTRADICTED
    assert verdict("a person walks in a straight line", straight).verdict == SUPPORTED
    ring = Event("walk", 0, 90, direction="forward", path="circle", count=10, amount=6.0)
    round_ = some_facts([ring], **{**WALKED, "turned_left": 350.0})
    assert verdict("a person walks in a straight line", round_).verdict == CONTRADICTED
    assert verdict("a person walks in a circle clockwise", round_).verdict == CONTRADICTED
    assert verdict("a person walks in a circle counterclockwise", round_).verdict == SUPPORTED


def test_slow_and_fast_are_opposites_but_a_matter_of_words() -> None:
    found = verdict("a person runs slowly", some_facts([RUN], speed=3.5, steps_left=4, steps_right=4))
    assert (found.verdict, found.certainty < CERTAIN) == (CONTRADICTED, True)
    assert verdict("a person walks slowly", some_facts([WALK], **WALKED)).verdict == SUPPORTED


def test_a_run_is_no_walk() -> None:
    running = some_facts([RUN], speed=3.5, steps_left=4, steps_right=4, way_forward=5.0, flight=0.09)
    assert verdict("a person walks forward", running).verdict == CONTRADICTED
    walking = some_facts([WALK], **WALKED)
    assert verdict("a person runs forward", walking).verdict == CONTRADICTED


def test_what_is_denied_but_measured_is_contradicted() -> None:
    jump = claim("jump", negated=True)
    assert claim_verdict(jump, some_facts([HOP], flight=0.3)).verdict == CONTRADICTED
    assert claim_verdict(jump, some_facts()).verdict == SUPPORTED
    assert claim_verdict(jump, some_facts(flight=0.07)).verdict == UNVERIFIABLE


def test_feet_that_are_not_moved_make_no_steps() -> None:
    still = Claim("", "leg", verb="move", negated=True)
    assert claim_verdict(still, some_facts()).verdict == SUPPORTED
    assert claim_verdict(still, some_facts([WALK], **WALKED)).verdict == CONTRADICTED


def test_a_hand_that_does_something_moves() -> None:
    wipe = Claim("", "arm", verb="wipe", side="right")
    right = some_facts(hand_travel_right=6.0, hand_travel_left=0.2)
    left = some_facts(hand_travel_left=6.0, hand_travel_right=0.2)
    both = some_facts(hand_travel_left=6.0, hand_travel_right=4.0)
    verdicts = [claim_verdict(wipe, facts).verdict for facts in (right, left, both)]
    assert verdicts == [SUPPORTED, CONTRADICTED, UNVERIFIABLE]
    hold = Claim("", "arm", verb="hold", side="right")
    assert claim_verdict(hold, left).verdict == UNVERIFIABLE  # what is held stays where it is


# --- captions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("caption", "wrong"),
    [
        ("a person waves with the left hand", False),
        ("a person waves with the right hand", True),
        ("a person waves", False),
        ("a person walks forward and waves the left hand", False),
        ("a man walks backwards", True),
        ("a man jumps to the right", True),  # nobody leaves the floor
        ("a man bows", True),
    ],
)
def test_only_what_is_certain_costs_a_caption(caption: str, wrong: bool) -> None:
    why = leaves_corpus(caption, some_facts([WALK, WAVE], **WALKED, **WAVED))
    assert bool(why) == wrong
    if why:
        assert why.verdict.certainty >= CERTAIN
        assert why.claim in described(why)
        assert why.verdict.evidence in described(why)


@pytest.mark.parametrize(
    ("caption", "events", "wrong"),
    [
        ("a person jumps three times", [HOP], True),
        ("a person jumps twice", [HOP], False),
        ("a person jumps four times", [HOP, Event("jump", 40, 60, side="both", count=2)], False),
        ("a person jumps three times", [HOP, Event("jump", 40, 60, side="both", count=2)], True),
        ("a person jumps a few times", [HOP], False),
        ("a person claps seven times", [Event("clap", 0, 60, count=8)], False),
        ("a person claps seven times", [Event("clap", 0, 60, count=9)], True),
        ("a person walks four steps", [WALK], False),
        ("a person walks five steps", [WALK], False),
        ("a person walks six steps", [WALK], True),
        ("a person walks eleven steps", [STEPS], False),
        ("a person walks twelve steps", [STEPS], True),
        ("a person walks six steps", [WALK, Event("side_step", 50, 80, count=2)], False),
    ],
)
def test_a_number_that_the_measure_denies(caption: str, events: list[Event], wrong: bool) -> None:
    assert bool(contradictions(caption, some_facts(events, flight=0.3, **WALKED))) == wrong


def test_a_number_is_the_more_certain_the_farther_off_it_is() -> None:
    clapped = some_facts([Event("clap", 0, 60, count=2)], hands_near=0.1, hand_speed_left=2.0)
    near, far = (against(f"a person claps {number} times", clapped) for number in ("three", "six"))
    assert 0 < near < CERTAIN <= far


@pytest.mark.parametrize(
    ("caption", "wrong"),
    [
        ("a person kicks, then walks forward", True),
        ("a person walks forward, then kicks", False),
        ("a person walks forward after kicking", True),
        ("before walking forward, a person kicks", True),
        ("a person kicks and walks forward", False),  # "and" need not tell an order
        ("a person kicks while walking", False),
        ("a person kicks, then walks forward and kicks again", False),
        ("a person kicks, then waves", False),  # at about the same time
    ],
)
def test_a_reversed_order_is_a_contradiction(caption: str, wrong: bool) -> None:
    wave = Event("wave", 55, 75, side="left", count=3)
    values = {**WALKED, **WAVED, "foot_up_right": 0.5, "foot_speed_right": 4.0}
    found = [
        f for f in contradictions(caption, some_facts([WALK, wave, KICK], **values)) if "before" in f.claim
    ]
    assert bool(found) == wrong


def test_claims_of_the_same_action_speak_for_each_other() -> None:
    facts = some_facts([WALK], **{**WALKED, "way_backward": 0.38})
    assert against("a person walks backward", facts) >= 0.6
    assert against("a person walks forward and then walks backward", facts) == 0.0


def test_what_takes_the_place_of_a_claimed_action_is_a_weak_contradiction() -> None:
    kicked = some_facts([KICK], foot_up_right=0.5, foot_speed_right=4.0, **WAVED)
    assert 0 < against("a person waves", kicked) < CERTAIN
    assert against("a person kicks and waves", kicked) == 0.0  # the kick is spoken of


def test_captions_of_one_motion_that_cannot_both_be_true() -> None:
    told = [
        "a person turns to the left",
        "someone turns right",
        "a man turns",
        "he turns left, then he turns right",
    ]
    found = disputes(told, some_facts([TURN], turned_left=90.0))
    assert [(d.first, d.second, d.supported) for d in found] == [(0, 1, "first")]
    numbers = disputes(["he jumps once", "he jumps four times"], some_facts([HOP], flight=0.3))
    assert [d.supported for d in numbers] == ["neither"]


def test_findings_are_plain_values() -> None:
    finding = judge("a person waves", some_facts([WAVE], **WAVED))[0]
    assert isinstance(finding, Finding)
    assert finding.as_dict()["verdict"] == SUPPORTED
    assert set(finding.as_dict()) == {"claim", "verdict", "evidence", "certainty", "start", "end"}


def test_support_is_the_share_of_claims_that_hold() -> None:
    text = "a person walks forward and waves the left hand"
    assert support(text, some_facts([WALK, WAVE], **WALKED, **WAVED)) == 1.0
    assert support(text, some_facts([WALK], **WALKED)) == 0.5
    raised = Event("raise_arm", 10, 30, side="left")
    assert support(text, some_facts([WALK, raised], **WALKED, hand_up_left=0.5)) == 0.75  # near it
    assert support("something happens", some_facts([WALK])) is None


# --- demo clips, whose events are known ----------------------------------------------------------------

CLIPS = 40
both = pytest.mark.parametrize("name", list(SKELETONS))


@cache
def _clips(name: str) -> list[tuple[tuple[str, ...], Facts]]:
    """Whole-clip captions of demo clips and their facts."""
    from motion.demo.clips import make_clip

    body = SKELETONS[name]
    made = [make_clip(body, number, 4) for number in range(CLIPS)]
    measured = measure([np.asarray(clip.joints) for clip in made], body)
    found = []
    for clip, facts in zip(made, measured, strict=True):
        whole = tuple(line.text for line in clip.lines if line.end == 0)
        found.append((whole, facts))
    return found


@both
def test_true_captions_are_not_contradicted(name: str) -> None:
    told = [(text, facts) for texts, facts in _clips(name) for text in texts]
    sure = [text for text, facts in told if leaves_corpus(text, facts)]
    assert not sure
    assert sum(bool(contradictions(text, facts)) for text, facts in told) <= 0.01 * len(told)


@both
def test_mirrored_captions_are_contradicted_as_often_as_they_are_judged(name: str) -> None:
    from motion.mirror_text import mirror_text

    wrong = judged = 0
    for texts, facts in _clips(name):
        for text in texts:
            swapped = mirror_text(text)
            if swapped != text and support(text, facts) == 1.0:
                judged += 1
                wrong += bool(contradictions(swapped, facts))
    assert judged > 20
    assert wrong >= 0.9 * judged


@both
def test_no_event_that_is_measured_lacks_what_it_needs(name: str) -> None:
    for _, facts in _clips(name):
        for event in facts.events:
            said = claim(event.action, side=event.side, direction=event.direction)
            assert missed(said, facts.extremes) is None, event
