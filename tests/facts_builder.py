"""Facts made by hand: a body that stands still, with the events and values that a test names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

from motion.events import Event
from motion.facts import Extremes, Facts, Summary

_BLANK = {"str": "", "int": 0, "float": 0.0, "bool": False}
_SUMMARY = Summary(**{item.name: _BLANK[str(item.type)] for item in fields(Summary)})

# What is measured on somebody who stands still with hanging arms.
_AT_REST = {
    "pelvis_low": 0.97,
    "pelvis_high": 0.98,
    "hand_up_left": -0.95,
    "hand_up_right": -0.95,
    "hand_ahead_left": 0.15,
    "hand_ahead_right": 0.15,
    "hand_out_left": 0.15,
    "hand_out_right": 0.15,
    "hand_across_left": -0.1,
    "hand_across_right": -0.1,
    "hand_low_left": 0.98,
    "hand_low_right": 0.98,
    "hands_near": 0.75,
    "hands_crossed": -0.36,
    "knee_low_left": 0.58,
    "knee_low_right": 0.58,
}
_STILL = Extremes(
    **{item.name: _AT_REST.get(item.name, _BLANK[str(item.type)]) for item in fields(Extremes)}  # type: ignore[arg-type]
)


def some_facts(events: Iterable[Event] = (), frames: int = 100, fps: float = 20.0, **values: object) -> Facts:
    """Facts of the events; further values are fields of the extremes, or else of the summary, by name."""
    of_extremes = {item.name for item in fields(Extremes)}
    unknown = values.keys() - of_extremes - {item.name for item in fields(Summary)}
    if unknown:
        raise TypeError(f"no value of facts: {sorted(unknown)}")
    extremes = {name: value for name, value in values.items() if name in of_extremes}
    summary = {name: value for name, value in values.items() if name not in of_extremes}
    found = tuple(sorted(events, key=lambda event: (event.start, event.end)))
    return Facts(
        frames,
        fps,
        replace(_SUMMARY, **summary),  # type: ignore[arg-type]
        replace(_STILL, **extremes),  # type: ignore[arg-type]
        found,
    )
