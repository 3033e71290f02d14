"""Edits of the whole body: its mirror image, and its movement played backwards."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from motion.events import LOCOMOTION, Event, opposite
from motion.mirror import mirror_joints
from motion.perturb.edit import (
    Change,
    Operation,
    Outcome,
    Parameters,
    Subject,
    broken,
    moved,
    outcome,
    sides_swapped,
    span,
    superfluous,
    unchanged,
)

_REVERSED = {
    "raise_arm": "lower_arm",
    "lower_arm": "raise_arm",
    "sit_down": "stand_up",
    "stand_up": "sit_down",
}
# Backwards these are no action that has a name.
_ONE_WAY = frozenset(
    (
        "throw kneel lie_down stomp reach stretch lunge cross_arms pick_up place hold_arm hands_together "
        "hand_on_hip hand_on_head hand_on_knee"
    ).split()
)
_TRAVELLING = (*LOCOMOTION, "jump")


def no_amount(
    _subject: Subject, target: Parameters, _rng: np.random.Generator, _strength: float
) -> Parameters:
    """The draw of an operation that knows no more or less."""
    return dict(target)


def _mirror_targets(subject: Subject, _donor: Subject | None) -> list[Parameters]:
    _, changes = sides_swapped(subject, subject.active, unchanged(subject))
    return [{}] if changes else []


def _mirror(subject: Subject, _donor: Subject | None, _parameters: Parameters) -> Outcome:
    sources = unchanged(subject)
    events, changes = sides_swapped(subject, range(len(subject.events)), sources)
    joints = mirror_joints(subject.joints, subject.skeleton)
    return outcome(subject, joints, sources, changes, events)


def _backwards(event: Event) -> Event:
    action = _REVERSED.get(event.action, event.action)
    direction = event.direction
    if event.action in _TRAVELLING and direction not in ("up", "down"):
        direction = opposite(direction)
    if event.action == "lower_arm" or action == "lower_arm":
        direction = ""
    # A turn, and a way that bends, goes back to where it came from.
    side = opposite(event.side) if event.action in (*LOCOMOTION, "turn") else event.side
    return replace(event, action=action, direction=direction, side=side)


def _reverse_targets(subject: Subject, _donor: Subject | None) -> list[Parameters]:
    if any(subject.events[index].action in _ONE_WAY for index in subject.active):
        return []
    return [{}] if _reverse(subject, None, {}).changes else []


def _reverse(subject: Subject, _donor: Subject | None, _parameters: Parameters) -> Outcome:
    sources = unchanged(subject)[::-1]
    after = {index: _backwards(event) for index, event in enumerate(subject.events)}
    pairs = _partners(subject, after)
    changes: list[Change] = []
    for index in subject.active:
        event = subject.events[index]
        if index not in pairs:
            changes.append(broken(subject, index, sources, "missing", event.action, "none"))
            continue
        partner = after[pairs[index]]
        if partner.side != event.side:
            changes.append(broken(subject, index, sources, "side", event.side, partner.side))
        if partner.direction != event.direction and "arm" not in event.action:
            changes.append(broken(subject, index, sources, "direction", event.direction, partner.direction))
    changes += _order_changes(subject, pairs, sources)
    extra = [moved(after[index], sources) for index in subject.active if index not in pairs.values()]
    # The actions played backwards stand in for the subject's, one by one.
    events = tuple(moved(after[index], sources) for index in range(len(subject.events)))
    return Outcome(subject.joints[::-1].copy(), sources, events, (*changes, *map(superfluous, extra)))


def _partners(subject: Subject, after: dict[int, Event]) -> dict[int, int]:
    """Which event, played backwards, does the same action as each event: the first in new time."""
    free = sorted(subject.active, key=lambda index: -subject.events[index].end)
    pairs: dict[int, int] = {}
    for index in sorted(subject.active, key=lambda index: subject.events[index].start):
        event = subject.events[index]
        for candidate in free:
            same_limb = event.action in (*LOCOMOTION, "turn") or event.side == after[candidate].side
            if after[candidate].action == event.action and same_limb:
                pairs[index] = candidate
                free.remove(candidate)
                break
    return pairs


def _order_changes(subject: Subject, pairs: dict[int, int], sources: np.ndarray) -> list[Change]:
    """One break of the order: the first two neighbours of different action that changed places."""
    ordered = sorted(pairs, key=lambda index: subject.events[index].start)
    for first, second in pairwise(ordered):
        a, b = subject.events[first], subject.events[second]
        if a.action == b.action or a.end > b.start + subject.seconds(0.3):
            continue
        there = [subject.events[pairs[index]] for index in (first, second)]
        new = [span(event.start, event.end, sources)[0] for event in there]
        if new[0] > new[1]:
            return [order_change(subject, first, second, sources)]
    return []


def order_change(subject: Subject, first: int, second: int, sources: np.ndarray) -> Change:
    """The break that the second event now comes before the first."""
    after = subject.events[second].action
    return broken(subject, first, sources, "order", f"before {after}", f"after {after}", (second,))


MIRROR = Operation("mirror", _mirror_targets, no_amount, _mirror, reach=(0.5, 1.0), weight=1.2)
REVERSE = Operation("reverse", _reverse_targets, no_amount, _reverse, reach=(0.6, 1.0))
