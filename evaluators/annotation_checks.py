"""Checks of annotations: every statement about a motion against what is measured and recorded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from motion.compare import differences

from evaluators.support import CONTRADICTED, SUPPORTED, UNVERIFIABLE, Verdict
from motion.events import Difference, Event
from motion.facts import Facts

# Words that speak of texts instead of motion.
_ABOUT_TEXTS = re.compile(
    r"\b(descriptions?|captions?|prompts?|sentences?|texts?|wordings?|identical|as an ai|language model)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Subject:
    """What an assessment is about: goal and candidate as measured, and the recorded edits' breaks."""

    goal: Facts
    candidate: Facts
    known: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class Statement:
    """One thing that an annotation says, with what the facts say of it."""

    kind: str  # "difference" or "match"
    aspect: str
    action: str
    side: str
    verdict: str
    evidence: str


def check_statements(
    named: Sequence[Difference], matched: Sequence[Event], subject: Subject
) -> tuple[Statement, ...]:
    """Judge every difference that an assessment names and every event that it says matches."""
    measured = differences(subject.goal, subject.candidate)
    statements = []
    for difference in named:
        verdict = difference_verdict(difference, subject, measured)
        statements.append(
            Statement("difference", difference.aspect, difference.action, difference.side, *_pair(verdict))
        )
    for event in matched:
        verdict = match_verdict(event, subject.candidate)
        statements.append(Statement("match", "", event.action, event.side, *_pair(verdict)))
    return tuple(statements)


def _pair(verdict: Verdict) -> tuple[str, str]:
    return verdict.verdict, verdict.evidence


def difference_verdict(
    difference: Difference, subject: Subject, measured: Sequence[Difference] | None = None
) -> Verdict:
    """Judge one named difference: measured, recorded as an edit, or neither."""
    found = differences(subject.goal, subject.candidate) if measured is None else measured
    for other in found:
        if _same(difference, other):
            return Verdict(SUPPORTED, f"measured: {_shown(other)}")
    against = _against(difference, subject.candidate)
    if against:
        return Verdict(CONTRADICTED, against)
    if any(_same(difference, other) for other in subject.known):
        return Verdict(SUPPORTED, "recorded edit")
    return Verdict(UNVERIFIABLE, "neither measured nor recorded")


def match_verdict(event: Event, candidate: Facts) -> Verdict:
    """Judge one event that is said to match the goal's."""
    same = [other for other in candidate.events if other.action == event.action]
    for other in same:
        if (other.side, other.direction) == (event.side, event.direction):
            return Verdict(SUPPORTED, f"measured in frames {other.start} to {other.end}")
    if same:
        return Verdict(CONTRADICTED, f"measured with side {same[0].side!r}, direction {same[0].direction!r}")
    return Verdict(CONTRADICTED, f"no {event.action} is measured")


def _same(one: Difference, other: Difference) -> bool:
    return (one.aspect, one.action, one.side) == (other.aspect, other.action, other.side)


def _shown(difference: Difference) -> str:
    values = f"{difference.expected or '-'} expected, {difference.found or '-'} found"
    return f"{difference.aspect} of {difference.action or 'motion'}, {values}"


def _against(difference: Difference, candidate: Facts) -> str:
    """What in the candidate's facts speaks against a difference that is not measured."""
    events = [event for event in candidate.events if event.action == difference.action]
    if difference.aspect in ("side", "direction"):
        values = {getattr(event, difference.aspect) for event in events}
        if difference.expected in values and difference.found not in values:
            return f"{difference.action} is measured with {difference.aspect} {difference.expected}"
    if difference.aspect == "count":
        counts = {str(event.count) for event in events}
        if difference.expected in counts and difference.found not in counts:
            return f"{difference.action} is measured {difference.expected} times"
    if difference.aspect == "missing":
        same = [e for e in events if e.side == difference.side and e.direction == difference.direction]
        if same:
            return f"{difference.action} is measured in frames {same[0].start} to {same[0].end}"
    return ""


def about_texts(text: str) -> str:
    """The first word of a text that speaks of texts instead of motion, or an empty string."""
    found = _ABOUT_TEXTS.search(text)
    return found.group(0) if found else ""
