"""Claims and events in a few words, for evidence that people read."""

from __future__ import annotations

from motion.events import ACTIONS, Event
from prompts.claims import Claim


def event_words(event: Event) -> str:
    """The event with what is known of it and its frames: "walk forward 4 steps in frames 3 to 60"."""
    words = [event.action, event.side, event.direction, event.path if event.path != "straight" else ""]
    counted = ACTIONS[event.action].counted
    if counted and (event.count > 1 or counted == "steps"):
        words.append(f"{event.count} {counted}")
    unit = ACTIONS[event.action].unit
    if unit and event.amount:
        words.append(f"{event.amount:.0f} degrees" if unit == "degrees" else f"{event.amount:.2f} m")
    if event.speed in ("slow", "fast"):
        words.append(event.speed)
    return f"{' '.join(word for word in words if word)} in frames {event.start} to {event.end}"


def claim_words(claim: Claim) -> str:
    """The claim in the vocabulary's words: "raise_arm left", "not walk", "wipe arm right"."""
    name = claim.action or " ".join(word for word in (claim.verb, claim.part) if word)
    words = ["not" if claim.negated else "", name, claim.side, claim.direction, claim.path, claim.speed]
    if claim.count:
        words.append(f"{claim.count} {ACTIONS[claim.action].counted if claim.action else 'times'}")
    if claim.amount and claim.action:
        words.append(f"{claim.amount:g} {ACTIONS[claim.action].unit}")
    return " ".join(word for word in words if word)
