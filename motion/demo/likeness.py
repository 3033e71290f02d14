"""What one may see in an action besides itself, so that a caption that is to be wrong is wrong."""

from __future__ import annotations

from collections.abc import Iterable

# Whoever does an action may truthfully be said to do these as well, at least in part.
_INVOLVES = {
    "walk": "turn side_step raise_leg swing_arm",
    "run": "walk turn raise_leg swing_arm jump",
    "crouch_walk": "walk squat bend bow turn swing_arm raise_leg hand_on_knee",
    "side_step": "walk raise_leg",
    "crawl": "kneel bend bow walk squat reach pick_up lie_down",
    "turn": "walk side_step raise_leg",
    "jump": "squat bend bow walk run side_step raise_leg swing_arm raise_arm reach",
    "squat": "bend bow sit_down kneel raise_arm reach hand_on_knee crouch_walk",
    "sit_down": "squat bend bow kneel hand_on_knee crouch_walk",
    "stand_up": "squat bend bow sit_down kneel lie_down lunge walk crawl pick_up reach hand_on_knee "
    "raise_leg crouch_walk",
    "kneel": "squat lunge sit_down bend bow walk raise_leg hand_on_knee crouch_walk",
    "lie_down": "kneel squat sit_down bend bow crawl walk lunge pick_up reach hand_on_knee "
    "crouch_walk raise_leg",
    "bow": "bend squat reach",
    "bend": "bow reach pick_up hand_on_knee squat stretch",
    "raise_arm": "reach wave stretch swing_arm circle_arm throw punch hand_on_head",
    "lower_arm": "raise_arm reach wave stretch swing_arm circle_arm throw punch hand_on_head",
    "hold_arm": "raise_arm reach wave stretch swing_arm circle_arm throw punch hand_on_head",
    "wave": "raise_arm swing_arm reach stretch hand_on_head throw circle_arm",
    "swing_arm": "raise_arm reach punch circle_arm throw wave stretch",
    "circle_arm": "raise_arm swing_arm stretch reach throw wave punch hand_on_head",
    "stretch": "raise_arm reach bend circle_arm swing_arm hand_on_head wave",
    "reach": "raise_arm stretch bend bow punch swing_arm squat pick_up hand_on_knee circle_arm",
    "hands_together": "clap cross_arms reach raise_arm punch",
    "hand_on_hip": "cross_arms hands_together",
    "hand_on_head": "raise_arm wave reach stretch swing_arm circle_arm throw",
    "hand_on_knee": "bend bow squat reach pick_up sit_down crouch_walk",
    "clap": "hands_together cross_arms reach raise_arm wave punch",
    "cross_arms": "hands_together clap hand_on_hip reach",
    "punch": "reach raise_arm swing_arm throw bend bow clap hands_together wave squat",
    "throw": "raise_arm swing_arm reach punch wave lunge walk bend bow turn circle_arm stretch hand_on_head",
    "pick_up": "bend bow squat reach hand_on_knee kneel hands_together raise_arm lunge turn crouch_walk",
    "place": "bend bow squat reach hand_on_knee kneel hands_together raise_arm lunge turn "
    "pick_up crouch_walk",
    "kick": "raise_leg stomp lunge walk bend bow swing_arm",
    "raise_leg": "kick stomp walk swing_arm",
    "lunge": "walk kneel squat raise_leg stomp hand_on_knee crouch_walk",
    "stomp": "raise_leg kick walk swing_arm",
}
# What can be claimed of any clip, whatever it begins with.
REPLACING = tuple(
    "walk run crouch_walk side_step crawl turn jump squat sit_down kneel lie_down bow bend raise_arm wave "
    "swing_arm circle_arm stretch reach hands_together hand_on_hip hand_on_head hand_on_knee clap cross_arms "
    "punch throw pick_up kick raise_leg lunge stomp".split()
)


def seen_in(actions: Iterable[str]) -> set[str]:
    """The actions and what they involve."""
    seen: set[str] = set()
    for action in actions:
        seen |= {action, *_INVOLVES.get(action, "").split()}
    return seen
