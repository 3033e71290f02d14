"""Signals of arms and legs; arrays have a leading axis [left, right] and `out` points to the own side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motion.facts.batch import Batch, Float, Signals, length
from motion.facts.thresholds import LIMITS

LOW, BETWEEN, UP, FORWARD, OUT, ACROSS = range(6)  # where an arm is held
HIP, HEAD, KNEE = 1, 2, 3  # what a hand is on; 0 is nothing


def arm_signals(batch: Batch, whole: Signals) -> Signals:
    """Signals of arms (2, N, T, ...) and of both hands (N, T), given those of the whole body."""
    s = batch.skeleton
    names = [*s.left_arm, *s.right_arm, s.joint("neck"), s.joint("head"), 0]
    names += [joint for leg in (s.left_leg, s.right_leg) for joint in leg[:2]]
    joints = dict(
        zip(names, np.moveaxis(batch.smooth(batch.joints[:, :, names], LIMITS.limb_smoothing), 2, 0))
    )
    parts: dict[str, list[Float]] = {}
    knees = [joints[leg[1]] for leg in (s.left_leg, s.right_leg)]
    for index, ((shoulder, elbow, wrist), sign) in enumerate(batch.sides("arm")):
        hand = joints[wrist]
        hip = joints[(s.left_leg, s.right_leg)[index][0]]
        wrist_at = _limb(batch, hand - joints[shoulder], sign)
        elbow_at = _limb(batch, joints[elbow] - joints[shoulder], sign)
        left, _, _ = batch.in_body(hand - joints[s.joint("neck")])
        gaps = [length(hand - joints[s.joint("head")]), length(hand - hip)]
        gaps.append(np.minimum(length(hand - knees[0]), length(hand - knees[1])))
        values = {
            "wrist": wrist_at,
            "elbow": elbow_at,
            "wrist_height": hand[..., 1] / batch.hanging[:, None],
            "hand_speed": length(batch.rate(wrist_at, LIMITS.fast_smoothing)),
            "hand_place": hand[..., ::2] - joints[0][..., ::2],
            "hand_gaps": np.stack(gaps, -1) / batch.arm[..., None],
            "beyond": -sign * left / batch.arm,
        }
        values["held"] = _held(wrist_at, elbow_at, whole, sign)
        values["hand_on"] = _hand_on(values, _limb(batch, hand - hip, sign), whole)
        for name, value in values.items():
            parts.setdefault(name, []).append(value)
    signals = {name: np.stack(pair) for name, pair in parts.items()}
    beyond = signals.pop("beyond")
    crossing = signals["crossing"] = np.minimum(beyond[0], beyond[1])
    held = signals["held"]
    held[(held == ACROSS) & (crossing > LIMITS.crossed)] = BETWEEN  # arms crossed before the chest
    signals["hand_gap"] = length(joints[s.left_arm[2]] - joints[s.right_arm[2]]) / batch.arm
    return signals


def _limb(batch: Batch, vectors: Float, sign: int) -> Float:
    """World vectors as (out, up, forward) in arm lengths."""
    left, up, forward = batch.in_body(vectors)
    return np.stack([sign * left, up, forward], -1) / batch.arm[..., None]


def _held(wrist: Float, elbow: Float, whole: Signals, sign: int) -> NDArray[np.int8]:
    """Where the arm is held, per frame (N, T): one of the constants above."""
    out, up, forward = (wrist[..., axis] for axis in range(3))
    # How level an arm is, is seen from the trunk, which may lean with it.
    lean, bow = np.radians(sign * whole["roll"]), np.radians(whole["pitch"])
    sin, cos = np.sin(bow), np.cos(bow)
    ahead = forward * cos - up * sin
    to_front = (np.abs(up * cos + forward * sin) <= LIMITS.arm_level) & (ahead > LIMITS.arm_out)
    sin, cos = np.sin(lean), np.cos(lean)
    level = np.abs(up * cos + out * sin) <= LIMITS.arm_level
    aside = out * cos - up * sin
    # A trunk that leans forward lowers the shoulder, which raises no hand.
    high = up > np.where(whole["pitch"] > LIMITS.bow, LIMITS.arm_level, LIMITS.hand_up)
    high &= up - elbow[..., 1] > LIMITS.forearm_up
    state = np.full(up.shape, BETWEEN, np.int8)
    state[up < LIMITS.hand_low] = LOW
    state[high | (up > LIMITS.arm_level)] = UP
    state[to_front] = FORWARD
    state[level & (aside > LIMITS.arm_out)] = OUT
    straight = aside**2 + ahead**2 > LIMITS.arm_out**2
    state[level & straight & (aside < -LIMITS.arm_across)] = ACROSS
    state[whole["posed"] != 0] = BETWEEN  # up is not up for a body that lies or crawls
    return state


def _hand_on(values: Signals, from_hip: Float, whole: Signals) -> NDArray[np.int8]:
    """What the hand is on, per frame (N, T)."""
    to_head, _, to_knee = (values["hand_gaps"][..., axis] for axis in range(3))
    wrist, elbow = values["wrist"], values["elbow"]
    bent = length(wrist) < LIMITS.akimbo_bent
    inward = elbow[..., 0] - wrist[..., 0] > LIMITS.akimbo_inward
    beside = (np.abs(from_hip[..., 2]) < LIMITS.akimbo_depth) & (from_hip[..., 0] < LIMITS.akimbo_width)
    beside &= (from_hip[..., 1] > LIMITS.akimbo_low) & (from_hip[..., 1] < LIMITS.akimbo_high)
    on = np.zeros(to_head.shape, np.int8)
    # Hands of a body that sits or kneels lie about its knees anyway.
    stooping = (whole["pelvis"] < LIMITS.tall) | (whole["pitch"] > LIMITS.bow)
    on[(to_knee < LIMITS.knee_hand) & stooping & ~whole["lowered"]] = KNEE
    on[bent & inward & beside] = HIP
    on[(to_head < LIMITS.head_hand) & (wrist[..., 1] > LIMITS.hand_up)] = HEAD
    on[(whole["posed"] != 0) | (values["hand_speed"] > LIMITS.hand_still)] = 0
    return on


def leg_signals(batch: Batch) -> Signals:
    """Signals of legs, (2, N, T, ...)."""
    joints = batch.joints
    parts: dict[str, list[Float]] = {}
    for (hip, knee, ankle, toe), sign in batch.sides("leg"):
        left, up, forward = batch.in_body(joints[:, :, ankle] - joints[:, :, hip])
        rise = joints[:, :, ankle, 1] - batch.ankle_floor[:, None]
        speeds = [length(batch.rate(joints[:, :, part, ::2], LIMITS.limb_smoothing)) for part in (ankle, toe)]
        values = {
            "foot": np.stack([sign * left, up, forward], -1),
            "foot_height": np.minimum(rise, joints[:, :, toe, 1]),
            "foot_speed": np.minimum(speeds[0], speeds[1]),
            "ankle": joints[:, :, ankle, ::2],
            "ankle_rise": rise,
            "toe_rise": joints[:, :, toe, 1],
            "knee_height": joints[:, :, knee, 1],
            "knee_bend": _bend(
                joints[:, :, knee] - joints[:, :, hip], joints[:, :, ankle] - joints[:, :, knee]
            ),
        }
        for name, value in values.items():
            parts.setdefault(name, []).append(value)
    return {name: np.stack(pair) for name, pair in parts.items()}


def _bend(upper: Float, lower: Float) -> Float:
    dot = (upper * lower).sum(-1)
    return np.degrees(np.arccos(np.clip(dot / np.maximum(length(upper) * length(lower), 1e-9), -1, 1)))
