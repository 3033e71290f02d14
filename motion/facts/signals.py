"""Signals of moving bodies: what every detector reads, computed for many clips at once.

Lengths are in leg lengths (hip to ankle along the bones, measured on the clip itself), speeds in leg
lengths a second, angles in degrees. Limb arrays have a leading axis [left, right] and their `out`
component points away from the body on the limb's own side, so that a mirrored clip has exactly the
same limb signals with the two entries exchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from motion.facts.spans import median
from motion.facts.thresholds import LIMITS
from motion.skeleton import Skeleton

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Body:
    """Signals of one clip of T frames."""

    frames: int
    fps: float
    leg: float  # metres
    position: Float  # (T, 2) pelvis on the floor (x, z), leg lengths, smoothed
    left_axis: Float  # (T, 2) unit vector (x, z) to the body's left
    velocity: Float  # (T, 2) pelvis in the body's frame (left, forward), strides smoothed out
    heading: Float  # (T,) degrees, counter-clockwise (to the left) positive, 0 at the start, smoothed
    turning: Float  # (T,) degrees a second
    feet_heading: Float  # (T,) like heading, of the feet alone
    pelvis: Float  # (T,) height over the floor as a share of its height when standing straight
    seat: Float  # (T,) how far the hips are behind the ankles
    pitch: Float  # (T,) degrees by which the torso leans forward
    roll: Float  # (T,) degrees by which the torso leans to the left
    wrist: Float  # (2, T, 3) wrist from its shoulder (out, up, forward) in arm lengths
    elbow: Float  # (2, T, 3) elbow from its shoulder, likewise
    wrist_height: Float  # (2, T) over the floor; 1 is the height of a hand that hangs beside a standing body
    hand_speed: Float  # (2, T) wrist from its shoulder, arm lengths a second
    hand_place: Float  # (2, T, 2) wrist from the pelvis on the floor plane, world frame (x, z)
    hand_gap: Float  # (T,) distance between the wrists, arm lengths
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


class _Batch:
    """Clips padded to (N, T, J, 3) by repeating the last frame, on their floor, with the derivatives."""

    def __init__(self, clips: Sequence[NDArray[np.floating]], skeleton: Skeleton) -> None:
        self.skeleton = skeleton
        self.fps = skeleton.fps
        self.lengths = np.array([len(clip) for clip in clips])
        longest = int(self.lengths.max())
        time = np.minimum(np.arange(longest), self.lengths[:, None] - 1)
        self.hold = np.minimum(time, self.lengths[:, None] - 2)
        joints = np.empty((len(clips), longest, skeleton.joint_count, 3))
        for row, clip in enumerate(clips):
            joints[row, : len(clip)] = clip
            joints[row, len(clip) :] = clip[-1]
        # Differences from the first pelvis keep precision wherever the clip lies on the floor.
        joints[..., ::2] -= joints[:, :1, :1, ::2].copy()
        leg = 0.5 * (
            self._limb_length(joints, skeleton.left_leg[:3])
            + self._limb_length(joints, skeleton.right_leg[:3])
        )
        self.leg = np.maximum(leg, 1e-6)
        joints /= self.leg[:, None, None, None]
        arm = 0.5 * (
            self._limb_length(joints, skeleton.left_arm) + self._limb_length(joints, skeleton.right_arm)
        )
        self.arm = np.maximum(arm, 1e-6)[:, None]
        self.joints = joints
        self.floor = self._low(
            np.minimum(joints[:, :, skeleton.left_leg[3], 1], joints[:, :, skeleton.right_leg[3], 1])
        )
        joints[..., 1] -= self.floor[:, None, None]
        ankles = (joints[:, :, skeleton.left_leg[2], 1], joints[:, :, skeleton.right_leg[2], 1])
        self.ankle_floor = 0.5 * (self._low(ankles[0]) + self._low(ankles[1]))

    def _limb_length(self, joints: Float, limb: Sequence[int]) -> Float:
        """Median length of a limb along its bones, (N,)."""
        total = np.zeros(joints.shape[:2])
        for a, b in pairwise(limb):
            total += np.linalg.norm(joints[:, :, a] - joints[:, :, b], axis=-1)
        return self.middle(total)

    def middle(self, values: Float) -> Float:
        """Median over each clip's own frames, (N,)."""
        return np.array([median(row[:n]) for row, n in zip(values, self.lengths, strict=True)])

    def _low(self, values: Float, share: float = LIMITS.floor_share) -> Float:
        """Low quantile over each clip's own frames, (N,)."""
        return np.array(
            [np.sort(row[:n])[int(share * (n - 1))] for row, n in zip(values, self.lengths, strict=True)]
        )

    def smooth(self, values: Float, seconds: float) -> Float:
        """Gaussian over time, axis 1, of that many seconds (sigma)."""
        return gaussian_filter1d(values, seconds * self.fps, axis=1, mode="nearest", truncate=3.0)

    def fastest(self) -> Float:
        """Speed of the fastest joint (N, T), not smoothed: a pause has sharp ends."""
        step = np.diff(self.joints, axis=1)
        speed = np.sqrt((step * step).sum(-1).max(-1)) * self.fps
        return np.take_along_axis(speed, np.minimum(self.hold, speed.shape[1] - 1), axis=1)

    def rate(self, values: Float, seconds: float) -> Float:
        """Derivative over time (axis 1) a second, smoothed; the ends keep their last difference."""
        step = np.diff(values, axis=1, append=values[:, -1:]) * self.fps
        rows = np.arange(len(values))[:, None]
        before = np.maximum(self.hold - 1, 0)
        central = 0.5 * (step[rows, self.hold] + step[rows, before])
        return self.smooth(central, seconds)


def _group(clips: Sequence[NDArray[np.floating]], skeleton: Skeleton) -> list[Body]:
    batch = _Batch(clips, skeleton)
    signals = {**_whole_body(batch), **_arms(batch), **_legs(batch)}
    drift = _bone_drift(batch)
    names = [field.name for field in fields(Body) if field.name in signals]
    limbs = {
        "wrist",
        "elbow",
        "wrist_height",
        "hand_speed",
        "hand_place",
        "foot",
        "foot_height",
        "foot_speed",
    }
    limbs |= {"ankle", "ankle_rise", "toe_rise", "knee_height", "knee_bend"}
    result = []
    for row, length in enumerate(batch.lengths):
        cut = {n: signals[n][:, row, :length] if n in limbs else signals[n][row, :length] for n in names}
        leg = float(batch.leg[row] * skeleton.metres_per_unit)
        result.append(Body(int(length), skeleton.fps, leg, drift=float(drift[row]), **cut))
    return result


def _across(batch: _Batch) -> Float:
    """Unit vector to the body's left on the floor, (N, T, 2) as (x, z)."""
    right_hip, left_hip, right_shoulder, left_shoulder = batch.skeleton.face_joints
    joints = batch.joints
    across = joints[:, :, left_hip, ::2] - joints[:, :, right_hip, ::2]
    across = across + (joints[:, :, left_shoulder, ::2] - joints[:, :, right_shoulder, ::2])
    across = batch.smooth(across, LIMITS.heading_smoothing)
    return across / np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-9)


def _in_body(vectors: Float, across: Float) -> tuple[Float, Float, Float]:
    """Left, up and forward components of world vectors (N, T, 3)."""
    ax, az = across[..., 0], across[..., 1]
    x, z = vectors[..., 0], vectors[..., 2]
    # forward = (-az, ax): the left hand of a figure that faces Z+ is at X+.
    return ax * x + az * z, vectors[..., 1], ax * z - az * x


def _heading(vectors: Float) -> Float:
    """Degrees (N, T) by which vectors (N, T, 2) on the floor have turned to the left since the start."""
    x, z = vectors[..., 0], vectors[..., 1]
    # Counter-clockwise seen from above turns X+ towards Z-.
    sin = z[:, :-1] * x[:, 1:] - x[:, :-1] * z[:, 1:]
    cos = x[:, :-1] * x[:, 1:] + z[:, :-1] * z[:, 1:]
    heading = np.zeros(x.shape)
    np.cumsum(np.degrees(np.arctan2(sin, cos)), axis=1, out=heading[:, 1:])
    return heading


def _whole_body(batch: _Batch) -> dict[str, Float]:
    s = batch.skeleton
    joints = batch.joints
    across = _across(batch)
    root = joints[:, :, s.joint("pelvis")]
    speed = batch.rate(root[..., ::2], LIMITS.travel_smoothing)
    left, _, forward = _in_body(np.stack([speed[..., 0], 0 * speed[..., 0], speed[..., 1]], -1), across)
    heading = _heading(across)
    toes = joints[:, :, s.left_leg[3]] - joints[:, :, s.left_leg[2]]
    toes = toes + (joints[:, :, s.right_leg[3]] - joints[:, :, s.right_leg[2]])
    feet = batch.smooth(toes[..., ::2], LIMITS.heading_smoothing)
    torso = batch.smooth(joints[:, :, s.joint("neck")] - root, LIMITS.heading_smoothing)
    lean_left, up, lean_forward = _in_body(torso, across)
    hips = 0.5 * (joints[:, :, s.left_leg[0], 1] + joints[:, :, s.right_leg[0], 1])
    middle = 0.5 * (joints[:, :, s.left_leg[2]] + joints[:, :, s.right_leg[2]])
    _, _, seat = _in_body(middle - root, across)
    jerk = np.zeros(joints.shape[:2])
    jerk[:, :-3] = _pair_mean(np.linalg.norm(np.diff(joints, n=3, axis=1), axis=-1), s)
    # The last frames of a clip repeat what was last measured without the padding.
    jerk = np.take_along_axis(jerk, np.minimum(batch.hold, batch.lengths[:, None] - 4), axis=1)
    in_metres = batch.leg[:, None] * s.metres_per_unit * batch.fps**3
    return {
        "position": batch.smooth(root[..., ::2], LIMITS.heading_smoothing),
        "left_axis": across,
        "velocity": np.stack([left, forward], -1),
        "heading": heading,
        "feet_heading": _heading(feet),
        "turning": batch.rate(heading, LIMITS.turn_smoothing),
        "pelvis": hips - batch.ankle_floor[:, None],
        "seat": seat,
        "pitch": np.degrees(np.arctan2(lean_forward, up)),
        "roll": np.degrees(np.arctan2(lean_left, up)),
        "pace": batch.fastest(),
        "jitter": jerk * in_metres,
    }


def _pair_mean(values: Float, skeleton: Skeleton) -> Float:
    """Mean over joints (last axis), summed pairwise so that a mirrored body gives the same bits."""
    paired = 0.5 * (values + values[..., skeleton.mirror_permutation])
    mirrored = [left for left, _ in skeleton.left_right]
    middle = [j for j in range(skeleton.joint_count) if skeleton.mirror_permutation[j] == j]
    total = 2 * paired[..., mirrored].sum(axis=-1) + values[..., middle].sum(axis=-1)
    return total / skeleton.joint_count


def _sides(batch: _Batch, limb: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    s = batch.skeleton
    both = (s.left_arm, s.right_arm) if limb == "arm" else (s.left_leg, s.right_leg)
    return ((both[0], 1), (both[1], -1))


def _arms(batch: _Batch) -> dict[str, Float]:
    across = _across(batch)
    joints = batch.smooth(batch.joints, LIMITS.limb_smoothing)
    wrists: list[Float] = []
    elbows: list[Float] = []
    speeds, heights, beyond = [], [], []
    middle = joints[:, :, batch.skeleton.joint("neck")]
    hanging = _hanging(batch)
    for (shoulder, elbow, wrist), sign in _sides(batch, "arm"):
        for target, out in ((wrist, wrists), (elbow, elbows)):
            left, up, forward = _in_body(joints[:, :, target] - joints[:, :, shoulder], across)
            out.append(np.stack([sign * left, up, forward], -1) / batch.arm[..., None])
        speeds.append(np.linalg.norm(batch.rate(wrists[-1], LIMITS.fast_smoothing), axis=-1))
        heights.append(joints[:, :, wrist, 1] / hanging[:, None])
        left, _, _ = _in_body(joints[:, :, wrist] - middle, across)
        beyond.append(-sign * left / batch.arm)
    places = [joints[:, :, arm[2], ::2] - joints[:, :, 0, ::2] for arm, _ in _sides(batch, "arm")]
    left_wrist, right_wrist = batch.skeleton.left_arm[2], batch.skeleton.right_arm[2]
    gap = np.linalg.norm(joints[:, :, left_wrist] - joints[:, :, right_wrist], axis=-1) / batch.arm
    return {
        "wrist": np.stack(wrists),
        "elbow": np.stack(elbows),
        "wrist_height": np.stack(heights),
        "hand_speed": np.stack(speeds),
        "hand_place": np.stack(places),
        "hand_gap": gap,
        "crossing": np.minimum(beyond[0], beyond[1]),
    }


def _hanging(batch: _Batch) -> Float:
    """Height (N,) of the hands when the body stands and its arms hang, in leg lengths."""
    s, joints = batch.skeleton, batch.joints
    shoulders = joints[:, :, s.left_arm[0]] + joints[:, :, s.right_arm[0]]
    hips = joints[:, :, s.left_leg[0]] + joints[:, :, s.right_leg[0]]
    trunk = batch.middle(np.linalg.norm(0.5 * (shoulders - hips), axis=-1))
    return np.maximum(1.0 + batch.ankle_floor + trunk - batch.arm[:, 0], 0.1)


def _legs(batch: _Batch) -> dict[str, Float]:
    across = _across(batch)
    joints = batch.joints
    parts: dict[str, list[Float]] = {}
    for (hip, knee, ankle, toe), sign in _sides(batch, "leg"):
        left, up, forward = _in_body(joints[:, :, ankle] - joints[:, :, hip], across)
        rise = joints[:, :, ankle, 1] - batch.ankle_floor[:, None]
        speeds = [
            np.linalg.norm(batch.rate(joints[:, :, part, ::2], LIMITS.limb_smoothing), axis=-1)
            for part in (ankle, toe)
        ]
        values = {
            "foot": np.stack([sign * left, up, forward], -1),
            "foot_height": np.minimum(rise, joints[:, :, toe, 1]),
            "foot_speed": np.minimum(speeds[0], speeds[1]),
            "ankle": joints[:, :, ankle, ::2],
            "ankle_rise": rise,
            "toe_rise": joints[:, :, toe, 1],
            "knee_height": joints[:, :, knee, 1],
            "knee_bend": _bend(
                joints[:, :, knee] - joints[:, :, hip], joints[:, :, ankle] - joints[:, :, knee]
            ),
        }
        for name, value in values.items():
            parts.setdefault(name, []).append(value)
    return {name: np.stack(pair) for name, pair in parts.items()}


def _bend(upper: Float, lower: Float) -> Float:
    dot = (upper * lower).sum(-1)
    length = np.linalg.norm(upper, axis=-1) * np.linalg.norm(lower, axis=-1)
    return np.degrees(np.arccos(np.clip(dot / np.maximum(length, 1e-9), -1, 1)))


def _bone_drift(batch: _Batch) -> Float:
    s = batch.skeleton
    parents = np.asarray(s.parents[1:])
    lengths = np.linalg.norm(batch.joints[:, :, 1:] - batch.joints[:, :, parents], axis=-1)
    result = np.empty(len(lengths))
    for row, count in enumerate(batch.lengths):
        own = lengths[row, :count]
        typical = np.maximum(np.partition(own, count // 2, axis=0)[count // 2], 1e-6)
        result[row] = np.abs(own / typical - 1).max()
    return result
