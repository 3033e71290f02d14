"""Bodies on the floor: lying down, standing up from there, crawling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motion.events import Event
from motion.facts.signals import LYING, UPRIGHT, Body
from motion.facts.spans import Span, grown, quantile, spans
from motion.facts.thresholds import LIMITS, pace_word


def crawls(body: Body, busy: list[Event]) -> list[Event]:
    """Ways on hands and knees or on the belly; going down there and getting up are `busy`."""
    if not body.posed.any():
        return []
    down = np.zeros(body.frames, bool)
    for start, end in spans(body.posed != UPRIGHT, gap=LIMITS.floor_gap * body.fps):
        down[start:end] = True
    for event in busy:
        down[event.start : event.end] = False
    moving, wide = (down & (body.speed > limit) for limit in (LIMITS.crawl_on, LIMITS.crawl_off))
    gap, least = LIMITS.floor_gap * body.fps, LIMITS.gait_least * body.fps
    found = [_crawl(body, span) for span in grown(moving, wide, gap, least)]
    return [event for event in found if event is not None]


def _crawl(body: Body, span: Span) -> Event | None:
    left, forward = body.velocity[slice(*span)].sum(0) / body.fps
    way = float(np.sqrt(left * left + forward * forward))
    angle = float(np.degrees(np.arctan2(left, forward)))
    if way < LIMITS.move_way:
        return None
    direction = "left" if angle > 0 else "right"
    if abs(angle) <= LIMITS.sideways:
        direction = "forward"
    elif abs(angle) >= 180 - LIMITS.sideways:
        direction = "backward"
    lying = (body.posed[slice(*span)] == LYING).mean() > 0.5
    if lying and direction in ("left", "right"):
        return None  # rolls over
    metres = float(body.speed[slice(*span)].sum()) / body.fps * body.leg
    cruise = quantile(body.speed[slice(*span)], 0.8)
    change = float(body.heading[span[1] - 1] - body.heading[span[0]])
    shape = (
        "circle" if abs(change) >= LIMITS.circle else "curve" if abs(change) >= LIMITS.curve else "straight"
    )
    side = "" if shape == "straight" else "left" if change > 0 else "right"
    return Event(
        "crawl",
        *span,
        side,
        direction,
        shape,
        amount=round(metres, 2),
        speed=pace_word("crawl", cruise),
    )


def lies_down(body: Body, span: Span) -> list[Event]:
    """lie_down and stand_up of a dip of the pelvis in which the body lies."""
    start, end = span
    lying = np.flatnonzero(body.posed[start:end] == LYING) + start
    first, last = int(lying[0]), int(lying[-1]) + 1
    found = []
    step = int(LIMITS.lunge_step * body.fps)
    if first - start > LIMITS.raise_hold * body.fps or start > 0:
        found.append(Event("lie_down", max(0, start - step), _rests(body.pelvis[first:last]) + first))
    if end < body.frames:
        found.append(Event("stand_up", max(first, last - 1), min(body.frames, end + step)))
    return found


def _rests(pelvis: NDArray[np.float64]) -> int:
    """Frames until the pelvis has come to rest on the floor."""
    return int(np.flatnonzero(pelvis < pelvis.min() + 0.06)[0]) + 1
