"""What a clip does: drawing one to three actions that can follow one another, and setting them on a stage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from motion.demo import actions_arms as arm_actions
from motion.demo import actions_body as body_actions
from motion.demo import actions_floor as floor_actions
from motion.demo import actions_hands as hand_actions
from motion.demo import actions_legs as leg_actions
from motion.demo import gait
from motion.demo.arguments import Planned, arguments
from motion.demo.rig import Body
from motion.demo.stage import Stage, Style

LONGEST = 9.9  # seconds: fits either skeleton
SHORTEST = 2.2


_FUNCTIONS: dict[str, Callable[..., None]] = {
    "stand": body_actions.stand,
    "side_step": gait.side_step,
    "turn": gait.turn,
    "jump": body_actions.jump,
    "squat": body_actions.squat,
    "sit_down": body_actions.sit_down,
    "lie_down": floor_actions.lie_down,
    "crawl": floor_actions.crawl,
    "kneel": body_actions.kneel,
    "bow": body_actions.bow,
    "bend": body_actions.bend,
    "raise_arm": arm_actions.raise_arm,
    "hold_arm": arm_actions.hold_arm,
    "lower_arm": arm_actions.lower_arm,
    "wave": arm_actions.wave,
    "swing_arm": arm_actions.swing_arm,
    "circle_arm": arm_actions.circle_arm,
    "stretch": arm_actions.stretch,
    "reach": hand_actions.reach,
    "hands_together": hand_actions.hands_together,
    "hand_on_hip": hand_actions.hand_on_hip,
    "hand_on_head": hand_actions.hand_on_head,
    "hand_on_knee": hand_actions.hand_on_knee,
    "clap": arm_actions.clap,
    "cross_arms": arm_actions.cross_arms,
    "punch": arm_actions.punch,
    "throw": arm_actions.throw,
    "pick_up": arm_actions.pick_up,
    "place": arm_actions.place,
    "kick": leg_actions.kick,
    "raise_leg": leg_actions.raise_leg,
    "lunge": leg_actions.lunge,
    "stomp": leg_actions.stomp,
}
# Each clip has one of these by its number, so that even a small dataset holds every action.
_FIRST = tuple(
    "walk turn wave run jump raise_arm side_step kick crouch_walk squat pick_up bow walk punch sit_down clap "
    "crawl hold_arm bend throw stand_up lunge stretch reach walk kneel lie_down hand_on_hip lower_arm "
    "raise_leg swing_arm place hand_on_head cross_arms turn circle_arm stomp hands_together reach jump stand "
    "hand_on_knee run".split()
)
# Begin and end in the resting pose.
_PLAIN = tuple(
    "walk walk walk run crouch_walk side_step side_step turn turn jump squat bow bend wave wave swing_arm "
    "circle_arm stretch reach reach clap cross_arms punch throw kick raise_leg lunge stomp stand "
    "hands_together hand_on_hip hand_on_head hand_on_knee".split()
)
_ENDS = (*_PLAIN, "sit_down", "kneel", "lie_down", "raise_arm", "pick_up")
# These need a clip that begins so: seated, on the floor, with a hand up or something in it.
_BEGINNINGS = ("stand_up", "crawl", "hold_arm", "lower_arm", "place")
# What may follow an action that does not end in the resting pose.
_AFTER = {
    "sit_down": ("stand_up",),
    "kneel": ("stand_up",),
    "lie_down": ("stand_up",),
    "crawl": ("stand_up",),
    "raise_arm": ("lower_arm",),
    "hold_arm": ("lower_arm",),
    "pick_up": ("place", "walk"),
}


def draw(rng: np.random.Generator, number: int, most: int) -> list[Planned]:
    """A plan of one to `most` actions; the clip's number says which action it has for sure."""
    total = min(most, int(rng.choice([1, 2, 3], p=[0.4, 0.35, 0.25])))
    main = _FIRST[number % len(_FIRST)]
    before = 0 if main in _BEGINNINGS else int(rng.integers(0, total))
    plan: list[Planned] = []
    for _ in range(before):
        plan.append(arguments(rng, _fresh(rng, _PLAIN, plan, main), plan))
    plan.append(arguments(rng, main, plan))
    while len(plan) < total:
        last = plan[-1].name
        carrying = last == "walk" and len(plan) > 1 and plan[-2].name == "pick_up"
        choices = ("place",) if carrying else _AFTER.get(last, _ENDS)
        if {planned.name for planned in plan}.issuperset(choices):
            break  # sat down again after standing up: nothing new can follow
        plan.append(arguments(rng, _fresh(rng, choices, plan, ""), plan))
    return plan


def _fresh(rng: np.random.Generator, choices: tuple[str, ...], plan: list[Planned], also: str) -> str:
    """An action that the plan does not hold yet."""
    used = {planned.name for planned in plan} | {also}
    left = [name for name in choices if name not in used]
    return str(left[int(rng.integers(len(left)))])


def style(rng: np.random.Generator) -> Style:
    """A performer."""
    return Style(
        half_stance=float(rng.uniform(0.085, 0.115)),
        toe_out=float(rng.uniform(5, 10)),
        arm_out=float(rng.uniform(7, 12)),
        elbow=float(rng.uniform(9, 17)),
        stoop=float(rng.uniform(0, 4)),
        swing=float(rng.uniform(20, 28)),
        tempo=float(rng.uniform(0.94, 1.06)),
        phase=float(rng.uniform(0, 2 * np.pi)),
    )


def act(plan: list[Planned], body: Body, rng: np.random.Generator) -> tuple[Stage, float]:
    """Set a plan on a new stage; the stage and the seconds that the clip lasts."""
    stage = Stage(body, style(rng))
    _prepare(stage, plan[0])
    stage.now = float(rng.uniform(0.2, 0.45))
    for planned in plan:
        if planned.name in gait.GAITS:
            gait.travel(stage, planned.name, **planned.values)
        elif planned.name == "stand_up":
            _stand_up(stage, **planned.values)
        else:
            _FUNCTIONS[planned.name](stage, **planned.values)
        stage.now += float(rng.uniform(0.12, 0.3))
    return stage, max(SHORTEST, stage.now + float(rng.uniform(0.15, 0.4)))


def _stand_up(stage: Stage, start: str, speed: str, first: str) -> None:
    if start == "floor":
        floor_actions.get_up(stage, speed, first)
    else:
        body_actions.stand_up(stage, speed)


def _prepare(stage: Stage, first: Planned) -> None:
    """Let the clip begin as its first action needs it."""
    if first.name == "stand_up":
        begin = floor_actions.begin_lying if first.values["start"] == "floor" else body_actions.begin_seated
        begin(stage)
    elif first.name == "crawl":
        floor_actions.begin_on_all_fours(stage)
    elif first.name == "lower_arm":
        arm_actions.begin_raised(stage, first.values["side"], "up")
    elif first.name == "hold_arm":
        arm_actions.begin_raised(stage, first.values["side"], first.values["direction"])
    elif first.name == "place":
        arm_actions.begin_carrying(stage, first.values["side"])
