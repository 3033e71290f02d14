"""In what two motions differ, how alike they are, and vectors of facts for the search of neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from motion.events import ACTIONS, LOCOMOTION, Difference, Event
from motion.facts import Facts

# What the measure itself may be wrong by; smaller differences are none.
_COUNT_SURE = 6  # steps from which on one more or less is noise
_AMOUNT_SHARE = 0.2
_AMOUNT_FLOOR = {"degrees": 20.0, "metres": 0.08}
_RATE_RATIO = 1.3  # of speeds or tempos
_PAUSE = 0.4  # seconds of standing between two pieces of one action
_JITTER = (150.0, 2.0)  # m/s^3, and how many times the goal's
_SKATING = (12.0, 2.0)  # cm/s, and how many times the goal's
_FLOATING = 0.15  # share of frames above the goal's
_PENETRATION = 4.0  # cm above the goal's
_FROZEN = (1.0, 0.25)  # arm lengths of way in the goal, and the share of it that is left

_WEIGHTS = {
    "missing": 1.0,
    "extra": 1.0,
    "side": 0.8,
    "direction": 0.8,
    "count": 0.5,
    "order": 0.6,
    "path": 0.4,
    "speed": 0.35,
    "amplitude": 0.3,
    "quality": 0.25,
}
_GRADED = ("count", "amplitude")  # weighed by how far the numbers are apart
_SHARPNESS = 0.5  # how fast similarity falls with the weighted differences
_GAP_WEIGHT = 0.8


@dataclass(frozen=True)
class _Item:
    """An event, or pieces of one action that only pauses interrupt."""

    event: Event
    pieces: int
    seconds: float  # without the pauses


def differences(goal: Facts, candidate: Facts) -> tuple[Difference, ...]:
    """Differences of a candidate from its goal that exceed the measure's noise, in order of start."""
    wanted, found = _items(goal), _items(candidate)
    scale = candidate.frames / max(1, goal.frames)
    pairs: list[tuple[_Item, _Item]] = []
    result: list[Difference] = []
    for family in sorted({_family(item.event.action) for item in wanted + found}):
        ours = [item for item in wanted if _family(item.event.action) == family]
        theirs = [item for item in found if _family(item.event.action) == family]
        for a, b in _aligned(ours, theirs):
            if b is None:
                assert a is not None
                result.append(_missing(a.event, scale))
            elif a is None:
                result.append(_extra(b.event))
            else:
                pairs.append((a, b))
                result += _between(a, b)
    result += _disorder(pairs)
    result += _quality(goal, candidate, result)
    return tuple(
        sorted(result, key=lambda d: (d.start, d.end, d.aspect, d.action, d.side, d.expected, d.found))
    )


def _family(action: str) -> str:
    """Actions that are compared with each other: a side step is a walk to the side."""
    return "walk" if action == "side_step" else action


def _items(facts: Facts) -> list[_Item]:
    """Events other than standing, pieces of one action put together."""
    items: list[_Item] = []
    for event in facts.events:
        if event.action == "stand":
            continue
        seconds = (event.end - event.start) / facts.fps
        last = items[-1] if items else None
        if last and ACTIONS[event.action].counted and _kind(last.event) == _kind(event):
            gap = (event.start - last.event.end) / facts.fps
            merged = replace(
                last.event,
                end=event.end,
                count=last.event.count + event.count,
                amount=_put_together(last.event, event),
            )
            items[-1] = _Item(merged, last.pieces + (gap >= _PAUSE), last.seconds + seconds)
        else:
            items.append(_Item(event, 1, seconds))
    return items


def _kind(event: Event) -> tuple[str, str, str]:
    return event.action, event.side, event.direction


def _put_together(a: Event, b: Event) -> float:
    """Ways add up, heights and angles do not."""
    return round(a.amount + b.amount, 2) if a.action in LOCOMOTION else max(a.amount, b.amount)


def _aligned(ours: list[_Item], theirs: list[_Item]) -> list[tuple[_Item | None, _Item | None]]:
    """Cheapest pairing of two lists in time order; None where one has no partner."""
    rows, columns = len(ours), len(theirs)
    cost = np.zeros((rows + 1, columns + 1))
    cost[:, 0], cost[0] = np.arange(rows + 1), np.arange(columns + 1)
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            match = cost[i - 1, j - 1] + _mismatch(ours[i - 1].event, theirs[j - 1].event)
            cost[i, j] = min(match, cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    pairs: list[tuple[_Item | None, _Item | None]] = []
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


def _missing(event: Event, scale: float) -> Difference:
    return Difference(
        "missing",
        event.action,
        ACTIONS[event.action].part,
        event.side,
        event.direction,
        expected=event.action,
        found="none",
        start=round(event.start * scale),
        end=round(event.end * scale),
    )


def _extra(event: Event) -> Difference:
    return Difference(
        "extra",
        event.action,
        ACTIONS[event.action].part,
        event.side,
        event.direction,
        expected="none",
        found=event.action,
        start=event.start,
        end=event.end,
    )


def _between(a: _Item, b: _Item) -> list[Difference]:
    """Differences of two events of one action."""
    goal, other = a.event, b.event
    action = ACTIONS[goal.action]
    base = Difference(
        "quality", goal.action, action.part, goal.side, goal.direction, start=other.start, end=other.end
    )
    changes: list[tuple[str, str, str]] = []
    # The side of a way is that of its bend: without one it says nothing.
    if goal.side != other.side and (action.sided or goal.path == other.path):
        changes.append(("side", goal.side or "none", other.side or "none"))
    if goal.direction != other.direction and not _follows_side(goal, other):
        changes.append(("direction", goal.direction or "none", other.direction or "none"))
    if action.counted and _count_differs(goal, other):
        changes.append(("count", str(goal.count), str(other.count)))
    if _amount_differs(goal, other):
        changes.append(("amplitude", _number(goal.amount), _number(other.amount)))
    if goal.path != other.path:
        changes.append(("path", goal.path or "straight", other.path or "straight"))
    changes += _speed(a, b)
    if b.pieces > a.pieces:
        changes.append(("quality", "none", "pause"))
    return [replace(base, aspect=aspect, expected=x, found=y) for aspect, x, y in changes]


def _follows_side(a: Event, b: Event) -> bool:
    """Whether the direction differs only because the side does: each arm's own outside."""
    return a.side != b.side and (a.direction, b.direction) == (a.side, b.side)


def _count_differs(a: Event, b: Event) -> bool:
    noise = 1 if a.action in LOCOMOTION and max(a.count, b.count) >= _COUNT_SURE else 0
    return abs(a.count - b.count) > noise


def _amount_differs(a: Event, b: Event) -> bool:
    unit = ACTIONS[a.action].unit
    if not unit:
        return False
    gap = abs(a.amount - b.amount)
    return gap > _AMOUNT_FLOOR[unit] and gap > _AMOUNT_SHARE * max(a.amount, b.amount)


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _speed(a: _Item, b: _Item) -> list[tuple[str, str, str]]:
    rates = [_rate(item) for item in (a, b)]
    if min(rates) <= 0 or max(rates) / min(rates) < _RATE_RATIO:
        return []
    words = a.event.speed, b.event.speed
    if all(words) and words[0] != words[1]:
        return [("speed", *words)]
    return [("speed", words[0] or "normal", "slower" if rates[1] < rates[0] else "faster")]


def _rate(item: _Item) -> float:
    """Metres a second of a travel, repetitions a second of a repeated action; 0 if neither."""
    if item.seconds <= 0:
        return 0.0
    if item.event.action in LOCOMOTION:
        return item.event.amount / item.seconds
    return item.event.count / item.seconds if item.event.count >= 2 else 0.0


def _disorder(pairs: list[tuple[_Item, _Item]]) -> list[Difference]:
    """Neighbours in the goal that follow each other the other way round in the candidate."""
    ordered = sorted(pairs, key=lambda p: (p[0].event.start, p[0].event.end))
    result = []
    for (a, x), (b, y) in pairwise(ordered):
        if a.event.end <= b.event.start + 2 and y.event.end <= x.event.start + 2:
            first, second = a.event, b.event
            result.append(
                Difference(
                    "order",
                    first.action,
                    ACTIONS[first.action].part,
                    first.side,
                    first.direction,
                    expected=f"before {second.action}",
                    found=f"after {second.action}",
                    start=min(x.event.start, y.event.start),
                    end=max(x.event.end, y.event.end),
                )
            )
    return result


def _quality(goal: Facts, candidate: Facts, others: list[Difference]) -> list[Difference]:
    """Faults of the candidate that the goal does not have."""
    a, b = goal.summary, candidate.summary
    faults = []
    if b.jitter > max(_JITTER[0], _JITTER[1] * a.jitter):
        faults.append("jitter")
    if b.skating_cm_s > max(_SKATING[0], _SKATING[1] * a.skating_cm_s):
        faults.append("skating")
    if b.floating > a.floating + _FLOATING:
        faults.append("floating")
    if b.penetration_cm > a.penetration_cm + _PENETRATION:
        faults.append("penetration")
    whole = Difference("quality", expected="none", start=0, end=candidate.frames)
    result = [replace(whole, found=fault) for fault in faults]
    missed = {d.side for d in others if d.aspect == "missing" and d.part == "arm"}
    ways = (
        ("left", a.hand_travel_left, b.hand_travel_left),
        ("right", a.hand_travel_right, b.hand_travel_right),
    )
    for side, before, after in ways:
        known = bool(missed & {side, "both"})
        if before > _FROZEN[0] and after < _FROZEN[1] * before and not known:
            result.append(replace(whole, part="arm", side=side, found="frozen"))
    return result


def similarity(goal: Facts, candidate: Facts) -> float:
    """How alike two motions are, from 0 to 1; 1 for the same facts."""
    weight = sum(_weight(d) for d in differences(goal, candidate))
    size = max(1, len(_items(goal)))
    gap = max(0.0, 1.0 - float(fact_vector(goal) @ fact_vector(candidate)))
    value = np.exp(-_SHARPNESS * weight / np.sqrt(size) - _GAP_WEIGHT * gap)
    return round(float(value), 4)


def _weight(item: Difference) -> float:
    weight = _WEIGHTS[item.aspect]
    if item.aspect in _GRADED:
        a, b = float(item.expected), float(item.found)
        weight *= 0.5 + 0.5 * min(1.0, abs(a - b) / max(abs(a), abs(b), 1e-9) / 0.5)
    return weight


def merge(known: Sequence[Difference], measured: Sequence[Difference]) -> tuple[Difference, ...]:
    """Known differences first, then the measured ones that say something else."""
    said = {_statement(d) for d in known}
    return (*known, *(d for d in measured if _statement(d) not in said))


def _statement(item: Difference) -> tuple[str, str, str, str]:
    fault = item.found if item.aspect == "quality" else ""
    return item.aspect, _family(item.action), item.side, fault


def fact_vector(facts: Facts) -> NDArray[np.float32]:
    """A unit vector (K,) of what a motion does: its dot product with another's tells how alike they are."""
    index = _columns()
    vector = np.zeros(len(index), np.float32)
    vector[index["bias"]] = 0.3
    for event in facts.events:
        strength = 1 + 0.25 * np.log2(max(1, event.count)) if ACTIONS[event.action].counted else 1.0
        for name, factor in _entries(event):
            vector[index[name]] += factor * strength
    unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
    return unit


def _entries(event: Event) -> list[tuple[str, float]]:
    """Columns that an event adds to, each with its factor."""
    action = event.action
    if action in LOCOMOTION:
        found = [(action, 1.0), (f"go {_way(event)}", 1.0), ("metres", 0.3 * float(np.log1p(event.amount)))]
        if event.path in _BENDS:
            found.append((f"path {event.path}", 0.8))
        if event.speed in ("slow", "fast"):
            found.append((f"speed {event.speed}", 0.5))
        return found
    factor = {"stand": 0.3, "turn": min(2.0, 0.5 + event.amount / 180)}.get(action, 1.0)
    if not ACTIONS[action].sided or (action == "jump" and not event.side):
        found = [(action, factor)]
    else:
        sides = (event.side,) if event.side in ("left", "right") else ("left", "right")
        found = [(f"{action} {side}", factor) for side in sides]
    way = f"{action} {_way(event)}"
    return [*found, (way, 0.5)] if way in _columns() else found


def _way(event: Event) -> str:
    """Direction of an event; to its left or right is one way for what has a side of its own."""
    if event.direction in ("left", "right") and event.action not in LOCOMOTION:
        return "side"
    return event.direction or "forward"


_BENDS = ("curve", "circle", "zigzag")
_WAYS = {
    "go": ("forward", "backward", "left", "right"),
    "jump": ("forward", "backward", "side", "up"),
    "bend": ("forward", "side"),
    "raise_arm": ("forward", "side", "up"),
    "kick": ("forward", "side", "backward"),
}


@lru_cache(maxsize=1)
def _columns() -> dict[str, int]:
    """Column of each entry of a fact vector."""
    names = ["bias", "metres", "speed slow", "speed fast", "jump", *(f"path {bend}" for bend in _BENDS)]
    names += [f"{action} {way}" for action, ways in _WAYS.items() for way in ways]
    for action, what in ACTIONS.items():
        names += [f"{action} left", f"{action} right"] if what.sided else [action]
    return {name: column for column, name in enumerate(names)}
