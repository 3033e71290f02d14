"""Measured facts: what a motion does, in the vocabulary of motion.events."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motion.events import Event
from motion.facts.arms import Arms, arm_actions, held_arms
from motion.facts.hands import floor_touches
from motion.facts.jumps import jumps
from motion.facts.legs import lifts, lunges
from motion.facts.locomotion import cornered, travels, turns
from motion.facts.signals import Body, bodies
from motion.facts.spans import spans
from motion.facts.summary import Facts, Summary, facts, summarise
from motion.facts.torso import leans, lows, squats
from motion.skeleton import Skeleton

__all__ = ["FACTS_VERSION", "Facts", "Summary", "facts", "measure"]

FACTS_VERSION = 1  # raised when the same motion may measure as something else


def measure(clips: Sequence[NDArray[np.floating]], skeleton: Skeleton) -> list[Facts]:
    """Facts of clips of joints (T, J, 3) in the skeleton's unit, Y up, on any place of the floor.

    ValueError names the clip for shapes other than (T, J, 3), fewer than 4 frames, NaN or infinity.
    """
    return [_facts(body) for body in bodies(clips, skeleton)]


def _facts(body: Body) -> Facts:
    arms = held_arms(body)
    events = _events(body, arms)
    return Facts(body.frames, body.fps, summarise(body, arms, events), events)


def _events(body: Body, arms: Arms) -> tuple[Event, ...]:
    hops = jumps(body)
    postures = hops + lows(body, hops)
    postures += lunges(body, postures)
    moves = travels(body, postures)
    turning = turns(body, moves)
    whole = postures + cornered(moves, turning)
    whole += floor_touches(body, whole) + turning
    whole += squats(body, whole)
    found = whole + lifts(body, whole)
    found += arm_actions(body, arms, whole)
    found += leans(body, [event for event in found if event.action not in _WITH_UPRIGHT_TRUNK])
    found += _stands(body, found)
    return tuple(sorted(found, key=lambda e: (e.start, e.end, e.action, e.side, e.direction)))


# What arms do while the trunk bows or bends for its own sake.
_WITH_UPRIGHT_TRUNK = ("raise_arm", "lower_arm", "wave", "clap", "cross_arms", "swing_arm", "turn")


def _stands(body: Body, events: list[Event]) -> list[Event]:
    """Standing: stretches of a second and more in which nothing else happens."""
    idle = np.ones(body.frames, bool)
    for event in events:
        idle[event.start : event.end] = False
    return [Event("stand", *span) for span in spans(idle, least=body.fps)]
