"""Clips side by side: padded to one length, in leg lengths, on their floor, with the derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from motion.facts.spans import median
from motion.facts.thresholds import LIMITS
from motion.skeleton import Skeleton

Float = NDArray[np.float64]
Signals = dict[str, NDArray[Any]]


class Batch:
    """Clips padded to (N, T, J, 3) by repeating the last frame, in leg lengths, the floor at height 0."""

    def __init__(self, clips: Sequence[NDArray[np.floating]], skeleton: Skeleton) -> None:
        self.skeleton = skeleton
        self.fps = skeleton.fps
        self.lengths = np.array([len(clip) for clip in clips])
        longest = int(self.lengths.max())
        time = np.minimum(np.arange(longest), self.lengths[:, None] - 1)
        self.hold = np.minimum(time, self.lengths[:, None] - 2)
        self.own = np.arange(longest) < self.lengths[:, None]  # (N, T) frames that are no padding
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
        self.across = self._across()
        self.hanging = self._hanging()

    def _limb_length(self, joints: Float, limb: Sequence[int]) -> Float:
        """Median length of a limb along its bones, (N,)."""
        total = np.zeros(joints.shape[:2])
        for a, b in pairwise(limb):
            total += length(joints[:, :, a] - joints[:, :, b])
        return self.middle(total)

    def _across(self) -> Float:
        """Unit vector to the body's left on the floor, (N, T, 2) as (x, z)."""
        right_hip, left_hip, right_shoulder, left_shoulder = self.skeleton.face_joints
        joints = self.joints
        across = joints[:, :, left_hip, ::2] - joints[:, :, right_hip, ::2]
        across = across + (joints[:, :, left_shoulder, ::2] - joints[:, :, right_shoulder, ::2])
        across = self.smooth(across, LIMITS.heading_smoothing)
        return across / np.maximum(length(across)[..., None], 1e-9)

    def _hanging(self) -> Float:
        """Height (N,) of the hands when the body stands and its arms hang, in leg lengths."""
        s, joints = self.skeleton, self.joints
        shoulders = joints[:, :, s.left_arm[0]] + joints[:, :, s.right_arm[0]]
        hips = joints[:, :, s.left_leg[0]] + joints[:, :, s.right_leg[0]]
        trunk = self.middle(length(0.5 * (shoulders - hips)))
        return np.maximum(1.0 + self.ankle_floor + trunk - self.arm[:, 0], 0.1)

    def in_body(self, vectors: Float) -> tuple[Float, Float, Float]:
        """Left, up and forward components of world vectors (N, T, 3)."""
        ax, az = self.across[..., 0], self.across[..., 1]
        x, z = vectors[..., 0], vectors[..., 2]
        # forward = (-az, ax): the left hand of a figure that faces Z+ is at X+.
        return ax * x + az * z, vectors[..., 1], ax * z - az * x

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

    def sides(self, limb: str) -> tuple[tuple[tuple[int, ...], int], ...]:
        """Joints of the left and of the right limb ("arm", "leg"), each with the sign of its own side."""
        s = self.skeleton
        both = (s.left_arm, s.right_arm) if limb == "arm" else (s.left_leg, s.right_leg)
        return ((both[0], 1), (both[1], -1))


def length(vectors: Float) -> Float:
    """Lengths of vectors along the last axis; several times as fast as numpy's norm on short ones."""
    total = vectors[..., 0] * vectors[..., 0]
    for axis in range(1, vectors.shape[-1]):
        total = total + vectors[..., axis] * vectors[..., axis]
    return np.sqrt(total)
