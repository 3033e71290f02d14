"""Claims of what has no measure of its own but a limb and a side: "wipes with the right hand"."""

from __future__ import annotations

from evaluators.verdict import CONTRADICTED, SUPPORTED, UNVERIFIABLE, Verdict
from motion.events import opposite
from motion.facts import Facts
from prompts.claims import Claim

HAND_BUSY = 1.5  # metres: the way of a hand that does something
HAND_IDLE = 0.5  # metres: the way of a hand that rests, over some seconds
HAND_RATIO = 4.0  # how many times as far the one hand goes as the other
FOOT_STILL = 0.6  # leg/s: balance
FEET_STEPS = 2  # steps: feet that are moved
CERTAINTY = 0.55  # what the verb means is not known

# What a limb does by staying where it is.
_STILL_VERBS = frozenset(
    "hold carry keep grasp rest hang touch block wear use balance cover stop protect lean support put "
    "place press hug type wrap pose bend stay".split()
)


def unnamed_verdict(claim: Claim, facts: Facts) -> Verdict:
    """Judge a claim without a measured action by the limbs that move."""
    if claim.negated:
        return _kept_still(claim, facts)
    if claim.part == "arm" and claim.side in ("left", "right") and claim.verb not in _STILL_VERBS:
        return _which_hand(claim, facts)
    return Verdict(UNVERIFIABLE, "names no action that is measured", 0.0, 0, facts.frames)


def _which_hand(claim: Claim, facts: Facts) -> Verdict:
    ways = {"left": facts.summary.hand_travel_left, "right": facts.summary.hand_travel_right}
    this, other = ways[claim.side], ways[opposite(claim.side)]
    words = f"the left hand moves {ways['left']:g} m about its shoulder, the right one {ways['right']:g} m"
    if other >= HAND_BUSY and this <= HAND_IDLE and other >= HAND_RATIO * this:
        return Verdict(CONTRADICTED, words, CERTAINTY, 0, facts.frames)
    if this >= HAND_BUSY and this >= HAND_RATIO * other:
        return Verdict(SUPPORTED, words, CERTAINTY, 0, facts.frames)
    return Verdict(UNVERIFIABLE, words, 0.0, 0, facts.frames)


def _kept_still(claim: Claim, facts: Facts) -> Verdict:
    """ "Without moving the feet": whether there are steps."""
    if claim.part != "leg" or claim.verb not in ("move", "lift", "step", "use"):
        return Verdict(UNVERIFIABLE, "names no action that is measured", 0.0, 0, facts.frames)
    values = facts.extremes
    steps = values.steps_left + values.steps_right
    speed = max(values.foot_speed_left, values.foot_speed_right)
    words = f"{steps} steps, a foot moves at up to {speed:g} leg/s"
    if steps >= FEET_STEPS:
        return Verdict(CONTRADICTED, words, CERTAINTY, 0, facts.frames)
    if not steps and speed <= FOOT_STILL:
        return Verdict(SUPPORTED, words, CERTAINTY, 0, facts.frames)
    return Verdict(UNVERIFIABLE, words, 0.0, 0, facts.frames)
