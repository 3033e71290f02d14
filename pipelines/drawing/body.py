"""What a skeleton looks like: limbs as tapered bones, a trunk, a head; left and right told apart."""

from __future__ import annotations

from dataclasses import dataclass

from motion.skeleton import Skeleton

MIDDLE, LEFT, RIGHT = 0, 1, 2
_MODEL_LEG = 0.83  # metres, the leg of the body that the radii below are of

# Radii in metres at a bone's upper and lower end, by the name of its lower joint without its side.
_RADII = {
    "knee": (0.092, 0.064),
    "ankle": (0.062, 0.042),
    "instep": (0.04, 0.038),
    "foot": (0.042, 0.032),
    "elbow": (0.058, 0.046),
    "wrist": (0.046, 0.035),
    "neck": (0.06, 0.052),
    "head": (0.05, 0.05),
}
_TRUNK_RADIUS = 0.085
_HEAD_RADIUS = 0.11
_HAND = (0.042, 0.036)


@dataclass(frozen=True)
class Look:
    """The parts of a drawn body; lengths in metres, joints by their index.

    `bones` are (upper joint, lower joint, upper radius, lower radius, side); `hands` are (elbow, wrist,
    radius at the wrist, radius at the knuckles, side) and go on beyond the wrist; `trunk` is left
    shoulder, right shoulder, right hip, left hip.
    """

    bones: tuple[tuple[int, int, float, float, int], ...]
    hands: tuple[tuple[int, int, float, float, int], ...]
    trunk: tuple[int, int, int, int]
    trunk_radius: float
    head: tuple[int, int]  # neck, head
    head_radius: float
    shadows: tuple[tuple[int, float], ...]  # joint, radius on the floor


def look(skeleton: Skeleton) -> Look:
    """The parts that a skeleton is drawn with, in the size of its body."""
    size = skeleton.leg_length * skeleton.metres_per_unit / _MODEL_LEG
    bones = []
    for child, parent in enumerate(skeleton.parents):
        name = skeleton.joints[child]
        side = LEFT if name.startswith("left_") else RIGHT if name.startswith("right_") else MIDDLE
        radii = _RADII.get(name.removeprefix("left_").removeprefix("right_"))
        if parent >= 0 and radii is not None and name != "head":
            bones.append((parent, child, _mm(radii[0] * size), _mm(radii[1] * size), side))
    hands = tuple(
        (arm[1], arm[2], _mm(_HAND[0] * size), _mm(_HAND[1] * size), side)
        for arm, side in ((skeleton.left_arm, LEFT), (skeleton.right_arm, RIGHT))
    )
    right_hip, left_hip, right_shoulder, left_shoulder = skeleton.face_joints
    feet = [joint for leg in (skeleton.left_leg, skeleton.right_leg) for joint in leg[2:]]
    limbs = [skeleton.left_leg[1], skeleton.right_leg[1], skeleton.left_arm[2], skeleton.right_arm[2]]
    shadows = [(0, 0.24), *((joint, 0.085) for joint in feet), *((joint, 0.08) for joint in limbs)]
    return Look(
        tuple(bones),
        hands,
        (left_shoulder, right_shoulder, right_hip, left_hip),
        _mm(_TRUNK_RADIUS * size),
        (skeleton.joint("neck"), skeleton.joint("head")),
        _mm(_HEAD_RADIUS * size),
        tuple((joint, _mm(radius * size)) for joint, radius in shadows),
    )


def _mm(metres: float) -> float:
    return round(metres, 3)
