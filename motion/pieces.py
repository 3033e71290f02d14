"""The events of two motions as a comparison reads them: pieces of one action put together, and paired."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from motion.events import ACTIONS, LOCOMOTION, Event
from motion.facts import Facts

PAUSE = 0.4  # seconds of standing between two pieces of one action

# Actions whose duration follows their pace: at 1.4 to 1.6 times the pace it is within a tenth of what it
# should be. Poses are held at will, and what is found by a moment (jump, punch, throw, lunge) has a
# duration that is its detector's.
PACED = frozenset(
    (
        "walk run crouch_walk side_step crawl squat sit_down stand_up bow bend wave swing_arm circle_arm "
        "clap pick_up place kick raise_leg stomp"
    ).split()
)


@dataclass(frozen=True)
class Item:
    """An event, or pieces of one action that only pauses interrupt."""

    event: Event
    pieces: int
    seconds: float  # without the pauses between the pieces


def family(action: str) -> str:
    """Actions that are compared with each other: a side step is a walk to the side."""
    return "walk" if action == "side_step" else action


def items(facts: Facts) -> list[Item]:
    """Events other than standing, pieces of one action put together."""
    found: list[Item] = []
    for event in facts.events:
        if event.action == "stand":
            continue
        seconds = (event.end - event.start) / facts.fps
        last = found[-1] if found else None
        if last and ACTIONS[event.action].counted and _kind(last.event) == _kind(event):
            gap = (event.start - last.event.end) / facts.fps
            merged = replace(
                last.event,
                end=event.end,
                count=last.event.count + event.count,
                amount=_put_together(last.event, event),
            )
            found[-1] = Item(merged, last.pieces + (gap >= PAUSE), last.seconds + seconds)
        else:
            found.append(Item(event, 1, seconds))
    return found


def _kind(event: Event) -> tuple[str, str, str]:
    return event.action, event.side, event.direction


def _put_together(a: Event, b: Event) -> float:
    """Ways add up, heights and angles do not."""
    return round(a.amount + b.amount, 2) if a.action in LOCOMOTION else max(a.amount, b.amount)


def rate(event: Event, seconds: float) -> float:
    """Metres a second of a travel, repetitions a second of another action; 0 where that tells nothing."""
    if seconds <= 0 or event.action not in PACED:
        return 0.0
    if event.action in LOCOMOTION:
        return event.amount / seconds
    return event.count / seconds


def paired(ours: list[Item], theirs: list[Item]) -> list[tuple[Item | None, Item | None]]:
    """Cheapest pairing of two lists of one family in time order; None where one has no partner."""
    if len(ours) == len(theirs) == 1 and _mismatch(ours[0].event, theirs[0].event) < 2:
        return [(ours[0], theirs[0])]
    rows, columns = len(ours), len(theirs)
    if not rows or not columns:
        return [(item, None) for item in ours] + [(None, item) for item in theirs]
    cost = np.zeros((rows + 1, columns + 1))
    cost[:, 0], cost[0] = np.arange(rows + 1), np.arange(columns + 1)
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            match = cost[i - 1, j - 1] + _mismatch(ours[i - 1].event, theirs[j - 1].event)
            cost[i, j] = min(match, cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    pairs: list[tuple[Item | None, Item | None]] = []
    i, j = rows, columns
    while i or j:
        if i and j:
            match = cost[i - 1, j - 1] + _mismatch(ours[i - 1].event, theirs[j - 1].event)
            if cost[i, j] == match:
                i, j = i - 1, j - 1
                pairs.append((ours[i], theirs[j]))
                continue
        if i and cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
            pairs.append((ours[i], None))
        else:
            j -= 1
            pairs.append((None, theirs[j]))
    return pairs[::-1]


def _mismatch(a: Event, b: Event) -> float:
    """Cost of pairing two events of one family; under 2, the cost of leaving both alone."""
    far = abs(a.count - b.count) / max(a.count, b.count)
    return 0.7 * (a.side != b.side) + 0.5 * (a.direction != b.direction) + 0.25 * far
