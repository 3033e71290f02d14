"""Edits of single limbs: held still, smaller, larger, or left and right in each other's place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from motion.events import ACTIONS, LOCOMOTION, Event, opposite
from motion.mirror import mirror_joints
from motion.perturb.body import no_amount
from motion.perturb.edit import (
    Change,
    Float,
    Operation,
    Outcome,
    Parameters,
    Subject,
    amount,
    broken,
    missing,
    outcome,
    sides_swapped,
    unchanged,
)
from motion.perturb.geometry import Local, ankles, feet_placed, ramp, smoothed, unite
from motion.retarget import impose_lengths
from motion.skeleton import Skeleton

# With one limb still these look like something else, or the same.
_UNFROZEN = ("pick_up", "place", "reach", "stretch", "clap", "lunge", "hold_arm", "hand_on_knee")
_SMALLER_LEAST, _SMALLER_MOST = 0.74, 0.6  # of the angles from rest
_LARGER_LEAST, _LARGER_MOST = 1.3, 1.5
_TWO_HANDED = ("clap", "cross_arms", "hands_together")
_WHOLE_BODY = (*LOCOMOTION, "jump", "turn", "squat", "sit_down", "stand_up", "kneel", "lie_down")
_WITH_TRUNK = ("pick_up", "place", "stretch", "reach")  # the trunk goes to one side with the arm
# Larger or smaller, these stay the same to the eye, or turn into something else.
_UNSCALED = frozenset(
    (
        "clap punch cross_arms pick_up place stomp lunge throw circle_arm hold_arm hands_together "
        "hand_on_hip hand_on_head hand_on_knee"
    ).split()
)
_ONLY_LARGER = ("kick",)  # a small one is no kick
_ONLY_SMALLER = ("stretch", "raise_arm", "reach")  # the arm is straight, or would go elsewhere
_WIDEST = 2.9  # radians from rest that an exaggerated arm reaches
_STRETCHED = 0.99  # of the leg
_LEAD = 0.15  # seconds in which a movement begins before its event does


def _side(limb: str) -> str:
    return limb.split("_")[0]


def _limb_events(subject: Subject, limb: str) -> tuple[int, ...]:
    """Indices of the events that this arm or leg does, alone or with the other."""
    part = limb.split("_")[1]
    sides = (_side(limb), "both")
    return tuple(
        index
        for index in subject.active
        if ACTIONS[subject.events[index].action].part == part
        and (subject.events[index].side in sides or subject.events[index].action in _TWO_HANDED)
    )


def _free_leg(subject: Subject, limb: str, indices: tuple[int, ...]) -> bool:
    """Whether the leg acts alone, while the other stands in its place."""
    if any(subject.events[index].side != _side(limb) for index in indices):
        return False
    window = [(subject.events[index].start, subject.events[index].end) for index in indices]
    busy = [subject.events[index] for index in subject.active if subject.events[index].action in _WHOLE_BODY]
    return not any(e.start < end and start < e.end for start, end in window for e in busy)


def _limbs(subject: Subject) -> list[str]:
    found = []
    for limb in ("left_arm", "right_arm", "left_leg", "right_leg"):
        indices = _limb_events(subject, limb)
        if indices and (limb.endswith("arm") or _free_leg(subject, limb, indices)):
            found.append(limb)
    return found


def _freeze_targets(subject: Subject, _donor: Subject | None) -> list[Parameters]:
    return [
        {"limb": limb}
        for limb in _limbs(subject)
        if _freezable([subject.events[index] for index in _limb_events(subject, limb)])
    ]


def _freezable(events: list[Event]) -> bool:
    # An arm that is up when its first event begins would stay up.
    if min(events, key=lambda event: event.start).action == "lower_arm":
        return False
    return not any(event.action in _UNFROZEN for event in events)


def _freeze(subject: Subject, _donor: Subject | None, parameters: Parameters) -> Outcome:
    limb, sources = str(parameters["limb"]), unchanged(subject)
    indices = _limb_events(subject, limb)
    if limb.endswith("leg"):
        joints = _leg_scaled(subject, limb, indices, 0.0)
    else:
        start = min(subject.events[index].start for index in indices)
        held = max(0, start - subject.seconds(_LEAD))
        bones = _bones(subject, limb)
        bones[held:] = bones[held]
        joints = unite(_posed(subject, subject.local, limb, bones))
    altered: dict[int, Event] = {}
    changes: list[Change] = []
    other = opposite(_side(limb))
    for index in indices:
        event = subject.events[index]
        if event.side == "both":
            altered[index] = replace(event, side=other)
            changes.append(broken(subject, index, sources, "side", "both", other))
        else:
            changes.append(missing(subject, index, sources))
    return outcome(subject, joints, sources, changes, altered)


def _bones(subject: Subject, limb: str) -> Float:
    """Bones of an arm in the heading frame, (T, 3, 3): to shoulder, elbow and wrist."""
    joints = getattr(subject.skeleton, limb)
    pose = subject.local.pose
    bones: Float = pose[:, joints] - pose[:, [subject.skeleton.parents[joint] for joint in joints]]
    return bones


def _posed(subject: Subject, base: Local, limb: str, bones: Float) -> Local:
    """The clip with an arm that has these bones in the heading frame, of any length."""
    pose = base.pose.copy()
    for number, joint in enumerate(getattr(subject.skeleton, limb)):
        bone = bones[:, number]
        norm = np.sqrt(np.square(bone).sum(axis=-1, keepdims=True))
        pose[:, joint] = pose[:, subject.skeleton.parents[joint]]
        pose[:, joint] += bone / np.maximum(norm, 1e-9) * subject.lengths[joint]
    return Local(base.place, base.yaw, pose)


def _leg_scaled(subject: Subject, limb: str, indices: tuple[int, ...], factor: float) -> Float:
    """The leg's movement during its events times a factor; 0 leaves the foot on its place."""
    targets, _ = _leg_targets(subject, limb, indices, factor)
    return feet_placed(subject.joints, subject.skeleton, subject.lengths, targets)


def _leg_targets(subject: Subject, limb: str, indices: tuple[int, ...], factor: float) -> tuple[Float, int]:
    """Where the ankles go, (T, 2, 3), and which of the two it is about."""
    targets = ankles(subject.joints, subject.skeleton).copy()
    foot = 0 if _side(limb) == "left" else 1
    for index in indices:
        event = subject.events[index]
        start = max(0, event.start - subject.seconds(_LEAD))
        end = min(subject.frames - 1, event.end + subject.seconds(_LEAD))
        share = np.linspace(0, 1, end - start + 1, dtype=np.float32)[:, None]
        track = targets[start : end + 1, foot]
        line = track[0] + (3 * share**2 - 2 * share**3) * (track[-1] - track[0])
        targets[start : end + 1, foot] = line + factor * (track - line)
    return targets, foot


def _scale_targets(subject: Subject, larger: bool) -> list[Parameters]:
    targets: list[Parameters] = []
    for limb in _limbs(subject):
        events = [subject.events[index] for index in _limb_events(subject, limb)]
        if any(
            event.action in _UNSCALED or event.action in (_ONLY_SMALLER if larger else _ONLY_LARGER)
            for event in events
        ):
            continue
        raised = any(e.direction == "up" and e.action in ("raise_arm", "stretch", "reach") for e in events)
        if all(event.action == "lower_arm" for event in events) or (larger and raised):
            continue
        if larger and limb.endswith("leg") and not _reaches(subject, limb):
            continue
        # What both arms do is scaled for both, or it would be another movement.
        limbs = "both_arms" if any(e.side == "both" for e in events) else limb
        if {"limb": limbs} not in targets:
            targets.append({"limb": limbs})
    return targets


def _reaches(subject: Subject, limb: str) -> bool:
    """Whether the leg is long enough for a larger movement."""
    targets, foot = _leg_targets(subject, limb, _limb_events(subject, limb), _LARGER_MOST)
    hip, knee, ankle, *_ = getattr(subject.skeleton, limb)
    way = np.sqrt(np.square(targets[:, foot] - subject.joints[:, hip]).sum(axis=-1))
    return float(way.max()) <= _STRETCHED * float(subject.lengths[knee] + subject.lengths[ankle])


def _draw_damp(
    _subject: Subject, target: Parameters, rng: np.random.Generator, strength: float
) -> Parameters:
    return target | {"factor": amount(rng, strength, _SMALLER_LEAST, _SMALLER_MOST)}


def _draw_exaggerate(
    _subject: Subject, target: Parameters, rng: np.random.Generator, strength: float
) -> Parameters:
    return target | {"factor": amount(rng, strength, _LARGER_LEAST, _LARGER_MOST)}


def _scale(subject: Subject, _donor: Subject | None, parameters: Parameters) -> Outcome:
    limb, factor, sources = str(parameters["limb"]), float(parameters["factor"]), unchanged(subject)
    limbs = ["left_arm", "right_arm"] if limb == "both_arms" else [limb]
    touched = sorted({index for name in limbs for index in _limb_events(subject, name)})
    joints = subject.joints
    base = subject.local
    for name in limbs:
        indices = _limb_events(subject, name)
        if name.endswith("leg"):
            joints = _leg_scaled(subject, name, indices, factor)
            continue
        base = _posed(subject, base, name, _scaled_bones(subject, name, indices, factor))
        joints = unite(base)
    size = "larger" if factor > 1 else "smaller"
    changes = [broken(subject, index, sources, "amplitude", "normal", size) for index in touched]
    return outcome(subject, joints, sources, changes)


def _scaled_bones(subject: Subject, limb: str, indices: tuple[int, ...], factor: float) -> Float:
    """The arm's bones, nearer to or farther from where they rest; a repeated movement about
    where the arm is held meanwhile, any other from where it was before."""
    bones = _bones(subject, limb)
    fps = subject.skeleton.fps
    start = max(0, min(subject.events[index].start for index in indices) - subject.seconds(_LEAD))
    repeated = [subject.events[index] for index in indices if ACTIONS[subject.events[index].action].counted]
    if not repeated:
        return _spread(np.broadcast_to(bones[start], bones.shape), bones, factor)
    result = bones
    for event in repeated:
        cycle = (event.end - event.start) / max(1, event.count)
        mean = smoothed(bones, max(0.25 * fps, 0.6 * cycle))
        weight = ramp(subject.frames, event.start, event.end, subject.seconds(0.25))[:, None, None]
        result = result + weight * (_spread(mean, bones, factor) - bones)
    return result


def _spread(base: Float, bones: Float, factor: float) -> Float:
    """Directions at `factor` times the angle from those of `base`, on the same great circle."""
    a = base / np.maximum(np.linalg.norm(base, axis=-1, keepdims=True), 1e-9)
    b = bones / np.maximum(np.linalg.norm(bones, axis=-1, keepdims=True), 1e-9)
    angle = np.arccos(np.clip((a * b).sum(axis=-1, keepdims=True), -1, 1))
    sin = np.sin(angle)
    wanted = np.minimum(factor * angle, np.maximum(angle, _WIDEST))
    turned = (np.sin(angle - wanted) * a + np.sin(wanted) * b) / np.maximum(sin, 1e-6)
    spread: Float = np.where(sin < 1e-3, b, turned).astype(np.float32)
    return spread


def _swap_targets(subject: Subject, _donor: Subject | None) -> list[Parameters]:
    targets: list[Parameters] = []
    for pair in ("arm", "leg"):
        indices = _pair_events(subject, pair)
        if not any(subject.events[index].side in ("left", "right") for index in indices):
            continue
        if any(subject.events[index].action in _WITH_TRUNK for index in indices):
            continue
        if pair == "leg" and any(subject.events[i].action in _WHOLE_BODY for i in subject.active):
            continue
        targets.append({"limbs": f"{pair}s"})
    return targets


def _pair_events(subject: Subject, pair: str) -> list[int]:
    return [i for i in subject.active if ACTIONS[subject.events[i].action].part == pair]


def _swap(subject: Subject, _donor: Subject | None, parameters: Parameters) -> Outcome:
    pair, sources = str(parameters["limbs"])[:-1], unchanged(subject)
    events, changes = sides_swapped(subject, _pair_events(subject, pair), sources)
    own = {limb: _bones(subject, limb) for limb in ("left_arm", "right_arm")}
    swapped = {limb: own[f"{opposite(_side(limb))}_arm"] * _MIRROR for limb in own}
    if pair == "arm":
        joints = subject.joints
        base = subject.local
        for limb, bones in swapped.items():
            base = _posed(subject, base, limb, bones)
        joints = unite(base)
    else:
        joints = _legs_swapped(subject, own)
    return outcome(subject, joints, sources, changes, events)


_MIRROR = np.array([-1, 1, 1], np.float32)


def _legs_swapped(subject: Subject, arms: dict[str, Float]) -> Float:
    """The mirror image with the arms as they were: feet that stood go on standing."""
    body: Skeleton = subject.skeleton
    image = Subject(mirror_joints(subject.joints, body), body)
    joints = impose_lengths(image.joints, body, subject.lengths)
    base = Subject(joints, body).local
    for limb, bones in arms.items():
        base = _posed(subject, base, limb, bones)
    return unite(base)


FREEZE = Operation("freeze_limb", _freeze_targets, no_amount, _freeze, reach=(0.4, 0.9))
DAMP = Operation(
    "damp_limb",
    lambda subject, _donor: _scale_targets(subject, False),
    _draw_damp,
    _scale,
    reach=(0.0, 0.4),
    weight=2.5,
)
EXAGGERATE = Operation(
    "exaggerate_limb",
    lambda subject, _donor: _scale_targets(subject, True),
    _draw_exaggerate,
    _scale,
    reach=(0.0, 0.4),
    weight=3.0,
)
SWAP_SIDES = Operation("swap_sides", _swap_targets, no_amount, _swap, reach=(0.3, 0.9))
