"""What a clip does: drawing one to three actions that can follow one another, and setting them on a stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from motion.demo import actions_arms as arm_actions
from motion.demo import actions_body as body_actions
from motion.demo import actions_legs as leg_actions
from motion.demo import gait
from motion.demo.rig import Body
from motion.demo.stage import Stage, Style

LONGEST = 9.9  # seconds: fits either skeleton
SHORTEST = 2.2


@dataclass(frozen=True)
class Planned:
    """One action with its arguments; `values` are those of the function that sets it."""

    name: str
    values: dict[str, Any]


_FUNCTIONS: dict[str, Callable[..., None]] = {
    "stand": body_actions.stand,
    "side_step": gait.side_step,
    "turn": gait.turn,
    "jump": body_actions.jump,
    "squat": body_actions.squat,
    "sit_down": body_actions.sit_down,
    "stand_up": body_actions.stand_up,
    "kneel": body_actions.kneel,
    "bow": body_actions.bow,
    "bend": body_actions.bend,
    "raise_arm": arm_actions.raise_arm,
    "lower_arm": arm_actions.lower_arm,
    "wave": arm_actions.wave,
    "swing_arm": arm_actions.swing_arm,
    "circle_arm": arm_actions.circle_arm,
    "stretch": arm_actions.stretch,
    "reach": arm_actions.reach,
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
    "bend throw stand_up lunge stretch walk kneel reach lower_arm raise_leg swing_arm place cross_arms turn "
    "circle_arm stomp jump stand run".split()
)
# Begin and end in the resting pose.
_PLAIN = tuple(
    "walk walk walk run crouch_walk side_step side_step turn turn jump squat bow bend wave wave swing_arm "
    "circle_arm stretch reach clap cross_arms punch throw kick raise_leg lunge stomp stand".split()
)
_ENDS = (*_PLAIN, "sit_down", "kneel", "raise_arm", "pick_up")
# What may follow an action that does not end in the resting pose.
_AFTER = {
    "sit_down": ("stand_up",),
    "kneel": ("stand_up",),
    "raise_arm": ("lower_arm",),
    "pick_up": ("place", "walk"),
}


def draw(rng: np.random.Generator, number: int, most: int) -> list[Planned]:
    """A plan of one to `most` actions; the clip's number says which action it has for sure."""
    total = min(most, int(rng.choice([1, 2, 3], p=[0.4, 0.35, 0.25])))
    main = _FIRST[number % len(_FIRST)]
    before = 0 if main in ("stand_up", "lower_arm", "place") else int(rng.integers(0, total))
    plan: list[Planned] = []
    for _ in range(before):
        plan.append(_arguments(rng, _fresh(rng, _PLAIN, plan, main), plan))
    plan.append(_arguments(rng, main, plan))
    while len(plan) < total:
        last = plan[-1].name
        carrying = last == "walk" and len(plan) > 1 and plan[-2].name == "pick_up"
        choices = ("place",) if carrying else _AFTER.get(last, _ENDS)
        if {planned.name for planned in plan}.issuperset(choices):
            break  # sat down again after standing up: nothing new can follow
        plan.append(_arguments(rng, _fresh(rng, choices, plan, ""), plan))
    return plan


def _fresh(rng: np.random.Generator, choices: tuple[str, ...], plan: list[Planned], also: str) -> str:
    """An action that the plan does not hold yet."""
    used = {planned.name for planned in plan} | {also}
    left = [name for name in choices if name not in used]
    return str(left[int(rng.integers(len(left)))])


def _arguments(rng: np.random.Generator, name: str, plan: list[Planned]) -> Planned:
    speed = str(rng.choice(["slow", "normal", "fast"], p=[0.25, 0.5, 0.25]))
    side = _pick(rng, "left", "right")
    carried = next((p.values for p in reversed(plan) if p.name == "pick_up"), None)
    held = next((p.values for p in reversed(plan) if p.name == "raise_arm"), None)
    values: dict[str, Any] = {"speed": speed}
    if name in gait.GAITS:
        values |= _way(rng, name, speed, carried is not None)
    elif name == "side_step":
        values |= {"direction": side, "count": int(rng.integers(1, 4 if speed == "slow" else 5))}
    elif name == "turn":
        degrees = float(rng.choice([45, 90, 135, 180, 360], p=[0.15, 0.35, 0.1, 0.27, 0.13]))
        values |= {"side": side, "degrees": degrees}
    elif name == "stand":
        values = {"seconds": round(float(rng.uniform(1.6, 3.2)), 1)}
    elif name == "jump":
        values = _jump(rng, side)
    elif name == "squat":
        values |= {"count": _pick(rng, 1, 1, 2, 3), "depth": round(float(rng.uniform(0.26, 0.44)), 2)}
    elif name in ("bow", "bend"):
        values |= _trunk(rng, name)
    elif name == "lower_arm":
        values |= {"side": held["side"] if held else _pick(rng, "left", "right", "both")}
    elif name in ("pick_up", "place"):
        values |= _thing(rng, side, carried)
    else:
        values |= _limbs(rng, name, side)
    return Planned(name, values)


def _way(rng: np.random.Generator, name: str, speed: str, carrying: bool) -> dict[str, Any]:
    """Direction, path and number of steps of a gait."""
    values: dict[str, Any] = {
        "first": _pick(rng, "left", "right"),
        "direction": "forward",
        "path": "straight",
    }
    path = "straight"
    if name == "walk" and not carrying:
        path = _pick(rng, "straight", "straight", "straight", "backward", "curve", "circle", "zigzag")
    elif name == "run":
        path = _pick(rng, "straight", "straight", "curve")
    elif not carrying:
        path = _pick(rng, "straight", "straight", "backward")
    fewest, most = {"circle": (9, 10), "zigzag": (9, 10), "curve": (6, 9)}.get(path, (3, 8))
    if name == "run":
        fewest, most = 5, 9
    elif carrying or speed == "slow":
        most = min(most, max(fewest, 6))
    if path == "backward":
        return values | {"direction": "backward", "path": "straight", "count": int(rng.integers(3, 7))}
    count = int(rng.integers(fewest, most + 1))
    return values | {
        "path": path,
        "count": count,
        "side": _pick(rng, "left", "right") if path != "straight" else "",
    }


def _jump(rng: np.random.Generator, side: str) -> dict[str, Any]:
    both = bool(rng.random() < 0.7)
    direction = _pick(rng, "up", "up", "forward", "forward", "backward", "left", "right")
    height = rng.uniform(0.2, 0.36) if both else rng.uniform(0.11, 0.17)
    distance = rng.uniform(0.4, 0.65) if both else rng.uniform(0.28, 0.4)
    if direction in ("backward", "left", "right"):
        distance *= 0.75
    return {
        "side": "both" if both else side,
        "direction": direction,
        "count": _pick(rng, 1, 1, 2, 3) if both else _pick(rng, 1, 2, 3, 4),
        "height": round(float(height), 2),
        "distance": 0.0 if direction == "up" else round(float(distance), 2),
    }


def _trunk(rng: np.random.Generator, name: str) -> dict[str, Any]:
    count = _pick(rng, 1, 1, 1, 2)
    if name == "bow":
        return {"count": count, "degrees": float(rng.integers(45, 71))}
    direction = _pick(rng, "forward", "forward", "left", "right", "backward")
    low, high = {"forward": (95, 109), "backward": (18, 26)}.get(direction, (26, 36))
    return {"direction": direction, "count": count, "degrees": float(rng.integers(low, high))}


def _thing(rng: np.random.Generator, side: str, carried: dict[str, Any] | None) -> dict[str, Any]:
    """Hand and place of a thing; what was picked up with a hand is set down with it, elsewhere."""
    direction = _pick(rng, "forward", "left", "right")
    if carried:
        side = carried["side"]
        direction = _pick(rng, *(d for d in ("forward", "left", "right") if d != carried["direction"]))
        side_fits = side == "both" or direction in ("forward", side)
        return {"side": side, "direction": direction if side_fits else "forward"}
    if direction == "forward":
        side = _pick(rng, "left", "right", "both")
    return {"side": side if direction == "forward" else direction, "direction": direction}


def _limbs(rng: np.random.Generator, name: str, side: str) -> dict[str, Any]:
    any_side = _pick(rng, side, side, side, "both")
    if name == "raise_arm":
        out = any_side if any_side in ("left", "right") else "up"
        return {"side": any_side, "direction": _pick(rng, "up", "forward", out)}
    if name == "stretch":
        opposite = body_actions.other(side)
        return _pick(rng, {"side": "both", "direction": "up"}, {"side": side, "direction": opposite})
    if name == "reach":
        return {"side": side, "direction": _pick(rng, "forward", "up", side)}
    if name == "kick":
        direction = _pick(rng, "forward", "forward", side, "backward")
        return {"side": side, "direction": direction, "count": _pick(rng, 1, 1, 2)}
    if name == "clap":
        return {"count": int(rng.integers(2, 7))}
    if name in ("cross_arms", "sit_down", "stand_up"):
        return {}
    if name in ("kneel", "throw"):
        return {"side": side}
    if name in ("raise_leg", "lunge"):
        return {"side": side, "count": _pick(rng, 1, 1, 2)}
    if name == "stomp":
        return {"side": side, "count": int(rng.integers(1, 5))}
    fewest, most = {"wave": (3, 6), "circle_arm": (1, 3), "swing_arm": (2, 4), "punch": (1, 4)}[name]
    count = int(rng.integers(fewest, most + 1))
    return {"side": any_side, "count": max(count, 2) if name == "punch" and any_side == "both" else count}


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
        else:
            _FUNCTIONS[planned.name](stage, **planned.values)
        stage.now += float(rng.uniform(0.12, 0.3))
    return stage, max(SHORTEST, stage.now + float(rng.uniform(0.15, 0.4)))


def _prepare(stage: Stage, first: Planned) -> None:
    if first.name == "stand_up":
        body_actions.begin_seated(stage)
    elif first.name == "lower_arm":
        arm_actions.begin_raised(stage, first.values["side"], "up")
    elif first.name == "place":
        arm_actions.begin_carrying(stage, first.values["side"])


def _pick(rng: np.random.Generator, *choices: Any) -> Any:
    return choices[int(rng.integers(len(choices)))]
