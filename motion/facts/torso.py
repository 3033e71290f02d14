"""What pelvis and trunk do: squat, sit, kneel, stand up, bow, bend."""

from __future__ import annotations

import numpy as np

from motion.events import Event
from motion.facts.floor import lies_down
from motion.facts.legs import merged
from motion.facts.signals import LYING, UPRIGHT, Body, Float
from motion.facts.spans import Span, grown, median, overlap
from motion.facts.thresholds import LIMITS

_SIDES = ("left", "right")


def posture(body: Body, frame: int) -> str:
    """standing, bent, low (squat, crouch), sitting, kneeling, crawling (on all fours) or lying at a frame."""
    if body.posed[frame]:
        return "lying" if body.posed[frame] == LYING else "crawling"
    if _kneeling(body, frame):
        return "kneeling"
    if body.pelvis[frame] < LIMITS.low:
        return "sitting" if body.seat[frame] > LIMITS.sit_back else "low"
    return "bent" if body.pitch[frame] > LIMITS.bow else "standing"


def _kneeling(body: Body, frame: int) -> str:
    """left, right or both for the knee on the floor; empty for none."""
    down = body.knee_height[:, frame] < LIMITS.knee_down
    if body.pelvis[frame] > LIMITS.tall or not down.any():
        return ""
    return "both" if down.all() else _SIDES[int(down.argmax())]


def lows(body: Body, busy: list[Event]) -> list[Event]:
    """sit_down, kneel, lie_down and stand_up from the dips of the pelvis."""
    found: list[Event] = []
    for span in _dips(body, busy):
        kind = _low_kind(body, span)
        if kind == "lie_down":
            found += lies_down(body, span)
        elif kind != "squat":
            found += _down_and_up(body, span, kind)
    return found


def squats(body: Body, busy: list[Event]) -> list[Event]:
    """Squats: the pelvis sinks between the feet and comes up."""
    dips = [span for span in _dips(body, busy) if _low_kind(body, span) == "squat"]
    return _squats(body, [(span, float(body.pelvis[slice(*span)].min())) for span in dips])


def _dips(body: Body, busy: list[Event]) -> list[Span]:
    found = grown(body.pelvis < LIMITS.low, body.pelvis < LIMITS.tall, gap=2, least=0.3 * body.fps)
    return [span for span in found if _shared(span, busy) < 0.4]


def _shared(span: Span, events: list[Event]) -> float:
    return sum(overlap(span, (e.start, e.end)) for e in events) / (span[1] - span[0])


def _low_kind(body: Body, span: Span) -> str:
    if body.posed[slice(*span)].any():
        return "lie_down" if (body.posed[slice(*span)] == LYING).any() else "kneel"
    bottom = span[0] + int(body.pelvis[span[0] : span[1]].argmin())
    if _kneeling(body, bottom):
        return "kneel"
    return "sit_down" if body.seat[bottom] > LIMITS.sit_back else "squat"


def _down_and_up(body: Body, span: Span, kind: str) -> list[Event]:
    """The way down and the way up around a posture that is kept."""
    start, end = span
    low = body.pelvis[start:end]
    near = np.flatnonzero(low < low.min() + 0.06)
    first, last = start + int(near[0]), start + int(near[-1]) + 1
    found = []
    side = _kneeling(body, start + int(low.argmin()))
    # A step goes before a kneel and after it.
    step = int(LIMITS.lunge_step * body.fps) if kind == "kneel" else 0
    if start > 0:
        found.append(Event(kind, max(0, start - step), max(first, start + 1), side=side))
    if end < body.frames:
        found.append(Event("stand_up", min(last, end - 1), min(body.frames, end + step)))
    return found


def _squats(body: Body, dips: list[tuple[Span, float]]) -> list[Event]:
    found: list[Event] = []
    for (start, end), bottom in dips:
        amount = round((1.0 - bottom) * body.leg, 2)
        if start == 0:
            continue  # low from the start: nobody saw the body sink
        last = found[-1] if found else None
        if last and start - last.end <= LIMITS.jump_gap * body.fps:
            found[-1] = Event("squat", last.start, end, count=last.count + 1, amount=max(last.amount, amount))
        else:
            found.append(Event("squat", start, end, amount=amount))
    return found


def leans(body: Body, busy: list[Event]) -> list[Event]:
    """bow and bend: the trunk leans and comes back while the legs stay."""
    upright = body.posed == UPRIGHT
    # How this body stands at ease; a clip that is spent leaning is not all at ease.
    rest = min(max(median(body.pitch), -0.5 * LIMITS.back_bend), 0.5 * LIMITS.bow)
    pitch, roll = (body.pitch - rest) * upright, body.roll * upright
    ways = (
        (pitch, LIMITS.bow, LIMITS.bow_end, ""),
        (-pitch, LIMITS.back_bend, 0.5 * LIMITS.back_bend, "backward"),
        (roll, LIMITS.side_bend, 0.5 * LIMITS.side_bend, "left"),
        (-roll, LIMITS.side_bend, 0.5 * LIMITS.side_bend, "right"),
    )
    found: list[Event] = []
    for values, on, off, direction in ways:
        if values.max() <= on:
            continue
        for span in grown(values > on, values > off, least=LIMITS.bow_least * body.fps):
            if _shared(span, busy) >= 0.4 or (direction and pitch[slice(*span)].max() > LIMITS.bow):
                continue
            found.append(_lean(body, span, values, direction))
    return merged(found, LIMITS.lean_gap * body.fps)


def _lean(body: Body, span: Span, values: Float, direction: str) -> Event:
    """One lean; forward it is a bend if the hands go to the floor, else a bow."""
    if direction:
        amount = float(round(float(values[slice(*span)].max())))
        return Event("bend", *span, direction=direction, amount=amount)
    amount = float(round(float(body.pitch[slice(*span)].max())))
    if body.wrist_height[:, slice(*span)].min() < LIMITS.bend_hand:
        return Event("bend", *span, direction="forward", amount=amount)
    return Event("bow", *span, amount=amount)
