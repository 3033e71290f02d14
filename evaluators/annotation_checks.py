"""Checks of annotations: every statement about a motion against what is measured and recorded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evaluators.support import CONTRADICTED, SUPPORTED, UNVERIFIABLE, Verdict
from motion.compare import differences
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
    against = _against(difference, subject)
    if against:
        return Verdict(CONTRADICTED, against)
    if any(_same(difference, other) for other in subject.known):
        return Verdict(UNVERIFIABLE, "recorded edit; the measure does not see it")
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


def _against(difference: Difference, subject: Subject) -> str:
    """What is measured against a difference that is not itself measured; empty for nothing."""
    ours = [event for event in subject.goal.events if event.action == difference.action]
    theirs = [event for event in subject.candidate.events if event.action == difference.action]
    if difference.aspect == "missing":
        return _not_missing(difference, ours, theirs)
    if difference.aspect in ("extra", "quality") or not difference.action:
        return ""
    if ours and not theirs:
        return f"no {difference.action} is measured that could differ in {difference.aspect}"
    if difference.aspect in ("side", "direction"):
        return _not_the_values(difference, ours, theirs)
    if difference.aspect == "count":
        counts = {str(event.count) for event in theirs}
        if difference.expected in counts and difference.found not in counts:
            return f"{difference.action} is measured {difference.expected} times"
    return ""


def _not_missing(difference: Difference, ours: list[Event], theirs: list[Event]) -> str:
    def alike(events: list[Event]) -> list[Event]:
        return [e for e in events if (e.side, e.direction) == (difference.side, difference.direction)]

    there = alike(theirs)
    if there and len(there) >= len(alike(ours)):
        return f"{difference.action} is measured in frames {there[0].start} to {there[0].end}"
    return ""


def _not_the_values(difference: Difference, ours: list[Event], theirs: list[Event]) -> str:
    """Whether the goal lacks the expected side or direction, or the candidate the found one."""
    for wanted, events, whose in (
        (difference.expected, ours, "the goal's"),
        (difference.found, theirs, "the candidate's"),
    ):
        values = {getattr(event, difference.aspect) or "none" for event in events}
        if values and wanted not in values:
            return f"{whose} {difference.action} is measured {' and '.join(sorted(values))}, not {wanted}"
    return ""


def about_texts(text: str) -> str:
    """The first word of a text that speaks of texts instead of motion, or an empty string."""
    found = _ABOUT_TEXTS.search(text)
    return found.group(0) if found else ""
