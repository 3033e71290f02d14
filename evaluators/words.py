"""Claims and events in a few words, for evidence that people read."""

from __future__ import annotations

from motion.events import ACTIONS, LOCOMOTION, Event
from prompts.claims import Claim


def event_words(event: Event) -> str:
    """The event with what is known of it: "kick left leg forward twice 0.53 m in frames 3 to 60"."""
    path = event.path if event.path != "straight" else ""
    words = [
        event.action.replace("_", " "),
        side_words(event.action, event.side),
        direction_words(event.direction),
    ]
    words += [path, number_words(event.action, event.count)]
    unit = ACTIONS[event.action].unit
    if unit and event.amount:
        words.append(f"{event.amount:.0f} degrees" if unit == "degrees" else f"{event.amount:.2f} m")
    if event.speed in ("slow", "fast"):
        words.append(event.speed)
    return f"{' '.join(word for word in words if word)} in frames {event.start} to {event.end}"


def claim_words(claim: Claim) -> str:
    """The claim likewise: "raise arm left arm", "not walk", "wipe right arm"."""
    name = claim.action.replace("_", " ") or claim.verb
    side = side_words(claim.action, claim.side, claim.part) or ("" if claim.action else claim.part)
    words = ["not" if claim.negated else "", name, side, direction_words(claim.direction), claim.path]
    if claim.count:
        words.append(number_words(claim.action, claim.count))
    if claim.amount and claim.action:
        words.append(f"{claim.amount:g} {ACTIONS[claim.action].unit}".strip())
    words.append(claim.speed)
    return " ".join(word for word in words if word)


def side_words(action: str, side: str, part: str = "") -> str:
    """Which limb, or for a turn and a bending way which way: "left arm", "both legs", "to the left"."""
    if not side:
        return ""
    if action == "turn":
        return f"to the {side}"
    if action in LOCOMOTION:
        return f"bending {side}"
    limb = "leg" if action in ("jump", "kneel") else ACTIONS[action].part if action else part
    return f"both {limb}s" if side == "both" else f"{side} {limb}"


def direction_words(direction: str) -> str:
    """The direction, not to be taken for a side: "to the left", "forward"."""
    return f"to the {direction}" if direction in ("left", "right") else direction


def number_words(action: str, count: int) -> str:
    """A count of what is counted: "4 steps", "once", "3 times"; else empty."""
    counted = ACTIONS[action].counted if action else "times"
    if counted == "steps":
        return f"{count} step" if count == 1 else f"{count} steps"
    return {1: "once", 2: "twice"}.get(count, f"{count} times") if counted else ""
