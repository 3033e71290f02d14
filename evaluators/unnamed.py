"""Claims without a measured action: what a limb does ("wipes with the right hand"), or that it rests."""

from __future__ import annotations

from evaluators.verdict import CONTRADICTED, SUPPORTED, UNVERIFIABLE, Verdict
from motion.events import opposite
from motion.facts import Facts
from prompts.claims import Claim

HAND_BUSY = 1.5  # arm lengths: the way of a hand that does something
HAND_IDLE = 0.5  # arm lengths: the way of a hand that rests, over some seconds
HAND_RATIO = 4.0  # how many times as far the one hand goes as the other
HAND_MOVES = 0.5  # arm/s at the least: a slow sway adds up to a long way, but is no movement
FOOT_STILL = 0.6  # leg/s: balance
FEET_STEPS, SURE_STEPS = 2, 4  # steps: feet that are moved; so many are no shift of the weight
BODY_AWAY, BODY_STILL = 1.0, 0.2  # metres: a body that leaves its place; one that sways
CERTAINTY = 0.55  # what the verb means is not known, or "does not move" is said of a part or a while
SURE_CERTAINTY = 0.8

# What a limb does by staying where it is.
_STILL_VERBS = frozenset(
    "hold carry keep grasp rest hang touch block wear use balance cover stop protect lean support put "
    "place press hug type wrap pose bend stay".split()
)


def unnamed_verdict(claim: Claim, facts: Facts) -> Verdict:
    """Judge a claim without a measured action by the limbs that move."""
    if claim.is_stillness:
        return _kept_still(claim, facts)
    known = claim.part == "arm" and claim.side in ("left", "right") and claim.verb not in _STILL_VERBS
    if known and not claim.negated:
        return _which_hand(claim, facts)
    return _unknown(facts)


def _unknown(facts: Facts) -> Verdict:
    return Verdict(UNVERIFIABLE, "names no action that is measured", 0.0, 0, facts.frames)


def _which_hand(claim: Claim, facts: Facts) -> Verdict:
    ways = {"left": facts.summary.hand_travel_left, "right": facts.summary.hand_travel_right}
    this, other = ways[claim.side], ways[opposite(claim.side)]
    lengths = f"{ways['left']:g} arm lengths, the right one {ways['right']:g} arm lengths"
    words = f"about its shoulder the left hand moves {lengths}"
    if other >= HAND_BUSY and this <= HAND_IDLE and other >= HAND_RATIO * this:
        return Verdict(CONTRADICTED, words, CERTAINTY, 0, facts.frames)
    if this >= HAND_BUSY and this >= HAND_RATIO * other:
        return Verdict(SUPPORTED, words, CERTAINTY, 0, facts.frames)
    return Verdict(UNVERIFIABLE, words, 0.0, 0, facts.frames)


def _kept_still(claim: Claim, facts: Facts) -> Verdict:
    """ "Without moving the feet": whether that part of the body, on that side, moves."""
    judges = {"leg": _still_feet, "arm": _still_hands, "body": _still_body}
    return judges[claim.part](claim, facts) if claim.part in judges else _unknown(facts)


def _sides(claim: Claim) -> tuple[str, ...]:
    return (claim.side,) if claim.side in ("left", "right") else ("left", "right")


def _still_feet(claim: Claim, facts: Facts) -> Verdict:
    values = facts.extremes
    steps = sum(getattr(values, f"steps_{side}") for side in _sides(claim))
    speed = max(getattr(values, f"foot_speed_{side}") for side in _sides(claim))
    foot = f"the {claim.side} foot" if len(_sides(claim)) == 1 else "a foot"
    words = f"{steps} steps, {foot} moves at up to {speed:g} leg/s"
    if steps >= FEET_STEPS:
        sure = SURE_CERTAINTY if steps >= SURE_STEPS else CERTAINTY
        return Verdict(CONTRADICTED, words, sure, 0, facts.frames)
    if not steps and speed <= FOOT_STILL:
        return Verdict(SUPPORTED, words, CERTAINTY, 0, facts.frames)
    return Verdict(UNVERIFIABLE, words, 0.0, 0, facts.frames)


def _still_hands(claim: Claim, facts: Facts) -> Verdict:
    way = max(getattr(facts.summary, f"hand_travel_{side}") for side in _sides(claim))
    speed = max(getattr(facts.extremes, f"hand_speed_{side}") for side in _sides(claim))
    hand = f"the {claim.side} hand" if len(_sides(claim)) == 1 else "a hand"
    words = f"{hand} moves {way:g} arm lengths about its shoulder, at up to {speed:g} arm/s"
    if way >= HAND_BUSY and speed >= HAND_MOVES:
        if claim.verb == "use":  # who gets up "without using the arms" may well swing them
            return Verdict(UNVERIFIABLE, words, 0.0, 0, facts.frames)
        return Verdict(CONTRADICTED, words, CERTAINTY, 0, facts.frames)
    if way <= HAND_IDLE and speed < HAND_MOVES:
        return Verdict(SUPPORTED, words, CERTAINTY, 0, facts.frames)
    return Verdict(UNVERIFIABLE, words, 0.0, 0, facts.frames)


def _still_body(claim: Claim, facts: Facts) -> Verdict:
    """A body that does not move stays on its place: what its limbs do there is not asked."""
    values = facts.extremes
    steps = values.steps_left + values.steps_right
    way = max(values.way_forward, values.way_backward, values.way_left, values.way_right)
    words = f"{steps} steps, the body goes up to {way:g} m"
    if steps >= FEET_STEPS and way >= BODY_AWAY:
        return Verdict(CONTRADICTED, words, CERTAINTY, 0, facts.frames)
    if not steps and way <= BODY_STILL:
        return Verdict(SUPPORTED, words, CERTAINTY, 0, facts.frames)
    return Verdict(UNVERIFIABLE, words, 0.0, 0, facts.frames)
