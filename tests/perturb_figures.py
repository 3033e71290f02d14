"""Figures that the tests of perturbations move: they walk, wave, bow, kick and reach."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from motion.events import Event
from motion.features import canonical
from motion.perturb import Subject
from motion.perturb.geometry import feet_placed, joined
from motion.retarget import impose_lengths
from motion.skeleton import T2M, Skeleton

DOWN, UP, OUT, AHEAD = (0, -1, 0), (0, 1, 0), (1, 0, 0), (0, 0, 1)


def standing(body: Skeleton, frames: int) -> np.ndarray:
    """A figure at rest with hanging arms and bent knees, (T, J, 3)."""
    pose = np.zeros((body.joint_count, 3), np.float32)
    for chain in body.chains:
        for parent, joint in pairwise(chain):
            name = body.joints[joint]
            side = 1 if name.startswith("left") else -1
            direction = {
                "hip": (side, 0, 0),
                "knee": (0, -1, 0.3),
                "ankle": (0, -1, -0.3),
                "instep": (0, -0.3, 1),
                "foot": (0, -0.4, 1),
                "collar": (side, 0.6, 0),
                "shoulder": (side, 0.1, 0),
                "elbow": (0.2 * side, -1, 0),
                "wrist": (0, -1, 0.2),
            }.get(name.split("_")[-1], UP)
            unit = np.array(direction) / np.linalg.norm(direction)
            pose[joint] = pose[parent] + unit * body.bone_lengths[joint]
    return np.repeat((pose - [0, pose[:, 1].min(), 0])[None], frames, axis=0).astype(np.float32)


def smooth(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def walker(body: Skeleton, frames: int = 100, steps: int = 6, stride: float = 0.6) -> Subject:
    """Walks straight ahead in steps of `stride` metres; feet stay where they stand."""
    joints = standing(body, frames)
    unit = 1 / body.metres_per_unit
    phase = np.arange(frames) * steps / (frames - 1)
    place = stride * unit * phase
    joints[..., 2] += place[:, None]
    targets = joints[:, [body.left_leg[2], body.right_leg[2]]].copy()
    for foot in range(2):
        own = (phase + foot) / 2
        swing = smooth((own % 1) * 2)
        targets[:, foot, 2] = stride * unit * (2 * (np.floor(own) + swing) - foot - 0.5)
        targets[:, foot, 1] += 0.1 * unit * np.sin(np.pi * np.clip((own % 1) * 2, 0, 1))
    lengths = np.asarray(body.bone_lengths, np.float32)
    joints = feet_placed(joints, body, lengths, targets)
    event = Event("walk", 0, frames, "", "forward", "straight", steps, steps * stride, "normal")
    return Subject(canonical(joints, body), body, (event,))


def stroller(body: Skeleton) -> Subject:
    """Walks ahead in small steps."""
    return walker(body, 90, 6, 0.4)


def with_arm(joints: np.ndarray, body: Skeleton, side: str, lift: np.ndarray, wag: np.ndarray) -> np.ndarray:
    """One arm lifted sideways by angles (T,), the forearm wagging by angles (T,)."""
    sign = 1 if side == "left" else -1
    shoulder, elbow, wrist = getattr(body, f"{side}_arm")
    result = joints.copy()
    for joint, parent, angle in ((elbow, shoulder, lift), (wrist, elbow, lift + wag)):
        bone = np.stack([sign * np.sin(angle), -np.cos(angle), 0.1 + 0 * angle], axis=-1)
        result[:, joint] = result[:, parent] + bone
    return impose_lengths(result, body, body.bone_lengths)


def waver(body: Skeleton, side: str = "left", frames: int = 110) -> Subject:
    """Raises one arm, waves four times, lowers the arm."""
    t = np.arange(frames)
    lift = 2.6 * (smooth((t - 10) / 20) - smooth((t - 80) / 20))
    wag = 0.5 * np.sin(2 * np.pi * (t - 32) / 12) * smooth((t - 30) / 6) * (1 - smooth((t - 76) / 6))
    joints = with_arm(standing(body, frames), body, side, lift, wag)
    events = (
        Event("raise_arm", 10, 30, side, "up"),
        Event("wave", 32, 80, side, count=4),
        Event("lower_arm", 80, 100, side),
    )
    return Subject(canonical(joints, body), body, events)


def walker_then_waver(body: Skeleton) -> Subject:
    """Walks, then stands and waves."""
    first, second = walker(body, 70, 4), waver(body, "right", 90 if body is T2M else 100)
    joints = joined(first.joints, second.joints, body)
    events = [first.events[0]]
    events += [
        Event(e.action, e.start + 70, min(e.end + 70, len(joints)), e.side, e.direction, count=e.count)
        for e in second.events
    ]
    return Subject(canonical(joints, body), body, tuple(events))


def walker_then_bower(body: Skeleton) -> Subject:
    """Walks, then stands and bows."""
    first, second = walker(body, 70, 4), bower(body)
    joints = joined(first.joints, second.joints, body)
    return Subject(canonical(joints, body), body, (first.events[0], Event("bow", 80, 120)))


def reacher(body: Skeleton) -> Subject:
    """Raises the right arm to the side and keeps it there."""
    lift = 1.2 * smooth((np.arange(60) - 10) / 20)
    joints = with_arm(standing(body, 60), body, "right", lift, 0 * lift)
    return Subject(canonical(joints, body), body, (Event("raise_arm", 10, 32, "right", "right"),))


def kicker(body: Skeleton) -> Subject:
    """Stands and kicks with the right foot."""
    joints = standing(body, 60)
    t = np.arange(60)
    out = smooth((t - 15) / 12) - smooth((t - 32) / 14)
    targets = joints[:, [body.left_leg[2], body.right_leg[2]]].copy()
    targets[:, 1, 2] += 0.5 / body.metres_per_unit * out
    targets[:, 1, 1] += 0.5 / body.metres_per_unit * out
    joints = feet_placed(joints, body, np.asarray(body.bone_lengths, np.float32), targets)
    return Subject(canonical(joints, body), body, (Event("kick", 14, 47, "right", "forward"),))


def bower(body: Skeleton) -> Subject:
    """Bows once."""
    joints = standing(body, 60)
    t = np.arange(60)
    angle = 0.8 * (smooth((t - 10) / 15) - smooth((t - 35) / 15))
    upper = [j for j, n in enumerate(body.joints) if not any(w in n for w in ("hip", "knee", "ankle"))]
    upper = [j for j in upper if "foot" not in body.joints[j] and "instep" not in body.joints[j]]
    root = joints[:, :1].copy()
    local = joints[:, upper] - root
    sin, cos = np.sin(angle)[:, None], np.cos(angle)[:, None]
    joints[:, upper, 1] = root[..., 1] + cos * local[..., 1] - sin * local[..., 2]
    joints[:, upper, 2] = root[..., 2] + cos * local[..., 2] + sin * local[..., 1]
    return Subject(canonical(joints, body), body, (Event("bow", 10, 50),))


CLIPS = {"walk": walker, "wave": waver, "walk_wave": walker_then_waver, "kick": kicker, "bow": bower}
CLIPS |= {"walk_bow": walker_then_bower, "reach": reacher, "stroll": stroller}
