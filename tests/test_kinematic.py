"""The kinematic annotator: every difference is said, nothing else is, in English and in variety."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kinematic_cases import QUALITIES, WALK, WAVE, cases, check_english

from motion.events import ACTIONS, ASPECTS, SPEEDS, Difference, Event, opposite
from motion.seeds import generator
from prompts.claims import parse_claims
from prompts.kinematic import Assessment, assess_candidate


@settings(max_examples=300, deadline=None)
@given(cases(), st.text(max_size=4), st.floats(0, 1))
def test_any_differences_become_sound_sentences(
    case: tuple[list[Event], list[Event], list[Difference]], key: str, similarity: float
) -> None:
    goal, candidate, found = case
    arguments = (f"g{key}", f"c{key}", "a person walks forward", goal, candidate, found, similarity)
    result = assess_candidate(*arguments)
    assert result == assess_candidate(*arguments)
    assert not result.perfect
    assert {(d.aspect, d.action) for d in result.named} == {(d.aspect, d.action) for d in found}
    check_english(result.assessment)
    check_english(result.refinement)


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_aspect_of_every_action_can_be_said(aspect: str, action: str) -> None:
    rng = generator("every", aspect, action)
    for number in range(4):
        goal = [_event(action, rng.integers(0, 2) == 0)]
        for found in _differences(aspect, goal[0]):
            result = assess_candidate("g", f"c{number}", "somebody moves", goal, goal, [found], 0.5, fps=20.0)
            assert result.named == (found,)
            assert len(result.assessment.split()) >= 5
            assert len(result.refinement.split()) >= 2
            check_english(result.assessment)
            check_english(result.refinement)


VALUES = {
    "side": ("left", "right", "both", "none", ""),
    "direction": ("forward", "backward", "left", "right", "up", "down", "none", ""),
    "count": ("0", "1", "2", "5", "none", "", "many"),
    "speed": ("slow", "normal", "fast", "slower", "faster", "none", ""),
    "amplitude": ("0", "0.3", "90", "small", "normal", "large", "none", ""),
    "order": ("before wave", "after wave", "walk, turn", "none", ""),
    "path": ("straight", "curve", "circle", "zigzag", "none", ""),
    "quality": (*QUALITIES, "none", ""),
}
NONSENSE = re.compile(
    r"\bzero\b|\bnone\b instead|no clear|(?:instead of|rather than|and not) [.,;]|(?:goes|runs|is|are) [.,;]",
    re.IGNORECASE,
)


@pytest.mark.parametrize("aspect", sorted(VALUES))
@pytest.mark.parametrize("action", ["", *sorted(ACTIONS)])
def test_no_pair_of_values_makes_nonsense(aspect: str, action: str) -> None:
    part, side = (
        (ACTIONS[action].part, "left" if ACTIONS[action].sided else "") if action else ("arm", "left")
    )
    goal = [_event(action, True)] if action else []
    for expected in VALUES[aspect]:
        for found in VALUES[aspect]:
            item = Difference(aspect, action, part, side, "", expected, found, 10, 60)
            result = assess_candidate("g", f"{expected}/{found}", "", goal, goal, [item], 0.5)
            assert result.named == (item,)
            for text in (result.assessment, result.refinement):
                check_english(text)
                assert not NONSENSE.search(text), text
                for way in ("instead of", "rather than", "and not"):
                    before, _, after = text.rstrip(".").partition(f" {way} ")
                    assert not after or not before.endswith(after), text


@pytest.mark.parametrize(
    ("aspect", "action", "expected", "found", "said"),
    [
        ("direction", "kick", "forward", "none", "forward|front"),
        ("side", "walk", "left", "none", "bend to the left"),
        ("side", "wave", "left", "none", "the left (?:arm|hand)"),
        ("count", "jump", "2", "0", "twice"),
        ("count", "walk", "4", "none", "four"),
        ("path", "walk", "circle", "none", "circ"),
        ("speed", "wave", "fast", "none", "fast|brisk|quick|rapid"),
    ],
)
def test_what_was_not_found_is_what_is_lacking(
    aspect: str, action: str, expected: str, found: str, said: str
) -> None:
    item = Difference(aspect, action, ACTIONS[action].part, "", "", expected, found, 0, 30)
    for number in range(20):
        refinement = assess_candidate("g", str(number), "", [], [], [item], 0.5).refinement
        assert re.search(said, refinement), refinement
        assert not re.search(r"instead|rather|\bnot\b", refinement), refinement


@pytest.mark.parametrize(
    ("expected", "found", "more"),
    [("large", "normal", True), ("normal", "none", True), ("1.5", "none", True), ("none", "2", False)],
)
def test_an_extent_is_ranked_by_word_or_number(expected: str, found: str, more: bool) -> None:
    item = Difference("amplitude", "wave", "arm", "left", "", expected, found, 0, 30)
    texts = [assess_candidate("g", str(n), "", [], [], [item], 0.5).assessment for n in range(10)]
    assert all(
        more == bool(re.search("too (?:small|weak|timid|slight|little)|enough|short", t)) for t in texts
    )


def _event(action: str, flip: bool) -> Event:
    kind = ACTIONS[action]
    side = ("left" if flip else "right") if kind.sided else ""
    direction = ("forward" if flip else "left") if kind.directed else ""
    amount = {"degrees": 90.0, "metres": 1.5}.get(kind.unit, 0.0)
    return Event(action, 10, 60, side, direction, "", 3 if kind.counted else 1, amount, "normal")


def _differences(aspect: str, event: Event) -> list[Difference]:
    base = Difference(aspect, event.action, ACTIONS[event.action].part, event.side, event.direction)
    pairs = {
        "missing": [(event.action, "none")],
        "extra": [("none", event.action)],
        "side": [(event.side or "left", opposite(event.side) or "right"), ("both", "left"), ("left", "none")],
        "direction": [(event.direction or "forward", opposite(event.direction) or "backward")],
        "count": [("3", "5"), ("3", "2"), ("1", "2")],
        "speed": [("normal", "slower"), ("fast", "slow"), ("slow", "fast")],
        "amplitude": [("1.5", "0.5"), ("90", "180"), ("normal", "small")],
        "order": [("before wave", "after wave"), (f"{event.action}, bow", f"bow, {event.action}")],
        "path": [("straight", "circle")],
        "quality": [("none", fault) for fault in QUALITIES],
    }
    return [replace(base, expected=e, found=f, start=10, end=60) for e, f in pairs[aspect]]


def test_a_candidate_without_differences_is_perfect() -> None:
    walk = Event("walk", 0, 60, direction="forward", count=4, amount=2.4)
    result = assess_candidate("g", "c", "a man walks forward", [walk], [walk], [], 1.0)
    assert result.perfect
    assert result.named == ()
    assert result.matched == (walk,)


def candidate(*found: Difference, key: str = "c") -> Assessment:
    return assess_candidate("g", key, "a man waves and walks", [WAVE, WALK], [WAVE, WALK], found, 0.6)


def test_what_matches_is_not_what_differs() -> None:
    side = Difference("side", "wave", "arm", "left", "", "left", "right", 0, 50)
    for number in range(30):
        result = candidate(side, key=str(number))
        assert result.matched == (WALK,)
        assert "right" in result.assessment
        assert "left" in result.refinement


def test_the_refinement_tells_how_many_more() -> None:
    count = Difference("count", "walk", "body", "", "forward", "4", "1", 50, 110)
    texts = {candidate(count, key=str(number)).refinement for number in range(30)}
    assert all("three" in text and "four" in text for text in texts)
    assert len(texts) > 15


def test_the_assessment_reads_back_as_what_it_names() -> None:
    missing = Difference("missing", "wave", "arm", "left", "", "wave", "none", 0, 50)
    for number in range(20):
        claims = parse_claims(candidate(missing, key=str(number)).refinement)
        assert ("wave", "left") in {(claim.action, claim.side) for claim in claims}


def test_the_given_length_of_a_clip_tells_when() -> None:
    item = Difference("quality", found="jitter", start=0, end=40)
    early = [assess_candidate("g", str(n), "", [], [], [item], 0.5, frames=400) for n in range(20)]
    whole = [assess_candidate("g", str(n), "", [], [], [item], 0.5) for n in range(20)]
    throughout = re.compile("throughout|all the way|from start|whole time|all the time")
    assert any(throughout.search(found.assessment) for found in whole)
    assert not any(throughout.search(found.assessment + found.refinement) for found in early)


def distinct_2(texts: list[str]) -> float:
    words = [re.findall(r"[a-z0-9'.-]+", text.lower()) for text in texts]
    pairs = [pair for one in words for pair in pairwise(one)]
    return len(set(pairs)) / len(pairs)


def _varied(number: int) -> tuple[list[Event], list[Difference]]:
    """Two actions with drawn sides, directions, counts and amounts, and two differences."""
    rng = generator("varied", number)
    names = sorted(ACTIONS)
    goal: list[Event] = []
    for start in (0, 60):
        name = names[int(rng.integers(len(names)))]
        event = _event(name, bool(rng.integers(2)))
        count = int(rng.integers(1, 9)) if ACTIONS[name].counted else 1
        amount = round(float(rng.uniform(0.6, 1.8)) * event.amount, 1)
        speed = SPEEDS[int(rng.integers(len(SPEEDS)))]
        goal.append(replace(event, start=start, end=start + 60, count=count, amount=amount, speed=speed))
    aspects = rng.permutation(["missing", "extra", "count", "speed", "quality", "amplitude", "side"])[:2]
    found = []
    for aspect, event in zip(aspects, goal):
        choices = _differences(str(aspect), event)
        found.append(choices[int(rng.integers(len(choices)))])
    return goal, found


def test_150_assessments_do_not_read_like_a_form_letter() -> None:
    texts: list[str] = []
    for number in range(150):
        goal, found = _varied(number)
        result = assess_candidate(f"g{number}", "c", "", goal, goal[1:], found, number / 150, fps=20.0)
        texts.append(result.assessment)
    assert distinct_2(texts) >= 0.30
    lengths = sorted(len(text.split()) for text in texts)
    assert 20 <= lengths[75] <= 60
