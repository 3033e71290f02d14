"""What a language model answers: pydantic models, and the JSON schemas that it is held to."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

ANSWERS_VERSION = 1


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AnalysisAnswer(_Strict):
    """What a caption asks for, in several wordings."""

    analyses: list[str]


class AssessmentAnswer(_Strict):
    """How one motion does what a caption asks for."""

    matches: bool
    assessment: str
    refinement: str


class LadderAnswer(_Strict):
    """Assessments of a goal's own motion and of its candidates, in the order of the request."""

    goal: AssessmentAnswer
    candidates: list[AssessmentAnswer]


Answer = AnalysisAnswer | AssessmentAnswer | LadderAnswer

ANSWERS: dict[str, type[AnalysisAnswer] | type[AssessmentAnswer] | type[LadderAnswer]] = {
    "analysis": AnalysisAnswer,
    "goal": AssessmentAnswer,  # of the goal's own motion
    "candidate": AssessmentAnswer,
    "ladder": LadderAnswer,
}


def json_schema(kind: str) -> dict[str, Any]:
    """The strict JSON schema of an answer, without references.

    How many items a list must hold is said in the prompt: endpoints refuse such rules in strict schemas.
    """
    if kind == "analysis":
        return _object({"analyses": _list(_text())})
    motion = _object({"matches": {"type": "boolean"}, "assessment": _text(), "refinement": _text()})
    if kind in ("goal", "candidate"):
        return motion
    if kind == "ladder":
        return _object({"goal": motion, "candidates": _list(motion)})
    raise ValueError(f"unknown kind of answer {kind!r}: choose one of {', '.join(ANSWERS)}")


def _text() -> dict[str, Any]:
    return {"type": "string"}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    required = list(properties)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
