"""Checks of a language model's answers: their form, their texts, and what they say of the motions.

A fault says in a sentence what is wrong, so that the model can be told. What passes here can become a
row; whether it can stand in a chain is for evaluators.chain_checks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from evaluators.annotation_checks import (
    Checked,
    Statement,
    Subject,
    check_analysis,
    check_assessment,
)
from evaluators.answer_form import Fault, parse_answer, short
from evaluators.answer_texts import LIMITS, text_faults, tidy, wordings_alike
from evaluators.support import CONTRADICTED
from motion.facts import Facts
from schemas.answers import AssessmentAnswer

__all__ = [
    "ANSWER_CHECKS_VERSION",
    "LIMITS",
    "Fault",
    "analysis_faults",
    "assessment_faults",
    "contradicted",
    "goal_not_matching",
    "parse_answer",
    "says_matching",
    "text_faults",
    "tidy",
    "wordings_alike",
]

ANSWER_CHECKS_VERSION = 1  # raised when the same answer may be judged otherwise

_NO_CHANGE = re.compile(
    r"\b(?:nothing (?:needs|has|is) to (?:be )?(?:chang|correct|mend|improv|refin|do\b|done)"
    r"|no (?:\w+ )?(?:changes?|corrections?|refinements?|adjustments?)"
    r" (?:is|are) (?:needed|necessary|required))",
    re.IGNORECASE,
)
_SHOWN = 3  # faults of a kind that one text is told of


def analysis_faults(texts: Sequence[str], goal: Facts) -> tuple[list[Fault], list[Checked]]:
    """All faults of a goal's analyses, and what the facts say of each; spans are of the tidy texts."""
    checked = [check_analysis(tidy(text), goal) for text in texts]
    faults = [
        Fault(fault.code, f"Analysis {number}: {fault.detail}")
        for number, (text, each) in enumerate(zip(texts, checked), 1)
        for fault in (*text_faults("analysis", text), *contradicted(each, {"analysis": tidy(text)}))
    ]
    return faults + wordings_alike(texts), checked


def assessment_faults(
    answer: AssessmentAnswer, subject: Subject, departs: bool | None
) -> tuple[list[Fault], Checked]:
    """All faults of one motion's assessment and refinement, and what the facts say of them.

    `departs`: whether differences of a candidate from its goal are known; None for the goal's own motion.
    Spans are of the tidy texts.
    """
    texts = {"assessment": tidy(answer.assessment), "refinement": tidy(answer.refinement)}
    checked = check_assessment(texts["assessment"], texts["refinement"], subject)
    faults = text_faults("assessment", answer.assessment) + text_faults("refinement", answer.refinement)
    if departs is None:
        faults += goal_not_matching(answer, checked)
    elif departs:
        faults += says_matching(answer, checked)
    return faults + contradicted(checked, texts), checked


def goal_not_matching(answer: AssessmentAnswer, checked: Checked) -> list[Fault]:
    """The goal's own motion is called wrong, or is told to be changed."""
    if not answer.matches:
        return [Fault("goal_not_matching", "This motion is what is wanted: matches must be true.")]
    if any(_asks_for_change(statement) for statement in checked.statements):
        detail = "This motion is what is wanted: the refinement must say that nothing needs to be changed."
        return [Fault("goal_not_matching", detail)]
    return []


def says_matching(answer: AssessmentAnswer, checked: Checked) -> list[Fault]:
    """A candidate that departs from the goal is called right, or nothing of it is told to be changed."""
    if answer.matches:
        detail = "This motion departs from what is wanted: matches must be false, and each departure be told."
        return [Fault("says_matching", detail)]
    asked = any(statement.field == "refinement" for statement in checked.statements)
    if _NO_CHANGE.search(answer.refinement) and not asked:
        detail = "This motion departs from what is wanted: the refinement must say how to mend it."
        return [Fault("says_matching", detail)]
    return []


def _asks_for_change(statement: Statement) -> bool:
    return statement.kind == "difference" and statement.field == "refinement"


def contradicted(checked: Checked, texts: dict[str, str]) -> list[Fault]:
    """Statements that the facts contradict, with the evidence; `texts` by the name of their field."""
    denied = [statement for statement in checked.statements if statement.verdict == CONTRADICTED]
    return [
        Fault("contradicted", f'"{_said(each, texts)}" is not so: {_evidence(each)}.')
        for each in denied[:_SHOWN]
    ]


def _said(statement: Statement, texts: dict[str, str]) -> str:
    text = texts[statement.field]
    return short(text[statement.span_start : statement.span_end] or text)


def _evidence(statement: Statement) -> str:
    return statement.evidence.removeprefix("measured: ").rstrip(".")
