"""With what arguments an action is done: sides, directions, counts and speeds, drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from motion.demo.actions_body import other
from motion.demo.gait import GAITS


@dataclass(frozen=True)
class Planned:
    """One action with its arguments; `values` are those of the function that sets it."""

    name: str
    values: dict[str, Any]


def arguments(rng: np.random.Generator, name: str, plan: list[Planned]) -> Planned:
    """An action with drawn arguments that fit what the plan has done before."""
    speed = str(rng.choice(["slow", "normal", "fast"], p=[0.25, 0.5, 0.25]))
    side = _pick(rng, "left", "right")
    carried = next((p.values for p in reversed(plan) if p.name == "pick_up"), None)
    held = next((p.values for p in reversed(plan) if p.name in ("raise_arm", "hold_arm")), None)
    values: dict[str, Any] = {"speed": speed}
    if name in GAITS:
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
    elif name == "hold_arm":
        values = _limbs(rng, "raise_arm", side) | {"seconds": round(float(rng.uniform(1.4, 2.2)), 1)}
    elif name in ("crawl", "lie_down", "stand_up"):
        values |= _floor(rng, name, side, plan)
    elif name == "lower_arm":
        values |= {"side": held["side"] if held else _pick(rng, "left", "right", "both")}
    elif name in ("pick_up", "place"):
        values |= _thing(rng, side, carried)
    else:
        values |= _limbs(rng, name, side)
    return Planned(name, values)


def _floor(rng: np.random.Generator, name: str, first: str, plan: list[Planned]) -> dict[str, Any]:
    if name == "crawl":
        return {"direction": "forward", "first": first, "count": int(rng.integers(5, 9))}
    if name == "lie_down":
        return {"first": first}
    # What is got up from: of a plan's first action where the clip begins, else where the last one ended.
    start = {"sit_down": "seat", "kneel": "knee", "lie_down": "floor", "crawl": "floor"}
    where = start[plan[-1].name] if plan else _pick(rng, "seat", "floor")
    return {"first": first, "start": where}


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
        opposite = other(side)
        return _pick(rng, {"side": "both", "direction": "up"}, {"side": side, "direction": opposite})
    if name == "reach":
        opposite = other(side)
        return {"side": side, "direction": _pick(rng, "forward", "up", side, "down", opposite)}
    if name == "hands_together":
        return {"manner": _pick(rng, "", "low")}
    if name.startswith("hand_on_"):
        return {"side": _pick(rng, "left", "right", "both")}
    if name == "kick":
        direction = _pick(rng, "forward", "forward", side, "backward")
        return {"side": side, "direction": direction, "count": _pick(rng, 1, 1, 2)}
    if name == "clap":
        return {"count": int(rng.integers(2, 7))}
    if name in ("cross_arms", "sit_down"):
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


def _pick(rng: np.random.Generator, *choices: Any) -> Any:
    return choices[int(rng.integers(len(choices)))]
