"""Requests read back: what a request shows, out of its messages. The inverse of render.py."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from motion.events import Difference, Event
from prompts.requests.render import KINDS, system_text, user_template
from prompts.requests.request import Message
from prompts.requests.shown import BEGIN, CALLED, DEPARTURES, END, NO_ACTION, NONE, WANTED
from prompts.requests.shown_reading import (
    FPS,
    read_difference,
    read_event,
    read_quoted,
    read_title,
)


@dataclass
class ReadCandidate:
    """A candidate as a request shows it; frames at `FPS`."""

    caption: str = ""
    events: tuple[Event, ...] = ()
    differences: tuple[Difference, ...] = ()
    frames: int = 0


@dataclass(frozen=True)
class ReadRequest:
    """What a request of ours shows. Times are frames at `fps`, which is 10: tenths of a second."""

    kind: str
    caption: str
    goal_events: tuple[Event, ...]
    candidates: tuple[ReadCandidate, ...]
    wordings: int  # analyses that are asked for, else 0
    frames: int  # of the goal's motion
    again: int = 0  # how many answers have failed
    fps: float = field(default=FPS)


def read_request(messages: Sequence[Message]) -> ReadRequest:
    """What a request shows; ValueError for messages that are none of ours."""
    kind = _kind(messages)
    match = _pattern(kind).fullmatch(messages[1]["content"])
    if match is None:
        raise ValueError(f"the user message is none of a {kind} request: {messages[1]['content'][:80]!r}")
    lines = iter(match["data"].split("\n"))
    caption = read_quoted(next(lines).removeprefix(f"{WANTED}: "))
    motions = list(_motions(lines))
    if not motions:
        raise ValueError("the request shows no motion")
    wordings = int(match["wordings"]) if kind == "analysis" else 0
    goal, *candidates = motions
    return ReadRequest(
        kind, caption, goal.events, tuple(candidates), wordings, goal.frames, (len(messages) - 2) // 2
    )


def _kind(messages: Sequence[Message]) -> str:
    if len(messages) < 2:
        raise ValueError(f"{len(messages)} messages; a request has a system and a user message")
    system = messages[0]["content"]
    found = next((kind for kind in KINDS if system_text(kind) == system), None)
    if found is None:
        raise ValueError(f"the system message is none of ours: {system[:80]!r}")
    return found


def _motions(lines: Iterator[str]) -> Iterator[ReadCandidate]:
    """The motions of a request's lines, the goal's first."""
    motion: ReadCandidate | None = None
    departing = False
    for line in lines:
        title = read_title(line)
        if title is not None:
            if motion is not None:
                yield motion
            motion, departing = ReadCandidate(frames=title[1]), False
        elif motion is None:
            raise ValueError(f"{line!r} stands before any motion")
        elif line.startswith(f"{CALLED}: "):
            motion.caption = read_quoted(line.removeprefix(f"{CALLED}: "))
        elif line in (f"{DEPARTURES}:", f"{DEPARTURES}: {NONE}"):
            departing = True
        elif departing:
            motion.differences += (read_difference(line),)
        elif line != NO_ACTION:
            motion.events += (read_event(line),)
    if motion is not None:
        yield motion


@cache
def _pattern(kind: str) -> re.Pattern[str]:
    """What the user message of a kind looks like, with its slots as groups."""
    slots = {"data": rf"{BEGIN}\n(?P<data>.*)\n{END}", "wordings": r"(?P<wordings>\d+)", "candidates": r"\d+"}
    text = re.escape(user_template(kind))
    for name, pattern in slots.items():
        text = text.replace(re.escape(f"{{{name}}}"), pattern)
    return re.compile(text, re.DOTALL)
