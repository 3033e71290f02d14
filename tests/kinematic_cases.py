"""Events, differences and checks that the tests of the kinematic annotator share."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import strategies as st

from motion.events import ACTIONS, ASPECTS, LOCOMOTION, SPEEDS, Difference, Event

FORBIDDEN = re.compile(r"\b(?:descriptions?|captions?|prompts?|texts?|identical)\b", re.IGNORECASE)
QUALITIES = ("jitter", "skating", "pause", "frozen", "floating", "penetration")
WAVE = Event("wave", 0, 50, side="left", count=3)
WALK = Event("walk", 50, 110, direction="forward", count=4, amount=2.4)


@st.composite
def events(draw: st.DrawFn, action: str | None = None, start: int = 0) -> Event:
    """A plausible event of any action, or of the one that is asked for."""
    name = action or draw(st.sampled_from(sorted(ACTIONS)))
    kind = ACTIONS[name]
    sides = ("left", "right") if name == "turn" else ("left", "right", "both") if kind.sided else ("",)
    directions = ("forward", "backward", "left", "right", "up", "") if kind.directed else ("",)
    paths = ("", "straight", "curve", "circle", "zigzag") if name in LOCOMOTION else ("",)
    amounts = {"degrees": st.integers(10, 360), "metres": st.integers(1, 60).map(lambda x: x / 10)}
    return Event(
        name,
        start,
        start + draw(st.integers(5, 60)),
        draw(st.sampled_from(sides)),
        draw(st.sampled_from(directions)),
        draw(st.sampled_from(paths)),
        draw(st.integers(1, 12)) if kind.counted else 1,
        float(draw(amounts.get(kind.unit, st.just(0)))),
        draw(st.sampled_from(SPEEDS)),
    )


@st.composite
def clips(draw: st.DrawFn) -> list[Event]:
    found: list[Event] = []
    for _ in range(draw(st.integers(0, 4))):
        found.append(draw(events(start=found[-1].end if found else 0)))
    return found


@st.composite
def differences(draw: st.DrawFn, goal: list[Event], aspect: str | None = None) -> Difference:
    """A difference from the goal in the aspect, in the forms that comparison and edits write."""
    aspect = aspect or draw(st.sampled_from(ASPECTS))
    event = draw(st.sampled_from(goal)) if goal else draw(events())
    start, end = sorted((draw(st.integers(0, 200)), draw(st.integers(0, 200))))
    part = ACTIONS[event.action].part
    base = Difference(aspect, event.action, part, event.side, event.direction, start=start, end=end)
    if aspect == "quality":
        return replace(base, found=draw(st.sampled_from(QUALITIES)), action="", direction="")
    values = {
        "missing": st.just((event.action, "none")),
        "extra": st.just(("none", event.action)),
        "side": st.sampled_from([("left", "right"), ("both", "left"), ("right", "both"), ("left", "none")]),
        "direction": st.sampled_from([("left", "right"), ("forward", "none"), ("none", "backward")]),
        "count": st.sampled_from([("1", "2"), ("5", "1"), ("2", "12"), ("14", "15")]),
        "speed": st.sampled_from(
            [("slow", "fast"), ("normal", "slower"), ("fast", "slower"), ("slow", "slower")]
        ),
        "amplitude": st.sampled_from(
            [("1.5", "0.4"), ("45", "90"), ("normal", "small"), ("normal", "large")]
        ),
        "order": st.sampled_from([("before wave", "after wave"), ("walk, turn", "turn, walk"), ("", "")]),
        "path": st.sampled_from([("straight", "curve"), ("circle", "zigzag"), ("none", "curve")]),
    }
    expected, found = draw(values[aspect])
    return replace(base, expected=expected, found=found)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Event], list[Event], list[Difference]]:
    goal, candidate = draw(clips()), draw(clips())
    return goal, candidate, draw(st.lists(differences(goal), min_size=1, max_size=7))


def check_english(text: str) -> None:
    """What any sentence must hold; grammar beyond that is for a reader's eye."""
    assert text[0].isupper() or text[0].isdigit()
    assert text[-1] in ".!?"
    assert "  " not in text
    assert not re.search(r"[{}|*_()]", text), text
    assert not re.search(r"\s[,.;:]|[,;:][,;:.]|\.\.", text), text
    assert not re.search(r"[.!?] [a-z]", text), text
    assert not re.search(r"\ba [aeio](?!ne\b|nce\b)", text), text
    assert not re.search(r"\ban [^aeiou8h1]", text), text
    assert not re.search(r"\b(?!had\b|that\b)(\w+) \1\b", text, re.IGNORECASE), text
    one_of_many = r"(?<!\.)\b(?:1|one) (?:\w+ )?(?:steps|times|metres|arms|hands|legs|knees)\b"
    assert not re.search(one_of_many, text), text
    assert not FORBIDDEN.search(text), text
