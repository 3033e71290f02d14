"""What one leg does: kick, raise, lunge, stomp."""

from __future__ import annotations

import numpy as np

from motion.events import Event
from motion.facts.signals import Body, Float
from motion.facts.spans import Span, grown, overlap, spans
from motion.facts.thresholds import LIMITS

_SIDES = ("left", "right")


def lifts(body: Body, busy: list[Event]) -> list[Event]:
    """Kicks, raises and stomps of both legs, apart from gaits and jumps (`busy`)."""
    found: list[Event] = []
    for index, side in enumerate(_SIDES):
        found += merged(_lifts(body, index, side, busy), LIMITS.jump_gap * body.fps)
    return found


def merged(events: list[Event], gap: float) -> list[Event]:
    """Repetitions of one action that follow each other closely, as one event with a count."""
    result: list[Event] = []
    for event in sorted(events, key=lambda e: (e.start, e.end)):
        last = result[-1] if result else None
        if last and event.start - last.end <= gap and _key(last) == _key(event):
            result[-1] = Event(
                last.action,
                last.start,
                max(last.end, event.end),
                last.side,
                last.direction,
                count=last.count + event.count,
                amount=max(last.amount, event.amount),
            )
        else:
            result.append(event)
    return result


def _key(event: Event) -> tuple[str, str, str]:
    return event.action, event.side, event.direction


def _free(span: Span, busy: list[Event]) -> bool:
    return sum(overlap(span, (e.start, e.end)) for e in busy) < 0.4 * (span[1] - span[0])


def _lifts(body: Body, index: int, side: str, busy: list[Event]) -> list[Event]:
    """Kicks, raises and stomps of one leg while the other one stands."""
    lift = body.ankle_rise[index]
    if lift.max() < LIMITS.leg_lift:
        return []
    found = []
    for start, end in grown(lift > LIMITS.leg_lift, lift > LIMITS.foot_off, 0.12 * body.fps, 0.15 * body.fps):
        other = body.foot_height[1 - index, start:end]
        if not _free((start, end), busy) or (other > 2 * LIMITS.foot_off).mean() > 0.3:
            continue
        if body.pelvis[start:end].min() < LIMITS.low:
            continue
        found.append(_lift(body, index, side, (start, end)))
    return found


def _lift(body: Body, index: int, side: str, span: Span) -> Event:
    start, end = span
    out, _, forward = (body.foot[index, start:end, axis] for axis in range(3))
    lift = body.ankle_rise[index, start:end]
    straight = (lift > LIMITS.kick_lift) & (body.knee_bend[index, start:end] < LIMITS.kick_bend)
    reach = np.sqrt(out**2 + forward**2) * straight
    swing = np.sqrt(np.gradient(out) ** 2 + np.gradient(forward) ** 2) * body.fps
    if reach.max() > LIMITS.kick_reach and swing.max() > LIMITS.kick_speed:
        top = int(reach.argmax())
        return Event("kick", start, end, side=side, direction=_kick_way(out[top], forward[top], side))
    landing = body.ankle_rise[index, start : end + 2]
    if -np.diff(landing).min() * body.fps > LIMITS.stomp_rate * lift.max():
        return Event("stomp", start, end, side=side)
    return Event("raise_leg", start, end, side=side)


def _kick_way(out: Float, forward: Float, side: str) -> str:
    if abs(out) > abs(forward):
        outward = side
        inward = "right" if side == "left" else "left"
        return outward if out > 0 else inward
    return "forward" if forward > 0 else "backward"


def lunges(body: Body, busy: list[Event]) -> list[Event]:
    """A long step ahead on a bent leg, both feet on the floor, the body low between them."""
    gap = body.foot[0, :, 2] - body.foot[1, :, 2]
    found = []
    for index, side in enumerate(_SIDES):
        ahead = gap if index == 0 else -gap
        deep = (ahead > LIMITS.lunge_gap) & (body.knee_bend[index] > LIMITS.lunge_bend)
        deep &= (body.foot_height.max(0) < 2 * LIMITS.foot_off) & (body.pelvis < LIMITS.tall)
        for start, end in spans(deep, gap=2, least=0.15 * body.fps):
            margin = int(LIMITS.lunge_step * body.fps)
            wide = max(0, start - margin), min(body.frames, end + margin)
            knees = body.knee_height[:, start:end].min()
            if knees > LIMITS.knee_down and _free((start, end), busy):
                found.append(Event("lunge", *wide, side=side))
    return merged(found, LIMITS.jump_gap * body.fps)
