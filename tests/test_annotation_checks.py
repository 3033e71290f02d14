"""What the measured facts say of statements about a motion."""

from __future__ import annotations

import pytest

from evaluators.annotation_checks import (
    Subject,
    about_texts,
    check_statements,
    difference_verdict,
    match_verdict,
)
from evaluators.support import claim_verdict, contradiction, support
from motion.events import Difference, Event
from motion.facts import Facts, Summary
from prompts.claims import parse_claims


def facts(*events: Event) -> Facts:
    from dataclasses import MISSING, fields

    # A summary of nothing: these tests are about events.
    blank = {"str": "", "int": 0, "float": 0.0, "bool": False}
    values = {f.name: blank[str(f.type)] for f in fields(Summary) if f.default is MISSING}
    return Facts(100, 20.0, Summary(**values), events)


WAVE = Event("wave", 10, 60, side="left", count=3)
WALK = Event("walk", 0, 50, direction="forward", count=4, amount=2.0)
KICK = Event("kick", 60, 80, side="right", direction="forward")


def side(expected: str, found: str, action: str = "wave") -> Difference:
    return Difference("side", action, "arm", expected, "", expected, found)


def test_what_is_measured_is_supported() -> None:
    other = Event("wave", 10, 60, side="right", count=3)
    verdict = difference_verdict(side("left", "right"), Subject(facts(WAVE), facts(other)))
    assert verdict.verdict == "supported"
    assert "measured" in verdict.evidence


def test_a_recorded_edit_that_the_measure_cannot_see_is_unverifiable() -> None:
    slow = Difference("speed", "wave", "arm", "left", "", "normal", "slower")
    subject = Subject(facts(WAVE), facts(WAVE), (slow,))
    verdict = difference_verdict(slow, subject)
    assert (verdict.verdict, verdict.evidence.split(";")[0]) == ("unverifiable", "recorded edit")
    assert "recorded" in difference_verdict(slow, Subject(facts(WAVE), facts(WAVE))).evidence


@pytest.mark.parametrize(
    ("difference", "candidate"),
    [
        (side("left", "right"), facts(WAVE)),
        (side("right", "left"), facts(WAVE)),
        (side("left", "right"), facts(WALK)),
        (Difference("missing", "wave", "arm", "left", "", "wave", "none"), facts(WAVE)),
        (Difference("count", "wave", "arm", "left", "", "3", "5"), facts(WAVE)),
        (Difference("speed", "wave", "arm", "left", "", "normal", "slower"), facts(WALK)),
    ],
)
def test_a_recorded_edit_that_the_measure_speaks_against_is_contradicted(
    difference: Difference, candidate: Facts
) -> None:
    subject = Subject(facts(WAVE), candidate, (difference,))
    assert difference_verdict(difference, subject).verdict == "contradicted"


def test_one_of_two_kicks_may_be_missing() -> None:
    again = Event("kick", 80, 99, side="right", direction="forward")
    missing = Difference("missing", "kick", "leg", "right", "forward", "kick", "none")
    subject = Subject(facts(KICK, again), facts(KICK), (missing,))
    assert difference_verdict(missing, subject).verdict != "contradicted"


def test_a_match_is_what_the_candidate_does_too() -> None:
    assert match_verdict(WAVE, facts(WAVE, WALK)).verdict == "supported"
    assert match_verdict(WAVE, facts(WALK)).verdict == "contradicted"
    assert match_verdict(WAVE, facts(Event("wave", 0, 30, side="right"))).verdict == "contradicted"


def test_statements_are_judged_one_by_one() -> None:
    subject = Subject(facts(WAVE, WALK), facts(WALK))
    missing = Difference("missing", "wave", "arm", "left", "", "wave", "none")
    statements = check_statements([missing, side("left", "right")], [WALK], subject)
    assert [(s.kind, s.verdict) for s in statements] == [
        ("difference", "supported"),
        ("difference", "contradicted"),
        ("match", "supported"),
    ]


@pytest.mark.parametrize(
    ("caption", "wrong"),
    [
        ("a person waves with the left hand", False),
        ("a person waves with the right hand", True),
        ("a person waves", False),
        ("a person waves with both hands", False),
        ("a person walks forward and waves the left hand", False),
        ("a man walks backwards", True),
        ("a man jumps to the right", False),
        ("he waves with his right hand and then with his left hand", False),
    ],
)
def test_only_a_certain_contradiction_costs_a_caption(caption: str, wrong: bool) -> None:
    why = contradiction(caption, facts(WALK, WAVE))
    assert bool(why) == wrong
    if wrong:
        assert "frames" in why


STEPS = Event("walk", 0, 80, direction="forward", count=9, amount=5.0)
HOP = Event("jump", 0, 20, side="both", count=2)


@pytest.mark.parametrize(
    ("caption", "events", "wrong"),
    [
        ("a person jumps three times", [HOP], True),
        ("a person jumps twice", [HOP], False),
        ("a person jumps four times", [HOP, Event("jump", 40, 60, side="both", count=2)], False),
        ("a person jumps three times", [HOP, Event("jump", 40, 60, side="both", count=2)], True),
        ("a person jumps three times", [], False),
        ("a person jumps a few times", [HOP], False),
        ("a person jumps three times, waves and jumps once", [HOP], False),
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
def test_a_count_that_the_measure_denies_costs_a_caption(
    caption: str, events: list[Event], wrong: bool
) -> None:
    assert bool(contradiction(caption, facts(*events))) == wrong


@pytest.mark.parametrize(
    ("caption", "wrong"),
    [
        ("a person kicks, then walks forward", True),
        ("a person walks forward, then kicks", False),
        ("a person walks forward after kicking", True),
        ("before walking forward, a person kicks", True),
        ("a person kicks. after that he walks forward", True),
        ("a person kicks. before that he walks forward", False),
        ("a person kicks and walks forward", False),  # "and" need not tell an order
        ("a person kicks while walking", False),
        ("a person kicks, then walks forward and kicks again", False),
        ("a person kicks, then waves", False),  # at about the same time
    ],
)
def test_a_reversed_order_costs_a_caption(caption: str, wrong: bool) -> None:
    wave = Event("wave", 55, 75, side="left", count=3)
    why = contradiction(caption, facts(WALK, wave, KICK))
    assert bool(why) == wrong
    if wrong:
        assert "before" in why


def test_support_is_the_share_of_claims_that_hold() -> None:
    assert support("a person walks forward and waves the left hand", facts(WALK, WAVE)) == 1.0
    assert support("a person walks forward and waves the left hand", facts(WALK)) == 0.5
    assert support("something happens", facts(WALK)) is None


def test_a_claim_of_an_action_that_is_not_measured_is_unverifiable() -> None:
    claim = parse_claims("a person bows")[0]
    assert claim_verdict(claim, facts(WALK)).verdict == "unverifiable"


def test_words_about_texts_are_found() -> None:
    assert about_texts("Both descriptions are the same.") == "descriptions"
    assert about_texts("The left hand waves as it should.") == ""
