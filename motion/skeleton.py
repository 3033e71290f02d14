"""The two published skeletons as data: HumanML3D's 22 joints (`t2m`) and KIT-ML's 21 (`kit`).

Joint order, chains, bone directions, feet and face joints are those of the published features
(Guo et al. 2022). In both skeletons Y is up, a figure that faces Z+ has its left side at X+.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Skeleton:
    """One joint layout with everything that features, measures and drawings need to know of it.

    Lengths are in the data set's own unit; `metres_per_unit` turns them into metres of a person
    of average height.
    """

    name: str
    joints: tuple[str, ...]
    chains: tuple[tuple[int, ...], ...]
    bone_directions: tuple[tuple[int, int, int], ...]
    bone_lengths: tuple[float, ...]
    left_right: tuple[tuple[int, int], ...]
    face_joints: tuple[int, int, int, int]  # right hip, left hip, right shoulder, left shoulder
    right_foot: tuple[int, int]  # ankle, toes
    left_foot: tuple[int, int]
    fps: float
    metres_per_unit: float
    contact_threshold: float  # squared displacement per frame below which a foot is in contact
    min_frames: int
    max_frames: int  # exclusive

    @cached_property
    def parents(self) -> tuple[int, ...]:
        """Parent of each joint, -1 for the root."""
        parents = [-1] * len(self.joints)
        for chain in self.chains:
            for parent, child in pairwise(chain):
                parents[child] = parent
        return tuple(parents)

    @cached_property
    def offsets(self) -> NDArray[np.float32]:
        """Rest offset of each joint from its parent, (J, 3), in the data set's unit."""
        return (
            np.asarray(self.bone_directions, np.float32) * np.asarray(self.bone_lengths, np.float32)[:, None]
        )

    @cached_property
    def mirror_permutation(self) -> NDArray[np.intp]:
        """Index of each joint's twin on the other side of the body, (J,)."""
        order = np.arange(len(self.joints))
        for left, right in self.left_right:
            order[left], order[right] = right, left
        return order

    @property
    def joint_count(self) -> int:
        """Number of joints J."""
        return len(self.joints)

    @property
    def feature_size(self) -> int:
        """Length of one frame's feature vector: 4 + 3(J-1) + 6(J-1) + 3J + 4."""
        return 12 * self.joint_count - 1

    @cached_property
    def leg_length(self) -> float:
        """Hip to ankle along the bones, in the data set's unit: the measure of body size."""
        _, knee, ankle, _ = self.left_leg
        return self.bone_lengths[knee] + self.bone_lengths[ankle]

    def joint(self, name: str) -> int:
        """Index of a joint by name; KeyError names the joints that there are."""
        try:
            return self.joints.index(name)
        except ValueError:
            raise KeyError(f"{self.name} has no joint {name!r}; it has {', '.join(self.joints)}") from None

    @property
    def left_leg(self) -> tuple[int, ...]:
        """Hip, knee, ankle and toes of the left leg."""
        return self._limb("left", "hip", "knee", "ankle", "foot")

    @property
    def right_leg(self) -> tuple[int, ...]:
        """Hip, knee, ankle and toes of the right leg."""
        return self._limb("right", "hip", "knee", "ankle", "foot")

    @property
    def left_arm(self) -> tuple[int, ...]:
        """Shoulder, elbow and wrist of the left arm."""
        return self._limb("left", "shoulder", "elbow", "wrist")

    @property
    def right_arm(self) -> tuple[int, ...]:
        """Shoulder, elbow and wrist of the right arm."""
        return self._limb("right", "shoulder", "elbow", "wrist")

    def _limb(self, side: str, *names: str) -> tuple[int, ...]:
        return tuple(self.joint(f"{side}_{name}") for name in names)


# Bone lengths: every official HumanML3D clip is re-targeted to the same ones; metres.
T2M = Skeleton(
    name="t2m",
    joints=(
        "pelvis",
        "left_hip",
        "right_hip",
        "spine1",
        "left_knee",
        "right_knee",
        "spine2",
        "left_ankle",
        "right_ankle",
        "spine3",
        "left_foot",
        "right_foot",
        "neck",
        "left_collar",
        "right_collar",
        "head",
        "left_shoulder",
        "right_shoulder",
        "left_elbow",
        "right_elbow",
        "left_wrist",
        "right_wrist",
    ),
    chains=(
        (0, 2, 5, 8, 11),
        (0, 1, 4, 7, 10),
        (0, 3, 6, 9, 12, 15),
        (9, 14, 17, 19, 21),
        (9, 13, 16, 18, 20),
    ),
    bone_directions=(
        (0, 0, 0),
        (1, 0, 0),
        (-1, 0, 0),
        (0, 1, 0),
        (0, -1, 0),
        (0, -1, 0),
        (0, 1, 0),
        (0, -1, 0),
        (0, -1, 0),
        (0, 1, 0),
        (0, 0, 1),
        (0, 0, 1),
        (0, 1, 0),
        (1, 0, 0),
        (-1, 0, 0),
        (0, 0, 1),
        (0, -1, 0),
        (0, -1, 0),
        (0, -1, 0),
        (0, -1, 0),
        (0, -1, 0),
        (0, -1, 0),
    ),
    bone_lengths=(
        0.0,
        0.10307,
        0.10988,
        0.13157,
        0.39362,
        0.39019,
        0.14319,
        0.43243,
        0.42564,
        0.05736,
        0.14338,
        0.14942,
        0.21936,
        0.13749,
        0.14338,
        0.10304,
        0.13161,
        0.12298,
        0.25684,
        0.26309,
        0.26601,
        0.26988,
    ),
    left_right=((1, 2), (4, 5), (7, 8), (10, 11), (13, 14), (16, 17), (18, 19), (20, 21)),
    face_joints=(2, 1, 17, 16),
    right_foot=(8, 11),
    left_foot=(7, 10),
    fps=20.0,
    metres_per_unit=1.0,
    contact_threshold=0.002,
    min_frames=40,
    max_frames=200,
)

# No official clip is at hand: the lateral and spine lengths are those of the published feature
# mean, the limbs (bent in a mean) are the body-height fractions that fit it. The unit makes a
# figure about 1000 high; metres_per_unit gives it the leg length of the t2m skeleton.
KIT = Skeleton(
    name="kit",
    joints=(
        "pelvis",
        "spine1",
        "spine2",
        "neck",
        "head",
        "right_shoulder",
        "right_elbow",
        "right_wrist",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
        "right_hip",
        "right_knee",
        "right_ankle",
        "right_instep",
        "right_foot",
        "left_hip",
        "left_knee",
        "left_ankle",
        "left_instep",
        "left_foot",
    ),
    chains=(
        (0, 11, 12, 13, 14, 15),
        (0, 16, 17, 18, 19, 20),
        (0, 1, 2, 3, 4),
        (3, 5, 6, 7),
        (3, 8, 9, 10),
    ),
    bone_directions=(
        (0, 0, 0),
        (0, 1, 0),
        (0, 1, 0),
        (0, 1, 0),
        (0, 1, 0),
        (1, 0, 0),
        (0, -1, 0),
        (0, -1, 0),
        (-1, 0, 0),
        (0, -1, 0),
        (0, -1, 0),
        (1, 0, 0),
        (0, -1, 0),
        (0, -1, 0),
        (0, 0, 1),
        (0, 0, 1),
        (-1, 0, 0),
        (0, -1, 0),
        (0, -1, 0),
        (0, 0, 1),
        (0, 0, 1),
    ),
    bone_lengths=(
        0.0,
        76.6,
        107.4,
        39.7,
        26.5,
        97.4,
        174.0,
        146.0,
        97.4,
        174.0,
        146.0,
        44.9,
        236.0,
        232.0,
        25.4,
        45.8,
        44.9,
        236.0,
        232.0,
        25.4,
        45.8,
    ),
    left_right=((8, 5), (9, 6), (10, 7), (16, 11), (17, 12), (18, 13), (19, 14), (20, 15)),
    face_joints=(11, 16, 5, 8),
    right_foot=(14, 15),
    left_foot=(19, 20),
    fps=12.5,
    metres_per_unit=0.00176,
    contact_threshold=0.05,
    min_frames=24,
    max_frames=200,
)

SKELETONS = {T2M.name: T2M, KIT.name: KIT}


def skeleton(name: str) -> Skeleton:
    """The skeleton of that name; ValueError names the ones that there are."""
    if name not in SKELETONS:
        raise ValueError(f"unknown skeleton {name!r}: choose one of {', '.join(SKELETONS)}")
    return SKELETONS[name]


def skeleton_of_features(size: int) -> Skeleton:
    """The skeleton whose feature vector has this length."""
    for candidate in SKELETONS.values():
        if candidate.feature_size == size:
            return candidate
    known = ", ".join(f"{s.feature_size} ({s.name})" for s in SKELETONS.values())
    raise ValueError(f"no skeleton has features of size {size}: known are {known}")


def skeleton_of_joints(count: int) -> Skeleton:
    """The skeleton with this number of joints."""
    for candidate in SKELETONS.values():
        if candidate.joint_count == count:
            return candidate
    known = ", ".join(f"{s.joint_count} ({s.name})" for s in SKELETONS.values())
    raise ValueError(f"no skeleton has {count} joints: known are {known}")
