"""Assessments as a language model words them: what is said of an action is not said of another one."""

from __future__ import annotations

import pytest

from prompts.claims.assessment import read_assessment

Told = tuple[str, str, str, str]  # kind, aspect, action, side


def told(assessment: str, refinement: str = "") -> set[Told]:
    return {(one.kind, one.aspect, one.action, one.side) for one in read_assessment(assessment, refinement)}


@pytest.mark.parametrize(
    "ending",
    [
        "; nothing is missing",
        "; nothing is missing and nothing is superfluous",
        ", with nothing missing or superfluous",
        ", and there is nothing extra",
        ". No part is missing, and there is no superfluous movement",
        ", without anything superfluous",
    ],
)
def test_that_nothing_is_missing_is_said_of_no_action(ending: str) -> None:
    found = read_assessment(f"The person waves the right hand four times{ending}.")
    assert [(one.kind, one.action, one.side) for one in found] == [("shown", "wave", "right")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "The figure does not turn at all; instead the right hand is placed on the hip, which is "
            "superfluous.",
            {("difference", "missing", "turn", ""), ("difference", "extra", "hand_on_hip", "right")},
        ),
        (
            "The person stands still: the raise of the right arm is missing.",
            {("shown", "", "stand", ""), ("difference", "missing", "raise_arm", "right")},
        ),
        (
            "Picking something up with the left hand is right, but the three slow steps forward beforehand "
            "are missing.",
            {("match", "", "pick_up", "left"), ("difference", "missing", "walk", "")},
        ),
        (
            "The turn is superfluous, the kick is missing, and there is an unwanted bow.",
            {
                ("difference", "extra", "turn", ""),
                ("difference", "missing", "kick", ""),
                ("difference", "extra", "bow", ""),
            },
        ),
        (
            "There is no bow, only a swinging of the left arm that isn't wanted.",
            {("difference", "missing", "bow", "")},
        ),
        (
            "The figure walks forward and then claps, which nobody wanted.",
            {("difference", "extra", "clap", "")},
        ),
    ],
)
def test_what_is_missing_or_superfluous_is_said_of_its_own_clause(text: str, expected: set[Told]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The path bends to the left instead of being straight.", set()),
        ("The right arm rises from the side to overhead.", {("shown", "", "raise_arm", "right")}),
        ("The trunk is bent backward.", {("shown", "", "bend", "")}),
        ("The left hand is never placed on the head.", {("difference", "missing", "hand_on_head", "left")}),
        (
            "The figure turns to the left without reaching across with the right hand.",
            {("shown", "", "turn", "left")},
        ),
        ("A second bow is missing.", {("difference", "count", "bow", "")}),
        ("It should walk forward slowly.", {("wanted", "", "walk", "")}),
    ],
)
def test_a_phrase_names_the_action_that_is_meant(text: str, expected: set[Told]) -> None:
    assert {one for one in told(text) if one[1] != "path"} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "An arm is raised overhead, but it is the left one instead of the right.",
            ("side", "raise_arm", "right", "up", "right", "left"),
        ),
        (
            "The arm swings are missing. The figure takes three steps, but forward instead of to the left.",
            ("direction", "walk", "", "left", "left", "forward"),
        ),
        (
            "The figure stands still and then takes three sidesteps, but to the right instead of the left.",
            ("direction", "side_step", "", "left", "left", "right"),
        ),
        (
            "The figure reaches with the left hand to the right instead of with the right hand to the left.",
            ("direction", "reach", "right", "left", "left", "right"),
        ),
        (
            "The crawl leads backward rather than forward, and it is slower than it should be.",
            ("speed", "crawl", "", "", "", "slower"),
        ),
        (
            "The left arm swings where the right one should.",
            ("side", "swing_arm", "right", "", "right", "left"),
        ),
    ],
)
def test_a_contrast_is_of_the_action_next_to_it(text: str, expected: tuple[str, ...]) -> None:
    assert expected in {
        (one.aspect, one.action, one.side, one.direction, one.expected, one.found)
        for one in read_assessment(text)
        if one.kind == "difference"
    }


def test_the_limb_as_wanted_is_shown_and_no_difference() -> None:
    assert told("A kick is done with the right foot rather than the left, as wanted.") == {
        ("shown", "", "kick", "right")
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Circle the left arm, not the right, twice at a moderate pace, and then bow slowly two times.",
            {("difference", "side", "circle_arm", "left"), ("wanted", "", "bow", "")},
        ),
        (
            "Stay standing after the punches instead of kneeling down.",
            {("difference", "extra", "kneel", "")},
        ),
        (
            "Skip the turn, jump to the left both times, and keep the feet planted.",
            {
                ("difference", "extra", "turn", ""),
                ("wanted", "", "jump", ""),
                ("difference", "quality", "", ""),
            },
        ),
        (
            "Leave the kick out and go straight to picking something up.",
            {("difference", "extra", "kick", ""), ("wanted", "", "pick_up", "")},
        ),
        ("Nothing has to be changed; do not raise the left arm.", set()),
        ("Swap the sides: right hand on the hip, and kick with the left foot.", None),
        ("Clap once more at the end.", {("wanted", "", "clap", "")}),
    ],
)
def test_each_order_of_an_instruction_is_read_by_itself(text: str, expected: set[Told] | None) -> None:
    found = told("", text)
    if expected is None:
        assert not [one for one in found if one[0] == "difference"]
    else:
        assert found == expected
