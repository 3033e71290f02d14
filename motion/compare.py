"""In what two motions differ and how alike they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from motion.events import ACTIONS, LOCOMOTION, Difference, Event
from motion.fact_vector import fact_vector
from motion.facts import Facts

__all__ = ["differences", "fact_vector", "merge", "similarity"]

COMPARE_VERSION = 1  # raised when the same facts may differ otherwise

# What the measure itself may be wrong by; smaller differences are none.
_COUNT_SURE = 6  # steps from which on one more or less is noise
_AMOUNT_SHARE = 0.2
_AMOUNT_FLOOR = {"degrees": 20.0, "metres": 0.08}
_RATE_RATIO = 1.3  # of speeds or tempos
# How long these take tells nothing of their speed: the pose in which they end is held.
_HELD = (
    "raise_arm",
    "lower_arm",
    "sit_down",
    "stand_up",
    "kneel",
    "stretch",
    "cross_arms",
)  # as long as you like
_PAUSE = 0.4  # seconds of standing between two pieces of one action
_JITTER = (150.0, 2.0)  # m/s^3, and how many times the goal's
_SKATING = (12.0, 2.0)  # cm/s, and how many times the goal's
_HAND_WAY = 0.15  # share by which the ways of a hand differ
_FLOATING = 0.15  # share of frames above the goal's
_PENETRATION = 4.0  # cm above the goal's
_FROZEN = (1.0, 0.25)  # arm lengths of way in the goal, and the share of it that is left

_WEIGHTS = {
    "missing": 1.0,
    "extra": 1.0,
    "side": 0.7,
    "direction": 0.7,
    "count": 0.5,
    "order": 0.6,
    "path": 0.4,
    "speed": 0.35,
    "amplitude": 0.3,
    "quality": 0.25,
}
_GRADED = ("count", "amplitude")  # weighed by how far the numbers are apart
_SHARPNESS = 0.5  # how fast similarity falls with the weighted differences
_GAP_WEIGHT = 0.4


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
    result += _arm_amplitude(goal, candidate, pairs, result)
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
    return [_difference(goal, other, aspect, x, y) for aspect, x, y in changes]


def _difference(goal: Event, other: Event, aspect: str, expected: str, found: str) -> Difference:
    part = ACTIONS[goal.action].part
    return Difference(
        aspect, goal.action, part, goal.side, goal.direction, expected, found, other.start, other.end
    )


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
    before, after = _rate(a), _rate(b)
    if min(before, after) <= 0 or max(before, after) / min(before, after) < _RATE_RATIO:
        return []
    return [("speed", a.event.speed or "normal", "faster" if after > before else "slower")]


def _rate(item: _Item) -> float:
    """Metres a second of a travel, repetitions a second of another action; 0 if it may be held."""
    if item.seconds <= 0 or item.event.action in _HELD:
        return 0.0
    if item.event.action in LOCOMOTION:
        return item.event.amount / item.seconds
    if item.event.action == "turn":
        return item.event.amount / item.seconds
    return item.event.count / item.seconds


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
    if b.pause_seconds >= a.pause_seconds + _PAUSE and not any(d.found == "pause" for d in others):
        faults.append("pause")
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
    if any(d.aspect in ("missing", "side", "order") for d in others):
        return result  # which tells why an arm moves less
    for side, before, after in _hand_ways(goal, candidate):
        if before > _FROZEN[0] and after < _FROZEN[1] * before:
            result.append(replace(whole, part="arm", side=side, found="frozen"))
    return result


def _hand_ways(goal: Facts, candidate: Facts) -> tuple[tuple[str, float, float], ...]:
    """Side and way of each hand in the goal and in the candidate."""
    a, b = goal.summary, candidate.summary
    return (
        ("left", a.hand_travel_left, b.hand_travel_left),
        ("right", a.hand_travel_right, b.hand_travel_right),
    )


def _arm_amplitude(
    goal: Facts, candidate: Facts, pairs: list[tuple[_Item, _Item]], others: list[Difference]
) -> list[Difference]:
    """Arm actions done larger or smaller, told by the way of the hand where nothing else explains it."""
    if any(d.aspect in ("missing", "extra", "side", "order", "count", "speed") for d in others):
        return []
    result: list[Difference] = []
    for side, before, after in _hand_ways(goal, candidate):
        if abs(before - after) <= _HAND_WAY * max(before, after) or max(before, after) < _FROZEN[0]:
            continue
        found = "larger" if after > before else "smaller"
        for a, b in pairs:
            if ACTIONS[a.event.action].part != "arm" or a.event.side not in (side, "both"):
                continue
            # What both arms do is told once, by the arm on which it shows first.
            if not any((d.action, d.start) == (a.event.action, b.event.start) for d in result):
                result.append(_difference(a.event, b.event, "amplitude", "normal", found))
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
    if item.aspect in _GRADED and item.part != "arm":
        a, b = float(item.expected), float(item.found)
        weight *= 0.5 + 0.5 * min(1.0, abs(a - b) / max(abs(a), abs(b), 1e-9) / 0.5)
    return weight


def merge(known: Sequence[Difference], measured: Sequence[Difference]) -> tuple[Difference, ...]:
    """Known differences first, then the measured ones that say something else.

    Where both say the same thing with other values, the measured ones count: words must hold on the
    motion. An action that is known to be done otherwise is not missing here and superfluous there; one
    that is known to be missing is not done otherwise.
    """
    seen = {_statement(d): d for d in measured}
    known = [seen.get(_statement(d), d) for d in known]
    said = {_statement(d) for d in known}
    gone = {_family(d.action) for d in known if d.aspect == "missing"}
    altered = {d.action for d in known if d.aspect in ("side", "direction", "order")}
    lost, came = ({d.action for d in measured if d.aspect == aspect} for aspect in ("missing", "extra"))
    moved = altered & lost & came

    def adds(item: Difference) -> bool:
        if _statement(item) in said:
            return False
        if item.aspect in ("missing", "extra"):
            return item.action not in moved
        return not item.action or _family(item.action) not in gone

    return (*known, *(item for item in measured if adds(item)))


def _statement(item: Difference) -> tuple[str, str, str, str]:
    fault = item.found if item.aspect == "quality" else ""
    return item.aspect, _family(item.action), item.side, fault
