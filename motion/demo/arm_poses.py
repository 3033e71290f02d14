"""Arm angles that bring a wrist to a place, and the arm poses that the actions use."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from motion.demo.rig import SIDES, SIGN, Array, Body, turned
from motion.demo.stage import Stage, snapshot

Place = tuple[float, float, float]  # out to the arm's side, up, forward; metres from the shoulder

_DOWN = (0.3, -1.0, -0.2)
_DEEPEST = -0.52  # metres, of a squatting pelvis


def arms(side: str) -> tuple[str, ...]:
    """The sides that a word names."""
    return SIDES if side == "both" else (side,)


def reach_to(body: Body, place: Place, elbow_to: Place = _DOWN) -> dict[str, float]:
    """Angles of an arm whose wrist is at `place` and whose elbow points to `elbow_to`, in the chest's frame.

    A place out of reach is pulled in along its direction.
    """
    first, second = body.arm
    target = np.array(place)
    distance = float(np.clip(np.linalg.norm(target), abs(first - second) + 0.05, 0.995 * (first + second)))
    unit = target / np.linalg.norm(target)
    hint = np.array(elbow_to) - unit * np.dot(elbow_to, unit)
    hint /= np.linalg.norm(hint)
    along = (first**2 - second**2 + distance**2) / (2 * distance)
    upper = (along * unit + np.sqrt(max(first**2 - along**2, 0.0)) * hint) / first
    fore = (distance * unit - first * upper) / second
    flex, out = np.arcsin(np.clip(upper[2], -1, 1)), np.arctan2(upper[0], -upper[1])
    swung = _about_z(out) @ _about_x(-flex)
    bent = swung.T @ (fore - np.dot(fore, upper) * upper)
    return {
        "flex": float(np.rad2deg(flex)),
        "out": float(np.rad2deg(out)),
        "across": 0.0,
        "spin": float(np.rad2deg(np.arctan2(bent[0], bent[2]))),
        "elbow": float(np.rad2deg(np.arccos(np.clip(np.dot(upper, fore), -1, 1)))),
    }


def shoulder_out(body: Body) -> float:
    """Metres from the middle of the body to a shoulder."""
    joint, total = body.skeleton.left_arm[0], 0.0
    while joint > 0 and body.skeleton.joints[joint].startswith("left_"):
        total += body.rest(joint)[0]
        joint = body.skeleton.parents[joint]
    return float(total)


def guard(body: Body) -> dict[str, float]:
    """The fist before the chest."""
    return reach_to(body, (-0.04, -0.13, 0.27))


def carrying(body: Body) -> dict[str, float]:
    """The hand before the belly, as if it held something."""
    return reach_to(body, (-0.06, -0.3, 0.28), (0.5, -0.7, -0.6))


def together(body: Body, gap: float) -> dict[str, float]:
    """The hand in front of the chest, `gap` metres from the middle of the body."""
    return reach_to(body, (gap - shoulder_out(body), -0.16, 0.36), (0.6, -0.8, 0.0))


def crossed(body: Body, ahead: float) -> dict[str, float]:
    """The forearm across the chest, the hand beyond the middle of the body."""
    return reach_to(body, (-0.12 - shoulder_out(body), -0.2, ahead), (0.5, -1.0, 0.1))


def raised(direction: str) -> dict[str, float]:
    """The straight arm held forward, out to its side (left, right) or up."""
    if direction == "up":
        return {"flex": 172.0, "out": -4.0, "spin": 0.0, "elbow": 6.0, "across": 0.0}
    if direction == "forward":
        return {"flex": 92.0, "out": 2.0, "spin": 0.0, "elbow": 5.0, "across": 0.0}
    return {"flex": 2.0, "out": 92.0, "spin": 0.0, "elbow": 5.0, "across": 0.0}


def wrist_at(
    stage: Stage, values: Mapping[str, float], side: str, goal: Array, elbow_to: Place
) -> dict[str, float]:
    """Angles of an arm that bring its wrist to `goal` (3,) in the frame of `snapshot`, for a figure posed by
    `values`; the elbow points to `elbow_to` in the chest's frame."""
    channels = {name: np.array([value]) for name, value in {**stage.neutral(), **values}.items()}
    chest = turned(channels | {"yaw": np.zeros(1)}, 1.0)[0]
    shoulder = getattr(stage.body.skeleton, f"{side}_arm")[0]
    angles: dict[str, float] = {}
    for _ in range(4):  # the shoulder follows the arm a little
        posed = {**values, **{f"{side}_{name}": value for name, value in angles.items()}}
        out, up, forward = chest.T @ (goal - snapshot(stage, posed)[shoulder])
        angles = reach_to(stage.body, (SIGN[side] * float(out), float(up), float(forward)), elbow_to)
    return angles


def rise_for_hand(stage: Stage, arm: str, values: Mapping[str, float], height: float) -> float:
    """How far the pelvis goes down for the wrist of a folded body to come to a height over the floor."""
    trial = -0.3
    joints = snapshot(stage, {**values, "rise": trial})
    wrist = getattr(stage.body.skeleton, f"{arm}_arm")[2]
    return max(_DEEPEST, trial - (float(joints[wrist, 1]) - height))


def _about_x(angle: float) -> Array:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])


def _about_z(angle: float) -> Array:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
