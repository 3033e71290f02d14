"""Several actions in one phrase, in their order in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from motion.events import Event
from prompts.claims import Claim
from prompts.grammar import Expander
from prompts.kinematic.concept import Concept, of_claim, of_event
from prompts.kinematic.phrasing import Phrases


@dataclass(frozen=True)
class Moment:
    """A concept and whether it goes on at the same time as the one before it."""

    concept: Concept
    together: bool


def of_events(events: Sequence[Event]) -> list[Moment]:
    """Measured events as moments; an event is together with one that it overlaps by half."""
    found: list[Moment] = []
    for index, event in enumerate(events):
        before = events[index - 1] if index else None
        found.append(Moment(of_event(event), before is not None and overlap(before, event)))
    return found


def of_claims(claims: Sequence[Claim], text: str) -> list[Moment]:
    """What a text asks for, in time order, without what it rules out."""
    found: list[Moment] = []
    order = -1
    for claim in sorted(claims, key=lambda claim: claim.order):
        concept = of_claim(claim, text)
        if concept is None or claim.negated:
            continue
        found.append(Moment(concept, bool(found) and claim.order == order))
        order = claim.order
    return found


def main_events(events: Sequence[Event], most: int) -> list[Event]:
    """The longest events but standing, at most that many, in order; standing if nothing else is."""
    moving = [event for event in events if event.action != "stand"] or list(events)
    longest = sorted(moving, key=lambda event: (event.start - event.end, event.start))[:most]
    return [event for event in moving if event in longest][:most]


def told(
    moments: Sequence[Moment], form: str, phrases: Phrases, expander: Expander, details: bool = True
) -> str:
    """The moments as one verb phrase of that form: "walks forward, then turns to the left"."""
    text = ""
    for index, moment in enumerate(moments):
        if not index:
            text = phrases.clause(moment.concept, form, details)
        elif moment.together:
            text += f" while {phrases.clause(moment.concept, 'gerund', details)}"
        else:
            text += _link(index == len(moments) - 1, moment.concept, form, phrases, expander, details)
    return text


def _link(
    last: bool, concept: Concept, form: str, phrases: Phrases, expander: Expander, details: bool
) -> str:
    links = [", then ", " and then ", ", and after that "]
    link = expander.pick([*links, " and finally ", " before "] if last else links)
    return link + phrases.clause(concept, "gerund" if link == " before " else form, details)


def overlap(first: Event, second: Event) -> bool:
    """Whether two events share more than half of the shorter one's time."""
    shared = min(first.end, second.end) - max(first.start, second.start)
    return shared > 0.5 * max(1, min(first.end - first.start, second.end - second.start))
