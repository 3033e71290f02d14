"""Hands that meet each other or the floor: clap, cross, pick up, place."""

from __future__ import annotations

import numpy as np

from motion.events import Event
from motion.facts.signals import Body
from motion.facts.spans import Span, overlap, spans, swings
from motion.facts.thresholds import LIMITS

_SIDES = ("left", "right")


def claps(body: Body) -> list[Event]:
    """Hands that meet before the chest again and again."""
    if body.hand_gap.min() > LIMITS.clap_close:
        return []
    before = (np.abs(body.wrist[:, :, 1] + 0.3) < 0.55) & (body.wrist[:, :, 2] > 0.2)
    ahead = set(np.flatnonzero(before[0] & before[1]).tolist())
    times = swings(-body.hand_gap, LIMITS.clap_open, 0.1 * body.fps)
    hits = [t for t in times if body.hand_gap[t] < LIMITS.clap_close and t in ahead]
    mask = np.zeros(body.frames, bool)
    mask[hits] = True
    found = []
    for start, end in spans(mask, gap=1.2 * body.fps):
        count = sum(start <= t < end for t in hits)
        if count >= 2:
            found.append(Event("clap", start, end, count=count))
    return found


def crossed(body: Body) -> list[Event]:
    """Arms that lie across the chest, each hand beyond the middle."""
    low = (body.wrist[0, :, 1] < LIMITS.hand_up) & (body.wrist[1, :, 1] < LIMITS.hand_up)
    mask = (body.crossing > LIMITS.crossed) & low
    return [Event("cross_arms", *span) for span in spans(mask, gap=3, least=0.4 * body.fps)]


def floor_touches(body: Body, busy: list[Event]) -> list[Event]:
    """pick_up and place: a hand goes to the floor with bent knees; what it holds is held before the belly.

    It is a pick-up if the hand is held so afterwards, a placing if it was held so before.
    """
    folded = (body.pitch > LIMITS.bow) & (body.pelvis < LIMITS.tall)
    reaching = body.wrist_height < LIMITS.floor_hand
    found = []
    for span in spans((reaching[0] | reaching[1]) & folded, gap=0.3 * body.fps, least=0.15 * body.fps):
        shared = sum(overlap(span, (e.start, e.end)) for e in busy)
        if span[0] == 0 or span[1] == body.frames or shared > 0.4 * (span[1] - span[0]):
            continue
        touch = _touch(body, span)
        if touch:
            found.append(touch)
    return found


def _touch(body: Body, span: Span) -> Event | None:
    pitch = body.pitch
    upright = np.flatnonzero(pitch[: span[0]] < LIMITS.bow_end)
    start = int(upright[-1]) if len(upright) else 0
    upright = np.flatnonzero(pitch[span[1] :] < LIMITS.bow_end)
    end = span[1] + int(upright[0]) + 1 if len(upright) else body.frames
    last = min(end, body.frames - 1)
    before, after = _carriers(body, start), _carriers(body, last)
    hands = after or before
    if not hands:
        low = body.wrist_height[:, span[0] : span[1]].min(1)
        if abs(low[0] - low[1]) < LIMITS.hands_apart:
            return None  # both hands go down empty and come up empty: a bend or a squat
        hands = (int(low.argmin()),)
    side = "both" if len(hands) == 2 else _SIDES[hands[0]]
    action = "place" if before and not after else "pick_up"
    return Event(action, start, end, side=side, direction=_where(body, hands, start, span))


def _carriers(body: Body, frame: int) -> tuple[int, ...]:
    """Hands that are held before the belly at a frame."""
    return tuple(hand for hand in (0, 1) if body.wrist[hand, frame, 2] > LIMITS.carry_ahead)


def _where(body: Body, hands: tuple[int, ...], start: int, span: Span) -> str:
    """Where the hands touch the floor, seen from the body as it was before it bent."""
    if len(hands) == 2:
        return "forward"
    hand = hands[0]
    bottom = span[0] + int(body.wrist_height[hand, span[0] : span[1]].argmin())
    ax, az = body.left_axis[start]
    x, z = body.hand_place[hand, bottom]
    left, forward = ax * x + az * z, ax * z - az * x
    angle = np.degrees(np.arctan2(left, forward))
    if abs(angle) < LIMITS.aside:
        return "forward"
    return "left" if angle > 0 else "right"
