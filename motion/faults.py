"""Faults of a candidate that its goal does not have: trembling, sliding, halting, floating, a stiff arm."""

from __future__ import annotations

from dataclasses import replace

from motion.events import Difference
from motion.facts import Facts
from motion.pieces import PAUSE

_JITTER = (200.0, 2.0)  # m/s^3, and how many times the goal's
_SKATING = (12.0, 2.0)  # cm/s, and how many times the goal's
_FLOATING = 0.15  # share of frames above the goal's
_PENETRATION = 4.0  # cm above the goal's
_FROZEN = (1.0, 0.25)  # arm lengths of way in the goal, and the share of it that is left


def faults(goal: Facts, candidate: Facts, others: list[Difference], tempo: float = 1.0) -> list[Difference]:
    """Quality differences of the whole clip that none of the `others` tells already.

    `tempo` is how many times as fast the candidate is at its fastest: what goes faster jerks and rolls
    over its feet faster without being worse.
    """
    a, b = goal.summary, candidate.summary
    tempo = max(1.0, tempo)
    found = []
    if b.pause_seconds >= a.pause_seconds + PAUSE and not any(d.found == "pause" for d in others):
        found.append("pause")
    if b.jitter > max(_JITTER[0], _JITTER[1] * a.jitter) * tempo**3:
        found.append("jitter")
    if b.skating_cm_s > max(_SKATING[0], _SKATING[1] * a.skating_cm_s) * tempo**2:
        found.append("skating")
    if b.floating > a.floating + _FLOATING:
        found.append("floating")
    if b.penetration_cm > a.penetration_cm + _PENETRATION:
        found.append("penetration")
    whole = Difference("quality", expected="none", start=0, end=candidate.frames)
    result = [replace(whole, found=fault) for fault in found]
    if any(d.aspect in ("missing", "side", "order") for d in others):
        return result  # which tells why an arm moves less
    for side, before, after in hand_ways(goal, candidate):
        if before > _FROZEN[0] and after < _FROZEN[1] * before:
            result.append(replace(whole, part="arm", side=side, found="frozen"))
    return result


def hand_ways(goal: Facts, candidate: Facts) -> tuple[tuple[str, float, float], ...]:
    """Side and way of each hand in the goal and in the candidate, arm lengths."""
    a, b = goal.summary, candidate.summary
    return (
        ("left", a.hand_travel_left, b.hand_travel_left),
        ("right", a.hand_travel_right, b.hand_travel_right),
    )
