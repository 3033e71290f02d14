"""Bone lengths: measuring them, imposing them, and re-targeting a clip to the reference skeleton.

Re-targeting as HumanML3D does it: every bone keeps its direction and takes the reference length,
the root's path and height are scaled by the ratio of the legs.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motion.skeleton import Skeleton

Float = NDArray[np.float32]


def bone_lengths(joints: ArrayLike, skeleton: Skeleton) -> Float:
    """Length of the bone that ends in each joint, (J,), median over all frames of (..., T, J, 3).

    The root has length 0. ValueError for a wrong number of joints.
    """
    array = _checked(joints, skeleton).reshape(-1, skeleton.joint_count, 3)
    lengths = np.zeros(skeleton.joint_count, np.float32)
    vectors = array[:, 1:] - array[:, skeleton.parents[1:]]
    lengths[1:] = np.median(np.sqrt(np.square(vectors).sum(axis=-1)), axis=0)
    return lengths


def impose_lengths(joints: ArrayLike, skeleton: Skeleton, lengths: ArrayLike) -> Float:
    """Joints (..., T, J, 3) whose bones keep their directions and have these lengths (J,).

    The root stays where it is. A bone without length gets the skeleton's rest direction.
    """
    array = _checked(joints, skeleton)
    parents = np.asarray(skeleton.parents)
    vectors = array - array[..., np.maximum(parents, 0), :]
    norms = np.sqrt(np.square(vectors).sum(axis=-1, keepdims=True))
    without = norms[..., 0] < 1e-9
    without[..., 0] = False
    if without.any():
        vectors[without] = np.broadcast_to(skeleton.offsets, vectors.shape)[without]
        norms = np.sqrt(np.square(vectors).sum(axis=-1, keepdims=True))
    vectors *= np.asarray(lengths, np.float32)[:, None] / np.maximum(norms, np.float32(1e-12))
    result = np.empty_like(array)
    result[..., 0, :] = array[..., 0, :]
    for members in _generations(skeleton):
        result[..., members, :] = result[..., parents[members], :] + vectors[..., members, :]
    return result


def retarget(joints: ArrayLike, skeleton: Skeleton) -> Float:
    """Joints (..., T, J, 3) with the reference skeleton's bone lengths, in its unit.

    The root's path is scaled by reference leg over measured leg. ValueError when the clip has
    joints of another layout or legs without length.
    """
    array = _checked(joints, skeleton)
    measured = bone_lengths(array, skeleton)
    legs = [index for leg in (skeleton.left_leg, skeleton.right_leg) for index in leg[1:3]]
    own = float(measured[legs].sum())
    if not own > 1e-6:
        raise ValueError(f"legs of length {own} cannot be re-targeted: knees, hips and ankles coincide")
    reference = np.asarray(skeleton.bone_lengths, np.float32)
    scaled = array * np.float32(float(reference[legs].sum()) / own)
    return impose_lengths(scaled, skeleton, reference)


@lru_cache(maxsize=8)
def _generations(skeleton: Skeleton) -> list[NDArray[np.intp]]:
    """Joints by their distance from the root, without the root: parents come before children."""
    depth = [0] * skeleton.joint_count
    for chain in skeleton.chains:
        for before, joint in pairwise(chain):
            depth[joint] = depth[before] + 1
    return [np.flatnonzero(np.asarray(depth) == level) for level in range(1, max(depth) + 1)]


def _checked(joints: ArrayLike, skeleton: Skeleton) -> Float:
    array = np.asarray(joints, np.float32)
    if array.ndim < 3 or array.shape[-2:] != (skeleton.joint_count, 3):
        raise ValueError(
            f"{skeleton.name} joints need shape (..., T, {skeleton.joint_count}, 3), got {array.shape}"
        )
    return array
