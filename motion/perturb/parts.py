"""Edits of what comes when: cutting an action, cycles more or fewer, parts swapped or spliced in."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from motion.events import ACTIONS, LOCOMOTION, Event
from motion.perturb.body import no_amount, order_change
from motion.perturb.edit import (
    Change,
    Float,
    Operation,
    Outcome,
    Parameters,
    Part,
    Subject,
    broken,
    missing,
    outcome,
    superfluous,
)
from motion.perturb.geometry import joined
from motion.perturb.timing import metres_changed, way

_NEAR = 0.3  # of a cycle: how far a seam may be from where the count puts it
# Without what came before, these begin out of nowhere.
_ENDINGS = {"lower_arm", "stand_up"}
_CYCLIC_LEAST = 5  # steps: so that there is a way left


def _pieces(subject: Subject, *ranges: tuple[int, int]) -> tuple[Float, np.ndarray]:
    """The clip made of these ranges of frames, joined, and its sources."""
    joints = subject.joints[:0]
    for start, end in ranges:
        joints = joined(joints, subject.joints[start:end], subject.skeleton)
    return joints, np.concatenate([np.arange(start, end, dtype=float) for start, end in ranges])


def _seam_holds(subject: Subject, end: int, start: int) -> bool:
    """Whether what starts at `start` can follow what ends before `end`."""
    return end == 0 or start >= subject.frames or subject.joins(subject, end - 1, start)


def _cut_targets(subject: Subject, _donor: Subject | None) -> list[Parameters]:
    if len(subject.parts) < 2:
        return []
    return [
        {"part": number}
        for number, part in enumerate(subject.parts)
        if subject.fits(subject.frames - (part.end - part.start))
        and _seam_holds(subject, part.start, part.end)
    ]


def _cut_action(subject: Subject, _donor: Subject | None, parameters: Parameters) -> Outcome:
    part = subject.parts[int(parameters["part"])]
    joints, sources = _pieces(subject, (0, part.start), (part.end, subject.frames))
    changes = [missing(subject, index, sources) for index in part.members]
    return outcome(subject, joints, sources, changes)


def _cycle(event: Event) -> tuple[float, int]:
    """Frames of one cycle and how much the count counts it: two steps are a cycle."""
    counted = 2 if ACTIONS[event.action].counted == "steps" else 1
    return (event.end - event.start) * counted / event.count, counted


def _cycle_targets(subject: Subject, more: bool) -> list[Parameters]:
    targets: list[Parameters] = []
    for index in subject.active:
        event = subject.events[index]
        if not ACTIONS[event.action].counted or event.count < 2:
            continue
        period, counted = _cycle(event)
        enough = event.count >= _cyclic_least(event)
        if not enough or period < 4 or not subject.fits(subject.frames + (period if more else -period)):
            continue
        # The way of a jump is one of its measures and would change with the number.
        if event.action == "jump" and event.direction not in ("", "up"):
            continue
        # One or two steps more or fewer among many is within the eye's error; another bend is another path.
        if counted == 2 and (event.count > 8 or event.path not in ("", "straight")):
            continue
        if _bystanders(subject, index):
            continue
        first, last = _loop(subject, event, period)
        if not subject.joins(subject, last - 1, first):
            continue
        if subject.fits(subject.frames + (last - first if more else first - last)):
            targets.append({"event": index, "first": first, "last": last})
    return targets


def _cyclic_least(event: Event) -> int:
    """The count from which on one cycle less leaves the same action."""
    if event.action in LOCOMOTION:
        return _CYCLIC_LEAST
    alternating = event.action == "punch" and event.side == "both"
    return 3 if alternating or event.action in ("clap", "swing_arm", "wave") else 2


def _bystanders(subject: Subject, index: int) -> bool:
    """Whether other counted actions share the event's time and would change with it."""
    event = subject.events[index]
    return any(
        other.start < event.end - subject.seconds(0.3) and event.start < other.end - subject.seconds(0.3)
        for number, other in enumerate(subject.events)
        if number != index and other.action != "stand"
    )


def _loop(subject: Subject, event: Event, period: float) -> tuple[int, int]:
    """Frames [first, last) of about one cycle in the event after which the pose is the same."""
    middle = event.start + max(0.0, (event.end - event.start) - period) / 2
    first = round(middle)
    lowest = max(first + 2, round(middle + period * (1 - _NEAR)))
    highest = min(event.end, subject.frames - 1, round(middle + period * (1 + _NEAR)))
    if highest <= lowest:
        return first, max(lowest, min(highest, subject.frames - 1))
    pose = subject.local.pose
    gaps = pose[lowest : highest + 1] - pose[first]
    speeds = pose[lowest : highest + 1] - pose[lowest - 1 : highest] - (pose[first + 1] - pose[first])
    cost = np.square(gaps).sum(axis=(1, 2)) + 4 * np.square(speeds).sum(axis=(1, 2))
    return first, lowest + int(np.argmin(cost))


def _cycles(subject: Subject, parameters: Parameters, more: bool) -> Outcome:
    index, first, last = (int(parameters[name]) for name in ("event", "first", "last"))
    event = subject.events[index]
    _, counted = _cycle(event)
    after = last if more else first
    joints, sources = _pieces(subject, (0, after), (first if more else last, subject.frames))
    count = event.count + (counted if more else -counted)
    altered = replace(event, count=count)
    changes = [broken(subject, index, sources, "count", str(event.count), str(count))]
    if event.action in LOCOMOTION and event.amount > 0:
        share = way(subject, first, last) / max(1e-9, way(subject, event.start, event.end))
        altered = replace(altered, amount=event.amount * (1 + share if more else 1 - share))
        changes.append(metres_changed(subject, index, sources, altered.amount))
    return outcome(subject, joints, sources, changes, {index: altered})


def _swapped(subject: Subject, number: int) -> tuple[tuple[int, int], ...]:
    first, second = subject.parts[number], subject.parts[number + 1]
    ranges = (
        (0, first.start),
        (second.start, second.end),
        (first.start, first.end),
        (second.end, subject.frames),
    )
    return tuple(piece for piece in ranges if piece[1] > piece[0])


def _swap_targets(subject: Subject, _donor: Subject | None) -> list[Parameters]:
    targets: list[Parameters] = []
    for number in range(len(subject.parts) - 1):
        first, second = subject.parts[number : number + 2]
        ranges = _swapped(subject, number)
        actions = _actions(subject, first), _actions(subject, second)
        # An arm cannot be lowered before it is raised.
        told_apart = not (actions[0] & actions[1]) and not any(each <= _ENDINGS for each in actions)
        if told_apart and all(
            _seam_holds(subject, before[1], after[0]) for before, after in pairwise(ranges)
        ):
            targets.append({"part": number})
    return targets


def _actions(subject: Subject, part: Part) -> set[str]:
    return {subject.events[index].action for index in part.members}


def _swap(subject: Subject, _donor: Subject | None, parameters: Parameters) -> Outcome:
    number = int(parameters["part"])
    joints, sources = _pieces(subject, *_swapped(subject, number))
    first, second = subject.parts[number : number + 2]
    change = order_change(subject, first.members[0], second.members[0], sources)
    others = (*first.members[1:], *second.members)
    return outcome(subject, joints, sources, [replace(change, others=others)])


def _splice_targets(subject: Subject, donor: Subject | None) -> list[Parameters]:
    if donor is None or donor.skeleton.name != subject.skeleton.name:
        return []
    own = {subject.events[index].action for index in subject.active}
    places = _places(subject)
    targets: list[Parameters] = []
    for number, part in enumerate(donor.parts):
        if _actions(donor, part) & own or _actions(donor, part) <= _ENDINGS:
            continue
        for start, end in places:
            if not subject.fits(subject.frames - (end - start) + part.end - part.start):
                continue
            before = start == 0 or subject.joins(donor, start - 1, part.start)
            after = end >= subject.frames or donor.joins(subject, part.end - 1, end)
            if before and after:
                targets.append({"start": start, "end": end, "donor_part": number})
    return targets


def _places(subject: Subject) -> list[tuple[int, int]]:
    """Frames that a part can take the place of: a part among others, or the seam between two."""
    parts = subject.parts
    replaced = [(part.start, part.end) for part in parts] if len(parts) > 1 else []
    seams = [part.start for part in parts] + [subject.frames] if parts else []
    return replaced + [(seam, seam) for seam in seams]


def _splice(subject: Subject, donor: Subject | None, parameters: Parameters) -> Outcome:
    if donor is None:
        raise ValueError("splice needs a donor clip to take a part from")
    start, end = int(parameters["start"]), int(parameters["end"])
    part = donor.parts[int(parameters["donor_part"])]
    joints = joined(subject.joints[:start], donor.joints[part.start : part.end], subject.skeleton)
    joints = joined(joints, subject.joints[end:], subject.skeleton)
    length = part.end - part.start
    frames = np.arange(subject.frames, dtype=float)
    sources = np.concatenate([frames[:start], np.full(length, np.nan), frames[end:]])
    changes: list[Change] = [
        missing(subject, index, sources)
        for taken in subject.parts
        if start <= taken.start and taken.end <= end
        for index in taken.members
    ]
    extra = tuple(_arrived(donor.events[index], part, start) for index in part.members)
    return outcome(subject, joints, sources, [*changes, *map(superfluous, extra)], extra=extra)


def _arrived(event: Event, part: Part, start: int) -> Event:
    first, last = max(event.start, part.start), min(event.end, part.end)
    return replace(event, start=start + first - part.start, end=start + last - part.start)


CUT_ACTION = Operation("cut_action", _cut_targets, no_amount, _cut_action, reach=(0.5, 1.0), weight=1.2)
REPEAT_CYCLE = Operation(
    "repeat_cycle",
    lambda subject, _donor: _cycle_targets(subject, True),
    no_amount,
    lambda subject, _donor, parameters: _cycles(subject, parameters, True),
    reach=(0.0, 0.5),
    weight=1.5,
)
DROP_CYCLE = Operation(
    "drop_cycle",
    lambda subject, _donor: _cycle_targets(subject, False),
    no_amount,
    lambda subject, _donor, parameters: _cycles(subject, parameters, False),
    reach=(0.0, 0.5),
    weight=1.5,
)
SWAP_PARTS = Operation("swap_parts", _swap_targets, no_amount, _swap, reach=(0.3, 0.9), weight=1.5)
SPLICE = Operation("splice", _splice_targets, no_amount, _splice, reach=(0.6, 1.0), weight=0.4)
