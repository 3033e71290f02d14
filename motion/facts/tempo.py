"""How large an action is and how fast: the amount and the speed word of events of trunk, arms and legs.

The pace of a movement is its largest speed as a share of its size, so that a large and a small bow of one
duration have one pace; that of a repeated movement is repetitions a second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from motion.events import Event
from motion.facts.signals import LYING, ON_FOURS, Body, Float
from motion.facts.spans import median, quantile, spans, swings
from motion.facts.thresholds import LIMITS, pace_word


def toned(body: Body, events: list[Event]) -> list[Event]:
    """The events with their amounts and speed words, where those can be told."""
    return [_toned(body, event) for event in events]


def _toned(body: Body, event: Event) -> Event:
    if event.action in _AMOUNTS:
        metres = max(_AMOUNTS[event.action](body, event, side) for side in _sides(event))
        event = replace(event, amount=round(metres, 2))
    if event.action not in _MEASURES:
        return event
    return replace(event, speed=pace_word(_kind(body, event), pace(body, event)))


def _kind(body: Body, event: Event) -> str:
    """The entry of the table of paces: the action, standing up with what it is from, a reach with its way."""
    if event.action == "reach":
        return {"down": "bend", "forward": "reach forward"}.get(event.direction, "reach")
    if event.action == "stretch" and event.direction == "up":
        return "stretch up"
    if event.action != "stand_up":
        return event.action
    before = slice(max(0, event.start - int(LIMITS.pace_before * body.fps)), event.start + 1)
    if body.posed[event.start] == LYING:
        return "stand_up from lying"
    if (body.posed[before] == ON_FOURS).any():
        return "stand_up from all fours"
    knees = body.knee_height[:, before].min() < LIMITS.knee_down
    return "stand_up from kneeling" if knees else "stand_up"


def pace(body: Body, event: Event) -> float:
    """Of a movement its peak speed over its size, of a repeated one repetitions, a second; 0 if unknown."""
    return max(_MEASURES[event.action](body, event, side) for side in _sides(event))


def _sides(event: Event) -> tuple[int, ...]:
    return {"left": (0,), "right": (1,)}.get(event.side, (0, 1))


def _cut(body: Body, event: Event) -> slice:
    """The event with a little before and after, where its movement begins and ends."""
    margin = int(LIMITS.pace_margin * body.fps)
    return slice(max(0, event.start - margin), event.end + margin)


def _relative(values: Float, body: Body, event: Event) -> float:
    """Peak speed of a signal during an event over its extent there and a little around it, 1/s."""
    margin = int(LIMITS.pace_around * body.fps)
    extent = float(np.ptp(values[max(0, event.start - margin) : event.end + margin]))
    cut = values[_cut(body, event)]
    if len(cut) < 3 or extent <= 0:
        return 0.0
    return float(np.abs(cut[2:] - cut[:-2]).max()) * 0.5 * body.fps / extent


def _of_pitch(body: Body, event: Event, side: int) -> float:
    return _relative(body.pitch, body, event)


def _of_bend(body: Body, event: Event, side: int) -> float:
    return _relative(body.roll if event.direction in ("left", "right") else body.pitch, body, event)


def _of_pelvis(body: Body, event: Event, side: int) -> float:
    return _relative(body.pelvis, body, event)


def _of_rise(body: Body, event: Event, side: int) -> float:
    """Of the pelvis that rises; from lying there are pauses, so that the whole time counts."""
    if body.posed[event.start] == LYING:
        return body.fps / (event.end - event.start)
    return _of_pelvis(body, event, side)


def _of_lift(body: Body, event: Event, side: int) -> float:
    """Rise of the ankle."""
    lift = body.ankle_rise[side, _cut(body, event)]
    return float((lift[2:] - lift[:-2]).max()) * 0.5 * body.fps / float(lift.max())


def _of_turn(body: Body, event: Event, side: int) -> float:
    """Degrees a second; the closing of the feet at the end of a turn takes a step's time."""
    seconds = (event.end - event.start) / body.fps - LIMITS.turn_edges
    return (event.amount + LIMITS.turn_step) / max(seconds, LIMITS.turn_edges)


def _of_times(body: Body, event: Event, side: int) -> float:
    """Repetitions a second over the whole event."""
    return event.count * body.fps / (event.end - event.start)


def _approach(body: Body, event: Event, side: int) -> float:
    """Peak speed of a hand over its way while it goes from rest to where it is held or turns back."""
    return _way_out(body, _cut(body, event), side, 1)


def _of_reach(body: Body, event: Event, side: int) -> float:
    return _of_pitch(body, event, side) if event.direction == "down" else _approach(body, event, side)


def _departure(body: Body, event: Event, side: int) -> float:
    """The approach of a hand that is lowered, seen backwards; it leaves its hold before the event."""
    return _way_out(
        body, slice(max(0, event.start - int(LIMITS.pace_around * body.fps)), event.end), side, -1
    )


def _way_out(body: Body, cut: slice, side: int, order: int) -> float:
    points = body.wrist[side, cut][::order]
    speed = body.hand_speed[side, cut][::order]
    away = ((points - points[0]) ** 2).sum(-1)
    there = int(np.flatnonzero(away >= LIMITS.pace_there**2 * away.max())[0]) + 1
    return _of_way(speed[:there], body.fps)


def _of_way(speed: Float, fps: float) -> float:
    way = float(speed.sum()) / fps
    return float(speed.max()) / way if way > 0 else 0.0


def _of_coming(body: Body, event: Event, side: int) -> float:
    """The approach of a hand to where it is when the event begins, since it was last at rest."""
    last = min(body.frames, event.start + int(LIMITS.pace_margin * body.fps) + 1)
    first = max(0, event.start - int(LIMITS.pace_before * body.fps))
    speed = body.hand_speed[side, first:last]
    rests = np.flatnonzero(speed[: event.start - first] < LIMITS.hand_rest)
    return _of_way(speed[int(rests[-1]) if len(rests) else 0 :], body.fps) if first < event.start else 0.0


def _rhythm(values: Float, size: float, fps: float) -> float:
    """Cycles a second of a signal that swings."""
    times = swings(values, size, 0.1 * fps)
    return 0.5 * (len(times) - 1) * fps / (times[-1] - times[0]) if len(times) > 1 else 0.0


def _of_wave(body: Body, event: Event, side: int) -> float:
    cut = slice(event.start, event.end)
    forearm = body.wrist[side, cut, 0] - body.elbow[side, cut, 0]
    return next((rate for size in _WAVES if (rate := _rhythm(forearm, size, body.fps))), 0.0)


def _of_swing(body: Body, event: Event, side: int) -> float:
    return _rhythm(body.wrist[side, event.start : event.end, 2], LIMITS.swing_size, body.fps)


def _of_clap(body: Body, event: Event, side: int) -> float:
    return (event.count - 1) * body.fps / (event.end - event.start - 1)


def _of_circle(body: Body, event: Event, side: int) -> float:
    """Turns a second of the wrist about its shoulder."""
    out, up, forward = body.wrist[side, event.start : event.end].T
    across = forward if np.ptp(forward) > np.ptp(out) else out
    angle = np.unwrap(np.arctan2(up, across))
    return quantile(np.abs(np.diff(angle)), 0.8) * body.fps / (2 * np.pi)


def _of_punch(body: Body, event: Event, side: int) -> float:
    """One over the time for which a fist is nearly out."""
    out = body.wrist[side, event.start : event.end, 2]
    fine = np.interp(np.arange(0, len(out) - 1, 0.125), np.arange(len(out)), out)
    far = fine > fine.max() - 0.7 * LIMITS.punch_way
    times = len(spans(far))
    return times * body.fps / (0.125 * float(far.sum()))


def _rise(body: Body, event: Event, side: int) -> float:
    """Metres between the highest and the lowest place of a hand."""
    return float(np.ptp(body.wrist[side, _cut(body, event), 1])) * body.arm


def _fall(body: Body, event: Event, side: int) -> float:
    """Metres by which a hand falls, which has left its hold before it is sure to be lowered."""
    up = body.wrist[side, max(0, event.start - int(LIMITS.pace_around * body.fps)) : event.end, 1]
    return float(up.max() - up[-1]) * body.arm


def _reach(body: Body, event: Event, side: int) -> float:
    """Metres that a hand goes from where it was at the start; down to the floor it goes with the trunk."""
    if event.direction == "down":
        return float(np.ptp(body.wrist_height[side, event.start : event.end])) * body.hanging
    points = body.wrist[side, _cut(body, event)]
    return float(np.sqrt(((points - points[0]) ** 2).sum(-1).max())) * body.arm


def _fro(body: Body, event: Event, side: int) -> float:
    """Metres that a hand goes to and fro."""
    points = body.wrist[side, event.start : event.end]
    axis, sizes = (2, (LIMITS.swing_size,)) if event.action == "swing_arm" else (0, _WAVES)
    times = next((found for size in sizes if len(found := swings(points[:, axis], size)) > 1), [])
    if not times:
        return 0.0
    steps = np.diff(points[times], axis=0)
    return median(np.sqrt((steps**2).sum(-1))) * body.arm


def _parting(body: Body, event: Event, side: int) -> float:
    """Metres by which the hands part between claps."""
    return float(body.hand_gap[event.start : event.end].max()) * body.arm


def _lift(body: Body, event: Event, side: int) -> float:
    """Metres of an ankle over its standing height."""
    return float(body.ankle_rise[side, event.start : event.end].max()) * body.leg


def _step(body: Body, event: Event, side: int) -> float:
    """Metres between the ankles along the body's front."""
    cut = slice(event.start, event.end)
    return float(np.abs(body.foot[0, cut, 2] - body.foot[1, cut, 2]).max()) * body.leg


_WAVES = (LIMITS.wave_size, LIMITS.small_wave_size, LIMITS.shy_wave_size)

Measure = Callable[[Body, Event, int], float]
_MEASURES: dict[str, Measure] = {
    "turn": _of_turn,
    "bow": _of_pitch,
    "bend": _of_bend,
    "pick_up": _of_pitch,
    "place": _of_pitch,
    "squat": _of_pelvis,
    "sit_down": _of_pelvis,
    "stand_up": _of_rise,
    "kneel": _of_pelvis,
    "lie_down": _of_times,
    "lunge": _of_pelvis,
    "raise_leg": _of_lift,
    "stomp": _of_lift,
    "kick": _of_times,
    "raise_arm": _approach,
    "reach": _of_reach,
    "stretch": _approach,
    "lower_arm": _departure,
    "cross_arms": _of_coming,
    "hands_together": _of_coming,
    "hand_on_hip": _of_coming,
    "hand_on_head": _of_coming,
    "hand_on_knee": _of_coming,
    "wave": _of_wave,
    "swing_arm": _of_swing,
    "circle_arm": _of_circle,
    "clap": _of_clap,
    "punch": _of_punch,
}
_AMOUNTS: dict[str, Measure] = {
    "raise_arm": _rise,
    "lower_arm": _fall,
    "stretch": _rise,
    "circle_arm": _rise,
    "reach": _reach,
    "punch": _reach,
    "throw": _reach,
    "wave": _fro,
    "swing_arm": _fro,
    "clap": _parting,
    "kick": _lift,
    "raise_leg": _lift,
    "stomp": _lift,
    "lunge": _step,
}
