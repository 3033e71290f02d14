"""Jumps and hops: both feet off the floor in a ballistic flight that is no stride of a run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from motion.events import Event
from motion.facts.signals import Body
from motion.facts.spans import Span, median, spans
from motion.facts.thresholds import LIMITS

_SIDES = ("left", "right")


def jumps(body: Body) -> list[Event]:
    """Jump events; jumps of one kind that follow each other closely are one event with a count."""
    lowest = body.foot_height.min(0)
    if lowest.max() < LIMITS.flight_peak:
        return []
    flights = spans(lowest > LIMITS.flight, least=LIMITS.flight_time * body.fps)
    found: list[Event] = []
    for flight in flights:
        event = _jump(body, flight)
        if event is None:
            continue
        last = found[-1] if found else None
        if last and event.start - last.end <= LIMITS.jump_gap * body.fps and _same(last, event):
            found[-1] = replace(last, end=event.end, count=last.count + 1, amount=_total(last, event))
        else:
            found.append(event)
    return found


def _total(a: Event, b: Event) -> float:
    """Ways of jumps add up, heights do not."""
    return max(a.amount, b.amount) if a.direction == "up" else round(a.amount + b.amount, 2)


def _same(a: Event, b: Event) -> bool:
    return (a.side, a.direction) == (b.side, b.direction)


def _jump(body: Body, flight: Span) -> Event | None:
    start, end = flight
    feet = body.foot_height[:, start:end]
    if feet.min(0).max() < LIMITS.flight_peak:
        return None
    if start == 0 or end == body.frames:
        return None  # cut in the air: nobody knows from where or to where
    if body.posed[start - 1 : end + 1].any():
        return None  # legs up in the air of a body that lies
    before, after = _carriers(body, start - 1), _carriers(body, end)
    kept_up = body.ankle_rise[:, start - 1 : end + 1].min(1) > LIMITS.hop_lift
    side = "both"
    if kept_up[0] != kept_up[1]:
        side = _SIDES[1 - int(kept_up.argmax())]
    elif before != after and len(before) == 1 and len(after) == 1:
        return None  # a stride of a run
    rise = float(body.pelvis[start:end].max() - body.pelvis[start - 1])
    if rise < 0.3 * LIMITS.flight:
        return None  # legs drawn up on a seat, not a jump
    margin = int(0.25 * body.fps)
    first, last = max(0, start - margin), min(body.frames, end + margin)
    direction, way = _way(body, start - 1, end)
    height = max(0.0, float(body.pelvis[start:end].max()) - median(body.pelvis))
    metres = round((height if direction == "up" else way) * body.leg, 2)
    return Event("jump", first, last, side=side, direction=direction, amount=metres)


def _carriers(body: Body, frame: int) -> tuple[int, ...]:
    """Feet near the floor at a frame."""
    limit = 1.5 * LIMITS.flight
    return tuple(side for side in (0, 1) if body.foot_height[side, frame] <= limit)


def _way(body: Body, start: int, end: int) -> tuple[str, float]:
    """Direction of a flight in the body's frame at take-off, "up" on the spot, and its length in legs."""
    x, z = 0.5 * ((body.ankle[0, end] + body.ankle[1, end]) - (body.ankle[0, start] + body.ankle[1, start]))
    ax, az = body.left_axis[start]
    left, forward = ax * x + az * z, ax * z - az * x
    way = float(np.sqrt(left * left + forward * forward))
    if way < LIMITS.jump_way:
        return "up", way
    if abs(left) > abs(forward):
        return ("left" if left > 0 else "right"), way
    return ("forward" if forward > 0 else "backward"), way
