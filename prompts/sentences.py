"""Measured facts in plain sentences: always the same words for the same facts.

The words are the first ones of each list in kinematic/phrases.yaml, so that there is one list of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from motion.events import ACTIONS, LOCOMOTION, Difference, Event, opposite
from motion.seeds import generator
from prompts.grammar import Expander
from prompts.inflect import plural
from prompts.kinematic.concept import of_event
from prompts.kinematic.phrasing import Phrases, sided, times

_ON_THE_SPOT = 0.5  # metres
# In which way an amount in metres extends, where the action does not say it.
_EXTENTS = {
    "squat": "deep",
    "wave": "to and fro",
    "swing_arm": "to and fro",
    "kick": "high",
    "raise_leg": "high",
    "stomp": "high",
}
_SPEEDS = {"slow": "slowly", "fast": "fast"}


class _First(Expander):
    """An expander that draws nothing: the first choice is the plainest one."""

    def __init__(self) -> None:
        super().__init__({}, generator("sentences"))

    def pick(self, choices: Sequence[str]) -> str:
        """The first choice."""
        return choices[0]


@cache
def _phrases() -> Phrases:
    return Phrases(_First())


def clause(event: Event) -> str:
    """What happens, in the third person, with number, measure and speed.

    "walks forward, 3 steps, 0.9 m, slowly"; "turns to the left, 90 degrees".
    """
    return ", ".join([_core(event), *_details(event)])


def sentence(event: Event, fps: float) -> str:
    """When and what: "0.4-2.1 s: raises the left arm overhead"."""
    return f"{event.start / fps:.1f}-{event.end / fps:.1f} s: {clause(event)}"


def label(event: Event) -> str:
    """An event in a word or two, for a bar of a time line: "walk forward, 3 steps", "turn left 90°"."""
    words = [event.action.replace("_", " ")]
    if event.action in ("turn", "jump", "kneel") and event.side in ("left", "right"):
        words.append(event.side)
    if event.direction:
        crosses = ACTIONS[event.action].part == "arm" and event.direction == opposite(event.side)
        words.append("across" if crosses and event.side in ("left", "right") else event.direction)
    if event.path and event.path != "straight":
        words.append(event.path)
    counted = ACTIONS[event.action].counted
    if counted == "steps" and event.count:
        words[-1] += f", {event.count} {plural('step', event.count)}"
    elif counted and event.count > 1:
        words.append(f"×{event.count}")
    if ACTIONS[event.action].unit == "degrees" and event.amount:
        words.append(f"{event.amount:.0f}°")
    return " ".join(words)


def difference_text(difference: Difference) -> str:
    """In what a motion departs from its goal: "side of wave: left expected, right found"."""
    what = difference.action.replace("_", " ") or difference.part or "motion"
    expected, found = difference.expected or "none", difference.found or "none"
    if difference.aspect in ("missing", "extra"):
        limb = f" ({sided(difference.part or 'body', difference.side)})" if difference.side else ""
        return f"{difference.aspect}: {what}{limb}"
    if difference.aspect == "quality":
        return f"quality: {found.replace('_', ' ')}"
    return f"{difference.aspect} of {what}: {expected} expected, {found} found"


def edit_text(edit: Mapping[str, Any]) -> str:
    """A recorded edit: its operation and parameters, "time_scale (factor 0.6)"."""
    values = json.loads(edit.get("parameters") or "{}")
    shown = ", ".join(f"{name} {_short(value)}" for name, value in sorted(values.items()))
    name = str(edit["operation"]).replace("_", " ")
    return f"{name} ({shown})" if shown else name


def summary_sentences(summary: Mapping[str, Any]) -> list[str]:
    """The summary of a motion in a few sentences; keys that are not there are left unsaid."""

    def get(key: str) -> Any:
        return summary.get(key)

    said = [_travel(summary)]
    if get("turn_side"):
        said.append(f"Turns {abs(get('turn_degrees') or 0):.0f} degrees to the {get('turn_side')} in all.")
    for key, verb in (("hands_raised", "raises"), ("hands_waving", "waves")):
        if get(key):
            said.append(f"{verb.capitalize()} {sided('hand', get(key))}.")
    if get("bowed"):
        said.append("Bows.")
    for key, verb in (("jumps", "jumps"), ("squats", "squats")):
        if get(key):
            said.append(f"{verb.capitalize()} {times(get(key))}.")
    if get("kicks"):
        said.append(f"Kicks {times(get('kick_count') or 1)} with {sided('leg', get('kicks'))}.")
    start, end = get("posture_start"), get("posture_end")
    if start and end and (start, end) != ("standing", "standing"):
        said.append(f"Starts {start} and ends {end}." if start != end else f"Starts and ends {start}.")
    return said


def text_of(motion_id: str, facts: Mapping[str, Any], events: Sequence[Event]) -> str:
    """A motion in plain lines: its summary, then a sentence for each event."""
    frames, fps = facts["frames"], facts["fps"]
    head = f"{motion_id} ({frames / fps:.1f} s, {frames} frames)"
    lines = [f"{head}: {' '.join(summary_sentences(facts['summary']))}"]
    return "\n".join([*lines, *(f"  {sentence(event, fps)}" for event in events)])


def _travel(summary: Mapping[str, Any]) -> str:
    gait = summary.get("gait", "stand")
    if gait not in LOCOMOTION:
        way = summary.get("displacement_metres", 0.0)
        return f"Moves {way:.1f} m without a walk." if way >= _ON_THE_SPOT else "Stays on the spot."
    event = Event(gait, 0, 1, direction=summary.get("travel", ""), path=summary.get("path", ""))
    steps = summary.get("steps", 0)
    way = f"{summary.get('distance_metres', 0.0):.1f} m"
    if steps:
        way += f" in {steps} {plural('step', steps)}"
    pace = _SPEEDS.get(summary.get("pace", ""), "")
    core = _core(event)
    said = ", ".join(part for part in (core, way, pace) if part)
    return f"{said[:1].upper()}{said[1:]}."


def _core(event: Event) -> str:
    return _phrases().clause(of_event(event), "third", details=False)


def _details(event: Event) -> list[str]:
    action, said = ACTIONS[event.action], []
    if action.counted == "steps" and event.count:
        said.append(f"{event.count} {plural('step', event.count)}")
    elif action.counted and event.count > 1:
        said.append(times(event.count))
    if event.amount and action.unit == "degrees":
        said.append(f"{event.amount:.0f} degrees")
    elif event.amount and action.unit == "metres":
        said.append(_length(event))
    if event.speed in _SPEEDS:
        said.append(_SPEEDS[event.speed])
    return said


def _length(event: Event) -> str:
    metres = f"{event.amount:.1f} m" if event.amount >= 0.95 else f"{event.amount * 100:.0f} cm"
    extent = _EXTENTS.get(event.action, "")
    if event.action == "jump":
        extent = "high" if event.direction == "up" else "far"
    return f"{metres} {extent}".strip()


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value).replace("_", " ")
