"""The facts of one motion: a summary with documented keys and a time line of events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from motion.events import ACTIONS, LOCOMOTION, Event, event
from motion.facts.arms import Arms, raised
from motion.facts.extremes import Extremes
from motion.facts.plausibility import quality
from motion.facts.signals import Body
from motion.facts.thresholds import LIMITS
from motion.facts.torso import posture


@dataclass(frozen=True)
class Summary:
    """One line about a motion. Sides are "", "left", "right" or "both"; "" is none."""

    gait: str  # stand, or the locomotion that covers the longest way
    travel: str  # direction in the body's frame of most of the way; "" without locomotion
    path: str  # shape of that way
    pace: str  # slow, normal or fast
    distance_metres: float  # way on the floor of all locomotion
    displacement_metres: float  # from the first to the last place on the floor
    speed: float  # metres a second during locomotion
    steps: int  # of all locomotion; a side step with its closing is one
    turn_side: str  # of the net change of heading, where it is a turn
    turn_degrees: float  # net change of heading, to the left positive
    hands_raised: str  # hand held about the shoulder's height or higher with the forearm up
    hands_waving: str
    bowed: bool
    jumps: int
    squats: int
    kicks: str  # side of the kicking leg
    kick_count: int
    posture_start: str  # standing, bent, low, sitting, kneeling, crawling or lying
    posture_end: str
    hand_travel_left: float  # way of the hand about its shoulder, arm lengths
    hand_travel_right: float
    pause_seconds: float  # longest halt of the whole body in the middle of an action
    jitter: float  # median over time of the mean third derivative, m/s^3
    skating_cm_s: float  # mean speed of the stiller low foot
    floating: float  # share of frames in which nothing is near the floor, jumps and runs apart
    penetration_cm: float  # depth of the lowest toe under the level on which the feet stand
    bone_drift: float  # largest change of a bone's length, as a share


@dataclass(frozen=True)
class Facts:
    """What is measured on one motion of `frames` joint frames."""

    frames: int
    fps: float
    summary: Summary
    extremes: Extremes
    events: tuple[Event, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON and Parquet."""
        return {
            "frames": self.frames,
            "fps": self.fps,
            "summary": dict(vars(self.summary)),
            "extremes": dict(vars(self.extremes)),
            "events": [item.as_dict() for item in self.events],
        }


def facts(values: Mapping[str, Any]) -> Facts:
    """The Facts that `as_dict` wrote; unknown keys are an error."""
    return Facts(
        frames=values["frames"],
        fps=values["fps"],
        summary=Summary(**values["summary"]),
        extremes=Extremes(**values["extremes"]),
        events=tuple(event(item) for item in values["events"]),
    )


def summarise(body: Body, arms: Arms, events: tuple[Event, ...]) -> Summary:
    """The summary of a body and its events."""
    moves = [e for e in events if e.action in LOCOMOTION]
    main = max(moves, key=lambda e: (e.amount, -e.start), default=None)
    seconds = sum(e.end - e.start for e in moves) / body.fps
    way = sum(e.amount for e in moves)
    degrees = float(body.heading[-1] - body.heading[0])
    hands = raised(arms, moves)
    travelled = [float(side.mean()) * body.frames / body.fps for side in body.hand_speed]
    shift = body.position[-1] - body.position[0]
    return Summary(
        gait=main.action if main else "stand",
        travel=main.direction if main else "",
        path=main.path if main else "",
        pace=main.speed if main else "",
        distance_metres=round(way, 2),
        displacement_metres=round(float(np.sqrt(shift[0] ** 2 + shift[1] ** 2)) * body.leg, 2),
        speed=round(way / seconds, 2) if seconds else 0.0,
        steps=sum(e.count for e in moves if ACTIONS[e.action].counted == "steps"),
        turn_side=_side(degrees >= LIMITS.turn_least, degrees <= -LIMITS.turn_least),
        turn_degrees=float(round(degrees)) + 0.0,
        hands_raised=_side(*(s >= LIMITS.raise_hold for s in hands)),
        hands_waving=_sides_of(events, "wave"),
        bowed=any(e.action == "bow" for e in events),
        jumps=_count(events, "jump"),
        squats=_count(events, "squat"),
        kicks=_sides_of(events, "kick"),
        kick_count=_count(events, "kick"),
        posture_start=posture(body, 0),
        posture_end=posture(body, body.frames - 1),
        hand_travel_left=round(travelled[0], 1),
        hand_travel_right=round(travelled[1], 1),
        **quality(body, list(events)),
    )


def _side(left: bool, right: bool) -> str:
    return "both" if left and right else "left" if left else "right" if right else ""


def _sides_of(events: tuple[Event, ...], action: str) -> str:
    sides = {e.side for e in events if e.action == action}
    return _side(bool(sides & {"left", "both"}), bool(sides & {"right", "both"}))


def _count(events: tuple[Event, ...], action: str) -> int:
    return sum(e.count for e in events if e.action == action)
