"""Motions and differences read back from the lines that prompts/requests/shown.py makes of them.

Times come back in tenths of a second, as they are shown: 10 frames a second, whatever they were.
"""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import product

from motion.events import ACTIONS, DIRECTIONS, LOCOMOTION, PATHS, SIDES, Difference, Event
from prompts.inflect import NUMBERS
from prompts.requests.shown import ASPECTS, FAULTS, NONE, core

FPS = 10.0

_LINE = re.compile(r"(\d+\.\d)-(\d+\.\d) s: (.+)")
_TITLE = re.compile(r"([A-Z]+(?: [A-Z]+)?(?: \d+)?), (\d+\.\d) s(?:, from \w+ to \w+)?:")
_STEPS = re.compile(r"(\d+) steps?")
_TIMES = re.compile(r"(once|twice|(\w+) times)")
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?) (m|cm|degrees)( [a-z ]+)?")
_VALUES = re.compile(r'(\w+) of "(.+?)": (.+) expected, (.+) found')
_MOVES = re.compile(r"moves (?:the (?:(left|right) )?|(both|one) )(\w+)")
_STILL = re.compile(r"(?:the (?:(left|right) )?|(both|one) )(\w+) hardly moves?")
_VALUE = re.compile(r"([\d.]+)(?: (?:steps?|times?|m|degrees))?")
_ORDER = re.compile(r'(\w+) "(.+)"')
_PACES = {"slowly": "slow", "fast": "fast"}
_FAULTS = {text: fault for fault, text in FAULTS.items()}
_ASPECTS = {text: aspect for aspect, text in ASPECTS.items()}


def read_title(line: str) -> tuple[str, int] | None:
    """The title of a motion and its length in tenths of a second; None for another line."""
    match = _TITLE.fullmatch(line)
    return (match[1], round(float(match[2]) * FPS)) if match else None


def read_quoted(text: str) -> str:
    """What `quoted` was given, made neutral."""
    return str(json.loads(text))


def read_event(line: str) -> Event:
    """The event of a line; ValueError for a line of another form."""
    start, end, said = _timed(line)
    name, *details = said.split(", ")
    action, side, direction, path = _known(name, line)
    steps = ACTIONS[action].counted == "steps"
    count, amount, speed = (0 if steps else 1), 0.0, ""
    for detail in details:
        if match := _STEPS.fullmatch(detail):
            count = int(match[1])
        elif match := _TIMES.fullmatch(detail):
            count = _number(match[2]) if match[2] else {"once": 1, "twice": 2}[match[1]]
        elif match := _AMOUNT.fullmatch(detail):
            amount = float(match[1]) / (100 if match[2] == "cm" else 1)
        elif detail in _PACES:
            speed = _PACES[detail]
        else:
            raise ValueError(f"{line!r}: {detail!r} is no number, size or pace")
    return Event(action, start, max(end, start + 1), side, direction, path, count, amount, speed)


def read_difference(line: str) -> Difference:
    """The difference of a line; ValueError for a line of another form."""
    start, end, said = _timed(line)
    aspect, _, rest = said.partition(": ")
    if rest and aspect in ("missing", "superfluous"):
        action, part, side, direction = _subject(rest, line)
        if aspect == "missing":
            return Difference("missing", action, part, side, direction, action, NONE, start, end)
        return Difference("extra", action, part, side, direction, NONE, action, start, end)
    match = _VALUES.fullmatch(said)
    if match is None:
        return _fault(said, start, end, line)
    if match[1] not in _ASPECTS:
        raise ValueError(f"{line!r}: {match[1]!r} is none of {', '.join(_ASPECTS)}")
    aspect = _ASPECTS[match[1]]
    action, part, side, direction = _subject(match[2], line)
    expected, found = _value(aspect, match[3]), _value(aspect, match[4])
    return Difference(aspect, action, part, side, direction, expected, found, start, end)


def _timed(line: str) -> tuple[int, int, str]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"{line!r} is no line of an event or a departure")
    return round(float(match[1]) * FPS), round(float(match[2]) * FPS), match[3]


def _fault(said: str, start: int, end: int, line: str) -> Difference:
    said, _, during = said.partition(' during "')
    action, part, side, direction = _subject(during[:-1], line) if during else ("", "", "", "")
    still = _STILL.fullmatch(said)
    if still and not action:
        part, side = _limb(still)
    elif not still and said not in _FAULTS:
        raise ValueError(f"{line!r}: {said!r} is no fault")
    fault = "frozen" if still else _FAULTS[said]
    return Difference("quality", action, part, side, direction, NONE, fault, start, end)


def _subject(said: str, line: str) -> tuple[str, str, str, str]:
    """Action, part, side and direction of what a difference is about."""
    match = _MOVES.fullmatch(said)
    if match:
        return "", *_limb(match), ""
    action, side, direction, _ = _known(said, line)
    return action, ACTIONS[action].part, side, direction


def _limb(match: re.Match[str]) -> tuple[str, str]:
    """Part and side of a limb as prompts.kinematic.phrasing.sided says it."""
    part = match[3].removesuffix("s")
    return "" if part == "body" else part, match[1] or (match[2] if match[2] == "both" else "")


def _value(aspect: str, said: str) -> str:
    order = _ORDER.fullmatch(said) if aspect == "order" else None
    if order:
        return f"{order[1]} {order[2].replace(' ', '_')}"
    match = _VALUE.fullmatch(said)
    return match[1] if match else said


def _number(word: str) -> int:
    return NUMBERS.index(word) if word in NUMBERS else int(word)


def _known(said: str, line: str) -> tuple[str, str, str, str]:
    if said not in _cores():
        raise ValueError(f"{line!r}: {said!r} names no action")
    return _cores()[said]


@cache
def _cores() -> dict[str, tuple[str, str, str, str]]:
    """Every core of a line, with its action, side, direction and path; of two alike the plainer one."""
    known: dict[str, tuple[str, str, str, str]] = {}
    for action, what in ACTIONS.items():
        travels = action in LOCOMOTION
        # Without a word for its legs a jump is one of both.
        sides = SIDES[::-1] if action == "jump" else SIDES if what.sided or travels else ("",)
        ways = DIRECTIONS if what.directed else ("",)
        paths = ("straight", *PATHS[2:]) if travels else ("",)  # straight goes without saying
        for side, way, path in product(sides, ways, paths):
            known.setdefault(core(action, side, way, path), (action, side, way, path))
    return known
