"""Perturbed versions of a clip from strong to weak, drawn by key: rungs for a ladder."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from motion.events import Difference, Event
from motion.perturb.edit import Change, Edit, Outcome, Parameters, Subject, span
from motion.perturb.operations import OPERATIONS, perform
from motion.seeds import generator

_SEVERAL, _MANY = 0.6, 0.85  # strengths from which on two and three edits are chained
_TRIES = 4
_NOISE_WEIGHT = 0.35
_WHOLE = ("missing", "extra", "order")  # breaks that make any other of the same event void
_TOGETHER = frozenset({"count", "amplitude"})  # steps and metres of one way tell the same


@dataclass
class _Chain:
    """Edits done so far, with what later ones have to know of them."""

    subject: Subject
    originals: tuple[Event, ...]
    edits: list[Edit] = field(default_factory=list)
    locked: set[tuple[int, str]] = field(default_factory=set)
    indices: tuple[int, ...] = ()  # index in `originals` of each of the subject's events, or -1


def propose(
    subject: Subject, donor: Subject | None, key: str, count: int, strengths: Sequence[float]
) -> list[tuple[NDArray[np.float32], tuple[Edit, ...]]]:
    """`count` perturbed versions, one for each strength (1 is strong, 0 is weak), by key alone.

    Each is joints (T', J, 3) in canonical form with the edits in the order in which they were
    done; their breaks are those of the final clip, independent of each other. The versions start
    with different operations as long as there are some. ValueError when count and strengths
    differ in number.
    """
    if len(strengths) != count:
        raise ValueError(f"{count} versions need as many strengths, got {len(strengths)}")
    used: set[str] = set()
    versions = []
    for rung, strength in enumerate(strengths):
        joints, edits = propose_one(subject, donor, f"{key}/{rung}", strength, used)
        used.add(edits[0].operation)
        versions.append((joints, edits))
    return versions


def propose_one(
    subject: Subject, donor: Subject | None, key: str, strength: float, avoid: Collection[str] = ()
) -> tuple[NDArray[np.float32], tuple[Edit, ...]]:
    """One perturbed version like those of `propose`; it starts with an operation that is not to be
    avoided as long as there is one."""
    chain = _chain(subject, donor, avoid, generator("propose", key), strength)
    return chain.subject.joints, tuple(chain.edits)


def _chain(
    subject: Subject,
    donor: Subject | None,
    avoid: Collection[str],
    rng: np.random.Generator,
    strength: float,
) -> _Chain:
    chain = _Chain(subject, subject.events, indices=tuple(range(len(subject.events))))
    first = _drawn(subject, donor, [name for name in OPERATIONS if name not in avoid], rng, strength)
    first = first or _drawn(subject, donor, list(OPERATIONS), rng, strength)
    assert first is not None  # noise can be done anywhere
    _extend(chain, *first, donor, rng, strength)
    wanted = 1 + (strength >= _SEVERAL) + (strength >= _MANY)
    for _ in range(_TRIES):
        if len(chain.edits) >= wanted:
            break
        done = {edit.operation for edit in chain.edits}
        spoilt = any(OPERATIONS[name].noise for name in done)
        left = [name for name in OPERATIONS if name not in done and not (spoilt and OPERATIONS[name].noise)]
        found = _drawn(chain.subject, donor, left, rng, strength)
        if found is None:
            break
        _extend(chain, *found, donor, rng, strength)
    return chain


def _drawn(
    subject: Subject, donor: Subject | None, names: list[str], rng: np.random.Generator, strength: float
) -> tuple[str, list[Parameters]] | None:
    """One of the named operations that can be done, by weight, with its targets; None if there is none.

    The operations are put in a drawn order and the first with a target is taken, which is as likely as
    if it were drawn among those that have targets, and looks for the targets of a few only.
    """
    waits = rng.exponential(size=len(names)) / [_weight(name, strength) for name in names]
    for place in np.argsort(waits):
        targets = OPERATIONS[names[place]].targets(subject, donor)
        if targets:
            return names[place], targets
    return None


def _weight(name: str, strength: float) -> float:
    """How welcome an operation is: rare ones more, noise less, at home at this strength."""
    operation = OPERATIONS[name]
    low, high = operation.reach
    away = max(0.0, low - strength, strength - high)
    return operation.weight * (_NOISE_WEIGHT if operation.noise else 1.0) * float(np.exp(-6.0 * away))


def _extend(
    chain: _Chain,
    name: str,
    targets: list[Parameters],
    donor: Subject | None,
    rng: np.random.Generator,
    strength: float,
) -> None:
    """Do one more edit, unless it would void or repeat what an earlier one broke."""
    operation = OPERATIONS[name]
    target = targets[int(rng.integers(len(targets)))]
    parameters = operation.draw(chain.subject, target, rng, strength)
    done = perform(name, chain.subject, donor, parameters)
    touched = _touched(done)
    if chain.edits and any(_clash(one, other) for one in touched for other in chain.locked):
        return
    _take(chain, name, parameters, done, touched)


def _touched(done: Outcome) -> set[tuple[int, str]]:
    """Events and aspects that an operation speaks of, by the index before it."""
    return {
        (index, change.difference.aspect)
        for change in done.changes
        for index in (change.event, *change.others)
        if index >= 0
    }


def _clash(one: tuple[int, str], other: tuple[int, str]) -> bool:
    if one[0] != other[0]:
        return False
    aspects = {one[1], other[1]}
    return len(aspects) == 1 or bool(aspects & set(_WHOLE)) or aspects == _TOGETHER


def _take(
    chain: _Chain, name: str, parameters: Parameters, done: Outcome, touched: set[tuple[int, str]]
) -> None:
    breaks = tuple(_as_of_goal(change, chain) for change in done.changes)
    earlier = [replace(edit, breaks=tuple(_later(b, done) for b in edit.breaks)) for edit in chain.edits]
    chain.edits = [*earlier, Edit(name, parameters, breaks)]
    kept = [index for index, event in enumerate(done.events) if event is not None]
    places = {old: new for new, old in enumerate(kept)}
    locked = {(places[i], aspect) for i, aspect in chain.locked | touched if i in places}
    # What came in is superfluous: no later edit may take it out again or alter it.
    chain.locked = locked | {(len(kept) + number, "extra") for number in range(len(done.extra))}
    chain.indices = (*(chain.indices[index] for index in kept), *([-1] * len(done.extra)))
    events = tuple(done.events[index] for index in kept) + done.extra
    chain.subject = Subject(
        done.joints, chain.subject.skeleton, tuple(event for event in events if event is not None)
    )


def _as_of_goal(change: Change, chain: _Chain) -> Difference:
    """The break with side and direction of the goal's event, as the first edits found it."""
    index = chain.indices[change.event] if change.event >= 0 else -1
    if index < 0:
        return change.difference
    event = chain.originals[index]
    return replace(change.difference, side=event.side, direction=event.direction)


def _later(broken: Difference, done: Outcome) -> Difference:
    """An earlier break at its frames after another edit."""
    start, end = span(broken.start, broken.end, done.sources)
    return replace(broken, start=start, end=end)
