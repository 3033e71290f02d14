"""Vectors of facts: thousands of motions are searched for neighbours by dot products."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from motion.events import ACTIONS, LOCOMOTION, Event, opposite
from motion.facts import Facts


def fact_vector(facts: Facts) -> NDArray[np.float32]:
    """A unit vector (K,) of what a motion does: its dot product with another's tells how alike they are."""
    index = _columns()
    vector = np.zeros(len(index), np.float32)
    vector[index["bias"]] = 0.3
    for event in facts.events:
        strength = 1 + 0.25 * np.log2(max(1, event.count)) if ACTIONS[event.action].counted else 1.0
        for name, factor in _entries(event):
            vector[index[name]] += factor * strength
    unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
    return unit


def _entries(event: Event) -> list[tuple[str, float]]:
    """Columns that an event adds to, each with its factor."""
    action = event.action
    if action in LOCOMOTION:
        found = [(action, 1.0), (f"go {_way(event)}", 1.0), ("metres", 0.3 * float(np.log1p(event.amount)))]
        if event.path in _BENDS:
            found.append((f"path {event.path}", 0.8))
        if event.speed in ("slow", "fast"):
            found.append((f"speed {event.speed}", 0.5))
        return found
    factor = {"stand": 0.3, "turn": min(2.0, 0.5 + event.amount / 180)}.get(action, 1.0)
    if not ACTIONS[action].sided or (action == "jump" and not event.side):
        found = [(action, factor)]
    else:
        sides = (event.side,) if event.side in ("left", "right") else ("left", "right")
        found = [(f"{action} {side}", factor) for side in sides]
    way = f"{action} {_way(event)}"
    return [*found, (way, 0.5)] if way in _columns() else found


def _way(event: Event) -> str:
    """Direction of an event; to its left or right is one way for what has a side of its own."""
    if event.action in LOCOMOTION:
        return event.direction if event.direction in _WAYS["go"] else "forward"
    if event.direction in ("left", "right"):
        across = event.action == "reach" and event.direction == opposite(event.side)
        return "across" if across else "side"
    return event.direction or "forward"


_BENDS = ("curve", "circle", "zigzag")
_WAYS = {
    "go": ("forward", "backward", "left", "right"),
    "jump": ("forward", "backward", "side", "up"),
    "bend": ("forward", "side"),
    "raise_arm": ("forward", "side", "up"),
    "hold_arm": ("forward", "side", "up"),
    "reach": ("forward", "side", "across", "up", "down"),
    "kick": ("forward", "side", "backward"),
}


@lru_cache(maxsize=1)
def _columns() -> dict[str, int]:
    """Column of each entry of a fact vector."""
    names = ["bias", "metres", "speed slow", "speed fast", "jump", *(f"path {bend}" for bend in _BENDS)]
    names += [f"{action} {way}" for action, ways in _WAYS.items() for way in ways]
    for action, what in ACTIONS.items():
        names += [f"{action} left", f"{action} right"] if what.sided else [action]
    return {name: column for column, name in enumerate(names)}
