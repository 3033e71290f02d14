"""One action as a text is to say it, whether it was measured, claimed or found to differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from motion.events import ACTIONS, Difference, Event
from prompts.claims import Claim
from prompts.inflect import verb_forms


@dataclass(frozen=True)
class Concept:
    """An action and what is known of it; None and empty are unknown, `raw` a verb phrase in words.

    `raw` ("*play* the guitar") stands for actions outside the vocabulary.
    """

    action: str
    side: str = ""
    direction: str = ""
    path: str = ""
    count: int | None = None
    amount: float | None = None
    speed: str = ""
    raw: str = ""
    negated: bool = False


def of_event(event: Event) -> Concept:
    """The concept of a measured event; a count of what is not counted is dropped."""
    counted = ACTIONS[event.action].counted
    return Concept(
        action=event.action,
        side=event.side,
        direction=event.direction,
        path="" if event.path == "straight" else event.path,  # straight goes without saying
        count=event.count if counted and event.count > 0 else None,
        amount=event.amount if event.amount > 0 else None,
        speed=event.speed,
    )


def of_claim(claim: Claim, text: str) -> Concept | None:
    """The concept of a claim about `text`; None where no words can be made of it."""
    raw = "" if claim.action else _raw(claim, text)
    if not claim.action and not raw:
        return None
    return Concept(
        action=claim.action,
        side=claim.side,
        direction=claim.direction,
        path=claim.path,
        count=claim.count,
        amount=claim.amount,
        speed=claim.speed,
        raw=raw,
        negated=claim.negated,
    )


def of_difference(difference: Difference, events: Sequence[Event]) -> Concept:
    """The concept of the event that a difference is about, looked up among `events`."""
    best = max(events, key=lambda event: _likeness(difference, event), default=None)
    if best is None or best.action != difference.action:
        return Concept(difference.action, difference.side, difference.direction)
    concept = of_event(best)
    if difference.side and difference.side != best.side:
        concept = replace(concept, side=difference.side)
    if difference.direction and difference.direction != best.direction:
        concept = replace(concept, direction=difference.direction)
    return concept


def _likeness(difference: Difference, event: Event) -> tuple[bool, bool, bool, int]:
    """How well an event is the one that a difference is about, best last."""
    return (
        event.action == difference.action,
        event.side == difference.side,
        event.direction == difference.direction,
        -abs(event.start - difference.start),
    )


_WORD = re.compile(r"[a-z0-9][a-z0-9'-]*")
_AUXILIARY = frozenset({"is", "gets", "get", "being", "was", "getting", "been", "got", "be"})
_LONGEST_RAW = 12


def _raw(claim: Claim, text: str) -> str:
    """The claim's words from its verb on, the verb starred; passive ones with *be*."""
    words = _WORD.findall(text[claim.span[0] : claim.span[1]].lower())
    forms = verb_forms(claim.verb)
    for index, word in enumerate(words):
        if word not in forms:
            continue
        rest = " ".join(words[index + 1 : index + _LONGEST_RAW])
        if index and words[index - 1] in _AUXILIARY and word.endswith(("ed", "hit")):
            return f"*be* {word} {rest}".strip()
        return f"*{claim.verb}* {rest}".strip()
    return ""
