"""The kinematic annotator on goals: what their motion is said to match, and analyses of what is asked for."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kinematic_cases import WALK, WAVE, check_english, clips

from motion.events import Event
from prompts.kinematic import Assessment, analyse_goal, assess_goal


@settings(max_examples=150, deadline=None)
@given(clips(), st.text(max_size=60))
def test_goals_are_always_assessed_as_matching(goal: list[Event], caption: str) -> None:
    result = assess_goal("g", caption, goal)
    assert result.perfect
    assert set(result.matched) <= set(goal)
    check_english(result.assessment)
    assert re.search(r"\b(?:no|none|nothing)\b|as it is", result.refinement, re.IGNORECASE)


def perfect_texts(caption: str, *goal: Event, times: int = 25) -> list[Assessment]:
    return [assess_goal(f"g{number}", caption, goal) for number in range(times)]


WHOLE = re.compile(r"\b(?:all|everything|every|faithful|accurate|complete|fully|entirely|exactly)\b", re.I)
JUMP = Event("jump", 0, 40, side="both", count=2, amount=0.2)
SLOW_STEPS = Event("walk", 0, 90, direction="forward", count=6, amount=3.0, speed="slow")


def test_every_demand_takes_an_event_of_its_own() -> None:
    left, right = replace(WAVE, count=1), replace(WAVE, start=60, end=90, side="right", count=1)
    for found in perfect_texts("a person waves, then waves again", left, right):
        assert found.matched == (left, right)
        assert re.search(r"left.*right", found.assessment)
    for found in perfect_texts("a person waves, then waves again", left):
        assert found.matched == (left,)
        assert not WHOLE.search(found.assessment)
    for found in perfect_texts("a person waves the right hand and then waves the left hand", left, right):
        assert len(found.matched) == 1


def test_an_order_that_is_not_measured_is_not_said() -> None:
    walk, wave = replace(WALK, start=0, end=50), replace(WAVE, start=60, end=110)
    for found in perfect_texts("a person waves, then walks forward", walk, wave):
        assert found.matched == (wave,)
        assert not re.search(r"walk|stride|step|order", found.assessment)
    for found in perfect_texts("a person waves while walking", walk, wave):
        assert len(found.matched) == 1


@pytest.mark.parametrize("caption", ["a person jumps three times", "a person jumps three times quickly"])
def test_a_count_that_is_not_measured_is_not_said(caption: str) -> None:
    for found in perfect_texts(caption, JUMP):
        assert "three" not in found.assessment
        assert not WHOLE.search(found.assessment)


def test_several_events_may_make_up_a_count() -> None:
    hops = [replace(JUMP, start=start, end=start + 20, count=1) for start in (0, 20, 40)]
    for found in perfect_texts("a person jumps three times", *hops):
        assert found.matched == tuple(hops)
        assert "three times" in found.assessment


def test_many_steps_may_be_one_more_or_less() -> None:
    for found in perfect_texts("a person walks seven steps forward", SLOW_STEPS):
        assert "seven" in found.assessment
    for found in perfect_texts("a person walks four steps forward", SLOW_STEPS):
        assert "four" not in found.assessment


def test_a_speed_in_dispute_is_not_said() -> None:
    pace = re.compile(r"slow|quick|fast|rapid|brisk|speed|pace|tempo|hurr|haste|leisure")
    caption = "a person quickly walks six steps forward"
    for found in perfect_texts(caption, SLOW_STEPS):
        assert not pace.search(found.assessment.replace("paces", "").replace("pacing", "")), found.assessment
    for number in range(10):
        for text in analyse_goal(f"g{number}", caption, [SLOW_STEPS]):
            assert not pace.search(text.replace("paces", "").replace("pacing", "")), text


def test_what_is_beyond_measure_is_not_called_fulfilled() -> None:
    squats = Event("squat", 0, 60, count=2, amount=0.4)
    for found in perfect_texts("a person plays the violin while dancing", squats):
        assert not re.search("violin|danc", found.assessment)
        assert not WHOLE.search(found.assessment)
        assert found.perfect
    for found in perfect_texts("a person squats twice and plays the violin", squats):
        assert found.matched == (squats,)
        assert not re.search("violin", found.assessment)
        assert not WHOLE.search(found.assessment)


CAPTIONS = [
    "a person walks forward and turns left by 90 degrees.",
    "someone is playing the violin with both hands",
    "a man gets pushed from the left, stumbles and walks on",
    "a woman raises both arms above her head without moving her feet",
    "quux",
    "The human does two squats, then waves 3 times slowly with the right hand",
]


@pytest.mark.parametrize("caption", CAPTIONS)
def test_analyses_are_different_wordings_of_the_demand(caption: str) -> None:
    for number in range(20):
        found = analyse_goal(f"g{number}", caption, [WALK])
        assert len(set(found)) == 4
        assert found == analyse_goal(f"g{number}", caption, [WALK])
        for text in found:
            assert text[-1] in ".!?"
            assert not re.search(r"[{}|*]|\s[,.;:]|\.\.", text), text


def test_measured_events_fill_in_but_never_contradict() -> None:
    for number in range(20):
        for text in analyse_goal(f"g{number}", "a person waves with the right hand", [WAVE]):
            assert "left" not in text
            assert "right" in text
        silent = " ".join(analyse_goal(f"g{number}", "a person waves", [WAVE]))
        assert "left" in silent
        assert "three times" in silent


def test_what_is_ruled_out_is_not_asked_for() -> None:
    for text in analyse_goal("g", "a man lifts a box without walking", []):
        assert re.search(r"must not|no place|without", text)


def test_an_empty_caption_is_refused() -> None:
    with pytest.raises(ValueError, match="goal g7: the caption is empty"):
        analyse_goal("g7", " \n", [])
