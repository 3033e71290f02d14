"""Checks of annotations: every statement of their texts against what is measured and recorded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evaluators.agreement import agrees
from evaluators.said_facts import against, shown_by_facts
from evaluators.support import CONTRADICTED, SUPPORTED, UNVERIFIABLE, Verdict, claim_verdict
from evaluators.verdict import CERTAIN
from motion.compare import differences
from motion.events import Difference, Event
from motion.facts import Facts
from prompts.claims import Claim
from prompts.claims.assessment import Said, read_analysis, read_assessment

ANNOTATION_CHECKS_VERSION = 1  # raised when the same text may be judged otherwise

TEXT, BOTH, TEXT_ONLY, LIST_ONLY = "text", "both", "text only", "list only"

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
    """One thing that an annotation says, with what the facts say of it.

    `kind` and `field` are those of prompts.claims.assessment.Said; `field` is "analysis" for analyses.
    `source` is "text"; a difference of an annotator that lists what it names is "both", "text only" or
    "list only". Frames [start, end) are of the motion that the evidence is about;
    text[span_start:span_end] of the field is where it is said, empty for "list only".
    """

    kind: str
    field: str
    source: str
    aspect: str
    action: str
    part: str
    side: str
    direction: str
    expected: str
    found: str
    verdict: str
    evidence: str
    start: int = 0
    end: int = 0
    span_start: int = 0
    span_end: int = 0


@dataclass(frozen=True)
class Checked:
    """The statements of an annotation, judged."""

    statements: tuple[Statement, ...]

    @property
    def disagreements(self) -> tuple[Statement, ...]:
        """What only the text, or only the annotator's own list, says."""
        return tuple(item for item in self.statements if item.source in (TEXT_ONLY, LIST_ONLY))

    def count(self, verdict: str) -> int:
        """How many statements have that verdict."""
        return sum(statement.verdict == verdict for statement in self.statements)


def check_assessment(
    assessment: str,
    refinement: str,
    subject: Subject,
    named: Sequence[Difference] | None = None,
    matched: Sequence[Event] = (),
) -> Checked:
    """Judge what the texts say, and what the annotator's own lists say beside it.

    `named` and `matched` are the differences and the goal's events that the annotator says its
    assessment names; None for an annotator that keeps no such lists.
    """
    measured = differences(subject.goal, subject.candidate)
    said = read_assessment(assessment, refinement)
    statements = [_statement(item, said_verdict(item, subject, measured), TEXT) for item in said]
    if named is None:
        return Checked(tuple(statements))
    told = [(at, item) for at, item in enumerate(said) if _names_a_difference(item)]
    for at, item in told:
        listed = any(agrees(item, other) for other in named)
        statements[at] = replace(statements[at], source=BOTH if listed else TEXT_ONLY)
    untold = [item for item in named if not any(agrees(one, item) for _, one in told)]
    statements += _listed(untold, subject, measured)
    statements += _matches(matched, said, subject)
    return Checked(tuple(statements))


def _names_a_difference(said: Said) -> bool:
    return said.kind == "difference" and said.field == "assessment"


def check_analysis(text: str, goal: Facts) -> Checked:
    """Judge what an analysis says that a goal asks for against the goal's motion."""
    said = read_analysis(text)
    return Checked(tuple(_statement(item, certain(claim_verdict(item.claim, goal)), TEXT) for item in said))


def certain(verdict: Verdict) -> Verdict:
    """The verdict, unverifiable where a contradiction is not certain enough."""
    if verdict.verdict == CONTRADICTED and verdict.certainty < CERTAIN:
        return replace(verdict, verdict=UNVERIFIABLE, evidence=f"perhaps not: {verdict.evidence}")
    return verdict


def _statement(said: Said, verdict: Verdict, source: str) -> Statement:
    return Statement(
        said.kind,
        said.field,
        source,
        said.aspect,
        said.action,
        said.part,
        said.side,
        said.direction,
        said.expected,
        said.found,
        verdict.verdict,
        verdict.evidence,
        verdict.start,
        verdict.end,
        *said.span,
    )


def said_verdict(said: Said, subject: Subject, measured: Sequence[Difference]) -> Verdict:
    """Judge one statement; `measured` are the differences that the facts of both motions show."""
    if said.kind == "difference":
        return _difference_said(said, subject, measured)
    if said.kind == "wanted":
        return certain(claim_verdict(said.claim, subject.goal))
    lacking = _lacking(said, measured)
    if said.kind == "match" and lacking is not None:
        evidence = f"measured: {_shown(lacking)}"
        return Verdict(CONTRADICTED, evidence, start=lacking.start, end=lacking.end)
    return certain(claim_verdict(said.claim, subject.candidate))


def _lacking(said: Said, measured: Sequence[Difference]) -> Difference | None:
    """The measured absence of what is said to match."""
    claim: Claim = said.claim
    for item in measured:
        if item.aspect == "missing" and (item.action, item.side) == (claim.action, claim.side):
            return item
    return None


def _difference_said(said: Said, subject: Subject, measured: Sequence[Difference]) -> Verdict:
    for item in measured:
        if agrees(said, item):
            return Verdict(SUPPORTED, f"measured: {_shown(item)}", start=item.start, end=item.end)
    shown = shown_by_facts(said, subject.goal, subject.candidate)
    if shown is not None:
        return shown
    recorded = next((item for item in subject.known if agrees(said, item)), None)
    denied = against(said, subject.goal, subject.candidate, measured, recorded is not None)
    if denied is not None:
        return denied
    if recorded is not None:
        evidence = "recorded edit; the measure does not see it"
        return Verdict(UNVERIFIABLE, evidence, 0.0, recorded.start, recorded.end)
    return Verdict(UNVERIFIABLE, "neither measured nor recorded", 0.0)


def _listed(
    untold: Sequence[Difference], subject: Subject, measured: Sequence[Difference]
) -> list[Statement]:
    """The differences that only the annotator's own list has."""
    found = []
    for item in untold:
        verdict = difference_verdict(item, subject, measured)
        evidence = f"{verdict.evidence}; listed by the annotator, not read in its text"
        found.append(_statement(_as_said(item), replace(verdict, evidence=evidence), LIST_ONLY))
    return found


def _as_said(item: Difference) -> Said:
    return Said(
        "difference",
        "assessment",
        item.action,
        item.part,
        item.aspect,
        item.side,
        item.direction,
        item.expected,
        item.found,
    )


def _matches(matched: Sequence[Event], said: Sequence[Said], subject: Subject) -> list[Statement]:
    """The events that the annotator's own list calls right and that the text does not tell."""
    told = {(item.action, item.side) for item in said if item.kind in ("match", "shown", "wanted")}
    found = []
    for event in matched:
        if (event.action, event.side) in told or (event.action, "") in told:
            continue
        item = Said("match", "assessment", event.action, "", "", event.side, event.direction)
        found.append(_statement(item, match_verdict(event, subject.candidate), LIST_ONLY))
    return found


def difference_verdict(
    difference: Difference, subject: Subject, measured: Sequence[Difference] | None = None
) -> Verdict:
    """Judge one listed difference: measured, recorded as an edit, or neither."""
    found = differences(subject.goal, subject.candidate) if measured is None else measured
    for other in found:
        if _same(difference, other):
            return Verdict(SUPPORTED, f"measured: {_shown(other)}", start=other.start, end=other.end)
    denied = _against(difference, subject)
    if denied:
        return Verdict(CONTRADICTED, denied)
    if any(_same(difference, other) for other in subject.known):
        evidence = "recorded edit; the measure does not see it"
        return Verdict(UNVERIFIABLE, evidence, 0.0, difference.start, difference.end)
    return Verdict(UNVERIFIABLE, "neither measured nor recorded", 0.0)


def match_verdict(event: Event, candidate: Facts) -> Verdict:
    """Judge one event that is said to match the goal's."""
    same = [other for other in candidate.events if other.action == event.action]
    for other in same:
        if (other.side, other.direction) == (event.side, event.direction):
            evidence = f"measured in frames {other.start} to {other.end}"
            return Verdict(SUPPORTED, evidence, start=other.start, end=other.end)
    if same:
        evidence = f"measured with side {same[0].side!r}, direction {same[0].direction!r}"
        return Verdict(CONTRADICTED, evidence, start=same[0].start, end=same[0].end)
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
