"""Edits of time: speed, pauses, and cutting off the beginning or the end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from motion.events import ACTIONS, LOCOMOTION, Event
from motion.perturb.edit import (
    Change,
    Operation,
    Outcome,
    Parameters,
    Subject,
    amount,
    broken,
    flawed,
    missing,
    outcome,
)
from motion.perturb.geometry import smoothed
from motion.pieces import PACED
from motion.resample import sample

_WORDS = ("slow", "normal", "fast")
_AIRBORNE = ("jump", "run", "kick")
_WALKING_MOST = 1.7  # metres a second
_PAUSE_LEAST, _PAUSE_MOST = 0.9, 1.6  # seconds, in which the body comes to rest and goes on again
# Elsewhere a halt is a pose that is held.
_PAUSABLE = ("wave", "clap", "walk", "crouch_walk", "side_step")
_RATE_LEAST, _RATE_MOST = 1.4, 1.7
_PAUSE_COUNT = (2, 4)  # times of an action, steps of a way: either half is still one
_CUT_LEAST, _CUT_MOST = 0.3, 0.5  # share of the one action
_WORTH_CUTTING = 1.2  # metres


def _covered(subject: Subject, part: int) -> tuple[int, ...]:
    return subject.active if part < 0 else subject.parts[part].members


def _speed_targets(subject: Subject, faster: bool) -> list[Parameters]:
    wanted = [-1, *range(len(subject.parts))] if len(subject.parts) > 1 else [-1]
    targets: list[Parameters] = []
    for part in wanted:
        covered = [subject.events[index] for index in _covered(subject, part)]
        if not any(event.action in PACED for event in covered):
            continue
        if any(_other_gait(subject, event, faster) for event in covered):
            continue
        if subject.fits(_new_length(subject, part, _RATE_LEAST, faster)):
            targets.append({"part": part})
    return targets


def _other_gait(subject: Subject, event: Event, faster: bool) -> bool:
    """Whether a walk so fast, or a run so slow, would be something else; a leg put down fast is a stomp."""
    if event.action in ("run", "stomp"):
        return not faster
    if event.action == "raise_leg":
        return faster
    seconds = max(1, event.end - event.start) / subject.skeleton.fps
    return faster and event.action in LOCOMOTION and event.amount / seconds * _RATE_LEAST > _WALKING_MOST


def _window(subject: Subject, part: int) -> tuple[int, int]:
    return (0, subject.frames) if part < 0 else (subject.parts[part].start, subject.parts[part].end)


def _new_length(subject: Subject, part: int, rate: float, faster: bool) -> int:
    start, end = _window(subject, part)
    length = round((end - start) / rate) if faster else round((end - start) * rate)
    return subject.frames - (end - start) + length


def _draw_speed(
    subject: Subject, target: Parameters, rng: np.random.Generator, strength: float, faster: bool
) -> Parameters:
    rate = amount(rng, strength, _RATE_LEAST, _RATE_MOST)
    while rate > _RATE_LEAST and not subject.fits(_new_length(subject, int(target["part"]), rate, faster)):
        rate = max(_RATE_LEAST, round(rate - 0.05, 3))
    return target | {"rate": rate}


def _speed(subject: Subject, parameters: Parameters, faster: bool) -> Outcome:
    part, rate = int(parameters["part"]), float(parameters["rate"])
    start, end = _window(subject, part)
    count = _new_length(subject, part, rate, faster) - (subject.frames - (end - start))
    middle = start + np.arange(count) * (end - start) / count
    if end == subject.frames:
        middle = np.linspace(start, end - 1, count)
    sources = np.concatenate([np.arange(start), middle, np.arange(end, subject.frames)]).astype(float)
    sources = _eased(sources) if part >= 0 else sources
    altered, changes = {}, []
    for index in _covered(subject, part):
        event = subject.events[index]
        if event.action in PACED:  # of others nobody can tell
            changes.append(speed_changed(subject, index, sources, faster))
        after = _WORDS.index(event.speed or "normal") + (1 if faster else -1)
        altered[index] = replace(event, speed=_WORDS[min(2, max(0, after))])
    return outcome(subject, sample(subject.joints, sources), sources, changes, altered)


def speed_changed(subject: Subject, index: int, sources: NDArray[np.float64], faster: bool) -> Change:
    """The break that an event goes faster, or slower, than it should."""
    before = subject.events[index].speed or "normal"
    return broken(subject, index, sources, "speed", before, "faster" if faster else "slower")


def _eased(sources: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sources whose rate changes within a fifth of a second, first and last kept."""
    straight = np.linspace(sources[0], sources[-1], len(sources))
    soft = straight + smoothed(sources - straight, 2.0)
    soft[0], soft[-1] = sources[0], sources[-1]
    return np.maximum.accumulate(soft)


def _pause_targets(subject: Subject, _donor: Subject | None) -> list[Parameters]:
    if not subject.fits(subject.frames + subject.seconds(_PAUSE_LEAST)):
        return []
    targets: list[Parameters] = []
    for index in subject.active:
        event = subject.events[index]
        frame = (event.start + event.end) // 2
        around = [e for e in subject.events if e.start <= frame < e.end]
        # What is done once would be done twice, in two halves.
        if event.action not in _PAUSABLE or event.count < _PAUSE_COUNT[event.action in LOCOMOTION]:
            continue
        # Either half of a bend would be another path.
        if event.path not in ("", "straight"):
            continue
        # A figure cannot rest in the air, and nobody sees it rest in the middle of rest.
        if event.action in _AIRBORNE or any(e.action in _AIRBORNE for e in around):
            continue
        if _moves(subject, frame):
            targets.append({"frame": frame, "event": index})
    return targets


def _moves(subject: Subject, frame: int) -> bool:
    """Whether some joint goes faster than 0.3 m/s there."""
    since, until = max(0, frame - 2), min(subject.frames - 1, frame + 2)
    way = np.sqrt(np.square(subject.joints[until] - subject.joints[since]).sum(axis=-1)).max()
    seconds = max(1, until - since) / subject.skeleton.fps
    return bool(way > subject.metres(0.3) * seconds)


def _draw_pause(
    subject: Subject, target: Parameters, rng: np.random.Generator, strength: float
) -> Parameters:
    room = (subject.skeleton.max_frames - subject.frames) / subject.skeleton.fps
    wanted = amount(rng, strength, _PAUSE_LEAST, _PAUSE_MOST)
    return target | {"seconds": round(max(_PAUSE_LEAST, min(wanted, room - 0.1)), 3)}


def _pause(subject: Subject, _donor: Subject | None, parameters: Parameters) -> Outcome:
    frame, rest = int(parameters["frame"]), subject.seconds(float(parameters["seconds"]))
    stops = np.concatenate([np.arange(frame), np.full(rest, frame), np.arange(frame, subject.frames)])
    sources = _eased(stops.astype(float))
    change = flawed("pause", frame, frame + rest)
    index = int(parameters["event"])
    action = subject.events[index].action
    named = replace(
        change.difference, action=action, part=ACTIONS[action].part, side=subject.events[index].side
    )
    joints = sample(subject.joints, sources)
    return outcome(subject, joints, sources, [Change(index, named)])


def _cut_targets(subject: Subject, beginning: bool) -> list[Parameters]:
    """Cuts between parts, and cuts within the outermost part if that is one way walked."""
    parts = subject.parts
    targets: list[Parameters] = []
    for number in range(1, len(parts)):
        left = subject.frames - parts[number].start if beginning else parts[number].start
        if subject.fits(left):
            targets.append({"parts": number if beginning else len(parts) - number, "event": -1})
    if not parts:
        return []
    outermost = parts[0] if beginning else parts[-1]
    event = subject.events[outermost.members[0]]
    # What is left of a bend is another path.
    alone = len(outermost.members) == 1 and event.action in LOCOMOTION and event.path in ("", "straight")
    least = (event.end - event.start) * _CUT_LEAST
    if alone and event.amount >= _WORTH_CUTTING and subject.fits(subject.frames - least - event.start):
        targets.append({"parts": 0, "event": outermost.members[0]})
    return targets


def _draw_cut(subject: Subject, target: Parameters, rng: np.random.Generator, strength: float) -> Parameters:
    return target | {"share": amount(rng, strength, _CUT_LEAST, _CUT_MOST) if target["event"] != -1 else 0.0}


def _cut(subject: Subject, parameters: Parameters, beginning: bool) -> Outcome:
    if int(parameters["event"]) >= 0:
        return _cut_way(subject, int(parameters["event"]), float(parameters["share"]), beginning)
    parts, number = subject.parts, int(parameters["parts"])
    gone = parts[:number] if beginning else parts[len(parts) - number :]
    kept = slice(gone[-1].end, subject.frames) if beginning else slice(0, gone[0].start)
    sources = unchanged_slice(subject, kept)
    changes = [missing(subject, index, sources) for part in gone for index in part.members]
    return outcome(subject, subject.joints[kept], sources, changes)


def _cut_way(subject: Subject, index: int, share: float, beginning: bool) -> Outcome:
    event = subject.events[index]
    frames = round((event.end - event.start) * share)
    room = subject.frames - subject.skeleton.min_frames - 1
    if beginning:
        kept = slice(min(event.start + frames, room), subject.frames)
    else:
        kept = slice(0, max(event.end - frames, subject.skeleton.min_frames + 1))
    sources = unchanged_slice(subject, kept)
    first, last = max(event.start, kept.start), min(event.end, kept.stop)
    return shortened(subject, index, sources, subject.joints[kept], first, last)


def shortened(
    subject: Subject, index: int, sources: NDArray[np.float64], joints: np.ndarray, first: int, last: int
) -> Outcome:
    """The outcome where of a way walked only the subject's frames [first, last) are left."""
    event = subject.events[index]
    left = way(subject, first, last) / max(1e-9, way(subject, event.start, event.end))
    altered = replace(event, amount=event.amount * left, count=max(1, round(event.count * left)))
    changes = [metres_changed(subject, index, sources, altered.amount)]
    if event.count - altered.count > 1:
        changes.append(broken(subject, index, sources, "count", str(event.count), str(altered.count)))
    return outcome(subject, joints, sources, changes, {index: altered})


def way(subject: Subject, start: int, end: int) -> float:
    """Length of the root's path on the floor over frames [start, end), in the data set's unit."""
    steps = np.diff(smoothed(subject.local.place[max(0, start) : end], 2.0), axis=0)
    return float(np.sqrt(np.square(steps).sum(axis=-1)).sum())


def metres_changed(subject: Subject, index: int, sources: NDArray[np.float64], found: float) -> Change:
    """The break that a way is so many metres long instead of the event's."""
    return broken(subject, index, sources, "amplitude", f"{subject.events[index].amount:.1f}", f"{found:.1f}")


def unchanged_slice(subject: Subject, kept: slice) -> NDArray[np.float64]:
    """Sources of a slice of the clip."""
    return np.arange(subject.frames, dtype=np.float64)[kept]


FASTER = Operation(
    "faster",
    lambda subject, _donor: _speed_targets(subject, True),
    lambda subject, target, rng, strength: _draw_speed(subject, target, rng, strength, True),
    lambda subject, _donor, parameters: _speed(subject, parameters, True),
    reach=(0.1, 0.6),
    weight=0.5,
)
SLOWER = Operation(
    "slower",
    lambda subject, _donor: _speed_targets(subject, False),
    lambda subject, target, rng, strength: _draw_speed(subject, target, rng, strength, False),
    lambda subject, _donor, parameters: _speed(subject, parameters, False),
    reach=(0.1, 0.6),
    weight=0.5,
)
PAUSE = Operation("insert_pause", _pause_targets, _draw_pause, _pause, reach=(0.0, 0.5), weight=3.0)
CUT_BEGINNING = Operation(
    "cut_beginning",
    lambda subject, _donor: _cut_targets(subject, True),
    _draw_cut,
    lambda subject, _donor, parameters: _cut(subject, parameters, True),
    reach=(0.3, 0.9),
)
CUT_END = Operation(
    "cut_end",
    lambda subject, _donor: _cut_targets(subject, False),
    _draw_cut,
    lambda subject, _donor, parameters: _cut(subject, parameters, False),
    reach=(0.3, 0.9),
)
