"""What the fake endpoint answers: what the kinematic annotator writes about what a prompt shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from motion.events import Event
    from prompts.requests import Message, ReadCandidate, ReadRequest

# Claims that hardly any motion leaves open; what a motion does not do, one of them is against.
_CLAIMS = {
    "cross_arms": "The person crosses the arms.",
    "jump": "The person jumps up and down three times.",
    "run": "The person runs forward.",
    "hand_on_head": "The person puts the left hand on the head.",
}
_ANALYSIS = "The person walks forward and then stops."
_MATCHING = {
    "matches": True,
    "assessment": "The motion does everything that is asked for, in the right order.",
    "refinement": "Nothing needs to be changed.",
}
_FAULTY = {
    "matches": False,
    "assessment": "The motion comes close, but it does not do what is asked for.",
    "refinement": "Do what is asked for instead.",
}


@dataclass(frozen=True)
class Found:
    """What there is to say to a request."""

    content: Mapping[str, Any] | str  # an answer as schemas.answers has it, or bare text
    untrue: str  # sentences that are not true of the motions
    read: bool  # the prompt is irmogen's own and was read

    def text(self) -> str:
        """The answer as it goes out."""
        return self.content if isinstance(self.content, str) else json.dumps(self.content, ensure_ascii=False)


def asked_for(body: Mapping[str, Any]) -> str:
    """Kind of answer that a request's response_format wants.

    That is analysis, motion or ladder, or text where no known JSON schema is asked for.
    """
    wanted = body.get("response_format") or {}
    properties = ((wanted.get("json_schema") or {}).get("schema") or {}).get("properties") or {}
    for name, kind in (("analyses", "analysis"), ("candidates", "ladder")):
        if name in properties:
            return kind
    return "motion" if "assessment" in properties else "text"


def answer(messages: Sequence[Message], kind: str) -> Found:
    """The answer to a request's messages; a fixed one of the right form where they are not irmogen's own.

    How many items a list must hold stands in irmogen's own messages; a fixed answer has one.
    """
    from prompts.requests import read_request

    try:
        read = read_request(messages)
    except ValueError:
        return Found(plain_answer(kind), _CLAIMS["jump"], read=False)
    content = _written(read)
    return Found(content if kind != "text" else json.dumps(content), _untrue(read), read=True)


def plain_answer(kind: str) -> Mapping[str, Any] | str:
    """A fixed answer of the right form."""
    if kind == "analysis":
        return {"analyses": [_ANALYSIS]}
    if kind == "ladder":
        return {"goal": dict(_MATCHING), "candidates": [dict(_FAULTY)]}
    return dict(_MATCHING) if kind == "motion" else "A person moves."


def _written(read: ReadRequest) -> dict[str, Any]:
    """The kinematic annotator's answer to what a prompt shows."""
    from prompts.kinematic import analyse_goal, assess_goal

    if read.kind == "analysis":
        return {"analyses": list(analyse_goal(read.caption, read.caption, read.goal_events, read.wordings))}
    if read.kind == "candidate":
        return _assessed(read, read.candidates[0])
    own = assess_goal(read.caption, read.caption, read.goal_events)
    goal = {"matches": True, "assessment": own.assessment, "refinement": own.refinement}
    if read.kind == "goal":
        return goal
    return {"goal": goal, "candidates": [_assessed(read, candidate) for candidate in read.candidates]}


def _assessed(read: ReadRequest, candidate: ReadCandidate) -> dict[str, Any]:
    from prompts.kinematic import assess_candidate

    first = candidate.differences[0] if candidate.differences else None
    found = assess_candidate(
        read.caption,
        repr(first),  # like a candidate's id it varies the words, and does not depend on the place
        read.caption,
        read.goal_events,
        candidate.events,
        candidate.differences,
        1 / (1 + len(candidate.differences)),
        read.fps,
        candidate.frames,
    )
    return {"matches": found.perfect, "assessment": found.assessment, "refinement": found.refinement}


def _untrue(read: ReadRequest) -> str:
    """Sentences that claim what none of a prompt's motions does."""
    motions: list[Sequence[Event]] = [read.goal_events, *(one.events for one in read.candidates)]
    done = {event.action for events in motions for event in events}
    return " ".join(text for action, text in _CLAIMS.items() if action not in done)
