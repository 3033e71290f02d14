"""Assessments and instructions read back: what the kinematic annotator writes, and free English."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.agreement import agrees
from motion.events import (
    ACTIONS,
    ASPECTS,
    DIRECTIONS,
    LOCOMOTION,
    PARTS,
    SIDES,
    SPEEDS,
    Difference,
    Event,
    opposite,
)
from motion.seeds import generator
from prompts.claims.assessment import FIELDS, KINDS, Said, read_analysis, read_assessment
from prompts.kinematic import assess_candidate, assess_goal

WAYS = ("forward", "backward", "left", "right")


class Draw:
    """Random goals and differences from them, in the forms that comparison and edits write."""

    def __init__(self, number: int) -> None:
        self._rng = generator("reading", number)

    def one(self, choices):  # type: ignore[no-untyped-def]
        return choices[int(self._rng.integers(len(choices)))]

    def event(self, start: int) -> Event:
        name = self.one(sorted(ACTIONS))
        kind = ACTIONS[name]
        sides = ("left", "right") if name == "turn" else ("left", "right", "both") if kind.sided else ("",)
        directions = (*WAYS, "") if kind.directed else ("",)
        path = self.one(("", "straight", "curve", "circle")) if name in LOCOMOTION else ""
        bends = path in ("curve", "circle")
        amounts = {"degrees": 10.0 * self.one(range(3, 37)), "metres": 0.1 * self.one(range(3, 60))}
        return Event(
            name,
            start,
            start + 10 + self.one(range(50)),
            self.one(("left", "right")) if bends else self.one(sides),
            "forward" if bends else self.one(directions),
            path,
            self.one(range(1, 9)) if kind.counted else 1,
            round(amounts.get(kind.unit, 0.0), 1),
            self.one(SPEEDS),
        )

    def goal(self) -> list[Event]:
        found: list[Event] = []
        for _ in range(self.one((1, 2, 3, 4))):
            found.append(self.event(found[-1].end if found else 0))
        return found

    def difference(self, goal: list[Event]) -> tuple[Difference, Event | None]:
        """A difference, and the event that came in where it is one too many."""
        event = self.one(goal)
        aspect = self.one(self._aspects(event, goal))
        start = self.one(range(80))
        base = Difference(
            aspect,
            event.action,
            ACTIONS[event.action].part,
            event.side,
            event.direction,
            start=start,
            end=start + 30,
        )
        if aspect == "extra":
            came = self.event(start)
            part = ACTIONS[came.action].part
            values = (came.action, part, came.side, came.direction, "none", came.action, came.start, came.end)
            return Difference("extra", *values), came
        if aspect == "quality":
            found = self.one(("jitter", "skating", "pause", "frozen", "floating", "penetration"))
            limb = ("arm", self.one(("left", "right"))) if found == "frozen" else ("", "")
            return Difference("quality", "", *limb, "", "none", found, start, start + 30), None
        expected, found = self._values(aspect, event, goal)
        return replace(base, expected=expected, found=found), None

    def _aspects(self, event: Event, goal: list[Event]) -> list[str]:
        kind = ACTIONS[event.action]
        bends = event.path in ("curve", "circle")
        fits = {
            "side": kind.sided or bends,
            "direction": kind.directed and not bends,
            "count": bool(kind.counted),
            "amplitude": bool(kind.unit) or kind.part == "arm",
            "path": event.action in LOCOMOTION,
            "order": any(other.action != event.action for other in goal),
        }
        return [aspect for aspect in ASPECTS if fits.get(aspect, True)]

    def _values(self, aspect: str, event: Event, goal: list[Event]) -> tuple[str, str]:
        if aspect == "missing":
            return event.action, "none"
        if aspect == "order":
            other = self.one([e.action for e in goal if e.action != event.action])
            return f"before {other}", f"after {other}"
        if aspect == "side":
            two = event.action in (*LOCOMOTION, "turn")
            others = [opposite(event.side)] if two else [s for s in SIDES[1:] if s != event.side]
            return event.side, self.one(others)
        if aspect == "direction":
            return event.direction or "none", self.one([way for way in WAYS if way != event.direction])
        if aspect == "count":
            return str(event.count), str(self.one([n for n in range(1, 12) if n != event.count]))
        if aspect == "speed":
            return event.speed or "normal", self.one(("slower", "faster"))
        if aspect == "path":
            path = event.path or "straight"
            return path, self.one([p for p in ("straight", "curve", "circle", "zigzag") if p != path])
        if ACTIONS[event.action].part in ("arm", "leg") or not event.amount:
            return "normal", self.one(("larger", "smaller"))
        return f"{event.amount:.1f}", f"{event.amount * self.one((0.4, 0.5, 1.6, 2.0)):.1f}"


def case(number: int) -> tuple[list[Event], list[Event], list[Difference]]:
    draw = Draw(number)
    goal = draw.goal()
    candidate, found = list(goal), []
    for _ in range(draw.one((1, 2, 3, 4))):
        item, came = draw.difference(goal)
        twice = any((item.aspect, item.action) == (other.aspect, other.action) for other in found)
        whole = {"missing", "extra"}
        void = any(
            item.action and item.action == other.action and whole & {item.aspect, other.aspect}
            for other in found
        )
        if not twice and not void:
            found.append(item)
            candidate += [came] if came else []
    return goal, candidate, found


def asks_for(said: Said, item: Difference) -> bool:
    """An instruction may ask for a missing action in its plain imperative."""
    same = (said.kind, said.action) == ("wanted", item.action)
    return item.aspect == "missing" and same and said.side in ("", item.side)


def test_what_the_kinematic_annotator_names_is_read_back() -> None:
    told, there, right, read = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    wrong: list[str] = []
    for number in range(400):
        goal, candidate, found = case(number)
        similarity = number % 100 / 100
        wrote = assess_candidate(
            "g", f"c{number}", "a person walks", goal, candidate, found, similarity, 20.0, 160
        )
        said = read_assessment(wrote.assessment, wrote.refinement)
        for field, text in zip(FIELDS, (wrote.assessment, wrote.refinement), strict=True):
            mine = [one for one in said if one.field == field]
            for item in wrote.named:
                there[field] += 1
                hit = any(
                    agrees(one, item) or (field == "refinement" and asks_for(one, item)) for one in mine
                )
                told[field] += hit
                wrong += [] if hit else [f"not read: {item} in {text}"]
            for one in mine:
                if one.kind == "difference":
                    read[field] += 1
                    fits = any(agrees(one, item) for item in wrote.named)
                    right[field] += fits
                    wrong += [] if fits else [f"not there: {one} in {text}"]
    for field in FIELDS:
        assert there[field] > 600
        assert told[field] / there[field] >= 0.97, "\n".join(wrong)
        assert right[field] / read[field] >= 0.97, "\n".join(wrong)


def test_what_the_kinematic_annotator_calls_right_is_read_back() -> None:
    there = found = 0
    for number in range(200):
        goal = Draw(number).goal()
        wrote = assess_goal(f"g{number}", "a person does something", goal)
        said = read_assessment(wrote.assessment, wrote.refinement)
        assert not [one for one in said if one.kind == "difference"], wrote
        for event in wrote.matched:
            there += 1
            found += any(
                (one.action, one.side) in ((event.action, event.side), (event.action, "")) for one in said
            )
    assert found / there >= 0.97


def differences(text: str, instruction: bool = False) -> set[tuple[str, str, str, str, str]]:
    said = read_assessment("", text) if instruction else read_assessment(text)
    return {(s.aspect, s.action, s.side, s.expected, s.found) for s in said if s.kind == "difference"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "He waves his left hand, but he should wave his right hand.",
            ("side", "wave", "right", "right", "left"),
        ),
        (
            "He kicks with the left leg, while the text asks for the right leg.",
            ("side", "kick", "right", "right", "left"),
        ),
        ("She turns to the right instead of the left.", ("side", "turn", "left", "left", "right")),
        ("He walks backward rather than forward.", ("direction", "walk", "", "forward", "backward")),
        ("The jump is missing.", ("missing", "jump", "", "jump", "none")),
        ("The person never sits down.", ("missing", "sit_down", "", "sit_down", "none")),
        ("It fails to show the requested squat.", ("missing", "squat", "", "squat", "none")),
        ("There is an extra jump at the end.", ("extra", "jump", "", "none", "jump")),
        ("The person also claps, which was not requested.", ("extra", "clap", "", "none", "clap")),
        ("The walk is too slow.", ("speed", "walk", "", "", "slower")),
        ("The person takes two steps too many in the walk.", ("count", "walk", "", "", "more")),
        ("The jump happens twice, not three times.", ("count", "jump", "", "3", "2")),
        (
            "The walk goes in a straight line instead of in a circle.",
            ("path", "walk", "", "circle", "straight"),
        ),
        ("The turn is too small: 45 degrees, not 90 degrees.", ("amplitude", "turn", "", "90", "45")),
        ("The walk and the jump come in the wrong order.", ("order", "walk", "", "", "")),
        ("The feet slide over the floor.", ("quality", "", "", "none", "skating")),
    ],
)
def test_an_assessment_in_free_english(text: str, expected: tuple[str, str, str, str, str]) -> None:
    assert expected in differences(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Raise the left hand instead of the right.", ("side", "raise_arm", "left", "left", "right")),
        ("Add a kick with the right foot.", ("missing", "kick", "right", "kick", "none")),
        ("Remove the jump.", ("extra", "jump", "", "none", "jump")),
        ("Slow down the walk.", ("speed", "walk", "", "", "faster")),
        ("Make the turn larger.", ("amplitude", "turn", "", "", "smaller")),
        ("Take two more steps in the walk, six in all.", ("count", "walk", "", "6", "4")),
        ("Do the walk first and the kick after it.", ("order", "walk", "", "before kick", "after kick")),
        ("Do not clap.", ("extra", "clap", "", "none", "clap")),
    ],
)
def test_an_instruction_in_free_english(text: str, expected: tuple[str, str, str, str, str]) -> None:
    assert expected in differences(text, instruction=True)


def test_replacing_an_action_is_one_missing_and_one_too_many() -> None:
    for text, asks in (
        ("Instead of kicking, the person claps.", False),
        ("The person claps rather than kicking.", False),
        ("Replace the clap with a kick.", True),
    ):
        found = {(aspect, action) for aspect, action, *_ in differences(text, asks)}
        assert found == {("missing", "kick"), ("extra", "clap")}, text


def test_plain_statements_tell_who_does_what() -> None:
    said = read_assessment(
        "The person correctly walks forward. Then he jumps.", "The person should wave the left hand."
    )
    assert [(s.kind, s.field, s.action, s.side) for s in said] == [
        ("match", "assessment", "walk", ""),
        ("shown", "assessment", "jump", ""),
        ("wanted", "refinement", "wave", "left"),
    ]
    assert not read_assessment("", "No refinement is needed.")


def test_an_analysis_tells_what_is_wanted_but_not_what_is_ruled_out() -> None:
    said = read_analysis("The person has to walk forward four steps. There must be no jump.")
    assert [(s.kind, s.action, s.direction, s.claim.count) for s in said] == [
        ("wanted", "walk", "forward", 4)
    ]


WORDS = st.lists(
    st.sampled_from(
        "the a left right hand leg wave walk turn jump kick is not missing instead of rather than too slow "
        "should but , . ; steps three twice where it goes forward to replace with add remove extra and "
        "while".split()
    ),
    max_size=25,
).map(" ".join)


@settings(max_examples=300)
@given(WORDS | st.text(max_size=80), WORDS | st.text(max_size=80))
def test_any_text_reads_as_sound_statements(assessment: str, refinement: str) -> None:
    said = read_assessment(assessment, refinement)
    assert said == read_assessment(assessment, refinement)
    for one in said:
        text = assessment if one.field == "assessment" else refinement
        assert one.kind in KINDS
        assert one.aspect in (ASPECTS if one.kind == "difference" else ("",))
        assert one.action in ACTIONS or not one.action
        assert one.part in PARTS or not one.part
        assert one.side in SIDES
        assert one.direction in DIRECTIONS
        assert 0 <= one.span[0] < one.span[1] <= len(text)
