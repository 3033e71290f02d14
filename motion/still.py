"""The still figure: somebody who stands upright with hanging arms and does nothing.

It is what a completion without a motion counts as.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from motion.features import canonical, features_from_joints
from motion.skeleton import Skeleton


def still_figure(skeleton: Skeleton, frames: int = 0) -> NDArray[np.float32]:
    """Features (frames, F) of the skeleton's rest pose, held; ValueError for fewer than one frame.

    By default as short as clips can be: a length of its own would tell something of the goal.
    """
    frames = frames or skeleton.min_frames
    if frames < 1:
        raise ValueError(f"a still figure has at least one frame, not {frames}")
    pose = np.zeros((skeleton.joint_count, 3), np.float32)
    for chain in skeleton.chains:
        for parent, child in itertools.pairwise(chain):
            pose[child] = pose[parent] + _bone(skeleton, child)
    held = np.repeat(pose[None], frames + 1, axis=0)
    return features_from_joints(canonical(held, skeleton), skeleton)


def _bone(skeleton: Skeleton, joint: int) -> NDArray[np.float32]:
    """Rest offset of a joint in a figure that faces Z+: left is X+, whatever the published axes say."""
    x, y, z = skeleton.offsets[joint]
    side = 1 if skeleton.joints[joint].startswith("left") else -1
    return np.array([abs(x) * side, y, z], np.float32)
