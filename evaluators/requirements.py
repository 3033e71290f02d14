"""What each action needs at the least: a clip that never comes near it does not hold the action.

One table: values of motion.facts.Extremes, each with what it must reach, the margin by which it must
be missed before anybody is told so, and the reason. The limits lie on the generous side of those by
which the facts find events (motion/facts/thresholds.py): finding asks "surely", this asks "possibly".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evaluators.verdict import shortfall_certainty
from motion.events import ACTIONS
from motion.facts import Extremes
from prompts.claims import Claim

LEAST_OF_TURN = 0.5  # share of the claimed degrees that a turn has at the least


@dataclass(frozen=True)
class Need:
    """One value that an action reaches: at least `limit`, or at most where `at_most` is set.

    `value` names a field of Extremes; {side} and {direction} stand for the claim's, and where the
    claim leaves them open any will do; one that says "both" needs both.
    """

    value: str
    limit: float
    margin: float
    unit: str
    reason: str
    at_most: bool = False

    def missed_by(self, claim: Claim, extremes: Extremes) -> tuple[float, str]:
        """By how many margins the claim's need is missed (0 or less: met), and the values in words."""
        names = self._fields(claim)
        misses = {name: self._miss(name, claim, extremes) for name in names}
        pick = max if claim.side == "both" and "{side}" in self.value else min
        worst = pick(misses, key=lambda name: misses[name])
        return misses[worst], f"{worst} {_value(worst, extremes):g} {self.unit}"

    def _miss(self, name: str, claim: Claim, extremes: Extremes) -> float:
        value = _value(name, extremes)
        limit = self.limit
        if self.unit == "degrees" and claim.action == "turn" and claim.amount:
            limit = max(limit, claim.amount * LEAST_OF_TURN)
        return (value - limit if self.at_most else limit - value) / self.margin

    def _fields(self, claim: Claim) -> list[str]:
        if "{side}" in self.value:
            sides = [claim.side] if claim.side in ("left", "right") else ["left", "right"]
            return [self.value.format(side=side) for side in sides]
        if "{direction}" in self.value:
            ways = [claim.direction] if claim.direction in _WAYS else _WAYS
            return [self.value.format(direction=way) for way in ways]
        return [self.value]


_WAYS = ("forward", "backward", "left", "right")


def _value(name: str, extremes: Extremes) -> float:
    if name == "steps":
        return float(extremes.steps_left + extremes.steps_right)
    if name == "rise of the hips":
        return round(extremes.pelvis_high - extremes.pelvis_low, 3)
    return float(getattr(extremes, name))


# One of the needs of a group is enough; every group must be met.
Group = tuple[Need, ...]

_STEPS = Need("steps", 2, 1, "steps", "one step is a change of stance")
_TRAVELS: Group = (_STEPS, Need("way_{direction}", 0.5, 0.15, "m", "feet that slide take the body along"))
_HAND_UP = Need("hand_up_{side}", -0.45, 0.2, "arm", "wrist at the height of the lower ribs")
_HAND_AHEAD = Need("hand_ahead_{side}", 0.5, 0.15, "arm", "half an arm before the shoulder")
_HAND_OUT = Need("hand_out_{side}", 0.5, 0.15, "arm", "half an arm beside the shoulder")
_HAND_ACROSS = Need("hand_across_{side}", 0.3, 0.15, "arm", "the wrist beyond the breastbone")
_HAND_LOW = Need("hand_low_{side}", 0.8, 0.1, "of a hanging hand's height", "below the thigh", at_most=True)
_HANDS_MEET = Need("hands_near", 0.4, 0.15, "arm", "wrists of hands that touch: 0.35 and less", at_most=True)
_HAND_MOVES = Need("hand_speed_{side}", 0.5, 0.4, "arm/s", "waves out of the wrist alone move no joint")
_FOOT_UP = Need("foot_up_{side}", 0.2, 0.06, "leg", "16 cm: feet of a walk come to 0.13 to 0.2")

NEEDS: dict[str, tuple[Group, ...]] = {
    "stand": (),  # everybody stands some of the time
    "walk": (_TRAVELS,),
    "run": (
        (
            Need("speed", 1.6, 0.3, "leg/s", "people change to running at 2.2, in a small room at less"),
            Need("flight", 0.06, 0.02, "leg", "running in place leaves the floor"),
        ),
    ),
    "crouch_walk": (_TRAVELS,),  # sneaking need not be low
    "side_step": (
        (
            _STEPS,
            Need("way_left", 0.2, 0.1, "m", "a step to the side"),
            Need("way_right", 0.2, 0.1, "m", "a step to the side"),
        ),
    ),
    "crawl": ((Need("pelvis_low", 0.75, 0.08, "leg", "hips over knees on the floor", at_most=True),),),
    "turn": ((Need("turned_{side}", 30.0, 15.0, "degrees", "smaller ones are sway or drift"),),),
    "jump": ((Need("flight", 0.06, 0.02, "leg", "5 cm under both feet; feet that stay come to 0.03"),),),
    "squat": ((Need("pelvis_low", 0.85, 0.05, "leg", "hips over ankles; gaits stay above", at_most=True),),),
    "sit_down": ((Need("pelvis_low", 0.8, 0.06, "leg", "a high stool", at_most=True),),),
    "stand_up": ((Need("rise of the hips", 0.25, 0.1, "leg", "walking has up to 0.13"),),),
    "kneel": ((Need("knee_low_{side}", 0.2, 0.08, "leg", "a kneeling knee is at 0.12", at_most=True),),),
    "lie_down": ((Need("pelvis_low", 0.45, 0.12, "leg", "hips on a couch", at_most=True),),),
    "bow": ((Need("lean_forward", 20.0, 8.0, "degrees", "a small bow; walks lean up to 12"),),),
    "bend": ((Need("lean_{direction}", 12.0, 6.0, "degrees", "upright people lean less"),),),
    "raise_arm": ((_HAND_UP,),),
    "lower_arm": ((Need("hand_up_{side}", -0.65, 0.2, "arm", "a hand that was never up cannot come down"),),),
    "hold_arm": ((_HAND_UP, _HAND_AHEAD, _HAND_OUT),),
    "wave": ((_HAND_UP,), (_HAND_MOVES,)),
    "swing_arm": ((Need("hand_speed_{side}", 1.2, 0.5, "arm/s", "walkers' arms swing at 1 and more"),),),
    "circle_arm": ((Need("hand_speed_{side}", 0.8, 0.4, "arm/s", "a slow circle of half an arm"),),),
    "stretch": (
        (
            Need("hand_up_{side}", -0.3, 0.2, "arm", "an arm that is stretched is not hanging"),
            _HAND_AHEAD,
            _HAND_OUT,
            Need("lean_{direction}", 15.0, 6.0, "degrees", "the trunk is stretched"),
        ),
    ),
    "reach": (
        (
            Need("hand_up_{side}", -0.3, 0.2, "arm", "as high as the chest"),
            _HAND_AHEAD,
            _HAND_OUT,
            _HAND_ACROSS,
            _HAND_LOW,
        ),
    ),
    "hands_together": ((_HANDS_MEET,),),
    "hand_on_hip": ((Need("hand_up_{side}", -0.8, 0.1, "arm", "a hanging hand is at -0.95"),),),
    "hand_on_head": ((Need("hand_up_{side}", 0.0, 0.2, "arm", "the chin is over the shoulders"),),),
    "hand_on_knee": (
        (
            Need(
                "hand_low_{side}",
                0.86,
                0.08,
                "of a hanging hand's height",
                "a hanging hand ends at mid-thigh",
                at_most=True,
            ),
            Need("foot_up_{side}", 0.2, 0.1, "leg", "the knee may come up to the hand"),
        ),
    ),
    "clap": ((_HANDS_MEET,), (_HAND_MOVES,)),
    "cross_arms": (
        (Need("hands_crossed", -0.1, 0.1, "arm", "wrists near the middle; hanging hands have -0.35"),),
    ),
    "punch": (
        (_HAND_AHEAD, _HAND_OUT, Need("hand_up_{side}", -0.2, 0.2, "arm", "a blow upwards")),
        (Need("hand_speed_{side}", 1.2, 0.4, "arm/s", "slower than a push"),),
    ),
    "throw": (
        (_HAND_AHEAD, _HAND_OUT, _HAND_UP),
        (Need("hand_speed_{side}", 1.5, 0.5, "arm/s", "a gentle toss"),),
    ),
    "pick_up": ((_HAND_LOW, _HAND_AHEAD, _HAND_UP, _HAND_ACROSS, _HAND_OUT),),  # from a table, too
    "place": ((_HAND_LOW, _HAND_AHEAD, _HAND_UP, _HAND_ACROSS, _HAND_OUT),),
    "kick": ((_FOOT_UP,), (Need("foot_speed_{side}", 1.2, 0.4, "leg/s", "slower than a step"),)),
    "raise_leg": ((Need("foot_up_{side}", 0.12, 0.05, "leg", "10 cm"),),),
    "lunge": (
        (
            Need("foot_apart", 0.5, 0.1, "leg", "a long step; lunges have 0.72 and more"),
            Need("pelvis_low", 0.88, 0.04, "leg", "a lunge to the side lowers the hips", at_most=True),
        ),
    ),
    "stomp": ((Need("foot_up_{side}", 0.08, 0.03, "leg", "7 cm under the foot"),),),
}

# What a direction needs beyond the action itself. Left and right are not here: annotators often mean
# the picture's, not the body's.
WAY_NEEDS = {
    "forward": Need("way_forward", 0.4, 0.15, "m", "one step"),
    "backward": Need("way_backward", 0.4, 0.15, "m", "one step"),
}

# Verbs that people use of less than what the action needs: absence proves nothing then.
LOOSE_VERBS = {
    "jump": frozenset({"bounce", "spring"}),
    "raise_arm": frozenset({"point"}),
    "squat": frozenset({"bend", "duck"}),  # "bends the knees slightly"
    "bend": frozenset({"tilt"}),
    "turn": frozenset({"pivot"}),
}

# What people call by the claimed action's name, or the measure may have taken it for: claimed -> measured.
_KIN = {
    "walk": "side_step crouch_walk lunge stomp raise_leg",  # marching in place, single steps
    "crouch_walk": "walk side_step crawl",
    "side_step": "walk crouch_walk lunge",
    "crawl": "kneel lie_down crouch_walk",
    "jump": "run stomp",
    "squat": "sit_down kneel crouch_walk lunge jump bend bow pick_up place hand_on_knee",
    "sit_down": "squat kneel lie_down",
    "stand_up": "sit_down kneel squat bow bend pick_up place lie_down",  # what one comes up from
    "kneel": "squat lunge sit_down crawl",
    "lie_down": "crawl sit_down",
    "bow": "bend pick_up place",
    "bend": "bow pick_up place stretch reach squat",
    "raise_arm": "hold_arm stretch reach wave hand_on_head circle_arm throw punch",
    "lower_arm": "raise_arm hold_arm wave stretch reach punch throw",  # what is up comes down some time
    "hold_arm": "raise_arm stretch reach wave hand_on_head",
    "wave": "raise_arm hold_arm swing_arm circle_arm",
    "swing_arm": "circle_arm wave walk run",
    "circle_arm": "swing_arm wave raise_arm",
    "stretch": "raise_arm hold_arm reach bend",
    "reach": "raise_arm hold_arm stretch punch pick_up place bend",
    "hands_together": "clap cross_arms",
    "hand_on_head": "raise_arm hold_arm",
    "hand_on_knee": "bend squat bow sit_down",
    "clap": "hands_together",
    "cross_arms": "hands_together hold_arm",
    "punch": "reach throw raise_arm",
    "throw": "punch reach raise_arm swing_arm",
    "pick_up": "place reach bend bow squat",
    "place": "pick_up reach bend bow squat",
    "kick": "raise_leg",
    "raise_leg": "kick stomp",
    "lunge": "squat kneel",
    "stomp": "raise_leg",
}
KIN: dict[str, frozenset[str]] = {action: frozenset(_KIN.get(action, "").split()) for action in ACTIONS}


@dataclass(frozen=True)
class Miss:
    """A need that a motion does not meet: how certain that is, and what was measured."""

    certainty: float
    words: str


def missed(claim: Claim, extremes: Extremes) -> Miss | None:
    """The claim's need that a motion misses most clearly; None where all may have been met."""
    if claim.verb in LOOSE_VERBS.get(claim.action, ()):
        return None
    if claim.action == "bend" and not claim.direction:  # arms, knees and heads are bent, too
        return None
    groups: Iterable[Group] = NEEDS.get(claim.action, ())
    found = [_group_missed(group, claim, extremes) for group in groups]
    clear = [miss for miss in found if miss.certainty > 0]
    return max(clear, key=lambda miss: miss.certainty, default=None)


def way_missed(claim: Claim, extremes: Extremes) -> Miss | None:
    """Whether the claimed direction was gone at all; None where it may have been, or none is claimed."""
    need = WAY_NEEDS.get(claim.direction)
    if need is None:
        return None
    misses, words = need.missed_by(claim, extremes)
    certainty = shortfall_certainty(misses)
    return Miss(certainty, words) if certainty else None


def is_sided(action: str) -> bool:
    """Whether what an action needs can be told apart by side: absence then speaks of that side."""
    return any("{side}" in need.value for group in NEEDS.get(action, ()) for need in group)


def _group_missed(group: Group, claim: Claim, extremes: Extremes) -> Miss:
    """A group is missed as clearly as the one of its needs that is missed least."""
    misses = [need.missed_by(claim, extremes) for need in group]
    fewest = min(amount for amount, _ in misses)
    return Miss(shortfall_certainty(fewest), ", ".join(words for _, words in misses))


def table() -> list[tuple[str, str, str, float, float, str, str]]:
    """Action, value, least or most, limit, margin, unit and reason of every need, for documents."""
    return [
        (
            action,
            need.value,
            "most" if need.at_most else "least",
            need.limit,
            need.margin,
            need.unit,
            need.reason,
        )
        for action, groups in NEEDS.items()
        for group in groups
        for need in group
    ]
