"""What pelvis and trunk do: squat, sit, kneel, stand up, bow, bend; hands that go to the floor."""

from __future__ import annotations

import numpy as np

from motion.events import Event
from motion.facts.signals import Body, Float
from motion.facts.spans import Span, grown, overlap, spans, swings
from motion.facts.thresholds import LIMITS

_SIDES = ("left", "right")


def posture(body: Body, frame: int) -> str:
    """standing, low (squat or crouch), sitting, kneeling or bent at a frame."""
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
    """squat, sit_down, stand_up and kneel from the dips of the pelvis."""
    found: list[Event] = []
    squats: list[tuple[Span, float]] = []
    for span in grown(body.pelvis < LIMITS.low, body.pelvis < LIMITS.tall, gap=2):
        if _shared(span, busy) > 0.4 or span[1] - span[0] < 0.3 * body.fps:
            continue
        kind = _low_kind(body, span)
        if kind == "squat":
            squats.append((span, float(body.pelvis[span[0] : span[1]].min())))
        else:
            found += _down_and_up(body, span, kind)
    return found + _squats(body, squats)


def _shared(span: Span, events: list[Event]) -> float:
    return sum(overlap(span, (e.start, e.end)) for e in events) / (span[1] - span[0])


def _low_kind(body: Body, span: Span) -> str:
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
    if start > 0:
        found.append(Event(kind, start, max(first, start + 1), side=side))
    if end < body.frames:
        found.append(Event("stand_up", min(last, end - 1), end))
    return found


def _squats(body: Body, dips: list[tuple[Span, float]]) -> list[Event]:
    found: list[Event] = []
    for (start, end), bottom in dips:
        amount = round((1.0 - bottom) * body.leg, 2)
        if start == 0 and end == body.frames:
            continue  # low all the time: a posture, no movement
        last = found[-1] if found else None
        if last and start - last.end <= LIMITS.jump_gap * body.fps:
            found[-1] = Event("squat", last.start, end, count=last.count + 1, amount=max(last.amount, amount))
        else:
            found.append(Event("squat", start, end, amount=amount))
    return found


def leans(body: Body, busy: list[Event]) -> list[Event]:
    """bow and bend: the trunk leans and comes back while the legs stay."""
    found: list[Event] = []
    rest = min(float(np.median(body.pitch)), 0.5 * LIMITS.bow)
    pitch = body.pitch - rest
    if pitch.max() > LIMITS.bow:
        for span in grown(pitch > LIMITS.bow, pitch > LIMITS.bow_end, least=LIMITS.bow_least * body.fps):
            if _shared(span, busy) < 0.4:
                found.append(_forward_lean(body, span, pitch))
    for sign, side in ((1, "left"), (-1, "right")):
        roll = sign * body.roll
        if roll.max() > LIMITS.side_bend:
            for span in grown(roll > LIMITS.side_bend, roll > 0.5 * LIMITS.side_bend, least=0.4 * body.fps):
                if _shared(span, busy) < 0.4 and pitch[span[0] : span[1]].max() < LIMITS.bow:
                    found.append(_lean("bend", span, roll, direction=side))
    return found


def _forward_lean(body: Body, span: Span, pitch: Float) -> Event:
    hands = body.wrist_height[:, span[0] : span[1]].min()
    deep = hands < LIMITS.bend_hand
    return _lean("bend" if deep else "bow", span, pitch, direction="forward" if deep else "")


def _lean(action: str, span: Span, values: Float, direction: str = "") -> Event:
    cut = values[span[0] : span[1]]
    count = max(1, (len(swings(np.concatenate([[0.0], cut, [0.0]]), 15.0)) + 1) // 2)
    return Event(action, *span, direction=direction, count=count, amount=round(float(cut.max())))


def floor_touches(body: Body, busy: list[Event]) -> list[Event]:
    """pick_up: a hand goes down to the floor and comes back while trunk or knees bend."""
    found = []
    folded = (body.pitch > LIMITS.bow) | (body.pelvis < LIMITS.low)
    reach = body.wrist_height < LIMITS.floor_hand
    for span in spans((reach.any(0)) & folded, gap=0.3 * body.fps, least=0.15 * body.fps):
        if span[0] == 0 or span[1] == body.frames or _shared(span, busy) > 0.4:
            continue
        down = reach[:, span[0] : span[1]].any(1)
        side = "both" if down.all() else _SIDES[int(down.argmax())]
        found.append((span, side))
    return [Event("pick_up", *span, side=side) for span, side in found]
