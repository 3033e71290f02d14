"""The vocabulary of movement: what facts, claims, edits, captions and annotations all speak.

An Event says what a body does during some frames; a Difference says in what one motion departs
from another. Both are plain values that go through JSON and Parquet unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SIDES = ("", "left", "right", "both")
DIRECTIONS = ("", "forward", "backward", "left", "right", "up", "down")
PATHS = ("", "straight", "curve", "circle", "zigzag")
SPEEDS = ("", "slow", "normal", "fast")
PARTS = ("body", "arm", "leg", "torso", "head")

# In what two motions can differ; "missing" and "extra" are whole actions.
ASPECTS = (
    "side",
    "direction",
    "count",
    "speed",
    "amplitude",
    "order",
    "missing",
    "extra",
    "path",
    "quality",
)


@dataclass(frozen=True)
class Action:
    """What can be said of one kind of action."""

    part: str
    sided: bool = False  # done with, or towards for a turn, the left, the right or both
    directed: bool = False
    counted: str = ""  # what `count` counts: "steps", "times"; empty if it is always one
    unit: str = ""  # of `amount`: "metres", "degrees"


ACTIONS: dict[str, Action] = {
    # locomotion: direction in the body's frame, count of steps, amount of way
    "stand": Action("body"),
    "walk": Action("body", directed=True, counted="steps", unit="metres"),
    "run": Action("body", directed=True, counted="steps", unit="metres"),
    "crouch_walk": Action("body", directed=True, counted="steps", unit="metres"),
    "side_step": Action("body", directed=True, counted="steps", unit="metres"),
    "crawl": Action("body", directed=True, unit="metres"),  # on hands and knees, or on the belly
    # whole body
    "turn": Action("body", sided=True, unit="degrees"),
    "jump": Action("body", sided=True, directed=True, counted="times", unit="metres"),  # side: one leg
    "squat": Action("body", counted="times", unit="metres"),  # amount: how far the pelvis sinks
    "sit_down": Action("body"),
    "stand_up": Action("body"),
    "kneel": Action("body", sided=True),  # side: the knee on the floor
    "lie_down": Action("body"),
    "bow": Action("torso", counted="times", unit="degrees"),
    "bend": Action("torso", directed=True, counted="times", unit="degrees"),
    # arms: side says which; amount is the rise or fall of the hand for raise_arm, lower_arm, stretch and
    # circle_arm, its way to and fro for wave and swing_arm, how far it goes out for reach, punch and throw,
    # how far the hands part for clap
    "raise_arm": Action("arm", sided=True, directed=True, unit="metres"),  # forward, left/right (out), up
    "lower_arm": Action("arm", sided=True, unit="metres"),
    "hold_arm": Action("arm", sided=True, directed=True),  # kept up or out since the start
    "wave": Action("arm", sided=True, counted="times", unit="metres"),
    "swing_arm": Action("arm", sided=True, counted="times", unit="metres"),
    "circle_arm": Action("arm", sided=True, counted="times", unit="metres"),
    "stretch": Action("arm", sided=True, directed=True, unit="metres"),
    "reach": Action("arm", sided=True, directed=True, unit="metres"),  # left of the right arm: across
    "hands_together": Action("arm"),
    "hand_on_hip": Action("arm", sided=True),
    "hand_on_head": Action("arm", sided=True),
    "hand_on_knee": Action("arm", sided=True),
    "clap": Action("arm", counted="times", unit="metres"),
    "cross_arms": Action("arm"),
    "punch": Action("arm", sided=True, counted="times", unit="metres"),
    "throw": Action("arm", sided=True, unit="metres"),
    "pick_up": Action("arm", sided=True, directed=True),  # direction: where the thing is
    "place": Action("arm", sided=True, directed=True),
    # legs: amount is the height of the ankle over where it stands, for lunge the distance of the feet
    "kick": Action("leg", sided=True, directed=True, counted="times", unit="metres"),
    "raise_leg": Action("leg", sided=True, counted="times", unit="metres"),
    "lunge": Action("leg", sided=True, counted="times", unit="metres"),
    "stomp": Action("leg", sided=True, counted="times", unit="metres"),
}

LOCOMOTION = ("walk", "run", "crouch_walk", "side_step", "crawl")


@dataclass(frozen=True)
class Event:
    """One action of one motion: frames [start, end), half open."""

    action: str
    start: int
    end: int
    side: str = ""
    direction: str = ""
    path: str = ""
    count: int = 1
    amount: float = 0.0  # in the action's unit
    speed: str = ""

    def __post_init__(self) -> None:
        """Refuses words that are not in the vocabulary."""
        if self.action not in ACTIONS:
            raise ValueError(f"unknown action {self.action!r}")
        _check("side", self.side, SIDES)
        _check("direction", self.direction, DIRECTIONS)
        _check("path", self.path, PATHS)
        _check("speed", self.speed, SPEEDS)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON and Parquet."""
        return dict(vars(self))


@dataclass(frozen=True)
class Difference:
    """One respect in which a candidate departs from its goal.

    `expected` and `found` are the goal's and the candidate's value of the aspect, as words or
    numbers in a string ("left", "right", "3", "none"). For "missing" and "extra" the action that
    is missing or superfluous is named; for "quality" `found` says what is wrong ("jitter",
    "skating", "pause", "frozen").
    """

    aspect: str
    action: str = ""
    part: str = ""
    side: str = ""  # the side of the goal's event, where it has one
    direction: str = ""
    expected: str = ""
    found: str = ""
    start: int = 0  # frames of the candidate where it shows
    end: int = 0

    def __post_init__(self) -> None:
        """Refuses words that are not in the vocabulary."""
        _check("aspect", self.aspect, ASPECTS)
        if self.action and self.action not in ACTIONS:
            raise ValueError(f"unknown action {self.action!r}")
        _check("side", self.side, SIDES)
        _check("direction", self.direction, DIRECTIONS)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON and Parquet."""
        return dict(vars(self))


def event(values: Mapping[str, Any]) -> Event:
    """The Event that `as_dict` wrote; unknown keys are an error."""
    return Event(**values)


def difference(values: Mapping[str, Any]) -> Difference:
    """The Difference that `as_dict` wrote; unknown keys are an error."""
    return Difference(**values)


def opposite(word: str) -> str:
    """left for right, forward for backward, up for down and back; others unchanged."""
    return _OPPOSITES.get(word, word)


_OPPOSITES = {
    "left": "right",
    "right": "left",
    "forward": "backward",
    "backward": "forward",
    "up": "down",
    "down": "up",
}


def _check(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{field} {value!r} is not one of {', '.join(map(repr, allowed))}")
