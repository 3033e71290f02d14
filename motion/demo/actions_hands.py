"""Reaching, hands that meet, and hands that rest on the body. A side is left, right or both."""

from __future__ import annotations

import numpy as np

from motion.demo.arm_poses import Place, arms, reach_to, rise_for_hand, together, wrist_at
from motion.demo.gait import TEMPO
from motion.demo.rig import SIDES, SIGN
from motion.demo.stage import ARM, Array, Stage, snapshot

_SHIN = 0.42  # metres over the floor to which one reaches down
_HELD = 1.1  # seconds for which a hand rests somewhere


def reach(stage: Stage, side: str, direction: str, speed: str) -> None:
    """Reach out with one arm, the trunk going with it, and come back.

    A direction that is the other side is across the body.
    """
    pace = TEMPO[speed] * stage.style.tempo
    begin, out = stage.now, stage.now + 0.8 * pace
    trunk, place = _REACHES[direction if direction not in SIDES else _aside(side, direction)](stage, side)
    angles = reach_to(stage.body, place, (0.3, -1.0, -0.1))
    angles["spin"] = 0.0  # a straight arm: the elbow's direction shows nothing
    if direction == "down":
        posed = trunk | {f"{side}_{name}": value for name, value in angles.items()}
        trunk["rise"] = rise_for_hand(stage, side, posed, _SHIN)
    stage.ramp(begin, out, **trunk)
    stage.limb(begin, out, side, **angles)
    end = out + 0.4 + 0.75 * pace
    stage.relax(out + 0.4, end)
    stage.log("reach", begin, end, side=side, direction=direction, speed=speed)


def _aside(side: str, direction: str) -> str:
    return "side" if side == direction else "across"


def _forward(stage: Stage, side: str) -> tuple[dict[str, float], Place]:
    length = sum(stage.body.arm)
    return (
        {"tilt": 12.0, "bend": 16.0, "nod": -18.0, "back": 0.03, "twist": -14.0 * SIGN[side]},
        (-0.04, 0.6 * length, length),
    )


def _up(stage: Stage, side: str) -> tuple[dict[str, float], Place]:
    trunk = {"left_heel": 18.0, "right_heel": 18.0, "rise": 0.03, "lean": -7.0 * SIGN[side], "nod": -18.0}
    return trunk, (0.0, sum(stage.body.arm), 0.12)


def _side(stage: Stage, side: str) -> tuple[dict[str, float], Place]:
    length, sign = sum(stage.body.arm), SIGN[side]
    trunk = {"lean": 24.0 * sign, "aside": 0.05 * sign, "look": 35.0 * sign, "shift": 0.3 * sign}
    return trunk, (0.9 * length, 0.4 * length, 0.05)


def _across(stage: Stage, side: str) -> tuple[dict[str, float], Place]:
    length, sign = sum(stage.body.arm), -SIGN[side]
    trunk = {"lean": 14.0 * sign, "twist": 24.0 * sign, "look": 25.0 * sign, "shift": 0.3 * sign, "bend": 8.0}
    return trunk, (-0.74 * length, 0.12 * length, 0.6 * length)


def _down(stage: Stage, side: str) -> tuple[dict[str, float], Place]:
    length, sign = sum(stage.body.arm), SIGN[side]
    trunk = {"tilt": 34.0, "bend": 26.0, "nod": -8.0, "back": 0.1, "lean": 10.0 * sign, "twist": -10.0 * sign}
    return trunk, (0.06, -0.55 * length, 0.84 * length)


_REACHES = {"forward": _forward, "up": _up, "side": _side, "across": _across, "down": _down}


def hands_together(stage: Stage, manner: str, speed: str) -> None:
    """Bring the hands together before the chest or, with manner "low", the belly; part them later."""
    there = {arm: _meeting(stage, manner) for arm in SIDES}
    _rest(stage, "hands_together", there, {}, "", speed, manner)


def _meeting(stage: Stage, manner: str) -> dict[str, float]:
    if manner != "low":
        return together(stage.body, 0.035)
    out = together(stage.body, 0.03)
    shoulder = float(snapshot(stage, {})[stage.body.skeleton.left_arm[0], 0])
    return reach_to(stage.body, (0.03 - shoulder, -0.4, 0.2), (0.8, -0.6, -0.4)) | {"across": out["across"]}


def hand_on_hip(stage: Stage, side: str, speed: str) -> None:
    """Put a hand on the hip, the elbow out to the side, and take it away later."""
    joints = snapshot(stage, {})
    there = {
        arm: wrist_at(stage, {}, arm, joints[0] + _vector(arm, 0.17, 0.06, 0.02), (1.0, -0.1, -0.5))
        for arm in arms(side)
    }
    _rest(stage, "hand_on_hip", there, {}, side, speed)


def hand_on_head(stage: Stage, side: str, speed: str) -> None:
    """Put a hand on top of the head, the elbow out to the side, and take it away later."""
    crown = snapshot(stage, {})[stage.body.skeleton.joint("head")]
    there = {
        arm: wrist_at(stage, {}, arm, crown + _vector(arm, 0.1, 0.1, -0.03), (1.0, 0.1, 0.2))
        for arm in arms(side)
    }
    _rest(stage, "hand_on_head", there, {}, side, speed)


def hand_on_knee(stage: Stage, side: str, speed: str) -> None:
    """Bend the knees and put a hand on the knee of its side, and come up later."""
    fold = {"rise": -0.2, "back": 0.1, "tilt": 28.0, "bend": 20.0, "nod": -26.0}
    if side in SIDES:
        fold |= {"lean": 8.0 * SIGN[side], "twist": -8.0 * SIGN[side]}
    joints = snapshot(stage, fold)
    there = {}
    for arm in arms(side):
        knee = joints[getattr(stage.body.skeleton, f"{arm}_leg")[1]]
        there[arm] = wrist_at(stage, fold, arm, knee + _vector(arm, 0.02, 0.1, -0.01), (1.0, -0.3, -0.4))
    _rest(stage, "hand_on_knee", there, fold, side, speed)


def _vector(arm: str, out: float, up: float, forward: float) -> Array:
    return np.array([SIGN[arm] * out, up, forward])


def _rest(
    stage: Stage,
    action: str,
    there: dict[str, dict[str, float]],
    trunk: dict[str, float],
    side: str,
    speed: str,
    manner: str = "",
) -> None:
    """Bring hands to a place, leave them there for a while, and come back to rest."""
    pace = TEMPO[speed] * stage.style.tempo
    begin, arrived = stage.now, stage.now + 0.85 * pace
    stage.ramp(begin, arrived, **trunk)
    for arm, angles in there.items():
        stage.limb(begin, arrived, arm, **angles)
    leaves = arrived + _HELD
    end = leaves + 0.8 * pace
    stage.relax(leaves, end, *trunk, *(f"{arm}_{name}" for arm in there for name in ARM))
    stage.log(action, begin, end, side=side, speed=speed, manner=manner)
