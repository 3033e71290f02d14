"""What the measured facts say of statements about a motion."""

from __future__ import annotations

import pytest
from facts_builder import some_facts

from evaluators.annotation_checks import (
    Checked,
    Statement,
    Subject,
    about_texts,
    check_analysis,
    check_assessment,
)
from motion.compare import differences
from motion.events import Difference, Event
from motion.facts import Facts


def facts(*events: Event) -> Facts:
    return some_facts(events)


WAVE = Event("wave", 10, 60, side="left", count=3)
OTHER_WAVE = Event("wave", 10, 60, side="right", count=3)
WALK = Event("walk", 0, 50, direction="forward", count=4, amount=2.0)
KICK = Event("kick", 60, 80, side="right", direction="forward")


def side(expected: str, found: str, action: str = "wave") -> Difference:
    return Difference("side", action, "arm", expected, "", expected, found)


def listed(difference: Difference, subject: Subject) -> Statement:
    """What is found of a difference that an annotator lists and does not say."""
    (statement,) = check_assessment("", "", subject, [difference]).statements
    return statement


def matching(goal: Facts, candidate: Facts, *events: Event) -> list[str]:
    """The verdicts of events that an annotator lists as right and does not tell."""
    return [s.verdict for s in check_assessment("", "", Subject(goal, candidate), [], events).statements]


def test_what_is_measured_is_supported() -> None:
    verdict = listed(side("left", "right"), Subject(facts(WAVE), facts(OTHER_WAVE)))
    assert verdict.verdict == "supported"
    assert "measured" in verdict.evidence


def test_a_recorded_edit_that_the_measure_cannot_see_is_unverifiable() -> None:
    slow = Difference("speed", "wave", "arm", "left", "", "normal", "slower")
    subject = Subject(facts(WAVE), facts(WAVE), (slow,))
    verdict = listed(slow, subject)
    assert (verdict.verdict, verdict.evidence.split(";")[0]) == ("unverifiable", "recorded edit")
    assert "recorded" in listed(slow, Subject(facts(WAVE), facts(WAVE))).evidence


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
    assert listed(difference, subject).verdict == "contradicted"


def test_one_of_two_kicks_may_be_missing() -> None:
    again = Event("kick", 80, 99, side="right", direction="forward")
    missing = Difference("missing", "kick", "leg", "right", "forward", "kick", "none")
    subject = Subject(facts(KICK, again), facts(KICK), (missing,))
    assert listed(missing, subject).verdict != "contradicted"


def test_a_match_is_what_the_candidate_does_too() -> None:
    goal = facts(WAVE)
    assert matching(goal, facts(WAVE, WALK), WAVE) == ["supported"]
    assert matching(goal, facts(WALK), WAVE) == ["contradicted"]
    assert matching(goal, facts(OTHER_WAVE), WAVE) == ["contradicted"]


AHEAD = Event("reach", 10, 40, side="right", direction="forward", amount=0.4)
ALOFT = Event("reach", 50, 80, side="right", direction="up", amount=0.4)


def test_a_match_is_lacking_where_the_candidate_has_it_less_often() -> None:
    assert matching(facts(AHEAD, ALOFT), facts(AHEAD), AHEAD, ALOFT) == ["supported", "contradicted"]
    assert matching(facts(AHEAD), facts(ALOFT), AHEAD) == ["contradicted"]
    again = Event("reach", 60, 90, side="right", direction="forward", amount=0.4)
    assert matching(facts(AHEAD, again), facts(AHEAD), AHEAD) == ["supported"]
    assert matching(facts(AHEAD, again), facts(AHEAD), AHEAD, again) == ["supported", "contradicted"]
    text = "The right arm correctly reaches forward."
    assert judged(text, facts(AHEAD, ALOFT), facts(AHEAD)) == ["supported"]
    assert judged(text, facts(AHEAD, ALOFT), facts(ALOFT)) == ["contradicted"]


TWICE = Event("wave", 10, 60, side="right", count=2)
FOUR_TIMES = Event("wave", 10, 60, side="right", count=4)
SLOW_KICK = Event("kick", 60, 99, side="right", direction="forward", speed="slow")
FAST_KICK = Event("kick", 60, 80, side="right", direction="forward", speed="fast")


@pytest.mark.parametrize(
    ("difference", "verdict"),
    [
        (Difference("count", "wave", "arm", "right", "", "2", "4"), "supported"),
        (Difference("count", "wave", "arm", "right", "", "2", "more"), "supported"),
        (Difference("count", "wave", "arm", "right", "", "2", "9"), "contradicted"),
        (Difference("count", "wave", "arm", "right", "", "4", "2"), "contradicted"),
        (Difference("count", "wave", "arm", "left", "", "2", "4"), "contradicted"),
        (Difference("direction", "reach", "arm", "right", "forward", "forward", "up"), "supported"),
        (Difference("direction", "reach", "arm", "right", "forward", "forward", "left"), "contradicted"),
        (Difference("direction", "reach", "arm", "left", "forward", "forward", "up"), "contradicted"),
        (Difference("speed", "kick", "leg", "right", "forward", "fast", "slower"), "supported"),
        (Difference("speed", "kick", "leg", "right", "forward", "slow", "faster"), "contradicted"),
        (Difference("speed", "kick", "leg", "left", "forward", "fast", "slower"), "contradicted"),
    ],
)
def test_a_listed_difference_has_the_values_and_the_limb_that_are_measured(
    difference: Difference, verdict: str
) -> None:
    subject = Subject(facts(TWICE, AHEAD, FAST_KICK), facts(FOUR_TIMES, ALOFT, SLOW_KICK))
    assert listed(difference, subject).verdict == verdict


def test_every_measured_difference_is_supported_where_it_is_listed() -> None:
    goal = facts(TWICE, AHEAD, FAST_KICK, WALK)
    candidate = facts(FOUR_TIMES, ALOFT, SLOW_KICK, WAVE)
    measured = differences(goal, candidate)
    assert {item.aspect for item in measured} >= {"count", "direction", "speed", "missing", "extra"}
    for item in measured:
        assert listed(item, Subject(goal, candidate)).verdict == "supported", item


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("The right hand waves 4 times instead of 2 times.", "supported"),
        ("The left hand waves 4 times instead of 2 times.", "contradicted"),
        ("The kick of the right leg is too slow.", "supported"),
        ("The kick of the left leg is too slow.", "contradicted"),
    ],
)
def test_a_difference_of_the_wrong_limb_is_contradicted(text: str, verdict: str) -> None:
    assert judged(text, facts(TWICE, FAST_KICK), facts(FOUR_TIMES, SLOW_KICK)) == [verdict]


def test_what_differs_on_one_limb_does_not_differ_on_the_other_one() -> None:
    goal, candidate = facts(TWICE, WAVE), facts(FOUR_TIMES, WAVE)
    assert judged("The left hand waves 4 times instead of 2 times.", goal, candidate) == ["contradicted"]
    assert judged("The right hand waves 4 times instead of 2 times.", goal, candidate) == ["supported"]


def judged(text: str, goal: Facts, candidate: Facts, *known: Difference) -> list[str]:
    return [s.verdict for s in check_assessment(text, "", Subject(goal, candidate, known)).statements]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("The person waves with the right hand instead of the left hand.", "supported"),
        ("The person waves with the left hand instead of the right hand.", "contradicted"),
        ("The wave of the left hand is missing.", "supported"),
        ("The walk is missing.", "contradicted"),
        ("The kick is missing.", "contradicted"),  # nobody kicks in the goal either
        ("There is an unwanted wave of the right hand.", "supported"),
        ("There is an unwanted walk.", "contradicted"),
        ("There is an unwanted jump.", "contradicted"),
        ("The person correctly walks forward.", "supported"),
        ("The person correctly waves the left hand.", "contradicted"),
        ("The person jumps.", "contradicted"),
        ("The walk is too slow.", "unverifiable"),
        ("The feet slide over the floor.", "unverifiable"),
    ],
)
def test_the_text_is_judged_against_goal_and_candidate(text: str, verdict: str) -> None:
    assert judged(text, facts(WALK, WAVE), facts(WALK, OTHER_WAVE)) == [verdict]


def test_what_is_recorded_but_not_measured_is_unverifiable() -> None:
    slow = Difference("speed", "walk", "body", "", "forward", "normal", "slower")
    checked = check_assessment("The walk is too slow.", "", Subject(facts(WALK), facts(WALK), (slow,)))
    assert [(s.verdict, s.evidence.split(";")[0]) for s in checked.statements] == [
        ("unverifiable", "recorded edit")
    ]


def test_numbers_are_judged_too() -> None:
    fewer = Event("wave", 10, 60, side="left", count=1)
    assert judged("The wave happens once, not three times.", facts(WAVE), facts(fewer)) == ["supported"]
    assert judged("The wave happens five times, not three times.", facts(WAVE), facts(fewer)) == [
        "contradicted"
    ]


def test_an_order_that_did_not_change_is_contradicted() -> None:
    text = "The order is wrong: the walk should come before the kick."
    assert judged(text, facts(WALK, KICK), facts(WALK, KICK)) == ["contradicted"]
    late = Event("walk", 85, 99, direction="forward", count=4, amount=2.0)
    assert judged(text, facts(WALK, KICK), facts(KICK, late)) == ["supported"]


def test_an_instruction_is_judged_like_an_assessment() -> None:
    subject = Subject(facts(WALK), facts(WALK, OTHER_WAVE))
    asked = check_assessment("", "Remove the wave of the right hand. Jump.", subject)
    assert [(s.kind, s.field, s.verdict) for s in asked.statements] == [
        ("difference", "refinement", "supported"),
        ("wanted", "refinement", "contradicted"),
    ]


def test_a_statement_tells_where_it_is_said_and_where_it_shows() -> None:
    text = "The person walks forward. The wave of the left hand is missing."
    goal, candidate = facts(WALK, WAVE), facts(WALK)
    shown, missing = check_assessment(text, "", Subject(goal, candidate)).statements
    assert text[missing.span_start : missing.span_end] == "The wave of the left hand is missing"
    assert (missing.start, missing.end) == (WAVE.start, WAVE.end)
    assert (shown.start, shown.end) == (WALK.start, WALK.end)
    assert (missing.aspect, missing.part, missing.expected, missing.found) == (
        "missing",
        "arm",
        "wave",
        "none",
    )


def sources(checked: Checked) -> list[tuple[str, str]]:
    return [(s.aspect, s.source) for s in checked.statements]


def test_text_and_list_are_held_against_each_other() -> None:
    subject = Subject(facts(WALK, WAVE), facts(WALK))
    missing = Difference("missing", "wave", "arm", "left", "", "wave", "none")
    text = "The wave of the left hand is missing."
    both = check_assessment(text, "", subject, [missing])
    assert sources(both) == [("missing", "both")]
    silent = check_assessment("The walk is fine.", "", subject, [missing]).statements
    assert [s.source for s in silent] == ["text", "list only"]
    assert "not read in its text" in silent[1].evidence
    alone = check_assessment(text, "", subject, [])
    assert sources(alone) == [("missing", "text only")]
    assert sources(check_assessment(text, "", subject)) == [("missing", "text")]


def test_a_listed_match_that_the_text_does_not_tell_is_judged() -> None:
    subject = Subject(facts(WALK, WAVE), facts(WALK))
    assert [s.verdict for s in check_assessment("", "", subject, [], [WAVE]).statements] == ["contradicted"]
    told = check_assessment("The person correctly walks forward.", "", subject, [], [WALK])
    assert [s.source for s in told.statements] == ["text"]


def test_an_analysis_is_judged_against_the_goal() -> None:
    def verdicts(text: str) -> list[str]:
        return [s.verdict for s in check_analysis(text, facts(WALK, WAVE)).statements]

    assert verdicts("The person walks forward and waves with the left hand.") == ["supported", "supported"]
    assert verdicts("The person jumps.") == ["contradicted"]
    assert verdicts("The person must not jump.") == []


def test_only_a_certain_contradiction_counts() -> None:
    # Somebody whose hands rise and move may well have waved, though no wave is measured.
    lively = {f"hand_{what}_right": value for what, value in (("up", 0.6), ("speed", 6.0), ("low", 0.9))}
    checked = check_analysis("The person waves with the right hand.", some_facts([WALK], **lively))
    assert [s.verdict for s in checked.statements] == ["unverifiable"]
    still = check_analysis("The person waves with the right hand.", facts(WALK))
    assert [s.verdict for s in still.statements] == ["contradicted"]


def test_the_table_of_annotations_holds_every_field_of_a_statement() -> None:
    from dataclasses import fields

    from schemas.tables import STATEMENTS

    assert [field.name for field in STATEMENTS.value_type] == [field.name for field in fields(Statement)]


def test_words_about_texts_are_found() -> None:
    assert about_texts("Both descriptions are the same.") == "descriptions"
    assert about_texts("The left hand waves as it should.") == ""
