"""Which measured event fulfils which demand of a caption: one event a demand, in the order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from motion.events import ACTIONS, Event
from prompts.kinematic.concept import Concept, of_event
from prompts.kinematic.sequence import Moment, overlap

_LOOSE_STEPS = 6  # from that many steps on one more or less is no difference


@dataclass(frozen=True)
class Demand:
    """A moment that a caption asks for, and the measured events that show it: none, one or several.

    `asked` is the moment as the caption has it, without a speed that the measure denies; `told` adds
    what is measured. `exact`: an event shows all of it, the speed included.
    """

    asked: Moment
    told: Moment
    events: tuple[Event, ...] = ()
    exact: bool = False


def fulfilled(moments: Sequence[Moment], events: Sequence[Event]) -> list[Demand]:
    """The demands with the events that show them; an event shows one demand, none before its time.

    A demand that no event shows is told as it was asked for, without a speed that all events of its
    action deny.
    """
    free = sorted(events, key=lambda event: (event.start, event.end))
    found: list[Demand] = []
    before: Event | None = None
    for moment in moments:
        shown = _shown(moment, free, before) if moment.concept.action else ()
        found.append(_demand(moment, shown, before) if shown else _open(moment, events))
        if shown:
            free = [event for event in free if event not in shown]
            before = shown[-1]
    return found


def is_ruled_out(concept: Concept, events: Sequence[Event]) -> bool:
    """Whether no event shows what a caption rules out; what is not measured may well be there."""
    return bool(concept.action) and not any(_agrees(concept, event) for event in events)


def _demand(moment: Moment, shown: tuple[Event, ...], before: Event | None) -> Demand:
    measured = of_event(shown[0])
    asked = moment.concept
    agree = not asked.speed or all(event.speed == asked.speed for event in shown)
    denied = bool(asked.speed) and any(event.speed not in ("", asked.speed) for event in shown)
    one = len(shown) == 1
    concept = replace(
        asked,
        side=asked.side or measured.side,
        direction=asked.direction or measured.direction,
        path=asked.path or measured.path,
        count=asked.count or (measured.count if one else None),
        amount=asked.amount or (measured.amount if one else None),
        speed=(asked.speed or (measured.speed if one else "")) if agree else "",
    )
    together = before is not None and (moment.together or overlap(before, shown[0]))
    kept = replace(asked, speed="" if denied else asked.speed)
    return Demand(replace(moment, concept=kept), Moment(concept, together), shown, agree)


def _open(moment: Moment, events: Sequence[Event]) -> Demand:
    asked = moment.concept
    speeds = {event.speed for event in events if event.action == asked.action}
    denied = bool(asked.action and asked.speed and speeds) and not speeds & {"", asked.speed}
    kept = replace(moment, concept=replace(asked, speed="")) if denied else moment
    return Demand(kept, kept)


def _shown(moment: Moment, free: Sequence[Event], before: Event | None) -> tuple[Event, ...]:
    """The first event that agrees with all but the speed, of those in time the one of that speed;
    or all in time, where only together they have the count."""
    asked = moment.concept
    alike = [event for event in free if _in_time(moment, event, before) and _agrees(asked, event)]
    counted = [event for event in alike if _count_agrees(asked, event.count)]
    if counted:
        return (next((event for event in counted if event.speed == asked.speed), counted[0]),)
    if len(alike) > 1 and _count_agrees(asked, sum(event.count for event in alike)):
        return tuple(alike)
    return ()


def _in_time(moment: Moment, event: Event, before: Event | None) -> bool:
    if before is None:
        return True
    if moment.together:
        return min(before.end, event.end) > max(before.start, event.start)
    return event.start >= before.start


def _agrees(asked: Concept, event: Event) -> bool:
    """Whether the event has side, direction, path and about the amount that are asked for."""
    if event.action != asked.action:
        return False
    pairs = (asked.side, event.side), (asked.direction, event.direction), (asked.path, event.path)
    if any(said and said != measured for said, measured in pairs):
        return False
    if not asked.amount or event.amount <= 0:
        return True
    return abs(asked.amount - event.amount) <= 0.25 * asked.amount


def _count_agrees(asked: Concept, measured: int) -> bool:
    if asked.count is None or not ACTIONS[asked.action].counted:
        return True
    loose = ACTIONS[asked.action].counted == "steps" and asked.count >= _LOOSE_STEPS
    return abs(asked.count - measured) <= int(loose)
