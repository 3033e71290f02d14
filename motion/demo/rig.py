"""The demo figure: from pose channels (angles, foot places, pelvis) to joint positions, all frames at once.

Metres, degrees, Y up; the body faces Z+ at yaw 0 and has its left at X+. A positive yaw, twist or look
turns to the left, a positive tilt or bend leans forward, a positive lean leans to the left.
Left and right bones get the mean of their lengths, so that a mirrored clip has the bones of the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from motion.skeleton import Skeleton

Array = NDArray[np.float64]
SIDES = ("left", "right")
SIGN = {"left": 1.0, "right": -1.0}

TOES_AHEAD = 0.07  # metres that the toes stand in front of the pelvis
_ANKLE_HEIGHT = 0.08
_STANDING_LEG = 0.985  # share of the straight leg that a standing figure uses
_CLEARANCE = 0.07
_LONGEST_LEG = 0.998
_SOFTNESS = 0.006  # metres, of the limit that keeps the pelvis in reach of the feet
KNEE_AT_FLOOR = 0.06  # metres: a joint lies inside the knee that rests on the floor
WRIST_AT_FLOOR = 0.06  # metres, of a hand that lies flat on the floor

# Rest directions from the parent in the order (towards the side, up, forward), and the share of the
# chest's turn that the bone takes; a share of None turns with the pelvis.
_REST: dict[str, dict[str, tuple[tuple[float, float, float], float | None]]] = {
    "t2m": {
        "hip": ((0.57, -0.82, -0.08), None),
        "spine1": ((0.0, 0.97, -0.24), 0.2),
        "spine2": ((0.0, 0.97, 0.24), 0.5),
        "spine3": ((0.0, 0.95, 0.3), 0.8),
        "neck": ((0.0, 1.0, -0.03), 1.0),
        "collar": ((0.55, 0.83, -0.05), 1.0),
    },
    "kit": {
        "hip": ((1.0, 0.0, 0.0), None),
        "spine1": ((0.0, 1.0, 0.07), 0.25),
        "spine2": ((0.0, 1.0, -0.07), 0.75),
        "neck": ((0.0, 0.98, 0.2), 1.0),
    },
}
_HEAD = {"t2m": (0.0, 0.83, 0.55), "kit": (0.0, 0.82, 0.57)}
_SHOULDER = {"t2m": (0.98, 0.16, -0.08), "kit": (1.0, 0.0, 0.0)}
_SHRUG = {"t2m": 35.0, "kit": 20.0}  # degrees that a shoulder rises with an arm straight up


@dataclass(frozen=True)
class Feet:
    """Where one foot is: toes (T, 3) in metres, yaw and heel pitch (T,) in degrees."""

    toes: Array
    yaw: Array
    heel: Array


@dataclass(frozen=True)
class Body:
    """A skeleton in metres with left and right alike."""

    skeleton: Skeleton
    lengths: Array  # (J,)

    @property
    def upper_leg(self) -> float:
        """Hip to knee."""
        return float(self.lengths[self.skeleton.left_leg[1]])

    @property
    def lower_leg(self) -> float:
        """Knee to ankle."""
        return float(self.lengths[self.skeleton.left_leg[2]])

    @property
    def leg(self) -> float:
        """Hip to ankle, straight."""
        return self.upper_leg + self.lower_leg

    @property
    def arm(self) -> tuple[float, float]:
        """Upper arm and forearm."""
        _, elbow, wrist = self.skeleton.left_arm
        return float(self.lengths[elbow]), float(self.lengths[wrist])

    def rest(self, joint: int) -> Array:
        """Offset of a joint of the torso from its parent at rest, (3,)."""
        side, plain = _plain(self.skeleton.joints[joint])
        direction = {"head": _HEAD, "shoulder": _SHOULDER}.get(plain, {}).get(self.skeleton.name)
        vector = np.array(direction or _REST[self.skeleton.name][plain][0])
        vector[0] *= SIGN.get(side, 1.0)
        return vector / np.linalg.norm(vector) * self.lengths[joint]

    def foot_chain(self, side: str) -> list[tuple[int, Array]]:
        """Joints below the ankle with their offsets from the one before, toes last, foot flat."""
        names = ("instep", "foot") if self.skeleton.name == "kit" else ("foot",)
        drop = _ANKLE_HEIGHT / len(names)
        chain = []
        for name in names:
            joint = self.skeleton.joint(f"{side}_{name}")
            length = self.lengths[joint]
            fall = min(drop, 0.85 * length)
            chain.append((joint, np.array([0.0, -fall, np.sqrt(length**2 - fall**2)])))
        return chain

    @property
    def standing_height(self) -> float:
        """Pelvis over the floor with the legs all but straight."""
        ankle = -sum(offset[1] for _, offset in self.foot_chain("left"))
        return float(_STANDING_LEG * self.leg + ankle - self.rest(self.skeleton.left_leg[0])[1])


@lru_cache(maxsize=4)
def body_of(skeleton: Skeleton) -> Body:
    """The skeleton as a figure in metres."""
    lengths = np.asarray(skeleton.bone_lengths, np.float64) * skeleton.metres_per_unit
    return Body(skeleton, (lengths + lengths[skeleton.mirror_permutation]) / 2)


def rotation(axis: int, degrees: Array) -> Array:
    """Rotation matrices (T, 3, 3) about X, Y or Z (0, 1, 2)."""
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.zeros((len(angle), 3, 3))
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix[:, axis, axis] = 1
    matrix[:, first, first] = matrix[:, second, second] = cos
    matrix[:, second, first], matrix[:, first, second] = sin, -sin
    return matrix


def pose(
    body: Body,
    channels: Mapping[str, Array],
    feet: Mapping[str, Feet],
    hands: Mapping[str, Array] | None = None,
) -> Array:
    """Joint positions (T, J, 3) in metres; `hands` are places (T, 3) for wrists whose `palm` is on."""
    skeleton = body.skeleton
    joints = np.zeros((len(channels["x"]), skeleton.joint_count, 3))
    pelvis = turned(channels, 0.0, pelvis=True)
    joints[:, 0, 0], joints[:, 0, 2] = channels["x"], channels["z"]
    hips = {side: pelvis @ body.rest(skeleton.joint(f"{side}_hip")) for side in SIDES}
    ankles = {side: _planted_ankle(body, side, feet[side]) for side in SIDES}
    joints[:, 0, 1] = _pelvis_height(body, channels, joints[:, 0], hips, ankles, feet)
    _place_torso(body, channels, pelvis, joints)
    chest = turned(channels, 1.0)
    for side in SIDES:
        _place_arm(body, channels, side, chest, joints)
        if hands is not None:
            _support(body, channels, side, hands[side], joints)
        _place_leg(body, channels, side, feet[side], ankles[side], joints)
    return joints


def _plain(name: str) -> tuple[str, str]:
    side, _, rest = name.partition("_")
    return (side, rest) if rest else ("", name)


def turned(channels: Mapping[str, Array], share: float, pelvis: bool = False) -> Array:
    """Orientation (T, 3, 3) of the trunk between pelvis (share 0) and chest (share 1)."""
    yaw = channels["yaw"] + (channels["hip_twist"] if pelvis else share * channels["twist"])
    pitch = channels["tilt"] + share * channels["bend"]
    roll = channels["roll"] if pelvis else share * channels["lean"]
    return rotation(1, yaw) @ rotation(0, pitch) @ rotation(2, -roll)


def _planted_ankle(body: Body, side: str, foot: Feet) -> Array:
    flat = sum((offset for _, offset in body.foot_chain(side)), np.zeros(3))
    return foot.toes - rotation(1, foot.yaw) @ rotation(0, foot.heel) @ flat


def _pelvis_height(
    body: Body,
    channels: Mapping[str, Array],
    root: Array,
    hips: Mapping[str, Array],
    ankles: Mapping[str, Array],
    feet: Mapping[str, Feet],
) -> Array:
    """The wished height, softly limited to where both standing legs reach their feet.

    Legs whose shins lie on the floor (`shin` 1) carry the pelvis on their upright thighs instead.
    """
    limits = [body.standing_height + channels["rise"]]
    for side in SIDES:
        away = ankles[side] - root - hips[side]
        flat = np.hypot(away[:, 0], away[:, 2])
        reach = _LONGEST_LEG * body.leg
        up = np.sqrt(np.maximum(reach**2 - flat**2, 1e-4))
        free = channels[f"{side}_lift"]  # a leg that moves freely limits nothing
        limits.append(ankles[side][:, 1] - hips[side][:, 1] + up + 2.0 * free)
    standing = -_softest(-np.stack(limits))
    shins = np.maximum(channels["left_shin"], channels["right_shin"])
    if not shins.any():
        return standing
    kneeling = _softest(
        np.stack([_over_knee(body, side, channels, root, hips, ankles, feet) for side in SIDES])
    )
    return standing + shins * (kneeling - standing)


def _over_knee(
    body: Body,
    side: str,
    channels: Mapping[str, Array],
    root: Array,
    hips: Mapping[str, Array],
    ankles: Mapping[str, Array],
    feet: Mapping[str, Feet],
) -> Array:
    """Height (T,) of a pelvis whose thigh stands on the knee in front of a shin on the floor."""
    ankle, yaw = ankles[side], np.deg2rad(feet[side].yaw)
    fall = ankle[:, 1] - KNEE_AT_FLOOR
    shin = np.sqrt(np.maximum(body.lower_leg**2 - fall**2, 0.0))
    away_x = ankle[:, 0] + shin * np.sin(yaw) - root[:, 0] - hips[side][:, 0]
    away_z = ankle[:, 2] + shin * np.cos(yaw) - root[:, 2] - hips[side][:, 2]
    thigh = np.sqrt(np.maximum(body.upper_leg**2 - away_x**2 - away_z**2, 1e-4))
    shins = np.maximum(channels["left_shin"], channels["right_shin"])
    out_of_use = 2.0 * (shins - channels[f"{side}_shin"])
    return KNEE_AT_FLOOR - hips[side][:, 1] + thigh - out_of_use


def _softest(stacked: Array) -> Array:
    """The greatest of each column of (N, T), rounded off where two come near to each other."""
    highest = stacked.max(axis=0)
    return highest + _SOFTNESS * np.log(np.exp((stacked - highest) / _SOFTNESS).sum(axis=0))


def _place_torso(body: Body, channels: Mapping[str, Array], pelvis: Array, joints: Array) -> None:
    skeleton = body.skeleton
    for joint, name in enumerate(skeleton.joints):
        _, plain = _plain(name)
        if plain not in _REST[skeleton.name]:
            continue
        share = _REST[skeleton.name][plain][1]
        frame = pelvis if share is None else turned(channels, share)
        joints[:, joint] = joints[:, skeleton.parents[joint]] + frame @ body.rest(joint)
    head = skeleton.joint("head")
    frame = turned(channels, 1.0) @ rotation(1, channels["look"]) @ rotation(0, channels["nod"])
    joints[:, head] = joints[:, skeleton.parents[head]] + frame @ body.rest(head)


def _place_arm(body: Body, channels: Mapping[str, Array], side: str, chest: Array, joints: Array) -> None:
    shoulder, elbow, wrist = getattr(body.skeleton, f"{side}_arm")
    sign = SIGN[side]
    upper = (
        rotation(1, sign * channels[f"{side}_across"] * -1)
        @ rotation(2, sign * channels[f"{side}_out"])
        @ rotation(0, -channels[f"{side}_flex"])
        @ rotation(1, sign * channels[f"{side}_spin"])
    )
    down = np.array([0.0, -1.0, 0.0])
    # The shoulder blade follows an arm that rises.
    raised = np.square((1 + (upper @ down)[:, 1]) / 2)
    shrug = rotation(2, sign * _SHRUG[body.skeleton.name] * raised)
    parent = body.skeleton.parents[shoulder]
    joints[:, shoulder] = joints[:, parent] + (chest @ shrug) @ body.rest(shoulder)
    upper = chest @ upper
    joints[:, elbow] = joints[:, shoulder] + upper @ (down * body.lengths[elbow])
    fore = upper @ rotation(0, -channels[f"{side}_elbow"])
    joints[:, wrist] = joints[:, elbow] + fore @ (down * body.lengths[wrist])


def _support(body: Body, channels: Mapping[str, Array], side: str, hand: Array, joints: Array) -> None:
    """Bring the wrist to where the hand is planted, as far as `palm` says; the elbow keeps its side."""
    palm = channels[f"{side}_palm"]
    if not palm.any():
        return
    shoulder, elbow, wrist = getattr(body.skeleton, f"{side}_arm")
    first, second = body.arm
    base = joints[:, shoulder]
    way = joints[:, wrist] + palm[:, None] * (hand - joints[:, wrist]) - base
    distance = np.linalg.norm(way, axis=1, keepdims=True)
    unit = way / np.maximum(distance, 1e-6)
    distance = np.clip(distance, abs(first - second) + 0.02, 0.9995 * (first + second))
    hint = joints[:, elbow] - base
    hint = hint - unit * np.sum(hint * unit, axis=1, keepdims=True)
    hint /= np.maximum(np.linalg.norm(hint, axis=1, keepdims=True), 1e-6)
    along = (first**2 - second**2 + distance**2) / (2 * distance)
    reached = base + along * unit + np.sqrt(np.maximum(first**2 - along**2, 0)) * hint
    used = palm > 0
    joints[used, elbow] = reached[used]
    joints[used, wrist] = (base + distance * unit)[used]


def _place_leg(
    body: Body, channels: Mapping[str, Array], side: str, foot: Feet, planted: Array, joints: Array
) -> None:
    """A leg that stands is solved from its foot, one that is lifted (`lift` 1) from its angles."""
    hip, knee, ankle, *_ = getattr(body.skeleton, f"{side}_leg")
    thigh, bent = channels[f"{side}_thigh"], channels[f"{side}_knee"]
    lift = channels[f"{side}_lift"]
    frame = rotation(1, channels["yaw"]) @ rotation(2, SIGN[side] * channels[f"{side}_spread"])
    leg = frame @ rotation(0, -thigh)
    down = np.array([0.0, -1.0, 0.0])
    free = joints[:, hip] + leg @ (down * body.upper_leg)
    free += leg @ rotation(0, bent) @ (down * body.lower_leg)
    target = planted + lift[:, None] * (free - planted)
    target[:, 1] += _CLEARANCE * 4 * lift * (1 - lift)  # a foot goes up before it goes aside

    outward = np.array([1.0, 0.0, 0.0])
    # Squared: the toes turn down only once the ankle is up.
    pitch = (1 - lift) * foot.heel + lift**2 * (bent - thigh + channels[f"{side}_point"])
    turn = rotation(1, foot.yaw) @ rotation(0, pitch)
    below = body.foot_chain(side)
    toes = target[:, 1] + sum((turn @ offset)[:, 1] for _, offset in below)
    target[:, 1] += np.maximum(-toes, 0)  # nothing goes through the floor

    across = rotation(1, (channels["yaw"] + 3 * foot.yaw) / 4) @ outward
    across = across + lift[:, None] * (frame @ outward - across)
    joints[:, knee], joints[:, ankle] = _two_bones(body, joints[:, hip], target, across)

    before = ankle
    for joint, offset in below:
        joints[:, joint] = joints[:, before] + turn @ offset
        before = joint


def _two_bones(body: Body, hip: Array, target: Array, across: Array) -> tuple[Array, Array]:
    """Knee and ankle of a leg from hip to target; the knee bends forward, square to `across`."""
    first, second = body.upper_leg, body.lower_leg
    way = target - hip
    distance = np.linalg.norm(way, axis=1, keepdims=True)
    unit = way / np.maximum(distance, 1e-6)
    distance = np.clip(distance, abs(first - second) + 0.02, 0.9995 * (first + second))
    ahead = np.cross(unit, across)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-6)
    along = (first**2 - second**2 + distance**2) / (2 * distance)
    knee = hip + along * unit + np.sqrt(np.maximum(first**2 - along**2, 0)) * ahead
    return knee, hip + distance * unit
