"""Verdicts on denials, on ways in another gait, and on what two captions or two sides of a limb tell."""

from __future__ import annotations

from typing import Any

import pytest
from facts_builder import some_facts

from evaluators.caption_audit import contradictions, disputes, judge, leaves_corpus
from evaluators.support import claim_verdict
from evaluators.verdict import CERTAIN, CONTRADICTED, SUPPORTED, UNVERIFIABLE, Verdict
from motion.events import Event
from motion.facts import Facts
from prompts.claims import Claim, parse_claims

WALK = Event("walk", 0, 50, direction="forward", path="straight", count=8, amount=4.0, speed="normal")
RUN = Event("run", 0, 50, direction="forward", path="straight", count=8, amount=6.0, speed="fast")
CRAWL = Event("crawl", 0, 80, direction="forward", amount=2.0)
SIDE = Event("side_step", 0, 60, direction="right", count=3, amount=1.2)
BOW = Event("bow", 60, 90, amount=40.0)
WALKED: dict[str, Any] = {"steps_left": 4, "steps_right": 4, "way_forward": 4.0, "speed": 1.2}
RAN: dict[str, Any] = {**WALKED, "way_forward": 6.0, "speed": 3.5, "flight": 0.09}
SIDLED: dict[str, Any] = {"steps_left": 3, "steps_right": 3, "way_right": 1.2, "speed": 0.6}


def verdict(text: str, facts: Facts) -> Verdict:
    claims = parse_claims(text)
    assert len(claims) == 1, claims
    return claim_verdict(claims[0], facts)


def still(part: str, side: str = "", verb: str = "move") -> Claim:
    return Claim("", part, verb=verb, side=side, negated=True)


# --- denials -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("caption", "facts"),
    [
        ("a person does not walk but runs forward", some_facts([RUN], **RAN)),
        ("a person runs without walking", some_facts([RUN], **RAN)),
        ("the person crawls and does not walk", some_facts([CRAWL], pelvis_low=0.5)),
        ("without walking the person side steps", some_facts([SIDE], **SIDLED)),
    ],
)
def test_who_goes_in_another_gait_does_not_walk(caption: str, facts: Facts) -> None:
    assert not contradictions(caption, facts)


def test_a_denied_walk_is_the_surer_contradicted_by_a_walk_than_by_a_run() -> None:
    walked = verdict("a person does not walk", some_facts([WALK], **WALKED))
    ran = verdict("a person does not walk", some_facts([RUN], **RAN))
    assert (walked.verdict, ran.verdict) == (CONTRADICTED, CONTRADICTED)
    assert ran.certainty < CERTAIN <= walked.certainty
    assert leaves_corpus("a person does not walk but runs", some_facts([WALK], **WALKED))


def test_a_foot_that_is_not_moved_is_the_one_that_is_named() -> None:
    right = some_facts(steps_right=2, foot_speed_right=2.0)
    verdicts = [claim_verdict(still("leg", side), right).verdict for side in ("left", "right", "both")]
    assert verdicts == [SUPPORTED, CONTRADICTED, CONTRADICTED]


def test_many_steps_are_certain_where_no_foot_is_said_to_move() -> None:
    few, many = (claim_verdict(still("leg", "both"), some_facts(steps_left=n, steps_right=n)) for n in (1, 2))
    assert 0 < few.certainty < CERTAIN <= many.certainty
    assert leaves_corpus("a person bows without moving his feet", some_facts([WALK], **WALKED))
    told = "a person waves without moving the feet and then walks forward"
    assert not [f for f in contradictions(told, some_facts([WALK], **WALKED)) if f.verdict.certainty == 0.8]


@pytest.mark.parametrize(
    ("side", "expected"), [("left", CONTRADICTED), ("right", SUPPORTED), ("both", CONTRADICTED)]
)
def test_arms_that_are_not_moved_have_hands_that_go_no_way(side: str, expected: str) -> None:
    facts = some_facts(hand_travel_left=4.0, hand_travel_right=0.3, hand_speed_left=1.5)
    assert claim_verdict(still("arm", side), facts).verdict == expected


def test_hands_that_only_sway_are_neither_still_nor_moved() -> None:
    swaying = some_facts(hand_travel_left=2.0, hand_travel_right=2.0, hand_speed_left=0.2)
    assert claim_verdict(still("arm", "both"), swaying).verdict == UNVERIFIABLE
    moved = some_facts(hand_travel_left=4.0, hand_speed_left=1.5)
    assert claim_verdict(still("arm", "both", "use"), moved).verdict == UNVERIFIABLE


def test_an_arm_that_the_caption_lets_move_is_no_contradiction() -> None:
    wave = Event("wave", 10, 60, side="right", count=3)
    values: dict[str, Any] = {"hand_up_right": 0.6, "hand_speed_right": 3.0, "hand_travel_right": 5.0}
    facts = some_facts([wave], **values)
    assert not contradictions("a person waves with the right hand without moving the left arm", facts)
    assert contradictions("a person bows without moving the right arm", facts)


def test_a_body_that_does_not_move_stays_on_its_place() -> None:
    assert verdict("a person does not move", some_facts()).verdict == SUPPORTED
    assert verdict("a person does not move", some_facts([WALK], **WALKED)).verdict == CONTRADICTED
    shifted = some_facts(steps_left=1, steps_right=1, way_left=0.4)
    assert verdict("a person does not move", shifted).verdict == UNVERIFIABLE
    for part in ("a person bows and does not move his head", "the head of the person does not move"):
        assert not contradictions(part, some_facts([WALK, BOW], lean_forward=40.0, **WALKED))
    assert contradictions(
        "a person bows and does not move", some_facts([WALK, BOW], lean_forward=40.0, **WALKED)
    )
    told = "a person does not move, and then walks forward"
    assert not contradictions(told, some_facts([WALK], **WALKED))


def test_ways_of_the_hands_are_told_in_arm_lengths() -> None:
    wipe = Claim("", "arm", verb="wipe", side="right")
    assert "6 arm lengths" in claim_verdict(wipe, some_facts(hand_travel_right=6.0)).evidence


# --- turns and ways ----------------------------------------------------------------------------------


def test_who_walks_round_to_the_left_has_turned_left_whatever_turn_follows() -> None:
    small = Event("turn", 80, 95, side="right", amount=50.0)
    facts = some_facts([WALK, small], **WALKED, turned_left=180.0, turned_right=50.0)
    assert verdict("a person turns left", facts).verdict == UNVERIFIABLE
    straight = some_facts([WALK, small], **WALKED, turned_right=50.0)
    assert verdict("a person turns left", straight).verdict == CONTRADICTED


def test_the_opposite_way_in_another_gait_is_contradicted() -> None:
    sidled = some_facts([SIDE], **SIDLED)
    assert verdict("a person walks to the left", sidled).verdict == CONTRADICTED
    assert verdict("a person walks to the right", sidled).verdict == UNVERIFIABLE
    back = verdict("a person walks backwards", some_facts([RUN], **RAN))
    assert (back.verdict, back.certainty >= 0.9) == (CONTRADICTED, True)


def test_the_opposite_way_is_not_told_where_it_may_have_been_gone() -> None:
    round_ = some_facts([RUN], **RAN, turned_left=170.0)
    assert verdict("a person walks backwards", round_).verdict == UNVERIFIABLE
    beside = some_facts([SIDE, RUN], **RAN)
    assert verdict("a person walks to the left", beside).certainty < CERTAIN
    told = "a person side steps to the right and then walks to the left"
    assert not contradictions(told, some_facts([SIDE], **SIDLED))


def test_a_missed_gait_makes_no_way_certain() -> None:
    slow = some_facts([SIDE], **{**SIDLED, "way_left": 0.6, "speed": 1.2})
    found = verdict("a person runs to the left", slow)
    assert (found.verdict, found.certainty < 0.9) == (CONTRADICTED, True)


# --- order and pairs of captions -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "then", "wrong"), [("left", "right", True), ("right", "left", False), ("left", "left", False)]
)
def test_the_order_of_two_sides_of_one_action(first: str, then: str, wrong: bool) -> None:
    waves = [Event("wave", 0, 30, side="right", count=2), Event("wave", 50, 80, side="left", count=2)]
    up: dict[str, Any] = {
        f"hand_{what}_{side}": 1.0 for what in ("up", "speed") for side in ("left", "right")
    }
    caption = f"a person waves with the {first} hand, then waves with the {then} hand"
    assert bool(contradictions(caption, some_facts(waves, **up))) == wrong


def test_standing_has_no_place_in_an_order() -> None:
    events = [Event("stand", 0, 20), Event("raise_leg", 20, 40, side="left", count=1)]
    told = "a person first lifts one foot and afterwards stands"
    assert not contradictions(told, some_facts(events, foot_up_left=0.5))


def test_captions_that_each_tell_a_part_of_the_motion_do_not_dispute() -> None:
    each = [Event("raise_arm", 0, 20, side="left"), Event("raise_arm", 40, 60, side="right")]
    told = ["a person raises the left arm", "a person raises the right arm"]
    both = some_facts(each, hand_up_left=0.6, hand_up_right=0.6)
    assert all(f.verdict.verdict == SUPPORTED for text in told for f in judge(text, both))
    assert not disputes(told, both)
    assert len(disputes(told, some_facts(each[:1], hand_up_left=0.6))) == 1
