"""Edits of the way: bent, walked sideways or backwards, shorter or longer; planted feet stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from motion.perturb.edit import (
    Change,
    Float,
    Operation,
    Outcome,
    Parameters,
    Subject,
    amount,
    broken,
    outcome,
    unchanged,
)
from motion.perturb.geometry import ankles, feet_placed, legs, ramp, smoothed, turned
from motion.perturb.timing import metres_changed, speed_changed

# A run with other strides slides or becomes a walk; hands and knees that crawl are no feet.
_WALKING = ("walk", "crouch_walk", "side_step")
_ON_FEET = (*_WALKING, "run")
_AROUND = ("forward", "left", "backward", "right")  # by quarter turns from Z+ towards X+
_EDGE = 0.45  # seconds over which a changed way begins and ends
_SIDEWAYS_WAY = 0.5  # metres: a shorter way has no clear direction
_BENT_WAY = 1.2  # metres: a shorter way shows no bend
_SCALED_WAY = 1.0  # metres: a shorter way shows no difference in length
_SHORTENED_WAY = 1.6  # metres: what is left of a shorter way is hardly one
_SHORTER_MOST = 0.5
_LONGER_LEAST = 1.25
_LONGEST_STEP = 0.7  # of the leg


def _ways(subject: Subject, metres: float, gaits: tuple[str, ...] = _WALKING) -> list[int]:
    """Indices of the events in which the figure walks at least so far without a bend."""
    return [
        index
        for index in subject.active
        if subject.events[index].action in gaits
        and subject.events[index].amount >= metres
        # What is left of a bend, or more of it, is another path.
        and subject.events[index].path in ("", "straight")
    ]


def _bend_targets(subject: Subject, _donor: Subject | None) -> list[Parameters]:
    return [{"event": i} for i in _ways(subject, _BENT_WAY, _ON_FEET) if _straight(subject, i)]


def _straight(subject: Subject, index: int) -> bool:
    """Whether the figure goes straight ahead and does not turn on the way."""
    way = subject.events[index]
    turning = any(
        event.action == "turn" and event.start < way.end and way.start < event.end for event in subject.events
    )
    return way.path in ("", "straight") and not turning


def _draw_bend(
    _subject: Subject, target: Parameters, rng: np.random.Generator, strength: float
) -> Parameters:
    side = -1 if rng.random() < 0.5 else 1
    return target | {"degrees": side * amount(rng, strength, 70.0, 150.0)}


def _bend(subject: Subject, _donor: Subject | None, parameters: Parameters) -> Outcome:
    index, degrees = int(parameters["event"]), float(parameters["degrees"])
    event, sources = subject.events[index], unchanged(subject)
    progress = np.clip((np.arange(subject.frames) - event.start) / max(1, event.end - event.start), 0, 1)
    angle = np.radians(degrees) * smoothed(progress, 0.15 * subject.skeleton.fps)
    joints = _rolled(subject, np.diff(angle))
    altered = {index: replace(event, path="curve", side="left" if degrees > 0 else "right")}
    changes = [broken(subject, index, sources, "path", event.path or "straight", "curve")]
    return outcome(subject, joints, sources, changes, altered)


def _rolled(subject: Subject, steps: np.ndarray) -> Float:
    """The clip turned a little more each frame (T-1,), each time about the foot that stands."""
    pivots = _pivots(subject)[:-1].astype(np.float64)
    angle = np.concatenate([[0.0], np.cumsum(steps)])
    # The floor moves by x -> R(angle) x + shift; a turn about pivot p in old coordinates keeps
    # where p is: R(a) p + shift stays, so shift changes by (R(a) - R(a + step)) p.
    before, after = _on_floor(pivots, angle[:-1]), _on_floor(pivots, angle[1:])
    shift = np.concatenate([np.zeros((1, 2)), np.cumsum(before - after, axis=0)])
    joints = turned(subject.joints, angle.astype(np.float32))
    joints[..., ::2] += shift[:, None].astype(np.float32)
    return joints


def _on_floor(points: np.ndarray, angle: np.ndarray) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack(
        [cos * points[:, 0] + sin * points[:, 1], cos * points[:, 1] - sin * points[:, 0]], axis=1
    )


def _pivots(subject: Subject) -> Float:
    """Place on the floor (T, 2) of the foot that stands: the slower one, with soft changes."""
    feet = subject.joints[:, [subject.skeleton.left_foot[0], subject.skeleton.right_foot[0]]]
    speeds = np.sqrt(np.square(np.gradient(feet, axis=0)).sum(axis=-1)) * subject.skeleton.fps
    slowness = 1 / (subject.skeleton.metres_per_unit * speeds + 0.05) ** 2
    weight = smoothed(slowness / slowness.sum(axis=1, keepdims=True), 1.0)
    places: Float = (feet[..., ::2] * weight[..., None]).sum(axis=1)
    return places


def _heading_targets(subject: Subject, _donor: Subject | None) -> list[Parameters]:
    return [
        {"event": index}
        for index in _ways(subject, _SIDEWAYS_WAY)
        if subject.events[index].direction in _AROUND and _straight(subject, index)
    ]


def _draw_heading(
    _subject: Subject, target: Parameters, rng: np.random.Generator, _strength: float
) -> Parameters:
    return target | {"degrees": int(rng.choice([90, 180, -90]))}


def _heading(subject: Subject, _donor: Subject | None, parameters: Parameters) -> Outcome:
    index, degrees = int(parameters["event"]), int(parameters["degrees"])
    event, sources = subject.events[index], unchanged(subject)
    weight = ramp(subject.frames, event.start, event.end, subject.seconds(_EDGE))
    angle = np.radians(degrees).astype(np.float32) * weight
    place = _integrated(subject.local.place, lambda steps: _turned_flat(steps, angle[:-1]))
    joints = _strides(subject, place, lambda offsets: turned(offsets, angle))
    found = _AROUND[(_AROUND.index(event.direction) + degrees // 90) % 4]
    altered = {index: replace(event, direction=found)}
    changes = [broken(subject, index, sources, "direction", event.direction, found)]
    return outcome(subject, joints, sources, changes, altered)


def _turned_flat(steps: Float, angle: Float) -> Float:
    result: Float = _on_floor(steps, angle).astype(np.float32)
    return result


def _integrated(place: Float, change: Callable[[Float], Float]) -> Float:
    steps = change(np.diff(place, axis=0))
    return np.concatenate([place[:1], place[:1] + np.cumsum(steps, axis=0)]).astype(np.float32)


def _strides(subject: Subject, place: Float, change: Callable[[Float], Float]) -> Float:
    """The body moved along a new path (T, 2), the legs striding by changed offsets.

    What is changed is where an ankle is from below its own hip's resting place: so feet that
    stand under a changed path stand, and each foot keeps its side of the body.
    """
    joints = subject.joints.copy()
    joints[..., ::2] += (place - subject.local.place)[:, None]
    rest = _resting(subject)
    offsets = ankles(subject.joints, subject.skeleton) - _lifted(subject.local.place) - rest
    targets = change(offsets) + rest + _lifted(place)
    return feet_placed(joints, subject.skeleton, subject.lengths, targets)


def _lifted(place: Float) -> Float:
    """Places on the floor (T, 2) as points (T, 1, 3) of height 0."""
    return np.stack([place[:, 0], np.zeros(len(place), np.float32), place[:, 1]], axis=1)[:, None]


def _resting(subject: Subject) -> Float:
    """Left and right ankle's resting place beside the root, (T, 2, 3), by the smooth heading."""
    pose = subject.local.pose
    middles = np.array([np.median(pose[:, leg[2]], axis=0) for leg in legs(subject.skeleton)], np.float32)
    beside = np.zeros((subject.frames, 2, 3), np.float32)
    beside[..., 0] = middles[:, 0]
    beside[..., 2] = middles[:, 2].mean()
    heading = smoothed(subject.local.yaw, 0.4 * subject.skeleton.fps)
    return turned(beside, heading)


def _shorter_targets(subject: Subject, _donor: Subject | None) -> list[Parameters]:
    return [{"event": index} for index in _ways(subject, _SHORTENED_WAY)]


def _longer_targets(subject: Subject, _donor: Subject | None) -> list[Parameters]:
    """Ways whose strides can grow before the legs are at their end; a long step on bent legs is a lunge."""
    longest = _LONGEST_STEP * subject.skeleton.leg_length * subject.skeleton.metres_per_unit
    return [
        {"event": index}
        for index in _ways(subject, _SCALED_WAY, ("walk", "side_step"))
        if subject.events[index].amount * _LONGER_LEAST <= longest * max(1, subject.events[index].count)
    ]


def _draw_shorter(
    _subject: Subject, target: Parameters, rng: np.random.Generator, strength: float
) -> Parameters:
    return target | {"factor": amount(rng, strength, 0.7, _SHORTER_MOST)}


def _draw_longer(
    subject: Subject, target: Parameters, rng: np.random.Generator, strength: float
) -> Parameters:
    event = subject.events[int(target["event"])]
    longest = _LONGEST_STEP * subject.skeleton.leg_length * subject.skeleton.metres_per_unit
    most = longest * max(1, event.count) / event.amount
    return target | {"factor": min(amount(rng, strength, _LONGER_LEAST, 1.5), round(most, 3))}


def _scale(subject: Subject, _donor: Subject | None, parameters: Parameters) -> Outcome:
    index, factor = int(parameters["event"]), float(parameters["factor"])
    event, sources = subject.events[index], unchanged(subject)
    weight = ramp(subject.frames, event.start, event.end, subject.seconds(_EDGE))
    scale = 1 + (factor - 1) * weight
    place = _integrated(subject.local.place, lambda steps: steps * scale[:-1, None])
    flat = np.ones((subject.frames, 1, 3), np.float32)
    flat[..., ::2] = scale[:, None, None]
    joints = _strides(subject, place, lambda offsets: offsets * flat)
    metres = event.amount * factor
    # The same time for another way is another speed.
    changes: list[Change] = [
        metres_changed(subject, index, sources, metres),
        speed_changed(subject, index, sources, factor > 1),
    ]
    return outcome(subject, joints, sources, changes, {index: replace(event, amount=metres)})


TURN_PATH = Operation("turn_path", _bend_targets, _draw_bend, _bend, reach=(0.2, 0.7), weight=2.0)
TURN_HEADING = Operation(
    "turn_heading", _heading_targets, _draw_heading, _heading, reach=(0.4, 0.9), weight=1.4
)
SHORTEN = Operation("shorten_way", _shorter_targets, _draw_shorter, _scale, reach=(0.0, 0.6), weight=3.0)
LENGTHEN = Operation("lengthen_way", _longer_targets, _draw_longer, _scale, reach=(0.0, 0.6), weight=3.0)
