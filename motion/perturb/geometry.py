"""Geometry that the edits share: path, heading and pose; joining clips; legs that reach their feet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from motion.features import facing
from motion.skeleton import Skeleton

Float = NDArray[np.float32]

_BLEND_SECONDS = 0.3
_BLEND_LONGEST = 0.7
_BLEND_SPEED_SECONDS = 0.25
_BLEND_SPEED = 1.4  # metres a second at most while a pose gives way to another
_REACH = 0.998  # of the leg: a leg is never quite straight


@dataclass(frozen=True)
class Local:
    """A clip taken apart: root on the floor (T, 2), heading (T,) in radians (0 is Z+, grows
    towards X+), and joints (T, J, 3) above the root's place, turned to face Z+."""

    place: Float
    yaw: Float
    pose: Float


def split(joints: Float, skeleton: Skeleton) -> Local:
    """Path, heading and pose of joints (T, J, 3)."""
    forward = facing(joints, skeleton)
    yaw = np.unwrap(np.arctan2(forward[..., 0], forward[..., 1])).astype(np.float32)
    place = joints[:, 0, ::2].copy()
    pose = joints.copy()
    pose[..., ::2] -= place[:, None]
    return Local(place, yaw, turned(pose, -yaw))


def unite(local: Local) -> Float:
    """Joints (T, J, 3) of path, heading and pose."""
    joints = turned(local.pose, local.yaw)
    joints[..., ::2] += local.place[:, None]
    return joints


def turned(vectors: Float, angle: Float) -> Float:
    """Vectors (T, ..., 3) turned about the vertical axis by angle (T,): Z+ goes towards X+."""
    shape = (-1,) + (1,) * (vectors.ndim - 2)
    cos, sin = np.cos(angle).reshape(shape), np.sin(angle).reshape(shape)
    result = np.empty_like(vectors)
    result[..., 0] = cos * vectors[..., 0] + sin * vectors[..., 2]
    result[..., 1] = vectors[..., 1]
    result[..., 2] = cos * vectors[..., 2] - sin * vectors[..., 0]
    return result


def joined(first: Float, second: Float, skeleton: Skeleton) -> Float:
    """Two clips one after the other: the second goes on where, in which direction and how fast
    the first stops, and its pose takes over within a third of a second or so."""
    if not len(first) or not len(second):
        return np.concatenate([first, second])
    there, here = facing(first[-1:], skeleton)[0], facing(second[:1], skeleton)[0]
    angle = np.arctan2(there[0], there[1]) - np.arctan2(here[0], here[1])
    aligned = second.copy()
    aligned[..., ::2] -= second[0, 0, ::2]
    aligned = turned(aligned, np.full(len(second), angle, np.float32))
    speed = first[-1] - first[-2] if len(first) > 1 else np.zeros_like(first[-1])
    onward = first[-1] + speed
    aligned[..., ::2] += onward[0, ::2]
    own_speed = aligned[1] - aligned[0] if len(second) > 1 else np.zeros_like(speed)
    aligned += _giving_way(onward - aligned[0], speed - own_speed, len(second), skeleton)
    return np.concatenate([first, aligned])


def _giving_way(gap: Float, speed_gap: Float, frames: int, skeleton: Skeleton) -> Float:
    """Offsets (T, J, 3) that start with this gap in place and speed and go smoothly to nothing."""
    widest = float(np.sqrt(np.square(gap).sum(axis=-1)).max()) * skeleton.metres_per_unit
    duration = min(max(_BLEND_SECONDS, 1.5 * widest / _BLEND_SPEED), _BLEND_LONGEST)
    blend = max(1, min(frames - 1, round(duration * skeleton.fps)))
    s = np.minimum(np.arange(frames, dtype=np.float32) / blend, 1)[:, None, None]
    # Speed gives way sooner: a kick that goes on for long would go far.
    brief = min(blend, max(1, round(_BLEND_SPEED_SECONDS * skeleton.fps)))
    r = np.minimum(np.arange(frames, dtype=np.float32) / brief, 1)[:, None, None]
    fading = gap * (2 * s**3 - 3 * s**2 + 1) + speed_gap * brief * (r**3 - 2 * r**2 + r)
    return fading.astype(np.float32)


def ramp(frames: int, start: int, end: int, edge: int) -> Float:
    """Weights (T,): 1 within [start, end), 0 outside, smooth over `edge` frames on either side.

    An end of the window that is an end of the clip has no slope.
    """
    t = np.arange(frames, dtype=np.float32)
    edge = max(1, edge)
    rise = np.ones(frames, np.float32) if start <= 0 else np.clip((t - start + edge) / edge, 0, 1)
    fall = np.ones(frames, np.float32) if end >= frames else np.clip((end - 1 + edge - t) / edge, 0, 1)
    weight = np.minimum(rise, fall)
    return (weight * weight * (3 - 2 * weight)).astype(np.float32)


def smoothed(values: NDArray[np.floating], frames: float) -> NDArray[np.floating]:
    """Values over time (T, ...) under a Gaussian of so many frames, ends held."""
    result: NDArray[np.floating] = gaussian_filter1d(values, frames, axis=0, mode="nearest")
    return result


def legs(skeleton: Skeleton) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Left and right leg from the hip to the last joint of the foot."""
    found = []
    for hip, *_ in (skeleton.left_leg, skeleton.right_leg):
        chain = next(chain for chain in skeleton.chains if hip in chain)
        found.append(chain[chain.index(hip) :])
    return found[0], found[1]


def ankles(joints: Float, skeleton: Skeleton) -> Float:
    """Left and right ankle, (T, 2, 3)."""
    return joints[:, [skeleton.left_leg[2], skeleton.right_leg[2]]]


def feet_placed(joints: Float, skeleton: Skeleton, lengths: Float, targets: Float) -> Float:
    """Joints (T, J, 3) whose ankles are at `targets` (T, 2, 3): the knees follow, the feet keep
    their direction, and the body sinks where a leg would be too short."""
    result = joints.copy()
    sinks = np.zeros(len(joints), np.float32)
    for number, (hip, knee, ankle, *_) in enumerate(legs(skeleton)):
        reach = _REACH * (lengths[knee] + lengths[ankle])
        flat = np.square(targets[:, number, ::2] - joints[:, hip, ::2]).sum(axis=-1)
        highest = targets[:, number, 1] + np.sqrt(np.maximum(reach * reach - flat, 0))
        # A leg that was straight before is no reason to sink.
        own = np.square(joints[:, ankle, ::2] - joints[:, hip, ::2]).sum(axis=-1)
        before = joints[:, ankle, 1] + np.sqrt(np.maximum(reach * reach - own, 0))
        sinks = np.maximum(sinks, joints[:, hip, 1] - highest - np.maximum(joints[:, hip, 1] - before, 0))
    if sinks.max() > 1e-6:
        widest = max(1, round(0.1 * skeleton.fps))
        result[..., 1] -= smoothed(maximum_filter1d(sinks, 2 * widest + 1), widest)[:, None]
    forward = facing(joints, skeleton)
    for number, leg in enumerate(legs(skeleton)):
        _place(result, joints, leg, lengths, targets[:, number], forward)
    return result


def _place(
    result: Float, before: Float, leg: tuple[int, ...], lengths: Float, target: Float, forward: Float
) -> None:
    """Two-bone inverse kinematics of one leg, written into `result`."""
    hip, knee, ankle, *foot = leg
    thigh, shin = lengths[knee], lengths[ankle]
    way = target - result[:, hip]
    distance = np.sqrt(np.square(way).sum(axis=-1, keepdims=True))
    way /= np.maximum(distance, 1e-9)
    distance = np.clip(distance, abs(thigh - shin) + 1e-3 * thigh, _REACH * (thigh + shin))
    # The knee bends to where it bent before; forward decides for a leg that was straight.
    axis = before[:, ankle] - before[:, hip]
    axis /= np.maximum(np.sqrt(np.square(axis).sum(axis=-1, keepdims=True)), 1e-9)
    bend = before[:, knee] - before[:, hip]
    bend = bend - (bend * axis).sum(axis=-1, keepdims=True) * axis
    bend[:, ::2] += 0.15 * thigh * forward
    bend = smoothed(bend, 1.5)
    bend -= (bend * way).sum(axis=-1, keepdims=True) * way
    bend /= np.maximum(np.sqrt(np.square(bend).sum(axis=-1, keepdims=True)), 1e-9)
    along = (thigh * thigh - shin * shin + distance * distance) / (2 * distance)
    result[:, knee] = result[:, hip] + along * way
    result[:, knee] += np.sqrt(np.maximum(thigh * thigh - along * along, 0)) * bend
    result[:, ankle] = result[:, hip] + distance * way
    for joint in foot:
        result[:, joint] = result[:, ankle] + before[:, joint] - before[:, ankle]
