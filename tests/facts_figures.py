"""Figures made by hand for tests of the measured facts: no possible human, but known in every respect."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from motion.facts import Facts, measure
from motion.seeds import generator
from motion.skeleton import Skeleton

Float = NDArray[np.float64]


def rest_pose(body: Skeleton, **other: tuple[float, float, float]) -> Float:
    """A figure that stands and faces Z+, arms hanging, in the skeleton's unit; `other` are directions of
    bones (to its own side, up, forward) by the part that they lead to, "trunk" for the spine."""
    ways = {"hip": (1, -0.4, 0), "knee": (0, -1, 0.02), "ankle": (0, -1, -0.02), "instep": (0, -1, 1)}
    ways |= {"foot": (0, -0.3, 1), "collar": (1, 0.6, 0), "shoulder": (1, 0, 0)}
    ways |= {"elbow": (0.1, -1, 0), "wrist": (0.05, -1, 0.1)}
    ways |= other
    pose = np.zeros((body.joint_count, 3))
    for chain in body.chains:
        for parent, child in pairwise(chain):
            side, _, part = body.joints[child].partition("_")
            way = np.array(ways.get(part, ways.get("trunk", (0, 1, 0))), float)
            way[0] *= -1 if side == "right" else 1
            pose[child] = pose[parent] + body.bone_lengths[child] * way / np.linalg.norm(way)
    pose[:, 1] -= pose[:, 1].min()
    return pose


# Directions of bones of figures that do not stand.
_FLAT = {"hip": (1, 0, -0.3), "knee": (0.1, -0.02, -1), "ankle": (0.1, 0.02, -1), "trunk": (0, 0.05, 1)}
POSES: dict[str, dict[str, tuple[float, float, float]]] = {
    "standing": {},
    "crawling": {
        "knee": (0, -1, 0.05),
        "ankle": (0, -0.12, -1),
        "instep": (0, -0.5, -1),
        "foot": (0, -0.5, -1),
        "trunk": (0, 0.15, 1),
        "elbow": (0.15, -1, 0.1),
        "wrist": (0, -1, 0.1),
    },
    "kneeling": {
        "knee": (0, -1, 0.1),
        "ankle": (0, -0.1, -1),
        "instep": (0, -0.4, -1),
        "foot": (0, -0.4, -1),
    },
    "prone": _FLAT | {"elbow": (1, 0, 0.3), "wrist": (-0.3, -0.1, 1), "foot": (0, -0.3, -1)},
    "supine": {
        **{part: (x, y, -z) for part, (x, y, z) in _FLAT.items()},
        "elbow": (0.3, -0.02, 1),
        "wrist": (0.1, -0.02, 1),
        "foot": (0, 1, 0.3),
    },
    "holding": {"elbow": (0.6, 0.5, 0.3), "wrist": (0.1, 1, 0.1)},
    "akimbo": {"elbow": (0.75, -0.6, -0.3), "wrist": (-0.8, -0.45, 0.35)},
    "folded": {"trunk": (0, -0.6, 1), "elbow": (0, -1, 0.2), "wrist": (0, -1, 0)},
}


def still(body: Skeleton, frames: int = 60, pose: str = "standing") -> Float:
    return np.repeat(rest_pose(body, **POSES[pose])[None], frames, axis=0)


def dance(
    body: Skeleton, seed: int, frames: int = 70, pose: str = "standing", size: float = 0.08
) -> NDArray[np.float32]:
    """Smooth random movement of all joints: no possible human, but every detector has work."""
    rng = generator("dance", body.name, seed)
    time = np.arange(frames)[:, None, None] / body.fps
    waves = np.zeros((frames, body.joint_count, 3))
    for tempo in (0.3, 0.9, 2.0):
        phase = rng.uniform(0, 2 * np.pi, (1, body.joint_count, 3))
        waves += rng.normal(0, size, (1, body.joint_count, 3)) * np.sin(2 * np.pi * tempo * time + phase)
    moved = rest_pose(body, **POSES[pose])[None] + waves * body.leg_length
    angle = rng.uniform(-1, 1) * time[:, 0, 0]
    moved = turned(moved, angle)
    moved[..., ::2] += rng.normal(0, 0.8, (1, 1, 2)) * time * body.leg_length
    return moved.astype(np.float32)


def turned(joints: Float, angle: Float) -> Float:
    """Joints turned to their left by angles in radians."""
    sin, cos = np.sin(angle)[..., None], np.cos(angle)[..., None]
    x, z = joints[..., 0].copy(), joints[..., 2].copy()
    result = joints.copy()
    result[..., 0], result[..., 2] = cos * x + sin * z, cos * z - sin * x
    return result


def with_arm(joints: Float, body: Skeleton, side: str, upper: Float, lower: Float) -> Float:
    """Joints with an arm set to directions (T, 3) of its upper and lower part."""
    shoulder, elbow, wrist = body.left_arm if side == "left" else body.right_arm
    result = joints.copy()
    result[:, elbow] = result[:, shoulder] + body.bone_lengths[elbow] * unit(upper)
    result[:, wrist] = result[:, elbow] + body.bone_lengths[wrist] * unit(lower)
    return result


def unit(vectors: Float) -> Float:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def ease(frames: int, *marks: tuple[float, float]) -> Float:
    """A smooth course through (share of the time, value) marks."""
    time = np.linspace(0, 1, frames)
    shares, values = zip(*marks, strict=True)
    linear = np.interp(time, shares, values)
    kernel = np.hanning(9) / np.hanning(9).sum()
    padded = np.pad(linear, 4, mode="edge")
    return np.convolve(padded, kernel, mode="valid")


def raising(body: Skeleton, side: str, waves: int = 0, frames: int = 100) -> Float:
    """Raises a straight arm at the front, waves so many times, lowers it."""
    sign = 1 if side == "left" else -1
    lift = np.pi * ease(frames, (0, 0.03), (0.15, 0.03), (0.3, 0.95), (0.75, 0.95), (0.9, 0.03), (1, 0.03))
    upper = np.stack([0.15 * sign * np.ones(frames), -np.cos(lift), np.sin(lift)], -1)
    time = np.linspace(0, 1, frames)
    during = np.clip((time - 0.32) / 0.4, 0, 1)
    sway = 0.6 * np.sin(2 * np.pi * waves * during)
    lower = upper + np.stack([sway, 0 * sway, 0 * sway], -1)
    return with_arm(still(body, frames), body, side, upper, lower)


def actions(found: Facts, *, but: tuple[str, ...] = ("stand",)) -> list[tuple[str, str]]:
    return [(e.action, e.side) for e in found.events if e.action not in but]


def measured(joints: Float, body: Skeleton) -> Facts:
    return measure([joints], body)[0]
