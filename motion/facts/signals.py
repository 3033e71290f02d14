"""Signals of moving bodies: what every detector reads, computed for many clips at once.

Lengths are in leg lengths (hip to ankle along the bones, measured on the clip itself), speeds in leg
lengths a second, angles in degrees. Limb arrays have a leading axis [left, right] and their `out`
component points away from the body on the limb's own side, so that a mirrored clip has exactly the
same limb signals with the two entries exchanged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motion.facts.batch import Batch, Float, Signals, length
from motion.facts.furthest import furthest
from motion.facts.limbs import arm_signals, leg_signals
from motion.facts.thresholds import LIMITS
from motion.skeleton import Skeleton

UPRIGHT, LYING, ON_FOURS = range(3)  # how a body is posed


@dataclass(frozen=True)
class Body:
    """Signals of one clip of T frames."""

    frames: int
    fps: float
    leg: float  # metres
    arm: float  # metres
    hanging: float  # metres over the floor of a hand that hangs beside the standing body
    position: Float  # (T, 2) pelvis on the floor (x, z), leg lengths, smoothed
    left_axis: Float  # (T, 2) unit vector (x, z) to the body's left
    velocity: Float  # (T, 2) pelvis in the body's frame (left, forward), strides smoothed out
    speed: Float  # (T,) of the pelvis on the floor, strides smoothed out
    heading: Float  # (T,) degrees, counter-clockwise (to the left) positive, 0 at the start, smoothed
    turning: Float  # (T,) degrees a second
    feet_heading: Float  # (T,) like heading, of the feet alone
    pelvis: Float  # (T,) height over the floor as a share of its height when standing straight
    seat: Float  # (T,) how far the hips are behind the ankles
    pitch: Float  # (T,) degrees by which the trunk leans forward, -120 to 240: beyond 90 it is folded
    roll: Float  # (T,) degrees by which the trunk leans to the left, -90 to 90
    rising: Float  # (T,) degrees of the trunk over the floor, 90 upright, 0 level
    posed: NDArray[np.int8]  # (T,) UPRIGHT, LYING or ON_FOURS
    lowered: NDArray[np.bool_]  # (T,) whether the body sits or kneels
    wrist: Float  # (2, T, 3) wrist from its shoulder (out, up, forward) in arm lengths
    elbow: Float  # (2, T, 3) elbow from its shoulder, likewise
    wrist_height: Float  # (2, T) over the floor; 1 is the height of a hand that hangs beside a standing body
    hand_speed: Float  # (2, T) wrist from its shoulder, arm lengths a second
    hand_place: Float  # (2, T, 2) wrist from the pelvis on the floor plane, world frame (x, z)
    hand_gap: Float  # (T,) distance between the wrists, arm lengths
    held: NDArray[np.int8]  # (2, T) where the arm is held: LOW, BETWEEN, UP ... of motion.facts.limbs
    hand_on: NDArray[np.int8]  # (2, T) what the hand is on: HIP, HEAD, KNEE of motion.facts.limbs, or 0
    crossing: Float  # (T,) how far each wrist is beyond the middle, the smaller one, arm lengths
    foot: Float  # (2, T, 3) ankle from its hip (out, up, forward), leg lengths
    foot_height: Float  # (2, T) lowest of ankle (less its standing height) and toes over the floor
    foot_speed: Float  # (2, T) slower of ankle and toes on the floor plane
    ankle: Float  # (2, T, 2) ankle on the floor plane, world frame (x, z)
    ankle_rise: Float  # (2, T) ankle over its standing height
    toe_rise: Float  # (2, T) toes over the floor
    knee_height: Float  # (2, T) over the floor
    knee_bend: Float  # (2, T) degrees, 0 is a straight leg
    pace: Float  # (T,) speed of the fastest joint
    jitter: Float  # (T,) mean acceleration's change of all joints, metres / s^3
    drift: float  # largest deviation of a bone's length from its median, as a share
    furthest: Mapping[str, float]  # largest and smallest values by the names of `Extremes`


_LIMBS = frozenset(
    "wrist elbow wrist_height hand_speed hand_place held hand_on "
    "foot foot_height foot_speed ankle ankle_rise toe_rise knee_height knee_bend".split()
)


def bodies(clips: Sequence[NDArray[np.floating]], skeleton: Skeleton) -> list[Body]:
    """Signals of clips (T, J, 3) in the skeleton's unit; ValueError for shapes and values that are not."""
    for number, clip in enumerate(clips):
        _check(number, clip, skeleton)
    result: list[Body | None] = [None] * len(clips)
    order = sorted(range(len(clips)), key=lambda i: len(clips[i]))
    group = LIMITS.clips_a_group
    for first in range(0, len(order), group):
        members = order[first : first + group]
        for number, body in zip(members, _group([clips[i] for i in members], skeleton), strict=True):
            result[number] = body
    return [body for body in result if body is not None]


def _check(number: int, clip: NDArray[np.floating], skeleton: Skeleton) -> None:
    shape = np.shape(clip)
    if len(shape) != 3 or shape[1:] != (skeleton.joint_count, 3):
        raise ValueError(f"clip {number}: expected (T, {skeleton.joint_count}, 3) joints, got {shape}")
    if shape[0] < 4:
        raise ValueError(f"clip {number}: {shape[0]} frames are too few to measure; give at least 4")
    if not np.isfinite(clip).all():
        raise ValueError(f"clip {number}: joints hold NaN or infinite values; leave the clip out")


def _group(clips: Sequence[NDArray[np.floating]], skeleton: Skeleton) -> list[Body]:
    batch = Batch(clips, skeleton)
    signals = _whole_body(batch)
    signals |= arm_signals(batch, signals)
    signals |= leg_signals(batch)
    drift = _bone_drift(batch)
    extremes = furthest(signals, batch)
    names = [field.name for field in fields(Body) if field.name in signals]
    result = []
    for row, frames in enumerate(batch.lengths.tolist()):
        cut: dict[str, Any] = {
            name: signals[name][:, row, :frames] if name in _LIMBS else signals[name][row, :frames]
            for name in names
        }
        leg = float(batch.leg[row] * skeleton.metres_per_unit)
        cut["arm"], cut["hanging"] = float(batch.arm[row, 0]) * leg, float(batch.hanging[row]) * leg
        cut["furthest"] = {name: value[row] for name, value in extremes.items()}
        result.append(Body(frames, skeleton.fps, leg, drift=float(drift[row]), **cut))
    return result


def _heading(vectors: Float) -> Float:
    """Degrees (N, T) by which vectors (N, T, 2) on the floor have turned to the left since the start."""
    x, z = vectors[..., 0], vectors[..., 1]
    # Counter-clockwise seen from above turns X+ towards Z-.
    sin = z[:, :-1] * x[:, 1:] - x[:, :-1] * z[:, 1:]
    cos = x[:, :-1] * x[:, 1:] + z[:, :-1] * z[:, 1:]
    heading = np.zeros(x.shape)
    np.cumsum(np.degrees(np.arctan2(sin, cos)), axis=1, out=heading[:, 1:])
    return heading


def _whole_body(batch: Batch) -> Signals:
    s = batch.skeleton
    joints = batch.joints
    root = joints[:, :, 0]
    speed = batch.rate(root[..., ::2], LIMITS.travel_smoothing)
    left, _, forward = batch.in_body(np.stack([speed[..., 0], 0 * speed[..., 0], speed[..., 1]], -1))
    heading = _heading(batch.across)
    velocity = np.stack([left, forward], -1)
    toes = joints[:, :, s.left_leg[3]] - joints[:, :, s.left_leg[2]]
    toes = toes + (joints[:, :, s.right_leg[3]] - joints[:, :, s.right_leg[2]])
    feet = batch.smooth(toes[..., ::2], LIMITS.heading_smoothing)
    hips = 0.5 * (joints[:, :, s.left_leg[0], 1] + joints[:, :, s.right_leg[0], 1])
    middle = 0.5 * (joints[:, :, s.left_leg[2]] + joints[:, :, s.right_leg[2]])
    _, _, seat = batch.in_body(middle - root)
    signals = {
        "position": batch.smooth(root[..., ::2], LIMITS.heading_smoothing),
        "left_axis": batch.across,
        "velocity": velocity,
        "speed": length(velocity),
        "heading": heading,
        "feet_heading": _heading(feet),
        "turning": batch.rate(heading, LIMITS.turn_smoothing),
        "pelvis": hips - batch.ankle_floor[:, None],
        "seat": seat,
        "pace": batch.fastest(),
        "jitter": _jitter(batch),
        **_trunk(batch, root),
    }
    knees = np.minimum(joints[:, :, s.left_leg[1], 1], joints[:, :, s.right_leg[1], 1])
    low = signals["pelvis"] < LIMITS.low
    signals["posed"] = _posed(batch, signals, low & (knees < LIMITS.fours_knee))
    signals["lowered"] = low & ((seat > LIMITS.sit_back) | (knees < LIMITS.knee_down))
    return signals


def _trunk(batch: Batch, root: Float) -> Signals:
    """Lean of the trunk; sane for trunks that are folded, lie, or lie on their side."""
    neck = batch.joints[:, :, batch.skeleton.joint("neck")]
    left, up, forward = batch.in_body(batch.smooth(neck - root, LIMITS.heading_smoothing))
    fore = np.sqrt(up * up + forward * forward)
    # A trunk that lies on its side leans neither forward nor backward.
    pitch = np.degrees(np.arctan2(forward, up + np.maximum(0.0, np.abs(left) - fore)))
    return {
        # A trunk that hangs upside down has been folded forward: nobody gets there backward.
        "pitch": np.where(pitch < LIMITS.folded, pitch + 360.0, pitch),
        "roll": np.degrees(np.arctan2(left, fore)),
        "rising": np.degrees(np.arctan2(up, np.sqrt(left * left + forward * forward))),
    }


def _posed(batch: Batch, signals: Signals, kneeling: NDArray[np.bool_]) -> NDArray[np.int8]:
    """How the body is posed, per frame (N, T)."""
    s, joints = batch.skeleton, batch.joints
    level = np.abs(signals["rising"]) < LIMITS.level_trunk
    hands = 0.5 * (joints[:, :, s.left_arm[2], 1] + joints[:, :, s.right_arm[2], 1])
    down = hands < LIMITS.fours_hand * batch.hanging[:, None]
    posed = np.zeros(level.shape, np.int8)
    posed[level & down & kneeling & (signals["pitch"] > LIMITS.bow)] = ON_FOURS
    posed[level & (signals["pelvis"] < LIMITS.lying)] = LYING
    return posed


def _jitter(batch: Batch) -> Float:
    """Mean third derivative of all joints (N, T), metres / s^3."""
    joints = batch.joints
    jerk = np.zeros(joints.shape[:2])
    jerk[:, :-3] = _pair_mean(length(np.diff(joints, n=3, axis=1)), batch.skeleton)
    # The last frames of a clip repeat what was last measured without the padding.
    jerk = np.take_along_axis(jerk, np.minimum(batch.hold, batch.lengths[:, None] - 4), axis=1)
    scale: Float = jerk * (batch.leg[:, None] * batch.skeleton.metres_per_unit * batch.fps**3)
    return scale


def _pair_mean(values: Float, skeleton: Skeleton) -> Float:
    """Mean over joints (last axis), summed pairwise so that a mirrored body gives the same bits."""
    paired = 0.5 * (values + values[..., skeleton.mirror_permutation])
    mirrored = [left for left, _ in skeleton.left_right]
    middle = [j for j in range(skeleton.joint_count) if skeleton.mirror_permutation[j] == j]
    total = 2 * paired[..., mirrored].sum(axis=-1) + values[..., middle].sum(axis=-1)
    return total / skeleton.joint_count


def _bone_drift(batch: Batch) -> Float:
    """Largest deviation (N,) of a bone's length from its median, as a share."""
    s = batch.skeleton
    parents = np.asarray(s.parents[1:])
    lengths = length(batch.joints[:, :, 1:] - batch.joints[:, :, parents])
    result = np.empty(len(lengths))
    for row, count in enumerate(batch.lengths):
        own = lengths[row, :count]
        typical = np.maximum(np.partition(own, count // 2, axis=0)[count // 2], 1e-6)
        result[row] = np.abs(own / typical - 1).max()
    return result
