"""Motion features from joints and joints from features, as published with HumanML3D (`guo22`).

A feature frame holds, for J joints: root yaw velocity (1, half angle a frame), root velocity in the
heading frame (2: x, z), root height (1), joint positions in the heading frame (3(J-1)), joint
rotations as the first two columns of a matrix (6(J-1)), joint velocities in the heading frame (3J),
foot contacts (4: left ankle, left toes, right ankle, right toes).

Source of the formulas: Guo et al., "Generating Diverse and Natural 3D Human Motions from Text"
(CVPR 2022). Two oddities are frozen into every trained model and are kept here: the inverse
kinematics reads the face joints in the order left hip, right hip, right shoulder, left shoulder
although they are given as right hip, left hip, ..., and the joint rotations are the shortest arcs
from the rest directions, which know no twist. In one respect the formula is mended: as published, the
frame in which a heading passes Z- gets its yaw velocity with the wrong sign, and all that follows is
recovered askew.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motion.skeleton import Skeleton, skeleton_of_features, skeleton_of_joints

Float = NDArray[np.float32]

# Clips are worked on in groups whose temporaries stay in the processor's cache.
_FRAMES_A_GROUP = 800
_SMOOTHING_SIGMA = 20.0  # frames, of the published facing direction


def joints_from_features(features: ArrayLike, skeleton: Skeleton | None = None) -> Float:
    """Joint positions (..., T, J, 3) of features (..., T, F), in the data set's unit, Y up.

    The first frame stands at the origin of the floor and faces Z+. Only the root and position
    blocks are read. ValueError for a feature size that is not the skeleton's.
    """
    array = np.asarray(features, np.float32)
    if array.ndim < 2:
        raise ValueError(f"features need shape (..., frames, size), got {array.shape}")
    body = skeleton or skeleton_of_features(array.shape[-1])
    if array.shape[-1] != body.feature_size:
        raise ValueError(f"{body.name} features have size {body.feature_size}, got {array.shape[-1]}")
    frames = array.shape[-2]
    flat = array.reshape(-1, frames, body.feature_size)
    joints = np.empty((len(flat), frames, body.joint_count, 3), np.float32)
    step = _group_size(frames)
    for start in range(0, len(flat), step):
        _recover(flat[start : start + step], joints[start : start + step])
    return joints.reshape(*array.shape[:-1], body.joint_count, 3)


def _recover(features: Float, joints: Float) -> None:
    count, frames, _ = features.shape
    bones = joints.shape[2] - 1
    half = np.zeros((count, frames), np.float64)
    np.cumsum(features[:, :-1, 0], axis=1, dtype=np.float64, out=half[:, 1:])
    cos = np.cos(2 * half).astype(np.float32)
    sin = np.sin(2 * half).astype(np.float32)
    # Velocity of frame t leads to frame t + 1 and is held in that frame's heading.
    vx, vz = features[:, :-1, 1], features[:, :-1, 2]
    joints[:, 0, 0, ::2] = 0
    np.cumsum(cos[:, 1:] * vx - sin[:, 1:] * vz, axis=1, out=joints[:, 1:, 0, 0])
    np.cumsum(sin[:, 1:] * vx + cos[:, 1:] * vz, axis=1, out=joints[:, 1:, 0, 2])
    joints[:, :, 0, 1] = features[:, :, 3]
    local = features[:, :, 4 : 4 + 3 * bones]
    # Planes, not triples: contiguous planes are what the processor's vector units want.
    planes = np.ascontiguousarray(local.reshape(count, frames, bones, 3).transpose(3, 0, 1, 2))
    x, z = planes[0], planes[2]
    c, s = cos[..., None], sin[..., None]
    joints[:, :, 1:, 0] = c * x - s * z + joints[:, :, :1, 0]
    joints[:, :, 1:, 1] = planes[1]
    joints[:, :, 1:, 2] = s * x + c * z + joints[:, :, :1, 2]


def features_from_joints(joints: ArrayLike, skeleton: Skeleton | None = None) -> Float:
    """Features (..., T-1, F) of joint positions (..., T, J, 3) that stand in `canonical` form.

    One frame is lost to the velocities. ValueError for wrong shapes or fewer than two frames.
    """
    array = np.asarray(joints, np.float32)
    body = skeleton or skeleton_of_joints(array.shape[-2] if array.ndim >= 3 else 0)
    if array.ndim < 3 or array.shape[-2:] != (body.joint_count, 3):
        raise ValueError(f"{body.name} joints need shape (..., T, {body.joint_count}, 3), got {array.shape}")
    frames = array.shape[-3]
    if frames < 2:
        raise ValueError(f"features need at least two frames of joints, got {frames}")
    flat = array.reshape(-1, frames, body.joint_count, 3)
    features = np.empty((len(flat), frames - 1, body.feature_size), np.float32)
    step = _group_size(frames)
    for start in range(0, len(flat), step):
        _extract(flat[start : start + step], body, features[start : start + step])
    return features.reshape(*array.shape[:-3], frames - 1, body.feature_size)


def _extract(joints: Float, body: Skeleton, out: Float) -> None:
    count, frames, joint_count, _ = joints.shape
    bones, last = joint_count - 1, frames - 1
    planes = np.ascontiguousarray(joints.transpose(3, 0, 1, 2))
    cos, sin = _heading(planes, body)  # half angles; frame 0 is the identity
    cos2, sin2 = cos * cos - sin * sin, 2 * cos * sin

    root = planes[:, :, :, 0]
    step_x, step_z = np.diff(root[0], axis=1), np.diff(root[2], axis=1)
    c, s = cos2[:, 1:], sin2[:, 1:]
    turned = sin[:, 1:] * cos[:, :-1] - cos[:, 1:] * sin[:, :-1]
    # A heading that passes Z- changes the sign of its half angle; the turn goes on as it was.
    turned *= np.where(cos[:, 1:] * cos[:, :-1] + sin[:, 1:] * sin[:, :-1] < 0, -1, 1)
    out[:, :, 0] = np.arcsin(np.clip(turned, -1, 1))
    out[:, :, 1] = c * step_x + s * step_z
    out[:, :, 2] = c * step_z - s * step_x
    out[:, :, 3] = root[1, :, :-1]

    c, s = cos2[:, :-1, None], sin2[:, :-1, None]
    x = planes[0, :, :-1, 1:] - root[0, :, :-1, None]
    z = planes[2, :, :-1, 1:] - root[2, :, :-1, None]
    positions = out[:, :, 4 : 4 + 3 * bones].reshape(count, last, bones, 3)
    if positions.base is None:
        positions = np.empty((count, last, bones, 3), np.float32)
    positions[..., 0] = c * x + s * z
    positions[..., 1] = planes[1, :, :-1, 1:]
    positions[..., 2] = c * z - s * x
    out[:, :, 4 : 4 + 3 * bones] = positions.reshape(count, last, -1)

    rotations = _bone_rotations(planes[:, :, :-1], cos[:, :-1], sin[:, :-1], body)
    out[:, :, 4 + 3 * bones : 4 + 9 * bones] = rotations.reshape(count, last, -1)

    moved = np.diff(planes, axis=2)
    velocities = np.empty((count, last, joint_count, 3), np.float32)
    velocities[..., 0] = c * moved[0] + s * moved[2]
    velocities[..., 1] = moved[1]
    velocities[..., 2] = c * moved[2] - s * moved[0]
    out[:, :, 4 + 9 * bones : 4 + 9 * bones + 3 * joint_count] = velocities.reshape(count, last, -1)

    feet = (*body.left_foot, *body.right_foot)
    squared = np.square(moved[:, :, :, feet]).sum(axis=0)
    out[:, :, -4:] = squared < body.contact_threshold


def _heading(planes: Float, body: Skeleton) -> tuple[Float, Float]:
    """Cosine and sine of half the angle that turns each frame's facing to Z+, (N, T) each.

    With the published oddities: hips subtracted the wrong way round, facing smoothed over time,
    the first frame taken as facing Z+ already.
    """
    right_hip, left_hip, right_shoulder, left_shoulder = body.face_joints
    across = planes[::2, :, :, left_hip] - planes[::2, :, :, right_hip]
    across = across + planes[::2, :, :, right_shoulder] - planes[::2, :, :, left_shoulder]
    height = planes[1, :, :, left_hip] - planes[1, :, :, right_hip]
    height = height + planes[1, :, :, right_shoulder] - planes[1, :, :, left_shoulder]
    across = across / _floor(np.sqrt((across * across).sum(axis=0) + height * height))
    # forward = up x across
    forward = np.stack([across[1], -across[0]])
    # Not a matrix product of BLAS: its rounding may depend on batch and threads.
    forward = np.einsum("cnt,ts->cns", forward, _smoothing(planes.shape[2]))
    forward /= _floor(np.sqrt((forward * forward).sum(axis=0)))
    # Shortest arc from (fx, 0, fz) to (0, 0, 1): w = 1 + fz, y = -fx, normalised.
    w, y = 1 + forward[1], -forward[0]
    length = np.sqrt(w * w + y * y)
    opposite = length < 1e-6  # faces Z- exactly: half a turn
    w, y = np.where(opposite, 0, w), np.where(opposite, 1, y)
    length = np.where(opposite, 1, length)
    cos, sin = w / length, y / length
    cos[:, 0], sin[:, 0] = 1, 0
    return cos.astype(np.float32), sin.astype(np.float32)


@lru_cache(maxsize=512)
def _smoothing(frames: int) -> Float:
    """Matrix (T, T) that applies a Gaussian over time with the ends repeated; right-multiply."""
    radius = int(4.0 * _SMOOTHING_SIGMA + 0.5)
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / _SMOOTHING_SIGMA) ** 2)
    taps /= taps.sum()
    matrix = np.zeros((frames, frames))
    columns = np.arange(frames)
    for shift, tap in zip(range(-radius, radius + 1), taps, strict=True):
        np.add.at(matrix, (np.clip(columns + shift, 0, frames - 1), columns), tap)
    return matrix.astype(np.float32)


def _bone_rotations(planes: Float, cos: Float, sin: Float, body: Skeleton) -> Float:
    """First two columns of every bone's rotation relative to its parent bone, (N, T, J-1, 6).

    A bone's global rotation is the shortest arc from its rest direction to its direction; the
    first bone of a chain is relative to the heading.
    """
    _, count, frames, joint_count = planes.shape
    parents = np.asarray(body.parents[1:])
    vectors = planes[:, :, :, 1:] - planes[:, :, :, parents]
    vectors /= _floor(np.sqrt((vectors * vectors).sum(axis=0)))
    columns = np.empty((3, 3, count, frames, joint_count), np.float32)  # [column][row] of a matrix
    c2, s2 = (cos * cos - sin * sin)[..., None], (2 * cos * sin)[..., None]
    columns[..., :1] = 0
    columns[1, 1, ..., :1] = 1
    columns[0, 0, ..., :1], columns[0, 2, ..., :1] = c2, -s2
    columns[2, 0, ..., :1], columns[2, 2, ..., :1] = s2, c2
    for axis, sign, members in _bones_by_direction(body):
        columns[..., members] = _arc(vectors[..., [m - 1 for m in members]], axis, sign)

    parents_columns = columns[..., _bone_before(body)]
    own = columns[..., 1:]
    result = np.empty((count, frames, joint_count - 1, 6), np.float32)
    for column in range(2):
        for row in range(3):
            # Row of the transposed parent matrix times a column of the bone's.
            value = parents_columns[row, 0] * own[column, 0]
            value += parents_columns[row, 1] * own[column, 1]
            value += parents_columns[row, 2] * own[column, 2]
            result[..., 3 * column + row] = value
    return result


def _arc(v: Float, axis: int, sign: int) -> Float:
    """Rotation matrices, as [column][row], of the shortest arcs from sign * unit(axis) to v."""
    a, b, c = axis, (axis + 1) % 3, (axis + 2) % 3
    along, vb, vc = sign * v[a], v[b], v[c]
    # One over 1 + cosine, written so that it stays exact near half a turn; half a turn itself has
    # no shortest arc and turns about the next axis.
    sine2 = vb * vb + vc * vc
    opposite = (along < 0) & (sine2 < 1e-12)
    scale = np.where(along < 0, (1 - along) / _floor(sine2), 1 / np.maximum(1 + along, 1))
    matrix = np.empty((3, 3, *v.shape[1:]), np.float32)
    matrix[a, a], matrix[a, b], matrix[a, c] = along, sign * vb, sign * vc
    matrix[b, a], matrix[c, a] = -sign * vb, -sign * vc
    matrix[b, b] = 1 - vb * vb * scale
    matrix[c, c] = 1 - vc * vc * scale
    matrix[b, c] = matrix[c, b] = -vb * vc * scale
    if opposite.any():
        half_turn = np.zeros((3, 3), np.float32)
        half_turn[a, a] = half_turn[c, c] = -1
        half_turn[b, b] = 1
        matrix[:, :, opposite] = half_turn[:, :, None]
    return matrix


@lru_cache(maxsize=8)
def _bones_by_direction(body: Skeleton) -> list[tuple[int, int, list[int]]]:
    groups: dict[tuple[int, int], list[int]] = {}
    for joint in range(1, body.joint_count):
        direction = body.bone_directions[joint]
        axis = int(np.argmax(np.abs(direction)))
        groups.setdefault((axis, direction[axis]), []).append(joint)
    return [(axis, sign, members) for (axis, sign), members in groups.items()]


@lru_cache(maxsize=8)
def _bone_before(body: Skeleton) -> list[int]:
    """The joint whose rotation each bone's is relative to, from joint 1 on; 0 at a chain's start."""
    before = [0] * body.joint_count
    for chain in body.chains:
        for parent, child in pairwise(chain[1:]):
            before[child] = parent
    return before[1:]


def canonical(joints: ArrayLike, skeleton: Skeleton | None = None) -> Float:
    """Joints (..., T, J, 3) moved so that the lowest point of the clip is on the floor and the
    first frame stands at the origin and faces Z+: the form that features are made from."""
    array = np.array(joints, np.float32)
    body = skeleton or skeleton_of_joints(array.shape[-2])
    floor = array[..., 1].min(axis=(-2, -1), keepdims=True)
    array[..., 1] -= floor
    array[..., ::2] -= array[..., :1, :1, ::2].copy()
    forward = facing(array[..., :1, :, :], body)  # (..., 1, 2)
    sin, cos = -forward[..., 0][..., None], forward[..., 1][..., None]
    x, z = array[..., 0].copy(), array[..., 2].copy()
    array[..., 0] = cos * x + sin * z
    array[..., 2] = cos * z - sin * x
    return array


def facing(joints: ArrayLike, skeleton: Skeleton) -> Float:
    """True facing direction on the floor, (..., T, 2) as unit (x, z), of joints (..., T, J, 3).

    Perpendicular to hips and shoulders, without the published oddity and without smoothing.
    """
    array = np.asarray(joints, np.float32)
    right_hip, left_hip, right_shoulder, left_shoulder = skeleton.face_joints
    across = array[..., right_hip, :] - array[..., left_hip, :]
    across = across + array[..., right_shoulder, :] - array[..., left_shoulder, :]
    forward = np.stack([across[..., 2], -across[..., 0]], axis=-1)
    return (forward / _floor(np.linalg.norm(forward, axis=-1, keepdims=True))).astype(np.float32)


def _group_size(frames: int) -> int:
    return max(1, _FRAMES_A_GROUP // frames)


def _floor(lengths: Float) -> Float:
    """Lengths with the zeros lifted, so that a bone without length has no direction, not NaN."""
    return np.maximum(lengths, np.float32(1e-12))
