"""What is made of an answer: annotations of the parts that pass the checks, faults of those that do not.

A part is "analysis", or the motion that an assessment is about: a candidate's id, or "" for the goal's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from evaluators.annotation_checks import Subject
from evaluators.answer_checks import Fault, analysis_faults, assessment_faults, parse_answer, tidy
from prompts.neutral import neutral
from prompts.requests import (
    Request,
    Shown,
    analysis_request,
    candidate_request,
    goal_request,
    ladder_request,
)
from schemas.answers import AnalysisAnswer, Answer, AssessmentAnswer, LadderAnswer
from schemas.llm_settings import LADDER
from transforms.annotators import CandidateView, GoalView, Written
from transforms.llm.asking import Reply

ANALYSIS = "analysis"
GOAL = ""


@dataclass(frozen=True)
class Judged:
    """A part of an answer: the annotations made of it, or why there are none."""

    made: tuple[Written, ...] = ()
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class Question:
    """A request and the parts that its answer must hold."""

    request: Request
    parts: tuple[str, ...]


def questions(view: GoalView, wordings: int, requests: str) -> list[Question]:
    """All that is asked about a goal: its analyses, and its motions one by one or as a whole ladder."""
    caption, facts = view.caption, view.facts
    analysis = Question(analysis_request(caption, facts, wordings), (ANALYSIS,))
    if requests == LADDER:
        shown = [_shown(candidate) for candidate in view.candidates]
        parts = (GOAL, *(candidate.candidate_id for candidate in view.candidates))
        return [analysis, Question(ladder_request(caption, facts, shown), parts)]
    each = [
        Question(candidate_request(caption, facts, _shown(candidate)), (candidate.candidate_id,))
        for candidate in view.candidates
    ]
    return [analysis, Question(goal_request(caption, facts), (GOAL,)), *each]


def _shown(candidate: CandidateView) -> Shown:
    return Shown(candidate.facts, candidate.caption, candidate.differences)


def judge(view: GoalView, question: Question, reply: Reply) -> dict[str, Judged]:
    """What each part of an answer comes to; a fault of the form is every part's."""
    kind, items = question.request.kind, question.request.items
    answer = parse_answer(kind, items, reply.text, reply.finish_reason, reply.refusal)
    if isinstance(answer, list):
        return {part: Judged(faults=answer) for part in question.parts}
    if isinstance(answer, AnalysisAnswer):
        return {ANALYSIS: _analyses(view, answer, reply.key)}
    assessed = zip(question.parts, _assessments(answer))
    return {
        part: _assessment(view, part, each, reply.key, _name(view, part) if kind == LADDER else "")
        for part, each in assessed
    }


def _assessments(answer: Answer) -> Sequence[AssessmentAnswer]:
    if isinstance(answer, LadderAnswer):
        return [answer.goal, *answer.candidates]
    return [answer] if isinstance(answer, AssessmentAnswer) else []


def _name(view: GoalView, part: str) -> str:
    """How the request of a ladder names a motion."""
    numbers = {candidate.candidate_id: number for number, candidate in enumerate(view.candidates, 1)}
    return f"Attempt {numbers[part]}: " if part else "Right motion: "


def _analyses(view: GoalView, answer: AnalysisAnswer, key: str) -> Judged:
    faults, checked = analysis_faults(answer.analyses, view.facts)
    if faults:
        return Judged(faults=faults)
    return Judged(
        tuple(
            Written("analysis", neutral(tidy(text)), wording=number, request_id=key, checked=each)
            for number, (text, each) in enumerate(zip(answer.analyses, checked))
        )
    )


def _assessment(view: GoalView, part: str, answer: AssessmentAnswer, key: str, name: str) -> Judged:
    candidate = next((each for each in view.candidates if part and each.candidate_id == part), None)
    if candidate:
        subject = Subject(view.facts, candidate.facts, candidate.known)
    else:
        subject = Subject(view.facts, view.facts)
    departs = bool(candidate.differences) if candidate else None
    faults, checked = assessment_faults(answer, subject, departs)
    if faults:
        return Judged(faults=[Fault(fault.code, f"{name}{fault.detail}") for fault in faults])
    written = Written(
        "assessment",
        neutral(tidy(answer.assessment)),
        part,
        refinement=neutral(tidy(answer.refinement)),
        perfect=answer.matches,
        request_id=key,
        checked=checked,
    )
    return Judged((written,))
