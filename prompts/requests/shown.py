"""Motions and differences as requests show them: one line each, in words that can be read back.

The words are those of prompts/sentences.py, and so of kinematic/phrases.yaml, except where those leave
something out or say two things alike. prompts/requests/shown_reading.py reads the lines.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from motion.events import ACTIONS, LOCOMOTION, Difference, Event
from prompts.claims import parse_claims
from prompts.inflect import plural
from prompts.kinematic.phrasing import sided
from prompts.neutral import neutral
from prompts.sentences import clause as spoken

if TYPE_CHECKING:
    from motion.facts import Facts

BEGIN, END = "<<<", ">>>"
WANTED, CALLED, DEPARTURES, NONE = "WANTED", "CALLED", "DEPARTURES", "none"
RIGHT, ATTEMPT, MOTION = "RIGHT MOTION", "ATTEMPT", "MOTION"
NO_ACTION = "no action that has a name"

ASPECTS = {
    "side": "side",
    "direction": "direction",
    "count": "number",
    "speed": "pace",
    "amplitude": "size",
    "order": "order",
    "path": "path",
}
FAULTS = {
    "jitter": "the limbs tremble",
    "skating": "the feet slide over the floor",
    "pause": "the motion halts for a moment",
    "floating": "the feet float above the floor",
    "penetration": "the feet sink into the floor",
}
_UNITS = {"metres": "m", "degrees": "degrees"}
_UNSAFE = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>[]"})


def quoted(text: str) -> str:
    """Somebody else's text as one JSON string that can end neither its line nor the block it stands in.

    Control tags lose their brackets first; what is left of <, >, [ and ] is escaped as JSON allows.
    """
    return json.dumps(neutral(text), ensure_ascii=False).translate(_UNSAFE)


def core(action: str, side: str = "", direction: str = "", path: str = "") -> str:
    """What happens, in the third person and without a comma: "walks forward in a circle to the left"."""
    bent = action in LOCOMOTION and side in ("left", "right")
    if path == "circle" or (bent and path in ("", "straight", "zigzag")):
        shape = "" if path == "circle" else path
        going = spoken(Event(action, 0, 1, direction=direction, path=shape, count=0))
        around = " in a circle" if path == "circle" else " bending" if bent else ""
        return f"{going}{around}{f' to the {side}' if bent else ''}"
    return spoken(Event(action, 0, 1, side, direction, path, 0))


@lru_cache(maxsize=4096)
def _core(action: str, side: str, direction: str, path: str) -> str:
    return core(action, side, direction, path)


def event_line(event: Event, fps: float) -> str:
    """When and what: "0.4-2.1 s: walks forward, 3 steps, 0.9 m, slowly"."""
    details = spoken(event).split(", ")[1:]  # the core itself has no comma
    said = ", ".join([_core(event.action, event.side, event.direction, event.path), *details])
    return f"{_span(event.start, event.end, fps)}: {said}"


def difference_line(item: Difference, fps: float) -> str:
    """When and in what a motion departs from the right one: "0.4-2.1 s: missing: turns to the left"."""
    return f"{_span(item.start, item.end, fps)}: {_departure(item)}"


def motion_lines(title: str, facts: Facts, asked: bool) -> list[str]:
    """A title with length and postures, then a line an event; standing only where it is asked for."""
    seconds = f"{facts.frames / facts.fps:.1f} s"
    postures = (facts.summary.posture_start, facts.summary.posture_end)
    upright = postures == ("standing", "standing") or not all(postures)
    way = "" if upright else f", from {postures[0]} to {postures[1]}"
    events = told(facts.events, asked)
    lines = [event_line(event, facts.fps) for event in events] or [NO_ACTION]
    return [f"{title}, {seconds}{way}:", *lines]


def told(events: Sequence[Event], asked: bool) -> tuple[Event, ...]:
    """Events worth a line: standing still only where it is asked for, or where nothing else happens."""
    moving = tuple(event for event in events if event.action != "stand")
    return tuple(events) if asked or not moving else moving


@lru_cache(maxsize=1024)
def asks_to_stand(caption: str) -> bool:
    """Whether a caption speaks of standing still."""
    return any(claim.action == "stand" for claim in parse_claims(caption))


def _span(start: int, end: int, fps: float) -> str:
    return f"{start / fps:.1f}-{end / fps:.1f} s"


def _departure(item: Difference) -> str:
    what = _subject(item)
    if item.aspect == "missing":
        return f"missing: {what}"
    if item.aspect == "extra":
        return f"superfluous: {what}"
    if item.aspect == "quality":
        return _fault(item)
    expected, found = _value(item, item.expected), _value(item, item.found)
    return f'{ASPECTS[item.aspect]} of "{what}": {expected} expected, {found} found'


def _subject(item: Difference) -> str:
    if item.action:
        return _core(item.action, item.side, item.direction, "")
    return f"moves {sided(item.part or 'body', item.side)}"


def _fault(item: Difference) -> str:
    during = f' during "{_subject(item)}"' if item.action else ""
    if item.found == "frozen":
        limb = sided(item.part or "body", item.side)
        return f"{limb} hardly {'move' if item.side == 'both' else 'moves'}{during}"
    return f"{FAULTS.get(item.found, item.found.replace('_', ' '))}{during}"


def _value(item: Difference, text: str) -> str:
    """A value with its unit; actions under their names in words."""
    text = text or NONE
    if item.aspect == "order":
        when, _, action = text.partition(" ")
        return f'{when} "{action.replace("_", " ")}"' if action in ACTIONS else text.replace("_", " ")
    number = text.replace(".", "", 1).isdigit()
    if item.aspect == "count" and number:
        noun = "step" if item.action and ACTIONS[item.action].counted == "steps" else "time"
        return f"{text} {plural(noun, 1 if text == '1' else 2)}"
    if item.aspect == "amplitude" and number and item.action:
        return f"{text} {_UNITS.get(ACTIONS[item.action].unit, '')}".strip()
    return text.replace("_", " ")
