"""Checks of annotations: every statement of their texts against what is measured and recorded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evaluators.agreement import agrees
from evaluators.said_facts import against, shown_by_facts
from evaluators.support import CONTRADICTED, SUPPORTED, UNVERIFIABLE, Verdict, claim_verdict, fitting
from evaluators.verdict import CERTAIN
from motion.compare import differences
from motion.events import ACTIONS, Difference, Event
from motion.facts import Facts
from prompts.claims import Claim
from prompts.claims.assessment import Said, read_analysis, read_assessment

ANNOTATION_CHECKS_VERSION = 2  # raised when the same text may be judged otherwise

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
    statements += _matches(matched, said, subject, measured)
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


def said_verdict(said: Said, subject: Subject, measured: Sequence[Difference], times: int = 1) -> Verdict:
    """Judge one statement; `measured` are the differences that the facts of both motions show.

    `times` is how many events of the candidate are said to match in the same words.
    """
    if said.kind == "difference":
        return _difference_said(said, subject, measured)
    if said.kind == "wanted":
        return certain(claim_verdict(said.claim, subject.goal))
    lacking = _lacking(said.claim, subject.candidate, measured, times) if said.kind == "match" else None
    if lacking is not None:
        evidence = f"measured: {_shown(lacking)}"
        return Verdict(CONTRADICTED, evidence, start=lacking.start, end=lacking.end)
    return certain(claim_verdict(said.claim, subject.candidate))


def _lacking(claim: Claim, candidate: Facts, measured: Sequence[Difference], times: int) -> Difference | None:
    """The measured absence of what is said to match, where the candidate has it less often."""
    for item in measured:
        if item.aspect not in ("missing", "side", "direction") or item.action != claim.action:
            continue
        told = item.side == claim.side and item.direction in ("", claim.direction or item.direction)
        there = [event for event in candidate.events if event.action == claim.action] if told else []
        if told and len(fitting(claim, there)) < times:
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
    return [_only_listed(said, _difference_said(said, subject, measured)) for said in map(_as_said, untold)]


def _only_listed(said: Said, verdict: Verdict) -> Statement:
    evidence = f"{verdict.evidence}; listed by the annotator, not read in its text"
    return _statement(said, replace(verdict, evidence=evidence), LIST_ONLY)


def _as_said(item: Difference) -> Said:
    """The statement that a listed difference is."""
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
        claim=Claim(item.action, item.part, side=item.side, direction=item.direction),
    )


def _matches(
    matched: Sequence[Event], said: Sequence[Said], subject: Subject, measured: Sequence[Difference]
) -> list[Statement]:
    """The events that the annotator's own list calls right and that the text does not tell."""
    told = [item for item in said if item.kind in ("match", "shown", "wanted")]
    found, times = [], Counter[tuple[str, str, str]]()
    for event in matched:
        key = (event.action, event.side, event.direction)
        times[key] += 1
        if any(_tells(item, event) for item in told):
            continue
        claim = Claim(event.action, ACTIONS[event.action].part, side=event.side, direction=event.direction)
        item = Said(
            "match", "assessment", event.action, claim.part, "", event.side, event.direction, claim=claim
        )
        found.append(_only_listed(item, said_verdict(item, subject, measured, times[key])))
    return found


def _tells(said: Said, event: Event) -> bool:
    same_side = said.side in ("", event.side)
    same_way = not event.direction or said.direction in ("", event.direction)
    return said.action == event.action and same_side and same_way


def _shown(difference: Difference) -> str:
    values = f"{difference.expected or '-'} expected, {difference.found or '-'} found"
    return f"{difference.aspect} of {difference.action or 'motion'}, {values}"


def about_texts(text: str) -> str:
    """The first word of a text that speaks of texts instead of motion, or an empty string."""
    found = _ABOUT_TEXTS.search(text)
    return found.group(0) if found else ""
