"""In what two motions differ and how alike they are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from motion.events import ACTIONS, LOCOMOTION, Difference, Event
from motion.fact_vector import fact_vector
from motion.facts import Facts
from motion.faults import faults, hand_ways
from motion.pieces import PAUSE, Item, family, items, paired, rate

__all__ = ["differences", "fact_vector", "merge", "shows", "similarity"]

COMPARE_VERSION = 2  # raised when the same facts may differ otherwise

# What the measure itself may be wrong by; smaller differences are none.
_COUNT_SURE = 6  # steps from which on one more or less is noise
_AMOUNT_SHARE = {"body": 0.2, "torso": 0.2, "arm": 0.13, "leg": 0.13}
_DEGREES = 20.0
_METRES = {"body": 0.08, "torso": 0.08, "arm": 0.03, "leg": 0.03}
_LOOSE, _LOOSE_SHARE = ("throw", "punch", "lower_arm"), 0.25  # whose start is found less surely
_RATE_RATIO = 1.25  # of speeds or tempos
_PACE_COUNT = 3  # repetitions from which on the pace of other numbers can be compared
_HAND_WAY = 0.15  # share by which the ways of a hand differ
_HAND_MOVES = 1.0  # arm lengths that a hand goes in a clip, at the least, to be compared
_HALT_SLOPES = 0.8  # seconds at most in which a body comes to rest and goes on again

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

Pair = tuple[Item, Item]


def differences(goal: Facts, candidate: Facts) -> tuple[Difference, ...]:
    """Differences of a candidate from its goal that exceed the measure's noise, in order of start."""
    wanted, found = items(goal), items(candidate)
    scale = candidate.frames / max(1, goal.frames)
    pairs: list[Pair] = []
    result: list[Difference] = []
    for name in sorted({family(item.event.action) for item in wanted + found}):
        ours = [item for item in wanted if family(item.event.action) == name]
        theirs = [item for item in found if family(item.event.action) == name]
        for a, b in paired(ours, theirs):
            if b is None:
                assert a is not None
                result.append(_missing(a.event, scale))
            elif a is None:
                result.append(_extra(b.event))
            else:
                pairs.append((a, b))
    halted = _halted(pairs, candidate.summary.pause_seconds - goal.summary.pause_seconds)
    for a, b in pairs:
        result += _between(a, b, b is halted)
    result += _disorder(pairs)
    result += faults(goal, candidate, result, _tempo(pairs))
    result += _arm_amplitude(goal, candidate, pairs, result)
    return tuple(
        sorted(result, key=lambda d: (d.start, d.end, d.aspect, d.action, d.side, d.expected, d.found))
    )


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


def _halted(pairs: list[Pair], halt: float) -> Item | None:
    """The candidate's action in which it halts for so many seconds: the one that takes as much longer."""
    if halt < PAUSE:
        return None
    best, nearest = None, float(_HALT_SLOPES)
    for a, b in pairs:
        before, after = rate(a.event, a.seconds), rate(b.event, b.seconds)
        if before <= 0 or after <= 0 or b.pieces > a.pieces:
            continue
        longer = b.seconds * (1 - after / before)  # than at the goal's pace
        slopes = longer - halt
        if -0.5 * halt < slopes and abs(slopes) < nearest:
            best, nearest = b, abs(slopes)
    return best


def _between(a: Item, b: Item, halts: bool) -> list[Difference]:
    """Differences of two events of one action; in the second one the body may come to a halt."""
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
    if not halts:  # the time of a halt is no pace
        changes += _speed(a, b)
    if halts or b.pieces > a.pieces:
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
    if a.action != b.action:  # a step aside takes both feet, a step ahead takes one
        return False
    noise = 1 if a.action in LOCOMOTION and max(a.count, b.count) >= _COUNT_SURE else 0
    return abs(a.count - b.count) > noise


def _amount_differs(a: Event, b: Event) -> bool:
    if min(a.amount, b.amount) <= 0:  # one of them could not be measured
        return False
    what = ACTIONS[a.action]
    gap = abs(a.amount - b.amount)
    floor = _DEGREES if what.unit == "degrees" else _METRES[what.part]
    share = _LOOSE_SHARE if a.action in _LOOSE else _AMOUNT_SHARE[what.part]
    return gap > floor and gap > share * max(a.amount, b.amount)


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _speed(a: Item, b: Item) -> list[tuple[str, str, str]]:
    before, after = rate(a.event, a.seconds), rate(b.event, b.seconds)
    if not _comparable(a.event, b.event):
        return []
    if min(before, after) > 0:
        faster = after > before
        differs = max(before, after) / min(before, after) >= _RATE_RATIO
    else:  # what has no pace that can be measured may still have a word for it
        faster = b.event.speed == "fast"
        differs = {a.event.speed, b.event.speed} == {"slow", "fast"}
    if not differs:
        return []
    return [("speed", a.event.speed or "normal", "faster" if faster else "slower")]


def _comparable(a: Event, b: Event) -> bool:
    """Whether the time of one repetition can be compared: getting there and back is part of a few."""
    return a.action in LOCOMOTION or a.count == b.count or min(a.count, b.count) >= _PACE_COUNT


def _tempo(pairs: list[Pair]) -> float:
    """How many times as fast the candidate goes at its fastest; 1 for what is not faster."""
    rates = [(rate(a.event, a.seconds), rate(b.event, b.seconds)) for a, b in pairs]
    return max((after / before for before, after in rates if before > 0), default=1.0)


def _disorder(pairs: list[Pair]) -> list[Difference]:
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


def _arm_amplitude(
    goal: Facts, candidate: Facts, pairs: list[Pair], others: list[Difference]
) -> list[Difference]:
    """Arm actions without a measure of their own that are done larger or smaller.

    The way of the hand tells it, where nothing else explains that way.
    """
    if any(d.aspect in ("missing", "extra", "side", "order", "count", "speed", "quality") for d in others):
        return []
    result: list[Difference] = []
    for side, before, after in hand_ways(goal, candidate):
        if abs(before - after) <= _HAND_WAY * max(before, after) or max(before, after) < _HAND_MOVES:
            continue
        found = "larger" if after > before else "smaller"
        for a, b in pairs:
            what = ACTIONS[a.event.action]
            if what.part != "arm" or a.event.amount > 0 or a.event.side not in (side, "both"):
                continue
            # What both arms do is told once, by the arm on which it shows first.
            if not any((d.action, d.start) == (a.event.action, b.event.start) for d in result):
                result.append(_difference(a.event, b.event, "amplitude", "normal", found))
    return result


def similarity(goal: Facts, candidate: Facts) -> float:
    """How alike two motions are, from 0 to 1; 1 for the same facts."""
    weight = sum(_weight(d) for d in differences(goal, candidate))
    size = max(1, len(items(goal)))
    gap = max(0.0, 1.0 - float(fact_vector(goal) @ fact_vector(candidate)))
    value = np.exp(-_SHARPNESS * weight / np.sqrt(size) - _GAP_WEIGHT * gap)
    return round(float(value), 4)


def _weight(item: Difference) -> float:
    weight = _WEIGHTS[item.aspect]
    if item.aspect in _GRADED and item.expected[:1].isdigit():
        a, b = float(item.expected), float(item.found)
        weight *= 0.5 + 0.5 * min(1.0, abs(a - b) / max(abs(a), abs(b), 1e-9) / 0.5)
    return weight


def shows(measured: Difference, recorded: Difference) -> bool:
    """Whether a measured difference is the recorded one: the same respect of the same action, and for
    numbers the same way off."""
    if _statement(measured) != _statement(recorded) or measured.action != recorded.action:
        return False
    if recorded.aspect in ("side", "direction", "path", "speed"):
        return measured.found == recorded.found
    if recorded.aspect in _GRADED:
        return _is_less(measured) == _is_less(recorded)
    return True


def _is_less(item: Difference) -> bool:
    """Whether less is found than is expected, in numbers or as a word."""
    if item.expected[:1].isdigit() and item.found[:1].isdigit():
        return float(item.found) < float(item.expected)
    return item.found == "smaller"


def merge(known: Sequence[Difference], measured: Sequence[Difference]) -> tuple[Difference, ...]:
    """Known differences first, then the measured ones that say something else.

    Where both say the same thing with other values, the measured ones count: words must hold on the
    motion. An action that is known to be done otherwise is not missing here and superfluous there; one
    that is known to be missing is not done otherwise.
    """
    seen = {_statement(d): d for d in measured}
    known = [seen.get(_statement(d), d) for d in known]
    said = {_statement(d) for d in known}
    gone = {family(d.action) for d in known if d.aspect == "missing"}
    altered = {d.action for d in known if d.aspect in ("side", "direction", "order")}
    lost, came = ({d.action for d in measured if d.aspect == aspect} for aspect in ("missing", "extra"))
    moved = altered & lost & came

    flaws = {d.found for d in known if d.aspect == "quality"}

    def adds(item: Difference) -> bool:
        if _statement(item) in said or (item.aspect == "quality" and not item.action and item.found in flaws):
            return False
        if item.aspect in ("missing", "extra"):
            return item.action not in moved
        return not item.action or family(item.action) not in gone

    return (*known, *(item for item in measured if adds(item)))


def _statement(item: Difference) -> tuple[str, str, str, str]:
    fault = item.found if item.aspect == "quality" else ""
    return item.aspect, family(item.action), item.side, fault
