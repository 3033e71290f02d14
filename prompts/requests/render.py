"""Requests out of their template files, captions and measured facts. The same view gives the same request."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from math import ceil
from typing import TYPE_CHECKING

from prompts.neutral import encodable
from prompts.requests.request import Request, Shown
from prompts.requests.shown import (
    ATTEMPT,
    BEGIN,
    CALLED,
    DEPARTURES,
    END,
    MOTION,
    NONE,
    RIGHT,
    WANTED,
    asks_to_stand,
    difference_line,
    motion_lines,
    quoted,
)
from prompts.resources import file_bytes, load

if TYPE_CHECKING:
    from motion.facts import Facts

REQUESTS_VERSION = 1  # raised when the same view may be shown otherwise
KINDS = ("analysis", "goal", "candidate", "ladder")

_FILES = (
    *(
        ("requests", f"{name}.yaml")
        for name in ("again", "analysis", "assessing", "candidate", "goal", "ladder")
    ),
    ("kinematic", "phrases.yaml"),  # whose words say what is measured
)
_LONGEST_ANSWER = 4000  # characters of an answer that failed, when it is shown again
_SLOT = re.compile(r"\{(\w+)\}")
_NO_ANSWER = "(no answer)"
_ANALYSES = 4  # so many are as long as an assessment with its refinement


def analysis_request(caption: str, goal: Facts, wordings: int) -> Request:
    """Ask for so many analyses of what a caption asks for."""
    lines = [_wanted(caption), *motion_lines(RIGHT, goal, asks_to_stand(caption))]
    return _request("analysis", lines, wordings, wordings, wordings=str(wordings))


def goal_request(caption: str, goal: Facts) -> Request:
    """Ask for the assessment of a goal's own motion."""
    return _request("goal", [_wanted(caption), *motion_lines(MOTION, goal, asks_to_stand(caption))], 1, 1)


def candidate_request(caption: str, goal: Facts, shown: Shown) -> Request:
    """Ask for the assessment of one candidate, and how to refine it."""
    stands = asks_to_stand(caption)
    lines = [_wanted(caption), *motion_lines(RIGHT, goal, stands), *_attempt(ATTEMPT, shown, stands)]
    return _request("candidate", lines, 1, 1)


def ladder_request(caption: str, goal: Facts, shown: Sequence[Shown]) -> Request:
    """Ask for the assessments of a goal's motion and of all candidates, in their order, at once."""
    stands = asks_to_stand(caption)
    lines = [_wanted(caption), *motion_lines(RIGHT, goal, stands)]
    for number, candidate in enumerate(shown, 1):
        lines += _attempt(f"{ATTEMPT} {number}", candidate, stands)
    return _request("ladder", lines, len(shown), len(shown) + 1, candidates=str(len(shown)))


def again(request: Request, answer_text: str, faults: Sequence[str]) -> Request:
    """The request with an answer that failed and with what is wrong in it, a sentence a fault."""
    answer = encodable(answer_text.strip())
    if len(answer) > _LONGEST_ANSWER:
        answer = f"{answer[:_LONGEST_ANSWER]} ..."
    named = "\n".join(f"- {' '.join(fault.split())}" for fault in faults)
    said = _filled(_template("again")["user"], faults=encodable(named))
    messages = (*request.messages, ("assistant", answer or _NO_ANSWER), ("user", said))
    return Request(request.kind, messages, request.template, request.items, request.answers)


def max_tokens(request: Request, per_motion: int) -> int:
    """How long an answer may be where one assessment with its refinement may have `per_motion` tokens."""
    answers = ceil(request.answers / _ANALYSES) if request.kind == "analysis" else request.answers
    return per_motion * answers


@cache
def requests_digest() -> str:
    """SHA-256 over templates, wordings and the version of what renders them: the prompt hash of answers."""
    total = hashlib.sha256(f"requests {REQUESTS_VERSION}\0".encode())
    for path in _FILES:
        data = file_bytes(*path)
        total.update(f"{'/'.join(path)}\0{len(data)}\0".encode())
        total.update(data)
    return total.hexdigest()


@cache
def system_text(kind: str) -> str:
    """The system message of a kind of request."""
    return _filled(_template(kind)["system"], rules=_template("assessing")["rules"])


def user_template(kind: str) -> str:
    """The user message of a kind of request, with its slots."""
    return _template(kind)["user"]


def _wanted(caption: str) -> str:
    return f"{WANTED}: {quoted(caption)}"


def _attempt(title: str, shown: Shown, stands: bool) -> list[str]:
    lines = motion_lines(title, shown.facts, stands)
    if shown.caption:
        lines.append(f"{CALLED}: {quoted(shown.caption)}")
    if not shown.differences:
        return [*lines, f"{DEPARTURES}: {NONE}"]
    return [*lines, f"{DEPARTURES}:", *(difference_line(item, shown.facts.fps) for item in shown.differences)]


def _request(kind: str, lines: Sequence[str], items: int, answers: int, **slots: str) -> Request:
    data = "\n".join([BEGIN, *lines, END])
    user = _filled(user_template(kind), data=data, **slots)
    messages = (("system", system_text(kind)), ("user", user))
    return Request(kind, messages, _digest(kind), items, answers)


@cache
def _digest(kind: str) -> str:
    """Of a kind's template. All else that is rendered stands in the messages, which count themselves."""
    return hashlib.sha256(f"{system_text(kind)}\0{user_template(kind)}".encode()).hexdigest()


def _template(name: str) -> dict[str, str]:
    return load("requests", f"{name}.yaml")


def _filled(template: str, **slots: str) -> str:
    """The template with its slots filled, once each; what fills them is not looked into."""
    return _SLOT.sub(lambda match: slots.get(match[1], match[0]), template)
