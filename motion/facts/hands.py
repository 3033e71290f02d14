"""Hands that meet each other, rest on the body or go to the floor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from motion.events import Event
from motion.facts.limbs import HEAD, HIP, KNEE
from motion.facts.signals import UPRIGHT, Body
from motion.facts.spans import Span, overlap, shares, spans, swings
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


def meetings(body: Body, clapping: list[Event]) -> list[Event]:
    """Hands that are kept together, before the body or over the head, and do not clap."""
    close = (body.hand_gap < LIMITS.hands_close) & (body.posed == UPRIGHT)
    if not close.any():
        return []
    found = spans(close, gap=0.15 * body.fps, least=LIMITS.hands_kept * body.fps)
    free = [s for s in found if not any(overlap(s, (e.start, e.end)) for e in clapping)]
    return [Event("hands_together", *span) for span in free]


def rests(body: Body, busy: list[Event]) -> list[Event]:
    """hand_on_hip, hand_on_head and hand_on_knee of either hand; what both do at one time is one event.

    A hand that passes its knee while the body bends or goes (`busy`) does not rest there.
    """
    found: list[Event] = []
    if not body.hand_on.any():
        return found
    for place, action in ((HIP, "hand_on_hip"), (HEAD, "hand_on_head"), (KNEE, "hand_on_knee")):
        left, right = (
            spans(on == place, gap=0.2 * body.fps, least=LIMITS.hands_kept * body.fps) for on in body.hand_on
        )
        for span in left:
            twin = next((s for s in right if 2 * overlap(span, s) >= min(_size(span), _size(s))), None)
            if twin is None:
                found.append(Event(action, *span, side="left"))
                continue
            right.remove(twin)
            found.append(Event(action, min(span[0], twin[0]), max(span[1], twin[1]), side="both"))
        found += [Event(action, *span, side="right") for span in right]
    return [e for e in found if e.action != "hand_on_knee" or not (shares(e, *busy) or _folds(body, e))]


def _folds(body: Body, event: Event) -> bool:
    """Whether trunk or hips go down so far that the hands only pass the knees."""
    margin = int(LIMITS.pace_around * body.fps)
    cut = slice(max(0, event.start - margin), event.end + margin)
    sunk = 1.0 - body.pelvis[event.start : event.end].min()
    return bool(body.pitch[cut].max() > LIMITS.hand_fold or sunk > LIMITS.hand_bend)


def _size(span: Span) -> int:
    return span[1] - span[0]


def reaches_down(body: Body, busy: list[Event]) -> list[Event]:
    """One hand that goes down to the shins or lower, the trunk with it, and comes up again."""
    if body.wrist_height.min() > LIMITS.reach_down:
        return []
    gap = body.wrist_height[0] - body.wrist_height[1]
    found = []
    for index, side in enumerate(_SIDES):
        lower = gap if index else -gap
        low = (body.wrist_height[index] < LIMITS.reach_down) & (lower > LIMITS.hands_apart)
        low &= (body.pitch > LIMITS.reach_lean) & (body.posed == UPRIGHT) & ~body.lowered
        for start, end in spans(low, gap=0.2 * body.fps, least=LIMITS.raise_hold * body.fps):
            event = Event("reach", start, end, side=side, direction="down")
            squats = body.pelvis[start:end].min() < 1 - LIMITS.reach_sink
            if start > 0 and end < body.frames and not squats and not shares(event, *busy):
                bent = _bent(body, (start, end))
                found.append(replace(event, start=bent[0], end=bent[1]))
    return found


def _bent(body: Body, span: Span) -> Span:
    """The span with the way down and the way up of the trunk."""
    upright = np.flatnonzero(body.pitch[: span[0]] < LIMITS.bow_end)
    start = int(upright[-1]) if len(upright) else 0
    upright = np.flatnonzero(body.pitch[span[1] :] < LIMITS.bow_end)
    return start, span[1] + int(upright[0]) + 1 if len(upright) else body.frames


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
    start, end = _bent(body, span)
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
    ax, az = body.left_axis[start]
    angle = 0.0
    for hand in hands:
        bottom = span[0] + int(body.wrist_height[hand, span[0] : span[1]].argmin())
        x, z = body.hand_place[hand, bottom]
        angle += float(np.degrees(np.arctan2(ax * x + az * z, ax * z - az * x))) / len(hands)
    if abs(angle) < LIMITS.aside:
        return "forward"
    return "left" if angle > 0 else "right"
