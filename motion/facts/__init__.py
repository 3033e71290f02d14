"""Measured facts: what a motion does, in the vocabulary of motion.events."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motion.events import Event
from motion.facts.arms import Arms, arm_actions, held_arms
from motion.facts.extremes import Extremes, extremes
from motion.facts.floor import crawls
from motion.facts.hands import floor_touches, reaches_down, rests
from motion.facts.jumps import jumps
from motion.facts.legs import lifts, lunges
from motion.facts.locomotion import Steps, cornered, swing_spans, travels, turns
from motion.facts.signals import UPRIGHT, Body, bodies
from motion.facts.spans import spans
from motion.facts.summary import Facts, Summary, facts, summarise
from motion.facts.tempo import toned
from motion.facts.thresholds import LIMITS
from motion.facts.torso import leans, lows, squats
from motion.skeleton import Skeleton

__all__ = ["FACTS_VERSION", "Extremes", "Facts", "Summary", "facts", "measure"]

FACTS_VERSION = 2  # raised when the same motion may measure as something else


def measure(clips: Sequence[NDArray[np.floating]], skeleton: Skeleton) -> list[Facts]:
    """Facts of clips of joints (T, J, 3) in the skeleton's unit, Y up, on any place of the floor.

    ValueError names the clip for shapes other than (T, J, 3), fewer than 4 frames, NaN or infinity.
    """
    return [_facts(body) for body in bodies(clips, skeleton)]


def _facts(body: Body) -> Facts:
    arms = held_arms(body)
    steps = swing_spans(body)
    events = _events(body, arms, steps)
    return Facts(body.frames, body.fps, summarise(body, arms, events), extremes(body, steps), events)


def _events(body: Body, arms: Arms, steps: Steps) -> tuple[Event, ...]:
    hops = jumps(body)
    postures = hops + lows(body, hops)
    postures += lunges(body, postures)
    crawling = crawls(body, postures)
    moves = travels(body, steps, postures + crawling)
    turning = turns(body, moves)
    whole = postures + crawling + cornered(moves, turning)
    whole += floor_touches(body, whole) + turning
    whole += reaches_down(body, whole)
    hands = rests(body, whole)
    whole += squats(body, whole + hands)
    found = whole + lifts(body, whole) + hands
    found += arm_actions(body, arms, whole + hands)
    found += leans(body, [event for event in found if event.action not in _WITH_UPRIGHT_TRUNK])
    found += _stands(body, found)
    return tuple(sorted(toned(body, found), key=lambda e: (e.start, e.end, e.action, e.side, e.direction)))


# What arms do while the trunk bows or bends for its own sake.
_WITH_UPRIGHT_TRUNK = (
    "raise_arm lower_arm hold_arm wave clap cross_arms swing_arm turn hands_together hand_on_hip hand_on_head"
).split()


def _stands(body: Body, events: list[Event]) -> list[Event]:
    """Standing: stretches of a second and more on the feet in which nothing else happens."""
    idle = (body.pelvis > LIMITS.low) & (body.posed == UPRIGHT)
    for event in events:
        idle[event.start : event.end] = False
    return [Event("stand", *span) for span in spans(idle, least=body.fps)]
