"""Rule 9 of the engine: a chain is consistent by construction. What makes a goal unfit for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from evaluators.annotation_checks import about_texts
from prompts.chain import Chain, Round, is_strict, render

FRAMES_A_TOKEN = 4

REASONS = {
    "goal_not_perfect": "the goal motion is not assessed as matching",
    "intermediate_perfect": "an intermediate motion is assessed as matching",
    "alignment_falls": "alignment falls along the ladder",
    "ladder_size": "the ladder does not have the number of intermediate motions asked for",
    "contradicted": "an annotation contradicts what is measured on its motion",
    "about_texts": "a text speaks of descriptions instead of motion",
    "empty_text": "an analysis, assessment or refinement is empty",
    "too_few_frames": "a motion is shorter than one token",
    "format": "the chain does not have the strict format",
}


def chain_fault(row: Mapping[str, Any], size: int, contradicted: Mapping[str, int]) -> tuple[str, str]:
    """The first reason why a stage 2 row cannot be a chain, with what shows it; empty for none.

    `contradicted` gives the number of contradicted statements of each annotation.
    """
    ladder: Sequence[Mapping[str, Any]] = row["ladder"]
    if len(ladder) != size:
        return "ladder_size", f"{len(ladder)} intermediate motions, {size} expected"
    if not row["perfect"]:
        return "goal_not_perfect", row["assessment"]
    for rung in ladder:
        if rung["perfect"]:
            return "intermediate_perfect", rung["candidate_id"]
    scores = [rung["alignment"] for rung in ladder]
    if any(later < earlier for earlier, later in pairwise(scores)):
        return "alignment_falls", " > ".join(f"{score:.3f}" for score in scores)
    for each in (*row["analyses"], row, *ladder):
        if contradicted.get(each["annotation_id"], 0):
            return "contradicted", each["annotation_id"]
    for name, text in _texts(row):
        if not text.strip():
            return "empty_text", name
        if about_texts(text):
            return "about_texts", f"{name}: {about_texts(text)!r}"
    for motion in (row["motion"], *(rung["motion"] for rung in ladder)):
        if motion["end"] - motion["start"] < FRAMES_A_TOKEN:
            return "too_few_frames", motion["id"]
    for analysis in row["analyses"] or [{"annotation_id": "", "text": ""}]:
        fault = _format_fault(row, analysis["text"])
        if fault:
            return "format", f"with analysis {analysis['annotation_id'] or '(none)'}: {fault}"
    return "", ""


def _format_fault(row: Mapping[str, Any], analysis: str) -> str:
    try:
        strict = is_strict(render(chain_of(row, analysis)))
    except ValueError as error:
        return str(error)
    return "" if strict else "the rendered chain is not strict"


def _texts(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    texts = [(analysis["annotation_id"], analysis["text"]) for analysis in row["analyses"]]
    for each in (row, *row["ladder"]):
        texts += [(each["annotation_id"], each["assessment"]), (each["annotation_id"], each["refinement"])]
    return texts


def chain_of(row: Mapping[str, Any], analysis: str) -> Chain:
    """The chain of a stage 2 row with its whole ladder; every motion stands as one token."""
    rounds = [Round((0,), each["assessment"], each["refinement"]) for each in (*row["ladder"], row)]
    return Chain(analysis, tuple(rounds))
