"""A named difference against the events of goal and candidate themselves.

The comparison of two motions tells their differences in one way of several: what it calls one action
missing and another one superfluous may be told as one action done with the other side. So a difference
that it does not list is looked for among the events, and only what they speak against is contradicted.
"""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.agreement import agrees, names, number, sign
from evaluators.claim_values import count_tolerance
from evaluators.support import CONTRADICTED, SUPPORTED, Verdict, claim_verdict
from evaluators.verdict import CERTAIN
from motion.events import ACTIONS, LOCOMOTION, Difference, Event
from motion.facts import Facts
from motion.pieces import family
from prompts.claims.assessment import Said

_SLACK = {"metres": 0.05, "degrees": 10.0}  # amounts that differ by more are seen to differ
_COUNTED = ("count", "amplitude")


def shown_by_facts(said: Said, goal: Facts, candidate: Facts) -> Verdict | None:
    """The verdict that the events of both motions show a named difference; None where they do not."""
    ours, theirs = _events(said, goal), _events(said, candidate)
    found: Event | None = None
    if said.aspect == "missing":
        found = _more_in(ours, theirs, said)
    elif said.aspect == "extra":
        found = _more_in(theirs, ours, said)
    elif said.aspect in ("side", "direction", "path"):
        found = _other_value(ours, theirs, said)
    elif said.aspect in _COUNTED:
        found = _other_number(ours, theirs, said)
    elif said.aspect == "speed":
        found = _other_pace(ours, theirs, said)
    elif said.aspect == "order":
        found = _other_order(said, goal, candidate)
    if found is None:
        return None
    words = f"measured: {found.action} in frames {found.start} to {found.end} shows it"
    return Verdict(SUPPORTED, words, start=found.start, end=found.end)


def _events(said: Said, facts: Facts) -> list[Event]:
    return [e for e in facts.events if said.action and family(e.action) == family(said.action)]


def _alike(events: Sequence[Event], said: Said) -> list[Event]:
    """The events with the side and the direction that are said, where they are said.

    The value that is said to differ is left open, and with the side the way to that side: each arm
    has its own outside.
    """

    def fits(event: Event) -> bool:
        open_side = said.aspect == "side" or not said.side or event.action in LOCOMOTION
        open_way = said.aspect == "direction" or not said.direction
        open_way = open_way or (said.aspect == "side" and said.direction in ("left", "right"))
        return (open_side or event.side == said.side) and (open_way or event.direction == said.direction)

    return [event for event in events if fits(event)]


def _of_side(events: Sequence[Event], said: Said) -> list[Event]:
    """The events that the side that is said may mean: what both limbs do each of them does, too."""
    if said.aspect == "side" or not said.side:
        return list(events)
    may_be = {said.side, "both", ""} if said.side != "both" else {"left", "right", "both", ""}
    return [event for event in events if event.side in may_be or event.action in LOCOMOTION]


def _more_in(these: Sequence[Event], those: Sequence[Event], said: Said) -> Event | None:
    """An event of the first motion that the second has not as often."""
    mine, other = _alike(these, said), _alike(those, said)
    return mine[-1] if len(mine) > len(other) else None


def _other_value(ours: Sequence[Event], theirs: Sequence[Event], said: Said) -> Event | None:
    """An event of the candidate with the value that is said to be found, where the goal has the other."""

    def value(event: Event) -> str:
        return getattr(event, said.aspect) or "none"

    mine, other = _alike(ours, said), _alike(theirs, said)
    had = [event for event in mine if not said.expected or value(event) == said.expected]
    has = [event for event in other if not said.found or value(event) == said.found]
    same = not said.found and {value(e) for e in has} == {value(e) for e in had}
    kept = [event for event in other if said.expected and value(event) == said.expected]
    if not had or not has or same or len(kept) >= len(had):
        return None
    return has[0]


def _other_number(ours: Sequence[Event], theirs: Sequence[Event], said: Said) -> Event | None:
    """An event of the candidate whose count or amount differs from the goal's as is said."""
    unit = "count" if said.aspect == "count" else "amount"
    slack = 0.0 if unit == "count" else _SLACK.get(ACTIONS[said.action].unit if said.action else "", 0.0)
    wanted, told = number(said.expected), number(said.found)
    for a in _alike(ours, said):
        for b in _alike(theirs, said):
            x, y = getattr(a, unit), getattr(b, unit)
            if abs(x - y) <= slack or (y > x) - (y < x) != sign(said.aspect, said.expected, said.found):
                continue
            near = max(slack, 0.1 * x)
            if (wanted is None or abs(wanted - x) <= near) and (told is None or abs(told - y) <= near):
                return b
    return None


def _other_pace(ours: Sequence[Event], theirs: Sequence[Event], said: Said) -> Event | None:
    """An event of the candidate that is slower, or faster, than all of the goal's."""
    paces = {"slow": 0, "normal": 1, "fast": 2}
    mine = [paces[event.speed] for event in _alike(ours, said) if event.speed]
    for event in _alike(theirs, said):
        if not mine or not event.speed:
            continue
        place = paces[event.speed]
        if (place > max(mine)) - (place < min(mine)) == sign("speed", said.expected, said.found) != 0:
            return event
    return None


def _other_order(said: Said, goal: Facts, candidate: Facts) -> Event | None:
    """The first of two actions, which the candidate does after the second."""
    second = said.expected.removeprefix("before ")
    if second not in ACTIONS:
        return None
    (before, after) = (
        [(a, b) for a in _alike(_events(said, facts), said) for b in facts.events if b.action == second]
        for facts in (goal, candidate)
    )
    if any(a.start < b.start for a, b in before):
        return next((a for a, b in after if b.start < a.start), None)
    return None


def against(
    said: Said, goal: Facts, candidate: Facts, measured: Sequence[Difference], recorded: bool
) -> Verdict | None:
    """The verdict that the facts speak against a named difference; None where they do not.

    `recorded`: an edit is known to have made it; then only what the events show counts against it.
    """
    if said.aspect == "quality" or not said.action:
        return None
    ours, theirs = _events(said, goal), _events(said, candidate)
    if said.aspect == "missing":
        return _not_missing(said, ours, theirs, goal)
    if said.aspect == "extra":
        return _not_extra(said, ours, theirs, candidate, measured, recorded)
    if said.aspect != "order" and ours and not theirs:
        return Verdict(CONTRADICTED, f"no {said.action} is measured that could differ in {said.aspect}")
    other_limb = _other_limb(said, ours, theirs, measured)
    if other_limb is not None:
        return other_limb
    ours, theirs = _of_side(ours, said), _of_side(theirs, said)
    if said.aspect in ("side", "direction"):
        return _not_the_values(said, ours, theirs)
    if said.aspect == "count":
        denied = _not_the_count(said, ours, "the goal's", said.expected) or _not_the_count(
            said, theirs, "the candidate's", said.found
        )
        if denied is not None:
            return denied
    return _otherwise_measured(said, measured) or (None if recorded else _in_order(said, goal, candidate))


def _not_missing(said: Said, ours: list[Event], theirs: list[Event], goal: Facts) -> Verdict | None:
    there, mine = _alike(theirs, said), _alike(ours, said)
    repeats = said.field == "refinement" and ACTIONS[said.action].counted == "times"
    if repeats and there and sum(e.count for e in there) < sum(e.count for e in mine):
        return None  # "add a clap" to those that are there
    if there and len(there) >= len(mine):
        return _denied(f"{said.action} is measured", there[0])
    if not ours:
        wanted = claim_verdict(said.claim, goal)
        if wanted.verdict == CONTRADICTED and wanted.certainty >= CERTAIN:
            return Verdict(CONTRADICTED, f"not in the goal: {wanted.evidence}", wanted.certainty)
    return None


def _not_extra(
    said: Said,
    ours: list[Event],
    theirs: list[Event],
    candidate: Facts,
    measured: Sequence[Difference],
    recorded: bool,
) -> Verdict | None:
    shown = claim_verdict(said.claim, candidate)
    if shown.verdict == CONTRADICTED and shown.certainty >= CERTAIN:
        return shown
    disputed = any(family(item.action) == family(said.action) for item in measured)
    wanted = _alike(ours, said)
    if wanted and _alike(theirs, said) and not disputed and not recorded:
        return _denied(f"the goal has {said.action} as well", wanted[0])
    return None


def _other_limb(
    said: Said, ours: Sequence[Event], theirs: Sequence[Event], measured: Sequence[Difference]
) -> Verdict | None:
    """Whether the other limb does, or the other side has, what is said to differ.

    Where the candidate is measured to have changed the side, its event need not have the goal's.
    """
    changed = any(item.aspect == "side" and family(item.action) == family(said.action) for item in measured)
    for events, whose in ((ours, "the goal's"), (() if changed else theirs, "the candidate's")):
        if events and not _of_side(events, said):
            sides = " and ".join(sorted({event.side for event in events}))
            return _denied(f"{whose} {said.action} is measured {sides}, not {said.side}", events[0])
    return None


def _not_the_count(said: Said, events: Sequence[Event], whose: str, told: str) -> Verdict | None:
    """Whether one event alone can be meant, and its number is not the one that is told."""
    value = number(told)
    if value is None or len(events) != 1 or not ACTIONS[events[0].action].counted:
        return None
    (event,) = events
    if abs(event.count - value) <= count_tolerance(event.action, int(value)):
        return None
    return _denied(f"{whose} {said.action} is measured {event.count} times, not {told}", event)


def _not_the_values(said: Said, ours: list[Event], theirs: list[Event]) -> Verdict | None:
    """Whether the goal lacks the expected side or direction, or the candidate the found one."""
    for wanted, events, whose in (
        (said.expected, ours, "the goal's"),
        (said.found, theirs, "the candidate's"),
    ):
        values = {getattr(event, said.aspect) or "none" for event in events}
        if wanted and values and wanted not in values:
            words = f"{whose} {said.action} is measured {' and '.join(sorted(values))}, not {wanted}"
            return _denied(words, events[0])
    return None


def _otherwise_measured(said: Said, measured: Sequence[Difference]) -> Verdict | None:
    """A measured difference in the same respect that goes the other way or has other values."""
    for item in measured:
        if item.aspect != said.aspect or item.action != said.action or agrees(said, item):
            continue
        same_event = said.side in ("", item.side)
        told = sign(said.aspect, said.expected, said.found) != 0
        other_way = said.aspect in ("speed", *_COUNTED) and told and not names(said, item)
        other_path = said.aspect == "path" and said.found not in ("", item.found)
        if same_event and (other_way or other_path):
            words = f"measured: {item.aspect} of {item.action}, {item.expected} expected, {item.found} found"
            return Verdict(CONTRADICTED, words, start=item.start, end=item.end)
    return None


def _in_order(said: Said, goal: Facts, candidate: Facts) -> Verdict | None:
    """Two actions, each done once in both motions, in the same order in both."""
    second = said.expected.removeprefix("before ")
    if said.aspect != "order" or second not in ACTIONS or second == said.action:
        return None
    pairs = []
    for facts in (goal, candidate):
        one = [event for event in facts.events if event.action == said.action]
        two = [event for event in facts.events if event.action == second]
        if len(one) != 1 or len(two) != 1:
            return None
        pairs.append((one[0], two[0]))
    if all(a.end <= b.start for a, b in pairs) or all(b.end <= a.start for a, b in pairs):
        return _denied(f"{said.action} and {second} follow each other as in the goal", pairs[1][0])
    return None


def _denied(words: str, event: Event) -> Verdict:
    return Verdict(
        CONTRADICTED, f"{words} in frames {event.start} to {event.end}", 1.0, event.start, event.end
    )
