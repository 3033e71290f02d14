"""What a claim says beyond action, side and direction: number, amount, path, speed.

Each is judged on the events that have the claimed action, side and direction.
"""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.verdict import CONTRADICTED, UNVERIFIABLE, Verdict
from evaluators.words import event_words
from motion.events import ACTIONS, LOCOMOTION, Event
from motion.facts import Facts
from prompts.claims import Claim

# Certainty of a number that is off by one more than may be; what is off by more is more certain.
FIRM_COUNT, SOFT_COUNT = 0.7, 0.55
# Each is one clear movement of the whole body: nobody counts them differently.
_FIRM = frozenset({"jump", "squat", "bow", "kick", "lunge"})
MANY_STEPS, MANY_TIMES = 8, 6  # from these numbers on people, and the measure, lose count
TURN_SLACK, TURN_SHARE = 45.0, 0.2  # degrees, and share of the claimed ones, that a turn may stray by
STRAIGHT_TURN = 60.0  # degrees: a way whose heading changes by less is no circle
ROUND_TURN = 200.0  # degrees: a way whose heading changes by more is not straight
PATH_CERTAINTY = 0.75
SPEED_CERTAINTY = 0.55  # slow and fast depend on who speaks
DEGREES_CERTAINTY = 0.55


def values_verdict(claim: Claim, events: Sequence[Event], facts: Facts) -> Verdict | None:
    """What speaks against a claim whose events were found; None where nothing does."""
    found = [
        _count(claim, events, facts),
        _degrees(claim, events, facts),
        _path(claim, events, facts),
        _speed(claim, events),
    ]
    against = [verdict for verdict in found if verdict is not None]
    return max(against, key=lambda verdict: verdict.certainty, default=None)


def count_tolerance(action: str, claimed: int) -> int:
    """By how many a measured number may differ: steps are easily missed, so are many repetitions."""
    if ACTIONS[action].counted == "steps":
        return 2 if claimed >= MANY_STEPS else 1
    return 1 if claimed >= MANY_TIMES else 0


def told_count(claim: Claim) -> int | None:
    """The number that a claim tells; None where it tells none, or one that may be the limb's.

    "swings one arm" is one arm, not one swing.
    """
    action = ACTIONS.get(claim.action)
    if action is None or not action.counted or not claim.count:
        return None
    of_limb = action.part in ("arm", "leg") and action.sided and not claim.side
    return None if claim.count == 1 and of_limb else claim.count


def _count(claim: Claim, events: Sequence[Event], facts: Facts) -> Verdict | None:
    """A number that neither one event nor all of them together come near to."""
    claimed = told_count(claim)
    if claimed is None:
        return None
    counts = {event.count for event in events} | {sum(event.count for event in events)}
    for side in {event.side for event in events}:
        counts.add(sum(event.count for event in events if event.side == side))
    if ACTIONS[claim.action].counted == "steps":  # one way may be measured as walk and side step
        counts.add(sum(event.count for event in facts.events if event.action in LOCOMOTION))
    off = min(abs(count - claimed) for count in counts) - count_tolerance(claim.action, claimed)
    if off <= 0:
        return None
    base = FIRM_COUNT if claim.action in _FIRM else SOFT_COUNT
    words = f"{event_words(events[0])} is measured, not {claimed} {ACTIONS[claim.action].counted}"
    return Verdict(CONTRADICTED, words, round(1 - (1 - base) / off, 3), events[0].start, events[0].end)


def _degrees(claim: Claim, events: Sequence[Event], facts: Facts) -> Verdict | None:
    if claim.action != "turn" or not claim.amount:
        return None
    sides = [claim.side] if claim.side in ("left", "right") else ["left", "right"]
    furthest = [float(getattr(facts.extremes, f"turned_{side}")) for side in sides]
    amounts = [event.amount for event in events]
    amounts += [sum(event.amount for event in events if event.side == side) for side in sides] + furthest
    slack = TURN_SLACK + TURN_SHARE * claim.amount
    off = min(abs(amount - claim.amount) for amount in amounts) - slack
    # "turns around" is said of a whole turn, too
    if off <= 0 or (claim.amount == 180 and max(amounts) > 180):
        return None
    certainty = round(min(0.95, DEGREES_CERTAINTY + off / 200), 3)
    words = f"{event_words(events[0])} is measured, not {claim.amount:g} degrees"
    return Verdict(CONTRADICTED, words, certainty, events[0].start, events[0].end)


def _path(claim: Claim, events: Sequence[Event], facts: Facts) -> Verdict | None:
    if claim.action not in LOCOMOTION or not claim.path:
        return None
    turned = {"left": facts.extremes.turned_left, "right": facts.extremes.turned_right}
    most = max(turned.values())
    words = f"{event_words(events[0])} is measured, the heading changes by up to {most:.0f} degrees"
    against = Verdict(CONTRADICTED, words, PATH_CERTAINTY, events[0].start, events[0].end)
    paths = {event.path for event in events}
    if claim.path == "circle" and paths == {"straight"} and most < STRAIGHT_TURN:
        return against
    if claim.path == "straight" and paths == {"circle"} and most > ROUND_TURN:
        return against
    if claim.path in ("circle", "curve") and claim.side in turned:
        other = "right" if claim.side == "left" else "left"
        bent = paths <= {"circle", "curve"}
        if bent and turned[other] > STRAIGHT_TURN and turned[claim.side] < STRAIGHT_TURN / 2:
            return against
    if claim.path in paths:
        return None
    return Verdict(UNVERIFIABLE, words, 0.0, events[0].start, events[0].end)


def _speed(claim: Claim, events: Sequence[Event]) -> Verdict | None:
    """Slow against fast; what is in between is a matter of opinion."""
    opposite = {"slow": "fast", "fast": "slow"}.get(claim.speed)
    if opposite is None or {event.speed for event in events} != {opposite}:
        return None
    words = f"{event_words(events[0])} is measured, not {claim.speed}"
    return Verdict(CONTRADICTED, words, SPEED_CERTAINTY, events[0].start, events[0].end)
